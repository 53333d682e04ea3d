//! Durations so short that another unit was probably meant.

use std::collections::HashSet;

use etude::v1::LintLevel;
use prost_types::Duration;

use super::{Check, Example, Rule};
use crate::lint::context::{Context, spelled};
use crate::lint::finding::{Fix, Found};

/// Below this, in nanoseconds and seconds, nobody waits.
const FEW: Duration = Duration {
    seconds: 0,
    nanos: 10_000_000,
};

pub(super) static RULE: Rule = Rule {
    name: "doubtful-duration",
    level: LintLevel::Warning,
    summary: "a duration is so short that another unit was probably meant",
    why: "A wait of 5 ms is over before anything can happen. Where it stands, 5 s was usually \
          meant: some tools count a number without a unit in seconds, others in milliseconds.",
    instead: "Write the duration that is meant. The proposed fix writes seconds.",
    needs_whole: false,
    bad: Example::Steps("  - wait_for: {element: Total, max: 5ms}\n"),
    good: Example::Steps("  - wait_for: {element: Total, max: 5s}\n"),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    for bare in context.bare.iter().filter(|bare| bare.is_doubtful) {
        let message = format!("{} is taken as {} milliseconds", bare.number, bare.number);
        found.add(
            bare.span,
            message,
            format!("write {}s if seconds are meant", bare.number),
        );
    }
    let bare = context.bare.iter().filter(|bare| bare.is_doubtful);
    let bare: HashSet<_> = bare
        .map(|bare| (bare.span.line, bare.span.column))
        .collect();
    let of_flags = context.commands.iter().filter(|said| !said.is_condition);
    let of_flags = of_flags.filter_map(|said| {
        let timeout = said.step.flags.as_ref()?.timeout?;
        Some((format!("{}.flags.timeout", said.step_path), timeout))
    });
    let of_fields = context
        .commands
        .iter()
        .flat_map(|said| said.given.durations.clone());
    for (path, duration) in of_fields.chain(of_flags).chain(of_config(context)) {
        let span = context.span(&path);
        if !is_short(&duration) || bare.contains(&(span.line, span.column)) {
            continue;
        }
        let written = context.source.slice(span);
        let meant = written
            .strip_suffix("ms")
            .map(|number| format!("{number}s"));
        let fix = meant.map(|meant| {
            Fix::proposed(format!("write {meant}"), context.source.bytes(span), meant)
        });
        let message = format!("{} is over before anything can happen", spelled(&duration));
        found.add_with(
            span,
            message,
            "write the time that is meant, such as 5s",
            fix,
        );
    }
}

fn is_short(duration: &Duration) -> bool {
    let is_some = duration.seconds > 0 || duration.nanos > 0;
    is_some && duration.seconds == 0 && duration.nanos < FEW.nanos
}

fn of_config(context: &Context<'_>) -> Vec<(String, Duration)> {
    let config = context.test.config.clone().unwrap_or_default();
    let given = [
        ("config.step_timeout", config.step_timeout),
        ("config.navigation_timeout", config.navigation_timeout),
        ("config.timeout", config.timeout),
    ];
    given
        .into_iter()
        .filter_map(|(path, duration)| Some((path.to_owned(), duration?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{first_fix, hits, steps};

    #[test]
    fn few_milliseconds_are_found_and_many_are_not() {
        let file =
            steps("  - wait: 5ms\n  - wait: 10ms\n  - wait: 0s\n  - click: A\n    timeout: 2ms\n");
        assert_eq!(hits(&RULE, &file), ["4:11 5ms", "8:14 2ms"]);
        assert!(first_fix(&RULE, &file).contains("- wait: 5s\n"));
        let file = "name: t\nconfig: {step_timeout: 3ms}\nsteps: [refresh]\n";
        assert_eq!(hits(&RULE, file), ["2:24 3ms"]);
    }

    #[test]
    fn a_bare_number_of_another_tool_is_found_once() {
        let file = "project: P\nname: t\nsteps:\n  - wait: 2\n  - wait: 3000\n";
        assert_eq!(hits(&RULE, file), ["4:11 2"]);
        let file = "project: P\nname: t\nsteps:\n  - wait: 2\n  - wait: 3\n";
        assert_eq!(hits(&RULE, file), [""; 0]);
    }
}
