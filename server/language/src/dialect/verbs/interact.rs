//! Clicks, texts, keys and choices.

use etude::v1::ErrorReason;

use super::super::bare::Unit;
use super::super::build::{Commands, Out, entry};
use super::super::{Rewriter, Verb};
use crate::suggest;
use crate::tree::{Content, Entry};

/// Modifier keys by all their names, and how the canonical form spells them.
const MODIFIERS: [(&str, &str); 9] = [
    ("ctrl", "control"),
    ("control", "control"),
    ("shift", "shift"),
    ("alt", "alt"),
    ("option", "alt"),
    ("meta", "meta"),
    ("cmd", "meta"),
    ("command", "meta"),
    ("win", "meta"),
];

/// Keys that have a name; any other has one character.
const KEYS: [&str; 39] = [
    "enter",
    "return",
    "tab",
    "escape",
    "esc",
    "space",
    "spacebar",
    "backspace",
    "delete",
    "del",
    "insert",
    "ins",
    "home",
    "end",
    "pageup",
    "pagedown",
    "up",
    "down",
    "left",
    "right",
    "arrowup",
    "arrowdown",
    "arrowleft",
    "arrowright",
    "ctrl",
    "control",
    "shift",
    "alt",
    "option",
    "meta",
    "cmd",
    "command",
    "win",
    "windows",
    "super",
    "help",
    "pause",
    "clear",
    "plus",
];

