//! Templates of other tools that mean something else here.

use std::collections::HashSet;
use std::sync::LazyLock;

use etude::v1::LintLevel;
use etude::v1::variable::Source;
use regex::Regex;

use super::{Check, Example, Rule};
use crate::diagnose::shown;
use crate::lint::context::{Context, Kind, Text};
use crate::lint::finding::{Fix, Found};
use crate::template::{self, Part};

pub(super) static RULE: Rule = Rule {
    name: "foreign-template",
    level: LintLevel::Warning,
    summary: "a text is written like a template of another tool, and means something else here",
    why: "`${user}` is JavaScript: the page's own `user`, not the test's variable. `{{ price * 2 }}` \
          and `{{ name | upper }}` are plain text, because only names mean something between such \
          braces. And values of variables are no templates, so that `greeting: Hello $user` is \
          written with its dollar sign.",
    instead: "Write `$user`, as the proposed fix does; for JavaScript `${ $price * 2 }`; and put a \
              text together where it is used.",
    needs_whole: false,
    bad: Example::File(
        "name: Example\nstarting_url: /\nvariables: {user: ada}\nsteps:\n  - write: {text: \"${user}\", into: Name}\n  - see: Hello $user\n",
    ),
    good: Example::File(
        "name: Example\nstarting_url: /\nvariables: {user: ada}\nsteps:\n  - write: {text: $user, into: Name}\n  - see: \"${ document.title } {{user}}\"\n",
    ),
    check: Check::Test(check),
};

/// Something between double braces that is more than a name.
static BRACES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\{\{[^{}\x22]*[A-Za-z_][^{}\x22]*\}\}").ok());

fn check(context: &Context<'_>, found: &mut Found) {
    let names = names(context);
    for said in &context.commands {
        for text in said
            .given
            .texts
            .iter()
            .filter(|text| text.kind == Kind::Template)
        {
            expressions(context, text, &names, found);
        }
    }
    let test = context.test;
    let rows = test.data_rows.iter().enumerate();
    let rows = rows.map(|(row, data)| (format!("data_rows[{row}].variables"), &data.variables));
    for (path, variables) in std::iter::once(("variables".to_owned(), &test.variables)).chain(rows)
    {
        for (index, variable) in variables.iter().enumerate() {
            if let Some(Source::Value(value)) = &variable.source {
                value_of(
                    context,
                    &format!("{path}[{index}].value"),
                    value,
                    &names,
                    found,
                );
            }
        }
    }
}

/// The variables that the test knows.
fn names<'c>(context: &'c Context<'_>) -> HashSet<&'c str> {
    let rows = context.test.data_rows.iter().flat_map(|row| &row.variables);
    let declared = context.test.variables.iter().chain(rows);
    let mut names: HashSet<&str> = declared.map(|variable| variable.name.as_str()).collect();
    let texts = context.commands.iter().flat_map(|said| &said.given.texts);
    names.extend(
        texts
            .filter(|text| text.kind == Kind::Sets)
            .map(|text| text.text.as_str()),
    );
    names
}

fn expressions(context: &Context<'_>, text: &Text, names: &HashSet<&str>, found: &mut Found) {
    if template::is_literal(&text.text) {
        return;
    }
    for part in template::parse(&text.text)
        .map(|t| t.parts)
        .unwrap_or_default()
    {
        match part {
            Part::Expression(inner) if names.contains(first_name(&inner)) => {
                let written = format!("${{{inner}}}");
                let meant = format!("${inner}");
                let span = context.part(&text.path, &written);
                let is_place = context.source.slice(span) == written;
                let fix = is_place.then(|| {
                    Fix::proposed(
                        format!("write {}", shown(&meant)),
                        context.source.bytes(span),
                        meant.clone(),
                    )
                });
                let message = format!(
                    "\"{}\" is JavaScript of the page, not the variable",
                    shown(&written)
                );
                found.add_with(span, message, format!("write {}", shown(&meant)), fix);
            }
            Part::Text(plain) => braces(context, text, &plain, found),
            _ => {}
        }
    }
}

/// The name in an expression that is a name, with or without a path. Empty: it is more.
fn first_name(expression: &str) -> &str {
    let is_path = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.');
    match expression.chars().all(is_path) {
        true => expression.split('.').next().unwrap_or_default(),
        false => "",
    }
}

fn braces(context: &Context<'_>, text: &Text, plain: &str, found: &mut Found) {
    if !plain.contains("{{") {
        return;
    }
    for one in BRACES.iter().flat_map(|braces| braces.find_iter(plain)) {
        let message = format!("\"{}\" is plain text", shown(one.as_str()));
        let advice =
            "only a name means something in double braces; for JavaScript write \"${ … }\"";
        found.add(context.part(&text.path, one.as_str()), message, advice);
    }
}

fn value_of(
    context: &Context<'_>,
    path: &str,
    value: &str,
    names: &HashSet<&str>,
    found: &mut Found,
) {
    if template::is_literal(value) {
        return;
    }
    for part in template::parse(value).map(|t| t.parts).unwrap_or_default() {
        if let Part::Variable { name, .. } = part
            && names.contains(name.as_str())
        {
            let span = context.part(path, &format!("${name}"));
            let message =
                format!("the value of a variable is no template: \"${name}\" stays as it is");
            found.add(span, message, "put the text together where it is used");
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{first_fix, hits, steps};

    #[test]
    fn templates_of_other_tools_are_found() {
        let file = steps(
            "  - store_title: user\n  - log: Hello ${user.name}!\n  - log: \"{{ user | upper }} {{ 1 + x }}\"\n  - log: ${user2} ${ user() } {{user}} {{\"{{\"}} {{ 1 }}\n",
        );
        assert_eq!(
            hits(&RULE, &file),
            [
                "5:16 ${user.name}",
                "6:11 {{ user | upper }}",
                "6:30 {{ 1 + x }}"
            ]
        );
        assert!(first_fix(&RULE, &file).contains("Hello $user.name!"));
    }

    #[test]
    fn values_of_variables_are_looked_at() {
        let file =
            "name: t\nvariables: {a: ada, b: Hello $a, c: costs 5$, d: $e}\nsteps: [refresh]\n";
        assert_eq!(hits(&RULE, file), ["2:30 $a"]);
    }
}
