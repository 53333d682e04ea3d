//! Headers that are added to the requests of a session's pages: which may be.

use std::collections::{BTreeMap, BTreeSet};

use etude::validate::Violation;

/// Headers that say how one message is carried, or to whom; what is changed there breaks the
/// connection.
const OF_THE_CONNECTION: [&str; 11] = [
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Headers that the browser keeps for itself by these beginnings.
const OF_THE_BROWSER: [&str; 2] = ["proxy-", "sec-"];

/// What is wrong with headers that stand in a field, beside the contract's bounds. Only names are
/// told: values are secrets.
pub(crate) fn violations(field: &str, headers: &BTreeMap<String, String>) -> Vec<Violation> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for name in headers.keys() {
        let lower = name.to_ascii_lowercase();
        let refusal = refusal(&lower);
        let is_again = !seen.insert(lower);
        let again = is_again.then_some("is there twice; names of headers ignore case");
        if let Some(description) = refusal.or(again) {
            found.push(Violation {
                field: format!("{field}[{name:?}]"),
                rule: "http_headers",
                description: description.to_owned(),
            });
        }
    }
    found
}

/// Why a header is not taken.
fn refusal(name: &str) -> Option<&'static str> {
    if OF_THE_CONNECTION.contains(&name) {
        return Some("belongs to the connection, which the browser makes; leave it out");
    }
    if OF_THE_BROWSER.iter().any(|begin| name.starts_with(begin)) {
        return Some("is the browser's own, and pages rely on it; leave it out");
    }
    match name {
        "cookie" | "cookie2" | "set-cookie" => {
            Some("is made of the browser's cookies; set them with a step, such as set_cookie")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(names: &[&str]) -> Vec<String> {
        let headers = names
            .iter()
            .map(|name| ((*name).to_owned(), "v4lue".to_owned()));
        let found = violations("spec.http_headers", &headers.collect());
        let told = found
            .into_iter()
            .map(|one| format!("{} {}", one.field, one.description));
        told.collect()
    }

    #[test]
    fn headers_of_the_connection_and_of_the_browser_are_refused() {
        let names = [
            "Host",
            "content-LENGTH",
            "Connection",
            "Cookie",
            "Sec-Fetch-Site",
            "Proxy-Authorization",
        ];
        let found = told(&names);
        assert_eq!(found.len(), names.len(), "{found:#?}");
        assert!(found.iter().all(|one| !one.contains("v4lue")), "{found:#?}");
        assert!(
            found
                .iter()
                .any(|one| one.starts_with("spec.http_headers[\"Host\"] belongs"))
        );
        assert_eq!(
            told(&["Authorization", "X-Tenant", "Accept-Language", "Section"]),
            [""; 0]
        );
    }

    #[test]
    fn the_same_header_in_two_spellings_is_refused() {
        let found = told(&["X-Tenant", "x-tenant"]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("twice"), "{found:?}");
    }
}
