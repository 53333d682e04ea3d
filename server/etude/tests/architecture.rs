//! ARCHITECTURE.md names the tests that guard its invariants; they must exist.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn the_tests_that_guard_invariants_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let invariants = page.split("## Invariants").nth(1).unwrap();
    let mut sources = String::new();
    for folder in ["sdk", "server"] {
        read_sources(&root.join(folder), &mut sources);
    }
    let names: Vec<&str> = guards(invariants).collect();
    assert!(names.len() > 15, "the table names too few tests: {names:?}");
    for name in names {
        assert!(
            sources.contains(&format!("fn {name}(")),
            "no test is called {name}"
        );
    }
}

/// The names of tests in a table: words in backquotes with several underscores.
fn guards(table: &str) -> impl Iterator<Item = &str> {
    let rows = table.lines().filter_map(|line| line.rsplit('|').nth(1));
    let words = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    words.filter(|word| word.matches('_').count() >= 2)
}

fn read_sources(folder: &PathBuf, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_sources(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}
