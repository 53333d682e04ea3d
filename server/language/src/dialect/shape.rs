//! What a step looks like: the dialect that it is written in.

use etude::catalog;
use etude::v1::TestFormat;

use super::verbs;
use crate::duration;
use crate::suggest::plain;
use crate::tree::{Content, Entry, NodeId, Tree};

/// The form of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A form that only the canonical language has.
    Canonical,
    /// A form that the canonical language shares with others.
    Shared,
    /// `assert: {type: …, selector: …}`
    Simplified,
    /// `wait: 2`: simplified in a file that has more of it, else a slip.
    Doubtful,
    /// `c: Log in`
    Compact,
    /// `{type: interact, command: click, target: …}`
    Extended,
    /// `{action: click, hint: …}`
    Action,
    /// `{interact: {action: click, target: …}}`
    Nested,
    /// `{command: step-interact, action: click, args: …}`
    Command,
    /// `{stepType: pressKey, key: …}`
    StepType,
    /// `step-interact click "Log in"`, `click: Log in`
    Line,
    /// `click on "Log in"`
    Words,
}

impl Shape {
    /// The format that the shape is evidence of.
    pub(super) fn format(self) -> TestFormat {
        match self {
            Self::Canonical | Self::Shared => TestFormat::Canonical,
            Self::Simplified | Self::Doubtful => TestFormat::Simplified,
            Self::Compact => TestFormat::Compact,
            Self::Extended => TestFormat::Extended,
            Self::Action | Self::Nested | Self::Command => TestFormat::Suite,
            Self::StepType => TestFormat::D365,
            Self::Line => TestFormat::StringSteps,
            Self::Words => TestFormat::NaturalLanguage,
        }
    }
}

/// Verbs that stand for one command in the compact dialect alone.
pub(super) const COMPACT: [&str; 16] = [
    "c", "t", "k", "h", "ch", "nch", "eq", "neq", "gt", "lt", "gte", "lte", "nav", "note", "if",
    "loop",
];

/// A wait of so many can only count milliseconds.
const SURELY_MILLISECONDS: i128 = 100;

/// Groups of commands that nest an action.
pub(super) const GROUPS: [&str; 3] = ["interact", "misc", "data"];

/// What the value of `type` may be in the extended dialect.
const TYPES: [&str; 29] = [
    "execute",
    "javascript",
    "press",
    "cookie",
    "double_click",
    "right_click",
    "switch",
    "alert",
    "drag",
    "navigate",
    "interact",
    "assert",
    "wait",
    "data",
    "store",
    "window",
    "dialog",
    "misc",
    "file",
    "click",
    "write",
    "fill",
    "hover",
    "key",
    "select",
    "scroll",
    "comment",
    "mouse",
    "upload",
];

/// The form of a step.
pub(super) fn of(tree: &Tree<'_>, id: NodeId) -> Shape {
    match &tree.node(id).content {
        Content::Scalar(scalar) if scalar.is_null() => Shape::Shared,
        Content::Scalar(scalar) => of_text(&scalar.text),
        Content::List(_) => Shape::Shared,
        Content::Map(entries) => of_map(tree, entries),
    }
}

fn of_text(text: &str) -> Shape {
    let first = text.split([' ', ':']).next().unwrap_or_default();
    if first.starts_with("step-") || matches!(first, "api-cli" | "echo") {
        return Shape::Line;
    }
    let verb = text.split_once(": ").map(|(verb, _)| verb);
    if verb.is_some_and(|verb| is_verb(verb.trim())) {
        return Shape::Line;
    }
    if text.starts_with("//") {
        return Shape::Words;
    }
    match text.trim().contains(' ') && catalog::by_yaml(text).is_none() {
        true => Shape::Words,
        false => Shape::Shared,
    }
}

fn is_verb(key: &str) -> bool {
    !key.contains(' ') && (COMPACT.contains(&key) || verbs::is_known(&plain(key)))
}

fn of_map(tree: &Tree<'_>, entries: &[Entry<'_>]) -> Shape {
    let word = |name: &str| word_of(tree, entries, name);
    let has = |names: &[&str]| entries.iter().any(|e| names.contains(&e.key.as_ref()));
    if has(&["stepType", "step_type"]) {
        return Shape::StepType;
    }
    let command = word("command");
    if command.is_some_and(|c| c.starts_with("step-") || has(&["args"])) {
        return Shape::Command;
    }
    // What `action` does not come first in may be its option: `{click: …, action: …}`.
    if word("action").is_some() && !entries.first().is_some_and(|first| is_verb(&first.key)) {
        return Shape::Action;
    }
    let kind = word("type").map(plain);
    if kind.is_some_and(|k| {
        let known =
            TYPES.contains(&k.as_str()) || k.starts_with("assert_") || k.starts_with("scroll_");
        known && (entries.len() > 1 || command.is_some())
    }) {
        return Shape::Extended;
    }
    let keyed = entries.iter().find_map(|entry| of_key(tree, entry));
    match (keyed, entries) {
        (Some(shape), _) => shape,
        // Words with a colon in them read as a map: `echo "Done: all"`.
        (None, [only]) if only.key.contains(' ') && is_broken_text(tree, only) => {
            of_text(&only.key)
        }
        _ => Shape::Shared,
    }
}

