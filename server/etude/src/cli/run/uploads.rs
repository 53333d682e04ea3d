//! Local files that `upload_file` steps name: stored on the server before the run.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use etude::Client;
use etude::v1::{Command, ErrorReason, Step, UploadFile, command::Action};
use etude_language::natural;

use super::super::problem::Problem;
use super::plan::Planned;

/// Stores files, each once.
pub(super) struct Uploads<'a> {
    client: &'a Client,
    /// Folders besides a test's own from which files may be taken.
    allowed: &'a [PathBuf],
    /// Names of the artifacts by path.
    stored: HashMap<PathBuf, String>,
}

impl<'a> Uploads<'a> {
    pub(super) fn new(client: &'a Client, allowed: &'a [PathBuf]) -> Self {
        Self {
            client,
            allowed,
            stored: HashMap::new(),
        }
    }

    /// Puts the names of artifacts in place of local paths.
    pub(super) async fn replace(&mut self, planned: &mut Planned) -> Result<(), Problem> {
        let mut wanted = BTreeMap::new();
        let file = &planned.file;
        planned.test.visit_steps_mut(&mut |step| {
            let place = place(file, step);
            if let Some(upload) = local_upload(step.command.as_mut()) {
                wanted.entry(upload.file.clone()).or_insert(place);
            }
        });
        let mut stored = HashMap::new();
        for (file, place) in wanted {
            let path = self
                .allowed_path(&planned.folder, &file)
                .map_err(|why| wrong(&place, &file, &why))?;
            stored.insert(file, self.store(&path).await?);
        }
        planned.test.visit_steps_mut(&mut |step| {
            let words = step.command.as_ref().map(natural::text);
            let Some(upload) = local_upload(step.command.as_mut()) else {
                return;
            };
            let Some(name) = stored.get(&upload.file) else {
                return;
            };
            upload.file.clone_from(name);
            // In words the step would show the artifact; its author knows the file.
            if step.name.is_empty() {
                step.name = words.unwrap_or_default();
            }
        });
        Ok(())
    }

    async fn store(&mut self, path: &Path) -> Result<String, Problem> {
        if let Some(name) = self.stored.get(path) {
            return Ok(name.clone());
        }
        let artifact = self.client.upload_file(path).await?;
        self.stored.insert(path.to_owned(), artifact.name.clone());
        Ok(artifact.name)
    }

    /// The file's real path, links followed. A test must not send any file of the machine to a
    /// server: the file lies below the test's folder or one that the user has named.
    fn allowed_path(&self, folder: &Path, file: &str) -> Result<PathBuf, String> {
        let path = folder.join(file);
        let real = path
            .canonicalize()
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        if !real.is_file() {
            return Err(format!("{} is not a file", path.display()));
        }
        let own = std::iter::once(folder);
        let inside = own
            .chain(self.allowed.iter().map(PathBuf::as_path))
            .filter_map(|folder| folder.canonicalize().ok())
            .any(|folder| real.starts_with(folder));
        match inside {
            true => Ok(real),
            false => Err(format!(
                "{} lies outside the test's folder; move it there, or allow its folder by \
                 --allow-uploads-from",
                real.display()
            )),
        }
    }
}

/// The upload of a local file; artifacts and templates are the server's to resolve.
fn local_upload(command: Option<&mut Command>) -> Option<&mut UploadFile> {
    match command?.action.as_mut()? {
        Action::UploadFile(upload)
            if !upload.file.starts_with("artifacts/") && !upload.file.contains('$') =>
        {
            Some(upload)
        }
        _ => None,
    }
}

fn place(file: &str, step: &Step) -> String {
    match &step.location {
        Some(place) => format!("{file}:{}:{}", place.line, place.column),
        None => file.to_owned(),
    }
}

fn wrong(place: &str, file: &str, why: &str) -> Problem {
    Problem::bad_input(format!("{place}: {file:?} cannot be uploaded: {why}"))
        .with_reason(ErrorReason::UploadFailed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_files_below_the_folder_or_an_allowed_one_are_taken() {
        let root = tempfile::tempdir().unwrap();
        let (tests, other) = (root.path().join("tests"), root.path().join("other"));
        for folder in [&tests, &other] {
            std::fs::create_dir(folder).unwrap();
            std::fs::write(folder.join("a.txt"), "a").unwrap();
        }
        std::os::unix::fs::symlink(other.join("a.txt"), tests.join("link")).unwrap();
        let client = Client::builder("127.0.0.1:1").connect_lazy().unwrap();
        let strict = Uploads::new(&client, &[]);
        let absolute = other.join("a.txt").display().to_string();
        assert!(strict.allowed_path(&tests, "a.txt").is_ok());
        assert!(strict.allowed_path(&tests, "./../tests/a.txt").is_ok());
        for outside in ["../other/a.txt", "link", absolute.as_str(), "/etc/passwd"] {
            let why = strict.allowed_path(&tests, outside).unwrap_err();
            assert!(why.contains("outside the test's folder"), "{why}");
        }
        for missing in ["none.txt", ".", ""] {
            assert!(strict.allowed_path(&tests, missing).is_err(), "{missing}");
        }
        let allowed = [other.clone()];
        let open = Uploads::new(&client, &allowed);
        assert!(open.allowed_path(&tests, "link").is_ok());
    }
}
