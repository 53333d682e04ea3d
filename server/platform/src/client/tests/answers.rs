//! What the platform's answers become.

use super::*;

#[tokio::test]
async fn a_call_is_sent_and_its_answer_read() {
    let upstream = Upstream::start(|_, _| item(json!({"id": "12", "name": "Shop 🛒"}))).await;
    let client = client(&upstream, quick());
    let project = client.call(projects::get(12)).await.unwrap();
    assert_eq!((project.id, project.name.as_str()), (12, "Shop 🛒"));
    let seen = upstream.seen().remove(0);
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("GET", "/api/projects/12")
    );
    let bearer = format!("authorization: bearer {TOKEN}");
    assert!(seen.head.contains(&bearer), "{}", seen.head);
    client.call(journeys::list(1, 2)).await.unwrap_err();
    let path = &upstream.seen()[1].path;
    assert_eq!(path, "/api/testsuites/latest_status?versionId=2&goalId=1");
}

#[tokio::test]
async fn the_local_platform_is_called_without_a_network() {
    let made = json!({"success": true, "item": {"id": 3, "title": "Log in now"}});
    let hello = axum::routing::post(|body: String| async move {
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["title"], "Log in now");
        made.to_string()
    });
    let none = axum::routing::get(|| async { json!({"checkpoints": {}}).to_string() });
    let router = axum::Router::new()
        .route("/api/testcases", hello)
        .route("/api/goals/1/checkpoints", none);
    let client = Client::local(router);
    let made = client.create_checkpoint(1, 2, "Log in now").await.unwrap();
    assert_eq!(made.id, 3);
}

#[tokio::test]
async fn a_checkpoint_in_no_journey_has_its_reason_whatever_the_status() {
    let unattached =
        "Project not found: the checkpoint 7 is attached to no journey; attach it first";
    for (status, code, message, reason) in [
        (404, "1403", unattached, ErrorReason::CheckpointNotAttached),
        (400, "", unattached, ErrorReason::CheckpointNotAttached),
        (409, "409", unattached, ErrorReason::CheckpointNotAttached),
        (
            404,
            "1403",
            "Project not found",
            ErrorReason::PlatformNotFound,
        ),
    ] {
        let body = json!({"success": false, "error": {"code": code, "message": message}});
        let upstream = Upstream::start(move |_, _| Reply::json(status, body.clone())).await;
        let client = client(&upstream, quick());
        let call = steps::create(7, 0, &crate::model::ParsedStep::default());
        let error = client.call(call).await.unwrap_err();
        assert_eq!(error.reason, reason, "{status} {code} {message}");
    }
}

#[tokio::test]
async fn each_refusal_has_its_reason_and_the_platforms_words() {
    use ErrorReason as R;
    for (status, code, reason) in [
        (401, json!("401"), R::PlatformUnauthenticated),
        (403, json!(""), R::PlatformPermissionDenied),
        (404, json!("1403"), R::PlatformNotFound),
        (404, json!(2500), R::PlatformNotFound),
        (400, json!("1501"), R::PlatformAlreadyExists),
        (400, json!(2605), R::PlatformStepRefused),
        (400, json!("77"), R::PlatformInvalidArgument),
        (422, json!(""), R::PlatformInvalidArgument),
        (409, json!(""), R::PlatformConflict),
        (429, json!(""), R::PlatformRateLimited),
        (500, json!(""), R::PlatformUnavailable),
        (501, json!("501"), R::PlatformRefused),
        (200, json!("9999"), R::PlatformRefused),
        (418, json!(""), R::PlatformRefused),
    ] {
        let body = json!({"success": false, "error": {"code": code, "message": "No, sorry"}});
        let error = failing(move || Reply::json(status, body.clone())).await;
        assert_eq!(error.reason, reason, "{status} {code}: {error}");
        assert_eq!(error.metadata["platform_message"], "No, sorry");
        assert_eq!(error.metadata["platform_status"], status.to_string());
        assert!(
            error
                .message
                .starts_with("the platform refused GET /projects/12: No, sorry")
        );
        assert_eq!(error.resource.as_deref(), Some("projects/12"));
        let code = code
            .as_str()
            .map_or_else(|| code.to_string(), str::to_owned);
        assert_eq!(
            error
                .metadata
                .get("platform_code")
                .cloned()
                .unwrap_or_default(),
            code
        );
    }
}

