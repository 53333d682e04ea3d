//! Further accounts of the cloud: two, each of which is the local platform of another server.

use std::path::Path;

use etude::Client;
use etude::v1::platform_service_client::PlatformServiceClient;
use etude::v1::project_service_client::ProjectServiceClient;
use etude::v1::run_service_client::RunServiceClient;
use etude::v1::session_service_client::SessionServiceClient;
use etude::v1::{self, ErrorReason, Outcome, RunState, TokenState};
use etude_server::config::{AccountConfig, Config};
use tempfile::TempDir;
use tonic::{Request, Status};

use crate::runs::spec;
use crate::support::{Fixture, GUARD, HANGING, expect, until};

/// A server with two accounts, their clouds, and the folder of all secrets and data.
struct Bench {
    folder: TempDir,
    clouds: [Fixture; 2],
}

const NAMES: [&str; 2] = ["team-a", "team-b"];

impl Bench {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in NAMES {
            let file = folder.path().join(secret(name));
            std::fs::write(file, format!("token of {name}")).unwrap();
        }
        let [first, second] = NAMES.map(|name| cloud(folder.path(), name));
        let clouds = [first.await, second.await];
        Self { folder, clouds }
    }

    /// A server that knows these accounts and keeps its data.
    async fn server(&self, names: &[&str]) -> Fixture {
        Fixture::start_with(|config| {
            config.temporary = false;
            config.data_dir = Some(self.folder.path().join("data"));
            self.know(config, names);
        })
        .await
    }

    fn know(&self, config: &mut Config, names: &[&str]) {
        config.secrets.folder = Some(self.folder.path().to_owned());
        for (name, cloud) in NAMES.iter().zip(&self.clouds) {
            let address = cloud.server.platform_addr().unwrap();
            let account = AccountConfig {
                url: Some(format!("http://{address}/api")),
                organization: Some(7),
                token_secret: Some(secret(name)),
                ..AccountConfig::default()
            };
            if names.contains(name) {
                config.platform.accounts.insert((*name).to_owned(), account);
            }
        }
    }

    async fn end(self, server: Fixture) {
        server.server.shutdown().await;
        for cloud in self.clouds {
            cloud.server.shutdown().await;
        }
    }
}

/// The name of the secret that is the token of an account.
fn secret(name: &str) -> String {
    name.replace('-', "_").to_uppercase()
}

/// A server whose local platform takes only the token of this account.
async fn cloud(folder: &Path, name: &str) -> Fixture {
    Fixture::start_with(|config| {
        config.platform.port = Some(0);
        config.platform.port_token_secret = Some(secret(name));
        config.secrets.folder = Some(folder.to_owned());
    })
    .await
}

/// A request to a platform.
fn to<M>(platform: &str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    let platform = platform.parse().unwrap();
    request.metadata_mut().insert("etude-platform", platform);
    request
}

async fn platform(server: &Fixture, name: &str) -> v1::Platform {
    let mut service = PlatformServiceClient::new(server.channel.clone());
    let answer = service.get_platform(to(name, v1::GetPlatformRequest {}));
    answer.await.unwrap().into_inner().platform.unwrap()
}

async fn project(server: &Fixture, platform: &str, name: &str, id: &str) -> Result<(), Status> {
    let mut service = ProjectServiceClient::new(server.channel.clone());
    let request = v1::CreateProjectRequest {
        display_name: name.to_owned(),
        request_id: id.to_owned(),
        ..Default::default()
    };
    service
        .create_project(to(platform, request))
        .await
        .map(drop)
}

async fn projects(server: &Fixture, platform: &str) -> Vec<String> {
    let mut service = ProjectServiceClient::new(server.channel.clone());
    let answer = service.list_projects(to(platform, v1::ListProjectsRequest::default()));
    let projects = answer.await.unwrap().into_inner().projects.into_iter();
    projects.map(|project| project.display_name).collect()
}

