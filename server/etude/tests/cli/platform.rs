//! The local platform: `etude serve --platform-port`, used as docs/platform.md shows.

use std::path::Path;
use std::process::Command;

use crate::support::{
    Done, Running, Serving, Shop, etude, of_environment, root, run, sandbox, word,
};

/// A server with the platform's port.
struct Served {
    _process: Running,
    _folder: tempfile::TempDir,
    /// Where it is called over gRPC.
    grpc: String,
    /// Where the platform is.
    api: String,
}

fn serving(rest: &[&str]) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--platform-port", "0"];
    arguments.extend(["--data-dir", folder.path().to_str().unwrap()]);
    arguments.extend(sandbox());
    arguments.extend(rest);
    let process = Running::start(arguments);
    let line = process.line_with("etude serves at");
    let grpc = format!("http://{}", word(&line, "127.0.0.1:"));
    let line = process.line_with("the local platform is at");
    Served {
        api: word(&line, "http://127.0.0.1:"),
        grpc,
        _process: process,
        _folder: folder,
    }
}

#[test]
fn webhooks_are_accepted_and_listed_as_the_page_shows() {
    let token = "e0b1c2d3f4a5968778695a4b3c2d1e0f";
    let folder = tempfile::tempdir().unwrap();
    let mut server = etude(["serve", "--listen", "127.0.0.1:0"]);
    server
        .args(["--set", "platform.webhook_secret=VIRTUOSO_WEBHOOK"])
        .args(["--set", "browser.warm=0", "--data-dir"])
        .arg(folder.path())
        .env("ETUDE_SECRET_VIRTUOSO_WEBHOOK", token);
    let server = Running::of(server);
    let address = word(&server.line_with("etude serves at"), "127.0.0.1:");
    let url = format!("http://{address}");
    let program = Path::new(env!("CARGO_BIN_EXE_etude")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let done = of_environment("bash")
        .args(["-euo", "pipefail", "-c", &commands("docs/webhooks.md", 2)])
        .env("PATH", path)
        .env("ETUDE_SERVER", &url)
        .env("ETUDE_SECRET_VIRTUOSO_WEBHOOK", token)
        .output();
    let text = Done::from(done.unwrap()).expect(0).stdout;
    let name = r#"{"name":"platforms/virtuoso/events/1"}"#;
    assert!(text.starts_with(name), "{text}");
    for part in [
        "EVENT",
        "application/json",
        "first",
        r#"{"hello": "Étude"}"#,
    ] {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }
    let json = &text[text.find("[").unwrap()..];
    let events: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(events[0]["json"]["hello"], "Étude");

    let events = [
        "platform",
        "events",
        "--platform",
        "virtuoso",
        "--server",
        &url,
    ];
    let following = Running::start(events.into_iter().chain(["--follow", "--output", "json"]));
    let line = following.line_with("platforms/virtuoso/events/1");
    let event: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(event["deliveryId"], "first");
    let none = run(["platform", "events", "--server", &url]).expect(0);
    assert!(none.stdout.is_empty() && none.stderr.contains("platform.webhook_secret"));
    let future = run(events.into_iter().chain(["--follow", "--after", "9"]));
    future.complains(2, &["SEQUENCE_IN_FUTURE", "--after 9"]);
    let status = run([
        "platform",
        "status",
        "--platform",
        "virtuoso",
        "--server",
        &url,
    ]);
    let counts = "1 accepted, 0 repeated, 0 without the token, 0 refused";
    assert!(status.stdout.contains(counts), "{}", status.stdout);
}

/// The commands of a page, without the first, which starts a server.
fn commands(page: &str, count: usize) -> String {
    let page = std::fs::read_to_string(root().join(page)).unwrap();
    let blocks: Vec<&str> = page
        .split("```sh\n")
        .skip(2)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert_eq!(blocks.len(), count, "the page has other commands");
    blocks.concat()
}

#[test]
fn the_commands_of_the_page_reach_a_result_in_a_real_browser() {
    for tool in ["curl", "jq"] {
        let found = Command::new(tool).arg("--version").output();
        assert!(
            found.is_ok(),
            "{tool} is missing: apt-get install -y {tool}"
        );
    }
    let shop = Shop::start();
    let server = serving(&[]);
    let script = commands("docs/platform.md", 2);
    let text = bash(&script, &[("API", &server.api), ("SHOP", &shop.url)]);
    let mut lines = text.lines();
    assert_eq!(
        (lines.next(), lines.next()),
        (Some("FINISHED"), Some("PASS")),
        "{text}"
    );
    assert_eq!(text.matches("\"outcome\": \"PASS\"").count(), 2, "{text}");
    let picture = text.split("\"screenshotFullPath\": \"").nth(1).unwrap();
    let picture = picture.split('"').next().unwrap();
    let png = Command::new("curl")
        .args(["-sS", "-f", picture])
        .output()
        .unwrap();
    assert!(
        png.status.success() && png.stdout.starts_with(b"\x89PNG"),
        "{picture}"
    );
    // A caller over gRPC is told the same address.
    let at = ["--server", &server.grpc];
    let list = ["executions", "list", "Shop", "-o", "name"];
    let name = run(list.iter().chain(&at)).expect(0).stdout;
    let results = ["executions", "results", name.trim(), "-o", "json"];
    let results = run(results.iter().chain(&at)).expect(0).stdout;
    assert!(results.contains(&format!("\"{picture}\"")), "{results}");
}

#[test]
fn the_guide_of_the_reference_cli_reaches_a_result_in_a_real_browser() {
    let (shop, serving) = (Shop::start(), Serving::start());
    let program = Path::new(env!("CARGO_BIN_EXE_etude")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let script = commands("docs/from-api-cli.md", 1);
    let server = ("ETUDE_SERVER", serving.url.as_str());
    let text = bash(&script, &[("PATH", &path), server, ("SHOP", &shop.url)]);
    assert!(text.contains("2 of 2 passed"), "{text}");
}

/// What a script prints, which has to end well within two minutes.
fn bash(script: &str, variables: &[(&str, &str)]) -> String {
    let done = Command::new("timeout")
        .args(["120", "bash", "-euo", "pipefail", "-c", script])
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let problems = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{text}\n{problems}");
    text
}

/// Makes a checkpoint that is executed as often as a variable says, and calls extensions with
/// inputs that are a text and a variable; one of them ends by a call of its own.
const EXTENSIONS: &str = r#"
post() { curl -sS -f -X POST -H 'Content-Type: application/json' "$API$1" -d "$2"; }
PROJECT=$(post /projects '{"name": "Shop", "organizationId": 1}' | jq .item.id)
GOAL=$(post /goals '{"projectId": '$PROJECT', "name": "Web", "url": "'$SHOP'"}' | jq .item.id)
SNAPSHOT=$(curl -sS -f "$API/goals/$GOAL/versions" | jq '.item.snapshots[0].snapshotId')
post /scripts '{"projectId": '$PROJECT', "name": "join", "inputs": ["first", "second"],
  "script": "return first + second // both"}' >/dev/null
post /scripts '{"organizationId": 1, "name": "later", "inputs": ["text"], "async": true,
  "script": "setTimeout(() => done(text + document.location.protocol.length), 5)"}' >/dev/null
