//! Commands are called by their own methods, safely again.

// The contract has a `Box` of its own.
use std::boxed::Box;
use std::sync::Arc;
use std::time::Duration;

use etude::v1::command::Action;
use etude::v1::command_service_server::{CommandService, CommandServiceServer};
use etude::v1::interact_service_server::InteractServiceServer;
use etude::v1::*;
use etude::{Client, Session};
use futures::StreamExt as _;
use parking_lot::Mutex;
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::support::{Served, status};

type Calls = Arc<Mutex<Vec<(CommandContext, Command)>>>;

/// Remembers every command; refuses the first call of each request id.
#[derive(Clone, Default)]
pub(crate) struct Commands(Calls);

impl Commands {
    fn execute(
        &self,
        context: Option<CommandContext>,
        command: Command,
    ) -> Result<StepResult, Status> {
        let context = context.unwrap_or_default();
        let mut calls = self.0.lock();
        let first = !calls
            .iter()
            .any(|(known, _)| known.request_id == context.request_id);
        calls.push((context, command));
        if first {
            return Err(status(Code::Unavailable, "SERVER_SHUTDOWN", None));
        }
        Ok(StepResult {
            outcome: Outcome::Pass.into(),
            text: calls.len().to_string(),
            ..Default::default()
        })
    }
}

macro_rules! implement_interact {
    (interact_service_server, $service:ident, $server:ident, $($method:ident $request:ident $response:ident;)*) => {
        #[tonic::async_trait]
        impl etude::v1::interact_service_server::$service for Commands {
            $(async fn $method(&self, request: Request<$request>) -> Result<Response<$response>, Status> {
                use etude::command::CommandRequest as _;
                let (context, command) = request.into_inner().into_parts();
                Ok(Response::new(self.execute(context, command)?.into()))
            })*
        }
    };
    ($($other:tt)*) => {};
}

etude::for_each_command_service!(implement_interact);

#[tonic::async_trait]
impl CommandService for Commands {
    type ExecuteBatchStream =
        std::pin::Pin<Box<dyn futures::Stream<Item = Result<ExecuteBatchResponse, Status>> + Send>>;

    async fn execute(
        &self,
        request: Request<ExecuteRequest>,
    ) -> Result<Response<ExecuteResponse>, Status> {
        let request = request.into_inner();
        let result = self.execute(request.context, request.command.unwrap_or_default())?;
        Ok(Response::new(ExecuteResponse {
            result: Some(result),
        }))
    }

    async fn execute_batch(
        &self,
        request: Request<Streaming<ExecuteBatchRequest>>,
    ) -> Result<Response<Self::ExecuteBatchStream>, Status> {
        let responses = request.into_inner().enumerate().map(|(index, request)| {
            let result = StepResult {
                outcome: Outcome::Pass.into(),
                text: request?.context.unwrap_or_default().session,
                ..Default::default()
            };
            Ok(ExecuteBatchResponse {
                index: index as u64,
                result: Some(result),
            })
        });
        Ok(Response::new(responses.boxed()))
    }

    async fn list_commands(
        &self,
        _: Request<ListCommandsRequest>,
    ) -> Result<Response<ListCommandsResponse>, Status> {
        Err(Status::unimplemented("not part of the test"))
    }

    async fn get_command(
        &self,
        _: Request<GetCommandRequest>,
    ) -> Result<Response<GetCommandResponse>, Status> {
        Err(Status::unimplemented("not part of the test"))
    }
}

async fn start() -> (Served, Session, Calls) {
    let commands = Commands::default();
    let calls = commands.0.clone();
    let router = Server::builder()
        .add_service(InteractServiceServer::new(commands.clone()))
        .add_service(CommandServiceServer::new(commands));
    let served = Served::start(router).await;
    let session = served.client().session("sessions/a");
    (served, session, calls)
}

#[tokio::test]
async fn a_command_is_tried_again_under_one_request_id() {
    let (_served, session, calls) = start().await;
    let result = session.click("Log in").await.unwrap();
    assert!(result.passed());
    let calls = calls.lock();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0], calls[1]);
    assert_eq!(calls[0].0.session, "sessions/a");
    assert!(!calls[0].0.request_id.is_empty());
    let expected = Action::Click(Click::new(Target::hint("Log in")));
    assert_eq!(calls[0].1.action, Some(expected));
}

#[tokio::test]
async fn text_arrives_unchanged() {
    let (_served, session, calls) = start().await;
    let long = "é".repeat(50_000);
    for text in [
        "Log in now",
        "it's",
        "-x",
        "\"q\"",
        "",
        "a\nb",
        "🎻",
        long.as_str(),
    ] {
        session.write(text, Target::label("Name")).await.unwrap();
        let Some(Action::Write(write)) = calls.lock().last().unwrap().1.action.clone() else {
            panic!("not a write");
        };
        assert_eq!(write.text, text);
        assert_eq!(write.target, Some(Target::label("Name")));
    }
}

#[tokio::test]
async fn flags_are_sent_with_the_step() {
    let (_served, session, calls) = start().await;
    session
        .step(Click::new(Target::css("#a").nth(-1)))
        .timeout(Duration::from_millis(1500))
        .retries(2)
        .require_pass()
        .deadline(Duration::from_secs(20))
        .await
        .unwrap();
    let context = calls.lock()[0].0.clone();
    let flags = context.flags.unwrap();
    let timeout = flags.timeout.unwrap();
    assert_eq!((timeout.seconds, timeout.nanos), (1, 500_000_000));
    assert_eq!(flags.retries, 2);
    assert!(context.require_pass);
}

#[tokio::test]
async fn a_command_known_at_run_time_only_goes_through_execute() {
    let (_served, session, calls) = start().await;
    let command: Command = Clear::new("Name").into();
    session
        .execute(command.clone(), StepFlags::default())
        .await
        .unwrap();
    assert_eq!(calls.lock()[0].1, command);
}

#[tokio::test]
async fn a_batch_answers_each_command_in_order() {
    let (_served, session, _) = start().await;
    let commands = futures::stream::iter((0..100).map(|_| Refresh::new().into()));
    let results: Vec<_> = session.batch(commands).await.unwrap().collect().await;
    assert_eq!(results.len(), 100);
    assert!(
        results
            .iter()
            .all(|r| r.as_ref().unwrap().text == "sessions/a")
    );
}

#[tokio::test]
async fn a_result_that_is_not_a_pass_tells_why() {
    let result = StepResult {
        outcome: Outcome::Fail.into(),
        text: "assert that \"Total\" equals \"5\"".to_owned(),
        failure: Some(Failure {
            reason: "ASSERTION_FAILED".to_owned(),
            message: "it is \"6\"".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let error = result.into_pass().unwrap_err();
    assert_eq!(
        error.to_string(),
        "assert that \"Total\" equals \"5\": FAIL: it is \"6\" [ASSERTION_FAILED]"
    );
}

#[tokio::test]
async fn a_method_that_a_server_lacks_is_an_error_at_once() {
    let (_served, session, _) = start().await;
    let error = session.refresh().await.unwrap_err();
    assert_eq!(error.code(), Code::Unimplemented);
}

#[tokio::test]
async fn the_own_deadline_is_told_apart() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::builder(listener.local_addr().unwrap().to_string())
        .connect_lazy()
        .unwrap();
    let call = client.session("sessions/a").step(Refresh::new());
    let error = call.deadline(Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::DeadlineExceeded));
}
