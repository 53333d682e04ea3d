//! Selectors that break when the page is built otherwise.

use etude::v1::target::Locator;
use etude::v1::{LintLevel, Target};

use super::{Check, Example, Rule};
use crate::diagnose::shown;
use crate::lint::context::Context;
use crate::lint::finding::Found;
use crate::lint::options::MOST_LEVELS;
use crate::lint::selector;

pub(super) static RULE: Rule = Rule {
    name: "brittle-selector",
    level: LintLevel::Warning,
    summary: "a selector hangs on how the page is built, not on what a person sees",
    why: "Chains of `nth-child`, absolute XPaths, long chains of elements, and class names or ids \
          that a build tool made up change with every redesign or build. The test then fails, or \
          acts on another element, though the page works.",
    instead: "Name the element as a person would (`click: Save`), by its label, role and name, or \
              by a test id.",
    needs_whole: false,
    bad: Example::Steps(
        "  - click: {css: \"#app > div:nth-child(3) > button\"}\n  - click: {xpath: \"/html/body/div[2]/a\"}\n  - click: {css: .css-1q2w3e4}\n",
    ),
    good: Example::Steps(
        "  - click: Save\n  - click: {css: \"form.login button\"}\n  - click: {test_id: save}\n",
    ),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    for said in &context.commands {
        for (path, target) in &said.given.targets {
            let Some((field, text, problem)) = problem(context, target) else {
                continue;
            };
            let span = context.span(&format!("{path}.{field}"));
            let message = format!("\"{}\" {problem}", shown(text));
            found.add(span, message, ADVICE);
        }
    }
}

const ADVICE: &str =
    "name the element as a person would, such as \"click: Save\", or by label, role or test_id";

/// The field, its text, and what is wrong with that.
fn problem<'t>(
    context: &Context<'_>,
    target: &'t Target,
) -> Option<(&'static str, &'t str, String)> {
    let is_long = |levels| context.options.exceeds_count(&MOST_LEVELS, levels);
    let (field, text) = match target.locator.as_ref()? {
        Locator::Css(text) => ("css", text),
        Locator::Xpath(text) => ("xpath", text),
        Locator::Hint(text) => ("hint", text),
        Locator::Id(text) => ("id", text),
        _ => return None,
    };
    let problem = match field {
        "css" => selector::brittle_css(text, is_long),
        "xpath" => selector::brittle_xpath(text),
        "id" => selector::is_generated(text).then(|| selector::GENERATED_ID.to_owned()),
        _ if selector::is_xpath(text) => selector::brittle_xpath(text),
        // A hint that begins so is tried as a selector first.
        _ if text.starts_with(['#', '.']) => selector::brittle_css(text, is_long),
        _ => None,
    };
    problem.map(|problem| (field, text.as_str(), problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{hits, messages, steps};

    #[test]
    fn brittle_selectors_are_found_where_they_stand() {
        let file = steps(
            "  - click: {css: \"ul > li:nth-child(3) > a\"}\n  - drag: {from: {id: ember482}, to: {xpath: \"/html/body/p\"}}\n  - write: {text: A, into: {css: .a .b .c .d .e}}\n  - click: \".sc-bdVaJa\"\n",
        );
        assert_eq!(
            hits(&RULE, &file),
            [
                "4:18 \"ul > li:nth-child(3) > a\"",
                "5:23 ember482",
                "5:46 \"/html/body/p\"",
                "6:34 .a .b .c .d .e",
                "7:12 \".sc-bdVaJa\"",
            ]
        );
        let first = &messages(&RULE, &file)[0];
        assert!(first.contains("place among its siblings"), "{first}");
    }

    #[test]
    fn other_tools_and_conditions_are_looked_at_too() {
        let file = "project: P\nname: t\nsteps:\n  - click: \"div > div > div > div > a\"\n  - write: {selector: \"//div[2]/span[3]/input\", text: A}\n";
        let found = hits(&RULE, file);
        assert_eq!(
            found,
            [
                "4:12 \"div > div > div > div > a\"",
                "5:23 \"//div[2]/span[3]/input\""
            ]
        );
        let file = steps("  - if: {visible: {css: \"#css-19kzrtu\"}}\n    then: [refresh]\n");
        assert_eq!(hits(&RULE, &file), ["4:25 \"#css-19kzrtu\""]);
    }

    #[test]
    fn steady_selectors_are_not_found() {
        let file = steps(
            "  - click: {css: \"#save\"}\n  - click: {css: \"[data-testid=row-48213]\"}\n  - click: {css: \"li:nth-child(2)\"}\n  - click: {xpath: \"//button[contains(., 'Save')]\"}\n  - click: Section 1.2.3\n  - click: {text: \"#css-19kzrtu\"}\n  - click: \"#invoice-2024\"\n",
        );
        assert_eq!(hits(&RULE, &file), [""; 0]);
    }
}
