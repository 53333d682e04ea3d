//! A server behind a proxy that speaks TLS, with a certificate of the test's own authority.

use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto};

use crate::support::{Done, File, Serving, Shop, etude, file};

/// The address of a proxy for `server`, and the certificate of its authority.
async fn proxy(server: &str) -> (String, File) {
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

    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            key.serialize_der().try_into().unwrap(),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = server.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(forward(acceptor.clone(), stream, server.clone()));
        }
    });
    let url = format!("https://localhost:{port}");
    (url, file("authority.pem", pem))
}

async fn forward(acceptor: TlsAcceptor, stream: TcpStream, server: String) {
    // A client that does not trust the certificate ends the connection here.
    let Ok(mut stream) = acceptor.accept(stream).await else {
        return;
    };
    let mut server = TcpStream::connect(server).await.unwrap();
    let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
}

/// Runs the command while the proxy goes on.
async fn run(arguments: &[&str]) -> Done {
    let mut command = etude(arguments);
    let output = tokio::task::spawn_blocking(move || command.output());
    output.await.unwrap().unwrap().into()
}

#[tokio::test]
async fn a_server_of_a_named_authority_is_used_over_tls() {
    let (shop, serving) = (Shop::start(), Serving::start());
    let (url, authority) = proxy(&serving.url).await;
    let authority = authority.path.to_str().unwrap();
    let test = file(
        "a.yaml",
        "name: A\nstarting_url: /terms.html\nsteps:\n  - assert_exists: Terms\n",
    );
    let test = test.path.to_str().unwrap();
    let trusted = ["--server", &url, "--ca-file", authority];
    let arguments = [&["run", test, "--base-url", &shop.url], &trusted[..]].concat();
    let done = run(&arguments).await.expect(0);
    assert!(done.stdout.contains("passed"), "{}", done.stdout);
    let arguments = [&["health-check"], &trusted[..]].concat();
    run(&arguments).await.expect(0);
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_is_refused_with_a_remedy() {
    let serving = Serving::start();
    let (url, _) = proxy(&serving.url).await;
    let (_, another) = proxy(&serving.url).await;
    let another = another.path.to_str().unwrap();
    let server = ["runs", "list", "--server", &url];
    for trusted in [&[][..], &["--ca-file", another]] {
        let done = run(&[&server[..], trusted].concat()).await;
        done.complains(3, &["SERVER_UNREACHABLE", "authority", "--ca-file FILE"]);
    }
}

#[tokio::test]
async fn a_file_without_certificates_is_refused() {
    let server = ["runs", "list", "--server", "https://localhost:1"];
    let missing = run(&[&server[..], &["--ca-file", "none/such.pem"]].concat()).await;
    missing.complains(2, &["--ca-file none/such.pem", "cannot be read"]);
    let wrong = file("a.pem", "no certificate");
    let wrong = wrong.path.to_str().unwrap();
    let done = run(&[&server[..], &["--ca-file", wrong]].concat()).await;
    done.complains(2, &["no certificate in PEM"]);
}
