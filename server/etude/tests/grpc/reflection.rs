//! Both reflections describe everything that is served.

use std::collections::BTreeSet;

use etude::DESCRIPTOR_POOL;
use futures::stream;
use prost::Message as _;

use crate::support::Fixture;

fn expected() -> BTreeSet<String> {
    let ours = DESCRIPTOR_POOL.services();
    ours.map(|service| service.full_name().to_owned())
        .chain(["grpc.health.v1.Health".to_owned()])
        .collect()
}

macro_rules! lists_and_describes {
    ($test:ident, $version:ident) => {
        #[tokio::test]
        async fn $test() {
            use tonic_reflection::pb::$version::ServerReflectionRequest;
            use tonic_reflection::pb::$version::server_reflection_client::ServerReflectionClient;
            use tonic_reflection::pb::$version::server_reflection_request::MessageRequest;
            use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;

            let fixture = Fixture::start().await;
            let mut client = ServerReflectionClient::new(fixture.channel.clone());
            let ask = |question| ServerReflectionRequest {
                host: String::new(),
                message_request: Some(question),
            };
            let questions = vec![
                ask(MessageRequest::ListServices(String::new())),
                ask(MessageRequest::FileContainingSymbol(
                    "etude.v1.InteractService".to_owned(),
                )),
            ];
            let answers = client.server_reflection_info(stream::iter(questions)).await;
            let mut answers = answers.unwrap().into_inner();
            let answer = answers.message().await.unwrap().unwrap();
            let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
                panic!("no list");
            };
            let listed: BTreeSet<_> = list.service.into_iter().map(|s| s.name).collect();
            let missing: Vec<_> = expected().difference(&listed).cloned().collect();
            assert!(missing.is_empty(), "not listed: {missing:?}");

            let answer = answers.message().await.unwrap().unwrap();
            let Some(MessageResponse::FileDescriptorResponse(files)) = answer.message_response
            else {
                panic!("no file");
            };
            let file = prost_types::FileDescriptorProto::decode(&*files.file_descriptor_proto[0]);
            assert_eq!(file.unwrap().name(), "etude/v1/interact.proto");
            drop(answers);
            fixture.server.shutdown().await;
        }
    };
}

lists_and_describes!(version_1_lists_and_describes_every_service, v1);
lists_and_describes!(version_1_alpha_lists_and_describes_every_service, v1alpha);
