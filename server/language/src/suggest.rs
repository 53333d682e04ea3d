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

/// `Double-Click`, `double click` and `doubleClick` as `double_click`.
pub(crate) fn plain(word: &str) -> String {
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
