//! Checkpoints that do nothing.

use etude::v1::block::Kind;
use etude::v1::command::Action;
use etude::v1::{LintLevel, Step};

use super::{Check, Example, Rule};
use crate::diagnose::shown;
use crate::lint::context::Context;
use crate::lint::finding::Found;

pub(super) static RULE: Rule = Rule {
    name: "empty-checkpoint",
    level: LintLevel::Warning,
    summary: "a checkpoint does nothing: it holds comments, messages and skipped steps only",
    why: "It passes, and a report counts it among what was tested. A checkpoint without any step \
          is refused when the file is read.",
    instead: "Write its steps, or remove it.",
    needs_whole: false,
    bad: Example::File(
        "name: Example\nstarting_url: /\ncheckpoints:\n  - name: Pay\n    steps:\n      - comment: Pay with a card\n",
    ),
    good: Example::File(
        "name: Example\nstarting_url: /\ncheckpoints:\n  - name: Pay\n    steps:\n      - comment: Pay with a card\n      - click: Pay\n      - see: Thank you\n",
    ),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    for (index, checkpoint) in context.test.checkpoints.iter().enumerate() {
        // Without a step that was read there is a mistake that says more.
        if checkpoint.steps.is_empty() || !is_empty(&checkpoint.steps) {
            continue;
        }
        let named = format!("checkpoints[{index}].name");
        let message = match checkpoint.name.as_str() {
            "" => "this test does nothing".to_owned(),
            name => format!("the checkpoint \"{}\" does nothing", shown(name)),
        };
        let advice = "write its steps, or remove it";
        found.add(context.span(&named), message, advice);
    }
}

/// Whether the steps do nothing.
pub(super) fn is_empty(steps: &[Step]) -> bool {
    steps.iter().all(does_nothing)
}

/// Whether a step does nothing to the page and checks nothing.
pub(super) fn does_nothing(step: &Step) -> bool {
    if step.flags.is_some_and(|flags| flags.skip) {
        return true;
    }
    if let Some(block) = &step.block {
        // The steps of a use stand elsewhere.
        let sections = block.sections();
        return !matches!(block.kind, Some(Kind::UseBlock(_)))
            && sections.iter().all(|section| is_empty(section.steps));
    }
    let action = step
        .command
        .as_ref()
        .and_then(|command| command.action.as_ref());
    matches!(action, Some(Action::Comment(_) | Action::Log(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{hits, steps};

    #[test]
    fn checkpoints_of_comments_are_found() {
        let file = RULE.bad.file();
        assert_eq!(hits(&RULE, &file), ["4:11 Pay"]);
        let skipped = file.replace(
            "- comment: Pay with a card",
            "- click: Pay\n        skip: true",
        );
        assert_eq!(hits(&RULE, &skipped), ["4:11 Pay"]);
        let block = "  - repeat: 2\n    steps: [comment: a]\n";
        assert_eq!(hits(&RULE, &steps(block)).len(), 1);
        assert_eq!(
            hits(&RULE, &steps("  - repeat: 2\n    steps: [refresh]\n")),
            [""; 0]
        );
    }
}
