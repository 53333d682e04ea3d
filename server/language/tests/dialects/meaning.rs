//! What single steps of the dialects mean: each beside the canonical steps.

use etude::v1::{self, variable::Source};

use super::{commands, shown, test};

/// A step in a file that has a wait in milliseconds and marks of its dialect.
#[track_caller]
fn means(dialect: &str, step: &str, canonical: &str) {
    let around = "- assert: x\n- assert: y\n- wait: 1000\n";
    let file = match dialect {
        "compact" => format!("test: t\ndo:\n{around}- {step}\n"),
        _ => format!("name: t\nproject: p\nsteps:\n{around}- {step}\n"),
    };
    let steps: String = canonical
        .lines()
        .map(|line| format!("- {line}\n"))
        .collect();
    let expected = commands("t", &format!("name: t\nsteps:\n{steps}"));
    assert_eq!(commands("t", &file)[3..], expected, "{step}");
}

#[test]
fn steps_of_the_simplified_dialect() {
    for (step, canonical) in [
        (
            "navigate: {to: /a, new_tab: true}",
            "navigate: {url: /a, new_tab: true}",
        ),
        ("scroll: {to: top}", "scroll_to_top"),
        ("scroll: top", "scroll_to_top"),
        ("scroll: {to: bottom}", "scroll_to_bottom"),
        ("scroll: '#a'", "scroll_to: '#a'"),
        (
            "scroll: {position: '0,500'}",
            "scroll_to_position: {x: 0, y: 500}",
        ),
        ("scroll: {by: '-100,-100'}", "scroll_by: {x: -100, y: -100}"),
        ("scroll: {direction: up}", "scroll_up"),
        ("scroll: {down: true}", "scroll_down"),
        (
            "assert: {type: gt, selector: .n, value: 5}",
            "assert_gt: {target: .n, value: 5}",
        ),
        (
            "assert: {type: less-equal, selector: .n, value: '1,000'}",
            "assert_lte: {target: .n, value: '1,000'}",
        ),
        (
            "assert: {type: checked, selector: Terms}",
            "assert_checked: Terms",
        ),
        (
            "assert: {type: selected, selector: Red}",
            "assert_selected: {in: Red, option: ''}",
        ),
        (
            "assert: {type: matches, selector: .n, pattern: '^[0-9]+$'}",
            "assert_matches: {target: .n, pattern: '^[0-9]+$'}",
        ),
        (
            "assert: {type: variable, variable: $n, value: 5}",
            "assert_variable: {variable: n, value: 5}",
        ),
        (
            "assert: {selector: h1, equals: Hello}",
            "assert_equals: {target: {css: h1}, value: Hello}",
        ),
        (
            "assert: {type: equals, target: a.b, attribute: href, expected: /x}",
            "assert_attribute: {target: {css: a.b}, attribute: href, value: /x}",
        ),
        (
            "assert_text: {selector: Status, expected: Active}",
            "assert_equals: {target: Status, value: Active}",
        ),
        ("double-click: Row", "double_click: Row"),
        ("doubleClick: Row", "double_click: Row"),
        ("right-click: Row", "right_click: Row"),
        (
            "write: hello",
            "write: {text: hello, into: {css: ':focus'}}",
        ),
        (
            "type: {into: Name, content: Ada}",
            "write: {text: Ada, into: Name}",
        ),
        (
            "write: {selector: Name, text: 5}",
            "write: {text: 5, into: Name}",
        ),
        (
            "write: {selector: Name, text: 'Hello {{user.name}}'}",
            "write: {text: Hello $user.name, into: Name}",
        ),
        (
            "write: {selector: Name, text: b, clear: false, delay: 50}",
            "write: {text: b, into: Name, append: true, delay: 50ms}",
        ),
        (
            "press: {value: a, modifiers: 'ctrl,shift'}",
            "press: {key: a, modifiers: [control, shift]}",
        ),
        (
            "mouse: {action: move-to, selector: Menu}",
            "mouse_move_to: Menu",
        ),
        (
            "mouse: {action: move-by, offset: '-50,25'}",
            "mouse_move_by: {x: -50, y: 25}",
        ),
        (
            "mouse: {action: move, position: '1,2'}",
            "mouse_move: {x: 1, y: 2}",
        ),
        ("mouse: {action: down}", "mouse_down"),
        ("mouse: {action: up, selector: Row}", "mouse_up: Row"),
        ("drag: {from: A, to: B}", "drag: {from: A, to: B}"),
        (
            "drag: {selector: A, by: '5,6'}",
            "drag_by: {from: A, x: 5, y: 6}",
        ),
        (
            "select: {from: Colour, index: 0}",
            "select_index: {from: Colour, index: 1}",
        ),
        (
            "select: {selector: Colour, last: true}",
            "select_last: Colour",
        ),
        ("wait: 2s", "wait: 2s"),
        ("wait: 1m", "wait: 1m"),
        ("wait: 2000ms", "wait: 2s"),
        ("wait: 0x3E8", "wait: 1s"),
        ("wait: 1.5e3", "wait: 1500ms"),
        (
            "wait: {element: .a, timeout: 5000}",
            "wait_for: {target: .a, max: 5s}",
        ),
        ("wait: {time: 250}", "wait: 250ms"),
        ("wait_for: .a", "wait_for: .a"),
        (
            "store: {from: .a, in: v, type: text}",
            "store_text: {from: .a, as: v}",
        ),
        (
            "store: {selector: .a, as: v, type: element-value}",
            "store_value: {from: .a, as: v}",
        ),
        (
            "store: {selector: .a, as: v, type: attribute, attr: href}",
            "store_attribute: {from: .a, attribute: href, as: v}",
        ),
        (
            "store: {selector: \"a[href='x']\", as: v, type: attribute}",
            "store_attribute: {from: {css: \"a[href='x']\"}, attribute: href, as: v}",
        ),
        (
            "store: {type: literal, value: 7, as: v}",
            "set: {variable: v, value: 7}",
        ),
        ("store: {value: 7, as: v}", "set: {variable: v, value: 7}"),
        (
            "store: {selector: Number, variable: $v, type: text}",
            "store_text: {from: Number, as: v}",
        ),
        (
            "cookie: {action: create, name: a, value: b, path: /}",
            "create_cookie: {name: a, value: b, path: /}",
        ),
        ("cookie: {action: remove, name: a}", "delete_cookie: a"),
        ("cookie: {action: clear-all}", "clear_cookies"),
        (
            "window: {action: resize, size: 1024x768}",
            "resize: {width: 1024, height: 768}",
        ),
        ("window: {action: maximize}", "maximize"),
        ("window: {action: switch, to: tab-2}", "switch_tab: 2"),
        ("window: {action: switch, to: previous}", "previous_tab"),
        (
            "window: {action: switch, iframe: '#pay'}",
            "switch_frame: '#pay'",
        ),
        ("window: {action: switch, parent: true}", "parent_frame"),
        ("switch_tab: next", "next_tab"),
        ("alert: dismiss", "dismiss_alert"),
        (
            "dialog: {type: confirm, action: accept}",
            "dismiss_confirm: true",
        ),
        (
            "dialog: {type: prompt, action: reject}",
            "dismiss_prompt: false",
        ),
        ("dialog: {type: prompt, text: Ada}", "answer_prompt: Ada"),
        (
            "file: {selector: File, url: 'https://a.example/b'}",
            "upload: {url: 'https://a.example/b', to: File}",
        ),
        (
            "upload: {selector: File, file: a.csv}",
            "upload_file: {file: a.csv, to: File}",
        ),
        ("javascript: return 1", "execute: return 1"),
        (
            "click: button \"OK\"",
            "click: {target: {kind: button, hint: OK}}",
        ),
        (
            "click: first \"Active\" quote",
            "click: {target: {nth: 1, hint: Active}}",
        ),
        ("click: '@save'", "click: {test_id: save}"),
        (
            "click: {selector: Save, position: TOP_LEFT, variable: it}",
            "store_element: {from: Save, as: it}\nclick: {on: Save, position: top_left}",
        ),
        ("click: {css: '#a'}", "click: {css: '#a'}"),
    ] {
        means("simplified", step, canonical);
    }
}

