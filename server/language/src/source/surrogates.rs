//! JSON writes a character beyond U+FFFF as two escapes, which YAML does not know.

/// How many characters shorter `\U0001F600` is than `\ud83d\ude00`.
pub(super) const SHORTENS: usize = 2;

const PAIR: usize = 12;

/// The JSON text with YAML's `\U` escapes instead of pairs, and where those stand in it, counted in
/// characters. `None`: the text is not JSON, or has no pairs.
pub(super) fn join(text: &str) -> Option<(String, Vec<usize>)> {
    let json = text.trim_start().starts_with(['{', '['])
        && (text.contains("\\ud") || text.contains("\\uD"))
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if !json {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut pairs = Vec::new();
    let mut characters = 0;
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        if let Some(found) = pair(rest) {
            pairs.push(characters);
            out.push_str(&format!("\\U{:08X}", u32::from(found)));
            characters += PAIR - SHORTENS;
            at += PAIR;
            continue;
        }
        // An escaped backslash must not be taken for the start of an escape.
        let length = match rest.starts_with("\\\\") {
            true => 2,
            false => letter.len_utf8(),
        };
        let piece = &rest[..length];
        out.push_str(piece);
        characters += piece.chars().count();
        at += length;
    }
    Some((out, pairs))
}

fn pair(text: &str) -> Option<char> {
    let unit = |at: usize| {
        let digits = text.get(at..at + PAIR / 2)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let units = [unit(0)?, unit(PAIR / 2)?];
    let mut letters = char::decode_utf16(units);
    match (letters.next(), letters.next()) {
        (Some(Ok(letter)), None) => Some(letter),
        _ => None,
    }
}
