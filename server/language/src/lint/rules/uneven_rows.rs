//! Data rows that lack a variable which others have.

use std::collections::{BTreeSet, HashSet};

use etude::v1::LintLevel;

use super::{Check, Example, Rule};
use crate::lint::context::Context;
use crate::lint::finding::Found;

pub(super) static RULE: Rule = Rule {
    name: "uneven-rows",
    level: LintLevel::Warning,
    summary: "a data row lacks a variable that other rows have",
    why: "For that row the variable has no value, and the first step that uses it ends with an \
          ERROR; or the key is mistyped.",
    instead: "Add the variable to the row, or a value for all rows to `variables`.",
    needs_whole: false,
    bad: Example::File(
        "name: Example\nstarting_url: /\ndata:\n  - {user: ada, answer: Hello}\n  - {user: bob}\nsteps:\n  - write: {text: $user, into: Name}\n  - see: $answer\n",
    ),
    good: Example::File(
        "name: Example\nstarting_url: /\ndata:\n  - {user: ada, answer: Hello}\n  - {user: bob, answer: Who?}\nsteps:\n  - write: {text: $user, into: Name}\n  - see: $answer\n",
    ),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    let rows = &context.test.data_rows;
    let of_test: HashSet<&str> = context
        .test
        .variables
        .iter()
        .map(|v| v.name.as_str())
        .collect();
    let names = rows.iter().flat_map(|row| &row.variables);
    let wanted: BTreeSet<&str> = names
        .map(|variable| variable.name.as_str())
        .filter(|name| !of_test.contains(name))
        .collect();
    for (index, row) in rows.iter().enumerate() {
        if row.variables.len() >= wanted.len() + of_test.len() {
            continue;
        }
        let own: HashSet<&str> = row.variables.iter().map(|v| v.name.as_str()).collect();
        let lacks: Vec<_> = wanted.iter().filter(|name| !own.contains(*name)).collect();
        let Some(first) = lacks.first() else {
            continue;
        };
        let message = match lacks.len() {
            1 => format!("row {} lacks \"{first}\"", index + 1),
            count => format!("row {} lacks \"{first}\" and {} more", index + 1, count - 1),
        };
        let span = context.span(&format!("data_rows[{index}]"));
        found.add(
            span,
            message,
            format!("add \"{first}: …\" to it, or to \"variables:\""),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{hits, messages};

    #[test]
    fn rows_that_lack_something_are_found() {
        let file = "name: t\nvariables: {d: 1}\ndata:\n  - {a: 1, b: 1, d: 2}\n  - {a: 1}\n  - {}\n  - {b: 1, a: 1}\nsteps: [refresh]\n";
        assert_eq!(
            messages(&RULE, file),
            ["row 2 lacks \"b\"", "row 3 lacks \"a\" and 1 more"]
        );
        assert!(hits(&RULE, file)[0].starts_with("5:5"));
    }
}
