//! Keys of another tool's file that mean nothing here.

use etude::v1::{ErrorReason, LintLevel};

use super::{Check, Example, Rule};

pub(super) static RULE: Rule = Rule {
    name: "unknown-key",
    level: LintLevel::Warning,
    summary: "a key of another tool's file means nothing here and is passed over",
    why: "The tool that the file was written for may have known it, or have passed over it as \
          well. In the canonical form an unknown key is a mistake.",
    instead: "Correct its name, or remove it.",
    needs_whole: false,
    bad: Example::File(
        "project: Shop\nname: Example\nurl: https://shop.example\nparallel: 4\nsteps:\n  - click: Log in\n  - assert: Welcome\n",
    ),
    good: Example::File(
        "project: Shop\nname: Example\nurl: https://shop.example\nsteps:\n  - click: Log in\n  - assert: Welcome\n",
    ),
    check: Check::Warnings(&[ErrorReason::UnknownKey]),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::hits;

    #[test]
    fn the_key_is_found() {
        assert_eq!(hits(&RULE, &RULE.bad.file()), ["4:1 parallel"]);
    }
}
