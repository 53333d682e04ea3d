//! Many callers, and a platform on which everything goes wrong now and then.

use std::collections::HashMap;
use std::sync::Arc;

use fastrand::Rng;
use futures::future::join_all;
use parking_lot::Mutex;

use super::faults::{Platform, click};
use super::upstream::Seen;
use super::*;

/// What goes wrong with a request: one in three passes unharmed.
fn fate(dice: &mut Rng, platform: &Platform, request: &Seen) -> Reply {
    let oops = || json!({"success": false, "error": {"code": "", "message": "oops"}});
    let lost = |dice: &mut Rng| match dice.u8(..4) {
        0 => Reply::Reset,
        1 => Reply::Text(200, vec![], "<html>".into()),
        2 => Reply::Text(502, vec![], "<html>Bad Gateway</html>".into()),
        _ => Reply::json(500, oops()),
    };
    match dice.u8(..9) {
        0 => Reply::Text(429, vec![("retry-after", "0".into())], "{}".into()),
        1 => Reply::Text(503, vec![], String::new()),
        2 => Reply::json(200, oops()),
        3 => lost(dice),
        4 | 5 => {
            platform.answer(request);
            lost(dice)
        }
        _ => platform.answer(request),
    }
}

/// Each caller's outcome per text: how many successes, and how many that nobody can tell.
type Outcomes = HashMap<String, (usize, usize)>;

async fn add(client: &Client, hint: &str, outcomes: &Mutex<Outcomes>) {
    let result = client.create_step(7, 0, &click(hint)).await;
    let mut outcomes = outcomes.lock();
    let (told, unknown) = outcomes.entry(hint.to_owned()).or_default();
    match result {
        Ok(added) => {
            assert!(added.test_step.id >= 100);
            *told += 1;
        }
        Err(error) if error.reason == ErrorReason::PlatformOutcomeUnknown => *unknown += 1,
        Err(_) => {}
    }
}

#[tokio::test]
async fn no_step_is_added_twice_and_no_success_is_false() {
    for seed in 1..=6 {
        let platform = Platform::default();
        let dice = Arc::new(Mutex::new(Rng::with_seed(seed)));
        let upstream = {
            let platform = platform.clone();
            Upstream::start(move |request, _| fate(&mut dice.lock(), &platform, request)).await
        };
        let limits = Limits {
            // A breaker that opens would spare the platform most of this.
            breaker: BreakerOptions {
                failures: usize::MAX,
                ..BreakerOptions::default()
            },
            ..quick()
        };
        let client = client(&upstream, limits);
        let outcomes = Mutex::new(Outcomes::new());
        // Some callers add the same step as others.
        let hints: Vec<_> = (0..40).map(|n| format!("step {}", n % 30)).collect();
        join_all(hints.iter().map(|hint| add(&client, hint, &outcomes))).await;

        let stored = platform.steps.lock().clone();
        let mut successes = 0;
        for (hint, (told, unknown)) in outcomes.into_inner() {
            let text = json!({"clue": hint}).to_string();
            let same = |step: &&Value| {
                step["element"]["target"]["selectors"][0]["value"].as_str() == Some(text.as_str())
            };
            let count = stored.iter().filter(same).count();
            assert!(
                told <= count,
                "seed {seed}: {hint} told {told}, stored {count}"
            );
            assert!(
                count <= told + unknown,
                "seed {seed}: {hint} told {told}, unknown {unknown}, stored {count}"
            );
            successes += told;
        }
        assert!(successes > 10, "seed {seed}: only {successes} came through");
    }
}
