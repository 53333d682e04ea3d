//! `etude platform events`: what a platform has told by itself.

use std::time::Duration;

use etude::Client;
use etude::v1::platform_service_client::PlatformServiceClient;
use etude::v1::{self, PlatformEvent};
use tonic::{Request, Status};

use crate::cli::connect::QueryArgs;
use crate::cli::output::{self, Format, cut, note};
use crate::cli::platform_calls::PlatformArgs;
use crate::cli::problem::{Exit, Problem};
use crate::cli::style::one_line;

/// How often in a row a broken stream is opened again, and the wait before.
const ATTEMPTS: u32 = 30;
const PAUSE: Duration = Duration::from_secs(1);

/// The options of `etude platform events`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print the events as they come, oldest first, until the command is stopped; JSON and YAML
    /// print one after the other
    #[arg(long)]
    follow: bool,

    /// With --follow: sequence number of the last event already seen [default: all that are kept
    /// are printed first]
    #[arg(long, value_name = "NUMBER", requires = "follow", default_value_t = 0, hide_default_value = true, value_parser = clap::value_parser!(i64).range(0..))]
    after: i64,

    /// Without --follow: the most events to list
    #[arg(
        long,
        value_name = "NUMBER",
        conflicts_with = "follow",
        default_value_t = 50
    )]
    limit: usize,

    #[command(flatten)]
    platform: PlatformArgs,

    #[command(flatten)]
    query: QueryArgs,
}

pub(super) async fn events(args: Args) -> Result<Exit, Problem> {
    let client = args.query.connect().await?;
    match args.follow {
        true => follow(&client, &args).await,
        false => list(&client, &args).await,
    }
}

async fn list(client: &Client, args: &Args) -> Result<Exit, Problem> {
    let mut service = PlatformServiceClient::new(client.channel());
    let mut events = Vec::new();
    let mut page_token = String::new();
    while events.len() < args.limit {
        let wanted = args.limit - events.len();
        let request = args.request(v1::ListPlatformEventsRequest {
            page_size: i32::try_from(wanted).unwrap_or(i32::MAX),
            page_token,
        });
        let page = service.list_platform_events(request).await;
        let page = page.map_err(etude::Error::from)?.into_inner();
        events.extend(page.events);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    if events.is_empty() && args.query.form() == Format::Human {
        note(
            "this platform has told nothing; `platform.webhook_secret` of the server's \
             configuration lets the cloud send webhooks, and `--platform` names another platform",
        );
        return Ok(Exit::Passed);
    }
    let head = ["EVENT", "RECEIVED", "TYPE", "DELIVERY", "BODY"];
    args.query.print_all(&events, &head, cells)?;
    Ok(Exit::Passed)
}

/// Prints events until the process is ended, or the server tells more than a passing failure.
async fn follow(client: &Client, args: &Args) -> Result<Exit, Problem> {
    let (mut after, mut attempts) = (args.after, 0);
    loop {
        let error = match opened(client, args, after).await {
            Ok(mut messages) => loop {
                match messages.message().await {
                    Ok(Some(message)) => {
                        attempts = 0;
                        for event in message.events {
                            show(&event, args.query.form())?;
                            after = event.sequence;
                        }
                    }
                    Ok(None) => break Status::unavailable("the stream has ended early").into(),
                    Err(status) => break etude::Error::from(status),
                }
            },
            Err(status) => status.into(),
        };
        attempts += 1;
        if !error.is_transient() || attempts > ATTEMPTS {
            let again = format!("`--follow --after {after}` goes on after the last event shown");
            return Err(Problem::from(error).with_detail(again));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn opened(
    client: &Client,
    args: &Args,
    after_sequence: i64,
) -> Result<tonic::Streaming<v1::WatchPlatformEventsResponse>, Status> {
    let mut service = PlatformServiceClient::new(client.channel());
    let request = args.request(v1::WatchPlatformEventsRequest { after_sequence });
    Ok(service.watch_platform_events(request).await?.into_inner())
}

fn show(event: &PlatformEvent, form: Format) -> Result<(), Problem> {
    match form {
        Format::Human => output::print(&(cells(event).join("  ").trim_end().to_owned() + "\n")),
        Format::Json => output::print(&format!("{}\n", etude::json::to_value(event))),
        Format::Yaml => {
            output::print("---\n")?;
            output::print_message(event, Format::Yaml)
        }
    }
}

fn cells(event: &PlatformEvent) -> Vec<String> {
    let received = event.receive_time.map(|time| time.to_string());
    vec![
        event.sequence.to_string(),
        received.unwrap_or_default(),
        cut(&one_line(&event.content_type)),
        cut(&one_line(&event.delivery_id)),
        cut(&one_line(&String::from_utf8_lossy(&event.body))),
    ]
}

impl Args {
    /// A request to the platform that was named.
    fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        *request.metadata_mut() = self.platform.metadata();
        request
    }
}
