//! Sessions that add commands to a checkpoint as steps, instead of executing them.
//!
//! All sessions on one checkpoint share the knowledge of how many steps it has, and take turns. So
//! two callers never get the same place, and a step without a position costs one request: the
//! platform's answer to it says how the checkpoint looks now.

mod place;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use etude::v1::{self, ErrorReason, authoring};
use etude_engine::backend::{
    Backend, BackendSession, ExecuteOptions, Execution, Health, PageState, SessionSpec, Verdict,
};
use etude_engine::{Error, Result};
use serde_json::Value;
use tokio::sync::watch;

use crate::calls;
use crate::client::{CheckpointTurn, Client};
use crate::codec;
use crate::resources::{additions, steps};

/// The most sessions that are open at the same time; each is only a few bytes.
const CAPACITY: usize = 1000;

/// Finds the client of a platform by its name, which is empty for the default one.
pub type Choose = dyn Fn(&str) -> Result<Client> + Send + Sync;

/// Opens authoring sessions.
pub struct Authors {
    choose: Box<Choose>,
    health: watch::Sender<Health>,
}

impl Authors {
    /// Sessions on the platforms that `choose` finds.
    pub fn new(choose: impl Fn(&str) -> Result<Client> + Send + Sync + 'static) -> Self {
        Self {
            choose: Box::new(choose),
            health: watch::Sender::new(Health::Serving("platform".to_owned())),
        }
    }
}

#[async_trait]
impl Backend for Authors {
    fn kind(&self) -> v1::Backend {
        v1::Backend::Platform
    }

    fn capacity(&self) -> usize {
        CAPACITY
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// Finds the checkpoint, or creates what is missing on the way to it.
    async fn open(&self, spec: SessionSpec) -> Result<Box<dyn BackendSession>> {
        let authoring = spec.authoring.unwrap_or_default();
        let client = (self.choose)(&authoring.platform)?;
        let checkpoint = match &authoring.checkpoint {
            Some(authoring::Checkpoint::Name(name)) => place::existing(&client, name).await?,
            Some(authoring::Checkpoint::Path(path)) => {
                // One after another, so that two sessions do not create the same.
                let _turn = client.turn_to_make().await;
                place::ensure(&client, path).await?
            }
            None => {
                let message = "is required; give a name or a path";
                return Err(Error::invalid("authoring.checkpoint", "required", message));
            }
        };
        Ok(Box::new(Author {
            turn: client.turn_on_checkpoint(checkpoint),
            name: format!("checkpoints/{checkpoint}"),
            client,
            checkpoint,
        }))
    }

    fn preview(&self, step: &v1::Step) -> Result<String> {
        let wire = codec::encode(step)?;
        serde_json::to_string(&wire).map_err(|error| Error::internal(error.to_string()))
    }

    async fn shutdown(&self) {}
}

/// One authoring session.
struct Author {
    client: Client,
    checkpoint: i64,
    name: String,
    turn: Arc<CheckpointTurn>,
}

impl Author {
    /// Adds a step and tells what the platform holds now. Dropping the future gives the request up.
    async fn add(
        &self,
        command: &v1::Command,
        options: &ExecuteOptions,
    ) -> Result<v1::AuthoredStep> {
        let step = v1::Step {
            command: Some(command.clone()),
            flags: Some(options.placement.flags),
            ..v1::Step::default()
        };
        let wire = codec::encode(&step)?;
        let place = options.placement.position;
        let checked = additions::check_position(&self.client, self.checkpoint, place);
        let in_context = |error: Error| error.with_fields(|field| format!("context.{field}"));
        checked.await.map_err(in_context)?;
        let mut turn = self.turn.lock().await;
        // Not known again until it is known what has become of this request.
        let known = turn.take();
        let position = match (place, known) {
            (0, Some(count)) => count + 1,
            (0, None) => self.count().await? + 1,
            (position, _) => position,
        };
        let added = steps::add(&self.client, self.checkpoint, position, &wire).await?;
        *turn = Some(added.count);
        let stored = steps::of(&self.name, added.position, &added.step);
        Ok(v1::AuthoredStep {
            step: stored.name,
            checkpoint: self.name.clone(),
            position: added.position,
            wire: stored.wire,
        })
    }

    /// How many steps the checkpoint has.
    async fn count(&self) -> Result<i32> {
        let read = calls::checkpoints::get(self.checkpoint);
        let steps = self.client.fresh().call(read).await?.steps.len();
        Ok(i32::try_from(steps).unwrap_or(i32::MAX))
    }
}

#[async_trait]
impl BackendSession for Author {
    fn browser(&self) -> &str {
        ""
    }

    fn is_bidi(&self) -> bool {
        false
    }

    fn checkpoint(&self) -> &str {
        &self.name
    }

    async fn execute(&mut self, command: &v1::Command, options: &ExecuteOptions) -> Execution {
        match self.add(command, options).await {
            Ok(authored) => Execution {
                authored: Some(authored),
                ..Execution::new(Verdict::Pass)
            },
            Err(error) => Execution::new(Verdict::Error(error.to_failure())),
        }
    }

    async fn evaluate(
        &mut self,
        _: &str,
        _: &BTreeMap<String, Value>,
        _: Duration,
    ) -> Result<Value, v1::Failure> {
        let message = "an authoring session has no page to evaluate an expression in";
        Err(Error::new(ErrorReason::CommandUnsupported, message).to_failure())
    }

    async fn state(&mut self) -> PageState {
        PageState::default()
    }

    fn is_alive(&self) -> bool {
        true
    }

    async fn close(self: Box<Self>) {}
}
