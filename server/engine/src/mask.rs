//! Keeps secrets, and credentials in addresses, out of everything that is shown or kept.

use std::borrow::Cow;

use serde_json::Value;

/// What stands in place of a secret.
pub(crate) const DOTS: &str = "••••";

/// What follows a text that was cut.
pub(crate) const ELLIPSIS: &str = "…";

/// The longest secret, in characters, that is masked only where it stands alone: where it is part
/// of a longer word or number, it is almost never the secret.
const SHORT: usize = 3;

/// Values that tell nothing, and that would blot out what has nothing to do with them.
const NO_SECRETS: [&str; 9] = [
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "null",
    "none",
    "undefined",
];

/// Replaces secrets in texts.
#[derive(Clone, Default)]
pub struct Mask {
    /// Every form in which a secret may occur, the longest first: a secret that contains another
    /// must not leave its rest behind.
    patterns: Vec<String>,
}

impl Mask {
    /// Masks a secret from now on: as it is, and as addresses, JSON and HTML spell it. One of two or
    /// three characters is masked where no letter and no digit adjoins it; one of a single
    /// character, or such as `true`, is not, because every text would be full of dots.
    pub fn add(&mut self, secret: &str) {
        if !can_be_masked(secret.trim()) {
            return;
        }
        for form in forms(secret) {
            if !form.is_empty() && !self.patterns.contains(&form) {
                self.patterns.push(form);
            }
        }
        self.patterns
            .sort_by_key(|pattern| std::cmp::Reverse(pattern.len()));
    }

    /// Whether there is nothing to mask.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The text with dots in place of every secret.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut masked = Cow::Borrowed(text);
        for pattern in &self.patterns {
            let replaced = match is_short(pattern) {
                true => replace_alone(&masked, pattern),
                false if masked.contains(pattern.as_str()) => {
                    Some(masked.replace(pattern.as_str(), DOTS))
                }
                false => None,
            };
            if let Some(replaced) = replaced {
                masked = Cow::Owned(replaced);
            }
        }
        masked
    }

    /// The text with dots in place of secrets and of credentials in addresses.
    pub fn shown<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.text(text) {
            Cow::Borrowed(text) => hide_credentials(text),
            Cow::Owned(text) => Cow::Owned(hide_credentials(&text).into_owned()),
        }
    }

    /// As [`Mask::shown`], in place.
    pub fn scrub(&self, text: &mut String) {
        if let Cow::Owned(masked) = self.shown(text) {
            *text = masked;
        }
    }

    /// A JSON value with dots in place of secrets, in its texts, keys and numbers.
    pub fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.shown(text).into_owned()),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(entries) => entries
                .iter()
                .map(|(key, value)| (self.text(key).into_owned(), self.value(value)))
                .collect(),
            Value::Null | Value::Bool(_) => value.clone(),
            Value::Number(number) => match self.text(&number.to_string()) {
                Cow::Borrowed(_) => value.clone(),
                Cow::Owned(masked) => Value::String(masked),
            },
        }
    }
}

/// How many, not which.
impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mask({} patterns)", self.patterns.len())
    }
}

fn can_be_masked(secret: &str) -> bool {
    let tells_nothing = |word: &&str| secret.eq_ignore_ascii_case(word);
    secret.chars().nth(1).is_some() && !NO_SECRETS.iter().any(tells_nothing)
}

fn is_short(pattern: &str) -> bool {
    pattern.chars().nth(SHORT).is_none()
}

/// The text with dots in place of `pattern` wherever no letter and no digit adjoins it; `None` when
/// it stands nowhere so.
fn replace_alone(text: &str, pattern: &str) -> Option<String> {
    let mut out = String::new();
    let mut from = 0;
    for (at, _) in text.match_indices(pattern) {
        let end = at + pattern.len();
        let before = text[..at].chars().next_back();
        let after = text[end..].chars().next();
        let is_part = before.into_iter().chain(after).any(char::is_alphanumeric);
        if !is_part {
            out.push_str(&text[from..at]);
            out.push_str(DOTS);
            from = end;
        }
    }
    out.push_str(&text[from..]);
    (from > 0).then_some(out)
}

