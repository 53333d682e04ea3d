//! What is asked, checked or told on the local platform before anything is lost or half made.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use crate::resources::{Bench, JOURNEY};
use crate::support::{Done, file, of_environment, run};

#[test]
fn a_place_that_is_not_there_leaves_no_checkpoint_behind() {
    let bench = Bench::start();
    let create = |position: &str| {
        bench.run([
            "checkpoints",
            "create",
            JOURNEY,
            "New",
            "--position",
            position,
        ])
    };
    create("99").complains(2, &["position must be 2 to 2", "INVALID_REQUEST"]);
    create("2").expect(0);
}

#[test]
fn wrong_variables_leave_no_environment_behind() {
    let bench = Bench::start();
    let mut words = vec!["environments", "create", "Shop", "Staging"];
    for variable in ["a=1", "a=2", "{name: \"\", value: x}"] {
        words.extend(["--variable", variable]);
    }
    let parts = [
        "variables[1].name: `a` is given twice",
        "variables[2].name: must not be empty",
    ];
    bench.run(words).complains(2, &parts);
    bench
        .run(["environments", "list", "Shop"])
        .complains(0, &["there are none"]);
}

#[test]
fn what_takes_others_along_is_deleted_only_when_that_is_meant() {
    let bench = Bench::start();
    bench
        .run(["goals", "create", "Shop", "Other", "https://a.test"])
        .expect(0);
    let table = bench.name(["testdata", "create", "Shop", "Users", "a,b\n1,2\n"]);
    bench
        .run(["projects", "delete", "Shop"])
        .complains(2, &["2 goals with 2 journeys", "--yes"]);
    bench
        .run(["goals", "delete", "Shop/Other"])
        .complains(2, &["1 journey", "--yes"]);
    bench
        .run(["testdata", "delete", &table])
        .complains(2, &["1 row", "--yes"]);
    bench.run(["goals", "delete", "Shop/Other", "-y"]).expect(0);
    bench.run(["projects", "delete", "Shop", "--yes"]).expect(0);
    bench
        .run(["testdata", "get", &table])
        .complains(2, &["PLATFORM_NOT_FOUND"]);
}

/// What a command does on a terminal where somebody types.
fn on_terminal(bench: &Bench, words: &[&str], typed: &str) -> Done {
    let words = [&[env!("CARGO_BIN_EXE_etude")], words].concat();
    let line = format!("exec '{}'", words.join("' '"));
    let mut script = of_environment("script");
    script
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .env("ETUDE_SERVER", &bench.serving.url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let child = script.spawn();
    let mut child = child.expect("install `script`: apt-get install -y bsdutils");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(typed.as_bytes()).unwrap();
    // The terminal must last until the answer was read.
    let patience = std::time::Instant::now() + crate::support::PATIENCE;
    while child.try_wait().unwrap().is_none() {
        assert!(std::time::Instant::now() < patience, "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(stdin);
    child.wait_with_output().unwrap().into()
}

#[test]
fn on_a_terminal_it_is_asked_and_only_yes_deletes() {
    let bench = Bench::start();
    let delete = ["projects", "delete", "Shop"];
    let asked = on_terminal(&bench, &delete, "y\n").expect(2);
    for part in [
        "and with it 1 goal with 1 journey",
        "Go on?",
        "nothing was deleted",
    ] {
        assert!(
            asked.stdout.contains(part),
            "no {part:?} in:\n{}",
            asked.stdout
        );
    }
    bench.run(["projects", "get", "Shop"]).expect(0);
    on_terminal(&bench, &delete, "yes\n").expect(0);
    bench.run(["projects", "get", "Shop"]).expect(2);
}

#[test]
fn a_csv_of_any_size_is_sent_in_parts_and_comes_back_whole() {
    let bench = Bench::start();
    let text = "x".repeat(100);
    let rows: String = (0..12_000)
        .map(|row| format!("{row},\"{text}, {row}\"\n"))
        .collect();
    let csv = format!("id,text\n{rows}");
    assert!(csv.len() > 1 << 20);
    let large = file("large.csv", &csv);
    let at = format!("@{}", large.path.display());
    let create = ["testdata", "create", "Shop", "Large", &at];
    let id = ["--request-id", "01890a5d-ac96-774b-bcce-b302099a8057"];
    let protected = bench.run(create.into_iter().chain(id));
    protected.complains(2, &["--request-id", "leave it out"]);
    bench
        .run(create)
        .complains(0, &["12000 of 12000 rows are in testDataTables/"]);
    let to_stdout = ["testdata", "export", "Shop/Large", "--out", "-"];
    assert!(bench.run(to_stdout).expect(0).stdout == csv);
    let imported = bench.run(["testdata", "import", "Shop/Large", &at, "-o", "json"]);
    let imported: serde_json::Value = serde_json::from_str(&imported.expect(0).stdout).unwrap();
    assert_eq!(imported["imported"], 12_000);
    assert_eq!(imported["table"]["rowCount"], 24_000);
}

#[test]
fn mistakes_are_told_in_words_with_commands_to_go_on_with() {
    let bench = Bench::start();
    bench
        .run(["steps", "get", "0"])
        .complains(2, &["a number from 1, such as steps/7"]);
    for _ in 0..2 {
        bench
            .run(["environments", "create", "Shop", "Twin"])
            .expect(0);
    }
    let set = ["environments", "set", "Shop", "Twin", "a", "--value", "1"];
    bench.run(set).complains(
        2,
        &[
            "2 environments are called `Twin`",
            "write one of these ids in its place",
        ],
    );

    bench
        .run(["journeys", "create", "Shop/Web", "Second"])
        .expect(0);
    let create = ["checkpoints", "create", "Shop/Web/Second", "Lonely"];
    let lonely = bench.name(create);
    bench
        .run(["journeys", "delete", "Shop/Web/Second"])
        .expect(0);
    let session = bench.run(["sessions", "create", "--checkpoint", &lonely]);
    let parts = [
        "CHECKPOINT_NOT_ATTACHED",
        "with `etude journeys attach-checkpoint`",
    ];
    session.complains(3, &parts);
}

#[test]
fn an_environment_that_is_not_there_is_told_before_anything_is_deployed() {
    let bench = Bench::start();
    let test = file(
        "t.yaml",
        "name: T\nstarting_url: https://shop.test\nsteps:\n  - click: A\n",
    );
    let path = test.path.to_str().unwrap();
    let place = ["--on", "virtuoso", "--server", &bench.serving.url];
    let environment = ["--platform-environment", "99999"];
    let done = run(["run", path].iter().chain(&place).chain(&environment)).expect(3);
    let told = "has no environments/99999, and nothing was deployed";
    assert!(done.stdout.contains(told), "{}", done.stdout);
    let projects = bench.run(["projects", "list"]).expect(0).stdout;
    assert!(!projects.contains("Étude"), "{projects}");
}
