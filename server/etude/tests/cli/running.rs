//! `etude run`, `watch`, `runs` and `demo`, with a real browser.

use std::io::Write as _;

use serde_json::Value;

use crate::support::{
    Done, File, Running, Serving, Shop, etude, example, file, run, sandbox, word,
};

fn test(steps: &str) -> File {
    file(
        "a.yaml",
        format!("name: A test\nstarting_url: /terms.html\nsteps:\n{steps}"),
    )
}

#[track_caller]
fn run_on_shop(shop: &Shop, test: &File, rest: &[&str]) -> Done {
    let mut arguments = vec!["run", test.path.to_str().unwrap(), "--base-url", &shop.url];
    arguments.extend(sandbox());
    arguments.extend(rest);
    run(arguments)
}

#[test]
fn a_test_that_passes_ends_with_0_in_every_form() {
    let shop = Shop::start();
    let passing = test("  - assert_exists: Terms\n  - comment: done\n");
    let done = run_on_shop(&shop, &passing, &[]).expect(0);
    for part in [
        "A test",
        "✓ look for \"Terms\" on page",
        "// done",
        "passed",
    ] {
        assert!(done.stdout.contains(part), "{}", done.stdout);
    }
    assert!(!done.stdout.contains('\x1b'), "{}", done.stdout);

    let done = run_on_shop(&shop, &passing, &["-o", "json"]).expect(0);
    let value: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(value["passed"], true);
    assert_eq!(value["tests"][0]["run"]["outcome"], "OUTCOME_PASS");
    // The starting address is a step too.
    assert_eq!(value["tests"][0]["steps"].as_array().unwrap().len(), 3);

    let done = run_on_shop(&shop, &passing, &["-o", "yaml"]).expect(0);
    let value: Value = serde_yaml::from_str(&done.stdout).unwrap();
    assert_eq!(value["tests"][0]["name"], "A test");

    let done = run_on_shop(&shop, &passing, &["-o", "junit"]).expect(0);
    assert!(done.stdout.starts_with("<?xml"), "{}", done.stdout);
    assert!(done.stdout.contains("failures=\"0\""), "{}", done.stdout);
    assert!(
        done.stdout.trim_end().ends_with("</testsuites>"),
        "{}",
        done.stdout
    );
}

#[test]
fn the_steps_of_a_block_are_shown_with_their_place_in_it() {
    let shop = Shop::start();
    let blocks = test(
        "  - try:
      - {click: No such thing, timeout: 300ms}
    catch:
      - repeat: 2
        steps: [{comment: again}]
  - if: {exists: Nonsense}
    timeout: 100ms
    then: [{comment: never}]
    else: [{comment: else}]
",
    );
    let defined = blocks.path.clone();
    let text = std::fs::read_to_string(&defined).unwrap();
    let text = text.replace(
        "steps:\n  - try",
        "define:\n  say: {params: [what], steps: [{comment: $what, name: Say it}]}\nsteps:\n  - use: {block: say, with: {what: a word}}\n  - try",
    );
    std::fs::write(&defined, text).unwrap();
    let done = run_on_shop(&shop, &blocks, &[]).expect(0);
    let lines: Vec<_> = done.stdout.lines().map(str::trim_end).collect();
    let mut rest = lines.as_slice();
    for part in [
        "      ✓ Say it",
        "    ✓ use \"say\" with $what \"a word\"",
        "      ✗ click on \"No such thing\"  ERROR, which does not count",
        "        nothing on the page matches",
        "        ✓ // again  #1",
        "        ✓ // again  #2",
        "      ✓ repeat 2 times  2 iterations",
        "    ✓ try  caught",
        "      ✓ // else",
        "    ✓ if \"Nonsense\" exists on page  no condition held",
    ] {
        let at = rest.iter().position(|line| line.starts_with(part));
        let at = at.unwrap_or_else(|| panic!("no {part:?} in\n{}", done.stdout));
        rest = &rest[at + 1..];
    }
}

