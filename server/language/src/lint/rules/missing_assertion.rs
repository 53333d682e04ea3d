//! Tests that check nothing.

use etude::v1::LintLevel;

use super::{Check, Example, Rule};
use crate::lint::context::Context;
use crate::lint::finding::Found;

pub(super) static RULE: Rule = Rule {
    name: "missing-assertion",
    level: LintLevel::Warning,
    summary: "the test checks nothing",
    why: "A test without an assertion passes as long as its steps can be executed, whatever the \
          page shows at the end. Waits that fail when something does not come (`wait_text`, \
          `wait_for`, `wait_url` …) count as checks; assertions whose outcome is ignored do not.",
    instead: "Assert what the user should see, such as `see: Thank you for your order`.",
    needs_whole: true,
    bad: Example::Steps("  - click: Buy\n  - click: Confirm\n"),
    good: Example::Steps("  - click: Buy\n  - click: Confirm\n  - see: Thank you\n"),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    if context
        .commands
        .iter()
        .any(|said| said.is_check() && said.counts())
    {
        return;
    }
    let span = match context.has("name") {
        true => context.span("name"),
        false => context.span("checkpoints"),
    };
    found.add(
        span,
        "this test checks nothing: it passes whatever the page shows",
        "assert what the user should see in the end, such as \"see: Thank you\"",
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{hits, steps};

    #[test]
    fn a_test_without_any_check_is_found_at_its_name() {
        let file = steps("  - click: A\n  - wait: 2s\n  - if: {visible: A}\n    then: [refresh]\n");
        assert_eq!(hits(&RULE, &file), ["1:7 Example"]);
        let ignored = steps("  - click: A\n  - see: B\n    optional: true\n");
        assert_eq!(hits(&RULE, &ignored), ["1:7 Example"]);
    }

    #[test]
    fn one_check_anywhere_is_enough() {
        for check in [
            "  - see: A\n",
            "  - wait_text: A\n",
            "  - repeat: 2\n    steps:\n      - assert_url: /a\n",
        ] {
            assert_eq!(hits(&RULE, &steps(check)), [""; 0], "{check}");
        }
        // What was refused may have been the assertion.
        assert_eq!(hits(&RULE, &steps("  - click: A\n  - sea: B\n")), [""; 0]);
    }
}
