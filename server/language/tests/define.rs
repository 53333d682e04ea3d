//! Definitions of blocks and their uses: how they are read, printed, and what is said of mistakes.

#![allow(clippy::unwrap_used)]

use etude::v1::{self, DocumentFormat, block::Kind, parameter::Otherwise};
use etude_language::{format_document, parse, validate_test};

fn mistakes(file: &str) -> Vec<String> {
    let parsed = parse("t", format!("name: t\n{file}").as_bytes());
    let line = |d: &v1::Diagnostic| {
        let place = d.location.as_ref().unwrap();
        let place = format!("{}:{}", place.line - 1, place.column);
        format!("{place} {} {} ({})", d.reason, d.message, d.suggestion)
    };
    parsed.diagnostics.iter().map(line).collect()
}

const FILE: &str = "\
name: t
# Blocks of this test
define:
  # how to come in
  log in:
    params: {user: null, password: $user}  # by default the same
    steps:
      - write: {text: $user, into: Username}
      # not shown
      - write: {text: $password, into: Password}
  log out:
    - click: Log out
  both:
    params: [who]
    steps:
      - use: {block: log in, with: {user: $who}}
      - use: log out

steps:
  # Ada first
  - use:
      block: log in
      with: {user: ada, password: secret}
    name: Ada comes in
    optional: true
  - use: {block: both, with: {who: bob}}
";

#[test]
fn definitions_and_uses_are_read_as_they_are_meant() {
    let test = parse("t", FILE.as_bytes()).test.unwrap();
    let names: Vec<_> = test.definitions.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(names, ["log in", "log out", "both"]);
    let defaults: Vec<_> = test.definitions[0].parameters.iter().collect();
    assert_eq!(defaults[0].otherwise, None);
    let own = Otherwise::DefaultValue("$user".to_owned());
    assert_eq!(defaults[1].otherwise, Some(own));
    let step = &test.checkpoints[0].steps[0];
    let Some(Kind::UseBlock(used)) = step.block.as_ref().unwrap().kind.as_ref() else {
        panic!("{step:?}");
    };
    assert_eq!(used.block, "log in");
    let given: Vec<_> = used
        .arguments
        .iter()
        .map(|a| (a.name.as_str(), a.value.as_str()))
        .collect();
    assert_eq!(given, [("user", "ada"), ("password", "secret")]);
    assert_eq!(step.name, "Ada comes in");
    let beside = FILE.replace(
        "  - use:\n      block: log in\n      with: {user: ada, password: secret}\n",
        "  - use: log in\n    with: {user: ada, password: secret}\n",
    );
    let mut again = parse("t", beside.as_bytes()).test.unwrap();
    let mut test = test;
    for test in [&mut test, &mut again] {
        test.visit_steps_mut(&mut |step| step.location = None);
    }
    assert_eq!(test, again);
}

#[test]
fn what_is_printed_keeps_comments_and_stays_the_same() {
    let printed = format_document("t", FILE.as_bytes(), DocumentFormat::Yaml).unwrap();
    let printed = String::from_utf8(printed).unwrap();
    for comment in [
        "# Blocks of",
        "# how to",
        "# by default",
        "# not shown",
        "# Ada first",
    ] {
        assert!(printed.contains(comment), "{printed}");
    }
    let again = format_document("t", printed.as_bytes(), DocumentFormat::Yaml).unwrap();
    assert_eq!(String::from_utf8(again).unwrap(), printed);
}

