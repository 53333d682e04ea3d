//! The items of a loop: in the test file, or in a file of their own.

use etude::v1::{self, ErrorReason, block::Kind};
use prost_reflect::ReflectMessage;

use super::{FILE, Form, record};
use crate::decode::Decoder;
use crate::decode::block::Given;
use crate::decode::files::Holds;
use crate::diagnose::Mistake;
use crate::model;
use crate::template;
use crate::tree::{Content, Entry, Node, NodeId};
use crate::variables::Uses;

impl<'d> Decoder<'d, '_> {
    /// `for_each: name` with `in`: a list, a text that stands for one, or `{file: …}`.
    pub(in crate::decode) fn for_each(
        &mut self,
        given: &Given<'_, 'd>,
        uses: &mut Vec<Uses>,
    ) -> Kind {
        self.within("for_each", given.span, |decoder| {
            let list = given.get("in");
            if list.is_none() {
                let suggestion = "add \"in:\" and a list, or a variable that holds one";
                decoder.missing_key_of(given, "in", suggestion);
            }
            let head = decoder.for_each_head(given, list);
            let mut used = Uses::default();
            let model = model::message("etude.v1.ForEachBlock");
            used.read(&head.transcode_to_dynamic(), model, &decoder.path);
            uses.push(used);
            Kind::ForEach(v1::ForEachBlock {
                steps: decoder.needed_section(given, "steps", "ForEachBlock", uses),
                ..head
            })
        })
    }

    fn for_each_head(
        &mut self,
        given: &Given<'_, 'd>,
        list: Option<&Entry<'d>>,
    ) -> v1::ForEachBlock {
        let mut fields = vec![("variable", given.get("for_each"))];
        let (mut items, mut file) = (Vec::new(), String::new());
        let content = list.map(|list| (list, &self.tree.node(list.value).content));
        match content {
            Some((list, Content::Map(entries))) => (items, file) = self.items_map(list, entries),
            Some((list, Content::List(nodes))) if self.has_map(nodes) => {
                items = self.items(list, nodes);
            }
            Some((list, Content::Scalar(scalar))) if !scalar.is_null() => {
                fields.push(("list", Some(list)));
            }
            _ => fields.push(("items", list)),
        }
        let head = self.head("ForEachBlock", &fields);
        let head: v1::ForEachBlock = head.transcode_to().unwrap_or_default();
        match fields.len() {
            1 => v1::ForEachBlock {
                items,
                file,
                ..head
            },
            _ => head,
        }
    }

    fn has_map(&self, items: &[NodeId]) -> bool {
        let mut contents = items.iter().map(|item| &self.tree.node(*item).content);
        contents.any(|content| matches!(content, Content::Map(_)))
    }

    /// The items of `{file: …}`, and the path.
    fn items_map(&mut self, list: &Entry<'d>, entries: &'d [Entry<'d>]) -> (Vec<String>, String) {
        let mut file = None;
        for entry in entries {
            match entry.key == FILE {
                true => file = Some(self.node(entry.value)),
                false => self.unknown_key(entry, [FILE].into_iter()),
            }
        }
        let span = self.node(list.value).span;
        self.within("items", span, |decoder| {
            let Some(node) = file else {
                let message = "\"in\" is a list, a variable that holds one, or {file: …}";
                let message = message.to_owned();
                decoder.refuse(Mistake::error(span, ErrorReason::MissingKey, message));
                return (Vec::new(), String::new());
            };
            match decoder.text(node) {
                Some(named) => (decoder.items_of(node, &named), named),
                None => (Vec::new(), String::new()),
            }
        })
    }

    /// The items of a file: texts that stand for themselves.
    fn items_of(&mut self, node: &Node<'_>, named: &str) -> Vec<String> {
        let Some((source, form)) = self.open_data(node, named) else {
            return Vec::new();
        };
        let items = match form {
            Form::Csv => self.table(source).map(|table| table.items()),
            Form::Tree => {
                let folder = self.folder.clone();
                let items = self.in_file(source, &folder, Holds::Items, |inner, root| {
                    inner.literal_items(root)
                });
                items.flatten()
            }
        };
        let items = items.unwrap_or_default();
        let escaped = items.iter().map(|item| template::escape(item).into_owned());
        escaped.collect()
    }

    fn literal_items(&mut self, root: NodeId) -> Option<Vec<String>> {
        let node = self.node(root);
        let Content::List(items) = &node.content else {
            let mistake = self.wrong_type(node, "a list");
            self.refuse(mistake.suggest("a file of items holds one list, [ … ]"));
            return None;
        };
        let field = model::message("etude.v1.ForEachBlock").field("items")?;
        if self.is_too_long(field, node, items) {
            return None;
        }
        Some(
            items
                .iter()
                .map(|item| record::as_text(self.tree, *item))
                .collect(),
        )
    }

    /// The items of a list in which maps stand.
    fn items(&mut self, list: &Entry<'d>, items: &'d [NodeId]) -> Vec<String> {
        let node = self.node(list.value);
        let field = model::message("etude.v1.ForEachBlock").field("items");
        self.key("items", list.key_span);
        self.within("items", node.span, |decoder| {
            if field.is_some_and(|field| decoder.is_too_long(field, node, items)) {
                return Vec::new();
            }
            let mut found = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                let node = decoder.node(*item);
                let item = decoder.item(index, node.span, |decoder| match &node.content {
                    Content::Map(_) => decoder.record(*item),
                    _ => decoder.text(node),
                });
                found.push(item.unwrap_or_default());
            }
            found
        })
    }
}
