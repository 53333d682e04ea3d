//! Waits that their own step's limit cuts short.

use etude::v1::LintLevel;
use etude::v1::command::Action;

use super::{Check, Example, Rule};
use crate::lint::context::{Context, millis, spelled};
use crate::lint::finding::Found;

pub(super) static RULE: Rule = Rule {
    name: "timeout-too-short",
    level: LintLevel::Warning,
    summary: "the `timeout` of a step ends before its own wait",
    why: "The `timeout` of a step bounds whatever it does. A fixed wait that is longer always ends \
          with the ERROR STEP_TIMEOUT, and a `max` that is longer is never reached.",
    instead: "Raise or remove the `timeout`, or shorten the wait.",
    needs_whole: false,
    bad: Example::Steps("  - wait_for: {element: Report, max: 1m}\n    timeout: 10s\n"),
    good: Example::Steps("  - wait_for: {element: Report, max: 1m}\n"),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    let of_steps = context.commands.iter().filter(|said| !said.is_condition);
    for said in of_steps.filter(|said| said.spec.group == "wait") {
        let Some(timeout) = said.step.flags.as_ref().and_then(|flags| flags.timeout) else {
            continue;
        };
        let own = said
            .given
            .durations
            .iter()
            .filter(|(path, _)| path.ends_with(".max") || path.ends_with(".duration"));
        let longest = own.max_by_key(|(_, duration)| millis(duration));
        let Some((_, wait)) = longest.filter(|(_, wait)| millis(wait) > millis(&timeout)) else {
            continue;
        };
        let (timeout, wait) = (spelled(&timeout), spelled(wait));
        let message = match said.action {
            Action::WaitTime(_) => format!("after {timeout} this step ends ERROR; it waits {wait}"),
            _ => format!("after {timeout} this step ends; its \"max\" of {wait} is never reached"),
        };
        let span = context.span(&format!("{}.flags.timeout", said.step_path));
        found.add(
            span,
            message,
            format!("remove the timeout, or give more than {wait}"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{hits, steps};

    #[test]
    fn a_wait_that_is_cut_short_is_found() {
        let file = steps(
            "  - wait: 5s\n    timeout: 2s\n  - wait_text: {text: A, max: 5s}\n    timeout: 5s\n",
        );
        assert_eq!(hits(&RULE, &file), ["5:14 2s"]);
        let file = steps("  - click: A\n    timeout: 2s\n  - wait_for: A\n    timeout: 2s\n");
        assert_eq!(hits(&RULE, &file), [""; 0]);
    }
}
