//! Files of other tools.

use etude::v1::{LintLevel, TestFormat};

use super::{Check, Example, Rule};
use crate::lint::context::Context;
use crate::lint::finding::Found;

pub(super) static RULE: Rule = Rule {
    name: "legacy-format",
    level: LintLevel::Note,
    summary: "the file is written in the form of another tool",
    why: "It is read and run as it is. The canonical form has all commands and flags, is completed \
          by editors, and leaves no doubt about units and selectors; see dialects.md.",
    instead: "`etude fmt FILE` rewrites it in the canonical form and keeps its comments.",
    needs_whole: false,
    bad: Example::File(
        "project: Shop\nname: Example\nurl: https://shop.example\nsteps:\n  - click: Log in\n  - assert: Welcome\n",
    ),
    good: Example::File(
        "name: Example\nstarting_url: https://shop.example\nsteps:\n  - click: Log in\n  - see: Welcome\n",
    ),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    if !context.is_foreign() {
        return;
    }
    let format = match context.format {
        TestFormat::D365 => "D365".to_owned(),
        format => format
            .as_str_name()
            .trim_start_matches("TEST_FORMAT_")
            .to_lowercase()
            .replace('_', " "),
    };
    let message = format!("this file is written in the {format} format");
    let advice = "\"etude fmt\" rewrites it in the canonical form, comments kept";
    found.add(context.start(), message, advice);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::messages;

    #[test]
    fn the_format_is_named() {
        let found = messages(&RULE, &RULE.bad.file());
        assert_eq!(found, ["this file is written in the simplified format"]);
        let found = messages(&RULE, "name: t\nsteps:\n  - {stepType: click, target: A}\n");
        assert_eq!(found, ["this file is written in the D365 format"]);
        assert!(messages(&RULE, "click on \"A\"\nlook for \"B\"\n").is_empty());
    }
}
