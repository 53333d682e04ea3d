//! `TestDataTableService`.

use std::collections::BTreeMap;

use etude::v1;
use etude_engine::{Error, Result};
use futures::{Stream, stream};

use super::count;
use super::names::{self, name, optional};
use crate::calls;
use crate::client::Client;
use crate::model::{TestDataTable, TestDataValues};
use crate::quotes::{self, WrongQuote};

const COLLECTION: &str = "testDataTables";

/// Bytes of text after which a message of rows is full; its largest row comes on top.
const MESSAGE_BYTES: usize = 256 * 1024;

/// Creates a table from CSV.
///
/// # Errors
///
/// `INVALID_REQUEST`; those of [`Client::call`], as all functions here.
pub async fn create_test_data_table(
    client: &Client,
    request: v1::CreateTestDataTableRequest,
) -> Result<v1::CreateTestDataTableResponse> {
    let project = names::id("project", "projects", &request.project)?;
    let rows = Rows::read(&request.csv)?;
    let csv = rows.write()?;
    let created = client.call(calls::test_data::create(
        project,
        &request.display_name,
        &csv,
    ));
    let table = read(client, created.await?.id).await?;
    Ok(v1::CreateTestDataTableResponse { table: Some(table) })
}

/// Returns a table without its rows.
pub async fn get_test_data_table(
    client: &Client,
    request: v1::GetTestDataTableRequest,
) -> Result<v1::GetTestDataTableResponse> {
    let id = names::id("name", COLLECTION, &request.name)?;
    Ok(v1::GetTestDataTableResponse {
        table: Some(read(client, id).await?),
    })
}

/// Changes a table's names.
pub async fn update_test_data_table(
    client: &Client,
    request: v1::UpdateTestDataTableRequest,
) -> Result<v1::UpdateTestDataTableResponse> {
    let id = names::id("name", COLLECTION, &request.name)?;
    let renamed = client.call(calls::test_data::rename(id, &request.display_name));
    renamed.await?;
    Ok(v1::UpdateTestDataTableResponse {
        table: Some(read(client, id).await?),
    })
}

/// Deletes a table.
pub async fn delete_test_data_table(
    client: &Client,
    request: v1::DeleteTestDataTableRequest,
) -> Result<v1::DeleteTestDataTableResponse> {
    let id = names::id("name", COLLECTION, &request.name)?;
    client.call(calls::test_data::delete(id)).await?;
    Ok(v1::DeleteTestDataTableResponse {})
}

/// Copies a table with its rows.
pub async fn clone_test_data_table(
    client: &Client,
    request: v1::CloneTestDataTableRequest,
) -> Result<v1::CloneTestDataTableResponse> {
    let id = names::id("name", COLLECTION, &request.name)?;
    let project = names::id("project", "projects", &request.project)?;
    let copied = client.call(calls::test_data::clone(id, project, &request.display_name));
    let table = read(client, copied.await?.id).await?;
    Ok(v1::CloneTestDataTableResponse { table: Some(table) })
}

/// Streams the rows of a table, in order.
pub async fn read_test_data_rows(
    client: &Client,
    request: v1::ReadTestDataRowsRequest,
) -> Result<impl Stream<Item = Result<v1::ReadTestDataRowsResponse>> + Send + use<>> {
    let id = names::id("name", COLLECTION, &request.name)?;
    let table = client.call(calls::test_data::get(id)).await?;
    let values = client.call(calls::test_data::values(id)).await?;
    let after = i64::from(request.after_row);
    let rows = values
        .values
        .into_iter()
        .filter(move |(row, _)| *row > after);
    let rows = rows.map(move |(row, cells)| v1::TestDataRow {
        row: count(row),
        values: named(&table, cells),
    });
    let size = |row: &v1::TestDataRow| {
        let cells = row.values.iter();
        cells.map(|(name, value)| name.len() + value.len()).sum()
    };
    let messages = batches(rows, size);
    Ok(stream::iter(
        messages.map(|rows| Ok(v1::ReadTestDataRowsResponse { rows })),
    ))
}

