//! Authoring: what holds whoever calls, and how many at once.

use std::collections::BTreeSet;

use etude_platform::local::Options;
use http::StatusCode;
use serde_json::json;

use super::common::{Platform, comment};

#[tokio::test(flavor = "multi_thread")]
async fn adders_to_one_checkpoint_never_collide() {
    let platform = std::sync::Arc::new(Platform::new().await);
    let goal = platform.goal().await;
    let checkpoint = platform.checkpoint(&goal, "Shared").await;
    let mut tasks = tokio::task::JoinSet::new();
    for adder in 0..8 {
        let platform = std::sync::Arc::clone(&platform);
        tasks.spawn(async move {
            for n in 0..15 {
                let step = comment(checkpoint, -1, &format!("{adder}-{n}"));
                platform.make("POST /teststeps", step).await;
            }
        });
    }
    tasks.join_all().await;
    let values = platform.values(checkpoint).await;
    assert_eq!(values.len(), 120);
    assert_eq!(values.iter().collect::<BTreeSet<_>>().len(), 120);
    for adder in 0..8 {
        let own = values
            .iter()
            .filter(|value| value.starts_with(&format!("{adder}-")));
        let expected: Vec<_> = (0..15).map(|n| format!("{adder}-{n}")).collect();
        assert!(
            own.eq(expected.iter()),
            "the steps of one adder are in another order"
        );
    }
}

#[tokio::test]
async fn an_index_inserts_and_everything_behind_the_end_appends() {
    let platform = Platform::new().await;
    let goal = platform.goal().await;
    let checkpoint = platform.checkpoint(&goal, "Ordered").await;
    for (index, text) in [
        (0, "c"),
        (0, "a"),
        (1, "b"),
        (9999, "e"),
        (-1, "f"),
        (3, "d"),
    ] {
        platform
            .make("POST /teststeps", comment(checkpoint, index, text))
            .await;
    }
    assert_eq!(
        platform.values(checkpoint).await,
        ["a", "b", "c", "d", "e", "f"]
    );
    let refused = platform
        .call("POST /teststeps", Some(comment(checkpoint, -2, "x")))
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        refused
            .at("/error/message")
            .as_str()
            .unwrap()
            .contains("stepIndex")
    );
}

#[tokio::test]
async fn a_token_is_checked_when_one_is_needed() {
    let options = || Options {
        token: Some("right".to_owned().into()),
    };
    let nobody = Platform::with(options()).await;
    let refused = nobody.get("/projects?organizationId=7").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.at("/error/code"), "401");
    let sign_on = "/auth/sso?organization=7&userEmail=a%40example.com";
    let open = nobody.get(sign_on).await;
    let item = json!({"ssoAuthenticationInfo": {}, "allowPassword": false});
    assert_eq!(open.at("/item"), &item);
    for (header, status) in [
        ("Bearer right", StatusCode::OK),
        ("Bearer wrong", StatusCode::UNAUTHORIZED),
        ("Basic right", StatusCode::UNAUTHORIZED),
        ("Bearer", StatusCode::UNAUTHORIZED),
    ] {
        let platform = Platform::with(options())
            .await
            .sending("authorization", header);
        let answer = platform.get("/projects?organizationId=7").await;
        assert_eq!(answer.status, status, "{header}");
        assert!(
            !answer.body.to_string().contains("right"),
            "the token is shown"
        );
    }
}

#[tokio::test]
async fn pages_of_other_sites_are_refused() {
    for (name, value, status) in [
        ("origin", "https://evil.example.com", StatusCode::FORBIDDEN),
        ("origin", "http://localhost:3000", StatusCode::OK),
        ("x-other", "1", StatusCode::OK),
    ] {
        let platform = Platform::new().await.sending(name, value);
        assert_eq!(platform.get("/user").await.status, status, "{value}");
    }
}

#[tokio::test]
async fn an_unknown_route_is_a_page() {
    let platform = Platform::new().await;
    for request in [
        "GET /nothing",
        "GET //nothing",
        "PATCH /projects",
        "POST /user",
    ] {
        let answer = platform.call(request, None).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{request}");
        assert!(answer.content_type.starts_with("text/html"), "{request}");
        let page = answer.body.as_str().unwrap();
        assert!(
            page.contains("<title>Error</title>") && page.contains("Not Found"),
            "{page}"
        );
    }
}

#[tokio::test]
async fn what_is_hidden_is_never_answered() {
    let platform = Platform::new().await;
    let goal = platform.goal().await;
    let new = json!({"name": "prod", "projectId": goal.project, "variables": [
        {"name": "password", "value": "hush-hush", "hidden": true}]});
    let made = platform.make("POST /environments", new).await;
    let id = made["id"].as_i64().unwrap();
    let change = json!({"name": "password", "value": "hush-hush-2", "hidden": true});
    let put = format!("PUT /environments/{id}/variables/password");
    let rotated = json!({"value": "hush-hush-3"});
    let again = json!({"name": "password", "value": "hush-hush-4"});
    let post = format!("POST /environments/{id}/variables");
    let answers = [
        made.to_string(),
        platform.make(&put, change).await.to_string(),
        platform.make(&put, rotated).await.to_string(),
        platform.make(&post, again).await.to_string(),
        platform
            .get(&format!("/environments/{id}"))
            .await
            .body
            .to_string(),
        platform
            .get(&format!("/projects/{}/environments", goal.project))
            .await
            .body
            .to_string(),
    ];
    for answer in answers {
        assert!(
            answer.contains("password") && !answer.contains("hush"),
            "{answer}"
        );
    }
    let shown = json!({"hidden": false});
    let shown = platform.make(&put, shown).await;
    assert!(shown.to_string().contains("hush-hush-4"), "{shown}");
}
