//! Targets: how an element is found.
//!
//! A hint is a `GUESS`, whose value is a JSON object in a string. CSS, XPath and id are selectors
//! of their own. The platform tries all selectors of a target in their order, and a run adds those
//! that it has found before the hint: a hint behind others is what the author wrote, and the others
//! are not. Without such a hint, the selectors behind the first are its fallbacks.

use etude::v1::{self, ElementKind, Fallback, TargetPosition, fallback, target::Locator};
use etude_language::template;
use serde_json::{Value, json};

use super::text;
use super::unsupported::{Refusal, Refused, refuse_if};
use crate::model::{Object, ParsedStep, Selector, Target};

const GUESS: &str = "GUESS";
const CSS: &str = "CSS_SELECTOR";
const XPATH: &str = "XPATH";
const XPATH_ID: &str = "XPATH_ID";
const ID: &str = "ID";

/// The attributes of a test id, in one CSS selector.
const TEST_ID: [&str; 4] = ["data-testid", "data-test-id", "data-test", "data-cy"];

/// Words for a place on the page, the platform's own first; behind it those of a client that means
/// the same.
const POSITIONS: [(TargetPosition, &[&str]); 9] = [
    (TargetPosition::Unspecified, &["CENTER"]),
    (TargetPosition::Top, &["TOP", "TOP_CENTER"]),
    (TargetPosition::Left, &["LEFT", "CENTER_LEFT"]),
    (TargetPosition::Right, &["RIGHT", "CENTER_RIGHT"]),
    (TargetPosition::Bottom, &["BOTTOM", "BOTTOM_CENTER"]),
    (TargetPosition::TopLeft, &["TOP_LEFT"]),
    (TargetPosition::TopRight, &["TOP_RIGHT"]),
    (TargetPosition::BottomLeft, &["BOTTOM_LEFT"]),
    (TargetPosition::BottomRight, &["BOTTOM_RIGHT"]),
];

const KINDS: [(ElementKind, &str); 6] = [
    (ElementKind::Link, "LINK"),
    (ElementKind::Button, "BUTTON"),
    (ElementKind::Input, "INPUT"),
    (ElementKind::Image, "IMAGE"),
    (ElementKind::Dropdown, "DROPDOWN"),
    (ElementKind::File, "FILE"),
];

/// The target as it is sent.
pub(super) fn encode(target: &v1::Target) -> Refused<Target> {
    refuse_if(
        target.nth > 1 || target.nth < 0,
        "a target by its number",
        "use a place on the page (`position`), or a CSS selector or XPath that matches only it",
    )?;
    let selector = match target.locator.as_ref() {
        Some(Locator::Hint(hint)) => guess(target, "clue", &literal(hint)?)?,
        Some(Locator::Variable(name)) => guess(target, "variable", name)?,
        Some(locator) => {
            refuse_if(
                target.position != 0 || target.kind != 0,
                "a place or kind beside a selector",
                "use a hint with them, or the selector alone",
            )?;
            let (kind, value) = selector(locator)?;
            (kind, value)
        }
        None => return Err(Refusal::part("its target is empty", "name an element")),
    };
    let mut selectors = vec![selector];
    for other in &target.fallbacks {
        selectors.push(encode_fallback(target, other)?);
    }
    let selector = |(kind, value): (&str, String)| Selector {
        kind: kind.to_owned(),
        value,
        rest: Object::new(),
    };
    Ok(Target {
        selectors: selectors.into_iter().map(selector).collect(),
        ..Target::default()
    })
}

fn encode_fallback(target: &v1::Target, other: &Fallback) -> Refused<(&'static str, String)> {
    refuse_if(
        matches!(target.locator, Some(Locator::Variable(_))),
        "`fallbacks` of an element in a variable",
        "leave them out",
    )?;
    Ok(match &other.locator {
        Some(fallback::Locator::Css(css)) => (CSS, literal(css)?),
        Some(fallback::Locator::Xpath(xpath)) => (XPATH, literal(xpath)?),
        Some(fallback::Locator::Id(id)) => (ID, literal(id)?),
        Some(fallback::Locator::TestId(id)) => (CSS, test_id_css(&literal(id)?)),
        Some(fallback::Locator::Hint(_)) => {
            return Err(Refusal::part(
                "a hint among the fallbacks",
                "make the hint the locator, and the selector a fallback: a run of the platform \
                 puts what it finds before a hint",
            ));
        }
        None => return Err(Refusal::part("a fallback is empty", "name a selector")),
    })
}

