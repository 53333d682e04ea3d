//! Comments that allow what nothing finds.

use etude::v1::LintLevel;

use super::{Check, Example, Rule};
use crate::lint::allow::{Allow, Allows};
use crate::lint::context::Context;
use crate::lint::finding::{Fix, Found};

pub(super) static RULE: Rule = Rule {
    name: "unused-allow",
    level: LintLevel::Note,
    summary: "a comment allows what is not found there",
    why: "What it was about is gone; the comment would hide the next such finding unseen.",
    instead: "Remove it, as the safe fix does.",
    needs_whole: true,
    bad: Example::Steps("  # etude: allow fixed-sleep\n  - click: Save\n"),
    good: Example::Steps("  # etude: allow fixed-sleep\n  - wait: 2s\n"),
    check: Check::Allows(check),
};

fn check(allows: &Allows, _: &Context<'_>, found: &mut Found) {
    for allow in &allows.names {
        let Some(rule) = allow.rule.filter(|rule| allows.ran.contains(rule.name)) else {
            continue;
        };
        if !allow.is_used {
            let message = format!("nothing here is found by \"{}\"", rule.name);
            found.add_with(allow.span, message, "remove the comment", removal(allow));
        }
    }
}

/// Removes a comment that allows nothing else.
fn removal(allow: &Allow) -> Option<Fix> {
    let alone = allow.names == 1;
    alone.then(|| Fix::safe("remove the comment", allow.comment.clone(), ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{hits, steps};
    use crate::lint::{Levels, fix};

    fn fixed(file: &str) -> String {
        let fixed = fix("t", file.as_bytes(), &Levels::default());
        String::from_utf8(fixed.content.unwrap()).unwrap()
    }

    #[test]
    fn comments_without_use_are_found_and_removed() {
        let file = steps(
            "  # etude: allow fixed-sleep -- old\n  # kept\n  - click: A # etude: allow long-wait\n  - wait: 2s # etude: allow fixed-sleep\n  - see: A\n",
        );
        assert_eq!(hits(&RULE, &file), ["4:18 fixed-sleep", "6:29 long-wait"]);
        let expected =
            steps("  # kept\n  - click: A\n  - wait: 2s # etude: allow fixed-sleep\n  - see: A\n");
        assert_eq!(fixed(&file), expected);
    }

    #[test]
    fn a_comment_holds_for_all_of_what_it_stands_before() {
        let file = "name: t\nstarting_url: /\ncheckpoints:\n  # etude: allow fixed-sleep, long-wait\n  - name: A\n    steps:\n      - wait: 2s\n      - wait: 20s\n      - see: A\n  - name: B\n    steps:\n      - wait: 2s\n      - see: A\n";
        assert_eq!(hits(&RULE, file), [""; 0]);
        assert_eq!(
            hits(super::super::find("fixed-sleep").unwrap(), file),
            ["12:15 2s"]
        );
        assert_eq!(
            hits(super::super::find("long-wait").unwrap(), file),
            [""; 0]
        );
    }
}
