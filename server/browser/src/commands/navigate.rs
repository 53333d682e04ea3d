//! Loading pages, history and scrolling.

use std::time::{Duration, Instant};

use etude::v1::{ErrorReason, LoadState, Navigate, ScrollAlignment, ScrollToElement, WarningKind};
use reqwest::Url;
use serde_json::json;

use super::Context;
use crate::page::{Outcome, Page, Query, StepError};
use crate::protocol::{Load, ProtocolError};

/// How long the events of a failed navigation may take to say why it failed.
const EXPLANATION: Duration = Duration::from_millis(300);

pub(super) async fn navigate(
    page: &mut Page,
    command: &Navigate,
    context: &Context<'_>,
) -> Outcome {
    let url = absolute(&command.url, &context.options.base_url)?;
    allowed(&url)?;
    page.clear_way().await?;
    if command.new_tab {
        let tab = page.protocol.open_tab().await?;
        page.switch_tab(tab).await?;
    }
    let load = match command.wait_until() {
        LoadState::None => Load::Committed,
        LoadState::Interactive => Load::Parsed,
        LoadState::Unspecified | LoadState::Complete => Load::Complete,
    };
    open(page, &url, load).await
}

/// Loads an address in the current tab and leaves its frames.
pub(super) async fn open(page: &mut Page, url: &str, load: Load) -> Outcome {
    page.leave_frames();
    let downloads = page.events.read().downloads.len();
    let tab = page.tab().clone();
    let limit = page.navigation_timeout;
    let protocol = std::sync::Arc::clone(&page.protocol);
    let navigation = protocol.navigate(&tab, url, load, limit);
    let loaded = tokio::select! {
        loaded = tokio::time::timeout(limit, navigation) => loaded,
        // A page that opens a dialog while it loads waits for its answer: so does the next step.
        _ = page.events.dialog_opened(&tab) => Ok(Ok(())),
    };
    match loaded {
        Err(_) | Ok(Err(ProtocolError::Timeout)) => Err(timed_out(page, url)),
        Ok(Ok(())) => Ok(None),
        Ok(Err(ProtocolError::DialogOpen)) => Ok(None),
        Ok(Err(error)) => explain(page, url, downloads, error).await,
    }
}

fn timed_out(page: &Page, url: &str) -> StepError {
    page.forget_navigation();
    let seconds = page.navigation_timeout.as_secs_f32();
    StepError::new(
        ErrorReason::NavigationTimeout,
        format!("{url} has not loaded within {seconds} s"),
    )
    .hint("is the address right and its server up? a longer navigation timeout may help")
}

/// A navigation that the browser calls failed: because it became a download, because the page went
/// on to another address by itself, or in earnest.
async fn explain(page: &mut Page, url: &str, downloads: usize, error: ProtocolError) -> Outcome {
    let words = match &error {
        ProtocolError::Refused { message, .. } | ProtocolError::PageLeft(message) => message,
        _ => return Err(error.into()),
    };
    let superseded = ["ERR_ABORTED", "canceled", "cancelled", "aborted"];
    if superseded.iter().any(|word| words.contains(word)) {
        if let Some(name) = download_began(page, downloads).await {
            let message = format!("{url} is not a page but a download: {name}");
            return Err(StepError::new(ErrorReason::NavigationFailed, message)
                .hint("use `download` on the link that leads to it"));
        }
        page.wait_for_navigation().await?;
        page.warn(
            WarningKind::Navigated,
            format!("{url} went on to another address"),
        );
        return Ok(None);
    }
    let cause = cause_of(words);
    Err(StepError::new(
        ErrorReason::NavigationFailed,
        format!("{url} could not be loaded: {cause}"),
    ))
}

async fn download_began(page: &Page, before: usize) -> Option<String> {
    let began = page
        .events
        .until(|state| state.downloads.get(before).map(|d| d.name.clone()));
    tokio::time::timeout(EXPLANATION, began).await.ok()
}

