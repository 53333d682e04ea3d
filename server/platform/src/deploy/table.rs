//! A test's variables and data rows as a table of the platform.

use std::collections::{BTreeMap, HashMap};

use etude::v1::{self, variable::Source};
use etude_engine::Result;

use super::observed::{changed_meanwhile, read_table};
use crate::calls;
use crate::client::Client;
use crate::model::{TestDataTable, TestDataValues};
use crate::resources::test_data_tables::csv_of;

/// Columns and rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// The names of the columns: those of variables.
    pub columns: Vec<String>,
    /// The rows; each has as many values as there are columns.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// The variables and rows of a test; variables without rows are a table of one row. `None`: it
    /// has none, or only secrets.
    pub(crate) fn of(test: &v1::Test) -> Option<Self> {
        let of_rows = test.data_rows.iter().flat_map(|row| &row.variables);
        let mut columns: Vec<String> = Vec::new();
        for variable in test.variables.iter().chain(of_rows) {
            if value(variable).is_some() && !columns.contains(&variable.name) {
                columns.push(variable.name.clone());
            }
        }
        if columns.is_empty() {
            return None;
        }
        let common = values(&test.variables);
        let row = |row: &[v1::Variable]| {
            let own = values(row);
            let cell = |name: &String| own.get(name.as_str()).or_else(|| common.get(name.as_str()));
            let cells = columns.iter().map(|name| cell(name).copied());
            cells
                .map(|cell| cell.unwrap_or_default().to_owned())
                .collect()
        };
        let rows = match test.data_rows.as_slice() {
            [] => vec![row(&[])],
            rows => rows.iter().map(|one| row(&one.variables)).collect(),
        };
        Some(Self { columns, rows })
    }

    /// The table that the platform holds.
    pub(crate) fn read(table: &TestDataTable, values: &TestDataValues) -> Self {
        let row = |cells: &BTreeMap<i64, String>| {
            let ids = table.attributes.keys();
            ids.map(|id| cells.get(id).cloned().unwrap_or_default())
                .collect()
        };
        Self {
            columns: table
                .attributes
                .values()
                .map(|one| one.name.clone())
                .collect(),
            rows: values.values.values().map(row).collect(),
        }
    }

    /// The variables and rows of a test that has this table.
    pub(crate) fn into_test(self, test: &mut v1::Test) {
        let columns = self.columns;
        let variables = |row: Vec<String>| {
            let cells = columns.iter().zip(row);
            let variable = |(name, value): (&String, String)| v1::Variable {
                name: name.clone(),
                source: Some(Source::Value(value)),
            };
            cells.map(variable).collect()
        };
        let mut rows = self.rows.into_iter();
        match (rows.next(), rows.len()) {
            (None, _) => {}
            (Some(only), 0) => test.variables = variables(only),
            (Some(first), _) => {
                let all = std::iter::once(first).chain(rows);
                let row = |cells| v1::DataRow {
                    variables: variables(cells),
                    ..v1::DataRow::default()
                };
                test.data_rows = all.map(row).collect();
            }
        }
    }

    fn csv(&self) -> Result<String> {
        csv_of(self.columns.clone(), self.rows.clone())
    }

    /// What it is, in words.
    pub(crate) fn words(&self) -> String {
        format!(
            "{} × {}",
            count(self.rows.len(), "row"),
            self.columns.join(", ")
        )
    }
}

fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    }
}

fn value(variable: &v1::Variable) -> Option<&str> {
    match &variable.source {
        Some(Source::Value(text)) => Some(text),
        None => Some(""),
        Some(Source::Secret(_) | Source::Env(_)) => None,
    }
}

fn values(variables: &[v1::Variable]) -> HashMap<&str, &str> {
    let valued = variables.iter();
    valued
        .filter_map(|one| Some((one.name.as_str(), value(one)?)))
        .collect()
}

// === Calls ===

/// Sets the cells of a table that differ, and reads it back.
pub(crate) async fn set(client: &Client, id: i64, wanted: &Table) -> Result<()> {
    let table = client.call(calls::test_data::get(id)).await?;
    let there = client.call(calls::test_data::values(id)).await?;
    let ids: Vec<i64> = table.attributes.keys().copied().collect();
    let mut numbers: Vec<i64> = there.values.keys().copied().collect();
    let last = numbers.last().copied().unwrap_or_default();
    let new = wanted.rows.len().saturating_sub(numbers.len());
    numbers.extend((last + 1..).take(new));
    let mut cells: BTreeMap<i64, BTreeMap<i64, String>> = BTreeMap::new();
    for (number, row) in numbers.iter().zip(&wanted.rows) {
        let old = there.values.get(number);
        for (column, value) in ids.iter().zip(row) {
            if old.and_then(|old| old.get(column)) != Some(value) {
                let row = cells.entry(*number).or_default();
                row.insert(*column, value.clone());
            }
        }
    }
    let call = calls::test_data::set_values(id, &cells, table.modified_date);
    client.call(call).await?;
    read_back(client, id, wanted).await
}

/// Makes a table and reads it back. One of this name and content that is there already, of a
/// deployment that was interrupted, is taken.
pub(crate) async fn make(
    client: &Client,
    project: i64,
    title: &str,
    wanted: &Table,
) -> Result<i64> {
    // The cloud's list is not known: there, only what is bound to a journey is found.
    let listed = match client.is_local() {
        true => client.call(calls::test_data::list(project)).await?,
        false => Vec::new(),
    };
    for table in listed.iter().filter(|table| table.name == title) {
        if read_table(client, table.id).await? == *wanted {
            return Ok(table.id);
        }
    }
    let csv = wanted.csv()?;
    let id = client
        .call(calls::test_data::create(project, title, &csv))
        .await?
        .id;
    read_back(client, id, wanted).await?;
    Ok(id)
}

async fn read_back(client: &Client, id: i64, wanted: &Table) -> Result<()> {
    match read_table(client, id).await? == *wanted {
        true => Ok(()),
        false => Err(changed_meanwhile(&format!("testDataTables/{id}"))),
    }
}
