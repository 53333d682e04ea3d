//! `etude convert`: what is written where, and what is said of it.

use std::path::Path;

use crate::support::{Shop, etude, root, run, run_with_stdin, sandbox};

const COMPACT: &str =
    "# Logging in\ntest: Log in\ndo:\n  - t: {Name: ada}\n  - c: Log in  # the button\n";

const LOSSY: &str = "name: Idle\nsteps:\n  - click: Log in\n  - wait_network_idle: 2s\n";

/// A folder with a test in each of two formats, one with a mistake and a text that is none.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    write("in/login.yaml", COMPACT);
    write("in/more/words.txt", "click on \"Log in\"\nwait 2 seconds\n");
    write(
        "in/more/wrong.yml",
        "name: Wrong\nsteps:\n  - clik: Log in\n",
    );
    write("in/notes.txt", "Remember the milk.\n");
    folder
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

fn content(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_folder_is_converted_file_by_file_and_keeps_its_shape() {
    let folder = folder();
    let (source, out) = (path(folder.path(), "in"), path(folder.path(), "out"));
    let arguments = ["convert", &source, "--to", "canonical", "--out", &out];
    let done = run(arguments).expect(2);
    for part in [
        "login.yaml (compact) → ",
        "wrong.yml → ",
        "refused",
        "UNKNOWN_COMMAND",
        ":3:5",
    ] {
        assert!(done.stdout.contains(part), "{part}: {}", done.stdout);
    }
    assert!(
        done.stderr.contains("3 files: 2 converted, 1 refused"),
        "{}",
        done.stderr
    );
    assert_eq!(
        content(folder.path(), "out/login.yaml"),
        "# Logging in\nname: Log in\nsteps:\n  - write: {text: ada, into: Name}\n  - click: Log in  # the button\n"
    );
    assert_eq!(
        content(folder.path(), "out/more/words.yaml"),
        "name: words\nsteps:\n  - click: Log in\n  - wait: 2s\n"
    );
    assert!(!folder.path().join("out/more/wrong.yml").exists());
    assert!(!folder.path().join("out/notes.yaml").exists());
    // A second time everything stands there already.
    let done = run(arguments).expect(2);
    assert!(
        done.stdout.contains("which is so already"),
        "{}",
        done.stdout
    );
}

#[test]
fn the_report_for_programs_has_every_file_with_its_notes() {
    let folder = folder();
    std::fs::write(folder.path().join("in/idle.yaml"), LOSSY).unwrap();
    let (source, out) = (path(folder.path(), "in"), path(folder.path(), "out"));
    let done = run([
        "convert",
        &source,
        "--to",
        "simplified",
        "--out",
        &out,
        "--report",
        "json",
    ])
    .expect(2);
    let report: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let statuses: Vec<_> = report["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["status"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(statuses, ["lossy", "converted", "converted", "refused"]);
    assert_eq!(report["summary"]["lossy"], 1);
    let notes = report["files"][0]["notes"].as_array().unwrap();
    let is_loss = |note: &&serde_json::Value| note["kind"] == "CONVERSION_NOTE_KIND_LOSS";
    let note = notes.iter().find(is_loss).unwrap();
    assert_eq!(note["field"], "checkpoints[0].steps[1]");
    assert_eq!(note["location"]["line"], 4);
    assert_eq!(
        report["files"][3]["diagnostics"][0]["reason"],
        "UNKNOWN_COMMAND"
    );
}

#[test]
fn losses_have_a_line_each_and_an_exit_code() {
    let folder = folder();
    let file = path(folder.path(), "in/idle.yaml");
    std::fs::write(&file, LOSSY).unwrap();
    let done = run(["convert", &file, "--to", "compact"]).expect(1);
    assert_eq!(
        done.stdout,
        "test: Idle\ndo:\n  - c: Log in\n  # - wait_network_idle: 2s\n  - note: \"not carried over: wait for network idle for 2 seconds\"\n"
    );
    assert!(
        done.stderr
            .contains("idle.yaml:4:5 lost: wait for network idle for 2 seconds"),
        "{}",
        done.stderr
    );
    // Nothing is lost in natural language but the flags and keys that it lacks.
    let done = run(["convert", &file, "--to", "natural", "--layout", "yaml"]).expect(0);
    assert!(
        done.stdout
            .contains("- wait for network idle for 2 seconds"),
        "{}",
        done.stdout
    );
}

#[test]
fn nothing_that_exists_is_replaced_unless_that_is_said() {
    let folder = folder();
    let (source, out) = (
        path(folder.path(), "in/login.yaml"),
        path(folder.path(), "a.yaml"),
    );
    std::fs::write(&out, "mine").unwrap();
    let to = ["convert", &source, "--to", "canonical", "--out"];
    let with = |more: &[&str]| {
        let all: Vec<&str> = to.iter().chain(more).copied().collect();
        run(all)
    };
    let done = with(&[&out]).expect(2);
    assert!(
        done.stdout.contains("exists; --force replaces it"),
        "{}",
        done.stdout
    );
    assert_eq!(content(folder.path(), "a.yaml"), "mine");
    with(&[&out, "--check", "--force"]).expect(0);
    assert_eq!(content(folder.path(), "a.yaml"), "mine");
    with(&[&out, "--force"]).expect(0);
    assert!(content(folder.path(), "a.yaml").contains("name: Log in"));
    // Not even by force does a file replace itself.
    let done = with(&[&source, "--force"]).expect(2);
    assert!(done.stdout.contains("--in-place"), "{}", done.stdout);
    assert_eq!(content(folder.path(), "in/login.yaml"), COMPACT);
    run(["convert", &source, "--to", "canonical", "--in-place"]).expect(0);
    assert!(content(folder.path(), "in/login.yaml").contains("name: Log in"));
}

#[test]
fn nothing_is_written_where_it_should_not_be() {
    let folder = folder();
    let source = path(folder.path(), "in");
    run(["convert", &source, "--to", "canonical"]).complains(2, &["--out"]);
    for inside in ["in", "in/new/deep", "in/../in/more"] {
        let out = path(folder.path(), inside);
        run(["convert", &source, "--to", "canonical", "--out", &out]).expect(2);
    }
    assert!(!folder.path().join("in/new").exists());
    // A link in the folder to write leads out of it.
    let outside = path(folder.path(), "outside");
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::create_dir_all(folder.path().join("out")).unwrap();
    std::os::unix::fs::symlink(&outside, folder.path().join("out/more")).unwrap();
    let out = path(folder.path(), "out");
    let done = run(["convert", &source, "--to", "canonical", "--out", &out]).expect(2);
    assert!(done.stdout.contains("behind a link"), "{}", done.stdout);
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
    assert!(folder.path().join("out/login.yaml").exists());
}

#[test]
fn two_files_that_go_to_one_place_are_told() {
    let folder = folder();
    std::fs::write(
        folder.path().join("in/login.json"),
        r#"{"name": "J", "steps": ["refresh"]}"#,
    )
    .unwrap();
    let (source, out) = (path(folder.path(), "in"), path(folder.path(), "out"));
    let done = run(["convert", &source, "--to", "natural", "--out", &out]).expect(2);
    assert!(
        done.stdout.contains("convert them into two folders"),
        "{}",
        done.stdout
    );
    assert!(content(folder.path(), "out/login.txt").contains("refresh the page"));
}

#[test]
fn stdin_goes_to_stdout() {
    let done = run_with_stdin(["convert", "-", "--to", "extended"], COMPACT.as_bytes()).expect(0);
    let click = "  - type: interact  # the button\n    command: click\n    target: Log in\n";
    assert!(done.stdout.ends_with(click), "{}", done.stdout);
    let done = run_with_stdin(
        ["convert", "-", "--to", "canonical", "--report", "json"],
        COMPACT.as_bytes(),
    );
    done.complains(2, &["--check"]);
    let broken = b"test: A\ndo:\n  - t: {#name: ada}\n";
    run_with_stdin(["convert", "-", "--to", "canonical"], broken).expect(2);
    let done = run_with_stdin(["convert", "-", "--to", "canonical", "--fix"], broken).expect(0);
    assert!(
        done.stdout.contains("write: {text: ada, into: \"#name\"}"),
        "{}",
        done.stdout
    );
}

/// Every command of docs/tutorial.md, in its order and with what it ends with.
#[test]
fn the_commands_of_the_tutorial_move_a_folder_over() {
    let page = std::fs::read_to_string(root().join("docs/tutorial.md")).unwrap();
    let here = tempfile::tempdir().unwrap();
    let old = here.path().join("examples/migration");
    std::fs::create_dir_all(old.join("shop")).unwrap();
    for file in ["login.yaml", "shop/search.yaml", "shop/terms.txt"] {
        std::fs::copy(root().join("examples/migration").join(file), old.join(file)).unwrap();
    }
    let shop = Shop::start();
    let commands: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("etude "))
        .filter(|command| !command.starts_with("demo"))
        .collect();
    // The file that is no YAML is told twice before it is mended.
    let codes = [2, 2, 0, 0, 0, 0, 0];
    assert_eq!(commands.len(), codes.len(), "{commands:?}");
    for (command, code) in commands.iter().zip(codes) {
        let command = command.replace("http://127.0.0.1:8000", &shop.url);
        let mut arguments: Vec<&str> = command.split(' ').collect();
        if arguments[0] == "run" {
            arguments.extend(sandbox());
        }
        let done = etude(&arguments).current_dir(here.path()).output().unwrap();
        let (out, err) = (done.stdout, done.stderr);
        let text = String::from_utf8_lossy(&[out, err].concat()).into_owned();
        assert_eq!(done.status.code(), Some(code), "{command}: {text}");
        if arguments[0] == "run" {
            assert!(text.contains("3 of 3 tests passed"), "{text}");
        }
    }
}
