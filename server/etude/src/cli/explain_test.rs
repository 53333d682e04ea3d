//! `etude explain-test`: a test in words.

use std::path::PathBuf;

use etude::v1;
use etude_language::{Brought, natural};

use super::output::{self, note};
use super::problem::{Exit, Problem};
use super::style::{Style, one_line};
use super::{diagnostics, files, sources};

/// Print a test in words, one statement a line
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A test file in any format, or - for stdin
    file: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<Exit, Problem> {
    let name = files::name(&args.file);
    let parsed = sources::parse(
        &args.file,
        &name,
        &files::read(&args.file)?,
        &Brought::default(),
    )?;
    match parsed.test {
        Some(test) => {
            output::print(&words(&test))?;
            Ok(Exit::Passed)
        }
        None => {
            note(&diagnostics::render(
                &parsed.diagnostics,
                Style::of_stderr(),
            ));
            Ok(Exit::BadInput)
        }
    }
}

/// The statements of a test. Lines that begin with `#` are no statements.
fn words(test: &v1::Test) -> String {
    let mut text = format!("# {}\n", one_line(&test.name));
    if !test.starting_url.is_empty() {
        text += &format!("# begins at {}\n", one_line(&test.starting_url));
    }
    for definition in &test.definitions {
        let name = one_line(&definition.name);
        let parameters = definition
            .parameters
            .iter()
            .map(|p| format!(" ${}", p.name));
        let heading = format!("\n# block {name:?}:{}\n", parameters.collect::<String>());
        section(&mut text, &heading, &definition.steps);
    }
    section(&mut text, "\n# before all checkpoints\n", &test.setup);
    let mut number = 0;
    for checkpoint in &test.checkpoints {
        let mut heading = "\n".to_owned();
        if !checkpoint.name.is_empty() {
            number += 1;
            heading += &format!("Checkpoint {number}: {}\n", one_line(&checkpoint.name));
        }
        section(&mut text, &heading, &checkpoint.steps);
    }
    section(&mut text, "\n# after all checkpoints\n", &test.teardown);
    text
}

fn section(text: &mut String, heading: &str, steps: &[v1::Step]) {
    if steps.is_empty() {
        return;
    }
    text.push_str(heading);
    statements(text, "", steps);
}

/// The steps in words; those of a block are indented below it.
fn statements(text: &mut String, indent: &str, steps: &[v1::Step]) {
    for step in steps {
        *text += &format!("{indent}{}\n", natural::step(step));
        let inner = format!("{indent}  ");
        let sections = step.block.as_ref().map(v1::Block::sections);
        for section in sections.unwrap_or_default() {
            statements(text, &inner, section.steps);
        }
    }
}
