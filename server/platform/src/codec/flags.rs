//! The flags of a step.

use etude::v1;

use super::unsupported::{Refused, refuse_if};
use super::wire::{Draft, Wire};

pub(super) fn encode(flags: Option<&v1::StepFlags>, draft: Draft) -> Refused<Draft> {
    let Some(flags) = flags else {
        return Ok(draft);
    };
    refuse_if(
        flags.continue_on_failure,
        "`continue_on_failure`",
        "use `optional`, with which an ERROR neither stops the journey nor counts",
    )?;
    refuse_if(
        flags.timeout.is_some(),
        "a timeout of the step",
        "leave it out, or put a wait for the element before the step",
    )?;
    refuse_if(
        flags.retries > 0,
        "`retries`",
        "leave them out: the platform looks for an element until its own timeout",
    )?;
    refuse_if(
        flags.screenshots != 0,
        "a screenshot policy",
        "leave it out: the platform takes a screenshot before and after each step",
    )?;
    Ok(draft.flags(flags))
}

/// The flags of a step; `None` when it has none.
pub(super) fn decode(wire: &Wire<'_>) -> Option<v1::StepFlags> {
    let any = wire.optional || wire.ignore_outcome || wire.skip;
    any.then(|| v1::StepFlags {
        optional: wire.optional,
        ignore_outcome: wire.ignore_outcome,
        skip: wire.skip,
        ..v1::StepFlags::default()
    })
}
