//! `ServerService`: what this server is and can do.

use std::sync::Arc;
use std::time::SystemTime;

use etude::v1::server_service_server::ServerService;
use etude::v1::{self, ComponentStatus, ServerLimits};
use etude_engine::Result;
use parking_lot::Mutex;
use tonic::{Request, Response, Status};

use super::{Engine, answer};

/// What does not change with the calls: limits, start time, and the state of the parts.
#[derive(Debug)]
pub(crate) struct Info {
    limits: ServerLimits,
    started: SystemTime,
    parts: Mutex<Vec<ComponentStatus>>,
}

impl Info {
    pub(crate) fn new(limits: ServerLimits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            started: SystemTime::now(),
            parts: Mutex::default(),
        })
    }

    /// Notes the state of a part; true when it has changed.
    pub(crate) fn set(&self, name: &str, serving: bool, detail: &str) -> bool {
        let status = ComponentStatus {
            name: name.to_owned(),
            serving,
            detail: detail.to_owned(),
        };
        let mut parts = self.parts.lock();
        match parts.iter_mut().find(|part| part.name == name) {
            Some(part) if *part == status => false,
            Some(part) => {
                *part = status;
                true
            }
            None => {
                parts.push(status);
                true
            }
        }
    }

    /// Whether a part works.
    pub(crate) fn is_serving(&self, name: &str) -> bool {
        let parts = self.parts.lock();
        parts.iter().any(|part| part.name == name && part.serving)
    }
}

/// Serves the information.
#[derive(Clone)]
pub(super) struct ServerInfo {
    engine: Engine,
}

impl ServerInfo {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine }
    }

    async fn describe(&self) -> Result<v1::GetServerInfoResponse> {
        let info = &self.engine.info;
        let mut components = info.parts.lock().clone();
        // A store that fails is told among the components; the question itself is answered.
        let counts = self.engine.runs.counts().await;
        components.push(match &counts {
            Ok(_) => runs(components.iter().all(|part| part.serving)),
            Err(error) => ComponentStatus {
                name: "runs".to_owned(),
                serving: false,
                detail: error.message.clone(),
            },
        });
        let counts = counts.unwrap_or_default();
        Ok(v1::GetServerInfoResponse {
            version: crate::VERSION.to_owned(),
            commit: crate::COMMIT.to_owned(),
            start_time: Some(info.started.into()),
            limits: Some(info.limits),
            components,
            active_sessions: u32::try_from(self.engine.sessions.active()).unwrap_or(u32::MAX),
            active_runs: counts.running,
            queued_runs: counts.queued,
        })
    }
}

fn runs(serving: bool) -> ComponentStatus {
    let detail = match serving {
        true => "runs are executed",
        false => "runs wait until the other parts serve",
    };
    ComponentStatus {
        name: "runs".to_owned(),
        serving,
        detail: detail.to_owned(),
    }
}

#[tonic::async_trait]
impl ServerService for ServerInfo {
    async fn get_server_info(
        &self,
        request: Request<v1::GetServerInfoRequest>,
    ) -> Result<Response<v1::GetServerInfoResponse>, Status> {
        answer(request, async |_| self.describe().await).await
    }
}
