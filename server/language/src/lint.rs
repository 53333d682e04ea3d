//! Lint: what a test that can be run probably gets wrong.
//!
//! - [`lint`]: the findings in a file
//! - [`fix`]: the file with its safe fixes applied
//! - [`Levels`]: how bad each rule's findings are, and its bounds, also from a configuration file
//! - [`rules()`] and [`page()`]: what the rules are, for people
//!
//! A rule looks at the typed test, so that it knows every dialect; what it finds has the place in
//! the user's own file. Each rule is a file in `lint/rules`.

mod allow;
mod context;
mod extent;
mod finding;
mod fix;
mod levels;
mod mask;
mod options;
mod page;
mod rules;
mod selector;
#[cfg(test)]
mod testing;

use etude::v1;

use crate::Brought;
use crate::diagnose::Mistakes;
use crate::source::Source;
use allow::Allows;
use context::Context;
use finding::{Finding, Found};
pub(crate) use fix::meaning;
pub use fix::{Fixed, fix};
pub use levels::{Levels, UnknownRule};
pub use options::OptionError;
pub use page::{page, rule_page};
use rules::{Check, Rule};

/// The most findings that are reported.
const MAX_FINDINGS: usize = 1000;

/// What is known of a rule.
#[derive(Debug, Clone, Copy)]
pub struct RuleInfo {
    /// The name, such as `fixed-sleep`.
    pub name: &'static str,
    /// What it finds, in one line.
    pub summary: &'static str,
    /// Its level, unless set otherwise.
    pub level: v1::LintLevel,
}

/// Every rule, by name.
pub fn rules() -> impl Iterator<Item = RuleInfo> {
    rules::ALL.iter().map(|rule| RuleInfo {
        name: rule.name,
        summary: rule.summary,
        level: rule.level,
    })
}

/// What is wrong with a test file and what could be better, by place; at most 1000 findings, the
/// worse ones when there are more. `file_name` names the file in places.
///
/// The mistakes that keep the file from being run are among them; then the rules that need the
/// whole test are silent.
pub fn lint(file_name: &str, content: &[u8], levels: &Levels) -> Vec<v1::LintFinding> {
    let (source, mistake) = Source::read(file_name, content);
    let mut mistakes = Mistakes::default();
    let read = match mistake {
        Some(mistake) => {
            mistakes.add(mistake);
            None
        }
        None => crate::read_source(&source, &Brought::default(), &mut mistakes),
    };
    let context = read
        .as_ref()
        .map(|read| Context::new(&source, read, &mistakes, levels.options()));
    let (mut findings, secrets) = match &context {
        Some(context) => (check(context, levels), mask::secrets(context)),
        None => (Vec::new(), Vec::new()),
    };
    findings.extend(
        mistakes
            .errors()
            .map(|mistake| Finding::of_mistake(&source, mistake)),
    );
    let mask = mask::Mask::new(&source, secrets, context.is_some());
    finding::finish(findings, &source, content, &mask)
}

/// What the rules find that is neither off nor allowed.
fn check(context: &Context<'_>, levels: &Levels) -> Vec<Finding> {
    let mut allows = Allows::read(context);
    let mut findings = Vec::new();
    // Whether a comment is of use is known when all others have looked.
    let (last, first): (Vec<&'static Rule>, Vec<&'static Rule>) = rules::ALL
        .iter()
        .filter(|rule| !levels.is_off(rule) && (context.is_whole || !rule.needs_whole))
        .partition(|rule| matches!(rule.check, Check::Allows(_)));
    for rule in &first {
        allows.ran.insert(rule.name);
    }
    for rule in first.into_iter().chain(last) {
        let mut found = Found::new(rule);
        match rule.check {
            Check::Test(check) => check(context, &mut found),
            Check::Warnings(reasons) => found.adopt(context, reasons),
            Check::Allows(check) => check(&allows, context, &mut found),
        }
        for mut finding in found.into_list() {
            if !allows.suppress(rule, finding.span.line) {
                finding.severity = levels.severity(rule);
                findings.push(finding);
            }
        }
    }
    findings
}
