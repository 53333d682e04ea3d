//! The test itself: its own keys, variables, data rows and checkpoints.

use etude::v1::{self, ErrorReason, variable};
use prost_reflect::{DynamicMessage, ReflectMessage};

use super::Decoder;
use super::step::missing_key;
use crate::diagnose::{Mistake, shown};
use crate::model::{self, Field};
use crate::source::Span;
use crate::template;
use crate::tree::{Content, Entry, Node, NodeId};
use crate::variables::{AllUses, Body, Uses};

/// The key whose value is the name of a data row.
pub(crate) const ROW_NAME: &str = "_name";

/// The key for the steps of a test that has one checkpoint without a name.
pub(crate) const STEPS: &str = "steps";

/// The field for the path of a file of rows.
pub(crate) const DATA_FILE: &str = "data_file";

/// The fields that a file spells in a way of its own.
const SECTIONS: [&str; 7] = [
    "variables",
    "data_rows",
    "imports",
    "definitions",
    "setup",
    "checkpoints",
    "teardown",
];

/// The uses of variables, by section.
#[derive(Default)]
struct Sections {
    test: Uses,
    setup: Vec<Uses>,
    checkpoints: Vec<Uses>,
    teardown: Vec<Uses>,
    bodies: Vec<Body>,
}

impl Sections {
    fn all(self) -> AllUses {
        let sections = [self.setup, self.checkpoints, self.teardown];
        let own = std::iter::once(self.test);
        AllUses {
            order: own.chain(sections.into_iter().flatten()).collect(),
            bodies: self.bodies,
        }
    }
}

