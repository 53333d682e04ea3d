//! `etude exec`: arguments reach the page unchanged.

use serde_json::Value;

use crate::support::{Done, Serving, Shop, etude, run, run_with_stdin};

#[test]
fn what_is_missing_is_told_before_anything_is_opened() {
    run(["exec", "click", "Log in"]).complains(2, &["no session is given", "--session", "--new"]);
    let done = run(["exec", "--new", "write", "--text", "a"]);
    done.complains(
        2,
        &["write.target", "etude explain write", "INVALID_REQUEST"],
    );
    run(["exec", "--new"]).complains(2, &["no command is given", "--step"]);
    run(["exec", "--new", "interact"]).expect(2);
    run(["exec", "--new", "clik", "x"]).complains(2, &["clik"]);
    let done = run(["exec", "--new", "--step", "click: a", "click", "b"]);
    done.complains(2, &["given twice"]);
    let done = run(["exec", "--new", "--step", "clik: a"]);
    done.complains(2, &["--step:1:1", "did you mean \"click\"?"]);
    let done = run(["exec", "--new", "--step", ""]);
    done.complains(2, &["--step is empty"]);
    let done = run(["exec", "--new", "press", "a", "--repeat", "99999999999"]);
    done.complains(2, &["--repeat cannot be 99999999999"]);
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let done = run(["exec", "--server", "127.0.0.1:1", "-s", "a", "refresh"]);
    done.complains(3, &["127.0.0.1:1", "etude serve", "SERVER_UNREACHABLE"]);
}

/// A session on a page with a text area called Notes.
struct Page {
    serving: Serving,
    session: String,
    _shop: Shop,
}

impl Page {
    fn open() -> Self {
        let (shop, serving) = (Shop::start(), Serving::start());
        let url = format!("{}/terms.html", shop.url);
        let arguments = [
            "sessions",
            "create",
            "--server",
            &serving.url,
            "--url",
            &url,
        ];
        let session = run(arguments).expect(0).stdout.trim().to_owned();
        assert!(session.starts_with("sessions/"), "{session}");
        let page = Self {
            serving,
            session,
            _shop: shop,
        };
        let script = "document.body.innerHTML = '<textarea aria-label=\"Notes\"></textarea>'";
        page.exec(&["execute", script], 0);
        page
    }

    fn arguments<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        let mut arguments = vec!["exec", "--server", &self.serving.url];
        arguments.extend(["--session", &self.session, "-o", "json"]);
        arguments.extend(rest);
        arguments
    }

    #[track_caller]
    fn exec(&self, rest: &[&str], code: i32) -> Value {
        let done = run(self.arguments(rest)).expect(code);
        serde_json::from_str(&done.stdout).unwrap()
    }

    /// Reads the text area in pieces, because a result holds 64 KiB at most.
    #[track_caller]
    fn holds(&self, expected: &str) {
        let letters: Vec<u16> = expected.encode_utf16().collect();
        let pieces = letters
            .chunks(30_000)
            .map(|piece| String::from_utf16(piece).unwrap());
        let mut begin = 0;
        for piece in pieces.chain([String::new()]) {
            let end = begin + 30_000;
            let script =
                format!("return document.querySelector('textarea').value.slice({begin}, {end})");
            let value = self.exec(&["execute", &script], 0);
            let found = value["result"]["output"].as_str().unwrap_or_default();
            assert!(found == piece, "{} letters at {begin}", found.len());
            begin = end;
        }
    }
}

#[test]
fn texts_reach_the_page_unchanged() {
    let page = Page::open();
    let emoji = "naïve 🎻 日本語 \u{202e}rtl";
    let texts = [
        "Log in now",
        "it's o'clock",
        "-x",
        "--text",
        "\"quoted\" \\ backslash `tick`",
        "",
        "one\ntwo\n\nfour",
        "a\tb",
        emoji,
        "<b>&amp;</b>",
        "  blanks around  ",
    ];
    for text in texts {
        page.exec(
            &["interact", "write", "--target", "Notes", "--text", text],
            0,
        );
        page.holds(text);
    }
    // Dollar signs begin variables unless they are to be literal.
    let price = "costs $5 or ${1 + 1}, $name";
    page.exec(
        &["--literal", "write", "--text", price, "--into", "Notes"],
        0,
    );
    page.holds(price);
    page.exec(&["write", "--text", "${1 + 1}", "--into", "Notes"], 0);
    page.holds("2");
}

