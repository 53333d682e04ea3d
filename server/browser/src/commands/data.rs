//! Reading values for variables.

use std::time::Duration;

use etude::v1;
use serde_json::{Value, json};

use super::{Context, misc};
use crate::page::{Outcome, Page, Query, StepError};

/// The element's text, `value` property or attribute.
pub(super) async fn read(
    page: &mut Page,
    target: &Option<v1::Target>,
    what: &'static str,
    attribute: &str,
    context: &Context<'_>,
) -> Outcome {
    let mut query = Query::new(context.target(target.as_ref())?, "any", "read");
    query.params = json!({ "what": what, "attribute": attribute });
    let found = page.require(&query).await?;
    Ok(Some(found.data["value"].clone()))
}

/// What a variable needs to find the element again.
pub(super) async fn element(
    page: &mut Page,
    target: Option<&v1::Target>,
    context: &Context<'_>,
) -> Outcome {
    let query = Query::new(context.target(target)?, "any", "describe");
    let found = page.require(&query).await?;
    Ok(Some(found.data["value"].clone()))
}

pub(super) async fn count(
    page: &mut Page,
    target: Option<&v1::Target>,
    context: &Context<'_>,
) -> Outcome {
    Ok(Some(json!(count_now(page, target, context).await?)))
}

/// How many visible elements match now: in the first frame that has any.
pub(super) async fn count_now(
    page: &mut Page,
    target: Option<&v1::Target>,
    context: &Context<'_>,
) -> Result<u64, StepError> {
    let mut query = Query::new(context.target(target)?, "any", "exists");
    query.count = true;
    let found = page.require(&query).await?;
    Ok(found.data["value"].as_u64().unwrap_or(0))
}

pub(super) async fn expression(
    page: &mut Page,
    expression: &str,
    context: &Context<'_>,
) -> Outcome {
    Ok(Some(
        misc::evaluate(page, expression, &context.options.variables).await?,
    ))
}

/// The page's `url` or `title`.
pub(super) async fn of_page(page: &mut Page, what: &str) -> Outcome {
    page.settle().await?;
    let tab = page.tab().clone();
    let answer = page.ask(&tab, &json!({ "page": what })).await?;
    Ok(Some(answer["data"]["value"].clone()))
}

/// Waits until the page's `url`, `title` or `text` compares as wanted. The last answer of the
/// script when it does not in time.
pub(super) async fn page_until(
    page: &mut Page,
    what: &str,
    how: &str,
    expected: &str,
) -> Result<Result<Value, Value>, StepError> {
    loop {
        page.settle().await?;
        let left = page.time_left();
        let wait = left.min(Duration::from_millis(500)).as_millis() as u64;
        let request = json!({
            "page": what, "waitMs": wait, "params": { "how": how, "expected": expected },
        });
        let frame = if what == "text" {
            page.frame()
        } else {
            page.tab()
        }
        .clone();
        match page.ask(&frame, &request).await {
            Ok(answer) if answer["status"] == "done" => {
                return Ok(Ok(answer["data"]["actual"].clone()));
            }
            Ok(answer) if left.is_zero() || answer["final"] == true => return Ok(Err(answer)),
            Ok(_) => {}
            Err(error) if page.can_try_again(&error) && !left.is_zero() => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}
