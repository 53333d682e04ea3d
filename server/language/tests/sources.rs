//! Files that a test names: included steps, imported definitions, files of data.

#![allow(clippy::unwrap_used)]

use etude::v1::{
    Block, ConversionLayout, ConversionNoteKind, DocumentFormat, SourceFile, Step, Test,
    TestFormat, block::Kind, variable::Source,
};
use etude_language::{
    Brought, Conversion, Parsed, convert, format_document, parse, parse_with, validate_test,
};

fn files(files: &[(&str, &str)]) -> Vec<SourceFile> {
    let file = |(path, content): &(&str, &str)| SourceFile {
        path: (*path).to_owned(),
        content: content.to_string().into(),
    };
    files.iter().map(file).collect()
}

fn read(test: &str, others: &[(&str, &str)]) -> Parsed {
    parse_with(
        "tests/t.yaml",
        test.as_bytes(),
        &files(others),
        &Brought::default(),
    )
}

#[track_caller]
fn good(test: &str, others: &[(&str, &str)]) -> Test {
    let parsed = read(test, others);
    assert_eq!(mistakes(&parsed), [""; 0]);
    let test = parsed.test.unwrap();
    assert_eq!(validate_test(&test), []);
    test
}

fn mistakes(parsed: &Parsed) -> Vec<String> {
    let line = |diagnostic: &etude::v1::Diagnostic| {
        let place = diagnostic.location.clone().unwrap();
        format!(
            "{}:{}:{}: {}: {}",
            place.file, place.line, place.column, diagnostic.reason, diagnostic.message
        )
    };
    parsed.diagnostics.iter().map(line).collect()
}

#[track_caller]
fn wrong(test: &str, others: &[(&str, &str)], expected: &[&str]) {
    let parsed = read(test, others);
    assert_eq!(mistakes(&parsed), expected);
    assert_eq!(parsed.test, None);
}

fn rows(test: &Test) -> Vec<(&str, Vec<(&str, &str)>)> {
    let rows = test.data_rows.iter().map(|row| {
        let cells = row.variables.iter().map(|variable| match &variable.source {
            Some(Source::Value(text)) => (variable.name.as_str(), text.as_str()),
            other => panic!("{other:?}"),
        });
        (row.name.as_str(), cells.collect())
    });
    rows.collect()
}

fn block(step: &Step) -> &Kind {
    match &step.block {
        Some(Block { kind: Some(kind) }) => kind,
        other => panic!("{other:?}"),
    }
}

fn items(test: &Test) -> &[String] {
    match block(&test.checkpoints[0].steps[0]) {
        Kind::ForEach(block) => &block.items,
        other => panic!("{other:?}"),
    }
}

// === Data ===

#[test]
fn the_rows_of_a_test_come_from_a_file() {
    let expected = [
        (
            "first",
            vec![("user", "ada"), ("age", "007"), ("note", "a, \"b\"")],
        ),
        ("", vec![("user", "$bob"), ("age", ""), ("note", "true")]),
    ];
    let csv = "\u{feff}_name,user,age,note\r\nfirst,ada,007,\"a, \"\"b\"\"\"\r\n,$bob,,true\r\n";
    for data in ["data: d/rows.csv", "data: {file: ./d/../d/rows.csv}"] {
        let test = format!("name: t\n{data}\nsteps: [{{log: $user $age $note}}]\n");
        assert_eq!(rows(&good(&test, &[("d/rows.csv", csv)])), expected);
    }
    let json = r#"[{"_name": "first", "user": "ada", "age": 007, "note": "a, \"b\""},
        {"user": "$bob", "age": "", "note": true}]"#;
    let test = "name: t\ndata: rows.json\nsteps: [{log: $user $age $note}]\n";
    let test = good(test, &[("rows.json", json)]);
    assert_eq!(rows(&test), expected);
    assert_eq!(test.data_file, "rows.json");
}

#[test]
fn a_mistake_in_a_file_of_data_has_its_place_there() {
    let test = "name: t\ndata: d/rows.csv\nsteps: [refresh]\n";
    wrong(
        test,
        &[("d/rows.csv", "a,b\n1,2\n3\n")],
        &["tests/d/rows.csv:3:1: DATA_INVALID: this row has 1 cells, the header has 2"],
    );
    let test = "name: t\ndata: rows.json\nsteps: [refresh]\n";
    wrong(
        test,
        &[("rows.json", "[{\"a\": 1},\n {\"a\": [2]}]")],
        &[
            "tests/rows.json:2:8: WRONG_TYPE: a text, {secret: NAME} or {env: NAME} must stand here, not a list",
        ],
    );
    wrong(
        "name: t\ndata: rows.txt\nsteps: [refresh]\n",
        &[("rows.txt", "a")],
        &["tests/t.yaml:2:7: DATA_INVALID: \"rows.txt\" is no file of data"],
    );
    let parsed = parse_with(
        "t.yaml",
        b"name: t\ndata: rows.csv\nsteps: [refresh]\n",
        &[SourceFile {
            path: "rows.csv".to_owned(),
            content: b"a\n\xff\n".to_vec().into(),
        }],
        &Brought::default(),
    );
    let expected = ["rows.csv:2:1: NOT_UTF8: the byte 0xff at offset 2 is not UTF-8"];
    assert_eq!(mistakes(&parsed), expected);
}

