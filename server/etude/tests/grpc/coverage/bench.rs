//! A server whose Virtuoso cloud is the local platform behind a recorder, and what is asked of it.

use std::collections::BTreeMap;
use std::process::Command as Process;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use etude::json::{dynamic_from_value, dynamic_to_value};
use etude::{Client, DESCRIPTOR_POOL};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use prost_reflect::MethodDescriptor;
use serde_json::{Value, json};
use tonic::metadata::MetadataMap;

use super::at;
use super::recorder::Recorder;
use super::rows::{Call, Command, Step};
use crate::support::Fixture;

/// The one request that adds a step.
pub(super) const ADDS: &str = "POST /teststeps";

pub(super) struct Bench {
    fixture: Fixture,
    client: Client,
    recorder: Recorder,
    /// What calls have kept of their answers.
    kept: BTreeMap<String, String>,
    _token: tempfile::NamedTempFile,
}

impl Bench {
    pub(super) async fn start() -> Self {
        let recorder = Recorder::default();
        let cloud = recorder.listen().await;
        let token = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(token.path(), "a-token").unwrap();
        let fixture = Fixture::start_with(|config| {
            config.platform.port = Some(0);
            config.platform.url = format!("http://{cloud}/api");
            config.platform.token_file = Some(token.path().to_owned());
            config.platform.organization = Some(7);
            config.platform.default = Some("virtuoso".to_owned());
        })
        .await;
        recorder.pass_to(fixture.server.platform_addr().unwrap());
        let client = Client::connect(fixture.url.clone()).await.unwrap();
        Self {
            fixture,
            client,
            recorder,
            kept: BTreeMap::new(),
            _token: token,
        }
    }

    pub(super) async fn end(self) {
        drop(self.client);
        self.fixture.server.shutdown().await;
    }

    /// Calls a method by its name; the last message that it answers.
    async fn call(&self, rpc: &str, request: Value) -> Value {
        let answer = self.ask(rpc, request.clone()).await;
        answer.unwrap_or_else(|error| panic!("{rpc} {request}: {error}"))
    }

    /// Makes the client forget what it has kept of answers, which every write does.
    async fn forget(&self) {
        let nothing = json!({"name": "projects/999999999"});
        let refused = self.ask("ProjectService/DeleteProject", nothing).await;
        refused.unwrap_err();
        self.recorder.take();
    }

    async fn ask(&self, rpc: &str, request: Value) -> Result<Value, etude::Error> {
        let method = method(rpc);
        let message = dynamic_from_value(method.input(), request.clone());
        let message = message.unwrap_or_else(|error| panic!("{rpc} {request}: {error}"));
        let answers = self
            .client
            .call_dynamic(&method, message, MetadataMap::new());
        let answers: Vec<_> = answers.await?.try_collect().await?;
        Ok(dynamic_to_value(answers.last().unwrap()))
    }

    // === Commands that add no step ===

    /// Does what a command does, and shows that it was done; false: nothing does that.
    pub(super) async fn does(&mut self, command: &Command) -> bool {
        self.all(&command.command, &command.before).await;
        self.forget().await;
        self.all(&command.command, &command.does).await;
        let sent = self.recorder.take();
        let (sent, expected) = (in_order(&sent), in_order(&command.http));
        assert_eq!(sent, expected, "{} sends something else", command.command);
        self.all(&command.command, &command.then).await;
        !command.does.is_empty()
    }

    async fn all(&mut self, command: &str, calls: &[Call]) {
        for call in calls {
            let request = self.filled(&call.request);
            let answer = self.call(&call.rpc, request).await;
            for (pointer, expected) in &call.expect {
                let (found, expected) = (at(&answer, pointer), self.filled(expected));
                let holds = match expected.as_str() {
                    Some("*") => !found.is_null(),
                    // What is not there has its default.
                    Some("") => found.is_null(),
                    _ => *found == expected,
                };
                assert!(
                    holds,
                    "{command}: {pointer} is not {expected} in {answer:#}"
                );
            }
            for (name, pointer) in &call.keep {
                let part = at(&answer, pointer).as_str();
                let part = part.unwrap_or_else(|| panic!("{command}: no {pointer}: {answer:#}"));
                self.kept.insert(name.clone(), part.to_owned());
            }
        }
    }

