//! Doubles for tests of this crate: a backend that follows a script, and a store in memory.

mod backend;
mod store;

use std::sync::Arc;

use etude::v1;

pub(crate) use self::backend::{Act, FakeBackend};
pub(crate) use self::store::MemoryStore;
use crate::backend::{Execution, Verdict};
use crate::error::failure;
use crate::executor::{Executor, ExecutorOptions};
use crate::secrets::{ENV_PREFIX, Secrets};

/// An executor over a store, with these secrets.
pub(crate) fn executor(store: &Arc<MemoryStore>, secrets: &[(&str, &str)]) -> Executor {
    let vars = secrets
        .iter()
        .map(|(name, value)| (format!("{ENV_PREFIX}{name}").into(), (*value).into()));
    let secrets = Arc::new(Secrets::from_vars(ENV_PREFIX, vars));
    Executor::new(ExecutorOptions::new(store.clone(), secrets))
}

/// An execution that passed.
pub(crate) fn pass() -> Execution {
    Execution::new(Verdict::Pass)
}

/// An execution that ended ERROR.
pub(crate) fn error(reason: v1::ErrorReason, message: &str) -> Execution {
    Execution::new(Verdict::Error(failure(reason, message)))
}

/// A step of a command, without flags.
pub(crate) fn step(command: impl Into<v1::Command>) -> v1::Step {
    v1::Step {
        command: Some(command.into()),
        ..v1::Step::default()
    }
}

/// A click on what the hint names.
pub(crate) fn click(hint: &str) -> v1::Click {
    v1::Click {
        target: target(hint),
        ..v1::Click::default()
    }
}

/// A target by hint.
pub(crate) fn target(hint: &str) -> Option<v1::Target> {
    Some(v1::Target {
        locator: Some(v1::target::Locator::Hint(hint.to_owned())),
        ..v1::Target::default()
    })
}

/// A variable with a value.
pub(crate) fn variable(name: &str, value: &str) -> v1::Variable {
    v1::Variable {
        name: name.to_owned(),
        source: Some(v1::variable::Source::Value(value.to_owned())),
    }
}

/// A variable with a secret.
pub(crate) fn secret_variable(name: &str, secret: &str) -> v1::Variable {
    v1::Variable {
        name: name.to_owned(),
        source: Some(v1::variable::Source::Secret(secret.to_owned())),
    }
}

/// A duration in milliseconds.
pub(crate) fn millis(millis: i64) -> prost_types::Duration {
    prost_types::Duration {
        seconds: millis / 1000,
        nanos: (millis % 1000) as i32 * 1_000_000,
    }
}
