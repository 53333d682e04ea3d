//! `etude platform`: which platform answers, what it tells by itself, and the token for the Virtuoso
//! cloud.

mod events;
mod login;
mod prompt;

use clap::Subcommand;
use etude::v1::platform_service_client::PlatformServiceClient;
use etude::v1::{self, TokenState};
use tonic::Request;

use super::connect::QueryArgs;
use super::output::{self, Format};
use super::platform_calls::PlatformArgs;
use super::problem::{Exit, Problem};
use super::style::{Style, plain};

/// See how a platform fares and what it tells by itself, and keep a token for the Virtuoso cloud
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show which platform answers, whether it takes the token, and how calls to it fare; exit
    /// code 3 when it cannot be used
    Status {
        #[command(flatten)]
        platform: PlatformArgs,
        #[command(flatten)]
        query: QueryArgs,
    },
    /// List what a platform has told by itself, newest first: the webhooks that the server has
    /// accepted
    Events(events::Args),
    /// Keep a token for the Virtuoso cloud, in a file that only you can read, once the cloud has
    /// taken it
    Login(login::Args),
    /// Remove the token that `etude platform login` has kept
    Logout,
}

pub(crate) async fn run(args: Args) -> Result<Exit, Problem> {
    match args.verb {
        Verb::Status { platform, query } => status(&platform, &query).await,
        Verb::Events(args) => events::events(args).await,
        Verb::Login(args) => login::login(args).await,
        Verb::Logout => login::logout(),
    }
}

async fn status(platform: &PlatformArgs, query: &QueryArgs) -> Result<Exit, Problem> {
    let client = query.connect().await?;
    let mut request = Request::new(v1::GetPlatformRequest {});
    *request.metadata_mut() = platform.metadata();
    let mut service = PlatformServiceClient::new(client.channel());
    let answer = service.get_platform(request).await;
    let answer = answer.map_err(etude::Error::from)?.into_inner();
    let platform = answer.platform.unwrap_or_default();
    match query.form() {
        Format::Human => output::print(&text(&platform, Style::of_stdout()))?,
        _ => query.print_one(&platform)?,
    }
    Ok(match platform.token() {
        TokenState::Valid | TokenState::NotNeeded => Exit::Passed,
        _ => Exit::CouldNotRun,
    })
}

fn text(platform: &v1::Platform, style: Style) -> String {
    let mut lines = Vec::new();
    let default = match platform.is_default {
        true => " (the default)",
        false => "",
    };
    lines.push(("platform", format!("{}{default}", platform.id)));
    if !platform.url.is_empty() {
        lines.push(("address", plain(&platform.url)));
    }
    if platform.organization > 0 {
        lines.push(("organization", platform.organization.to_string()));
    }
    lines.push(("token", token(platform, style)));
    if let Some(metrics) = &platform.metrics {
        lines.extend(counts(metrics));
    }
    if let Some(counts) = &platform.webhooks {
        lines.push(("webhooks", webhooks(counts)));
    }
    lines
        .iter()
        .map(|(name, value)| format!("{name:<13} {value}\n"))
        .collect()
}

fn token(platform: &v1::Platform, style: Style) -> String {
    let word = match platform.token() {
        TokenState::NotNeeded => "not needed".to_owned(),
        TokenState::Valid => style.green("valid"),
        TokenState::Missing => style.red("missing"),
        TokenState::Refused => style.red("refused"),
        _ => style.yellow("not known"),
    };
    match platform.detail.as_str() {
        "" => word,
        detail => format!("{word}: {}", plain(detail)),
    }
}

fn webhooks(counts: &v1::WebhookMetrics) -> String {
    format!(
        "{} accepted, {} repeated, {} without the token, {} refused",
        counts.accepted, counts.repeated, counts.unauthorized, counts.refused
    )
}

fn counts(metrics: &v1::PlatformMetrics) -> Vec<(&'static str, String)> {
    let reads = metrics.cache_hits + metrics.cache_misses;
    let share = (metrics.cache_hits * 100)
        .checked_div(reads)
        .unwrap_or_default();
    let breaker = metrics.breaker().as_str_name();
    let breaker = breaker
        .trim_start_matches("BREAKER_STATE_")
        .to_lowercase()
        .replace('_', " ");
    vec![
        (
            "requests",
            format!(
                "{}; {} repeated, {} failed, {} throttled by the platform, {} held back by our limit",
                metrics.requests,
                metrics.retries,
                metrics.failures,
                metrics.throttled,
                metrics.rate_limited
            ),
        ),
        (
            "calls",
            format!(
                "{} on their way, {} waiting, {} refused by a full queue",
                metrics.in_flight, metrics.queued, metrics.queue_refused
            ),
        ),
        (
            "breaker",
            format!(
                "{breaker}; opened {} times, {} calls refused",
                metrics.breaker_opened, metrics.breaker_refused
            ),
        ),
        ("cache", format!("{share} % of {reads} reads")),
        (
            "settled",
            format!("{} creations whose answer was lost", metrics.settled),
        ),
    ]
}
