//! Comments that are meant to allow something and do not.

use etude::v1::LintLevel;

use super::{Check, Example, Rule};
use crate::diagnose::shown;
use crate::lint::allow::Allows;
use crate::lint::context::Context;
use crate::lint::finding::Found;
use crate::lint::levels;

pub(super) static RULE: Rule = Rule {
    name: "unknown-allow",
    level: LintLevel::Warning,
    summary: "a comment `# etude: …` names no rule, or says nothing that is known",
    why: "It allows nothing, and whoever reads it believes that it does.",
    instead: "Correct the name: `# etude: allow fixed-sleep -- the reason`.",
    needs_whole: false,
    bad: Example::Steps("  # etude: allow fixed-slep\n  - wait: 2s\n"),
    good: Example::Steps(
        "  # etude: allow fixed-sleep -- the animation takes that long\n  - wait: 2s\n",
    ),
    check: Check::Allows(check),
};

fn check(allows: &Allows, _: &Context<'_>, found: &mut Found) {
    for allow in allows.names.iter().filter(|allow| allow.rule.is_none()) {
        let message = format!("no rule is called \"{}\"", shown(&allow.name));
        found.add(allow.span, message, levels::hint(&allow.name));
    }
    for span in &allows.strange {
        let advice = "write \"# etude: allow RULE\" or \"# etude: allow-file RULE\"";
        found.add(*span, "this comment allows nothing", advice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{findings, hits, steps};

    #[test]
    fn comments_that_allow_nothing_are_found() {
        let file = steps(
            "  - click: A # etude: allow fixed-slep, long-wait\n  # etude: alow long-wait\n  # etude: allow\n  - see: \"# etude: allow x\"\n",
        );
        assert_eq!(
            hits(&RULE, &file),
            [
                "4:29 fixed-slep",
                "5:3 # etude: alow long-wait",
                "6:3 # etude: allow"
            ]
        );
        let first = &findings(&RULE, &file)[0];
        let hint = &first.diagnostic.as_ref().unwrap().suggestion;
        assert_eq!(hint, "did you mean \"fixed-sleep\"?");
    }
}
