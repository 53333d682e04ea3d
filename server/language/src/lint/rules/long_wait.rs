//! Waits and limits far over the need.

use etude::v1::LintLevel;
use etude::v1::command::Action;
use prost_types::Duration;

use super::{Check, Example, Rule};
use crate::lint::context::{Context, spelled};
use crate::lint::finding::{Fix, Found};
use crate::lint::options::{LONGEST_LIMIT, LONGEST_SLEEP};

pub(super) static RULE: Rule = Rule {
    name: "long-wait",
    level: LintLevel::Warning,
    summary: "a wait of more than 10 seconds, or a limit of more than 2 minutes",
    why: "A long fixed wait is paid in every run. A long limit is paid in every run that fails: \
          until it is over nobody knows. What takes minutes in a page is rarely what a test of \
          the page should wait for.",
    instead: "Wait for what should happen, with a limit near to what is usual. A fixed wait that \
              is needed can say why: `# etude: allow long-wait -- the queue runs once a minute`.",
    needs_whole: false,
    bad: Example::Steps("  - wait: 30s\n  - wait_for: {element: Report, max: 10m}\n"),
    good: Example::Steps("  - wait_for: {element: Report, max: 1m}\n"),
    check: Check::Test(check),
};

/// Whether a fixed wait is far over the need.
pub(super) fn is_long_sleep(context: &Context<'_>, duration: &Duration) -> bool {
    context.options.exceeds(&LONGEST_SLEEP, duration)
}

fn check(context: &Context<'_>, found: &mut Found) {
    for list in &context.lists {
        for (index, step) in list.steps.iter().enumerate() {
            let path = format!("{}[{index}]", list.path);
            let action = step.command.as_ref().and_then(|c| c.action.as_ref());
            if let Some(Action::WaitTime(wait)) = action
                && let Some(duration) = wait.duration
                && is_long_sleep(context, &duration)
            {
                let fix = super::fixed_sleep::removal(context, list, index);
                let path = format!("{path}.command.wait_time.duration");
                sleep(context, &path, &duration, fix, found);
            }
            let timeout = step.flags.as_ref().and_then(|flags| flags.timeout);
            limit(context, &format!("{path}.flags.timeout"), timeout, found);
        }
    }
    for said in &context.commands {
        let is_sleep = matches!(said.action, Action::WaitTime(_));
        for (path, duration) in said.given.durations.iter().filter(|_| !is_sleep) {
            limit(context, path, Some(*duration), found);
        }
    }
    let config = context.test.config.clone().unwrap_or_default();
    limit(context, "config.step_timeout", config.step_timeout, found);
    let navigation = config.navigation_timeout;
    limit(context, "config.navigation_timeout", navigation, found);
}

fn sleep(
    context: &Context<'_>,
    path: &str,
    duration: &Duration,
    fix: Option<Fix>,
    found: &mut Found,
) {
    let message = format!(
        "the test waits {} here, whatever happens",
        spelled(duration)
    );
    let advice = "wait for what should happen, such as \"wait_text: {text: Saved, max: 1m}\"";
    found.add_with(context.span(path), message, advice, fix);
}

fn limit(context: &Context<'_>, path: &str, duration: Option<Duration>, found: &mut Found) {
    if let Some(duration) = duration.filter(|d| context.options.exceeds(&LONGEST_LIMIT, d)) {
        let message = format!("a failure would be known after {} only", spelled(&duration));
        let advice = "set a limit near to what is usual; without one it is 20 seconds";
        found.add(context.span(path), message, advice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{first_fix, hits, steps};

    #[test]
    fn what_is_far_over_the_need_is_found() {
        let file = steps(
            "  - wait: 11s\n  - wait_text: {text: A, max: 3m}\n  - click: A\n    timeout: 130s\n",
        );
        assert_eq!(hits(&RULE, &file), ["4:11 11s", "5:31 3m", "7:14 130s"]);
        let rest = "  - wait_text: {text: A, max: 3m}\n  - click: A\n    timeout: 130s\n";
        assert_eq!(first_fix(&RULE, &file), steps(rest));
        let file = "name: t\nconfig: {step_timeout: 5m, timeout: 2h}\nsteps: [refresh]\n";
        assert_eq!(hits(&RULE, file), ["2:24 5m"]);
    }

    #[test]
    fn what_is_near_the_bounds_is_not_found() {
        let file = steps("  - wait: 10s\n  - wait_text: {text: A, max: 2m}\n");
        assert_eq!(hits(&RULE, &file), [""; 0]);
    }
}