#[test]
fn a_text_of_100_kib_arrives_as_argument_and_as_step() {
    let page = Page::open();
    let long: String = "0123456789abcde\n".repeat(100 * 1024 / 16);
    page.exec(&["write", "--into", "Notes", "--text", &long], 0);
    page.holds(&long);
    page.exec(&["clear", "Notes"], 0);
    let step = serde_json::json!({"write": {"text": long, "into": "Notes"}}).to_string();
    run_with_stdin(page.arguments(&["--step-file", "-"]), step.as_bytes()).expect(0);
    page.holds(&long);
}

#[test]
fn the_exit_code_tells_the_verdict() {
    let page = Page::open();
    let passed = page.exec(&["assert_exists", "Notes"], 0);
    assert_eq!(passed["result"]["outcome"], "OUTCOME_PASS");
    assert_eq!(passed["session"], page.session);
    let failed = page.exec(&["assert_equals", "--target", "Notes", "--value", "x"], 1);
    assert_eq!(failed["result"]["outcome"], "OUTCOME_FAIL");
    let error = page.exec(&["--timeout", "500ms", "click", "No such button"], 1);
    assert_eq!(error["result"]["outcome"], "OUTCOME_ERROR");
    assert_eq!(error["result"]["failure"]["reason"], "TARGET_NOT_FOUND");
    // A hint that begins with a dash follows `--`.
    let dash = page.exec(&["--timeout", "500ms", "click", "--", "-Notes"], 1);
    assert_eq!(dash["result"]["failure"]["reason"], "TARGET_NOT_FOUND");
    let step = page.exec(&["--step", "assert_exists: Notes"], 0);
    assert_eq!(step["result"]["outcome"], "OUTCOME_PASS");
}

#[test]
fn a_session_is_opened_listed_and_closed() {
    let page = Page::open();
    let server = page.serving.url.as_str();
    let done = run(["exec", "--server", server, "--new", "comment", "hello"]).expect(0);
    let session = done.stdout.lines().next().unwrap().to_owned();
    assert!(session.starts_with("sessions/"), "{}", done.stdout);
    let listed = run(["sessions", "list", "--server", server])
        .expect(0)
        .stdout;
    assert!(
        listed.contains(&session) && listed.contains(&page.session),
        "{listed}"
    );
    let shown = run([
        "sessions", "get", &session, "--server", server, "-o", "json",
    ])
    .expect(0);
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(shown["state"], "SESSION_STATE_ACTIVE");
    run(["sessions", "delete", &session, "--server", server]).expect(0);
    let listed = run(["sessions", "list", "--server", server])
        .expect(0)
        .stdout;
    assert!(!listed.contains(&session), "{listed}");
    let done = run(["exec", "--server", server, "-s", &session, "refresh"]);
    done.complains(3, &["SESSION_ENDED"]);
    let done = run(["exec", "--server", server, "-s", "none", "refresh"]);
    done.complains(2, &["SESSION_NOT_FOUND"]);
}

#[test]
fn a_session_has_an_environment() {
    let serving = Serving::start();
    let folder = tempfile::tempdir().unwrap();
    let environments = "environments:\n  staging:\n    base_url: ${ENV:EXEC_BASE}\n    \
        variables: {user: ada, token: {hidden: canary-77}}\n";
    std::fs::write(folder.path().join("etude.environments.yaml"), environments).unwrap();
    let create = |arguments: &[&str]| -> Done {
        let mut command = etude(["sessions", "create", "--server", &serving.url]);
        command
            .args(arguments)
            .env("EXEC_BASE", "http://shop.test")
            .env("EXEC_KEY", "canary-78")
            .current_dir(folder.path());
        command.output().unwrap().into()
    };
    let done = create(&["--env", "staging", "--pass-env", "EXEC_KEY", "-o", "json"]).expect(0);
    let session: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(session["environment"], "staging");
    assert_eq!(session["variables"]["user"], "ada");
    assert_eq!(session["variables"]["token"], "••••");
    let name = session["name"].as_str().unwrap();
    let text = "$user $token ${ENV:EXEC_KEY} ${ENV:EXEC_BASE} $ENVIRONMENT";
    let done = run([
        "exec",
        "--server",
        &serving.url,
        "-s",
        name,
        "-o",
        "json",
        "log",
        text,
    ]);
    let step: Value = serde_json::from_str(&done.expect(0).stdout).unwrap();
    assert_eq!(step["result"]["output"], "ada •••• •••• •••• staging");
    let refused =
        create(&["--header", "Host: canary-79"]).complains(2, &["http_headers[\"Host\"]"]);
    assert!(!refused.stderr.contains("canary-79"), "{}", refused.stderr);
    create(&["--env", "prod"]).complains(2, &["ENVIRONMENT_NOT_FOUND"]);
    create(&["--pass-env", "EXEC_NONE"]).complains(2, &["--pass-env EXEC_NONE"]);
}
