//! Data: rows of a test, in the test file or in a file of their own. The items of a loop are in
//! `items`.

mod csv;
mod items;
mod record;

use etude::v1::{self, ErrorReason, variable};

use super::Decoder;
use super::files::Holds;
use super::test::ROW_NAME;
use crate::diagnose::{Mistake, shown};
use crate::model::Field;
use crate::source::Source;
use crate::tree::{Content, Node, NodeId};
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
        match self.rows_or_file(node) {
            (Some(_), Some(file)) => {
                let message = "\"rows\" and \"file\" cannot both be given".to_owned();
                let mistake = Mistake::error(file.span, ErrorReason::InvalidValue, message);
                self.refuse(mistake.suggest("keep one of them"));
                (Vec::new(), String::new())
            }
            (None, Some(file)) => self.rows_of(field, file),
            (rows, None) => {
                let rows = rows.map_or_else(Vec::new, |rows| self.rows(field, rows));
                (rows, String::new())
            }
        }
    }

    /// What is given as rows, and what as the path of a file of rows.
    fn rows_or_file(&mut self, node: &'d Node<'d>) -> (Option<&'d Node<'d>>, Option<&'d Node<'d>>) {
        let entries = match &node.content {
            Content::Map(entries) => entries,
            Content::Scalar(scalar) if !scalar.is_null() => return (None, Some(node)),
            _ => return (Some(node), None),
        };
        let (mut rows, mut file) = (None, None);
        for entry in entries {
            match entry.key.as_ref() {
                "rows" => rows = Some(self.node(entry.value)),
                FILE => file = Some(self.node(entry.value)),
                _ => self.unknown_key(entry, ["rows", FILE].into_iter()),
            }
        }
        (rows, file)
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
            Form::Csv => self.table(source).map(|table| self.rows_of_table(&table)),
            Form::Tree => {
                let folder = self.folder.clone();
                self.in_file(source, &folder, Holds::Rows, |inner, root| {
                    let node = inner.node(root);
                    inner.rows(field, node)
                })
            }
        };
        (rows.unwrap_or_default(), named)
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
}