/// Adds a step to a checkpoint of an account, by a path that both accounts have alike.
async fn author(client: &Client, platform: &str) -> v1::AuthoredStep {
    let path = v1::CheckpointPath {
        project: "Shop".to_owned(),
        goal: "Web".to_owned(),
        journey: "Visit".to_owned(),
        checkpoint: "Look".to_owned(),
        url: "https://shop.test/".to_owned(),
    };
    let request = v1::CreateSessionRequest {
        authoring: Some(v1::Authoring {
            platform: platform.to_owned(),
            checkpoint: Some(v1::authoring::Checkpoint::Path(path)),
        }),
        ..Default::default()
    };
    let session = client.create_session(request).await.unwrap();
    let comment = v1::Comment {
        text: format!("for {platform}"),
    };
    session.run(comment).await.unwrap().authored_step.unwrap()
}

#[tokio::test]
async fn each_account_has_a_cloud_a_token_and_figures_of_its_own() {
    let bench = Bench::start().await;
    let server = bench.server(&NAMES).await;
    let id = "8d3f1c9e-5c3b-4b0e-9a53-0f6c7a1d2e4b";
    project(&server, "team-a", "A", id).await.unwrap();
    let error = project(&server, "team-b", "A", id).await.unwrap_err();
    expect(&error, ErrorReason::RequestIdReused);
    assert_eq!(
        platform(&server, "team-b").await.metrics.unwrap().failures,
        0
    );
    project(&server, "team-b", "B", "").await.unwrap();
    assert_eq!(projects(&server, "team-a").await, ["A"]);
    assert_eq!(projects(&server, "team-b").await, ["B"]);

    let [a, b] = [platform(&server, "team-a"), platform(&server, "team-b")];
    let [a, b] = [a.await, b.await];
    let seen = [(&a, "team-a"), (&b, "team-b")];
    for ((platform, name), cloud) in seen.into_iter().zip(&bench.clouds) {
        let address = cloud.server.platform_addr().unwrap();
        assert_eq!(platform.id, name);
        assert_eq!(platform.url, format!("http://{address}/api"));
        assert_eq!(platform.token(), TokenState::Valid, "{}", platform.detail);
        assert!(!platform.is_default);
    }
    let before = b.metrics.unwrap().requests;
    projects(&server, "local").await;
    project(&server, "team-a", "A2", "").await.unwrap();
    // Asking for it is one request more.
    let after = platform(&server, "team-b").await.metrics.unwrap().requests;
    assert_eq!(after, before + 1);
    bench.end(server).await;
}

#[tokio::test]
async fn sessions_on_the_same_checkpoint_of_two_accounts_are_apart() {
    let bench = Bench::start().await;
    let server = bench.server(&NAMES).await;
    let client = Client::connect(server.url.clone()).await.unwrap();
    let a = author(&client, "team-a").await;
    let b = author(&client, "team-b").await;
    assert_eq!((&a.checkpoint, a.position), (&b.checkpoint, b.position));
    assert!(a.wire.contains("for team-a"), "{}", a.wire);
    assert!(b.wire.contains("for team-b"), "{}", b.wire);
    drop(client);
    bench.end(server).await;
}

#[tokio::test]
async fn a_name_that_is_not_known_is_refused_with_those_that_are() {
    let bench = Bench::start().await;
    let server = bench.server(&NAMES).await;
    let known = "write local, team-a, team-b or virtuoso";
    let told = |status: Status, field: &str| {
        let details = expect(&status, ErrorReason::InvalidRequest);
        let violations = &details.bad_request().unwrap().field_violations;
        assert_eq!(violations[0].field, field);
        let description = &violations[0].description;
        assert!(description.contains("`team-c`") && description.contains(known));
    };
    let mut service = PlatformServiceClient::new(server.channel.clone());
    let refused = service.get_platform(to("team-c", v1::GetPlatformRequest {}));
    told(refused.await.unwrap_err(), "etude-platform");
    let mut sessions = SessionServiceClient::new(server.channel.clone());
    let request = v1::CreateSessionRequest {
        authoring: Some(v1::Authoring {
            platform: "team-c".to_owned(),
            checkpoint: Some(v1::authoring::Checkpoint::Name("checkpoints/1".to_owned())),
        }),
        ..Default::default()
    };
    let refused = sessions.create_session(request).await.unwrap_err();
    told(refused, "authoring.platform");
    let refused = create_run(&server, "team-c", "http://a.test/")
        .await
        .unwrap_err();
    told(refused, "spec.platform.platform");
    bench.end(server).await;
}

