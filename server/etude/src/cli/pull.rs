//! `etude pull`: writes journeys of a platform to test files.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use etude::Client;
use etude::v1;
use futures::TryStreamExt as _;
use serde_json::{Value, json};

use super::connect::ServerArgs;
use super::files;
use super::output::{self, Format, FormatArgs, note};
use super::platform_calls::{PlatformArgs, stream};
use super::problem::{Exit, Problem};
use super::style::{Style, one_line};

const HELP: &str = "\
Examples:
  etude pull Shop --out tests/
  etude pull 'Shop/Web/Log in' --out .
  etude pull journeys/12 goals/7 --platform virtuoso --out tests/

A file that exists and says something else is left alone, unless --force is given.";

/// Write journeys of a platform to test files, and say what a file cannot hold
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// A journey, or the journeys of a goal or a project: its resource name, or its path of names
    #[arg(required = true, value_name = "NAME|PATH")]
    sources: Vec<String>,

    /// The folder to write to
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,

    /// Replace files that exist
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    platform: PlatformArgs,

    #[command(flatten)]
    server: ServerArgs,

    #[command(flatten)]
    format: FormatArgs,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    New,
    Same,
    /// No file can hold the journey.
    Not,
}

pub(crate) async fn run(args: Args) -> Result<Exit, Problem> {
    let client = args.server.connect().await?;
    let mut pulled = Vec::new();
    for source in &args.sources {
        pulled.extend(read(&client, source, &args).await?);
    }
    // What was read twice is written once.
    let mut seen = HashSet::new();
    pulled.retain(|file| seen.insert(file.journey.clone()));
    let targets = targets(&pulled, &args.out)?;
    check(&pulled, &targets, args.force)?;
    let mut exit = Exit::Passed;
    let mut documents = Vec::new();
    for (file, target) in pulled.iter().zip(&targets) {
        let written = write(file, target)?;
        if written == Written::Not {
            exit = Exit::Failed;
        }
        match args.format.output {
            Format::Human => tell(file, target, written)?,
            _ => documents.push(json!({
                "file": target.display().to_string(),
                "journey": file.journey,
                "written": written != Written::Not,
                "changed": written == Written::New,
                "notes": file.notes,
            })),
        }
    }
    if args.format.output != Format::Human {
        output::print_value(&Value::Array(documents), args.format.output)?;
    }
    Ok(exit)
}

async fn read(
    client: &Client,
    source: &str,
    args: &Args,
) -> Result<Vec<v1::PullTestsResponse>, Problem> {
    let request = v1::PullTestsRequest {
        source: source.to_owned(),
    };
    let files = stream(client, "PullTests", &request, &args.platform).await?;
    Ok(files.try_collect().await?)
}

/// Where the files are written: below the folder, no two at the same place.
fn targets(pulled: &[v1::PullTestsResponse], folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut taken = HashSet::new();
    let target = |file: &v1::PullTestsResponse| {
        let path = Path::new(&file.path);
        let inside = path
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if file.path.is_empty() || !inside {
            let message = format!(
                "the server names a file outside of the folder: {}",
                file.path
            );
            return Err(Problem::could_not_run(message));
        }
        let mut target = folder.join(path);
        let mut number = 1;
        while !taken.insert(target.clone()) {
            number += 1;
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            target = folder.join(path.with_file_name(format!("{stem}-{number}.yaml")));
        }
        Ok(target)
    };
    pulled.iter().map(target).collect()
}

/// Refuses to replace files, before the first is written.
fn check(
    pulled: &[v1::PullTestsResponse],
    targets: &[PathBuf],
    force: bool,
) -> Result<(), Problem> {
    let in_the_way = |(file, target): &(&v1::PullTestsResponse, &PathBuf)| {
        !file.content.is_empty() && target.exists() && !is_same(target, &file.content)
    };
    let files = pulled.iter().zip(targets);
    let there: Vec<_> = files.filter(in_the_way).map(|(_, target)| target).collect();
    let Some(first) = there.first().filter(|_| !force) else {
        return Ok(());
    };
    let others = match there.len() {
        1 => String::new(),
        count => format!(" and {} others", count - 1),
    };
    let message = format!(
        "{}{others} exist and say something else; --force replaces them",
        first.display()
    );
    Err(Problem::bad_input(message))
}

fn is_same(target: &Path, content: &[u8]) -> bool {
    std::fs::read(target).is_ok_and(|found| found == content)
}

fn write(file: &v1::PullTestsResponse, target: &Path) -> Result<Written, Problem> {
    if file.content.is_empty() {
        return Ok(Written::Not);
    }
    if is_same(target, &file.content) {
        return Ok(Written::Same);
    }
    let unwritable = |error: std::io::Error| {
        Problem::could_not_run(format!("{} cannot be written: {error}", target.display()))
    };
    files::store(target, &file.content, true, |_| Ok(())).map_err(unwritable)?;
    Ok(Written::New)
}

fn tell(file: &v1::PullTestsResponse, target: &Path, written: Written) -> Result<(), Problem> {
    let style = Style::of_stderr();
    let target = target.display();
    match written {
        Written::New => output::print(&format!("{target}\n"))?,
        Written::Same => note(&format!("{target} is as it was")),
        Written::Not => note(&format!("{} {target}: not written", style.red("error:"))),
    }
    for one in &file.notes {
        note(&format!(
            "{} {target}: {}",
            style.yellow("note:"),
            one_line(one)
        ));
    }
    Ok(())
}
