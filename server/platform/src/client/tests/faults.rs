//! Faults on the way: nothing is made twice, and no success is told that did not happen.

use std::sync::Arc;

use etude::v1;
use parking_lot::Mutex;

use super::upstream::Seen;
use super::*;
use crate::calls::checkpoints;
use crate::codec;
use crate::model::ParsedStep;

pub(super) fn click(hint: &str) -> ParsedStep {
    let command: v1::Command = v1::Click {
        target: Some(v1::Target::hint(hint)),
        ..Default::default()
    }
    .into();
    let step = v1::Step {
        command: Some(command),
        ..Default::default()
    };
    codec::encode(&step).unwrap()
}

/// A checkpoint on a platform that loses answers.
#[derive(Clone, Default)]
pub(super) struct Platform {
    pub(super) steps: Arc<Mutex<Vec<Value>>>,
}

impl Platform {
    fn count(&self) -> usize {
        self.steps.lock().len()
    }

    /// Does what the request asks for.
    pub(super) fn answer(&self, request: &Seen) -> Reply {
        let mut steps = self.steps.lock();
        if request.method == "POST" {
            let sent = &request.body["parsedStep"];
            let id = 100 + steps.len();
            let mut meta = sent["meta"].clone();
            meta["addedByThePlatform"] = json!(true);
            let step = json!({"id": id, "canonicalId": format!("c{id}"),
                "action": sent["action"], "value": sent["value"], "meta": meta,
                "element": {"id": 1, "target": sent["target"]}});
            steps.insert(
                request.body["stepIndex"].as_u64().unwrap() as usize,
                step.clone(),
            );
            let checkpoint = json!({"id": 7, "steps": *steps});
            return item(json!({"testStep": step, "checkpoint": checkpoint}));
        }
        item(json!({"id": 7, "title": "Login", "steps": *steps}))
    }
}

/// A platform whose answer to the `nth` creation is lost as the closure says, after it happened or
/// instead.
async fn losing(
    platform: &Platform,
    nth: usize,
    happens: bool,
    lose: impl Fn() -> Reply + Send + Sync + 'static,
) -> Upstream {
    let platform = platform.clone();
    let posts = std::sync::atomic::AtomicUsize::new(0);
    Upstream::start(move |request, _| {
        if request.method != "POST" {
            return platform.answer(request);
        }
        let count = posts.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        if count != nth {
            return platform.answer(request);
        }
        if happens {
            platform.answer(request);
        }
        lose()
    })
    .await
}

type Losing = fn() -> Reply;

/// Every way to lose the answer to a call that was carried out.
const LOST: [Losing; 6] = [
    || Reply::Reset,
    || Reply::Silence,
    || Reply::Drips(Duration::from_millis(20)),
    || Reply::Text(200, vec![], "{\"success\": tr".into()),
    || Reply::Text(502, vec![], "<html>Bad Gateway</html>".into()),
    || {
        Reply::json(
            500,
            json!({"success": false, "error": {"code": "", "message": "oops"}}),
        )
    },
];

/// Does the same with every way to lose an answer, all at once.
async fn each_way<F: Future<Output = ()>>(work: impl Fn(Losing) -> F) {
    futures::future::join_all(LOST.map(work)).await;
}

fn impatient() -> Limits {
    Limits {
        timeout: Duration::from_secs(2),
        ..quick()
    }
}

#[tokio::test]
async fn a_creation_whose_answer_was_lost_is_found() {
    each_way(|lose| async move {
        let platform = Platform::default();
        let upstream = losing(&platform, 1, true, lose).await;
        let client = client(&upstream, impatient());
        let first = client.create_step(7, 0, &click("Next")).await.unwrap();
        // The very same step again: its twin is not taken for it.
        let second = client.create_step(7, 1, &click("Next")).await.unwrap();
        assert_eq!((first.test_step.id, second.test_step.id), (100, 101));
        let third = client.create_step(7, 2, &click("Next")).await.unwrap();
        assert_eq!(third.test_step.id, 102);
        assert_eq!(platform.count(), 3);
        assert_eq!(upstream.count("POST"), 3);
        assert_eq!(client.metrics().settled, 1);
    })
    .await;
}

#[tokio::test]
async fn a_creation_that_did_not_happen_is_no_success() {
    each_way(|lose| async move {
        let platform = Platform::default();
        let upstream = losing(&platform, 1, false, lose).await;
        let client = client(&upstream, impatient());
        client.create_step(7, 0, &click("Next")).await.unwrap();
        let error = client.create_step(7, 1, &click("Next")).await.unwrap_err();
        let wanted = match error.metadata.get("platform_status").map(String::as_str) {
            // The platform itself said that it failed, and nothing is there.
            Some("500") => ErrorReason::PlatformUnavailable,
            _ => ErrorReason::PlatformOutcomeUnknown,
        };
        assert_eq!(error.reason, wanted, "{error}");
        assert_eq!(platform.count(), 1);
        assert_eq!(upstream.count("POST"), 2);
    })
    .await;
}

