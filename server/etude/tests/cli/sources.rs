//! Tests that name other files, by the real command and in a real browser.

use crate::support::{Done, Shop, etude, run, sandbox};

/// A folder of files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The command in a folder.
fn run_in(folder: &tempfile::TempDir, arguments: &[&str]) -> Done {
    let mut command = etude(arguments);
    command.current_dir(folder.path()).output().unwrap().into()
}

const TEST: &str = "\
name: Log in
starting_url: /login.html
data: data/users.csv
imports: [shared/blocks.yaml]
steps:
  - include: shared/log in.yaml
    with: {name: $user}
  - for_each: part
    in: {file: data/parts.json}
    steps:
      - see: $part.text
  - use: {block: greet, with: {name: $full_name}}
teardown:
  - execute: localStorage.clear()
";

const FILES: [(&str, &str); 6] = [
    ("tests/login.yaml", TEST),
    (
        "tests/data/users.csv",
        "user,password,full_name\nalice,wonderland,Alice Liddell\nbob,correct horse,\"Bob Baumann\"\n",
    ),
    (
        "tests/data/parts.json",
        "[{\"text\": \"Wish list\"}, {\"text\": \"Practice plan\"}]\n",
    ),
    (
        "tests/shared/log in.yaml",
        "params: [name]\nsteps:\n  - write: {text: $name, into: Username}\n  - write: {text: $password, into: Password}\n  - include: submit.yaml\n",
    ),
    ("tests/shared/submit.yaml", "- click: Log in\n"),
    (
        "tests/shared/blocks.yaml",
        "define:\n  greet: {params: [name], steps: [{see: \"Welcome, $name\"}]}\n",
    ),
];

#[test]
fn a_test_with_shared_steps_and_data_passes_in_the_browser() {
    let (shop, folder) = (Shop::start(), folder(&FILES));
    let mut arguments = vec!["run", "tests", "--base-url", &shop.url];
    arguments.extend(sandbox());
    let done = run_in(&folder, &arguments).expect(0);
    for part in [
        "Log in · row 2 of 2",
        "      ✓ write $name in \"Username\"",
        "        ✓ click on \"Log in\"",
        "      ✓ include \"submit.yaml\"",
        "    ✓ include \"shared/log in.yaml\" with $name $user",
        "      ✓ look for $part.text on page  #2",
        "    ✓ for each $part in \"data/parts.json\"  2 iterations",
        "    ✓ use \"greet\" with $name $full_name",
        "✓ Log in passed",
    ] {
        assert!(done.stdout.contains(part), "no {part} in\n{}", done.stdout);
    }
}

#[test]
fn shared_files_are_no_tests_of_their_own() {
    let folder = folder(&FILES);
    let done = run_in(&folder, &["validate", "."]).expect(0);
    assert_eq!(done.stdout, "✓ ./tests/login.yaml: Log in\n");
    // Alone each is taken for a test.
    let done = run_in(&folder, &["validate", "tests/shared/submit.yaml"]).expect(2);
    assert!(done.stdout.contains("submit.yaml:1:1"), "{}", done.stdout);
    let before = std::fs::read_to_string(folder.path().join("tests/shared/submit.yaml")).unwrap();
    for arguments in [
        &["fmt", "tests"] as &[_],
        &["lint", "tests"],
        &["detect", "tests"],
        &["convert", "tests", "--to", "canonical", "--out", "new"],
    ] {
        let done = run_in(&folder, arguments).expect(0);
        let all = format!("{}{}", done.stdout, done.stderr);
        assert!(!all.contains("submit"), "{arguments:?}: {all}");
    }
    let after = std::fs::read_to_string(folder.path().join("tests/shared/submit.yaml")).unwrap();
    assert_eq!(before, after);
    assert!(folder.path().join("new/login.yaml").exists());
}

#[test]
fn a_mistake_in_a_shared_file_is_told_at_its_place() {
    let folder = folder(&FILES);
    let submit = folder.path().join("tests/shared/submit.yaml");
    std::fs::write(&submit, "- refresh\n- clik: Log in\n").unwrap();
    let done = run_in(&folder, &["validate", "tests"]).expect(2);
    for part in ["tests/shared/submit.yaml:2:3", "- clik: Log in", "click"] {
        assert!(done.stdout.contains(part), "{}", done.stdout);
    }
    std::fs::remove_file(&submit).unwrap();
    run_in(&folder, &["run", "tests"]).complains(
        2,
        &[
            "SOURCE_MISSING",
            "tests/shared/log in.yaml:5:14",
            "submit.yaml",
        ],
    );
}

#[test]
fn files_outside_of_the_folder_are_not_read() {
    let folder = folder(&FILES);
    std::fs::write(folder.path().join("outside.csv"), "a\n1\n").unwrap();
    let test = folder.path().join("tests/out.yaml");
    let absolute = folder.path().join("outside.csv");
    for path in ["../outside.csv", absolute.to_str().unwrap()] {
        std::fs::write(&test, format!("name: t\ndata: {path}\nsteps: [refresh]\n")).unwrap();
        let done = run(["validate", test.to_str().unwrap()]).expect(2);
        assert!(done.stdout.contains("SOURCE_MISSING"), "{}", done.stdout);
    }
    // Called in the folder above, it is inside.
    std::fs::write(&test, "name: t\ndata: ../outside.csv\nsteps: [refresh]\n").unwrap();
    run_in(&folder, &["validate", "tests/out.yaml"]).expect(0);
}
