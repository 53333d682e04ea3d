//! Variables that are used and that nothing sets.

use etude::v1::{ErrorReason, LintLevel};

use super::{Check, Example, Rule};

pub(super) static RULE: Rule = Rule {
    name: "undefined-variable",
    level: LintLevel::Warning,
    summary: "a variable is used that nothing before it sets",
    why: "The step ends with an ERROR, unless the run brings the variable. Every file's check warns \
          of it as UNDEFINED_VARIABLE; here its level can be set.",
    instead: "Correct the name, add it to `variables`, or write `$$` for a dollar sign. When every \
              run brings it, declare it without a value: `user:`.",
    needs_whole: true,
    bad: Example::Steps("  - write: {text: $usr, into: Name}\n"),
    good: Example::File(
        "name: Example\nstarting_url: /\nvariables:\n  user:\nsteps:\n  - write: {text: $user, into: Name}\n",
    ),
    check: Check::Warnings(&[ErrorReason::UndefinedVariable]),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{hits, steps};

    #[test]
    fn the_name_is_found_in_its_text() {
        let file =
            steps("  - log: \"Hello $nobody, costs 5$\"\n  - store_title: t\n  - log: $t $$x\n");
        assert_eq!(hits(&RULE, &file), ["4:17 $nobody"]);
    }
}