    /// A value with what was kept in place of names, and files as bytes.
    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.filled_text(text),
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(name, value)| (name.clone(), self.filled(value)))
                .collect(),
            other => other.clone(),
        }
    }

    fn filled_text(&self, text: &str) -> Value {
        if let Some(name) = text.strip_prefix('$') {
            let kept = self.kept.get(name);
            return kept
                .unwrap_or_else(|| panic!("{text} was not kept"))
                .as_str()
                .into();
        }
        match text.strip_prefix("text:") {
            Some(content) => BASE64.encode(content).into(),
            None => text.into(),
        }
    }

    // === Commands that add a step ===

    /// Opens a session on a new checkpoint for the method, and one for the command line; and has a
    /// checkpoint for what the reference CLI sends.
    pub(super) async fn begin_authoring(&mut self) {
        for name in ["method", "line", "reference"] {
            let path = json!({"project": "Shop", "goal": "Steps", "journey": "Steps",
                              "checkpoint": name, "url": "https://shop.test/"});
            let request = json!({"authoring": {"path": path}});
            let answer = self.call("SessionService/CreateSession", request).await;
            for part in ["name", "checkpoint"] {
                let value = at(&answer, &format!("/session/{part}")).as_str().unwrap();
                self.kept.insert(format!("{name} {part}"), value.to_owned());
            }
        }
    }

    /// Adds a step by its method, and as the reference CLI does, and compares them; what is stored.
    pub(super) async fn adds(&self, step: &Step) -> Value {
        let mut request = step.request.clone();
        request["context"] = json!({"session": self.kept["method name"]});
        self.forget().await;
        let answer = self.call(&step.rpc, request).await;
        let mut sent = self.recorder.take();
        // The first command of a session looks at the checkpoint.
        sent.retain(|request| !request.starts_with("GET "));
        assert_eq!(sent, [ADDS], "{} sends something else", step.command);
        assert_eq!(at(&answer, "/result/outcome"), "OUTCOME_PASS", "{answer:#}");
        let ours = self.stored(at(&answer, "/result/authoredStep/step")).await;
        let differs = differences(&step.sends, &ours["wire"]);
        assert_eq!(differs, step.differs, "{}: {}", step.command, ours["wire"]);

        let reference = self.stored(&self.sent(step).await).await;
        let means_the_same = reference["step"] == ours["step"];
        assert_ne!(
            means_the_same, step.mends,
            "{}: {reference:#}",
            step.command
        );
        ours
    }

    /// A step as the platform has it, without what tells it from an equal one.
    async fn stored(&self, name: &Value) -> Value {
        let request = json!({"name": name});
        let answer = self.call("StepService/GetStep", request).await;
        let step = at(&answer, "/step");
        let wire: Value = serde_json::from_str(step["wire"].as_str().unwrap()).unwrap();
        let target = at(&wire, "/element/target").clone();
        let mut wire = wire;
        let fields = wire.as_object_mut().unwrap();
        fields.retain(|name, _| {
            !["id", "canonicalId", "element", "checkpointId", "stepIndex"].contains(&name.as_str())
        });
        if !target.is_null() {
            fields.insert("target".to_owned(), target);
        }
        json!({"step": step["step"], "wire": wire})
    }

    /// Adds the steps by `etude exec` too, and compares what is stored.
    pub(super) async fn executes(&self, steps: &[(&Step, Value)]) {
        let lines = stream::iter(steps.iter().map(|(step, _)| self.execute(&step.exec)));
        let lines: Vec<Value> = lines.buffered(4).collect().await;
        for ((step, stored), name) in steps.iter().zip(lines) {
            let line = self.stored(&name).await;
            assert_eq!(line["wire"], stored["wire"], "{}", step.exec);
        }
    }

    /// Adds a step by `etude exec`; the step's name.
    async fn execute(&self, line: &str) -> Value {
        let mut process = Process::new(env!("CARGO_BIN_EXE_etude"));
        process
            .args(["exec", "--server", &self.fixture.url, "-o", "json"])
            .args(["--session", &self.kept["line name"]])
            .args(words(line));
        let done = tokio::task::spawn_blocking(move || process.output());
        let done = done.await.unwrap().unwrap();
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{line}: {told}");
        let result: Value = serde_json::from_slice(&done.stdout).unwrap();
        at(&result, "/result/authoredStep/step").clone()
    }

    /// Adds the step as the reference CLI does; the step's name.
    async fn sent(&self, step: &Step) -> Value {
        let id = self.kept["reference checkpoint"]
            .rsplit('/')
            .next()
            .unwrap();
        let id: i64 = id.parse().unwrap();
        let body = json!({"checkpointId": id, "stepIndex": -1, "parsedStep": step.sends});
        let platform = self.fixture.server.platform_addr().unwrap();
        let answer = reqwest::Client::new()
            .post(format!("http://{platform}/api/teststeps?envelope=false"))
            .header("content-type", "application/json")
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let id = at(&answer, "/testStep/id");
        json!(format!("steps/{id}"))
    }

    /// Each checkpoint has as many steps as were added, in their order.
    pub(super) async fn holds_exactly(&self, count: usize) {
        for name in ["method", "line", "reference"] {
            let request = json!({"checkpoint": self.kept[&format!("{name} checkpoint")],
                                 "pageSize": 1000});
            let answer = self.call("StepService/ListSteps", request).await;
            assert_eq!(
                at(&answer, "/steps").as_array().unwrap().len(),
                count,
                "{name}"
            );
        }
    }
}

