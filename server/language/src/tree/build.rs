//! Builds the tree from the parser's events, within bounds of depth and of what aliases expand to.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use etude::v1::ErrorReason;
use foldhash::fast::RandomState;
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::{Content, Entry, Node, NodeId, Scalar, Tree};
use crate::diagnose::{Mistake, Mistakes, shown};
use crate::source::{Source, Span};
use crate::syntax;

/// The deepest nesting.
const MAX_DEPTH: usize = 100;

/// What all aliases together may expand to, in bytes of text; every value counts as 16.
const MAX_EXPANSION: usize = 4 << 20;

const NODE_WEIGHT: usize = 16;

/// The tree of a test file and its root. `None`: the file is not YAML, holds nothing or goes beyond
/// a bound; `mistakes` tells which.
pub(crate) fn build<'s>(
    source: &'s Source<'_>,
    mistakes: &mut Mistakes,
) -> Option<(Tree<'s>, NodeId)> {
    let (tree, root) = read(source, mistakes)?;
    if root.is_none() {
        mistakes.add(
            Mistake::error(
                Span::START,
                ErrorReason::FileEmpty,
                "the file holds no test".to_owned(),
            )
            .suggest("a test has at least \"name:\" and \"steps:\""),
        );
    }
    Some((tree, root?))
}

/// The tree of a file and its root, if it holds anything. `None`: the file is not YAML or goes
/// beyond a bound; `mistakes` tells which.
pub(crate) fn read<'s>(
    source: &'s Source<'_>,
    mistakes: &mut Mistakes,
) -> Option<(Tree<'s>, Option<NodeId>)> {
    let mut builder = Builder {
        source,
        mistakes,
        tree: Tree::default(),
        sizes: Vec::new(),
        open: Vec::new(),
        items: Vec::new(),
        anchors: HashMap::new(),
        expanded: 0,
        root: None,
    };
    match builder.read() {
        Ok(()) => {}
        Err(mistake) => {
            builder.mistakes.add(mistake);
            return None;
        }
    }
    let root = builder.root;
    let tree = builder.tree;
    let root = root.filter(|root| !tree.node(*root).content.is_null());
    Some((tree, root))
}

/// How much a value is with everything in it, aliases expanded.
#[derive(Debug, Clone, Copy)]
struct Size {
    weight: usize,
    depth: usize,
}

/// A list or map whose end has not come.
struct Open {
    anchor: usize,
    span: Span,
    /// Where its values begin among those that are open.
    first: usize,
    is_map: bool,
    size: Size,
}

struct Builder<'s, 'a, 'm> {
    source: &'s Source<'a>,
    mistakes: &'m mut Mistakes,
    tree: Tree<'s>,
    sizes: Vec<Size>,
    open: Vec<Open>,
    /// The values of all lists and maps that are open, from the outermost in; keys are values.
    items: Vec<NodeId>,
    anchors: HashMap<usize, NodeId>,
    expanded: usize,
    root: Option<NodeId>,
}

type Outcome = Result<(), Mistake>;

