//! How much is understood of a folder of real files, which the environment names: one folder for
//! each class. docs/dialects.md has the table.
//! `ETUDE_CORPUS=DIR ETUDE_REGENERATE=1 cargo test -p etude-language --test dialects` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use etude::v1::{
    self, ConversionLayout, ConversionNote, ConversionNoteKind, Diagnostic, Severity, TestFormat,
};
use etude_language::{Conversion, convert, detect, parse, repair};

const BEGIN: &str = "<!-- corpus table, generated -->\n";
const END: &str = "<!-- end of the corpus table -->\n";

/// What was found in the files of one class.
#[derive(Default)]
struct Class {
    files: usize,
    compiled: usize,
    repaired: usize,
    steps: usize,
    understood: usize,
    formats: BTreeMap<String, usize>,
    wanting: Vec<String>,
}

#[test]
fn the_table_says_how_much_of_the_corpus_is_understood() {
    let Some(root) = std::env::var_os("ETUDE_CORPUS") else {
        // The corpus is no part of this project; the other tests here hold its constructs.
        return;
    };
    let table = table(&classes(Path::new(&root)));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/dialects.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let expected = format!("{before}{BEGIN}{table}{END}{after}");
    if std::env::var_os("ETUDE_REGENERATE").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(
        found == expected,
        "docs/dialects.md is out of date:\n{table}"
    );
}

/// Every file that compiles is converted to every format; to the canonical one without a loss and
/// with the same steps.
#[test]
fn the_corpus_is_converted_and_compiles_to_the_same_steps() {
    let Some(root) = std::env::var_os("ETUDE_CORPUS") else {
        return;
    };
    let mut converted = 0;
    for file in files(Path::new(&root)) {
        let text = std::fs::read_to_string(&file).unwrap();
        let text = repair(&text).unwrap_or(text);
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let Some(test) = parse(&name, text.as_bytes()).test else {
            continue;
        };
        for format in [
            TestFormat::Canonical,
            TestFormat::Simplified,
            TestFormat::Compact,
            TestFormat::Extended,
            TestFormat::NaturalLanguage,
        ] {
            let conversion = Conversion {
                format,
                layout: ConversionLayout::Unspecified,
            };
            let done = convert(&name, text.as_bytes(), conversion);
            let done = done.unwrap_or_else(|error| panic!("{name}: {error}"));
            if format == TestFormat::Canonical {
                let is_loss = |note: &ConversionNote| note.kind() == ConversionNoteKind::Loss;
                assert!(!done.notes.iter().any(is_loss), "{name}: {:?}", done.notes);
                let again = parse(&name, done.content.as_bytes()).test.unwrap();
                assert_eq!(
                    without_places(again),
                    without_places(test.clone()),
                    "{name}"
                );
                converted += 1;
            }
        }
    }
    assert!(converted > 100, "{converted}");
}

fn without_places(mut test: v1::Test) -> v1::Test {
    fn forget(step: &mut v1::Step) {
        step.location = None;
        let inner = step.block.as_mut().map(v1::Block::steps_mut);
        inner.into_iter().flatten().for_each(forget);
    }
    let checkpoints = test.checkpoints.iter_mut().flat_map(|c| &mut c.steps);
    let outer = test.setup.iter_mut().chain(&mut test.teardown);
    outer.chain(checkpoints).for_each(forget);
    test
}

fn classes(root: &Path) -> BTreeMap<String, Class> {
    let mut classes: BTreeMap<String, Class> = BTreeMap::new();
    for file in files(root) {
        let inner = file.strip_prefix(root).unwrap();
        let class = inner
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_string_lossy()
            .into_owned();
        let name = inner.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        // A file with several documents is several tests.
        let documents: Vec<&str> = match text.contains("\n---\n") {
            true => text
                .split("\n---\n")
                .filter(|part| has_content(part))
                .collect(),
            false => vec![&text],
        };
        for document in documents {
            classes
                .entry(class.clone())
                .or_default()
                .add(&name, document);
        }
    }
    classes
}

