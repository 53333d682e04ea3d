//! Steps that stand twice in a row.

use etude::v1::command::Action;
use etude::v1::{LintLevel, Step};

use super::{Check, Example, Rule};
use crate::lint::context::Context;
use crate::lint::finding::Found;

pub(super) static RULE: Rule = Rule {
    name: "repeated-step",
    level: LintLevel::Warning,
    summary: "a step is the same as the one before, and changes nothing a second time",
    why: "Writing, checking, asserting or waiting for the same thing twice in a row does what once \
          does; one of the two was probably to be changed. Clicks, keys, scrolling and other steps \
          that go on from where they are can well be repeated, and are left alone.",
    instead: "Change it, or remove it, as the proposed fix does. What is meant to happen several \
              times says so in `repeat`.",
    needs_whole: false,
    bad: Example::Steps(
        "  - write: {text: Ada, into: First name}\n  - write: {text: Ada, into: First name}\n",
    ),
    good: Example::Steps(
        "  - write: {text: Ada, into: First name}\n  - write: {text: Lovelace, into: Last name}\n  - press: Tab\n  - press: Tab\n",
    ),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    for list in &context.lists {
        for (before, pair) in list.steps.windows(2).enumerate() {
            if !is_idle_twice(&pair[0]) || !is_same(&pair[0], &pair[1]) {
                continue;
            }
            let index = before + 1;
            let span = context.step_span(&format!("{}[{index}]", list.path));
            let first = context.line(&format!("{}[{before}]", list.path));
            found.add_with(
                span,
                format!("this step is the same as the one in line {first}"),
                "change it, or remove it",
                super::fixed_sleep::removal(context, list, index),
            );
        }
    }
}

fn is_same(a: &Step, b: &Step) -> bool {
    a.command == b.command && a.flags == b.flags
}

/// Whether doing it again changes nothing.
fn is_idle_twice(step: &Step) -> bool {
    let Some((spec, _)) = step.command.as_ref().and_then(crate::action) else {
        return false;
    };
    let action = step
        .command
        .as_ref()
        .and_then(|command| command.action.as_ref());
    match spec.group.as_str() {
        "assert" => true,
        "wait" => true,
        "data" => !matches!(action, Some(Action::StoreExpression(_))),
        _ => matches!(
            action,
            Some(
                Action::Navigate(_)
                    | Action::Write(_)
                    | Action::Clear(_)
                    | Action::Focus(_)
                    | Action::Hover(_)
                    | Action::Check(_)
                    | Action::Uncheck(_)
                    | Action::SelectOption(_)
                    | Action::SelectIndex(_)
                    | Action::SelectLast(_)
                    | Action::ScrollToTop(_)
                    | Action::ScrollToBottom(_)
                    | Action::ScrollToElement(_)
                    | Action::ScrollToPosition(_)
                    | Action::ResizeWindow(_)
                    | Action::MaximizeWindow(_)
                    | Action::SwitchToMainFrame(_)
                    | Action::Comment(_)
            )
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{first_fix, hits, steps};

    #[test]
    fn the_second_of_two_equal_steps_is_found() {
        let file = steps("  - see: A\n  - assert_exists: A\n    name: again\n  - see: B\n");
        assert_eq!(hits(&RULE, &file), ["5:5 assert_exists"]);
        assert_eq!(first_fix(&RULE, &file), steps("  - see: A\n  - see: B\n"));
    }

    #[test]
    fn steps_that_go_on_from_where_they_are_are_not_found() {
        let file = steps(
            "  - click: +\n  - click: +\n  - back\n  - back\n  - scroll_down\n  - scroll_down\n  - see: A\n  - click: +\n  - see: A\n",
        );
        assert_eq!(hits(&RULE, &file), [""; 0]);
    }
}
