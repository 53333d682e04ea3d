//! Variables and cookies: `STORE`, `ENVIRONMENT`.

use std::collections::HashSet;

use etude::v1::{self, command::Action};

use super::text::{self, Held};
use super::typed;
use super::unsupported::{Refusal, Refused, refuse_if};
use super::wire::{Draft, Meta, Wire};

pub(super) fn encode(action: &Action) -> Refused<Draft> {
    match action {
        Action::SetVariable(command) => set_variable(command),
        // The wire does not tell an element, its text and its content apart.
        Action::StoreText(c) => store(&c.variable).target(c.target.as_ref()),
        Action::StoreValue(c) => store(&c.variable).target(c.target.as_ref()),
        Action::StoreElement(c) => store(&c.variable).target(c.target.as_ref()),
        Action::StoreAttribute(c) => store(&c.variable)
            .meta("attribute", c.attribute.as_str())
            .target(c.target.as_ref()),
        Action::CreateCookie(command) => create_cookie(command),
        Action::DeleteCookie(command) => Ok(cookies("DELETE").meta("name", command.name.as_str())),
        Action::ClearCookies(_) => Ok(cookies("CLEAR")),
        _ => Err(Refusal::command()),
    }
}

pub(super) fn decode(wire: &Wire<'_>) -> Option<v1::Command> {
    match wire.action {
        "STORE" => decode_store(wire),
        _ => decode_cookie(wire),
    }
}

fn store(variable: &str) -> Draft {
    Draft::new("STORE", "STORE").variable(variable)
}

/// The step's variable is the one that is set, so that another one can only come in an expression.
fn set_variable(command: &v1::SetVariable) -> Refused<Draft> {
    let draft = store(&command.variable);
    Ok(match text::hold(&command.value)? {
        Held::Text(text) => draft.value(text),
        Held::Variable(name) => draft.expression(&format!("${name}")),
        Held::Expression(javascript) => draft.expression(&text::beside_variable(javascript)),
    })
}

fn decode_store(wire: &Wire<'_>) -> Option<v1::Command> {
    let meta = wire.meta("STORE", &["attribute"])?;
    meta.kind().is_empty().then_some(())?;
    let variable = wire.variable.strip_prefix('$').unwrap_or(wire.variable);
    let variable = variable.to_owned();
    if wire.target.is_none() {
        meta.get("attribute").is_none().then_some(())?;
        let value = text::read_beside_variable(wire.value, wire.expression)?;
        return typed(v1::SetVariable { variable, value });
    }
    wire.expression.is_empty().then_some(())?;
    let target = Some(wire.target()?);
    let attribute = meta.get("attribute");
    match attribute.filter(|name| !wire.lenient || *name != "") {
        None => typed(v1::StoreText { target, variable }),
        Some(name) => typed(v1::StoreAttribute {
            target,
            attribute: name.as_str()?.to_owned(),
            variable,
        }),
    }
}

/// Makes a StoreText whose variable is used as a target a StoreElement.
pub(super) fn store_element(step: &mut v1::Step, targets: &HashSet<String>) {
    let action = step
        .command
        .as_mut()
        .and_then(|command| command.action.as_mut());
    if let Some(action) = action
        && let Action::StoreText(store) = action
        && targets.contains(&store.variable)
    {
        *action = Action::StoreElement(v1::StoreElement {
            target: store.target.take(),
            variable: std::mem::take(&mut store.variable),
        });
    }
}

fn cookies(kind: &str) -> Draft {
    Draft::new("ENVIRONMENT", "ENVIRONMENT").meta("type", kind)
}

fn create_cookie(command: &v1::CreateCookie) -> Refused<Draft> {
    refuse_if(
        command.max_age.is_some(),
        "`max_age`",
        "leave it out: the cookie lasts as long as the browser",
    )?;
    let mut draft = cookies("ADD")
        .meta("name", command.name.as_str())
        .template(&command.value)?;
    for (key, text) in [("domain", &command.domain), ("path", &command.path)] {
        if !text.is_empty() {
            draft = draft.meta(key, text.as_str());
        }
    }
    for (key, flag) in [("secure", command.secure), ("httpOnly", command.http_only)] {
        if flag {
            draft = draft.meta(key, true);
        }
    }
    Ok(draft)
}

fn decode_cookie(wire: &Wire<'_>) -> Option<v1::Command> {
    wire.without_target()?;
    let keys = ["name", "domain", "path", "secure", "httpOnly"];
    let meta = wire.meta("ENVIRONMENT", &keys)?;
    let text = |key| meta.text(key).unwrap_or_default().to_owned();
    match meta.kind() {
        "ADD" => typed(v1::CreateCookie {
            name: text("name"),
            value: wire.template()?,
            domain: text("domain"),
            path: text("path"),
            secure: meta.flag("secure")?,
            http_only: meta.flag("httpOnly")?,
            max_age: None,
        }),
        "DELETE" => {
            only_name(&meta)?;
            typed(v1::DeleteCookie { name: text("name") })
        }
        "CLEAR" => typed(v1::ClearCookies {}),
        _ => None,
    }
}

fn only_name(meta: &Meta<'_>) -> Option<()> {
    let others = ["domain", "path", "secure", "httpOnly"];
    others
        .iter()
        .all(|key| meta.get(key).is_none())
        .then_some(())
}
