//! Connections over TLS, to a server with a certificate of the test's own authority.

use etude::v1::command_service_server::CommandServiceServer;
use etude::v1::{ErrorReason, ListCommandsRequest};
use etude::{Client, Result};
use tonic::transport::{Identity, Server, ServerTlsConfig};

use crate::session::Commands;
use crate::support::Served;

/// The authority's certificate in PEM, and a server for `localhost` whose certificate it signed.
async fn served() -> (String, Served) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, authority_key);

    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let identity = Identity::from_pem(certificate.pem(), key.serialize_pem());
    let router = Server::builder()
        .tls_config(ServerTlsConfig::new().identity(identity))
        .unwrap()
        .add_service(CommandServiceServer::new(Commands::default()));
    (pem, Served::start(router).await)
}

/// Whatever comes back, it came back from the server.
async fn answer(client: Result<Client>) -> Result<()> {
    client?.call(ListCommandsRequest::default()).await.map(drop)
}

#[tokio::test]
async fn a_server_of_a_named_authority_is_reached() {
    let (authority, served) = served().await;
    let url = format!("https://localhost:{}", served.address.port());
    let client = Client::builder(&url).ca_certificate(authority).connect();
    let error = answer(client.await).await.unwrap_err();
    assert_eq!(error.code(), tonic::Code::Unimplemented, "{error}");
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_is_refused() {
    let (_, served) = served().await;
    let (another, _) = self::served().await;
    let url = format!("https://localhost:{}", served.address.port());
    for client in [
        Client::connect(&url).await,
        Client::builder(&url)
            .ca_certificate(another)
            .connect()
            .await,
    ] {
        let error = client.unwrap_err();
        assert_eq!(error.reason(), Some(ErrorReason::ServerUnreachable));
        assert!(error.message().contains("certificate"), "{error}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (authority, served) = served().await;
    let client = Client::builder(format!("https://{}", served.address));
    let error = client
        .ca_certificate(authority)
        .connect()
        .await
        .unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::ServerUnreachable));
    assert!(error.message().contains("127.0.0.1"), "{error}");
}

#[tokio::test]
async fn an_authority_that_is_none_is_refused_before_connecting() {
    let client = Client::builder("https://localhost:1").ca_certificate("not PEM");
    let error = client.connect().await.unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::InvalidRequest));
    assert!(error.message().contains("PEM"), "{error}");
}
