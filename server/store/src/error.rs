//! What goes wrong in a database or on a disk, as the engine's error.

use std::io;
use std::time::Duration;

use etude::v1::ErrorReason;
use etude_engine::Error;

/// Time after which a full disk may have space again.
const FULL_RETRY: Duration = Duration::from_secs(5);
/// Time after which a failure may have passed.
const FAILED_RETRY: Duration = Duration::from_secs(1);

/// SQLITE_FULL, a primary result code.
const SQLITE_FULL: i32 = 13;
/// SQLITE_IOERR_SHMSIZE: the shared index of the write-ahead log cannot grow.
const SQLITE_IOERR_SHMSIZE: i32 = 4874;

/// Why a write was not applied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The write contradicts what is stored. Nothing of it was applied, and its neighbours in the
    /// transaction are not concerned.
    #[error("{0}")]
    Refused(Error),
    /// The database failed: the transaction is void.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// An error of the database.
pub(crate) fn database(error: sqlx::Error) -> Error {
    if let sqlx::Error::Io(error) = &error {
        return disk("the database", error);
    }
    match code(&error) {
        Some(code) if code & 0xff == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE => {
            full("the database", &error)
        }
        _ => failed(format!("the database cannot be used: {error}")),
    }
}

/// An error of the file system; `what` could not be read or written.
pub(crate) fn disk(what: &str, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            full(what, error)
        }
        _ => failed(format!("{what} cannot be read or written: {error}")),
    }
}

/// Another failure of the store.
pub(crate) fn failed(message: impl Into<String>) -> Error {
    Error::new(ErrorReason::StorageFailed, message).retry_after(FAILED_RETRY)
}

/// Stored bytes that are no message.
pub(crate) fn unreadable(what: &str, error: &prost::DecodeError) -> Error {
    failed(format!("{what} is damaged in the database: {error}"))
}

fn full(what: &str, error: &dyn std::fmt::Display) -> Error {
    let message = format!("no space is left for {what} ({error}); free some on the store's disk");
    Error::new(ErrorReason::StorageFull, message).retry_after(FULL_RETRY)
}

fn code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_a_broken_one() {
        let full = disk("an artifact", &io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(full.reason, ErrorReason::StorageFull);
        assert!(full.retry_after.is_some());
        let broken = disk(
            "an artifact",
            &io::Error::from(io::ErrorKind::PermissionDenied),
        );
        assert_eq!(broken.reason, ErrorReason::StorageFailed);
        assert!(
            broken.message.starts_with("an artifact cannot be"),
            "{}",
            broken.message
        );
    }
}
