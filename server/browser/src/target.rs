//! Targets on their way to the script, and its reports on their way back.

use std::collections::BTreeMap;

use etude::v1::target::Locator;
use etude::v1::{self, ElementKind, ErrorReason, SelectorKind, TargetPosition, fallback};
use serde_json::{Map, Value, json};

use crate::page::StepError;

/// A target as the script takes it. Stored elements are looked up in `variables`.
pub(crate) fn to_script(
    target: Option<&v1::Target>,
    variables: &BTreeMap<String, Value>,
) -> Result<Value, StepError> {
    let missing = || StepError::new(ErrorReason::InvalidRequest, "the command has no target");
    let target = target.ok_or_else(missing)?;
    let mut script = match target.locator.as_ref().ok_or_else(missing)? {
        Locator::Hint(hint) => json!({ "hint": hint }),
        Locator::Css(css) => json!({ "css": css }),
        Locator::Xpath(xpath) => json!({ "xpath": xpath }),
        Locator::Id(id) => json!({ "id": id }),
        Locator::TestId(id) => json!({ "testId": id }),
        Locator::Role(role) => json!({ "role": role.role, "name": role.name }),
        Locator::Label(label) => json!({ "label": label }),
        Locator::Placeholder(placeholder) => json!({ "placeholder": placeholder }),
        Locator::Text(text) => json!({ "text": text }),
        Locator::Variable(name) => stored(name, variables)?,
    };
    if let Some(position) = position(target.position()) {
        script["position"] = json!(position);
    }
    if let Some(kind) = kind(target.kind()) {
        script["kind"] = json!(kind);
    }
    if target.nth != 0 {
        script["nth"] = json!(target.nth);
    }
    if !target.fallbacks.is_empty() {
        let fallbacks = target.fallbacks.iter().filter_map(fallback);
        script["fallbacks"] = fallbacks.collect();
    }
    Ok(script)
}

/// A fallback as its kind and value.
fn fallback(fallback: &v1::Fallback) -> Option<Value> {
    let (kind, value) = match fallback.locator.as_ref()? {
        fallback::Locator::Hint(hint) => ("hint", hint),
        fallback::Locator::Css(css) => ("css", css),
        fallback::Locator::Xpath(xpath) => ("xpath", xpath),
        fallback::Locator::Id(id) => ("id", id),
        fallback::Locator::TestId(id) => ("testId", id),
    };
    Some(json!([kind, value]))
}

/// A variable that StoreElement has filled: selectors, and the hint they came from.
fn stored(name: &str, variables: &BTreeMap<String, Value>) -> Result<Value, StepError> {
    let value = variables.get(name).ok_or_else(|| {
        StepError::new(
            ErrorReason::UnknownVariable,
            format!("the variable ${name} has no value"),
        )
    })?;
    // A text that was stored may serve as a hint, as on the platform.
    if let Some(hint) = value.as_str() {
        return Ok(json!({ "hint": hint, "variable": name }));
    }
    let selectors = value
        .get("selectors")
        .filter(|selectors| selectors.is_array());
    let selectors = selectors.ok_or_else(|| {
        let message =
            format!("the variable ${name} holds no element; fill it with `store_element`");
        StepError::new(ErrorReason::WrongElement, message)
    })?;
    let mut script = Map::new();
    script.insert("selectors".to_owned(), selectors.clone());
    script.insert("variable".to_owned(), json!(name));
    if let Some(hint) = value["hint"].as_str().filter(|hint| !hint.is_empty()) {
        script.insert("hint".to_owned(), json!(hint));
    }
    Ok(Value::Object(script))
}

fn position(position: TargetPosition) -> Option<&'static str> {
    Some(match position {
        TargetPosition::Unspecified => return None,
        TargetPosition::Top => "top",
        TargetPosition::Left => "left",
        TargetPosition::Right => "right",
        TargetPosition::Bottom => "bottom",
        TargetPosition::TopLeft => "top left",
        TargetPosition::TopRight => "top right",
        TargetPosition::BottomLeft => "bottom left",
        TargetPosition::BottomRight => "bottom right",
    })
}

fn kind(kind: ElementKind) -> Option<&'static str> {
    Some(match kind {
        ElementKind::Unspecified => return None,
        ElementKind::Link => "link",
        ElementKind::Button => "button",
        ElementKind::Input => "input",
        ElementKind::Image => "image",
        ElementKind::Dropdown => "dropdown",
        ElementKind::File => "file",
        ElementKind::Checkbox => "checkbox",
        ElementKind::Radio => "radio",
    })
}

