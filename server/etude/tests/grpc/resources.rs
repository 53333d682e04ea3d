//! The platform's resources, over the local platform.

use std::sync::atomic::Ordering;

use etude::v1::execution_service_client::ExecutionServiceClient;
use etude::v1::{self, ErrorReason, Outcome};
use etude::{Client, rpc::Rpc};
use futures::TryStreamExt as _;
use tonic::metadata::MetadataMap;

use crate::support::{Fixture, GUARD, HANGING, until};

/// A server and a client of it.
pub(crate) struct Bench {
    fixture: Fixture,
    pub(crate) client: Client,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        let fixture = Fixture::start().await;
        let client = Client::connect(fixture.url.clone()).await.unwrap();
        Self { fixture, client }
    }

    /// The server's address.
    pub(crate) fn url(&self) -> &str {
        &self.fixture.url
    }

    pub(crate) async fn call<R: Rpc>(&self, request: R) -> R::Response {
        self.client.call(request).await.unwrap()
    }

    pub(crate) async fn refused<R: Rpc>(&self, request: R) -> etude::Error {
        match self.client.call(request).await {
            Err(error) => error,
            Ok(_) => panic!("{} is not refused", R::METHOD),
        }
    }

    pub(crate) async fn project(&self, name: &str) -> v1::Project {
        let request = v1::CreateProjectRequest {
            display_name: name.to_owned(),
            ..Default::default()
        };
        self.call(request).await.project.unwrap()
    }

    /// A goal with its first journey.
    pub(crate) async fn goal(&self, project: &v1::Project) -> (v1::Goal, v1::Journey) {
        let created = self
            .call(v1::CreateGoalRequest {
                project: project.name.clone(),
                display_name: "Shop".to_owned(),
                url: "https://shop.test/".to_owned(),
                ..Default::default()
            })
            .await;
        (created.goal.unwrap(), created.first_journey.unwrap())
    }

    pub(crate) async fn checkpoint(
        &self,
        journey: &v1::Journey,
        name: &str,
    ) -> v1::PlatformCheckpoint {
        let request = v1::CreateCheckpointRequest {
            journey: journey.name.clone(),
            display_name: name.to_owned(),
            ..Default::default()
        };
        self.call(request).await.checkpoint.unwrap()
    }

    /// An authoring session on a checkpoint.
    async fn author(&self, checkpoint: v1::authoring::Checkpoint) -> etude::Session {
        let request = v1::CreateSessionRequest {
            authoring: Some(v1::Authoring {
                checkpoint: Some(checkpoint),
                ..Default::default()
            }),
            ..Default::default()
        };
        self.client.create_session(request).await.unwrap()
    }

    async fn steps(&self, checkpoint: &str) -> Vec<v1::PlatformStep> {
        let request = v1::GetCheckpointRequest {
            name: checkpoint.to_owned(),
        };
        self.call(request).await.checkpoint.unwrap().steps
    }

    pub(crate) async fn end(self) {
        drop(self.client);
        self.fixture.server.shutdown().await;
    }
}

fn named(name: &str) -> v1::authoring::Checkpoint {
    v1::authoring::Checkpoint::Name(name.to_owned())
}

fn write(text: &str, target: &str) -> v1::Write {
    v1::Write {
        text: text.to_owned(),
        target: Some(hint(target)),
        ..Default::default()
    }
}

