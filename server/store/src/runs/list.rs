//! Runs are listed.

use etude::v1;
use etude_engine::Result;
use etude_engine::store::{Page, RunQuery};
use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool};

use super::{RUN_COLUMNS, from_row, run_columns};
use crate::error::database;
use crate::page::{self, Key, Tokens};

/// One page of the runs that a query finds.
pub(crate) async fn list(
    readers: &SqlitePool,
    tokens: &Tokens,
    query: RunQuery,
) -> Result<Page<v1::Run>> {
    let identity = identity(&query);
    let start = tokens.start(&identity, &query.page)?;
    let rows = select(&query, start)
        .build()
        .fetch_all(readers)
        .await
        .map_err(database)?;
    let runs = rows.iter().map(|row| {
        let key = Key {
            time: row.try_get(RUN_COLUMNS).map_err(database)?,
            id: row.try_get(RUN_COLUMNS + 1).map_err(database)?,
        };
        Ok((key, from_row(row)?))
    });
    let runs = runs.collect::<Result<Vec<_>>>()?;
    Ok(tokens.page(&identity, &query.page, runs))
}

/// Tells this query from every other one, its page aside.
fn identity(query: &RunQuery) -> String {
    let RunQuery {
        page: _,
        state,
        outcome,
        test_name,
        environment,
        owner,
        show_owned,
        labels,
        tags,
        ascending,
    } = query;
    let owners = (owner, show_owned);
    let which = (state, outcome, test_name, environment, owners, labels, tags);
    format!("{:?}", ("runs", which, ascending))
}

fn select(query: &RunQuery, start: Option<Key>) -> QueryBuilder<Sqlite> {
    let columns = concat!(
        "SELECT ",
        run_columns!(),
        ", create_time, id FROM runs WHERE true"
    );
    let mut sql = QueryBuilder::new(columns);
    if let Some(state) = query.state {
        // A literal, so that the indexes of the states that matter are considered.
        sql.push(format_args!(" AND state = {}", state as i32));
    }
    match query.outcome {
        None => {}
        Some(v1::Outcome::Unspecified) => {
            sql.push(" AND outcome IS NULL");
        }
        Some(outcome) => {
            sql.push(" AND outcome = ").push_bind(outcome as i32);
        }
    }
    if let Some(test_name) = &query.test_name {
        sql.push(" AND test_name = ").push_bind(test_name.clone());
    }
    match query.environment.as_deref() {
        None => {}
        Some("") => {
            sql.push(" AND environment IS NULL");
        }
        Some(name) => {
            sql.push(" AND environment = ").push_bind(name.to_owned());
        }
    }
    match query.owner.as_deref() {
        None if query.show_owned => {}
        None | Some("") => {
            sql.push(" AND owner IS NULL");
        }
        Some(owner) => {
            sql.push(" AND owner = ").push_bind(owner.to_owned());
        }
    }
    for tag in &query.tags {
        sql.push(" AND id IN (SELECT run_id FROM run_tags WHERE tag = ");
        sql.push_bind(tag.clone()).push(")");
    }
    for (key, value) in &query.labels {
        sql.push(" AND id IN (SELECT run_id FROM run_labels WHERE key = ");
        sql.push_bind(key.clone())
            .push(" AND value = ")
            .push_bind(value.clone())
            .push(")");
    }
    let (after, direction) = if query.ascending {
        (">", "ASC")
    } else {
        ("<", "DESC")
    };
    if let Some(start) = start {
        sql.push(format_args!(" AND (create_time, id) {after} ("));
        sql.push_bind(start.time)
            .push(", ")
            .push_bind(start.id)
            .push(")");
    }
    sql.push(format_args!(
        " ORDER BY create_time {direction}, id {direction} LIMIT "
    ));
    sql.push_bind(page::rows(&query.page));
    sql
}
