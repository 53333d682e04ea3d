//! Opening, reading and deleting sessions.

use super::*;
use crate::backend::Verdict;
use crate::error::failure;
use crate::testing::millis;

#[tokio::test]
async fn a_session_is_opened_read_listed_and_deleted() {
    let bench = Bench::new(&FakeBackend::passing());
    let request = CreateSessionRequest {
        display_name: "mine".into(),
        variables: vec![
            variable("user", "Ada"),
            secret_variable("password", "PASSWORD"),
        ],
        base_url: "http://u:p@shop.test/".into(),
        starting_url: "http://shop.test/$user".into(),
        ..CreateSessionRequest::default()
    };
    let session = bench.create(request).await.unwrap();
    assert!(session.name.starts_with("sessions/"), "{}", session.name);
    assert_eq!(session.state(), SessionState::Active);
    assert_eq!((session.browser.as_str(), session.bidi), ("fake 1.0", true));
    assert_eq!(session.base_url, "http://••••@shop.test/");
    assert_eq!(session.variables["user"], "Ada");
    assert_eq!(session.variables["password"], "••••");
    assert_eq!((session.steps_done, session.last_sequence), (1, 2));
    assert_eq!(session.viewport.unwrap().width, 1280);
    assert_eq!(bench.backend.log(), ["navigate started", "navigate ended"]);

    let read = bench.sessions.get(&session.name).await.unwrap();
    assert_eq!(read.display_name, "mine");
    assert_eq!(read.url, "about:blank");
    let page = PageRequest {
        size: 50,
        ..PageRequest::default()
    };
    let listed = bench
        .sessions
        .list(page.clone(), false)
        .await
        .unwrap()
        .items;
    assert_eq!(listed.len(), 1);
    assert!(listed[0].variables.is_empty() && listed[0].url.is_empty());
    assert_eq!(listed[0].steps_done, 1);

    let deleted = bench.sessions.delete(&session.name).await.unwrap();
    assert_eq!(deleted.state(), SessionState::Ended);
    assert_eq!(deleted.end_reason, "SESSION_DELETED");
    assert!(deleted.end_time.is_some());
    assert_eq!(
        (bench.backend.open_sessions(), bench.sessions.active()),
        (0, 0)
    );
    assert_eq!(bench.backend.log().last().unwrap(), "closed");
    assert_eq!(bench.store.sessions()[0].state(), SessionState::Ended);
    assert_eq!(bench.sessions.delete(&session.name).await.unwrap(), deleted);
    assert!(
        bench
            .sessions
            .list(page.clone(), false)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    assert_eq!(
        bench.sessions.list(page, true).await.unwrap().items.len(),
        1
    );
}

#[tokio::test]
async fn an_unknown_session_is_not_found() {
    let bench = Bench::new(&FakeBackend::passing());
    let name = "sessions/none";
    assert_eq!(
        reason(bench.sessions.get(name).await),
        ErrorReason::SessionNotFound
    );
    assert_eq!(
        reason(bench.sessions.delete(name).await),
        ErrorReason::SessionNotFound
    );
    let ttl = Duration::from_secs(1);
    assert_eq!(
        reason(bench.sessions.extend(name, ttl).await),
        ErrorReason::SessionNotFound
    );
    assert_eq!(
        reason(bench.run(name, click("x")).await),
        ErrorReason::SessionNotFound
    );
    let watched = bench.sessions.watch(name, 0).await.map(drop);
    assert_eq!(reason(watched), ErrorReason::SessionNotFound);
}

#[tokio::test]
async fn nothing_is_opened_for_a_request_that_is_only_checked() {
    let bench = Bench::new(&FakeBackend::passing());
    let request = CreateSessionRequest {
        validate_only: true,
        ttl: Some(millis(2000)),
        ..CreateSessionRequest::default()
    };
    let session = bench.create(request).await.unwrap();
    assert_eq!(session.name, "");
    assert_eq!(bench.backend.opened_sessions(), 0);
    let request = CreateSessionRequest {
        variables: vec![variable("a", "1"), secret_variable("b", "NONE")],
        ..CreateSessionRequest::default()
    };
    let error = bench.create(request).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::InvalidRequest);
    assert_eq!(error.violations[0].field, "variables[1].secret");
}