fn hint(text: &str) -> v1::Target {
    v1::Target {
        locator: Some(v1::target::Locator::Hint(text.to_owned())),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_project_is_built_from_its_name_to_its_steps() {
    let bench = Bench::start().await;
    let project = bench.project("Café / tests 🦀").await;
    let (goal, journey) = bench.goal(&project).await;
    assert_eq!(goal.project, project.name);
    assert!(goal.snapshot.starts_with(&goal.name), "{}", goal.snapshot);
    let first = &journey.checkpoints[0].checkpoint.as_ref().unwrap().steps[0];
    assert_eq!(first.text, "navigate to \"https://shop.test/\"");

    let checkpoint = bench.checkpoint(&journey, "Log in").await;
    let created = bench
        .call(v1::CreateStepRequest {
            checkpoint: checkpoint.name.clone(),
            step: Some(v1::Step {
                command: Some(write("Log in now's \"x\"\n🦀", "User name").into()),
                ..Default::default()
            }),
            ..Default::default()
        })
        .await;
    let step = created.step.unwrap();
    assert_eq!(step.position, 1);
    let read = bench
        .call(v1::GetStepRequest {
            name: step.name.clone(),
        })
        .await;
    let read = read.step.unwrap();
    assert_eq!(read.canonical_id, step.canonical_id);
    let command = read.step.unwrap().command.unwrap();
    assert_eq!(command, write("Log in now's \"x\"\n🦀", "User name").into());

    let listed = bench
        .call(v1::ListCheckpointsRequest {
            journey: journey.name.clone(),
            ..Default::default()
        })
        .await;
    let names: Vec<_> = listed
        .checkpoints
        .iter()
        .map(|one| &one.display_name)
        .collect();
    assert_eq!(names.len(), 2);
    assert_eq!(names[1], "Log in");
    bench.end().await;
}

#[tokio::test]
async fn a_step_that_is_updated_keeps_nothing_of_what_it_was() {
    let bench = Bench::start().await;
    let project = bench.project("Shop").await;
    let (_, journey) = bench.goal(&project).await;
    let checkpoint = bench.checkpoint(&journey, "Log in").await.name;
    let commands: [v1::Command; 6] = [
        write("$user", "Username").into(),
        v1::Click {
            target: Some(hint("elsewhere")),
            ..Default::default()
        }
        .into(),
        write("hi", "Other").into(),
        v1::Navigate {
            url: "https://shop.test/cart".to_owned(),
            ..Default::default()
        }
        .into(),
        v1::Navigate {
            url: "https://shop.test/".to_owned(),
            ..Default::default()
        }
        .into(),
        write("$user", "Username").into(),
    ];
    let step = |command: v1::Command| v1::Step {
        command: Some(command),
        ..Default::default()
    };
    let mut commands = commands.map(step).into_iter();
    for step in [commands.next().unwrap(), step(write("last", "Last").into())] {
        bench
            .call(v1::CreateStepRequest {
                checkpoint: checkpoint.clone(),
                step: Some(step),
                ..Default::default()
            })
            .await;
    }
    let last = bench.steps(&checkpoint).await.remove(1);
    for wanted in commands {
        let name = bench.steps(&checkpoint).await[0].name.clone();
        let updated = bench
            .call(v1::UpdateStepRequest {
                step: Some(v1::PlatformStep {
                    name,
                    step: Some(wanted.clone()),
                    ..Default::default()
                }),
                ..Default::default()
            })
            .await;
        let updated = updated.step.unwrap();
        assert_eq!(updated.step.as_ref().unwrap().command, wanted.command);
        let stored = bench.steps(&checkpoint).await;
        assert_eq!(stored.len(), 2);
        assert_eq!(
            (&stored[0].name, &stored[0].step),
            (&updated.name, &updated.step)
        );
        assert_eq!(stored[1], last);
    }
    bench.end().await;
}

#[tokio::test]
async fn commands_of_an_authoring_session_become_steps_in_their_order() {
    let bench = Bench::start().await;
    let project = bench.project("Shop").await;
    let (_, journey) = bench.goal(&project).await;
    let checkpoint = bench.checkpoint(&journey, "Log in").await;
    let session = bench.author(named(&checkpoint.name)).await;
    for (number, text) in ["a", "b", "c"].into_iter().enumerate() {
        let result = session
            .execute(write(text, "Name").into(), Default::default())
            .await;
        let result = result.unwrap();
        assert_eq!(result.outcome(), Outcome::Pass, "{:?}", result.failure);
        let authored = result.authored_step.unwrap();
        assert_eq!(authored.position, number as i32 + 1);
        assert!(authored.wire.contains("WRITE"), "{}", authored.wire);
    }
    let texts: Vec<_> = bench.steps(&checkpoint.name).await;
    let texts: Vec<_> = texts.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "write \"a\" in \"Name\"",
            "write \"b\" in \"Name\"",
            "write \"c\" in \"Name\"",
        ]
    );
    bench.end().await;
}

