//! Checkpoints that are executed several times.
//!
//! A loop with a number repeats its steps one after the other. One with a condition is a nest of
//! `if` blocks, each with the steps and the next `if`: unlike a `while`, reaching the most
//! iterations is no error, as on the platform.

use etude::v1::{self, block::Kind, condition};
use serde_json::Value;

use crate::local::answer::Problem;
use crate::model::{Checkpoint, CheckpointMeta};

/// Most iterations of a loop with a condition or a variable; the platform's limit.
const MOST: usize = 10;

/// What is executed of a checkpoint.
pub(super) enum Loop {
    /// Its steps, this often.
    Times(usize),
    /// Its steps as long as these hold, one before each iteration.
    While(Vec<String>),
}

/// How a checkpoint is executed.
pub(super) fn of(case: &Checkpoint, journey: &str) -> Result<Loop, Problem> {
    let Some(meta) = &case.checkpoint_meta else {
        return Ok(Loop::Times(1));
    };
    let refused = |why: &str| {
        let place = format!("the checkpoint `{}` of the journey `{journey}`", case.title);
        Problem::invalid(format!("{place} has a loop that cannot be executed: {why}"))
    };
    let condition = meta.loop_condition.as_deref().unwrap_or_default().trim();
    let times = times(meta).ok_or_else(|| {
        refused("loopIterations must be a number or the name of a variable, such as $count")
    })?;
    match (condition, times) {
        ("", Times::Number(number)) => Ok(Loop::Times(number)),
        ("", Times::None) => Ok(Loop::Times(1)),
        ("", Times::Variable(name)) => Ok(Loop::While(counted(&name))),
        (condition, Times::None) => Ok(Loop::While(vec![template(condition); MOST])),
        (condition, Times::Number(most)) if most <= MOST => {
            Ok(Loop::While(vec![template(condition); most]))
        }
        (_, Times::Number(_)) => Err(refused("with a condition loopIterations is at most 10")),
        (_, Times::Variable(_)) => Err(refused("with a condition loopIterations is a number")),
    }
}

/// What says how often.
enum Times {
    None,
    Number(usize),
    Variable(String),
}

fn times(meta: &CheckpointMeta) -> Option<Times> {
    match &meta.loop_iterations {
        None | Some(Value::Null) => Some(Times::None),
        Some(Value::Number(number)) => {
            let number = usize::try_from(number.as_u64()?).ok()?;
            Some(Times::Number(number))
        }
        Some(Value::String(text)) => match text.trim() {
            "" => Some(Times::None),
            text => match text.strip_prefix('$') {
                Some(name) if super::compile::is_variable(name) => {
                    Some(Times::Variable(name.to_owned()))
                }
                _ => text.parse().ok().map(Times::Number),
            },
        },
        Some(_) => None,
    }
}

/// One condition an iteration, of which each holds as long as the variable's number is reached.
fn counted(name: &str) -> Vec<String> {
    let condition = |iteration| format!("${{Number(${name}) >= {iteration}}}");
    (1..=MOST).map(condition).collect()
}

/// A variable stays one; anything else is JavaScript, which the wire has without `${}`.
fn template(condition: &str) -> String {
    match condition.strip_prefix('$') {
        Some(name) if super::compile::is_variable(name) => condition.to_owned(),
        _ if condition.starts_with("${") => condition.to_owned(),
        _ => format!("${{{condition}}}"),
    }
}

impl Loop {
    /// The steps of the run.
    pub(super) fn unrolled(&self, steps: &[v1::Step]) -> Vec<v1::Step> {
        match self {
            Self::Times(times) => std::iter::repeat_n(steps, *times)
                .flatten()
                .cloned()
                .collect(),
            Self::While(conditions) => {
                let nest = conditions.iter().rev().fold(None, |inner, condition| {
                    let then = steps.iter().cloned().chain(inner);
                    Some(when(condition, then.collect()))
                });
                nest.into_iter().collect()
            }
        }
    }
}

fn when(condition: &str, steps: Vec<v1::Step>) -> v1::Step {
    let condition = v1::Condition {
        kind: Some(condition::Kind::Expression(condition.to_owned())),
        negated: false,
    };
    let branch = v1::Branch {
        condition: Some(condition),
        steps,
    };
    let block = v1::IfBlock {
        branches: vec![branch],
        ..v1::IfBlock::default()
    };
    v1::Step {
        block: Some(v1::Block {
            kind: Some(Kind::IfElse(block)),
        }),
        ..v1::Step::default()
    }
}

/// The number that a step of a checkpoint has when its iterations are laid end to end. A condition
/// that could not be examined counts as the first step under it; blocks have no number else.
pub(super) fn number(finished: &v1::StepFinished, steps: usize) -> Option<u32> {
    let path = finished.path.as_ref()?;
    let steps = u32::try_from(steps).ok()?;
    let iteration = u32::try_from(finished.within.len()).ok()?;
    match (&finished.block, finished.within.last()) {
        (None, None) => Some(path.step),
        (None, Some(place)) => Some((iteration - 1) * steps + place.step),
        (Some(block), _) => {
            let failed = finished.result.as_ref()?.failure.is_some();
            (failed && !block.inherited).then_some(iteration * steps + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn conditions(iterations: Value, condition: &str) -> Option<Vec<String>> {
        let case = Checkpoint {
            checkpoint_meta: Some(CheckpointMeta {
                loop_iterations: Some(iterations),
                loop_condition: Some(condition.to_owned()),
                ..CheckpointMeta::default()
            }),
            ..Checkpoint::default()
        };
        match of(&case, "Journey") {
            Ok(Loop::While(conditions)) => Some(conditions),
            Ok(Loop::Times(times)) => Some(vec![format!("{times} times")]),
            Err(_) => None,
        }
    }

    #[test]
    fn what_a_loop_says_is_what_is_executed() {
        assert_eq!(conditions(json!(3), "").unwrap(), ["3 times"]);
        assert_eq!(conditions(json!("4"), " ").unwrap(), ["4 times"]);
        assert_eq!(conditions(Value::Null, "$more").unwrap(), vec!["$more"; 10]);
        let open = "${document.title == \"Cart\"}";
        assert_eq!(
            conditions(json!(2), "document.title == \"Cart\"").unwrap(),
            [open; 2]
        );
        assert_eq!(conditions(json!(2), open).unwrap(), [open; 2]);
        let counted = conditions(json!("$count"), "").unwrap();
        assert_eq!(counted.len(), 10);
        assert_eq!(counted[1], "${Number($count) >= 2}");
        assert_eq!(conditions(json!(11), "$more"), None);
        assert_eq!(conditions(json!("$count"), "$more"), None);
        assert_eq!(conditions(json!({}), ""), None);
        assert_eq!(conditions(json!("many"), ""), None);
    }

    #[test]
    fn iterations_are_nested() {
        let step = v1::Step {
            name: "a".to_owned(),
            ..v1::Step::default()
        };
        let steps = Loop::While(vec!["$a".to_owned(), "$b".to_owned()]).unrolled(&[step]);
        let [outer] = steps.as_slice() else {
            panic!("{steps:?}");
        };
        let Some(Kind::IfElse(block)) = outer.block.as_ref().and_then(|block| block.kind.as_ref())
        else {
            panic!("{outer:?}");
        };
        let inner = &block.branches[0].steps;
        assert_eq!(inner[0].name, "a");
        assert!(inner[1].block.is_some() && inner.len() == 2, "{inner:?}");
    }
}