impl<'s> Rewriter<'_, 's> {
    pub(super) fn click(&mut self, command: &'static str, verb: &mut Verb<'s>) -> Commands<'s> {
        let mut target = self.main_element(verb, &["on", "value", "text"]);
        let position = verb.args.take(&["position", "pos"]);
        let modifiers = verb.args.take(&["modifiers", "modifier"]);
        let modifiers = self.modifiers(modifiers);
        let variable = verb.args.take(&["variable", "var"]);
        let variable = self.variable(variable);
        if let Some(kind) = verb.args.take(&["element_type", "kind"]) {
            target = self.with_kind(target, &kind);
        }
        let mut all = Vec::new();
        if let Some(variable) = variable {
            match &target {
                // The element is remembered before it is clicked: afterwards it may be gone.
                Some(_) => all.push(
                    Out::new("store_element", verb.span)
                        .with("target", target.clone())
                        .with("variable", Some(variable)),
                ),
                None => {
                    let value = self.map(
                        vec![Entry {
                            key: "variable".into(),
                            ..variable
                        }],
                        verb.span,
                    );
                    target = Some(entry("target", verb.span, value));
                }
            }
        }
        let held = self.held(verb.span);
        all.push(
            Out::new(command, verb.span)
                .with("target", target)
                .with("position", position)
                .with("modifiers", modifiers.or(held)),
        );
        Some(all)
    }

    /// A target of this kind, where the kind is known: `element_type: BUTTON`.
    fn with_kind(&mut self, target: Option<Entry<'s>>, kind: &Entry<'s>) -> Option<Entry<'s>> {
        let target = target?;
        let Content::Scalar(_) = &self.tree.node(target.value).content else {
            return Some(target);
        };
        let span = self.span(target.value);
        let kind = Entry {
            key: "kind".into(),
            ..kind.clone()
        };
        let value = self.map(vec![entry("hint", span, target.value), kind], span);
        Some(Entry { value, ..target })
    }

    pub(super) fn hover(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        let target = self.main_element(verb, &["over", "on", "value", "text"]);
        let duration = verb.args.take(&["duration"]);
        let duration = self.time(duration, Unit::Milliseconds);
        if let Some(position) = verb.args.take(&["position"]) {
            self.pass_over(&position);
        }
        Out::new("hover", verb.span)
            .with("target", target)
            .with("duration", duration)
            .alone()
    }

    pub(super) fn write(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        let alone = verb.args.alone().is_some();
        let mut target = self.element(verb, &["into", "in", "field"]);
        let text = verb.args.main(&["text", "value", "content"]);
        let mut text = self.template(text);
        if let Some(variable) = verb.args.take(&["variable"]) {
            let name = self.variable(Some(variable));
            let name = name.and_then(|name| self.word(name.value));
            let value = self.text(format!("${}", name.unwrap_or_default()), verb.span);
            text = text.or(Some(entry("text", verb.span, value)));
        }
        if alone && target.is_none() {
            target = Some(self.focused(verb));
        }
        // Writing replaces the content anyway.
        let clear = verb.args.take(&["clear"]);
        let append = clear.filter(|clear| self.word(clear.value).as_deref() == Some("false"));
        let append = append.map(|clear| Entry {
            value: self.plain("true", clear.key_span),
            ..clear
        });
        let append = append.or_else(|| verb.args.take(&["append"]));
        let delay = verb.args.take(&["delay"]);
        let delay = self.time(delay, Unit::Milliseconds);
        Out::new("write", verb.span)
            .with("text", text)
            .with("target", target)
            .with("append", append)
            .with("delay", delay)
            .alone()
    }

    // === Keys ===

    pub(super) fn press(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        let key = verb.args.main(&["key", "keys", "value", "text"]);
        let key = self.template(key);
        let target = self.element(verb, &["in"]);
        let modifiers = verb.args.take(&["modifiers", "modifier"]);
        let modifiers = self.modifiers(modifiers).or_else(|| self.shorthands(verb));
        let repeat = verb.args.take(&["repeat", "times"]);
        let action = verb.args.take(&["action"]);
        if let Some(action) = self.option(action.as_ref()) {
            return self.hold(verb, key.as_ref(), &action);
        }
        let key = match key {
            Some(key) => Some(self.key(key)?),
            None => None,
        };
        Out::new("press", verb.span)
            .with("key", key)
            .with("target", target)
            .with("modifiers", modifiers)
            .with("repeat", repeat)
            .alone()
    }

    /// A key's name as the canonical form has it; one that no keyboard has is a mistake.
    fn key(&mut self, given: Entry<'s>) -> Option<Entry<'s>> {
        let text = self.word(given.value)?;
        let is_chord = text.chars().count() > 1 && text.contains(['+', '_', '-']);
        let parts: Vec<&str> = match is_chord {
            true => text.trim_end_matches('+').split(['+', '_', '-']).collect(),
            false => vec![text.as_ref()],
        };
        for part in parts {
            let name = suggest::plain(part).replace('_', "");
            let function = name
                .strip_prefix('f')
                .is_some_and(|n| n.parse::<u8>().is_ok_and(|n| n < 25));
            let numpad = name.starts_with("numpad");
            let is_key =
                part.chars().count() <= 1 || KEYS.contains(&name.as_str()) || function || numpad;
            if !is_key {
                let span = self.span(given.value);
                return self.not_one_of(span, "key", part, &KEYS);
            }
        }
        if !text.contains('-') || text.chars().count() == 1 {
            return Some(given);
        }
        let value = self.text(text.replace('-', "+"), self.span(given.value));
        Some(Entry { value, ..given })
    }

    /// `ctrl: true` and the like.
    fn shorthands(&mut self, verb: &mut Verb<'s>) -> Option<Entry<'s>> {
        let mut found = Vec::new();
        for name in ["ctrl", "shift", "alt", "meta"] {
            let given = verb.args.take(&[name]);
            if self.flag(given.as_ref()) {
                found.push(self.plain(canonical(name)?, verb.span));
            }
        }
        let list = (!found.is_empty()).then(|| self.list(found, verb.span))?;
        Some(entry("modifiers", verb.span, list))
    }

    /// A list of modifiers, or `ctrl,shift`.
    fn modifiers(&mut self, given: Option<Entry<'s>>) -> Option<Entry<'s>> {
        let given = given?;
        let span = self.span(given.value);
        let words: Vec<(String, _)> = match &self.tree.node(given.value).content {
            Content::List(items) => {
                let items = items.clone();
                let word = |id| Some((self.word(id)?.into_owned(), self.span(id)));
                items.into_iter().filter_map(word).collect()
            }
            _ => {
                let text = self.word(given.value)?;
                text.split([',', '+'])
                    .map(|word| (word.to_owned(), span))
                    .collect()
            }
        };
        let items = words
            .into_iter()
            .map(|(word, at)| {
                let known = canonical(&suggest::plain(&word)).map(str::to_owned);
                self.plain(known.unwrap_or(word), at)
            })
            .collect();
        let value = self.list(items, span);
        Some(Entry { value, ..given })
    }

    /// A modifier that goes down or up: the clicks in between have it.
    fn hold(&mut self, verb: &Verb<'s>, key: Option<&Entry<'s>>, action: &str) -> Commands<'s> {
        let name = self.option(key).unwrap_or_default();
        let Some(modifier) = canonical(&name) else {
            self.error(
                verb.span,
                ErrorReason::InvalidValue,
                "only a modifier key can be held down",
                "write the key alone to press it",
            );
            return None;
        };
        match action {
            "down" => self.held.push(modifier),
            "up" => self.held.retain(|held| *held != modifier),
            _ => {
                let span = key.map_or(verb.span, |key| key.key_span);
                return self.not_one_of(span, "way to hold a key", action, &["down", "up"]);
            }
        }
        Some(Vec::new())
    }

    /// The modifiers that are held down.
    fn held(&mut self, span: crate::source::Span) -> Option<Entry<'s>> {
        let held = self.held.clone();
        let items: Vec<_> = held
            .into_iter()
            .map(|name| self.plain(name, span))
            .collect();
        (!items.is_empty()).then(|| entry("modifiers", span, self.list(items, span)))
    }

    // === Choices ===

    pub(super) fn select(&mut self, verb: &mut Verb<'s>) -> Commands<'s> {
        let pair = self.pair(
            verb,
            &["from", "in", "option", "index", "last", "value", "text"],
        );
        let target = self
            .element(verb, &["from", "in"])
            .or_else(|| pair.clone().and_then(|p| self.target(Some(p.0))));
        let option = verb
            .args
            .take(&["option", "value", "text", "label"])
            .or(pair.map(|p| p.1));
        let index = verb.args.take(&["index"]);
        let last = verb.args.take(&["last"]);
        let given = usize::from(option.is_some())
            + usize::from(index.is_some())
            + usize::from(last.is_some());
        if given > 1 {
            self.error(
                verb.span,
                ErrorReason::InvalidValue,
                "\"option\", \"index\" and \"last\" exclude each other",
                "keep one of them",
            );
            return None;
        }
        if self.flag(last.as_ref()) {
            return Out::new("select_last", verb.span)
                .with("target", target)
                .alone();
        }
        if let Some(index) = index {
            return self.select_index(verb, target, &index);
        }
        let option = self.template(option);
        Out::new("select", verb.span)
            .with("option", option)
            .with("target", target)
            .alone()
    }

    /// Indices count from 0 in the dialects and from 1 in the canonical form.
    fn select_index(
        &mut self,
        verb: &Verb<'s>,
        target: Option<Entry<'s>>,
        index: &Entry<'s>,
    ) -> Commands<'s> {
        let span = self.span(index.value);
        let number = self
            .word(index.value)
            .and_then(|text| text.parse::<i32>().ok());
        match number.filter(|number| (0..i32::MAX).contains(number)) {
            Some(number) => {
                let value = self.plain((number + 1).to_string(), span);
                Out::new("select_index", verb.span)
                    .with("target", target)
                    .set("index", index.key_span, value)
                    .alone()
            }
            None => {
                self.error(
                    span,
                    ErrorReason::InvalidValue,
                    "\"index\" is the option's place, from 0",
                    "write \"last: true\" for the last option",
                );
                None
            }
        }
    }

    /// `{selector: value}`, the form of the compact dialect: the only entry, unless its key is one
    /// of the names that a verb knows.
    pub(super) fn pair(
        &mut self,
        verb: &mut Verb<'s>,
        known: &[&str],
    ) -> Option<(Entry<'s>, Entry<'s>)> {
        let only = verb.args.only()?.clone();
        if verb.args.has(known) || verb.args.has(&super::ELEMENT) {
            return None;
        }
        verb.args.rest();
        Some(self.key_and_value(only))
    }

    /// The key of an entry as a value of its own, and its value.
    pub(in super::super) fn key_and_value(&mut self, pair: Entry<'s>) -> (Entry<'s>, Entry<'s>) {
        let key = self.text(pair.key.clone(), pair.key_span);
        (entry("selector", pair.key_span, key), pair)
    }
}

fn canonical(name: &str) -> Option<&'static str> {
    let found = MODIFIERS.iter().find(|(other, _)| *other == name);
    found.map(|(_, canonical)| *canonical)
}
