//! `etude explain`: the page of an error's reason, of a command, or of a rule of lint.

use super::problem::{Exit, Problem};
use super::{commands, output};

/// Print what an error's reason, a command or a rule of lint means
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A reason such as TARGET_NOT_FOUND, a command such as click, or a rule such as fixed-sleep
    #[arg(value_name = "REASON|COMMAND|RULE")]
    topic: String,
}

pub(crate) fn run(args: &Args) -> Result<Exit, Problem> {
    let reason = args.topic.trim_matches(['[', ']']).to_uppercase();
    if let Some(page) = etude_server::error_page(&reason) {
        output::print(page)?;
        return Ok(Exit::Passed);
    }
    if let Some(page) = etude_language::lint::rule_page(&args.topic) {
        output::print(&page)?;
        return Ok(Exit::Passed);
    }
    match commands::find(&args.topic) {
        Ok(spec) => {
            output::print(&commands::page(spec))?;
            Ok(Exit::Passed)
        }
        Err(_) => Err(unknown(&args.topic, &reason)),
    }
}

fn unknown(topic: &str, reason: &str) -> Problem {
    let reasons = etude_server::error_pages::reasons().map(str::to_owned);
    let near_reason = commands::nearest(reason, reasons);
    let near_command = commands::nearest(&topic.to_lowercase(), commands::keys());
    let near = match (near_reason, near_command) {
        (Some((a, reason)), Some((b, command))) => Some(if a >= b { reason } else { command }),
        (reason, command) => reason.or(command).map(|(_, name)| name),
    };
    let hint = match near {
        Some(name) => format!("did you mean {name}?"),
        None => "`etude commands` lists the commands; an error shows its reason in brackets".into(),
    };
    Problem::bad_input(format!("nothing is known of {topic:?}; {hint}"))
}
