//! What selectors hang on.

use std::sync::LazyLock;

use regex::Regex;

/// The longest selector that is looked at.
const LONGEST: usize = 4000;

/// What is said of an id that a tool has made up.
pub(super) const GENERATED_ID: &str = "looks as if a tool had made it up, anew with every build";

/// A position among siblings.
static NTH: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r":(?:nth-(?:last-)?(?:child|of-type))\(").ok());

/// The index of a step of an XPath.
static INDEX: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[\d+\]").ok());

/// Classes, ids and names of attributes in a selector.
static NAMES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[#.]((?:[A-Za-z_]|\\.)(?:[\w-]|\\.)*)|\[([\w-]+)").ok());

/// `@id='x'` and `@class="x"` in an XPath.
static ATTRIBUTES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"@(?:id|class)\s*=\s*["']([^"']+)["']"#).ok());

/// Names that tools make up: of styles, of frameworks' ids, and anything with a hash or a counter.
static GENERATED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let styles =
        r"(?:css|emotion|tss|jss|svelte|astro)-?[a-z0-9]*\d[a-z0-9]*|sc-[a-z]*[A-Z]\w+|jsx-\d+";
    let ids = r"(?:ember|ext-gen|ext-comp-|ext-element-|yui_|gwt-uid-|ui-id-|mat-input-|mat-option-|cdk-|radix-|headlessui-|react-select-|__BVID__|j_idt|isc_|dijit_|x-auto-|rc_select_|tippy-|popper-)[\w:-]*\d[\w:-]*";
    let scopes = r"data-v-[0-9a-f]{6,}|_ng(?:content|host)-[\w-]+|ng-tns-[\w-]+";
    let hash = r"[\w-]*[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}[\w-]*";
    let counter = r"[A-Za-z_-]+[_:-]?\d{6,}";
    Regex::new(&format!("^(?:{styles}|{ids}|{scopes}|{hash}|{counter})$")).ok()
});

/// The hash with which a name ends: `Button_primary__3kX9a`, `menu-5f3a9c21`.
static HASH: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:__([A-Za-z0-9-]{5,8})|[_-]([0-9a-f]{8,}))$").ok());

/// Whether a tool has probably made the name of a class or an id up.
pub(super) fn is_generated(name: &str) -> bool {
    let is_known = GENERATED.as_ref().is_some_and(|known| known.is_match(name));
    is_known && !ends_in_date(name) || ends_in_hash(name)
}

/// `report-20240131`
fn ends_in_date(name: &str) -> bool {
    let digits = name.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    matches!(digits.len(), 6 | 8) && (digits.starts_with("19") || digits.starts_with("20"))
}

fn ends_in_hash(name: &str) -> bool {
    let Some(found) = HASH.as_ref().and_then(|hash| hash.captures(name)) else {
        return false;
    };
    let hash = found.get(1).or_else(|| found.get(2));
    let hash = hash.map_or("", |hash| hash.as_str());
    let digits = hash.bytes().filter(u8::is_ascii_digit).count();
    let letters = hash.bytes().filter(u8::is_ascii_alphabetic).count();
    // A date has no letters, and a word no digits but perhaps one at its end.
    let has_inner_digit = hash
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .bytes()
        .any(|b| b.is_ascii_digit());
    digits > 0 && letters > 0 && (has_inner_digit || digits > 2)
}

/// What is brittle about a CSS selector; `is_long` tells of a number of elements in a chain.
pub(super) fn brittle_css(text: &str, is_long: impl Fn(usize) -> bool) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    let bare = without_texts(text);
    let levels = bare.split(',').map(levels).max().unwrap_or_default();
    let nth = NTH.as_ref().map_or(0, |nth| nth.find_iter(&bare).count());
    if nth > 1 || nth > 0 && levels > 1 {
        return Some("names an element by its place among its siblings".to_owned());
    }
    let names = NAMES.as_ref()?.captures_iter(&bare);
    for found in names {
        let name = found.get(1).or_else(|| found.get(2))?.as_str();
        if is_generated(name) {
            return Some(format!(
                "has the name \"{}\", which a tool has probably made up",
                crate::diagnose::shown(name)
            ));
        }
    }
    is_long(levels).then(|| format!("hangs on a chain of {levels} elements"))
}

