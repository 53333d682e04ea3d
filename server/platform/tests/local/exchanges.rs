//! Exchanges with the platform, as `exchanges.json` lists them: a request, the status, and what
//! the answer holds. Values of earlier answers stand in later requests as `${name}`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::common::{Answer, Platform};

#[derive(Deserialize)]
struct Exchange {
    /// What it shows.
    name: String,
    /// `METHOD /path`.
    request: String,
    body: Option<Value>,
    status: u16,
    /// What stands at each pointer of the answer; `<number>` and the like name a type.
    #[serde(default)]
    holds: BTreeMap<String, Value>,
    /// Pointers at which nothing stands.
    #[serde(default)]
    lacks: Vec<String>,
    /// Names for values of the answer.
    #[serde(default)]
    keep: BTreeMap<String, String>,
}

#[tokio::test]
async fn the_platform_answers_as_recorded() {
    let platform = Platform::new().await;
    let exchanges: Vec<Exchange> = serde_json::from_str(include_str!("exchanges.json")).unwrap();
    let mut known = BTreeMap::new();
    for exchange in &exchanges {
        let request = filled(&exchange.request, &known);
        let body = exchange
            .body
            .as_ref()
            .map(|body| serde_json::from_str(&filled(&body.to_string(), &known)).unwrap());
        let answer = platform.call(&request, body).await;
        assert_eq!(
            answer.status, exchange.status,
            "{}: {request}: {answer:?}",
            exchange.name
        );
        check(exchange, &answer, &known);
        for (name, pointer) in &exchange.keep {
            let value = match answer.at(pointer) {
                // The ids of a map are its keys.
                Value::Object(map) => map.keys().next().unwrap().clone(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            known.insert(name.clone(), value);
        }
    }
    assert!(exchanges.len() > 70, "only {} exchanges", exchanges.len());
}

/// Puts values in the place of their names; a quoted `"#{name}"` becomes a number.
fn filled(text: &str, known: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    for (name, value) in known {
        text = text.replace(&format!("\"#{{{name}}}\""), value);
        text = text.replace(&format!("${{{name}}}"), value);
    }
    assert!(!text.contains("#{"), "a name that nothing has set: {text}");
    text
}

fn check(exchange: &Exchange, answer: &Answer, known: &BTreeMap<String, String>) {
    for (pointer, expected) in &exchange.holds {
        let expected: Value = serde_json::from_str(&filled(&expected.to_string(), known)).unwrap();
        let found = answer.body.pointer(&filled(pointer, known));
        let found = found.unwrap_or_else(|| {
            panic!("{}: nothing at {pointer}: {:#}", exchange.name, answer.body)
        });
        let fits = match expected.as_str() {
            Some("<number>") => found.is_number(),
            Some("<text>") => found.is_string(),
            Some("<list>") => found.is_array(),
            Some("<object>") => found.is_object(),
            Some("<uuid>") => found.as_str().is_some_and(|text| text.len() == 36),
            _ => *found == expected,
        };
        assert!(
            fits,
            "{}: {pointer} is {found}, not {expected}",
            exchange.name
        );
    }
    for pointer in &exchange.lacks {
        let found = answer.body.pointer(&filled(pointer, known));
        assert_eq!(found, None, "{}: {pointer}", exchange.name);
    }
}
