//! Files with mistakes, and what is said of them.

#![allow(clippy::unwrap_used)]

use etude::v1::{Diagnostic, Severity};
use etude_language::{Brought, parse, parse_with};

/// `line:column REASON "marked text" message (suggestion)` of each mistake.
fn mistakes(content: &[u8]) -> Vec<String> {
    let parsed = parse("t.yaml", content);
    let errors = |d: &Diagnostic| d.severity == Severity::Error as i32;
    assert_eq!(parsed.test.is_none(), parsed.diagnostics.iter().any(errors));
    parsed.diagnostics.iter().map(line).collect()
}

fn line(diagnostic: &Diagnostic) -> String {
    let place = diagnostic.location.as_ref().unwrap();
    assert_eq!(place.file, "t.yaml");
    let marked: String = diagnostic
        .source_line
        .chars()
        .skip(place.column as usize - 1)
        .take(diagnostic.length as usize)
        .collect();
    format!(
        "{}:{} {} [{marked}] {} ({})",
        place.line, place.column, diagnostic.reason, diagnostic.message, diagnostic.suggestion
    )
}

#[test]
fn a_fallback_has_one_locator() {
    let target = "{css: a, fallbacks: [{css: b, id: c}, {}, {hint: d}]}";
    let test = format!("name: t\nsteps:\n- click: {target}\n");
    let expected = [
        "3:40 INVALID_VALUE [id] only one of its kind may stand here; \"css\" is given already, \
         \"id\" is too many (remove one of them)",
        "3:48 INVALID_VALUE [{] \"locator\" must be given ()",
    ];
    assert_eq!(mistakes(test.as_bytes()), expected);
}

#[test]
fn every_mistake_is_reported_with_its_place_and_what_to_do() {
    let cases: &[&str] = &[
        "name: t\nsteps:\n- clik: Log in\n",
        "name: t\nsteps:\n- write: {text: a, intoo: b}\n  optinal: true\n- {}\n- click: a\n  hover: b\n- Click on it\n- click\n- refresh: now\n- write: hello\n",
        "name: t\nsteps:\n- click: #login\n- click:   # here\n- click: ''\n- write: a\n  into: b\n- click: {css: a, xpath: b}\n- click: {name: x}\n- click: {selector: x}\n- click: {target: a, css: b}\n- click: [a]\n- click: {target: {role: {name: x}}}\n",
        "name: t\nsteps:\n- wait: 2\n- wait: soon\n- wait: 11m\n- click: {on: a, position: midle}\n- click: {on: a, position: foo}\n- click: {on: a, modifiers: [shift, shift]}\n- press: {key: a, repeat: 1001}\n- press: {key: a, repeat: -1}\n- press: {key: a, repeat: '3'}\n- press: {key: a, repeat: $n}\n- click: x\n  optional: yes\n- select_index: {from: x, index: 0}\n- scroll_by: {x: 1.5}\n",
        "nme: t\nstep:\n- refresh\n",
        "description: x\n",
        "name: t\nsteps: []\n",
        "name: t\nsteps:\n- refresh\ncheckpoints: []\n",
        "name: t\nvariables: [a]\ndata: {row: []}\nsetup: x\nsteps:\n- refresh\n",
        "name: t\nvariables: {1a: b, c: {secrt: d}, e: [1], f: {secret: 1-2}}\ndata: [a, {b: {c: d}}]\nsteps:\n- refresh\n",
        "name: t\nconfig: {viewport: big, step_timeout: 20, retries: 99, screenshots: often, browser: opera, zoom: 2}\nsteps:\n- refresh\n",
        "name: t\nname: u\nsteps:\n- write: {into: a, in: b, text: c}\n- click: {on: a, on: b}\n",
        "name: t\nvariables: {user: a}\nsteps:\n- log: $usr and $total\n- log: $user with default \"x\n- log: ab ${1 +\n- store_text: {from: x, as: total}\n- log: $total $user ${$sum}\n- assert_variable: {variable: cnt, equals: 1}\n- store_text: {from: x, as: $x}\n- store_text: {from: x, as: a-b}\n",
        "name: t\n\tsteps:\n",
        "name: a: b\n",
        "name: t\nsteps:\n - click: a\n  - click: b\n",
        "name: 'abc\n",
        "name: *x\n",
        "name: @x\n",
        "name: [a, b\n",
        "name: {a: b\n",
        "name: \"a\\qb\"\n",
        "name: \"a\" b\n",
        "",
        "# nothing\n",
        "---\n",
        "null",
        "a",
        "- a",
        "name: t\nsteps:\n- refresh\n---\nname: u\n",
        "a: &a [*a]\n",
        "name: !x t\nsteps: [refresh]\n",
        "? [a]\n: b\n",
        "name:\nsteps:\n- refresh\n",
        "name: {a}\nsteps:\n- click: {b}\n- log: [c]\n- log:\n- log: ~\n",
        "name: t\nsteps:\n- call_api: {url: x, headers: {a: [b]}, method: get}\n- call_api: {url: x, headers: a}\n- assert_variable: {variable: a, expression: b}\n",
        "name: t\ncheckpoints:\n- name: a\n- steps: [refresh]\n  nme: b\n- c\n",
        "{\"name\": \"t\", \"steps\": [{\"clik\": \"a\"},]}",
        "{\"name\": \"t\" \"steps\": []}",
        "name: t\nsteps: [refresh]\n<<: 5\n",
    ];
    let mut report = String::new();
    for case in cases {
        for (number, text) in case.lines().enumerate() {
            report.push_str(&format!("{:>3} | {text}\n", number + 1));
        }
        for line in mistakes(case.as_bytes()) {
            report.push_str(&format!("  => {line}\n"));
        }
        report.push('\n');
    }
    insta::assert_snapshot!(report);
}

