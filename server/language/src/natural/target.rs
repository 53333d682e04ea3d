//! Targets in statements: `top left button "Save"`, `2nd css ".row"`, `$element`.

use etude::DESCRIPTOR_POOL;

use super::values::{self, Given, behind};

/// How a locator is said, and its key.
const LOCATORS: [(&str, &str); 7] = [
    ("test id", "test_id"),
    ("placeholder", "placeholder"),
    ("xpath", "xpath"),
    ("label", "label"),
    ("css", "css"),
    ("text", "text"),
    ("id", "id"),
];

/// Roles that stand before the name of an element and are no kind.
const ROLES: [&str; 14] = [
    "heading",
    "tab",
    "menuitem",
    "option",
    "cell",
    "row",
    "dialog",
    "list",
    "listitem",
    "switch",
    "textbox",
    "combobox",
    "alert",
    "navigation",
];

/// Words that people put behind the name of an element, and the kind that each is.
const NOUNS: [(&str, &str); 19] = [
    ("button", "button"),
    ("link", "link"),
    ("input", "input"),
    ("dropdown", "dropdown"),
    ("checkbox", "checkbox"),
    ("radio button", "radio"),
    ("image", "image"),
    ("field", ""),
    ("element", ""),
    ("text", ""),
    ("message", ""),
    ("icon", ""),
    ("tab", ""),
    ("menu item", ""),
    ("menu", ""),
    ("option", ""),
    ("label", ""),
    ("heading", ""),
    ("notification", ""),
];

/// The key under which stands what was read and says nothing about the element.
pub(crate) const UNSAID: &str = "unsaid";

/// Places on a page that name no element: `in the header`.
const PLACES: [&str; 6] = [
    "in the header",
    "in the footer",
    "in the menu",
    "on the page",
    "on page",
    "in the sidebar",
];

type Keys = Vec<(&'static str, String)>;

/// The targets with which the text may begin, the likeliest first.
pub(super) fn read(text: &str) -> Vec<(Given, &str)> {
    let mut keys = Keys::new();
    let mut text = behind(text, "the").map_or(text, str::trim_start);
    text = nth(text, &mut keys);
    text = word(text, "TargetPosition", "position", &mut keys);
    text = word(text, "ElementKind", "kind", &mut keys);
    let Some((locator, rest)) = locator(text) else {
        return field_in_words(text, keys);
    };
    let is_role = locator.iter().any(|(key, _)| *key == "role");
    keys.extend(locator);
    let plain = (Given::Target(keys.clone()), rest);
    if is_role {
        return vec![plain];
    }
    // With the noun behind it first: `"Save" button`.
    let mut found: Vec<_> = with_noun(&keys, rest).into_iter().collect();
    found.push(plain);
    found
}

/// `2nd`, `last`, `2nd last`, `first`.
fn nth<'t>(text: &'t str, keys: &mut Keys) -> &'t str {
    let end = text.find(' ').unwrap_or(text.len());
    let (first, rest) = text.split_at(end);
    let count = match first.to_lowercase().as_str() {
        "first" => Some(1),
        "second" => Some(2),
        "third" => Some(3),
        "last" => Some(-1),
        other => ["st", "nd", "rd", "th"]
            .iter()
            .find_map(|suffix| other.strip_suffix(suffix)?.parse::<i32>().ok()),
    };
    let Some(count) = count else { return text };
    let rest = rest.trim_start();
    let (count, rest) = match behind(rest, "last") {
        Some(rest) if count > 0 => (-count, rest.trim_start()),
        _ => (count, rest),
    };
    keys.push(("nth", count.to_string()));
    rest
}

/// A word of an enum of targets.
fn word<'t>(text: &'t str, name: &str, key: &'static str, keys: &mut Keys) -> &'t str {
    let descriptor = DESCRIPTOR_POOL.get_enum_by_name(&format!("etude.v1.{name}"));
    let mut all = descriptor.map(|d| values::words(&d)).unwrap_or_default();
    all.sort_by_key(|(said, _)| std::cmp::Reverse(said.len()));
    for (said, value) in all {
        if let Some(rest) = behind(text, &said).filter(|rest| rest.starts_with(' ')) {
            keys.push((key, value));
            return rest.trim_start();
        }
    }
    text
}

fn locator(text: &str) -> Option<(Keys, &str)> {
    for (said, key) in LOCATORS {
        if let Some((value, rest)) = behind(text, said).and_then(|rest| value(rest.trim_start())) {
            return Some((vec![(key, value)], rest));
        }
    }
    if let Some(rest) = behind(text, "role") {
        let rest = rest.trim_start();
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let (role, rest) = rest.split_at(end);
        return (!role.is_empty()).then(|| (vec![("role", role.to_owned())], rest));
    }
    for role in ROLES {
        let named = behind(text, role).and_then(|rest| value(rest.trim_start()));
        if let Some((name, rest)) = named {
            return Some((vec![("role", role.to_owned()), ("name", name)], rest));
        }
    }
    if let Some((hint, rest)) = values::quoted(text) {
        return Some((vec![("hint", hint)], rest));
    }
    // A variable alone holds an element; with more in it it is a text.
    let (Given::Text(whole), rest) = values::dollar(text)? else {
        return None;
    };
    let name = whole.strip_prefix('$').unwrap_or_default();
    let alone = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    Some(match alone {
        true => (vec![("variable", name.to_owned())], rest),
        false => (vec![("hint", whole)], rest),
    })
}

/// A text in quotes, a variable or an expression.
fn value(text: &str) -> Option<(String, &str)> {
    values::quoted(text).or_else(|| match values::dollar(text)? {
        (Given::Text(text), rest) => Some((text, rest)),
        _ => None,
    })
}

/// `"Save" button in the header`
fn with_noun<'t>(keys: &Keys, rest: &'t str) -> Option<(Given, &'t str)> {
    let text = rest.trim_start();
    let (kind, rest) = NOUNS
        .iter()
        .find_map(|(noun, kind)| Some((*kind, behind(text, noun)?)))
        .or_else(|| {
            PLACES
                .iter()
                .any(|place| behind(text, place).is_some())
                .then_some(("", text))
        })?;
    let mut keys = keys.clone();
    if !kind.is_empty() && !keys.iter().any(|(key, _)| *key == "kind") {
        keys.push(("kind", kind.to_owned()));
    }
    let place = PLACES
        .iter()
        .find_map(|place| Some((place, behind(rest.trim_start(), place)?)));
    let Some((place, rest)) = place else {
        return Some((Given::Target(keys), rest));
    };
    keys.push((UNSAID, (*place).to_owned()));
    Some((Given::Target(keys), rest))
}

/// `Full name field`: words without quotes, before the word `field` at the end.
fn field_in_words(text: &str, mut keys: Keys) -> Vec<(Given, &str)> {
    let name = text
        .strip_suffix(" field")
        .filter(|name| !name.contains('"') && !name.is_empty());
    name.map(|name| {
        keys.push(("hint", name.to_owned()));
        (Given::Target(keys), "")
    })
    .into_iter()
    .collect()
}
