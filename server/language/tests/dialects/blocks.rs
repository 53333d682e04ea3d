//! Control flow of the dialects is the same as that of the canonical form.

use etude::v1;
use etude_language::format;

use super::test;

/// The steps of a test as the canonical form prints them.
#[track_caller]
fn printed(file: &str) -> String {
    let test = v1::Test {
        name: "t".to_owned(),
        variables: Vec::new(),
        ..test("t.yaml", file)
    };
    format(&test, v1::DocumentFormat::Yaml).unwrap()
}

#[track_caller]
fn means(dialect: &str, canonical: &str) {
    let file = |name: &str, steps: &str| {
        let head = format!("{name}: t\nvariables: {{list: '[1]', total: '1', flag: x}}\n");
        format!("{head}{steps}")
    };
    let canonical = file("name", &format!("steps:\n{canonical}"));
    let dialect = file("test", &format!("do:\n- c: Begin\n{dialect}"));
    let canonical = canonical.replace("steps:\n", "steps:\n- click: Begin\n");
    assert_eq!(printed(&dialect), printed(&canonical), "{dialect}");
}

#[test]
fn conditions_are_understood_in_every_spelling() {
    for (written, meant) in [
        ("{exists: .banner}", "{exists: .banner}"),
        ("{exists: [.banner]}", "{exists: .banner}"),
        ("{not: {exists: .banner}}", "{not: {exists: .banner}}"),
        ("{equals: [$flag, true]}", "{variable: flag, value: true}"),
        (
            "{equals: {\"#total\": 5}}",
            "{equals: {target: \"#total\", value: 5}}",
        ),
        (
            "{equals: {selector: \"#total\", value: 5}}",
            "{equals: {target: \"#total\", value: 5}}",
        ),
        (
            "{cond: \"gt($total, 100)\"}",
            "{variable: total, is: greater_than, value: 100}",
        ),
        (
            "{cond: \"equals($flag, 'a, b')\"}",
            "{variable: flag, value: \"a, b\"}",
        ),
        (
            "{cond: \"equals($flag.a, 'b')\"}",
            "{expression: $flag.a, value: b}",
        ),
        ("{cond: \"exists(.promo)\"}", "{exists: .promo}"),
        ("{cond: \"not exists(.promo)\"}", "{not: {exists: .promo}}"),
        ("{cond: $flag}", "$flag"),
        ("{cond: \"!$flag\"}", "{not: $flag}"),
        ("{cond: \"{{flag}}\"}", "$flag"),
        ("{cond: $total > 100}", "\"${ $total > 100 }\""),
        ("{condition: .promo}", "{exists: .promo}"),
        (
            "{cond: {variable: flag, operator: not_equals, value: a}}",
            "{variable: flag, is: not_equals, value: a}",
        ),
        (
            "{cond: {type: visible, selector: .promo}}",
            "{visible: .promo}",
        ),
    ] {
        let then = match written.starts_with("{cond") {
            true => format!("{}, then: [{{c: A}}]}}", &written[..written.len() - 1]),
            false => format!("{written}\n  then: [{{c: A}}]"),
        };
        means(
            &format!("- if: {then}\n"),
            &format!("- if: {meant}\n  then: [{{click: A}}]\n"),
        );
    }
}

