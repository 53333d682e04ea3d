//! "Did you mean …?"

use std::cmp::Reverse;

/// The longest word that is compared; nobody mistypes a longer key by one letter.
const MAX_LENGTH: usize = 48;

/// How alike two words must be of which neither is the other mistyped, in thousandths.
const ALIKE: usize = 550;

/// What other tools call commands, and what they are called here.
const FOREIGN: [(&str, &str); 22] = [
    ("assert_text", "assert_equals"),
    ("assert_element_text", "assert_equals"),
    ("verify_text", "assert_equals"),
    ("assert_value", "assert_equals"),
    ("assert_present", "assert_exists"),
    ("assert_element_present", "assert_exists"),
    ("verify_element_present", "assert_exists"),
    ("expect", "see"),
    ("tap", "click"),
    ("dblclick", "double_click"),
    ("context_click", "right_click"),
    ("mouse_over", "hover"),
    ("send_keys", "write"),
    ("input", "write"),
    ("visit", "navigate"),
    ("get", "navigate"),
    ("eval", "execute"),
    ("evaluate", "execute"),
    ("choose", "select"),
    ("attach_file", "upload_file"),
    ("switch_window", "switch_tab"),
    ("new_window", "new_tab"),
];

/// As [`nearest`], of the keys of commands: what other tools call a command is known.
pub(crate) fn nearest_command<'a>(
    word: &str,
    keys: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let written = plain(word);
    match FOREIGN.iter().find(|(foreign, _)| *foreign == written) {
        Some((_, key)) => Some(key),
        None => nearest(word, keys),
    }
}

/// The candidate that `word` was probably meant to be. Case, spaces and dashes do not count as
/// mistakes.
///
/// A candidate is near when each part of it is written with few mistakes (one letter in three, at
/// least one), or the whole without its separators is; the nearest of these is meant. When there is
/// none, one that shares most of its parts, or that `word` is the beginning of, is meant, unless
/// another is as good.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if word.is_empty() || word.len() > MAX_LENGTH {
        return None;
    }
    let word = plain(word);
    let word = Word::new(&word);
    let mut mistyped: Option<((usize, Reverse<usize>), &str)> = None;
    let mut alike: (usize, Option<&str>) = (ALIKE - 1, None);
    for candidate in candidates.into_iter().filter(|c| c.len() <= MAX_LENGTH) {
        let other = Word::new(candidate);
        if let Some(distance) = word.mistakes(&other) {
            let rank = (distance, Reverse(word.common_start(&other)));
            if mistyped.is_none_or(|(least, _)| rank < least) {
                mistyped = Some((rank, candidate));
            }
        } else if mistyped.is_none() {
            let likeness = word.likeness(&other);
            if likeness > alike.0 {
                alike = (likeness, Some(candidate));
            } else if likeness == alike.0 && alike.1 != Some(candidate) {
                alike.1 = None;
            }
        }
    }
    mistyped.map(|(_, candidate)| candidate).or(alike.1)
}

/// A word as its parts, without what separates them.
struct Word<'w> {
    parts: Vec<&'w str>,
    /// In bytes.
    length: usize,
}

impl<'w> Word<'w> {
    fn new(text: &'w str) -> Self {
        let parts: Vec<_> = text.split('_').filter(|part| !part.is_empty()).collect();
        let length = parts.iter().map(|part| part.len()).sum();
        Self { parts, length }
    }

    fn letters(&self) -> String {
        self.parts.concat()
    }

    /// How many letters are wrong, for a candidate that was mistyped so.
    fn mistakes(&self, candidate: &Self) -> Option<usize> {
        if self.parts.len() == candidate.parts.len() {
            let pairs = self.parts.iter().zip(&candidate.parts);
            return pairs.map(|(one, other)| mistakes(one, other)).sum();
        }
        // Other separators are the mistake then, and hardly another one.
        if self.length.abs_diff(candidate.length) > char::MAX.len_utf8() {
            return None;
        }
        mistakes(&self.letters(), &candidate.letters()).filter(|wrong| *wrong <= 1)
    }

    /// How much of both is the same, in thousandths of the letters of the longer one: equal parts
    /// count in full, mistyped ones and beginnings less. That the one says all of the other counts
    /// more, and so does that both begin alike.
    fn likeness(&self, candidate: &Self) -> usize {
        let shared = self.shared(candidate) + candidate.shared(self);
        let longest = self.length.max(candidate.length).max(1);
        let says_all = self.is_all_in(candidate) || candidate.is_all_in(self);
        let begins = matches!((self.parts.first(), candidate.parts.first()),
            (Some(one), Some(other)) if part_likeness(one, other) > 0);
        match shared {
            0 => 0,
            _ => shared / (2 * longest) + 100 * usize::from(says_all) + 50 * usize::from(begins),
        }
    }

