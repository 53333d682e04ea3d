//! Steps that are blocks: `if`, `repeat`, `while`, `for_each`, `try`, and the keys beside them. `use`
//! is in `define`, `include` in
//! `include`, the list of `for_each` in `data`.

use etude::catalog;
use etude::v1::{self, ErrorReason, block::Kind, condition};
use prost_reflect::{DynamicMessage, ReflectMessage};

use super::Decoder;
use super::define::WITH;
use super::include::INCLUDE;
use super::step::{Named, flags};
use crate::diagnose::{Mistake, shown};
use crate::model::{self, Field};
use crate::source::Span;
use crate::tree::{Content, Entry, NodeId};
use crate::variables::Uses;

/// The keys of each kind of block; the first says which kind it is.
const KEYS: [&[&str]; 7] = [
    &["if", "then", "elif", "else"],
    &["repeat", "steps"],
    &["while", "max", "steps"],
    &["for_each", "in", "steps"],
    &["try", "catch", "finally"],
    &["use", WITH],
    &[INCLUDE, WITH],
];

/// The flags that a block cannot have.
pub(crate) const NOT_OF_BLOCKS: [&str; 2] = ["retries", "screenshots"];

/// What the names of assertions begin with; a condition may leave it out.
pub(crate) const ASSERT: &str = "assert_";

/// The keys of the block that these entries are. `None`: they are a command.
pub(super) fn keys_of(entries: &[Entry<'_>]) -> Option<&'static [&'static str]> {
    let is_given = |key: &str| entries.iter().any(|entry| entry.key == key);
    KEYS.into_iter().find(|keys| is_given(keys[0]))
}

/// The keys of lists of steps.
const SECTIONS: [&str; 6] = ["then", "else", "steps", "try", "catch", "finally"];

/// Whether these entries are a block.
pub(crate) fn is_block(entries: &[Entry<'_>]) -> bool {
    keys_of(entries).is_some()
}

/// Whether the key of a block has a list of steps.
pub(crate) fn is_section(key: &str) -> bool {
    SECTIONS.contains(&key)
}

/// The lists of steps of the block that these entries are, `elif` excepted. `None`: they are no
/// block.
pub(crate) fn sections(entries: &[Entry<'_>]) -> Option<Vec<NodeId>> {
    let keys = keys_of(entries)?;
    let of_block =
        |entry: &&Entry<'_>| is_section(&entry.key) && keys.contains(&entry.key.as_ref());
    let sections = entries.iter().filter(of_block);
    Some(sections.map(|entry| entry.value).collect())
}

/// The key beside which a key of a block stands.
pub(super) fn head_of(key: &str) -> Option<&'static str> {
    let keys = KEYS.iter().find(|keys| keys[1..].contains(&key))?;
    Some(keys[0])
}

/// The key by which a file gives the field of a block that stands at a path.
pub(crate) fn written(path: &str) -> Option<&'static str> {
    const KEYS: [(&str, &str); 13] = [
        (".repeat.count", "repeat"),
        (".for_each.variable", "for_each"),
        (".for_each.items", "in"),
        (".for_each.list", "in"),
        (".if_else", "elif"),
        (".if_else.branches", "elif"),
        (".if_else.else_steps", "else"),
        (".use_block.block", "use"),
        (".use_block.arguments", "with"),
        (".use_block.file", INCLUDE),
        (".try_catch.steps", "try"),
        (".try_catch.catch_steps", "catch"),
        (".try_catch.finally_steps", "finally"),
    ];
    let of_branch = || path.ends_with("].steps").then_some("then");
    let known = KEYS.iter().find(|(field, _)| path.ends_with(field));
    known
        .map(|(_, key)| *key)
        .or_else(|| of_branch().filter(|_| path.contains(".branches[")))
}

/// The command of a condition's key: an assertion, whose name may leave out `assert_`.
fn assertion(key: &str) -> Option<&'static catalog::CommandSpec> {
    let found = catalog::by_yaml(key).filter(|spec| spec.group == "assert");
    found.or_else(|| catalog::by_yaml(&format!("{ASSERT}{key}")))
}

/// The entries of a block, by key.
pub(super) struct Given<'e, 'd> {
    entries: &'e [Entry<'d>],
    head: &'static str,
    pub(super) span: Span,
}

