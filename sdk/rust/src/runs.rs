//! Runs: creating, watching, reading and ending them.

use futures::Stream;

use crate::client::Client;
use crate::error::Result;
use crate::request_id;
use crate::run_stream::RunStream;
use crate::v1::{self, run_spec, variable};

impl Client {
    /// Runs a test and watches it from its first event. When the stream is dropped the run goes
    /// on; [`cancel_run`](Self::cancel_run) ends it.
    ///
    /// ```no_run
    /// # async fn example(client: etude::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use etude::v1::{RunSpec, run_event::Payload};
    /// use futures::StreamExt as _;
    ///
    /// let spec = RunSpec::document("login.yaml", std::fs::read("login.yaml")?);
    /// let mut events = client.run_test(spec).await?;
    /// while let Some(event) = events.next().await {
    ///     if let Some(Payload::StepFinished(step)) = event?.payload {
    ///         let result = step.result.unwrap_or_default();
    ///         println!("{} {}", result.outcome().word(), result.text);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`create_run`](Self::create_run).
    pub async fn run_test(&self, spec: impl Into<v1::RunSpec>) -> Result<RunStream> {
        let run = self.create_run(spec).await?;
        Ok(self.watch_run(run.name, 0))
    }

    /// Creates a run; it is durable when this returns. The call is tried again safely, with a
    /// request id of its own.
    ///
    /// # Errors
    ///
    /// `TEST_INVALID` with a violation for each mistake, its field being `file:line:column`;
    /// `INVALID_REQUEST`; `RUN_QUEUE_FULL` with a delay; `SERVER_UNREACHABLE`.
    pub async fn create_run(&self, spec: impl Into<v1::RunSpec>) -> Result<v1::Run> {
        let request = v1::CreateRunRequest {
            request_id: request_id(),
            spec: Some(spec.into()),
            validate_only: false,
        };
        Ok(self.call_again(request).await?.run.unwrap_or_default())
    }

    /// The events of a run behind the sequence number `after`; 0 for all.
    pub fn watch_run(&self, name: impl Into<String>, after: i64) -> RunStream {
        RunStream::new(self.clone(), name.into(), after)
    }

    /// A run with its test.
    ///
    /// # Errors
    ///
    /// `RUN_NOT_FOUND`; `SERVER_UNREACHABLE`.
    pub async fn run(&self, name: impl Into<String>) -> Result<v1::Run> {
        let request = v1::GetRunRequest { name: name.into() };
        Ok(self.call_again(request).await?.run.unwrap_or_default())
    }

    /// Every run that a filter such as `state = "RUNNING"` lets through, newest first, without
    /// tests. An empty filter is all. Those that work for executions (`Run.owner`) are left out, unless
    /// the filter names one.
    pub fn runs(&self, filter: &str) -> impl Stream<Item = Result<v1::Run>> + use<> {
        self.list_runs(v1::ListRunsRequest {
            filter: filter.to_owned(),
            ..Default::default()
        })
    }

    /// All runs that a request finds, whatever its page.
    pub fn list_runs(
        &self,
        request: v1::ListRunsRequest,
    ) -> impl Stream<Item = Result<v1::Run>> + use<> {
        let client = self.clone();
        crate::pages::pages(move |page_token| {
            let (client, request) = (client.clone(), request.clone());
            async move {
                let request = v1::ListRunsRequest {
                    page_token,
                    ..request
                };
                let page = client.call_again(request).await?;
                Ok((page.runs, page.next_page_token))
            }
        })
    }

    /// Stops a run: its present step is interrupted. A finished run is returned unchanged.
    ///
    /// # Errors
    ///
    /// `RUN_NOT_FOUND`; `SERVER_UNREACHABLE`.
    pub async fn cancel_run(&self, name: impl Into<String>) -> Result<v1::Run> {
        let request = v1::CancelRunRequest {
            name: name.into(),
            request_id: request_id(),
        };
        Ok(self.call_again(request).await?.run.unwrap_or_default())
    }

    /// Deletes a finished run with its events and artifacts.
    ///
    /// # Errors
    ///
    /// `RUN_NOT_FINISHED`; `RUN_OWNED`; `RUN_NOT_FOUND`; `SERVER_UNREACHABLE`.
    pub async fn delete_run(&self, name: impl Into<String>) -> Result<()> {
        let request = v1::DeleteRunRequest {
            name: name.into(),
            request_id: request_id(),
        };
        // Not again: a second attempt could not tell its own success from a wrong name.
        self.call(request).await.map(drop)
    }
}

impl v1::RunSpec {
    /// A run of a test file's content; `file_name` is what messages call it.
    pub fn document(file_name: impl Into<String>, content: impl Into<bytes::Bytes>) -> Self {
        let document = v1::TestDocument {
            file_name: file_name.into(),
            content: content.into(),
            files: Vec::new(),
        };
        Self {
            source: Some(run_spec::Source::Document(document)),
            ..Self::default()
        }
    }

    /// The same with a variable that hides the test's of this name.
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.push(v1::Variable {
            name: name.into(),
            source: Some(variable::Source::Value(value.into())),
        });
        self
    }

    /// The same with a base URL that hides the test's.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// The same with a label for finding the run again.
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }
}

impl From<v1::Test> for v1::RunSpec {
    fn from(test: v1::Test) -> Self {
        Self {
            source: Some(run_spec::Source::Test(test)),
            ..Self::default()
        }
    }
}

impl From<v1::TestDocument> for v1::RunSpec {
    fn from(document: v1::TestDocument) -> Self {
        Self {
            source: Some(run_spec::Source::Document(document)),
            ..Self::default()
        }
    }
}
