//! Lists that come in pages, as one stream.

use std::collections::VecDeque;
use std::future::Future;

use futures::Stream;

use crate::error::Result;

/// The items of all pages; `fetch` gets the token of a page and returns its items and the token
/// of the next. A page is fetched when the items before it have been taken.
pub(crate) fn pages<T, F>(fetch: impl Fn(String) -> F + Send) -> impl Stream<Item = Result<T>>
where
    F: Future<Output = Result<(Vec<T>, String)>>,
{
    let start = (VecDeque::new(), Some(String::new()));
    let fetch = std::sync::Arc::new(fetch);
    futures::stream::unfold(start, move |(mut items, mut next)| {
        let fetch = fetch.clone();
        async move {
            loop {
                if let Some(item) = items.pop_front() {
                    return Some((Ok(item), (items, next)));
                }
                match fetch(next.take()?).await {
                    Ok((page, token)) => {
                        items = page.into();
                        next = Some(token).filter(|token| !token.is_empty());
                    }
                    Err(error) => return Some((Err(error), (items, None))),
                }
            }
        }
    })
}