#[tokio::test]
async fn an_account_without_its_secret_keeps_no_other_from_its_work() {
    let bench = Bench::start().await;
    let server = Fixture::start_with(|config| {
        bench.know(config, &NAMES);
        let lost = config.platform.accounts.get_mut("team-a").unwrap();
        lost.token_secret = Some("LOST".to_owned());
        config.platform.default = Some("team-b".to_owned());
    })
    .await;
    let lost = platform(&server, "team-a").await;
    assert_eq!(lost.token(), TokenState::Missing);
    assert!(lost.detail.contains("ETUDE_SECRET_LOST"), "{}", lost.detail);
    let error = project(&server, "team-a", "A", "").await.unwrap_err();
    expect(&error, ErrorReason::PlatformNotConfigured);
    let usual = platform(&server, "").await;
    assert_eq!((usual.id.as_str(), usual.is_default), ("team-b", true));
    assert_eq!(usual.token(), TokenState::Valid);
    bench.end(server).await;
}

// === Runs ===

async fn create_run(server: &Fixture, platform: &str, url: &str) -> Result<v1::Run, Status> {
    let mut runs = RunServiceClient::new(server.channel.clone());
    let request = v1::CreateRunRequest {
        spec: Some(v1::RunSpec {
            platform: Some(v1::PlatformRun {
                platform: platform.to_owned(),
                goal_url: url.to_owned(),
                ..Default::default()
            }),
            ..spec(url)
        }),
        ..Default::default()
    };
    let created = runs.create_run(request).await?;
    Ok(created.into_inner().run.unwrap())
}

/// The run, once this holds of it.
async fn run_when(server: &Fixture, name: &str, holds: impl Fn(&v1::Run) -> bool) -> v1::Run {
    let mut runs = RunServiceClient::new(server.channel.clone());
    let wait = async {
        loop {
            let request = v1::GetRunRequest {
                name: name.to_owned(),
            };
            let run = runs.get_run(request).await.unwrap().into_inner().run;
            match run.unwrap() {
                run if holds(&run) => return run,
                _ => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            }
        }
    };
    tokio::time::timeout(GUARD, wait).await.unwrap()
}

/// Waits until something other than this has asked an account.
async fn asked(server: &Fixture, name: &str) {
    for own in 1.. {
        if platform(server, name).await.metrics.unwrap().requests > own {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn after_a_restart_a_run_finds_its_account_again_or_says_that_it_is_gone() {
    let bench = Bench::start().await;
    let server = bench.server(&NAMES).await;
    let run = create_run(&server, "team-b", HANGING).await.unwrap();
    let run = run_when(&server, &run.name, |run| !run.execution.is_empty()).await;
    let executing = &bench.clouds[1].backend.counts.executing;
    until("the cloud executes it", || {
        executing.load(std::sync::atomic::Ordering::SeqCst) > 0
    })
    .await;
    server.server.shutdown().await;

    let server = bench.server(&NAMES).await;
    tokio::time::timeout(GUARD, asked(&server, "team-b"))
        .await
        .unwrap();
    let again = run_when(&server, &run.name, |run| run.state() == RunState::Running).await;
    assert_eq!(again.execution, run.execution);
    server.server.shutdown().await;

    let server = bench.server(&NAMES[..1]).await;
    let ended = run_when(&server, &run.name, |run| run.state() == RunState::Finished).await;
    assert_eq!(ended.outcome(), Outcome::Error);
    let failure = ended.failure.unwrap();
    assert_eq!(failure.reason, ErrorReason::PlatformNotConfigured.name());
    let message = failure.message;
    assert!(
        message.contains("put platform.accounts.team-b back"),
        "{message}"
    );
    assert!(message.contains(&run.execution), "{message}");
    bench.end(server).await;
}
