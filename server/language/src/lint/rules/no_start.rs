//! Tests that act before any page is loaded.

use etude::v1::LintLevel;
use etude::v1::command::Action;

use super::{Check, Example, Rule};
use crate::lint::context::Context;
use crate::lint::finding::Found;

pub(super) static RULE: Rule = Rule {
    name: "no-start",
    level: LintLevel::Warning,
    summary: "the test acts on a page before it has loaded one",
    why: "Every test begins in an empty tab. Without `starting_url`, and without a step that \
          navigates, its first target is looked for in nothing until the time is up.",
    instead: "Add `starting_url`, or begin with `navigate`.",
    needs_whole: true,
    bad: Example::File("name: Example\nsteps:\n  - click: Log in\n  - see: Welcome\n"),
    good: Example::File(
        "name: Example\nsteps:\n  - navigate: https://shop.example\n  - click: Log in\n  - see: Welcome\n",
    ),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    // A block that is defined may load one, wherever it is used.
    if !context.test.starting_url.is_empty() || !context.test.definitions.is_empty() {
        return;
    }
    for said in &context.commands {
        let loads = matches!(
            said.action,
            Action::Navigate(_) | Action::NewTab(_) | Action::ExecuteScript(_)
        );
        if loads {
            return;
        }
        if !said.given.targets.is_empty() {
            found.add(
                context.span(&said.path),
                "no page is loaded when this step comes",
                "add \"starting_url: …\" to the test, or begin with \"navigate: …\"",
            );
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::hits;

    #[test]
    fn the_first_step_on_an_empty_page_is_found() {
        let file =
            "name: t\nsteps:\n  - comment: a\n  - clear_cookies\n  - click: A\n  - navigate: /\n";
        assert_eq!(hits(&RULE, file), ["5:5 click"]);
        let file = "name: t\nsetup:\n  - navigate: /\nsteps:\n  - click: A\n";
        assert_eq!(hits(&RULE, file), [""; 0]);
        let file = "name: t\nstarting_url: /\nsteps:\n  - click: A\n";
        assert_eq!(hits(&RULE, file), [""; 0]);
    }
}
