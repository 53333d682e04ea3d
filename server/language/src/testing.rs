//! Generated tests: any valid test, by the descriptors and their rules.

use etude::v1::{self, block::Kind};
use prost_reflect::{DynamicMessage, MapKey, MessageDescriptor, ReflectMessage, Value};

use crate::model::{self, Field, Rules, Shape};
use crate::template;

/// Texts that are easily misread.
const TEXTS: [&str; 40] = [
    "",
    " ",
    "Log in",
    "null",
    "~",
    "true",
    "no",
    "007",
    "1e3",
    "-",
    "- a",
    "-x",
    "#id",
    "a #b",
    "a: b",
    "a:",
    ": a",
    "?",
    "? a",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a`",
    "'a'",
    "\"a\"",
    "it's",
    "{a}",
    "[a, b]",
    "a, b",
    "a\nb",
    "a\nb\n",
    "a\n\n b\n\n",
    " a\n b",
    "\ta\\n\r\n",
    "<<",
    "---",
    "...",
    "é😀\u{feff}\u{2028}\u{85}\u{0}\u{7f}",
];

/// A source of choices that one number decides.
pub(crate) struct Choices {
    state: u64,
    /// How many blocks stand around what is generated.
    depth: usize,
    /// Only assertions are generated.
    asserts: bool,
}

impl Choices {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: seed,
            depth: 0,
            asserts: false,
        }
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // SplitMix64.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }

    pub(crate) fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    pub(crate) fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }

    /// A valid test that a file can spell.
    pub(crate) fn test(&mut self) -> v1::Test {
        let mut test: v1::Test = self
            .message(&v1::Test::default().descriptor())
            .transcode_to()
            .unwrap();
        unique_names(&mut test.variables);
        for row in &mut test.data_rows {
            unique_names(&mut row.variables);
        }
        self.make_uses_fit(&mut test);
        without_files(&mut test);
        test
    }

    /// Gives definitions names of their own, and lets each be used as it must, by others before it.
    fn make_uses_fit(&mut self, test: &mut v1::Test) {
        let mut definitions = std::mem::take(&mut test.definitions);
        for (index, definition) in definitions.iter_mut().enumerate() {
            definition.name.push_str(&index.to_string());
            for (index, parameter) in definition.parameters.iter_mut().enumerate() {
                parameter.name.push_str(&index.to_string());
                if self.chance(2) {
                    parameter.otherwise = None;
                }
            }
        }
        let all = definitions.clone();
        test.visit_steps_mut(&mut |step| self.make_use_fit(step, &all));
        for (index, definition) in definitions.iter_mut().enumerate() {
            let mut inner = v1::Test {
                setup: std::mem::take(&mut definition.steps),
                ..v1::Test::default()
            };
            inner.visit_steps_mut(&mut |step| self.make_use_fit(step, &all[index + 1..]));
            definition.steps = inner.setup;
        }
        test.definitions = definitions;
    }

    fn make_use_fit(&mut self, step: &mut v1::Step, definitions: &[v1::Definition]) {
        let kind = step.block.as_mut().and_then(|block| block.kind.as_mut());
        let Some(Kind::UseBlock(used)) = kind else {
            return;
        };
        if definitions.is_empty() {
            step.flags = None;
            step.block = None;
            step.command = Some(v1::Refresh::default().into());
            return;
        }
        let definition = self.pick(definitions);
        used.block.clone_from(&definition.name);
        used.arguments.clear();
        for parameter in &definition.parameters {
            if parameter.otherwise.is_none() || self.chance(2) {
                let value = (*self.pick(&TEXTS)).to_owned();
                used.arguments.push(v1::Argument {
                    name: parameter.name.clone(),
                    value: template::escape(&value).into_owned(),
                });
            }
        }
    }

    fn message(&mut self, descriptor: &MessageDescriptor) -> DynamicMessage {
        let model = model::message(descriptor.full_name());
        let mut message = DynamicMessage::new(descriptor.clone());
        for oneof in descriptor.oneofs() {
            let mut fields: Vec<_> = oneof.fields().collect();
            if self.asserts && descriptor.full_name() == "etude.v1.Command" {
                fields.retain(is_assertion);
            }
            let asserts = descriptor.full_name() == "etude.v1.Condition";
            let before = std::mem::replace(&mut self.asserts, asserts);
            let picked = self.pick(&fields).name().to_owned();
            let field = model.field(&picked).unwrap();
            message.set_field(&field.descriptor, self.value(field));
            self.asserts = before;
        }
        if descriptor.full_name() == "etude.v1.Step" {
            self.command_or_block(&mut message);
        }
        for field in &model.fields {
            if field.descriptor.containing_oneof().is_some()
                || ["location", "command", "block"].contains(&field.name())
            {
                continue;
            }
            let must = field.required || field.rules.min_items.is_some() || self.is_bounded(field);
            if must || self.chance(3) {
                message.set_field(&field.descriptor, self.value(field));
            }
        }
        one_of_pair(descriptor, &mut message);
        without_flags_of_commands(descriptor, &mut message);
        // An empty message of flags is the same as none.
        for name in ["flags", "config", "browser"] {
            if let Some(field) = descriptor.get_field_by_name(name)
                && message.get_field(&field).as_message().is_some_and(is_empty)
            {
                message.clear_field(&field);
            }
        }
        message
    }

    fn command_or_block(&mut self, step: &mut DynamicMessage) {
        let is_block = self.depth < 2 && self.chance(8);
        let name = if is_block { "block" } else { "command" };
        let field = model::message("etude.v1.Step").field(name).unwrap();
        self.depth += 1;
        step.set_field(&field.descriptor, self.value(field));
        self.depth -= 1;
    }

    /// Whether zero is not allowed.
    fn is_bounded(&self, field: &Field) -> bool {
        field.rules.least.is_some_and(|least| least > 0) || field.rules.not.contains(&0)
    }

    fn value(&mut self, field: &Field) -> Value {
        if field.descriptor.is_map() {
            let count = self.below(3);
            let entry = |choices: &mut Self| {
                let key = format!("{}{}", choices.pick(&TEXTS), choices.below(9));
                (MapKey::String(key), choices.single(field, &field.rules))
            };
            return Value::Map((0..count).map(|_| entry(self)).collect());
        }
        if !field.descriptor.is_list() {
            return self.single(field, &field.rules);
        }
        let rules = field.rules.items.clone().unwrap_or_default();
        let count = self
            .below(4)
            .max(field.rules.min_items.unwrap_or(0) as usize);
        let mut items: Vec<Value> = (0..count).map(|_| self.single(field, &rules)).collect();
        if field.rules.unique {
            let mut seen = Vec::new();
            items.retain(|item| {
                !seen.contains(item) && {
                    seen.push(item.clone());
                    true
                }
            });
        }
        Value::List(items)
    }

    fn single(&mut self, field: &Field, rules: &Rules) -> Value {
        match &field.shape {
            Shape::Text => Value::String(self.text(field, rules)),
            Shape::Bool => Value::Bool(self.chance(2)),
            Shape::Integer(lowest, highest) => {
                let least = rules.least.unwrap_or(*lowest);
                let most = rules.most.unwrap_or(*highest);
                let span = usize::try_from(most - least + 1).unwrap();
                let mut number = least + self.below(span) as i64;
                if rules.not.contains(&number) {
                    number = most;
                }
                match lowest {
                    0 => Value::U32(number.try_into().unwrap()),
                    _ => Value::I32(number.try_into().unwrap()),
                }
            }
            Shape::Word(words) => {
                let allowed: Vec<_> = words
                    .iter()
                    .filter(|(_, number)| !rules.not.contains(&i64::from(*number)))
                    .collect();
                Value::EnumNumber(self.pick(&allowed).1)
            }
            Shape::Duration => {
                let duration = prost_types::Duration {
                    seconds: self.below(10) as i64,
                    nanos: *self.pick(&[1, 500_000_000, 1_000_000, 999_999_999]),
                };
                Value::Message(duration.transcode_to_dynamic())
            }
            Shape::Message(name) => {
                let descriptor = model::message(name).descriptor.clone();
                Value::Message(self.message(&descriptor))
            }
            Shape::Other => unreachable!("no field of a test is of another shape"),
        }
    }

    fn text(&mut self, field: &Field, rules: &Rules) -> String {
        match rules.pattern.as_deref() {
            Some("^[A-Z]*$") => return (*self.pick(&["", "GET", "POST"])).to_owned(),
            Some(pattern) if pattern.contains("A-Za-z_") => {
                return (*self.pick(&["a", "user", "_x9", "null", "true", "name"])).to_owned();
            }
            Some(_) => return "basket 1".to_owned(),
            None => {}
        }
        let mut text = (*self.pick(&TEXTS)).to_owned();
        if self.chance(3) {
            let more: &str = self.pick::<&str>(&TEXTS);
            text.push_str(more);
        }
        if field.spec.template {
            text = match self.below(5) {
                1 => format!(
                    "{{{{ user.x }}}}{}${{ENV:HOME}} with default \"y\"",
                    template::escape(&text)
                ),
                0 => format!(
                    "{}${{ 'a}}' }}$user.x with default \"y\"",
                    template::escape(&text)
                ),
                _ => template::escape(&text).into_owned(),
            };
        }
        if text.is_empty() && rules.min_length.is_some_and(|least| least > 0) {
            text.push('x');
        }
        text
    }
}

fn is_empty(message: &DynamicMessage) -> bool {
    message.fields().next().is_none()
}

fn is_assertion(field: &prost_reflect::FieldDescriptor) -> bool {
    let message = field.kind().as_message().cloned();
    let spec = message.and_then(|m| etude::catalog::by_message(m.full_name()));
    spec.is_some_and(|spec| spec.group == "assert")
}

/// A block has no flags of which only a command can make use.
fn without_flags_of_commands(descriptor: &MessageDescriptor, message: &mut DynamicMessage) {
    if descriptor.full_name() != "etude.v1.Step" || !message.has_field_by_name("block") {
        return;
    }
    let flags = message.get_field_by_name("flags").unwrap().into_owned();
    let mut flags = flags.as_message().unwrap().clone();
    flags.clear_field_by_name("retries");
    flags.clear_field_by_name("screenshots");
    message.set_field_by_name("flags", Value::Message(flags));
}

/// A variable or an expression, not both and not neither; items or a list, not both.
fn one_of_pair(descriptor: &MessageDescriptor, message: &mut DynamicMessage) {
    if descriptor.full_name() == "etude.v1.ForEachBlock" && message.has_field_by_name("list") {
        message.clear_field_by_name("items");
    }
    if descriptor.full_name() == "etude.v1.AssertVariable" {
        message.clear_field_by_name("expression");
        message.set_field_by_name("variable", Value::String("user".to_owned()));
    }
}

/// Takes out what names other files.
fn without_files(test: &mut v1::Test) {
    test.data_file.clear();
    test.imports.clear();
    let clear = &mut |step: &mut v1::Step| match step.block.as_mut().and_then(|b| b.kind.as_mut()) {
        Some(Kind::UseBlock(block)) => block.file.clear(),
        Some(Kind::ForEach(block)) => block.file.clear(),
        _ => {}
    };
    test.visit_steps_mut(clear);
    for definition in &mut test.definitions {
        definition.file.clear();
        let mut inner = v1::Test {
            setup: std::mem::take(&mut definition.steps),
            ..v1::Test::default()
        };
        inner.visit_steps_mut(clear);
        definition.steps = inner.setup;
    }
}

fn unique_names(variables: &mut [v1::Variable]) {
    for (index, variable) in variables.iter_mut().enumerate() {
        variable.name.push_str(&index.to_string());
    }
}