fn has_content(document: &str) -> bool {
    document
        .lines()
        .any(|line| !line.trim().is_empty() && !line.starts_with('#'))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

impl Class {
    fn add(&mut self, name: &str, text: &str) {
        self.files += 1;
        etude_language::fuzz::check(text.as_bytes());
        let mut text = text.to_owned();
        let broken = detect(name, text.as_bytes()).format() == TestFormat::Unspecified;
        if broken && let Some(fixed) = repair(&text) {
            self.repaired += 1;
            text = fixed;
        }
        let parsed = parse(name, text.as_bytes());
        self.compiled += usize::from(parsed.test.is_some());
        let format = detect(name, text.as_bytes()).format().as_str_name();
        let format = format
            .trim_start_matches("TEST_FORMAT_")
            .to_lowercase()
            .replace('_', " ");
        let format = if format == "unspecified" {
            "not YAML".to_owned()
        } else {
            format
        };
        *self.formats.entry(format).or_default() += 1;
        let starts = step_lines(&text);
        self.steps += starts.len();
        let errors = parsed
            .diagnostics
            .iter()
            .filter(|d| d.severity() == Severity::Error);
        let mut refused: Vec<u32> = errors.clone().filter_map(|d| step_of(&starts, d)).collect();
        refused.dedup();
        self.understood += starts.len() - refused.len();
        if let Some(first) = errors.clone().next() {
            let line = first.location.as_ref().map_or(0, |place| place.line);
            let count = errors.count();
            self.wanting.push(format!(
                "`{name}`: {count} errors, the first in line {line}: {}",
                first.message
            ));
        }
    }
}

/// The lines on which the steps of a file begin: the items of its lists of steps.
fn step_lines(text: &str) -> Vec<u32> {
    let mut lines = Vec::new();
    let mut key_indent = None;
    let mut item_indent = None;
    for (number, line) in (1..).zip(text.lines()) {
        let indent = line.len() - line.trim_start().len();
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let is_item = trimmed.starts_with("- ") || trimmed == "-" || trimmed == "{";
        if is_item && key_indent.is_some_and(|key| indent >= key) {
            if *item_indent.get_or_insert(indent) == indent {
                lines.push(number);
            }
            continue;
        }
        let name = trimmed.trim_matches(['"', ':', '[', ' ']);
        if matches!(name, "steps" | "do" | "setup" | "teardown")
            && (trimmed.ends_with(':') || trimmed.ends_with('['))
        {
            key_indent = Some(indent);
            item_indent = None;
        } else if key_indent.is_some_and(|key| indent <= key) {
            key_indent = None;
        }
    }
    lines
}

/// The step in which a mistake is.
fn step_of(starts: &[u32], diagnostic: &Diagnostic) -> Option<u32> {
    let line = diagnostic.location.as_ref()?.line;
    starts.iter().copied().rev().find(|start| *start <= line)
}

fn table(classes: &BTreeMap<String, Class>) -> String {
    let mut out = "\
| class | files | formats found | compiled | not YAML, mended | steps | understood |
|---|---|---|---|---|---|---|
"
    .to_owned();
    for (name, class) in classes {
        let formats: Vec<_> = class
            .formats
            .iter()
            .map(|(format, count)| format!("{format} {count}"))
            .collect();
        let share = class.understood as f64 * 100.0 / class.steps.max(1) as f64;
        writeln!(
            out,
            "| {name} | {} | {} | {} | {} | {} | {} ({share:.1} %) |",
            class.files,
            formats.join(", "),
            class.compiled,
            class.repaired,
            class.steps,
            class.understood,
        )
        .unwrap();
    }
    for (name, class) in classes
        .iter()
        .filter(|(name, class)| *name != "negative" && !class.wanting.is_empty())
    {
        writeln!(out, "\nNot compiled in {name}:\n").unwrap();
        for file in &class.wanting {
            writeln!(out, "- {file}").unwrap();
        }
    }
    out
}