impl<'s> Builder<'s, '_, '_> {
    fn read(&mut self) -> Outcome {
        let mut documents = 0;
        for event in Parser::new_from_str(self.source.parsed()) {
            let (event, span) = event.map_err(|error| syntax::mistake(self.source, &error))?;
            let span = self.source.span(&span.start, &span.end);
            match event {
                Event::DocumentStart(_) if documents > 0 => {
                    return Err(Mistake::error(
                        span,
                        ErrorReason::MultipleDocuments,
                        "a second document begins here; a file holds one test".to_owned(),
                    )
                    .suggest("put each test into a file of its own"));
                }
                Event::DocumentStart(_) => documents += 1,
                Event::Scalar(text, style, anchor, tag) => {
                    let in_quotes =
                        matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
                    let span = match in_quotes {
                        true => self.source.quoted_span(span),
                        false => span,
                    };
                    self.scalar(text, style, anchor, tag.as_deref(), span)?;
                }
                Event::SequenceStart(anchor, tag) => {
                    self.start(anchor, span, false, tag.as_deref())?;
                }
                Event::MappingStart(anchor, tag) => {
                    self.start(anchor, span, true, tag.as_deref())?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.end()?,
                Event::Alias(anchor) => self.alias(anchor, span)?,
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        text: Cow<'s, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Outcome {
        self.check_tag(tag, span);
        let is_text = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
        let size = Size {
            weight: NODE_WEIGHT + text.len(),
            depth: 0,
        };
        let content = Content::Scalar(Scalar {
            text,
            quoted: is_text || style != ScalarStyle::Plain,
        });
        self.close(Node { span, content }, size, anchor)
    }

    fn start(&mut self, anchor: usize, span: Span, is_map: bool, tag: Option<&Tag>) -> Outcome {
        self.check_tag(tag, span);
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(span));
        }
        self.open.push(Open {
            anchor,
            span,
            first: self.items.len(),
            is_map,
            size: Size {
                weight: NODE_WEIGHT,
                depth: 1,
            },
        });
        Ok(())
    }

    fn end(&mut self) -> Outcome {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let items = self.items.split_off(open.first);
        let content = if open.is_map {
            Content::Map(self.entries(&items))
        } else {
            Content::List(items)
        };
        let node = Node {
            span: open.span,
            content,
        };
        self.close(node, open.size, open.anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Outcome {
        let Some(&id) = self.anchors.get(&anchor) else {
            return Err(Mistake::error(
                span,
                ErrorReason::YamlSyntax,
                "this alias stands inside its own anchor".to_owned(),
            ));
        };
        let size = self.sizes[id.0 as usize];
        self.expanded = self.expanded.saturating_add(size.weight);
        if self.expanded > MAX_EXPANSION {
            return Err(Mistake::error(
                span,
                ErrorReason::AliasLimit,
                format!("the file's aliases expand to more than {MAX_EXPANSION} bytes"),
            )
            .suggest("use fewer aliases"));
        }
        if self.open.len() + size.depth > MAX_DEPTH {
            return Err(too_deep(span));
        }
        self.place(id, size)
    }

    /// Adds a complete value.
    fn close(&mut self, node: Node<'s>, size: Size, anchor: usize) -> Outcome {
        let id = self.tree.add(node);
        self.sizes.push(size);
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        self.place(id, size)
    }

    /// Puts a value into the list or map that is open.
    fn place(&mut self, id: NodeId, size: Size) -> Outcome {
        match self.open.last_mut() {
            Some(open) => {
                self.items.push(id);
                open.size.weight = open.size.weight.saturating_add(size.weight);
                open.size.depth = open.size.depth.max(size.depth + 1);
            }
            None => self.root = Some(id),
        }
        Ok(())
    }

    /// The entries of a map whose keys and values are `items` in turn.
    fn entries(&mut self, items: &[NodeId]) -> Vec<Entry<'s>> {
        let mut entries = Vec::with_capacity(items.len() / 2);
        let mut keys = HashSet::with_capacity_and_hasher(items.len() / 2, RandomState::default());
        let mut merged = Vec::new();
        for pair in items.chunks_exact(2) {
            let key = self.tree.node(pair[0]);
            let span = key.span;
            let Content::Scalar(scalar) = &key.content else {
                let message = format!("a key must be a text, not {}", key.content.name());
                self.error(span, ErrorReason::WrongType, message);
                continue;
            };
            if scalar.text == "<<" && !scalar.quoted {
                merged.push((span, pair[1]));
                continue;
            }
            let entry = Entry {
                key: scalar.text.clone(),
                key_span: span,
                value: pair[1],
            };
            if keys.insert(entry.key.clone()) {
                entries.push(entry);
            } else {
                let message = format!("the key \"{}\" stands twice in this map", shown(&entry.key));
                self.error(span, ErrorReason::DuplicateKey, message);
            }
        }
        for (span, id) in merged {
            self.merge(span, id, &mut entries, &mut keys);
        }
        entries
    }

    /// `<<: *base` or `<<: [*a, *b]`: the keys that the map does not have itself.
    fn merge(
        &mut self,
        span: Span,
        id: NodeId,
        entries: &mut Vec<Entry<'s>>,
        keys: &mut HashSet<Cow<'s, str>, RandomState>,
    ) {
        let bases = match &self.tree.node(id).content {
            Content::List(items) => items.clone(),
            _ => vec![id],
        };
        for base in bases {
            let Content::Map(found) = &self.tree.node(base).content else {
                let message = "\"<<\" merges a map, or a list of maps".to_owned();
                self.error(span, ErrorReason::WrongType, message);
                continue;
            };
            for entry in found {
                if keys.insert(entry.key.clone()) {
                    entries.push(entry.clone());
                }
            }
        }
    }

    fn check_tag(&mut self, tag: Option<&Tag>, span: Span) {
        let known = |tag: &Tag| {
            tag.handle.is_empty() && tag.suffix == "!"
                || tag.is_yaml_core_schema()
                    && matches!(
                        tag.suffix.as_str(),
                        "str" | "int" | "bool" | "null" | "float" | "map" | "seq"
                    )
        };
        if let Some(tag) = tag.filter(|tag| !known(tag)) {
            let message = format!(
                "the tag \"{}\" has no meaning in a test",
                shown(&tag.to_string())
            );
            self.mistakes.add(
                Mistake::error(span, ErrorReason::WrongType, message)
                    .suggest("remove it, or put a text that begins with \"!\" in quotes"),
            );
        }
    }

    fn error(&mut self, span: Span, reason: ErrorReason, message: String) {
        self.mistakes.add(Mistake::error(span, reason, message));
    }
}

fn too_deep(span: Span) -> Mistake {
    Mistake::error(
        span,
        ErrorReason::NestingLimit,
        format!("values are nested deeper than {MAX_DEPTH} levels here"),
    )
}
