//! The reports that a run leaves.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::blocks::{repeat, try_catch};
use common::{Server, checkpoint, config, flagged, rows, spec, step, test};
use etude::v1::{
    self, ArtifactKind, Checkpoint, DataRow, Outcome, RunEvent, RunSpec, Test, run_event::Payload,
};
use etude_engine::store::PageRequest;
use quick_xml::events::{BytesStart, Event};
use serde_json::Value;
use tempfile::tempdir;

/// A text that would break out of wherever it stands unescaped.
const HOSTILE: &str =
    "talk <script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;]]>\u{1}é";

/// Reads a report of a run.
async fn report(server: &Server, run: &v1::Run, kind: ArtifactKind) -> String {
    for name in &run.artifacts {
        let artifact = server.store.artifact(name).await.unwrap();
        assert_eq!(artifact.parent, run.name);
        if artifact.kind() == kind {
            let size = artifact.size_bytes as usize;
            let content = server.store.read_artifact(name, 0, size).await.unwrap();
            return String::from_utf8(content.to_vec()).unwrap();
        }
    }
    panic!("{:?} has no {kind:?}", run.artifacts);
}

async fn execute(server: &Server, spec: RunSpec) -> (Vec<RunEvent>, v1::Run) {
    let run = server.create_spec(spec).await;
    let events = server.events(&run).await;
    (events, server.store.run(&run).await.unwrap())
}

/// A test with every outcome in it.
fn colourful() -> Test {
    let skipped = flagged("c", |flags| flags.skip = true);
    Test {
        name: "Checkout".to_owned(),
        starting_url: "https://shop.test/".to_owned(),
        checkpoints: vec![
            checkpoint("Search", &["a", "b"]),
            checkpoint("Cart", &["fail"]),
            Checkpoint {
                name: "Skipped".to_owned(),
                steps: vec![skipped],
                ..Checkpoint::default()
            },
            checkpoint("Pay", &["error", "d"]),
            checkpoint("Thanks", &["e"]),
        ],
        teardown: vec![step("log out")],
        ..Test::default()
    }
}

#[tokio::test]
async fn a_run_keeps_three_reports_and_names_them() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let (events, run) = server.execute(test(&["a"])).await;
    let Some(Payload::RunFinished(finished)) = &events.last().unwrap().payload else {
        panic!("{events:?}");
    };
    assert_eq!(finished.artifacts, run.artifacts);
    let mut kinds = BTreeMap::new();
    for name in &run.artifacts {
        let artifact = server.store.artifact(name).await.unwrap();
        kinds.insert(artifact.file_name, artifact.media_type);
    }
    let kinds: Vec<_> = kinds
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("junit.xml", "application/xml"),
            ("report.html", "text/html; charset=utf-8"),
            ("report.json", "application/json"),
        ]
    );
}

// === JSON ===

#[tokio::test]
async fn the_json_report_holds_the_run_and_its_log() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let (events, run) = server.execute(rows(colourful(), 2)).await;
    let json = report(&server, &run, ArtifactKind::Json).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    let reported: v1::Run = etude::json::from_value(json["run"].clone()).unwrap();
    assert_eq!(reported.name, run.name);
    assert_eq!(reported.outcome(), Outcome::Error);
    assert_eq!(reported.statistics, run.statistics);
    let reported: Vec<RunEvent> = json["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| etude::json::from_value(event.clone()).unwrap())
        .collect();
    assert_eq!(
        reported,
        events[..events.len() - 1],
        "all but the last event"
    );
}

// === JUnit ===

