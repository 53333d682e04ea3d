//! The way from where a path begins to what it leads to.

use etude_engine::{Error, Result};

/// What holds what, from the project down.
const CHAINS: [&[&str]; 7] = [
    &["projects", "goals", "journeys", "checkpoints", "steps"],
    &["projects", "environments"],
    &["projects", "extensions"],
    &["projects", "apiTests"],
    &["projects", "libraryCheckpoints"],
    &["projects", "testDataTables"],
    &["projects", "plans"],
];

/// Where to begin, and the names to follow from there, each in its collection.
#[derive(Debug, PartialEq)]
pub(super) struct Route {
    /// A resource; `None`: the organization.
    pub(super) start: Option<(&'static str, i64)>,
    pub(super) names: Vec<(&'static str, String)>,
}

/// A part of a path.
struct Part {
    text: String,
    /// It holds a backslash, and so is a name whatever it looks like.
    escaped: bool,
}

impl Route {
    /// Reads a path.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`: it leads to none of the collections.
    pub(super) fn new(path: &str, collections: &[String], parent: &str) -> Result<Self> {
        let parts = parts(path)?;
        let mut chains = Vec::new();
        for collection in collections {
            chains.push(chain(collection)?);
        }
        let found = chains.iter().find_map(|chain| of_resource(&parts, chain));
        let found = found.or_else(|| chains.iter().find_map(|chain| from(None, 0, &parts, chain)));
        let short = |chain: &&[&'static str]| of_parent(parent, &parts, chain);
        let found = found.or_else(|| chains.iter().find_map(short));
        found.ok_or_else(|| leads_nowhere(path, &chains))
    }
}

/// The singular of a collection.
pub(super) fn kind(collection: &str) -> &str {
    collection.trim_end_matches('s')
}

/// The way from the project to the members of a collection.
fn chain(collection: &str) -> Result<&'static [&'static str]> {
    for chain in CHAINS {
        if let Some(at) = chain.iter().position(|one| *one == collection) {
            return Ok(&chain[..=at]);
        }
    }
    let message =
        format!("the members of `{collection}` have no paths; write {collection}/ and the number");
    Err(Error::invalid("collections", "in", message))
}

/// A path that begins with a resource name: `goals/7/First visit`.
fn of_resource(parts: &[Part], chain: &[&'static str]) -> Option<Route> {
    let (collection, id, rest) = match parts {
        [collection, id, rest @ ..] if !collection.escaped && !id.escaped => {
            (&collection.text, id.text.parse().ok()?, rest)
        }
        _ => return None,
    };
    let at = chain.iter().position(|one| one == collection)?;
    from(Some((chain[at], id)), at + 1, rest, chain)
}

/// A path that begins in a parent.
fn of_parent(parent: &str, parts: &[Part], chain: &[&'static str]) -> Option<Route> {
    let (collection, id) = parent.split_once('/')?;
    let at = chain.iter().position(|one| *one == collection)?;
    from(Some((chain[at], id.parse().ok()?)), at + 1, parts, chain)
}

/// The names in the collections from a place of the chain on, if there are as many of both.
fn from(
    start: Option<(&'static str, i64)>,
    at: usize,
    parts: &[Part],
    chain: &[&'static str],
) -> Option<Route> {
    let collections = chain.get(at..)?;
    let names = collections.iter().copied();
    (collections.len() == parts.len()).then(|| Route {
        start,
        names: names
            .zip(parts.iter().map(|part| part.text.clone()))
            .collect(),
    })
}

/// The parts between slashes.
fn parts(path: &str) -> Result<Vec<Part>> {
    let none = || Part {
        text: String::new(),
        escaped: false,
    };
    let mut parts = vec![none()];
    let mut letters = path.chars();
    while let Some(letter) = letters.next() {
        let Some(part) = parts.last_mut() else { break };
        match letter {
            '/' => parts.push(none()),
            '\\' => {
                part.text.push(letters.next().unwrap_or('\\'));
                part.escaped = true;
            }
            letter => part.text.push(letter),
        }
    }
    match parts.iter().any(|part| part.text.is_empty()) {
        false => Ok(parts),
        true => {
            let message = format!("a part of `{path}` is empty; write \\/ for a slash in a name");
            Err(Error::invalid("path", "parts", message))
        }
    }
}

fn leads_nowhere(path: &str, chains: &[&'static [&'static str]]) -> Error {
    let form = |chain: &&[&str]| {
        let words: Vec<_> = chain.iter().map(|one| kind(one).to_uppercase()).collect();
        format!("`{}`", words.join("/"))
    };
    let forms: Vec<_> = chains.iter().map(form).collect();
    let message = format!(
        "`{path}` has not the form {}; write \\/ for a slash in a name",
        forms.join(" or ")
    );
    Error::invalid("path", "parts", message)
}
