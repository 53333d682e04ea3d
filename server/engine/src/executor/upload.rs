//! Brings the file of an upload command onto this machine.

use std::time::Duration;

use etude::v1::{ErrorReason, Failure};
use reqwest::Url;
use tokio::io::AsyncWriteExt as _;

use super::api;
use super::scope::Scope;
use super::{Executor, Upload};
use crate::backend::LocalFile;
use crate::error::failure;

/// The largest file that is fetched for an upload, in bytes.
const MAX_BYTES: usize = 20 * 1024 * 1024;

impl Executor {
    /// The file of an artifact.
    pub(super) async fn stored_file(&self, name: &str) -> Result<Upload, Failure> {
        if !name.starts_with("artifacts/") {
            return Err(Failure {
                hint: "store it with ArtifactService.CreateArtifact and give its name; \
                       `etude run` does so for files beside a test"
                    .to_owned(),
                ..failed(format!("`{name}` is not the name of an artifact"))
            });
        }
        let store = &self.inner.store;
        let found = async {
            let artifact = store.artifact(name).await?;
            Ok::<_, crate::Error>((artifact.file_name, store.artifact_path(name).await?))
        };
        let (file_name, path) = found
            .await
            .map_err(|error| failed(format!("the file cannot be read: {}", error.message)))?;
        Ok(Upload {
            file: LocalFile { path, file_name },
            _folder: None,
        })
    }

    /// A file fetched over http or https, in a folder of its own.
    pub(super) async fn fetched_file(
        &self,
        scope: &mut Scope,
        address: &str,
        timeout: Duration,
    ) -> Result<Upload, Failure> {
        let url = api::address(scope, address).map_err(failed)?;
        let fetched = self.fetch(&url);
        match tokio::time::timeout(timeout, fetched).await {
            Ok(upload) => upload,
            Err(_) => Err(failure(
                ErrorReason::StepTimeout,
                format!("{url} was not fetched within {timeout:?}"),
            )),
        }
    }

    async fn fetch(&self, url: &Url) -> Result<Upload, Failure> {
        let broken = |error: reqwest::Error| {
            failed(format!("{url} cannot be fetched: {}", api::reason(error)))
        };
        let mut response = self.http()?.get(url.clone()).send().await.map_err(broken)?;
        if !response.status().is_success() {
            let status = response.status();
            return Err(failed(format!("{url} answered with status {status}")));
        }
        let unwritable =
            |error: std::io::Error| failed(format!("the file cannot be written: {error}"));
        let folder = tempfile::Builder::new()
            .prefix("etude-upload-")
            .tempdir_in(&self.inner.scratch)
            .map_err(unwritable)?;
        let file_name = file_name(url);
        let path = folder.path().join(&file_name);
        let mut file = tokio::fs::File::create(&path).await.map_err(unwritable)?;
        let mut size = 0;
        while let Some(piece) = response.chunk().await.map_err(broken)? {
            size += piece.len();
            if size > MAX_BYTES {
                return Err(failed(format!("{url} is larger than {MAX_BYTES} bytes")));
            }
            file.write_all(&piece).await.map_err(unwritable)?;
        }
        file.flush().await.map_err(unwritable)?;
        Ok(Upload {
            file: LocalFile { path, file_name },
            _folder: Some(folder),
        })
    }
}

/// The last part of an address' path, as a file name that is safe to create.
fn file_name(url: &Url) -> String {
    let last = url.path_segments().and_then(|mut parts| parts.next_back());
    let safe = |letter: char| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' => letter,
        _ => '_',
    };
    let name: String = last
        .unwrap_or_default()
        .chars()
        .map(safe)
        .take(128)
        .collect();
    if name.trim_matches('.').is_empty() {
        "upload".to_owned()
    } else {
        name
    }
}

fn failed(message: String) -> Failure {
    failure(ErrorReason::UploadFailed, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_safe() {
        for (url, name) in [
            ("http://h/a/report%20v1.pdf?x=/y", "report_20v1.pdf"),
            ("http://h/", "upload"),
            ("http://h/..", "upload"),
            ("http://h/a/%2e%2e", "upload"),
            ("http://h/.env", ".env"),
        ] {
            assert_eq!(file_name(&Url::parse(url).unwrap()), name, "{url}");
        }
    }
}
