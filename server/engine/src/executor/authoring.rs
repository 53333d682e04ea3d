//! Steps that are written down instead of being executed.

use etude::v1::{self, Outcome};
use etude::validate::Validated;

use super::result::{Attempt, Started};
use super::{Executor, Scope};
use crate::backend::{ExecuteOptions, Placement};

impl Executor {
    /// Adds a step to the checkpoint of an authoring session. Its templates stay as they are: they
    /// are substituted when the platform executes the step. Nothing is tried twice, because only
    /// the backend knows whether the step was added.
    ///
    /// Dropping the future gives the request up.
    pub(crate) async fn author(
        &self,
        scope: &mut Scope,
        command: &Validated<v1::Command>,
        placement: Placement,
        text: String,
    ) -> v1::StepResult {
        scope.steps += 1;
        let started = Started::now(text);
        if let Err(error) = self.check_support(scope.backend, command) {
            return started.unexecuted(scope, Outcome::Error, Some(error.to_failure()));
        }
        let options = ExecuteOptions {
            timeout: scope.defaults.timeout,
            navigation_timeout: scope.defaults.navigation_timeout,
            screenshots: v1::ScreenshotPolicy::Never,
            base_url: String::new(),
            variables: std::collections::BTreeMap::new(),
            upload: None,
            placement,
        };
        let execution = scope.session.execute(command, &options).await;
        started.executed(scope, Attempt::written(execution), 1, Vec::new())
    }
}
