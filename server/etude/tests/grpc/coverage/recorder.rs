//! A proxy on loopback that notes what goes through it to a platform.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use http::{HeaderMap, Method, Request, Response, Uri};
use parking_lot::Mutex;
use tokio::net::TcpListener;

/// Notes the requests that pass.
#[derive(Clone, Default)]
pub(super) struct Recorder {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    /// The platform behind it, once it is known.
    target: OnceLock<SocketAddr>,
    seen: Mutex<Vec<String>>,
    http: reqwest::Client,
}

impl Recorder {
    /// Listens; requests are passed on once [`Self::pass_to`] has said where.
    pub(super) async fn listen(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(pass).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    pub(super) fn pass_to(&self, target: SocketAddr) {
        self.inner.target.set(target).unwrap();
    }

    /// What has passed since the last time: each request once, in the order of their first times.
    pub(super) fn take(&self) -> Vec<String> {
        let mut once: Vec<String> = Vec::new();
        for request in std::mem::take(&mut *self.inner.seen.lock()) {
            if !once.contains(&request) {
                once.push(request);
            }
        }
        once
    }
}

async fn pass(
    State(recorder): State<Recorder>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let path = uri.path().strip_prefix("/api").unwrap();
    let shown = format!("{method} {}", without_ids(path));
    recorder.inner.seen.lock().push(shown);
    let target = recorder.inner.target.get().unwrap();
    let request = Request::builder()
        .method(method)
        .uri(format!("http://{target}{uri}"));
    let mut request = request.body(body).unwrap();
    *request.headers_mut() = headers;
    request.headers_mut().remove(http::header::HOST);
    let request = request.try_into().unwrap();
    let answer = recorder.inner.http.execute(request).await.unwrap();
    let mut response = Response::builder().status(answer.status());
    *response.headers_mut().unwrap() = answer.headers().clone();
    response
        .body(Body::from(answer.bytes().await.unwrap()))
        .unwrap()
}

fn without_ids(path: &str) -> String {
    let pieces = path.split('/').map(|piece| {
        let is_id = piece.parse::<u64>().is_ok();
        if is_id { "{id}" } else { piece }
    });
    pieces.collect::<Vec<_>>().join("/")
}
