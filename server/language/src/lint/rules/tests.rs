use etude::v1::LintFinding;

use super::*;
use crate::lint::testing::{findings, hits};
use crate::lint::{Levels, fix, lint};

#[test]
fn the_table_is_sorted_and_names_are_unique_and_plain() {
    for pair in ALL.windows(2) {
        assert!(pair[0].name < pair[1].name, "{}", pair[1].name);
    }
    for rule in ALL {
        let is_plain = |letter: char| letter.is_ascii_lowercase() || letter == '-';
        assert!(rule.name.chars().all(is_plain), "{}", rule.name);
        assert!(!rule.summary.ends_with('.'), "{}", rule.name);
        assert!(
            rule.why.ends_with('.') && rule.instead.ends_with('.'),
            "{}",
            rule.name
        );
        assert_eq!(
            find(&rule.name.replace('-', "_").to_uppercase())
                .unwrap()
                .name,
            rule.name
        );
    }
}

#[test]
fn every_rule_finds_its_bad_example_and_not_its_good_one() {
    for rule in ALL {
        let (bad, good) = (rule.bad.file(), rule.good.file());
        assert!(!hits(rule, &bad).is_empty(), "{}\n{bad}", rule.name);
        assert_eq!(hits(rule, &good), [""; 0], "{}\n{good}", rule.name);
        let all = lint("t.yaml", good.as_bytes(), &Levels::default());
        assert!(
            all.iter().all(|finding| finding.from_rule),
            "{}\n{all:#?}",
            rule.name
        );
    }
}

/// The line on which the first finding of a rule stands, from 0.
fn line_of(rule: &Rule, file: &str) -> usize {
    let found = findings(rule, file);
    let place = found[0].diagnostic.as_ref().unwrap().location.clone();
    place.unwrap().line as usize - 1
}

fn with_line(file: &str, at: usize, line: &str) -> String {
    let mut lines: Vec<_> = file.lines().map(str::to_owned).collect();
    lines.insert(at, line.to_owned());
    lines.join("\n") + "\n"
}

#[test]
fn every_rule_can_be_allowed_in_a_line_before_it_behind_it_and_in_the_file() {
    for rule in ALL {
        let bad = rule.bad.file();
        if bad.starts_with('{') {
            continue;
        }
        let count = findings(rule, &bad).len();
        let line = line_of(rule, &bad);
        let name = rule.name;
        let file = with_line(
            &bad,
            0,
            &format!("# etude: allow-file {name} -- on purpose"),
        );
        assert_eq!(hits(rule, &file), [""; 0], "{file}");
        // The rules about comments are themselves found in comments.
        if name.ends_with("-allow") {
            continue;
        }
        let before = with_line(&bad, line, &format!("      # etude: allow {name}"));
        assert!(findings(rule, &before).len() < count, "{before}");
        let mut lines: Vec<_> = bad.lines().map(str::to_owned).collect();
        lines[line] += &format!(" # etude: allow {name}");
        let behind = lines.join("\n") + "\n";
        assert!(findings(rule, &behind).len() < count, "{behind}");
    }
}

#[test]
fn a_rule_that_is_off_is_silent_and_a_level_is_its_severity() {
    use etude::v1::{LintLevel, Severity};
    for rule in ALL {
        let bad = rule.bad.file();
        let found = |level| {
            let mut levels = Levels::default();
            levels.set(rule.name, level).unwrap();
            let all = lint("t.yaml", bad.as_bytes(), &levels);
            let own = all.into_iter().filter_map(|finding| finding.diagnostic);
            own.filter(|d| d.reason == rule.name)
                .map(|d| d.severity())
                .collect::<Vec<_>>()
        };
        assert_eq!(found(LintLevel::Off), [], "{}", rule.name);
        assert!(
            found(LintLevel::Error)
                .iter()
                .all(|s| *s == Severity::Error)
        );
        assert!(found(LintLevel::Note).iter().all(|s| *s == Severity::Note));
    }
}

#[test]
fn fixing_an_example_twice_changes_nothing_more() {
    for rule in ALL {
        let bad = rule.bad.file();
        let fixed = fix("t.yaml", bad.as_bytes(), &Levels::default());
        let Some(content) = fixed.content else {
            continue;
        };
        let again = fix("t.yaml", &content, &Levels::default());
        assert_eq!(again.content, None, "{}", rule.name);
    }
}

/// Whatever a fix replaces is a place of the file, and fixes of a finding do not overlap.
#[test]
fn every_fix_has_a_place() {
    let is_well = |file: &str, finding: &LintFinding| {
        let edits = finding.fixes.iter().flat_map(|fix| &fix.edits);
        edits.map(|edit| edit.range.unwrap()).all(|range| {
            file.get(range.start_offset as usize..range.end_offset as usize)
                .is_some()
        })
    };
    for rule in ALL {
        let bad = rule.bad.file();
        for finding in findings(rule, &bad) {
            assert!(is_well(&bad, &finding), "{}: {finding:?}", rule.name);
        }
    }
}
