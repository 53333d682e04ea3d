//! Any input is answered: no panic, nothing unbounded, and no test that changes when printed.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use etude_language::fuzz::{
    check, check_conversions, check_environments, check_lint, check_statements, check_template,
};
use etude_language::parse;
use proptest::prelude::*;

/// Pieces of YAML and of tests, so that generated files get deep.
const PIECES: [&str; 60] = [
    "name: t\n",
    "steps:\n",
    "checkpoints:\n",
    "- ",
    "  - ",
    "    ",
    "\n",
    ": ",
    ":",
    "click: ",
    "write: ",
    "{",
    "}",
    "[",
    "]",
    ", ",
    "\"",
    "'",
    "|",
    ">-",
    "#",
    " # c",
    "&a ",
    "*a",
    "<<: ",
    "? ",
    "!!str ",
    "!x ",
    "---\n",
    "...\n",
    "\t",
    "\r\n",
    "\r",
    "$user",
    "${",
    "${x}",
    "$$",
    "with default \"",
    "text: ",
    "into: ",
    "css: ",
    "role: ",
    "name: ",
    "variables:\n",
    "data:\n",
    "config:\n",
    "timeout: ",
    "2s",
    "1",
    "-1",
    "true",
    "null",
    "~",
    "é",
    "😀",
    "\u{feff}",
    "refresh",
    "setup:\n",
    "viewport: 1x2\n",
    "secret: ",
];

fn examples() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/language.md")).unwrap();
    let mut all: Vec<String> = page
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect();
    for entry in std::fs::read_dir(root.join("examples/tests")).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            all.push(std::fs::read_to_string(path).unwrap());
        }
    }
    assert!(all.len() > 8, "{}", all.len());
    all
}

#[test]
fn the_examples_are_valid_and_stay_the_same_when_printed() {
    for example in examples() {
        let parsed = parse("example.yaml", example.as_bytes());
        assert_eq!(parsed.diagnostics, [], "{example}");
        check(example.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_bytes(content in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&content);
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40)) {
        check(pieces.concat().as_bytes());
    }

    #[test]
    fn any_text_as_a_template(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..20)) {
        check_template(&pieces.concat());
    }

    #[test]
    fn examples_with_changes(which: prop::sample::Index, changes in changes()) {
        check(changed(which, changes).as_bytes());
    }
}

/// A fix may spell a variable otherwise; the test is the same.
#[test]
fn a_variable_that_a_fix_spells_otherwise() {
    check_lint(
        b"project: P\nname: t\nsteps:\n  - write: {selector: A, text: \"{{a}}\"}\n  - wait: 2000\n",
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn examples_with_changes_as_everything_else(which: prop::sample::Index, changes in changes()) {
        let text = changed(which, changes);
        check_conversions(text.as_bytes());
        check_statements(text.as_bytes());
        check_lint(text.as_bytes());
        check_environments(text.as_bytes());
    }
}

/// Where something is put in, how much is taken out there, and what is put in.
type Change = (prop::sample::Index, usize, &'static str);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let piece = prop::sample::select(&PIECES[..]);
    prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, piece), 1..6)
}

/// An example with some changes.
fn changed(which: prop::sample::Index, changes: Vec<Change>) -> String {
    let examples = examples();
    let mut text: Vec<char> = examples[which.index(examples.len())].chars().collect();
    for (at, removed, piece) in changes {
        let at = at.index(text.len() + 1);
        let end = (at + removed).min(text.len());
        text.splice(at..end, piece.chars());
    }
    text.into_iter().collect()
}

/// Files at the bound whose work would explode if it were more than linear in their size; smaller
/// ones of the same kind are printed too.
#[test]
fn files_at_the_bound_are_answered() {
    let full = |head: &str, part: &str, tail: &str| {
        let file = |size: usize| {
            let room = size - head.len() - tail.len();
            format!("{head}{}{tail}", part.repeat(room / part.len()))
        };
        let _ = parse("t", file(1 << 20).as_bytes());
        check(file(1 << 15).as_bytes());
    };
    let long = "a".repeat(100);
    full("name: t\nsteps:\n", &format!("- click: {long}\n"), "");
    full("name: t\nsteps:\n", &format!("- {long}: $a\n"), "");
    full(
        "{\"name\":\"t\",\"steps\":[",
        &format!("{{\"click\":\"{long}\"}},"),
        "\"refresh\"]}",
    );
    full("name: t\nsteps:\n", "- click: a\n", "");
    full("name: t\nsteps:\n", "- clik: $a\n", "");
    full("name: t\nsteps:\n", "-\n", "");
    full("name: t\nsteps:\n", "- log: $a${$b}\n", "");
    full(
        "{\"name\":\"t\",\"steps\":[",
        "{\"click\":\"a\"},",
        "\"refresh\"]}",
    );
    full(
        "{\"name\":\"t\",\"steps\":[",
        "{\"clik\":\"a\"},",
        "\"refresh\"]}",
    );
    full("{\"name\":\"t\",\"steps\":[", "null,", "\"refresh\"]}");
    full(
        "{\"name\":\"t\",\"steps\":[{\"log\":\"",
        "\\ud83d\\ude00",
        "\"}]}",
    );
    full(
        "{\"name\":\"t\",\"tags\":[",
        "\"\\ud83d\\ude00\",",
        "\"a\"],\"steps\":[\"refresh\"]}",
    );
    full("name: t\nsteps:\n- log: \"", "$a ", "\"\n");
    full("name: t\nsteps:\n- log: \"", "${", "\"\n");
    full("name: t\nsteps:\n- log: \"", "${`", "\"\n");
    full("name: t\nsteps:\n- log: '", "${a}", "'\n");
    full("name: t\nsteps:\n- execute: |\n", "    return 1 # a\n", "");
    full("name: t\nsteps: [refresh]\n", "# comment\n\n", "");
    full("name: t\ndescription: a\n", "  b\n", "steps: [refresh]\n");
    full("name: t\nsteps: [refresh]\ndata:\n", "- {a: 1}\n", "");
    for part in [
        "[", "{", "- ", "? ", "a: ", "\"", "'", "|\n", "&a ", "*a ", "!a ", "%", "\n", "\t", "a\n",
        ",", "\r", "\u{2028}", "😀",
    ] {
        full("", part, "");
        full("name: t\nsteps: [", part, "]");
    }
}
