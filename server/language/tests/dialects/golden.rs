//! The same test in every dialect compiles to identical steps.

use super::commands;

const CANONICAL: &str = r##"
name: Order
starting_url: https://shop.example/
steps:
  - navigate: https://shop.example/login
  - write: {text: ada, into: "#user"}
  - click: Log in
  - press: Enter
  - hover: .menu
  - select: {option: Red, from: "#colour"}
  - wait: 2s
  - wait_for: .done
  - assert_exists: Welcome
  - assert_not_exists: Error
  - assert_equals: {target: {css: h1}, value: Hello}
  - store_text: {from: .order, as: order}
  - comment: all is well
  - execute: return 1
"##;

const SIMPLIFIED: &str = r##"
name: Order
project: 4711
starting_url: https://shop.example/
steps:
  - navigate: https://shop.example/login
  - write: {selector: "#user", text: ada}
  - click: Log in
  - key: Enter
  - hover: .menu
  - select: {from: "#colour", option: Red}
  - wait: 2000
  - wait: .done
  - assert: Welcome
  - assert: {type: not-exists, selector: Error}
  - assert: {type: equals, selector: h1, value: Hello}
  - store: {selector: .order, as: order}
  - comment: all is well
  - execute: return 1
config: {continue_on_error: false}
"##;

const COMPACT: &str = r##"
test: Order
nav: https://shop.example/
do:
  - nav: https://shop.example/login
  - t: {"#user": ada}
  - c: Log in
  - k: Enter
  - h: .menu
  - select: {"#colour": Red}
  - wait: 2000
  - wait: .done
  - ch: Welcome
  - nch: Error
  - eq: {h1: Hello}
  - store: {.order: order}
  - note: all is well
  - js: return 1
"##;

