//! Passwords and tokens in the file.

use std::sync::LazyLock;

use etude::v1::target::Locator;
use etude::v1::variable::Source;
use etude::v1::{LintLevel, Target};
use regex::Regex;

use super::{Check, Example, Rule};
use crate::lint::context::{Context, Kind, Said};
use crate::lint::finding::Found;
use crate::source::Span;

pub(crate) static RULE: Rule = Rule {
    name: "hardcoded-credential",
    level: LintLevel::Warning,
    summary: "a password or token stands in the file",
    why: "Whoever can read the file can use it, in every copy of the repository and for all of its \
          history. A run shows the values of variables in its events; those of secrets it hides. \
          No output of lint shows the value.",
    instead: "Name a secret that the server holds: `password: {secret: SHOP_PASSWORD}`. Values that \
              are plainly wrong or made up (`wrong-password`, `dummy`, `<token>`, `$variable`) are \
              left alone.",
    needs_whole: false,
    bad: Example::File(
        "name: Example\nstarting_url: /\nvariables:\n  password: correct horse\nsteps:\n  - write: {text: $password, into: Password}\n",
    ),
    good: Example::File(
        "name: Example\nstarting_url: /\nvariables:\n  password: {secret: SHOP_PASSWORD}\nsteps:\n  - write: {text: $password, into: Password}\n  - write: {text: wrong-password, into: Password}\n",
    ),
    check: Check::Test(check),
};

/// A credential in the file.
pub(crate) struct Credential {
    pub(crate) span: Span,
    pub(crate) value: String,
    /// What it is, for the message.
    what: String,
}

fn check(context: &Context<'_>, found: &mut Found) {
    for credential in find(context) {
        let message = format!("{} stands in the file", credential.what);
        let advice = "name a secret of the server, such as \"password: {secret: SHOP_PASSWORD}\"";
        found.add(credential.span, message, advice);
    }
}

/// Names of what is secret, as words of a name.
static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r"(?i)(?:^|[\s_.#-]|[a-z0-9])(?:password|passwd|passphrase|passcode|pwd|secret|api[\s_-]?key|access[\s_-]?key|private[\s_-]?key|auth[\s_-]?token|access[\s_-]?token|token|bearer|credentials?)(?:$|[\s_.:*\x22'\])-]|\d)";
    Regex::new(pattern).ok()
});

/// What tokens of well-known services look like.
static TOKEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r"(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20,}|sk_(?:live|test)_[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{32,}|AKIA[0-9A-Z]{16}|AIza[\w-]{35}|xox[abprs]-[\w-]{10,}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+|npm_[A-Za-z0-9]{30,}|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*";
    Regex::new(pattern).ok()
});

/// A user and a password in an address.
static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[a-z][a-z0-9+.-]*://[^/@:\s]+:([^/@\s]+)@").ok());

/// A secret in a query.
static QUERY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)[?&](?:password|pwd|secret|token|api_?key|access_token)=([^&#\s]+)").ok()
});

/// Values that stand for a credential and are none.
static MADE_UP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r"(?i)^(?:<.*>|\[.*\]|\*+|x{3,}|\.{3}|…|your[\s_-].*|enter[\s_-].*|todo|tbd|null|none|true|false|placeholder|password|token|secret|redacted|changeme)$|wrong|invalid|incorrect|dummy|fake|bogus|expired|not[\s_-]?(?:the|my|a)\b|(?:too)?short$|weak|empty|blank|mismatch|different|\bexample\b";
    Regex::new(pattern).ok()
});

/// Every credential, by place.
pub(crate) fn find(context: &Context<'_>) -> Vec<Credential> {
    let mut found = Vec::new();
    let test = context.test;
    let rows = test.data_rows.iter().enumerate();
    let rows = rows.map(|(row, data)| (format!("data_rows[{row}].variables"), &data.variables));
    for (path, variables) in std::iter::once(("variables".to_owned(), &test.variables)).chain(rows)
    {
        for (index, variable) in variables.iter().enumerate() {
            if let Some(Source::Value(value)) = &variable.source {
                let path = format!("{path}[{index}].value");
                named(context, &variable.name, &path, value, &mut found);
            }
        }
    }
    for path in ["base_url", "starting_url"] {
        let text = if path == "base_url" {
            &test.base_url
        } else {
            &test.starting_url
        };
        in_text(context, path, text, &mut found);
    }
    for said in &context.commands {
        of_command(context, said, &mut found);
    }
    found
}

