//! The hash of a content, and whether a file still has it.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::time::SystemTime;

use etude::v1::ErrorReason;
use etude_engine::{Error, Result};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

/// Most files that are remembered as checked.
const REMEMBERED: usize = 4096;
/// Bytes that are hashed at a time.
const PIECE: usize = 128 << 10;

/// The SHA-256 of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Hash([u8; 32]);

impl Hash {
    /// The hash of bytes in memory.
    pub(crate) fn of(content: &[u8]) -> Self {
        Self(Sha256::digest(content).into())
    }

    /// The hash of what a hasher was fed with.
    pub(crate) fn finish(hasher: Sha256) -> Self {
        Self(hasher.finalize().into())
    }

    /// The hash whose bytes these are.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The hash that is written so.
    pub(crate) fn from_hex(hex: &str) -> Option<Self> {
        let mut hash = [0; 32];
        let digits = hex.as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(hash))
    }

    /// Its bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Refuses content that was announced with another hash; an empty one announces nothing.
    pub(crate) fn check(&self, announced: &str) -> Result<()> {
        let found = self.to_string();
        if announced.is_empty() || announced.eq_ignore_ascii_case(&found) {
            return Ok(());
        }
        let message = format!("the content has the SHA-256 {found}, and {announced} was announced");
        Err(Error::new(ErrorReason::ArtifactMismatch, message).with("sha256", found))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Remembers which files have been checked, so that a file that is read in pieces is hashed once
/// and not for every piece. A file that has been changed since is checked again.
#[derive(Debug, Default)]
pub(crate) struct Checked(Mutex<HashMap<Hash, Stamp>>);

/// What changes with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    size: u64,
    modified: SystemTime,
}

impl Checked {
    /// Whether a file has the content of this hash.
    pub(crate) fn has(&self, file: &mut File, hash: &Hash) -> io::Result<bool> {
        let metadata = file.metadata()?;
        let stamp = Stamp {
            size: metadata.len(),
            modified: metadata.modified()?,
        };
        if self.0.lock().get(hash) == Some(&stamp) {
            return Ok(true);
        }
        if hash_of(file)? != *hash {
            return Ok(false);
        }
        let mut checked = self.0.lock();
        if checked.len() >= REMEMBERED {
            checked.clear();
        }
        checked.insert(*hash, stamp);
        Ok(true)
    }

    /// Forgets a file that is removed.
    pub(crate) fn forget(&self, hash: &Hash) {
        self.0.lock().remove(hash);
    }
}

fn hash_of(file: &mut File) -> io::Result<Hash> {
    file.rewind()?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(Hash::finish(hasher)),
            Ok(length) => hasher.update(&piece[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_can_be_read_again() {
        let hash = Hash::of(b"etude");
        assert_eq!(Hash::from_hex(&hash.to_string()), Some(hash));
        assert_eq!(Hash::from_bytes(hash.as_bytes()), Some(hash));
        for bad in ["", "00", &"g".repeat(64), &"é".repeat(32), &"+1".repeat(32)] {
            assert_eq!(Hash::from_hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn announced_hashes_are_compared() {
        let hash = Hash::of(b"etude");
        hash.check("").unwrap();
        hash.check(&hash.to_string().to_uppercase()).unwrap();
        let error = hash.check(&Hash::of(b"other").to_string()).unwrap_err();
        assert_eq!(error.reason, ErrorReason::ArtifactMismatch);
    }
}
