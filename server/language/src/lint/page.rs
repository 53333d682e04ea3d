//! The page about the rules.

use etude::v1::LintLevel;

use super::options;
use super::rules::{ALL, Rule, find};

/// The part of `docs/lint.md` that the table of rules writes: an overview, and a section for each.
pub fn page() -> String {
    let mut out = "| rule | level | finds |\n|---|---|---|\n".to_owned();
    for rule in ALL {
        out += &format!(
            "| [{}](#{}) | {} | {} |\n",
            rule.name,
            rule.name,
            level(rule),
            rule.summary
        );
    }
    for rule in ALL {
        out += "\n";
        out += &section(rule);
    }
    out
}

/// The section of one rule, in Markdown. `None`: no rule has this name.
pub fn rule_page(name: &str) -> Option<String> {
    find(name).map(section)
}

fn section(rule: &Rule) -> String {
    let check = match rule.needs_whole {
        true => " Silent when the file has mistakes.",
        false => "",
    };
    let options: String = options::of(rule)
        .map(|option| {
            let (name, default) = (option.name, option.default());
            format!(
                "\nOption `{name}`, `{default}` by default: {}.\n",
                option.summary
            )
        })
        .collect();
    format!(
        "## {}\n\n{}; level {} by default.{check}\n\n{}\n\nFound:\n\n```yaml\n{}```\n\nNot found:\n\n```yaml\n{}```\n\n{}\n{options}",
        rule.name,
        capital(rule.summary),
        level(rule),
        rule.why,
        rule.bad.shown(),
        rule.good.shown(),
        rule.instead,
    )
}

fn level(rule: &Rule) -> &'static str {
    match rule.level {
        LintLevel::Off => "off",
        LintLevel::Note => "note",
        LintLevel::Error => "error",
        LintLevel::Warning | LintLevel::Unspecified => "warning",
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
