//! Which tests `etude run` runs, in which order and environment.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Done, Serving, Shop, etude, run, sandbox};

/// What no output may hold.
const CANARY: &str = "canary-8192";

const ENVIRONMENTS: &str = "
environments:
  base:
    variables: {greeting: Hello, user: nobody}
  staging:
    extends: base
    base_url: ${ENV:SHOP_TEST_BASE}
    variables:
      user: ada
      token: {hidden: canary-8192}
";

/// A folder with tests and environments.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

fn tagged(name: &str, tags: &str) -> String {
    format!("name: {name}\ntags: {tags}\nsteps:\n- comment: a\n")
}

/// `etude run --list` in a folder: the names of the tests.
fn listed(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let path = folder.to_str().unwrap();
    let list = ["run", path, "--list", "-o", "json"];
    let done = run(list.iter().chain(arguments)).expect(0);
    let tests: Vec<Value> = serde_json::from_str(&done.stdout).unwrap();
    let name = |test: &Value| test["name"].as_str().unwrap().to_owned();
    tests.iter().map(name).collect()
}

fn five_tests() -> TempDir {
    let files = [
        ("a.yaml", tagged("Log in", "[smoke]")),
        ("b.yaml", tagged("Log out", "[smoke, slow]")),
        ("c/d.yaml", tagged("Pay", "[slow, money]")),
        ("c/e.yaml", tagged("Search", "[]")),
        ("f.yaml", tagged("Login twice", "[smoke, flaky]")),
    ];
    let files: Vec<_> = files
        .iter()
        .map(|(name, content)| (*name, content.as_str()))
        .chain([("etude.environments.yaml", ENVIRONMENTS)])
        .collect();
    folder(&files)
}

#[test]
fn tags_and_names_select_tests() {
    let folder = five_tests();
    let all = ["Log in", "Log out", "Pay", "Search", "Login twice"];
    assert_eq!(listed(folder.path(), &[]), all);
    for (arguments, names) in [
        (
            &["--tags", "smoke and not slow"][..],
            &["Log in", "Login twice"][..],
        ),
        (&["--tags", "money,flaky"], &["Pay", "Login twice"]),
        (
            &["--tag", "money", "--tag", "flaky"],
            &["Pay", "Login twice"],
        ),
        (&["--tags", "not (smoke or money)"], &["Search"]),
        (&["--grep", "^log ?in"], &["Log in", "Login twice"]),
        (&["--grep", "LOG", "--tags", "slow"], &["Log out"]),
    ] {
        assert_eq!(listed(folder.path(), arguments), names, "{arguments:?}");
    }
}

#[test]
fn a_checkpoint_has_the_tags_of_its_test_and_its_own() {
    let shop = "name: Shop\ntags: [shop]\ncheckpoints:\n\
        - {name: Find, tags: [smoke], steps: [{comment: a}]}\n\
        - {name: Pay, tags: [money, slow], steps: [{comment: b}]}\n\
        - {name: Look, steps: [{comment: c}]}\n";
    let folder = folder(&[("a.yaml", shop), ("b.yaml", &tagged("Log in", "[smoke]"))]);
    let path = folder.path().to_str().unwrap();
    for (tags, expected) in [
        ("smoke", &[("Shop", &["Find"][..]), ("Log in", &[])][..]),
        ("shop and not slow", &[("Shop", &["Find", "Look"])]),
        ("slow", &[("Shop", &["Pay"])]),
        ("smoke and slow", &[]),
        ("not money", &[("Shop", &["Find", "Look"]), ("Log in", &[])]),
    ] {
        let arguments = ["run", path, "--list", "-o", "json", "--tags", tags];
        if expected.is_empty() {
            run(arguments).complains(2, &["none of the 2 tests"]);
            continue;
        }
        let done = run(arguments).expect(0);
        let listed: Value = serde_json::from_str(&done.stdout).unwrap();
        let expected: Vec<_> = expected
            .iter()
            .map(|(test, checkpoints)| (*test, checkpoints.to_vec()))
            .collect();
        let tests = listed.as_array().unwrap().iter();
        let found: Vec<_> = tests
            .map(|test| {
                let checkpoints = test["checkpoints"].as_array().unwrap().iter();
                let names = checkpoints.map(|one| one["name"].as_str().unwrap());
                (test["name"].as_str().unwrap(), names.collect::<Vec<_>>())
            })
            .collect();
        assert_eq!(found, expected, "{tags}");
    }
}

#[test]
fn a_selection_of_nothing_or_that_cannot_be_read_ends_with_2() {
    let folder = five_tests();
    let path = folder.path().to_str().unwrap();
    for (arguments, parts) in [
        (
            ["--tags", "none"],
            &["none of the 5 tests has the asked tag or name"][..],
        ),
        (["--grep", "nobody"], &["none of the 5 tests"]),
        (["--tags", "smoke and"], &["it ends where a tag must stand"]),
        (["--grep", "("], &["unclosed group"]),
        (["--shard", "6/5"], &["write PART/PARTS"]),
    ] {
        run(["run", path].iter().chain(&arguments)).complains(2, parts);
    }
    run(["run", path, "--failed-first"]).complains(2, &["--data-dir", "--server"]);
}