#[tokio::test]
async fn what_is_no_answer_is_said_to_be_none() {
    let page = "<html><title>Error</title><body>Not Found</body></html>";
    let text = |status, body: &str| Reply::Text(status, vec![], body.to_owned());
    for (status, body) in [
        (404, page),
        (200, page),
        (200, "{\"success\": tru"),
        (200, "{\"success\": true, \"item\": {\"id\": \"twelve\"}}"),
        (200, "\"twelve\""),
    ] {
        let error = failing(move || text(status, body)).await;
        assert_eq!(
            error.reason,
            ErrorReason::PlatformBadResponse,
            "{body}: {error}"
        );
        assert!(error.message.contains("cannot be understood"), "{error}");
    }
    let error = failing(|| {
        let login = ("location", "https://ui.example/login?token=x".to_owned());
        Reply::Text(302, vec![login], String::new())
    })
    .await;
    assert_eq!(error.reason, ErrorReason::PlatformBadResponse);
    assert!(
        error.message.contains("leads to https://ui.example/login;"),
        "{error}"
    );
    let error = failing(move || text(502, page)).await;
    assert_eq!(error.reason, ErrorReason::PlatformUnavailable);
}

#[tokio::test]
async fn a_success_without_an_id_is_none() {
    let upstream = Upstream::start(|request, _| match request.method.as_str() {
        "GET" => item(json!([])),
        _ => item(json!({"name": "Shop"})),
    })
    .await;
    let client = client(&upstream, quick());
    let error = client.create_project(1, "Shop", "").await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::PlatformBadResponse);
    assert!(error.message.contains("has no id"), "{error}");
}

#[tokio::test]
async fn the_token_is_never_shown() {
    let options = ClientOptions::new("http://127.0.0.1:1/api", SecretString::from(TOKEN));
    assert!(!format!("{options:?}").contains(TOKEN));
    let client = Client::remote(options).unwrap();
    assert!(!format!("{client:?}").contains(TOKEN));
    let error = client.call(steps::get(1)).await.unwrap_err();
    assert_eq!(error.reason, ErrorReason::PlatformUnavailable);
    assert!(!format!("{error:?}").contains(TOKEN));
}

#[test]
fn settings_that_cannot_work_are_refused() {
    for (url, token) in [
        ("https://api.example/api", ""),
        ("https://api.example/api", " \n"),
        ("https://api.example/api", "two\nlines"),
        ("api.example", "t"),
        ("ftp://api.example/api", "t"),
    ] {
        let options = ClientOptions::new(url, SecretString::from(token));
        let error = Client::remote(options).unwrap_err();
        assert_eq!(
            error.reason,
            ErrorReason::PlatformNotConfigured,
            "{url} {error}"
        );
    }
}

#[tokio::test]
async fn the_organization_is_configured_or_asked_for_once() {
    for (user, organization) in [
        (json!({"id": 1, "organizationId": "7"}), Some(7)),
        (json!({"id": 1, "organizations": [{"id": 7}]}), Some(7)),
        (
            json!({"id": 1, "organizations": {"7": {"name": "Us"}}}),
            Some(7),
        ),
        (
            json!({"id": 1, "organizations": [{"id": 7}, {"id": 8}]}),
            None,
        ),
        (json!({"id": 1}), None),
    ] {
        let upstream = Upstream::start(move |_, _| item(user.clone())).await;
        let client = client(&upstream, quick());
        for _ in 0..2 {
            match client.organization().await {
                Ok(found) => assert_eq!(Some(found), organization),
                Err(error) => {
                    assert_eq!(error.reason, ErrorReason::PlatformNotConfigured);
                    assert_eq!(organization, None);
                }
            }
        }
        assert_eq!(upstream.seen().len(), 1);
    }
    let options = ClientOptions {
        organization: Some(9),
        ..ClientOptions::new("http://127.0.0.1:1/api", SecretString::from(TOKEN))
    };
    let client = Client::remote(options).unwrap();
    assert_eq!(client.organization().await.unwrap(), 9);
    assert!(!client.is_local());
    assert!(Client::local(axum::Router::new()).is_local());
}
