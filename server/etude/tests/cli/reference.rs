//! docs/cli.md is what the program says of itself.

use crate::support::{root, run};

#[test]
fn the_reference_is_up_to_date() {
    let file = root().join("docs/cli.md");
    let printed = run(["reference"]).expect(0).stdout;
    if std::env::var_os("ETUDE_REGENERATE").is_some() {
        std::fs::write(&file, &printed).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == printed,
        "docs/cli.md is out of date; `ETUDE_REGENERATE=1 cargo test -p etude-server --test cli \
         reference` writes it anew"
    );
}

#[test]
fn every_argument_is_explained() {
    let printed = run(["reference"]).expect(0).stdout;
    for line in printed.lines().filter(|line| line.starts_with("| `")) {
        let meaning = line.split(" | ").nth(1).unwrap_or_default();
        assert!(meaning.trim_end_matches('|').trim().len() > 5, "{line}");
    }
}
