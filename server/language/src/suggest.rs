//! "Did you mean …?"

/// The longest word that is compared; nobody mistypes a longer key by one letter.
const MAX_LENGTH: usize = 48;

/// The candidate that `word` was probably meant to be. Case, spaces and dashes do not count as
/// mistakes; otherwise one letter in three may be wrong.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if word.is_empty() || word.len() > MAX_LENGTH {
        return None;
    }
    let word = plain(word);
    let allowed = (word.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate.len().abs_diff(word.len()) > allowed + 2 {
            continue;
        }
        let distance = strsim::osa_distance(&word, candidate);
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// As [`nearest`], of words that have dashes.
pub(crate) fn nearest_of<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let candidates: Vec<_> = candidates.into_iter().collect();
    let plain: Vec<_> = candidates
        .iter()
        .map(|word| word.replace('-', "_"))
        .collect();
    let found = nearest(word, plain.iter().map(String::as_str))?;
    let index = plain.iter().position(|candidate| candidate == found)?;
    candidates.get(index).copied()
}

/// Whether they are the same but for large letters and what separates the parts: `Top-Left`,
/// `top left` and `topLeft` are `top_left`.
pub(crate) fn same_word(written: &str, word: &str) -> bool {
    let letters = |text: &str| {
        let letters = text
            .trim()
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '_'));
        letters
            .map(|letter| letter.to_ascii_lowercase())
            .collect::<String>()
    };
    let starts_well = !written.trim_start().starts_with([' ', '-', '_']);
    let ends_well = !written.trim_end().ends_with([' ', '-', '_']);
    starts_well && ends_well && written.len() <= 2 * MAX_LENGTH && letters(written) == letters(word)
}

/// `Double-Click`, `double click` and `doubleClick` as `double_click`.
pub(crate) fn plain(word: &str) -> String {
    match is_plain(word) {
        true => word.to_owned(),
        false => made_plain(word),
    }
}

/// Most words are plain as they are written, and every key of a file is asked for.
fn is_plain(word: &str) -> bool {
    let letters = word.as_bytes();
    let is_plain = |letter: &u8| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'_');
    letters.iter().all(is_plain) && !letters.windows(2).any(|pair| pair == b"__")
}

fn made_plain(word: &str) -> String {
    let mut out = String::with_capacity(word.len() + 4);
    let mut after_lower = false;
    for letter in word.trim().chars() {
        match letter {
            ' ' | '-' | '_' => {
                if !out.ends_with('_') {
                    out.push('_');
                }
                after_lower = false;
            }
            _ => {
                if letter.is_uppercase() && after_lower {
                    out.push('_');
                }
                after_lower = letter.is_lowercase() || letter.is_ascii_digit();
                out.extend(letter.to_lowercase());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_several_spellings() {
        for written in ["top_left", "top left", " Top-Left ", "topLeft", "TOP__LEFT"] {
            assert!(same_word(written, "top_left"), "{written}");
        }
        for written in ["", "top", "top.left", "_top_left", "top-left-", "top_lefd"] {
            assert!(!same_word(written, "top_left"), "{written}");
        }
    }

    #[test]
    fn a_mistyped_word_finds_its_candidate() {
        let keys = ["click", "check", "double_click", "wait"];
        let nearest = |word| nearest(word, keys);
        assert_eq!(nearest("clik"), Some("click"));
        assert_eq!(nearest("doubleClick"), Some("double_click"));
        assert_eq!(nearest("Double Click"), Some("double_click"));
        assert_eq!(nearest("wiat"), Some("wait"));
        assert_eq!(nearest("tap"), None);
        assert_eq!(nearest(""), None);
        assert_eq!(nearest(&"x".repeat(1_000_000)), None);
    }
}
