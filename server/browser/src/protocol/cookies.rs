//! A cookie, and its form in each protocol.

use serde_json::{Map, Value, json};

/// One cookie.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cookie {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) domain: String,
    pub(crate) path: String,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    /// When it expires, in seconds since 1970; none: with the session.
    pub(crate) expiry: Option<i64>,
}

impl Cookie {
    /// As `storage.setCookie` takes it.
    pub(crate) fn to_bidi(&self) -> Value {
        let mut cookie = self.common();
        cookie.insert(
            "value".to_owned(),
            json!({"type": "string", "value": self.value}),
        );
        Value::Object(cookie)
    }

    /// As `storage.getCookies` gives it.
    pub(crate) fn from_bidi(value: &Value) -> Self {
        let content = &value["value"];
        let text = match content["type"].as_str() {
            Some("base64") => decode(&content["value"]),
            _ => text(&content["value"]),
        };
        Self {
            value: text,
            ..Self::from_common(value)
        }
    }

    /// As classic's `Add Cookie` takes it.
    pub(crate) fn to_classic(&self) -> Value {
        let mut cookie = self.common();
        cookie.insert("value".to_owned(), json!(self.value));
        json!({ "cookie": cookie })
    }

    /// As classic's `Get All Cookies` gives it.
    pub(crate) fn from_classic(value: &Value) -> Self {
        Self {
            value: text(&value["value"]),
            ..Self::from_common(value)
        }
    }

    fn common(&self) -> Map<String, Value> {
        let mut map = Map::new();
        map.insert("name".to_owned(), json!(self.name));
        map.insert("domain".to_owned(), json!(self.domain));
        map.insert("path".to_owned(), json!(self.path));
        map.insert("secure".to_owned(), json!(self.secure));
        map.insert("httpOnly".to_owned(), json!(self.http_only));
        if let Some(expiry) = self.expiry {
            map.insert("expiry".to_owned(), json!(expiry));
        }
        map
    }

    fn from_common(value: &Value) -> Self {
        Self {
            name: text(&value["name"]),
            value: String::new(),
            domain: text(&value["domain"]),
            path: text(&value["path"]),
            secure: value["secure"] == true,
            http_only: value["httpOnly"] == true,
            expiry: value["expiry"].as_i64(),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A cookie that is not UTF-8 comes as base64.
fn decode(value: &Value) -> String {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text(value))
        .unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
