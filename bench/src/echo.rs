//! The yardstick: a tonic server without anything around it, and the load for both servers.

use std::pin::Pin;
use std::time::{Duration, Instant};

use anyhow::Result;
use etude::v1::command_service_client::CommandServiceClient;
use etude::v1::command_service_server::{CommandService, CommandServiceServer};
use etude::v1::{
    Command, CommandContext, Comment, ExecuteBatchRequest, ExecuteBatchResponse, ExecuteRequest,
    ExecuteResponse, GetCommandRequest, GetCommandResponse, ListCommandsRequest,
    ListCommandsResponse, StepResult,
};
use futures::future::try_join_all;
use futures::{Stream, StreamExt as _, stream};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status, Streaming};

const CONNECTIONS: usize = 4;
const CALLS_PER_CONNECTION: usize = 16;
const SECONDS: f64 = 4.0;
const BATCH_WINDOW: usize = 256;

/// Answers every command with an empty result.
struct Echo;

type Answers = Pin<Box<dyn Stream<Item = Result<ExecuteBatchResponse, Status>> + Send>>;

#[tonic::async_trait]
impl CommandService for Echo {
    type ExecuteBatchStream = Answers;

    async fn execute(
        &self,
        _request: Request<ExecuteRequest>,
    ) -> Result<Response<ExecuteResponse>, Status> {
        Ok(Response::new(ExecuteResponse {
            result: Some(StepResult::default()),
        }))
    }

    async fn execute_batch(
        &self,
        request: Request<Streaming<ExecuteBatchRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let requests = request.into_inner().enumerate();
        let answers = requests.map(|(index, request)| {
            request?;
            Ok(ExecuteBatchResponse {
                index: index as u64,
                result: Some(StepResult::default()),
            })
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn list_commands(
        &self,
        _request: Request<ListCommandsRequest>,
    ) -> Result<Response<ListCommandsResponse>, Status> {
        Err(Status::unimplemented("the yardstick only executes"))
    }

    async fn get_command(
        &self,
        _request: Request<GetCommandRequest>,
    ) -> Result<Response<GetCommandResponse>, Status> {
        Err(Status::unimplemented("the yardstick only executes"))
    }
}

/// Serves the yardstick and prints its address; runs until the process is killed.
pub(crate) async fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    Server::builder()
        .tcp_nodelay(true)
        .add_service(CommandServiceServer::new(Echo))
        .serve_with_incoming(TcpListenerStream::new(listener))
        .await?;
    Ok(())
}

fn no_op(session: &str) -> ExecuteRequest {
    ExecuteRequest {
        context: Some(CommandContext {
            session: session.to_owned(),
            ..Default::default()
        }),
        command: Some(Command::from(Comment {
            text: "nothing".to_owned(),
        })),
    }
}

/// Answered unary calls of a no-op command a second. Each connection has a session of its own,
/// since calls of one session wait for each other.
pub(crate) async fn unary_rate(url: &str, sessions: &[String]) -> Result<f64> {
    let deadline = Instant::now() + Duration::from_secs_f64(SECONDS);
    let mut callers = Vec::new();
    for connection in 0..CONNECTIONS {
        let channel = connect(url).await?;
        for _ in 0..CALLS_PER_CONNECTION {
            let request = no_op(&sessions[connection % sessions.len()]);
            callers.push(call_until(deadline, channel.clone(), request));
        }
    }
    let start = Instant::now();
    let calls: u64 = try_join_all(callers).await?.iter().sum();
    Ok(calls as f64 / start.elapsed().as_secs_f64())
}

async fn call_until(deadline: Instant, channel: Channel, request: ExecuteRequest) -> Result<u64> {
    let mut client = CommandServiceClient::new(channel);
    let mut calls = 0;
    while Instant::now() < deadline {
        client.execute(request.clone()).await?;
        calls += 1;
    }
    Ok(calls)
}

/// Answered commands of a batch stream a second.
pub(crate) async fn batch_rate(url: &str, session: &str) -> Result<f64> {
    const COMMANDS: usize = 600_000;
    let mut client = CommandServiceClient::new(connect(url).await?);
    let request = no_op(session);
    let request = ExecuteBatchRequest {
        context: request.context,
        command: request.command,
    };
    let start = Instant::now();
    let requests = stream::repeat(request).take(COMMANDS);
    let mut answers = client
        .execute_batch(requests)
        .await?
        .into_inner()
        .ready_chunks(BATCH_WINDOW);
    let mut count = 0;
    while let Some(chunk) = answers.next().await {
        for answer in chunk {
            answer?;
            count += 1;
        }
    }
    anyhow::ensure!(
        count == COMMANDS,
        "{count} of {COMMANDS} commands were answered"
    );
    Ok(COMMANDS as f64 / start.elapsed().as_secs_f64())
}

/// One connection, without Nagle's delay.
pub(crate) async fn connect(url: &str) -> Result<Channel> {
    Ok(Endpoint::from_shared(url.to_owned())?
        .tcp_nodelay(true)
        .connect()
        .await?)
}
