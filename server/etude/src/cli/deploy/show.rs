//! A plan and its progress in words.

use std::fmt::Write as _;

use etude::v1::{self, DeployKind, DeployObject};

use super::super::style::{Style, one_line};

/// What will be done, as a list of signs: `+` made, `~` changed, `-` removed.
pub(super) fn plan(file: &str, plan: &v1::DeployPlan, style: Style) -> String {
    let mut out = format!("{}\n", style.bold(&one_line(file)));
    let mut checkpoint = None;
    for change in &plan.changes {
        let is_step = change.object() == DeployObject::Step;
        if change.object() == DeployObject::Checkpoint {
            checkpoint = Some(change);
        }
        if change.kind() == DeployKind::Keep {
            continue;
        }
        // The checkpoint of a step that changes stands above it, changed or not.
        if is_step
            && let Some(kept) = checkpoint.take()
            && kept.kind() == DeployKind::Keep
        {
            let _ = writeln!(out, "    checkpoint {}", one_line(&kept.path));
        }
        if !is_step {
            checkpoint = None;
        }
        let _ = writeln!(out, "{}", line(change, style));
    }
    for note in &plan.notes {
        let _ = writeln!(out, "  {} {}", style.yellow("note:"), one_line(note));
    }
    let counts = format!(
        "Plan: {} to add, {} to change, {} to remove.",
        plan.adds, plan.updates, plan.deletes
    );
    match plan.adds + plan.updates + plan.deletes {
        0 => out += "No changes: the platform has the test as it is.\n",
        _ => out += &format!("{}\n", style.bold(&counts)),
    }
    out
}

fn line(change: &v1::DeployChange, style: Style) -> String {
    let sign = sign(change.kind(), style);
    let shared = match change.shared_with {
        0 => String::new(),
        others => format!("  ({others} other journeys share it)"),
    };
    if change.object() == DeployObject::Step {
        let number = change.path.rsplit('/').next().unwrap_or_default();
        return format!("      {sign} {number:>3}  {}{shared}", differences(change));
    }
    let differences = differences(change);
    let behind = match differences.as_str() {
        "" => String::new(),
        text => format!("  {text}"),
    };
    format!(
        "  {sign} {} {}{behind}{shared}",
        object(change.object()),
        one_line(&change.path)
    )
}

/// The sign of a kind.
fn sign(kind: DeployKind, style: Style) -> String {
    match kind {
        DeployKind::Create | DeployKind::Attach => style.green("+"),
        DeployKind::Update | DeployKind::Move => style.yellow("~"),
        DeployKind::Delete => style.red("-"),
        DeployKind::Replace => format!("{}/{}", style.red("-"), style.green("+")),
        DeployKind::Keep | DeployKind::Unspecified => " ".to_owned(),
    }
}

fn object(object: DeployObject) -> &'static str {
    match object {
        DeployObject::Project => "project",
        DeployObject::Goal => "goal",
        DeployObject::Journey => "journey",
        DeployObject::TestDataTable => "test data",
        DeployObject::Checkpoint => "checkpoint",
        DeployObject::Step | DeployObject::Unspecified => "step",
    }
}

fn differences(change: &v1::DeployChange) -> String {
    let one = |difference: &v1::DeployDifference| {
        let (before, after) = (one_line(&difference.before), one_line(&difference.after));
        let text = match (before.as_str(), after.as_str()) {
            ("", after) => after.to_owned(),
            (before, "") => before.to_owned(),
            (before, after) if before == after => return after.to_owned(),
            (before, after) => format!("{before} → {after}"),
        };
        match difference.field.as_str() {
            "step" => text,
            field => format!("{field} {text}"),
        }
    };
    let all: Vec<_> = change.differences.iter().map(one).collect();
    all.join(", ")
}

/// A change that was made and read back.
pub(super) fn progress(
    progress: &v1::DeployProgress,
    plan: &v1::DeployPlan,
    style: Style,
) -> String {
    let at = (progress.change as usize).checked_sub(1);
    let change = at
        .and_then(|at| plan.changes.get(at))
        .cloned()
        .unwrap_or_default();
    let width = progress.total.to_string().len();
    let name = match progress.name.as_str() {
        "" => String::new(),
        name => style.dim(&format!("  {}", one_line(name))),
    };
    format!(
        "  {:>width$}/{} {} {}{name}",
        progress.done,
        progress.total,
        sign(change.kind(), style),
        one_line(&change.path)
    )
}

/// Where a test is.
pub(super) fn deployed(deployed: &v1::DeployedTest, style: Style) -> String {
    let steps: usize = deployed.parts.iter().map(|part| part.steps.len()).sum();
    format!(
        "{} {} in {}: {} checkpoints, {steps} steps\n",
        style.green("deployed"),
        deployed.journey,
        deployed.goal,
        deployed.parts.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(kind: DeployKind, object: DeployObject, path: &str) -> v1::DeployChange {
        v1::DeployChange {
            kind: kind.into(),
            object: object.into(),
            path: path.to_owned(),
            ..v1::DeployChange::default()
        }
    }

    #[test]
    fn a_plan_is_told_as_signs_and_counts() {
        let mut step = change(DeployKind::Update, DeployObject::Step, "S/W/J/C/2");
        step.shared_with = 2;
        step.differences = vec![v1::DeployDifference {
            field: "step".into(),
            before: "click on \"A\"".into(),
            after: "click on \"B\"".into(),
        }];
        let told = plan(
            "t.yaml",
            &v1::DeployPlan {
                changes: vec![
                    change(DeployKind::Keep, DeployObject::Project, "S"),
                    change(DeployKind::Create, DeployObject::Goal, "S/W"),
                    change(DeployKind::Keep, DeployObject::Checkpoint, "S/W/J/C"),
                    step,
                    change(DeployKind::Delete, DeployObject::Step, "S/W/J/C/3"),
                ],
                adds: 1,
                updates: 1,
                deletes: 1,
                notes: vec!["mind this".into()],
                ..v1::DeployPlan::default()
            },
            Style::plain(),
        );
        let expected = "t.yaml\n  + goal S/W\n    checkpoint S/W/J/C\n      ~   2  click on \"A\" → \
                        click on \"B\"  (2 other journeys share it)\n      -   3  \n  note: mind \
                        this\nPlan: 1 to add, 1 to change, 1 to remove.\n";
        assert_eq!(told, expected);
    }
}
