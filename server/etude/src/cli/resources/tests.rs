//! What holds for every noun and verb.

use std::collections::BTreeSet;

use etude::DESCRIPTOR_POOL;
use prost_reflect::ReflectMessage as _;

use super::naming::{Noun, Verb, nouns};
use super::references::Reference;
use super::*;

fn verbs(word: &str) -> Vec<Verb> {
    let noun = nouns().into_iter().find(|noun| noun.word == word);
    noun.unwrap().verbs()
}

fn names(word: &str) -> Vec<String> {
    verbs(word).into_iter().map(|verb| verb.name).collect()
}

/// The words by which each verb of a noun is called.
fn words(noun: &Noun) -> Vec<String> {
    let all = noun.verbs().into_iter();
    all.flat_map(|verb| verb.aliases.into_iter().chain([verb.name]))
        .collect()
}

#[test]
fn every_method_of_a_service_of_resources_is_reached_by_one_verb() {
    for noun in nouns() {
        let words = words(&noun);
        let unique: BTreeSet<_> = words.iter().collect();
        assert_eq!(unique.len(), words.len(), "{}: {words:?}", noun.word);
        for verb in noun.verbs() {
            let plain = |letter: char| letter.is_ascii_lowercase() || letter == '-';
            assert!(verb.name.chars().all(plain), "{}", verb.name);
            assert!(verb.description.len() > 10, "{} {}", noun.word, verb.name);
        }
    }
}

#[test]
fn every_service_of_resources_has_a_noun() {
    let commands: BTreeSet<_> = etude::catalog::commands()
        .iter()
        .filter_map(|spec| spec.method.split('/').nth(1))
        .collect();
    // These have verbs of their own.
    let others = [
        "Artifact", "Command", "Platform", "Run", "Server", "Session", "Test",
    ];
    let others = others.map(|name| format!("etude.v1.{name}Service"));
    let services = DESCRIPTOR_POOL.services();
    let resources = services.filter(|service| {
        let name = service.full_name();
        !commands.contains(name) && !others.iter().any(|other| other == name)
    });
    assert_eq!(nouns().len(), resources.count());
}

#[test]
fn the_words_are_those_that_people_guess() {
    assert_eq!(names("projects"), ["create", "get", "list", "delete"]);
    let goals = [
        "create",
        "get",
        "list",
        "delete",
        "list-snapshots",
        "list-checkpoints",
    ];
    assert_eq!(names("goals"), goals);
    assert!(names("journeys").contains(&"attach-checkpoint".to_owned()));
    for (noun, word, method) in [
        ("journeys", "attach", "AttachCheckpoint"),
        ("goals", "snapshots", "ListSnapshots"),
        ("executions", "start", "CreateExecution"),
        ("executions", "results", "GetExecutionResults"),
        ("executions", "rerun", "RerunFailures"),
        ("plans", "execute", "ExecutePlan"),
        ("testdata", "export", "ExportTestDataTable"),
        ("testdata", "rows", "ReadTestDataRows"),
        ("testdata", "import", "ImportTestDataRows"),
        ("library", "create", "CreateLibraryCheckpoint"),
        ("library", "delete-step", "DeleteLibraryStep"),
        (
            "environments",
            "delete-variable",
            "DeleteEnvironmentVariable",
        ),
    ] {
        let all = verbs(noun);
        let verb = all
            .iter()
            .find(|verb| verb.name == word || verb.aliases.iter().any(|alias| alias == word));
        assert_eq!(verb.unwrap().method.name(), method, "{noun} {word}");
    }
}

#[test]
fn methods_in_the_words_of_the_server_are_told_as_commands() {
    let told =
        as_commands("put it in with AttachCheckpoint, or with Care; with SetEnvironmentVariable");
    let expected = "put it in with `etude journeys attach-checkpoint`, or with Care; with `etude \
                    environments set-variable`";
    assert_eq!(told, expected);
}

#[test]
fn an_update_has_an_option_for_what_can_be_changed_and_no_other() {
    for noun in nouns() {
        for verb in noun.verbs() {
            if verb
                .method
                .input()
                .get_field_by_name("update_mask")
                .is_none()
            {
                continue;
            }
            let command = Parameters::of(&noun, &verb).add_to(Command::new("x"));
            let options: Vec<_> = command
                .get_arguments()
                .filter(|argument| !argument.is_hide_set())
                .filter_map(|argument| argument.get_long())
                .filter(|name| !["request-id", "update-mask"].contains(name))
                .collect();
            let expected: &[&str] = match noun.word.as_str() {
                "journeys" => &["display-name", "data-table"],
                "library" => &["display-name"],
                "steps" => &["step"],
                _ => continue,
            };
            assert_eq!(options, expected, "{}", noun.word);
        }
    }
}

