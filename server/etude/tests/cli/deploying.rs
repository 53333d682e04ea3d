//! `etude deploy` and `etude pull`, as docs/deploy.md shows them.

use std::path::Path;
use std::process::Command;

use crate::support::{Done, Running, Serving, etude, file, of_environment, root, run};

/// The commands of the page but the first, which starts a server, and the last, which is another
/// program's.
fn commands() -> String {
    let page = std::fs::read_to_string(root().join("docs/deploy.md")).unwrap();
    let blocks: Vec<&str> = page
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert_eq!(blocks.len(), 6, "the page has other commands");
    blocks[1..5].concat()
}

fn in_folder(script: &str, folder: &Path, server: &str) -> Done {
    let program = Path::new(env!("CARGO_BIN_EXE_etude")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut bash = of_environment("bash");
    bash.args(["-euo", "pipefail", "-c", script])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", program.display()))
        .env("ETUDE_SERVER", server);
    bash.output().unwrap().into()
}

#[test]
fn the_commands_of_the_page_do_what_it_says() {
    let serving = Serving::start();
    let folder = tempfile::tempdir().unwrap();
    let done = in_folder(&commands(), folder.path(), &serving.url).expect(0);
    let page = std::fs::read_to_string(root().join("docs/deploy.md")).unwrap();
    let plan = page
        .split("```text\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    assert!(done.stdout.starts_with(plan), "{}", done.stdout);
    assert_eq!(
        done.stdout.matches("No changes").count(),
        1,
        "{}",
        done.stdout
    );
    assert!(
        done.stdout
            .contains("Plan: 0 to add, 1 to change, 0 to remove."),
        "{}",
        done.stdout
    );
    assert!(done.stderr.contains("11/11 +"), "{}", done.stderr);
    let pulled = std::fs::read_to_string(folder.path().join("pulled/web/log-in.yaml")).unwrap();
    let one = std::fs::read_to_string(folder.path().join("one/log-in.yaml")).unwrap();
    assert_eq!(pulled, one);
    assert!(pulled.contains("Your basket"), "{pulled}");
}

#[test]
fn the_readme_deploys_the_example_and_a_second_time_nothing_changes() {
    let serving = Serving::start();
    let folder = tempfile::tempdir().unwrap();
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let lines = readme.lines().filter(|line| {
        line.starts_with("etude deploy examples/platform") || line.starts_with("etude pull Shop")
    });
    let script = lines.collect::<Vec<_>>().join("\n");
    let pulled = folder.path().join("pulled");
    let script = script.replace("pulled/", &pulled.display().to_string());
    let done = in_folder(&script, &root(), &serving.url).expect(0);
    let plans = done
        .stdout
        .matches("Plan: 12 to add, 0 to change, 0 to remove.");
    assert_eq!(plans.count(), 2, "{}", done.stdout);
    assert!(pulled.join("web/sign-in.yaml").is_file(), "{}", done.stderr);

    let again = in_folder(script.lines().nth(1).unwrap(), &root(), &serving.url).expect(0);
    assert!(again.stdout.contains("No changes"), "{}", again.stdout);
}

#[test]
fn all_files_are_checked_before_the_first_is_deployed() {
    let serving = Serving::start();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
    };
    write("a.yaml", "name: A\nsteps:\n  - click: fine\n");
    write("b.yaml", "name: B\nsteps:\n  - refresh\n  - back\n");
    write("c.yaml", "name: C\nsteps:\n  - clik: x\n");
    let folder = folder.path().to_str().unwrap();
    let to = ["--project", "S", "--goal", "W", "--server", &serving.url];
    let done = run(["deploy", folder].into_iter().chain(to));
    let parts = [
        "b.yaml:3:5",
        "b.yaml:4:5",
        "3 |   - refresh",
        "c.yaml:3:5",
        "nothing was made",
    ];
    done.complains(2, &parts);
    run(["pull", "S", "--out", folder, "--server", &serving.url]).complains(2, &["`S`"]);
}

#[test]
fn tests_of_one_name_and_blank_names_are_refused_before_anything_is_made() {
    let serving = Serving::start();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
    };
    let test = |step: &str| format!("name: Log in\nstarting_url: https://s.test\nsteps:\n{step}");
    write("a.yaml", &test("  - click: A\n"));
    write("b.yaml", &test("  - click: B\n"));
    let path = folder.path().to_str().unwrap();
    let deploy = |path: &str, more: &[&str]| {
        let to = ["deploy", path, "--server", &serving.url, "--project", "S"];
        run(to.iter().chain(more))
    };
    let both = ["`Log in`", "a.yaml, ", "b.yaml", "nothing was made"];
    deploy(path, &["--goal", "W"]).complains(2, &both);
    deploy(path, &["--goal", "W", "--plan"]).complains(2, &both);
    let on = ["run", path, "--on", "virtuoso", "--server", &serving.url];
    run(on).complains(2, &["`Log in`", "a.yaml, ", "b.yaml", "nothing was run"]);

    std::fs::remove_file(folder.path().join("a.yaml")).unwrap();
    deploy(path, &["--goal", "  "]).complains(2, &["--goal", "must not be blank"]);
    let to_blank = ["--goal", "W", "--journey", " "];
    deploy(path, &to_blank).complains(2, &["--journey", "must not be blank"]);
    let named = "name: T\ncheckpoints:\n  - name: '  '\n    steps: [click: b]\n";
    write("b.yaml", named);
    let plan = deploy(path, &["--goal", "W", "--plan"]);
    plan.complains(
        2,
        &[
            "b.yaml",
            "checkpoint 1 must not be blank",
            "nothing was made",
        ],
    );
    let listed = run(["projects", "list", "-o", "name", "--server", &serving.url]).expect(0);
    assert_eq!(listed.stdout, "");
}

