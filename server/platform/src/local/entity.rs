//! The platform's resources as records.

use etude_engine::records::{self, Record, Records, Transaction};
use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::Problem;

/// The first id that is given. Clients take 0 and 1 for placeholders.
const FIRST_ID: i64 = 1000;

/// Most characters of a name.
const NAME_CHARACTERS: usize = 10_000;

/// A resource that is kept as a record.
pub(super) trait Entity: Serialize + DeserializeOwned + Send {
    /// The kind of its records.
    const KIND: &'static str;
    /// What it is called in messages, such as `Project`.
    const NOUN: &'static str;

    /// Its id.
    fn id(&self) -> i64;

    /// The id of what it belongs to.
    fn parent(&self) -> i64;

    /// The name that no other of its parent may have, if that is so.
    fn unique_name(&self) -> Option<String> {
        None
    }
}

/// A transaction that knows resources.
pub(super) struct Tx<'a>(&'a mut dyn Transaction);

impl Tx<'_> {
    /// An id that nothing has had. Ids of all kinds come from one sequence, so that none is taken
    /// for one of another kind.
    pub(super) async fn new_id(&mut self) -> Result<i64, Problem> {
        Ok(FIRST_ID + self.0.next("ids").await?)
    }

    /// The next number of a count from 1, such as that of a goal's journeys.
    pub(super) async fn next(&mut self, sequence: &str) -> Result<i64, Problem> {
        Ok(self.0.next(sequence).await?)
    }

    /// A resource, or nothing.
    pub(super) async fn find<T: Entity>(&mut self, id: i64) -> Result<Option<T>, Problem> {
        let record = self.0.get(T::KIND, id).await?;
        record.as_ref().map(read).transpose()
    }

    /// A resource that must be there.
    pub(super) async fn get<T: Entity>(&mut self, id: i64) -> Result<T, Problem> {
        self.find(id)
            .await?
            .ok_or_else(|| Problem::missing(T::NOUN, id))
    }

    /// A resource that must be there and belong to a parent, such as the project whose goal names it.
    /// What belongs to nobody may be named by everybody.
    pub(super) async fn get_of<T: Entity>(&mut self, parent: i64, id: i64) -> Result<T, Problem> {
        let found: T = self.get(id).await?;
        if [0, parent].contains(&found.parent()) {
            return Ok(found);
        }
        Err(Problem::missing(T::NOUN, id))
    }

    /// All resources of a parent, by id.
    pub(super) async fn all<T: Entity>(&mut self, parent: i64) -> Result<Vec<T>, Problem> {
        let records = self.0.list(T::KIND, parent).await?;
        records.iter().map(read).collect()
    }

    /// Keeps a resource. Its name must be free.
    pub(super) async fn put<T: Entity>(&mut self, entity: &T) -> Result<(), Problem> {
        let name = entity.unique_name();
        if let Some(name) = &name {
            let other = self.0.find(T::KIND, entity.parent(), name).await?;
            if other.is_some_and(|other| other.id != entity.id()) {
                return Err(Problem::exists(&format!("A {}", T::NOUN.to_lowercase())));
            }
        }
        let body = serde_json::to_string(entity);
        let body = body.map_err(|error| etude_engine::Error::internal(error.to_string()))?;
        let record = Record {
            kind: T::KIND.to_owned(),
            id: entity.id(),
            parent: entity.parent(),
            name,
            body,
        };
        Ok(self.0.put(record).await?)
    }

    /// Removes a resource; whether it was there.
    pub(super) async fn delete<T: Entity>(&mut self, id: i64) -> Result<bool, Problem> {
        Ok(self.0.delete(T::KIND, id).await?)
    }
}

fn read<T: Entity>(record: &Record) -> Result<T, Problem> {
    serde_json::from_str(&record.body).map_err(|error| {
        let message = format!("{} {} is damaged in the store: {error}", T::NOUN, record.id);
        etude_engine::Error::internal(message).into()
    })
}

/// Executes work that changes nothing, with its arguments.
pub(super) async fn view<A, T, F>(
    records: &dyn Records,
    arguments: A,
    mut work: F,
) -> Result<T, Problem>
where
    A: Clone + Send + 'static,
    T: Send + 'static,
    F: for<'a> FnMut(Tx<'a>, A) -> BoxFuture<'a, Result<T, Problem>> + Send + 'static,
{
    records::read(records, move |tx| work(Tx(tx), arguments.clone())).await
}

/// Executes work that may change resources, with its arguments: wholly, or not when it fails.
pub(super) async fn change<A, T, F>(
    records: &dyn Records,
    arguments: A,
    mut work: F,
) -> Result<T, Problem>
where
    A: Clone + Send + 'static,
    T: Send + 'static,
    F: for<'a> FnMut(Tx<'a>, A) -> BoxFuture<'a, Result<T, Problem>> + Send + 'static,
{
    records::write(records, move |tx| work(Tx(tx), arguments.clone())).await
}

/// Checks a name that people give.
pub(super) fn check_name(field: &str, name: &str) -> Result<(), Problem> {
    if name.trim().is_empty() {
        return Err(Problem::invalid(format!("{field} is missing or empty")));
    }
    let characters = name.chars().count();
    if characters > NAME_CHARACTERS {
        return Err(Problem::invalid(format!(
            "{field} has {characters} characters; at most {NAME_CHARACTERS} are allowed"
        )));
    }
    Ok(())
}

/// Checks an address that a browser is to open.
pub(super) fn check_url(field: &str, url: &str) -> Result<(), Problem> {
    let is_web = url.starts_with("http://") || url.starts_with("https://");
    if is_web && reqwest::Url::parse(url).is_ok() {
        return Ok(());
    }
    let message =
        format!("{field} must be an address that begins with http:// or https://, not `{url}`");
    Err(Problem::invalid(message))
}

/// Milliseconds since 1970.
pub(super) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

/// A new canonical id.
pub(super) fn canonical_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
