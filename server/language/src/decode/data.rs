//! Data: rows of a test and items of a loop, in the test file or in a file of their own.

mod csv;

use etude::v1::{self, ErrorReason, block::Kind, variable};
use prost_reflect::ReflectMessage;

use super::Decoder;
use super::block::Given;
use super::test::ROW_NAME;
use crate::diagnose::{Mistake, shown};
use crate::model::{self, Field};
use crate::source::{Source, Span};
use crate::template::{self, Part};
use crate::tree::{Content, Entry, Node, NodeId, Scalar, Tree};
use crate::variables::Uses;
use csv::Table;

/// The key of a file of data.
pub(crate) const FILE: &str = "file";

/// The most rows of a file, and items of a loop.
const MAX_ROWS: usize = 10_000;

/// What a file of data is, by the end of its name.
enum Form {
    Csv,
    /// YAML, or JSON, which is YAML.
    Tree,
}

impl<'d, 's> Decoder<'d, 's> {
    /// A list of rows, `{rows: …}`, the path of a file, or `{file: …}`; and that path.
    pub(super) fn data(&mut self, field: &Field, id: NodeId) -> (Vec<v1::DataRow>, String) {
        let node = self.node(id);
        let mut rows = Some(node);
        let mut file = None;
        match &node.content {
            Content::Map(entries) => {
                rows = None;
                for entry in entries {
                    match entry.key.as_ref() {
                        "rows" => rows = Some(self.node(entry.value)),
                        FILE => file = Some(self.node(entry.value)),
                        _ => self.unknown_key(entry, ["rows", FILE].into_iter()),
                    }
                }
            }
            Content::Scalar(scalar) if !scalar.is_null() => file = Some(node),
            _ => {}
        }
        match (file, rows) {
            (Some(file), _) if matches!(&node.content, Content::Map(e) if e.len() > 1) => {
                let message = "\"rows\" and \"file\" cannot both be given".to_owned();
                let mistake = Mistake::error(file.span, ErrorReason::InvalidValue, message);
                self.refuse(mistake.suggest("keep one of them"));
                (Vec::new(), String::new())
            }
            (Some(file), _) => self.rows_of(field, file),
            (None, rows) => {
                let rows = rows.map_or_else(Vec::new, |rows| self.rows(field, rows));
                (rows, String::new())
            }
        }
    }

