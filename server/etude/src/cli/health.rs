//! `etude health-check`: whether a server can be used, for probes and scripts.

use std::time::Duration;

use etude::Client;
use etude::v1::GetServerInfoResponse;
use serde_json::json;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::connect::ServerArgs;
use super::fields::duration;
use super::output::{self, Format, FormatArgs};
use super::problem::{Exit, Problem};
use super::style::{Style, elapsed, plain};

/// Between two questions of `--wait`.
const PAUSE: Duration = Duration::from_millis(100);

/// Ask a server whether it serves; ends with 0 when it does, else with 3
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// One service only, such as etude.v1.RunService [default: the whole server]
    #[arg(long, value_name = "NAME", default_value = "")]
    service: String,

    /// Ask again until it serves or the time is over
    #[arg(long)]
    wait: bool,

    /// How long all may take
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    timeout: Duration,

    #[command(flatten)]
    server: ServerArgs,

    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) async fn run(args: Args) -> Result<Exit, Problem> {
    let answer = tokio::time::timeout(args.timeout, ask_until(&args)).await;
    let (status, info) = answer.unwrap_or_else(|_| Err(Problem::could_not_run(late(&args))))?;
    match args.format.output {
        Format::Human => {
            let style = Style::of_stdout();
            let mut text = format!("{}\n", status.as_str_name());
            for part in &info.components {
                let mark = match part.serving {
                    true => style.green("✓"),
                    false => style.red("✗"),
                };
                text += &format!("  {mark} {:<8} {}\n", part.name, plain(&part.detail));
            }
            output::print(&text)?;
        }
        format => output::print_value(
            &json!({
                "status": status.as_str_name(),
                "server": etude::json::to_value(&info),
            }),
            format,
        )?,
    }
    Ok(match status {
        ServingStatus::Serving => Exit::Passed,
        _ => Exit::CouldNotRun,
    })
}

fn late(args: &Args) -> String {
    let what = match args.wait {
        true => "serve",
        false => "answer",
    };
    let timeout = elapsed(args.timeout);
    format!("the server did not {what} within {timeout}; --timeout sets how long to wait")
}

/// The first answer, or with `--wait` the first good one.
async fn ask_until(args: &Args) -> Result<(ServingStatus, GetServerInfoResponse), Problem> {
    loop {
        let answer = ask(args).await;
        let again = match &answer {
            Ok((status, _)) => *status != ServingStatus::Serving,
            Err(problem) => problem.exit == Exit::CouldNotRun,
        };
        if !(args.wait && again) {
            return answer;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn ask(args: &Args) -> Result<(ServingStatus, GetServerInfoResponse), Problem> {
    let client = args.server.connect().await?;
    let status = status(&client, &args.service).await?;
    Ok((status, client.server_info().await?))
}

async fn status(client: &Client, service: &str) -> Result<ServingStatus, Problem> {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    match HealthClient::new(client.channel()).check(request).await {
        Ok(response) => Ok(response.into_inner().status()),
        Err(status) if status.code() == tonic::Code::NotFound => Err(Problem::bad_input(format!(
            "the server has no service {service:?}; `grpcurl -plaintext HOST:PORT list` lists them"
        ))),
        Err(status) => Err(etude::Error::from(status).into()),
    }
}