#[test]
fn a_test_that_fails_ends_with_1_and_tells_all_about_it() {
    let shop = Shop::start();
    let failing = test(
        "  - assert_title: Nonsense\n  - {click: No such thing, timeout: 1s}\n  - comment: behind\n",
    );
    let folder = tempfile::tempdir().unwrap();
    let reports = folder.path().to_str().unwrap();
    let done = run_on_shop(&shop, &failing, &["--report-dir", reports]).expect(1);
    let place = failing.path.to_str().unwrap();
    for part in [
        &format!("{place}:4:5"),
        &format!("{place}:5:5"),
        "FAIL",
        "ASSERTION_FAILED",
        "expected    Nonsense",
        "actual",
        "ERROR",
        "TARGET_NOT_FOUND",
        "not reached",
        "screenshot",
        ".png",
        "etude explain",
    ] {
        assert!(done.stdout.contains(part), "no {part:?} in {}", done.stdout);
    }
    let run = std::fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let mut names: Vec<_> = std::fs::read_dir(run.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for end in [".html", ".json", ".xml", ".png"] {
        assert!(
            names.iter().any(|name| name.ends_with(end)),
            "no {end} in {names:?}"
        );
    }
    let done = run_on_shop(&shop, &failing, &["-o", "junit"]).expect(1);
    assert!(done.stdout.contains("TARGET_NOT_FOUND"), "{}", done.stdout);
}

#[test]
fn a_variable_that_nothing_sets_is_an_error_of_its_step() {
    let shop = Shop::start();
    let done = run_on_shop(&shop, &test("  - click: $nope\n"), &[]).expect(1);
    for part in ["click on $nope", "UNKNOWN_VARIABLE", "`nope` has no value"] {
        assert!(done.stdout.contains(part), "no {part:?} in {}", done.stdout);
    }
}

#[test]
fn variables_and_local_files_reach_the_page() {
    let shop = Shop::start();
    let input = test(
        "  - execute: document.body.innerHTML = '<label>File <input type=file></label>'\n  \
           - upload_file: {file: note.txt, to: File}\n  \
           - store_expression: {expression: \"document.querySelector('input').files[0].text()\", variable: content}\n  \
           - assert_variable: {variable: content, value: $expected}\n",
    );
    std::fs::write(input.path.with_file_name("note.txt"), "it's here").unwrap();
    let done = run_on_shop(&shop, &input, &["--var", "expected=it's here"]).expect(0);
    let step = "upload file \"note.txt\" to \"File\"";
    assert!(done.stdout.contains(step), "{}", done.stdout);
    run_on_shop(&shop, &input, &["--var", "expected=other"]).expect(1);
}

#[test]
fn environment_variables_reach_the_page_and_stay_hidden() {
    let shop = Shop::start();
    let input = test(
        "  - execute: document.body.innerHTML = '<input aria-label=Key><p>'\n  \
           - write: {text: '${ENV:SHOP_TEST_KEY}', into: Key}\n  \
           - assert_equals: {element: Key, value: canary-123}\n  \
           - log: '{{missing with default \"none\"}} ${ENV:SHOP_TEST_NONE} with default \"unset\"'\n  \
           - log: at ${ENV:SHOP_TEST_NONE}\n",
    );
    let mut command = etude(["run", input.path.to_str().unwrap(), "-o", "json"]);
    command
        .args(["--base-url", &shop.url])
        .args(sandbox())
        .env("SHOP_TEST_KEY", "canary-123");
    let done = Done::from(command.output().unwrap());
    let warning = "uses ${ENV:SHOP_TEST_NONE}, which is not set";
    let done = done.complains(1, &[warning]);
    for part in ["none unset", "UNKNOWN_VARIABLE", "ENV:SHOP_TEST_KEY"] {
        assert!(done.stdout.contains(part), "no {part:?} in {}", done.stdout);
    }
    let value: Value = serde_json::from_str(&done.stdout).unwrap();
    let passed = value["tests"][0]["run"]["statistics"]["passed"].as_u64();
    assert_eq!(passed, Some(5), "{}", done.stdout);
    // What the test itself says in plain text is no secret; but what was read stays one.
    assert!(!done.stdout.contains("canary-123"), "{}", done.stdout);
}

#[test]
fn headers_reach_the_pages_and_stay_hidden() {
    let shop = Shop::start();
    let input = test("  - execute: return 1\n");
    let mut headers = tempfile::NamedTempFile::new().unwrap();
    writeln!(headers, "Authorization: Bearer canary-124").unwrap();
    let file = format!("@{}", headers.path().display());
    let sent = [
        "--header",
        "X-Tenant: canary-125",
        "--header",
        &file,
        "-o",
        "json",
    ];
    let done = run_on_shop(&shop, &input, &sent).expect(0);
    assert!(!done.stdout.contains("canary"), "{}", done.stdout);
    let refused = run_on_shop(&shop, &input, &["--header", "Host: canary-126"]);
    let refused = refused.complains(2, &["http_headers[\"Host\"]"]);
    assert!(!refused.stderr.contains("canary"), "{}", refused.stderr);
}

#[test]
fn a_file_outside_the_tests_folder_is_not_sent() {
    let shop = Shop::start();
    let input = test("  - upload_file: {file: /etc/passwd, to: File}\n");
    let done = run_on_shop(&shop, &input, &[]);
    done.complains(
        2,
        &[
            "a.yaml:4:5",
            "/etc/passwd",
            "outside",
            "--allow-uploads-from",
        ],
    );
}

#[test]
fn a_browser_that_is_missing_ends_with_3_and_what_to_install() {
    let test = test("  - comment: a\n");
    let folder = tempfile::tempdir().unwrap();
    let mut command = etude([
        "run",
        test.path.to_str().unwrap(),
        "--base-url",
        "http://127.0.0.1:1",
    ]);
    command
        .env("PATH", folder.path())
        .env("ETUDE_BROWSER__PATH", "/nonexistent/chromium");
    let done = Done::from(command.output().unwrap()).expect(3);
    let all = format!("{}{}", done.stdout, done.stderr);
    assert!(all.contains("/nonexistent/chromium"), "{all}");
}

#[test]
fn as_root_the_option_that_chromium_needs_is_named() {
    if sandbox().is_empty() {
        return;
    }
    let test = test("  - comment: a\n");
    let done = run([
        "run",
        test.path.to_str().unwrap(),
        "--base-url",
        "http://127.0.0.1:1",
    ])
    .expect(3);
    let all = format!("{}{}", done.stdout, done.stderr);
    assert!(
        all.contains("no_sandbox") || all.contains("no-sandbox"),
        "{all}"
    );
}

#[test]
fn ctrl_c_cancels_the_run() {
    let shop = Shop::start();
    let slow = test("  - comment: begun\n  - wait: 10m\n");
    let mut arguments = vec!["run", slow.path.to_str().unwrap(), "--base-url", &shop.url];
    arguments.extend(sandbox());
    let mut running = Running::start(arguments);
    running.line_with("// begun");
    running.signal("INT");
    running.line_with("cancelling");
    let (code, lines) = running.end();
    assert_eq!(code, Some(3), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.contains("cancelled")),
        "{lines:?}"
    );
}

