//! How blocks of steps are executed, and what their events tell.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::blocks::{block, branch, expression, if_else, repeat, steps, try_catch};
use common::{
    Server, assert_state, check_log, checkpoint, flagged, lines, millis, statistics, step, test,
};
use etude::v1::{
    self, BlockPosition, BlockSection, Condition, Outcome, RunEvent, RunState, Step, Test, block,
    condition, run_event::Payload,
};
use tempfile::tempdir;

/// Executes a test; its events, and the run.
async fn execute(test: Test) -> (Vec<RunEvent>, v1::Run) {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let (events, run) = server.execute(test).await;
    check_log(&events);
    server.backend.all_closed().await;
    (events, run)
}

fn of(steps: Vec<Step>) -> Test {
    Test {
        checkpoints: vec![v1::Checkpoint {
            name: "main".to_owned(),
            steps,
            ..v1::Checkpoint::default()
        }],
        ..test(&[])
    }
}

/// Holds when the variable has the value.
fn equals(variable: &str, value: &str) -> Option<Condition> {
    let assert = v1::AssertVariable {
        variable: variable.to_owned(),
        value: value.to_owned(),
        ..v1::AssertVariable::default()
    };
    Some(Condition {
        kind: Some(condition::Kind::Command(assert.into())),
        negated: false,
    })
}

fn set(name: &str, value: &str) -> Step {
    let set = v1::SetVariable {
        variable: name.to_owned(),
        value: value.to_owned(),
    };
    Step {
        command: Some(set.into()),
        ..Step::default()
    }
}

fn finished(events: &[RunEvent]) -> Vec<&v1::StepFinished> {
    let payloads = events.iter().filter_map(|event| event.payload.as_ref());
    payloads
        .filter_map(|payload| match payload {
            Payload::StepFinished(step) => Some(step),
            _ => None,
        })
        .collect()
}

/// The lines of the part.
fn inside(events: &[RunEvent]) -> Vec<String> {
    let lines = lines(events);
    let end = lines.len() - 3;
    lines[4..end].to_vec()
}

#[tokio::test]
async fn the_first_branch_whose_condition_holds_is_taken() {
    for (value, taken, number) in [("1", "one", 1), ("2", "two", 2), ("3", "other", 0)] {
        let (events, run) = execute(of(vec![
            set("a", value),
            if_else(
                vec![
                    branch(equals("a", "1"), &["one"]),
                    branch(equals("a", "2"), &["two"]),
                ],
                &["other"],
            ),
        ]))
        .await;
        assert_state(&run, RunState::Finished, Outcome::Pass);
        assert_eq!(
            inside(&events)[2..],
            [
                "step if $a equals \"1\"".to_owned(),
                format!("step {taken}"),
                format!("{taken} PASS"),
                "if $a equals \"1\" PASS".to_owned(),
            ]
        );
        assert_eq!(statistics(&run), [2, 2, 0, 0, 0, 0], "a block is one step");
        let steps = finished(&events);
        assert_eq!(steps[2].block.unwrap().branch, number);
        let place = steps[1].within[0];
        let section = match number {
            0 => BlockSection::Else,
            _ => BlockSection::Then,
        };
        assert_eq!((place.section(), place.branch), (section, number));
    }
}

#[tokio::test]
async fn without_a_branch_nothing_is_executed_and_the_block_passes() {
    let (events, run) = execute(of(vec![
        set("off", "false"),
        if_else(vec![branch(expression("$off"), &["fail"])], &[]),
    ]))
    .await;
    assert_state(&run, RunState::Finished, Outcome::Pass);
    assert_eq!(inside(&events)[2..], ["step if $off", "if $off PASS"]);
}

#[tokio::test]
async fn loops_in_loops_tell_where_each_step_stands() {
    let inner = block(block::Kind::ForEach(v1::ForEachBlock {
        file: String::new(),
        variable: "x".to_owned(),
        list: "[\"a\", \"b\"]".to_owned(),
        steps: steps(&["item $x"]),
        ..v1::ForEachBlock::default()
    }));
    let (events, run) = execute(of(vec![repeat(2, vec![step("first"), inner])])).await;
    assert_state(&run, RunState::Finished, Outcome::Pass);
    let said: Vec<_> = finished(&events)
        .iter()
        .map(|step| {
            let place = |p: &BlockPosition| format!("{}.{}", p.iteration, p.step);
            let within: Vec<_> = step.within.iter().map(place).collect();
            let text = &step.result.as_ref().unwrap().used_variables;
            format!("{} {}", within.join(" "), text.get("x").map_or("-", |x| x))
        })
        .collect();
    assert_eq!(
        said,
        [
            "1.1 -",
            "1.2 1.1 a",
            "1.2 2.1 b",
            "1.2 -",
            "2.1 -",
            "2.2 1.1 a",
            "2.2 2.1 b",
            "2.2 -",
            " -",
        ]
    );
    let outer = finished(&events).last().unwrap().block.unwrap();
    assert_eq!(outer.iterations, 2);
}