    fn rows(&mut self, field: &Field, node: &'d Node<'d>) -> Vec<v1::DataRow> {
        let Some(items) = self.list(field, node, "a list of rows") else {
            return Vec::new();
        };
        let mut rows = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let node = self.node(*item);
            rows.push(self.item(index, node.span, |decoder| decoder.row(node)));
        }
        rows
    }

    /// The rows of a file, and its path as written.
    fn rows_of(&mut self, field: &Field, node: &'d Node<'d>) -> (Vec<v1::DataRow>, String) {
        let Some(named) = self.text(node) else {
            return (Vec::new(), String::new());
        };
        let Some((source, form)) = self.open_data(node, &named) else {
            return (Vec::new(), named);
        };
        let rows = match form {
            Form::Csv => match self.table(source) {
                Some(table) => self.rows_of_table(&table),
                None => Vec::new(),
            },
            Form::Tree => {
                let folder = self.folder.clone();
                let rows = self.in_file(source, &folder, |inner, root| {
                    let node = inner.node(root);
                    inner.rows(field, node)
                });
                rows.unwrap_or_default()
            }
        };
        (rows, named)
    }

    /// A file of data, and what it is.
    fn open_data(&mut self, node: &Node<'_>, named: &str) -> Option<(&'d Source<'s>, Form)> {
        let source = self.open(node, named)?;
        let end = named
            .rsplit_once('.')
            .map(|(_, end)| end.to_ascii_lowercase());
        match end.as_deref() {
            Some("csv") => Some((source, Form::Csv)),
            Some("json" | "yaml" | "yml") => Some((source, Form::Tree)),
            _ => {
                let message = format!("\"{}\" is no file of data", shown(named));
                let mistake = Mistake::error(node.span, ErrorReason::DataInvalid, message);
                self.refuse(mistake.suggest("its name must end in .csv, .json, .yaml or .yml"));
                None
            }
        }
    }

    // === Tables ===

    fn table(&mut self, source: &Source<'s>) -> Option<Table> {
        match csv::read(source, MAX_ROWS) {
            Ok(table) => Some(table),
            Err(mistakes) => {
                self.places.refuse(&self.path);
                mistakes.into_iter().for_each(|m| self.mistakes.add(m));
                None
            }
        }
    }

    fn rows_of_table(&mut self, table: &Table) -> Vec<v1::DataRow> {
        let mut rows = Vec::with_capacity(table.rows.len());
        for (index, row) in table.rows.iter().enumerate() {
            self.item(index, row.span, |_| {});
            let mut data = v1::DataRow::default();
            for (name, cell) in table.header.iter().zip(&row.cells) {
                match name == ROW_NAME {
                    true => data.name.clone_from(cell),
                    false => data.variables.push(v1::Variable {
                        name: name.clone(),
                        source: Some(variable::Source::Value(cell.clone())),
                    }),
                }
            }
            rows.push(data);
        }
        rows
    }

    // === Loops ===

    /// `for_each: name` with `in`: a list, a text that stands for one, or `{file: …}`.
    pub(super) fn for_each(&mut self, given: &Given<'_, 'd>, uses: &mut Vec<Uses>) -> Kind {
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
        let variable = ("variable", given.get("for_each"));
        let content = list.map(|list| &self.tree.node(list.value).content);
        let field = match content {
            Some(Content::Map(entries)) => {
                let head = self.head("ForEachBlock", &[variable]);
                let head = head.transcode_to().unwrap_or_default();
                return match list {
                    Some(list) => self.items_map(list, entries, head),
                    None => head,
                };
            }
            Some(Content::List(items)) if self.has_map(items) => {
                let head = self.head("ForEachBlock", &[variable]);
                let head: v1::ForEachBlock = head.transcode_to().unwrap_or_default();
                let items = list.map_or_else(Vec::new, |list| self.items(list, items));
                return v1::ForEachBlock { items, ..head };
            }
            Some(Content::Scalar(scalar)) if !scalar.is_null() => "list",
            _ => "items",
        };
        let head = self.head("ForEachBlock", &[variable, (field, list)]);
        head.transcode_to().unwrap_or_default()
    }

    fn has_map(&self, items: &[NodeId]) -> bool {
        let mut contents = items.iter().map(|item| &self.tree.node(*item).content);
        contents.any(|content| matches!(content, Content::Map(_)))
    }

    /// `{file: …}`.
    fn items_map(
        &mut self,
        list: &Entry<'d>,
        entries: &'d [Entry<'d>],
        head: v1::ForEachBlock,
    ) -> v1::ForEachBlock {
        let mut file = None;
        for entry in entries {
            match entry.key == FILE {
                true => file = Some(self.node(entry.value)),
                false => self.unknown_key(entry, [FILE].into_iter()),
            }
        }
        let span = self.node(list.value).span;
        let Some(node) = file else {
            self.within("items", span, |decoder| {
                let message = "\"in\" is a list, a variable that holds one, or {file: …}";
                let message = message.to_owned();
                decoder.refuse(Mistake::error(span, ErrorReason::MissingKey, message));
            });
            return head;
        };
        self.within("items", span, |decoder| {
            let Some(named) = decoder.text(node) else {
                return head.clone();
            };
            v1::ForEachBlock {
                items: decoder.items_of(node, &named),
                file: named,
                ..head.clone()
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
                let items = self.in_file(source, &folder, |inner, root| inner.literal_items(root));
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
        Some(items.iter().map(|item| as_text(self.tree, *item)).collect())
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

    /// A record: the JSON text of a map. Its cells are no templates, because a value with a quote in
    /// it would make other JSON of it.
    fn record(&mut self, id: NodeId) -> Option<String> {
        if let Some(span) = self.templated(id) {
            let message = "a value of a record cannot hold a variable or an expression".to_owned();
            let mistake = Mistake::error(span, ErrorReason::InvalidValue, message);
            self.refuse(mistake.suggest("use it in the step, or write $$ for a dollar sign"));
            return None;
        }
        let text = json(self.tree, id, &|text| unescaped(text)).to_string();
        Some(template::escape(&text).into_owned())
    }

    /// The first text below that is more than a text.
    fn templated(&self, id: NodeId) -> Option<Span> {
        let node = self.tree.node(id);
        match &node.content {
            Content::Scalar(scalar) => is_templated(&scalar.text).then_some(node.span),
            Content::List(items) => items.iter().find_map(|item| self.templated(*item)),
            Content::Map(entries) => entries.iter().find_map(|e| self.templated(e.value)),
        }
    }
}

fn is_templated(text: &str) -> bool {
    let parts = template::parse(text).map(|template| template.parts);
    let is_text = |part: &Part| matches!(part, Part::Text(_));
    !parts.is_ok_and(|parts| parts.iter().all(is_text))
}

/// The text that a template without variables stands for.
fn unescaped(text: &str) -> String {
    let parts = template::parse(text).unwrap_or_default().parts;
    let texts = parts.into_iter().filter_map(|part| match part {
        Part::Text(text) => Some(text),
        _ => None,
    });
    texts.collect()
}

/// A single value as it is written, anything else as JSON.
fn as_text(tree: &Tree<'_>, id: NodeId) -> String {
    match &tree.node(id).content {
        Content::Scalar(scalar) => scalar.text.clone().into_owned(),
        _ => json(tree, id, &str::to_owned).to_string(),
    }
}

fn json(tree: &Tree<'_>, id: NodeId, text: &dyn Fn(&str) -> String) -> serde_json::Value {
    use serde_json::Value;
    match &tree.node(id).content {
        Content::Scalar(scalar) => json_scalar(scalar, text),
        Content::List(items) => {
            Value::Array(items.iter().map(|id| json(tree, *id, text)).collect())
        }
        Content::Map(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|e| (e.key.clone().into_owned(), json(tree, e.value, text)));
            Value::Object(entries.collect())
        }
    }
}

/// A number only where it is written as JSON writes it: `007` stays a text.
fn json_scalar(scalar: &Scalar<'_>, text: &dyn Fn(&str) -> String) -> serde_json::Value {
    use serde_json::Value;
    if scalar.is_null() {
        return Value::Null;
    }
    if let Some(value) = scalar.as_bool() {
        return Value::Bool(value);
    }
    let number = match scalar.quoted {
        true => None,
        false => serde_json::from_str::<serde_json::Number>(&scalar.text).ok(),
    };
    let number = number.filter(|number| number.to_string() == scalar.text);
    number.map_or_else(|| Value::String(text(&scalar.text)), Value::Number)
}
