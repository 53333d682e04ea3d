//! What holds for every method of the contract.

use bytes::Bytes;
use etude::DESCRIPTOR_POOL;
use etude::v1::ErrorReason;
use prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, MethodDescriptor, Value};
use tonic::{Code, Status};

use crate::support::{Fixture, call, expect, first, reason};

fn methods() -> Vec<MethodDescriptor> {
    let services = DESCRIPTOR_POOL.services();
    let ours = services.filter(|service| service.full_name().starts_with("etude.v1."));
    let methods: Vec<_> = ours
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect();
    assert!(methods.len() > 100, "{}", methods.len());
    methods
}

fn path(method: &MethodDescriptor) -> String {
    let service = method.parent_service().full_name();
    format!("/{service}/{}", method.name())
}

async fn send(fixture: &Fixture, method: &MethodDescriptor, message: Bytes) -> Result<(), Status> {
    let channel = fixture.channel.clone();
    match method.is_server_streaming() {
        true => first(channel, &path(method), message).await.map(drop),
        false => call(channel, &path(method), message).await.map(drop),
    }
}

/// The empty message, and one with every number negative and every text too long.
fn wrong_messages(method: &MethodDescriptor) -> Vec<Bytes> {
    let mut message = DynamicMessage::new(method.input());
    for field in method
        .input()
        .fields()
        .filter(|field| !field.is_list() && !field.is_map())
    {
        let value = match field.kind() {
            Kind::String => Value::String("x".repeat(70_000)),
            Kind::Int32 => Value::I32(-1),
            Kind::Int64 => Value::I64(-1),
            _ => continue,
        };
        message.set_field(&field, value);
    }
    vec![Bytes::new(), message.encode_to_vec().into()]
}

#[tokio::test]
async fn every_method_is_served() {
    let fixture = Fixture::start().await;
    for method in methods() {
        if let Err(status) = send(&fixture, &method, Bytes::new()).await {
            assert_ne!(status.code(), Code::Unimplemented, "{}", path(&method));
            reason(&status);
        }
    }
    fixture.server.shutdown().await;
}

#[tokio::test]
async fn every_method_refuses_wrong_requests_with_their_violations() {
    let fixture = Fixture::start().await;
    for method in methods() {
        // Nothing can be wrong with a message without fields.
        if method.input().fields().len() == 0 {
            continue;
        }
        let mut refusals = 0;
        for message in wrong_messages(&method) {
            let Err(status) = send(&fixture, &method, message).await else {
                continue;
            };
            // A stream of pieces has a reason of its own for a description that is missing.
            let details = match method.name() {
                "CreateArtifact" if status.code() == Code::InvalidArgument => {
                    reason(&status);
                    continue;
                }
                _ => expect(&status, ErrorReason::InvalidRequest),
            };
            let violations = &details.bad_request().unwrap().field_violations;
            assert!(!violations.is_empty(), "{}", path(&method));
            refusals += 1;
        }
        assert!(
            refusals > 0 || method.is_client_streaming(),
            "{} checks nothing",
            path(&method)
        );
    }
    fixture.server.shutdown().await;
}
