//! Assertions whose outcome does not count.

use etude::v1::LintLevel;

use super::{Check, Example, Rule};
use crate::lint::context::Context;
use crate::lint::finding::Found;

pub(super) static RULE: Rule = Rule {
    name: "ignored-assertion",
    level: LintLevel::Warning,
    summary: "the outcome of an assertion does not count",
    why: "With `optional` or `ignore_outcome` an assertion may fail and the test passes. It is \
          read as a check and is none.",
    instead: "Remove the flag. To go on after a failure nothing is needed: a FAIL does not stop a \
              test. To act on what is there, put the assertion into an `if`.",
    needs_whole: false,
    bad: Example::Steps("  - see: Welcome back\n    optional: true\n"),
    good: Example::Steps("  - see: Welcome back\n  - click: Accept cookies\n    optional: true\n"),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    for said in context
        .commands
        .iter()
        .filter(|said| said.spec.group == "assert")
    {
        let flags = said.step.flags.unwrap_or_default();
        let flag = match flags {
            _ if said.is_condition => continue,
            _ if flags.optional => "optional",
            _ if flags.ignore_outcome => "ignore_outcome",
            _ => continue,
        };
        let span = context.span(&said.path);
        let message = format!("with \"{flag}\" this assertion can fail and the test passes");
        found.add(
            span,
            message,
            "remove the flag, or put the assertion into an \"if\"",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{hits, steps};

    #[test]
    fn assertions_with_such_flags_are_found() {
        let file = steps(
            "  - see: A\n    ignore_outcome: true\n  - see: B\n    retries: 2\n  - wait_for: C\n    optional: true\n",
        );
        assert_eq!(hits(&RULE, &file), ["4:5 see"]);
        let file = steps("  - if: {visible: A}\n    then: [refresh]\n    optional: true\n");
        assert_eq!(hits(&RULE, &file), [""; 0]);
    }
}
