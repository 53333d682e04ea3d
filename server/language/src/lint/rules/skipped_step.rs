//! Steps that are never executed on purpose.

use etude::v1::LintLevel;

use super::{Check, Example, Rule};
use crate::lint::context::Context;
use crate::lint::finding::Found;

pub(super) static RULE: Rule = Rule {
    name: "skipped-step",
    level: LintLevel::Note,
    summary: "a step is switched off with `skip`",
    why: "Such steps are switched off to look for something, and stay so unseen.",
    instead: "Switch the step on again, or remove it.",
    needs_whole: false,
    bad: Example::Steps("  - click: Accept cookies\n    skip: true\n"),
    good: Example::Steps("  - click: Accept cookies\n    optional: true\n"),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    for list in &context.lists {
        for (index, step) in list.steps.iter().enumerate() {
            if step.flags.is_some_and(|flags| flags.skip) {
                let span = context.step_span(&format!("{}[{index}]", list.path));
                found.add(
                    span,
                    "this step is switched off",
                    "remove \"skip\", or the step",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{hits, steps};

    #[test]
    fn steps_that_are_switched_off_are_found() {
        let file = steps("  - click: A\n    skip: true\n  - click: B\n    skip: false\n");
        assert_eq!(hits(&RULE, &file), ["4:5 click"]);
    }
}
