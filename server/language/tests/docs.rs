//! Every example of the pages about the language is what the page says it is.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use etude_language::{Parsed, parse, parse_environments};

/// What examples of steps stand in.
const AROUND_STEPS: &str = "name: example\nvariables: {user: ada}\nsteps:\n";

/// A fenced block: what follows the fence, and the text.
struct Block {
    info: String,
    text: String,
    line: usize,
}

fn read(page: &str) -> String {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    std::fs::read_to_string(docs.join(page)).unwrap()
}

fn blocks(page: &str) -> Vec<Block> {
    let page = read(page);
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (index, line) in page.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(info) if !open => {
                open = true;
                blocks.push(Block {
                    info: info.to_owned(),
                    text: String::new(),
                    line: index + 1,
                });
            }
            Some(_) => open = false,
            None if open => blocks.last_mut().unwrap().text += &format!("{line}\n"),
            None => {}
        }
    }
    assert!(!open);
    blocks
}

fn shown(parsed: &Parsed) -> String {
    let line = |d: &etude::v1::Diagnostic| {
        let place = d.location.as_ref().unwrap();
        let (line, column) = (place.line, place.column);
        format!(
            "{line}:{column} {} {} ({})\n",
            d.reason, d.message, d.suggestion
        )
    };
    parsed.diagnostics.iter().map(line).collect()
}

#[test]
fn every_example_is_valid_or_has_the_mistakes_that_are_shown() {
    let mut checked = 0;
    for page in ["language.md", "variables.md"] {
        checked += check(page);
    }
    assert!(checked > 10, "{checked}");
}

#[test]
fn every_built_in_variable_is_described() {
    let page = read("variables.md");
    for name in etude_language::builtins::Builtin::names() {
        assert!(page.contains(&format!("`${name}`")), "{name}");
    }
}

/// Checks the examples of a page; how many there are.
fn check(page: &str) -> usize {
    let blocks = blocks(page);
    let mut checked = 0;
    for (index, block) in blocks.iter().enumerate() {
        let file = match block.info.as_str() {
            "yaml steps" => format!("{AROUND_STEPS}{}", block.text),
            "yaml" | "json" | "yaml error" => block.text.clone(),
            "text" | "sh" => continue,
            "yaml environments" => {
                let parsed = parse_environments("e", block.text.as_bytes());
                assert_eq!(parsed.diagnostics, [], "{page}:{}", block.line);
                checked += 1;
                continue;
            }
            other => panic!("{page}:{}: a block of {other:?} is not checked", block.line),
        };
        let expected = match block.info.as_str() {
            "yaml error" => blocks[index + 1].text.as_str(),
            _ => "",
        };
        let found = shown(&parse("t", file.as_bytes()));
        assert_eq!(found, expected, "{page}:{}:\n{found}", block.line);
        checked += 1;
    }
    checked
}
