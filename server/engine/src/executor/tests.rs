mod canary;
mod http;
mod local;
mod pipeline;

use std::collections::BTreeMap;
use std::sync::Arc;

use etude::v1;

use super::*;
use crate::testing::{FakeBackend, MemoryStore};
use crate::variables::Layer;

/// A scope over a fake backend, with the executor and store that belong to it.
struct Bench {
    store: Arc<MemoryStore>,
    executor: Executor,
    scope: Scope,
}

impl Bench {
    async fn new(backend: &FakeBackend) -> Self {
        Self::with_secrets(backend, &[]).await
    }

    async fn with_secrets(backend: &FakeBackend, secrets: &[(&str, &str)]) -> Self {
        let store = MemoryStore::new();
        let executor = crate::testing::executor(&store, secrets);
        let options = ScopeOptions {
            owner: "sessions/test".to_owned(),
            // Only what a test is about reaches the backend.
            defaults: StepDefaults {
                screenshots: ScreenshotPolicy::Never,
                ..StepDefaults::default()
            },
            ..ScopeOptions::default()
        };
        let scope = executor
            .open(backend, SessionSpec::default(), options)
            .await;
        Self {
            store,
            executor,
            scope: scope.unwrap(),
        }
    }

    fn set(&mut self, name: &str, value: Value) {
        self.scope.variables_mut().set(Layer::Test, name, value);
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.scope
            .variables()
            .get(name)
            .map(|variable| &variable.value)
    }

    async fn run(&mut self, command: impl Into<v1::Command>) -> v1::StepResult {
        self.run_with(command, v1::StepFlags::default()).await
    }

    async fn run_with(
        &mut self,
        command: impl Into<v1::Command>,
        flags: v1::StepFlags,
    ) -> v1::StepResult {
        let step = v1::Step {
            flags: Some(flags),
            ..crate::testing::step(command)
        };
        self.executor.execute(&mut self.scope, &step).await
    }
}

fn reason(result: &v1::StepResult) -> &str {
    result
        .failure
        .as_ref()
        .map_or("", |failure| &failure.reason)
}

fn message(result: &v1::StepResult) -> &str {
    result
        .failure
        .as_ref()
        .map_or("", |failure| &failure.message)
}

fn used(result: &v1::StepResult) -> BTreeMap<&str, &str> {
    let used = result.used_variables.iter();
    used.map(|(name, text)| (name.as_str(), text.as_str()))
        .collect()
}