/// The script's report as the contract has it.
pub(crate) fn resolution(body: &Value, path: &[u32]) -> v1::TargetResolution {
    let report = &body["report"];
    v1::TargetResolution {
        selector: report["selector"]
            .is_object()
            .then(|| selector(&report["selector"])),
        failed_selectors: list(&report["failed"]).map(failed).collect(),
        candidates: report["count"].as_u64().unwrap_or(0) as u32,
        element: text(&report["element"]),
        rule: text(&report["rule"]),
        frame: path.to_vec(),
        suggestions: list(&body["suggestions"]).map(text).collect(),
        r#box: report["box"].is_object().then(|| shape(&report["box"])),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn shape(value: &Value) -> v1::Box {
    let side = |name: &str| value[name].as_f64().unwrap_or(0.0);
    v1::Box {
        x: side("x"),
        y: side("y"),
        width: side("width"),
        height: side("height"),
    }
}

fn selector(value: &Value) -> v1::Selector {
    let kind = match value["kind"].as_str().unwrap_or_default() {
        "hint" => SelectorKind::Hint,
        "css" => SelectorKind::Css,
        "xpath" => SelectorKind::Xpath,
        "id" => SelectorKind::Id,
        "testId" => SelectorKind::TestId,
        "role" => SelectorKind::Role,
        "label" => SelectorKind::Label,
        "placeholder" => SelectorKind::Placeholder,
        "text" => SelectorKind::Text,
        "variable" => SelectorKind::Variable,
        _ => SelectorKind::Unspecified,
    };
    v1::Selector {
        kind: kind.into(),
        value: text(&value["value"]),
    }
}

fn failed(value: &Value) -> v1::FailedSelector {
    v1::FailedSelector {
        selector: Some(selector(value)),
        reason: text(&value["error"]),
    }
}

/// The error of a target that matches nothing: what was tried, and what comes near.
pub(crate) fn not_found(target: &Value, body: &Value) -> StepError {
    let failed: Vec<&Value> = list(&body["report"]["failed"]).collect();
    if let Some(invalid) = failed
        .iter()
        .find(|f| f["invalid"] == true && body["final"] == true)
    {
        let message = format!("{}: {}", in_words(invalid), text(&invalid["error"]));
        return StepError::new(ErrorReason::InvalidSelector, message);
    }
    let wanted = describe(target);
    if let Some(wrong) = body["wrong"].as_str() {
        let message = format!("{wanted} matches {wrong}, which this command cannot act on");
        return StepError::new(ErrorReason::WrongElement, message);
    }
    let tried = tried(&body["report"]);
    let message = format!("nothing on the page matches {wanted}; tried {tried}");
    let error = StepError::new(ErrorReason::TargetNotFound, message);
    let near: Vec<String> = list(&body["suggestions"])
        .map(|s| format!("“{}”", text(s)))
        .collect();
    if near.is_empty() {
        error
    } else {
        error.hint(format!("did you mean {}?", near.join(", ")))
    }
}

/// What found a target by a fallback, and what did not.
pub(crate) fn by_fallback(report: &Value) -> String {
    let winner = in_words(&report["selector"]);
    format!(
        "found by the fallback {winner}; tried {} before",
        tried(report)
    )
}

/// The selectors that led nowhere, each with the reason.
fn tried(report: &Value) -> String {
    let failed = list(&report["failed"]);
    let tried = failed.map(|failed| format!("{} ({})", in_words(failed), text(&failed["error"])));
    tried.collect::<Vec<_>>().join(", ")
}

fn in_words(selector: &Value) -> String {
    let kind = match selector["kind"].as_str().unwrap_or_default() {
        "css" => "CSS selector",
        "xpath" => "XPath",
        "testId" => "test id",
        other => other,
    };
    format!("{kind} “{}”", text(&selector["value"]))
}

/// A target for people: `the button “Log in”`.
pub(crate) fn describe(target: &Value) -> String {
    let kind = target["kind"].as_str().unwrap_or("target");
    let names = [
        "hint",
        "css",
        "xpath",
        "id",
        "testId",
        "label",
        "placeholder",
        "text",
        "role",
        "variable",
    ];
    let named = names
        .iter()
        .find_map(|name| Some((*name, target[*name].as_str()?)));
    let (by, value) = named.unwrap_or(("", ""));
    let position = target["position"]
        .as_str()
        .map(|p| format!("{p} "))
        .unwrap_or_default();
    let nth = target["nth"]
        .as_i64()
        .map(|nth| format!(" (number {nth})"))
        .unwrap_or_default();
    let by = if by == "hint" {
        String::new()
    } else {
        format!("{by} ")
    };
    let name = target["name"].as_str().filter(|n| !n.is_empty());
    let name = name
        .map(|name| format!(" named “{name}”"))
        .unwrap_or_default();
    format!("the {position}{kind} {by}“{value}”{name}{nth}")
}
