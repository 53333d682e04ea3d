//! The bundled shop over HTTP on loopback.

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{StatusCode, Uri};
use include_dir::{Dir, include_dir};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::super::problem::Problem;
use etude::v1::ErrorReason;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../examples/shop");

/// The shop, served until it is dropped.
pub(super) struct Shop {
    port: u16,
    serving: JoinHandle<()>,
}

impl Shop {
    pub(super) async fn serve(port: u16) -> Result<Self, Problem> {
        let refused = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::AddrInUse => Problem::could_not_run(format!(
                "another program listens on port {port}; stop it, or choose another --port"
            ))
            .with_reason(ErrorReason::PortInUse),
            _ => Problem::could_not_run(format!("the shop cannot be served: {error}")),
        };
        let listener = TcpListener::bind(("127.0.0.1", port))
            .await
            .map_err(refused)?;
        let port = listener.local_addr().map_err(refused)?.port();
        let app = Router::new().fallback(file);
        let serving = tokio::spawn(async move {
            // It ends with the task only.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { port, serving })
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn file(uri: Uri) -> Response {
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    let Some(file) = FILES.get_file(path) else {
        return (StatusCode::NOT_FOUND, "not found\n").into_response();
    };
    let headers = [
        (CONTENT_TYPE, media_type(path)),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from(file.contents())).into_response()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("md") => "text/markdown; charset=utf-8",
        _ => "application/octet-stream",
    }
}
