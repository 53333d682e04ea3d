//! The file as a tree of values that know their places. YAML and JSON have the same tree.

mod build;

use std::borrow::Cow;

use crate::source::Span;

pub(crate) use build::{build, read};

/// The values of a file; an alias is the value of its anchor.
#[derive(Debug, Default)]
pub(crate) struct Tree<'s> {
    nodes: Vec<Node<'s>>,
}

/// A value's place in its [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeId(u32);

/// A value.
#[derive(Debug)]
pub(crate) struct Node<'s> {
    pub(crate) span: Span,
    pub(crate) content: Content<'s>,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(crate) enum Content<'s> {
    Scalar(Scalar<'s>),
    List(Vec<NodeId>),
    Map(Vec<Entry<'s>>),
}

/// A single value, as written.
#[derive(Debug, Clone)]
pub(crate) struct Scalar<'s> {
    pub(crate) text: Cow<'s, str>,
    /// In quotes or in a block, so that it is text whatever it looks like.
    pub(crate) quoted: bool,
}

/// One key of a map and its value. Keys are unique.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'s> {
    pub(crate) key: Cow<'s, str>,
    pub(crate) key_span: Span,
    pub(crate) value: NodeId,
}

impl<'s> Tree<'s> {
    pub(crate) fn node(&self, id: NodeId) -> &Node<'s> {
        &self.nodes[id.0 as usize]
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The first `count` values, in the order in which they end.
    pub(crate) fn first(&self, count: usize) -> &[Node<'s>] {
        &self.nodes[..count.min(self.nodes.len())]
    }

    pub(crate) fn add(&mut self, node: Node<'s>) -> NodeId {
        // A node takes at least one byte of a file that has at most 2^20.
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(node);
        id
    }
}

impl Scalar<'_> {
    /// Whether it is YAML's null: nothing, `~` or `null`.
    pub(crate) fn is_null(&self) -> bool {
        !self.quoted && matches!(self.text.as_ref(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// The boolean that it is.
    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self.text.as_ref() {
            _ if self.quoted => None,
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        }
    }

    /// The whole number that it is, in decimal digits.
    pub(crate) fn as_integer(&self) -> Option<i128> {
        let digits = self.text.strip_prefix(['-', '+']).unwrap_or(&self.text);
        let decimal = !digits.is_empty()
            && digits.len() <= 30
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = || self.text.parse().ok();
        (decimal && !self.quoted).then(number).flatten()
    }
}

impl Content<'_> {
    /// What it is, for messages.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Scalar(scalar) if scalar.is_null() => "nothing",
            Self::Scalar(scalar) if scalar.as_bool().is_some() => "true or false",
            Self::Scalar(scalar) if scalar.as_integer().is_some() => "a number",
            Self::Scalar(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(scalar) if scalar.is_null())
    }
}
