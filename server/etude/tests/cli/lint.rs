//! `etude lint`: outputs, levels, exit codes, fixes.

use std::path::Path;

use boon::{Compiler, Schemas};
use serde_json::Value;

use crate::support::{etude, example, file, root, run, run_with_stdin};

const SLEEPS: &str = "name: A\nstarting_url: /\nsteps:\n  - click: A\n  - wait: 2s\n  - see: B\n";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

fn names(findings: &Value) -> Vec<&str> {
    let findings = findings.as_array().unwrap().iter();
    findings
        .map(|finding| finding["diagnostic"]["reason"].as_str().unwrap())
        .collect()
}

#[test]
fn a_finding_stands_under_its_line_with_its_fix() {
    let test = file("a.yaml", SLEEPS);
    let path = test.path.to_str().unwrap();
    let done = run(["lint", path]).expect(0);
    let expected = format!(
        "warning[fixed-sleep] the test waits 2s here, whatever happens\n --> {path}:5:11\n  |\n\
         5 |   - wait: 2s\n  |           ^^\n"
    );
    assert!(done.stdout.starts_with(&expected), "{}", done.stdout);
    assert!(
        done.stdout.contains(" = help: remove it: "),
        "{}",
        done.stdout
    );
    assert!(
        done.stdout.contains(" = fix: remove the step (proposed)"),
        "{}",
        done.stdout
    );
    assert_eq!(done.stderr, "1 file: errors: 0, warnings: 1, notes: 0\n");
}

#[test]
fn the_examples_are_clean() {
    let folder = root().join("examples/tests");
    let done = run(["lint", "--deny", "note", folder.to_str().unwrap()]).expect(0);
    assert_eq!(done.stdout, "");
}

#[test]
fn exit_codes_are_for_builds() {
    let test = file("a.yaml", SLEEPS);
    let path = test.path.to_str().unwrap();
    run(["lint", path]).expect(0);
    run(["lint", "--deny", "warning", path]).expect(1);
    run(["lint", "--deny", "note", path]).expect(1);
    run(["lint", "--max-warnings", "0", path]).expect(1);
    run(["lint", "--max-warnings", "1", path]).expect(0);
    run(["lint", "--rule", "fixed-sleep=error", path]).expect(1);
    run([
        "lint",
        "--rule",
        "fixed-sleep=note",
        "--deny",
        "warning",
        path,
    ])
    .expect(0);
    run(["lint", "--rule", "fixed-sleep=off", "--deny", "note", path]).expect(0);
    let wrong = file("a.yaml", "name: A\nsteps:\n  - clik: x\n");
    let done = run(["lint", wrong.path.to_str().unwrap()]).expect(2);
    assert!(
        done.stdout.starts_with("error[UNKNOWN_COMMAND]"),
        "{}",
        done.stdout
    );
}

#[test]
fn unknown_rules_and_levels_are_refused() {
    let test = file("a.yaml", SLEEPS);
    let path = test.path.to_str().unwrap();
    run(["lint", "--rule", "fixed-slep=off", path]).complains(
        2,
        &[
            "no rule is called \"fixed-slep\"",
            "did you mean \"fixed-sleep\"?",
        ],
    );
    run(["lint", "--rule", "fixed-sleep=loud", path])
        .complains(2, &["off, note, warning or error"]);
    run(["lint", "--rule", "fixed-sleep", path]).complains(2, &["RULE=LEVEL"]);
    run(["lint"]).complains(2, &["PATH"]);
}

