//! Finding a resource by its path: the names that people gave to it and to all that holds it.

use etude::v1::ErrorReason;
use etude_engine::{Error, Result};

use super::by_name::{is_number, single};
use super::members::{self, Member};
use super::route::{Route, kind};
use crate::client::Client;

/// The most names that an error tells.
const MOST_NEAR: usize = 5;

/// The resource name at the end of a path.
///
/// # Errors
///
/// `INVALID_REQUEST`: the path leads to none of the collections; `PLATFORM_NOT_FOUND`;
/// `PLATFORM_IDENTIFIER_AMBIGUOUS`; those of [`Client::call`].
pub(crate) async fn resolve(
    client: &Client,
    path: &str,
    collections: &[String],
    parent: &str,
) -> Result<String> {
    // What was renamed a moment ago must not be found by its old name.
    let client = &client.fresh();
    let route = Route::new(path, collections, parent)?;
    let mut at = route.start;
    for (collection, name) in &route.names {
        let holder = at.map(|(_, id)| id).unwrap_or_default();
        let members = members::of(client, collection, holder).await?;
        let found = members.iter().filter(|member| member.name == *name);
        match single(kind(collection), name, found.map(|member| member.id))? {
            Some(id) => at = Some((collection, id)),
            None => return Err(missing(collection, name, at, &members)),
        }
    }
    let (collection, id) = at.unwrap_or_default();
    Ok(format!("{collection}/{id}"))
}

/// A part of the path that is not there, and what is near it.
pub(super) fn missing(
    collection: &str,
    name: &str,
    holder: Option<(&str, i64)>,
    members: &[Member],
) -> Error {
    let place = match holder {
        Some((collection, id)) => format!(" in {collection}/{id}"),
        None => String::new(),
    };
    let near = match near(name, members) {
        names if names.is_empty() => "there are none at all".to_owned(),
        names if names.len() == members.len() => format!("there are {}", names.join(", ")),
        names => format!("the nearest are {}", names.join(", ")),
    };
    // A step's number is its place.
    let number = match is_number(name) && collection != "steps" {
        true => format!("; a number alone is a name here, and {collection}/{name} is the id"),
        false => String::new(),
    };
    let message = format!(
        "there is no {} `{name}`{place}; {near}{number}",
        kind(collection)
    );
    let error = Error::new(ErrorReason::PlatformNotFound, message).with("missing", name);
    match holder {
        Some((collection, id)) => error.resource(format!("{collection}/{id}")),
        None => error,
    }
}

/// The names that are most like a name, the likest first.
pub(super) fn near(name: &str, members: &[Member]) -> Vec<String> {
    let wanted = name.to_lowercase();
    let score = |member: &Member| strsim::jaro_winkler(&wanted, &member.name.to_lowercase());
    let mut scored: Vec<_> = members
        .iter()
        .map(|member| (score(member), &member.name))
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let names = scored.into_iter().take(MOST_NEAR);
    names.map(|(_, name)| format!("`{}`", cut(name))).collect()
}

/// The beginning of a name, as much as fits into an error. What would begin another line, or turn the
/// text around, is written as an escape.
fn cut(name: &str) -> String {
    const MOST: usize = 60;
    let mut shown = String::new();
    for letter in name.chars().take(MOST) {
        match letter.is_control() || turns(letter) {
            true => shown.extend(letter.escape_default()),
            false => shown.push(letter),
        }
    }
    if name.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

/// Whether a character sets the direction of the text around it.
fn turns(letter: char) -> bool {
    matches!(
        letter,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}
