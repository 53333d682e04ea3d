//! The verbs that need neither server nor browser.

use crate::support::{etude, example, file, run};

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn the_version_has_a_commit() {
    let done = run(["version"]).expect(0);
    assert!(done.stdout.starts_with("etude 0."), "{}", done.stdout);
    let value = json(&run(["version", "-o", "json"]).expect(0).stdout);
    assert_eq!(value["version"], env!("CARGO_PKG_VERSION"));
    assert!(value["commit"].as_str().unwrap().len() >= 7);
    assert_eq!(run(["--version"]).expect(0).stdout, done.stdout);
}

#[test]
fn validate_prints_its_findings_in_three_forms() {
    let good = example("login.yaml");
    let wrong = file("a.yaml", "name: A\nsteps:\n  - clik: x\n");
    let (good, wrong) = (good.to_str().unwrap(), wrong.path.to_str().unwrap());
    let done = run(["validate", good]).expect(0);
    assert_eq!(done.stdout, format!("✓ {good}: Log in\n"));
    assert_eq!(done.stderr, "");

    let done = run(["validate", "-o", "json", good, wrong]).expect(2);
    let reports = json(&done.stdout);
    assert_eq!(reports[0]["valid"], true);
    assert_eq!(reports[1]["valid"], false);
    let mistake = &reports[1]["diagnostics"][0];
    assert_eq!(mistake["reason"], "UNKNOWN_COMMAND");
    assert_eq!(mistake["location"]["line"], 3);

    let done = run(["validate", "-o", "yaml", wrong]).expect(2);
    let value: serde_json::Value = serde_yaml::from_str(&done.stdout).unwrap();
    assert_eq!(value[0]["diagnostics"][0]["reason"], "UNKNOWN_COMMAND");
}

#[test]
fn nothing_is_coloured_without_a_terminal() {
    let wrong = file("a.yaml", "name: A\nsteps:\n  - clik: x\n");
    let done = run(["validate", wrong.path.to_str().unwrap()]).expect(2);
    assert!(!done.stdout.contains('\x1b') && !done.stderr.contains('\x1b'));
}

#[test]
fn fmt_rewrites_and_keeps_comments() {
    let messy = file(
        "a.yaml",
        "# About it\nsteps:\n    - click:   'Log in'   # here\nname: A\n",
    );
    let path = messy.path.to_str().unwrap();
    let done = run(["fmt", "--check", path]).expect(1);
    assert_eq!(done.stdout, format!("{path}\n"));
    assert!(
        std::fs::read_to_string(path)
            .unwrap()
            .starts_with("# About it\nsteps")
    );
    run(["fmt", path]).expect(0);
    let formatted = std::fs::read_to_string(path).unwrap();
    for part in ["# About it", "# here", "name: A", "- click: Log in"] {
        assert!(formatted.contains(part), "{formatted}");
    }
    run(["fmt", "--check", path]).expect(0);
    run(["fmt", path]).expect(0);
    assert_eq!(std::fs::read_to_string(path).unwrap(), formatted);
}

#[test]
fn fmt_leaves_a_file_with_mistakes_as_it_is() {
    let content = "name: A\nsteps:\n  - clik: x\n";
    let wrong = file("a.yaml", content);
    run(["fmt", wrong.path.to_str().unwrap()]).complains(2, &["UNKNOWN_COMMAND", "3:5"]);
    assert_eq!(std::fs::read_to_string(&wrong.path).unwrap(), content);
}

#[test]
fn the_schema_knows_every_command() {
    let schema = run(["schema"]).expect(0).stdout;
    let value = json(&schema);
    assert!(value.get("$schema").is_some());
    for spec in etude::catalog::commands() {
        assert!(
            schema.contains(&format!("\"{}\"", spec.yaml)),
            "{}",
            spec.yaml
        );
    }
}

#[test]
fn commands_lists_the_catalogue() {
    let all = etude::catalog::commands();
    let table = run(["commands"]).expect(0).stdout;
    assert_eq!(table.lines().count(), all.len() + 1);
    let list = json(&run(["commands", "-o", "json"]).expect(0).stdout);
    assert_eq!(list.as_array().unwrap().len(), all.len());
    let group = json(&run(["commands", "interact", "-o", "json"]).expect(0).stdout);
    let group = group.as_array().unwrap();
    assert!(group.len() > 5 && group.iter().all(|command| command["group"] == "interact"));
    for spelling in [
        "click",
        "interact/click",
        "interact click",
        "commands/interact/click",
    ] {
        let one = json(&run(["commands", spelling, "-o", "json"]).expect(0).stdout);
        assert_eq!(one["message"], "etude.v1.Click", "{spelling}");
    }
    let page = run(["commands", "write"]).expect(0).stdout;
    assert!(
        page.contains("target (etude.v1.Target, required)"),
        "{page}"
    );
    run(["commands", "clik"]).complains(2, &["did you mean click?", "COMMAND_NOT_FOUND"]);
}

