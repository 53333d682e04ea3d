//! The flags of a step mean the same wherever the step stands.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::blocks::{block, repeat};
use common::{Server, check_log, config, flagged, lines, millis, step, test};
use etude::v1::{self, Outcome, RunEvent, Step, StepFlags, StepResult, Test, run_event::Payload};
use tempfile::tempdir;

/// A place where steps can stand.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Setup,
    Checkpoint,
    Teardown,
    LoopInSetup,
    LoopsInCheckpoint,
    FinallyInTeardown,
}

const PLACES: [Place; 6] = [
    Place::Setup,
    Place::Checkpoint,
    Place::Teardown,
    Place::LoopInSetup,
    Place::LoopsInCheckpoint,
    Place::FinallyInTeardown,
];

/// A test with the steps at the place. The scripted browser takes no screenshots.
fn at(place: Place, steps: Vec<Step>) -> Test {
    let mut test = config(test(&["main"]), |config| {
        config.set_screenshots(v1::ScreenshotPolicy::Never);
    });
    match place {
        Place::Setup => test.setup = steps,
        Place::Checkpoint => test.checkpoints[0].steps = steps,
        Place::Teardown => test.teardown = steps,
        Place::LoopInSetup => test.setup = vec![repeat(1, steps)],
        Place::LoopsInCheckpoint => {
            test.checkpoints[0].steps = vec![repeat(1, vec![repeat(1, steps)])];
        }
        Place::FinallyInTeardown => {
            let tried = v1::TryBlock {
                steps: vec![step("tried")],
                catch_steps: Vec::new(),
                finally_steps: steps,
            };
            test.teardown = vec![block(v1::block::Kind::TryCatch(tried))];
        }
    }
    test
}

async fn execute(place: Place, steps: Vec<Step>) -> (Vec<RunEvent>, v1::Run) {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let (events, run) = server.execute(at(place, steps)).await;
    check_log(&events);
    (events, run)
}

/// The result of the step of this text.
fn result<'e>(events: &'e [RunEvent], text: &str) -> &'e StepResult {
    let results = events.iter().filter_map(|event| match &event.payload {
        Some(Payload::StepFinished(step)) => step.result.as_ref(),
        _ => None,
    });
    let mut found = results.filter(|result| result.text.contains(text));
    found
        .next()
        .unwrap_or_else(|| panic!("{:#?}", lines(events)))
}

#[tokio::test]
async fn retries_count_everywhere() {
    for place in PLACES {
        let flaky = |retries| flagged("flaky 2", |flags| flags.retries = retries);
        let (events, run) = execute(place, vec![flaky(2), step("after")]).await;
        assert_eq!(result(&events, "flaky").attempts, 3, "{place:?}");
        assert_eq!(run.outcome(), Outcome::Pass, "{place:?}");

        let (events, run) = execute(place, vec![flaky(1)]).await;
        assert_eq!(result(&events, "flaky").attempts, 2, "{place:?}");
        assert_eq!(run.outcome(), Outcome::Fail, "{place:?}");
    }
}

#[tokio::test]
async fn timeouts_end_a_step_everywhere() {
    for place in PLACES {
        let wait = v1::WaitTime {
            duration: millis(600_000),
        };
        let wait = Step {
            command: Some(wait.into()),
            flags: Some(StepFlags {
                timeout: millis(50),
                ..StepFlags::default()
            }),
            ..Step::default()
        };
        let (events, run) = execute(place, vec![wait]).await;
        let waited = result(&events, "wait");
        assert_eq!(waited.outcome(), Outcome::Error, "{place:?}");
        let reason = &waited.failure.as_ref().unwrap().reason;
        assert_eq!(reason, "STEP_TIMEOUT", "{place:?}");
        assert_eq!(run.outcome(), Outcome::Error, "{place:?}");
    }
}

#[tokio::test]
async fn an_error_that_may_go_on_counts_everywhere() {
    for place in PLACES {
        let error = flagged("error", |flags| flags.continue_on_failure = true);
        let (events, run) = execute(place, vec![error, step("after")]).await;
        assert_eq!(
            result(&events, "\"after\"").outcome(),
            Outcome::Pass,
            "{place:?}"
        );
        assert_eq!(run.outcome(), Outcome::Error, "{place:?}");
        // The setup has gone on, and yet it has not passed.
        let in_setup = matches!(place, Place::Setup | Place::LoopInSetup);
        let in_checkpoint = matches!(place, Place::Checkpoint | Place::LoopsInCheckpoint);
        if !in_checkpoint {
            let main = result(&events, "\"main\"").outcome();
            assert_eq!(main == Outcome::NotReached, in_setup, "{place:?}");
        }
    }
}

#[tokio::test]
async fn an_error_that_does_not_count_stops_nothing_anywhere() {
    for place in PLACES {
        for set in [
            (|flags| flags.optional = true) as fn(&mut StepFlags),
            |flags| flags.ignore_outcome = true,
        ] {
            let (events, run) = execute(place, vec![flagged("error", set), step("after")]).await;
            assert_eq!(
                result(&events, "\"after\"").outcome(),
                Outcome::Pass,
                "{place:?}"
            );
            assert_eq!(run.outcome(), Outcome::Pass, "{place:?}");
        }
    }
}

#[tokio::test]
async fn without_a_flag_an_error_stops_what_follows_except_in_the_teardown() {
    for place in PLACES {
        let (events, run) = execute(place, vec![step("error"), step("after")]).await;
        let executed = lines(&events).contains(&"after PASS".to_owned());
        let in_teardown = matches!(place, Place::Teardown | Place::FinallyInTeardown);
        assert_eq!(executed, in_teardown, "{place:?}: {:#?}", lines(&events));
        assert_eq!(run.outcome(), Outcome::Error, "{place:?}");
    }
}
