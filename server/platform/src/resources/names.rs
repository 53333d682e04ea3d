//! Resource names of the contract and the platform's ids.

use etude_engine::{Error, Result};

/// The name of a resource: `projects/12`.
pub(crate) fn name(collection: &str, id: i64) -> String {
    format!("{collection}/{id}")
}

/// The name of a resource that may be missing: empty then.
pub(crate) fn optional(collection: &str, id: Option<i64>) -> String {
    let id = id.filter(|id| *id > 0);
    id.map_or_else(String::new, |id| name(collection, id))
}

/// The name of a snapshot; empty when the platform has not told it.
pub(crate) fn snapshot(goal: i64, snapshot: Option<i64>) -> String {
    let snapshot = snapshot.filter(|snapshot| *snapshot > 0);
    snapshot.map_or_else(String::new, |id| format!("goals/{goal}/snapshots/{id}"))
}

/// The id in a resource name.
///
/// # Errors
///
/// `INVALID_REQUEST`, naming the field.
pub(crate) fn id(field: &str, collection: &str, name: &str) -> Result<i64> {
    let id = name
        .strip_prefix(collection)
        .and_then(|rest| rest.strip_prefix('/'))
        .and_then(|id| id.parse().ok())
        // `journeys/007` is a name of nothing, also where the contract has no pattern for it.
        .filter(|id| *id > 0 && self::name(collection, *id) == name);
    id.ok_or_else(|| {
        let message = format!("`{name}` does not name one; write {collection}/ and its number");
        Error::invalid(field, "name", message)
    })
}

/// As [`id`], for a field that may be empty.
pub(crate) fn optional_id(field: &str, collection: &str, name: &str) -> Result<Option<i64>> {
    if name.is_empty() {
        return Ok(None);
    }
    id(field, collection, name).map(Some)
}

/// The id of a snapshot of a goal, from a field that may be empty.
///
/// # Errors
///
/// `INVALID_REQUEST`: it is the name of nothing, or of another goal's snapshot.
pub(crate) fn snapshot_id(field: &str, goal: i64, name: &str) -> Result<Option<i64>> {
    if name.is_empty() {
        return Ok(None);
    }
    id(field, &format!("goals/{goal}/snapshots"), name).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_its_id() {
        assert_eq!(id("name", "projects", &name("projects", 12)).unwrap(), 12);
        assert_eq!(optional("environments", Some(0)), "");
        assert_eq!(snapshot_id("s", 3, &snapshot(3, Some(9))).unwrap(), Some(9));
    }

    #[test]
    fn a_name_of_something_else_is_refused_with_its_field() {
        for wrong in [
            "goals/1",
            "projects/",
            "projects/0",
            "projects/012",
            "projects/+12",
            "projects/x",
            "projects/1/2",
            "1",
        ] {
            let error = id("project", "projects", wrong).unwrap_err();
            assert!(format!("{error:?}").contains("project"), "{wrong}");
        }
        assert!(snapshot_id("snapshot", 3, "goals/4/snapshots/9").is_err());
    }
}
