//! The files that come with a test file.

use std::cell::Cell;

use etude::v1;

use super::Source;
use super::Span;
use crate::diagnose::Mistake;

/// A file that came with the test file.
pub(super) struct Other<'a> {
    /// From the test file's folder on.
    path: String,
    source: Source<'a>,
    /// Why it cannot be read, until that has been told.
    mistake: Cell<Option<Mistake>>,
    is_readable: bool,
}

/// What became of looking for a file.
pub(crate) enum Opened<'s, 'a> {
    /// It is there.
    File(&'s Source<'a>),
    /// It cannot be read. The mistake is given once.
    Broken(Option<Mistake>),
    /// It did not come with the test file.
    Missing,
    /// Nobody looks for files.
    Unread,
}

impl<'a> Source<'a> {
    /// As [`Source::read`], with the files that came with it.
    pub(crate) fn with_files(
        file: &str,
        content: &'a [u8],
        files: &'a [v1::SourceFile],
    ) -> (Self, Option<Mistake>) {
        let (mut source, mistake) = Self::read(file, content);
        let mut others: Vec<Other<'a>> = Vec::with_capacity(files.len());
        for given in files {
            let Some(path) = join("", &given.path) else {
                continue;
            };
            let shown = shown(&source.file, &path);
            let (mut other, mistake) = Self::read(&shown, &given.content);
            // Fewer than 2^32 files fit into a request.
            other.number = others.len() as u32 + 1;
            let is_readable = mistake.is_none();
            let number = other.number;
            let mistake = mistake.map(|mut mistake| {
                mistake.span.file = number;
                mistake
            });
            others.push(Other {
                path,
                source: other,
                mistake: Cell::new(mistake),
                is_readable,
            });
        }
        source.others = Some(others);
        (source, mistake)
    }

    /// Looks for a file by its path from the test file's folder on.
    pub(crate) fn open(&self, path: &str) -> Opened<'_, 'a> {
        let Some(others) = &self.others else {
            return Opened::Unread;
        };
        match others.iter().find(|other| other.path == path) {
            None => Opened::Missing,
            Some(other) if other.is_readable => Opened::File(&other.source),
            Some(other) => Opened::Broken(other.mistake.take()),
        }
    }

    /// The file in which a place is.
    pub(crate) fn of(&self, span: Span) -> &Self {
        let others = self.others.as_deref().unwrap_or_default();
        let index = (span.file as usize).checked_sub(1);
        let other = index.and_then(|index| others.get(index));
        other.map_or(self, |other| &other.source)
    }
}

/// A path that stands in a file of `folder`, from where `folder` starts. `None`: it is absolute, or
/// no path that means the same on all systems.
pub(crate) fn join(folder: &str, path: &str) -> Option<String> {
    let has_drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with('/') || path.contains(['\\', '\0']) || has_drive || path.is_empty() {
        return None;
    }
    let resolved = resolve(&format!("{folder}/{path}"));
    (!resolved.is_empty() && !path.ends_with('/')).then_some(resolved)
}

/// The folder of a file. Empty: that where the path starts.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last part of a path.
pub(crate) fn file_name_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// How messages call a file that came with `file`.
fn shown(file: &str, path: &str) -> String {
    match file.rsplit_once('/') {
        None => path.to_owned(),
        Some((folder, _)) => {
            let root = if folder.starts_with('/') || folder.is_empty() {
                "/"
            } else {
                ""
            };
            format!("{root}{}", resolve(&format!("{folder}/{path}")))
        }
    }
}

/// A path without `.`, and with `..` only at its beginning.
fn resolve(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved_from_the_folder_of_their_file() {
        for (folder, path, joined) in [
            ("", "rows.csv", Some("rows.csv")),
            ("a/b", "./rows.csv", Some("a/b/rows.csv")),
            ("a/b", "../../../rows.csv", Some("../rows.csv")),
            ("..", "../x/rows.csv", Some("../../x/rows.csv")),
            ("a", "/etc/passwd", None),
            ("a", "C:/x", None),
            ("a", "x\\y", None),
            ("a", "", None),
            ("a", "..", None),
            ("a", "x/", None),
        ] {
            assert_eq!(join(folder, path).as_deref(), joined, "{folder} {path}");
        }
    }

    #[test]
    fn messages_call_a_file_as_they_call_the_test() {
        assert_eq!(shown("t.yaml", "d/r.csv"), "d/r.csv");
        assert_eq!(shown("tests/a/t.yaml", "../r.csv"), "tests/r.csv");
        assert_eq!(shown("../t.yaml", "r.csv"), "../r.csv");
        assert_eq!(shown("/tests/t.yaml", "../r.csv"), "/r.csv");
    }

    #[test]
    fn a_place_belongs_to_its_file() {
        let files = [v1::SourceFile {
            path: "./r.csv".to_owned(),
            content: "a\nbc".into(),
        }];
        let (source, _) = Source::with_files("t/a.yaml", b"name: x", &files);
        let Opened::File(other) = source.open("r.csv") else {
            panic!("the file is there");
        };
        let span = other.place(2, 4);
        assert_eq!(source.slice(span), "bc");
        assert_eq!(source.location(span).file, "t/r.csv");
        assert!(matches!(source.open("s.csv"), Opened::Missing));
    }
}
