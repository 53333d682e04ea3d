//! `etude runs`: the runs that a server keeps.

use std::path::PathBuf;

use clap::Subcommand;
use etude::Client;
use etude::v1::{self, Artifact, ArtifactKind, RunState};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::connect::ServerArgs;
use super::output::{self, Format, FormatArgs, note};
use super::problem::{Exit, Problem};
use super::run::artifacts;
use super::style::one_line;

/// List, show, cancel and delete runs of a server, and fetch what they left
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List runs, newest first
    List {
        /// Which runs, such as 'state = "RUNNING"' or 'labels.branch = "main"'
        #[arg(long, value_name = "EXPRESSION", default_value = "")]
        filter: String,
        /// The most runs to list
        #[arg(long, value_name = "NUMBER", default_value_t = 50)]
        limit: usize,
        #[command(flatten)]
        server: ServerArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Show a run
    Get {
        /// runs/{id}, or its id
        name: String,
        #[command(flatten)]
        server: ServerArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Stop runs; their present steps are interrupted
    Cancel {
        /// runs/{id}, or its id
        #[arg(required = true)]
        names: Vec<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Delete finished runs with their events and artifacts
    Delete {
        /// runs/{id}, or its id
        #[arg(required = true)]
        names: Vec<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// List the reports, screenshots and downloads of a run, or fetch them
    Artifacts {
        /// runs/{id}, or its id
        name: String,
        /// Fetch all of them into this folder
        #[arg(long, value_name = "FOLDER")]
        download: Option<PathBuf>,
        #[command(flatten)]
        server: ServerArgs,
        #[command(flatten)]
        format: FormatArgs,
    },
}

pub(crate) async fn run(args: Args) -> Result<Exit, Problem> {
    match args.verb {
        Verb::List {
            filter,
            limit,
            server,
            format,
        } => {
            let client = server.connect().await?;
            let runs = client.runs(&filter).take(limit);
            list(&runs.try_collect::<Vec<_>>().await?, format.output)?;
        }
        Verb::Get {
            name,
            server,
            format,
        } => {
            let run = server.connect().await?.run(full_name(&name)).await?;
            let form = match format.output {
                Format::Human => Format::Yaml,
                other => other,
            };
            output::print_message(&run, form)?;
        }
        Verb::Cancel { names, server } => {
            let client = server.connect().await?;
            for name in names {
                let run = client.cancel_run(full_name(&name)).await?;
                note(&format!("{} is {}", run.name, state(&run)));
            }
        }
        Verb::Delete { names, server } => {
            let client = server.connect().await?;
            for name in names {
                let name = full_name(&name);
                client.delete_run(&name).await?;
                note(&format!("deleted {name}"));
            }
        }
        Verb::Artifacts {
            name,
            download,
            server,
            format,
        } => {
            let client = server.connect().await?;
            list_artifacts(&client, &full_name(&name), download, format.output).await?;
        }
    }
    Ok(Exit::Passed)
}

fn list(runs: &[v1::Run], format: Format) -> Result<(), Problem> {
    if format != Format::Human {
        let runs = runs.iter().map(etude::json::to_value).collect();
        return output::print_value(&Value::Array(runs), format);
    }
    let rows: Vec<_> = runs
        .iter()
        .map(|run| {
            let statistics = run.statistics.unwrap_or_default();
            vec![
                run.name.clone(),
                state(run),
                run.outcome().word().to_owned(),
                format!("{}/{}", statistics.passed, statistics.total),
                run.create_time
                    .map(|time| time.to_string())
                    .unwrap_or_default(),
                one_line(&run.test_name),
            ]
        })
        .collect();
    output::print(&output::table(
        &["RUN", "STATE", "OUTCOME", "PASSED", "CREATED", "TEST"],
        &rows,
    ))
}

async fn list_artifacts(
    client: &Client,
    run: &str,
    download: Option<PathBuf>,
    format: Format,
) -> Result<(), Problem> {
    // An unknown run has no artifacts either, and is a mistake.
    client.run(run).await?;
    let all: Vec<Artifact> = client.artifacts(run).try_collect().await?;
    if let Some(folder) = download {
        for artifact in &all {
            let path = artifacts::fetch(client, artifact, &folder).await?;
            note(&format!("{} → {}", artifact.name, path.display()));
        }
    }
    if format != Format::Human {
        let all = all.iter().map(etude::json::to_value).collect();
        return output::print_value(&Value::Array(all), format);
    }
    let rows: Vec<_> = all
        .iter()
        .map(|artifact| {
            vec![
                artifact.name.clone(),
                kind(artifact.kind()),
                artifact.size_bytes.to_string(),
                one_line(&artifact.file_name),
            ]
        })
        .collect();
    output::print(&output::table(
        &["ARTIFACT", "KIND", "BYTES", "FILE"],
        &rows,
    ))
}

fn kind(kind: ArtifactKind) -> String {
    let name = kind.as_str_name().trim_start_matches("ARTIFACT_KIND_");
    name.to_lowercase().replace('_', " ")
}

fn state(run: &v1::Run) -> String {
    match run.state() {
        RunState::Unspecified => String::new(),
        state => state
            .as_str_name()
            .trim_start_matches("RUN_STATE_")
            .to_lowercase(),
    }
}

/// The resource name, of which the first part may be left out.
pub(crate) fn full_name(name: &str) -> String {
    match name.starts_with("runs/") {
        true => name.to_owned(),
        false => format!("runs/{name}"),
    }
}
