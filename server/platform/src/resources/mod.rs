//! The platform's resources as the contract has them, one file a service.
//!
//! A function a method: it makes the calls that the method needs, reads back what it has written,
//! and turns the platform's answers into the contract's messages. Which platform it is, a client
//! knows.

pub(crate) mod additions;
pub(crate) mod names;
pub(crate) mod page;
pub(crate) mod time;

pub mod api_tests;
pub mod checkpoints;
pub mod environments;
pub mod executions;
pub mod extensions;
pub mod goals;
pub mod journeys;
pub mod library_checkpoints;
pub mod plans;
pub mod platforms;
pub mod projects;
pub mod steps;
pub mod test_data_tables;

use etude::validate::Violation;
use etude_engine::{Error, Result};

/// Refuses an update mask that names a field which cannot be changed.
fn check_mask(mask: Option<&prost_types::FieldMask>, known: &[&str]) -> Result<()> {
    let paths = mask.map_or(&[][..], |mask| &mask.paths);
    let unknown = paths.iter().find(|path| !known.contains(&path.as_str()));
    match unknown {
        None => Ok(()),
        Some(path) => {
            let message = format!("`{path}` cannot be changed; write {}", known.join(" or "));
            Err(Error::invalid("update_mask", "paths", message))
        }
    }
}

/// Whether an update mask, which is empty for everything, asks for a field.
fn asks(mask: Option<&prost_types::FieldMask>, field: &str) -> bool {
    mask.is_none_or(|mask| mask.paths.is_empty() || mask.paths.iter().any(|path| path == field))
}

/// A message that a request must hold; its checks have seen to that.
fn required<T>(field: &'static str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Error::invalid(field, "required", "is required"))
}

/// A name that must not be empty.
fn named<'a>(field: &'static str, name: &'a str) -> Result<&'a str> {
    match name.trim() {
        "" => Err(Error::invalid(field, "min_len", "must not be empty")),
        _ => Ok(name),
    }
}

/// The violation of a name of nothing but blanks, which the platform takes for none.
pub(crate) fn blank(field: impl Into<String>) -> Violation {
    Violation {
        field: field.into(),
        rule: "blank",
        description: "must not be blank".to_owned(),
    }
}

/// Refuses what is no address that a goal can start at, before anything is made for it.
pub(crate) fn check_address(field: &str, url: &str) -> Result<()> {
    let is_web = url.starts_with("http://") || url.starts_with("https://");
    if is_web && reqwest::Url::parse(url).is_ok() {
        return Ok(());
    }
    let message = format!("must be an address that begins with http:// or https://, not `{url}`");
    Err(Error::invalid(field, "address", message))
}

/// A number of the platform's that fits the contract.
fn count(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
