//! `etude run` on a terminal: `script` (of util-linux, or bsdutils) gives it one.

use std::process::Stdio;

use crate::support::{Done, File, Shop, file, of_environment, sandbox};

fn test(steps: &str) -> File {
    let head = "name: A test\nstarting_url: /terms.html\nsteps:\n";
    file("a.yaml", format!("{head}{steps}"))
}

/// What a terminal of 100 columns gets when the test is run there.
#[track_caller]
fn on_terminal(shop: &Shop, test: &File) -> Done {
    let mut arguments = vec!["run", test.path.to_str().unwrap(), "--base-url", &shop.url];
    arguments.extend(sandbox());
    let words = [&[env!("CARGO_BIN_EXE_etude")], &arguments[..]].concat();
    let line = format!("stty cols 100 rows 30; exec '{}'", words.join("' '"));
    let mut script = of_environment("script");
    script
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .env("TERM", "xterm-256color")
        .stdin(Stdio::null());
    let output = script.output();
    output
        .expect("install `script`: apt-get install -y bsdutils")
        .into()
}

/// The text of a terminal without colours and movements.
fn plain(text: &str) -> String {
    let codes = regex::Regex::new("\x1b\\[[0-9;?]*[A-Za-z]").unwrap();
    codes.replace_all(text, "").replace('\r', "\n")
}

#[test]
fn progress_is_drawn_while_a_step_is_executed() {
    let shop = Shop::start();
    let slow = test("  - wait: 1500ms\n  - comment: done\n");
    let drawn = on_terminal(&shop, &slow).expect(0).stdout;
    let lines = plain(&drawn);
    let moving = |line: &&str| line.contains(" wait ") && !line.contains('✓');
    let frames: std::collections::BTreeSet<_> = lines.lines().filter(moving).collect();
    assert!(frames.len() > 1, "nothing moves in {drawn:?}");
    assert!(drawn.contains("\x1b[2K"), "nothing is erased in {drawn:?}");
    assert!(drawn.contains("\x1b[32m✓\x1b[0m"), "no colour in {drawn:?}");
    let ended: Vec<_> = lines.lines().filter(|line| line.contains('✓')).collect();
    assert_eq!(ended.len(), 4, "each step and the test once: {ended:?}");
    assert!(ended[3].contains("3 of 3 steps passed"), "{ended:?}");
    assert_eq!(lines.trim_end().lines().last(), ended.last().copied());
}

#[test]
fn a_step_that_fails_is_shown_on_a_terminal() {
    let shop = Shop::start();
    let failing = test("  - assert_title: Nonsense\n");
    let drawn = on_terminal(&shop, &failing).expect(1).stdout;
    assert!(drawn.contains("\x1b[31m✗\x1b[0m"), "no colour in {drawn:?}");
    for part in ["ASSERTION_FAILED", "expected    Nonsense", "a.yaml:4:5"] {
        assert!(plain(&drawn).contains(part), "no {part:?} in {drawn:?}");
    }
}