/// An element with its attributes and children; text apart.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    fn parse(xml: &str) -> Self {
        let mut reader = quick_xml::Reader::from_str(xml);
        let mut stack = vec![Self::default()];
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) => stack.push(Self::of(&start)),
                Event::Empty(start) => {
                    let element = Self::of(&start);
                    stack.last_mut().unwrap().children.push(element);
                }
                Event::End(_) => {
                    let element = stack.pop().unwrap();
                    stack.last_mut().unwrap().children.push(element);
                }
                Event::Text(text) => {
                    stack.last_mut().unwrap().text.push_str(&text);
                }
                Event::GeneralRef(name) => {
                    let name = format!("&{};", &*name);
                    let text = quick_xml::escape::unescape(&name).unwrap();
                    stack.last_mut().unwrap().text.push_str(&text);
                }
                Event::Eof => return stack.pop().unwrap().children.pop().unwrap(),
                _ => {}
            }
        }
    }

    fn of(start: &BytesStart<'_>) -> Self {
        let attributes = start.attributes().map(|attribute| {
            let attribute = attribute.unwrap();
            let value = quick_xml::escape::unescape(&attribute.value).unwrap();
            (attribute.key.as_ref().to_owned(), value.into_owned())
        });
        Self {
            name: start.name().as_ref().to_owned(),
            attributes: attributes.collect(),
            ..Self::default()
        }
    }

    fn all(&self, name: &str) -> Vec<&Element> {
        let own = self.children.iter().filter(|child| child.name == name);
        let deeper = self.children.iter().flat_map(|child| child.all(name));
        own.chain(deeper).collect()
    }

    fn number(&self, attribute: &str) -> usize {
        self.attributes[attribute].parse().unwrap()
    }
}

/// Children and attributes that each element may have, in the order of the schema: what the
/// readers of Jenkins, GitLab and Surefire have in common.
const SCHEMA: &[(&str, &[&str], &[&str])] = &[
    (
        "testsuites",
        &["testsuite"],
        &["name", "tests", "failures", "errors", "skipped", "time"],
    ),
    (
        "testsuite",
        &["properties", "testcase"],
        &[
            "name",
            "tests",
            "failures",
            "errors",
            "skipped",
            "time",
            "timestamp",
        ],
    ),
    ("properties", &["property"], &[]),
    ("property", &[], &["name", "value"]),
    (
        "testcase",
        &["skipped", "error", "failure", "system-out"],
        &["name", "classname", "time"],
    ),
    ("failure", &[], &["message", "type"]),
    ("error", &[], &["message", "type"]),
    ("skipped", &[], &["message"]),
    ("system-out", &[], &[]),
];

fn check_schema(element: &Element) {
    let (_, children, attributes) = SCHEMA
        .iter()
        .find(|(name, ..)| *name == element.name)
        .unwrap_or_else(|| panic!("{} is not in the schema", element.name));
    for attribute in element.attributes.keys() {
        assert!(
            attributes.contains(&attribute.as_str()),
            "{}: {attribute}",
            element.name
        );
    }
    let order = element.children.iter().map(|child| {
        let place = children.iter().position(|name| *name == child.name);
        place.unwrap_or_else(|| panic!("{} in {}", child.name, element.name))
    });
    assert!(
        order.is_sorted(),
        "{}: {:?}",
        element.name,
        element.children
    );
    element.children.iter().for_each(check_schema);
    if matches!(element.name.as_str(), "testsuite" | "testsuites") {
        assert_eq!(element.number("tests"), element.all("testcase").len());
        assert_eq!(element.number("failures"), element.all("failure").len());
        assert_eq!(element.number("errors"), element.all("error").len());
        assert_eq!(element.number("skipped"), element.all("skipped").len());
        let seconds: f64 = element.attributes["time"].parse().unwrap();
        assert!(seconds >= 0.0);
    }
}

#[tokio::test]
async fn the_junit_report_has_a_suite_for_each_row_and_a_case_for_each_part() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let labelled = RunSpec {
        labels: [("team".to_owned(), "shop".to_owned())].into(),
        ..spec(rows(colourful(), 2))
    };
    let (_, run) = execute(&server, labelled).await;
    let xml = report(&server, &run, ArtifactKind::Junit).await;
    let root = Element::parse(&xml);
    check_schema(&root);
    assert_eq!((root.name.as_str(), root.children.len()), ("testsuites", 2));
    assert_eq!(root.attributes["name"], "Checkout");
    let suite = &root.children[0];
    let cases: Vec<_> = suite
        .all("testcase")
        .iter()
        .map(|case| {
            let kind = case
                .children
                .iter()
                .find(|child| child.name != "system-out");
            let kind = kind.map_or("passed", |child| child.name.as_str());
            (case.attributes["name"].clone(), kind.to_owned())
        })
        .collect();
    let expected = [
        ("Setup", "passed"),
        ("Search", "passed"),
        ("Cart", "failure"),
        ("Skipped", "skipped"),
        ("Pay", "error"),
        ("Thanks", "skipped"),
        ("Teardown", "passed"),
    ];
    assert_eq!(
        cases,
        expected.map(|(name, kind)| (name.to_owned(), kind.to_owned()))
    );
    let error = suite.all("error")[0];
    assert_eq!(error.attributes["type"], "TARGET_NOT_FOUND");
    assert_eq!(error.attributes["message"], "nothing matches");
    assert!(
        error.text.contains("step 1: click on \"error\""),
        "{}",
        error.text
    );
    let properties = suite.all("property");
    assert!(
        properties
            .iter()
            .any(|property| property.attributes["name"] == "labels.team")
    );
}

