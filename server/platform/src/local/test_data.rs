//! Test data tables.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Local;
use super::answer::{Answer, Problem, Reply};
use super::csv::{self, Csv};
use super::entity::{Entity, Tx, change, check_name, now, view};
use super::journeys;
use super::people::rfc3339;
use super::projects::project;
use super::request::{Ids, Json, Params};
use crate::model::test_data::Attribute;
use crate::model::{Object, TestDataTable, loose};

/// Rows of one record: a large table is written in a moment, and one cell is too.
const CHUNK: usize = 1000;

/// A table, as it is kept: its rows are records of their own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeptTable {
    pub(super) table: TestDataTable,
    description: String,
    pub(super) rows: usize,
    created: i64,
}

impl Entity for KeptTable {
    const KIND: &'static str = "test data table";
    const NOUN: &'static str = "Test data table";

    fn id(&self) -> i64 {
        self.table.id
    }

    fn parent(&self) -> i64 {
        self.table.project_id.unwrap_or_default()
    }
}

/// Rows of a table, in the order of its columns.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Chunk {
    id: i64,
    table: i64,
    rows: Vec<Vec<String>>,
}

impl Entity for Chunk {
    const KIND: &'static str = "test data rows";
    const NOUN: &'static str = "Rows";

    fn id(&self) -> i64 {
        self.id
    }

    fn parent(&self) -> i64 {
        self.table
    }
}

/// The names of a table's columns, and all of its rows.
pub(super) async fn content(tx: &mut Tx<'_>, kept: &KeptTable) -> Result<Csv, Problem> {
    let columns = kept
        .table
        .attributes
        .values()
        .map(|column| column.name.clone());
    let chunks = tx.all::<Chunk>(kept.id()).await?;
    Ok(Csv {
        columns: columns.collect(),
        rows: chunks.into_iter().flat_map(|chunk| chunk.rows).collect(),
    })
}

/// The values of a table's first row by the names of their columns; none of a table that is gone.
pub(super) async fn first_row(
    tx: &mut Tx<'_>,
    id: i64,
) -> Result<BTreeMap<String, String>, Problem> {
    let Some(kept) = tx.find::<KeptTable>(id).await? else {
        return Ok(BTreeMap::new());
    };
    let Csv { columns, rows } = content(tx, &kept).await?;
    let first = rows.into_iter().next().unwrap_or_default();
    Ok(columns.into_iter().zip(first).collect())
}

/// A table with new columns and without rows, which is not kept yet.
async fn make(tx: &mut Tx<'_>, names: &Names, columns: Vec<String>) -> Result<KeptTable, Problem> {
    let id = tx.new_id().await?;
    let mut attributes = BTreeMap::new();
    for name in columns {
        let id = tx.new_id().await?;
        let rest = Object::new();
        attributes.insert(id, Attribute { id, name, rest });
    }
    let title = names
        .title
        .clone()
        .or_else(|| names.name.clone())
        .unwrap_or_default();
    Ok(KeptTable {
        table: TestDataTable {
            id,
            project_id: names.project_id,
            name: names.name.clone().unwrap_or_else(|| title.clone()),
            title,
            attributes,
            modified_date: Some(now()),
            rest: Object::new(),
        },
        description: names.description.clone().unwrap_or_default(),
        rows: 0,
        created: now(),
    })
}

/// Appends rows and keeps the table.
async fn append(
    tx: &mut Tx<'_>,
    kept: &mut KeptTable,
    mut rows: Vec<Vec<String>>,
) -> Result<(), Problem> {
    if kept.rows + rows.len() > csv::MOST_ROWS {
        return Err(csv::too_many_rows());
    }
    kept.rows += rows.len();
    kept.table.modified_date = Some(now());
    let last = tx.all::<Chunk>(kept.id()).await?.pop();
    if let Some(mut last) = last.filter(|last| last.rows.len() < CHUNK) {
        let room = (CHUNK - last.rows.len()).min(rows.len());
        last.rows.extend(rows.drain(..room));
        tx.put(&last).await?;
    }
    for rows in rows.chunks(CHUNK) {
        let chunk = Chunk {
            id: tx.new_id().await?,
            table: kept.id(),
            rows: rows.to_vec(),
        };
        tx.put(&chunk).await?;
    }
    tx.put(kept).await
}