fn guess(target: &v1::Target, key: &str, text: &str) -> Refused<(&'static str, String)> {
    let mut guess = Object::new();
    guess.insert("clue".to_owned(), json!(""));
    guess.insert(key.to_owned(), json!(text));
    if target.position() != TargetPosition::Unspecified {
        let word = POSITIONS.iter().find(|(at, _)| *at == target.position());
        let word = word.and_then(|(_, words)| words.first());
        guess.insert("position".to_owned(), json!(word));
    }
    if target.kind() != ElementKind::Unspecified {
        let word = KINDS.iter().find(|(kind, _)| *kind == target.kind());
        let (_, word) = word.ok_or_else(|| {
            Refusal::part(
                "this kind of element",
                "use link, button, input, image, dropdown or file, or leave the kind out",
            )
        })?;
        guess.insert("elementType".to_owned(), json!(word));
    }
    Ok((GUESS, Value::Object(guess).to_string()))
}

fn selector(locator: &Locator) -> Refused<(&'static str, String)> {
    Ok(match locator {
        Locator::Css(css) => (CSS, literal(css)?),
        Locator::Xpath(xpath) => (XPATH, literal(xpath)?),
        Locator::Id(id) => (ID, literal(id)?),
        Locator::TestId(id) => (CSS, test_id_css(&literal(id)?)),
        Locator::Role(role) => {
            let instead = match role.name.as_str() {
                "" => "use a CSS selector such as `[role=…]`".to_owned(),
                name => format!("use the hint {name:?}, with a kind such as button or link"),
            };
            return Err(Refusal::part("a target by its role", instead));
        }
        Locator::Label(text) | Locator::Placeholder(text) | Locator::Text(text) => {
            return Err(Refusal::part(
                "a target by its label, placeholder or text alone",
                format!("use the hint {text:?}, which looks at all three"),
            ));
        }
        Locator::Hint(_) | Locator::Variable(_) => {
            return Err(Refusal::part("a hint as a selector", "use it as a hint"));
        }
    })
}

fn literal(template: &str) -> Refused<String> {
    text::literal(template, "the text of a target").map_err(|refusal| match refusal {
        Refusal::Part { what, .. } if what.starts_with("the text of a target") => Refusal::part(
            what,
            "store the element in a variable (data/store-element) and use that as the target",
        ),
        other => other,
    })
}

/// Whether it says nothing: what a client sends for a step without target.
pub(super) fn is_empty(target: &Target) -> bool {
    target.selectors.iter().all(|selector| {
        is_guess(selector)
            && serde_json::from_str::<Object>(&selector.value).is_ok_and(|guess| {
                guess.len() == 1 && guess.get("clue").and_then(Value::as_str) == Some("")
            })
    })
}

/// The typed target: the author's hint, where a run has put selectors before it, else the first
/// selector that can be read with those behind it as fallbacks.
pub(super) fn decode(target: &Target) -> Option<v1::Target> {
    match authors_hint(target) {
        Some(hint) => read_guess(&hint.value, Words::Known).or_else(|| {
            let others = target.selectors.iter().filter(|one| !is_guess(one));
            others.into_iter().find_map(read_selector)
        }),
        None => all(target, Words::Known),
    }
}

/// The hint behind selectors that a run has found.
fn authors_hint(target: &Target) -> Option<&Selector> {
    let hint = target.selectors.iter().position(is_guess)?;
    (hint > 0).then(|| &target.selectors[hint])
}

/// The typed target with all selectors that can be read, in the order in which the platform tries
/// them: one that matches nothing is no error as long as another does.
pub(super) fn decode_all(target: &Target) -> Option<v1::Target> {
    all(target, Words::Any)
}

fn all(target: &Target, words: Words) -> Option<v1::Target> {
    let read = |selector: &Selector| match is_guess(selector) {
        true => read_guess(&selector.value, words),
        false => read_selector(selector),
    };
    let mut all = target.selectors.iter().filter_map(read);
    let mut first = all.next()?;
    for other in all {
        first.position = first.position.max(other.position);
        first.kind = first.kind.max(other.kind);
        first
            .fallbacks
            .extend(other.locator.and_then(fallback).map(|locator| Fallback {
                locator: Some(locator),
            }));
    }
    Some(first)
}

fn fallback(locator: Locator) -> Option<fallback::Locator> {
    Some(match locator {
        Locator::Hint(text) => fallback::Locator::Hint(text),
        Locator::Css(css) => fallback::Locator::Css(css),
        Locator::Xpath(xpath) => fallback::Locator::Xpath(xpath),
        Locator::Id(id) => fallback::Locator::Id(id),
        Locator::TestId(id) => fallback::Locator::TestId(id),
        _ => return None,
    })
}

/// Which words of a hint are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    /// Those that mean something here; a hint with others is not read.
    Known,
    /// All; others narrow nothing down.
    Any,
}

