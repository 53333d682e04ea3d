//! `etude serve` and `etude health-check`.

use crate::support::{Done, Running, Serving, etude, example, run};

#[test]
fn a_server_says_where_it_is_and_ends_cleanly_on_a_signal() {
    for signal in ["TERM", "INT"] {
        let mut serving = Serving::start();
        // The browser is looked for while the server serves already.
        let patient = ["--wait", "--timeout", "2m", "-o", "json"];
        let arguments = ["health-check", "--server", &serving.url];
        let done = run(arguments.into_iter().chain(patient)).expect(0);
        let value: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!(value["status"], "SERVING");
        serving.process.signal(signal);
        let (code, lines) = serving.process.end();
        assert_eq!(code, Some(0), "{lines:?}");
        run(["health-check", "--server", &serving.url]).complains(3, &["SERVER_UNREACHABLE"]);
    }
}

#[test]
fn a_port_in_use_is_told_with_a_remedy() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let done = run(["serve", "--listen", &address, "--data-dir", path]);
    done.complains(3, &[&address, "another program listens", "PORT_IN_USE"]);
    let port = listener.local_addr().unwrap().port().to_string();
    let done = run(["demo", "--serve-shop", "--port", &port]);
    done.complains(3, &["another program listens", "PORT_IN_USE"]);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    use sqlx::{Connection as _, SqliteConnection};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let newer = [
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY)",
        "INSERT INTO _sqlx_migrations VALUES (77)",
    ];
    let address = format!("sqlite://{path}/etude.db?mode=rwc");
    let mut database = SqliteConnection::connect(&address).await.unwrap();
    for statement in newer {
        sqlx::query(statement).execute(&mut database).await.unwrap();
    }
    database.close().await.unwrap();

    let test = example("login.yaml");
    let verbs: [&[&str]; 2] = [
        &["serve", "--listen", "127.0.0.1:0"],
        &["run", test.to_str().unwrap()],
    ];
    for verb in verbs {
        let done = run(verb.iter().chain(&["--data-dir", path]));
        let parts = ["DATABASE_TOO_NEW", "schema version 77", "newer program"];
        let done = done.complains(3, &parts);
        assert_eq!(done.stdout, "");
    }
}

#[test]
fn an_address_that_others_can_reach_is_refused() {
    let done = run(["serve", "--listen", "0.0.0.0:0"]);
    done.complains(2, &["BIND_REFUSED", "--insecure-bind-behind-proxy"]);
}

#[test]
fn unknown_options_are_told_before_anything_starts() {
    let done = run(["serve", "--set", "sessions.maximum=3"]);
    done.complains(
        2,
        &[
            "sessions.maximum",
            "did you mean sessions.max",
            "CONFIG_INVALID",
        ],
    );
    run(["serve", "--set", "sessions.max=none"]).complains(2, &["sessions.max"]);
    run(["serve", "--set", "nonsense"]).complains(2, &["OPTION=VALUE"]);
}

#[test]
fn a_service_that_is_none_is_told() {
    let serving = Serving::start();
    let done = run([
        "health-check",
        "--server",
        &serving.url,
        "--service",
        "nonsense",
    ]);
    done.complains(2, &["no service \"nonsense\""]);
}

#[test]
fn a_missing_browser_makes_the_server_unhealthy_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let mut command = etude(["serve", "--listen", "127.0.0.1:0", "--data-dir", path]);
    command
        .env("PATH", path)
        .args(["--set", "browser.path=/nonexistent/chromium"]);
    let process = Running::of(command);
    let line = process.line_with("etude serves at");
    let url = crate::support::word(&line, "127.0.0.1:");
    let arguments = [
        "health-check",
        "--server",
        &url,
        "--service",
        "etude.v1.RunService",
    ];
    let done: Done = run(arguments).expect(3);
    assert!(done.stdout.contains("NOT_SERVING"), "{}", done.stdout);
    assert!(
        done.stdout.contains("/nonexistent/chromium"),
        "{}",
        done.stdout
    );
}