fn answer(kept: &KeptTable) -> Reply {
    let mut value = json!(kept.table);
    value["rowCount"] = kept.rows.into();
    let columns: Vec<_> = kept
        .table
        .attributes
        .values()
        .map(|column| &column.name)
        .collect();
    let for_cli = json!({
        "id": kept.table.id.to_string(), "name": kept.table.name,
        "description": kept.description, "columns": columns, "rowCount": kept.rows,
        "createdAt": rfc3339(kept.created),
        "updatedAt": kept.table.modified_date.and_then(rfc3339), "meta": {},
    });
    Ok(Answer::item(value)?.for_reference_cli(move || for_cli.clone()))
}

/// What a table is called, in several bodies.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Names {
    #[serde(default, deserialize_with = "loose::some_id")]
    project_id: Option<i64>,
    name: Option<String>,
    title: Option<String>,
    description: Option<String>,
}

impl Names {
    fn check(&self) -> Result<(), Problem> {
        let name = self.name.as_ref().or(self.title.as_ref());
        check_name("name", name.map_or("", String::as_str))
    }
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewTable {
    #[serde(flatten)]
    names: Names,
    csv: Option<String>,
    csv_has_headers: Option<bool>,
    /// In place of `csv`, from the reference CLI: names of columns.
    columns: Option<Vec<String>>,
}

/// POST /testdata/tables/create
pub(super) async fn create(State(local): State<Local>, Json(new): Json<NewTable>) -> Reply {
    new.names.check()?;
    let csv = match (&new.csv, new.columns) {
        (Some(text), None) => csv::read(text, new.csv_has_headers.unwrap_or(true))?,
        (None, Some(columns)) => {
            csv::check_columns(&columns)?;
            let rows = Vec::new();
            Csv { columns, rows }
        }
        _ => return Err(Problem::invalid("csv is missing")),
    };
    let kept = change(local.records(), (new.names, csv), |mut tx, (names, csv)| {
        Box::pin(async move {
            if let Some(id) = names.project_id {
                project(&mut tx, id).await?;
            }
            let mut kept = make(&mut tx, &names, csv.columns).await?;
            append(&mut tx, &mut kept, csv.rows).await?;
            Ok(kept)
        })
    })
    .await?;
    answer(&kept)
}

/// GET /testdata/tables: those of a project.
pub(super) async fn list(State(local): State<Local>, params: Params) -> Reply {
    let tables = view(local.records(), params.id("projectId")?, |mut tx, id| {
        Box::pin(async move {
            project(&mut tx, id).await?;
            tx.all::<KeptTable>(id).await
        })
    })
    .await?;
    Answer::map(tables.into_iter().map(|kept| (kept.id(), kept.table)))
}

/// GET /testdata/tables/{id}
pub(super) async fn get(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let kept = view(local.records(), id, |mut tx, id| {
        Box::pin(async move { tx.get::<KeptTable>(id).await })
    })
    .await?;
    answer(&kept)
}

/// PUT /testdata/tables/{id}
pub(super) async fn update(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    Json(names): Json<Names>,
) -> Reply {
    for (field, name) in [("name", &names.name), ("title", &names.title)] {
        name.as_ref()
            .map_or(Ok(()), |name| check_name(field, name))?;
    }
    let kept = change(local.records(), (id, names), |mut tx, (id, names)| {
        Box::pin(async move {
            let mut kept: KeptTable = tx.get(id).await?;
            kept.table.name = names.name.unwrap_or(kept.table.name);
            kept.table.title = names.title.unwrap_or(kept.table.title);
            kept.description = names.description.unwrap_or(kept.description);
            kept.table.modified_date = Some(now());
            tx.put(&kept).await?;
            Ok(kept)
        })
    })
    .await?;
    answer(&kept)
}

/// DELETE /testdata/tables/{id}: not while journeys of its project are bound to it.
pub(super) async fn delete(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    change(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            let kept: KeptTable = tx.get(id).await?;
            let users = journeys::bound_to(&mut tx, kept.parent(), id).await?;
            if !users.is_empty() {
                return Err(in_use(id, &users));
            }
            remove(&mut tx, id).await
        })
    })
    .await?;
    Answer::done()
}

