//! What a wrong file gets: exit code 2, what is wrong, where, and what to do.

use crate::support::{File, Running, etude, example, file, run, run_with_stdin};

/// Every verb that reads test files, without a browser within reach.
const VERBS: [&[&str]; 3] = [&["validate"], &["run"], &["fmt", "--check"]];

fn each_verb(input: &File, parts: &[&str]) {
    for verb in VERBS {
        let path = input.path.to_str().unwrap();
        let done = etude(verb.iter().chain([&path])).env("PATH", "").output();
        let mut done: crate::support::Done = done.unwrap().into();
        // `validate` was asked for the mistakes: they are its data.
        done.stderr += &done.stdout;
        done.complains(2, parts);
    }
}

#[test]
fn a_missing_file_is_named() {
    for verb in VERBS {
        let done = run(verb.iter().chain([&"none/such.yaml"]));
        done.complains(2, &["none/such.yaml does not exist", "name a test file"]);
    }
}

#[test]
fn a_folder_without_tests_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".hidden")).unwrap();
    std::fs::write(folder.path().join(".hidden/a.yaml"), "x").unwrap();
    let path = folder.path().to_str().unwrap();
    run(["validate", path]).complains(2, &["holds no test file", ".yaml"]);
}

#[test]
fn an_empty_file_is_told() {
    each_verb(&file("a.yaml", ""), &["FILE_EMPTY", "a.yaml:1:1"]);
    each_verb(&file("a.yaml", "# nothing\n"), &["a.yaml:1:1"]);
}

#[test]
fn a_file_of_50_mib_is_refused_unread() {
    let input = file("big.yaml", "a: b\n".repeat(10 << 20));
    each_verb(&input, &["FILE_TOO_LARGE", "big.yaml:1:1"]);
}

#[test]
fn a_file_that_is_not_utf8_is_told_with_its_place() {
    each_verb(
        &file("a.yaml", b"name: \xff\xfe\n"),
        &["NOT_UTF8", "a.yaml:1:7"],
    );
}

#[test]
fn unknown_keys_and_commands_are_all_told_with_suggestions() {
    let content = "nam: A\nsteps:\n  - clik: Log in\n  - write: {txt: a, into: B}\n";
    let parts = [
        "a.yaml:1:1",
        "a.yaml:3:5",
        "a.yaml:4:",
        "did you mean \"click\"?",
        "did you mean \"name\"?",
        "did you mean \"text\"?",
        "clik: Log in",
        "^^^^",
    ];
    each_verb(&file("a.yaml", content), &parts);
}

#[test]
fn bombs_of_aliases_and_nesting_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let before = level - 1;
        let item = format!("*a{before}");
        bomb += &format!("a{level}: &a{level} [{}]\n", [item.as_str(); 9].join(", "));
    }
    each_verb(&file("a.yaml", bomb), &["ALIAS_LIMIT", "a.yaml:"]);
    let nested = file("a.yaml", "[".repeat(100_000));
    each_verb(&nested, &["NESTING_LIMIT", "a.yaml:"]);
}

#[test]
fn one_wrong_file_keeps_all_from_running() {
    let wrong = file("wrong.yaml", "name: A\nsteps: [clik: x]\n");
    let good = example("login.yaml");
    let done = run(["run", good.to_str().unwrap(), wrong.path.to_str().unwrap()]);
    let done = done.complains(2, &["UNKNOWN_COMMAND", "1 of 2 files", "nothing was run"]);
    assert_eq!(done.stdout, "");
}

#[test]
fn a_selection_that_matches_nothing_is_told() {
    let good = example("login.yaml");
    let done = run(["run", good.to_str().unwrap(), "--tag", "none"]);
    done.complains(2, &["none of the 1 tests has the asked tag or name"]);
}

#[test]
fn stdin_is_read_like_a_file() {
    let done = run_with_stdin(["validate", "-"], b"name: A\nsteps:\n  - clik: x\n");
    assert!(done.stdout.contains("stdin:3:5"), "{}", done.stdout);
    done.expect(2);
    let done = run_with_stdin(["fmt", "-"], b"steps: [click: x]\nname: A\n").expect(0);
    assert!(done.stdout.starts_with("name: A\n"), "{}", done.stdout);
}

#[test]
fn wrong_arguments_are_told_by_exit_code_2() {
    let wrong: [&[&str]; 8] = [
        &[],
        &["nonsense"],
        &["run"],
        &["run", "a.yaml", "--var", "1a=b"],
        &["run", "a.yaml", "--output", "xml"],
        &["run", "a.yaml", "--parallel", "0"],
        &["watch", "runs/a", "--after", "-1"],
        &["serve", "--listen", "nowhere"],
    ];
    for arguments in wrong {
        let done = run(arguments).expect(2);
        assert_eq!(done.stdout, "", "{arguments:?}");
        assert!(!done.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn options_for_an_own_server_and_another_server_exclude_each_other() {
    let good = example("login.yaml");
    let arguments = [
        "run",
        good.to_str().unwrap(),
        "--server",
        "x",
        "--browser-no-sandbox",
    ];
    run(arguments).complains(2, &["leave out", "--browser-no-sandbox", "or --server"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut command = etude(["commands", "--output", "json"]);
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    // A process that prints all the time ends as well.
    let mut running = Running::start(["schema"]);
    assert_eq!(running.end().0, Some(0));
}

#[test]
fn malformed_yaml_is_told_with_its_place() {
    let content = "name: A\nsteps:\n  - click: [a\n  - write: b\n";
    let parts = ["YAML_SYNTAX", "a.yaml:4:10", "- write: b", "^"];
    each_verb(&file("a.yaml", content), &parts);
}

#[test]
fn a_variable_that_nothing_sets_is_told_before_the_run() {
    let input = file("a.yaml", "name: A\nsteps:\n  - click: $nope\n");
    let done = run(["validate", input.path.to_str().unwrap()]).expect(0);
    for part in [
        "UNDEFINED_VARIABLE",
        "a.yaml:3:12",
        "\"$nope\"",
        "variables:",
    ] {
        assert!(done.stdout.contains(part), "no {part:?} in {}", done.stdout);
    }
    run(["validate", "--strict", input.path.to_str().unwrap()]).expect(2);
}

#[test]
fn the_examples_are_formatted() {
    let folder = crate::support::root().join("examples/tests");
    let done = run(["fmt", "--check", folder.to_str().unwrap()]).expect(0);
    assert_eq!(done.stdout + &done.stderr, "");
}