#[test]
fn every_test_is_in_one_shard() {
    let folder = five_tests();
    let shards: Vec<_> = ["1/3", "2/3", "3/3"]
        .iter()
        .map(|shard| listed(folder.path(), &["--shard", shard]))
        .collect();
    assert_eq!(shards[0], ["Log in", "Search"]);
    assert_eq!(shards[1], ["Log out", "Login twice"]);
    assert_eq!(shards[2], ["Pay"]);
    let none = listed(folder.path(), &["--tags", "money", "--shard", "2/3"]);
    assert!(none.is_empty(), "others have it: {none:?}");
}

#[test]
fn an_environment_that_is_missing_or_wrong_is_told() {
    let folder = five_tests();
    let run_here = |arguments: &[&str]| -> Done {
        let mut command = etude(["run", "a.yaml"]);
        command.args(arguments).current_dir(folder.path());
        command.output().unwrap().into()
    };
    let path = folder.path().join("circle.yaml");
    std::fs::write(
        &path,
        "environments:\n  a: {extends: b}\n  b: {extends: a}\n",
    )
    .unwrap();
    for (arguments, parts) in [
        (
            &["--env", "stagin"][..],
            &["ENVIRONMENT_NOT_FOUND", "did you mean staging?"][..],
        ),
        (
            &["--env", "a", "--environments", "circle.yaml"],
            &["ENVIRONMENT_CYCLE", "circle.yaml:2:16", "a → b → a"],
        ),
        (
            &["--env", "a", "--environments", "none.yaml"],
            &["none.yaml cannot be read"],
        ),
        (&["--environments", "circle.yaml"], &["--env"]),
    ] {
        run_here(arguments).complains(2, parts);
    }
    // Checking a test for an environment needs no value of it.
    let checked = |environment: &str| -> Done {
        let mut command = etude(["validate", "a.yaml", "--strict", "--env", environment]);
        command.current_dir(folder.path()).output().unwrap().into()
    };
    std::fs::write(
        folder.path().join("a.yaml"),
        "name: a\nsteps:\n- log: $token\n",
    )
    .unwrap();
    checked("staging").expect(0);
    let named = ["$token", "environment \"base\" does not have it"];
    let told = checked("base").expect(2).stdout;
    assert!(named.iter().all(|part| told.contains(part)), "{told}");
    let named = folder.path().join("etude.environments.yaml");
    let named = named.to_str().unwrap();
    let done = run(["validate", named]).expect(0);
    assert!(done.stdout.contains("environments: 2"), "{}", done.stdout);
    std::fs::write(named, "environments:\n  a: {extends: b}\n").unwrap();
    let done = run(["validate", named]).expect(2);
    let place = "etude.environments.yaml:2:16";
    assert!(done.stdout.contains(place), "{}", done.stdout);
    let alone = self::folder(&[("a.yaml", &tagged("A", "[]"))]);
    let mut command = etude(["run", "a.yaml", "--env", "x"]);
    let done: Done = command.current_dir(alone.path()).output().unwrap().into();
    done.complains(2, &["etude.environments.yaml", "--environments FILE"]);
}

#[test]
fn an_environment_reaches_the_page_and_what_it_hides_no_report() {
    let shop = Shop::start();
    let test = "name: Greet\nstarting_url: /terms.html\nvariables: {greeting: Welcome}\nsteps:\n\
        - execute: document.body.innerHTML = '<input aria-label=Token><p>'\n\
        - write: {text: $token, into: Token}\n\
        - assert_equals: {element: Token, value: $token}\n\
        - log: '$greeting {{user}} in $ENVIRONMENT'\n\
        - assert_exists: The token is $token\n  timeout: 1s\n";
    let folder = folder(&[
        ("tests/greet.yaml", test),
        ("etude.environments.yaml", ENVIRONMENTS),
    ]);
    let run_as = |form: &str, reports: &Path| -> Done {
        let mut command = etude(["run", "greet.yaml", "--env", "staging", "-o", form]);
        command
            .args(sandbox())
            .args(["--report-dir", reports.to_str().unwrap()])
            .env("SHOP_TEST_BASE", &shop.url)
            .current_dir(folder.path().join("tests"));
        command.output().unwrap().into()
    };
    let reports = tempfile::tempdir().unwrap();
    let done = run_as("human", reports.path()).expect(1);
    for part in ["Greet (staging)", "ASSERTION_FAILED", "••••"] {
        assert!(done.stdout.contains(part), "no {part:?} in {}", done.stdout);
    }
    assert!(
        !done.stderr.contains("UNDEFINED_VARIABLE"),
        "{}",
        done.stderr
    );
    let json = run_as("json", reports.path()).expect(1);
    let value: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(value["tests"][0]["run"]["environment"], "staging");
    let said = &value["tests"][0]["steps"][4]["result"]["output"];
    assert_eq!(said, "Welcome ada in staging", "{}", json.stdout);
    let mut files = 0;
    for run in std::fs::read_dir(reports.path()).unwrap() {
        for file in std::fs::read_dir(run.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let content = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            assert!(!content.contains(CANARY), "{}", path.display());
            if path.extension().is_some_and(|end| end != "png") {
                assert!(content.contains("staging"), "{}", path.display());
                files += 1;
            }
        }
    }
    assert_eq!(files, 6, "three reports of each run");
    for output in [done.stdout, done.stderr, json.stdout, json.stderr] {
        assert!(!output.contains(CANARY), "{output}");
    }
}

