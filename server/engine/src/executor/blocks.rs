//! What blocks of steps ask for: whether a condition holds, the items of a list, and the values of
//! parameters.

use std::collections::BTreeMap;
use std::time::Duration;

use etude::v1::{
    self, ErrorReason, Failure, Outcome, ScreenshotPolicy, condition::Kind, parameter::Otherwise,
};
use serde_json::Value;

use super::Executor;
use super::scope::Scope;
use super::templates::{self, Used};
use super::timing::to_std;
use crate::error::failure;
use crate::variables::{Layer, Shadowed, Variable};

/// For how long an assertion may be polled as a condition: what is awaited is awaited by a step
/// before the block.
const CONDITION_TIMEOUT: Duration = Duration::from_secs(1);

/// The most items that a loop goes through.
const MAX_ITEMS: usize = 10_000;

/// The most of a parameter's value that a result shows, in bytes.
const SHOWN_BYTES: usize = 4 * 1024;

/// The items of a loop.
#[derive(Debug)]
pub(crate) struct Items {
    pub(crate) values: Vec<Value>,
    /// Whether a secret was read for them.
    secret: bool,
}

/// The value of a template, which is secret when it was computed from a secret.
async fn variable(scope: &mut Scope, text: &str, timeout: Duration) -> Result<Variable, Failure> {
    let mut used = Used::default();
    let text = rendered(scope, text, timeout, &mut used).await?;
    Ok(Variable {
        value: Value::String(text),
        secret: used.secret,
    })
}

impl Executor {
    /// Whether a condition holds. `flags` are those of its block.
    ///
    /// # Errors
    ///
    /// The failure of what is examined, when that ends ERROR.
    pub(crate) async fn holds(
        &self,
        scope: &mut Scope,
        condition: &v1::Condition,
        flags: &v1::StepFlags,
    ) -> Result<bool, Failure> {
        let holds = match &condition.kind {
            Some(Kind::Command(command)) => self.passes(scope, command, flags).await?,
            Some(Kind::Expression(text)) => is_true(&self.text_now(scope, text, flags).await?),
            None => false,
        };
        Ok(holds != condition.negated)
    }

    async fn passes(
        &self,
        scope: &mut Scope,
        command: &v1::Command,
        flags: &v1::StepFlags,
    ) -> Result<bool, Failure> {
        let timeout = flags.timeout.or_else(|| CONDITION_TIMEOUT.try_into().ok());
        let step = v1::Step {
            command: Some(command.clone()),
            flags: Some(v1::StepFlags {
                timeout,
                screenshots: ScreenshotPolicy::Never.into(),
                ..v1::StepFlags::default()
            }),
            ..v1::Step::default()
        };
        let result = self.execute(scope, &step).await;
        match result.outcome() {
            Outcome::Pass => Ok(true),
            Outcome::Fail => Ok(false),
            _ => Err(result.failure.unwrap_or_default()),
        }
    }

    async fn text_now(
        &self,
        scope: &mut Scope,
        text: &str,
        flags: &v1::StepFlags,
    ) -> Result<String, Failure> {
        rendered(scope, text, timeout(scope, flags), &mut Used::default()).await
    }

    /// The items that a loop goes through.
    ///
    /// # Errors
    ///
    /// `NOT_A_LIST`, or what is wrong with a template.
    pub(crate) async fn items(
        &self,
        scope: &mut Scope,
        block: &v1::ForEachBlock,
        flags: &v1::StepFlags,
    ) -> Result<Items, Failure> {
        let timeout = timeout(scope, flags);
        let mut used = Used::default();
        let mut values = Vec::with_capacity(block.items.len());
        for item in &block.items {
            let text = rendered(scope, item, timeout, &mut used).await?;
            values.push(Value::String(text));
        }
        if !block.list.is_empty() {
            let text = rendered(scope, &block.list, timeout, &mut used).await?;
            values = list(&text)?;
        }
        Ok(Items {
            values,
            secret: used.secret,
        })
    }

