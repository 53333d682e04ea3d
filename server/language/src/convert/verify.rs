//! Reads back what was written.

use std::collections::{BTreeMap, BTreeSet};

use etude::v1::{self, TestFormat};

use crate::decode::{PARAMS, STEPS};
use crate::format::document::{Document, Value};
use crate::format::yaml;
use crate::fuzz::without_places;

/// The name of what is read back; that of a file of statements is the name of its test.
pub(super) const FILE: &str = "converted.yaml";

/// The test that a file holds, without places. `None`: it has mistakes.
pub(super) fn read(name: &str, content: &str) -> Option<v1::Test> {
    crate::parse_alone(name, content.as_bytes())
        .test
        .map(without_places)
}

/// A step in a file of its format and nothing else.
pub(super) fn is_step(format: TestFormat, document: &Document, step: &v1::Step) -> bool {
    let mut steps = vec![document.clone()];
    let mut expected = vec![step.clone()];
    if format == TestFormat::NaturalLanguage {
        // A step that is no statement is read as a step beside statements.
        for _ in 0..2 {
            steps.insert(0, Document::text("", "// t"));
            let comment = v1::Comment {
                text: "t".to_owned(),
            };
            let command = Some(comment.into());
            expected.insert(
                0,
                v1::Step {
                    command,
                    ..v1::Step::default()
                },
            );
        }
    }
    let steps = Value::List(steps);
    let mut entries = around(format);
    entries.extend(definitions(format, step));
    let key = match format {
        TestFormat::Compact => "do",
        _ => "steps",
    };
    // A list whose items are fields is printed as a list of steps.
    entries.push((key.to_owned(), Document::new("checkpoints[0].steps", steps)));
    let text = yaml::print(&Value::Map(entries).into()).into_text();
    let Some(test) = read(FILE, &text) else {
        return false;
    };
    let [checkpoint] = test.checkpoints.as_slice() else {
        return false;
    };
    checkpoint.steps == expected && test.setup.is_empty() && test.variables.is_empty()
}

/// Definitions of all that a step uses, with the parameters to which it gives values.
fn definitions(format: TestFormat, step: &v1::Step) -> Option<(String, Document)> {
    let mut parameters: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut steps = vec![step];
    while let Some(step) = steps.pop() {
        let Some(block) = &step.block else { continue };
        if let Some(v1::block::Kind::UseBlock(block)) = &block.kind {
            let given = block
                .arguments
                .iter()
                .map(|argument| argument.name.as_str());
            parameters.entry(&block.block).or_default().extend(given);
        }
        steps.extend(
            block
                .sections()
                .into_iter()
                .flat_map(|section| section.steps),
        );
    }
    let definition = |(name, parameters): (&str, BTreeSet<&str>)| {
        let default = |name: &str| (name.to_owned(), Document::text("", ""));
        let parameters = parameters.into_iter().map(default).collect();
        let keys = vec![
            (PARAMS.to_owned(), Value::Map(parameters).into()),
            (STEPS.to_owned(), filler(format).1),
        ];
        (name.to_owned(), Value::Map(keys).into())
    };
    let definitions: Vec<_> = parameters.into_iter().map(definition).collect();
    (!definitions.is_empty()).then(|| ("define".to_owned(), Value::Map(definitions).into()))
}

/// The keys by which a file is known as one of this format.
pub(super) fn around(format: TestFormat) -> Vec<(String, Document)> {
    let keys: &[&str] = match format {
        TestFormat::Compact => &["test"],
        TestFormat::Simplified | TestFormat::Extended => &["name", "project"],
        _ => &["name"],
    };
    let entry = |key: &&str| ((*key).to_owned(), Document::text("", "t"));
    keys.iter().map(entry).collect()
}

/// A step that every format has, under the key of its steps.
pub(super) fn filler(format: TestFormat) -> (String, Document) {
    let (key, command) = match format {
        TestFormat::Compact => ("do", "c"),
        _ => ("steps", "click"),
    };
    let step = match format {
        TestFormat::NaturalLanguage => Value::Text("// t".to_owned()),
        _ => Value::Map(vec![(command.to_owned(), Document::text("", "t"))]),
    };
    (key.to_owned(), Value::List(vec![step.into()]).into())
}