#[tokio::test]
async fn the_junit_report_tells_of_rows_that_failed_by_themselves_or_never_began() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let missing =
        etude_engine::Error::new(v1::ErrorReason::BrowserUnavailable, "no Chromium was found");
    server.backend.refuse(missing);
    let (_, run) = server.execute(rows(test(&["a"]), 10)).await;
    let xml = report(&server, &run, ArtifactKind::Junit).await;
    let root = Element::parse(&xml);
    check_schema(&root);
    let errors = root.all("error");
    assert!(!errors.is_empty());
    assert_eq!(errors[0].attributes["message"], "no Chromium was found");
    let begun = errors.len();
    assert_eq!(
        root.number("tests"),
        10 + begun,
        "each begun row has a case and an error"
    );
}

#[tokio::test]
async fn a_row_that_passed_at_last_is_no_failure() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let flaky = config(test(&["flaky 1"]), |config| config.retries = 1);
    let (_, run) = server.execute(flaky).await;
    let root = Element::parse(&report(&server, &run, ArtifactKind::Junit).await);
    check_schema(&root);
    assert_eq!((root.number("tests"), root.number("failures")), (1, 0));
    let html = report(&server, &run, ArtifactKind::Html).await;
    assert!(
        html.contains("executed again"),
        "the first execution is shown"
    );
}

// === HTML, and what all have in common ===

#[tokio::test]
async fn no_text_breaks_out_of_a_report() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let mut named = step(HOSTILE);
    named.name = HOSTILE.to_owned();
    named.location = Some(v1::SourceLocation {
        file: HOSTILE.to_owned(),
        line: 3,
        column: 4,
    });
    let hostile = Test {
        name: HOSTILE.to_owned(),
        checkpoints: vec![Checkpoint {
            name: HOSTILE.to_owned(),
            steps: vec![named, step(HOSTILE), step("error"), step(HOSTILE)],
            ..Checkpoint::default()
        }],
        data_rows: vec![DataRow {
            name: HOSTILE.to_owned(),
            variables: Vec::new(),
        }],
        ..Test::default()
    };
    let labelled = RunSpec {
        labels: [(HOSTILE.to_owned(), HOSTILE.to_owned())].into(),
        ..spec(hostile)
    };
    let (_, run) = execute(&server, labelled).await;

    let html = report(&server, &run, ArtifactKind::Html).await;
    assert_eq!(html.matches("<script").count(), 1, "ours alone");
    assert_eq!(html.matches("</script").count(), 1);
    assert!(!html.contains("<img src=x"));
    let quoted = html.matches("onerror=alert(2)").count();
    let escaped = html
        .matches("&quot;&#39;&gt;&lt;img src=x onerror=alert(2)&gt;&amp;amp;")
        .count();
    assert!(quoted > 15, "it stands in {quoted} places");
    assert_eq!(quoted, escaped, "and is escaped in all of them");

    let xml = report(&server, &run, ArtifactKind::Junit).await;
    let root = Element::parse(&xml);
    check_schema(&root);
    assert_eq!(root.attributes["name"], HOSTILE.replace('\u{1}', ""));
    assert!(!xml.contains('\u{1}'), "XML cannot hold it");

    let json = report(&server, &run, ArtifactKind::Json).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["run"]["testName"], HOSTILE);
}

#[tokio::test]
async fn the_html_report_shows_failures_first_and_embeds_their_screenshots() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let value = |what: &str| DataRow {
        name: format!("the row of {what}"),
        variables: vec![v1::Variable {
            name: "what".to_owned(),
            source: Some(v1::variable::Source::Value(what.to_owned())),
        }],
    };
    let rows = ["a", "talk", "b"].map(value).to_vec();
    let (_, run) = server
        .execute(Test {
            data_rows: rows,
            ..test(&["$what"])
        })
        .await;
    let html = report(&server, &run, ArtifactKind::Html).await;
    let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("no {text:?}"));
    let bad = at("<h2><span class=\"badge fail\">failed</span>Row 2: the row of talk");
    assert!(bad < at("<section class=\"row\" id=\"r1-1\""));
    assert!(at("1 thing went wrong") < bad);
    let target = at("href=\"#r2-1-2-1-1\"");
    assert!(
        target < at("id=\"r2-1-2-1-1\""),
        "the list leads to the step"
    );
    // `not a png` in base64.
    assert!(html.contains("src=\"data:image/png;base64,bm90IGEgcG5n\""));
    for remote in ["src=\"http", "href=\"http", "url(", "@import", "<link"] {
        assert!(
            !html.contains(remote),
            "{remote}: it opens without a network"
        );
    }
    assert!(html.starts_with("<!doctype html>") && html.ends_with("</html>\n"));
}

