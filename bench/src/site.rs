//! The pages that are tested, served from this process.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Result;
use axum::Router;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

/// Serves a folder on a free loopback port for as long as the process lives.
pub(crate) async fn serve(folder: &Path) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router = Router::new().fallback_service(ServeDir::new(folder));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}
