//! `etude version`.

use serde_json::json;

use super::output::{self, Format, FormatArgs};
use super::problem::{Exit, Problem};

/// The version and the commit, for `--version` too.
pub(crate) const SHORT: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("ETUDE_COMMIT"), ")");

/// Print the version and the git commit this was built from
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) fn run(args: &Args) -> Result<Exit, Problem> {
    match args.format.output {
        Format::Human => output::print(&format!("etude {SHORT}\n"))?,
        format => output::print_value(
            &json!({"version": etude_server::VERSION, "commit": etude_server::COMMIT}),
            format,
        )?,
    }
    Ok(Exit::Passed)
}
