//! Steps of the platform for a browser of ours.
//!
//! [`decode`](super::decode) reads a step for somebody who writes it again, and says of one that it
//! cannot say in full that it is none of the commands. To execute it, all its selectors count, and
//! what nobody knows of it is passed over, as the platform does.

use std::collections::HashSet;

use etude::v1;
use etude::validate::Validated;

use super::wire::Wire;
use super::{data, flags, read_command, sendable, target};
use crate::model::{self, ParsedStep};

/// The typed steps of a journey, in order, or why one cannot be executed.
pub fn executables<'s>(
    steps: impl IntoIterator<Item = &'s model::Step>,
) -> Vec<Result<v1::Step, String>> {
    let steps: Vec<_> = steps.into_iter().map(sendable).collect();
    let mut all: Vec<_> = steps.iter().map(executable).collect();
    let mut targets = HashSet::new();
    for (one, sent) in all.iter_mut().zip(&steps).rev() {
        if let Ok(step) = one {
            data::store_element(step, &targets);
            targets.extend(target::variable_of(sent));
        }
    }
    all
}

fn executable(step: &ParsedStep) -> Result<v1::Step, String> {
    let wire = Wire {
        lenient: true,
        ..Wire::sent(step)
    };
    let command = read_command(&wire).ok_or_else(|| not_known(&wire))?;
    let command = Validated::new(command).map_err(|violations| {
        let told = violations
            .iter()
            .map(|one| format!("{} {}", one.field, one.description));
        told.collect::<Vec<_>>().join("; ")
    })?;
    Ok(v1::Step {
        command: Some(command.into_inner()),
        flags: flags::decode(&wire),
        ..v1::Step::default()
    })
}

fn not_known(wire: &Wire<'_>) -> String {
    let meta = serde_json::to_string(wire.meta).unwrap_or_default();
    let target = match wire.target {
        Some(_) => "with",
        None => "without",
    };
    format!(
        "nothing is known of the value {:?} and the meta {meta}, {target} a target",
        wire.value
    )
}
