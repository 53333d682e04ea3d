//! Blocks of steps in the compact dialect, the only one with control flow.

use etude::v1::block::Kind;
use etude::v1::{self, TestFormat, condition};

use super::form::Saying;
use super::simplified;
use super::step::{Loss, Style, Written};
use crate::format::block;
use crate::format::document::{Document, Value};
use crate::format::test::Entries;

/// A block while it is written.
struct Block {
    style: Style,
    entries: Entries,
    losses: Vec<Loss>,
    originals: Vec<(String, v1::Step)>,
}

impl Style {
    /// A block in this format; `kind` is that of the step, with the places of the steps in it.
    pub(super) fn block(self, kind: Kind, step: v1::Step, path: &str) -> Written {
        let no_block = || format!("{} has no such block", self.name());
        if self.format != TestFormat::Compact {
            let reason = format!("{} has no control flow", self.name());
            return self.comment(step, path, reason);
        }
        let mut block = Block {
            style: self,
            entries: Entries::new(),
            losses: Vec::new(),
            originals: Vec::new(),
        };
        let Some(kind) = block.write(kind, &format!("{path}.block")) else {
            return self.comment(step, path, no_block());
        };
        let written = v1::Step {
            block: Some(v1::Block { kind: Some(kind) }),
            ..v1::Step::default()
        };
        let document = Document::new(path, Value::Map(block.entries));
        if !super::verify::is_step(self.format, &document, &written) {
            return self.comment(step, path, no_block());
        }
        let below = |field: String| {
            field.strip_prefix(path).map_or(String::new(), |rest| {
                rest.trim_start_matches('.').to_owned()
            })
        };
        let losses = block.losses.into_iter().map(|loss| Loss {
            field: below(loss.field),
            ..loss
        });
        let written = Written {
            losses: losses.collect(),
            originals: block.originals,
            ..Written::whole(document, written)
        };
        self.with_flags(written, &step, path)
    }
}

impl Block {
    /// Writes the keys of a block; what is read back of it. `None`: it has no such form.
    fn write(&mut self, kind: Kind, path: &str) -> Option<Kind> {
        let mut own = Entries::new();
        let kind = match kind {
            Kind::IfElse(mut block) => {
                let path = format!("{path}.if_else");
                self.branches(&mut block, &path, &mut own)?;
                self.add("if", Value::Map(own));
                return Some(Kind::IfElse(block));
            }
            Kind::TryCatch(mut block) => {
                let path = format!("{path}.try_catch");
                for (key, field, steps) in [
                    ("try", "steps", &mut block.steps),
                    ("catch", "catch_steps", &mut block.catch_steps),
                    ("finally", "finally_steps", &mut block.finally_steps),
                ] {
                    let list = self.steps(key, steps, &format!("{path}.{field}"));
                    self.entries.extend(list);
                }
                return Some(Kind::TryCatch(block));
            }
            // The reader has it from the canonical form, and so it has the definitions.
            Kind::UseBlock(block) => {
                let kind = Kind::UseBlock(block);
                self.entries.extend(block::entries(&kind, path));
                return Some(kind);
            }
            Kind::Repeat(mut block) => {
                own.push(("times".to_owned(), number(block.count)));
                own.extend(self.steps("do", &mut block.steps, &format!("{path}.repeat.steps")));
                Kind::Repeat(block)
            }
            Kind::WhileLoop(mut block) => {
                let mut condition = block.condition.clone()?;
                let key = if condition.negated { "until" } else { "while" };
                condition.negated = false;
                own.push((key.to_owned(), condition_of(&condition)?.into()));
                if block.max > 0 {
                    own.push(("max".to_owned(), number(block.max)));
                }
                let path = format!("{path}.while_loop.steps");
                own.extend(self.steps("do", &mut block.steps, &path));
                Kind::WhileLoop(block)
            }
            Kind::ForEach(mut block) => {
                let items = block.items.iter().map(|item| Document::text("", item));
                let list = match block.list.as_str() {
                    "" => Value::List(items.collect()),
                    list => Value::Text(list.to_owned()),
                };
                own.push(("over".to_owned(), list.into()));
                own.push(("as".to_owned(), Document::text("", &block.variable)));
                let path = format!("{path}.for_each.steps");
                own.extend(self.steps("do", &mut block.steps, &path));
                Kind::ForEach(block)
            }
        };
        self.add("loop", Value::Map(own));
        Some(kind)
    }

    fn branches(&mut self, block: &mut v1::IfBlock, path: &str, own: &mut Entries) -> Option<()> {
        let mut others = Vec::new();
        for (index, branch) in block.branches.iter_mut().enumerate() {
            let condition = negatable(branch.condition.as_ref()?)?;
            let mut entries = vec![("cond".to_owned(), Document::from(condition))];
            let path = format!("{path}.branches[{index}]");
            entries.extend(self.steps("then", &mut branch.steps, &format!("{path}.steps")));
            match index {
                0 => own.append(&mut entries),
                _ => others.push(Document::new(&path, Value::Map(entries))),
            }
        }
        if !others.is_empty() {
            own.push(("elif".to_owned(), Value::List(others).into()));
        }
        let path = format!("{path}.else_steps");
        own.extend(self.steps("else", &mut block.else_steps, &path));
        Some(())
    }

    fn add(&mut self, key: &str, value: Value) {
        self.entries.push((key.to_owned(), value.into()));
    }

    /// The steps of a key, which become what is read back of them. `None`: there are none.
    fn steps(
        &mut self,
        key: &str,
        steps: &mut [v1::Step],
        path: &str,
    ) -> Option<(String, Document)> {
        let mut list = Vec::new();
        for (index, step) in steps.iter_mut().enumerate() {
            let path = format!("{path}[{index}]");
            let written = self.style.write(step, &path);
            for loss in written.losses {
                let field = match loss.field.as_str() {
                    "" => path.clone(),
                    field => format!("{path}.{field}"),
                };
                let location = loss.location.or_else(|| step.location.clone());
                self.losses.push(Loss {
                    field,
                    location,
                    ..loss
                });
            }
            self.originals.extend(written.originals);
            list.push(written.document);
            *step = written.step;
        }
        let list = Document::new(path, Value::List(list));
        (!steps.is_empty()).then(|| (key.to_owned(), list))
    }
}

fn number(number: u32) -> Document {
    Value::Literal(number.to_string()).into()
}

fn negatable(condition: &v1::Condition) -> Option<Value> {
    let value = condition_of(condition)?;
    Some(match condition.negated {
        true => Value::Map(vec![("not".to_owned(), value.into())]),
        false => value,
    })
}

/// An expression, or an assertion as the simplified dialect has it.
fn condition_of(condition: &v1::Condition) -> Option<Value> {
    let command = match condition.kind.as_ref()? {
        condition::Kind::Expression(text) => return Some(Value::Text(text.clone())),
        condition::Kind::Command(command) => command,
    };
    let (spec, message) = crate::action(command)?;
    let forms = simplified::FORMS.iter();
    let forms = forms.filter(|(key, form)| *key == spec.yaml && form.starts_with("assert "));
    for (_, form) in forms {
        let said = Saying::new(spec, &message, "", false).say(form);
        let Some(said) = said.filter(|said| said.unsaid.is_empty()) else {
            continue;
        };
        return Some(match said.value {
            // `assert: Save` asserts that it exists.
            Value::Text(text) => Value::Map(vec![("exists".to_owned(), Document::text("", &text))]),
            map => map,
        });
    }
    None
}