    /// The letters of the parts that the other has too, times 1000.
    fn shared(&self, other: &Self) -> usize {
        let parts = self.parts.iter();
        parts.map(|part| part.len() * other.best(part)).sum()
    }

    fn is_all_in(&self, other: &Self) -> bool {
        self.parts.iter().all(|part| other.best(part) > 0)
    }

    /// How alike the part is that is most like this one.
    fn best(&self, wanted: &str) -> usize {
        let each = self.parts.iter().map(|part| part_likeness(part, wanted));
        each.max().unwrap_or(0)
    }

    fn common_start(&self, other: &Self) -> usize {
        let (own, others) = (self.letters(), other.letters());
        let pairs = own.chars().zip(others.chars());
        pairs.take_while(|(one, other)| one == other).count()
    }
}

/// How many letters of a word are wrong, transposed ones as one; `None`: too many.
fn mistakes(word: &str, candidate: &str) -> Option<usize> {
    let length = word.chars().count();
    let allowed = (length / 3).max(1);
    if length.abs_diff(candidate.chars().count()) > allowed {
        return None;
    }
    let distance = strsim::osa_distance(word, candidate);
    // A short word with another letter is another word, unless it begins the same.
    let is_another = length <= 2 && distance > 0 && !word.starts_with(first(candidate));
    (distance <= allowed && !is_another).then_some(distance)
}

fn first(word: &str) -> char {
    word.chars().next().unwrap_or_default()
}

fn part_likeness(one: &str, other: &str) -> usize {
    let (short, long) = if one.len() <= other.len() {
        (one, other)
    } else {
        (other, one)
    };
    match () {
        () if one == other => 1000,
        () if short.len() >= 4 && mistakes(short, long).is_some() => 800,
        () if short.len() >= 3 && long.starts_with(short) => 700,
        () => 0,
    }
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
        assert_eq!(nearest("_"), None);
        assert_eq!(nearest(&"x".repeat(1_000_000)), None);
    }

    /// What people have written in tests, and what they meant.
    #[test]
    fn a_near_miss_of_a_command_finds_it() {
        let keys = || {
            let commands = etude::catalog::commands().iter();
            commands.flat_map(|spec| std::iter::once(&spec.yaml).chain(&spec.yaml_aliases))
        };
        for (written, meant) in [
            ("clcik", "click"),
            ("clicks", "click"),
            ("click_on", "click"),
            ("click_button", "click"),
            ("doubleclick", "double_click"),
            ("click_double", "double_click"),
            ("hoover", "hover"),
            ("wirte", "write"),
            ("type_text", "type"),
            ("press_enter", "press"),
            ("check_box", "check"),
            ("go_to", "goto"),
            ("navigate_to", "navigate"),
            ("nav", "navigate"),
            ("open_url", "open"),
            ("wait_for_visible", "wait_visible"),
            ("wait_untill", "wait_until"),
            ("wait_netwrok_idle", "wait_network_idle"),
            ("assert_exist", "assert_exists"),
            ("asert_exists", "assert_exists"),
            ("assertexists", "assert_exists"),
            ("assert_element_visible", "assert_visible"),
            ("assert_is_checked", "assert_checked"),
            ("assert_not_equal", "assert_not_equals"),
            ("assert_equal_to", "assert_equals"),
            ("assert_greater", "assert_greater_than"),
            ("assert_contain", "assert_contains"),
            ("assert_text", "assert_equals"),
            ("Assert-Text", "assert_equals"),
            ("store_txt", "store_text"),
            ("select_options", "select_option"),
            ("select_dropdown", "select"),
            ("scroll_donw", "scroll_down"),
            ("screen_shot", "screenshot"),
            ("switch_to_frame", "switch_frame"),
            ("upload_files", "upload_file"),
            ("send_keys", "write"),
            ("new_window", "new_tab"),
        ] {
            let found = nearest_command(written, keys().map(String::as_str));
            assert_eq!(found, Some(meant), "{written}");
        }
        for other in [
            "assert_gravity",
            "foo",
            "bar_baz",
            "assert",
            "x",
            "assert_xt",
            "is",
        ] {
            let found = nearest_command(other, keys().map(String::as_str));
            assert_eq!(found, None, "{other}");
        }
        for (foreign, key) in FOREIGN {
            let is_key = |key: &str| keys().any(|other| other == key);
            assert!(is_key(key) && !is_key(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_part_of_a_key_finds_it_unless_there_are_two() {
        let keys = [
            "step_timeout",
            "navigation_timeout",
            "base_url",
            "screenshots",
        ];
        let nearest = |word| nearest(word, keys);
        for (written, meant) in [
            ("base", Some("base_url")),
            ("screen", Some("screenshots")),
            ("timeout_of_step", Some("step_timeout")),
            ("timeout", Some("step_timeout")),
            ("url", None),
        ] {
            assert_eq!(nearest(written), meant, "{written}");
        }
    }
}