impl<'d> Decoder<'d, '_> {
    /// The test, and its uses of variables.
    pub(super) fn test(&mut self, root: NodeId) -> (v1::Test, AllUses) {
        let node = self.node(root);
        let Content::Map(entries) = &node.content else {
            let mistake = self
                .wrong_type(node, "a map")
                .suggest("a test has at least \"name:\" and \"steps:\"");
            self.refuse(mistake);
            return (v1::Test::default(), AllUses::default());
        };
        let model = model::message("etude.v1.Test");
        let mut plain = DynamicMessage::new(model.descriptor.clone());
        let mut test = v1::Test::default();
        let mut sections = Sections::default();
        for entry in entries {
            if entry.key == STEPS {
                self.steps_of_test(entry, entries, &mut test, &mut sections);
                continue;
            }
            // A file gives it by `data`.
            let field = model.field(&entry.key);
            let Some(field) = field.filter(|field| field.name() != DATA_FILE) else {
                let names = model.names().filter(|name| *name != DATA_FILE);
                self.unknown_key(entry, names.chain([STEPS]));
                continue;
            };
            if !SECTIONS.contains(&field.name()) {
                self.set(&mut plain, field, entry);
            } else if !self.is_given_twice(field, entry) {
                let span = self.node(entry.value).span;
                self.key(field.name(), entry.key_span);
                self.within(field.name(), span, |decoder| {
                    decoder.section(field, entry.value, &mut test, &mut sections);
                });
            }
        }
        self.need_name_and_steps(entries);
        sections.test.read(&plain, model, "");
        (with_plain_fields(&plain, test), sections.all())
    }

    /// A field of [`SECTIONS`].
    fn section(&mut self, field: &Field, id: NodeId, test: &mut v1::Test, sections: &mut Sections) {
        match field.name() {
            "variables" => test.variables = self.variables(id),
            "data_rows" => (test.data_rows, test.data_file) = self.data(field, id),
            "imports" => test.imports = self.imports(id, &self.own_chain()),
            "definitions" => test.definitions = self.definitions(id, &mut sections.bodies),
            "setup" => test.setup = self.steps(field, id, &mut sections.setup),
            "teardown" => test.teardown = self.steps(field, id, &mut sections.teardown),
            _ => test.checkpoints = self.checkpoints(field, id, &mut sections.checkpoints),
        }
    }

    fn steps_of_test(
        &mut self,
        entry: &Entry<'d>,
        entries: &[Entry<'d>],
        test: &mut v1::Test,
        sections: &mut Sections,
    ) {
        if entries.iter().any(|entry| entry.key == "checkpoints") {
            let mistake = Mistake::error(
                entry.key_span,
                ErrorReason::InvalidValue,
                "\"steps\" and \"checkpoints\" cannot both be given".to_owned(),
            );
            self.mistakes
                .add(mistake.suggest("move the steps into a checkpoint"));
            return;
        }
        let span = self.node(entry.value).span;
        for path in ["checkpoints", "checkpoints[0]", "checkpoints[0].steps"] {
            self.key(path, entry.key_span);
        }
        let uses = &mut sections.checkpoints;
        let Some(field) = model::message("etude.v1.Checkpoint").field(STEPS) else {
            return;
        };
        let steps = self.within("checkpoints", span, |decoder| {
            decoder.item(0, span, |decoder| {
                decoder.within(STEPS, span, |decoder| {
                    decoder.steps(field, entry.value, uses)
                })
            })
        });
        test.checkpoints = vec![v1::Checkpoint {
            steps,
            ..v1::Checkpoint::default()
        }];
    }

    fn need_name_and_steps(&mut self, entries: &[Entry<'d>]) {
        let has = |key: &str| entries.iter().any(|entry| entry.key == key);
        let first = entries.first().map_or(Span::START, |entry| entry.key_span);
        let model = model::message("etude.v1.Test");
        for field in model.fields.iter().filter(|field| field.required) {
            if !field.names().any(has) {
                self.places.refuse(field.name());
                self.mistakes.add(missing_key(field, first, "a test"));
            }
        }
        if !has(STEPS) && !has("checkpoints") {
            self.places.refuse("checkpoints");
            let message = "a test needs \"steps\" or \"checkpoints\"".to_owned();
            self.mistakes.add(
                Mistake::error(first, ErrorReason::MissingKey, message)
                    .suggest("add \"steps:\" and a list of steps"),
            );
        }
    }

    fn checkpoints(
        &mut self,
        field: &Field,
        id: NodeId,
        uses: &mut Vec<Uses>,
    ) -> Vec<v1::Checkpoint> {
        let node = self.node(id);
        let Some(items) = self.list(field, node, "a list of checkpoints") else {
            return Vec::new();
        };
        let mut checkpoints = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let node = self.node(*item);
            checkpoints.push(self.item(index, node.span, |decoder| decoder.checkpoint(node, uses)));
        }
        checkpoints
    }

    fn checkpoint(&mut self, node: &'d Node<'d>, uses: &mut Vec<Uses>) -> v1::Checkpoint {
        let Content::Map(entries) = &node.content else {
            let mistake = self
                .wrong_type(node, "a checkpoint")
                .suggest("write a map with \"name:\" and \"steps:\"");
            self.refuse(mistake);
            return v1::Checkpoint::default();
        };
        let model = model::message("etude.v1.Checkpoint");
        let mut plain = DynamicMessage::new(model.descriptor.clone());
        let mut steps = Vec::new();
        for entry in entries {
            match model.field(&entry.key) {
                Some(field) if field.name() == STEPS => {
                    let span = self.node(entry.value).span;
                    self.key(STEPS, entry.key_span);
                    steps = self.within(STEPS, span, |decoder| {
                        decoder.steps(field, entry.value, uses)
                    });
                }
                Some(field) => self.set(&mut plain, field, entry),
                None => self.unknown_key(entry, model.names()),
            }
        }
        if !entries.iter().any(|entry| entry.key == STEPS) {
            let path = self.path_of(STEPS);
            self.places.refuse(&path);
            let message = "this checkpoint needs \"steps\"".to_owned();
            self.mistakes
                .add(Mistake::error(node.span, ErrorReason::MissingKey, message));
        }
        let plain: v1::Checkpoint = plain.transcode_to().unwrap_or_default();
        v1::Checkpoint { steps, ..plain }
    }

    fn variables(&mut self, id: NodeId) -> Vec<v1::Variable> {
        let node = self.node(id);
        match &node.content {
            Content::Map(entries) => self.variables_of(entries),
            content => {
                if !content.is_null() {
                    let mistake = self
                        .wrong_type(node, "a map")
                        .suggest("write \"name: value\" for each variable");
                    self.refuse(mistake);
                }
                Vec::new()
            }
        }
    }

    fn variables_of(&mut self, entries: &[Entry<'d>]) -> Vec<v1::Variable> {
        let mut variables = Vec::with_capacity(entries.len());
        for entry in entries {
            let index = variables.len();
            let variable = self.item(index, entry.key_span, |decoder| v1::Variable {
                name: entry.key.clone().into_owned(),
                source: decoder.variable_source(entry),
            });
            variables.push(variable);
        }
        variables
    }

    /// A text, `{secret: NAME}`, `{env: NAME}` or `${ENV:NAME}`, or nothing: a variable that is
    /// declared and has no value.
    fn variable_source(&mut self, entry: &Entry<'d>) -> Option<variable::Source> {
        let node = self.node(entry.value);
        match &node.content {
            Content::Map(entries) => self.named_source(node, entries),
            Content::Scalar(scalar) if scalar.is_null() => None,
            Content::Scalar(scalar) => match template::environment_name(&scalar.text) {
                Some(name) => self.within("env", node.span, |_| {
                    Some(variable::Source::Env(name.to_owned()))
                }),
                None => self.within("value", node.span, |_| {
                    Some(variable::Source::Value(scalar.text.clone().into_owned()))
                }),
            },
            Content::List(_) => {
                self.refuse_variable(node);
                None
            }
        }
    }

    /// `{secret: NAME}` or `{env: NAME}`.
    fn named_source(
        &mut self,
        node: &'d Node<'d>,
        entries: &[Entry<'d>],
    ) -> Option<variable::Source> {
        let source = match entries {
            [only] if only.key == "secret" => variable::Source::Secret,
            [only] if only.key == "env" => variable::Source::Env,
            _ => {
                self.refuse_variable(node);
                return None;
            }
        };
        let only = &entries[0];
        let value = self.node(only.value);
        self.within(&only.key, value.span, |decoder| decoder.text(value))
            .map(source)
    }

    fn refuse_variable(&mut self, node: &'d Node<'d>) {
        let mistake = self
            .wrong_type(node, "a text, {secret: NAME} or {env: NAME}")
            .suggest("write JSON as a text in single quotes: '{\"name\": \"Ada\"}'");
        self.refuse(mistake);
    }

    pub(super) fn row(&mut self, node: &'d Node<'d>) -> v1::DataRow {
        let Content::Map(entries) = &node.content else {
            let mistake = self
                .wrong_type(node, "a row")
                .suggest("write a map of variables: {user: Ada, role: admin}");
            self.refuse(mistake);
            return v1::DataRow::default();
        };
        let named = entries.iter().find(|entry| entry.key == ROW_NAME);
        let name = named.and_then(|entry| {
            let value = self.node(entry.value);
            self.within("name", value.span, |decoder| decoder.text(value))
        });
        let cells: Vec<_> = entries
            .iter()
            .filter(|entry| entry.key != ROW_NAME)
            .cloned()
            .collect();
        let variables = self.within("variables", node.span, |decoder| {
            decoder.variables_of(&cells)
        });
        v1::DataRow {
            variables,
            name: name.unwrap_or_default(),
        }
    }

    pub(super) fn list(
        &mut self,
        field: &Field,
        node: &'d Node<'d>,
        expected: &str,
    ) -> Option<&'d [NodeId]> {
        match &node.content {
            Content::List(items) => (!self.is_too_long(field, node, items)).then_some(items),
            content => {
                if !content.is_null() {
                    let mistake = self.wrong_type(node, expected).suggest(format!(
                        "begin each entry with \"- \"; {} stands here",
                        shown(content.name())
                    ));
                    self.refuse(mistake);
                }
                None
            }
        }
    }
}

/// The fields that have no way of their own, with the sections put in.
fn with_plain_fields(plain: &DynamicMessage, sections: v1::Test) -> v1::Test {
    let test: v1::Test = plain.transcode_to().unwrap_or_default();
    debug_assert_eq!(plain.descriptor(), test.descriptor());
    v1::Test {
        variables: sections.variables,
        data_rows: sections.data_rows,
        data_file: sections.data_file,
        imports: sections.imports,
        definitions: sections.definitions,
        setup: sections.setup,
        checkpoints: sections.checkpoints,
        teardown: sections.teardown,
        ..test
    }
}