#[test]
fn steps_of_the_compact_dialect() {
    for (step, canonical) in [
        (
            "c: {Save: {pos: center}}",
            "click: {on: Save, position: center}",
        ),
        ("c: ~Add to", "click: Add to"),
        ("t: hello", "write: {text: hello, into: {css: ':focus'}}"),
        (
            "t: {a: 1, b: 2}",
            "write: {text: 1, into: {hint: a}}\nwrite: {text: 2, into: {hint: b}}",
        ),
        (
            "t: $user in \"Full name\"",
            "write: {text: $user, into: Full name}",
        ),
        ("{t: Ada, in: Name}", "write: {text: Ada, into: Name}"),
        ("k: esc", "press: esc"),
        ("k: Ctrl+A", "press: Ctrl+A"),
        ("ch: [A, B]", "see: A\nsee: B"),
        (
            "ch: Bag in h1",
            "see: {xpath: \"//h1[contains(normalize-space(.), 'Bag')]\"}",
        ),
        ("neq: {.a: b}", "assert_not_equals: {target: .a, value: b}"),
        ("gt: {.a: 5}", "assert_gt: {target: .a, value: 5}"),
        ("lt: {.a: 5}", "assert_lt: {target: .a, value: 5}"),
        ("eq: {$v: x}", "assert_variable: {variable: v, value: x}"),
        ("select: {'#a': 2}", "select: {option: 2, from: '#a'}"),
        ("store: {.a: v}", "store_text: {from: .a, as: v}"),
        ("cookie: {a: b}", "create_cookie: {name: a, value: b}"),
        (
            "upload: {'#f': 'https://a.example/b'}",
            "upload: {url: 'https://a.example/b', to: '#f'}",
        ),
        (
            "upload: {'#f': a.pdf}",
            "upload_file: {file: a.pdf, to: '#f'}",
        ),
        (
            "wait: {for: .x, max: 5000}",
            "wait_for: {target: .x, max: 5s}",
        ),
        ("wait: /login", "wait_url: {url: /login, match: contains}"),
        ("scroll: 500", "scroll_to_position: {x: 0, y: 500}"),
        ("scroll: '10,20'", "scroll_to_position: {x: 10, y: 20}"),
        ("window: next", "next_tab"),
        ("window: 1024x768", "resize: {width: 1024, height: 768}"),
        ("mouse: '1,2'", "mouse_move: {x: 1, y: 2}"),
        ("mouse: {action: enter, target: Menu}", "mouse_enter: Menu"),
        ("dialog: confirm", "dismiss_confirm: true"),
        ("dialog: cancel", "dismiss_confirm: false"),
        ("dialog: My answer", "answer_prompt: My answer"),
    ] {
        means("compact", step, canonical);
    }
}

