//! Journeys as tests, without a platform.

use etude::v1;

use super::*;
use crate::deploy::Table;
use crate::model::{Checkpoint, CheckpointMeta, Journey, Object, Step};

fn comment(text: &str) -> Step {
    Step {
        action: "COMMENT".into(),
        value: text.into(),
        meta: Object::from_iter([("kind".to_owned(), "COMMENT".into())]),
        ..Step::default()
    }
}

fn case(title: &str, steps: Vec<Step>) -> Checkpoint {
    Checkpoint {
        title: title.into(),
        steps,
        ..Checkpoint::default()
    }
}

#[test]
fn nothing_is_left_out_without_a_note() {
    let call = Step {
        action: "API_CALL".into(),
        value: "12".into(),
        meta: Object::from_iter([("apiTestId".to_owned(), 12.into())]),
        optional: true,
        ..Step::default()
    };
    let mut library = case("Shared", vec![comment("a")]);
    library.library_checkpoint_id = Some(5);
    let mut looped = case("Again", vec![comment("b"), call]);
    looped.checkpoint_meta = Some(CheckpointMeta {
        loop_iterations: Some(3.into()),
        ..CheckpointMeta::default()
    });
    looped.tags = vec!["slow".into()];
    let journey = Journey {
        title: "J".into(),
        cases: Some(vec![library, case("Empty", vec![]), looped]),
        ..Journey::default()
    };
    let table = Table {
        columns: vec!["user".into(), "no name".into()],
        rows: vec![vec!["a".into(), "x".into()], vec!["b".into(), "y".into()]],
    };
    let Pulled { test, notes } = read(&journey, Some(table));
    for expected in [
        "libraryCheckpoints/5",
        "`Empty` has no steps",
        "a loop 3 times",
        "slow",
        "step 2 of `Again` (API_CALL)",
        "`no name`",
    ] {
        assert!(
            notes.iter().any(|note| note.contains(expected)),
            "{expected}: {notes:#?}"
        );
    }
    assert_eq!(test.checkpoints.len(), 2);
    assert_eq!(test.data_rows.len(), 2);
    let kept = &test.checkpoints[1].steps[1];
    assert!(kept.flags.unwrap().optional);
    let carried = crate::deploy::raw::carried(kept).unwrap();
    assert_eq!(
        (carried.action.as_str(), carried.optional),
        ("API_CALL", Some(true))
    );
    let text = etude_language::format(&test, v1::DocumentFormat::Yaml).unwrap();
    let again = etude_language::parse("t.yaml", text.as_bytes())
        .test
        .unwrap();
    let script = &again.checkpoints[1].steps[1];
    assert_eq!(crate::deploy::raw::carried(script), Some(carried));
}

#[test]
fn a_setup_and_a_teardown_are_read_back() {
    let journey = Journey {
        title: "J".into(),
        cases: Some(vec![
            case("Setup", vec![comment("a")]),
            case("J", vec![comment("b")]),
            case("Teardown (J)", vec![comment("c")]),
        ]),
        ..Journey::default()
    };
    let test = read(&journey, None).test;
    assert_eq!((test.setup.len(), test.teardown.len()), (1, 1));
    assert_eq!(test.checkpoints[0].name, "");
}

#[test]
fn files_have_paths_of_their_own() {
    let mut taken = HashSet::new();
    let folders = ["My Shop / EU".to_owned()];
    assert_eq!(
        free_path(&folders, "Log in!", &mut taken),
        "my-shop-eu/log-in.yaml"
    );
    assert_eq!(
        free_path(&folders, "log in", &mut taken),
        "my-shop-eu/log-in-2.yaml"
    );
    assert_eq!(free_path(&[], "🛒", &mut taken), "unnamed.yaml");
    assert_eq!(free_path(&[], "Überblick", &mut taken), "überblick.yaml");
}
