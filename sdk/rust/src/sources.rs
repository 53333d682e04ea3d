//! The files that a test names: found below a folder and sent with it.

use std::collections::HashSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use tonic::Code;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::v1::{self, SourceFile};

/// The most files that come with a test, as in [`v1::TestDocument`].
const MAX_FILES: usize = 1000;

/// The most bytes of them together.
const MAX_BYTES: usize = 16 << 20;

/// The most bytes that are read of a file: one more than it may have, so that a larger one is
/// recognised and never loaded whole.
const READ_LIMIT: u64 = (1 << 20) + 1;

/// Collects the files that a test includes, imports or takes its data from.
///
/// A parser tells which files it misses, such as a server in
/// [`ValidateResponse::missing_files`](v1::ValidateResponse); [`read`](Self::read) reads them; and
/// the parser is asked again until nothing more is found. [`Client::read_document`] does all that.
///
/// Nothing outside of one folder is read, links included: the current folder, or the test's own
/// when that is not in it.
#[derive(Debug, Clone)]
pub struct SourceFiles {
    /// That of the test, where paths begin.
    folder: PathBuf,
    /// The folder that they must be in, without links. Absent: there is none.
    root: Option<PathBuf>,
    files: Vec<SourceFile>,
    places: Vec<PathBuf>,
    asked: HashSet<String>,
    bytes: usize,
}

impl SourceFiles {
    /// None yet, for the test file at this path. The path of a test that is no file, such as `-`,
    /// stands for one in the current folder.
    pub fn of(test: impl AsRef<Path>) -> Self {
        let folder = match test.as_ref().parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        Self {
            root: root_of(&folder),
            folder,
            files: Vec::new(),
            places: Vec::new(),
            asked: HashSet::new(),
            bytes: 0,
        }
    }

    /// Reads files by their paths from the test's folder on, and tells whether any was there that had
    /// not been read before. One that is not there, that cannot be read or that is outside of the
    /// folder stays missing: the parser has the better place to tell of it.
    ///
    /// # Errors
    ///
    /// There are more than 1000 files, or more than 16 MiB.
    pub fn read(&mut self, missing: &[String]) -> Result<bool> {
        let before = self.files.len();
        for path in missing {
            if !self.asked.insert(path.clone()) {
                continue;
            }
            let Some((place, content)) = self.find(path) else {
                continue;
            };
            self.bytes += content.len();
            self.places.push(place);
            self.files.push(SourceFile {
                path: path.clone(),
                content: content.into(),
            });
            if self.files.len() > MAX_FILES || self.bytes > MAX_BYTES {
                let message = format!(
                    "the test names more than {MAX_FILES} files or more than {MAX_BYTES} bytes of \
                     them; split it into several tests"
                );
                return Err(Error::local(Code::InvalidArgument, message));
            }
        }
        Ok(self.files.len() > before)
    }

    /// What was read.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// Where it was read from, without links.
    pub fn places(&self) -> &[PathBuf] {
        &self.places
    }

    fn find(&self, path: &str) -> Option<(PathBuf, Vec<u8>)> {
        let place = self.folder.join(path).canonicalize().ok()?;
        let is_ours = place.starts_with(self.root.as_ref()?) && place.is_file();
        let content = is_ours.then(|| read(&place).ok()).flatten()?;
        Some((place, content))
    }
}

impl Client {
    /// A test file with the files that it names, for a run, or for any call that takes a document.
    /// The server is asked which files those are.
    ///
    /// A file that is not there is no error here: whatever takes the document tells of it, with its
    /// place in the test.
    ///
    /// # Errors
    ///
    /// The test file cannot be read; it names more than 1000 files or more than 16 MiB;
    /// `SERVER_UNREACHABLE`; `MESSAGE_TOO_LARGE`: with its files it has more bytes than
    /// `max_message_bytes` of the server.
    pub async fn read_document(&self, test: impl AsRef<Path>) -> Result<v1::TestDocument> {
        let path = test.as_ref().to_owned();
        let unreadable = |error: std::io::Error| {
            let message = format!("{} cannot be read: {error}", path.display());
            Error::local(Code::NotFound, message)
        };
        let file = path.clone();
        let content = blocking(move || read(&file)).await?.map_err(unreadable)?;
        let mut sources = SourceFiles::of(&path);
        let mut document = v1::TestDocument {
            file_name: path.display().to_string(),
            content: content.into(),
            files: Vec::new(),
        };
        loop {
            let request = v1::ValidateRequest {
                document: Some(document.clone()),
                ..v1::ValidateRequest::default()
            };
            let missing = self.call_again(request).await?.missing_files;
            let more;
            (more, sources) = blocking(move || (sources.read(&missing), sources)).await?;
            if !more? {
                return Ok(document);
            }
            document.files = sources.files().to_vec();
        }
    }
}

async fn blocking<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::local(Code::Internal, error.to_string()))
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let file = std::fs::File::open(file)?;
    file.take(READ_LIMIT).read_to_end(&mut content)?;
    Ok(content)
}

/// The current folder, or that of a test which stands outside of it.
fn root_of(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let current = std::env::current_dir().and_then(|current| current.canonicalize());
    let current = current.ok().filter(|current| folder.starts_with(current));
    Some(current.unwrap_or(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_taken_from_below_the_tests_folder_only() {
        let root = tempfile::tempdir().unwrap();
        let tests = root.path().join("tests");
        std::fs::create_dir_all(tests.join("data")).unwrap();
        std::fs::write(root.path().join("outside.csv"), "a\n1\n").unwrap();
        std::fs::write(tests.join("data/in.csv"), "a\n1\n").unwrap();
        std::os::unix::fs::symlink(root.path(), tests.join("link")).unwrap();
        let mut files = SourceFiles::of(tests.join("t.yaml"));
        let outside = root.path().join("outside.csv").display().to_string();
        for path in [
            "../outside.csv",
            "link/outside.csv",
            "data",
            "none.csv",
            &outside,
        ] {
            assert!(!files.read(&[path.to_owned()]).unwrap(), "{path}");
        }
        for path in ["data/in.csv", "data/../data/in.csv"] {
            assert!(files.read(&[path.to_owned()]).unwrap(), "{path}");
            assert!(!files.read(&[path.to_owned()]).unwrap(), "once is enough");
        }
        assert_eq!(files.files().len(), 2);
        assert_eq!(files.places()[0], files.places()[1]);
    }

    #[test]
    fn the_number_of_files_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.csv"), "a\n1\n").unwrap();
        let paths = |count: usize| -> Vec<String> {
            (0..count)
                .map(|n| format!("{}a.csv", "./".repeat(n)))
                .collect()
        };
        let mut files = SourceFiles::of(folder.path().join("t.yaml"));
        assert!(files.read(&paths(MAX_FILES)).unwrap());
        let error = files.read(&paths(MAX_FILES + 1)).unwrap_err();
        assert!(error.message().contains("1000 files"), "{error}");
    }
}
