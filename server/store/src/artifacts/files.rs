//! The folder of artifacts.
//!
//! ```text
//! artifacts/
//!   ab/abcd…        contents, by SHA-256, in 256 folders by its first byte
//!   incoming/       files that are being written; emptied by every start
//!   named/ID/NAME   the same contents under the names of artifacts, for browsers to upload;
//!                   made when asked for, emptied by every start
//! ```

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use etude_engine::{Error, Result};
use uuid::Uuid;

use super::content::{Checked, Hash};
use super::incoming::{Incoming, sync_folder};
use crate::error::disk;

/// Most bytes of a file name on every usual file system.
const LONGEST_NAME: usize = 255;

/// The folder of artifacts.
#[derive(Debug)]
pub(crate) struct Files {
    root: PathBuf,
    checked: Checked,
}

impl Files {
    /// Opens or makes it, without what was unfinished.
    pub(crate) fn open(root: PathBuf) -> Result<Self> {
        let files = Self {
            root,
            checked: Checked::default(),
        };
        for folder in [files.incoming(), files.all_named()] {
            absent_is_fine(fs::remove_dir_all(&folder))?;
            fs::create_dir_all(&folder).map_err(in_files)?;
        }
        Ok(files)
    }

    /// Begins a new file.
    pub(crate) fn begin(&self) -> Result<Incoming> {
        Incoming::create(self.incoming().join(Uuid::new_v4().to_string()))
    }

    /// Keeps a finished file as the content of this hash.
    pub(crate) fn keep(&self, incoming: Incoming, hash: &Hash) -> Result<()> {
        self.make_folder(hash)?;
        incoming.keep(&self.path(hash))
    }

    /// Keeps bytes in memory, unless the same lie there intact.
    pub(crate) fn keep_bytes(&self, hash: &Hash, content: &[u8]) -> Result<()> {
        if self.intact(hash)?.is_some() {
            return Ok(());
        }
        let mut incoming = self.begin()?;
        incoming.write(content)?;
        self.keep(incoming, hash)
    }

    /// A piece of the content, at most `length` bytes; `None` when it is missing or damaged.
    pub(crate) fn read(&self, hash: &Hash, offset: u64, length: usize) -> Result<Option<Bytes>> {
        let Some(mut file) = self.intact(hash)? else {
            return Ok(None);
        };
        file.seek(SeekFrom::Start(offset)).map_err(in_files)?;
        let mut piece = Vec::new();
        file.take(length as u64)
            .read_to_end(&mut piece)
            .map_err(in_files)?;
        Ok(Some(piece.into()))
    }

    /// The content under a name of its own; `None` when it is missing or damaged.
    pub(crate) fn named(&self, id: &str, name: &str, hash: &Hash) -> Result<Option<PathBuf>> {
        if self.intact(hash)?.is_none() {
            return Ok(None);
        }
        let folder = self.all_named().join(id);
        fs::create_dir_all(&folder).map_err(in_files)?;
        let path = folder.join(file_name(name));
        match fs::hard_link(self.path(hash), &path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            // Not every file system has hard links.
            Err(_) => copy(&self.path(hash), &path)?,
        }
        Ok(Some(path))
    }

    /// The hashes of one of the 256 folders.
    pub(crate) fn list(&self, folder: u8) -> Result<Vec<Hash>> {
        let entries = match fs::read_dir(self.root.join(format!("{folder:02x}"))) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(in_files(error)),
        };
        let hashes = entries.filter_map(|entry| match entry {
            Ok(entry) => entry.file_name().to_str().and_then(Hash::from_hex).map(Ok),
            Err(error) => Some(Err(in_files(error))),
        });
        hashes.collect()
    }

    /// Removes a content. It may be gone already.
    pub(crate) fn remove(&self, hash: &Hash) -> Result<()> {
        self.checked.forget(hash);
        absent_is_fine(fs::remove_file(self.path(hash)))
    }

    /// Removes the name that [`Files::named`] made.
    pub(crate) fn remove_named(&self, id: &str) -> Result<()> {
        absent_is_fine(fs::remove_dir_all(self.all_named().join(id)))
    }

    /// The content's file, when it is there and has its hash.
    fn intact(&self, hash: &Hash) -> Result<Option<File>> {
        let mut file = match File::open(self.path(hash)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(in_files(error)),
        };
        let intact = self.checked.has(&mut file, hash).map_err(in_files)?;
        Ok(intact.then_some(file))
    }

    fn make_folder(&self, hash: &Hash) -> Result<()> {
        let folder = self.folder(hash);
        match fs::create_dir(&folder) {
            Ok(()) => sync_folder(&self.root),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(in_files(error)),
        }
    }

    fn folder(&self, hash: &Hash) -> PathBuf {
        self.root.join(&hash.to_string()[..2])
    }

    fn path(&self, hash: &Hash) -> PathBuf {
        self.folder(hash).join(hash.to_string())
    }

    fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    fn all_named(&self) -> PathBuf {
        self.root.join("named")
    }
}

/// An error in the folder of artifacts.
pub(crate) fn in_files(error: io::Error) -> Error {
    disk("an artifact's file", &error)
}

fn absent_is_fine(result: io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(in_files(error)),
        _ => Ok(()),
    }
}

/// Copies a file so that nobody finds it half-copied.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let partial = to.with_file_name(Uuid::new_v4().to_string());
    fs::copy(from, &partial).map_err(in_files)?;
    fs::rename(&partial, to).map_err(in_files)
}

/// A file name that leads nowhere else and that every usual file system takes. Its end is kept,
/// for the extension.
fn file_name(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| {
            if matches!(c, '/' | '\\' | '\0') {
                '_'
            } else {
                c
            }
        })
        .collect();
    let mut start = name.len().saturating_sub(LONGEST_NAME);
    while !name.is_char_boundary(start) {
        start += 1;
    }
    match &name[start..] {
        "" | "." | ".." => "file".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_lead_nowhere_else() {
        assert_eq!(file_name("invoice.txt"), "invoice.txt");
        assert_eq!(file_name("../../etc/passwd"), ".._.._etc_passwd");
        assert_eq!(file_name("a\0b\\c"), "a_b_c");
        for nothing in ["", ".", ".."] {
            assert_eq!(file_name(nothing), "file");
        }
        let long = file_name(&format!("{}.txt", "é".repeat(300)));
        assert!(
            long.len() <= LONGEST_NAME && long.ends_with("é.txt"),
            "{long}"
        );
    }

    #[test]
    fn what_was_unfinished_is_gone_after_a_start() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path().to_owned()).unwrap();
        let mut incoming = files.begin().unwrap();
        incoming.write(b"half").unwrap();
        std::mem::forget(incoming);
        assert_eq!(fs::read_dir(files.incoming()).unwrap().count(), 1);
        let files = Files::open(folder.path().to_owned()).unwrap();
        assert_eq!(fs::read_dir(files.incoming()).unwrap().count(), 0);
    }

    #[test]
    fn damaged_content_is_replaced_by_the_next_equal_one() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path().to_owned()).unwrap();
        let hash = Hash::of(b"content");
        files.keep_bytes(&hash, b"content").unwrap();
        fs::write(files.path(&hash), b"changed!").unwrap();
        assert_eq!(files.read(&hash, 0, 100).unwrap(), None);
        files.keep_bytes(&hash, b"content").unwrap();
        assert_eq!(
            files.read(&hash, 3, 2).unwrap(),
            Some(Bytes::from_static(b"te"))
        );
    }
}