#[tokio::test]
async fn two_sessions_on_one_checkpoint_never_collide() {
    let bench = Bench::start().await;
    let project = bench.project("Shop").await;
    let (_, journey) = bench.goal(&project).await;
    let checkpoint = bench.checkpoint(&journey, "Log in").await.name;
    let one = bench.author(named(&checkpoint)).await;
    let other = bench.author(named(&checkpoint)).await;
    let add = async |session: &etude::Session, mark: &str| {
        for number in 0..20 {
            let step = write(&format!("{mark}{number}"), "Name");
            let result = session
                .execute(step.into(), Default::default())
                .await
                .unwrap();
            assert_eq!(result.outcome(), Outcome::Pass, "{:?}", result.failure);
        }
    };
    tokio::join!(add(&one, "a"), add(&other, "b"));
    let steps = bench.steps(&checkpoint).await;
    assert_eq!(steps.len(), 40);
    for mark in ["a", "b"] {
        let of_one: Vec<_> = steps
            .iter()
            .filter(|step| step.text.contains(&format!("\"{mark}")))
            .map(|step| step.text.clone())
            .collect();
        let expected: Vec<_> = (0..20)
            .map(|number| format!("write \"{mark}{number}\" in \"Name\""))
            .collect();
        assert_eq!(of_one, expected, "each session's steps are in its order");
    }
    bench.end().await;
}

#[tokio::test]
async fn a_checkpoint_is_found_by_its_path_or_created() {
    let bench = Bench::start().await;
    let path = v1::CheckpointPath {
        project: "New project".to_owned(),
        goal: "New goal".to_owned(),
        journey: "New journey".to_owned(),
        checkpoint: "New checkpoint".to_owned(),
        url: "https://shop.test/".to_owned(),
    };
    let path = v1::authoring::Checkpoint::Path(path);
    let first = bench.author(path.clone()).await.state().await.unwrap();
    let again = bench.author(path).await.state().await.unwrap();
    assert!(first.checkpoint.starts_with("checkpoints/"));
    assert_eq!(first.checkpoint, again.checkpoint, "nothing is made twice");
    let projects = bench
        .call(v1::ListProjectsRequest::default())
        .await
        .projects;
    assert_eq!(projects.len(), 1);
    bench.end().await;
}

#[tokio::test]
async fn what_the_platform_cannot_hold_is_refused_with_the_alternative() {
    let bench = Bench::start().await;
    let project = bench.project("Shop").await;
    let (_, journey) = bench.goal(&project).await;
    let checkpoint = bench.checkpoint(&journey, "Log in").await.name;
    let error = bench
        .refused(v1::CreateStepRequest {
            checkpoint: checkpoint.clone(),
            step: Some(v1::Step {
                command: Some(v1::GoBack::default().into()),
                ..Default::default()
            }),
            ..Default::default()
        })
        .await;
    assert_eq!(error.reason(), Some(ErrorReason::CommandUnsupported));
    assert!(bench.steps(&checkpoint).await.is_empty());
    bench.end().await;
}

#[tokio::test]
async fn a_repeated_request_makes_nothing_new() {
    let bench = Bench::start().await;
    let request = v1::CreateProjectRequest {
        display_name: "Shop".to_owned(),
        request_id: "0b0e7a52-6f5c-4d0c-9a0e-0d5e4e9b7a11".to_owned(),
        ..Default::default()
    };
    let first = bench.call(request.clone()).await.project.unwrap();
    let again = bench.call(request.clone()).await.project.unwrap();
    assert_eq!(first, again);
    let other = v1::CreateProjectRequest {
        display_name: "Another".to_owned(),
        ..request
    };
    let error = bench.refused(other).await;
    assert_eq!(error.reason(), Some(ErrorReason::RequestIdReused));
    bench.end().await;
}