const EXTENDED: &str = r##"
name: Order
infrastructure: {starting_url: https://shop.example/}
steps:
  - {type: navigate, target: https://shop.example/login}
  - {type: interact, command: write, target: "#user", value: ada}
  - {type: interact, command: click, target: Log in}
  - {type: interact, command: key, value: Enter}
  - {type: interact, command: hover, target: .menu}
  - {type: interact, command: select, target: "#colour", value: Red}
  - {type: wait, command: time, value: "2000"}
  - {type: wait, command: element, target: .done}
  - {type: assert, command: exists, target: Welcome}
  - {type: assert, command: not-exists, target: Error}
  - {type: assert, command: equals, target: h1, expected: Hello}
  - {type: data, command: store, target: .order, value: order}
  - {type: misc, command: comment, value: all is well}
  - {type: misc, command: execute, value: return 1}
"##;

const ACTIONS: &str = r##"
name: Order
url: https://shop.example/
steps:
  - {action: navigate, url: https://shop.example/login}
  - {action: write, hint: "#user", text: ada}
  - {action: click, hint: Log in}
  - {action: key, value: Enter}
  - {action: hover, target: .menu}
  - {action: select, target: "#colour", option: Red}
  - {action: wait, time: 2000}
  - {action: wait, target: .done}
  - {action: assert, value: Welcome}
  - {action: assert, type: not-exists, target: Error}
  - {action: assert, type: equals, target: h1, value: Hello}
  - {action: store, target: .order, variable: order}
  - {action: comment, text: all is well}
  - {action: execute, script: return 1}
"##;

const NESTED: &str = r##"
name: Order
starting_url: https://shop.example/
steps:
  - navigate: {action: to, url: https://shop.example/login}
  - interact: {action: write, target: "#user", text: ada, clear: true}
  - interact: {action: click, target: Log in}
  - interact: {action: key, key: Enter}
  - interact: {action: hover, target: .menu}
  - interact: {action: select, target: "#colour", option: Red}
  - wait: {type: time, time: 2000}
  - wait: {type: element, target: .done}
  - assert: {type: exists, target: Welcome}
  - assert: {type: not-exists, target: Error}
  - assert: {type: equals, target: h1, expected: Hello}
  - data: {action: store, type: element-text, target: .order, variable: order}
  - misc: {action: comment, text: all is well}
  - misc: {action: execute, script: return 1}
"##;

const STEP_TYPES: &str = r##"
name: Order
starting_url: https://shop.example/
steps:
  - {stepType: navigate, url: https://shop.example/login}
  - {stepType: write, target: "#user", value: ada}
  - {stepType: click, target: Log in}
  - {stepType: pressKey, key: '"Enter"'}
  - {stepType: hover, target: .menu}
  - {stepType: select, target: "#colour", value: Red}
  - {stepType: wait, time: 2}
  - {stepType: wait, target: .done}
  - {stepType: assert, target: Welcome}
  - {stepType: assert, operator: notExists, target: Error}
  - {stepType: assertValue, target: h1, operator: equals, expectedValue: '"Hello"'}
  - {stepType: store, target: .order, variable: $order}
  - {stepType: comment, text: all is well}
  - {stepType: execute, script: return 1}
"##;

const SUITE: &str = r##"
metadata: {name: Order}
setup: {base_url: https://shop.example}
tests:
  - name: first
    steps:
      - {command: step-navigate, action: to, args: {url: "${base_url}/login"}}
      - {command: step-interact, action: write, args: {selector: "#user", text: ada}}
      - {command: step-interact, action: click, args: {selector: Log in}}
      - {command: step-interact, action: key, args: {key: Enter}}
      - {command: step-interact, action: hover, args: {selector: .menu}}
      - {command: step-interact, action: select, args: {selector: "#colour", option: Red}}
  - name: second
    steps:
      - {command: step-wait, action: time, args: {milliseconds: 2000}}
      - {command: step-wait, action: element, args: {selector: .done}}
      - {command: step-assert, action: exists, args: {selector: Welcome}}
      - {command: step-assert, action: not-exists, args: {selector: Error}}
      - {command: step-assert, action: equals, args: {selector: h1, expected: Hello}}
      - {command: step-data, action: store, args: {type: element-text, selector: .order, as: order}}
      - {command: step-misc, action: comment, args: {text: all is well}}
      - {command: step-misc, action: execute, args: {script: return 1}}
"##;

const JOURNEY: &str = r##"
journey:
  name: Order
  project_id: 4711
  checkpoints:
    - name: all
      position: 1
      steps:
        - {command: step-navigate, args: [to, https://shop.example/login]}
        - {command: step-interact, args: [write, "#user", ada]}
        - {command: step-interact, args: [click, Log in]}
        - {command: step-interact, args: [key, Enter]}
        - {command: step-interact, args: [hover, .menu]}
        - {command: step-interact, args: [select, option, "#colour", Red]}
        - {command: step-wait, args: [time, "2000"]}
        - {command: step-wait, args: [element, .done]}
        - {command: step-assert, args: [exists, Welcome]}
        - {command: step-assert, args: [not-exists, Error]}
        - {command: step-assert, args: [equals, h1, Hello]}
        - {command: step-data store, args: [element-text, .order, order]}
        - {command: step-misc, args: [comment, all is well]}
        - {command: step-misc, args: [execute, return 1]}
"##;

const STRUCTURE: &str = r##"
project: {name: Shop}
goals:
  - name: Order
    url: https://shop.example/
    journeys:
      - name: Buy
        checkpoints:
          - name: Log in
            navigation_url: https://shop.example/login
            steps:
              - {type: write, selector: "#user", value: ada}
              - {type: click, selector: Log in}
              - {type: key, value: Enter}
              - {type: hover, selector: .menu}
              - {type: select, selector: "#colour", value: Red}
          - name: Look
            steps:
              - {type: wait, value: 2000}
              - {type: wait, selector: .done}
              - {type: assert_exists, selector: Welcome}
              - {type: assert_not_exists, selector: Error}
              - {type: assert_equals, selector: h1, value: Hello}
              - {type: store, selector: .order, value: order}
              - {type: comment, value: all is well}
              - {type: execute, value: return 1}
"##;

const LINES: &str = r##"
name: Order
steps:
  - step-navigate to "https://shop.example/login"
  - step-interact write "#user" ada
  - step-interact click "Log in"
  - step-interact key Enter
  - step-interact hover .menu
  - step-interact select "#colour" Red
  - step-wait 2000
  - step-wait element .done
  - step-assert element Welcome exists
  - step-assert not-exists Error
  - step-assert equals h1 Hello
  - step-store text .order as order
  - step-misc comment all is well
  - step-misc execute "return 1"
"##;

const WORDS: &str = r##"Checkpoint 1: All
navigate to "https://shop.example/login"
write "ada" in "#user"
click on "Log in"
press Enter
mouse hover on ".menu"
pick "Red" from "#colour"
wait 2 seconds
wait for ".done"
look for "Welcome" on page
assert that "Error" does not exist on page
assert that css "h1" equals "Hello"
store element text of ".order" in $order
// all is well
execute "return 1"
"##;

#[test]
fn the_same_test_in_every_dialect_compiles_to_identical_steps() {
    let expected = commands("t.yaml", CANONICAL);
    for (dialect, file) in [
        ("simplified", SIMPLIFIED),
        ("compact", COMPACT),
        ("extended", EXTENDED),
        ("actions", ACTIONS),
        ("nested", NESTED),
        ("step types", STEP_TYPES),
        ("suite", SUITE),
        ("journey", JOURNEY),
        ("structure", STRUCTURE),
        ("lines", LINES),
        ("words", WORDS),
    ] {
        let found = commands("t.yaml", file);
        for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!(found, expected, "{dialect}, step {}", index + 1);
        }
        assert_eq!(found.len(), expected.len(), "{dialect}");
    }
}

const ALL: [&str; 11] = [
    SIMPLIFIED, COMPACT, EXTENDED, ACTIONS, NESTED, STEP_TYPES, SUITE, JOURNEY, STRUCTURE, LINES,
    WORDS,
];

/// Files that break off anywhere, or lack a line, are answered like any other.
#[test]
fn broken_files_of_every_dialect_are_answered() {
    for file in ALL {
        for end in (0..file.len())
            .step_by(17)
            .filter(|end| file.is_char_boundary(*end))
        {
            etude_language::fuzz::check(&file.as_bytes()[..end]);
        }
        let lines: Vec<&str> = file.lines().collect();
        for left_out in 0..lines.len() {
            let mut lines = lines.clone();
            lines.remove(left_out);
            etude_language::fuzz::check(lines.join("\n").as_bytes());
        }
        for sign in [
            "\"", "'", "{", "}", "[", ":", " ", "$", "${", "{{", "\\", "é", ",",
        ] {
            for at in (0..file.len())
                .step_by(61)
                .filter(|at| file.is_char_boundary(*at))
            {
                let text = format!("{}{sign}{}", &file[..at], &file[at..]);
                etude_language::fuzz::check(text.as_bytes());
            }
        }
    }
}

/// Every dialect goes into every format that is written, and nothing of this test is lost.
#[test]
fn a_converted_file_has_its_format_and_the_same_steps() {
    use etude::v1::{ConversionLayout, ConversionNoteKind, TestFormat};
    for file in ALL.into_iter().chain([CANONICAL]) {
        for format in [
            TestFormat::Canonical,
            TestFormat::Simplified,
            TestFormat::Compact,
            TestFormat::Extended,
            TestFormat::NaturalLanguage,
        ] {
            let conversion = etude_language::Conversion {
                format,
                layout: ConversionLayout::Yaml,
            };
            let done = etude_language::convert("t.yaml", file.as_bytes(), conversion).unwrap();
            let found = etude_language::detect("t.yaml", done.content.as_bytes());
            assert_eq!(found.format(), format, "{}", done.content);
            let mut steps = commands("t.yaml", &done.content);
            let losses = done.notes.iter();
            let losses = losses.filter(|note| note.kind() == ConversionNoteKind::Loss);
            // What these formats lack are checkpoints; a comment names each.
            for loss in losses {
                assert!(loss.reason.ends_with("has no checkpoints"), "{loss:?}");
                steps.retain(|step| !format!("{step:?}").contains("Checkpoint "));
            }
            assert_eq!(steps, commands("t.yaml", file), "{}", done.content);
        }
    }
}

/// Formatting a file of any dialect gives a canonical one with the same steps.
#[test]
fn a_formatted_file_is_canonical_and_has_the_same_steps() {
    for file in ALL {
        let form = etude::v1::DocumentFormat::Yaml;
        let printed = etude_language::format_document("t.yaml", file.as_bytes(), form).unwrap();
        let detected = etude_language::detect("t.yaml", &printed);
        assert_eq!(detected.format(), etude::v1::TestFormat::Canonical);
        assert_eq!(detected.confidence, 100);
        let printed = String::from_utf8(printed).unwrap();
        assert_eq!(
            commands("t.yaml", &printed),
            commands("t.yaml", file),
            "{printed}"
        );
    }
}