/// Sets cells of a table.
pub async fn set_test_data_cells(
    client: &Client,
    request: v1::SetTestDataCellsRequest,
) -> Result<v1::SetTestDataCellsResponse> {
    let id = names::id("name", COLLECTION, &request.name)?;
    let table = client.fresh().call(calls::test_data::get(id)).await?;
    let columns = ids(&table);
    let mut cells: BTreeMap<i64, BTreeMap<i64, String>> = BTreeMap::new();
    for (index, cell) in request.cells.into_iter().enumerate() {
        let field = format!("cells[{index}].column");
        let column = *columns.get(cell.column.as_str()).ok_or_else(|| {
            Error::invalid(field, "known", unknown_column(&cell.column, &columns))
        })?;
        cells
            .entry(cell.row.into())
            .or_default()
            .insert(column, cell.value);
    }
    let set = client.call(calls::test_data::set_values(
        id,
        &cells,
        table.modified_date,
    ));
    set.await?;
    Ok(v1::SetTestDataCellsResponse {
        table: Some(read(client, id).await?),
    })
}

/// Appends rows from CSV to a table.
pub async fn import_test_data_rows(
    client: &Client,
    request: v1::ImportTestDataRowsRequest,
) -> Result<v1::ImportTestDataRowsResponse> {
    let id = names::id("name", COLLECTION, &request.name)?;
    let rows = Rows::read(&request.csv)?;
    let table = client.fresh().call(calls::test_data::get(id)).await?;
    let columns = ids(&table);
    let mut order = Vec::with_capacity(rows.columns.len());
    for column in &rows.columns {
        let known = columns.get(column.as_str()).ok_or_else(|| {
            let message = format!("line 1: {}", unknown_column(column, &columns));
            Error::invalid("csv", "csv", message)
        })?;
        order.push(*known);
    }
    let present = client.fresh().call(calls::test_data::values(id)).await?;
    let last = present.values.keys().next_back().copied().unwrap_or(0);
    let imported = rows.rows.len();
    let cells = (last + 1..).zip(rows.rows).map(|(row, cells)| {
        let cells = order.iter().copied().zip(cells).collect();
        (row, cells)
    });
    let set = calls::test_data::set_values(id, &cells.collect(), table.modified_date);
    client.call(set).await?;
    Ok(v1::ImportTestDataRowsResponse {
        table: Some(read(client, id).await?),
        imported: count(imported as i64),
    })
}

/// Streams a table as CSV.
pub async fn export_test_data_table(
    client: &Client,
    request: v1::ExportTestDataTableRequest,
) -> Result<impl Stream<Item = Result<v1::ExportTestDataTableResponse>> + Send + use<>> {
    let id = names::id("name", COLLECTION, &request.name)?;
    let table = client.call(calls::test_data::get(id)).await?;
    let values = client.call(calls::test_data::values(id)).await?;
    let columns: Vec<i64> = table.attributes.keys().copied().collect();
    let header = table.attributes.values().map(|column| column.name.clone());
    let header = line(header.collect())?;
    let lines = values.values.into_values().map(move |mut cells| {
        let row = columns
            .iter()
            .map(|id| cells.remove(id).unwrap_or_default());
        line(row.collect())
    });
    let lines = lines.collect::<Result<Vec<_>>>()?;
    let all = std::iter::once(header).chain(lines);
    let messages = batches(all, String::len);
    Ok(stream::iter(messages.map(|lines| {
        Ok(v1::ExportTestDataTableResponse {
            csv: lines.concat(),
        })
    })))
}

// === Messages ===

async fn read(client: &Client, id: i64) -> Result<v1::TestDataTable> {
    let table = client.call(calls::test_data::get(id)).await?;
    let values = client.call(calls::test_data::values(id)).await?;
    Ok(message(table, &values))
}

fn message(table: TestDataTable, values: &TestDataValues) -> v1::TestDataTable {
    let columns = table
        .attributes
        .iter()
        .map(|(id, column)| v1::TestDataColumn {
            id: *id,
            name: column.name.clone(),
        });
    v1::TestDataTable {
        name: name(COLLECTION, table.id),
        columns: columns.collect(),
        display_name: table.name,
        project: optional("projects", table.project_id),
        row_count: count(values.values.len() as i64),
    }
}

/// The values of a row by the names of their columns.
fn named(table: &TestDataTable, cells: BTreeMap<i64, String>) -> BTreeMap<String, String> {
    let named = cells.into_iter().filter_map(|(id, value)| {
        let column = table.attributes.get(&id)?;
        Some((column.name.clone(), value))
    });
    named.collect()
}

/// The columns' ids by their names.
fn ids(table: &TestDataTable) -> BTreeMap<&str, i64> {
    let columns = table.attributes.iter();
    columns
        .map(|(id, column)| (column.name.as_str(), *id))
        .collect()
}

