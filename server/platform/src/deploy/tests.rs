//! Plans, without a platform.

use etude::v1::{self, DeployKind, ErrorReason};
use proptest::prelude::*;

use super::desired::{Desired, Wanted};
use super::diff::{self, Edit};
use super::observed::Observed;
use super::{Deployment, plan};
use crate::codec;
use crate::model::{Checkpoint, Element, Goal, Journey, ParsedStep, Project, Step};

/// A test from YAML, going to `Shop/Web`.
fn deployment(yaml: &str) -> Deployment {
    let parsed = etude_language::parse("t.yaml", yaml.as_bytes());
    Deployment {
        test: parsed
            .test
            .unwrap_or_else(|| panic!("{:?}", parsed.diagnostics)),
        project: "Shop".into(),
        goal: "Web".into(),
        ..Deployment::default()
    }
}

/// The step as the platform stores it.
fn stored(id: i64, wire: &ParsedStep) -> Step {
    Step {
        id,
        action: wire.action.clone(),
        value: wire.value.clone().unwrap_or_default(),
        meta: wire.meta.clone(),
        variable: wire.variable.clone(),
        expression: wire.expression.clone(),
        element: wire.target().map(|target| Element {
            target: Some(target.clone()),
            ..Element::default()
        }),
        optional: wire.optional.unwrap_or_default(),
        ignore_outcome: wire.ignore_outcome.unwrap_or_default(),
        skip: wire.skip.unwrap_or_default(),
        ..Step::default()
    }
}

/// The platform as it is when a test has been deployed.
fn deployed(desired: &Desired) -> Observed {
    let mut id = 100;
    let mut next = || {
        id += 1;
        id
    };
    let names = desired.parts.iter().filter(|part| !part.opens);
    let names = names.map(|part| (part.part, part.name.as_str()));
    let mut titles = super::titles::titles(&desired.title, names).into_iter();
    let cases = desired.parts.iter().map(|part| Checkpoint {
        id: next(),
        title: match part.opens {
            true => "Navigate to URL".to_owned(),
            false => titles.next().unwrap(),
        },
        shared_count: 1,
        steps: part
            .steps
            .iter()
            .map(|step| stored(next(), &step.wire))
            .collect(),
        ..Checkpoint::default()
    });
    let journey = Journey {
        id: 7,
        title: desired.title.clone(),
        tags: desired.tags.clone(),
        cases: Some(cases.collect()),
        ..Journey::default()
    };
    Observed {
        project: Some(Project {
            id: 1,
            name: "Shop".into(),
            ..Project::default()
        }),
        goal: Some(Goal {
            id: 2,
            name: "Web".into(),
            ..Goal::default()
        }),
        snapshot: 3,
        table: desired.table.clone().map(|table| (9, table)),
        journey: Some(journey),
        ..Observed::default()
    }
}

const LOG_IN: &str = r#"
name: Log in
base_url: https://shop.test
starting_url: /login
variables: {user: alice}
tags: [smoke]
setup:
  - comment: begin
checkpoints:
  - name: Form
    steps:
      - write: {text: $user, into: Username}
      - click: Log in
      - assert_exists: Welcome
"#;

fn planned(yaml: &str, there: &Observed) -> v1::DeployPlan {
    let deployment = deployment(yaml);
    let desired = Desired::of(&deployment).unwrap();
    plan::plan(&deployment, &desired, there).unwrap().message()
}

fn changed(plan: &v1::DeployPlan) -> Vec<(DeployKind, String)> {
    let changes = plan
        .changes
        .iter()
        .filter(|change| change.kind() != DeployKind::Keep);
    changes
        .map(|change| (change.kind(), change.path.clone()))
        .collect()
}

#[test]
fn on_an_empty_platform_everything_is_made() {
    let plan = planned(LOG_IN, &Observed::default());
    // Project, goal, journey, table, three checkpoints, and four steps besides the one that comes
    // with the goal. The journey comes with it as well, and is given its tags.
    assert_eq!(
        (plan.adds, plan.updates, plan.deletes),
        (11, 1, 0),
        "{plan:#?}"
    );
    assert_eq!(plan.changes[1].differences[0].after, "https://shop.test");
}

#[test]
fn what_is_deployed_has_an_empty_plan() {
    let desired = Desired::of(&deployment(LOG_IN)).unwrap();
    let plan = planned(LOG_IN, &deployed(&desired));
    assert_eq!(changed(&plan), []);
    assert_eq!((plan.adds, plan.updates, plan.deletes), (0, 0, 0));
}

