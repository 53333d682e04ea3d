//! Where the server may listen.

use std::io::ErrorKind;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::server::StartError;

/// Binds the address.
///
/// # Errors
///
/// The address can be reached from other machines and nothing was said to protect it; another
/// program listens there; the system refuses.
pub(crate) async fn bind(
    address: SocketAddr,
    allow_insecure: bool,
) -> Result<TcpListener, StartError> {
    if !address.ip().to_canonical().is_loopback() && !allow_insecure {
        return Err(StartError::BindRefused { address });
    }
    TcpListener::bind(address)
        .await
        .map_err(|cause| match cause.kind() {
            ErrorKind::AddrInUse => StartError::PortInUse {
                address,
                option: "server.listen",
            },
            _ => StartError::Bind { address, cause },
        })
}