    /// Sets the parameters of a definition to what a use gives, else to their defaults; returns the
    /// values by name, secrets masked. `before` keeps what the names meant, for [`Executor::leave`],
    /// which is called whatever becomes of this.
    ///
    /// # Errors
    ///
    /// What is wrong with a template.
    pub(crate) async fn enter(
        &self,
        scope: &mut Scope,
        definition: &v1::Definition,
        block: &v1::UseBlock,
        flags: &v1::StepFlags,
        before: &mut Vec<Shadowed>,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let timeout = timeout(scope, flags);
        let mut given = Vec::with_capacity(definition.parameters.len());
        for argument in &block.arguments {
            let variable = variable(scope, &argument.value, timeout).await?;
            given.push((argument.name.clone(), variable));
        }
        before.push(scope.variables.shadow(given));
        let is_given = |name: &str| block.arguments.iter().any(|a| a.name == name);
        for parameter in &definition.parameters {
            if let Some(Otherwise::DefaultValue(text)) = &parameter.otherwise
                && !is_given(&parameter.name)
            {
                let value = variable(scope, text, timeout).await?;
                let value = vec![(parameter.name.clone(), value)];
                before.push(scope.variables.shadow(value));
            }
        }
        let names = definition.parameters.iter().map(|p| p.name.clone());
        let shown = names.filter_map(|name| {
            let variable = scope.variables.get(&name)?;
            let text = scope
                .variables
                .show(&variable.value, variable.secret, SHOWN_BYTES);
            Some((name, text))
        });
        Ok(shown.collect())
    }

    /// Lets the names of a definition's parameters mean what they meant before.
    pub(crate) fn leave(&self, scope: &mut Scope, before: Vec<Shadowed>) {
        for shadowed in before.into_iter().rev() {
            scope.variables.restore(shadowed);
        }
    }

    /// Sets the variable of a loop to an item.
    pub(crate) fn set_item(&self, scope: &mut Scope, name: &str, items: &Items, index: usize) {
        let Some(value) = items.values.get(index).cloned() else {
            return;
        };
        match items.secret {
            true => scope.variables.set_derived(Layer::Stored, name, value),
            false => scope.variables.set(Layer::Stored, name, value),
        }
    }
}

fn timeout(scope: &Scope, flags: &v1::StepFlags) -> Duration {
    let given = flags.timeout.as_ref().and_then(to_std);
    given.unwrap_or(scope.defaults.timeout)
}

/// The text of a template; a failure holds no secret.
async fn rendered(
    scope: &mut Scope,
    text: &str,
    timeout: Duration,
    used: &mut Used,
) -> Result<String, Failure> {
    let text = templates::render(scope, text, timeout, used).await;
    text.map_err(|mut failure| {
        scope.variables.masking().scrub(&mut failure.message);
        failure
    })
}

/// The items of a JSON array.
fn list(text: &str) -> Result<Vec<Value>, Failure> {
    let values = match serde_json::from_str(text) {
        Ok(Value::Array(values)) => values,
        _ => {
            let message = "what \"in\" stands for is not a JSON array";
            return Err(failure(ErrorReason::NotAList, message));
        }
    };
    if values.len() > MAX_ITEMS {
        let message = format!(
            "the list has {} items; {MAX_ITEMS} are the most",
            values.len()
        );
        return Err(failure(ErrorReason::NotAList, message));
    }
    Ok(values)
}

/// Whether the text of an expression means yes.
fn is_true(text: &str) -> bool {
    !matches!(text.trim(), "" | "false" | "0" | "null" | "undefined")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_means_yes_or_no() {
        for yes in ["true", "1", "Ada", "no", "-1", "[]"] {
            assert!(is_true(yes), "{yes}");
        }
        for no in ["", " ", "false", "0", "null", "undefined"] {
            assert!(!is_true(no), "{no}");
        }
    }

    #[test]
    fn only_an_array_is_a_list() {
        let items = list(r#"["a", {"b": 1}, 2]"#).unwrap();
        assert_eq!(items.len(), 3);
        for text in ["", "a", "{}", "\"a\"", "[1"] {
            assert_eq!(list(text).unwrap_err().reason, "NOT_A_LIST", "{text}");
        }
        let long = format!("[{}0]", "0,".repeat(MAX_ITEMS));
        let error = list(&long).unwrap_err();
        assert!(error.message.contains("10001"), "{}", error.message);
    }
}