#[test]
fn rows_run_at_the_same_time_in_sessions_of_their_own() {
    let shop = Shop::start();
    let test = "name: Rows\nstarting_url: /terms.html\n\
        data:\n- {_name: first, user: ada}\n- {_name: second, user: bob}\n- {user: eve}\n\
        steps:\n\
        - execute: localStorage.setItem('user-' + variables.user, 'x')\n\
        - wait: 2s\n\
        - store_expression: {expression: 'Object.keys(localStorage).join()', variable: all}\n\
        - assert_variable: {variable: all, value: user-$user}\n\
        - log: $ROW $ROW_NAME\n";
    let folder = folder(&[("rows.yaml", test)]);
    let path = folder.path().join("rows.yaml");
    let run_as = |form: &str| {
        let mut arguments = vec!["run", path.to_str().unwrap(), "--base-url", &shop.url];
        arguments.extend(["--workers", "3", "-o", form]);
        arguments.extend(sandbox());
        run(arguments)
    };
    let done = run_as("json").expect(0);
    let value: Value = serde_json::from_str(&done.stdout).unwrap();
    let steps = value["tests"][0]["steps"].as_array().unwrap();
    assert_eq!(value["tests"][0]["rows"][1]["name"], "second");
    let mut said: Vec<_> = steps
        .iter()
        .filter(|step| step["command"] == "misc/log")
        .map(|step| {
            (
                step["path"]["row"].as_u64(),
                step["result"]["output"].as_str(),
            )
        })
        .collect();
    said.sort_unstable();
    assert_eq!(
        said,
        [
            (Some(1), Some("1 first")),
            (Some(2), Some("2 second")),
            (Some(3), Some("3 3"))
        ]
    );
    // Two rows have begun before the first has ended.
    let starts: Vec<_> = steps
        .iter()
        .filter(|step| step["command"] == "wait/time")
        .map(|step| step["result"]["startTime"].as_str().unwrap())
        .collect();
    let last = steps
        .iter()
        .filter(|step| step["command"] == "misc/log")
        .map(|step| step["result"]["startTime"].as_str().unwrap())
        .min()
        .unwrap();
    let before = starts.iter().filter(|start| **start < last).count();
    assert!(before >= 2, "{starts:?} {last}");

    let done = run_as("junit").expect(0);
    for part in ["Row 1: first", "Row 2: second", "name=\"row\" value=\"3\""] {
        assert!(done.stdout.contains(part), "no {part:?} in {}", done.stdout);
    }
    let done = run_as("human").expect(0);
    for part in ["row 1 of 3, first", "row 2 of 3, second", "row 3 of 3"] {
        assert!(done.stdout.contains(part), "no {part:?} in {}", done.stdout);
    }
}

#[test]
fn tests_that_failed_come_first() {
    let serving = Serving::start();
    let passing = "name: Passes\nsteps:\n- comment: a\n";
    let failing = "name: Fails\nsteps:\n- set: {variable: a, value: b}\n- assert_variable: {variable: a, value: c}\n";
    let folder = folder(&[("a.yaml", passing), ("b.yaml", failing)]);
    let path = folder.path().to_str().unwrap();
    let run_there = |arguments: &[&str]| {
        let fixed = ["run", path, "--server", &serving.url, "-o", "json"];
        let done = run(fixed.iter().chain(arguments)).expect(1);
        let value: Value = serde_json::from_str(&done.stdout).unwrap();
        let tests = value["tests"].as_array().unwrap().clone();
        let name = |test: &Value| test["name"].as_str().unwrap().to_owned();
        tests.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(run_there(&[]), ["Passes", "Fails"]);
    std::fs::write(
        folder.path().join("aa.yaml"),
        "name: New\nsteps:\n- comment: a\n",
    )
    .unwrap();
    assert_eq!(run_there(&["--failed-first"]), ["Fails", "New", "Passes"]);
}
