//! Checkpoints that stand twice.

use std::collections::HashMap;

use etude::v1::{Checkpoint, LintLevel};
use prost::Message as _;

use super::{Check, Example, Rule};
use crate::diagnose::shown;
use crate::lint::context::Context;
use crate::lint::finding::Found;
use crate::lint::fix::forget;

pub(super) static RULE: Rule = Rule {
    name: "duplicate-checkpoint",
    level: LintLevel::Warning,
    summary: "two checkpoints have one name, or the same steps",
    why: "In a report nobody can tell two checkpoints of one name apart. The same steps twice were \
          probably copied to be changed.",
    instead: "Give each checkpoint a name of its own, and remove what stands twice.",
    needs_whole: false,
    bad: Example::File(
        "name: Example\nstarting_url: /\ncheckpoints:\n  - name: Pay\n    steps:\n      - click: Card\n      - see: Thank you\n  - name: Pay\n    steps:\n      - click: Invoice\n      - see: Thank you\n",
    ),
    good: Example::File(
        "name: Example\nstarting_url: /\ncheckpoints:\n  - name: Pay by card\n    steps:\n      - click: Card\n      - see: Thank you\n  - name: Pay by invoice\n    steps:\n      - click: Invoice\n      - see: Thank you\n",
    ),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    let mut names: HashMap<String, usize> = HashMap::new();
    let mut bodies: HashMap<Vec<u8>, usize> = HashMap::new();
    for (index, checkpoint) in context.test.checkpoints.iter().enumerate() {
        let span = context.span(&format!("checkpoints[{index}].name"));
        let name = checkpoint.name.trim().to_lowercase();
        let line = |first: usize| context.line(&format!("checkpoints[{first}].name"));
        let first_name = *names.entry(name.clone()).or_insert(index);
        let first_body = match checkpoint.steps.is_empty() {
            true => index,
            false => *bodies.entry(body(checkpoint)).or_insert(index),
        };
        let shown = shown(&checkpoint.name);
        if first_body != index {
            let message = format!(
                "\"{shown}\" has the same steps as the checkpoint in line {}",
                line(first_body)
            );
            found.add(span, message, "change its steps, or remove it");
        } else if first_name != index && !name.is_empty() {
            let message = format!(
                "the checkpoint in line {} is called \"{shown}\", too",
                line(first_name)
            );
            found.add(span, message, "give it a name of its own");
        }
    }
}

/// The steps, whatever their places.
fn body(checkpoint: &Checkpoint) -> Vec<u8> {
    let mut body = Checkpoint {
        steps: checkpoint.steps.clone(),
        ..Checkpoint::default()
    };
    body.steps.iter_mut().for_each(forget);
    body.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{hits, messages};

    #[test]
    fn equal_names_and_equal_steps_are_found() {
        let file = "name: t\ncheckpoints:\n  - name: A\n    steps: [refresh, back]\n  - name: B\n    steps:\n      - refresh\n      - back\n  - name: a\n    steps: [refresh]\n";
        assert_eq!(hits(&RULE, file), ["5:11 B", "9:11 a"]);
        assert_eq!(
            messages(&RULE, file)[0],
            "\"B\" has the same steps as the checkpoint in line 3"
        );
    }

    #[test]
    fn checkpoints_that_differ_are_not_found() {
        let file = "name: t\ncheckpoints:\n  - name: A\n    steps: [click: a]\n  - name: B\n    steps: [click: b]\n";
        assert_eq!(hits(&RULE, file), [""; 0]);
    }
}
