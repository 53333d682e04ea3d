//! `etude run --on virtuoso`: the local platform, with nothing set up, and a real browser.

use serde_json::{Value, json};

use crate::support::{Shop, file, run, sandbox};

const TEST: &str = r#"
name: There and here
starting_url: /login.html
variables: {user: alice}
checkpoints:
  - name: Log in
    steps:
      - write: {text: $user, into: Username}
      - write: {text: wonderland, into: Password}
      - assert_variable: {variable: user, value: bob}
      - {click: Log in, name: Enter}
      - assert_exists: Welcome, Alice Liddell
  - name: Behind
    steps:
      - execute: throw new Error("no")
      - comment: never
"#;

/// What a watcher hears of each step.
fn steps(shop: &Shop, more: &[&str]) -> Vec<Value> {
    let test = file("a.yaml", TEST);
    let mut arguments = vec!["run", test.path.to_str().unwrap(), "--base-url", &shop.url];
    arguments.extend(["--output", "json"]);
    arguments.extend(sandbox());
    arguments.extend(more);
    let done = run(arguments).expect(1);
    let mut document: Value = serde_json::from_str(&done.stdout).unwrap();
    let on_platform = document["tests"][0]["run"]["execution"].as_str();
    assert_eq!(
        on_platform.is_some_and(|name| !name.is_empty()),
        !more.is_empty()
    );
    let Value::Array(steps) = document["tests"][0]["steps"].take() else {
        panic!("{}", done.stdout);
    };
    let heard = |step: &Value| {
        let result = &step["result"];
        json!({
            "path": step["path"], "command": step["command"], "text": result["text"],
            "outcome": result["outcome"], "failure": result["failure"],
            "screenshots": result["screenshots"].as_array().map_or(0, Vec::len),
        })
    };
    steps.iter().map(heard).collect()
}

#[test]
fn on_the_local_platform_a_test_gives_the_same_results_as_in_the_browser() {
    let shop = Shop::start();
    let here = steps(&shop, &[]);
    let there = steps(&shop, &["--on", "virtuoso"]);
    assert_eq!(there, here);
    let outcomes: Vec<_> = here
        .iter()
        .map(|step| step["outcome"].as_str().unwrap().replace("OUTCOME_", ""))
        .collect();
    let expected = "PASS PASS PASS FAIL PASS PASS ERROR NOT_REACHED";
    assert_eq!(outcomes.join(" "), expected);
}

#[test]
fn options_of_a_platform_need_one() {
    let test = file("a.yaml", TEST);
    let done = run(["run", test.path.to_str().unwrap(), "--goal", "Web"]);
    done.complains(2, &["--goal", "--on virtuoso"]);
}

#[test]
fn all_tests_that_a_platform_cannot_hold_are_told_before_any_is_executed() {
    let folder = tempfile::tempdir().unwrap();
    let bad = "name: B\nstarting_url: http://127.0.0.1:9/\nsteps:\n  - refresh\n";
    let good = "name: A\nstarting_url: http://127.0.0.1:9/\nsteps:\n  - click: Log in\n";
    for (name, test) in [("a.yaml", good), ("b.yaml", bad), ("c.yaml", bad)] {
        std::fs::write(folder.path().join(name), test).unwrap();
    }
    let mut arguments = vec!["run", folder.path().to_str().unwrap(), "--on", "virtuoso"];
    arguments.extend(sandbox());
    let done = run(arguments).expect(2);
    for file in ["b.yaml", "c.yaml"] {
        assert!(done.stderr.contains(file), "{}", done.stderr);
    }
    assert!(
        done.stderr
            .contains("2 tests cannot be executed there; none was")
    );
    assert!(
        !done.stdout.contains('✓') && !done.stdout.contains('✗'),
        "{}",
        done.stdout
    );
}