#[test]
fn the_nearest_configuration_sets_the_levels() {
    let folder = folder(&[
        ("etude.lint.yaml", "rules:\n  fixed-sleep: off\n"),
        ("a.yaml", SLEEPS),
        ("b/a.yaml", SLEEPS),
        ("c/etude.lint.yaml", "rules: {fixed-sleep: error}\n"),
        ("c/d/a.yaml", SLEEPS),
        ("wrong.lint.yaml", "rules: {fixed-slep: error}\n"),
    ]);
    let path = |name: &str| folder.path().join(name).display().to_string();
    for (name, code) in [("a.yaml", 0), ("b", 0), ("c", 1)] {
        run(["lint", "--deny", "warning", &path(name)]).expect(code);
    }
    run(["lint", "--no-config", "--deny", "warning", &path("a.yaml")]).expect(1);
    run(["lint", "--rule", "fixed-sleep=note", &path("c")]).expect(0);
    let other = path("c/etude.lint.yaml");
    run(["lint", "--config", &other, &path("a.yaml")]).expect(1);
    run([
        "lint",
        "--config",
        &path("wrong.lint.yaml"),
        &path("a.yaml"),
    ])
    .complains(
        2,
        &["no rule is called", "wrong.lint.yaml:1:9", "did you mean"],
    );
    // It is no test, for other verbs either.
    let done = run(["validate", &path("c")]).expect(0);
    assert_eq!(done.stdout.lines().count(), 1, "{}", done.stdout);
}

#[test]
fn fix_applies_what_is_safe_and_tells_the_rest() {
    let old = "project: P\nname: A\nurl: https://a.example\nsteps:\n  # keep\n  - wait: 2000   # this, too\n  - assert: B\n";
    let test = file("a.yaml", old);
    let path = test.path.to_str().unwrap();
    let done = run(["lint", "--fix", path]).expect(0);
    let new = std::fs::read_to_string(path).unwrap();
    assert_eq!(new, old.replace("2000", "2000ms"));
    assert!(done.stderr.contains("1 fixes applied"), "{}", done.stderr);
    assert!(!done.stdout.contains("bare-duration"), "{}", done.stdout);
    assert!(done.stdout.contains("fixed-sleep"), "{}", done.stdout);
    let again = run(["lint", "--fix", path]).expect(0);
    assert!(!again.stderr.contains("applied"), "{}", again.stderr);
    assert_eq!(std::fs::read_to_string(path).unwrap(), new);

    let done = run_with_stdin(["lint", "--fix", "-"], old.as_bytes()).expect(0);
    assert_eq!(done.stdout, new);
    assert!(done.stderr.contains("fixed-sleep"), "{}", done.stderr);
}

#[test]
fn findings_have_three_forms_for_programs() {
    let (a, b) = (file("a.yaml", SLEEPS), file("b.yaml", "steps: ["));
    let paths = [a.path.to_str().unwrap(), b.path.to_str().unwrap()];
    let done = run(["lint", "-o", "json", paths[0], paths[1]]).expect(2);
    let reports = json(&done.stdout);
    assert_eq!(reports[0]["file"], paths[0]);
    assert_eq!(names(&reports[0]["findings"]), ["fixed-sleep"]);
    let finding = &reports[0]["findings"][0];
    assert_eq!(finding["fromRule"], true);
    let range = &finding["fixes"][0]["edits"][0]["range"];
    assert_eq!(
        (range["startLine"].as_u64(), range["endLine"].as_u64()),
        (Some(5), Some(6))
    );
    assert_eq!(names(&reports[1]["findings"]), ["YAML_SYNTAX"]);

    let done = run(["lint", "-o", "yaml", paths[0]]).expect(0);
    let value: Value = serde_yaml::from_str(&done.stdout).unwrap();
    assert_eq!(names(&value[0]["findings"]), ["fixed-sleep"]);
}

/// A log of findings of every severity, with fixes, made in the folder of the files.
fn sarif() -> Value {
    let old = "project: P\nname: A\nurl: https://a.example\nvariables: {password: geheim12}\nsteps:\n  - wait: 2000\n  - click: {selector: A, clik: 1}\n";
    let folder = folder(&[
        ("tests/é a.yaml", SLEEPS),
        ("tests/old.yaml", old),
        ("tests/wrong.yaml", "name: ["),
    ]);
    let mut command = etude(["lint", "-o", "sarif", "tests"]);
    let output = command.current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    json(&String::from_utf8(output.stdout).unwrap())
}

#[test]
fn sarif_holds_to_the_official_schema() {
    let schema =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/data/sarif-schema-2.1.0.json");
    let schema = json(&std::fs::read_to_string(schema).unwrap());
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.enable_format_assertions();
    compiler.add_resource("sarif.json", schema).unwrap();
    let index = compiler.compile("sarif.json", &mut schemas).unwrap();
    let log = sarif();
    let result = schemas.validate(&log, index);
    assert!(result.is_ok(), "{}", result.unwrap_err());
    let mut wrong = log;
    wrong["runs"][0]["results"][0]["level"] = "loud".into();
    assert!(schemas.validate(&wrong, index).is_err());
}