/// The reasons of the mistakes of a file, with their places.
fn reasons(content: &[u8]) -> Vec<String> {
    let lines = mistakes(content);
    let words = |line: &String| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    lines.iter().map(words).collect()
}

#[test]
fn files_that_are_too_large_or_not_utf8_are_refused_whole() {
    let large = vec![b'a'; (1 << 20) + 1];
    assert_eq!(
        mistakes(&large),
        [
            "1:1 FILE_TOO_LARGE [] the file has 1048577 bytes; at most 1048576 are read (split it into several tests)"
        ]
    );
    assert_eq!(reasons(&vec![b'a'; 50 << 20]), ["1:1 FILE_TOO_LARGE"]);
    assert_eq!(
        mistakes(b"name: t\nsteps: [\xff]"),
        [
            "2:9 NOT_UTF8 [\u{fffd}] the byte 0xff at offset 16 is not UTF-8 (save the file as UTF-8)"
        ]
    );
    assert_eq!(
        mistakes(b"\xff\xfea\x00"),
        ["1:1 NOT_UTF8 [] the file is UTF-16, not UTF-8 (save it as UTF-8)"]
    );
    assert_eq!(reasons(b"\xfe\xff\x00a"), ["1:1 NOT_UTF8"]);
    assert_eq!(reasons(b"name: t\0"), ["1:8 YAML_SYNTAX"]);
}

#[test]
fn what_aliases_expand_to_is_bounded() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let alias = format!("*a{}", level - 1);
        bomb.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            vec![alias; 10].join(", ")
        ));
    }
    assert_eq!(reasons(bomb.as_bytes()), ["6:15 ALIAS_LIMIT"]);
    let text = "x".repeat(100_000);
    let copies = "- log: *t\n".repeat(5000);
    let quadratic = format!("name: t\ndescription: &t {text}\nsteps:\n{copies}");
    assert_eq!(reasons(quadratic.as_bytes()), ["45:8 ALIAS_LIMIT"]);
    let merged = format!(
        "a: &a {{{}}}\nb: [{}]",
        (0..5000)
            .map(|i| format!("k{i}: 1"))
            .collect::<Vec<_>>()
            .join(", "),
        vec!["{<<: *a}"; 5000].join(", ")
    );
    assert!(reasons(merged.as_bytes())[0].ends_with("ALIAS_LIMIT"));
}