/// A test whose blocks hold the steps that matter.
fn nested() -> Test {
    let failing = repeat(2, vec![step("a"), step("talk")]);
    Test {
        checkpoints: vec![Checkpoint {
            name: "Blocks".to_owned(),
            steps: vec![try_catch(&["error"], &["help"], &[]), failing],
            ..Checkpoint::default()
        }],
        ..test(&[])
    }
}

#[tokio::test]
async fn reports_show_the_steps_of_a_block_below_it_and_the_cause_of_a_failure() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let (_, run) = server.execute(nested()).await;
    let html = report(&server, &run, ArtifactKind::Html).await;
    let at = |text: &str| {
        html.find(text)
            .unwrap_or_else(|| panic!("no {text:?} in {html}"))
    };
    let order = [
        "2 things went wrong",
        "<span class=\"text\">try</span>",
        "<span class=\"text\">click on &quot;error&quot;</span>",
        "<span class=\"text\">click on &quot;help&quot;</span>",
        "<span class=\"text\">repeat 2 times</span>",
        "<span class=\"text\">click on &quot;a&quot;</span>",
        "<dt>Iteration</dt>",
    ];
    let places = order.map(at);
    assert!(places.is_sorted(), "{places:?}");
    let ids: Vec<_> = html.split("<li id=\"").skip(1).collect();
    let ids: BTreeSet<_> = ids
        .iter()
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(
        ids.len(),
        2 + 2 + 4,
        "each step has an anchor of its own: {ids:?}"
    );

    let xml = report(&server, &run, ArtifactKind::Junit).await;
    let root = Element::parse(&xml);
    check_schema(&root);
    let failure = root.all("failure")[0];
    let cause = "step 2.2#1: click on \"talk\"";
    assert!(failure.text.contains(cause), "{}", failure.text);
    let lines = &root.all("system-out")[0].text;
    let indents: Vec<_> = lines
        .lines()
        .filter_map(|line| line.split_once(" s  "))
        .map(|(_, text)| text.len() - text.trim_start().len())
        .collect();
    assert_eq!(indents, [0, 2, 2, 0, 2, 2, 2, 2], "{lines}");
}

#[tokio::test]
async fn screenshots_without_room_are_named_instead() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let run = server.create(test(&["talk", "block"])).await;
    server.wait_for_step(&run, "block").await;
    let page = PageRequest {
        size: 10,
        token: String::new(),
    };
    let kept = server.store.list_artifacts(&run, page).await.unwrap().items;
    assert_eq!(kept.len(), 1);
    server.store.delete_artifact(&kept[0].name).await.unwrap();
    server.backend.release();
    server.events(&run).await;
    let run = server.store.run(&run).await.unwrap();
    let html = report(&server, &run, ArtifactKind::Html).await;
    assert!(html.contains(&format!(
        "is not embedded; it is the artifact <code>{}",
        kept[0].name
    )));
    assert!(html.contains("screenshot was left out"));
}

#[tokio::test]
async fn a_long_run_is_reported_in_full() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let (events, run) = server.execute(rows(test(&["a", "b", "fail"]), 150)).await;
    assert!(events.len() > 1000);
    let root = Element::parse(&report(&server, &run, ArtifactKind::Junit).await);
    check_schema(&root);
    assert_eq!((root.number("tests"), root.number("failures")), (150, 150));
    let html = report(&server, &run, ArtifactKind::Html).await;
    assert_eq!(html.matches("<section class=\"row\"").count(), 150);
    assert!(html.contains("150 things went wrong") && html.contains("and 50 more"));
    let json = report(&server, &run, ArtifactKind::Json).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["events"].as_array().unwrap().len(), events.len() - 1);
}
