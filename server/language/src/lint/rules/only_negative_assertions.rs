//! Tests that check only that something is absent.

use etude::v1::LintLevel;
use etude::v1::command::Action;

use super::{Check, Example, Rule};
use crate::lint::context::{Context, Said};
use crate::lint::finding::Found;

pub(super) static RULE: Rule = Rule {
    name: "only-negative-assertions",
    level: LintLevel::Note,
    summary: "all that the test checks is that something is not there",
    why: "On an empty page, on an error page, and before anything has loaded, nothing is there: \
          such a test passes when the application is down.",
    instead: "Assert something that is there as well.",
    needs_whole: true,
    bad: Example::Steps("  - click: Delete\n  - assert_not_exists: Invoice 7\n"),
    good: Example::Steps(
        "  - click: Delete\n  - see: 0 invoices\n  - assert_not_exists: Invoice 7\n",
    ),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    let mut checks = context
        .commands
        .iter()
        .filter(|said| said.is_check() && said.counts());
    let Some(first) = checks.next() else {
        return;
    };
    if !is_negative(first) || !checks.all(is_negative) {
        return;
    }
    found.add(
        context.span(&first.path),
        "this test checks only that something is not there, and so passes on an empty page",
        "assert something that is there, too",
    );
}

fn is_negative(said: &Said<'_>) -> bool {
    matches!(
        said.action,
        Action::AssertNotExists(_)
            | Action::AssertHidden(_)
            | Action::WaitHidden(_)
            | Action::AssertNoConsoleErrors(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{hits, steps};

    #[test]
    fn a_test_of_absence_alone_is_found() {
        let file = steps("  - assert_hidden: A\n  - assert_not_exists: B\n");
        assert_eq!(hits(&RULE, &file), ["4:5 assert_hidden"]);
        // That an element's text differs takes the element.
        let file = steps("  - assert_hidden: A\n  - assert_not_equals: {element: B, value: 1}\n");
        assert_eq!(hits(&RULE, &file), [""; 0]);
    }
}