#[tokio::test]
async fn the_same_step_of_two_callers_is_added_twice_and_lost_once() {
    let platform = Platform::default();
    let upstream = losing(&platform, 0, false, || Reply::Reset).await;
    let client = client(&upstream, quick());
    let step = click("Next");
    let one = client.create_step(7, 0, &step);
    let other = client.create_step(7, 0, &step);
    let (one, other) = tokio::join!(one, other);
    // The step of the second caller is not taken for the lost one of the first.
    assert_eq!(one.unwrap_err().reason, ErrorReason::PlatformOutcomeUnknown);
    assert_eq!(other.unwrap().test_step.id, 100);
    assert_eq!(platform.count(), 1);
}

#[tokio::test]
async fn a_step_that_is_given_up_on_its_way_confuses_nobody() {
    let platform = Platform::default();
    // The step happens, but its caller does not wait for the answer.
    let upstream = losing(&platform, 0, true, || Reply::Silence).await;
    let client = client(&upstream, quick());
    let step = click("Next");
    give_up(client.create_step(7, 0, &step), &upstream, "POST", 1).await;
    assert_eq!(platform.count(), 1);
    let next = client.create_step(7, 1, &step).await.unwrap();
    assert_eq!((next.test_step.id, platform.count()), (101, 2));
}

#[tokio::test]
async fn the_same_step_of_two_clients_is_told_to_be_uncertain() {
    let platform = Platform::default();
    let upstream = {
        let platform = platform.clone();
        Upstream::start(move |request, _| {
            let answer = platform.answer(request);
            match request.method == "POST" {
                true => {
                    platform.answer(request);
                    Reply::Reset
                }
                false => answer,
            }
        })
        .await
    };
    let client = client(&upstream, quick());
    let error = client.create_step(7, 0, &click("Next")).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::PlatformOutcomeUnknown);
    assert_eq!(error.metadata["look_at"], "/testcases/7");
    assert!(
        error.message.contains("look before you repeat it"),
        "{error}"
    );
}

#[tokio::test]
async fn what_has_the_name_and_was_there_before_is_not_taken_for_what_was_made() {
    let all = json!({"4": {"id": 4, "name": "Shop", "title": "Shop"}});
    let upstream = Upstream::start(move |request, _| match request.method.as_str() {
        "POST" => Reply::Reset,
        _ if request.path.ends_with("/checkpoints") => item(json!({"checkpoints": all})),
        _ => Reply::json(200, json!({"success": true, "map": all})),
    })
    .await;
    let client = client(&upstream, quick());
    let project = client.create_project(1, "Shop", "").await.map(drop);
    let checkpoint = client.create_checkpoint(1, 2, "Shop").await.map(drop);
    for result in [project, checkpoint] {
        let reason = result.unwrap_err().reason;
        assert_eq!(reason, ErrorReason::PlatformOutcomeUnknown);
    }
    assert_eq!(upstream.count("POST"), 2);
}

#[tokio::test]
async fn a_creating_call_without_a_way_to_look_is_uncertain() {
    let upstream = Upstream::start(|_, _| Reply::Reset).await;
    let client = client(&upstream, quick());
    let call = crate::calls::plans::execute(9, None);
    let error = client.call(call).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::PlatformOutcomeUnknown);
    assert_eq!(upstream.count("POST"), 1);
}

#[tokio::test]
async fn what_reads_or_replaces_is_repeated() {
    each_way(|lose| async move {
        let upstream = Upstream::start(move |request, before| match before % 2 {
            0 => lose(),
            _ if request.method == "DELETE" => {
                let error = json!({"code": "2500", "message": "gone"});
                Reply::json(404, json!({"success": false, "error": error}))
            }
            _ => item(json!({"id": 7, "title": "Login", "name": "Login"})),
        })
        .await;
        let client = client(&upstream, impatient());
        assert_eq!(client.call(checkpoints::get(7)).await.unwrap().id, 7);
        client.call(journeys::rename(7, "x")).await.unwrap();
        // The first attempt removed it: its answer was lost, and the second finds nothing.
        client.call(journeys::delete(7)).await.unwrap();
        assert_eq!(client.metrics().retries, 3);
        assert_eq!(upstream.seen().len(), 6);
    })
    .await;
}

#[tokio::test]
async fn a_removal_of_what_is_not_there_is_told() {
    let error = json!({"success": false, "error": {"code": "2500", "message": "none"}});
    let upstream = Upstream::start(move |_, _| Reply::json(404, error.clone())).await;
    let client = client(&upstream, quick());
    let error = client.call(journeys::delete(7)).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::PlatformNotFound);
}

