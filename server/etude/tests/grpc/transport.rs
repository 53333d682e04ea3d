//! Connections that are old, or whose clients do not behave.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use etude::v1;
use etude::v1::command_service_client::CommandServiceClient;
use etude::v1::session_service_client::SessionServiceClient;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Code, Request};

use crate::support::{Fixture, GUARD, connect};

/// What the server promises for the whole of its end.
const SHUTDOWN_BOUND: Duration = Duration::from_secs(5);

async fn lists_commands(channel: Channel) {
    let mut client = CommandServiceClient::new(channel);
    let answer = client.list_commands(v1::ListCommandsRequest::default());
    let answer = timeout(GUARD, answer).await.unwrap().unwrap();
    assert!(answer.into_inner().total_size > 100);
}

#[tokio::test]
async fn headers_that_are_too_long_are_refused_and_nothing_else_is() {
    let fixture = Fixture::start().await;
    let mut client = CommandServiceClient::new(fixture.channel.clone());
    for bytes in [20 * 1024, 200 * 1024] {
        let mut request = Request::new(v1::ListCommandsRequest::default());
        let value = "a".repeat(bytes);
        request
            .metadata_mut()
            .insert("x-long", value.parse().unwrap());
        let refused = timeout(GUARD, client.list_commands(request)).await.unwrap();
        assert!(refused.is_err(), "{bytes} bytes of headers were accepted");
        lists_commands(connect(&fixture.url).await).await;
    }
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn an_old_connection_is_replaced_and_its_stream_ends_by_itself() {
    let age = Duration::from_secs(10);
    let fixture = Fixture::start_with(|config| config.server.max_connection_age = age).await;
    let name = fixture.session().await;
    let mut sessions = SessionServiceClient::new(fixture.channel.clone());
    let request = v1::WatchSessionRequest {
        name: name.clone(),
        after_sequence: 0,
    };
    let mut stream = sessions.watch_session(request).await.unwrap().into_inner();
    // Across the age and the tenth that it may vary by. A call that the client was about to send
    // when it was told to go is given up by its library, before it was sent; no other fails.
    let begun = Instant::now();
    let mut unsent = 0;
    while begun.elapsed() < age + age / 5 {
        let mut client = CommandServiceClient::new(fixture.channel.clone());
        let answer = client.list_commands(v1::ListCommandsRequest::default());
        if let Err(status) = timeout(GUARD, answer).await.unwrap() {
            assert_eq!(status.code(), Code::Cancelled, "{status:?}");
            unsent += 1;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(unsent <= 1, "{unsent} calls failed");
    // The stream was not cut with the connection's age: it sees the session's end.
    let delete = v1::DeleteSessionRequest {
        name,
        ..v1::DeleteSessionRequest::default()
    };
    sessions.delete_session(delete).await.unwrap();
    let mut last = 0;
    while let Some(message) = timeout(GUARD, stream.message()).await.unwrap().unwrap() {
        last = message.last_sequence;
    }
    assert!(last > 0, "the stream told no cursor");
    fixture.server.shutdown().await;
}

/// A client that opens streams and resets each at once, by hand: no library does so.
async fn reset_rapidly(address: SocketAddr, streams: u32) {
    let connection = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = connection.into_split();
    let reading = tokio::spawn(async move {
        let mut all = Vec::new();
        // The server may cut the connection for it.
        let _ = reader.read_to_end(&mut all).await;
    });
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    let headers = header_block("/etude.v1.CommandService/ListCommands");
    for stream in (0..streams).map(|index| 2 * index + 1) {
        bytes.extend(&u32::try_from(headers.len()).unwrap().to_be_bytes()[1..]);
        // HEADERS with END_HEADERS, then RST_STREAM with CANCEL.
        bytes.extend([1, 4]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(&headers);
        bytes.extend([0, 0, 4, 3, 0]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend([0, 0, 0, 8]);
    }
    let _ = writer.write_all(&bytes).await;
    let _ = writer.shutdown().await;
    timeout(GUARD, reading).await.unwrap().unwrap();
}

/// POST over http to `path`, as HPACK spells it without compression.
fn header_block(path: &str) -> Vec<u8> {
    let mut block = vec![0x83, 0x86];
    for (index, value) in [(4, path), (1, "localhost"), (31, "application/grpc")] {
        // Literals without indexing; an index above 14 takes a second byte.
        match index {
            0..15 => block.push(index),
            _ => block.extend([15, index - 15]),
        }
        block.push(u8::try_from(value.len()).unwrap());
        block.extend(value.bytes());
    }
    block
}

#[tokio::test]
async fn rapid_resets_do_not_take_the_server_down_nor_keep_places() {
    let fixture = Fixture::start_with(|config| config.server.max_concurrent_calls = 2).await;
    let address = fixture.server.local_addr();
    for _ in 0..5 {
        reset_rapidly(address, 5000).await;
    }
    // One that takes place after place would find none left.
    for _ in 0..10 {
        lists_commands(connect(&fixture.url).await).await;
    }
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn the_end_is_bounded_however_many_streams_are_open() {
    let fixture = Fixture::start().await;
    let name = fixture.session().await;
    let mut streams = Vec::new();
    for _ in 0..100 {
        let mut sessions = SessionServiceClient::new(fixture.channel.clone());
        let request = v1::WatchSessionRequest {
            name: name.clone(),
            after_sequence: 0,
        };
        streams.push(sessions.watch_session(request).await.unwrap().into_inner());
    }
    let ended = timeout(SHUTDOWN_BOUND * 2, fixture.server.shutdown()).await;
    assert!(ended.is_ok(), "the server is still there");
    for mut stream in streams {
        let end = async { while let Ok(Some(_)) = stream.message().await {} };
        timeout(GUARD, end).await.unwrap();
    }
}