fn method(rpc: &str) -> MethodDescriptor {
    let (service, method) = rpc.split_once('/').unwrap();
    let service = DESCRIPTOR_POOL.get_service_by_name(&format!("etude.v1.{service}"));
    let mut methods = service
        .unwrap_or_else(|| panic!("no service {rpc}"))
        .methods()
        .collect::<Vec<_>>();
    let index = methods.iter().position(|one| one.name() == method);
    methods.swap_remove(index.unwrap_or_else(|| panic!("no method {rpc}")))
}

/// Requests that write, in their order, and those that read, which may be under way at the same
/// time.
fn in_order(requests: &[String]) -> (Vec<&String>, Vec<&String>) {
    let (mut reads, writes): (Vec<_>, Vec<_>) = requests
        .iter()
        .partition(|request| request.starts_with("GET "));
    reads.sort();
    (writes, reads)
}

/// Where a value differs from a pattern, which may have less; the pointers are sorted.
fn differences(pattern: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", pattern, value, &mut found);
    found.sort();
    found
}

fn compare(pointer: &str, pattern: &Value, value: &Value, found: &mut Vec<String>) {
    match (pattern, value) {
        (Value::Object(fields), Value::Object(_)) => {
            for (name, part) in fields {
                compare(&format!("{pointer}/{name}"), part, &value[name], found);
            }
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            for (index, (item, other)) in items.iter().zip(others).enumerate() {
                compare(&format!("{pointer}/{index}"), item, other, found);
            }
        }
        _ if pattern == value => {}
        _ => found.push(pointer.to_owned()),
    }
}

/// The words of a command line, of which some are quoted.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in line.chars() {
        match (character, quote) {
            ('\'' | '"', None) => quote = Some(character),
            (_, Some(open)) if character == open => quote = None,
            (' ', None) => words.push(String::new()),
            _ => words.last_mut().unwrap().push(character),
        }
    }
    words
}
