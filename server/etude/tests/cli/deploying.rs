//! `etude deploy` and `etude pull`, as docs/deploy.md shows them.

use std::path::Path;
use std::process::Command;

use crate::support::{Done, Serving, etude, file, of_environment, root, run};

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
