//! `etude schema`: the JSON Schema of test files.

use super::output;
use super::problem::{Exit, Problem};

/// Print the JSON Schema of test files, for editors
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args) -> Result<Exit, Problem> {
    output::print_value(&etude_language::schema(), output::Format::Json)?;
    Ok(Exit::Passed)
}
