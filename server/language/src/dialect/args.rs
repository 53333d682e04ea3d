//! What a verb is given.

use crate::source::Span;
use crate::suggest::plain;
use crate::tree::{Content, Entry, NodeId, Tree};

/// A single value, or named ones.
#[derive(Debug, Default)]
pub(super) struct Args<'s> {
    scalar: Option<(NodeId, Span)>,
    entries: Vec<Entry<'s>>,
    /// The names that were asked for, for suggestions.
    asked: Vec<&'static str>,
}

impl<'s> Args<'s> {
    /// The entries of a map, else the value itself; nothing when there is none.
    pub(super) fn of(tree: &Tree<'s>, id: NodeId) -> Self {
        let node = tree.node(id);
        match &node.content {
            Content::Map(entries) => Self::named(entries.clone()),
            content if content.is_null() => Self::default(),
            _ => Self::single(id, node.span),
        }
    }

    /// Named values.
    pub(super) fn named(entries: Vec<Entry<'s>>) -> Self {
        Self {
            entries,
            ..Self::default()
        }
    }

    /// One value.
    pub(super) fn single(id: NodeId, span: Span) -> Self {
        Self {
            scalar: Some((id, span)),
            ..Self::default()
        }
    }

    /// The single value.
    pub(super) fn alone(&self) -> Option<NodeId> {
        self.scalar.map(|(id, _)| id)
    }

    /// Takes the value with the first of these names that is given.
    pub(super) fn take(&mut self, names: &[&'static str]) -> Option<Entry<'s>> {
        self.asked.extend(names);
        let index = names
            .iter()
            .find_map(|name| self.entries.iter().position(|e| plain(&e.key) == *name))?;
        Some(self.entries.remove(index))
    }

    /// Takes the single value, else the one with the first of these names that is given.
    pub(super) fn main(&mut self, names: &[&'static str]) -> Option<Entry<'s>> {
        self.asked.extend(names);
        if let Some((value, key_span)) = self.scalar.take() {
            return Some(Entry {
                key: "value".into(),
                key_span,
                value,
            });
        }
        self.take(names)
    }

    /// Whether one of these names is given.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.entries
            .iter()
            .any(|entry| names.contains(&plain(&entry.key).as_str()))
    }

    /// The only named value.
    pub(super) fn only(&self) -> Option<&Entry<'s>> {
        match self.entries.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Names a value.
    pub(super) fn push(&mut self, name: &'static str, key_span: Span, value: NodeId) {
        self.entries.push(Entry {
            key: name.into(),
            key_span,
            value,
        });
    }

    /// Gives a value back.
    pub(super) fn put(&mut self, entry: Entry<'s>) {
        self.entries.push(entry);
    }

    /// All that is left.
    pub(super) fn rest(&mut self) -> Vec<Entry<'s>> {
        std::mem::take(&mut self.entries)
    }

    /// The names that were asked for, each once.
    pub(super) fn asked(&self) -> Vec<&'static str> {
        let mut asked = Vec::new();
        for name in &self.asked {
            if !asked.contains(name) {
                asked.push(*name);
            }
        }
        asked
    }
}
