//! The rows of artifacts.

use etude::v1::{self, ErrorReason};
use etude_engine::store::{NewArtifact, Page, PageRequest};
use etude_engine::{Error, Result};
use prost::Message;
use sqlx::SqlitePool;
use uuid::Uuid;

use super::content::Hash;
use crate::clock;
use crate::error::{Failure, database, failed, unreadable};
use crate::page::{self, Key, Tokens};
use crate::writer::{Tx, Write};

const PREFIX: &str = "artifacts/";

/// Writes an artifact's row, unless the same request has written one.
pub(crate) struct Insert {
    artifact: v1::Artifact,
    encoded: Vec<u8>,
    hash: Hash,
    request_id: Option<String>,
}

impl Insert {
    /// A new artifact with this content.
    pub(crate) fn new(new: NewArtifact, hash: Hash, size: u64) -> Self {
        let artifact = v1::Artifact {
            name: format!("{PREFIX}{}", Uuid::now_v7()),
            parent: new.parent,
            file_name: new.file_name,
            kind: new.kind as i32,
            media_type: new.media_type,
            size_bytes: i64::try_from(size).unwrap_or(i64::MAX),
            sha256: hash.to_string(),
            create_time: Some(clock::now()),
        };
        Self {
            encoded: artifact.encode_to_vec(),
            artifact,
            hash,
            request_id: Some(new.request_id).filter(|id| !id.is_empty()),
        }
    }

    /// The name that it gets.
    pub(crate) fn name(&self) -> &str {
        &self.artifact.name
    }
}

impl Write for Insert {
    type Output = v1::Artifact;

    async fn apply(&mut self, tx: &mut Tx) -> Result<v1::Artifact, Failure> {
        const INSERT: &str = "\
            INSERT INTO artifacts (name, parent, sha256, request_id, artifact) \
            VALUES (?, ?, ?, ?, ?)";
        if self.request_id.is_some() {
            let query = sqlx::query_scalar(BY_REQUEST).bind(&self.request_id);
            let known: Option<Vec<u8>> = query.fetch_optional(&mut tx.connection).await?;
            if let Some(known) = known {
                return Ok(decode(&known)?);
            }
        }
        sqlx::query(INSERT)
            .bind(&self.artifact.name)
            .bind(&self.artifact.parent)
            .bind(self.hash.as_bytes())
            .bind(&self.request_id)
            .bind(self.encoded.as_slice())
            .execute(&mut tx.connection)
            .await?;
        Ok(self.artifact.clone())
    }
}

/// An artifact whose row has been removed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Removed {
    /// `artifacts/{id}`
    pub(crate) name: String,
    /// Its content.
    pub(crate) hash: Hash,
}

impl Removed {
    fn new((name, hash): (String, Vec<u8>)) -> Result<Self, Failure> {
        Ok(Self {
            hash: stored_hash(&hash)?,
            name,
        })
    }
}

/// Removes an artifact's row.
pub(crate) struct Delete {
    /// `artifacts/{id}`
    pub(crate) name: String,
}

impl Write for Delete {
    type Output = Removed;

    async fn apply(&mut self, tx: &mut Tx) -> Result<Removed, Failure> {
        let removed: Option<(String, Vec<u8>)> =
            sqlx::query_as("DELETE FROM artifacts WHERE name = ? RETURNING name, sha256")
                .bind(&self.name)
                .fetch_optional(&mut tx.connection)
                .await?;
        Removed::new(removed.ok_or_else(|| not_found(&self.name))?)
    }
}

/// Removes the rows of everything that a run or session left.
pub(crate) async fn remove_of(tx: &mut Tx, parent: &str) -> Result<Vec<Removed>, Failure> {
    let removed: Vec<(String, Vec<u8>)> =
        sqlx::query_as("DELETE FROM artifacts WHERE parent = ? RETURNING name, sha256")
            .bind(parent)
            .fetch_all(&mut tx.connection)
            .await?;
    removed.into_iter().map(Removed::new).collect()
}

const BY_REQUEST: &str = "SELECT artifact FROM artifacts WHERE request_id = ?";

/// The artifact that a request has stored.
pub(crate) async fn by_request(
    readers: &SqlitePool,
    request_id: &str,
) -> Result<Option<v1::Artifact>> {
    if request_id.is_empty() {
        return Ok(None);
    }
    let query = sqlx::query_scalar(BY_REQUEST).bind(request_id);
    let known: Option<Vec<u8>> = query.fetch_optional(readers).await.map_err(database)?;
    known.as_deref().map(decode).transpose()
}

/// An artifact and the hash of its content.
pub(crate) async fn get(readers: &SqlitePool, name: &str) -> Result<(v1::Artifact, Hash)> {
    let found: Option<(Vec<u8>, Vec<u8>)> =
        sqlx::query_as("SELECT artifact, sha256 FROM artifacts WHERE name = ?")
            .bind(name)
            .fetch_optional(readers)
            .await
            .map_err(database)?;
    let (artifact, hash) = found.ok_or_else(|| not_found(name))?;
    Ok((decode(&artifact)?, stored_hash(&hash)?))
}

/// One page of the artifacts of a parent, or of all with an empty one; oldest first.
pub(crate) async fn list(
    readers: &SqlitePool,
    tokens: &Tokens,
    parent: &str,
    request: PageRequest,
) -> Result<Page<v1::Artifact>> {
    const ALL: &str = "SELECT id, artifact FROM artifacts WHERE id > ?1 ORDER BY id LIMIT ?2";
    const OF_PARENT: &str = "\
        SELECT id, artifact FROM artifacts WHERE parent = ?3 AND id > ?1 ORDER BY id LIMIT ?2";
    let identity = format!("{:?}", ("artifacts", parent));
    let start = tokens
        .start(&identity, &request)?
        .map_or(i64::MIN, |key| key.id);
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(if parent.is_empty() { ALL } else { OF_PARENT })
        .bind(start)
        .bind(page::rows(&request))
        .bind(parent)
        .fetch_all(readers)
        .await
        .map_err(database)?;
    let artifacts = rows
        .into_iter()
        .map(|(id, artifact)| Ok((Key { time: 0, id }, decode(&artifact)?)))
        .collect::<Result<Vec<_>>>()?;
    Ok(tokens.page(&identity, &request, artifacts))
}

/// Those contents that no row refers to.
pub(crate) async fn unused(readers: &SqlitePool, hashes: Vec<Hash>) -> Result<Vec<Hash>> {
    const USED: &str = "SELECT EXISTS (SELECT 1 FROM artifacts WHERE sha256 = ?)";
    let mut unused = Vec::new();
    for hash in hashes {
        let query = sqlx::query_scalar(USED).bind(hash.as_bytes());
        if !query.fetch_one(readers).await.map_err(database)? {
            unused.push(hash);
        }
    }
    Ok(unused)
}

/// The id in an artifact's name.
pub(crate) fn id(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}

fn stored_hash(bytes: &[u8]) -> Result<Hash> {
    Hash::from_bytes(bytes)
        .ok_or_else(|| failed("an artifact's SHA-256 is damaged in the database"))
}

fn decode(bytes: &[u8]) -> Result<v1::Artifact> {
    v1::Artifact::decode(bytes).map_err(|error| unreadable("an artifact", &error))
}

fn not_found(name: &str) -> Error {
    Error::new(
        ErrorReason::ArtifactNotFound,
        format!("there is no artifact {name}"),
    )
    .resource(name)
}
