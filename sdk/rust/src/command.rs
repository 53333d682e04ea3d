//! What all commands have in common: a request with a context, a response with a result.

use crate::rpc::Rpc;
use crate::v1::{self, command::Action};

/// The request of a command's own method, or of the method for any command.
pub trait CommandRequest: Rpc<Response: CommandResponse> {
    /// The context and the command.
    fn into_parts(self) -> (Option<v1::CommandContext>, v1::Command);
}

/// The response of such a method.
pub trait CommandResponse: From<v1::StepResult> {
    /// What came of the command.
    fn into_result(self) -> Option<v1::StepResult>;
}

/// A command that has a method of its own.
pub trait CallCommand: Into<v1::Command> {
    /// The request of the method.
    type Request: CommandRequest;

    /// The request that executes this command in `context`.
    fn into_request(self, context: v1::CommandContext) -> Self::Request;
}

impl CommandRequest for v1::ExecuteRequest {
    fn into_parts(self) -> (Option<v1::CommandContext>, v1::Command) {
        (self.context, self.command.unwrap_or_default())
    }
}

impl From<v1::StepResult> for v1::ExecuteResponse {
    fn from(result: v1::StepResult) -> Self {
        Self {
            result: Some(result),
        }
    }
}

impl CommandResponse for v1::ExecuteResponse {
    fn into_result(self) -> Option<v1::StepResult> {
        self.result
    }
}

include!(concat!(env!("OUT_DIR"), "/etude_commands.rs"));