#[test]
fn nesting_is_bounded() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")] {
        for depth in [101, 1000, 100_000] {
            let text = format!("{}x{}", open.repeat(depth), close.repeat(depth));
            let reasons = reasons(text.as_bytes());
            assert_eq!(reasons.len(), 1, "{open} {depth}");
            assert!(reasons[0].ends_with("NESTING_LIMIT"), "{open} {reasons:?}");
        }
    }
    // An alias counts with the depth of what it stands for.
    let mut text = "- &a0 x\n".to_owned();
    for level in 1..120 {
        text.push_str(&format!("- &a{level} [*a{}]\n", level - 1));
    }
    assert_eq!(reasons(text.as_bytes()), ["101:10 NESTING_LIMIT"]);
}

#[test]
fn at_most_a_thousand_mistakes_are_reported() {
    let steps = "- clik: x\n".repeat(10_000);
    let file = format!("name: t\nsteps:\n{steps}");
    let found = reasons(file.as_bytes());
    assert_eq!(found.len(), 1000);
    assert_eq!(found[999], "1002:3 UNKNOWN_COMMAND");
    let items = "- wait: 11m\n".repeat(2000);
    let file = format!("name: t\nsteps:\n{items}");
    assert_eq!(reasons(file.as_bytes()).len(), 1000);
}

#[test]
fn a_list_that_is_too_long_is_one_mistake() {
    for (list, name) in [
        ("- clik: x\n".repeat(10_001), "steps"),
        (
            format!("- refresh\ndata:\n{}", "- 1\n".repeat(10_001)),
            "data_rows",
        ),
        (
            format!("- refresh\ntags:\n{}", "- [a]\n".repeat(101)),
            "tags",
        ),
    ] {
        let found = mistakes(format!("name: t\nsteps:\n{list}").as_bytes());
        assert_eq!(found.len(), 1, "{found:?}");
        let message = format!("] \"{name}\" must have at most ");
        assert!(found[0].contains(&message), "{found:?}");
    }
}

#[test]
fn a_long_line_is_cut() {
    let file = format!("name: t\nsteps:\n- clik: {}\n", "é".repeat(10_000));
    let parsed = parse("t.yaml", file.as_bytes());
    assert_eq!(parsed.diagnostics[0].source_line.chars().count(), 512);
}

#[test]
fn a_file_with_warnings_only_is_a_test() {
    let parsed = parse("t.yaml", b"name: t\nsteps:\n- log: $user\n");
    assert!(parsed.test.is_some());
    assert_eq!(parsed.diagnostics[0].severity, Severity::Warning as i32);
}

#[test]
fn an_undefined_variable_is_marked_where_it_is_used() {
    let steps = "\
name: t
steps:
- write: {text: 'a {{ usr }} b', into: $usrname}
- log: costs $$total, not {{total.sum}}
- log: \"é ${ f($count) }\"
";
    let marked: Vec<String> = mistakes(steps.as_bytes())
        .into_iter()
        .filter_map(|line| line.strip_suffix(" for the plain text)").map(str::to_owned))
        .map(|line| line[..=line.find(']').unwrap()].to_owned())
        .collect();
    assert_eq!(
        marked,
        [
            "3:20 UNDEFINED_VARIABLE [{{ usr }}]",
            "3:40 UNDEFINED_VARIABLE [$usrname]",
            "4:27 UNDEFINED_VARIABLE [{{total.sum}}]",
            "5:16 UNDEFINED_VARIABLE [$count]",
        ]
    );
}

#[test]
fn what_an_environment_brings_is_no_mistake() {
    let file = b"name: t\nsteps:\n- log: $user $pasword $base $nothing\n";
    let brought = Brought {
        environment: "staging".to_owned(),
        variables: ["user", "password", "base"].map(str::to_owned).to_vec(),
    };
    let parsed = parse_with("t.yaml", file, &[], &brought);
    let told: Vec<_> = parsed.diagnostics.iter().map(line).collect();
    assert_eq!(
        told,
        [
            "3:14 UNDEFINED_VARIABLE [$pasword] nothing sets the variable \"$pasword\" before \
             this, and the environment \"staging\" does not have it (did you mean \
             \"$password\"?)",
            "3:29 UNDEFINED_VARIABLE [$nothing] nothing sets the variable \"$nothing\" before \
             this, and the environment \"staging\" does not have it (add it to \"variables:\" or \
             to the environment, or write \"$$nothing\" for the plain text)",
        ]
    );
    assert!(parsed.test.is_some());
}