#[test]
fn what_is_removed_is_asked_for_and_files_are_not_replaced() {
    let serving = Serving::start();
    let test = file(
        "t.yaml",
        "name: T\nstarting_url: https://shop.test\nsteps:\n  - click: A\n  - click: B\n",
    );
    let path = test.path.to_str().unwrap();
    let deploy = |more: &[&str]| {
        let to = [
            "deploy",
            path,
            "--project",
            "S",
            "--goal",
            "W",
            "--server",
            &serving.url,
        ];
        run(to.iter().chain(more))
    };
    deploy(&[]).expect(0);
    std::fs::write(
        &test.path,
        "name: T\nstarting_url: https://shop.test\nsteps:\n  - click: B\n",
    )
    .unwrap();
    deploy(&[]).complains(2, &["1 to remove", "--yes"]);
    let done = deploy(&["--yes", "-o", "json"]).expect(0);
    let document: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(document[0]["plan"]["deletes"], 1);
    assert_eq!(document[0]["deployed"]["changes"], 1);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let pull = |more: &[&str]| {
        run(["pull", "S/W/T", "--out", out, "--server", &serving.url]
            .iter()
            .chain(more))
    };
    pull(&[]).expect(0);
    pull(&[]).complains(0, &["is as it was"]);
    std::fs::write(folder.path().join("t.yaml"), "mine").unwrap();
    pull(&[]).complains(2, &["t.yaml", "--force"]);
    pull(&["--force"]).expect(0);
    let mut again: Command = etude(["validate", "t.yaml"]);
    let again: Done = again.current_dir(folder.path()).output().unwrap().into();
    again.expect(0);
}

/// A test whose deployment takes a while, to be stopped on the way, and the command that deploys it.
fn long_test() -> crate::support::File {
    let steps: String = (1..120).map(|n| format!("  - click: B{n}\n")).collect();
    let head = "name: Long\nstarting_url: https://shop.test\nsteps:\n";
    file("long.yaml", format!("{head}{steps}"))
}

fn deploying(test: &Path, serving: &Serving) -> Vec<String> {
    let words = [
        "deploy",
        test.to_str().unwrap(),
        "--project",
        "S",
        "--goal",
        "W",
    ];
    let words = words.into_iter().chain(["--server", &serving.url]);
    words.map(str::to_owned).collect()
}

