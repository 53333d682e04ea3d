//! A live session: a browser that waits for commands.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use futures::stream::{BoxStream, Stream, StreamExt as _};
use tonic::Request;

use crate::client::Client;
use crate::command::{CallCommand, CommandRequest, CommandResponse};
use crate::error::{Error, Result};
use crate::rpc::Rpc;
use crate::v1::{self, ErrorReason};
use crate::{duration, request_id};

/// A session of a server. Dropping it leaves the browser open until its idle timeout;
/// [`Session::close`] closes it.
///
/// Besides the methods below it has one for every command of the catalogue, named like its
/// message, with the parameters of its natural-language form.
#[derive(Clone, Debug)]
pub struct Session {
    client: Client,
    name: String,
}

impl Client {
    /// Opens a session in a browser of its own. The call is tried again safely: the server knows
    /// it by its request id, which is made up when it is empty.
    ///
    /// # Errors
    ///
    /// `SESSION_LIMIT` with a delay: too many sessions are active. `BROWSER_UNAVAILABLE`: no
    /// browser could be started. `INVALID_REQUEST`: a field violates its rule.
    pub async fn create_session(&self, mut request: v1::CreateSessionRequest) -> Result<Session> {
        if request.request_id.is_empty() {
            request.request_id = request_id();
        }
        let session = self.call_again(request).await?.session.unwrap_or_default();
        Ok(self.session(session.name))
    }

    /// The session with this name, `sessions/{id}`, without asking the server.
    pub fn session(&self, name: impl Into<String>) -> Session {
        Session {
            client: self.clone(),
            name: name.into(),
        }
    }

    /// Every active session, newest first; also those that ended within an hour when
    /// `show_ended`.
    pub fn sessions(&self, show_ended: bool) -> impl Stream<Item = Result<v1::Session>> + use<> {
        let client = self.clone();
        crate::pages::pages(move |page_token| {
            let client = client.clone();
            async move {
                let request = v1::ListSessionsRequest {
                    page_token,
                    show_ended,
                    ..Default::default()
                };
                let page = client.call_again(request).await?;
                Ok((page.sessions, page.next_page_token))
            }
        })
    }
}

impl Session {
    /// The name: `sessions/{id}`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Executes one command by its own method, and waits for its result. A result of any outcome
    /// is `Ok`; [`StepResult::into_pass`](v1::StepResult::into_pass) turns the others into an
    /// error.
    ///
    /// ```no_run
    /// # async fn example(session: etude::Session) -> etude::Result<()> {
    /// use etude::v1::{Click, Target};
    ///
    /// session.run(Click::new(Target::css("#log-in"))).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` with every violation; `SESSION_NOT_FOUND`; `SESSION_ENDED`;
    /// `COMMAND_UNSUPPORTED`; `SERVER_UNREACHABLE`.
    pub async fn run<C: CallCommand>(&self, command: C) -> Result<v1::StepResult> {
        self.step(command).send().await
    }

