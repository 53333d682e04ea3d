//! How long one attempt of a step may take.

use std::time::Duration;

use etude::v1::{self, command::Action};

use super::scope::StepDefaults;

/// How much longer than its timeout an attempt may take before it is stopped from outside: time
/// for the backend's own verdict, which tells more, and for its screenshots.
const GRACE: Duration = Duration::from_secs(5);

/// The bounds of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Timing {
    /// For finding the target, the action or the assertion.
    pub(super) timeout: Duration,
    /// For a navigation.
    pub(super) navigation_timeout: Duration,
    /// For a plain wait: none unless the step's flags set one.
    pub(super) wait_timeout: Option<Duration>,
    /// When the attempt is stopped from outside.
    pub(super) guard: Duration,
}

impl Timing {
    /// The flags' timeout bounds whatever the step does. Without one, the defaults hold, and a
    /// wait may take as long as it says itself.
    pub(super) fn new(
        defaults: &StepDefaults,
        flags: &v1::StepFlags,
        command: &v1::Command,
    ) -> Self {
        if let Some(timeout) = flags.timeout.as_ref().and_then(to_std) {
            return Self {
                timeout,
                navigation_timeout: timeout,
                wait_timeout: Some(timeout),
                guard: timeout + GRACE,
            };
        }
        let own = own_wait(command).unwrap_or_default();
        let longest = defaults.timeout.max(defaults.navigation_timeout).max(own);
        Self {
            timeout: defaults.timeout,
            navigation_timeout: defaults.navigation_timeout,
            wait_timeout: None,
            guard: longest + GRACE,
        }
    }
}

/// The time that a wait command names itself.
fn own_wait(command: &v1::Command) -> Option<Duration> {
    let own = match command.action.as_ref()? {
        Action::WaitForElement(wait) => wait.max.as_ref(),
        Action::WaitVisible(wait) => wait.max.as_ref(),
        Action::WaitHidden(wait) => wait.max.as_ref(),
        Action::WaitUrl(wait) => wait.max.as_ref(),
        Action::WaitTitle(wait) => wait.max.as_ref(),
        Action::WaitText(wait) => wait.max.as_ref(),
        Action::WaitNetworkIdle(wait) => wait.max.as_ref(),
        Action::WaitExpression(wait) => wait.max.as_ref(),
        Action::WaitTime(wait) => wait.duration.as_ref(),
        _ => None,
    };
    to_std(own?)
}

/// A duration of the contract; `None` when it is negative.
pub(crate) fn to_std(duration: &prost_types::Duration) -> Option<Duration> {
    Duration::try_from(*duration).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: i64) -> Option<prost_types::Duration> {
        Some(prost_types::Duration { seconds, nanos: 0 })
    }

    #[test]
    fn flags_bound_everything_and_defaults_do_not_bound_waits() {
        let wait: v1::Command = v1::WaitTime {
            duration: seconds(300),
        }
        .into();
        let defaults = StepDefaults::default();
        let timing = Timing::new(&defaults, &v1::StepFlags::default(), &wait);
        assert_eq!(timing.wait_timeout, None);
        assert_eq!(timing.guard, Duration::from_secs(305));
        assert_eq!(timing.timeout, Duration::from_secs(20));
        let flags = v1::StepFlags {
            timeout: seconds(2),
            ..Default::default()
        };
        let timing = Timing::new(&defaults, &flags, &wait);
        assert_eq!(timing.wait_timeout, Some(Duration::from_secs(2)));
        assert_eq!(timing.navigation_timeout, Duration::from_secs(2));
        assert_eq!(timing.guard, Duration::from_secs(7));
    }

    /// A wait command without a line above would be cut short.
    #[test]
    fn every_command_with_a_maximum_is_known() {
        let with_maximum = etude::catalog::commands().iter().filter(|spec| {
            let own = if spec.name == "time" {
                "duration"
            } else {
                "max"
            };
            spec.group == "wait" && spec.field(own).is_some()
        });
        assert_eq!(with_maximum.count(), 9);
        let elsewhere = etude::catalog::commands()
            .iter()
            .filter(|spec| spec.group != "wait" && spec.field("max").is_some());
        assert_eq!(elsewhere.count(), 0);
    }
}
