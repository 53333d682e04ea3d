//! `SessionService`: live sessions.

use std::pin::Pin;

use etude::v1;
use etude::v1::session_service_server::SessionService;
use etude_engine::sessions::Sessions;
use etude_engine::store::PageRequest;
use etude_engine::{Error, Result};
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use tonic::{Request, Response, Status};

use super::{answer, check, note_session, page_size};
use crate::status::to_status;

/// Serves sessions.
#[derive(Clone)]
pub(super) struct SessionCalls {
    sessions: Sessions,
}

impl SessionCalls {
    pub(super) fn new(sessions: Sessions) -> Self {
        Self { sessions }
    }
}

#[tonic::async_trait]
impl SessionService for SessionCalls {
    async fn create_session(
        &self,
        request: Request<v1::CreateSessionRequest>,
    ) -> Result<Response<v1::CreateSessionResponse>, Status> {
        answer(request, async |request| {
            let session = self.sessions.create(request).await?;
            note_session(&session.name);
            Ok(v1::CreateSessionResponse {
                session: Some(session),
            })
        })
        .await
    }

    async fn get_session(
        &self,
        request: Request<v1::GetSessionRequest>,
    ) -> Result<Response<v1::GetSessionResponse>, Status> {
        answer(request, async |request| {
            note_session(&request.name);
            let session = self.sessions.get(&request.name).await?;
            Ok(v1::GetSessionResponse {
                session: Some(session),
            })
        })
        .await
    }

    async fn list_sessions(
        &self,
        request: Request<v1::ListSessionsRequest>,
    ) -> Result<Response<v1::ListSessionsResponse>, Status> {
        answer(request, async |request| {
            let page = PageRequest {
                size: page_size(request.page_size),
                token: request.page_token,
            };
            let page = self.sessions.list(page, request.show_ended).await?;
            Ok(v1::ListSessionsResponse {
                sessions: page.items,
                next_page_token: page.next,
            })
        })
        .await
    }

    async fn extend_session(
        &self,
        request: Request<v1::ExtendSessionRequest>,
    ) -> Result<Response<v1::ExtendSessionResponse>, Status> {
        answer(request, async |request| {
            note_session(&request.name);
            let ttl = request.ttl.unwrap_or_default().try_into();
            let ttl = ttl.map_err(|_| Error::invalid("ttl", "duration.gt", "must be above 0"))?;
            let session = self.sessions.extend(&request.name, ttl).await?;
            Ok(v1::ExtendSessionResponse {
                session: Some(session),
            })
        })
        .await
    }

    async fn delete_session(
        &self,
        request: Request<v1::DeleteSessionRequest>,
    ) -> Result<Response<v1::DeleteSessionResponse>, Status> {
        answer(request, async |request| {
            note_session(&request.name);
            let session = self.sessions.delete(&request.name).await?;
            Ok(v1::DeleteSessionResponse {
                session: Some(session),
            })
        })
        .await
    }

    type WatchSessionStream = Watching;

    async fn watch_session(
        &self,
        request: Request<v1::WatchSessionRequest>,
    ) -> Result<Response<Watching>, Status> {
        let request = check(request)?;
        note_session(&request.name);
        let events = self
            .sessions
            .watch(&request.name, request.after_sequence)
            .await;
        let events = events.map_err(to_status)?;
        Ok(Response::new(events.map_err(to_status).boxed()))
    }
}

type Watching = Pin<Box<dyn Stream<Item = Result<v1::WatchSessionResponse, Status>> + Send>>;
