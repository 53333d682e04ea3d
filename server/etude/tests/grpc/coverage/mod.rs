//! Every command of the reference CLI has a method here that does what it says: each is called
//! over gRPC, goes through the client of the cloud to the local platform, and is read back.
//! docs/coverage.md says so of each;
//! `ETUDE_REGENERATE=1 cargo test -p etude-server --test grpc coverage` writes it anew.

mod bench;
mod page;
mod recorder;
mod rows;

use std::path::{Path, PathBuf};

use serde_json::Value;

use bench::Bench;
use rows::Group;

/// How many commands each group of the reference CLI has.
const GROUPS: [(&str, usize); 16] = [
    ("step-assert", 12),
    ("step-interact", 15),
    ("step-navigate", 8),
    ("step-window", 7),
    ("step-data", 7),
    ("step-dialog", 4),
    ("step-wait", 2),
    ("step-file", 2),
    ("step-misc", 2),
    ("structure", 7),
    ("listing", 5),
    ("execution and data", 5),
    ("library", 6),
    ("yaml", 6),
    ("templates", 3),
    ("other", 2),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_reference_cli_is_covered() {
    let (steps, commands) = (rows::steps(), rows::commands());
    let counts: Vec<_> = sizes(&steps).chain(sizes(&commands)).collect();
    assert_eq!(counts, GROUPS, "the reference CLI has other groups");
    assert_eq!(counts.iter().map(|(_, count)| count).sum::<usize>(), 93);

    let mut bench = Bench::start().await;
    let mut covered = 0;
    for command in commands.iter().flat_map(|(_, rows)| rows) {
        covered += usize::from(bench.does(command).await);
    }
    bench.begin_authoring().await;
    let mut added = Vec::new();
    for step in steps.iter().flat_map(|(_, rows)| rows) {
        let stored = bench.adds(step).await;
        added.push((step, stored));
        covered += 1;
    }
    bench.executes(&added).await;
    bench.holds_exactly(59).await;
    bench.end().await;
    up_to_date(&page::page(&steps, &commands, covered));
}

#[test]
fn every_line_that_does_the_same_is_a_command() {
    let reference = std::fs::read_to_string(root().join("docs/cli.md")).unwrap();
    let rows = rows::commands().into_iter().flat_map(|(_, rows)| rows);
    let lines: Vec<String> = rows.filter_map(|row| row.etude).collect();
    for line in lines.iter().flat_map(|lines| lines.split("; ")) {
        let words: Vec<&str> = line.split(' ').take(3).collect();
        let known = |words: &[&str]| reference.contains(&format!("## `{}`\n", words.join(" ")));
        // The third word is a verb, or what the second one is given.
        let verbs = reference.contains(&format!("## `{} ", words[..2].join(" ")));
        let is_command = if verbs {
            known(&words)
        } else {
            known(&words[..2])
        };
        assert!(is_command, "{line}");
    }
}

fn sizes<T>(groups: &[Group<T>]) -> impl Iterator<Item = (&str, usize)> {
    groups
        .iter()
        .map(|(name, rows)| (name.as_str(), rows.len()))
}

/// The page is what the test has found.
fn up_to_date(expected: &str) {
    let file = root().join("docs/coverage.md");
    if std::env::var_os("ETUDE_REGENERATE").is_some() {
        std::fs::write(&file, expected).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == expected,
        "docs/coverage.md is out of date; run\n\
         ETUDE_REGENERATE=1 cargo test -p etude-server --test grpc coverage"
    );
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What stands at a place of an answer; nothing is null.
fn at<'a>(answer: &'a Value, pointer: &str) -> &'a Value {
    answer.pointer(pointer).unwrap_or(&Value::Null)
}
