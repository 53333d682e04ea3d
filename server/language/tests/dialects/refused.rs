//! What is refused, with the place and what to do.

use etude_language::{parse, repair};

use super::shown;

/// The mistakes of a file.
fn mistakes(file: &str) -> String {
    let parsed = parse("t", file.as_bytes());
    assert!(parsed.test.is_none(), "{file}");
    shown(&parsed.diagnostics)
}

/// Wrong steps, each of which is refused at its own line.
#[test]
fn every_wrong_step_is_refused_at_its_line() {
    let steps = [
        "scroll: {direction: sideways}",
        "scroll: {position: not-numbers}",
        "scroll: {by: ''}",
        "click: ''",
        "write: {text: a}",
        "key: NotAKey",
        "mouse: {action: jump}",
        "mouse: {action: move, position: 'a,b'}",
        "select: {option: a}",
        "select: {selector: a, option: b, index: 0}",
        "select: {selector: a, index: -1}",
        "assert: {type: unheard, selector: a}",
        "assert: {type: equals, selector: a}",
        "assert: {type: gt, selector: a, value: many}",
        "assert: {type: matches, selector: a, pattern: '[a'}",
        "assert: {type: variable, value: a}",
        "window: {action: resize, size: '1024'}",
        "window: {action: switch, to: nowhere}",
        "window: {action: switch}",
        "store: {selector: a}",
        "store: {type: attribute, selector: .a, as: b}",
        "cookie: {action: create, name: a}",
        "cookie: {action: eat}",
        "wait: -1000",
        "wait: 999999999",
        "alert: maybe",
        "dialog: {type: confirm, action: maybe}",
        "dialog: {type: prompt, text: a, action: reject}",
        "file: {selector: a}",
        "file: {selector: a, url: /local/file.pdf}",
        "upload: {url: 'https://a.example/b'}",
        "comment: ''",
        "execute: 'open {'",
        "unheard_of: a",
        "{navigate: /a, click: b}",
        "if: {cond: a, then: []}",
        "library: {checkpoint: 1}",
        "write: {selector: a, text: b, unknown: c}",
    ];
    let list: String = steps.iter().map(|step| format!("- {step}\n")).collect();
    let file = format!("name: t\nproject: p\nsteps:\n{list}- assert: fine\n");
    let parsed = parse("t", file.as_bytes());
    let lines: Vec<u32> = parsed
        .diagnostics
        .iter()
        .map(|d| d.location.clone().unwrap().line)
        .collect();
    for (index, step) in steps.iter().enumerate() {
        let line = u32::try_from(index).unwrap() + 4;
        assert!(
            lines.contains(&line),
            "line {line} {step}\n{}",
            shown(&parsed.diagnostics)
        );
    }
    let last = u32::try_from(steps.len()).unwrap() + 4;
    assert!(!lines.contains(&last));
    assert!(parsed.diagnostics.iter().all(|d| !d.message.is_empty()));
}

#[test]
fn a_selector_without_quotes_is_explained_and_repaired() {
    let file = "test: t\ndo:\n  - t: {#email: a@b.c}\n  - wait: #done\n  - c: Save\n";
    assert_eq!(
        mistakes(file),
        "3:9 YAML_SYNTAX \"#email\" stands without quotes, so that YAML sees a comment (write - t: {\"#email\": a@b.c}, or let \"etude fmt --fix\" do it)\n\
         4:11 YAML_SYNTAX \"#done\" stands without quotes, so that YAML sees a comment (write - wait: \"#done\", or let \"etude fmt --fix\" do it)\n"
    );
    let repaired = repair(file).unwrap();
    let test = parse("t", repaired.as_bytes()).test.unwrap();
    assert_eq!(test.checkpoints[0].steps.len(), 3);
}

#[test]
fn what_a_block_lacks_is_told() {
    for (steps, told) in [
        (
            "  - if: {cond: .x}\n",
            "4:5 MISSING_KEY \"if\" needs \"then\" (add \"then:\" and a list of steps)\n",
        ),
        (
            "  - loop: {over: [a]}\n",
            "4:5 MISSING_KEY \"for_each\" needs \"steps\" (add \"steps:\" and a list of steps)\n",
        ),
        (
            "  - if: {cond: \"exsts(.x)\", then: [{c: A}]}\n",
            "4:16 INVALID_VALUE \"exsts\" is no kind of assertion (did you mean \"exists\"?)\n",
        ),
        (
            "  - try: [{c: A}]\n    cach: [{c: B}]\n",
            "5:5 UNKNOWN_KEY the key \"cach\" has no meaning here (did you mean \"catch\"?)\n",
        ),
    ] {
        let file = format!("test: t\ndo:\n  - c: A\n{steps}");
        assert_eq!(mistakes(&file), told, "{file}");
    }
}

#[test]
fn a_wrong_statement_has_its_line_in_a_file_of_words() {
    let file = "click on \"A\"\n\nmake it so\n";
    let found = mistakes(file);
    assert!(
        found.starts_with("3:1 UNKNOWN_COMMAND \"make it so\" is no statement"),
        "{found}"
    );
}
