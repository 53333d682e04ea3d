//! Tests from the platform.
//!
//! `read` turns a journey into a test, without any call; `source` finds the journeys that are asked
//! for. What was pulled, deployed and pulled again is the same file.

mod read;
mod source;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::pin::Pin;

use etude::v1::{self, DocumentFormat};
use etude_engine::Result;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};

use crate::calls;
use crate::client::Client;
use crate::deploy::bound_table;
use crate::resources::names::name;
pub use read::{Pulled, read};
use source::Found;

/// How many journeys are read at once.
const READS: usize = 16;

/// Most characters of a name in a path.
const NAME: usize = 80;

/// The stream of tests.
pub type PullStream = Pin<Box<dyn Stream<Item = Result<v1::PullTestsResponse>> + Send>>;

/// Reads journeys as test files.
///
/// # Errors
///
/// PLATFORM_NOT_FOUND; PLATFORM_IDENTIFIER_AMBIGUOUS; those of [`Client::call`].
pub async fn pull_tests(client: &Client, request: v1::PullTestsRequest) -> Result<PullStream> {
    let client = client.clone();
    let found = source::find(&client, &request.source).await?;
    let mut taken = HashSet::new();
    let with_paths: Vec<(String, Found)> = found
        .into_iter()
        .map(|found| (free_path(&found.folders, &found.title, &mut taken), found))
        .collect();
    let files = stream::iter(with_paths).map(move |(path, found)| {
        let client = client.clone();
        async move { file(&client, path, found).await }
    });
    Ok(files.buffered(READS).into_stream().boxed())
}

/// One journey as a file. One that no file can hold has notes and no content.
async fn file(client: &Client, path: String, found: Found) -> Result<v1::PullTestsResponse> {
    let journey = client.call(calls::journeys::get(found.journey)).await?;
    let bound = journey.data_table_id.filter(|id| *id > 0);
    let table = match bound {
        Some(id) => bound_table(client, id).await?,
        None => None,
    };
    let lost = bound.filter(|_| table.is_none());
    let Pulled { test, mut notes } = read(&journey, table);
    notes.extend(lost.map(|id| {
        format!("the journey is bound to testDataTables/{id}, which is gone: the test has no data")
    }));
    let content = match etude_language::format(&test, DocumentFormat::Yaml) {
        Ok(text) => text,
        Err(error) => {
            let all = error.diagnostics.into_iter();
            notes.extend(all.map(|one| format!("no file can hold it: {}", one.message)));
            String::new()
        }
    };
    Ok(v1::PullTestsResponse {
        path,
        content: content.into_bytes().into(),
        notes,
        journey: name("journeys", found.journey),
        goal: name("goals", found.goal),
        project: name("projects", found.project),
    })
}

/// A path that no other file has.
fn free_path(folders: &[String], title: &str, taken: &mut HashSet<String>) -> String {
    let folders: String = folders
        .iter()
        .map(|one| format!("{}/", slug(one)))
        .collect();
    let name = slug(title);
    let mut path = format!("{folders}{name}.yaml");
    let mut number = 1;
    while !taken.insert(path.clone()) {
        number += 1;
        path = format!("{folders}{name}-{number}.yaml");
    }
    path
}

/// A name that every file system takes.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        if letter.is_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let cut: String = slug.chars().take(NAME).collect();
    match cut.trim_end_matches('-') {
        "" => "unnamed".to_owned(),
        slug => slug.to_owned(),
    }
}
