//! What of another tool's file is read otherwise than its writer may have meant.

use etude::v1::LintLevel;

use super::{Check, Example, Rule};

pub(super) static RULE: Rule = Rule {
    name: "doubtful-value",
    level: LintLevel::Warning,
    summary: "something in another tool's file is read as well as can be, and may mean another thing",
    why: "Tools leave room: an attribute that is not named, a pointer that goes nowhere, an \
          address that is none. What is taken is said in the message.",
    instead: "Write what is meant.",
    needs_whole: false,
    bad: Example::File(
        "project: Shop\nname: Example\nurl: your-site-here\nsteps:\n  - click: Log in\n  - assert: Welcome\n",
    ),
    good: Example::File(
        "project: Shop\nname: Example\nurl: https://shop.example\nsteps:\n  - click: Log in\n  - assert: Welcome\n",
    ),
    check: Check::Warnings(&[]),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::hits;

    #[test]
    fn a_start_that_is_no_address_is_found() {
        assert_eq!(hits(&RULE, &RULE.bad.file()), ["3:6 your-site-here"]);
    }
}
