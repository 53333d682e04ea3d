//! A local platform over HTTP, on which things go wrong as a script says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use etude::v1;
use etude_platform::client::{BreakerOptions, Client, ClientOptions, Limits};
use etude_platform::deploy::{Deployed, Deployment, Event, deploy};
use etude_platform::local::{Local, Options, router};
use etude_platform::pull::pull_tests;
use etude_store::SqliteStore;
use futures::TryStreamExt as _;
use http::{Method, StatusCode};
use parking_lot::Mutex;
use tempfile::TempDir;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Served,
    /// It does nothing, and its answer says so or not.
    Fails(u16),
    /// It is served, and its answer gets lost.
    Lost,
}

type Script = Box<dyn FnMut(&Method, &str) -> Fate + Send>;

/// A platform, its client, and the requests that changed something.
pub(super) struct Bench {
    pub(super) client: Client,
    pub(super) address: SocketAddr,
    writes: Arc<Mutex<Vec<String>>>,
    script: Arc<Mutex<Script>>,
    _folder: TempDir,
}

impl Bench {
    pub(super) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(etude_store::Options::new(folder.path()))
            .await
            .unwrap();
        let local = Local::new(Options::default(), Arc::new(store));
        let writes = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(|_, _| Fate::Served)));
        let (seen, fates) = (writes.clone(), script.clone());
        let layer = from_fn(move |request: Request, next: Next| {
            let (seen, fates) = (seen.clone(), fates.clone());
            async move { served(request, next, &seen, &fates).await }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = router(local).layer(layer);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            client: client(address),
            address,
            writes,
            script,
            _folder: folder,
        }
    }

    /// What becomes of the requests from now on.
    pub(super) fn script(&self, script: impl FnMut(&Method, &str) -> Fate + Send + 'static) {
        *self.script.lock() = Box::new(script);
    }

    /// How many requests changed something since the last look.
    pub(super) fn writes(&self) -> usize {
        std::mem::take(&mut *self.writes.lock()).len()
    }

    pub(super) async fn deploy(&self, yaml: &str) -> etude_engine::Result<Deployed> {
        deploy(&self.client, &deployment(yaml), |_| ()).await
    }

    pub(super) async fn plan(&self, yaml: &str) -> v1::DeployPlan {
        let plan = Mutex::new(None);
        let deployment = Deployment {
            validate_only: true,
            ..deployment(yaml)
        };
        let on = |event| {
            if let Event::Plan(told) = event {
                *plan.lock() = Some(told);
            }
        };
        deploy(&self.client, &deployment, on).await.unwrap();
        plan.into_inner().unwrap()
    }

    pub(super) async fn pull(&self, source: &str) -> Vec<v1::PullTestsResponse> {
        let request = v1::PullTestsRequest {
            source: source.to_owned(),
        };
        let files = pull_tests(&self.client, request).await.unwrap();
        files.try_collect().await.unwrap()
    }

    pub(super) async fn content(&self, source: &str) -> String {
        let files = self.pull(source).await;
        assert_eq!(files.len(), 1);
        String::from_utf8(files[0].content.to_vec()).unwrap()
    }
}

async fn served(
    request: Request,
    next: Next,
    writes: &Mutex<Vec<String>>,
    script: &Mutex<Script>,
) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let fate = (script.lock())(&method, &path);
    if method != Method::GET {
        writes.lock().push(format!("{method} {path}"));
    }
    match fate {
        Fate::Served => next.run(request).await,
        Fate::Fails(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Fate::Lost => {
            next.run(request).await;
            StatusCode::BAD_GATEWAY.into_response()
        }
    }
}

/// A client of its own, with a cache of its own.
pub(super) fn client(address: SocketAddr) -> Client {
    let url = format!("http://{address}/api");
    let mut options = ClientOptions::new(url, "token".to_owned().into());
    options.organization = Some(1);
    options.limits = Limits {
        first_delay: Duration::from_millis(1),
        longest_delay: Duration::from_millis(5),
        first_look: Duration::from_millis(1),
        per_second: None,
        breaker: BreakerOptions {
            failures: usize::MAX,
            ..BreakerOptions::default()
        },
        ..Limits::default()
    };
    Client::remote(options).unwrap()
}

/// A test from YAML, going to `Shop/Web`.
pub(super) fn deployment(yaml: &str) -> Deployment {
    let parsed = etude_language::parse("t.yaml", yaml.as_bytes());
    Deployment {
        test: parsed
            .test
            .unwrap_or_else(|| panic!("{:?}", parsed.diagnostics)),
        project: "Shop".into(),
        goal: "Web".into(),
        ..Deployment::default()
    }
}