#[test]
fn an_edited_test_changes_only_what_differs() {
    let there = deployed(&Desired::of(&deployment(LOG_IN)).unwrap());
    let edited = LOG_IN
        .replace("text: $user,", "text: bob,")
        .replace("      - click: Log in\n", "")
        .replace("exists: Welcome", "exists: Welcome\n      - click: Menu");
    let plan = planned(&edited, &there);
    let form = |place: u32| format!("Shop/Web/Log in/Form/{place}");
    let expected = [
        (DeployKind::Update, form(1)),
        (DeployKind::Delete, form(2)),
        (DeployKind::Create, form(3)),
    ];
    assert_eq!(changed(&plan), expected);
    assert_eq!(
        plan.changes[7].differences[0].after,
        r#"write "bob" in "Username""#
    );
}

#[test]
fn a_step_that_moves_is_one_change() {
    let there = deployed(&Desired::of(&deployment(LOG_IN)).unwrap());
    let edited = LOG_IN.replace("      - click: Log in\n", "") + "      - click: Log in\n";
    let plan = planned(&edited, &there);
    let expected = [(DeployKind::Move, "Shop/Web/Log in/Form/3".to_owned())];
    assert_eq!(changed(&plan), expected);
    assert_eq!((plan.adds, plan.updates, plan.deletes), (0, 1, 0));
}

#[test]
fn what_a_run_has_added_to_a_target_is_no_difference() {
    let mut there = deployed(&Desired::of(&deployment(LOG_IN)).unwrap());
    let cases = there.journey.as_mut().unwrap().cases.as_mut().unwrap();
    let element = cases[2].steps[1].element.as_mut().unwrap();
    let target = element.target.as_mut().unwrap();
    target.kind = Some("BUTTON".into());
    target.rest.insert("tagName".into(), "BUTTON".into());
    target.selectors.insert(
        0,
        crate::model::Selector {
            kind: "XPATH".into(),
            value: "/html/body/button".into(),
            ..Default::default()
        },
    );
    assert_eq!(changed(&planned(LOG_IN, &there)), []);
}

#[test]
fn what_cannot_be_reached_is_refused_with_all_its_reasons() {
    let mut there = deployed(&Desired::of(&deployment(LOG_IN)).unwrap());
    let cases = there.journey.as_mut().unwrap().cases.as_mut().unwrap();
    cases[2].shared_count = 3;
    cases.push(Checkpoint {
        title: "Extra".into(),
        steps: vec![Step::default()],
        ..Checkpoint::default()
    });
    let edited = LOG_IN.replace("Welcome", "Hello");
    let mut deployment = deployment(&edited);
    let desired = Desired::of(&deployment).unwrap();
    let error = plan::plan(&deployment, &desired, &there).unwrap_err();
    assert_eq!(error.reason, ErrorReason::DeployConflict);
    assert!(
        error.message.contains("`Extra` stands in the journey"),
        "{error}"
    );
    assert!(
        error.message.contains("2 other journeys share it"),
        "{error}"
    );
    assert!(error.message.contains("` (t.yaml:"), "{error}");
    deployment.replace_journey = true;
    let plan = plan::plan(&deployment, &desired, &there).unwrap().message();
    let (kind, _) = changed(&plan)[0].clone();
    assert_eq!(kind, DeployKind::Replace);
    let paths: Vec<_> = changed(&plan).into_iter().map(|(_, path)| path).collect();
    assert!(
        paths.contains(&"Shop/Web/Log in/Form (Log in)".to_owned()),
        "{paths:?}"
    );
}

#[test]
fn a_shared_checkpoint_is_edited_when_that_is_allowed() {
    let mut there = deployed(&Desired::of(&deployment(LOG_IN)).unwrap());
    there.journey.as_mut().unwrap().cases.as_mut().unwrap()[2].shared_count = 3;
    let mut deployment = deployment(&LOG_IN.replace("Welcome", "Hello"));
    deployment.edit_shared = true;
    let desired = Desired::of(&deployment).unwrap();
    let plan = plan::plan(&deployment, &desired, &there).unwrap().message();
    let edited = plan
        .changes
        .iter()
        .find(|change| change.kind() == DeployKind::Update);
    assert_eq!(edited.unwrap().shared_with, 2);
}

