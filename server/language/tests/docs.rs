//! Every example of docs/language.md is what the page says it is.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use etude_language::{Parsed, parse};

/// What examples of steps stand in.
const AROUND_STEPS: &str = "name: example\nvariables: {user: ada}\nsteps:\n";

/// A fenced block: what follows the fence, and the text.
struct Block {
    info: String,
    text: String,
    line: usize,
}

fn blocks() -> Vec<Block> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/language.md");
    let page = std::fs::read_to_string(path).unwrap();
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
    let blocks = blocks();
    let mut checked = 0;
    for (index, block) in blocks.iter().enumerate() {
        let file = match block.info.as_str() {
            "yaml steps" => format!("{AROUND_STEPS}{}", block.text),
            "yaml" | "json" | "yaml error" => block.text.clone(),
            "text" => continue,
            other => panic!("line {}: a block of {other:?} is not checked", block.line),
        };
        let expected = match block.info.as_str() {
            "yaml error" => blocks[index + 1].text.as_str(),
            _ => "",
        };
        let found = shown(&parse("t", file.as_bytes()));
        assert_eq!(found, expected, "line {}:\n{found}", block.line);
        checked += 1;
    }
    assert!(checked > 10, "{checked}");
}
