//! Steps that no command describes, in a test: scripts that carry them.
//!
//! A browser of ours cannot execute such a step, and its script says so; the platform gets the step
//! as it was.

use etude::v1::{self, command::Action};

use crate::model::ParsedStep;

/// Begins the line of the script that holds the step.
const MARK: &str = "// virtuoso: ";

/// A step of a test that carries a step of the platform.
pub(crate) fn carry(step: &ParsedStep) -> v1::Step {
    let words = format!(
        "only the Virtuoso platform can execute this {} step",
        step.action
    );
    let bare = ParsedStep {
        optional: None,
        ignore_outcome: None,
        skip: None,
        ..step.clone()
    };
    let json = serde_json::to_string(&bare).unwrap_or_default();
    let script = format!(
        "throw new Error({});\n{MARK}{json}",
        serde_json::Value::from(words)
    );
    let flags = v1::StepFlags {
        optional: step.optional.unwrap_or_default(),
        ignore_outcome: step.ignore_outcome.unwrap_or_default(),
        skip: step.skip.unwrap_or_default(),
        ..v1::StepFlags::default()
    };
    v1::Step {
        command: Some(v1::Command {
            action: Some(Action::ExecuteScript(v1::ExecuteScript {
                script,
                ..v1::ExecuteScript::default()
            })),
        }),
        flags: (flags != v1::StepFlags::default()).then_some(flags),
        ..v1::Step::default()
    }
}

/// The step of the platform that a step of a test carries.
pub(crate) fn carried(step: &v1::Step) -> Option<ParsedStep> {
    let Some(Action::ExecuteScript(script)) = &step.command.as_ref()?.action else {
        return None;
    };
    let json = script
        .script
        .lines()
        .find_map(|line| line.strip_prefix(MARK))?;
    let carried: ParsedStep = serde_json::from_str(json).ok()?;
    let flags = step.flags.unwrap_or_default();
    let yes = |flag: bool| flag.then_some(true);
    (!carried.action.is_empty()).then(|| ParsedStep {
        optional: yes(flags.optional),
        ignore_outcome: yes(flags.ignore_outcome),
        skip: yes(flags.skip),
        ..carried
    })
}