#[tokio::test(start_paused = true)]
async fn no_more_sessions_than_allowed_are_open_or_being_opened() {
    let options = SessionsOptions {
        max_sessions: 2,
        ..SessionsOptions::default()
    };
    let bench = Bench::with(&FakeBackend::passing(), options);
    let first = bench.open().await;
    bench.backend.set_open_delay(Duration::from_secs(5));
    let sessions = bench.sessions.clone();
    let opening = tokio::spawn(async move { sessions.create(Default::default()).await });
    settle().await;
    let error = bench
        .create(CreateSessionRequest::default())
        .await
        .unwrap_err();
    assert_eq!(error.reason, ErrorReason::SessionLimit);
    assert_eq!(
        (
            error.metadata["limit"].as_str(),
            error.metadata["active"].as_str()
        ),
        ("2", "2")
    );
    assert!(error.retry_after.is_some());
    // One that is given up while it is opened gives its place back.
    opening.abort();
    settle().await;
    assert_eq!(bench.sessions.active(), 1);
    // And so does one that cannot be opened.
    let broken = Error::new(ErrorReason::BrowserUnavailable, "no browser");
    bench.backend.set_open_error(Some(broken));
    let refused = bench.create(CreateSessionRequest::default()).await;
    assert_eq!(reason(refused), ErrorReason::BrowserUnavailable);
    assert_eq!(bench.sessions.active(), 1);
    bench.backend.set_open_error(None);
    bench.open().await;
    assert_eq!(bench.sessions.active(), 2);
    bench.sessions.delete(&first).await.unwrap();
    bench.open().await;
    assert_eq!(bench.backend.open_sessions(), 2);
}

