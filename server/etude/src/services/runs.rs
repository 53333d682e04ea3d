//! `RunService`: durable runs and the stream of their events.

use std::pin::Pin;
use std::task::{Context, Poll};

use etude::v1;
use etude::v1::run_service_server::RunService;
use etude_engine::Result;
use etude_engine::runs::{Runs, WatchStream};
use futures::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};
use tracing::warn;

use super::{answer, check, note_run};
use crate::status::to_status;

/// Serves runs.
#[derive(Clone)]
pub(super) struct RunCalls {
    runs: Runs,
}

impl RunCalls {
    pub(super) fn new(runs: Runs) -> Self {
        Self { runs }
    }
}

#[tonic::async_trait]
impl RunService for RunCalls {
    async fn create_run(
        &self,
        request: Request<v1::CreateRunRequest>,
    ) -> Result<Response<v1::CreateRunResponse>, Status> {
        answer(request, async |request| {
            let run = self.runs.create(request).await?;
            note_run(&run.name);
            Ok(v1::CreateRunResponse { run: Some(run) })
        })
        .await
    }

    async fn get_run(
        &self,
        request: Request<v1::GetRunRequest>,
    ) -> Result<Response<v1::GetRunResponse>, Status> {
        answer(request, async |request| {
            note_run(&request.name);
            let run = self.runs.get(&request.name).await?;
            Ok(v1::GetRunResponse { run: Some(run) })
        })
        .await
    }

    async fn list_runs(
        &self,
        request: Request<v1::ListRunsRequest>,
    ) -> Result<Response<v1::ListRunsResponse>, Status> {
        answer(request, async |request| self.runs.list(request).await).await
    }

    async fn cancel_run(
        &self,
        request: Request<v1::CancelRunRequest>,
    ) -> Result<Response<v1::CancelRunResponse>, Status> {
        answer(request, async |request| {
            note_run(&request.name);
            let run = self.runs.cancel(&request.name).await?;
            Ok(v1::CancelRunResponse { run: Some(run) })
        })
        .await
    }

    async fn delete_run(
        &self,
        request: Request<v1::DeleteRunRequest>,
    ) -> Result<Response<v1::DeleteRunResponse>, Status> {
        answer(request, async |request| {
            note_run(&request.name);
            self.runs.delete(&request.name).await?;
            Ok(v1::DeleteRunResponse {})
        })
        .await
    }

    type WatchRunStream = Watching;

    async fn watch_run(
        &self,
        request: Request<v1::WatchRunRequest>,
    ) -> Result<Response<Watching>, Status> {
        let request = check(request)?;
        note_run(&request.name);
        let stream = self.runs.watch(&request.name, request.after_sequence).await;
        Ok(Response::new(Watching(stream.map_err(to_status)?)))
    }

    type RunTestStream = Testing;

    async fn run_test(
        &self,
        request: Request<v1::RunTestRequest>,
    ) -> Result<Response<Testing>, Status> {
        let request = check(request)?;
        let run = self.runs.create(v1::CreateRunRequest {
            request_id: request.request_id,
            spec: request.spec,
            validate_only: false,
        });
        let run = run.await.map_err(to_status)?.name;
        note_run(&run);
        let cancel = request.cancel_on_disconnect.then(|| Cancel {
            runs: self.runs.clone(),
            run: run.clone(),
        });
        let events = self.runs.watch(&run, 0).await.map_err(to_status)?;
        Ok(Response::new(Testing {
            run,
            events,
            cancel,
        }))
    }
}

// === Streams ===

/// A run's events. It adds nothing to the engine's stream, for there may be thousands of watchers.
pub(super) struct Watching(WatchStream);

impl Stream for Watching {
    type Item = Result<v1::WatchRunResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.0.poll_next_unpin(cx);
        polled.map(|next| next.map(|item| item.map_err(to_status)))
    }
}

/// A run's events, with its name in every message.
pub(super) struct Testing {
    run: String,
    events: WatchStream,
    /// Cancels the run when the stream is dropped before its end.
    cancel: Option<Cancel>,
}

impl Stream for Testing {
    type Item = Result<v1::RunTestResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Poll::Ready(next) = self.events.poll_next_unpin(cx) else {
            return Poll::Pending;
        };
        if next.is_none()
            && let Some(cancel) = self.cancel.take()
        {
            cancel.disarm();
        }
        Poll::Ready(next.map(|item| {
            let message = item.map_err(to_status)?;
            Ok(v1::RunTestResponse {
                run: self.run.clone(),
                events: message.events,
                last_sequence: message.last_sequence,
            })
        }))
    }
}

/// Cancels a run when dropped.
struct Cancel {
    runs: Runs,
    run: String,
}

impl Cancel {
    /// The run has ended.
    fn disarm(mut self) {
        self.run.clear();
    }
}

impl Drop for Cancel {
    fn drop(&mut self) {
        if self.run.is_empty() {
            return;
        }
        let (runs, run) = (self.runs.clone(), std::mem::take(&mut self.run));
        tokio::spawn(async move {
            if let Err(error) = runs.cancel(&run).await {
                warn!(%run, %error, "cannot cancel the run of a caller that has gone");
            }
        });
    }
}
