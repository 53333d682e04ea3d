//! Definitions of blocks, and the steps that use them.

use etude::v1::{self, ErrorReason, block::Kind, parameter::Otherwise};
use prost_reflect::ReflectMessage;

use super::Decoder;
use super::block::Given;
use crate::diagnose::Mistake;
use crate::model::{self, Field};
use crate::tree::{Content, Entry, NodeId};
use crate::variables::{Body, Uses};

/// The key for the parameters of a definition.
pub(crate) const PARAMS: &str = "params";

/// The key for the values of parameters.
pub(crate) const WITH: &str = "with";

impl<'d> Decoder<'d, '_> {
    /// `{name: [steps]}`, or with parameters `{name: {params: …, steps: …}}`.
    pub(super) fn definitions(
        &mut self,
        id: NodeId,
        bodies: &mut Vec<Body>,
    ) -> Vec<v1::Definition> {
        let node = self.node(id);
        let Content::Map(entries) = &node.content else {
            if !node.content.is_null() {
                let mistake = self
                    .wrong_type(node, "a map")
                    .suggest("write the block's name, and below it \"params:\" and \"steps:\"");
                self.refuse(mistake);
            }
            return Vec::new();
        };
        let mut definitions = Vec::with_capacity(entries.len());
        for entry in entries {
            let index = definitions.len();
            let definition = self.item(index, entry.key_span, |decoder| {
                decoder.key("steps", entry.key_span);
                decoder.definition(entry, &[], bodies)
            });
            definitions.push(definition);
        }
        definitions
    }

    /// `also` are keys that are passed over.
    pub(super) fn definition(
        &mut self,
        entry: &Entry<'d>,
        also: &[&str],
        bodies: &mut Vec<Body>,
    ) -> v1::Definition {
        let mut definition = v1::Definition {
            name: entry.key.clone().into_owned(),
            ..v1::Definition::default()
        };
        let model = model::message("etude.v1.Definition");
        let Some(steps) = model.field("steps") else {
            return definition;
        };
        let mut uses = Vec::new();
        let node = self.node(entry.value);
        match &node.content {
            Content::Map(entries) => {
                for inner in entries {
                    let span = self.node(inner.value).span;
                    match inner.key.as_ref() {
                        PARAMS | "parameters" => {
                            definition.parameters = self.within("parameters", span, |d| {
                                d.parameters(inner.value, &mut uses)
                            });
                        }
                        "steps" => {
                            self.key("steps", inner.key_span);
                            definition.steps = self
                                .within("steps", span, |d| d.steps(steps, inner.value, &mut uses));
                        }
                        key if also.contains(&key) => {}
                        _ => self.unknown_key(inner, [PARAMS, "steps"].into_iter()),
                    }
                }
                if !entries.iter().any(|inner| inner.key == "steps") {
                    let path = self.path_of("steps");
                    self.places.refuse(&path);
                    let message = "a block needs \"steps\"".to_owned();
                    let mistake = Mistake::error(entry.key_span, ErrorReason::MissingKey, message);
                    self.mistakes
                        .add(mistake.suggest("add \"steps:\" and a list of steps"));
                }
            }
            _ => {
                definition.steps = self.within("steps", node.span, |d| {
                    d.steps(steps, entry.value, &mut uses)
                });
            }
        }
        bodies.push(Body::new(&definition, uses));
        definition
    }

    /// A list of names, or a map of names and defaults.
    fn parameters(&mut self, id: NodeId, uses: &mut Vec<Uses>) -> Vec<v1::Parameter> {
        let node = self.node(id);
        let mut parameters: Vec<v1::Parameter> = Vec::new();
        let add =
            |decoder: &mut Self, list: &mut Vec<_>, parameter: v1::Parameter, uses: &mut Vec<_>| {
                let mut used = Uses::default();
                let model = model::message("etude.v1.Parameter");
                used.read(&parameter.transcode_to_dynamic(), model, &decoder.path);
                uses.push(used);
                list.push(parameter);
            };
        match &node.content {
            Content::Map(entries) => {
                for entry in entries {
                    let index = parameters.len();
                    self.item(index, entry.key_span, |decoder| {
                        let default = decoder.node(entry.value);
                        let otherwise = match default.content.is_null() {
                            true => None,
                            false => {
                                decoder.within("default_value", default.span, |d| d.text(default))
                            }
                        };
                        let parameter = v1::Parameter {
                            name: entry.key.clone().into_owned(),
                            otherwise: otherwise.map(Otherwise::DefaultValue),
                        };
                        add(decoder, &mut parameters, parameter, uses);
                    });
                }
            }
            Content::List(items) => {
                for item in items {
                    let node = self.node(*item);
                    let index = parameters.len();
                    self.item(index, node.span, |decoder| {
                        let parameter = v1::Parameter {
                            name: decoder.text(node).unwrap_or_default(),
                            otherwise: None,
                        };
                        add(decoder, &mut parameters, parameter, uses);
                    });
                }
            }
            content if content.is_null() => {}
            _ => {
                let mistake = self
                    .wrong_type(node, "a list of names, or a map of names and defaults")
                    .suggest("write [user, password], or {user: Ada} for a default");
                self.refuse(mistake);
            }
        }
        parameters
    }

    // === Use ===

    /// `use: name`, `use: {block: name, with: {user: Ada}}`, or with `with` beside.
    pub(super) fn use_block(&mut self, given: &Given<'_, 'd>, uses: &mut Vec<Uses>) -> Kind {
        self.within("use_block", given.span, |decoder| {
            let mut name = given.get("use").cloned();
            let mut with = given.get(WITH).cloned();
            if let Some(entry) = &name
                && let Content::Map(entries) = &decoder.node(entry.value).content
            {
                (name, with) = decoder.use_map(entry, entries, with, &["block", "name"]);
            }
            let block = name.and_then(|entry| {
                let node = decoder.node(entry.value);
                decoder.within("block", node.span, |decoder| decoder.text(node))
            });
            let block = v1::UseBlock {
                block: block.unwrap_or_default(),
                ..v1::UseBlock::default()
            };
            decoder.call(block, with, uses)
        })
    }

    /// A use of a definition with the values of its parameters.
    pub(super) fn call(
        &mut self,
        mut block: v1::UseBlock,
        with: Option<Entry<'d>>,
        uses: &mut Vec<Uses>,
    ) -> Kind {
        block.arguments = with.map_or_else(Vec::new, |with| self.arguments(&with));
        let mut used = Uses::default();
        let model = model::message("etude.v1.UseBlock");
        used.read(&block.transcode_to_dynamic(), model, &self.path);
        used.call = Some(block.block.clone());
        uses.push(used);
        Kind::UseBlock(block)
    }

    /// The name and the values of `use: {block: …, with: …}`; `names` are the keys for the name.
    pub(super) fn use_map(
        &mut self,
        head: &Entry<'d>,
        entries: &[Entry<'d>],
        beside: Option<Entry<'d>>,
        names: &[&'static str],
    ) -> (Option<Entry<'d>>, Option<Entry<'d>>) {
        let (mut name, mut with) = (None, None);
        for entry in entries {
            match entry.key.as_ref() {
                key if names.contains(&key) && name.is_none() => name = Some(entry.clone()),
                WITH | "params" | "arguments" if with.is_none() => with = Some(entry.clone()),
                _ => self.unknown_key(entry, [names[0], WITH].into_iter()),
            }
        }
        if let (Some(_), Some(second)) = (&with, &beside) {
            let message = format!("\"with\" is given already, in \"{}\"", head.key);
            let mistake = Mistake::error(second.key_span, ErrorReason::DuplicateKey, message);
            self.mistakes.add(mistake.suggest("keep one of them"));
        }
        if name.is_none() {
            let path = self.path_of("block");
            self.places.refuse(&path);
            let message = format!("\"{}\" needs \"{}\"", head.key, names[0]);
            let mistake = Mistake::error(head.key_span, ErrorReason::MissingKey, message);
            let what = match names[0] {
                "block" => "the name of a block of \"define:\"",
                _ => "the path of a file of steps",
            };
            let suggestion = format!("add \"{}:\" and {what}", names[0]);
            self.mistakes.add(mistake.suggest(suggestion));
        }
        (name, with.or(beside))
    }

    pub(super) fn arguments(&mut self, with: &Entry<'d>) -> Vec<v1::Argument> {
        let node = self.node(with.value);
        let field = model::message("etude.v1.UseBlock").field("arguments");
        let name = field.map_or("arguments", Field::name);
        self.within(name, node.span, |decoder| match &node.content {
            Content::Map(entries) => decoder.argument_list(entries),
            content => {
                if !content.is_null() {
                    let mistake = decoder
                        .wrong_type(node, "a map")
                        .suggest("write \"name: value\" for each parameter");
                    decoder.refuse(mistake);
                }
                Vec::new()
            }
        })
    }

    fn argument_list(&mut self, entries: &[Entry<'d>]) -> Vec<v1::Argument> {
        let mut arguments = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let node = self.node(entry.value);
            let value = self.item(index, entry.key_span, |decoder| {
                decoder.within("value", node.span, |decoder| decoder.text(node))
            });
            arguments.push(v1::Argument {
                name: entry.key.clone().into_owned(),
                value: value.unwrap_or_default(),
            });
        }
        arguments
    }
}
