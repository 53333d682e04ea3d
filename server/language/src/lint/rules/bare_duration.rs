//! Durations without a unit.

use etude::v1::LintLevel;

use super::{Check, Example, Rule};
use crate::lint::context::Context;
use crate::lint::finding::{Fix, Found};

pub(super) static RULE: Rule = Rule {
    name: "bare-duration",
    level: LintLevel::Warning,
    summary: "a duration has no unit, so that its meaning hangs on the rest of the file",
    why: "Some tools count such numbers in seconds, others in milliseconds. In a file of theirs \
          a bare number counts milliseconds, unless every bare wait is at most 60: one wait that \
          is added can change what all others mean. The canonical form refuses such numbers.",
    instead: "Write the unit. The safe fix writes the one that is taken today.",
    needs_whole: false,
    bad: Example::File(
        "project: Shop\nname: Example\nurl: https://shop.example\nsteps:\n  - click: Log in\n  - wait: 2000\n",
    ),
    good: Example::File(
        "project: Shop\nname: Example\nurl: https://shop.example\nsteps:\n  - click: Log in\n  - wait: 2000ms\n",
    ),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    for bare in context.bare {
        let written = context.source.slice(bare.span);
        let digits = written.trim_matches(['"', '\'']);
        let taken = format!("{}{}", bare.number, bare.unit);
        // What is a part of a longer text has the place of all of it.
        let is_alone = digits
            .parse::<f64>()
            .is_ok_and(|number| number == bare.number);
        let fix = is_alone.then(|| {
            let text = spelled(context, written, &taken);
            Fix::safe(
                format!("write {taken}"),
                context.source.bytes(bare.span),
                text,
            )
        });
        let words = match bare.unit {
            "s" => "seconds",
            _ => "milliseconds",
        };
        let message = format!("{} has no unit and is taken as {words}", bare.number);
        found.add_with(bare.span, message, format!("write {taken}"), fix);
    }
}

/// With the quotes that the number has, or that JSON needs.
fn spelled(context: &Context<'_>, written: &str, text: &str) -> String {
    let is_json = context.source.text().trim_start().starts_with(['{', '[']);
    match written.chars().next() {
        Some(quote @ ('"' | '\'')) => format!("{quote}{text}{quote}"),
        _ if is_json => format!("\"{text}\""),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{first_fix, hits, messages};
    use crate::lint::{Levels, fix};

    fn file(waits: &str) -> String {
        format!("project: P\nname: t\nsteps:\n{waits}")
    }

    #[test]
    fn numbers_without_a_unit_are_found_where_they_stand() {
        let text = file("  - click: A\n  - wait: 3000 # why\n  - wait: 2s\n  - wait: \"500\"\n");
        assert_eq!(hits(&RULE, &text), ["5:11 3000", "7:11 \"500\""]);
        let text = file("  - wait: 2\n");
        assert_eq!(
            messages(&RULE, &text),
            ["2 has no unit and is taken as seconds"]
        );
        assert_eq!(first_fix(&RULE, &text), file("  - wait: 2s\n"));
    }

    #[test]
    fn all_are_fixed_at_once_so_that_none_changes_its_meaning() {
        let text =
            file("  - wait: 2000 # c\n  - wait: '30'\n  - wait: {element: A, timeout: 5000}\n");
        let fixed = fix("t", text.as_bytes(), &Levels::default());
        let expected = file(
            "  - wait: 2000ms # c\n  - wait: '30ms'\n  - wait: {element: A, timeout: 5000ms}\n",
        );
        assert_eq!(String::from_utf8(fixed.content.unwrap()).unwrap(), expected);
    }

    #[test]
    fn json_gets_quotes() {
        let text = "{\"project\": \"P\", \"name\": \"t\", \"steps\": [{\"wait\": 2000}]}";
        let fixed = first_fix(&RULE, text);
        assert!(fixed.ends_with("[{\"wait\": \"2000ms\"}]}"), "{fixed}");
    }
}
