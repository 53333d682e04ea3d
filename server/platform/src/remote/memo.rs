//! Which step of the platform is which of the test. It is kept with the run, so that results are
//! understood after a restart, whatever has become of the journey meanwhile.

use std::collections::HashMap;

use etude::v1::{BlockPosition, StepPath};
use etude_engine::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::deploy::Deployed;

/// A deployed test.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memo {
    pub(super) goal: i64,
    pub(super) snapshot: i64,
    pub(super) journey: i64,
    steps: Vec<Known>,
}

/// A step: its id, its part, checkpoint and number, and its places in blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known(i64, i32, u32, u32, Vec<Position>);

/// Section, branch, iteration and step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Position(i32, u32, u32, u32);

/// Where a step stands in the test.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    pub(super) path: StepPath,
    pub(super) within: Vec<BlockPosition>,
}

impl Memo {
    pub(super) fn of(deployed: &Deployed) -> Self {
        let mut steps = Vec::new();
        for part in &deployed.parts {
            for step in &part.steps {
                let position =
                    |at: &BlockPosition| Position(at.section, at.branch, at.iteration, at.step);
                let within = step.within.iter().map(position).collect();
                let part_number = part.part.into();
                let known = Known(step.id, part_number, part.checkpoint, step.number, within);
                steps.push(known);
            }
        }
        Self {
            goal: deployed.goal,
            snapshot: deployed.snapshot,
            journey: deployed.journey,
            steps,
        }
    }

    pub(super) fn write(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|error| Error::internal(error.to_string()))
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let unreadable =
            |error| Error::internal(format!("what is known of it is no JSON: {error}"));
        serde_json::from_slice(bytes).map_err(unreadable)
    }

    /// The places of each step of the platform; one of the library may have several.
    pub(super) fn places(&self) -> HashMap<i64, Vec<Place>> {
        let mut places: HashMap<i64, Vec<Place>> = HashMap::new();
        for Known(id, part, checkpoint, step, within) in &self.steps {
            let position = |at: &Position| BlockPosition {
                section: at.0,
                branch: at.1,
                iteration: at.2,
                step: at.3,
            };
            let place = Place {
                path: StepPath {
                    part: *part,
                    checkpoint: *checkpoint,
                    step: *step,
                    ..StepPath::default()
                },
                within: within.iter().map(position).collect(),
            };
            places.entry(*id).or_default().push(place);
        }
        places
    }
}
