//! How outcomes add up, and which outcome stops what.

use etude::v1::{Outcome, RunStatistics, StepFlags};

use crate::executor::flags;

/// What the outcome of a step means for its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    /// The outcome that counts; PASS for one that does not.
    pub(super) counted: Outcome,
    /// Whether the row's remaining steps are not reached.
    pub(super) stops: bool,
}

/// Weighs the outcome of a step. What does not count does not stop either: otherwise steps would
/// be missing from a row that passed.
pub(super) fn weigh(outcome: Outcome, flags: &StepFlags, continue_on_error: bool) -> Verdict {
    let spoils = matches!(outcome, Outcome::Fail | Outcome::Error);
    Verdict {
        counted: if spoils && !flags::counts(flags, outcome) {
            Outcome::Pass
        } else {
            outcome
        },
        stops: flags::stops(flags, outcome) && !continue_on_error,
    }
}

/// The worse of two outcomes: ERROR before FAIL before NOT_REACHED before PASS before SKIP. A
/// part that was left unfinished has not passed.
pub(super) fn worse(a: Outcome, b: Outcome) -> Outcome {
    if rank(a) >= rank(b) { a } else { b }
}

fn rank(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Unspecified => 0,
        Outcome::Skip => 1,
        Outcome::Pass => 2,
        Outcome::NotReached => 3,
        Outcome::Fail => 4,
        Outcome::Error => 5,
    }
}

/// Counts steps by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    passed: u32,
    failed: u32,
    errors: u32,
    skipped: u32,
}

impl Counts {
    /// Counts a step.
    pub(super) fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Pass => self.passed += 1,
            Outcome::Fail => self.failed += 1,
            Outcome::Error => self.errors += 1,
            Outcome::Skip => self.skipped += 1,
            Outcome::NotReached | Outcome::Unspecified => {}
        }
    }

    /// Adds the counts to statistics whose totals are set.
    pub(super) fn add_to(&self, statistics: &mut RunStatistics) {
        statistics.passed += self.passed;
        statistics.failed += self.failed;
        statistics.errors += self.errors;
        statistics.skipped += self.skipped;
    }
}

/// Says that all steps of a finished run that nothing came of were not reached.
pub(super) fn complete(mut statistics: RunStatistics) -> RunStatistics {
    let reached = statistics.passed + statistics.failed + statistics.errors + statistics.skipped;
    statistics.not_reached = statistics.total.saturating_sub(reached);
    statistics
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(outcome: Outcome, flags: StepFlags) -> (Outcome, bool) {
        let verdict = weigh(outcome, &flags, false);
        (verdict.counted, verdict.stops)
    }

    #[test]
    fn flags_decide_what_counts_and_what_stops() {
        let plain = StepFlags::default;
        let optional = || StepFlags {
            optional: true,
            ..plain()
        };
        let ignored = || StepFlags {
            ignore_outcome: true,
            ..plain()
        };
        let go_on = || StepFlags {
            continue_on_failure: true,
            ..plain()
        };
        use Outcome::{Error, Fail, Pass, Skip};
        assert_eq!(verdict(Pass, plain()), (Pass, false));
        assert_eq!(verdict(Skip, plain()), (Skip, false));
        assert_eq!(verdict(Fail, plain()), (Fail, false));
        assert_eq!(verdict(Error, plain()), (Error, true));
        assert_eq!(verdict(Error, go_on()), (Error, false));
        for flags in [optional(), ignored()] {
            assert_eq!(verdict(Fail, flags), (Pass, false));
            assert_eq!(verdict(Error, flags), (Pass, false));
        }
        let stops = weigh(Error, &plain(), true).stops;
        assert!(!stops, "continue_on_error goes on");
    }

    #[test]
    fn error_outweighs_fail_outweighs_pass() {
        use Outcome::{Error, Fail, NotReached, Pass, Skip, Unspecified};
        let rising = [Unspecified, Skip, Pass, NotReached, Fail, Error];
        for (index, a) in rising.iter().enumerate() {
            for b in &rising[index..] {
                assert_eq!(worse(*a, *b), *b);
                assert_eq!(worse(*b, *a), *b);
            }
        }
    }
}
