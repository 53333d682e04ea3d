//! `etude runs`: the runs that a server keeps.

use std::path::PathBuf;

use clap::Subcommand;
use etude::v1::{self, Artifact, ArtifactKind, RunState};
use futures::{StreamExt as _, TryStreamExt as _};

use super::connect::{self, QueryArgs, ServerArgs};
use super::output::note;
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
        /// Which runs, such as 'state = "RUNNING"', 'environment = "staging" AND tags:smoke' or
        /// 'labels.branch = "main"'
        #[arg(long, value_name = "EXPRESSION", default_value = "")]
        filter: String,
        /// The most runs to list
        #[arg(long, value_name = "NUMBER", default_value_t = 50)]
        limit: usize,
        /// Also the runs that work for executions of the local platform; those of one are found by
        /// --filter 'owner = "executions/…"'
        #[arg(long)]
        show_owned: bool,
        #[command(flatten)]
        query: QueryArgs,
    },
    /// Show a run
    Get {
        /// runs/{id}, or its id
        name: String,
        #[command(flatten)]
        query: QueryArgs,
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
        query: QueryArgs,
    },
}

pub(crate) async fn run(args: Args) -> Result<Exit, Problem> {
    match args.verb {
        Verb::List {
            filter,
            limit,
            show_owned,
            query,
        } => {
            let request = v1::ListRunsRequest {
                filter,
                show_owned,
                ..v1::ListRunsRequest::default()
            };
            let runs = query.connect().await?.list_runs(request).take(limit);
            list(&runs.try_collect::<Vec<_>>().await?, &query)?;
        }
        Verb::Get { name, query } => {
            let run = query.connect().await?.run(full_name(&name)).await?;
            query.print_one(&run)?;
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
            query,
        } => list_artifacts(&full_name(&name), download, &query).await?,
    }
    Ok(Exit::Passed)
}

fn list(runs: &[v1::Run], query: &QueryArgs) -> Result<(), Problem> {
    let head = ["RUN", "STATE", "OUTCOME", "PASSED", "CREATED", "TEST"];
    query.print_all(runs, &head, |run| {
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
}

async fn list_artifacts(
    run: &str,
    download: Option<PathBuf>,
    query: &QueryArgs,
) -> Result<(), Problem> {
    let client = query.connect().await?;
    // An unknown run has no artifacts either, and is a mistake.
    client.run(run).await?;
    let all: Vec<Artifact> = client.artifacts(run).try_collect().await?;
    if let Some(folder) = download {
        for artifact in &all {
            let path = artifacts::fetch(&client, artifact, &folder).await?;
            note(&format!("{} → {}", artifact.name, path.display()));
        }
    }
    query.print_all(&all, &["ARTIFACT", "KIND", "BYTES", "FILE"], |artifact| {
        vec![
            artifact.name.clone(),
            kind(artifact.kind()),
            artifact.size_bytes.to_string(),
            one_line(&artifact.file_name),
        ]
    })
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

/// The resource name of a run.
pub(crate) fn full_name(name: &str) -> String {
    connect::full_name("runs", name)
}
