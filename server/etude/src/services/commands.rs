//! The services of which every method executes one command.

use etude::command::CommandRequest;
use etude::v1;
use etude::validate::Validate;
use etude_engine::Error;
use etude_engine::sessions::Sessions;
use tonic::{Request, Response, Status};

use super::{check_message, note_session};
use crate::status::to_status;

/// Executes the command of any of these methods.
#[derive(Clone)]
pub(super) struct Commands {
    sessions: Sessions,
}

impl Commands {
    pub(super) fn new(sessions: Sessions) -> Self {
        Self { sessions }
    }

    /// The sessions in which commands are executed.
    pub(super) fn sessions(&self) -> Sessions {
        self.sessions.clone()
    }

    /// Executes the command of a request.
    pub(super) async fn call<R>(&self, request: Request<R>) -> Result<Response<R::Response>, Status>
    where
        R: CommandRequest + Validate,
    {
        let result = self.execute(request.into_inner()).await;
        let response = result.map(|result| Response::new(result.into()));
        response.map_err(to_status)
    }

    async fn execute<R: CommandRequest + Validate>(
        &self,
        request: R,
    ) -> Result<v1::StepResult, Error> {
        let (context, command) = check_message(request)?.into_parts();
        note_session(&context.session);
        self.sessions.execute(context, command).await
    }
}

macro_rules! implement {
    ($module:ident, $service:ident, $server:ident, $($method:ident $request:ident $response:ident;)*) => {
        #[tonic::async_trait]
        impl v1::$module::$service for Commands {
            $(async fn $method(
                &self,
                request: Request<v1::$request>,
            ) -> Result<Response<v1::$response>, Status> {
                self.call(request).await
            })*
        }
    };
}

etude::for_each_command_service!(implement);
