//! Steps of another file, and definitions of another file.

use etude::v1::{self, block::Kind};

use super::Decoder;
use super::block::Given;
use super::data::FILE;
use super::define::WITH;
use crate::model;
use crate::tree::{Content, Entry, NodeId};
use crate::variables::{Body, Uses};

/// The key of a step that stands for the steps of another file.
pub(crate) const INCLUDE: &str = "include";

/// What an included or imported file may say of itself.
pub(super) const ABOUT: [&str; 2] = ["name", "description"];

/// The definition of a file that cannot be read.
pub(super) fn unread(path: &str) -> v1::Definition {
    v1::Definition {
        name: path.to_owned(),
        ..v1::Definition::default()
    }
}

impl<'d> Decoder<'d, '_> {
    // === Steps ===

    /// `include: path`, `include: {file: path, with: {user: Ada}}`, or with `with` beside.
    pub(super) fn include(&mut self, given: &Given<'_, 'd>, uses: &mut Vec<Uses>) -> Kind {
        self.within("use_block", given.span, |decoder| {
            let mut file = given.get(INCLUDE).cloned();
            let mut with = given.get(WITH).cloned();
            if let Some(entry) = &file
                && let Content::Map(entries) = &decoder.node(entry.value).content
            {
                (file, with) = decoder.use_map(entry, entries, with, &[FILE]);
            }
            let mut block = v1::UseBlock::default();
            if let Some(entry) = file {
                let node = decoder.node(entry.value);
                decoder.within("file", node.span, |decoder| {
                    block.file = decoder.text(node).unwrap_or_default();
                });
                block.block = decoder.within("block", node.span, |decoder| {
                    let path = decoder.ask_for_steps(node, &block.file);
                    if path.is_none() {
                        decoder.places.refuse(&decoder.path);
                    }
                    path.unwrap_or_else(|| block.file.clone())
                });
            }
            decoder.call(block, with, uses)
        })
    }

    /// The definition that an included file is: a list of steps, or a map with `steps`.
    pub(super) fn included(
        &mut self,
        root: NodeId,
        path: &str,
        bodies: &mut Vec<Body>,
    ) -> v1::Definition {
        let span = self.node(root).span;
        let entry = Entry {
            key: path.to_owned().into(),
            key_span: span,
            value: root,
        };
        self.key("steps", span);
        self.definition(&entry, &ABOUT, bodies)
    }

    // === Definitions ===

    /// `imports: path`, or a list of paths.
    pub(super) fn imports(&mut self, id: NodeId, chain: &[String]) -> Vec<String> {
        let node = self.node(id);
        let field = model::message("etude.v1.Test").field("imports");
        let items = match &node.content {
            Content::List(items) => items.as_slice(),
            content if content.is_null() => &[],
            _ => std::slice::from_ref(&id),
        };
        if field.is_some_and(|field| self.is_too_long(field, node, items)) {
            return Vec::new();
        }
        let mut imports = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let node = self.node(*item);
            let named = self.item(index, node.span, |decoder| {
                let named = decoder.text(node)?;
                decoder.ask_for_definitions(node, &named, chain);
                Some(named)
            });
            imports.push(named.unwrap_or_default());
        }
        imports
    }

    /// The definitions of an imported file, the first of which is `first` of the test.
    pub(super) fn imported(
        &mut self,
        root: NodeId,
        first: usize,
        chain: &[String],
        bodies: &mut Vec<Body>,
    ) -> Vec<v1::Definition> {
        let node = self.node(root);
        let Content::Map(entries) = &node.content else {
            let mistake = self
                .wrong_type(node, "a map")
                .suggest("a file of definitions has \"define:\"");
            self.refuse(mistake);
            return Vec::new();
        };
        let mut definitions = Vec::new();
        let place = std::mem::take(&mut self.path);
        for entry in entries {
            let node = self.node(entry.value);
            match (entry.key.as_ref(), &node.content) {
                ("define", Content::Map(entries)) => {
                    definitions = self.definitions_from(first, entries, bodies);
                }
                ("define", _) => {
                    self.path.clone_from(&place);
                    self.definitions(entry.value, bodies);
                    self.path.clear();
                }
                ("imports", _) => {
                    self.path.clone_from(&place);
                    self.imports(entry.value, chain);
                    self.path.clear();
                }
                (key, _) if ABOUT.contains(&key) => {}
                _ => self.unknown_key(entry, ["define", "imports"].into_iter().chain(ABOUT)),
            }
        }
        definitions
    }

    fn definitions_from(
        &mut self,
        first: usize,
        entries: &[Entry<'d>],
        bodies: &mut Vec<Body>,
    ) -> Vec<v1::Definition> {
        let mut definitions = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            self.path = format!("definitions[{}]", first + index);
            self.places.add(&self.path, entry.key_span);
            self.key("steps", entry.key_span);
            definitions.push(self.definition(entry, &[], bodies));
        }
        self.path.clear();
        definitions
    }
}
