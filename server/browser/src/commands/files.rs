//! Uploads and downloads.

use std::path::Path;

use base64::Engine;
use etude::v1::{self, ClickPosition, ErrorReason};
use serde_json::json;

use super::Context;
use super::interact::press_query;
use super::press::{Gesture, press};
use crate::page::{Button, Checks, Download, DownloadState, Outcome, Page, Query, StepError};

/// The largest file that goes in or out, in bytes.
const LARGEST: u64 = 20 * 1024 * 1024;

/// Sets the file that the executor has fetched on a file input, or drops it on a drop zone.
pub(super) async fn upload(
    page: &mut Page,
    target: Option<&v1::Target>,
    context: &Context<'_>,
) -> Outcome {
    let failed = |message: String| StepError::new(ErrorReason::UploadFailed, message);
    let file = context
        .options
        .upload
        .as_ref()
        .ok_or_else(|| failed("the command has no file".to_owned()))?;
    let mut query = Query::new(context.target(target)?, "drop", "drop");
    query.checks = Checks {
        enabled: true,
        ..Checks::default()
    };
    let found = page.require(&query).await?;
    if let (Some(folder), true) = (context.files, found.data["input"] == true) {
        let path = place(folder, &file.path, &file.file_name).await?;
        let set = page
            .protocol
            .set_files(&found.frame, found.handle, &[path])
            .await;
        return set
            .map(|()| None)
            .map_err(|error| failed(error.to_string()));
    }
    let content = tokio::fs::read(&file.path)
        .await
        .map_err(|error| failed(format!("{} cannot be read: {error}", file.file_name)))?;
    let mut send = query.clone();
    send.operation = if found.data["input"] == true {
        "setFile"
    } else {
        "dropFile"
    };
    send.params = json!({
        "name": file.file_name, "type": "",
        "base64": base64::engine::general_purpose::STANDARD.encode(content),
    });
    page.require(&send).await?;
    Ok(None)
}

/// The browser shows a file under the name that it has on disk.
async fn place(folder: &Path, path: &Path, name: &str) -> Result<String, StepError> {
    let failed = |error: std::io::Error| {
        StepError::new(
            ErrorReason::UploadFailed,
            format!("{name} cannot be read: {error}"),
        )
    };
    let name = Path::new(name)
        .file_name()
        .unwrap_or_else(|| "file".as_ref());
    if path.file_name() == Some(name) && path.is_absolute() {
        return Ok(path.to_string_lossy().into_owned());
    }
    let folder = folder.join(uuid::Uuid::new_v4().simple().to_string());
    tokio::fs::create_dir_all(&folder).await.map_err(failed)?;
    let copy = folder.join(name);
    tokio::fs::copy(path, &copy).await.map_err(failed)?;
    Ok(copy.to_string_lossy().into_owned())
}

/// Clicks, and waits until the download that the click starts is complete.
pub(super) async fn download(
    page: &mut Page,
    target: Option<&v1::Target>,
    context: &Context<'_>,
) -> Outcome {
    if !page.protocol.is_bidi() {
        let message = "downloads cannot be seen over the classic protocol";
        return Err(StepError::new(ErrorReason::CommandUnsupported, message));
    }
    if context.files.is_none() {
        let message = "the browser runs behind a WebDriver address, and its downloads stay there";
        return Err(StepError::new(ErrorReason::CommandUnsupported, message)
            .hint("fetch the file with `call_api`, or use a browser on the server's machine"));
    }
    let before = page.events.read().downloads.len();
    let query = press_query(target, ClickPosition::Center, "click", context)?;
    press(
        page,
        query,
        Gesture {
            button: Button::Primary,
            presses: 1,
        },
        &[],
    )
    .await?;
    let finished = page.events.until(|state| {
        let download = state.downloads.get(before)?;
        (download.state != DownloadState::Running).then(|| download.clone())
    });
    match tokio::time::timeout(page.time_left(), finished).await {
        Ok(download) => check(&download),
        Err(_) => Err(not_finished(page, before)),
    }
}

fn check(download: &Download) -> Outcome {
    let failed = |message: String| Err(StepError::new(ErrorReason::DownloadFailed, message));
    let DownloadState::Done(path) = &download.state else {
        return failed(format!("the download of {} did not complete", download.url));
    };
    match std::fs::metadata(path).map(|file| file.len()) {
        Ok(size) if size > LARGEST => failed(format!(
            "{} is {size} bytes long; at most {LARGEST} are kept",
            download.name
        )),
        Ok(_) => Ok(Some(json!(download.name))),
        Err(error) => failed(format!("{} cannot be read: {error}", download.name)),
    }
}

fn not_finished(page: &Page, before: usize) -> StepError {
    let state = page.events.read();
    let message = match state.downloads.get(before) {
        Some(download) => format!("the download of {} has not completed in time", download.url),
        None => "the click has not started a download".to_owned(),
    };
    StepError::new(ErrorReason::DownloadFailed, message)
}