#[test]
fn a_modifier_that_is_held_goes_with_the_clicks() {
    let file = "
metadata: {name: t}
tests:
  - name: a
    steps:
      - {command: step-interact, action: key, args: {key: ctrl, action: down}}
      - {command: step-interact, action: click, args: {selector: Row}}
      - {command: step-interact, action: key, args: {key: ctrl, action: up}}
      - {command: step-interact, action: click, args: {selector: Row}}
";
    let expected = "name: t\nsteps:\n- click: {on: Row, modifiers: [control]}\n- click: Row\n";
    assert_eq!(commands("t", file), commands("t", expected));
}

#[test]
fn names_and_flags_stand_beside_the_command() {
    let file = "name: t\nproject: p\nsteps:\n- {type: interact, command: click, target: Save, description: Saves it, continue_on_error: true}\n- {assert: Saved, desc: Is saved, timeout: 5000}\n";
    let test = test("t", file);
    let steps = &test.checkpoints[0].steps;
    assert_eq!(steps[0].name, "Saves it");
    assert!(steps[0].flags.as_ref().unwrap().continue_on_failure);
    assert_eq!(steps[1].name, "Is saved");
    let timeout = steps[1].flags.as_ref().unwrap().timeout.unwrap();
    assert_eq!(timeout.seconds, 5);
    let place = steps[1].location.clone().unwrap();
    assert_eq!((place.line, place.column), (5, 3));
}

