//! Cookies of the current page's site.

use std::time::{Duration, SystemTime};

use etude::v1::{CreateCookie, ErrorReason, StoreCookie};
use serde_json::json;

use super::data;
use crate::page::{Outcome, Page, StepError};
use crate::protocol::Cookie;

pub(super) async fn create(page: &mut Page, command: &CreateCookie) -> Outcome {
    let host = host(page).await?;
    let cookie = Cookie {
        name: command.name.clone(),
        value: command.value.clone(),
        domain: if command.domain.is_empty() {
            host
        } else {
            command.domain.clone()
        },
        path: if command.path.is_empty() {
            "/".to_owned()
        } else {
            command.path.clone()
        },
        secure: command.secure,
        http_only: command.http_only,
        expiry: expiry(command),
    };
    let tab = page.tab().clone();
    page.protocol.set_cookie(&tab, &cookie).await?;
    Ok(None)
}

/// Now plus the cookie's age, in seconds since 1970.
fn expiry(command: &CreateCookie) -> Option<i64> {
    let age = command
        .max_age
        .and_then(|age| Duration::try_from(age).ok())?;
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    (!age.is_zero()).then(|| (now + age).as_secs() as i64)
}

/// The host of the page; a page without one has no cookies.
async fn host(page: &mut Page) -> Result<String, StepError> {
    let url = data::of_page(page, "url").await?.unwrap_or_default();
    let url = url.as_str().unwrap_or_default();
    let host = reqwest::Url::parse(url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    host.ok_or_else(|| {
        let message = format!("the page {url} has no site that could have cookies");
        StepError::new(ErrorReason::PageError, message).hint("navigate to a page first")
    })
}

pub(super) async fn delete(page: &mut Page, name: Option<&str>) -> Outcome {
    page.settle().await?;
    let tab = page.tab().clone();
    page.protocol.delete_cookies(&tab, name).await?;
    Ok(None)
}

pub(super) async fn store(page: &mut Page, command: &StoreCookie) -> Outcome {
    page.settle().await?;
    let tab = page.tab().clone();
    let cookies = page.protocol.cookies(&tab).await?;
    match cookies.iter().find(|cookie| cookie.name == command.name) {
        Some(cookie) => Ok(Some(json!(cookie.value))),
        None => {
            let names: Vec<_> = cookies.iter().map(|cookie| cookie.name.as_str()).collect();
            let known = if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            };
            let message = format!("the page has no cookie “{}”; it has {known}", command.name);
            Err(StepError::new(ErrorReason::CookieNotFound, message))
        }
    }
}