#[test]
fn runs_of_a_server_are_watched_listed_fetched_and_deleted() {
    let (shop, serving) = (Shop::start(), Serving::start());
    let test = test("  - comment: one\n  - comment: two\n");
    let server = ["--server", serving.url.as_str()];
    let mut arguments = vec!["run", test.path.to_str().unwrap(), "--base-url", &shop.url];
    arguments.extend(["--label", "branch=main"]);
    arguments.extend(server);
    let done = run(arguments).expect(0);
    let name = word(&done.stdout, "runs/");

    let with_server = |arguments: &[&str]| run(arguments.iter().copied().chain(server));
    let watched = with_server(&["watch", &name]).expect(0).stdout;
    assert!(
        watched.contains("// one") && watched.contains("// two"),
        "{watched}"
    );
    let events = with_server(&["watch", &name, "-o", "json"])
        .expect(0)
        .stdout;
    let sequences: Vec<i64> = events
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|event| event["sequence"].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(sequences, (1..=sequences.len() as i64).collect::<Vec<_>>());
    let later = with_server(&["watch", &name, "-o", "json", "--after", "3"])
        .expect(0)
        .stdout;
    assert_eq!(later.lines().count(), sequences.len() - 3);

    let listed = with_server(&["runs", "list", "--filter", "labels.branch = \"main\""]).expect(0);
    assert!(listed.stdout.contains(&name), "{}", listed.stdout);
    let listed = with_server(&["runs", "list", "--filter", "labels.branch = \"x\""]).expect(0);
    assert!(!listed.stdout.contains(&name), "{}", listed.stdout);
    with_server(&["runs", "list", "--filter", "nonsense"]).complains(2, &["INVALID_FILTER"]);
    let shown = with_server(&["runs", "get", &name, "-o", "json"])
        .expect(0)
        .stdout;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["testName"], "A test");
    with_server(&["runs", "cancel", &name]).complains(0, &["finished"]);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let listed = with_server(&["runs", "artifacts", &name, "--download", path]).expect(0);
    assert!(listed.stdout.contains("junit"), "{}", listed.stdout);
    assert!(std::fs::read_dir(path).unwrap().count() >= 3);

    with_server(&["runs", "delete", &name]).complains(0, &["deleted"]);
    with_server(&["runs", "get", &name]).complains(2, &["RUN_NOT_FOUND"]);
    with_server(&["watch", &name]).complains(2, &["RUN_NOT_FOUND"]);
}

#[test]
fn the_demo_passes_and_shows_a_failure_on_demand() {
    let mut arguments = vec!["demo"];
    arguments.extend(sandbox());
    let done = run(&arguments).expect(0);
    for part in ["the shop is at http://", "the gRPC server is at 127.0.0.1:"] {
        assert!(done.stderr.contains(part), "{}", done.stderr);
    }
    assert!(
        done.stdout.contains("6 of 6 tests passed"),
        "{}",
        done.stdout
    );
    arguments.extend(["--with-failure", "--grep", "fail on purpose"]);
    let done = run(&arguments).expect(1);
    assert!(
        done.stdout.contains("examples/tests/failing.yaml:"),
        "{}",
        done.stdout
    );
    assert!(example("failing.yaml").is_file());
}