    /// As [`run`](Self::run), with flags: a call to be completed and then awaited.
    ///
    /// ```no_run
    /// # async fn example(session: etude::Session) -> etude::Result<()> {
    /// use std::time::Duration;
    /// use etude::v1::Click;
    ///
    /// session.step(Click::new("Pay")).timeout(Duration::from_secs(5)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn step<C: CallCommand>(&self, command: C) -> Call<C> {
        Call {
            session: self.clone(),
            command,
            context: self.context(),
            deadline: None,
        }
    }

    /// Executes a command that is known at run time only.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub async fn execute(
        &self,
        command: v1::Command,
        flags: v1::StepFlags,
    ) -> Result<v1::StepResult> {
        let request = v1::ExecuteRequest {
            context: Some(v1::CommandContext {
                flags: Some(flags),
                ..self.context()
            }),
            command: Some(command),
        };
        let response = call_until_answered(&self.client, request, None).await?;
        response.result.ok_or_else(no_result)
    }

    /// Executes many commands without a round trip each; one result for each command, in order.
    /// A command that ends FAIL or ERROR does not stop the others. The stream is not taken up
    /// again when the connection breaks: it ends with an error, and the session's
    /// [`state`](Self::state) tells how many steps were done.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run); a malformed command ends the stream.
    pub async fn batch(
        &self,
        commands: impl Stream<Item = v1::Command> + Send + 'static,
    ) -> Result<BoxStream<'static, Result<v1::StepResult>>> {
        let session = self.name.clone();
        let requests = commands.map(move |command| v1::ExecuteBatchRequest {
            context: Some(v1::CommandContext {
                session: session.clone(),
                ..Default::default()
            }),
            command: Some(command),
        });
        let mut service =
            v1::command_service_client::CommandServiceClient::new(self.client.channel())
                .max_decoding_message_size(self.client.max_message_bytes());
        let responses = service.execute_batch(Request::new(requests)).await?;
        let results = responses.into_inner().map(|response| match response {
            Ok(response) => response.result.ok_or_else(no_result),
            Err(status) => Err(status.into()),
        });
        Ok(results.boxed())
    }

    /// The session as the server sees it now: address, tabs, variables, steps done.
    ///
    /// # Errors
    ///
    /// `SESSION_NOT_FOUND`; `SERVER_UNREACHABLE`.
    pub async fn state(&self) -> Result<v1::Session> {
        let name = self.name.clone();
        let response = self
            .client
            .call_again(v1::GetSessionRequest { name })
            .await?;
        Ok(response.session.unwrap_or_default())
    }

    /// Lets the session live for `ttl` from now on; at most 24 hours.
    ///
    /// # Errors
    ///
    /// `SESSION_ENDED`; `SESSION_NOT_FOUND`; `INVALID_REQUEST`; `SERVER_UNREACHABLE`.
    pub async fn extend(&self, ttl: Duration) -> Result<v1::Session> {
        let request = v1::ExtendSessionRequest {
            name: self.name.clone(),
            ttl: duration(ttl),
            request_id: request_id(),
        };
        Ok(self
            .client
            .call_again(request)
            .await?
            .session
            .unwrap_or_default())
    }

    /// Closes the browser and removes its profile before it returns. Closing a session that has
    /// ended succeeds.
    ///
    /// # Errors
    ///
    /// `SESSION_NOT_FOUND`; `SERVER_UNREACHABLE`.
    pub async fn close(self) -> Result<()> {
        let request = v1::DeleteSessionRequest {
            name: self.name,
            request_id: request_id(),
        };
        self.client.call_again(request).await.map(drop)
    }

    fn context(&self) -> v1::CommandContext {
        v1::CommandContext {
            session: self.name.clone(),
            request_id: request_id(),
            ..Default::default()
        }
    }
}

/// A command on its way to a session. Await it.
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<C> {
    session: Session,
    command: C,
    context: v1::CommandContext,
    deadline: Option<Duration>,
}

impl<C: CallCommand> Call<C> {
    /// All flags at once.
    pub fn flags(mut self, flags: v1::StepFlags) -> Self {
        self.context.flags = Some(flags);
        self
    }

    /// The longest that the step may take, per attempt; at most 10 minutes.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.context.flags.get_or_insert_default().timeout = duration(timeout);
        self
    }

    /// How often the step is tried again after FAIL or ERROR; at most 10.
    pub fn retries(mut self, retries: u32) -> Self {
        self.context.flags.get_or_insert_default().retries = retries;
        self
    }

    /// The longest that this call may take, waiting for its turn in the session included; the
    /// server stops the step then.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Answers with the error `STEP_FAILED` or `STEP_ERROR` when the outcome is not PASS.
    pub fn require_pass(mut self) -> Self {
        self.context.require_pass = true;
        self
    }

    /// Checks the command and the session, and executes nothing.
    pub fn validate_only(mut self) -> Self {
        self.context.validate_only = true;
        self
    }

    async fn send(self) -> Result<v1::StepResult> {
        let request = self.command.into_request(self.context);
        let response = call_until_answered(&self.session.client, request, self.deadline).await?;
        into_result::<C::Request>(response)
    }
}

impl<C> IntoFuture for Call<C>
where
    C: CallCommand + Send + 'static,
{
    type Output = Result<v1::StepResult>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// The request id makes further attempts safe: the server executes the command once.
async fn call_until_answered<R: Rpc>(
    client: &Client,
    request: R,
    deadline: Option<Duration>,
) -> Result<R::Response> {
    client
        .again(|| client.call_within(request.clone(), deadline))
        .await
}

fn into_result<R: CommandRequest>(response: R::Response) -> Result<v1::StepResult> {
    response.into_result().ok_or_else(no_result)
}

fn no_result() -> Error {
    Error::new(
        ErrorReason::Internal,
        "the server answered without a step result",
    )
}

include!(concat!(env!("OUT_DIR"), "/etude_methods.rs"));
