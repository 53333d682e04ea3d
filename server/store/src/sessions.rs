//! Sessions: the state that is kept of them.

use std::time::Duration;

use etude::v1::{self, ErrorReason};
use etude_engine::store::{Page, PageRequest};
use etude_engine::{Error, Result};
use prost::Message;
use sqlx::SqlitePool;

use crate::artifacts::rows::{Removed, remove_of};
use crate::clock;
use crate::error::{Failure, database, unreadable};
use crate::page::{self, Key, Tokens};
use crate::writer::{Tx, Write, Writer};

/// Sessions that are forgotten in one transaction.
const BATCH: i64 = 50;

/// Keeps a session's present state.
pub(crate) async fn save(writer: &Writer, session: &v1::Session) -> Result<()> {
    writer.write(Save::new(session)).await
}

struct Save {
    name: String,
    state: i32,
    create_time: i64,
    end_time: Option<i64>,
    session: Vec<u8>,
}

impl Save {
    fn new(session: &v1::Session) -> Self {
        Self {
            name: session.name.clone(),
            state: session.state,
            create_time: session.create_time.as_ref().map_or(0, clock::nanos),
            end_time: session.end_time.as_ref().map(clock::nanos),
            session: session.encode_to_vec(),
        }
    }
}

impl Write for Save {
    type Output = ();

    async fn apply(&mut self, tx: &mut Tx) -> Result<(), Failure> {
        const SAVE: &str = "\
            INSERT INTO sessions (name, state, create_time, end_time, session) \
            VALUES (?, ?, ?, ?, ?) \
            ON CONFLICT (name) DO UPDATE SET state = excluded.state, \
                create_time = excluded.create_time, end_time = excluded.end_time, \
                session = excluded.session";
        sqlx::query(SAVE)
            .bind(&self.name)
            .bind(self.state)
            .bind(self.create_time)
            .bind(self.end_time)
            .bind(self.session.as_slice())
            .execute(&mut tx.connection)
            .await?;
        Ok(())
    }
}

/// A kept session.
pub(crate) async fn get(readers: &SqlitePool, name: &str) -> Result<v1::Session> {
    let bytes: Option<Vec<u8>> = sqlx::query_scalar("SELECT session FROM sessions WHERE name = ?")
        .bind(name)
        .fetch_optional(readers)
        .await
        .map_err(database)?;
    decode(&bytes.ok_or_else(|| not_found(name))?)
}

/// One page of the kept sessions, newest first.
pub(crate) async fn list(
    readers: &SqlitePool,
    tokens: &Tokens,
    request: PageRequest,
    show_ended: bool,
) -> Result<Page<v1::Session>> {
    const ALL: &str = "\
        SELECT create_time, id, session FROM sessions \
        WHERE (create_time, id) < (?, ?) ORDER BY create_time DESC, id DESC LIMIT ?";
    const ACTIVE: &str = "\
        SELECT create_time, id, session FROM sessions \
        WHERE state = 1 AND (create_time, id) < (?, ?) \
        ORDER BY create_time DESC, id DESC LIMIT ?";
    let identity = format!("{:?}", ("sessions", show_ended));
    let start = tokens.start(&identity, &request)?;
    let start = start.unwrap_or(Key {
        time: i64::MAX,
        id: i64::MAX,
    });
    let rows: Vec<(i64, i64, Vec<u8>)> = sqlx::query_as(if show_ended { ALL } else { ACTIVE })
        .bind(start.time)
        .bind(start.id)
        .bind(page::rows(&request))
        .fetch_all(readers)
        .await
        .map_err(database)?;
    let sessions = rows
        .into_iter()
        .map(|(time, id, session)| Ok((Key { time, id }, decode(&session)?)))
        .collect::<Result<Vec<_>>>()?;
    Ok(tokens.page(&identity, &request, sessions))
}

/// Ends every session that is kept as active; returns how many.
pub(crate) async fn end_active(writer: &Writer, reason: &str) -> Result<u64> {
    writer
        .write(EndActive {
            reason: reason.to_owned(),
        })
        .await
}

struct EndActive {
    reason: String,
}

impl Write for EndActive {
    type Output = u64;

    async fn apply(&mut self, tx: &mut Tx) -> Result<u64, Failure> {
        let active: Vec<(Vec<u8>,)> =
            sqlx::query_as("SELECT session FROM sessions WHERE state = 1")
                .fetch_all(&mut tx.connection)
                .await?;
        let active = active
            .iter()
            .map(|(session,)| decode(session))
            .collect::<Result<Vec<_>>>()?;
        for session in &active {
            let ended = v1::Session {
                state: v1::SessionState::Ended as i32,
                end_reason: self.reason.clone(),
                end_time: Some(clock::now()),
                ..session.clone()
            };
            Save::new(&ended).apply(tx).await?;
        }
        Ok(active.len() as u64)
    }
}

/// Forgets sessions that ended longer ago than `age`, and their artifacts. Returns how many
/// sessions, and the artifacts, whose files the caller removes.
pub(crate) async fn forget(writer: &Writer, age: Duration) -> Result<(u64, Vec<Removed>)> {
    let before = clock::nanos_ago(age);
    let mut forgotten = 0;
    let mut artifacts = Vec::new();
    loop {
        let (batch, removed) = writer.write(Forget { before }).await?;
        forgotten += batch;
        artifacts.extend(removed);
        if batch == 0 {
            return Ok((forgotten, artifacts));
        }
    }
}

struct Forget {
    before: i64,
}

impl Write for Forget {
    type Output = (u64, Vec<Removed>);

    async fn apply(&mut self, tx: &mut Tx) -> Result<Self::Output, Failure> {
        const FORGET: &str = "\
            DELETE FROM sessions WHERE id IN (SELECT id FROM sessions \
                WHERE end_time < ? AND state = 2 ORDER BY end_time LIMIT ?) \
            RETURNING name";
        let names: Vec<(String,)> = sqlx::query_as(FORGET)
            .bind(self.before)
            .bind(BATCH)
            .fetch_all(&mut tx.connection)
            .await?;
        let mut removed = Vec::new();
        for (name,) in &names {
            removed.extend(remove_of(tx, name).await?);
        }
        Ok((names.len() as u64, removed))
    }
}

fn decode(bytes: &[u8]) -> Result<v1::Session> {
    v1::Session::decode(bytes).map_err(|error| unreadable("a session", &error))
}

fn not_found(name: &str) -> Error {
    Error::new(
        ErrorReason::SessionNotFound,
        format!("there is no session {name}"),
    )
    .resource(name)
}