#[tokio::test]
async fn a_while_ends_when_its_condition_does_or_at_its_limit() {
    let loop_of = |max, steps| {
        block(block::Kind::WhileLoop(v1::WhileBlock {
            condition: expression("$go"),
            max,
            steps,
        }))
    };
    let ends = loop_of(5, vec![set("go", "false")]);
    let (events, run) = execute(of(vec![set("go", "yes"), ends])).await;
    assert_state(&run, RunState::Finished, Outcome::Pass);
    let last = finished(&events).pop().unwrap();
    assert_eq!(last.block.unwrap().iterations, 1);

    let endless = loop_of(3, steps(&["again"]));
    let (events, run) = execute(of(vec![set("go", "yes"), endless])).await;
    assert_state(&run, RunState::Finished, Outcome::Error);
    let last = finished(&events).pop().unwrap();
    let failure = last.result.as_ref().unwrap().failure.as_ref().unwrap();
    assert_eq!(failure.reason, "LOOP_LIMIT");
    let block = last.block.unwrap();
    assert_eq!((block.iterations, block.inherited), (3, false));
}

#[tokio::test]
async fn a_fail_goes_on_and_an_error_ends_the_loop_and_the_row() {
    let (events, run) = execute(of(vec![
        repeat(2, steps(&["fail", "a"])),
        repeat(2, steps(&["error", "b"])),
        step("after"),
    ]))
    .await;
    assert_state(&run, RunState::Finished, Outcome::Error);
    assert_eq!(
        inside(&events),
        [
            "step repeat 2 times",
            "step fail",
            "fail FAIL ASSERTION_FAILED",
            "step a",
            "a PASS",
            "step fail",
            "fail FAIL ASSERTION_FAILED",
            "step a",
            "a PASS",
            "repeat 2 times FAIL ASSERTION_FAILED",
            "step repeat 2 times",
            "step error",
            "error ERROR TARGET_NOT_FOUND",
            "repeat 2 times ERROR TARGET_NOT_FOUND",
            "after NOT_REACHED PREVIOUS_STEP_ERROR",
        ]
    );
    assert_eq!(statistics(&run), [3, 0, 1, 1, 0, 1]);
    assert!(finished(&events)[4].block.unwrap().inherited);
}

#[tokio::test]
async fn flags_of_steps_in_a_block_and_of_the_block_soften_an_error() {
    let inside_block = flagged("error", |flags| flags.continue_on_failure = true);
    let (events, run) = execute(of(vec![
        repeat(1, vec![inside_block, step("a")]),
        step("b"),
    ]))
    .await;
    assert_state(&run, RunState::Finished, Outcome::Error);
    assert_eq!(inside(&events).last().unwrap(), "b PASS");

    let optional = Step {
        flags: Some(v1::StepFlags {
            optional: true,
            ..v1::StepFlags::default()
        }),
        ..repeat(1, steps(&["error"]))
    };
    let (events, run) = execute(of(vec![optional, step("b")])).await;
    assert_state(&run, RunState::Finished, Outcome::Pass);
    assert!(finished(&events)[1].uncounted);
}

#[tokio::test]
async fn a_failure_is_caught_and_the_last_steps_are_executed_whatever_happens() {
    for (tried, said) in [
        ("fail", "fail FAIL ASSERTION_FAILED"),
        ("error", "error ERROR TARGET_NOT_FOUND"),
    ] {
        let caught = try_catch(&[tried, "never"], &["help"], &["last"]);
        let (events, run) = execute(of(vec![caught, step("after")])).await;
        assert_state(&run, RunState::Finished, Outcome::Pass);
        assert_eq!(
            inside(&events),
            [
                "step try",
                &format!("step {tried}"),
                said,
                "step help",
                "help PASS",
                "step last",
                "last PASS",
                "try PASS",
                "step after",
                "after PASS",
            ]
        );
        let steps = finished(&events);
        assert!(steps[0].uncounted && !steps[1].uncounted);
        assert!(steps[3].block.unwrap().caught);
    }
}

#[tokio::test]
async fn without_a_catch_the_failure_counts_and_a_failing_catch_too() {
    let (events, run) = execute(of(vec![try_catch(&["fail", "never"], &[], &["last"])])).await;
    assert_state(&run, RunState::Finished, Outcome::Fail);
    assert!(lines(&events).contains(&"last PASS".to_owned()));
    assert!(!finished(&events)[0].uncounted);

    let (_, run) = execute(of(vec![try_catch(&["error"], &["fail"], &[])])).await;
    assert_state(&run, RunState::Finished, Outcome::Fail);
}

