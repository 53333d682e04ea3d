//! Waiting: `WAIT`.

use etude::v1::{self, command::Action};
use prost_types::Duration;

use super::typed;
use super::unsupported::{Refusal, Refused};
use super::wire::{Draft, Wire};

/// How often the platform looks, in milliseconds.
const POLL: u64 = 100;

/// How long the platform waits for an element when the step does not say, in milliseconds.
const USUAL: u64 = 20_000;

pub(super) fn encode(action: &Action) -> Refused<Draft> {
    match action {
        Action::WaitTime(command) => {
            let duration = millis(&command.duration.unwrap_or_default())?;
            Ok(wait("TIME", duration, Some(duration)))
        }
        Action::WaitForElement(command) => {
            let max = command.max.as_ref().map(millis).transpose()?;
            wait("ELEMENT", max.unwrap_or(USUAL), max).target(command.target.as_ref())
        }
        _ => Err(Refusal::command()),
    }
}

fn wait(kind: &str, value: u64, duration: Option<u64>) -> Draft {
    let draft = Draft::new("WAIT", "WAIT").meta("type", kind).value(value);
    match duration {
        Some(duration) => draft.meta("duration", duration),
        None => draft,
    }
    .meta("poll", POLL)
}

pub(super) fn decode(wire: &Wire<'_>) -> Option<v1::Command> {
    let meta = wire.meta("WAIT", &["duration", "timeoutMs"])?;
    let told: Option<u64> = meta.number("duration").or_else(|| meta.number("timeoutMs"));
    let value: Option<u64> = match wire.literal()?.trim() {
        "" => None,
        text => Some(text.parse().ok()?),
    };
    match (meta.kind(), wire.target) {
        ("TIME", None) | ("", None) => typed(v1::WaitTime {
            duration: Some(duration(told.or(value)?)?),
        }),
        ("ELEMENT" | "ELEMENT_VISIBLE" | "", Some(_)) => {
            // The usual time is not told twice: a client that leaves it to the platform sends it
            // as the value alone.
            let max = told.or(value.filter(|value| *value != USUAL));
            typed(v1::WaitForElement {
                target: Some(wire.target()?),
                max: match max {
                    Some(millis) => Some(duration(millis)?),
                    None => None,
                },
            })
        }
        _ => None,
    }
}

fn millis(duration: &Duration) -> Refused<u64> {
    let whole = duration.nanos % 1_000_000 == 0;
    match u64::try_from(duration.seconds) {
        Ok(seconds) if whole && duration.nanos >= 0 => {
            Ok(seconds.saturating_mul(1000) + u64::from(duration.nanos.unsigned_abs() / 1_000_000))
        }
        _ => Err(Refusal::part(
            "a part of a millisecond",
            "round the time to whole milliseconds",
        )),
    }
}

fn duration(millis: u64) -> Option<Duration> {
    Some(Duration {
        seconds: i64::try_from(millis / 1000).ok()?,
        nanos: i32::try_from(millis % 1000).ok()? * 1_000_000,
    })
}
