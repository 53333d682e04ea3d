//! The files that a test names: found beside it and read with it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use etude::SourceFiles;
use etude_language::{Brought, Parsed, parse_with};

use super::files;
use super::problem::Problem;

/// What stands in every file that names another.
const NAMING: [&str; 4] = ["include", "imports", "data", "file"];

/// A test file with the files that it names, those that these name, and so on.
pub(crate) fn parse(
    file: &Path,
    name: &str,
    content: &[u8],
    brought: &Brought,
) -> Result<Parsed, Problem> {
    collect(file, name, content, brought).map(|(parsed, _)| parsed)
}

fn collect(
    file: &Path,
    name: &str,
    content: &[u8],
    brought: &Brought,
) -> Result<(Parsed, SourceFiles), Problem> {
    let mut sources = SourceFiles::of(file);
    loop {
        let parsed = parse_with(name, content, sources.files(), brought);
        let more = sources.read(&parsed.missing_files);
        let more = more.map_err(|e| Problem::bad_input(format!("{name}: {}", e.message())))?;
        if !more {
            return Ok((parsed, sources));
        }
    }
}

/// Of the files that were found in a folder those that are tests of their own: no other one
/// includes or imports them or takes data from them.
pub(crate) fn without_shared(found: Vec<PathBuf>) -> Vec<PathBuf> {
    let named: Vec<HashSet<PathBuf>> = found.iter().map(|file| named_by(file)).collect();
    if named.iter().all(HashSet::is_empty) {
        return found;
    }
    let places: Vec<_> = found.iter().map(|file| file.canonicalize().ok()).collect();
    let mut times: HashMap<&PathBuf, usize> = HashMap::new();
    for place in named.iter().flatten() {
        *times.entry(place).or_default() += 1;
    }
    let is_named = |index: usize| {
        let place = places[index].as_ref();
        place.is_some_and(|place| {
            let by_itself = usize::from(named[index].contains(place));
            times.get(place).copied().unwrap_or_default() > by_itself
        })
    };
    let are_named: Vec<bool> = (0..found.len()).map(is_named).collect();
    // Files that name each other in a ring, and that no test names, are left: their mistake is to be
    // told.
    let tests = named.iter().zip(&are_named).filter(|(_, named)| !**named);
    let shared: HashSet<&PathBuf> = tests.flat_map(|(named, _)| named).collect();
    let is_test = |place: &Option<PathBuf>, named: bool| {
        !named || !place.as_ref().is_some_and(|place| shared.contains(place))
    };
    let keep: Vec<bool> = places
        .iter()
        .zip(&are_named)
        .map(|(place, named)| is_test(place, *named))
        .collect();
    let tests = found.into_iter().zip(keep).filter(|(_, keep)| *keep);
    tests.map(|(file, _)| file).collect()
}

/// All files that a file names, as far as it can be read.
fn named_by(file: &Path) -> HashSet<PathBuf> {
    let Ok(content) = files::read(file) else {
        return HashSet::new();
    };
    let may_name = std::str::from_utf8(&content)
        .is_ok_and(|text| NAMING.iter().any(|word| text.contains(word)));
    let collected =
        may_name.then(|| collect(file, &files::name(file), &content, &Brought::default()));
    match collected {
        Some(Ok((_, sources))) => sources.places().iter().cloned().collect(),
        _ => HashSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    #[track_caller]
    fn tests(files: &[(&str, &str)], expected: &[&str]) {
        let folder = folder(files);
        let found = files.iter().map(|(name, _)| folder.path().join(name));
        let tests = without_shared(found.collect());
        let names = tests.iter().map(|file| {
            let name = file.strip_prefix(folder.path()).unwrap();
            name.display().to_string()
        });
        assert_eq!(names.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn files_that_files_name_are_read_too() {
        let folder = folder(&[
            ("a.yaml", "- include: b.yaml\n"),
            ("b.yaml", "- log: $user\n"),
            ("rows.csv", "user\nada\n"),
        ]);
        let test = b"name: t\ndata: rows.csv\nsteps: [{include: a.yaml}]\n";
        let parsed = parse(
            &folder.path().join("t.yaml"),
            "t.yaml",
            test,
            &Brought::default(),
        )
        .unwrap();
        assert_eq!(parsed.diagnostics, []);
        assert_eq!(parsed.test.unwrap().definitions.len(), 2);
    }

    #[test]
    fn what_another_file_names_is_no_test() {
        let test = "name: t\nimports: shared/all.yaml\ndata: shared/rows.json\nsteps:\n  - include: shared/a.yaml\n  - for_each: x\n    in: {file: shared/items.yml}\n    steps: [{log: $x}]\n";
        tests(
            &[
                ("shared/a.yaml", "steps: [{include: b.yaml}]\n"),
                ("shared/all.yaml", "define: {d: [refresh]}\n"),
                ("shared/b.yaml", "- refresh\n"),
                ("shared/items.yml", "[a]\n"),
                ("shared/left.yaml", "- refresh\n"),
                ("shared/rows.json", "[{\"a\": 1}]\n"),
                ("t.yaml", test),
                ("u.yaml", "name: u\nsteps: [refresh]\n"),
            ],
            &["shared/left.yaml", "t.yaml", "u.yaml"],
        );
    }

    #[test]
    fn a_test_that_is_broken_hides_no_other() {
        tests(
            &[
                ("a.yaml", "name: a\nsteps: [clik: A, {include: b.yaml}]\n"),
                ("b.yaml", "steps: [refresh]\n"),
                ("c.yaml", "steps: [{include: b.yaml}\n"),
            ],
            &["a.yaml", "c.yaml"],
        );
    }

    #[test]
    fn files_in_a_ring_are_left_to_be_told_of() {
        tests(
            &[
                ("a.yaml", "name: a\nsteps: [{include: b.yaml}]\n"),
                ("b.yaml", "steps: [{include: a.yaml}]\n"),
                ("c.yaml", "name: c\nsteps: [{include: c.yaml}]\n"),
            ],
            &["a.yaml", "b.yaml", "c.yaml"],
        );
        tests(
            &[
                ("a.yaml", "steps: [{include: b.yaml}]\n"),
                ("b.yaml", "steps: [{include: a.yaml}]\n"),
                ("t.yaml", "name: t\nsteps: [{include: a.yaml}]\n"),
            ],
            &["t.yaml"],
        );
    }
}
