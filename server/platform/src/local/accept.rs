//! From a step as clients send it to a step as it is stored.
//!
//! What is missing is filled in, the spellings of known clients are made the platform's, and what
//! the platform refuses is refused. What else a step holds is kept as it was received.

use serde_json::{Value, json};

use super::answer::Problem;
use super::entity::canonical_id;
use crate::model::{Element, Object, ParsedStep, Selector, Step, Target};

/// What is known of an action.
struct Action {
    name: &'static str,
    /// The `kind` of its meta.
    kind: &'static str,
    /// The key of the meta that says which form of the action it is, and its words; empty: any.
    forms: (&'static str, &'static [&'static str]),
    needs_target: bool,
}

const fn action(
    name: &'static str,
    kind: &'static str,
    forms: (&'static str, &'static [&'static str]),
    needs_target: bool,
) -> Action {
    Action {
        name,
        kind,
        forms,
        needs_target,
    }
}

const COMPARISONS: &[&str] = &[
    "EQUALS",
    "NOT_EQUALS",
    "LESS_THAN",
    "LESS_THAN_OR_EQUALS",
    "GREATER_THAN",
    "GREATER_THAN_OR_EQUALS",
    "MATCHES",
];

const ACTIONS: &[Action] = &[
    action("NAVIGATE", "NAVIGATE", ("type", &["URL"]), false),
    action("CLICK", "CLICK", ("type", &["NATURAL"]), true),
    action("WRITE", "WRITE", ("", &[]), true),
    action(
        "PICK",
        "PICK",
        ("type", &["VISIBLE_TEXT", "TEXT", "VALUE", "INDEX"]),
        true,
    ),
    action(
        "WAIT",
        "WAIT",
        (
            "type",
            &["TIME", "ELEMENT", "ELEMENT_VISIBLE", "ELEMENT_NOT_VISIBLE"],
        ),
        false,
    ),
    action(
        "MOUSE",
        "MOUSE",
        (
            "action",
            &[
                "CLICK",
                "DOUBLE_CLICK",
                "RIGHT_CLICK",
                "OVER",
                "ENTER",
                "DOWN",
                "UP",
                "MOVE",
                "OFFSET",
            ],
        ),
        false,
    ),
    action("KEY", "KEYBOARD", ("", &[]), false),
    action(
        "SCROLL",
        "SCROLL",
        ("type", &["TOP", "BOTTOM", "ELEMENT", "POSITION", "OFFSET"]),
        false,
    ),
    // A STORE with a type was once sent to the platform and refused.
    action("STORE", "STORE", ("type", &["(none)"]), false),
    action(
        "ENVIRONMENT",
        "ENVIRONMENT",
        ("type", &["ADD", "DELETE", "CLEAR"]),
        false,
    ),
    action("API_CALL", "API_CALL", ("", &[]), false),
    action("ASSERT_EXISTS", "ASSERT", ("", &[]), true),
    action("ASSERT_NOT_EXISTS", "ASSERT", ("", &[]), true),
    action("ASSERT_EQUALS", "ASSERT", ("", &[]), true),
    action("ASSERT_NOT_EQUALS", "ASSERT", ("", &[]), true),
    action("ASSERT_LESS_THAN", "ASSERT", ("", &[]), true),
    action("ASSERT_LESS_THAN_OR_EQUAL", "ASSERT", ("", &[]), true),
    action("ASSERT_GREATER_THAN", "ASSERT", ("", &[]), true),
    action("ASSERT_GREATER_THAN_OR_EQUAL", "ASSERT", ("", &[]), true),
    action("ASSERT_MATCHES", "ASSERT", ("", &[]), true),
    action("ASSERT_SELECTED", "ASSERT", ("", &[]), true),
    action("ASSERT_CHECKED", "ASSERT", ("", &[]), true),
    action(
        "ASSERT_VARIABLE",
        "ASSERT_VARIABLE",
        ("type", COMPARISONS),
        false,
    ),
    action(
        "SWITCH",
        "SWITCH",
        (
            "type",
            &[
                "PARENT_FRAME",
                "FRAME_BY_ELEMENT",
                "NEXT_TAB",
                "PREV_TAB",
                "TAB",
            ],
        ),
        false,
    ),
    action("WINDOW", "WINDOW", ("type", &["RESIZE", "MAXIMIZE"]), false),
    action("UPLOAD", "UPLOAD", ("", &[]), true),
    action("EXECUTE", "EXECUTE", ("", &[]), false),
    action(
        "DISMISS",
        "DISMISS",
        ("type", &["ALERT", "CONFIRM", "PROMPT"]),
        false,
    ),
    action("COMMENT", "COMMENT", ("", &[]), false),
];

/// The stored form of a step, without an id. Its element has none either.
pub(super) fn stored(parsed: ParsedStep) -> Result<Step, Problem> {
    let Some(known) = ACTIONS.iter().find(|known| known.name == parsed.action) else {
        return Err(Problem::step(format!("unknown action `{}`", parsed.action)));
    };
    let mut target = parsed.target().cloned();
    let mut value = parsed.value.unwrap_or_default();
    let mut meta = parsed.meta;
    check_form(known, &meta)?;
    spelled_out(&mut value, &mut meta, &mut target);
    if known.needs_target && target.is_none() {
        return Err(Problem::step(format!("{} needs a target", known.name)));
    }
    let from_variable = parsed.variable.is_some() || parsed.expression.is_some();
    check_value(known.name, &value, from_variable)?;
    // The example of an EXECUTE in the platform's own traffic has no kind.
    if known.name != "EXECUTE" {
        meta.insert("kind".to_owned(), known.kind.into());
    }
    Ok(Step {
        id: 0,
        canonical_id: canonical_id(),
        action: parsed.action,
        value,
        meta,
        variable: parsed.variable,
        expression: parsed.expression,
        element: target.map(element),
        optional: parsed.optional.unwrap_or(false),
        ignore_outcome: parsed.ignore_outcome.unwrap_or(false),
        skip: parsed.skip.unwrap_or(false),
        rest: parsed.rest,
    })
}

/// Whether a meta holds a form of the action that the platform knows.
fn check_form(known: &Action, meta: &Object) -> Result<(), Problem> {
    let (key, words) = known.forms;
    let Some(form) = meta.get(key).filter(|form| !form.is_null()) else {
        return Ok(());
    };
    if form.as_str().is_some_and(|form| words.contains(&form)) {
        return Ok(());
    }
    Err(Problem::step(format!("{} has no {key} {form}", known.name)))
}

fn check_value(action: &str, value: &str, from_variable: bool) -> Result<(), Problem> {
    let is_url = value.starts_with("http://") || value.starts_with("https://");
    let from_variable = from_variable || value.contains('$');
    match action {
        "UPLOAD" if !is_url && !from_variable => Err(Problem::invalid(format!(
            "Invalid file URL `{value}`: it must begin with http:// or https://"
        ))),
        "NAVIGATE" if value.is_empty() && !from_variable => {
            Err(Problem::step("NAVIGATE needs a URL as its value"))
        }
        _ => Ok(()),
    }
}

/// Makes the spellings of known clients the platform's.
fn spelled_out(value: &mut String, meta: &mut Object, target: &mut Option<Target>) {
    // A value that stands in the meta, or an address that stands in the target.
    if value.is_empty() {
        let beside = ["url", "key"].iter().find_map(|key| meta.get(*key));
        let address = target.as_ref().and_then(|target| target.rest.get("url"));
        if let Some(text) = beside.or(address).and_then(Value::as_str) {
            *value = text.to_owned();
        }
    }
    let is_address = target
        .as_ref()
        .is_some_and(|target| target.selectors.is_empty() && target.rest.contains_key("url"));
    if is_address {
        *target = None;
    }
    for selector in target.iter_mut().flat_map(|target| &mut target.selectors) {
        // `{"kind": "AI", "value": "{\"clue\": …}"}` is a hint by another name.
        if selector.kind.is_empty() && selector.rest.get("kind") == Some(&json!("AI")) {
            selector.kind = "GUESS".to_owned();
            selector.rest.shift_remove("kind");
        }
    }
}

fn element(mut target: Target) -> Element {
    target.kind.get_or_insert_with(|| "TARGET".to_owned());
    Element {
        id: None,
        target: Some(target),
        rest: Object::new(),
    }
}

/// The step of the form in which the reference CLI sends window commands of its test files.
pub(super) fn of_extension(extension: &Value) -> Result<ParsedStep, Problem> {
    let name = extension
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let context = extension.get("context").cloned().unwrap_or_default();
    let number = |key: &str| context.get(key).and_then(Value::as_i64).unwrap_or_default();
    let (action, meta) = match name {
        "resizeWindow" | "setViewport" => {
            let dimension = json!({"width": number("width"), "height": number("height")});
            ("WINDOW", json!({"type": "RESIZE", "dimension": dimension}))
        }
        "maximizeWindow" => ("WINDOW", json!({"type": "MAXIMIZE"})),
        "switchTab" => match context.get("tabId").and_then(Value::as_str) {
            Some("NEXT") => ("SWITCH", json!({"type": "NEXT_TAB"})),
            Some("PREVIOUS" | "PREV") => ("SWITCH", json!({"type": "PREV_TAB"})),
            _ => return Err(Problem::step("switchTab needs the tabId NEXT or PREVIOUS")),
        },
        "switchIframe" => ("SWITCH", json!({"type": "FRAME_BY_ELEMENT"})),
        _ => return Err(Problem::step(format!("unknown extension `{name}`"))),
    };
    let selector = context.get("selector").and_then(Value::as_str);
    Ok(ParsedStep {
        action: action.to_owned(),
        target: selector.map(hint),
        meta: meta.as_object().cloned().unwrap_or_default(),
        ..ParsedStep::default()
    })
}

fn hint(clue: &str) -> Target {
    Target {
        selectors: vec![Selector {
            kind: "GUESS".to_owned(),
            value: json!({"clue": clue}).to_string(),
            rest: Object::new(),
        }],
        ..Target::default()
    }
}