impl<'e, 'd> Given<'e, 'd> {
    pub(super) fn get(&self, key: &str) -> Option<&'e Entry<'d>> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

impl<'d> Decoder<'d, '_> {
    /// The block of a step; its name and flags are set.
    pub(super) fn block_step(
        &mut self,
        keys: &'static [&'static str],
        entries: &[Entry<'d>],
        span: Span,
        step: &mut v1::Step,
        uses: &mut Vec<Uses>,
    ) {
        let head = keys[0];
        let mut given = Vec::new();
        for entry in entries {
            let flag = flags().field(&entry.key);
            if entry.key == "name" {
                let node = self.node(entry.value);
                let name = self.within("name", node.span, |decoder| decoder.text(node));
                step.name = name.unwrap_or_default();
            } else if let Some(field) = flag.filter(|f| !NOT_OF_BLOCKS.contains(&f.name())) {
                given.push((field, entry));
            } else if !keys.contains(&entry.key.as_ref()) {
                self.not_of_block(entry, keys);
            }
        }
        step.flags = self.flags(&given);
        let given = Given {
            entries,
            head,
            span,
        };
        let kind = self.within("block", span, |decoder| match head {
            "if" => decoder.if_else(&given, uses),
            "repeat" => decoder.repeat(&given, uses),
            "while" => decoder.while_loop(&given, uses),
            "for_each" => decoder.for_each(&given, uses),
            "use" => decoder.use_block(&given, uses),
            INCLUDE => decoder.include(&given, uses),
            _ => decoder.try_catch(&given, uses),
        });
        step.block = Some(v1::Block { kind: Some(kind) });
    }