#[tokio::test]
async fn a_condition_that_cannot_be_examined_is_an_error_of_its_block() {
    let (events, run) = execute(Test {
        teardown: vec![step("clean up")],
        ..of(vec![if_else(
            vec![branch(expression("$none"), &["a"])],
            &["b"],
        )])
    })
    .await;
    assert_state(&run, RunState::Finished, Outcome::Error);
    let lines = lines(&events);
    assert!(lines.contains(&"if $none ERROR UNKNOWN_VARIABLE".to_owned()));
    assert!(lines.contains(&"clean up PASS".to_owned()), "{lines:?}");
}

#[tokio::test]
async fn a_cancelled_run_ends_the_blocks_that_are_open() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let inner = try_catch(&["block"], &["help"], &["last"]);
    let run = server.create(of(vec![repeat(3, vec![inner])])).await;
    server.wait_for_step(&run, "block").await;
    let run = server.runs.cancel(&run).await.unwrap();
    assert_eq!(run.state(), RunState::Cancelled);
    let events = server.events(&run.name).await;
    check_log(&events);
    let open = events
        .iter()
        .filter(|event| matches!(event.payload, Some(Payload::StepStarted(_))));
    assert_eq!(
        open.count(),
        finished(&events).len(),
        "{:?}",
        lines(&events)
    );
    assert_eq!(server.backend.executed(), ["block"]);
}

#[tokio::test]
async fn a_row_whose_time_is_up_leaves_its_blocks_and_is_cleaned_up() {
    let (events, run) = execute(common::config(
        Test {
            teardown: vec![step("clean up")],
            ..of(vec![repeat(3, vec![try_catch(&["block"], &["help"], &[])])])
        },
        |config| config.timeout = millis(100),
    ))
    .await;
    assert_state(&run, RunState::Finished, Outcome::Error);
    let lines = lines(&events);
    assert!(
        lines.contains(&"row 1 ERROR RUN_TIMEOUT".to_owned()),
        "{lines:?}"
    );
    assert!(lines.contains(&"clean up PASS".to_owned()), "{lines:?}");
    assert!(!lines.contains(&"step help".to_owned()), "{lines:?}");
}

#[tokio::test]
async fn what_is_wrong_with_a_block_is_told_before_it_is_executed() {
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let deep = (0..21).fold(step("a"), |inner, _| repeat(1, vec![inner]));
    let click = checkpoint("", &["a"]).steps.remove(0).command.unwrap();
    let no_assertion = Condition {
        kind: Some(condition::Kind::Command(click)),
        negated: false,
    };
    let not_asserted = if_else(vec![branch(Some(no_assertion), &["a"])], &[]);
    for wrong in [
        deep,
        not_asserted,
        repeat(0, steps(&["a"])),
        repeat(1, vec![]),
    ] {
        let request = v1::CreateRunRequest {
            spec: Some(common::spec(of(vec![wrong]))),
            ..v1::CreateRunRequest::default()
        };
        let refused = server.runs.create(request).await;
        assert!(refused.is_err());
    }
}

#[tokio::test]
async fn no_secret_stands_in_what_a_block_tells() {
    let secret = v1::Variable {
        name: "password".to_owned(),
        source: Some(v1::variable::Source::Secret("PASSWORD".to_owned())),
    };
    let for_each = |items: &[&str], list: &str| {
        block(block::Kind::ForEach(v1::ForEachBlock {
            file: String::new(),
            variable: "x".to_owned(),
            items: items.iter().map(|&item| item.to_owned()).collect(),
            list: list.to_owned(),
            steps: steps(&["talk $x"]),
        }))
    };
    let blocks = vec![
        if_else(
            vec![branch(equals("password", "other"), &["a"])],
            &["talk $password"],
        ),
        if_else(
            vec![branch(equals("password", "hunter2"), &["talk then"])],
            &[],
        ),
        if_else(vec![branch(expression("$password"), &["talk then"])], &[]),
        for_each(&["item $password"], ""),
        for_each(&[], "[\"$password\"]"),
        for_each(&[], "$password is no list"),
    ];
    for (index, step) in blocks.into_iter().enumerate() {
        let folder = tempdir().unwrap();
        let server = Server::start(folder.path()).await;
        let (events, run) = server
            .execute(Test {
                variables: vec![secret.clone()],
                ..of(vec![step])
            })
            .await;
        check_log(&events);
        let told = format!("{events:?}");
        // The test writes one of the conditions itself.
        let told = told.replace("$password equals \\\"hunter2\\\"", "");
        assert!(!told.contains("hunter2"), "{index}: {told}");
        assert_ne!(run.outcome(), Outcome::Pass, "{index}");
    }
}