#[test]
fn a_field_names_the_resources_that_its_pattern_allows() {
    let of = |message: &str, field: &str| {
        let message = DESCRIPTOR_POOL.get_message_by_name(&format!("etude.v1.{message}"));
        Reference::of(&message.unwrap().get_field_by_name(field).unwrap())
    };
    let goal = of("CreateExecutionRequest", "goal").unwrap();
    assert_eq!(
        (goal.first(), goal.placeholder().as_str()),
        (Some("goals"), "GOAL")
    );
    let snapshot = of("CreateExecutionRequest", "snapshot").unwrap();
    assert_eq!(snapshot.first(), Some("goals/*/snapshots"));
    let journeys = of("CreateExecutionRequest", "journeys").unwrap();
    assert_eq!(journeys.first(), Some("journeys"));
    let table = of("GetTestDataTableRequest", "name").unwrap();
    assert_eq!(table.placeholder(), "TEST-DATA-TABLE");
    assert_eq!(of("CreateExecutionRequest", "starting_url"), None);
    assert_eq!(of("CreateGoalRequest", "url"), None);
}

#[test]
fn a_table_has_what_is_new_and_whole_names() {
    let goal = |id: i64, name: &str| etude::v1::Goal {
        name: format!("goals/{id}"),
        display_name: name.to_owned(),
        project: "projects/1".to_owned(),
        ..Default::default()
    };
    let goals = [goal(1, "検索"), goal(2, &"x".repeat(90))];
    let goals: Vec<_> = goals
        .iter()
        .map(|goal| goal.transcode_to_dynamic())
        .collect();
    let shown = table::list(&goals, &["projects/1".to_owned()]);
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines[0], "NAME     DISPLAY NAME");
    assert_eq!(lines[1], "goals/1  検索");
    assert!(
        lines[2].starts_with("goals/2  xxx") && lines[2].ends_with("x…"),
        "{}",
        lines[2]
    );
    let with_project = table::list(&goals, &[]);
    assert!(with_project.contains("PROJECT\n"), "{with_project}");
}

#[test]
fn a_resource_is_shown_with_all_that_it_holds() {
    let step = etude::v1::PlatformStep {
        name: "steps/9".to_owned(),
        position: 1,
        text: "click on \"Log in\"".to_owned(),
        wire: "{}".to_owned(),
        ..Default::default()
    };
    let checkpoint = etude::v1::PlatformCheckpoint {
        name: "checkpoints/5".to_owned(),
        display_name: "Log in".to_owned(),
        goal: "goals/2".to_owned(),
        steps: vec![step],
        ..Default::default()
    };
    let journey = etude::v1::Journey {
        name: "journeys/3".to_owned(),
        display_name: "First visit".to_owned(),
        checkpoints: vec![etude::v1::JourneyCheckpoint {
            position: 1,
            checkpoint: Some(checkpoint),
            ..Default::default()
        }],
        ..Default::default()
    };
    let shown = table::one(&journey.transcode_to_dynamic());
    let expected = "NAME          journeys/3\nDISPLAY NAME  First visit\n\nCHECKPOINTS\n  \
                    1  checkpoints/5  Log in\n    steps/9  1  click on \"Log in\"\n";
    assert_eq!(shown, expected);
}

#[test]
fn results_are_a_tree_with_the_rows_of_data_and_what_went_wrong() {
    use etude::v1::{self, Outcome};
    let step = |text: &str, outcome: Outcome, error: &str| v1::ExecutionStepResult {
        text: text.to_owned(),
        outcome: outcome.into(),
        error: error.to_owned(),
        ..Default::default()
    };
    let checkpoint = |outcome: Outcome, steps: Vec<_>| v1::CheckpointResult {
        checkpoint: "checkpoints/5".to_owned(),
        display_name: "Log in".to_owned(),
        outcome: outcome.into(),
        steps,
        ..Default::default()
    };
    let failed = vec![
        step("click on \"A\"", Outcome::Fail, "no such\nelement"),
        step("click on \"B\"", Outcome::NotReached, ""),
    ];
    let row = |row: i32, outcome: Outcome, steps| v1::DataRowResult {
        row,
        outcome: outcome.into(),
        checkpoints: vec![checkpoint(outcome, steps)],
        ..Default::default()
    };
    let journey = v1::JourneyResult {
        journey: "journeys/3".to_owned(),
        display_name: "Visit".to_owned(),
        outcome: Outcome::Fail.into(),
        rows: vec![
            row(1, Outcome::Pass, vec![step("look", Outcome::Pass, "")]),
            row(2, Outcome::Fail, failed),
        ],
        ..Default::default()
    };
    let answer = v1::GetExecutionResultsResponse {
        execution: None,
        journeys: vec![journey],
    };
    let shown = executions::results(&answer.transcode_to_dynamic()).unwrap();
    let expected = [
        "✗ Visit  journeys/3",
        "  ✓ row 1",
        "    ✓ Log in  checkpoints/5",
        "      ✓ look",
        "  ✗ row 2",
        "    ✗ Log in  checkpoints/5",
        "      ✗ click on \"A\"  FAIL",
        "        no such",
        "        element",
        "      - click on \"B\"  not reached",
    ];
    assert_eq!(shown.lines().collect::<Vec<_>>(), expected);
}
