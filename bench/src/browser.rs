//! The 20-step journey and the click, by Étude and by its peers in turn.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use etude::v1::command_service_client::CommandServiceClient;
use etude::v1::{
    AssertEquals, Click, Command, CommandContext, ExecuteRequest, Navigate, Outcome, Target, Write,
    target::Locator,
};
use serde_json::{Value, json};
use tonic::transport::Channel;

use crate::etude_server::EtudeServer;
use crate::peers::Peer;
use crate::stats::{Line, median, millis};
use crate::{Paths, site};

const ROUNDS: usize = 8;
const WARM_UP: usize = 1;
const CLICKS: usize = 100;

/// Runs all drivers in turn, so that noise of the machine meets them alike.
pub(crate) async fn measure(paths: &Paths) -> Result<Vec<Line>> {
    let shop = format!(
        "http://{}",
        site::serve(&paths.root.join("examples/shop")).await?
    );
    let pages = format!(
        "http://{}",
        site::serve(&paths.root.join("bench/pages")).await?
    );
    let journey = journey_steps(&paths.root)?;
    let server = EtudeServer::start(&paths.etude, &[("ETUDE_BROWSER__WARM", "1")]).await?;
    let peers = paths.root.join("bench/peers");
    let start = |name: &str| Peer::start(peers.join(name), paths);
    let mut playwright = start("playwright.mjs").await?;
    let mut selenium = start("selenium.mjs").await?;

    let asked = json!({"journey": journey, "base": shop});
    let mut journeys = Samples::default();
    for round in 0..ROUNDS + WARM_UP {
        let ours = etude_journey(&server, &journey, &shop).await?;
        let theirs = (playwright.ask(&asked).await?, selenium.ask(&asked).await?);
        if round >= WARM_UP {
            journeys.add(
                ours.iter().sum(),
                theirs.0.iter().sum(),
                theirs.1.iter().sum(),
            );
        }
    }
    let url = format!("{pages}/click.html");
    let asked = json!({"clicks": CLICKS, "url": url});
    let ours = etude_clicks(&server, &url).await?;
    let clicks = [
        median(&ours),
        median(&playwright.ask(&asked).await?),
        median(&selenium.ask(&asked).await?),
    ];

    playwright.stop().await?;
    selenium.stop().await?;
    server.stop().await?;
    Ok(lines(&journeys, journey.len() as f64, clicks))
}

/// Times of whole journeys in milliseconds.
#[derive(Default)]
struct Samples {
    etude: Vec<f64>,
    playwright: Vec<f64>,
    selenium: Vec<f64>,
}

impl Samples {
    fn add(&mut self, etude: f64, playwright: f64, selenium: f64) {
        self.etude.push(etude);
        self.playwright.push(playwright);
        self.selenium.push(selenium);
    }
}

fn lines(journeys: &Samples, steps: f64, clicks: [f64; 3]) -> Vec<Line> {
    let rate = |samples: &[f64]| steps * 1000.0 / median(samples);
    let (ours, playwright, selenium) = (
        rate(&journeys.etude),
        rate(&journeys.playwright),
        rate(&journeys.selenium),
    );
    let [click, playwright_click, selenium_click] = clicks;
    vec![
        Line::new(
            "20-step journey, Étude to Playwright",
            format!(
                "{:.2} × ({ours:.1} to {playwright:.1} steps/s)",
                ours / playwright
            ),
            "≥ 1.5 ×",
            ours >= 1.5 * playwright,
        ),
        Line::new(
            "20-step journey, Étude to selenium-webdriver",
            format!(
                "{:.2} × ({ours:.1} to {selenium:.1} steps/s)",
                ours / selenium
            ),
            "≥ 2 ×",
            ours >= 2.0 * selenium,
        ),
        Line::new(
            "click with all checks, median",
            format!(
                "{click:.1} ms (Playwright {playwright_click:.1} ms, selenium-webdriver {selenium_click:.1} ms)"
            ),
            "≤ 12 ms",
            click <= 12.0,
        ),
    ]
}

fn journey_steps(root: &Path) -> Result<Vec<Value>> {
    let text = std::fs::read_to_string(root.join("bench/journey.json"))?;
    let mut file: Value = serde_json::from_str(&text)?;
    let steps = file["steps"].take();
    Ok(serde_json::from_value(steps)?)
}

async fn etude_journey(server: &EtudeServer, steps: &[Value], base: &str) -> Result<Vec<f64>> {
    let session = server.session().await?;
    let mut client = CommandServiceClient::new(server.channel().await?);
    let mut times = Vec::with_capacity(steps.len());
    for step in steps {
        times.push(execute(&mut client, &session, command(step, base)?).await?);
    }
    server.end_session(session).await?;
    Ok(times)
}

async fn etude_clicks(server: &EtudeServer, url: &str) -> Result<Vec<f64>> {
    let session = server.session().await?;
    let mut client = CommandServiceClient::new(server.channel().await?);
    let open = Navigate {
        url: url.to_owned(),
        ..Navigate::default()
    };
    execute(&mut client, &session, open.into()).await?;
    let mut times = Vec::with_capacity(CLICKS);
    for _ in 0..CLICKS {
        let click = Click {
            target: Some(css("#count")),
            ..Click::default()
        };
        times.push(execute(&mut client, &session, click.into()).await?);
    }
    let check = AssertEquals {
        target: Some(css("#count")),
        value: CLICKS.to_string(),
    };
    execute(&mut client, &session, check.into()).await?;
    server.end_session(session).await?;
    Ok(times)
}

/// One unary call; its time in milliseconds. Anything but PASS ends the benchmark.
async fn execute(
    client: &mut CommandServiceClient<Channel>,
    session: &str,
    command: Command,
) -> Result<f64> {
    let context = CommandContext {
        session: session.to_owned(),
        ..CommandContext::default()
    };
    let request = ExecuteRequest {
        context: Some(context),
        command: Some(command),
    };
    let start = Instant::now();
    let result = client
        .execute(request)
        .await?
        .into_inner()
        .result
        .context("no result")?;
    let elapsed = millis(start.elapsed());
    anyhow::ensure!(
        result.outcome() == Outcome::Pass,
        "{}: {:?}",
        result.text,
        result.failure
    );
    Ok(elapsed)
}

fn command(step: &Value, base: &str) -> Result<Command> {
    let text = |key: &str| step[key].as_str().unwrap_or_default().to_owned();
    let target = Some(css(&text("css")));
    Ok(match step["do"].as_str() {
        Some("goto") => Navigate {
            url: format!("{base}{}", text("url")),
            ..Navigate::default()
        }
        .into(),
        Some("fill") => Write {
            target,
            text: text("text"),
            ..Write::default()
        }
        .into(),
        Some("click") => Click {
            target,
            ..Click::default()
        }
        .into(),
        Some("text") => AssertEquals {
            target,
            value: text("text"),
        }
        .into(),
        other => anyhow::bail!("no such step: {other:?}"),
    })
}

fn css(selector: &str) -> Target {
    Target {
        locator: Some(Locator::Css(selector.to_owned())),
        ..Target::default()
    }
}