/// Whether the only entry of a step is a text that was taken for a map.
pub(super) fn is_broken_text(tree: &Tree<'_>, only: &Entry<'_>) -> bool {
    let odd = only.key.matches('"').count() % 2 == 1;
    let is_text = matches!(&tree.node(only.value).content, Content::Scalar(s) if !s.is_null());
    is_text && (odd || only.key.starts_with("//"))
}

fn word_of<'t>(tree: &'t Tree<'_>, entries: &[Entry<'_>], name: &str) -> Option<&'t str> {
    let entry = entries.iter().find(|entry| entry.key == name)?;
    match &tree.node(entry.value).content {
        Content::Scalar(scalar) if !scalar.is_null() => Some(&scalar.text),
        _ => None,
    }
}

fn is_command(key: &str) -> bool {
    catalog::by_yaml(key).is_some()
}

/// The shape that one entry of a step shows.
fn of_key(tree: &Tree<'_>, entry: &Entry<'_>) -> Option<Shape> {
    let key = entry.key.as_ref();
    let content = &tree.node(entry.value).content;
    if GROUPS.contains(&key) {
        return Some(Shape::Nested);
    }
    if COMPACT.contains(&key) {
        return Some(Shape::Compact);
    }
    let name = plain(key);
    let command = is_command(key);
    if !command && verbs::is_known(&name) {
        let compact = matches!(key, "js" | "run" | "use" | "try");
        return Some(if compact {
            Shape::Compact
        } else {
            Shape::Simplified
        });
    }
    if !command {
        return None;
    }
    let is_shared = verbs::is_known(&name) || key.contains("scroll");
    if is_shared
        && !locates(tree, content)
        && let Some(shape) = foreign(tree, &name, content)
    {
        return Some(shape);
    }
    Some(match is_shared && !locates(tree, content) {
        true => Shape::Shared,
        false => Shape::Canonical,
    })
}

/// Whether a command's map has a target as only the canonical form has it.
fn locates(tree: &Tree<'_>, content: &Content<'_>) -> bool {
    let Content::Map(entries) = content else {
        return false;
    };
    entries.iter().any(|entry| match entry.key.as_ref() {
        "css" | "xpath" | "test_id" | "role" | "placeholder" | "label" => true,
        "target" | "into" | "on" => matches!(tree.node(entry.value).content, Content::Map(_)),
        _ => false,
    })
}

/// The shape of a value that a command, which the dialects know by the same name, cannot have.
fn foreign(tree: &Tree<'_>, name: &str, content: &Content<'_>) -> Option<Shape> {
    let entries = match content {
        Content::Map(entries) => entries,
        Content::Scalar(scalar) if !scalar.is_null() => {
            let number = scalar.as_integer();
            return match name {
                "wait" if number.is_some_and(|number| number >= SURELY_MILLISECONDS) => {
                    Some(Shape::Simplified)
                }
                "wait" if !begins_like_number(&scalar.text) => Some(Shape::Simplified),
                "wait" if number.is_some() => Some(Shape::Doubtful),
                "switch_tab" if number.is_none() => Some(Shape::Simplified),
                "write" | "type" | "fill" => Some(Shape::Doubtful),
                _ => None,
            };
        }
        _ => return None,
    };
    let has = |names: &[&str]| {
        let mut keys = entries.iter().map(|entry| plain(&entry.key));
        keys.any(|key| names.contains(&key.as_str()))
    };
    let is_number = |entry: &Entry<'_>| match &tree.node(entry.value).content {
        Content::Scalar(scalar) => scalar.as_integer().is_some(),
        _ => false,
    };
    let bare = |name: &str| entries.iter().any(|e| e.key == name && is_number(e));
    let foreign = match name {
        "wait" => has(&["for", "element", "ms", "milliseconds", "type"]) || bare("time"),
        "wait_for" => bare("max"),
        "key" | "press" => has(&["value"]),
        "store" => has(&["from", "type", "element"]),
        "upload" => has(&["file"]),
        "select" => has(&["index", "last"]),
        "drag" => has(&["by"]),
        _ => false,
    };
    (foreign || has(&["selector"])).then_some(Shape::Simplified)
}

fn begins_like_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) || duration::parse(text).is_ok()
}
