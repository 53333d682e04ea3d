//! Authoring sessions: commands are added to a checkpoint.

use etude::v1::{Authoring, StepFlags, authoring};
use parking_lot::Mutex;

use super::*;
use crate::backend::{ExecuteOptions, Execution};
use crate::testing::{error, target};

/// Steps as the author got them.
type Written = Arc<Mutex<Vec<(v1::Command, ExecuteOptions)>>>;

/// An author that writes everything down.
fn author() -> (FakeBackend, Written) {
    let written = Written::default();
    let log = written.clone();
    let author = FakeBackend::authoring(move |command, options| {
        log.lock().push((command.clone(), options.clone()));
        let authored = v1::AuthoredStep {
            step: format!("steps/{}", log.lock().len()),
            checkpoint: "checkpoints/7".to_owned(),
            ..v1::AuthoredStep::default()
        };
        Act::Reply(Execution {
            authored: Some(authored),
            ..pass()
        })
    });
    (author, written)
}

fn bench(author: &FakeBackend, options: SessionsOptions) -> Bench {
    let author: Arc<dyn Backend> = Arc::new(author.clone());
    Bench::with_author(&FakeBackend::passing(), Some(author), options)
}

fn authoring() -> CreateSessionRequest {
    CreateSessionRequest {
        authoring: Some(Authoring {
            checkpoint: Some(authoring::Checkpoint::Name("checkpoints/7".to_owned())),
            ..Authoring::default()
        }),
        ..CreateSessionRequest::default()
    }
}

fn write(text: &str) -> v1::Write {
    v1::Write {
        text: text.to_owned(),
        target: target("Name"),
        ..v1::Write::default()
    }
}

#[tokio::test]
async fn commands_are_written_down_with_their_templates_flags_and_place() {
    let (author, written) = author();
    let bench = bench(&author, SessionsOptions::default());
    let session = bench.create(authoring()).await.unwrap();
    assert_eq!(session.checkpoint, "checkpoints/7");
    let context = CommandContext {
        flags: Some(StepFlags {
            skip: true,
            retries: 3,
            ..StepFlags::default()
        }),
        position: 4,
        ..context(&session.name)
    };
    let command = valid(write("Log in $now, \u{2019}\n${1 + 2}"));
    let result = bench.sessions.execute(context, command.clone()).await;
    let result = result.unwrap();
    assert_eq!(result.outcome(), Outcome::Pass);
    assert_eq!(result.authored_step.unwrap().step, "steps/1");
    let written = written.lock();
    assert_eq!(written.len(), 1, "a step is never written twice");
    let (got, options) = &written[0];
    assert_eq!(got, &*command, "nothing is substituted");
    assert!(options.placement.flags.skip, "it is stored, not obeyed");
    assert_eq!(options.placement.position, 4);
}

#[tokio::test]
async fn what_the_platform_cannot_hold_is_refused_before_it_is_sent() {
    let (author, written) = author();
    let bench = bench(&author, SessionsOptions::default());
    let session = bench.create(authoring()).await.unwrap().name;
    let refused = bench.run(&session, v1::GoBack::default()).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::CommandUnsupported);
    assert!(written.lock().is_empty());
}

#[tokio::test]
async fn what_was_not_written_is_no_success_and_not_tried_again() {
    let calls = Arc::new(Mutex::new(0));
    let count = calls.clone();
    let author = FakeBackend::authoring(move |_, _| {
        *count.lock() += 1;
        Act::Reply(error(ErrorReason::PlatformUnavailable, "gone"))
    });
    let bench = bench(&author, SessionsOptions::default());
    let session = bench.create(authoring()).await.unwrap().name;
    let context = CommandContext {
        flags: Some(StepFlags {
            retries: 5,
            ..StepFlags::default()
        }),
        ..context(&session)
    };
    let result = bench.sessions.execute(context, valid(write("a"))).await;
    let result = result.unwrap();
    assert_eq!(result.outcome(), Outcome::Error);
    assert_eq!(result.failure.unwrap().reason, "PLATFORM_UNAVAILABLE");
    assert_eq!(result.authored_step, None);
    assert_eq!(*calls.lock(), 1);
}

#[tokio::test]
async fn a_dry_run_shows_the_step_and_writes_none() {
    let (author, written) = author();
    let bench = bench(&author, SessionsOptions::default());
    let session = bench.create(authoring()).await.unwrap().name;
    let context = CommandContext {
        validate_only: true,
        ..context(&session)
    };
    let result = bench.sessions.execute(context, valid(write("a"))).await;
    let step = result.unwrap().authored_step.unwrap();
    assert!(step.wire.contains("Write"), "{}", step.wire);
    assert_eq!(step.step, "", "there is no id of what was not written");
    assert!(written.lock().is_empty());
}

#[tokio::test]
async fn an_authoring_session_has_nothing_of_a_browser() {
    let (author, _) = author();
    let bench = bench(&author, SessionsOptions::default());
    let request = CreateSessionRequest {
        starting_url: "https://example.com".to_owned(),
        ..authoring()
    };
    let refused = bench.create(request).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::InvalidRequest);
    assert!(format!("{refused:?}").contains("starting_url"));
}

#[tokio::test]
async fn authoring_sessions_take_no_browsers_place() {
    let (author, _) = author();
    let options = SessionsOptions {
        max_sessions: 1,
        max_authoring: 2,
        ..SessionsOptions::default()
    };
    let bench = bench(&author, options);
    bench.open().await;
    for _ in 0..2 {
        bench.create(authoring()).await.unwrap();
    }
    let refused = bench.create(authoring()).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::SessionLimit);
}

#[tokio::test]
async fn without_a_platform_there_is_no_authoring_session() {
    let bench = Bench::new(&FakeBackend::passing());
    let refused = bench.create(authoring()).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::PlatformNotConfigured);
}
