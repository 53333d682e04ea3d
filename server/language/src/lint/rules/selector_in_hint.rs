//! Selectors where a text stands.

use etude::v1::LintLevel;
use etude::v1::target::Locator;

use super::{Check, Example, Rule};
use crate::diagnose::shown;
use crate::dialect;
use crate::lint::context::Context;
use crate::lint::finding::{Fix, Found};

/// What selectors begin with in other tools, and the key that means the same.
const PREFIXES: [(&str, &str); 4] = [
    ("css=", "css"),
    ("xpath=", "xpath"),
    ("id=", "id"),
    ("text=", "text"),
];

pub(super) static RULE: Rule = Rule {
    name: "selector-in-hint",
    level: LintLevel::Warning,
    summary: "a target looks like a CSS selector, and is looked for as a text",
    why: "A text alone is what a person would call the element. Only a text that begins like an \
          XPath, or with `#` or `.`, is tried as a selector first. `button.submit` is looked for as \
          the text “button.submit”, which no page shows.",
    instead: "Say what it is: `{css: button.submit}`, which is what the proposed fix writes, or \
              name the element as a person would.",
    needs_whole: false,
    bad: Example::Steps("  - click: button.submit\n  - click: \"xpath=//a\"\n"),
    good: Example::Steps("  - click: {css: button.submit}\n  - click: Submit.\n"),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    for said in &context.commands {
        for (path, target) in &said.given.targets {
            let Some(Locator::Hint(hint)) = &target.locator else {
                continue;
            };
            let Some((key, selector)) = meant(hint) else {
                continue;
            };
            let inner = format!("{path}.hint");
            let is_alone = !context.has(&inner);
            let span = context.span(if is_alone { path } else { &inner });
            let message = format!(
                "\"{}\" is looked for as a text, and looks like a selector",
                shown(hint)
            );
            let written = format!("{{{key}: {}}}", quoted(selector));
            let text = context.source.slice(span);
            let is_spelled = text.trim_matches(['"', '\'']) == hint;
            let fix = (is_alone && is_spelled).then(|| {
                Fix::proposed(
                    format!("write {key}"),
                    context.source.bytes(span),
                    written.clone(),
                )
            });
            let advice = format!("write {}", shown(&written));
            found.add_with(span, message, advice, fix);
        }
    }
}

/// The key and the selector that a hint probably means.
fn meant(hint: &str) -> Option<(&'static str, &str)> {
    for (prefix, key) in PREFIXES {
        if let Some(rest) = hint.strip_prefix(prefix).filter(|rest| !rest.is_empty()) {
            return Some((key, rest));
        }
    }
    let is_word = hint.chars().all(char::is_alphanumeric);
    let is_heading = hint.len() == 2 && hint.starts_with('h');
    (dialect::is_css(hint) && (!is_word || is_heading)).then_some(("css", hint))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{first_fix, hits, steps};

    #[test]
    fn selectors_are_found_and_get_their_key() {
        let file = steps("  - click: form > button\n  - write: {text: a, into: \"css=#name\"}\n");
        let found = hits(&RULE, &file);
        assert_eq!(found, ["4:12 form > button", "5:28 \"css=#name\""]);
        assert!(first_fix(&RULE, &file).contains("- click: {css: \"form > button\"}\n"));
        let rest = steps("  - write: {text: a, into: \"css=#name\"}\n");
        assert!(first_fix(&RULE, &rest).contains("into: {css: \"#name\"}"));
    }

    #[test]
    fn texts_are_not_found() {
        let file = steps(
            "  - click: Log in\n  - click: main\n  - click: \"#save\"\n  - click: \"//a\"\n  - click: A > B\n  - click: id\n",
        );
        assert_eq!(hits(&RULE, &file), [""; 0]);
    }
}
