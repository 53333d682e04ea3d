//! Writing what was converted: at once or not at all, and never where it should not be.

use std::path::{Path, PathBuf};

use super::super::files;
use super::place::Jobs;
use super::shown;

/// Why a file is not written.
pub(super) enum Refusal {
    /// Another source goes there too.
    Taken(PathBuf),
    /// Something stands there.
    Exists,
    /// The source stands there.
    IsSource,
    /// In place the file would get another name.
    OtherName(PathBuf),
    /// The place lies outside of the folder to write, behind a link.
    Outside,
    /// The system refuses it.
    Unwritable(std::io::Error),
}

impl Refusal {
    pub(super) fn message(&self, target: &Path) -> String {
        let target = shown(target);
        match self {
            Self::Taken(other) => format!(
                "{} is written to {target} already; convert them into two folders",
                shown(other)
            ),
            Self::Exists => format!("{target} exists; --force replaces it"),
            Self::IsSource => {
                format!("{target} is the source; give --in-place if it is to be replaced")
            }
            Self::OtherName(source) => format!(
                "{} would become {target}; name the file or folder to write with --out",
                shown(source)
            ),
            Self::Outside => {
                format!("{target} lies outside of the folder to write, behind a link")
            }
            Self::Unwritable(error) => format!("{target} cannot be written: {error}"),
        }
    }
}

/// Whether the file may be written. True: it stands there already, just so.
pub(super) fn may(
    target: &Path,
    source: &Path,
    content: &[u8],
    replace: bool,
    in_place: bool,
) -> Result<bool, Refusal> {
    let same = match (source.canonicalize(), target.canonicalize()) {
        (Ok(source), Ok(target)) => source == target,
        _ => false,
    };
    if in_place && !same {
        return Err(Refusal::OtherName(source.to_owned()));
    }
    if same && !in_place {
        return Err(Refusal::IsSource);
    }
    let there = match std::fs::symlink_metadata(target) {
        Ok(there) => there,
        Err(_) => return Ok(false),
    };
    if there.is_file() && std::fs::read(target).is_ok_and(|found| found == content) {
        return Ok(true);
    }
    match replace && !there.is_dir() {
        true => Ok(false),
        false => Err(Refusal::Exists),
    }
}

/// Writes a file. True: it stood there already, just so.
pub(super) fn file(
    target: &Path,
    source: &Path,
    content: &[u8],
    replace: bool,
    in_place: bool,
    jobs: &Jobs,
) -> Result<bool, Refusal> {
    if may(target, source, content, replace, in_place)? {
        return Ok(true);
    }
    // Behind a link in place stands the source itself.
    let target = match in_place {
        true => target.canonicalize().map_err(Refusal::Unwritable)?,
        false => target.to_owned(),
    };
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if let Some(root) = jobs.root.as_ref().filter(|_| !in_place) {
        check_inside(root, folder)?;
    }
    let stored = files::store(&target, content, replace, |file| {
        set_permissions(file, source)
    });
    stored.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists if !replace => Refusal::Exists,
        _ => Refusal::Unwritable(error),
    })?;
    Ok(false)
}

/// Gives the file the permissions of its source.
fn set_permissions(file: &tempfile::NamedTempFile, source: &Path) -> std::io::Result<()> {
    match std::fs::metadata(source) {
        Ok(found) if found.is_file() => file.as_file().set_permissions(found.permissions()),
        _ => Ok(()),
    }
}

/// Whether a folder that may have to be made is in another, links followed.
fn check_inside(root: &Path, folder: &Path) -> Result<(), Refusal> {
    std::fs::create_dir_all(root).map_err(Refusal::Unwritable)?;
    let root = root.canonicalize().map_err(Refusal::Unwritable)?;
    let there = folder
        .ancestors()
        .find_map(|above| above.canonicalize().ok());
    match there.is_some_and(|there| there.starts_with(&root)) {
        true => Ok(()),
        false => Err(Refusal::Outside),
    }
}
