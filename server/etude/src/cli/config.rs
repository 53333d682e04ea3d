//! `etude config`: the configuration of a server, without starting one.

use std::path::PathBuf;

use clap::Subcommand;
use etude_server::config::Config;
use serde_json::json;

use super::connect::sources;
use super::output::{self, Format, FormatArgs};
use super::problem::{Exit, Problem};

/// Check or show the configuration of a server
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Check the file and the environment; every mistake at once
    Check {
        /// The file [default: $ETUDE_CONFIG, else ~/.config/etude/config.yaml if it exists]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Print the configuration as it would be used, defaults included
    Show {
        /// The file [default: $ETUDE_CONFIG, else ~/.config/etude/config.yaml if it exists]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        #[command(flatten)]
        format: FormatArgs,
    },
}

pub(crate) fn run(args: &Args) -> Result<Exit, Problem> {
    match &args.verb {
        Verb::Check { config } => {
            let sources = sources(config.clone());
            Config::load(&sources)?;
            let file = match &sources.file {
                Some(file) => format!("{} and the environment", file.display()),
                None => "the environment".to_owned(),
            };
            output::print(&format!("{file}: no mistakes\n"))?;
        }
        Verb::Show { config, format } => {
            let config = Config::load(&sources(config.clone()))?;
            let mut value = serde_json::to_value(&config).unwrap_or_default();
            if let Ok(folder) = config.data_dir() {
                value["data_dir"] = json!(folder);
            }
            let form = match format.output {
                Format::Human => Format::Yaml,
                other => other,
            };
            output::print_value(&value, form)?;
        }
    }
    Ok(Exit::Passed)
}