#[test]
fn a_file_of_small_waits_counts_seconds_and_says_so() {
    let file = "name: t\nproject: p\nsteps:\n- assert: x\n- wait: 2\n- wait: 10\n";
    let parsed = etude_language::parse("t", file.as_bytes());
    let waits: Vec<_> = commands("t", file)[1..].to_vec();
    assert_eq!(
        waits,
        commands("t", "name: t\nsteps:\n- wait: 2s\n- wait: 10s\n")
    );
    assert_eq!(
        shown(&parsed.diagnostics),
        "5:9 INVALID_DURATION 2 without a unit is taken as 2 seconds (write 2s, or 2ms if that is meant)\n\
         6:9 INVALID_DURATION 10 without a unit is taken as 10 seconds (write 10s, or 10ms if that is meant)\n"
    );
    let file = "name: t\nproject: p\nsteps:\n- assert: x\n- wait: 2\n- wait: 1000\n";
    assert_eq!(
        commands("t", file)[1..],
        commands("t", "name: t\nsteps:\n- wait: 2ms\n- wait: 1s\n")
    );
}

#[test]
fn the_keys_of_a_test_are_carried() {
    let file = "
test: t
desc: About it
base: https://shop.example
nav: /a
retry: 2
config: {timeout: 30s, on_error: continue, viewport: 800x600}
data: {user: ada, secret: '${ENV:SHOP_PASSWORD}', list: [{a: 1}, {a: true}]}
setup:
  - c: Accept
do:
  - c: $user
teardown:
  - c: Log out
";
    let test = test("t", file);
    assert_eq!(
        (test.name.as_str(), test.description.as_str()),
        ("t", "About it")
    );
    assert_eq!(
        (test.base_url.as_str(), test.starting_url.as_str()),
        ("https://shop.example", "/a")
    );
    let config = test.config.unwrap();
    assert!(config.continue_on_error);
    assert_eq!(
        config.viewport,
        Some(v1::Viewport {
            width: 800,
            height: 600
        })
    );
    assert_eq!(config.step_timeout.unwrap().seconds, 30);
    let values: Vec<_> = test
        .variables
        .into_iter()
        .map(|v| v.source.unwrap())
        .collect();
    assert_eq!(
        values,
        [
            Source::Value("ada".into()),
            Source::Env("SHOP_PASSWORD".into()),
            Source::Value("[{\"a\":1},{\"a\":true}]".into()),
        ]
    );
    assert_eq!((test.setup.len(), test.teardown.len()), (1, 1));
}

#[test]
fn command_lines_have_options() {
    let file = "name: t\nsteps:\n- step-dialog dismiss-confirm --accept\n- step-interact key a --modifiers ctrl,shift\n- step-window switch tab index 2\n";
    let expected = "name: t\nsteps:\n- dismiss_confirm: true\n- press: {key: a, modifiers: [control, shift]}\n- switch_tab: 2\n";
    assert_eq!(commands("t", file), commands("t", expected));
}

#[test]
fn steps_in_words_stand_beside_maps() {
    let file = "name: t\nsteps:\n- see: A\n- click on \"B\"\n- 'click: C'\n- echo \"Done: $x\"\n";
    let expected = "name: t\nsteps:\n- see: A\n- click: B\n- click: C\n- log: 'Done: $x'\n";
    assert_eq!(commands("t", file), commands("t", expected));
}
