//! Tokens of list pages.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use etude::v1::ErrorReason;
use etude_engine::store::{Page, PageRequest};
use etude_engine::{Error, Result};
use sha2::{Digest, Sha256};

/// Most items of a page.
const MOST: usize = 200;
const TIME: usize = 8;
const KEY: usize = 16;
const TOKEN: usize = 32;

/// Where a page ended: the sort key of its last item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    /// Its time; 0 where the id alone orders.
    pub(crate) time: i64,
    /// Its id.
    pub(crate) id: i64,
}

/// Issues page tokens and reads them again. A token is signed together with the query it belongs
/// to, so that neither another list's nor a changed token is accepted.
#[derive(Clone)]
pub(crate) struct Tokens {
    secret: Vec<u8>,
}

impl Tokens {
    /// Tokens signed with `secret`.
    pub(crate) fn new(secret: Vec<u8>) -> Self {
        Self { secret }
    }

    /// Where the page begins that `page` asks of `query`; `None`: at the start.
    pub(crate) fn start(&self, query: &str, page: &PageRequest) -> Result<Option<Key>> {
        if page.token.is_empty() {
            return Ok(None);
        }
        self.open(query, &page.token).map(Some).ok_or_else(|| {
            let message = "the page token was not issued for this list; begin with an empty one";
            Error::new(ErrorReason::InvalidPageToken, message)
        })
    }

    /// Makes a page of what was read, which may be one item more than was asked.
    pub(crate) fn page<T>(
        &self,
        query: &str,
        request: &PageRequest,
        mut items: Vec<(Key, T)>,
    ) -> Page<T> {
        let size = size(request);
        let more = items.len() > size;
        items.truncate(size);
        let next = match items.last() {
            Some((key, _)) if more => self.seal(query, *key),
            _ => String::new(),
        };
        Page {
            items: items.into_iter().map(|(_, item)| item).collect(),
            next,
        }
    }

    fn seal(&self, query: &str, key: Key) -> String {
        let mut token = Vec::with_capacity(TOKEN);
        token.extend(key.time.to_be_bytes());
        token.extend(key.id.to_be_bytes());
        let signature = self.sign(query, &token);
        token.extend(signature);
        URL_SAFE_NO_PAD.encode(token)
    }

    fn open(&self, query: &str, token: &str) -> Option<Key> {
        let bytes: [u8; TOKEN] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
        let (key, signature) = bytes.split_at(KEY);
        if self.sign(query, key) != signature {
            return None;
        }
        let (time, id) = key.split_at(TIME);
        Some(Key {
            time: i64::from_be_bytes(time.try_into().ok()?),
            id: i64::from_be_bytes(id.try_into().ok()?),
        })
    }

    fn sign(&self, query: &str, key: &[u8]) -> [u8; TOKEN - KEY] {
        // The parts before the query have fixed lengths, so no two inputs look alike.
        let digest = Sha256::new()
            .chain_update(&self.secret)
            .chain_update(key)
            .chain_update(query)
            .chain_update(&self.secret)
            .finalize();
        let mut signature = [0; TOKEN - KEY];
        signature.copy_from_slice(&digest[..TOKEN - KEY]);
        signature
    }
}

/// How many rows to read: one more than the page has, to see whether another follows.
pub(crate) fn rows(request: &PageRequest) -> i64 {
    size(request) as i64 + 1
}

fn size(request: &PageRequest) -> usize {
    request.size.clamp(1, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(token: String) -> PageRequest {
        PageRequest { size: 2, token }
    }

    fn token(tokens: &Tokens) -> String {
        let items = (1..=3).map(|id| (Key { time: 7, id }, id)).collect();
        let page = tokens.page("runs", &request(String::new()), items);
        assert_eq!(page.items, [1, 2]);
        page.next
    }

    #[test]
    fn a_token_says_where_the_page_before_ended() {
        let tokens = Tokens::new(vec![1; 32]);
        let start = tokens.start("runs", &request(token(&tokens))).unwrap();
        assert_eq!(start, Some(Key { time: 7, id: 2 }));
        assert_eq!(tokens.start("runs", &request(String::new())).unwrap(), None);
    }

    #[test]
    fn the_last_page_has_no_token() {
        let tokens = Tokens::new(vec![1; 32]);
        let items = (1..=2).map(|id| (Key { time: 7, id }, id)).collect();
        assert_eq!(tokens.page("runs", &request(String::new()), items).next, "");
    }

    #[test]
    fn foreign_and_changed_tokens_are_refused() {
        let tokens = Tokens::new(vec![1; 32]);
        let good = token(&tokens);
        let foreign = token(&Tokens::new(vec![2; 32]));
        let refused = |query: &str, token: &str| {
            let error = tokens.start(query, &request(token.to_owned())).unwrap_err();
            assert_eq!(error.reason, ErrorReason::InvalidPageToken, "{token}");
        };
        refused("runs of another test", &good);
        refused("runs", &foreign);
        for bad in [
            "x",
            "not base64!",
            "\u{e9}",
            &good[1..],
            &format!("{good}A"),
        ] {
            refused("runs", bad);
        }
        for position in 0..good.len() {
            let mut changed = good.clone().into_bytes();
            changed[position] = if changed[position] == b'A' {
                b'B'
            } else {
                b'A'
            };
            refused("runs", std::str::from_utf8(&changed).unwrap());
        }
    }
}