#[test]
fn blocks_are_understood_in_every_shape() {
    for (written, meant) in [
        (
            "- if: {cond: $flag, then: [{c: A}], elif: [{cond: .x, then: [{c: B}]}], else: [{c: C}]}\n",
            "- if: $flag\n  then: [{click: A}]\n  elif: {if: {exists: .x}, then: [{click: B}]}\n  else: [{click: C}]\n",
        ),
        (
            "- loop: {over: $list, as: x, do: [{note: \"{{x}}\"}]}\n",
            "- for_each: x\n  in: $list\n  steps: [{comment: $x}]\n",
        ),
        (
            "- loop: {over: list, do: [{c: $item}]}\n",
            "- for_each: item\n  in: $list\n  steps: [{click: $item}]\n",
        ),
        (
            "- foreach: x in [\"a\"]\n  do: [{c: A}]\n",
            "- for_each: x\n  in: '[\"a\"]'\n  steps: [{click: A}]\n",
        ),
        (
            "- for_each: $list\n  as: x\n  do: [{c: A}]\n",
            "- for_each: x\n  in: $list\n  steps: [{click: A}]\n",
        ),
        (
            "- loop: {over: [a, {b: 1}], as: x, do: [{c: A}]}\n",
            "- for_each: x\n  in: [a, '{\"b\":1}']\n  steps: [{click: A}]\n",
        ),
        (
            "- loop: {times: 3, do: [{c: A}]}\n",
            "- repeat: 3\n  steps: [{click: A}]\n",
        ),
        (
            "- loop: 3\n  do: [{c: A}]\n",
            "- repeat: 3\n  steps: [{click: A}]\n",
        ),
        (
            "- repeat: 3\n  do: [{c: A}]\n",
            "- repeat: 3\n  steps: [{click: A}]\n",
        ),
        (
            "- loop: {until: .end, max: 5, do: [{c: More}]}\n",
            "- while: {not: {exists: .end}}\n  max: 5\n  steps: [{click: More}]\n",
        ),
        (
            "- while: {cond: .more, max: 5, do: [{c: More}]}\n",
            "- while: {exists: .more}\n  max: 5\n  steps: [{click: More}]\n",
        ),
        (
            "- try: [{c: A}]\n  catch: [{log: b}]\n  finally: [{c: C}]\n",
            "- try: [{click: A}]\n  catch: [{log: b}]\n  finally: [{click: C}]\n",
        ),
        (
            "- try: {do: [{c: A}], catch: [{c: B}]}\n  name: Try it\n  optional: true\n",
            "- try: [{click: A}]\n  catch: [{click: B}]\n  name: Try it\n  optional: true\n",
        ),
        (
            "- if: {exists: .a}\n  timeout: 500\n  then: [{c: A}]\n",
            "- if: {exists: .a}\n  timeout: 500ms\n  then: [{click: A}]\n",
        ),
    ] {
        means(written, meant);
    }
}

#[test]
fn the_pseudo_commands_of_a_journey_are_blocks() {
    let journey = "\
journey:
  name: t
  checkpoints:
  - name: a
    steps:
    - command: conditional
      condition: {command: step-assert, args: [exists, .banner]}
      then: [{command: step-interact, args: [click, Accept]}]
      else: [{command: step-interact, args: [click, Go]}]
    - command: try-catch
      try: [{command: step-interact, args: [click, A]}]
      catch: [{command: step-interact, args: [click, B]}]
";
    let canonical = "\
name: t
checkpoints:
- name: a
  steps:
  - if: {exists: .banner}
    then: [{click: Accept}]
    else: [{click: Go}]
  - try: [{click: A}]
    catch: [{click: B}]
";
    assert_eq!(printed(journey), printed(canonical));
}

#[test]
fn steps_in_words_may_stand_in_blocks() {
    let file = "\
name: t
steps:
- if: {exists: Banner}
  then: [click on \"Accept\"]
  elif: {if: {exists: Other}, then: [click on \"Other\"]}
- repeat: 2
  steps: [click on \"More\"]
";
    let canonical = "\
name: t
steps:
- if: {exists: Banner}
  then: [{click: Accept}]
  elif: {if: {exists: Other}, then: [{click: Other}]}
- repeat: 2
  steps: [{click: More}]
";
    assert_eq!(printed(file), printed(canonical));
}

#[test]
fn blocks_with_parameters_are_defined_and_used_in_a_dialect() {
    let compact = "\
test: t
blocks:
  log in:
    params: [user]
    do:
    - t: {\"#user\": $user}
    - c: Log in
  leave: [{c: Log out}]
do:
- use: {block: log in, with: {user: \"{{name}}\"}}
- use: leave
vars: {name: Ada}
";
    let canonical = "\
name: t
define:
  log in:
    params: [user]
    steps:
    - write: {text: $user, into: \"#user\"}
    - click: Log in
  leave: [{click: Log out}]
steps:
- use: {block: log in, with: {user: $name}}
- use: leave
variables: {name: Ada}
";
    assert_eq!(printed(compact), printed(canonical));
    let words = canonical.replace("{click: Log out}", "click on \"Log out\"");
    assert_eq!(printed(&words), printed(canonical));
}