fn in_use(table: i64, journeys: &[i64]) -> Problem {
    let names: Vec<_> = journeys.iter().map(|id| format!("journeys/{id}")).collect();
    Problem::conflict(format!(
        "the test data table {table} gives rows to {}; bind them to another table or to none, or \
         delete them first",
        names.join(", ")
    ))
}

async fn remove(tx: &mut Tx<'_>, id: i64) -> Result<(), Problem> {
    for chunk in tx.all::<Chunk>(id).await? {
        tx.delete::<Chunk>(chunk.id).await?;
    }
    tx.delete::<KeptTable>(id).await.map(drop)
}

/// Removes the tables of a project.
pub(super) async fn remove_all(tx: &mut Tx<'_>, project: i64) -> Result<(), Problem> {
    for kept in tx.all::<KeptTable>(project).await? {
        remove(tx, kept.id()).await?;
    }
    Ok(())
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TableCopy {
    #[serde(default, deserialize_with = "loose::id")]
    test_data_table_id: i64,
    #[serde(flatten)]
    names: Names,
}

/// POST /testdata/tables/clone
pub(super) async fn clone(State(local): State<Local>, Json(new): Json<TableCopy>) -> Reply {
    new.names.check()?;
    let kept = change(local.records(), new, |mut tx, new| {
        Box::pin(async move {
            let source: KeptTable = tx.get(new.test_data_table_id).await?;
            let names = Names {
                project_id: new.names.project_id.or(source.table.project_id),
                description: Some(source.description.clone()),
                ..new.names
            };
            if let Some(id) = names.project_id {
                project(&mut tx, id).await?;
            }
            let content = content(&mut tx, &source).await?;
            let mut kept = make(&mut tx, &names, content.columns).await?;
            append(&mut tx, &mut kept, content.rows).await?;
            Ok(kept)
        })
    })
    .await?;
    answer(&kept)
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Import {
    csv: Option<String>,
    csv_has_headers: Option<bool>,
    /// In place of `csv`, from the reference CLI: rows, the first with the names of the columns.
    data: Option<Vec<Vec<String>>>,
}

/// POST /testdata/tables/{id}/import: appends rows, whose columns are found by their names.
pub(super) async fn import(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    Json(import): Json<Import>,
) -> Reply {
    let has_headers = import.csv_has_headers.unwrap_or(true);
    let csv = match (import.csv, import.data) {
        (Some(text), None) => csv::read(&text, has_headers)?,
        (None, Some(rows)) => of_rows(rows)?,
        _ => return Err(Problem::invalid("csv is missing")),
    };
    let arguments = (id, csv, has_headers);
    let kept = change(
        local.records(),
        arguments,
        |mut tx, (id, csv, has_headers)| {
            Box::pin(async move {
                let mut kept: KeptTable = tx.get(id).await?;
                let rows = arranged(&kept, csv, has_headers)?;
                append(&mut tx, &mut kept, rows).await?;
                Ok(kept)
            })
        },
    )
    .await?;
    answer(&kept)
}

fn of_rows(mut rows: Vec<Vec<String>>) -> Result<Csv, Problem> {
    if rows.is_empty() {
        return Err(Problem::invalid(
            "data: the row with the names of the columns is missing",
        ));
    }
    let columns = rows.remove(0);
    csv::check_columns(&columns)?;
    let ragged = rows.iter().position(|row| row.len() != columns.len());
    if let Some(index) = ragged {
        return Err(Problem::invalid(format!(
            "data: row {} has {} values, and there are {} columns",
            index + 2,
            rows[index].len(),
            columns.len()
        )));
    }
    Ok(Csv { columns, rows })
}

/// Rows in the order of a table's columns.
fn arranged(kept: &KeptTable, csv: Csv, by_name: bool) -> Result<Vec<Vec<String>>, Problem> {
    let names: Vec<&str> = kept
        .table
        .attributes
        .values()
        .map(|a| a.name.as_str())
        .collect();
    let mut order = Vec::with_capacity(csv.columns.len());
    for (index, column) in csv.columns.iter().enumerate() {
        let place = if by_name {
            names.iter().position(|name| name == column)
        } else {
            Some(index).filter(|index| *index < names.len())
        };
        order.push(
            place.ok_or_else(|| {
                Problem::invalid(format!("csv: the table has no column `{column}`"))
            })?,
        );
    }
    let arrange = |row: Vec<String>| {
        let mut arranged = vec![String::new(); names.len()];
        for (value, place) in row.into_iter().zip(&order) {
            arranged[*place] = value;
        }
        arranged
    };
    Ok(csv.rows.into_iter().map(arrange).collect())
}

/// GET /testdata/tables/{id}/values
pub(super) async fn values(State(local): State<Local>, Ids([id]): Ids<1>) -> Reply {
    let (ids, rows) = view(local.records(), id, |mut tx, id| {
        Box::pin(async move {
            let kept: KeptTable = tx.get(id).await?;
            let ids: Vec<i64> = kept.table.attributes.keys().copied().collect();
            Ok((ids, content(&mut tx, &kept).await?.rows))
        })
    })
    .await?;
    let row = |row: Vec<String>| {
        let cells = ids.iter().zip(row);
        let cells = cells.map(|(id, value)| (id.to_string(), Value::from(value)));
        Value::Object(cells.collect::<Object>())
    };
    let numbered = (1..)
        .zip(rows)
        .map(|(number, cells): (i64, _)| (number.to_string(), row(cells)));
    let values = Value::Object(numbered.collect::<Object>());
    Answer::item(json!({"values": values}))
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewValues {
    #[serde(default)]
    new_test_data_values: BTreeMap<usize, BTreeMap<i64, String>>,
}

/// PUT /testdata/tables/{id}/values: sets cells, all or none. Rows are added at the end.
pub(super) async fn set_values(
    State(local): State<Local>,
    Ids([id]): Ids<1>,
    Json(new): Json<NewValues>,
) -> Reply {
    let cells = new.new_test_data_values;
    let kept = change(local.records(), (id, cells), |mut tx, (id, cells)| {
        Box::pin(async move {
            let mut kept: KeptTable = tx.get(id).await?;
            let mut added = Vec::new();
            let mut chunks = tx.all::<Chunk>(id).await?;
            let mut touched = std::collections::BTreeSet::new();
            for (row, values) in cells {
                let new = row.checked_sub(kept.rows + 1);
                if row == 0 || new.is_some_and(|new| new > added.len()) {
                    return Err(Problem::invalid(format!(
                        "newTestDataValues: there is no row {row}; rows are 1 to {}, and new ones \
                         follow on",
                        kept.rows
                    )));
                }
                if new == Some(added.len()) {
                    added.push(vec![String::new(); kept.table.attributes.len()]);
                }
                let (chunk, within) = ((row - 1) / CHUNK, (row - 1) % CHUNK);
                let cells = match new {
                    Some(new) => &mut added[new],
                    None => {
                        touched.insert(chunk);
                        &mut chunks[chunk].rows[within]
                    }
                };
                set_cells(&kept, cells, values)?;
            }
            for chunk in touched {
                tx.put(&chunks[chunk]).await?;
            }
            append(&mut tx, &mut kept, added).await?;
            Ok(kept)
        })
    })
    .await?;
    answer(&kept)
}

fn set_cells(
    kept: &KeptTable,
    cells: &mut [String],
    values: BTreeMap<i64, String>,
) -> Result<(), Problem> {
    for (attribute, value) in values {
        let place = kept.table.attributes.keys().position(|id| *id == attribute);
        let cell = place
            .and_then(|place| cells.get_mut(place))
            .ok_or_else(|| {
                Problem::invalid(format!(
                    "newTestDataValues: the table has no column {attribute}"
                ))
            })?;
        *cell = value;
    }
    Ok(())
}
