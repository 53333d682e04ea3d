//! `ExecuteBatch`: many commands over one stream, answered in order.

use std::pin::Pin;

use etude::v1::{self, CommandContext};
use etude_engine::sessions::Sessions;
use etude_engine::{Error, Result};
use futures::{Stream, StreamExt as _, stream};
use tonic::{Status, Streaming};

use super::{check_message, note_session};
use crate::status::{completed, to_status};

/// The responses of a batch.
pub(super) type BatchStream =
    Pin<Box<dyn Stream<Item = Result<v1::ExecuteBatchResponse, Status>> + Send>>;

/// Executes the commands of a stream one after the other. The next request is read only when the
/// response before has been taken, so that a client that does not read is not read from either.
pub(super) fn execute(
    sessions: Sessions,
    requests: Streaming<v1::ExecuteBatchRequest>,
) -> BatchStream {
    let batch = Batch {
        sessions,
        requests,
        session: String::new(),
        index: 0,
    };
    // In a box: an unfolded state is moved with each response.
    stream::try_unfold(Box::new(batch), Batch::next).boxed()
}

struct Batch {
    sessions: Sessions,
    requests: Streaming<v1::ExecuteBatchRequest>,
    /// The session of the request before.
    session: String,
    index: u64,
}

impl Batch {
    async fn next(
        mut self: Box<Self>,
    ) -> Result<Option<(v1::ExecuteBatchResponse, Box<Self>)>, Status> {
        let request = self.requests.message().await.map_err(completed)?;
        let Some(request) = request else {
            return Ok(None);
        };
        let response = self.answer(request).await;
        // Whoever sent the batch must know which of its requests ended it.
        let response = response.map_err(|error| to_status(error.with("index", self.index)))?;
        self.index += 1;
        Ok(Some((response, self)))
    }

    async fn answer(
        &mut self,
        request: v1::ExecuteBatchRequest,
    ) -> Result<v1::ExecuteBatchResponse> {
        let (context, command) = check_message(request)?.into_parts();
        let context = self.context(context)?;
        if self.session != context.session {
            note_session(&context.session);
            self.session.clone_from(&context.session);
        }
        let result = self.sessions.execute(context, command).await?;
        Ok(v1::ExecuteBatchResponse {
            index: self.index,
            result: Some(result),
        })
    }

    /// The request's context; without one, the session of the request before, without flags.
    fn context(&self, given: Option<CommandContext>) -> Result<CommandContext> {
        match given {
            Some(context) => Ok(context),
            None if self.session.is_empty() => Err(Error::invalid(
                "context",
                "required",
                "is required in the first request of the stream",
            )),
            None => Ok(CommandContext {
                session: self.session.clone(),
                ..CommandContext::default()
            }),
        }
    }
}