#[tokio::test]
async fn mistakes_have_reasons_and_say_what_the_platform_said() {
    let bench = Bench::start().await;
    bench.project("Shop").await;
    let taken = v1::CreateProjectRequest {
        display_name: "Shop".to_owned(),
        ..Default::default()
    };
    let error = bench.refused(taken).await;
    assert_eq!(error.reason(), Some(ErrorReason::PlatformAlreadyExists));
    let unknown = v1::GetProjectRequest {
        name: "projects/4711".to_owned(),
    };
    let error = bench.refused(unknown).await;
    assert_eq!(error.reason(), Some(ErrorReason::PlatformNotFound));
    let wrong = v1::GetProjectRequest {
        name: "goals/1".to_owned(),
    };
    let error = bench.refused(wrong).await;
    assert_eq!(error.reason(), Some(ErrorReason::InvalidRequest));
    bench.end().await;
}

#[tokio::test]
async fn without_a_token_there_is_no_cloud() {
    let bench = Bench::start().await;
    let mut metadata = MetadataMap::new();
    metadata.insert("etude-platform", "virtuoso".parse().unwrap());
    let service = etude::DESCRIPTOR_POOL
        .get_service_by_name("etude.v1.ProjectService")
        .unwrap();
    let method = service.methods().find(|one| one.name() == "ListProjects");
    let method = method.unwrap();
    let request = prost_reflect::DynamicMessage::new(method.input());
    let refused = bench.client.call_dynamic(&method, request, metadata).await;
    let error = match refused {
        Err(error) => error,
        Ok(stream) => stream.try_collect::<Vec<_>>().await.err().unwrap(),
    };
    assert_eq!(error.reason(), Some(ErrorReason::PlatformNotConfigured));
    bench.end().await;
}

#[tokio::test]
async fn a_table_is_created_changed_and_exported_whole() {
    let bench = Bench::start().await;
    let project = bench.project("Shop").await;
    let rows: String = (0..2000)
        .map(|row| format!("user{row},\"a \"\"b\"\"\"\n"))
        .collect();
    let table = bench
        .call(v1::CreateTestDataTableRequest {
            project: project.name.clone(),
            display_name: "Users".to_owned(),
            csv: format!("\u{feff}name,text\n{rows}"),
            ..Default::default()
        })
        .await
        .table
        .unwrap();
    assert_eq!(table.row_count, 2000);
    bench
        .call(v1::SetTestDataCellsRequest {
            name: table.name.clone(),
            cells: vec![v1::TestDataCell {
                row: 2000,
                column: "name".to_owned(),
                value: "last".to_owned(),
            }],
            ..Default::default()
        })
        .await;
    let imported = bench
        .call(v1::ImportTestDataRowsRequest {
            name: table.name.clone(),
            csv: "text,name\nx,added\n".to_owned(),
            ..Default::default()
        })
        .await;
    assert_eq!(imported.imported, 1);
    assert_eq!(imported.table.unwrap().row_count, 2001);
    let csv = exported(&bench, &table.name).await;
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(lines.len(), 2002);
    assert_eq!(lines[0], "name,text");
    assert_eq!(lines[2000], "last,\"a \"\"b\"\"\"");
    assert_eq!(lines[2001], "added,x");
    bench.end().await;
}

async fn exported(bench: &Bench, table: &str) -> String {
    let mut service =
        v1::test_data_table_service_client::TestDataTableServiceClient::new(bench.client.channel());
    let request = v1::ExportTestDataTableRequest {
        name: table.to_owned(),
    };
    let stream = service.export_test_data_table(request).await.unwrap();
    let parts: Vec<_> = stream.into_inner().try_collect().await.unwrap();
    parts.into_iter().map(|part| part.csv).collect()
}