/// The text with dots in place of `user:password` in every `scheme://user:password@host`.
pub fn hide_credentials(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let authority = &rest[start + 3..];
        let end = authority
            .find(|letter: char| {
                matches!(letter, '/' | '?' | '#' | '"' | '\'' | '\\' | '<' | '>')
                    || letter.is_whitespace()
            })
            .unwrap_or(authority.len());
        let Some(at) = authority[..end].rfind('@') else {
            out.push_str(&rest[..start + 3 + end]);
            rest = &authority[end..];
            continue;
        };
        out.push_str(&rest[..start + 3]);
        out.push_str(DOTS);
        rest = &authority[at..];
    }
    if out.is_empty() || !out.contains(DOTS) {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Cuts a text to at most `bytes`, at a character's boundary, and marks the cut. True: it was cut.
pub(crate) fn cut(text: &mut String, bytes: usize) -> bool {
    if text.len() <= bytes {
        return false;
    }
    text.truncate(text.floor_char_boundary(bytes));
    text.push_str(ELLIPSIS);
    true
}

/// The forms in which a secret may occur in what a browser reports.
fn forms(secret: &str) -> Vec<String> {
    let collapsed = secret.split_whitespace().collect::<Vec<_>>().join(" ");
    // What encodeURIComponent, a form, the query and the path of an address leave as it is.
    let component = percent_encode(secret, |byte| b"-_.!~*'()".contains(&byte));
    let form = percent_encode(secret, |byte| b"-_.* ".contains(&byte));
    let query = percent_encode(secret, |byte| {
        byte.is_ascii_graphic() && !b"\"#<>'".contains(&byte)
    });
    let path = percent_encode(secret, |byte| {
        byte.is_ascii_graphic() && !b"\"#<>?`{}^".contains(&byte)
    });
    let json = Value::String(secret.to_owned()).to_string();
    let html = secret
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    vec![
        secret.to_owned(),
        secret.trim().to_owned(),
        collapsed,
        component,
        form.replace(' ', "+"),
        query,
        path,
        json[1..json.len() - 1].to_owned(),
        html.replace('"', "&quot;"),
        html,
    ]
}

fn percent_encode(text: &str, keep: impl Fn(u8) -> bool) -> String {
    use std::fmt::Write as _;

    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || keep(byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_masked_in_every_spelling() {
        let mut mask = Mask::default();
        mask.add("p@ss \"w<rd> \n");
        for text in [
            "p@ss \"w<rd> \n",
            "it is p@ss \"w<rd> here",
            "?q=p%40ss+%22w%3Crd%3E+%0A",
            "?q=p@ss%20%22w%3Crd%3E%20%0A",
            "?q=p%40ss%20%22w%3Crd%3E%20%0A",
            r#"{"a":"p@ss \"w<rd> \n"}"#,
            "<b>p@ss \"w&lt;rd&gt; \n</b>",
            "<b a='p@ss &quot;w&lt;rd&gt; \n'>",
        ] {
            let masked = mask.text(text);
            assert!(masked.contains(DOTS), "{text}");
            assert!(!masked.contains("ss") && !masked.contains("rd"), "{masked}");
        }
    }

    #[test]
    fn a_secret_inside_another_leaves_no_rest() {
        let mut mask = Mask::default();
        mask.add("abc");
        mask.add("abcdef");
        assert_eq!(mask.text("abcdef abc"), "•••• ••••");
    }

    #[test]
    fn an_empty_secret_masks_nothing() {
        let mut mask = Mask::default();
        mask.add("");
        assert!(mask.is_empty());
        assert_eq!(mask.text("abc"), "abc");
    }

    #[test]
    fn a_short_secret_is_masked_where_it_stands_alone() {
        let mut mask = Mask::default();
        mask.add("123");
        mask.add("xy\n");
        for (text, masked) in [
            ("123", "••••"),
            ("CVV: 123, xy", "CVV: ••••, ••••"),
            ("?cvv=123&a=xy#", "?cvv=••••&a=••••#"),
            ("123 123", "•••• ••••"),
            ("_123_", "_••••_"),
            ("1234, a123, é123, xyz", "1234, a123, é123, xyz"),
            ("12 3", "12 3"),
        ] {
            assert_eq!(mask.text(text), masked);
        }
        assert_eq!(mask.value(&json!([123, 1234])), json!(["••••", 1234]));
    }

    #[test]
    fn what_is_no_secret_blots_out_nothing() {
        let mut mask = Mask::default();
        for value in ["1", "é", "True", " false\n", "NO", "null", " 7 "] {
            mask.add(value);
        }
        assert!(mask.is_empty());
        mask.add("ns");
        mask.add("1234");
        assert_eq!(mask.text("turns 12345 ns"), "turns ••••5 ••••");
    }

    #[test]
    fn values_are_masked_in_depth() {
        let mut mask = Mask::default();
        mask.add("1234");
        let value = json!({"a1234": ["x1234", 12345, true, null]});
        assert_eq!(
            mask.value(&value),
            json!({"a••••": ["x••••", "••••5", true, null]})
        );
    }

    #[test]
    fn credentials_in_addresses_are_hidden() {
        for (text, shown) in [
            ("http://u:p@h/x", "http://••••@h/x"),
            (
                "go to https://u@h, ftp://a:b@c",
                "go to https://••••@h, ftp://••••@c",
            ),
            ("http://u:p@ss@h/", "http://••••@h/"),
            ("http://h/a@b", "http://h/a@b"),
            ("http://h?mail=a@b", "http://h?mail=a@b"),
            ("a@b", "a@b"),
            ("://", "://"),
        ] {
            assert_eq!(hide_credentials(text), shown);
        }
    }

    #[test]
    fn a_cut_keeps_whole_characters() {
        let mut text = "aé".to_owned();
        assert!(!cut(&mut text, 3));
        assert!(cut(&mut text, 2));
        assert_eq!(text, "a…");
    }
}