/// The browser's code in words.
fn cause_of(words: &str) -> String {
    const CODES: &[(&str, &str)] = &[
        ("ERR_NAME_NOT_RESOLVED", "its host name does not resolve"),
        ("dnsNotFound", "its host name does not resolve"),
        (
            "ERR_CONNECTION_REFUSED",
            "its server refuses the connection",
        ),
        ("connectionFailure", "its server refuses the connection"),
        ("NS_ERROR_UNKNOWN_HOST", "its host name does not resolve"),
        (
            "NS_ERROR_CONNECTION_REFUSED",
            "its server refuses the connection",
        ),
        ("NS_ERROR_NET_RESET", "its server closed the connection"),
        ("NS_ERROR_NET_TIMEOUT", "its server does not answer"),
        ("NS_ERROR_REDIRECT_LOOP", "it redirects in a circle"),
        ("ERR_CONNECTION_RESET", "its server closed the connection"),
        ("ERR_EMPTY_RESPONSE", "its server answered nothing"),
        ("ERR_CONNECTION_TIMED_OUT", "its server does not answer"),
        ("ERR_CERT", "its certificate is not valid"),
        ("ERR_TOO_MANY_REDIRECTS", "it redirects in a circle"),
        ("ERR_INTERNET_DISCONNECTED", "there is no network"),
    ];
    let known = CODES.iter().find(|(code, _)| words.contains(code));
    known.map_or_else(
        || words.to_owned(),
        |(_, meaning)| format!("{meaning} ({words})"),
    )
}

/// The address, completed with the base URL where it is relative.
pub(super) fn absolute(url: &str, base: &str) -> Result<String, StepError> {
    let invalid = |cause: String| {
        StepError::new(
            ErrorReason::NavigationFailed,
            format!("“{url}” is not an address: {cause}"),
        )
    };
    match Url::parse(url) {
        Ok(parsed) => Ok(parsed.into()),
        Err(_) if !base.is_empty() => {
            let base = Url::parse(base).map_err(|error| {
                invalid(format!(
                    "it is relative to the base URL “{base}”, and that is: {error}"
                ))
            })?;
            Ok(base
                .join(url)
                .map_err(|error| invalid(error.to_string()))?
                .into())
        }
        Err(error) => Err(invalid(error.to_string())
            .hint("give an absolute address such as https://example.com, or set a base URL")),
    }
}

/// Only pages: no files of this machine, no scripts, no inner pages of the browser.
pub(super) fn allowed(url: &str) -> Result<(), StepError> {
    let scheme = url.split(':').next().unwrap_or_default();
    if matches!(scheme, "http" | "https" | "data") || url == "about:blank" {
        return Ok(());
    }
    let message = format!("addresses with the scheme “{scheme}” are not opened");
    Err(StepError::new(ErrorReason::NavigationBlocked, message)
        .hint("http, https, data and about:blank are"))
}

/// Back or forward.
pub(super) async fn traverse(page: &mut Page, delta: i32) -> Outcome {
    page.settle().await?;
    page.leave_frames();
    let tab = page.tab().clone();
    let before = page.ask(&tab, &json!({ "page": "history" })).await?;
    match page.protocol.traverse(&tab, delta).await {
        Ok(()) | Err(ProtocolError::PageLeft(_)) => {}
        Err(ProtocolError::Refused { code, .. }) if code == "no such history entry" => {
            return Err(no_history(delta));
        }
        Err(error) => return Err(error.into()),
    }
    wait_for_other_document(page, &before["data"], delta).await
}