fn unknown_column(column: &str, columns: &BTreeMap<&str, i64>) -> String {
    let known: Vec<_> = columns.keys().copied().collect();
    format!(
        "the table has no column `{column}`; it has {}",
        known.join(", ")
    )
}

/// Puts items together until a message is full.
fn batches<T>(
    items: impl Iterator<Item = T>,
    size: impl Fn(&T) -> usize,
) -> impl Iterator<Item = Vec<T>> {
    let mut items = items.peekable();
    std::iter::from_fn(move || {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while bytes < MESSAGE_BYTES
            && let Some(item) = items.next()
        {
            bytes += size(&item);
            batch.push(item);
        }
        (!batch.is_empty()).then_some(batch)
    })
}

// === CSV ===

/// What a CSV file holds.
struct Rows {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    /// Reads CSV whose first row names the columns.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST` with the line: rows of different lengths, a column without a name or two of
    /// the same, no rows.
    fn read(text: &str) -> Result<Self> {
        let refused = |wrong: WrongQuote| Error::invalid("csv", "csv", wrong.to_string());
        quotes::check(text).map_err(refused)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| invalid(&error))?;
        let columns: Vec<String> = header.iter().map(str::to_owned).collect();
        for (index, column) in columns.iter().enumerate() {
            let problem = match column.trim() {
                "" => format!("line 1: column {} has no name", index + 1),
                _ if columns[..index].contains(column) => {
                    format!("line 1: two columns have the name `{column}`")
                }
                _ => continue,
            };
            return Err(Error::invalid("csv", "csv", problem));
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| invalid(&error))?;
            rows.push(record.iter().map(str::to_owned).collect());
        }
        if rows.is_empty() {
            let message = "the CSV has no rows; write at least one below the names of the columns";
            return Err(Error::invalid("csv", "csv", message));
        }
        Ok(Self { columns, rows })
    }

    /// Writes it as the platform takes it.
    fn write(self) -> Result<String> {
        let mut text = line(self.columns)?;
        for row in self.rows {
            text.push_str(&line(row)?);
        }
        Ok(text)
    }
}

/// A table as CSV whose first line names the columns.
pub(crate) fn csv_of(columns: Vec<String>, rows: Vec<Vec<String>>) -> Result<String> {
    Rows { columns, rows }.write()
}

/// One line of CSV.
fn line(cells: Vec<String>) -> Result<String> {
    let failed =
        |error: &dyn std::fmt::Display| Error::internal(format!("cannot write CSV: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(&cells)
        .map_err(|error| failed(&error))?;
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

fn invalid(error: &csv::Error) -> Error {
    let line = |position: Option<&csv::Position>| position.map_or(1, csv::Position::line);
    let message = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => format!(
            "line {}: the row has {len} cells, and the first one has {expected_len}; give every \
             row as many",
            line(pos.as_ref())
        ),
        _ => format!("the CSV cannot be read: {error}"),
    };
    Error::invalid("csv", "csv", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_keeps_quotes_line_breaks_and_blanks() {
        let text = "\u{feff}name,text\nA,\" a \"\"b\"\"\nc\"\n";
        let rows = Rows::read(text).unwrap();
        assert_eq!(rows.columns, ["name", "text"]);
        assert_eq!(rows.rows, [["A", " a \"b\"\nc"]]);
        let again = Rows::read(&rows.write().unwrap()).unwrap();
        assert_eq!(again.rows, [["A", " a \"b\"\nc"]]);
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        for (text, expected) in [
            ("a,b\n1,2\n3\n", "line 3: the row has 1 cells"),
            ("a,\n1,2\n", "line 1: column 2 has no name"),
            ("a,a\n1,2\n", "line 1: two columns have the name `a`"),
            ("a,b\n1,\"x\n2,y\n3,z\n", "line 2: nothing closes the quote"),
            ("a,b\n1,\"x\"y\n", "line 2: text stands behind"),
            ("a,b\n", "no rows"),
        ] {
            let error = Rows::read(text).err().unwrap();
            let told = &error.violations[0];
            assert_eq!(told.field, "csv");
            assert!(told.description.contains(expected), "{}", told.description);
        }
    }

    #[test]
    fn a_large_table_is_cut_into_messages() {
        let lines = (0..100_000).map(|number| format!("{number},x\n"));
        let messages: Vec<_> = batches(lines, String::len).collect();
        assert!(messages.len() > 1);
        assert_eq!(messages.iter().map(Vec::len).sum::<usize>(), 100_000);
    }
}