fn use_block(name: &str, arguments: &[(&str, &str)]) -> Step {
    let argument = |(name, value): &(&str, &str)| v1::Argument {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    block(block::Kind::UseBlock(v1::UseBlock {
        file: String::new(),
        block: name.to_owned(),
        arguments: arguments.iter().map(argument).collect(),
    }))
}

/// A definition; a parameter with `=` has a default.
fn define(name: &str, parameters: &[&str], steps: Vec<Step>) -> v1::Definition {
    let parameter = |text: &&str| match text.split_once('=') {
        None => v1::Parameter {
            name: (*text).to_owned(),
            otherwise: None,
        },
        Some((name, text)) => v1::Parameter {
            name: name.to_owned(),
            otherwise: Some(v1::parameter::Otherwise::DefaultValue(text.to_owned())),
        },
    };
    v1::Definition {
        file: String::new(),
        name: name.to_owned(),
        parameters: parameters.iter().map(parameter).collect(),
        steps,
    }
}

#[tokio::test]
async fn a_block_that_is_used_has_its_parameters_and_tells_them() {
    let visit = define(
        "visit",
        &["who", "how=as $who"],
        vec![step("$who $how"), set("who", "x")],
    );
    let twice = define(
        "twice",
        &["who"],
        vec![
            use_block("visit", &[("who", "$who the first")]),
            step("then $who"),
        ],
    );
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let (events, run) = server
        .execute(Test {
            definitions: vec![visit, twice],
            ..of(vec![
                set("who", "outer"),
                use_block("twice", &[("who", "ada")]),
                use_block("visit", &[("how", "alone"), ("who", "$who")]),
                step("after $who"),
            ])
        })
        .await;
    check_log(&events);
    assert_state(&run, RunState::Finished, Outcome::Pass);
    assert_eq!(
        server.backend.executed(),
        [
            "ada the first as ada the first",
            "then ada",
            "outer alone",
            "after outer",
        ]
    );
    let told: Vec<_> = finished(&events)
        .into_iter()
        .filter(|step| step.block.is_some())
        .map(|step| {
            let result = step.result.as_ref().unwrap();
            let values = result.used_variables.iter();
            let values: Vec<_> = values
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let kind = step.block.unwrap().kind();
            assert_eq!(kind, v1::BlockKind::Use);
            format!(
                "{} {} [{}]",
                step.within.len(),
                result.text,
                values.join(", ")
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "1 use \"visit\" with $who \"$who the first\" [how=as ada the first, who=ada the first]",
            "0 use \"twice\" with $who \"ada\" [who=ada]",
            "0 use \"visit\" with $how \"alone\", $who $who [how=alone, who=outer]",
        ]
    );
    let inner = finished(&events)[1].within.clone();
    let sections: Vec<_> = inner.iter().map(BlockPosition::section).collect();
    assert_eq!(sections, [BlockSection::Used, BlockSection::Used]);
    let counted = statistics(&run);
    assert_eq!(counted[0], 4, "a block is one step");
}

#[tokio::test]
async fn a_parameter_that_cannot_be_computed_is_an_error_of_the_use() {
    let asks = define("asks", &["a", "b=$none"], steps(&["never"]));
    for (arguments, executed) in [
        (vec![("a", "$none")], false),
        (vec![("a", "x")], false),
        (vec![("a", "x"), ("b", "y")], true),
    ] {
        let folder = tempdir().unwrap();
        let server = Server::start(folder.path()).await;
        let (events, run) = server
            .execute(Test {
                definitions: vec![asks.clone()],
                teardown: vec![step("last $a with default \"nothing\"")],
                ..of(vec![use_block("asks", &arguments)])
            })
            .await;
        check_log(&events);
        let lines = lines(&events);
        let failed = lines
            .iter()
            .any(|line| line.ends_with("ERROR UNKNOWN_VARIABLE"));
        assert_eq!(failed, !executed, "{lines:?}");
        let last = server.backend.executed().pop();
        assert_eq!(
            last.as_deref(),
            Some("last nothing"),
            "the parameter is gone"
        );
        let outcome = if executed {
            Outcome::Pass
        } else {
            Outcome::Error
        };
        assert_eq!(run.outcome(), outcome);
    }
}

#[tokio::test]
async fn a_secret_in_a_parameter_is_shown_nowhere() {
    let login = define("log in", &["password"], steps(&["talk $password"]));
    let folder = tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let (events, _) = server
        .execute(Test {
            variables: vec![v1::Variable {
                name: "secret".to_owned(),
                source: Some(v1::variable::Source::Secret("PASSWORD".to_owned())),
            }],
            definitions: vec![login],
            ..of(vec![use_block("log in", &[("password", "$secret")])])
        })
        .await;
    assert_eq!(server.backend.executed(), ["talk hunter2"]);
    assert!(!format!("{events:?}").contains("hunter2"), "{events:#?}");
    let used = finished(&events).pop().unwrap().result.clone().unwrap();
    assert_eq!(used.used_variables["password"], "••••");
}