fn of_command(context: &Context<'_>, said: &Said<'_>, found: &mut Vec<Credential>) {
    let into = said
        .given
        .targets
        .iter()
        .find_map(|(_, target)| name_of(target));
    let is_written = ["write", "answer-prompt", "cookie-create", "set-variable"];
    let writes = is_written.contains(&said.spec.name.as_str())
        || matches!(said.action, etude::v1::command::Action::Write(_));
    for text in &said.given.texts {
        if matches!(text.kind, Kind::Sets | Kind::Reads) {
            continue;
        }
        let before = found.len();
        if !text.key.is_empty() {
            header(context, &text.key, &text.path, &text.text, found);
        } else if writes && text.field == "text" {
            if let Some(name) = into {
                named(context, name, &text.path, &text.text, found);
            }
        } else if text.field == "value" {
            let name = said.given.texts.iter().find(|other| {
                matches!(other.field, "variable" | "name") && !other.path.contains(".target")
            });
            let sets = matches!(said.spec.group.as_str(), "data");
            if let Some(name) = name.filter(|_| sets) {
                named(context, &name.text, &text.path, &text.text, found);
            }
        }
        if found.len() == before {
            in_text(context, &text.path, &text.text, found);
        }
    }
}

/// By what a target names its element.
fn name_of(target: &Target) -> Option<&str> {
    match target.locator.as_ref()? {
        Locator::Hint(text)
        | Locator::Css(text)
        | Locator::Id(text)
        | Locator::TestId(text)
        | Locator::Label(text)
        | Locator::Placeholder(text)
        | Locator::Xpath(text) => Some(text),
        Locator::Role(role) => Some(&role.name),
        Locator::Text(_) | Locator::Variable(_) => None,
    }
}

/// A value whose name says that it is secret.
fn named(context: &Context<'_>, name: &str, path: &str, value: &str, found: &mut Vec<Credential>) {
    let before = found.len();
    in_text(context, path, value, found);
    if found.len() > before || !is_secret_name(name) || !is_credential(value) {
        return;
    }
    let name = crate::diagnose::shown(name);
    let what = format!(
        "the value of \"{name}\" ({} characters)",
        value.chars().count()
    );
    found.push(Credential {
        span: context.part(path, value),
        value: value.to_owned(),
        what,
    });
}

fn header(context: &Context<'_>, name: &str, path: &str, value: &str, found: &mut Vec<Credential>) {
    let is_secret = name.eq_ignore_ascii_case("authorization")
        || name.eq_ignore_ascii_case("cookie")
        || is_secret_name(name);
    let secret = value.rsplit(' ').next().unwrap_or_default();
    let before = found.len();
    in_text(context, path, value, found);
    if found.len() == before && is_secret && is_credential(secret) {
        found.push(Credential {
            span: context.near(path, secret),
            value: secret.to_owned(),
            what: format!(
                "the value of the header \"{}\"",
                crate::diagnose::shown(name)
            ),
        });
    }
}

/// What in a text is a credential by its looks.
fn in_text(context: &Context<'_>, path: &str, text: &str, found: &mut Vec<Credential>) {
    let mut add = |value: &str, what: &str| {
        found.push(Credential {
            span: context.part(path, value.lines().next().unwrap_or_default()),
            value: value.to_owned(),
            what: what.to_owned(),
        });
    };
    for token in TOKEN.iter().flat_map(|token| token.find_iter(text)) {
        add(token.as_str(), "a token");
    }
    for (pattern, what) in [
        (&ADDRESS, "a password in an address"),
        (&QUERY, "a token in an address"),
    ] {
        let captures = pattern
            .iter()
            .flat_map(|pattern| pattern.captures_iter(text));
        for value in captures.filter_map(|one| one.get(1)) {
            if is_credential(value.as_str()) {
                add(value.as_str(), what);
            }
        }
    }
}