    /// A key that a block cannot have.
    fn not_of_block(&mut self, entry: &Entry<'_>, keys: &[&'static str]) {
        let (key, head) = (&entry.key, keys[0]);
        if flags().field(key).is_some() {
            let message = format!("\"{key}\" has no meaning beside \"{head}\"");
            let mistake = Mistake::error(entry.key_span, ErrorReason::UnknownKey, message);
            self.mistakes
                .add(mistake.suggest("put it beside the commands of the block"));
        } else if catalog::by_yaml(key).is_some() || keys_of(std::slice::from_ref(entry)).is_some()
        {
            let message = format!("a step is one command or block; \"{key}\" follows \"{head}\"");
            let mistake = Mistake::error(entry.key_span, ErrorReason::MultipleCommands, message);
            self.mistakes
                .add(mistake.suggest(format!("begin a step of its own: \"- {key}:\"")));
        } else {
            let names = keys.iter().copied().chain(["name"]);
            let flags = flags().names();
            self.unknown_key(entry, names.chain(flags));
        }
    }

    fn if_else(&mut self, given: &Given<'_, 'd>, uses: &mut Vec<Uses>) -> Kind {
        let span = given.span;
        self.within("if_else", span, |decoder| {
            let first = decoder.branch(0, given, uses);
            let mut branches = vec![first];
            for (entries, span) in decoder.elif(given) {
                let inner = Given {
                    entries,
                    head: "elif",
                    span,
                };
                branches.push(decoder.branch(branches.len(), &inner, uses));
            }
            Kind::IfElse(v1::IfBlock {
                branches,
                else_steps: decoder.block_steps(given, "else", "IfBlock", "else_steps", uses),
            })
        })
    }

    /// The maps of `elif`: a list of them, or one alone.
    fn elif(&mut self, given: &Given<'_, 'd>) -> Vec<(&'d [Entry<'d>], Span)> {
        let Some(entry) = given.get("elif") else {
            return Vec::new();
        };
        let node = self.node(entry.value);
        let items = match &node.content {
            Content::List(items) => items.as_slice(),
            content if content.is_null() => &[],
            _ => std::slice::from_ref(&entry.value),
        };
        let field = model::message("etude.v1.IfBlock").field("branches");
        if field.is_some_and(|field| self.is_too_long(field, node, items)) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for item in items {
            let node = self.tree.node(*item);
            match &node.content {
                Content::Map(entries) => {
                    for entry in entries {
                        if !["if", "then"].contains(&entry.key.as_ref()) {
                            self.unknown_key(entry, ["if", "then"].into_iter());
                        }
                    }
                    found.push((entries.as_slice(), node.span));
                }
                _ => {
                    let mistake = self
                        .wrong_type(node, "a map")
                        .suggest("write \"if:\" and \"then:\" for each");
                    self.mistakes.add(mistake);
                }
            }
        }
        found
    }

    fn branch(&mut self, index: usize, given: &Given<'_, 'd>, uses: &mut Vec<Uses>) -> v1::Branch {
        let path = format!("branches[{index}]");
        self.within(&path, given.span, |decoder| v1::Branch {
            condition: decoder.condition_of(given, "if", uses),
            steps: decoder.needed_section(given, "then", "Branch", uses),
        })
    }

    fn repeat(&mut self, given: &Given<'_, 'd>, uses: &mut Vec<Uses>) -> Kind {
        self.within("repeat", given.span, |decoder| {
            let message = decoder.head("RepeatBlock", &[("count", given.get("repeat"))]);
            Kind::Repeat(v1::RepeatBlock {
                steps: decoder.needed_section(given, "steps", "RepeatBlock", uses),
                ..message.transcode_to().unwrap_or_default()
            })
        })
    }

    fn while_loop(&mut self, given: &Given<'_, 'd>, uses: &mut Vec<Uses>) -> Kind {
        self.within("while_loop", given.span, |decoder| {
            let message = decoder.head("WhileBlock", &[("max", given.get("max"))]);
            Kind::WhileLoop(v1::WhileBlock {
                condition: decoder.condition_of(given, "while", uses),
                steps: decoder.needed_section(given, "steps", "WhileBlock", uses),
                ..message.transcode_to().unwrap_or_default()
            })
        })
    }

    fn try_catch(&mut self, given: &Given<'_, 'd>, uses: &mut Vec<Uses>) -> Kind {
        self.within("try_catch", given.span, |decoder| {
            let mut section = |key, field| decoder.block_steps(given, key, "TryBlock", field, uses);
            Kind::TryCatch(v1::TryBlock {
                steps: section("try", "steps"),
                catch_steps: section("catch", "catch_steps"),
                finally_steps: section("finally", "finally_steps"),
            })
        })
    }

    /// The fields of a block's message that are no steps and no condition.
    pub(super) fn head(
        &mut self,
        message: &str,
        fields: &[(&str, Option<&Entry<'d>>)],
    ) -> DynamicMessage {
        let model = model::message(&format!("etude.v1.{message}"));
        let mut out = DynamicMessage::new(model.descriptor.clone());
        for (name, entry) in fields {
            if let (Some(field), Some(entry)) = (model.field(name), entry) {
                self.set(&mut out, field, entry);
            }
        }
        out
    }

    /// The steps of a key that must be given.
    pub(super) fn needed_section(
        &mut self,
        given: &Given<'_, 'd>,
        key: &'static str,
        message: &str,
        uses: &mut Vec<Uses>,
    ) -> Vec<v1::Step> {
        if given.get(key).is_none() {
            let path = self.path_of("steps");
            self.places.refuse(&path);
            self.missing_key_of(given, key, &format!("add \"{key}:\" and a list of steps"));
        }
        self.block_steps(given, key, message, "steps", uses)
    }

    fn block_steps(
        &mut self,
        given: &Given<'_, 'd>,
        key: &str,
        message: &str,
        field: &str,
        uses: &mut Vec<Uses>,
    ) -> Vec<v1::Step> {
        let model = model::message(&format!("etude.v1.{message}"));
        let (Some(entry), Some(field)) = (given.get(key), model.field(field)) else {
            return Vec::new();
        };
        let span = self.node(entry.value).span;
        self.key(field.name(), entry.key_span);
        self.within(Field::name(field), span, |decoder| {
            decoder.steps(field, entry.value, uses)
        })
    }

    pub(super) fn missing_key_of(&mut self, given: &Given<'_, 'd>, key: &str, suggestion: &str) {
        let message = format!("\"{}\" needs \"{key}\"", given.head);
        let mistake = Mistake::error(given.span, ErrorReason::MissingKey, message);
        self.mistakes.add(mistake.suggest(suggestion));
    }

    // === Conditions ===

    fn condition_of(
        &mut self,
        given: &Given<'_, 'd>,
        key: &str,
        uses: &mut Vec<Uses>,
    ) -> Option<v1::Condition> {
        let Some(entry) = given.get(key) else {
            let path = self.path_of("condition");
            self.places.refuse(&path);
            self.missing_key_of(
                given,
                key,
                "add the condition, such as \"if: {visible: Save}\"",
            );
            return None;
        };
        let span = self.node(entry.value).span;
        self.key("condition", entry.key_span);
        self.within("condition", span, |decoder| {
            let mut used = Uses::default();
            let condition = decoder.condition(entry.value, &mut used);
            if condition.is_none() {
                decoder.places.refuse(&decoder.path);
            }
            uses.push(used);
            condition
        })
    }

    /// A text, `{not: …}`, a comparison, or an assertion.
    fn condition(&mut self, id: NodeId, uses: &mut Uses) -> Option<v1::Condition> {
        let node = self.node(id);
        match &node.content {
            Content::Map(entries) => self.condition_map(id, entries, uses),
            Content::Scalar(scalar) if !scalar.is_null() => {
                let text = self.within("expression", node.span, |decoder| decoder.text(node))?;
                let condition = v1::Condition {
                    kind: Some(condition::Kind::Expression(text)),
                    negated: false,
                };
                let model = model::message("etude.v1.Condition");
                uses.read(&condition.transcode_to_dynamic(), model, &self.path);
                Some(condition)
            }
            _ => {
                let mistake = self
                    .wrong_type(node, "a condition")
                    .suggest("write an assertion, such as {visible: Save}, or an expression");
                self.refuse(mistake);
                None
            }
        }
    }

    fn condition_map(
        &mut self,
        id: NodeId,
        entries: &'d [Entry<'d>],
        uses: &mut Uses,
    ) -> Option<v1::Condition> {
        let is_compared = |entry: &Entry<'_>| ["variable", "expression"].contains(&&*entry.key);
        let named = match entries {
            [one] if one.key == "not" => {
                let inner = self.condition(one.value, uses)?;
                return Some(v1::Condition {
                    negated: !inner.negated,
                    ..inner
                });
            }
            [one] => self.asserted(one)?,
            several if several.iter().any(is_compared) => Named {
                spec: assertion("variable")?,
                span: self.node(id).span,
                value: Some(id),
            },
            _ => {
                let mistake = Mistake::error(
                    self.node(id).span,
                    ErrorReason::MultipleCommands,
                    "a condition is one assertion".to_owned(),
                );
                self.refuse(mistake.suggest("put an \"if\" into the \"then\" of another"));
                return None;
            }
        };
        let command = self.within("command", named.span, |decoder| {
            decoder.command(&named, uses)
        })?;
        Some(v1::Condition {
            kind: Some(condition::Kind::Command(command)),
            negated: false,
        })
    }

    fn asserted(&mut self, entry: &Entry<'_>) -> Option<Named> {
        if let Some(spec) = assertion(&entry.key) {
            return Some(Named {
                spec,
                span: entry.key_span,
                value: Some(entry.value),
            });
        }
        let message = format!("\"{}\" is no assertion", shown(&entry.key));
        let mistake = Mistake::error(entry.key_span, ErrorReason::UnknownCommand, message);
        let asserts = catalog::commands().iter();
        let asserts = asserts.filter_map(|spec| spec.yaml.strip_prefix(ASSERT));
        let nearest = crate::suggest::nearest(&entry.key, asserts);
        self.refuse(match nearest {
            None => mistake.suggest("a condition is an assertion, such as {visible: Save}"),
            nearest => mistake.did_you_mean(nearest),
        });
        None
    }
}
