//! Pages of lists that the platform answers whole.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use etude::v1::ErrorReason;
use etude_engine::{Error, Result};
use sha2::{Digest as _, Sha256};

/// Items of a page when the caller does not say.
const DEFAULT: usize = 50;
/// The most items of a page.
const MOST: usize = 1000;

/// Bytes of a token that say where a page ended, and of those that tell the list.
const PLACE: usize = 13;
const SEAL: usize = 8;

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    /// Its items.
    pub(crate) items: Vec<T>,
    /// Token of the next page; empty: this was the last.
    pub(crate) next: String,
}

/// The page that a request asks for of a list, which its words tell from all others. The next page
/// goes on behind the last item of this one, whatever was added or removed meanwhile.
///
/// # Errors
///
/// `INVALID_PAGE_TOKEN`: it is not one of this list; or the list has an order of its own, and the item
/// that the page before ended with is gone.
pub(crate) fn page<T>(
    list: &[&str],
    items: Vec<T>,
    id: impl Fn(&T) -> i64,
    size: i32,
    token: &str,
) -> Result<Page<T>> {
    let ids: Vec<i64> = items.iter().map(id).collect();
    let start = match token {
        "" => 0,
        token => Place::open(list, token)?.next(&ids)?,
    };
    let size = match usize::try_from(size).unwrap_or_default() {
        0 => DEFAULT,
        size => size.min(MOST),
    };
    let end = start.saturating_add(size).min(ids.len());
    let next = match ids[..end].last() {
        Some(last) if end < ids.len() => Place {
            count: u32::try_from(end).unwrap_or(u32::MAX),
            last: *last,
            order: Order::of(&ids),
        }
        .seal(list),
        _ => String::new(),
    };
    Ok(Page {
        items: items.into_iter().skip(start).take(size).collect(),
        next,
    })
}

/// How a list is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// By rising ids.
    Rising,
    /// By falling ids.
    Falling,
    /// In another way.
    Own,
}

impl Order {
    fn of(ids: &[i64]) -> Self {
        if ids.is_sorted() {
            Self::Rising
        } else if ids.is_sorted_by(|a, b| a >= b) {
            Self::Falling
        } else {
            Self::Own
        }
    }
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// How many items had come until then.
    pub(crate) count: u32,
    /// The id of the last one.
    pub(crate) last: i64,
    /// The order of the list.
    pub(crate) order: Order,
}

impl Place {
    /// The token for the page behind it. It protects from mistakes, and holds nothing secret.
    pub(crate) fn seal(self, list: &[&str]) -> String {
        let mut token = Vec::with_capacity(PLACE + SEAL);
        token.extend(self.count.to_be_bytes());
        token.extend(self.last.to_be_bytes());
        token.push(self.order as u8);
        let digest = digest(list, &token);
        token.extend(&digest[..SEAL]);
        BASE64_URL_SAFE_NO_PAD.encode(token)
    }

    /// What a token of this list says.
    ///
    /// # Errors
    ///
    /// `INVALID_PAGE_TOKEN`.
    pub(crate) fn open(list: &[&str], token: &str) -> Result<Self> {
        Self::read(list, token).ok_or_else(|| {
            refused("the page token was not issued for this list; begin with an empty one")
        })
    }

    fn read(list: &[&str], token: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (place, seal) = bytes.split_at_checked(PLACE)?;
        if seal != &digest(list, place)[..SEAL] {
            return None;
        }
        let (count, rest) = place.split_first_chunk()?;
        let (last, order) = rest.split_first_chunk()?;
        Some(Self {
            count: u32::from_be_bytes(*count),
            last: i64::from_be_bytes(*last),
            order: match order {
                [0] => Order::Rising,
                [1] => Order::Falling,
                _ => Order::Own,
            },
        })
    }

    /// Where the next page begins in the list as it is now.
    fn next(self, ids: &[i64]) -> Result<usize> {
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        // An item may stand in a list several times.
        if count > 0 && ids.get(count - 1) == Some(&self.last) {
            return Ok(count);
        }
        if let Some(at) = ids.iter().position(|id| *id == self.last) {
            return Ok(at + 1);
        }
        match self.order {
            Order::Rising => Ok(ids.partition_point(|id| *id < self.last)),
            Order::Falling => Ok(ids.partition_point(|id| *id > self.last)),
            Order::Own => Err(refused(
                "what the page before ended with is gone from the list; begin with an empty page \
                 token",
            )),
        }
    }
}

fn digest(list: &[&str], place: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for word in list {
        // A word cannot end where another of the same letters goes on.
        hasher.update((word.len() as u64).to_be_bytes());
        hasher.update(word);
    }
    hasher.update(place);
    hasher.finalize().into()
}

fn refused(message: &str) -> Error {
    Error::new(ErrorReason::InvalidPageToken, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: [&str; 2] = ["goals", "projects/7"];

    fn of(items: &[i64], token: &str) -> Result<Page<i64>> {
        page(&LIST, items.to_vec(), |id| *id, 2, token)
    }

    #[test]
    fn pages_together_are_the_list() {
        let list: Vec<i64> = (0..125).collect();
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let next = page(&LIST, list.clone(), |id| *id, 0, &token).unwrap();
            seen.extend(next.items);
            token = next.next;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, list);
    }

    #[test]
    fn what_is_removed_between_two_pages_moves_no_other() {
        for (before, after, expected) in [
            // The one that the page ended with, one before, and both.
            (vec![1, 2, 3, 4], vec![1, 3, 4], vec![3, 4]),
            (vec![1, 2, 3, 4], vec![2, 3, 4], vec![3, 4]),
            (vec![1, 2, 3, 4], vec![3, 4], vec![3, 4]),
            (vec![4, 3, 2, 1], vec![5, 4, 3, 2, 1], vec![2, 1]),
            (vec![4, 3, 2, 1], vec![1], vec![1]),
            (vec![7, 2, 9, 4], vec![2, 9, 4], vec![9, 4]),
            // An item that stands there twice.
            (vec![7, 7, 9, 7], vec![7, 7, 9, 7], vec![9, 7]),
        ] {
            let first = of(&before, "").unwrap();
            assert_eq!(first.items, before[..2]);
            let second = of(&after, &first.next).unwrap();
            assert_eq!(second.items, expected, "{before:?} {after:?}");
        }
        let first = of(&[7, 2, 9, 4], "").unwrap();
        let gone = of(&[7, 9, 4], &first.next).unwrap_err();
        assert_eq!(gone.reason, ErrorReason::InvalidPageToken);
    }

    #[test]
    fn tokens_that_are_made_up_cut_or_of_another_list_are_refused() {
        let good = of(&[1, 2, 3], "").unwrap().next;
        let other = page(&["goals", "projects/8"], vec![1, 2, 3], |id| *id, 2, "").unwrap();
        let changed = good.replacen('A', "B", 1);
        assert_ne!(changed, good);
        for token in [
            "0",
            "2",
            "-1",
            "x",
            &good[1..],
            &changed,
            &other.next,
            "\u{e9}",
        ] {
            let error = of(&[1, 2, 3], token).unwrap_err();
            assert_eq!(error.reason, ErrorReason::InvalidPageToken, "{token}");
        }
    }
}