#[tokio::test]
async fn a_hidden_variable_is_never_shown() {
    let bench = Bench::start().await;
    let project = bench.project("Shop").await;
    let variable = |name: &str, hidden| v1::PlatformVariable {
        name: name.to_owned(),
        value: "c4n4ry".to_owned(),
        hidden,
        inherited: false,
    };
    let environment = bench
        .call(v1::CreateEnvironmentRequest {
            project: project.name.clone(),
            display_name: "Staging".to_owned(),
            variables: vec![variable("PASSWORD", true), variable("USER", false)],
            ..Default::default()
        })
        .await
        .environment
        .unwrap();
    let shown: Vec<_> = environment
        .variables
        .iter()
        .map(|one| (one.name.as_str(), one.value.as_str()))
        .collect();
    assert_eq!(shown, [("PASSWORD", ""), ("USER", "c4n4ry")]);
    bench.end().await;
}

// === Executions ===

impl Bench {
    /// A goal whose first journey has these steps; the goal's name.
    async fn executable(&self, steps: Vec<v1::Command>) -> String {
        let project = self.project("Shop").await;
        let (goal, journey) = self.goal(&project).await;
        let checkpoint = self.checkpoint(&journey, "Main").await.name;
        for command in steps {
            let step = v1::Step {
                command: Some(command),
                ..Default::default()
            };
            let request = v1::CreateStepRequest {
                checkpoint: checkpoint.clone(),
                step: Some(step),
                ..Default::default()
            };
            self.call(request).await;
        }
        goal.name
    }

    /// All states of an execution, from its present one to its end.
    async fn watch(&self, execution: &v1::Execution) -> Vec<v1::Execution> {
        let mut executions = ExecutionServiceClient::new(self.fixture.channel.clone());
        let request = v1::WatchExecutionRequest {
            name: execution.name.clone(),
        };
        let stream = executions.watch_execution(request).await.unwrap();
        let states = stream.into_inner().map_ok(|told| told.execution.unwrap());
        let states = tokio::time::timeout(GUARD, states.try_collect()).await;
        states.unwrap().unwrap()
    }