/// A selector that says `kind` where others say `type` is a client's way to write a hint.
fn is_guess(selector: &Selector) -> bool {
    let own = selector.kind.is_empty() && selector.rest.get("kind") == Some(&json!("AI"));
    own || selector.kind == GUESS
}

fn read_guess(value: &str, words: Words) -> Option<v1::Target> {
    let guess = match serde_json::from_str::<Object>(value) {
        Ok(guess) => guess,
        // A client writes quotes and backslashes into the string as they are.
        Err(_) => {
            let clue = value.strip_prefix("{\"clue\":\"")?.strip_suffix("\"}")?;
            Object::from_iter([("clue".to_owned(), json!(clue))])
        }
    };
    let known = ["clue", "variable", "position", "elementType"];
    let any = words == Words::Any;
    if !any && !guess.keys().all(|key| known.contains(&key.as_str())) {
        return None;
    }
    let word = |key: &str| guess.get(key).and_then(Value::as_str).unwrap_or_default();
    let target = match (word("clue"), word("variable")) {
        ("", "") => return None,
        (clue, "") => v1::Target::hint(template::escape(clue)),
        (_, variable) => v1::Target::variable(variable.strip_prefix('$').unwrap_or(variable)),
    };
    let position = position_of(word("position")).or(any.then_some(TargetPosition::Unspecified));
    let kind = kind_of(word("elementType")).or(any.then_some(ElementKind::Unspecified));
    Some(v1::Target {
        position: position?.into(),
        kind: kind?.into(),
        ..target
    })
}

fn position_of(word: &str) -> Option<TargetPosition> {
    let upper = word.to_ascii_uppercase();
    match word {
        "" => Some(TargetPosition::Unspecified),
        _ => POSITIONS
            .iter()
            .find(|(_, words)| words.contains(&upper.as_str()))
            .map(|(position, _)| *position),
    }
}

fn kind_of(word: &str) -> Option<ElementKind> {
    match word {
        "" => Some(ElementKind::Unspecified),
        _ => KINDS
            .iter()
            .find(|(_, own)| own.eq_ignore_ascii_case(word))
            .map(|(kind, _)| *kind),
    }
}

fn read_selector(selector: &Selector) -> Option<v1::Target> {
    let value = selector.value.as_str();
    if value.is_empty() {
        return None;
    }
    Some(match selector.kind.as_str() {
        CSS => match read_test_id(value) {
            Some(id) => v1::Target::test_id(template::escape(&id)),
            None => v1::Target::css(template::escape(value)),
        },
        XPATH | XPATH_ID => v1::Target::xpath(template::escape(value)),
        ID => v1::Target::id(template::escape(value)),
        _ => return None,
    })
}

fn test_id_css(id: &str) -> String {
    let id = Value::from(id).to_string();
    TEST_ID.map(|name| format!("[{name}={id}]")).join(",")
}

fn read_test_id(css: &str) -> Option<String> {
    let (first, _) = css
        .strip_prefix("[data-testid=")?
        .split_once("],[data-test-id=")?;
    let id: String = serde_json::from_str(first).ok()?;
    (test_id_css(&id) == css).then_some(id)
}

/// Whether a target that was sent is the one that is stored, to which a run may have added what it has
/// found: before a hint anything, else what only runs write.
pub(super) fn is_stored_as(ours: &Target, theirs: &Target) -> bool {
    if let ([wanted], Some(hint)) = (ours.selectors.as_slice(), authors_hint(theirs)) {
        return same_value(hint, wanted);
    }
    let found_more = theirs.selectors.iter().any(|one| one.kind == XPATH_ID);
    if let ([wanted], true) = (ours.selectors.as_slice(), found_more) {
        return theirs.selectors.iter().any(|one| same_value(one, wanted));
    }
    let mut pairs = ours.selectors.iter().zip(&theirs.selectors);
    ours.selectors.len() == theirs.selectors.len()
        && pairs.all(|(one, other)| same_value(one, other))
}

/// Whether two selectors say the same; the order of keys in a hint does not matter.
fn same_value(one: &Selector, other: &Selector) -> bool {
    let parsed = |selector: &Selector| serde_json::from_str::<Value>(&selector.value).ok();
    kind(one) == kind(other)
        && (one.value == other.value || (one.kind == GUESS && parsed(one) == parsed(other)))
}

/// The kind of a selector: the one that only runs write is an XPath like others.
fn kind(selector: &Selector) -> &str {
    match selector.kind.as_str() {
        XPATH_ID => XPATH,
        kind => kind,
    }
}

/// The variable that a step uses as its target.
pub(super) fn variable_of(step: &ParsedStep) -> Option<String> {
    match decode(step.target()?)?.locator? {
        Locator::Variable(name) => Some(name),
        _ => None,
    }
}