#[test]
fn everything_that_the_platform_cannot_hold_is_told_at_once_with_its_place() {
    let yaml = r#"
name: T
define:
  greet:
    params: [name]
    steps:
      - comment: hello
setup:
  - refresh
checkpoints:
  - name: C
    tags: [x]
    steps:
      - click: A
        retries: 2
      - repeat: 2
        steps:
          - click: B
      - use: greet
        with: {name: x}
      - click: fine
"#;
    let error = super::check(&deployment(yaml)).unwrap_err();
    assert_eq!(error.reason, ErrorReason::CommandUnsupported);
    let lines = error.diagnostics.iter().map(|one| {
        let at = one.location.as_ref().unwrap();
        (at.line, one.suggestion.is_empty())
    });
    let lines: Vec<_> = lines.collect();
    assert_eq!(
        lines,
        [
            (9, false),
            (14, false),
            (14, false),
            (16, false),
            (19, false)
        ]
    );
    assert!(error.message.contains("t.yaml:9:"), "{}", error.message);
    assert!(
        error.message.contains("nothing was made"),
        "{}",
        error.message
    );
}

#[test]
fn the_steps_of_a_block_stand_in_place_of_its_use() {
    let yaml = r#"
name: T
define:
  greet:
    - comment: one
    - comment: two
steps:
  - use: greet
  - comment: three
"#;
    let desired = Desired::of(&deployment(yaml)).unwrap();
    let steps = &desired.parts[0].steps;
    let numbers: Vec<_> = steps
        .iter()
        .map(|step| (step.number, step.within.len()))
        .collect();
    assert_eq!(numbers, [(1, 1), (1, 1), (2, 0)]);
}

// === Scripts ===

fn click(hint: u8) -> Wanted {
    write(hint, None)
}

/// A click, or with a text a write on the same element.
fn write(hint: u8, text: Option<u8>) -> Wanted {
    let target = Some(v1::Target::hint(format!("element {hint}")));
    let command: v1::Command = match text {
        None => v1::Click {
            target,
            ..Default::default()
        }
        .into(),
        Some(text) => v1::Write {
            target,
            text: text.to_string(),
            ..Default::default()
        }
        .into(),
    };
    let step = v1::Step {
        command: Some(command),
        ..Default::default()
    };
    Wanted {
        wire: codec::encode(&step).unwrap(),
        ..Default::default()
    }
}

/// The places that the steps have after the script, by what they are.
fn after(script: &[Edit], there: &[Step], wanted: &[Wanted]) -> Vec<Step> {
    let mut steps = there.to_vec();
    let mut at = 0;
    let made = |w: usize| stored(0, &wanted[w].wire);
    for edit in script {
        match *edit {
            Edit::Keep { .. } => {}
            Edit::Update { wanted: w, .. } | Edit::Exchange { wanted: w, .. } => {
                steps[at] = made(w);
            }
            Edit::Insert { wanted: w } => steps.insert(at, made(w)),
            Edit::Delete { .. } => {
                steps.remove(at);
                continue;
            }
        }
        at += 1;
    }
    steps
}

fn longest_common(a: &[(u8, Option<u8>)], b: &[(u8, Option<u8>)]) -> usize {
    match (a.split_first(), b.split_first()) {
        (Some((x, rest_a)), Some((y, rest_b))) if x == y => 1 + longest_common(rest_a, rest_b),
        (Some((_, rest_a)), Some((_, rest_b))) => {
            longest_common(rest_a, b).max(longest_common(a, rest_b))
        }
        _ => 0,
    }
}

fn some_steps() -> impl Strategy<Value = Vec<(u8, Option<u8>)>> {
    prop::collection::vec((0..3_u8, prop::option::of(0..2_u8)), 0..8)
}

proptest! {
    /// Whatever is there: the script makes what is wanted of it, and leaves as much as can be left.
    #[test]
    fn a_script_gives_what_is_wanted_with_the_fewest_changes(
        old in some_steps(), new in some_steps()
    ) {
        let wanted = |all: &[(u8, Option<u8>)]| -> Vec<Wanted> {
            all.iter().map(|(hint, text)| write(*hint, *text)).collect()
        };
        let there: Vec<Step> = (1..).zip(wanted(&old)).map(|(id, one)| stored(id, &one.wire)).collect();
        let wanted = wanted(&new);
        let script = diff::script(&there, &wanted);
        let result = after(&script, &there, &wanted);
        prop_assert!(diff::is_same(&result, &wanted));
        let kept = script.iter().filter(|edit| matches!(edit, Edit::Keep { .. })).count();
        prop_assert_eq!(kept, longest_common(&old, &new));
    }
}

#[test]
fn a_large_checkpoint_is_compared_in_bounded_time() {
    let old: Vec<Step> = (0..3000)
        .map(|id| stored(id, &click((id % 251) as u8).wire))
        .collect();
    let new: Vec<Wanted> = (0..3000).map(|id| click((id % 249) as u8)).collect();
    let script = diff::script(&old, &new);
    assert!(diff::is_same(&after(&script, &old, &new), &new));
}