    /// The variables that the steps of an execution have read.
    async fn used(&self, execution: &v1::Execution) -> Vec<(String, String)> {
        let request = v1::GetExecutionResultsRequest {
            name: execution.name.clone(),
        };
        let journeys = self.call(request).await.journeys.into_iter();
        let checkpoints = journeys.flat_map(|journey| journey.checkpoints);
        let steps = checkpoints.flat_map(|checkpoint| checkpoint.steps);
        steps.flat_map(|step| step.used_data).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_is_watched_until_it_has_ended() {
    let bench = Bench::start().await;
    let hanging = v1::Navigate {
        url: HANGING.to_owned(),
        ..Default::default()
    };
    let goal = bench.executable(vec![hanging.into()]).await;
    let request = v1::CreateExecutionRequest {
        goal,
        ..Default::default()
    };
    let execution = bench.call(request).await.execution.unwrap();
    let cancel = async {
        until("the step is executed", || {
            bench
                .fixture
                .backend
                .counts
                .executing
                .load(Ordering::SeqCst)
                > 0
        })
        .await;
        let name = execution.name.clone();
        bench
            .call(v1::CancelExecutionRequest {
                name,
                ..Default::default()
            })
            .await
    };
    let (states, cancelled) = tokio::join!(bench.watch(&execution), cancel);
    let (last, before) = states.split_last().unwrap();
    assert_eq!(last.state(), v1::ExecutionState::Cancelled);
    assert_eq!(Some(last), cancelled.execution.as_ref());
    assert!(
        !before.is_empty(),
        "it had not ended when it was first told"
    );
    for state in before {
        assert_ne!(state.state(), v1::ExecutionState::Cancelled);
        assert_eq!(state.outcome(), Outcome::Unspecified);
    }
    let again = bench.watch(&execution).await;
    assert_eq!(
        again,
        std::slice::from_ref(last),
        "what has ended is told once"
    );
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_executed_again_with_the_same_initial_data() {
    let bench = Bench::start().await;
    let assertion = v1::AssertVariable {
        variable: "user".to_owned(),
        value: "bob".to_owned(),
        ..Default::default()
    };
    let goal = bench.executable(vec![assertion.into()]).await;
    let request = v1::CreateExecutionRequest {
        goal,
        initial_data: [("user".to_owned(), "ada".to_owned())].into(),
        ..Default::default()
    };
    let first = bench.call(request).await.execution.unwrap();
    let again = v1::RerunFailuresRequest {
        name: first.name.clone(),
        ..Default::default()
    };
    let ended = bench.watch(&first).await.pop().unwrap();
    assert_eq!(ended.outcome(), Outcome::Fail);
    let second = bench.call(again).await.execution.unwrap();
    assert_ne!(second.name, first.name);
    assert_eq!(second.snapshot, first.snapshot);
    let ended = bench.watch(&second).await.pop().unwrap();
    assert_eq!(ended.outcome(), Outcome::Fail);
    let used = [("user".to_owned(), "ada".to_owned())];
    assert_eq!(bench.used(&second).await, used);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn results_tell_what_was_executed_whatever_becomes_of_the_journey() {
    let bench = Bench::start().await;
    let visit = |url: &str| {
        v1::Command::from(v1::Navigate {
            url: url.to_owned(),
            ..Default::default()
        })
    };
    let goal = bench.executable(vec![visit("http://shop.test/one")]).await;
    let request = v1::CreateExecutionRequest {
        goal,
        ..Default::default()
    };
    let started = bench.call(request).await.execution.unwrap();
    let ended = bench.watch(&started).await.pop().unwrap();
    let results = v1::GetExecutionResultsRequest { name: ended.name };
    let before = bench.call(results.clone()).await;
    let journey = &before.journeys[0];
    let checkpoints = journey.checkpoints.iter();
    let steps = checkpoints.clone().flat_map(|checkpoint| &checkpoint.steps);
    let names: Vec<_> = checkpoints.map(|one| one.display_name.as_str()).collect();
    let texts: Vec<_> = steps.clone().map(|step| step.text.as_str()).collect();
    assert!(!journey.display_name.is_empty());
    assert!(names.contains(&"Main"), "{names:?}");
    assert!(
        texts.contains(&"navigate to \"http://shop.test/one\""),
        "{texts:?}"
    );

    let changed = v1::PlatformStep {
        name: steps.last().unwrap().step.clone(),
        step: Some(v1::Step {
            command: Some(visit("http://shop.test/two")),
            ..Default::default()
        }),
        ..Default::default()
    };
    bench
        .call(v1::UpdateStepRequest {
            step: Some(changed),
            ..Default::default()
        })
        .await;
    assert_eq!(bench.call(results.clone()).await, before);
    bench
        .call(v1::DeleteJourneyRequest {
            name: journey.journey.clone(),
            ..Default::default()
        })
        .await;
    assert_eq!(bench.call(results).await, before);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_of_an_execution_are_sent_and_never_told() {
    let bench = Bench::start().await;
    let visit = v1::Navigate {
        url: "http://shop.test/".to_owned(),
        ..Default::default()
    };
    let goal = bench.executable(vec![visit.into()]).await;
    let headers = [("X-Tenant".to_owned(), "c4n4ry".to_owned())];
    let request = v1::CreateExecutionRequest {
        goal,
        http_headers: headers.clone().into(),
        ..Default::default()
    };
    let started = bench.call(request.clone()).await.execution.unwrap();
    let ended = bench.watch(&started).await.pop().unwrap();
    assert_eq!(ended.outcome(), Outcome::Pass);
    assert_eq!(*bench.fixture.backend.headers.lock(), [headers.into()]);
    let results = v1::GetExecutionResultsRequest { name: ended.name };
    let results = bench.call(results).await;
    assert!(!format!("{results:?}").contains("c4n4ry"), "{results:?}");

    let host = [("Host".to_owned(), "other.test".to_owned())];
    let refused = bench.refused(v1::CreateExecutionRequest {
        http_headers: host.into(),
        ..request
    });
    assert!(refused.await.to_string().contains("Host"));
    bench.end().await;
}