/// The selector with what stands in quotes and brackets' values left out.
fn without_texts(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut quote = None;
    let mut in_value = false;
    for letter in text.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '=') => in_value = true,
            (None, ']') => {
                in_value = false;
                out.push(letter);
            }
            (None, _) if in_value => {}
            (None, _) => out.push(letter),
        }
    }
    out
}

/// How many elements a chain names.
fn levels(selector: &str) -> usize {
    let mut depth = 0_usize;
    let separated = selector.chars().map(|letter| match letter {
        '(' | '[' => {
            depth += 1;
            letter
        }
        ')' | ']' => {
            depth = depth.saturating_sub(1);
            letter
        }
        '>' | '+' | '~' if depth == 0 => ' ',
        ' ' if depth > 0 => '_',
        _ => letter,
    });
    let separated: String = separated.collect();
    separated.split_whitespace().count()
}

/// Whether a text is an XPath.
pub(super) fn is_xpath(text: &str) -> bool {
    text.starts_with("//") || text.starts_with("/html") || text.starts_with("(/")
}

/// What is brittle about an XPath.
pub(super) fn brittle_xpath(text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    let path = text.trim_start_matches('(');
    if path.starts_with('/') && !path.starts_with("//") {
        return Some("is an absolute path through the page".to_owned());
    }
    let indices = INDEX
        .as_ref()
        .map_or(0, |index| index.find_iter(text).count());
    if indices > 1 {
        return Some("names elements by their places among their siblings".to_owned());
    }
    let mut names = ATTRIBUTES
        .as_ref()?
        .captures_iter(text)
        .filter_map(|found| found.get(1));
    let made_up = names.find(|names| names.as_str().split_whitespace().any(is_generated))?;
    Some(format!(
        "has the name \"{}\", which a tool has probably made up",
        crate::diagnose::shown(made_up.as_str())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chain may name four elements.
    fn four(text: &str) -> Option<String> {
        brittle_css(text, |levels| levels > 4)
    }

    #[test]
    fn names_that_tools_make_up_are_told_from_those_of_people() {
        for name in [
            "css-1q2w3e4",
            "sc-bdVaJa",
            "jss42",
            "ember482",
            "ext-gen1023",
            "mat-input-3",
            "radix-:r3:",
            "data-v-7ba5bd90",
            "_ngcontent-abc-c12",
            "Button_primary__3kX9a",
            "menu-5f3a9c21",
            "a3f1c2d4-1b2c-4d5e-8f90-a1b2c3d4e5f6",
            "row1234567",
            "jsx-2871293847",
            "field_10482734",
            "css19kzrtu",
            "svelte-1tky8bj",
        ] {
            assert!(is_generated(name), "{name}");
        }
        for name in [
            "save",
            "btn-primary",
            "col-md-6",
            "mt-4",
            "h1",
            "invoice-2024",
            "step2",
            "q3-2024",
            "nav__item",
            "block__element--modifier",
            "product-card",
            "css-editor",
            "sc-list",
            "date-20240131",
            "user_name2",
            "font-awesome",
            "cart__total",
            "accessible",
            "menu-deadbeef",
            "address-line-2",
            "nav__link2",
        ] {
            assert!(!is_generated(name), "{name}");
        }
    }

    #[test]
    fn chains_are_counted_outside_of_brackets() {
        assert_eq!(levels("a > b + c d"), 4);
        assert_eq!(levels("a:has(> b c) [x y]"), 2);
        assert_eq!(without_texts("a[href='x y.css-1a']"), "a[href]");
        assert_eq!(four("a b c d"), None);
        assert!(four("a b c d e").is_some());
        assert_eq!(four("a b c, d e f"), None);
        assert!(four("tr:nth-child(2) td").is_some());
        assert_eq!(four("tr:nth-child(2)"), None);
    }

    #[test]
    fn absolute_paths_and_indices_are_brittle() {
        for path in [
            "/html/body/a",
            "(/html/body/a)[1]",
            "//div[2]/span[3]",
            "//*[@id='ember482']",
        ] {
            assert!(brittle_xpath(path).is_some(), "{path}");
        }
        for path in [
            "//a",
            "//button[contains(., 'Save')]",
            "(//a)[2]",
            "//*[@id='save']",
        ] {
            assert_eq!(brittle_xpath(path), None, "{path}");
        }
    }
}
