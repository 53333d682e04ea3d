use etude::v1::{self, DocumentFormat};
use proptest::prelude::*;

use super::*;
use crate::fuzz::without_places;
use crate::testing::Choices;

#[track_caller]
fn parsed(text: &str) -> v1::Test {
    let parsed = crate::parse("t", text.as_bytes());
    let Some(test) = parsed.test else {
        panic!("{text}\n{:#?}", parsed.diagnostics);
    };
    without_places(test)
}

#[track_caller]
fn formatted(text: &str) -> String {
    let out = format_document("t", text.as_bytes(), DocumentFormat::Yaml).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert_eq!(parsed(&out), parsed(text), "{out}");
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_printed_test_is_parsed_back(seed: u64) {
        let test = Choices::new(seed).test();
        for kind in [DocumentFormat::Yaml, DocumentFormat::Json] {
            let text = format(&test, kind).unwrap();
            prop_assert_eq!(&parsed(&text), &test, "{}", text);
        }
    }

    #[test]
    fn a_printed_file_is_printed_the_same_again(seed: u64) {
        let test = Choices::new(seed).test();
        let text = format(&test, DocumentFormat::Yaml).unwrap();
        prop_assert_eq!(formatted(&text), text);
    }
}

#[test]
fn short_forms_stand_where_they_carry_everything() {
    let file = "\
{name: t, tags: [a, b], steps: [
  {click: {target: {hint: Log in}}}, {refresh: {}}, {refresh: {}, optional: true},
  {click: {target: {css: '#a'}}}, {click: {target: {css: a, position: top}}},
  {write: {target: {role: {role: textbox, name: User}}, text: ''}},
  {write: {target: User, text: \"a\\nb\\n\"}}, {scroll_by: {y: 5}}, {dismiss_confirm: {}},
  {store_text: {target: x, variable: v}}, {click: {on: x, modifiers: [shift]}},
  {wait_for: {element: x, max: 90s}}, {set: {variable: v, value: 1}},
  {call_api: {url: /x, headers: {A: b}}}
], config: {viewport: {width: 800, height: 600}, browser: {name: firefox}, step_timeout: 90s},
variables: {a: 1, p: {secret: S}, n: }, data: {rows: [{_name: r, a: 2}, {}]}}";
    assert_eq!(
        formatted(file),
        "\
name: t
tags: [a, b]
variables:
  a: 1
  p: {secret: S}
  n: null
data:
  - {_name: r, a: 2}
  - {}
config:
  step_timeout: 1m30s
  viewport: 800x600
  browser: firefox
steps:
  - click: Log in
  - refresh
  - refresh: {}
    optional: true
  - click: {css: \"#a\"}
  - click: {on: {css: a, position: top}}
  - write: {text: \"\", role: textbox, name: User}
  - write:
      text: |
        a
        b
      into: User
  - scroll_by: {x: 0, y: 5}
  - dismiss_confirm: false
  - store_text: {from: x, as: v}
  - click: {on: x, modifiers: [shift]}
  - wait_for: {target: x, max: 1m30s}
  - set: {name: v, value: 1}
  - call_api: {url: /x, headers: {A: b}}
"
    );
}

#[test]
fn a_command_is_in_the_order_in_which_one_would_say_it() {
    for (written, printed) in [
        ("write: {into: a, text: b}", "write: {text: b, into: a}"),
        ("select: {in: a, option: b}", "select: {option: b, from: a}"),
        (
            "press: {in: a, keys: Tab, repeat: 2}",
            "press: {key: Tab, in: a, repeat: 2}",
        ),
        (
            "assert_url: {match: contains, url: /a}",
            "assert_url: {url: /a, match: contains}",
        ),
        (
            "assert_equals: {value: '1', element: a}",
            "assert_equals: {target: a, value: 1}",
        ),
        (
            "assert_equals: {target: {id: a, nth: 2}, value: b}",
            "assert_equals: {id: a, nth: 2, value: b}",
        ),
        (
            "assert_count: {target: a, count: 2, operator: less_than}",
            "assert_count: {of: a, is: less_than, count: 2}",
        ),
        (
            "assert_variable: {equals: a, variable: b, comparison: contains}",
            "assert_variable: {variable: b, is: contains, value: a}",
        ),
        (
            "assert_attribute: {target: a, is: contains, equals: b, name: c}",
            "assert_attribute: {attribute: c, of: a, is: contains, value: b}",
        ),
        (
            "store_attribute: {as: a, attribute: b, target: c}",
            "store_attribute: {attribute: b, from: c, as: a}",
        ),
        ("drag: {onto: a, element: b}", "drag: {from: b, to: a}"),
        (
            "drag: {to: {css: a}, from: {css: b}}",
            "drag: {from: {css: b}, to: {css: a}}",
        ),
        (
            "wait_text: {max: 2s, in: a, text: b}",
            "wait_text: {text: b, in: a, max: 2s}",
        ),
    ] {
        let around = "name: t\nvariables:\n  b: x\nsteps:\n  - ";
        assert_eq!(
            formatted(&format!("{around}{written}\n")),
            format!("{around}{printed}\n")
        );
    }
}

#[test]
fn comments_and_blank_lines_move_with_their_section() {
    let file = "\
# The file.
steps:
  # first
  - refresh

# what it is called
name: t

tags: [a]  # words
";
    let out = formatted(file);
    assert_eq!(
        out,
        "\
# The file.

# what it is called
name: t

tags: [a]  # words
steps:
  # first
  - refresh
"
    );
    assert_eq!(formatted(&out), out);
}

#[test]
fn comments_and_blank_lines_stay_with_what_they_stand_before_or_behind() {
    let file = "\
# The shop.


name:   t   # its name
# what it starts with
variables:   # all of them
    user:   Ada   # the first
    # between

    text: '# none'

steps:   # go

    # first
    - click:   # here
        on: x   # that

    - write: {text: \"a # b\",   # in flow
        into: y}   # end of flow
    - log: |   # header
        # text
        more

    # before refresh
    - refresh   # last
    # behind all

# the end
";
    let out = formatted(file);
    assert_eq!(
        out,
        "\
# The shop.

name: t  # its name
# what it starts with
variables:  # all of them
  user: Ada  # the first
  # between

  text: \"# none\"

steps:  # go

  # first
  # that
  - click: x  # here

  # end of flow
  - write: {text: \"a # b\", into: y}  # in flow
  # header
  - log: |
      # text
      more

  # before refresh
  - refresh  # last
# behind all

# the end
"
    );
    assert_eq!(formatted(&out), out);
}

#[test]
fn aliases_are_written_out_and_json_becomes_yaml_and_back() {
    let out = formatted("name: t\nsteps:\n- click: &a {css: x}\n- hover: *a\n");
    assert_eq!(
        out,
        "name: t\nsteps:\n  - click: {css: x}\n  - hover: {css: x}\n"
    );
    let json = format_document("t", out.as_bytes(), DocumentFormat::Json).unwrap();
    let json = String::from_utf8(json).unwrap();
    assert_eq!(
        json.split_whitespace().collect::<String>(),
        r#"{"name":"t","steps":[{"click":{"css":"x"}},{"hover":{"css":"x"}}]}"#
    );
    assert_eq!(formatted(&json), out);
}

#[test]
fn a_test_with_mistakes_is_not_printed() {
    let error = format(&v1::Test::default(), DocumentFormat::Yaml).unwrap_err();
    assert_eq!(error.diagnostics.len(), 2);
    assert!(
        error
            .to_string()
            .starts_with("the test has mistakes: name: "),
        "{error}"
    );
    let mut test = parsed("name: t\ndata: [{a: 1}]\nsteps: [refresh]");
    test.data_rows[0].variables[0].name = "_name".to_owned();
    let error = format(&test, DocumentFormat::Json).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("a file cannot set a variable \"_name\"")
    );
    let mistakes = format_document("t", b"name: t", DocumentFormat::Yaml).unwrap_err();
    assert_eq!(mistakes[0].reason, "MISSING_KEY");
}