CASE=$(post /testcases '{"snapshotId": '$SNAPSHOT', "goalId": '$GOAL', "title": "Calls"}' | jq .item.id)
AFTER=$(post /testcases '{"snapshotId": '$SNAPSHOT', "goalId": '$GOAL', "title": "After"}' | jq .item.id)
post /testsuites '{"goalId": '$GOAL', "snapshotId": '$SNAPSHOT', "title": "Journey", "checkpoints": [
  {"testCaseId": '$CASE', "checkpointMeta": {"loopIterations": "$count"}},
  {"testCaseId": '$AFTER'}]}' >/dev/null
step() { post /teststeps '{"checkpointId": '${2:-$CASE}', "stepIndex": -1, "parsedStep": '"$1"'}' >/dev/null; }
step '{"action": "NAVIGATE", "value": "'$SHOP'", "meta": {"kind": "NAVIGATE", "type": "URL"}}'
step '{"action": "EXECUTE", "value": "join", "variable": "all", "meta":
  {"inputVariables": {"first": "all"}, "inputValues": {"second": "b"}}}'
step '{"action": "EXECUTE", "value": "later", "variable": "all", "meta": {"inputVariables": {"text": "$all"}}}'
step '{"action": "ASSERT_VARIABLE", "value": "ab5b5", "variable": "all", "meta": {"kind": "ASSERT_VARIABLE", "type": "EQUALS"}}' $AFTER
JOB=$(post "/goals/$GOAL/execute?envelope=false" '{"initialData": {"count": "2", "all": "a"}}' | jq .id)
until curl -sS "$API/executions/$JOB/status?envelope=false" | jq -e '.status == "FINISHED"' >/dev/null; do sleep 0.2; done
curl -sS "$API/executions/$JOB" | jq -c '.item | .outcome, (.testSuites[].testCases[].testSteps[] | [.outcome, .output.message])'
"#;

#[test]
fn extensions_are_called_in_a_real_browser_as_often_as_a_variable_says() {
    let shop = Shop::start();
    let server = serving(&[]);
    let text = bash(EXTENSIONS, &[("API", &server.api), ("SHOP", &shop.url)]);
    let step = "[\"PASS\",null]\n";
    assert_eq!(text, format!("\"PASS\"\n{}", step.repeat(4)));
}

#[test]
fn a_token_of_the_platform_must_be_a_secret_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let set = "platform.port_token_secret=NOT_THERE";
    let done = run([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--platform-port",
        "0",
        "--data-dir",
        path,
        "--set",
        set,
    ]);
    done.complains(
        3,
        &["platform.port_token_secret", "NOT_THERE", "CONFIG_INVALID"],
    );
}

#[test]
fn a_port_in_use_is_told_with_its_option() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let done = run([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--platform-port",
        &port,
        "--data-dir",
        path,
    ]);
    done.complains(
        3,
        &["another program listens", "platform.port", "PORT_IN_USE"],
    );
}
