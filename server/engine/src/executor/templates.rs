//! Puts values in place of `$variables` and `${expressions}`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use etude::texts::{TextKind, Texts};
use etude::v1::{self, ErrorReason, Failure};
use etude::validate::Validate;
use etude_language::builtins::Builtin;
use etude_language::template::{self, Part};
use serde_json::Value;

use super::builtins::parts_of_date;
use super::scope::{Found, Scope};
use crate::error::failure;
use crate::variables::text_of;

/// The most of a used variable's value that a result shows, in bytes.
const SHOWN_BYTES: usize = 4 * 1024;

/// The variables that a step has read.
#[derive(Debug, Default)]
pub(super) struct Used {
    /// Their texts with secrets masked, by name.
    pub(super) shown: BTreeMap<String, String>,
    /// Whether a secret was among them.
    pub(super) secret: bool,
}

impl Used {
    /// Notes that the variable is read and returns its value.
    pub(super) fn read<'a>(
        &mut self,
        scope: &'a Scope,
        name: &str,
    ) -> Result<Cow<'a, Value>, Failure> {
        Ok(self.find(scope, name)?.value)
    }

    fn find<'a>(&mut self, scope: &'a Scope, name: &str) -> Result<Found<'a>, Failure> {
        let found = scope
            .find(name)
            .ok_or_else(|| unknown_variable(scope, name))?;
        self.note(scope, name, &found.value, found.secret);
        Ok(found)
    }

    fn note(&mut self, scope: &Scope, name: &str, value: &Value, secret: bool) {
        self.secret |= secret;
        let shown = || scope.variables.show(value, secret, SHOWN_BYTES);
        self.shown.entry(name.to_owned()).or_insert_with(shown);
    }

    /// The values of the variables that an expression names. A name that is no variable is left to
    /// the page: `$` begins a JavaScript name too.
    pub(super) fn bind(&mut self, scope: &Scope, expression: &str) -> BTreeMap<String, Value> {
        let mut values = BTreeMap::new();
        for name in template::variables_of(expression) {
            if let Ok(value) = self.read(scope, name) {
                values.insert(name.to_owned(), value.into_owned());
            }
        }
        values
    }
}

/// The command with values in place of its templates. Without a `$` in them nothing is copied.
pub(super) async fn resolve<'a>(
    scope: &mut Scope,
    command: &'a v1::Command,
    timeout: Duration,
    used: &mut Used,
) -> Result<Cow<'a, v1::Command>, Failure> {
    let mut values = Vec::new();
    for text in templates(command) {
        values.push(render(scope, text, timeout, used).await?);
    }
    if values.is_empty() {
        return Ok(Cow::Borrowed(command));
    }
    let mut resolved = command.clone();
    let mut values = values.into_iter();
    resolved.visit_texts_mut(&mut |kind, text| {
        // The same texts in the same order as `templates` has found them.
        if is_template(kind, text)
            && let Some(value) = values.next()
        {
            *text = value;
        }
    });
    match resolved.violations().first() {
        None => Ok(Cow::Owned(resolved)),
        Some(violation) => Err(failure(
            ErrorReason::InvalidRequest,
            format!(
                "{} {} once its variables are substituted",
                violation.field, violation.description
            ),
        )),
    }
}

fn templates(command: &v1::Command) -> Vec<&str> {
    let mut found = Vec::new();
    command.visit_texts(&mut |kind, text| {
        if is_template(kind, text) {
            found.push(text);
        }
    });
    found
}

fn is_template(kind: TextKind, text: &str) -> bool {
    kind == TextKind::Template && !template::is_literal(text)
}

/// The text of a template.
pub(super) async fn render(
    scope: &mut Scope,
    text: &str,
    timeout: Duration,
    used: &mut Used,
) -> Result<String, Failure> {
    let parsed = template::parse(text).map_err(|error| v1::Failure {
        hint: error.problem.suggestion().to_owned(),
        ..failure(ErrorReason::InvalidExpression, error.to_string())
    })?;
    let mut out = String::new();
    for part in &parsed.parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Variable {
                name,
                path,
                default,
            } => out.push_str(&variable(scope, name, path, default.as_deref(), used)?),
            Part::Environment { name, default } => {
                out.push_str(&environment(scope, name, default.as_deref(), used)?);
            }
            Part::Expression(expression) => {
                let value = evaluate(scope, expression, timeout, used).await?;
                out.push_str(&text_of(&value));
            }
        }
    }
    Ok(out)
}

/// The value of an expression in the page. One that reads a secret is masked from now on.
pub(super) async fn evaluate(
    scope: &mut Scope,
    expression: &str,
    timeout: Duration,
    used: &mut Used,
) -> Result<Value, Failure> {
    let mut read = Used::default();
    let values = read.bind(scope, expression);
    let value = scope.session.evaluate(expression, &values, timeout).await?;
    if read.secret {
        scope.variables.hide_derived(&value);
    }
    used.secret |= read.secret;
    used.shown.append(&mut read.shown);
    Ok(value)
}

fn variable(
    scope: &Scope,
    name: &str,
    path: &[String],
    default: Option<&str>,
    used: &mut Used,
) -> Result<String, Failure> {
    let found = match (used.find(scope, name), default) {
        (Err(_), Some(default)) => return Ok(default.to_owned()),
        (found, _) => found?,
    };
    let mut text = text_of(&found.value);
    let Some(first) = path.first() else {
        return Ok(text.into_owned());
    };
    if matches!(found.builtin, Some(Builtin::Date(_)))
        && let Some(parts) = parts_of_date(&text).filter(|_| is_part_of_date(first))
    {
        text = Cow::Owned(parts);
    }
    let selected = template::select(&text, path).or_else(|| default.map(str::to_owned));
    selected.ok_or_else(|| {
        let path = path.join(".");
        failure(
            ErrorReason::UnknownVariable,
            format!("the variable `{name}` holds nothing at `{path}`"),
        )
    })
}

fn is_part_of_date(key: &str) -> bool {
    matches!(key, "year" | "month" | "day")
}

/// What `${ENV:name}` stands for.
fn environment(
    scope: &mut Scope,
    name: &str,
    default: Option<&str>,
    used: &mut Used,
) -> Result<String, Failure> {
    if let Some(found) = scope.variables.env(name, &scope.secrets) {
        let key = format!("ENV:{name}");
        used.note(scope, &key, &found.value, found.secret);
        return Ok(text_of(&found.value).into_owned());
    }
    default.map(str::to_owned).ok_or_else(|| Failure {
        hint: format!(
            "set it where the test is started, or write ${{ENV:{name}}} with default \"…\""
        ),
        ..failure(
            ErrorReason::UnknownVariable,
            format!("the environment variable `{name}` is not set"),
        )
    })
}

/// The failure of a step that reads a variable without a value.
pub(super) fn unknown_variable(scope: &Scope, name: &str) -> Failure {
    let mut message = format!("the variable `{name}` has no value");
    let set = nearest(name, scope.variables.iter().map(|(name, _)| name));
    if let Some(near) = set.map(str::to_owned).or_else(|| Builtin::nearest(name)) {
        message.push_str(&format!("; did you mean `{near}`?"));
    }
    Failure {
        hint: format!(
            "set it in the test or with a store command before this step, or write \
             ${name} with default \"…\""
        ),
        ..failure(ErrorReason::UnknownVariable, message)
    }
}

/// The name that `name` was probably meant to be.
fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let scored = names.map(|near| (strsim::jaro_winkler(&lower, &near.to_lowercase()), near));
    scored
        .filter(|(score, _)| *score > 0.84)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, near)| near)
}