/// Whether a name says that its value is secret.
fn is_secret_name(name: &str) -> bool {
    let lower = name.to_lowercase();
    // What a person does about a password, and what says how one looks, is no password.
    let is_about = [
        "forgot", "reset", "show", "message", "error", "label", "strength", "hint", "min", "max",
        "count", "length", "type",
    ];
    !is_about.iter().any(|word| lower.contains(word))
        && NAME.as_ref().is_some_and(|secret| secret.is_match(name))
}

/// Whether a value can be a credential: not empty, no template, and not made up.
fn is_credential(value: &str) -> bool {
    let value = value.trim();
    let is_template = value.starts_with('$') || value.contains("{{");
    !value.is_empty()
        && !is_template
        && !MADE_UP
            .as_ref()
            .is_some_and(|made_up| made_up.is_match(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{findings, hits, steps};

    #[test]
    fn credentials_of_every_kind_are_found_where_they_stand() {
        let jwt = "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl";
        let file = steps(&format!(
            "  - write: {{text: geheim12, into: Password}}\n  - navigate: https://ada:geheim34@shop.example/\n  - set: {{variable: api_key, value: k-123456}}\n  - log: {jwt}\n  - call_api: {{url: /a, headers: {{Authorization: Bearer abcdef99}}}}\n  - navigate: /a?token=geheim56&x=1\n",
        ));
        assert_eq!(
            hits(&RULE, &file),
            [
                "4:19 geheim12".to_owned(),
                "5:27 geheim34".to_owned(),
                "6:37 k-123456".to_owned(),
                format!("7:10 {jwt}"),
                "8:57 abcdef99".to_owned(),
                "9:24 geheim56".to_owned(),
            ]
        );
    }

    #[test]
    fn variables_and_rows_are_looked_at() {
        let file = "name: t\nvariables:\n  user_password: \"geheim12\" # x\n  tokens_used: 5\ndata:\n  - {user: ada, password: geheim34}\n  - {user: bob, password: \"\"}\nsteps: [log: $user $user_password $password $tokens_used]\n";
        assert_eq!(hits(&RULE, file), ["3:19 geheim12", "6:27 geheim34"]);
    }

    #[test]
    fn what_is_no_credential_is_not_found() {
        let file = steps(
            "  - write: {text: $password, into: Password}\n  - write: {text: wrongpass, into: Password}\n  - write: {text: ada, into: Name}\n  - click: Show password\n  - write: {text: \"\", into: Password}\n  - assert_attribute: {attribute: type, of: Password, value: password}\n  - write: {text: 5, into: Token count}\n  - write: {text: ada@b.c, into: Forgot password}\n",
        );
        assert_eq!(hits(&RULE, &file), [""; 0]);
    }

    #[test]
    fn no_output_shows_the_value() {
        let file = "name: geheim12\nproject: P\nvariables:\n  password: geheim12\nsteps:\n  - wait: 2000\n  - write: {selector: '#pwd', text: geheim12}\n  - click: geheim12 > a > b > c > d > e\n  - wait: geheim12\n";
        let all = crate::lint::lint("t", file.as_bytes(), &crate::lint::Levels::default());
        assert!(all.len() > 4, "{all:#?}");
        let said = format!("{all:?}");
        assert!(!said.contains("geheim12"), "{said}");
        let source_line = &findings(&RULE, file)[0]
            .diagnostic
            .clone()
            .unwrap()
            .source_line;
        assert_eq!(source_line, "  password: ********");
    }

    #[test]
    fn the_own_message_is_not_hidden() {
        let file = steps("  - navigate: https://ada:pass@shop.example/\n  - wait: 2s\n");
        let found = findings(&RULE, &file)[0].diagnostic.clone().unwrap();
        assert_eq!(found.message, "a password in an address stands in the file");
        assert_eq!(
            found.source_line,
            "  - navigate: https://ada:****@shop.example/"
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_shows_none_either() {
        let file = "name: t\nvariables:\n  password: \"geheim12\nsteps: [";
        let all = crate::lint::lint("t", file.as_bytes(), &crate::lint::Levels::default());
        assert!(!format!("{all:?}").contains("geheim12"), "{all:#?}");
        let file = "name: t\nvariables:\n  password: geheim12\n  password: geheim34\n  \tx: 1";
        let all = crate::lint::lint("t", file.as_bytes(), &crate::lint::Levels::default());
        assert!(!format!("{all:?}").contains("geheim"), "{all:#?}");
    }
}
