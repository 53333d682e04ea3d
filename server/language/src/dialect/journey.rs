//! The journey template: `journey: {name, checkpoints: [{name, steps: [{command, args}]}]}`.

use super::Rewriter;
use crate::tree::{Content, NodeId};

impl Rewriter<'_, '_> {
    /// The test that a journey is; its keys are those of a test.
    pub(super) fn journey(&mut self, root: NodeId) -> NodeId {
        let inner = match &self.tree.node(root).content {
            Content::Map(entries) => entries.iter().find(|entry| entry.key == "journey"),
            _ => None,
        };
        match inner.map(|journey| journey.value) {
            Some(inner) => self.document(inner),
            None => root,
        }
    }
}
