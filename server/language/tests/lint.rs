//! Lint as its callers see it: the page of its rules, the examples, files of every kind and size.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use etude::v1::{LintFinding, Severity};
use etude_language::lint::{Levels, fix, lint, page, rule_page, rules};
use etude_language::parse;

const BEGIN: &str = "<!-- rules, generated -->\n";
const END: &str = "<!-- end of the rules -->";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn findings(name: &str, file: &str) -> Vec<LintFinding> {
    lint(name, file.as_bytes(), &Levels::default())
}

/// `line:column severity rule`
fn told(file: &str) -> Vec<String> {
    let line = |finding: LintFinding| {
        let found = finding.diagnostic.unwrap();
        let severity = found
            .severity()
            .as_str_name()
            .trim_start_matches("SEVERITY_")
            .to_lowercase();
        let place = found.location.unwrap();
        format!(
            "{}:{} {severity} {}",
            place.line, place.column, found.reason
        )
    };
    findings("t.yaml", file).into_iter().map(line).collect()
}

/// `ETUDE_REGENERATE=1 cargo test -p etude-language --test lint` writes it anew.
#[test]
fn the_page_is_what_the_table_of_rules_says() {
    let path = root().join("docs/lint.md");
    let old = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = old.split_once(BEGIN).unwrap();
    let (_, tail) = rest.split_once(END).unwrap();
    let new = format!("{head}{BEGIN}{}{END}{tail}", page());
    if std::env::var_os("ETUDE_REGENERATE").is_some() {
        std::fs::write(&path, &new).unwrap();
    }
    let now = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        now, new,
        "docs/lint.md is out of date; ETUDE_REGENERATE=1 cargo test -p etude-language --test lint"
    );
}

#[test]
fn every_rule_has_a_section() {
    for rule in rules() {
        let section = rule_page(rule.name).unwrap();
        assert!(section.starts_with(&format!("## {}\n", rule.name)));
        assert!(page().contains(&section), "{}", rule.name);
    }
    assert_eq!(rule_page("no-such-rule"), None);
}

#[test]
fn the_example_tests_are_clean() {
    let folder = root().join("examples/tests");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "yaml") {
            let file = std::fs::read_to_string(&path).unwrap();
            let found = findings(&path.display().to_string(), &file);
            assert!(found.is_empty(), "{}: {found:#?}", path.display());
            count += 1;
        }
    }
    assert!(count > 5, "{count}");
}

#[test]
fn a_file_that_cannot_be_read_has_its_ordinary_mistakes() {
    assert_eq!(told("name: [\n"), ["2:1 error YAML_SYNTAX"]);
    let two = "name: a\nsteps: [refresh]\n---\nname: b\nsteps: [refresh]\n";
    let mistakes = parse("t.yaml", two.as_bytes()).diagnostics;
    let found = findings("t.yaml", two);
    let own: Vec<_> = found
        .into_iter()
        .filter(|f| !f.from_rule)
        .map(|f| f.diagnostic.unwrap())
        .collect();
    assert_eq!(own, mistakes);
    assert_eq!(told(""), ["1:1 error FILE_EMPTY"]);
    let found = lint("t", b"\xff\xfe", &Levels::default());
    assert_eq!(found[0].diagnostic.as_ref().unwrap().reason, "NOT_UTF8");
}

#[test]
fn a_file_with_mistakes_is_looked_at_as_far_as_it_is_understood() {
    let file = "name: t\nstarting_url: /\nvariables: {a: 1}\nsteps:\n  - clik: A\n  - wait: 2s\n";
    assert_eq!(
        told(file),
        ["5:5 error UNKNOWN_COMMAND", "6:11 warning fixed-sleep"]
    );
}

#[test]
fn setup_teardown_and_blocks_are_looked_at() {
    let file = "name: t\nstarting_url: /\nsetup: [wait: 1s]\nsteps:\n  - try:\n      - repeat: 2\n        steps:\n          - wait: 1s\n      - see: A\n    finally: [wait: 1s]\nteardown:\n  - wait: 1s\n";
    let found: Vec<_> = told(file)
        .into_iter()
        .filter(|line| line.ends_with("fixed-sleep"))
        .collect();
    let places = ["3:15", "8:19", "10:21", "12:11"];
    assert_eq!(
        found,
        places.map(|place| format!("{place} warning fixed-sleep"))
    );
}

#[test]
fn selectors_without_quotes_are_fixed() {
    let file = "test: t\ndo:\n  - t: {#email: a@b.c} # kept\n  - c: Log in\n";
    let fixed = fix("t", file.as_bytes(), &Levels::default());
    let content = String::from_utf8(fixed.content.unwrap()).unwrap();
    assert_eq!(content, file.replace("#email", "\"#email\""));
    assert_eq!(fixed.applied, 1);
}

#[test]
fn a_byte_order_mark_and_line_ends_of_windows_are_kept() {
    let file = "\u{feff}project: P\r\nname: té\r\nsteps:\r\n  - click: A\r\n  - wait: 2000\r\n  - assert: B\r\n";
    let fixed = fix("t", file.as_bytes(), &Levels::default());
    let content = String::from_utf8(fixed.content.unwrap()).unwrap();
    assert_eq!(content, file.replace("2000", "2000ms"));
}

#[test]
fn fingerprints_stay_when_lines_are_added_before() {
    let file =
        "name: t\nstarting_url: /\nsteps:\n  - wait: 1s\n  - click: A\n  - wait: 1s\n  - see: A\n";
    let prints = |file: &str| {
        let found = findings("t", file).into_iter();
        found.map(|finding| finding.fingerprint).collect::<Vec<_>>()
    };
    let before = prints(file);
    assert_eq!(before.len(), 2);
    assert_ne!(before[0], before[1]);
    let moved = file.replace("steps:\n", "# more\n\nsteps:\n  - click: B\n");
    assert_eq!(prints(&moved), before);
}

#[test]
fn there_are_at_most_a_thousand_findings_and_the_worse_are_told() {
    let steps = "  - wait: 1s\n  - click: A\n    skip: true\n".repeat(900);
    let file = format!("name: t\nstarting_url: /\nsteps:\n{steps}  - see: A\n");
    let found = findings("t", &file);
    assert_eq!(found.len(), 1000);
    let severity = |finding: &&LintFinding| {
        finding.diagnostic.as_ref().unwrap().severity() == Severity::Warning
    };
    assert_eq!(found.iter().filter(severity).count(), 900);
}

/// A rule that looks at everything for every step would take minutes.
#[test]
fn a_file_at_the_bound_is_answered() {
    let step = "  # etude: allow fixed-sleep\n  - wait: 1s\n  - write: {text: \"{{a}} $b\", into: {css: a > b > c}}\n  - see: A\n  - see: A\n  - store_title: x\n";
    let head = "name: t\nstarting_url: /\nsteps:\n";
    let file = format!("{head}{}", step.repeat(10_000 / 5));
    let start = Instant::now();
    assert_eq!(findings("t", &file).len(), 1000);
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "{:?}",
        start.elapsed()
    );
}
