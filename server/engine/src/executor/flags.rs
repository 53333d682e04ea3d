//! What a step's flags make of its outcome. The executor reports outcomes; whoever executes
//! several steps in a row asks here what follows.

use etude::v1::{Outcome, StepFlags};

/// Whether an outcome makes the step's checkpoint, row and run not pass.
pub fn counts(flags: &StepFlags, outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Fail | Outcome::Error) && !flags.optional && !flags.ignore_outcome
}

/// Whether an outcome ends the journey, so that later steps are not reached. Only an ERROR does,
/// and only one that counts: a journey that stopped must not end PASS.
pub fn stops(flags: &StepFlags, outcome: Outcome) -> bool {
    outcome == Outcome::Error && counts(flags, outcome) && !flags.continue_on_failure
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(set: impl FnOnce(&mut StepFlags)) -> StepFlags {
        let mut flags = StepFlags::default();
        set(&mut flags);
        flags
    }

    #[test]
    fn a_fail_counts_and_an_error_also_stops() {
        let plain = StepFlags::default();
        assert!(!counts(&plain, Outcome::Pass) && !stops(&plain, Outcome::Pass));
        assert!(!counts(&plain, Outcome::Skip) && !stops(&plain, Outcome::Skip));
        assert!(counts(&plain, Outcome::Fail) && !stops(&plain, Outcome::Fail));
        assert!(counts(&plain, Outcome::Error) && stops(&plain, Outcome::Error));
    }

    #[test]
    fn flags_soften_it() {
        for flags in [
            flags(|f| f.optional = true),
            flags(|f| f.ignore_outcome = true),
        ] {
            assert!(!counts(&flags, Outcome::Fail) && !stops(&flags, Outcome::Fail));
            assert!(!counts(&flags, Outcome::Error) && !stops(&flags, Outcome::Error));
        }
        let goes_on = flags(|f| f.continue_on_failure = true);
        assert!(counts(&goes_on, Outcome::Error) && !stops(&goes_on, Outcome::Error));
    }
}
