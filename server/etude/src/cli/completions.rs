//! `etude completions`.

use clap_complete::Shell;

use super::output;
use super::problem::{Exit, Problem};

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<Exit, Problem> {
    let mut script = Vec::new();
    let mut command = super::whole();
    clap_complete::generate(args.shell, &mut command, "etude", &mut script);
    output::print_bytes(&script)?;
    Ok(Exit::Passed)
}
