//! Waits for a fixed time.

use etude::v1::LintLevel;
use etude::v1::command::Action;

use super::{Check, Example, Rule};
use crate::lint::context::{Context, List, spelled};
use crate::lint::extent;
use crate::lint::finding::{Fix, Found};
use crate::lint::options::SHORTEST_SLEEP;
use crate::natural;

pub(super) static RULE: Rule = Rule {
    name: "fixed-sleep",
    level: LintLevel::Warning,
    summary: "a step waits for a fixed time instead of for what should happen",
    why: "A fixed wait is too long on every run but the slowest, and too short on that one. \
          Every command that has a target waits for it by itself, and assertions wait until they \
          hold, so most such waits are not needed at all.",
    instead: "Remove the wait, or wait for what the page shows when it is ready: `wait_text`, \
              `wait_for`, `wait_hidden`, `wait_url`, `wait_network_idle`. The proposed fix removes \
              the step. For more than 10 seconds see long-wait.",
    needs_whole: false,
    bad: Example::Steps("  - click: Log in\n  - wait: 3s\n  - click: Orders\n"),
    good: Example::Steps("  - click: Log in\n  - wait_text: Welcome back\n  - click: Orders\n"),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    for list in &context.lists {
        for (index, step) in list.steps.iter().enumerate() {
            let command = step.command.as_ref();
            if let Some(Action::WaitTime(wait)) = command.and_then(|c| c.action.as_ref())
                && let Some(duration) = wait.duration
                && !super::long_wait::is_long_sleep(context, &duration)
                && context.options.exceeds(&SHORTEST_SLEEP, &duration)
            {
                let path = format!("{}[{index}]", list.path);
                let place = context.span(&format!("{path}.command.wait_time.duration"));
                let message = format!(
                    "the test waits {} here, whatever happens",
                    spelled(&duration)
                );
                found.add_with(
                    place,
                    message,
                    advice(list, index),
                    removal(context, list, index),
                );
            }
        }
    }
}

/// What to do about the wait, by what comes after it.
fn advice(list: &List<'_>, index: usize) -> String {
    const WAIT: &str = "wait for what should happen, such as \"wait_text: Saved\"";
    let next = list
        .steps
        .get(index + 1)
        .and_then(|step| step.command.as_ref());
    let waits = next.is_some_and(|command| {
        let (mut targets, mut asserts) = (false, false);
        if let Some((spec, message)) = crate::action(command) {
            let target = message.get_field_by_name(crate::decode::TARGET);
            targets = target.is_some() && message.has_field_by_name(crate::decode::TARGET);
            asserts = spec.group == "assert" && spec.name != "not-exists" && spec.name != "hidden";
        }
        targets || asserts
    });
    match next {
        Some(next) if waits => format!(
            "remove it: the next step, \"{}\", waits by itself",
            crate::diagnose::shown(&natural::text(next))
        ),
        _ => WAIT.to_owned(),
    }
}

/// Removes the step, if it stands on lines of its own and is not the only one.
pub(super) fn removal(context: &Context<'_>, list: &List<'_>, index: usize) -> Option<Fix> {
    let span = context.span(&format!("{}[{index}]", list.path));
    let lines = extent::item(context.source, span).filter(|_| list.steps.len() > 1)?;
    Some(Fix::proposed("remove the step", lines, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{findings, first_fix, hits, steps};

    #[test]
    fn fixed_waits_are_found_wherever_they_stand() {
        let file = steps(
            "  - click: A\n  - wait: {duration: 2s}\n  - if: {visible: A}\n    then:\n      - pause: 500ms\n      - wait_for: B\n",
        );
        assert_eq!(hits(&RULE, &file), ["5:22 2s", "8:16 500ms"]);
        let file = "project: P\nname: t\nsteps:\n  - step-wait time 2000\n  - click: A\n";
        assert_eq!(hits(&RULE, file).len(), 1);
        let file = "navigate to \"/\"\nwait 2 seconds\nclick on \"A\"\n";
        assert_eq!(hits(&RULE, file), ["2:1 wait 2 seconds"]);
    }

    #[test]
    fn waits_for_something_are_not_found() {
        let file =
            steps("  - wait_for: A\n  - wait_network_idle\n  - wait_text: {text: A, max: 5s}\n");
        assert_eq!(hits(&RULE, &file), [""; 0]);
    }

    #[test]
    fn the_fix_removes_the_step_and_nothing_else() {
        let file = steps("  # a\n  - wait: 2s # why\n    name: x\n\n  # b\n  - click: A\n");
        let expected = steps("  # a\n\n  # b\n  - click: A\n");
        assert_eq!(first_fix(&RULE, &file), expected);
        let alone = steps("  - wait: 2s\n");
        assert!(findings(&RULE, &alone)[0].fixes.is_empty());
        let inside = "name: t\nsteps: [{wait: 2s}, refresh]\n";
        assert!(findings(&RULE, inside)[0].fixes.is_empty());
    }

    #[test]
    fn the_advice_names_a_next_step_that_waits_by_itself() {
        let advice = |file: &str| {
            let found = findings(&RULE, &steps(file));
            found[0].diagnostic.clone().unwrap().suggestion
        };
        assert!(advice("  - wait: 2s\n  - click: A\n").contains("click on \"A\""));
        assert!(advice("  - wait: 2s\n  - refresh\n").starts_with("wait for"));
        assert!(advice("  - wait: 2s\n  - assert_not_exists: A\n").contains("waits by itself"));
    }
}
