//! `etude sessions`: live sessions of a server.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Subcommand;
use etude::v1::authoring::Checkpoint;
use etude::v1::{self, BrowserOptions, CreateSessionRequest, SessionState, WindowMode};
use futures::TryStreamExt as _;

use super::connect::{self, QueryArgs, ServerArgs};
use super::fields::duration;
use super::headers::HeaderArgs;
use super::output::{self, Format, note};
use super::platform_calls::platform_name;
use super::problem::{Exit, Problem};
use super::run::environment::{EnvironmentArgs, used_in};
use super::run::variables::{self, Assignment};
use super::style::one_line;

/// Open, list, show and close live sessions of a server
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Open a session and print its name: in a browser of its own, or on a platform's checkpoint
    Create(Box<Create>),
    /// List active sessions
    List {
        /// Also sessions that ended within the last hour
        #[arg(long)]
        ended: bool,
        #[command(flatten)]
        query: QueryArgs,
    },
    /// Show a session: address, tabs, variables
    Get {
        /// sessions/{id}, or its id
        name: String,
        #[command(flatten)]
        query: QueryArgs,
    },
    /// Close sessions and their browsers
    Delete {
        /// sessions/{id}, or its id
        #[arg(required = true)]
        names: Vec<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
}

#[derive(Debug, clap::Args)]
struct Create {
    /// The address that is loaded first
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// The address that relative addresses are completed with
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,

    /// What the session is called, for people
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,

    /// How long it lives at most, up to 24h
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    ttl: Option<Duration>,

    /// How long it may stay without a command, up to 24h
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    idle_timeout: Option<Duration>,

    /// A variable to begin with
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variables::assignment)]
    variables: Vec<Assignment>,

    #[command(flatten)]
    environment: EnvironmentArgs,

    /// An environment variable of yours that commands read as ${ENV:NAME}; its value is hidden.
    /// Those that the addresses use come along by themselves
    #[arg(long = "pass-env", value_name = "NAME")]
    passed: Vec<String>,

    #[command(flatten)]
    headers: HeaderArgs,

    /// Show the browser's window
    #[arg(long)]
    headed: bool,

    #[command(flatten)]
    authoring: AuthoringArgs,

    #[command(flatten)]
    query: QueryArgs,
}

/// The checkpoint of an authoring session.
#[derive(Debug, clap::Args)]
struct AuthoringArgs {
    /// Add commands to this checkpoint of a platform instead of executing them: checkpoints/{id}
    /// or, with --project, --goal and --journey, its name
    #[arg(long, value_name = "NAME", conflicts_with_all = ["url", "base_url", "variables", "headed", "headers"])]
    checkpoint: Option<String>,

    /// Name of the project, which is created when there is none
    #[arg(long, value_name = "NAME", requires_all = ["checkpoint", "goal", "journey"])]
    project: Option<String>,

    /// Name of the goal, which is created when there is none
    #[arg(long, value_name = "NAME", requires = "project")]
    goal: Option<String>,

    /// Name of the journey, which is created when there is none
    #[arg(long, value_name = "NAME", requires = "project")]
    journey: Option<String>,

    /// The address that a goal which has to be created starts at
    #[arg(long, value_name = "URL", requires = "project")]
    goal_url: Option<String>,

    /// The platform: local, virtuoso or an account's name [default: the server's]
    #[arg(long, value_name = "PLATFORM", value_parser = platform_name, requires = "checkpoint")]
    platform: Option<String>,
}

impl AuthoringArgs {
    fn into_message(self) -> Option<v1::Authoring> {
        let named = self.checkpoint?;
        let checkpoint = match self.project {
            None => Checkpoint::Name(connect::full_name("checkpoints", &named)),
            Some(project) => Checkpoint::Path(v1::CheckpointPath {
                project,
                goal: self.goal.unwrap_or_default(),
                journey: self.journey.unwrap_or_default(),
                checkpoint: named,
                url: self.goal_url.unwrap_or_default(),
            }),
        };
        Some(v1::Authoring {
            platform: self.platform.unwrap_or_default(),
            checkpoint: Some(checkpoint),
        })
    }
}

pub(crate) async fn run(args: Args) -> Result<Exit, Problem> {
    match args.verb {
        Verb::Create(args) => create(*args).await?,
        Verb::List { ended, query } => {
            let client = query.connect().await?;
            let sessions: Vec<_> = client.sessions(ended).try_collect().await?;
            list(&sessions, &query)?;
        }
        Verb::Get { name, query } => {
            let client = query.connect().await?;
            query.print_one(&client.session(full_name(&name)).state().await?)?;
        }
        Verb::Delete { names, server } => {
            let client = server.connect().await?;
            for name in names {
                let name = full_name(&name);
                client.session(&name).close().await?;
                note(&format!("closed {name}"));
            }
        }
    }
    Ok(Exit::Passed)
}

async fn create(args: Create) -> Result<(), Problem> {
    let environment = args.environment.resolve()?;
    let (environment, base_url) = match environment {
        Some(resolved) => (Some(resolved.environment), resolved.base_url),
        None => (None, String::new()),
    };
    let base_url = args.base_url.unwrap_or(base_url);
    let url = args.url.unwrap_or_default();
    let mut env = passed(&args.passed)?;
    env.extend(used_in(&base_url).into_iter().chain(used_in(&url)));
    let client = args.query.connect().await?;
    let span = |span: Option<Duration>| prost_types::Duration::try_from(span?).ok();
    let session = client
        .create_session(CreateSessionRequest {
            starting_url: url,
            base_url,
            environment,
            env,
            http_headers: args.headers.read()?,
            display_name: args.display_name.unwrap_or_default(),
            ttl: span(args.ttl),
            idle_timeout: span(args.idle_timeout),
            variables: args.variables.into_iter().map(Into::into).collect(),
            browser: args.headed.then(|| BrowserOptions {
                window_mode: WindowMode::Headed.into(),
                ..Default::default()
            }),
            authoring: args.authoring.into_message(),
            ..Default::default()
        })
        .await?;
    match args.query.form() {
        Format::Human => output::print(&format!("{}\n", session.name())),
        _ => args.query.print_one(&session.state().await?),
    }
}

/// The values of environment variables, each of which must be set.
fn passed(names: &[String]) -> Result<BTreeMap<String, String>, Problem> {
    let value = |name: &String| match std::env::var(name) {
        Ok(value) => Ok((name.clone(), value)),
        Err(error) => Err(Problem::bad_input(format!("--pass-env {name}: {error}"))),
    };
    names.iter().map(value).collect()
}

fn list(sessions: &[v1::Session], query: &QueryArgs) -> Result<(), Problem> {
    let head = ["SESSION", "STATE", "STEPS", "BROWSER", "CALLED"];
    query.print_all(sessions, &head, |session| {
        let state = match session.state() {
            SessionState::Active => "active".to_owned(),
            _ => format!("ended {}", session.end_reason),
        };
        vec![
            session.name.clone(),
            state,
            session.steps_done.to_string(),
            session.browser.clone(),
            one_line(&session.display_name),
        ]
    })
}

/// The resource name of a session.
pub(crate) fn full_name(name: &str) -> String {
    connect::full_name("sessions", name)
}
