//! Comma-separated values, as RFC 4180 has them.

use std::collections::HashSet;

use etude::v1::ErrorReason;

use super::super::test::ROW_NAME;
use crate::diagnose::{Mistake, shown};
use crate::source::{Source, Span};
use crate::template;

/// A file of rows that all have the cells that its header names.
pub(super) struct Table {
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<Row>,
}

/// A row, and where it begins.
pub(super) struct Row {
    pub(super) cells: Vec<String>,
    pub(super) span: Span,
}

impl Table {
    /// Each row as a JSON object of texts.
    pub(super) fn items(&self) -> Vec<String> {
        let item = |row: &Row| {
            let cells = row.cells.iter().map(|cell| cell.as_str().into());
            let object = self.header.iter().cloned().zip(cells).collect();
            serde_json::Value::Object(object).to_string()
        };
        self.rows.iter().map(item).collect()
    }
}

/// Reads a file of at most `most` rows. Blank lines are passed over.
///
/// # Errors
///
/// Every row that does not fit the header, or the first mistake of any other kind.
pub(super) fn read(source: &Source<'_>, most: usize) -> Result<Table, Vec<Mistake>> {
    let mut reader = Reader { source, at: 0 };
    let header = match reader.row().map_err(|mistake| vec![mistake])? {
        Some(row) => row,
        None => return Err(vec![empty(source)]),
    };
    let mut mistakes = check_header(&header);
    let mut rows = Vec::new();
    loop {
        match reader.row() {
            Ok(Some(row)) if rows.len() == most => {
                let message = format!("a file of data has at most {most} rows; here is another");
                mistakes.push(wrong(row.span, message).suggest("split the file"));
                break;
            }
            Ok(Some(row)) => {
                mistakes.extend(check_row(&row, header.cells.len()));
                rows.push(row);
            }
            Ok(None) => break,
            Err(mistake) => {
                mistakes.push(mistake);
                break;
            }
        }
    }
    if mistakes.is_empty() && rows.is_empty() {
        let mistake = wrong(header.span, "nothing stands below the header".to_owned());
        mistakes.push(mistake.suggest("add rows, each on a line of its own"));
    }
    match mistakes.is_empty() {
        true => Ok(Table {
            header: header.cells,
            rows,
        }),
        false => Err(mistakes),
    }
}

fn wrong(span: Span, message: String) -> Mistake {
    Mistake::error(span, ErrorReason::DataInvalid, message)
}

fn empty(source: &Source<'_>) -> Mistake {
    let message = "the file is empty".to_owned();
    wrong(source.place(0, 0), message).suggest("its first line names the columns: user,password")
}

fn check_header(header: &Row) -> Vec<Mistake> {
    let mut seen = HashSet::new();
    let mut mistakes = Vec::new();
    for (index, name) in header.cells.iter().enumerate() {
        let number = index + 1;
        if name.is_empty() {
            let message = format!("column {number} has no name");
            mistakes.push(wrong(header.span, message).suggest("name it, or take the column out"));
        } else if name != ROW_NAME && !template::is_name(name) {
            let message = format!("column {number} is called \"{}\"", shown(name));
            mistakes.push(
                wrong(header.span, message)
                    .suggest("use letters, digits and \"_\" only, and no digit at the beginning"),
            );
        } else if !seen.insert(name) {
            let message = format!("two columns are called \"{}\"", shown(name));
            mistakes.push(wrong(header.span, message).suggest("rename one of them"));
        }
    }
    mistakes
}

fn check_row(row: &Row, columns: usize) -> Option<Mistake> {
    let cells = row.cells.len();
    let message = match cells == columns {
        true => return None,
        false => format!("this row has {cells} cells, the header has {columns}"),
    };
    Some(wrong(row.span, message).suggest("a cell that holds a comma stands in double quotes"))
}

struct Reader<'r, 'a> {
    source: &'r Source<'a>,
    /// The next byte.
    at: usize,
}

impl Reader<'_, '_> {
    /// The next row that is not blank.
    fn row(&mut self) -> Result<Option<Row>, Mistake> {
        while self.line_end() {}
        let start = self.at;
        if self.rest().is_empty() {
            return Ok(None);
        }
        let mut cells = Vec::new();
        loop {
            cells.push(self.cell()?);
            if self.rest().starts_with(',') {
                self.at += 1;
            } else {
                break;
            }
        }
        let span = self.source.place(start, self.at);
        self.line_end();
        Ok(Some(Row { cells, span }))
    }

    fn rest(&self) -> &str {
        self.source.text().get(self.at..).unwrap_or_default()
    }

    /// Passes over the end of a line.
    fn line_end(&mut self) -> bool {
        let rest = self.rest();
        let length = match rest.as_bytes() {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        self.at += length;
        length > 0
    }

    fn cell(&mut self) -> Result<String, Mistake> {
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let rest = self.rest();
        let end = rest.find([',', '\r', '\n']).unwrap_or(rest.len());
        let cell = rest[..end].to_owned();
        if let Some(quote) = cell.find('"') {
            let at = self.at + quote;
            let message = "a quote stands in a cell without quotes".to_owned();
            return Err(wrong(self.source.place(at, at + 1), message)
                .suggest("put the cell in double quotes, and write the quote twice"));
        }
        self.at += end;
        Ok(cell)
    }

    fn quoted(&mut self) -> Result<String, Mistake> {
        let start = self.at;
        let mut cell = String::new();
        self.at += 1;
        loop {
            let Some(end) = self.rest().find('"') else {
                let message = "nothing closes this quote".to_owned();
                return Err(wrong(self.source.place(start, start + 1), message)
                    .suggest("close the cell with a quote; a quote in it is written twice"));
            };
            cell.push_str(&self.rest()[..end]);
            self.at += end + 1;
            if !self.rest().starts_with('"') {
                break;
            }
            cell.push('"');
            self.at += 1;
        }
        let rest = self.rest();
        if !rest.is_empty() && !rest.starts_with([',', '\r', '\n']) {
            let message = "text stands behind the quote that closes the cell".to_owned();
            return Err(wrong(self.source.place(self.at, self.at + 1), message)
                .suggest("a quote in a cell is written twice"));
        }
        Ok(cell)
    }
}

#[cfg(test)]
mod tests;
