//! Variables that nothing uses.

use std::collections::HashSet;

use etude::v1::LintLevel;
use etude::v1::command::Action;
use etude::v1::parameter::Otherwise;
use etude::v1::variable::Source;

use super::{Check, Example, Rule};
use crate::lint::context::{Context, Kind};
use crate::lint::extent;
use crate::lint::finding::{Fix, Found};
use crate::template::{self, Part};

pub(super) static RULE: Rule = Rule {
    name: "unused-variable",
    level: LintLevel::Warning,
    summary: "a variable is set and never used",
    why: "Often its name is mistyped where it should be used, or the step that used it is gone. \
          Stored values that nothing looks at check nothing.",
    instead: "Use it or remove it. A name that begins with `_` is left alone. The proposed fix \
              removes the line from `variables`.",
    needs_whole: true,
    bad: Example::File(
        "name: Example\nstarting_url: /\nvariables:\n  user: ada\n  role: admin\nsteps:\n  - write: {text: $user, into: Name}\n",
    ),
    good: Example::File(
        "name: Example\nstarting_url: /\nvariables:\n  user: ada\n  _role: admin\nsteps:\n  - write: {text: $user, into: Name}\n",
    ),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    let used = Used::of(context);
    let mut told = HashSet::new();
    let mut tell = |name: &str, path: &str, of_test: bool| {
        if name.starts_with('_') || used.has(name) || !told.insert(name.to_owned()) {
            return;
        }
        let span = context.span(path);
        let lines = extent::key(context.source, span);
        let lines = lines.filter(|_| of_test && context.test.variables.len() > 1);
        let fix = lines.map(|lines| Fix::proposed("remove the variable", lines, ""));
        let message = format!("nothing uses the variable \"{name}\"");
        found.add_with(
            span,
            message,
            format!("use it as \"${name}\", or remove it"),
            fix,
        );
    };
    for (index, variable) in context.test.variables.iter().enumerate() {
        tell(&variable.name, &format!("variables[{index}]"), true);
    }
    for (row, data) in context.test.data_rows.iter().enumerate() {
        for (index, variable) in data.variables.iter().enumerate() {
            let path = format!("data_rows[{row}].variables[{index}]");
            tell(&variable.name, &path, false);
        }
    }
    for said in &context.commands {
        let sets = said
            .given
            .texts
            .iter()
            .filter(|text| text.kind == Kind::Sets);
        for text in sets {
            tell(&text.text, &text.path, false);
        }
    }
}

/// What the test uses.
#[derive(Default)]
struct Used {
    names: HashSet<String>,
}

impl Used {
    fn of(context: &Context<'_>) -> Self {
        let mut used = Self::default();
        let test = context.test;
        used.template(&test.base_url);
        used.template(&test.starting_url);
        let rows = test.data_rows.iter().flat_map(|row| &row.variables);
        for variable in test.variables.iter().chain(rows) {
            if let Some(Source::Value(value)) = &variable.source {
                used.template(value);
            }
        }
        for said in &context.commands {
            for text in &said.given.texts {
                match text.kind {
                    Kind::Template => used.template(&text.text),
                    Kind::Expression => used.expression(&text.text),
                    Kind::Reads => {
                        used.names.insert(text.text.clone());
                    }
                    // A script has the variables in an object.
                    Kind::Plain if matches!(said.action, Action::ExecuteScript(_)) => {
                        used.words(&text.text);
                    }
                    Kind::Plain | Kind::Sets => {}
                }
            }
        }
        used.blocks(context);
        used
    }

    fn blocks(&mut self, context: &Context<'_>) {
        let definitions = context.test.definitions.iter();
        for parameter in definitions.flat_map(|definition| &definition.parameters) {
            if let Some(Otherwise::DefaultValue(text)) = &parameter.otherwise {
                self.template(text);
            }
        }
        let steps = context.lists.iter().flat_map(|list| list.steps);
        for block in steps.filter_map(|step| step.block.as_ref()) {
            if let Some(etude::v1::block::Kind::ForEach(block)) = &block.kind {
                block.items.iter().for_each(|item| self.template(item));
                self.template(&block.list);
            }
            if let Some(etude::v1::block::Kind::UseBlock(block)) = &block.kind {
                let values = block.arguments.iter().map(|argument| &argument.value);
                values.for_each(|value| self.template(value));
            }
            for section in block.sections() {
                let kind = section
                    .condition
                    .and_then(|condition| condition.kind.as_ref());
                if let Some(etude::v1::condition::Kind::Expression(text)) = kind {
                    self.template(text);
                }
            }
        }
    }

    fn template(&mut self, text: &str) {
        if template::is_literal(text) {
            return;
        }
        let parts = template::parse(text).map(|template| template.parts);
        for part in parts.unwrap_or_default() {
            match part {
                Part::Variable { name, .. } => {
                    self.names.insert(name);
                }
                Part::Expression(text) => self.expression(&text),
                Part::Text(_) | Part::Environment { .. } => {}
            }
        }
    }

    fn expression(&mut self, text: &str) {
        let names = template::variables_of(text).into_iter();
        self.names.extend(names.map(str::to_owned));
    }

    fn words(&mut self, text: &str) {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let words = text.split(|letter| !is_part(letter));
        self.names.extend(words.map(str::to_owned));
    }

    fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{first_fix, hits, steps};

    #[test]
    fn variables_of_all_kinds_are_found_once() {
        let file = "name: t\nvariables:\n  a: 1\n  b: 2\ndata:\n  - {c: 1, d: 1}\n  - {c: 2, d: 2}\nsteps:\n  - store_title: e\n  - log: $a $d\n";
        assert_eq!(hits(&RULE, file), ["4:3 b", "6:6 c", "9:18 e"]);
        assert_eq!(first_fix(&RULE, file), file.replace("  b: 2\n", ""));
    }

    #[test]
    fn every_kind_of_use_counts() {
        let defined = "name: t\nvariables: {a: 1, b: 2, c: 3}\ndefine:\n  d: {params: {p: null, q: $b}, steps: [{log: $p $q $c}]}\nsteps:\n  - use: {block: d, with: {p: $a}}\n";
        assert_eq!(hits(&RULE, defined), [""; 0]);
        let variables = "variables: {a: 1, b: 2, c: 3, d: $f, e: '[1]', f: 1, g: A, h: 1, i: 1}\n";
        let used = steps(
            "  - log: $a with default \"x\"\n  - log: ${ $b + 1 }\n  - assert_variable: {variable: c, value: 3}\n  - execute: return variables.d\n  - for_each: x\n    in: $e\n    steps:\n      - log: $x\n  - click: {variable: g}\n  - if: $h\n    then: [refresh]\n  - assert_variable: {expression: $i, value: 1}\n",
        );
        let file = used.replace(
            "steps:\n  - log: $a",
            &format!("{variables}steps:\n  - log: $a"),
        );
        assert_eq!(hits(&RULE, &file), [""; 0], "{file}");
    }
}
