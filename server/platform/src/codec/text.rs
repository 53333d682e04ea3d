//! Values: a literal text, a variable, or an expression.
//!
//! A value of the platform is one of the three. A template that mixes text and variables becomes
//! an expression that adds them up, `"https://" + $host + "/login"`, and is read back as the
//! template; an expression of a user's own that happens to look like that is put in parentheses.

use etude_language::template::{self, Part};

use super::unsupported::{Refusal, Refused};

/// A template in the platform's terms.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// The text itself.
    Text(String),
    /// The value of this variable.
    Variable(String),
    /// The result of this JavaScript.
    Expression(String),
}

const PLUS: &str = " + ";

/// The platform's terms for a template.
pub(super) fn hold(text: &str) -> Refused<Held> {
    let parsed = template::parse(text).map_err(|error| {
        Refusal::part(format!("{error} in its text"), error.problem.suggestion())
    })?;
    let mut parts = parsed.parts;
    for part in &parts {
        check(part)?;
    }
    if parts.len() > 1 {
        return sum(&parts).map(Held::Expression);
    }
    Ok(match parts.pop() {
        None => Held::Text(String::new()),
        Some(Part::Text(text)) => Held::Text(text),
        Some(Part::Variable { name, .. } | Part::Environment { name, .. }) => Held::Variable(name),
        Some(Part::Expression(javascript)) => Held::Expression(guarded(javascript)),
    })
}

/// The text of a template that must stand for itself.
pub(super) fn literal(template: &str, what: &str) -> Refused<String> {
    match hold(template)? {
        Held::Text(text) => Ok(text),
        Held::Variable(_) | Held::Expression(_) => Err(Refusal::part(
            format!("{what} cannot have variables or expressions in it"),
            "write it out",
        )),
    }
}

/// The template of a value of the platform; `None` when none stands for it.
pub(super) fn read(value: &str, variable: &str, expression: &str) -> Option<String> {
    let variable = variable.strip_prefix('$').unwrap_or(variable);
    match (variable.is_empty(), expression.is_empty()) {
        (true, true) => Some(template::escape(value).into_owned()),
        (false, true) => {
            let template = format!("${variable}");
            (hold(&template).ok()? == Held::Variable(variable.to_owned())).then_some(template)
        }
        (true, false) => read_expression(expression),
        (false, false) => None,
    }
}

fn read_expression(javascript: &str) -> Option<String> {
    if let Some(template) = read_sum(javascript) {
        return Some(template);
    }
    let own = match within(javascript) {
        Some(inner) if is_guarded_sum(inner) => inner,
        _ => javascript,
    };
    let template = format!("${{{own}}}");
    let parsed = template::parse(&template).ok()?;
    (parsed.parts == [Part::Expression(own.trim().to_owned())]).then_some(template)
}

/// A user's own expression for a step whose variable has another meaning. There a lone variable
/// comes as the expression `$name`, so that one of the user's own is put in parentheses.
pub(super) fn beside_variable(own: String) -> String {
    match lone_variable(innermost(&own)) {
        Some(_) => format!("({own})"),
        None => own,
    }
}

/// The template of the value of such a step.
pub(super) fn read_beside_variable(value: &str, javascript: &str) -> Option<String> {
    if let Some(name) = lone_variable(javascript) {
        return read("", name, "");
    }
    match within(javascript) {
        Some(own) if lone_variable(innermost(own)).is_some() => Some(format!("${{{own}}}")),
        _ => read(value, "", javascript),
    }
}

fn lone_variable(javascript: &str) -> Option<&str> {
    let name = javascript.strip_prefix('$')?;
    (hold(javascript).ok()? == Held::Variable(name.to_owned())).then_some(name)
}

fn check(part: &Part) -> Refused<()> {
    match part {
        Part::Variable {
            default: Some(_), ..
        } => Err(Refusal::part(
            "a variable with a default",
            "give the variable a value, in the data or in a step before",
        )),
        Part::Variable { path, .. } if !path.is_empty() => Err(Refusal::part(
            "a path into a variable",
            "use an expression such as `${$user.name}`",
        )),
        Part::Environment { .. } => Err(Refusal::part(
            "an environment variable of the caller",
            "use a variable of the platform's environment",
        )),
        _ => Ok(()),
    }
}

/// The expression that adds the parts up, as text.
fn sum(parts: &[Part]) -> Refused<String> {
    // Beginning with a text makes JavaScript join texts, whatever the variables hold.
    let begins_with_text = matches!(parts.first(), Some(Part::Text(_)));
    let mut terms = match begins_with_text {
        true => Vec::new(),
        false => vec![quoted("")],
    };
    for part in parts {
        terms.push(match part {
            Part::Text(text) => quoted(text),
            Part::Variable { name, .. } | Part::Environment { name, .. } => format!("${name}"),
            Part::Expression(_) => {
                return Err(Refusal::part(
                    "a text with an expression inside",
                    "write the whole text as one expression, `${…}`",
                ));
            }
        });
    }
    Ok(terms.join(PLUS))
}

/// The template of an expression that [`sum`] wrote.
fn read_sum(javascript: &str) -> Option<String> {
    let mut rest = javascript;
    let mut parts = Vec::new();
    loop {
        let (part, after) = term(rest)?;
        parts.push(part);
        match after.strip_prefix(PLUS) {
            Some(after) => rest = after,
            None if after.is_empty() => break,
            None => return None,
        }
    }
    if parts.first() == Some(&Part::Text(String::new())) {
        parts.remove(0);
    }
    let template = shown(&parts);
    let same = template::parse(&template).ok()?.parts == parts;
    (parts.len() > 1 && same && sum(&parts).ok()? == javascript).then_some(template)
}

/// The first term of a sum, and what follows it.
fn term(text: &str) -> Option<(Part, &str)> {
    if let Some(name) = text.strip_prefix('$') {
        let end = name
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(name.len());
        let part = Part::Variable {
            name: name[..end].to_owned(),
            path: Vec::new(),
            default: None,
        };
        return Some((part, &name[end..]));
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let literal = values.next()?.ok()?;
    Some((Part::Text(literal), &text[values.byte_offset()..]))
}

/// The template of texts and variables. A variable stands in braces where what follows would
/// otherwise become part of its name.
fn shown(parts: &[Part]) -> String {
    let mut shown = String::new();
    for part in parts.iter().rev() {
        let before = match part {
            Part::Text(text) => template::escape(text).into_owned(),
            Part::Expression(javascript) => format!("${{{javascript}}}"),
            Part::Variable { name, .. } | Part::Environment { name, .. } => {
                let plain = format!("${name}");
                let parsed = template::parse(&format!("{plain}{shown}")).unwrap_or_default();
                match parsed.parts.first() == Some(part) {
                    true => plain,
                    false => format!("{{{{{name}}}}}"),
                }
            }
        };
        shown.insert_str(0, &before);
    }
    shown
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The expression, in one more pair of parentheses when it would be read as a template.
fn guarded(javascript: String) -> String {
    match is_guarded_sum(&javascript) {
        true => format!("({javascript})"),
        false => javascript,
    }
}

fn is_guarded_sum(javascript: &str) -> bool {
    read_sum(innermost(javascript)).is_some()
}

/// The expression without the parentheses around it.
fn innermost(javascript: &str) -> &str {
    let mut inner = javascript;
    while let Some(within) = within(inner) {
        inner = within;
    }
    inner
}

fn within(javascript: &str) -> Option<&str> {
    javascript.strip_prefix('(')?.strip_suffix(')')
}
