//! API calls and uploads, against a server of their own.

use std::sync::atomic::{AtomicBool, Ordering};

use etude::v1::{Outcome, WarningKind};
use parking_lot::Mutex;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::store::NewArtifact;
use crate::testing::{Act, pass, target};

/// A server that answers every request with `response`; returns its address and what it was sent.
async fn server(response: Vec<u8>) -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let sent = Arc::new(Mutex::new(String::new()));
    let into = sent.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 16 * 1024];
            let length = stream.read(&mut request).await.unwrap_or_default();
            into.lock()
                .push_str(&String::from_utf8_lossy(&request[..length]));
            // The client may hang up before it has read everything.
            let _ = stream.write_all(&response).await;
            let _ = stream.shutdown().await;
        }
    });
    (address, sent)
}

fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn a_call_stores_its_response() {
    let body = br#"{"id": 7, "tags": ["a"]}"#;
    let headers = "x-one: 1\r\nx-one: 2\r\n";
    let (address, sent) = server(response("201 Created", headers, body)).await;
    let mut bench = Bench::new(&FakeBackend::new(|_, _| Act::Hang)).await;
    bench.scope.base_url = format!("{address}/api/");
    bench.set("token", json!("t0ken"));
    let call = v1::CallApi {
        url: "items?q=1".into(),
        method: "POST".into(),
        headers: [("Authorization".to_owned(), "Bearer $token".to_owned())].into(),
        body: "{\"t\": \"$token\"}".into(),
        variable: "created".into(),
        expect_status: 201,
    };
    let result = bench.run(call.clone()).await;
    assert_eq!(result.outcome(), Outcome::Pass, "{result:?}");
    let stored = bench.value("created").unwrap();
    assert_eq!(stored["status"], 201);
    assert_eq!(stored["body"], json!({"id": 7, "tags": ["a"]}));
    assert_eq!(stored["headers"]["x-one"], "1, 2");
    let request = std::mem::take(&mut *sent.lock());
    assert!(
        request.starts_with("POST /api/items?q=1 HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains("authorization: Bearer t0ken\r\n"),
        "{request}"
    );
    assert!(
        request.contains("content-type: application/json\r\n"),
        "{request}"
    );
    assert!(request.ends_with("{\"t\": \"t0ken\"}"), "{request}");

    let unexpected = v1::CallApi {
        expect_status: 200,
        ..call
    };
    let result = bench.run(unexpected).await;
    assert_eq!(
        (result.outcome(), reason(&result)),
        (Outcome::Fail, "ASSERTION_FAILED")
    );
    let failure = result.failure.unwrap();
    assert_eq!(
        (failure.expected.as_str(), failure.actual.as_str()),
        ("200", "201")
    );
}

#[tokio::test]
async fn a_call_without_a_response_is_an_error() {
    let mut bench = Bench::new(&FakeBackend::passing()).await;
    let call = |url: &str| v1::CallApi {
        url: url.into(),
        ..v1::CallApi::default()
    };
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    for (url, told) in [
        (format!("http://{closed}/"), "gave no response"),
        ("/relative".to_owned(), "set a base URL"),
        ("file:///etc/passwd".to_owned(), "only http and https"),
    ] {
        let result = bench.run(call(&url)).await;
        assert_eq!(
            (result.outcome(), reason(&result)),
            (Outcome::Error, "API_CALL_FAILED")
        );
        assert!(message(&result).contains(told), "{}", message(&result));
    }
    let mut wrong = call("http://127.0.0.1:1/");
    wrong.headers.insert("a b".into(), "c".into());
    let result = bench.run(wrong).await;
    assert!(
        message(&result).contains("the header `a b`"),
        "{}",
        message(&result)
    );
}

#[tokio::test]
async fn a_large_body_is_cut_with_a_warning() {
    let (address, _) = server(response("200 OK", "", &vec![b'7'; 2 * 1024 * 1024])).await;
    let mut bench = Bench::new(&FakeBackend::passing()).await;
    let call = v1::CallApi {
        url: address,
        variable: "big".into(),
        ..v1::CallApi::default()
    };
    let result = bench.run(call).await;
    assert_eq!(result.outcome(), Outcome::Pass);
    let body = bench.value("big").unwrap()["body"].as_str().unwrap().len();
    assert_eq!(body, 1024 * 1024);
    assert_eq!(result.warnings[0].kind(), WarningKind::Truncated);
}

/// A file that was given to a backend, with its content.
type Upload = Arc<Mutex<Option<(LocalFile, Vec<u8>)>>>;

/// A backend that keeps what it was given to upload.
fn uploading() -> (FakeBackend, Upload) {
    let got = Arc::new(Mutex::new(None));
    let into = got.clone();
    let backend = FakeBackend::new(move |_, options| {
        let file = options.upload.clone().unwrap();
        let content = std::fs::read(&file.path).unwrap();
        *into.lock() = Some((file, content));
        Act::Reply(pass())
    });
    (backend, got)
}

#[tokio::test]
async fn an_artifact_is_uploaded_by_its_name() {
    let (backend, got) = uploading();
    let mut bench = Bench::new(&backend).await;
    let artifact = NewArtifact {
        file_name: "cv.pdf".into(),
        ..NewArtifact::default()
    };
    let store: &dyn Store = &*bench.store;
    let name = store
        .put_artifact(artifact, "pdf".into())
        .await
        .unwrap()
        .name;
    bench.set("file", json!(name));
    let upload = |file: &str| v1::UploadFile {
        target: target("CV"),
        file: file.into(),
    };
    let result = bench.run(upload("$file")).await;
    assert_eq!(result.outcome(), Outcome::Pass, "{result:?}");
    let (file, content) = got.lock().take().unwrap();
    assert_eq!(
        (file.file_name.as_str(), content.as_slice()),
        ("cv.pdf", &b"pdf"[..])
    );
    for wrong in ["cv.pdf", "artifacts/none"] {
        let result = bench.run(upload(wrong)).await;
        assert_eq!(reason(&result), "UPLOAD_FAILED");
        assert!(message(&result).contains(wrong), "{}", message(&result));
    }
}

#[tokio::test]
async fn a_fetched_file_is_removed_after_its_step() {
    let (backend, got) = uploading();
    let mut bench = Bench::new(&backend).await;
    let (address, _) = server(response("200 OK", "", b"hello")).await;
    let upload = |url: String| v1::UploadUrl {
        target: target("CV"),
        url,
    };
    let result = bench.run(upload(format!("{address}/a/b.txt?x"))).await;
    assert_eq!(result.outcome(), Outcome::Pass, "{result:?}");
    let (file, content) = got.lock().take().unwrap();
    assert_eq!(
        (file.file_name.as_str(), content.as_slice()),
        ("b.txt", &b"hello"[..])
    );
    assert!(!file.path.exists() && !file.path.parent().unwrap().exists());
    let (missing, _) = server(response("404 Not Found", "", b"")).await;
    let result = bench.run(upload(missing)).await;
    assert_eq!(reason(&result), "UPLOAD_FAILED");
    assert!(message(&result).contains("404"), "{}", message(&result));
}

#[tokio::test]
async fn a_file_that_is_too_large_is_not_uploaded() {
    let called = Arc::new(AtomicBool::new(false));
    let into = called.clone();
    let backend = FakeBackend::new(move |_, _| {
        into.store(true, Ordering::SeqCst);
        Act::Reply(pass())
    });
    let mut bench = Bench::new(&backend).await;
    let (address, _) = server(response("200 OK", "", &vec![0; 21 * 1024 * 1024])).await;
    let upload = v1::UploadUrl {
        target: target("CV"),
        url: address,
    };
    let result = bench.run(upload).await;
    assert_eq!(reason(&result), "UPLOAD_FAILED");
    assert!(
        message(&result).contains("larger than"),
        "{}",
        message(&result)
    );
    assert!(!called.load(Ordering::SeqCst));
}
