//! Names of nothing but blanks, which the platform takes for none.

use etude::v1;
use etude::validate::Violation;
use etude_engine::{Error, Result};

use super::Deployment;
use crate::resources;

/// Refuses names that are blank, all of them.
///
/// # Errors
///
/// `INVALID_REQUEST`, with the fields; for a checkpoint with its number and place too.
pub(crate) fn refuse(deployment: &Deployment) -> Result<()> {
    let Deployment { test, journey, .. } = deployment;
    let title = match journey.as_str() {
        "" => ("test.name", &test.name),
        _ => ("journey", journey),
    };
    let names = [
        ("project", &deployment.project),
        ("goal", &deployment.goal),
        title,
    ];
    let blank = names.into_iter().filter(|(_, name)| is_blank(name));
    let mut violations: Vec<_> = blank.map(|(field, _)| resources::blank(field)).collect();
    let checkpoints = (1..).zip(&test.checkpoints);
    violations.extend(
        checkpoints
            .filter(|(_, checkpoint)| is_blank(&checkpoint.name))
            .map(|(number, checkpoint)| unnamed(number, checkpoint)),
    );
    match violations.as_slice() {
        [] => Ok(()),
        _ => Err(Error::violated(violations)),
    }
}

/// Whether a name is given and says nothing.
fn is_blank(name: &str) -> bool {
    !name.is_empty() && name.trim().is_empty()
}

fn unnamed(number: usize, checkpoint: &v1::Checkpoint) -> Violation {
    let first = checkpoint.steps.first();
    let place = first.and_then(|step| step.location.as_ref());
    let place = place.map_or_else(String::new, |at| {
        format!(" (above {}:{}:{})", at.file, at.line, at.column)
    });
    Violation {
        description: format!(
            "of checkpoint {number} must not be blank{place}; write a name, or leave it out"
        ),
        ..resources::blank(format!("test.checkpoints[{}].name", number - 1))
    }
}
