//! Spellings of other tools that the canonical form has another for.

use std::sync::LazyLock;

use etude::v1::LintLevel;
use regex::Regex;

use super::{Check, Example, Rule};
use crate::lint::context::Context;
use crate::lint::finding::{Fix, Found};
use crate::tree::Content;

/// `{{name}}`, and what stands behind it.
static BRACES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\{\{\s*([A-Za-z_]\w*(?:\.\w+)*)\s*\}\}([\w.]?)").ok());

pub(super) static RULE: Rule = Rule {
    name: "legacy-spelling",
    level: LintLevel::Note,
    summary: "a variable is written `{{name}}` in another tool's file",
    why: "It means the same as `$name`, which is shorter, and with which one way to write variables \
          is enough.",
    instead: "Write `$name`, as the safe fix does.",
    needs_whole: false,
    bad: Example::File(
        "project: Shop\nname: Example\nurl: https://shop.example\nvariables: {user: ada}\nsteps:\n  - write: {selector: \"#name\", text: \"{{user}}\"}\n",
    ),
    good: Example::File(
        "project: Shop\nname: Example\nurl: https://shop.example\nvariables: {user: ada}\nsteps:\n  - write: {selector: \"#name\", text: $user}\n",
    ),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    let Some(braces) = BRACES.as_ref().filter(|_| context.is_foreign()) else {
        return;
    };
    for node in context.written {
        if !matches!(node.content, Content::Scalar(_)) {
            continue;
        }
        let text = context.source.slice(node.span);
        let start = context.source.bytes(node.span).start;
        for one in braces.captures_iter(text) {
            let (Some(all), Some(name)) = (one.get(0), one.get(1)) else {
                continue;
            };
            let behind = one.get(2).map_or("", |behind| behind.as_str());
            let at = start + all.start()..start + all.end() - behind.len();
            let written = format!("${}", name.as_str());
            // A letter behind would become a part of the name.
            let fix = behind
                .is_empty()
                .then(|| Fix::safe(format!("write {written}"), at.clone(), written.clone()));
            let message = format!(
                "\"{}\" is the variable \"{written}\"",
                &text[all.start()..all.end() - behind.len()]
            );
            let span = context.source.place(at.start, at.end);
            found.add_with(span, message, format!("write {written}"), fix);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::hits;
    use crate::lint::{Levels, fix};

    #[test]
    fn braces_are_found_and_replaced() {
        let file = "project: P\nname: t\nvariables: {a: 1, b: 2}\nsteps:\n  - write: {selector: A, text: \"{{a}}-{{ b }} é\"} # {{a}}\n  - write: {selector: B, text: \"{{a}}b\"}\n";
        assert_eq!(
            hits(&RULE, file),
            ["5:33 {{a}}", "5:39 {{ b }}", "6:33 {{a}}"]
        );
        let fixed = fix("t", file.as_bytes(), &Levels::default())
            .content
            .unwrap();
        let fixed = String::from_utf8(fixed).unwrap();
        assert_eq!(fixed, file.replace("{{a}}-{{ b }} é", "$a-$b é"));
    }
}
