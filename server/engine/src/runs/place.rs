//! Where a step stands: its part, its number, and the blocks around it.

use etude::v1::{BlockPosition, StepPath};

use super::plan::Part;

/// Where a step stands.
#[derive(Debug, Clone)]
pub(super) struct Place<'p> {
    pub(super) part: &'p Part,
    pub(super) path: StepPath,
    /// Where it stands within the blocks around it, from the outermost in.
    pub(super) within: Vec<BlockPosition>,
}

impl<'p> Place<'p> {
    /// A step of a part, in no block.
    pub(super) fn new(part: &'p Part, path: StepPath) -> Self {
        Self {
            part,
            path,
            within: Vec::new(),
        }
    }

    /// A step of the block that stands here.
    pub(super) fn inside(&self, position: BlockPosition) -> Self {
        let mut inner = self.clone();
        inner.within.push(position);
        inner
    }

    /// Whether the step stands in a block.
    pub(super) fn is_nested(&self) -> bool {
        !self.within.is_empty()
    }
}