#[test]
fn every_mistake_has_its_place_and_what_to_do() {
    for (file, expected) in [
        (
            "define:\n  log in: [refresh]\nsteps:\n- use: login\n",
            "4:8 UNKNOWN_BLOCK no block is called \"login\" (did you mean \"log in\"?)",
        ),
        (
            "steps:\n- use: a\n",
            "2:8 UNKNOWN_BLOCK no block is called \"a\" (define it: \"define:\" at the top of the test)",
        ),
        (
            "define:\n  a: {params: [user], steps: [refresh]}\nsteps:\n- use: a\n",
            "4:3 MISSING_KEY the block \"a\" needs \"user\" (write \"use: {block: a, with: {user: …}}\", or give it a default in \"params\")",
        ),
        (
            "define:\n  a: {params: [user], steps: [refresh]}\nsteps:\n- use: {block: a, with: {usr: x, user: y}}\n",
            "4:26 UNKNOWN_KEY the block \"a\" has no parameter \"usr\" (did you mean \"user\"?)",
        ),
        (
            "define:\n  a: [refresh]\nsteps:\n- use: {block: a, with: {usr: x}}\n",
            "4:26 UNKNOWN_KEY the block \"a\" has no parameter \"usr\" (remove it; it has none)",
        ),
        (
            "define:\n  a: [use: b]\n  b: [refresh, {use: a}]\nsteps:\n- use: a\n",
            "2:3 BLOCK_CYCLE a block uses itself: \"a\" uses \"b\" uses \"a\" (take one of the uses out; \"repeat\" and \"while\" are loops)",
        ),
        (
            "define:\n  a: [{use: a}]\nsteps:\n- refresh\n",
            "2:3 BLOCK_CYCLE a block uses itself: \"a\" uses \"a\" (take one of the uses out; \"repeat\" and \"while\" are loops)",
        ),
        (
            "define:\n  a: {params: [x, x], steps: [refresh]}\nsteps:\n- {use: a, with: {x: 1}}\n",
            "2:19 DUPLICATE_KEY the parameter \"x\" stands twice ()",
        ),
        (
            "define:\n  a: {params: [x]}\nsteps:\n- {use: a, with: {x: 1}}\n",
            "2:3 MISSING_KEY a block needs \"steps\" (add \"steps:\" and a list of steps)",
        ),
        (
            "define:\n  a: {paramz: [x], steps: [refresh]}\nsteps:\n- refresh\n",
            "2:7 UNKNOWN_KEY the key \"paramz\" has no meaning here (did you mean \"params\"?)",
        ),
        (
            "define: [refresh]\nsteps:\n- refresh\n",
            "1:9 WRONG_TYPE a map must stand here, not a list (write the block's name, and below it \"params:\" and \"steps:\")",
        ),
        (
            "define:\n  a: [clik: x]\nsteps:\n- refresh\n",
            "2:7 UNKNOWN_COMMAND no command is called \"clik\" (did you mean \"click\"?)",
        ),
        (
            "define: {a: [refresh]}\nsteps:\n- use: {name: a, with: {}, wit: {}}\n",
            "3:28 UNKNOWN_KEY the key \"wit\" has no meaning here (did you mean \"with\"?)",
        ),
        (
            "define: {a: [refresh]}\nsteps:\n- use: {with: {}}\n",
            "3:3 MISSING_KEY \"use\" needs \"block\" (add \"block:\" and the name of a block of \"define:\")",
        ),
        (
            "define: {a: [refresh]}\nsteps:\n- {with: {}}\n",
            "3:4 UNKNOWN_COMMAND \"with\" stands alone (put it beside \"use\")",
        ),
        (
            "define: {a: []}\nsteps:\n- refresh\n",
            "1:13 INVALID_VALUE \"steps\" must have at least 1 item ()",
        ),
    ] {
        let found = mistakes(file);
        assert_eq!(
            found.first().map(String::as_str),
            Some(expected),
            "{file}\n{found:#?}"
        );
    }
}

#[test]
fn parameters_are_known_in_their_block_alone() {
    let file = |steps: &str| {
        format!(
            "define:\n  a: {{params: [user], steps: [{{log: $user}}, {{log: $late}}]}}\nsteps:\n{steps}"
        )
    };
    let found = mistakes(&file(
        "- set: {variable: late, value: x}\n- {use: a, with: {user: x}}\n- log: $user\n",
    ));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].starts_with("6:8 UNDEFINED_VARIABLE nothing sets the variable \"$user\""),
        "{found:#?}"
    );
    let found = mistakes(&file("- {use: a, with: {user: $none}}\n"));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found[0].starts_with("2:51 UNDEFINED_VARIABLE"),
        "{found:#?}"
    );
    assert!(
        found[1].starts_with("4:25 UNDEFINED_VARIABLE"),
        "{found:#?}"
    );
}

#[test]
fn blocks_nest_at_most_twenty_deep_through_their_uses() {
    let file = |count: usize| {
        let mut file = "define:\n".to_owned();
        for index in 1..count {
            file += &format!("  b{index}: [{{use: b{}}}]\n", index + 1);
        }
        file + &format!("  b{count}: [refresh]\nsteps:\n- use: b1\n")
    };
    assert_eq!(mistakes(&file(20)), [""; 0]);
    let found = mistakes(&file(21));
    assert!(
        found.iter().all(|line| line.contains("NESTING_LIMIT")),
        "{found:#?}"
    );
    // As many as a test can have, each used by the one before it: refused, and at once.
    let found = mistakes(&file(1000));
    assert!(found[0].contains("NESTING_LIMIT"), "{}", found[0]);
}

#[test]
fn a_mistake_in_a_typed_definition_has_the_place_of_its_step() {
    let mut test = parse("t", FILE.as_bytes()).test.unwrap();
    let step = &mut test.definitions[2].steps[0];
    let Some(Kind::UseBlock(used)) = step.block.as_mut().unwrap().kind.as_mut() else {
        panic!("a use stands there");
    };
    used.block = "log on".to_owned();
    let found = validate_test(&test);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].reason, "UNKNOWN_BLOCK");
    assert_eq!(found[0].suggestion, "did you mean \"log in\"?");
    assert_eq!(found[0].location.as_ref().unwrap().line, 16);
}
