//! Choosing an option of a dropdown or listbox.

use etude::v1::{self, ClickPosition, SelectOption};
use serde_json::{Value, json};

use super::Context;
use super::interact::{PRESS_CHECKS, press_query};
use super::press::{Gesture, press};
use crate::page::{Button, Checks, Outcome, Page, Query};

const CLICK: Gesture = Gesture {
    button: Button::Primary,
    presses: 1,
};

pub(super) async fn option(
    page: &mut Page,
    command: &SelectOption,
    context: &Context<'_>,
) -> Outcome {
    let choice = json!({ "text": command.option });
    select(page, command.target.as_ref(), choice, context).await
}

/// By place: from 1, or from the end when negative.
pub(super) async fn index(
    page: &mut Page,
    target: Option<&v1::Target>,
    index: i32,
    context: &Context<'_>,
) -> Outcome {
    select(page, target, json!({ "index": index }), context).await
}

async fn select(
    page: &mut Page,
    target: Option<&v1::Target>,
    choice: Value,
    context: &Context<'_>,
) -> Outcome {
    let mut query = Query::new(context.target(target)?, "select", "select");
    query.checks = Checks {
        visible: true,
        enabled: true,
        ..Checks::default()
    };
    query.params = choice.clone();
    let found = page.require(&query).await?;
    if found.data["custom"] == true {
        return select_custom(page, target, &choice, context).await;
    }
    Ok(Some(found.data["text"].clone()))
}

/// A listbox that the page has made itself: opened, if its options do not show yet, and clicked.
async fn select_custom(
    page: &mut Page,
    target: Option<&v1::Target>,
    choice: &Value,
    context: &Context<'_>,
) -> Outcome {
    let resolved = page.notes.target.take();
    let mut options = Query::new(options_of(choice), "any", "point");
    options.checks = PRESS_CHECKS;
    options.params = json!({ "position": "center" });
    if !is_listbox_open(page).await? {
        let open = press_query(target, ClickPosition::Center, "select", context)?;
        press(page, open, CLICK, &[]).await?;
    }
    let chosen = press(page, options, CLICK, &[]).await;
    page.notes.target = resolved;
    chosen?;
    Ok(choice["text"].as_str().map(|text| json!(text)))
}

/// The option as a target of its own.
fn options_of(choice: &Value) -> Value {
    match choice["text"].as_str() {
        Some(text) => json!({ "role": "option", "name": text, "kind": "customOption" }),
        None => json!({ "role": "option", "kind": "customOption", "nth": choice["index"] }),
    }
}

async fn is_listbox_open(page: &mut Page) -> Result<bool, crate::page::StepError> {
    let mut query = Query::new(
        json!({ "role": "option", "kind": "customOption" }),
        "any",
        "exists",
    );
    query.count = true;
    let frame = page.frame().clone();
    let answer = page.ask(&frame, &query.request_once()).await?;
    Ok(answer["data"]["value"].as_u64().unwrap_or(0) > 0)
}
