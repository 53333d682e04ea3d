//! gRPC-Web on the same port, for pages that may call.

use etude::v1::{GetServerInfoRequest, GetServerInfoResponse};
use prost::Message as _;
use reqwest::{Method, StatusCode};

use crate::support::{Fixture, web_request};

const PATH: &str = "/etude.v1.ServerService/GetServerInfo";

fn request(fixture: &Fixture, origin: Option<&str>) -> reqwest::RequestBuilder {
    let request = web_request(fixture, PATH, &GetServerInfoRequest {});
    match origin {
        Some(origin) => request.header("origin", origin),
        None => request,
    }
}

#[tokio::test]
async fn a_page_of_this_machine_can_call_over_http_1() {
    let fixture = Fixture::start().await;
    let origin = "http://localhost:3000";
    let response = request(&fixture, Some(origin)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["access-control-allow-origin"], origin);
    let body = response.bytes().await.unwrap();
    let length = u32::from_be_bytes(body[1..5].try_into().unwrap()) as usize;
    let message = GetServerInfoResponse::decode(&body[5..5 + length]).unwrap();
    assert_eq!(message.version, etude_server::VERSION);
    let trailers = &body[5 + length..];
    assert_eq!(trailers[0], 0x80);
    assert!(String::from_utf8_lossy(trailers).contains("grpc-status:0"));
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_preflight_is_answered() {
    let fixture = Fixture::start().await;
    let response = reqwest::Client::new()
        .request(Method::OPTIONS, format!("{}{PATH}", fixture.url))
        .header("origin", "http://127.0.0.1:8000")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type,x-grpc-web")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    let headers = response.headers();
    assert_eq!(
        headers["access-control-allow-origin"],
        "http://127.0.0.1:8000"
    );
    assert_eq!(
        headers["access-control-allow-headers"],
        "content-type,x-grpc-web"
    );
    assert_eq!(headers["access-control-allow-methods"], "POST");
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn other_origins_are_refused_unless_allowed() {
    let origin = "https://tests.example.com";
    let fixture = Fixture::start().await;
    let response = request(&fixture, Some(origin)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert!(
        !response
            .headers()
            .contains_key("access-control-allow-origin")
    );
    assert_eq!(response.headers()["grpc-status"], "7");
    fixture.server.shutdown().await;

    let allowed = vec![origin.to_owned()];
    let fixture = Fixture::start_with(|config| config.server.allowed_origins = allowed).await;
    let response = request(&fixture, Some(origin)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn a_client_without_an_origin_is_no_page() {
    let fixture = Fixture::start().await;
    let response = request(&fixture, None).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    fixture.server.shutdown().await;
}
