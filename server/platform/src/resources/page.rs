//! Pages of lists that the platform answers whole.

use etude::v1::ErrorReason;
use etude_engine::{Error, Result};

/// Items of a page when the caller does not say.
const DEFAULT: usize = 50;
/// The most items of a page.
const MOST: usize = 1000;

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    /// Its items.
    pub(crate) items: Vec<T>,
    /// Token of the next page; empty: this was the last.
    pub(crate) next: String,
}

/// The page that a request asks for. A token says how many items came before, so a list that
/// becomes shorter meanwhile loses none that were there all the time only when what was removed
/// came later.
///
/// # Errors
///
/// `INVALID_PAGE_TOKEN`.
pub(crate) fn page<T>(items: Vec<T>, size: i32, token: &str) -> Result<Page<T>> {
    let start: usize = match token {
        "" => 0,
        token => token.parse().map_err(|_| {
            let message = "the page token is not one of this list; begin with an empty one";
            Error::new(ErrorReason::InvalidPageToken, message)
        })?,
    };
    let size = match usize::try_from(size).unwrap_or_default() {
        0 => DEFAULT,
        size => size.min(MOST),
    };
    let end = start.saturating_add(size);
    let more = items.len() > end;
    Ok(Page {
        items: items.into_iter().skip(start).take(size).collect(),
        next: if more { end.to_string() } else { String::new() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_together_are_the_list() {
        let list: Vec<i32> = (0..125).collect();
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let next = page(list.clone(), 0, &token).unwrap();
            seen.extend(next.items);
            token = next.next;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, list);
    }

    #[test]
    fn a_foreign_token_is_refused() {
        let error = page(vec![1], 10, "x").unwrap_err();
        assert_eq!(error.reason, ErrorReason::InvalidPageToken);
        assert!(page(vec![1], 10, "99").unwrap().items.is_empty());
    }
}
