//! Texts as YAML scalars.

/// A text on one line: plain where that means the same, else in quotes. `in_flow`: inside `[…]`
/// or `{…}`, or as a key.
pub(crate) fn scalar(text: &str, in_flow: bool) -> String {
    if is_plain(text, in_flow) {
        return text.to_owned();
    }
    if text.contains(['"', '\\']) && text.chars().all(is_printable) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    double_quoted(text)
}

/// Whether a literal block holds the text exactly: several lines, none of which begins the block
/// with a space or consists of spaces, and nothing that needs an escape.
pub(crate) fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let blank_only = |line: &str| !line.is_empty() && line.trim().is_empty();
    text.contains('\n')
        && !body.starts_with([' ', '\n'])
        && !body.is_empty()
        && !body.ends_with('\n')
        && !body.split('\n').any(blank_only)
        && body
            .chars()
            .all(|letter| letter == '\n' || is_printable(letter))
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            letter if is_printable(letter) => out.push(letter),
            letter => out.push_str(&format!("\\U{:08X}", u32::from(letter))),
        }
    }
    out.push('"');
    out
}

/// Whether a letter stands in a file as it is: no control, no line end of Unicode, no mark that
/// nobody sees.
fn is_printable(letter: char) -> bool {
    let invisible = ['\u{2028}', '\u{2029}', '\u{feff}', '\u{fffe}', '\u{ffff}'];
    !letter.is_control() && !invisible.contains(&letter)
}

fn is_plain(text: &str, in_flow: bool) -> bool {
    // All of YAML's signs are ASCII.
    let is_good_start = |first: char| match first.is_ascii() {
        true => first.is_ascii_alphanumeric() || "$/_(+.".contains(first),
        false => !first.is_whitespace(),
    };
    let starts_well = text.chars().next().is_some_and(is_good_start) && !text.starts_with("...");
    let is_null = matches!(text, "null" | "Null" | "NULL");
    let ends_in_space = text.ends_with(char::is_whitespace);
    let splits_map = text.contains(": ") || text.ends_with(':') || text.contains(" #");
    // The parser takes a dash before a comma or bracket for the beginning of an item.
    let splits_flow = in_flow && (text.contains([',', '[', ']', '{', '}']) || text.ends_with(" -"));
    starts_well
        && !is_null
        && !ends_in_space
        && !splits_map
        && !splits_flow
        && text.chars().all(is_printable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_plain_where_that_means_the_same() {
        for text in [
            "Log in",
            "$user",
            "/basket?a=b",
            "007",
            "true",
            "it's",
            "a:b",
            "é",
            "€9.90",
            "−€13.30",
            "“so”",
            ".banner",
        ] {
            assert_eq!(scalar(text, true), text);
        }
        assert_eq!(scalar("", false), "\"\"");
        assert_eq!(scalar("null", false), "\"null\"");
        assert_eq!(scalar("#login", false), "\"#login\"");
        assert_eq!(scalar("a: b", false), "\"a: b\"");
        assert_eq!(scalar("a #b", false), "\"a #b\"");
        assert_eq!(scalar("a, b", false), "a, b");
        assert_eq!(scalar("a, b", true), "\"a, b\"");
        assert_eq!(scalar("-x", false), "\"-x\"");
        assert_eq!(scalar("...", false), "\"...\"");
        assert_eq!(scalar("\u{a0}x", false), "\"\u{a0}x\"");
        assert_eq!(scalar("a -", false), "a -");
        assert_eq!(scalar("a -", true), "\"a -\"");
        assert_eq!(scalar("<<", true), "\"<<\"");
        assert_eq!(scalar("say \"it's\"", false), "say \"it's\"");
        assert_eq!(scalar("\"it's\"", false), "'\"it''s\"'");
        assert_eq!(
            scalar("a\tb\u{feff}\u{0}", false),
            "\"a\\tb\\U0000FEFF\\U00000000\""
        );
    }

    #[test]
    fn a_text_of_several_lines_is_a_block_where_yaml_keeps_it() {
        for text in ["a\nb", "a\nb\n", "a\n\n  b"] {
            assert!(is_block(text), "{text:?}");
        }
        for text in [
            "a", "a\n\n", " a\nb", "\na", "a\n \nb", "\n", "a\tb\nc", "a\r\nb",
        ] {
            assert!(!is_block(text), "{text:?}");
        }
    }
}
