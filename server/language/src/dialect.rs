//! Dialects: files of other tools are rewritten into the canonical form before they are decoded.
//!
//! A rewrite keeps the places of what it moves, so that every check and every message of the
//! canonical form holds for each dialect as well. One module reads each dialect and says its steps
//! as a [`Verb`] with [`Args`]; `verbs` knows what a verb means, whoever says it.

mod args;
mod bare;
mod blocks;
mod build;
mod compact;
mod detect;
mod document;
mod extended;
mod journey;
mod line;
mod quotes;
mod shape;
mod simplified;
mod statements;
mod structure;
mod suite;
mod target;
mod verbs;
mod words;

use etude::v1::TestFormat;

use crate::diagnose::Mistakes;
use crate::source::Span;
use crate::tree::{Content, Node, NodeId, Tree};
use args::Args;
use bare::Unit;
pub(crate) use detect::{Detected, detect};
pub use quotes::repair;
pub(crate) use quotes::report_unquoted;
pub(crate) use statements::{has_statements, statements, stem};
pub(crate) use target::{is_css, selector};

/// A step as any dialect says it.
struct Verb<'s> {
    /// What is done, in lower case with underscores: `double_click`.
    name: String,
    /// Where that stands.
    span: Span,
    args: Args<'s>,
}

/// Rewrites a file's tree.
struct Rewriter<'r, 's> {
    tree: &'r mut Tree<'s>,
    mistakes: &'r mut Mistakes,
    format: TestFormat,
    /// What a duration without a unit counts.
    unit: Unit,
    /// The address where the test begins.
    start: Option<NodeId>,
    /// The modifier keys that are held down.
    held: Vec<&'static str>,
    /// What a suite's own names stand for.
    names: Vec<(String, String)>,
}

/// The root of the file in the canonical form; `root` itself when it has that already.
pub(crate) fn normalise(
    tree: &mut Tree<'_>,
    root: NodeId,
    detected: &Detected,
    mistakes: &mut Mistakes,
) -> NodeId {
    let format = detected.format;
    if format == TestFormat::Canonical && !detected.has_texts() {
        return root;
    }
    let mut rewriter = Rewriter::new(tree, root, format, mistakes);
    match format {
        TestFormat::Canonical => rewriter.texts(root),
        TestFormat::Journey => rewriter.journey(root),
        TestFormat::Structure => rewriter.structure(root),
        _ => rewriter.document(root),
    }
}

/// The same for a file that a test names: one of steps or definitions.
pub(crate) fn normalise_shared(
    tree: &mut Tree<'_>,
    root: NodeId,
    mistakes: &mut Mistakes,
) -> NodeId {
    let Node { span, content } = tree.node(root);
    let span = *span;
    let whole = match content {
        Content::List(_) => {
            let content = Content::Map(vec![build::entry("steps", span, root)]);
            tree.add(Node { span, content })
        }
        _ => root,
    };
    let detected = detect(tree, whole);
    if detected.format == TestFormat::Canonical && !detected.has_texts() {
        return root;
    }
    Rewriter::new(tree, whole, detected.format, mistakes).shared(whole)
}

impl<'r, 's> Rewriter<'r, 's> {
    fn new(
        tree: &'r mut Tree<'s>,
        root: NodeId,
        format: TestFormat,
        mistakes: &'r mut Mistakes,
    ) -> Self {
        let unit = bare::unit(tree, root);
        Self {
            tree,
            mistakes,
            format,
            unit,
            start: None,
            held: Vec::new(),
            names: Vec::new(),
        }
    }
}