/// The end of a deployment that had made some of its changes.
fn told_how_far(lines: &[String]) {
    let text = lines.join("\n");
    for part in [
        "long.yaml",
        "of 124 changes were made and read back, the last of them `S/W/Long/Long/",
        "the same command completes it",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[test]
fn a_deployment_that_is_stopped_says_how_far_it_came_and_is_completed_by_the_same_command() {
    let mut serving = Serving::start();
    let test = long_test();
    let words = deploying(&test.path, &serving);
    let mut stopped = Running::start(&words);
    stopped.line_with(" 10/124");
    stopped.signal("INT");
    let (code, lines) = stopped.end();
    assert_eq!(code, Some(130), "{lines:?}");
    told_how_far(&lines);

    // The second one plans what is left, so that it counts anew.
    let mut lost = Running::start(&words);
    lost.line_with(" 5/");
    serving.kill_and_restart();
    let (code, lines) = lost.end();
    assert_eq!(code, Some(3), "{lines:?}");
    let text = lines.join("\n");
    for part in [
        "the connection to the server broke",
        "changes were made",
        "completes it",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    run(&words).expect(0);
    assert!(run(&words).expect(0).stdout.contains("No changes"));
}

#[test]
fn two_deployments_of_the_same_at_once_both_end_well() {
    let serving = Serving::start();
    let steps: String = (1..30).map(|n| format!("  - click: B{n}\n")).collect();
    let head = "name: T\nstarting_url: https://shop.test\nsteps:\n";
    let test = file("t.yaml", format!("{head}{steps}"));
    let words = deploying(&test.path, &serving);
    let all: Vec<_> = (0..3).map(|_| etude(&words).spawn().unwrap()).collect();
    let mut made = 0;
    for one in all {
        let done: Done = one.wait_with_output().unwrap().into();
        made += done.expect(0).stdout.matches("deployed journeys/").count();
    }
    assert_eq!(made, 1, "only one had anything to make");
}

#[test]
fn a_conflict_names_the_file_the_place_and_the_options_that_help() {
    let serving = Serving::start();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, button: &str| {
        let test = format!(
            "name: {name}\nstarting_url: https://shop.test\ncheckpoints:\n  - name: Form\n    steps:\n      \
             - click: {button}\n"
        );
        std::fs::write(folder.path().join(format!("{name}.yaml")), test).unwrap();
    };
    write("a", "Go");
    write("b", "Go");
    let words = deploying(folder.path(), &serving);
    run(&words).expect(0);
    write("b", "Stop");
    let parts = [
        "b.yaml: the journey `b`",
        "b.yaml:6:9) has other steps",
        "with --edit-shared they change too",
        "with --replace the journey is deleted",
        "1 of 2 files are deployed",
    ];
    run(&words).complains(3, &parts);
}

#[test]
fn a_number_is_a_name_unless_it_may_be_meant_as_an_id() {
    let serving = Serving::start();
    let test = file(
        "t.yaml",
        "name: T\nstarting_url: https://shop.test\nsteps:\n  - click: A\n",
    );
    let path = test.path.to_str().unwrap();
    let run = |words: &[&str]| run(words.iter().chain(&["--server", &serving.url]));
    let to = |project: &str, goal: &str| {
        run(&[
            "deploy",
            path,
            "--project",
            project,
            "--goal",
            goal,
            "-o",
            "json",
        ])
    };
    to("2024", "1").expect(0);
    let listed = run(&["projects", "list", "-o", "name"]).expect(0).stdout;
    let project = listed.trim();
    let goals = run(&["goals", "list", project, "-o", "name"])
        .expect(0)
        .stdout;
    let goal = goals.trim();
    let id = |name: &str| name.rsplit('/').next().unwrap().to_owned();
    let both_ways = [project, "or create a project with the name"];
    to(&id(project), "W").complains(2, &both_ways);
    to(project, &id(goal)).complains(2, &[goal, "or create a goal with the name"]);
    let unmade = run(&["projects", "list", "-o", "name"]).expect(0).stdout;
    assert_eq!(unmade, listed, "nothing was made by mistake");
    to(project, goal).expect(0);
    let out = test.path.with_file_name("out");
    let pull = |what: &str| run(&["pull", what, "--out", out.to_str().unwrap()]);
    pull(&id(project)).complains(2, &[project, "a number alone is a name"]);
    pull(project).expect(0);
}
