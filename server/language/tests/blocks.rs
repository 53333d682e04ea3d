//! Blocks of steps: how they are read, printed, and what is said of mistakes in them.

#![allow(clippy::unwrap_used)]

use etude::v1::{DocumentFormat, block::Kind, condition};
use etude_language::{format_document, parse, validate_test};

const AROUND: &str = "name: t\nvariables: {a: b}\nsteps:\n";

fn mistakes(steps: &str) -> Vec<String> {
    let parsed = parse("t", format!("{AROUND}{steps}").as_bytes());
    let line = |d: &etude::v1::Diagnostic| {
        let place = d.location.as_ref().unwrap();
        let place = format!("{}:{}", place.line - 3, place.column);
        format!("{place} {} {} ({})", d.reason, d.message, d.suggestion)
    };
    parsed.diagnostics.iter().map(line).collect()
}

#[test]
fn a_block_is_read_as_it_is_meant() {
    let file = format!(
        "{AROUND}- if: {{not: {{visible: Banner}}}}\n  then: [refresh]\n  elif: {{if: $a, then: [refresh]}}\n"
    );
    let test = parse("t", file.as_bytes()).test.unwrap();
    let step = &test.checkpoints[0].steps[0];
    let Some(Kind::IfElse(block)) = step.block.as_ref().unwrap().kind.as_ref() else {
        panic!("{step:?}");
    };
    assert_eq!(block.branches.len(), 2);
    let conditions: Vec<_> = block
        .branches
        .iter()
        .map(|b| b.condition.as_ref().unwrap())
        .collect();
    assert!(conditions[0].negated && !conditions[1].negated);
    assert!(matches!(
        conditions[0].kind,
        Some(condition::Kind::Command(_))
    ));
    assert!(matches!(&conditions[1].kind, Some(condition::Kind::Expression(text)) if text == "$a"));
    assert_eq!(
        block.branches[0].steps[0].location.as_ref().unwrap().line,
        5
    );
}

#[test]
fn every_mistake_in_a_block_has_its_place() {
    for (steps, expected) in [
        (
            "- if: {visible: x}\n  else: [refresh]\n",
            vec!["1:3 MISSING_KEY \"if\" needs \"then\" (add \"then:\" and a list of steps)"],
        ),
        (
            "- if: {visible: x}\n",
            vec!["1:3 MISSING_KEY \"if\" needs \"then\" (add \"then:\" and a list of steps)"],
        ),
        (
            "- if: {visble: x}\n  then: [refresh]\n",
            vec!["1:8 UNKNOWN_COMMAND \"visble\" is no assertion (did you mean \"visible\"?)"],
        ),
        (
            "- if: {click: x}\n  then: [refresh]\n",
            vec![
                "1:8 UNKNOWN_COMMAND \"click\" is no assertion (a condition is an assertion, such as {visible: Save})",
            ],
        ),
        (
            "- if: {visible: x, hidden: y}\n  then: [refresh]\n",
            vec![
                "1:7 MULTIPLE_COMMANDS a condition is one assertion (put an \"if\" into the \"then\" of another)",
            ],
        ),
        (
            "- repeat: 0\n  steps: [refresh]\n",
            vec!["1:11 INVALID_VALUE \"repeat\" must be 1 to 10000, is 0 ()"],
        ),
        (
            "- repeat: 2\n  steps: [refresh]\n  retries: 2\n",
            vec![
                "3:3 UNKNOWN_KEY \"retries\" has no meaning beside \"repeat\" (put it beside the commands of the block)",
            ],
        ),
        (
            "- repeat: 2\n  steps: [refresh]\n  click: x\n",
            vec![
                "3:3 MULTIPLE_COMMANDS a step is one command or block; \"click\" follows \"repeat\" (begin a step of its own: \"- click:\")",
            ],
        ),
        (
            "- then: [refresh]\n",
            vec!["1:3 UNKNOWN_COMMAND \"then\" stands alone (put it beside \"if\")"],
        ),
        (
            "- repeat: 2\n  steps:\n  - clik: x\n",
            vec!["3:5 UNKNOWN_COMMAND no command is called \"clik\" (did you mean \"click\"?)"],
        ),
        (
            "- for_each: x\n  steps: [refresh]\n",
            vec![
                "1:3 MISSING_KEY \"for_each\" needs \"in\" (add \"in:\" and a list, or a variable that holds one)",
            ],
        ),
        (
            "- log: $x\n- for_each: x\n  in: [1]\n  steps:\n  - log: $x\n",
            vec![
                "1:8 UNDEFINED_VARIABLE nothing sets the variable \"$x\" before this (a later step sets it; move that step before this one)",
            ],
        ),
        (
            "- if: $total\n  then:\n  - log: $count\n",
            vec![
                "1:7 UNDEFINED_VARIABLE nothing sets the variable \"$total\" before this (add it to \"variables:\", or write \"$$total\" for the plain text)",
                "3:10 UNDEFINED_VARIABLE nothing sets the variable \"$count\" before this (add it to \"variables:\", or write \"$$count\" for the plain text)",
            ],
        ),
    ] {
        assert_eq!(mistakes(steps), expected, "{steps}");
    }
}

#[test]
fn blocks_nest_at_most_twenty_deep() {
    let nested = |depth: usize| {
        let open = "{\"repeat\": 2, \"steps\": [".repeat(depth);
        let close = "]}".repeat(depth);
        mistakes(&format!("- {open}refresh{close}\n"))
    };
    assert_eq!(nested(20), [""; 0]);
    let found = nested(21);
    assert!(found[0].contains("NESTING_LIMIT"), "{found:?}");
}

#[test]
fn a_block_keeps_its_comments_and_is_printed_the_same_again() {
    let file = "\
name: t
steps:
  # Before the banner goes
  - if: {visible: Banner}
    # when it is there
    then:
      # away
      - click: Accept  # at once
    else:
      - refresh
    name: Banner
  - while: {not: {exists: End}}
    max: 20
    steps:
      - scroll_down
  - for_each: x
    in: [a, b]
    steps:
      - log: $x
  - for_each: y
    in: $x
    steps:
      - log: $y
  - try:
      - refresh
    finally:
      - if: {variable: x, is: contains, value: a}
        then:
          - refresh
";
    let printed = format_document("t", file.as_bytes(), DocumentFormat::Yaml).unwrap();
    assert_eq!(String::from_utf8(printed).unwrap(), file);
}

#[test]
fn a_mistake_in_a_typed_block_has_the_place_of_its_step() {
    let file = format!("{AROUND}- repeat: 2\n  steps:\n  - repeat: 3\n    steps: [refresh]\n");
    let mut test = parse("t", file.as_bytes()).test.unwrap();
    let outer = test.checkpoints[0].steps[0].block.as_mut().unwrap();
    let inner = outer.steps_mut().remove(0).block.as_mut().unwrap();
    inner.kind = Some(Kind::Repeat(etude::v1::RepeatBlock::default()));
    let found = validate_test(&test);
    assert!(!found.is_empty());
    assert!(
        found.iter().all(|d| d.location.as_ref().unwrap().line == 6),
        "{found:#?}"
    );
}