/// The history is left asynchronously, with or without a new document, and with or without events.
async fn wait_for_other_document(
    page: &mut Page,
    before: &serde_json::Value,
    delta: i32,
) -> Outcome {
    let begun = Instant::now();
    loop {
        page.clear_way().await?;
        let tab = page.tab().clone();
        match page.ask(&tab, &json!({ "page": "history" })).await {
            Ok(now) if now["data"] != *before && now["data"]["ready"] == "complete" => {
                page.forget_navigation();
                return Ok(None);
            }
            Ok(now) if now["data"] == *before && begun.elapsed() > HISTORY_PATIENCE => {
                if !page.is_navigating() {
                    return Err(no_history(delta));
                }
            }
            Ok(_) => {}
            Err(error) if page.can_try_again(&error) => {}
            Err(error) => return Err(error.into()),
        }
        if begun.elapsed() > page.navigation_timeout {
            return Err(timed_out(page, "the page in the history"));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// How long the history may take to be left before there is taken to be nowhere to go.
const HISTORY_PATIENCE: Duration = Duration::from_secs(2);

fn no_history(delta: i32) -> StepError {
    let way = if delta < 0 { "back" } else { "forward" };
    StepError::new(
        ErrorReason::NoHistory,
        format!("there is no page to go {way} to"),
    )
}

pub(super) async fn refresh(page: &mut Page) -> Outcome {
    page.settle().await?;
    page.leave_frames();
    let tab = page.tab().clone();
    let protocol = std::sync::Arc::clone(&page.protocol);
    let reload = protocol.reload(&tab);
    let loaded = tokio::select! {
        loaded = tokio::time::timeout(page.navigation_timeout, reload) => loaded,
        _ = page.events.dialog_opened(&tab) => Ok(Ok(())),
    };
    match loaded {
        Err(_) => Err(timed_out(page, "the page")),
        Ok(Ok(()) | Err(ProtocolError::DialogOpen)) => Ok(None),
        Ok(Err(error)) => explain(page, "the page", usize::MAX, error).await,
    }
}

/// Scrolls the current frame: to the `top` or `bottom`, to a `position`, or `by` an offset.
pub(super) async fn scroll(page: &mut Page, to: &str, x: i32, y: i32) -> Outcome {
    page.settle().await?;
    let frame = page.frame().clone();
    let request = json!({ "page": "scroll", "params": { "to": to, "x": x, "y": y } });
    page.ask(&frame, &request).await?;
    Ok(None)
}

/// How far ScrollUp and ScrollDown go.
pub(super) fn distance(pixels: u32) -> i32 {
    if pixels == 0 {
        1000
    } else {
        i32::try_from(pixels).unwrap_or(i32::MAX)
    }
}

pub(super) async fn scroll_to_element(
    page: &mut Page,
    command: &ScrollToElement,
    context: &Context<'_>,
) -> Outcome {
    let mut query = Query::new(context.target(command.target.as_ref())?, "any", "scroll");
    query.checks.visible = true;
    query.params = json!({
        "block": alignment(command.block()).unwrap_or("start"),
        "inline": alignment(command.inline()).unwrap_or("nearest"),
    });
    page.require(&query).await?;
    Ok(None)
}

fn alignment(alignment: ScrollAlignment) -> Option<&'static str> {
    match alignment {
        ScrollAlignment::Unspecified => None,
        ScrollAlignment::Start => Some("start"),
        ScrollAlignment::Center => Some("center"),
        ScrollAlignment::End => Some("end"),
        ScrollAlignment::Nearest => Some("nearest"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_completed_with_the_base() {
        let base = "https://shop.example/en/";
        assert_eq!(
            absolute("cart", base).unwrap(),
            "https://shop.example/en/cart"
        );
        assert_eq!(
            absolute("/cart", base).unwrap(),
            "https://shop.example/cart"
        );
        assert_eq!(
            absolute("http://other.example", base).unwrap(),
            "http://other.example/"
        );
        let error = absolute("cart", "").unwrap_err().into_failure();
        assert!(
            error.message.contains("“cart”") && error.hint.contains("base URL"),
            "{error:?}"
        );
    }

    #[test]
    fn only_pages_are_opened() {
        for url in ["http://a/", "https://a/", "data:text/html,x", "about:blank"] {
            assert!(allowed(url).is_ok(), "{url}");
        }
        for url in [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "chrome://settings",
            "about:config",
        ] {
            let failure = allowed(url).unwrap_err().into_failure();
            assert_eq!(failure.reason, "NAVIGATION_BLOCKED", "{url}");
        }
    }
}
