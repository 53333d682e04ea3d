//! Every "after" of docs/migration.md is what the converter makes of its "before", and so is every
//! file of examples/migration.
//! `ETUDE_REGENERATE=1 cargo test -p etude-language --test migration` writes the page anew.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use etude::v1::{ConversionLayout, ConversionNoteKind, TestFormat};
use etude_language::{Conversion, convert, detect, repair};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn format_of(word: &str) -> TestFormat {
    let name = format!("TEST_FORMAT_{}", word.to_uppercase().replace('-', "_"));
    TestFormat::from_str_name(&name).unwrap_or_else(|| panic!("{word}"))
}

/// What a file becomes in a format.
fn converted(file: &str, text: &str, format: TestFormat) -> String {
    let conversion = Conversion {
        format,
        layout: ConversionLayout::Unspecified,
    };
    let done = convert(file, text.as_bytes(), conversion);
    done.unwrap_or_else(|error| panic!("{error}\n{text}"))
        .content
}

/// The page with what stands in its blocks "after FORMAT" made of the blocks "before FORMAT".
fn regenerated(page: &str) -> String {
    let mut out = String::new();
    let mut lines = page.lines();
    let mut before: Option<String> = None;
    while let Some(line) = lines.next() {
        out += &format!("{line}\n");
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else {
            continue;
        };
        let mut text = String::new();
        for line in lines.by_ref().take_while(|line| !line.starts_with("```")) {
            text += &format!("{line}\n");
        }
        let words: Vec<&str> = info.split(' ').collect();
        match words.as_slice() {
            [_, "before", format] => {
                let file = if words[0] == "text" {
                    "t.txt"
                } else {
                    "t.yaml"
                };
                let found = detect(file, text.as_bytes()).format();
                assert_eq!(found, format_of(format), "{text}");
                before = Some(text.clone());
            }
            [_, "after", format] => {
                let source = before.as_deref().unwrap();
                let file = if source.contains("name:") || source.contains("test:") {
                    "t.yaml"
                } else {
                    "t.txt"
                };
                text = converted(file, source, format_of(format));
            }
            _ => {}
        }
        out += &format!("{text}```\n");
    }
    out
}

/// Holds a page to the program; it has at least so many files after a conversion.
#[track_caller]
fn check_page(name: &str, least: usize) -> String {
    let path = root().join(name);
    let page = std::fs::read_to_string(&path).unwrap();
    let expected = regenerated(&page);
    assert!(expected.matches(" after ").count() >= least, "{expected}");
    if std::env::var_os("ETUDE_REGENERATE").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(found == expected, "{name} is out of date:\n{expected}");
    found
}

#[test]
fn the_migration_guide_is_what_the_converter_does() {
    check_page("docs/migration.md", 12);
}

#[test]
fn the_tutorial_shows_its_example_as_it_is() {
    let page = check_page("docs/tutorial.md", 1);
    let file = root().join("examples/migration/login.yaml");
    assert!(page.contains(&std::fs::read_to_string(file).unwrap()));
}

#[test]
fn the_old_tests_of_the_tutorial_are_converted_without_a_loss() {
    for (file, format) in [
        ("login.yaml", TestFormat::Simplified),
        ("shop/search.yaml", TestFormat::Compact),
        ("shop/terms.txt", TestFormat::NaturalLanguage),
    ] {
        let text = std::fs::read_to_string(root().join("examples/migration").join(file)).unwrap();
        let text = repair(&text).unwrap_or(text);
        assert_eq!(detect(file, text.as_bytes()).format(), format, "{file}");
        let conversion = Conversion {
            format: TestFormat::Canonical,
            layout: ConversionLayout::Yaml,
        };
        let done = convert(file, text.as_bytes(), conversion).unwrap();
        let is_loss = |kind| kind == ConversionNoteKind::Loss;
        assert!(
            !done.notes.iter().any(|note| is_loss(note.kind())),
            "{file}"
        );
    }
}
