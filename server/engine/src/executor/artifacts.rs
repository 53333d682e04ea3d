//! Keeps a step's screenshots and downloads. What cannot be kept is a warning, never a verdict.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use etude::v1::{
    self, ArtifactKind, ScreenshotMoment, ScreenshotPolicy, WarningKind, command::Action,
};
use tokio::io::AsyncReadExt as _;

use super::Executor;
use super::result::warning;
use super::scope::Scope;
use crate::backend::{ExecuteOptions, Execution, LocalFile, Placement};
use crate::error::{Error, Result};
use crate::store::{ArtifactSink, NewArtifact, Store};

/// How long the screenshot of a step that failed without the backend may take.
const PICTURE_LIMIT: Duration = Duration::from_secs(5);

/// How much of a download is read at a time, in bytes.
const PIECE_BYTES: usize = 256 * 1024;

impl Executor {
    /// Keeps the screenshots of an execution.
    pub(super) async fn keep_screenshots(
        &self,
        scope: &mut Scope,
        command: &v1::Command,
        execution: &mut Execution,
    ) -> Vec<v1::Screenshot> {
        let mut kept = Vec::new();
        for (moment, content) in std::mem::take(&mut execution.screenshots) {
            let artifact = NewArtifact {
                parent: scope.owner.clone(),
                file_name: screenshot_name(scope, command, moment),
                kind: ArtifactKind::Screenshot,
                media_type: "image/png".to_owned(),
                ..NewArtifact::default()
            };
            match self.inner.store.put_artifact(artifact, content).await {
                Ok(artifact) => kept.push(v1::Screenshot {
                    artifact: artifact.name,
                    moment: moment.into(),
                }),
                Err(error) => lost(execution, "screenshot", &error),
            }
        }
        kept
    }

    /// Keeps the files that were downloaded; returns their resource names.
    pub(super) async fn keep_downloads(
        &self,
        scope: &mut Scope,
        execution: &mut Execution,
    ) -> Vec<String> {
        let mut kept = Vec::new();
        for file in std::mem::take(&mut execution.downloads) {
            match keep_file(&*self.inner.store, &scope.owner, &file).await {
                Ok(artifact) => kept.push(artifact.name),
                Err(error) => lost(execution, &format!("download `{}`", file.file_name), &error),
            }
        }
        kept
    }
}

/// Lets the backend take a screenshot for a step that failed without it. None is no loss: the
/// page may be the reason.
pub(super) async fn take_picture(scope: &mut Scope, execution: &mut Execution) {
    let options = ExecuteOptions {
        timeout: PICTURE_LIMIT,
        navigation_timeout: PICTURE_LIMIT,
        screenshots: ScreenshotPolicy::Never,
        base_url: String::new(),
        variables: BTreeMap::new(),
        upload: None,
        placement: Placement::default(),
    };
    if !scope.is_alive() {
        return;
    }
    let command = v1::TakeScreenshot::default().into();
    let taken = scope.session.execute(&command, &options);
    if let Ok(taken) = tokio::time::timeout(PICTURE_LIMIT, taken).await {
        let pictures = taken.screenshots.into_iter();
        let after = pictures.map(|(_, content)| (ScreenshotMoment::After, content));
        execution.screenshots.extend(after);
    }
}

async fn keep_file(store: &dyn Store, owner: &str, file: &LocalFile) -> Result<v1::Artifact> {
    let artifact = NewArtifact {
        parent: owner.to_owned(),
        file_name: file.file_name.clone(),
        kind: ArtifactKind::Download,
        media_type: "application/octet-stream".to_owned(),
        ..NewArtifact::default()
    };
    let mut writer = match store.begin_artifact(artifact).await? {
        ArtifactSink::Known(artifact) => return Ok(artifact),
        ArtifactSink::Open(writer) => writer,
    };
    let mut source = open(&file.path).await?;
    loop {
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        let mut some = (&mut source).take(PIECE_BYTES as u64);
        if some.read_to_end(&mut piece).await.map_err(unreadable)? == 0 {
            return writer.finish().await;
        }
        writer.write(Bytes::from(piece)).await?;
    }
}

async fn open(path: &Path) -> Result<tokio::fs::File> {
    tokio::fs::File::open(path).await.map_err(unreadable)
}

fn unreadable(error: std::io::Error) -> Error {
    Error::internal(format!("the file cannot be read: {error}"))
}

fn screenshot_name(scope: &Scope, command: &v1::Command, moment: ScreenshotMoment) -> String {
    let number = scope.steps;
    match (&command.action, moment) {
        (Some(Action::TakeScreenshot(shot)), ScreenshotMoment::Command)
            if !shot.name.is_empty() =>
        {
            format!("{}.png", shot.name)
        }
        (_, ScreenshotMoment::Before) => format!("step-{number}-before.png"),
        (_, ScreenshotMoment::After) => format!("step-{number}-after.png"),
        _ => format!("step-{number}.png"),
    }
}

fn lost(execution: &mut Execution, what: &str, error: &Error) {
    let message = format!("the {what} could not be kept: {}", error.message);
    execution
        .warnings
        .push(warning(WarningKind::ArtifactLost, message));
}