fn with_id(id: &str) -> CreateSessionRequest {
    CreateSessionRequest {
        request_id: id.to_owned(),
        ..CreateSessionRequest::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeated_creation_opens_nothing() {
    let bench = Bench::new(&FakeBackend::passing());
    bench.backend.set_open_delay(Duration::from_secs(1));
    let both = [bench.create(with_id("a")), bench.create(with_id("a"))];
    let both = futures::future::join_all(both).await;
    let names: Vec<_> = both
        .into_iter()
        .map(|session| session.unwrap().name)
        .collect();
    assert_eq!(names[0], names[1]);
    assert_eq!(bench.create(with_id("a")).await.unwrap().name, names[0]);
    assert_eq!(bench.backend.opened_sessions(), 1);
    let other = CreateSessionRequest {
        display_name: "other".into(),
        ..with_id("a")
    };
    assert_eq!(
        reason(bench.create(other).await),
        ErrorReason::RequestIdReused
    );
    assert_ne!(bench.create(with_id("b")).await.unwrap().name, names[0]);
}

#[tokio::test(start_paused = true)]
async fn a_creation_that_came_to_nothing_can_be_repeated() {
    let bench = Bench::new(&FakeBackend::passing());
    bench.backend.set_open_delay(Duration::from_secs(60));
    let given_up = bench.create(with_id("a"));
    assert!(
        tokio::time::timeout(Duration::from_secs(1), given_up)
            .await
            .is_err()
    );
    bench.backend.set_open_delay(Duration::ZERO);
    let broken = Error::new(ErrorReason::BrowserUnavailable, "no browser");
    bench.backend.set_open_error(Some(broken));
    assert_eq!(
        reason(bench.create(with_id("a")).await),
        ErrorReason::BrowserUnavailable
    );
    bench.backend.set_open_error(None);
    bench.create(with_id("a")).await.unwrap();
    assert_eq!(bench.sessions.active(), 1);
}

#[tokio::test]
async fn a_starting_url_that_does_not_load_leaves_no_browser() {
    let backend = FakeBackend::new(|_, _| {
        let failure = failure(ErrorReason::NavigationFailed, "no such host");
        Act::Reply(crate::backend::Execution::new(Verdict::Error(failure)))
    });
    let bench = Bench::new(&backend);
    let request = CreateSessionRequest {
        starting_url: "http://none.invalid/".into(),
        ..CreateSessionRequest::default()
    };
    let error = bench.create(request).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::StepError);
    assert_eq!(error.metadata["reason"], "NAVIGATION_FAILED");
    assert!(error.message.contains("no such host"), "{}", error.message);
    while bench.sessions.active() > 0 {
        settle().await;
    }
    assert_eq!(backend.open_sessions(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_creation_given_up_while_its_page_loads_leaves_no_browser() {
    let backend = FakeBackend::new(|_, _| Act::Hang);
    let bench = Bench::new(&backend);
    let request = CreateSessionRequest {
        starting_url: "http://slow.test/".into(),
        ..CreateSessionRequest::default()
    };
    let given_up = bench.create(request);
    assert!(
        tokio::time::timeout(Duration::from_secs(1), given_up)
            .await
            .is_err()
    );
    settle().await;
    assert_eq!((backend.open_sessions(), bench.sessions.active()), (0, 0));
}

#[tokio::test]
async fn sessions_of_an_earlier_process_have_ended() {
    let bench = Bench::new(&FakeBackend::passing());
    let mut left = v1::Session {
        name: "sessions/left".into(),
        last_sequence: 7,
        ..v1::Session::default()
    };
    left.set_state(SessionState::Active);
    let store: &dyn Store = &*bench.store;
    store.save_session(&left).await.unwrap();
    bench.sessions.recover().await.unwrap();
    assert_eq!(bench.end_reason(&left.name).await, "SERVER_RESTARTED");
    let error = bench.run(&left.name, click("x")).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::SessionEnded);
    assert_eq!(error.metadata["end_reason"], "SERVER_RESTARTED");
    let compacted = bench
        .sessions
        .watch(&left.name, 3)
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(compacted.reason, ErrorReason::EventsCompacted);
    assert_eq!(compacted.metadata["first_sequence"], "8");
    let stream = bench.sessions.watch(&left.name, 7).await.unwrap();
    assert_eq!(stream.count().await, 0);
}

#[tokio::test]
async fn a_session_has_the_variables_of_its_environment_and_of_its_caller() {
    let bench = Bench::new(&FakeBackend::passing());
    let of_environment = |name: &str, source| v1::EnvironmentVariable {
        name: name.into(),
        source: Some(source),
    };
    use v1::environment_variable::Source;
    let request = CreateSessionRequest {
        environment: Some(v1::Environment {
            name: "staging".into(),
            variables: vec![
                of_environment("user", Source::Value("ada".into())),
                of_environment("currency", Source::Value("EUR".into())),
                of_environment("token", Source::Hidden("h1dd3n".into())),
                of_environment("password", Source::Secret("PASSWORD".into())),
            ],
        }),
        env: [("SHOP_KEY".to_owned(), "k3y-of-the-shop".to_owned())].into(),
        variables: vec![
            variable("user", "bob"),
            v1::Variable {
                name: "key".into(),
                source: Some(v1::variable::Source::Env("SHOP_KEY".into())),
            },
        ],
        base_url: "http://shop.test/${ENV:SHOP_KEY}".into(),
        ..CreateSessionRequest::default()
    };
    let session = bench.create(request).await.unwrap();
    assert_eq!(session.environment, "staging");
    assert_eq!(session.base_url, "http://shop.test/••••");
    let text = "$user $currency $token $password $key ${ENV:SHOP_KEY} $ENVIRONMENT";
    let result = bench
        .run(
            &session.name,
            v1::Log {
                message: text.into(),
            },
        )
        .await;
    let result = result.unwrap();
    assert_eq!(result.outcome(), Outcome::Pass, "{result:?}");
    let shown = prost_types::Value::from("bob EUR •••• •••• •••• •••• staging".to_owned());
    assert_eq!(result.output, Some(shown));
    let read = bench.sessions.get(&session.name).await.unwrap();
    for (name, value) in [("user", "bob"), ("currency", "EUR"), ("token", "••••")] {
        assert_eq!(read.variables[name], value);
    }
    let kept = format!("{:?} {read:?}", bench.store.sessions());
    for secret in ["h1dd3n", "c4n4ry", "k3y-of"] {
        assert!(!kept.contains(secret), "{kept}");
    }
    let unknown = v1::Log {
        message: "${ENV:NOBODY_BRINGS_IT}".into(),
    };
    let result = bench.run(&session.name, unknown).await.unwrap();
    assert_eq!(result.outcome(), Outcome::Error);
}

#[tokio::test]
async fn values_of_headers_are_hidden_and_wrong_ones_refused() {
    let bench = Bench::new(&FakeBackend::passing());
    let request = |name: &str| CreateSessionRequest {
        http_headers: [(name.to_owned(), "Bearer h34der-value".to_owned())].into(),
        ..CreateSessionRequest::default()
    };
    let session = bench.create(request("Authorization")).await.unwrap();
    let message = "the page says h34der-value".to_owned();
    let result = bench.run(&session.name, v1::Log { message }).await.unwrap();
    let shown = prost_types::Value::from("the page says ••••".to_owned());
    assert_eq!(result.output, Some(shown));
    let refused = bench.create(request("Connection")).await.unwrap_err();
    assert_eq!(refused.violations[0].field, "http_headers[\"Connection\"]");
    let kept = format!("{:?} {refused:?}", bench.store.sessions());
    assert!(!kept.contains("h34der"), "{kept}");
}