#[test]
fn a_loop_takes_its_items_from_a_file() {
    let test = |file: &str| {
        format!(
            "name: t\nsteps:\n  - for_each: x\n    in: {{file: {file}}}\n    steps: [{{log: $x.a}}]\n"
        )
    };
    let found = good(&test("i.csv"), &[("i.csv", "a,b\n1,$x\n")]);
    assert_eq!(items(&found), [r#"{"a":"1","b":"$$x"}"#]);
    let json = r#"["p", 1.50, null, true, {"a": 1, "b": "x"}, "${ 1 }"]"#;
    let found = good(&test("i.json"), &[("i.json", json)]);
    let expected = ["p", "1.50", "null", "true", r#"{"a":1,"b":"x"}"#, "$${ 1 }"];
    assert_eq!(items(&found), expected);
    wrong(
        &test("i.json"),
        &[("i.json", "{}")],
        &["tests/i.json:1:1: WRONG_TYPE: a list must stand here, not a map"],
    );
}

#[test]
fn a_loop_takes_records() {
    let test = "name: t\nsteps:\n  - for_each: x\n    in:\n      - {a: ada, n: 7, s: 007, p: $$5}\n      - b\n    steps: [{log: $x.a}]\n";
    let found = good(test, &[]);
    assert_eq!(
        items(&found),
        [r#"{"a":"ada","n":7,"s":"007","p":"$$5"}"#, "b"]
    );
    wrong(
        "name: t\nvariables: {u: x}\nsteps:\n  - for_each: x\n    in: [{a: $u}]\n    steps: [{log: $x.a}]\n",
        &[],
        &[
            "tests/t.yaml:5:14: INVALID_VALUE: a value of a record cannot hold a variable or an expression",
        ],
    );
}

#[test]
fn records_are_printed_as_maps() {
    let test = "\
name: t
steps:
  - for_each: x
    in:
      - {a: ada, n: 7, s: \"7\", b: \"true\", p: $$5}
      - {note: \"a, \\\"b\\\"\", list: [1, true, null, x], inner: {deep: \"\"}}
      - {}
      - b
    steps:
      - log: $x
";
    let printed = format_document("t.yaml", test.as_bytes(), DocumentFormat::Yaml).unwrap();
    let printed = String::from_utf8(printed).unwrap();
    assert_eq!(printed, test.replace("\"a, \\\"b\\\"\"", "'a, \"b\"'"));
    let json = format_document("t.yaml", test.as_bytes(), DocumentFormat::Json).unwrap();
    let found = [test.as_bytes(), printed.as_bytes(), &json].map(|file| {
        let parsed = parse("t.yaml", file);
        items(&parsed.test.unwrap()).to_vec()
    });
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0], found[2]);
    // What is not the JSON that it would be read back as stays a text.
    let texts = "name: t\nsteps:\n  - for_each: x\n    in: ['{\"a\": 1}', '{\"a\":1.50}', \"[1]\"]\n    steps:\n      - log: $x\n";
    let printed = format_document("t.yaml", texts.as_bytes(), DocumentFormat::Yaml).unwrap();
    assert_eq!(String::from_utf8(printed).unwrap(), texts);
}

#[test]
fn a_file_without_data_is_told() {
    let rows = |file: &str| format!("name: t\ndata: {file}\nsteps: [refresh]\n");
    let items = |file: &str| {
        format!(
            "name: t\nsteps:\n  - for_each: x\n    in: {{file: {file}}}\n    steps: [refresh]\n"
        )
    };
    for (file, content, message) in [
        ("d.csv", "", "1:1: DATA_INVALID: the file is empty"),
        (
            "d.csv",
            "a,b\n",
            "1:1: DATA_INVALID: nothing stands below the header",
        ),
        ("d.json", "", "1:1: DATA_INVALID: the file holds no row"),
        ("d.json", "[]", "1:1: DATA_INVALID: the file holds no row"),
        (
            "d.yaml",
            "# later\n",
            "1:1: DATA_INVALID: the file holds no row",
        ),
        ("d.yaml", "null", "1:1: DATA_INVALID: the file holds no row"),
    ] {
        let expected = format!("tests/{file}:{message}");
        wrong(&rows(file), &[(file, content)], &[&expected]);
        let expected = expected.replace("no row", "no item");
        wrong(&items(file), &[(file, content)], &[&expected]);
    }
    for (test, message) in [
        (
            "name: t\nsteps: [{include: a.yaml}]\n",
            "the file holds no step",
        ),
        (
            "name: t\nimports: a.yaml\nsteps: [refresh]\n",
            "the file holds no block",
        ),
    ] {
        let expected = format!("tests/a.yaml:1:1: FILE_EMPTY: {message}");
        wrong(test, &[("a.yaml", "\n")], &[&expected]);
    }
}

// === Includes ===

const LOG_IN: &str = "params: {user: null, password: wonderland}\nsteps:\n  - write: {text: $user, into: User}\n  - include: {file: ../parts/submit.yaml}\n";

#[test]
fn steps_of_other_files_are_included() {
    let test = "name: t\nsteps:\n  - include: pages/log in.yaml\n    with: {user: ada}\n  - include: parts/submit.yaml\n";
    let others = [
        ("pages/log in.yaml", LOG_IN),
        ("parts/submit.yaml", "- click: OK\n"),
    ];
    let found = good(test, &others);
    let names: Vec<_> = found
        .definitions
        .iter()
        .map(|d| (&*d.name, &*d.file))
        .collect();
    let expected = ["pages/log in.yaml", "parts/submit.yaml"].map(|name| (name, name));
    assert_eq!(names, expected);
    let place = found.definitions[1].steps[0].location.clone().unwrap();
    assert_eq!((&*place.file, place.line), ("tests/parts/submit.yaml", 1));
    match block(&found.definitions[0].steps[1]) {
        Kind::UseBlock(used) => assert_eq!(used.block, "parts/submit.yaml"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_mistake_in_an_included_file_has_its_place_there() {
    wrong(
        "name: t\nsteps:\n  - include: a.yaml\n",
        &[("a.yaml", "steps:\n  - refresh\n  - clik: Save\n")],
        &["tests/a.yaml:3:5: UNKNOWN_COMMAND: no command is called \"clik\""],
    );
    wrong(
        "name: t\nsteps:\n  - include: a.yaml\n",
        &[("a.yaml", "steps: [\n")],
        &[
            "tests/a.yaml:2:1: YAML_SYNTAX: this is not YAML: while parsing a node, did not find expected node content",
        ],
    );
    let parsed = read(
        "name: t\nsteps:\n  - include: a.yaml\n",
        &[("a.yaml", "- log: $nobody\n")],
    );
    let expected =
        ["tests/a.yaml:1:8: UNDEFINED_VARIABLE: nothing sets the variable \"$nobody\" before this"];
    assert_eq!(mistakes(&parsed), expected);
}

#[test]
fn included_files_may_be_in_any_format_of_steps() {
    let test = "name: t\nimports: b.yaml\nsteps:\n  - include: a.yaml\n  - use: out\n";
    for (steps, blocks) in [
        ("- click: Log in\n", "define: {out: [{click: Log out}]}\n"),
        ("- c: Log in\n", "define: {out: {do: [{c: Log out}]}}\n"),
        ("do:\n  - c: Log in\n", "blocks: {out: [{c: Log out}]}\n"),
        (
            "params: {p: x}\nsteps:\n  - click on \"Log in\"\n",
            "define: {out: [click on \"Log out\"]}\n",
        ),
        (
            "steps:\n  - {type: interact, command: click, target: {text: Log in}}\n",
            "define:\n  out:\n    - {type: interact, command: click, target: {text: Log out}}\n",
        ),
    ] {
        let parsed = read(test, &[("a.yaml", steps), ("b.yaml", blocks)]);
        assert_eq!(mistakes(&parsed), [""; 0], "{steps}{blocks}");
        let test = parsed.test.unwrap();
        let target = |index: usize| {
            let command = test.definitions[index].steps[0].command.clone();
            match command.and_then(|command| command.action) {
                Some(etude::v1::command::Action::Click(click)) => format!("{:?}", click.target),
                other => panic!("{other:?}"),
            }
        };
        assert!(target(0).contains("\"Log out\""), "{}", target(0));
        assert!(target(1).contains("\"Log in\""), "{}", target(1));
        let place = test.definitions[1].steps[0].location.clone().unwrap();
        assert_eq!(place.file, "tests/a.yaml");
    }
    wrong(
        "name: t\nsteps:\n  - include: a.yaml\n",
        &[("a.yaml", "do:\n  - c: Log in\n  - include: b.yaml\n")],
        &["tests/a.yaml:3:5: UNKNOWN_COMMAND: \"include\" stands for steps of another place"],
    );
    wrong(
        "name: t\nsteps:\n  - include: a.txt\n",
        &[("a.txt", "click on Log in\nclick on Pay\n")],
        &["tests/a.txt:1:1: WRONG_TYPE: a list of steps must stand here, not a text"],
    );
}

#[test]
fn an_include_is_told_in_its_own_words() {
    let file = [("a.yaml", "params: [user]\nsteps: [{log: $user}]\n")];
    for (step, message, suggestion) in [
        (
            "include: a.yaml",
            "the file \"a.yaml\" needs \"user\"",
            "write \"include: {file: a.yaml, with: {user: …}}\", or give it a default in \"params\"",
        ),
        (
            "include: {file: a.yaml, with: {user: a, place: b}}",
            "the file \"a.yaml\" has no parameter \"place\"",
            "it has: user",
        ),
    ] {
        let parsed = read(&format!("name: t\nsteps: [{{{step}}}]\n"), &file);
        assert_eq!(parsed.diagnostics[0].message, message);
        assert_eq!(parsed.diagnostics[0].suggestion, suggestion);
    }
}

#[test]
fn files_that_include_each_other_are_refused() {
    wrong(
        "name: t\nsteps:\n  - include: a.yaml\n",
        &[
            ("a.yaml", "- include: b.yaml\n"),
            ("b.yaml", "- include: a.yaml\n"),
        ],
        &[
            "tests/t.yaml:3:14: BLOCK_CYCLE: a file includes itself: \"a.yaml\" includes \"b.yaml\" includes \"a.yaml\"",
        ],
    );
    wrong(
        "name: t\nimports: a.yaml\nsteps: [refresh]\n",
        &[
            ("a.yaml", "imports: b.yaml\n"),
            ("b.yaml", "imports: [a.yaml]\n"),
        ],
        &[
            "tests/b.yaml:1:11: BLOCK_CYCLE: a file imports itself: \"a.yaml\" imports \"b.yaml\" imports \"a.yaml\"",
        ],
    );
}

#[test]
fn definitions_of_other_files_are_imported() {
    let test = "name: t\nimports: [shared/all.yaml]\ndefine:\n  own: [refresh]\nsteps:\n  - use: {block: log in, with: {user: ada}}\n  - use: own\n";
    let shared = "imports: [more.yaml]\ndefine:\n  log in:\n    params: [user]\n    steps: [{log: $user}, {use: log out}]\n";
    let more = "define:\n  log out:\n    - click: Log out\n";
    let others = [("shared/all.yaml", shared), ("shared/more.yaml", more)];
    let found = good(test, &others);
    let names: Vec<_> = found
        .definitions
        .iter()
        .map(|d| (&*d.name, &*d.file))
        .collect();
    let expected = [
        ("own", ""),
        ("log in", "shared/all.yaml"),
        ("log out", "shared/more.yaml"),
    ];
    assert_eq!(names, expected);
    wrong(
        test,
        &[
            others[0],
            ("shared/more.yaml", "define:\n  own: [refresh]\n"),
        ],
        &[
            "tests/shared/all.yaml:5:33: UNKNOWN_BLOCK: no block is called \"log out\"",
            "tests/shared/more.yaml:2:3: DUPLICATE_KEY: the block \"own\" is defined twice",
        ],
    );
}

// === Files that are not there ===

#[test]
fn missing_files_are_told() {
    let test = "name: t\nimports: ../d.yaml\ndata: rows.csv\nsteps:\n  - include: a.yaml\n";
    let parsed = read(test, &[("a.yaml", "- include: x/b.yaml\n")]);
    assert_eq!(parsed.missing_files, ["../d.yaml", "rows.csv", "x/b.yaml"]);
    let expected = [
        "tests/t.yaml:2:10: SOURCE_MISSING: the file \"../d.yaml\" is not there",
        "tests/t.yaml:3:7: SOURCE_MISSING: the file \"rows.csv\" is not there",
        "tests/a.yaml:1:12: SOURCE_MISSING: the file \"x/b.yaml\" is not there",
    ];
    assert_eq!(mistakes(&parsed), expected);
    wrong(
        "name: t\ndata: /etc/rows.csv\nsteps: [refresh]\n",
        &[("/etc/rows.csv", "a\n1\n")],
        &["tests/t.yaml:2:7: SOURCE_MISSING: \"/etc/rows.csv\" is no relative path of a file"],
    );
    let parsed = parse("t.yaml", test.as_bytes());
    assert_eq!(parsed.missing_files.len(), 3);
}

#[test]
fn formatting_needs_no_other_file_and_keeps_the_names() {
    let test = "name: t\ndata: rows.csv\nimports: [shared.yaml]\ndefine:\n  own:\n    - refresh\nsteps:\n  # in\n  - include: a.yaml\n  - include: {file: b.yaml, with: {user: $user}}\n  - use: theirs\n  - for_each: x\n    in: {file: items.csv}\n    steps:\n      - log: $x\n";
    let printed = format_document("t.yaml", test.as_bytes(), DocumentFormat::Yaml).unwrap();
    assert_eq!(String::from_utf8(printed).unwrap(), test);
}

#[test]
fn lint_says_nothing_of_what_stands_in_other_files() {
    let test = "name: t\nstarting_url: https://shop.example/\ndata: rows.csv\nsteps:\n  - for_each: x\n    in: {file: items.csv}\n    steps: [{see: $x $user}]\n";
    let levels = etude_language::lint::Levels::default();
    let findings = etude_language::lint::lint("t.yaml", test.as_bytes(), &levels);
    assert_eq!(findings, []);
}

// === Conversions ===

const WITH_FILES: &str = "\
name: t
starting_url: /
variables:
  own: value
data: rows.csv
imports: [shared.yaml]
steps:
  - click: $user
  - include: {file: a.yaml, with: {user: $own}}
  - use: theirs
  - for_each: x
    in: {file: items.csv}
    steps:
      - click: $x
";

/// The fields and lines of what a conversion loses, and the file that it writes.
#[track_caller]
fn converted(format: TestFormat, layout: ConversionLayout) -> (Vec<(String, u32)>, String) {
    let conversion = Conversion { format, layout };
    let converted = convert("t.yaml", WITH_FILES.as_bytes(), conversion).unwrap();
    let lost = converted.notes.iter();
    let lost = lost.filter(|note| note.kind() == ConversionNoteKind::Loss);
    let lost = lost.map(|note| {
        let line = note.location.as_ref().map_or(0, |place| place.line);
        (note.field.clone(), line)
    });
    (lost.collect(), converted.content)
}

#[test]
fn a_conversion_needs_no_other_file_and_keeps_or_names_each() {
    for layout in [ConversionLayout::Yaml, ConversionLayout::Json] {
        let (lost, content) = converted(TestFormat::Canonical, layout);
        assert_eq!(lost, []);
        if layout == ConversionLayout::Yaml {
            assert_eq!(content, WITH_FILES);
        }
    }
    let step = |index: u32| (format!("checkpoints[0].steps[{index}]"), 8 + index);
    let (lost, content) = converted(TestFormat::NaturalLanguage, ConversionLayout::Yaml);
    assert!(content.contains("imports: [shared.yaml]"), "{content}");
    assert!(content.contains("in: {file: items.csv}"), "{content}");
    assert_eq!(lost, [step(1)], "{content}");
    assert!(content.contains("use: theirs"), "{content}");
    for format in [
        TestFormat::Simplified,
        TestFormat::Compact,
        TestFormat::Extended,
    ] {
        let (lost, content) = converted(format, ConversionLayout::Yaml);
        assert!(content.contains("data: rows.csv"), "{content}");
        let imports = ("imports".to_owned(), 6);
        let expected: Vec<_> = [imports].into_iter().chain((1..4).map(step)).collect();
        assert_eq!(lost, expected, "{format:?} {content}");
    }
    let (lost, content) = converted(TestFormat::NaturalLanguage, ConversionLayout::Text);
    assert!(content.contains("# data: rows.csv"), "{content}");
    for field in ["data_rows", "imports"] {
        assert!(lost.iter().any(|(lost, _)| lost == field), "{lost:?}");
    }
    for step in (1..4).map(step) {
        assert!(lost.contains(&step), "{lost:?}");
    }
}

#[test]
fn a_file_of_rows_is_data_in_every_dialect() {
    for test in [
        "test: t\ndata: rows.csv\ndo:\n  - c: $user\n",
        "name: t\nproject: p\ndata: rows.csv\nsteps:\n  - click: $user\n",
        "name: t\ndata: rows.csv\nsteps:\n  - click on \"$user\"\n",
    ] {
        let found = good(test, &[("rows.csv", "user\nada\n")]);
        assert_eq!(rows(&found), [("", vec![("user", "ada")])], "{test}");
    }
}
