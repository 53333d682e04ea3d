//! `etude watch`: the events of a run, live.

use futures::StreamExt as _;

use super::connect::ServerArgs;
use super::output::{self, Format, FormatArgs};
use super::problem::{Exit, Problem};
use super::run::{Printer, Tally, summary};
use super::runs::full_name;

/// Follow a run of a server to its end; JSON and YAML print one event after the other
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// runs/{id}, or its id
    run: String,

    /// Sequence number of the last event already seen
    #[arg(long, value_name = "NUMBER", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    after: i64,

    #[command(flatten)]
    server: ServerArgs,

    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) async fn run(args: Args) -> Result<Exit, Problem> {
    let client = args.server.connect().await?;
    let name = full_name(&args.run);
    let run = client.run(&name).await?;
    let mut tally = Tally::new(String::new(), run.test.clone().unwrap_or_default());
    let mut printer = Printer::on_stdout(false);
    let mut events = client.watch_run(&name, args.after);
    while let Some(event) = events.next().await {
        let event = event.map_err(|error| lost(error, &name, events.last_sequence()))?;
        tally.add(&event);
        match args.format.output {
            Format::Human => printer.event(&tally, &event)?,
            Format::Json => {
                let line = etude::json::to_value(&event).to_string();
                output::print(&(line + "\n"))?;
            }
            Format::Yaml => {
                output::print("---\n")?;
                output::print_message(&event, Format::Yaml)?;
            }
        }
    }
    printer.finish()?;
    // Events before `--after` are not known here; the run itself is.
    tally.finish(client.run(&name).await?);
    if args.format.output == Format::Human {
        output::print(&summary::text(&[tally.clone()], None))?;
    }
    Ok(tally.exit())
}

/// How to go on when the server was lost.
fn lost(error: etude::Error, run: &str, last: i64) -> Problem {
    let problem = Problem::from(error);
    match problem.is_unreachable() {
        true => problem.with_detail(format!(
            "the run goes on when the server is back: `etude watch {run} --after {last}`"
        )),
        false => problem,
    }
}
