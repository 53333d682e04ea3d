//! A test as the runner walks through it: parts of steps, in order.

use etude::v1::{self, StepPath, TestPart, command::Action};

/// The parts of one data row.
#[derive(Debug)]
pub(super) struct Plan {
    /// Setup, checkpoints and teardown; parts without steps are left out.
    pub(super) parts: Vec<Part>,
}

/// A part of a test with its steps.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) part: TestPart,
    /// The checkpoint's number, from 1; 0 for setup and teardown.
    pub(super) checkpoint: u32,
    pub(super) name: String,
    pub(super) steps: Vec<v1::Step>,
}

impl Plan {
    /// Takes the steps out of `test`.
    ///
    /// The starting URL is loaded by a step of its own, the first of the setup: it is seen,
    /// timed and counted like any other, and when it fails the checkpoints are not reached.
    pub(super) fn take_from(test: &mut v1::Test) -> Self {
        let mut setup: Vec<_> = starting_step(test).into_iter().collect();
        setup.append(&mut test.setup);
        let teardown = std::mem::take(&mut test.teardown);
        let checkpoints = std::mem::take(&mut test.checkpoints);
        let checkpoints = (1..).zip(checkpoints).map(|(number, checkpoint)| Part {
            part: TestPart::Checkpoint,
            checkpoint: number,
            name: checkpoint.name,
            steps: checkpoint.steps,
        });
        let parts = std::iter::once(Part::outer(TestPart::Setup, "Setup", setup))
            .chain(checkpoints)
            .chain([Part::outer(TestPart::Teardown, "Teardown", teardown)])
            .filter(|part| !part.steps.is_empty());
        Self {
            parts: parts.collect(),
        }
    }
}

impl Part {
    /// The path of a step, or with 0 of the part itself.
    pub(super) fn path(&self, row: u32, step: u32, attempt: u32) -> StepPath {
        StepPath {
            row,
            part: self.part.into(),
            checkpoint: self.checkpoint,
            step,
            attempt,
        }
    }

    /// Whether a path leads into this part.
    pub(super) fn holds(&self, path: &StepPath) -> bool {
        self.order() == (path.part, path.checkpoint)
    }

    /// Rises from part to part.
    pub(super) fn order(&self) -> (i32, u32) {
        (self.part.into(), self.checkpoint)
    }

    fn outer(part: TestPart, name: &str, steps: Vec<v1::Step>) -> Self {
        Self {
            part,
            checkpoint: 0,
            name: name.to_owned(),
            steps,
        }
    }
}

fn starting_step(test: &v1::Test) -> Option<v1::Step> {
    let url = Some(test.starting_url.clone()).filter(|url| !url.is_empty())?;
    Some(v1::Step {
        command: Some(v1::Command {
            action: Some(Action::Navigate(v1::Navigate {
                url,
                ..v1::Navigate::default()
            })),
        }),
        ..v1::Step::default()
    })
}

/// How many data rows a test has, at least 1.
pub(super) fn rows(test: &v1::Test) -> u32 {
    saturated(test.data_rows.len()).max(1)
}

/// How many steps one data row has.
pub(super) fn steps_per_row(test: &v1::Test) -> u32 {
    let checkpoints: usize = test.checkpoints.iter().map(|c| c.steps.len()).sum();
    let start = usize::from(!test.starting_url.is_empty());
    saturated(start + test.setup.len() + checkpoints + test.teardown.len())
}

/// The statistics of a run that has not begun.
pub(super) fn untouched_statistics(test: &v1::Test) -> v1::RunStatistics {
    let rows = rows(test);
    v1::RunStatistics {
        total: steps_per_row(test).saturating_mul(rows),
        rows,
        ..v1::RunStatistics::default()
    }
}

fn saturated(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(count: usize) -> Vec<v1::Step> {
        vec![v1::Step::default(); count]
    }

    #[test]
    fn the_parts_are_numbered_and_counted() {
        let checkpoint = |name: &str, count| v1::Checkpoint {
            name: name.to_owned(),
            steps: steps(count),
            ..v1::Checkpoint::default()
        };
        let mut test = v1::Test {
            starting_url: "/shop".to_owned(),
            setup: steps(2),
            checkpoints: vec![checkpoint("a", 1), checkpoint("b", 3)],
            data_rows: vec![v1::DataRow::default(); 4],
            ..v1::Test::default()
        };
        assert_eq!((rows(&test), steps_per_row(&test)), (4, 7));
        assert_eq!(untouched_statistics(&test).total, 28);
        let plan = Plan::take_from(&mut test);
        let shape: Vec<_> = plan
            .parts
            .iter()
            .map(|part| (part.part, part.checkpoint, part.steps.len()))
            .collect();
        assert_eq!(
            shape,
            vec![
                (TestPart::Setup, 0, 3),
                (TestPart::Checkpoint, 1, 1),
                (TestPart::Checkpoint, 2, 3),
            ]
        );
        let first = plan.parts[0].steps[0].command.as_ref();
        assert!(matches!(
            first.and_then(|command| command.action.as_ref()),
            Some(Action::Navigate(navigate)) if navigate.url == "/shop"
        ));
    }
}