#[test]
fn sarif_names_rules_places_and_fixes() {
    let log = sarif();
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let print = result["partialFingerprints"]["etudeLint/v1"]
            .as_str()
            .unwrap();
        assert_eq!(print.len(), 16, "{result}");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(
            uri.starts_with("tests/") && !uri.contains([' ', 'é']),
            "{uri}"
        );
    }
    let of = |rule: &str| {
        let found = results.iter().find(|result| result["ruleId"] == rule);
        found.unwrap_or_else(|| panic!("no {rule} in {log:#}"))
    };
    let region = &of("bare-duration")["locations"][0]["physicalLocation"]["region"];
    assert_eq!(region["startLine"], 6);
    assert_eq!(
        (&region["startColumn"], &region["endColumn"]),
        (&11.into(), &15.into())
    );
    let change = &of("bare-duration")["fixes"][0]["artifactChanges"][0];
    assert_eq!(
        change["replacements"][0]["insertedContent"]["text"],
        "2000ms"
    );
    assert_eq!(of("YAML_SYNTAX")["level"], "error");
    assert_eq!(of("legacy-format")["level"], "note");
    assert_eq!(of("hardcoded-credential")["level"], "warning");
    assert!(!log.to_string().contains("geheim12"));
}

#[test]
fn the_rules_are_listed_and_explained() {
    let done = run(["lint", "--rules"]).expect(0);
    assert!(done.stdout.starts_with("RULE "), "{}", done.stdout);
    assert!(done.stdout.contains("\nfixed-sleep "), "{}", done.stdout);
    let done = run(["explain", "fixed-sleep"]).expect(0);
    assert!(
        done.stdout.starts_with("## fixed-sleep\n"),
        "{}",
        done.stdout
    );
}

#[test]
fn no_output_shows_a_credential() {
    let test = file(
        "a.yaml",
        "name: A\nstarting_url: /\nvariables: {password: geheim12}\nsteps: [see: $password]\n",
    );
    let path = test.path.to_str().unwrap();
    for form in ["human", "json", "yaml", "sarif"] {
        let done = run(["lint", "-o", form, path]).expect(0);
        assert!(done.stdout.contains("hardcoded-credential"), "{form}");
        assert!(!(done.stdout + &done.stderr).contains("geheim12"), "{form}");
    }
    run(["lint", example("login.yaml").to_str().unwrap()]).expect(0);
}

#[test]
fn options_of_rules_come_from_the_file_and_from_flags() {
    let folder = folder(&[
        ("a.yaml", SLEEPS),
        ("b/c.yaml", SLEEPS),
        ("b/etude.lint.yaml", "rules: {fixed-sleep: {above: 2s}}\n"),
    ]);
    let path = folder.path().to_str().unwrap();
    let found = |more: &[&str]| {
        let first = ["lint", path, "-o", "json"];
        let reports = json(&run(first.iter().chain(more)).expect(0).stdout);
        let reports = reports.as_array().unwrap().clone();
        let all: Vec<Vec<String>> = reports
            .iter()
            .map(|report| {
                names(&report["findings"])
                    .into_iter()
                    .map(str::to_owned)
                    .collect()
            })
            .collect();
        all
    };
    assert_eq!(found(&[]), [vec!["fixed-sleep"], vec![]]);
    assert_eq!(found(&["--rule", "fixed-sleep.above=5s"]), [[""; 0]; 2]);
    let long = found(&["--rule", "long-wait.wait=1s"]);
    assert_eq!(long, [["long-wait"], ["long-wait"]]);
    for (setting, part) in [
        ("long-wait.most=1s", "it has level, wait, limit"),
        ("long-wiat.wait=1s", "did you mean \"long-wait\"?"),
        ("long-wait.wait=1", "write it like 10s"),
    ] {
        run(["lint", path, "--rule", setting]).complains(2, &[part]);
    }
}