#[tokio::test]
async fn a_storm_of_429_is_waited_out_as_long_as_the_platform_asks() {
    let storm = |after: &'static str| {
        move |request: &Seen, before: usize| match before {
            _ if request.path.contains("organizationId") => item(json!([])),
            0..=2 => Reply::Text(429, vec![("retry-after", after.to_owned())], "{}".into()),
            _ => item(json!({"id": 12, "name": "Shop"})),
        }
    };
    let upstream = Upstream::start(storm("0")).await;
    let ready = client(&upstream, quick());
    // Also a creating call: a platform that has too much to do has done nothing.
    ready.create_project(1, "Shop", "").await.unwrap();
    assert_eq!((upstream.count("POST"), ready.metrics().throttled), (3, 2));
    let upstream = Upstream::start(storm("3600")).await;
    let error = client(&upstream, quick())
        .call(projects::get(12))
        .await
        .unwrap_err();
    assert_eq!(error.reason, ErrorReason::PlatformRateLimited);
    assert_eq!(error.retry_after, Some(Duration::from_secs(3600)));
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test]
async fn a_platform_that_stays_silent_is_a_timeout() {
    for silence in [|| Reply::Silence, || Reply::Drips(Duration::from_millis(5))] {
        let upstream = Upstream::start(move |_, _| silence()).await;
        let limits = Limits {
            timeout: Duration::from_millis(50),
            ..quick()
        };
        let error = client(&upstream, limits)
            .call(projects::get(12))
            .await
            .unwrap_err();
        assert_eq!(error.reason, ErrorReason::PlatformTimeout, "{error}");
    }
}

#[tokio::test]
async fn a_call_that_is_given_up_ends_upstream() {
    let upstream = Upstream::start(|_, _| Reply::Silence).await;
    let client = client(&upstream, quick());
    give_up(client.call(projects::get(12)), &upstream, "GET", 1).await;
    while upstream.given_up() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(client.metrics().in_flight, 0);
}

#[tokio::test]
async fn whatever_was_made_is_found_by_its_name() {
    let made = |name: &str| json!({"id": 5, "name": name, "title": name});
    let upstream = Upstream::start(move |request, before| {
        if request.method == "POST" {
            return Reply::Reset;
        }
        // There was one of this name before.
        let old = json!({"id": 4, "name": "N", "title": "N"});
        let all = match before {
            0 => vec![old],
            _ => vec![old, made("other"), made("N")],
        };
        let statuses: Vec<_> = all.iter().map(|one| json!({"journey": one})).collect();
        let by_id: serde_json::Map<_, _> = all
            .iter()
            .map(|one| (one["id"].to_string(), one.clone()))
            .collect();
        match request.path.as_str() {
            path if path.contains("latest_status") => item(json!(statuses)),
            path if path.ends_with("/checkpoints") => item(json!({"checkpoints": by_id})),
            path if path.ends_with("/environments") => item(json!({"environments": all})),
            _ => item(json!(all)),
        }
    })
    .await;
    let fresh = || client(&upstream, quick());
    let restarted = |upstream: &Upstream| upstream.forget();
    assert_eq!(fresh().create_project(1, "N", "").await.unwrap().id, 5);
    restarted(&upstream);
    let checkpoint = fresh().create_checkpoint(1, 2, "N").await.unwrap();
    assert_eq!(checkpoint.id, 5);
    restarted(&upstream);
    let goal = crate::calls::goals::NewGoal {
        project: 1,
        name: "N".into(),
        url: "https://shop.example".into(),
        environment: None,
        size: crate::model::goal::DeviceSize::default(),
        first_journey: false,
    };
    assert_eq!(fresh().create_goal(&goal).await.unwrap().id, 5);
    restarted(&upstream);
    let journey = {
        let new = crate::calls::journeys::NewJourney {
            goal: 1,
            snapshot: 2,
            title: "N".into(),
            ..Default::default()
        };
        fresh().create_journey(&new).await.unwrap()
    };
    assert_eq!(journey.id, 5);
    restarted(&upstream);
    let environment = crate::calls::environments::NewEnvironment {
        project: 1,
        name: "N".into(),
        description: String::new(),
        parent: None,
    };
    assert_eq!(
        fresh().create_environment(&environment).await.unwrap().id,
        5
    );
    restarted(&upstream);
    let script = crate::model::Script {
        name: "N".into(),
        ..Default::default()
    };
    assert_eq!(fresh().create_script(1, &script).await.unwrap().id, 5);
}

#[tokio::test]
async fn an_attachment_whose_answer_was_lost_is_found_in_the_journey() {
    for (what, before) in [
        (journeys::Attached::Checkpoint(7), vec![json!({"id": 3})]),
        (
            journeys::Attached::Library(7),
            vec![json!({"id": 70, "libraryCheckpointId": 7})],
        ),
    ] {
        let after = match what {
            journeys::Attached::Checkpoint(_) => json!({"id": 7}),
            journeys::Attached::Library(_) => json!({"id": 71, "libraryCheckpointId": 7}),
        };
        for happens in [true, false] {
            let cases = Arc::new(Mutex::new(before.clone()));
            let after = after.clone();
            let upstream = Upstream::start(move |request, _| {
                if request.method == "GET" {
                    return item(json!({"id": 1, "cases": *cases.lock()}));
                }
                if happens {
                    cases.lock().push(after.clone());
                }
                Reply::Reset
            })
            .await;
            let attached = client(&upstream, quick()).attach(1, what, 2).await;
            match happens {
                true => attached.unwrap(),
                false => {
                    let reason = attached.unwrap_err().reason;
                    assert_eq!(reason, ErrorReason::PlatformOutcomeUnknown);
                }
            }
            assert_eq!(upstream.count("POST"), 1);
        }
    }
}
