//! What the tests of the local platform share.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use etude_engine::runs::RunsOptions;
use etude_platform::client::Client;
use etude_platform::local::{Local, Options, router};
use etude_store::SqliteStore;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::engine::faults::FaultyStore;
use super::engine::{self, Server};

/// A local platform in a folder of its own.
pub(crate) struct Platform {
    router: Router,
    headers: Vec<(&'static str, String)>,
    folder: TempDir,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    /// The body; text when it is not JSON.
    pub(crate) body: Value,
}

impl Answer {
    /// A part of the body.
    pub(crate) fn at(&self, pointer: &str) -> &Value {
        let found = self.body.pointer(pointer);
        found.unwrap_or_else(|| panic!("nothing at {pointer} of {:#}", self.body))
    }

    /// An id in the body.
    pub(crate) fn id(&self, pointer: &str) -> i64 {
        self.at(pointer)
            .as_i64()
            .unwrap_or_else(|| panic!("no id at {pointer}: {:#}", self.body))
    }
}

impl Platform {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        Self {
            router: router(Local::new(options, store)),
            headers: Vec::new(),
            folder,
        }
    }

    /// A platform that executes journeys in a scripted browser.
    pub(crate) async fn executing() -> (Self, Server) {
        let (platform, server) = Self::queueing(engine::options()).await;
        server.work();
        (platform, server)
    }

    /// A platform that starts executions, of which none is executed.
    pub(crate) async fn queueing(options: RunsOptions) -> (Self, Server) {
        Self::over(tempfile::tempdir().unwrap(), options).await
    }

    /// The same, and the store that it reads its runs from, which counts.
    pub(crate) async fn counting() -> (Self, Server, Arc<FaultyStore>) {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        let counting = Arc::new(FaultyStore::new(store.clone()));
        let server = Server::over(store.clone(), engine::options(), Arc::default());
        server.work();
        let local = Local::new(Options::default(), store);
        let local = local.executing(server.runs.clone(), counting.clone());
        let platform = Self {
            router: router(local),
            headers: Vec::new(),
            folder,
        };
        (platform, server, counting)
    }

    async fn over(folder: TempDir, options: RunsOptions) -> (Self, Server) {
        let store = open(&folder).await;
        let server = Server::over(store.clone(), options, Arc::default());
        let local = Local::new(Options::default(), store.clone());
        let local = local.executing(server.runs.clone(), store);
        let platform = Self {
            router: router(local),
            headers: Vec::new(),
            folder,
        };
        (platform, server)
    }

    /// The same after the server has ended and has been started again.
    pub(crate) async fn restarted(self, server: Server) -> (Self, Server) {
        server.runs.shutdown().await;
        server.store.close().await;
        drop((self.router, server));
        let (platform, server) = Self::over(self.folder, engine::options()).await;
        server.runs.recover().await.unwrap();
        server.work();
        (platform, server)
    }

    /// A client of it within the process.
    pub(crate) fn client(&self) -> Client {
        Client::local(self.router.clone())
    }

    /// The same with a header in every request.
    pub(crate) fn sending(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Sends a request such as `POST /projects`; paths are below `/api` unless they say so.
    pub(crate) async fn call(&self, request: &str, body: Option<Value>) -> Answer {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request, body).await
    }

    pub(crate) async fn send(&self, request: &str, body: Body) -> Answer {
        let (method, path) = request.split_once(' ').unwrap();
        let mut request = Request::builder()
            .method(method)
            .uri(if path.starts_with("//") {
                path[1..].to_owned()
            } else {
                format!("/api{path}")
            })
            .header("host", "127.0.0.1:7433")
            .header("content-type", "application/json");
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = self
            .router
            .clone()
            .oneshot(request.body(body).unwrap())
            .await
            .unwrap();
        answer(response).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(&format!("GET {path}"), None).await
    }

    /// Sends a body and expects success; the answer without its envelope.
    pub(crate) async fn make(&self, request: &str, body: Value) -> Value {
        let answer = self.call(request, Some(body)).await;
        assert!(answer.status.is_success(), "{request}: {answer:?}");
        let envelope = etude_platform::model::envelope::unwrap(answer.body);
        envelope.unwrap()
    }

    /// A project, a goal, its snapshot, and its first journey.
    pub(crate) async fn goal(&self) -> Goal {
        self.goal_of(7).await
    }

    /// The same in an organization.
    pub(crate) async fn goal_of(&self, organization: i64) -> Goal {
        let project = self
            .make(
                "POST /projects",
                json!({"name": "Shop", "organizationId": organization}),
            )
            .await;
        let project = project["id"].as_i64().unwrap();
        let goal = self
            .make(
                "POST /goals",
                json!({"projectId": project, "name": "Web", "url": "https://shop.example.com",
                       "createFirstJourney": true}),
            )
            .await;
        let goal = goal["id"].as_i64().unwrap();
        let versions = self.get(&format!("/goals/{goal}/versions")).await;
        let snapshot = versions.id("/item/snapshots/0/snapshotId");
        let list = format!("/testsuites/latest_status?versionId={snapshot}&goalId={goal}");
        let journeys = self.get(&list).await;
        let first = journeys
            .at("/map")
            .as_object()
            .unwrap()
            .keys()
            .next()
            .unwrap();
        Goal {
            project,
            goal,
            snapshot,
            journey: first.parse().unwrap(),
        }
    }

    /// A checkpoint that is attached to a journey.
    pub(crate) async fn checkpoint(&self, goal: &Goal, title: &str) -> i64 {
        let new = json!({"goalId": goal.goal, "snapshotId": goal.snapshot, "title": title});
        let checkpoint = self.make("POST /testcases", new).await["id"]
            .as_i64()
            .unwrap();
        let attach = format!("POST /testsuites/{}/checkpoints/attach", goal.journey);
        self.make(&attach, json!({"checkpointId": checkpoint, "position": 2}))
            .await;
        checkpoint
    }

    /// Values of a checkpoint's steps, in order.
    pub(crate) async fn values(&self, checkpoint: i64) -> Vec<String> {
        let answer = self.get(&format!("/testcases/{checkpoint}")).await;
        let steps = answer.at("/item/steps").as_array().unwrap().clone();
        steps
            .iter()
            .map(|step| step["value"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Where tests add things.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Goal {
    pub(crate) project: i64,
    pub(crate) goal: i64,
    pub(crate) snapshot: i64,
    pub(crate) journey: i64,
}

/// A step to be added: a comment.
pub(crate) fn comment(checkpoint: i64, index: i64, text: &str) -> Value {
    json!({"checkpointId": checkpoint, "stepIndex": index,
           "parsedStep": {"action": "COMMENT", "value": text, "meta": {}}})
}

async fn open(folder: &TempDir) -> Arc<SqliteStore> {
    let options = etude_store::Options::new(folder.path());
    Arc::new(SqliteStore::open(options).await.unwrap())
}

/// A click on what a hint says: the scripted browser does that.
pub(crate) fn click(checkpoint: i64, hint: &str) -> Value {
    let clue = json!({"clue": hint}).to_string();
    json!({"checkpointId": checkpoint, "stepIndex": -1, "parsedStep": {
        "action": "CLICK", "value": "", "meta": {"kind": "CLICK", "type": "NATURAL"},
        "target": {"selectors": [{"type": "GUESS", "value": clue}]}}})
}

async fn answer(response: Response<Body>) -> Answer {
    let status = response.status();
    let content_type = response.headers().get("content-type");
    let content_type = content_type
        .map_or("", |value| value.to_str().unwrap())
        .to_owned();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    Answer {
        status,
        content_type,
        body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
    }
}
