//! Data rows that are the same.

use std::collections::HashMap;

use etude::v1::LintLevel;
use prost::Message as _;

use super::{Check, Example, Rule};
use crate::lint::context::Context;
use crate::lint::extent;
use crate::lint::finding::{Fix, Found};

pub(super) static RULE: Rule = Rule {
    name: "duplicate-row",
    level: LintLevel::Warning,
    summary: "a data row is the same as one before",
    why: "The test is executed twice with the same values; a value was probably to be changed \
          after the row was copied.",
    instead: "Change the row, or remove it, as the proposed fix does.",
    needs_whole: false,
    bad: Example::File(
        "name: Example\nstarting_url: /\ndata:\n  - {user: ada}\n  - {user: ada}\nsteps:\n  - write: {text: $user, into: Name}\n",
    ),
    good: Example::File(
        "name: Example\nstarting_url: /\ndata:\n  - {user: ada}\n  - {user: bob}\nsteps:\n  - write: {text: $user, into: Name}\n",
    ),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    let mut seen: HashMap<Vec<u8>, usize> = HashMap::new();
    for (index, row) in context.test.data_rows.iter().enumerate() {
        let mut variables = row.variables.clone();
        variables.sort_by(|a, b| a.name.cmp(&b.name));
        let same = etude::v1::DataRow {
            variables,
            name: String::new(),
        };
        match seen.get(&same.encode_to_vec()) {
            None => {
                seen.insert(same.encode_to_vec(), index);
            }
            Some(first) => {
                let span = context.span(&format!("data_rows[{index}]"));
                let lines = extent::item(context.source, span);
                let fix = lines.map(|lines| Fix::proposed("remove the row", lines, ""));
                let message = format!("row {} is the same as row {}", index + 1, first + 1);
                found.add_with(span, message, "change it, or remove it", fix);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{first_fix, messages};

    #[test]
    fn equal_rows_are_found_whatever_they_are_called() {
        let file = "name: t\ndata:\n  - {a: 1, b: 2}\n  - {_name: x, b: 2, a: 1}\n  - {a: 1, b: 3}\nsteps: [refresh]\n";
        assert_eq!(messages(&RULE, file), ["row 2 is the same as row 1"]);
        let expected = file.replace("  - {_name: x, b: 2, a: 1}\n", "");
        assert_eq!(first_fix(&RULE, file), expected);
    }
}
