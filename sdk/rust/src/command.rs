//! What all commands have in common: a request with a context, a response with a result.

use crate::v1::{self, command::Action};

/// The request of a command's own method.
pub trait CommandRequest {
    /// The response of the method.
    type Response: From<v1::StepResult>;

    /// The context and the command.
    fn into_parts(self) -> (Option<v1::CommandContext>, v1::Command);
}

/// A command that has a method of its own.
pub trait CallCommand: Into<v1::Command> {
    /// The request of the method.
    type Request: CommandRequest;

    /// The request that executes this command in `context`.
    fn into_request(self, context: v1::CommandContext) -> Self::Request;
}

include!(concat!(env!("OUT_DIR"), "/etude_commands.rs"));
