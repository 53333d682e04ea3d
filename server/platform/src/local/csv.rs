//! CSV that people upload.

use super::answer::Problem;
use crate::quotes;

/// Most rows of a table.
pub(super) const MOST_ROWS: usize = 200_000;

/// Most columns of a table.
const MOST_COLUMNS: usize = 1_000;

/// What a CSV file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Csv {
    /// The names of the columns.
    pub(super) columns: Vec<String>,
    /// The rows; each has as many values as there are columns.
    pub(super) rows: Vec<Vec<String>>,
}

/// Reads CSV (RFC 4180) with or without a byte order mark. Without a row of names the columns are
/// called `column1` and so on.
pub(super) fn read(text: &str, has_headers: bool) -> Result<Csv, Problem> {
    quotes::check(text).map_err(|wrong| Problem::invalid(format!("csv: {wrong}")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| mistake(&error))?;
        if rows.len() > MOST_ROWS {
            return Err(too_many_rows());
        }
        rows.push(record.iter().map(str::to_owned).collect::<Vec<_>>());
    }
    let first = rows.first().cloned().unwrap_or_default();
    let columns = if has_headers && !rows.is_empty() {
        rows.remove(0)
    } else {
        (1..=first.len())
            .map(|number| format!("column{number}"))
            .collect()
    };
    check_columns(&columns)?;
    Ok(Csv { columns, rows })
}

/// Checks the names of columns.
pub(super) fn check_columns(columns: &[String]) -> Result<(), Problem> {
    if columns.is_empty() || columns.len() > MOST_COLUMNS {
        return Err(Problem::invalid(format!(
            "csv: a table has 1 to {MOST_COLUMNS} columns, not {}",
            columns.len()
        )));
    }
    for (index, name) in columns.iter().enumerate() {
        if name.trim().is_empty() {
            let message = format!("csv: line 1: column {} has no name", index + 1);
            return Err(Problem::invalid(message));
        }
        if columns[..index].contains(name) {
            let message = format!("csv: line 1: two columns are called `{name}`");
            return Err(Problem::invalid(message));
        }
    }
    Ok(())
}

/// The error of a table that would have too many rows.
pub(super) fn too_many_rows() -> Problem {
    Problem::invalid(format!("csv: a table has at most {MOST_ROWS} rows"))
}

fn mistake(error: &csv::Error) -> Problem {
    let line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => Problem::invalid(format!(
            "csv: line {line}: it has {len} values, and the lines before have {expected_len}"
        )),
        _ => Problem::invalid(format!("csv: line {line}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_quotes_and_line_ends_are_understood() {
        let csv = read(
            "\u{feff}user,note\r\n\"a, \"\"b\"\"\",\"two\nlines\"\r\nc,\n",
            true,
        )
        .unwrap();
        assert_eq!(csv.columns, ["user", "note"]);
        assert_eq!(csv.rows, [["a, \"b\"", "two\nlines"], ["c", ""]]);
        let bare = read("1,2\n3,4", false).unwrap();
        assert_eq!(bare.columns, ["column1", "column2"]);
        assert_eq!(bare.rows.len(), 2);
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        for (text, expected) in [
            ("a,b\n1,2\n3\n", "line 3: it has 1 values"),
            ("a,\n1,2\n", "line 1: column 2 has no name"),
            ("a,a\n1,2\n", "two columns are called `a`"),
            ("a,b\n1,\"x\n2,y\n3,z\n", "line 2: nothing closes the quote"),
            ("a,b\n1,\"x\"y\n", "line 2: text stands behind"),
            ("", "1 to 1000 columns"),
        ] {
            let problem = read(text, true).unwrap_err();
            assert!(
                problem.message.contains(expected),
                "{text:?}: {}",
                problem.message
            );
        }
    }
}