#[test]
fn explain_knows_every_reason_and_command() {
    for reason in etude::v1::ErrorReason::all() {
        let page = run(["explain", reason.name()]).expect(0).stdout;
        assert!(page.starts_with(&format!("# {}", reason.name())), "{page}");
    }
    let page = run(["explain", "[target_not_found]"]).expect(0).stdout;
    assert!(page.starts_with("# TARGET_NOT_FOUND"));
    let page = run(["explain", "click"]).expect(0).stdout;
    assert!(page.starts_with("interact/click"));
    run(["explain", "TARGET_NOT_FOND"]).complains(2, &["did you mean TARGET_NOT_FOUND?"]);
    run(["explain", "clik"]).complains(2, &["did you mean click?"]);
}

#[test]
fn every_shell_gets_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(["completions", shell]).expect(0).stdout;
        assert!(script.contains("interact"), "{shell}");
    }
}

#[test]
fn mistakes_of_the_configuration_are_told_at_once() {
    let wrong = file(
        "etude.yaml",
        "server:\n  listn: 127.0.0.1:1\nsesions:\n  max: 1\n",
    );
    let path = wrong.path.to_str().unwrap();
    let parts = ["server.listn", "server.listen", "sesions", "CONFIG_INVALID"];
    run(["config", "check", "--config", path]).complains(2, &parts);
    let output = etude(["config", "check"])
        .env("ETUDE_SERVR__LISTEN", "x")
        .output()
        .unwrap();
    let done = crate::support::Done::from(output);
    done.complains(
        2,
        &["ETUDE_SERVR__LISTEN", "did you mean ETUDE_SERVER__LISTEN?"],
    );
}

#[test]
fn the_clients_variables_are_no_options_of_a_server() {
    let mut command = etude(["config", "check"]);
    command
        .env("ETUDE_SERVER", "http://127.0.0.1:1")
        .env("ETUDE_CA_FILE", "authority.pem")
        .env("ETUDE_SESSION", "sessions/a");
    crate::support::Done::from(command.output().unwrap()).expect(0);
}

#[test]
fn the_configuration_is_shown_with_its_defaults() {
    let shown = run(["config", "show"]).expect(0).stdout;
    let value: serde_json::Value = serde_yaml::from_str(&shown).unwrap();
    assert_eq!(value["server"]["listen"], "127.0.0.1:50051");
    let value = json(&run(["config", "show", "-o", "json"]).expect(0).stdout);
    assert_eq!(value["browser"]["headless"], true);
}

#[test]
fn detect_tells_the_format_and_by_what() {
    let file = file("a.yaml", "test: A\ndo:\n  - c: Save\n  - assert: Saved\n");
    let path = file.path.to_str().unwrap();
    let done = run(["detect", path]).expect(0);
    let expected = format!("{path}: compact (87 %), or simplified (12 %)\n");
    assert_eq!(done.stdout, expected);
    let done = run(["detect", "--evidence", path]).expect(0);
    assert!(
        done.stdout.contains("  3:5 compact: a step with c\n"),
        "{}",
        done.stdout
    );
    let value = json(&run(["detect", "-o", "json", path]).expect(0).stdout);
    assert_eq!(value[0]["format"], "TEST_FORMAT_COMPACT");
    assert_eq!(value[0]["evidence"][0]["location"]["line"], 1);
}

#[test]
fn explain_test_prints_statements_that_can_be_read_back() {
    let compact = file(
        "a.yaml",
        "test: A\ndo:\n  - t: {\"#name\": Ada}\n  - c: Save\n",
    );
    let done = run(["explain-test", compact.path.to_str().unwrap()]).expect(0);
    assert_eq!(
        done.stdout,
        "# A\n\nwrite \"Ada\" in \"#name\"\nclick on \"Save\"\n"
    );
    let words = file("a.txt", &done.stdout);
    let again = run(["explain-test", words.path.to_str().unwrap()]).expect(0);
    assert_eq!(again.stdout, done.stdout.replace("# A", "# a"));
    let wrong = file("b.txt", "make it so\n");
    run(["explain-test", wrong.path.to_str().unwrap()]).expect(2);
}

#[test]
fn fmt_fix_puts_quotes_where_yaml_needs_them() {
    let broken = file("a.yaml", "test: A\ndo:\n  - t: {#name: Ada}\n");
    let path = broken.path.to_str().unwrap();
    let done = run(["fmt", path]).expect(2);
    assert!(done.stderr.contains("etude fmt --fix"), "{}", done.stderr);
    run(["fmt", "--fix", path]).expect(0);
    let fixed = std::fs::read_to_string(path).unwrap();
    assert!(fixed.starts_with("name: A\nsteps:\n"), "{fixed}");
    assert!(fixed.contains("\"#name\""), "{fixed}");
}
