//! The keys of a test beside its steps.

use etude::v1::{ErrorReason, TestFormat};

use super::Rewriter;
use super::bare::Unit;
use super::build::entry;
use crate::diagnose::{Mistake, shown};
use crate::suggest::{self, plain};
use crate::tree::{Content, Entry, NodeId};

/// Keys that place a test on a platform, or describe how an old tool ran it. A run needs none.
const PLACING: [&str; 17] = [
    "project",
    "project_id",
    "project_name",
    "goal",
    "goal_id",
    "goal_name",
    "journey",
    "journey_id",
    "journey_name",
    "checkpoint",
    "checkpoint_id",
    "checkpoint_name",
    "metadata",
    "organization_id",
    "version",
    "author",
    "validation",
];

/// Keys of a test, for suggestions.
const KNOWN: [&str; 17] = [
    "name",
    "description",
    "starting_url",
    "base_url",
    "variables",
    "data",
    "steps",
    "setup",
    "teardown",
    "config",
    "tags",
    "infrastructure",
    "project",
    "goal",
    "journey",
    "checkpoints",
    "define",
];

/// Keys of `config`.
const CONFIG: [&str; 17] = [
    "continue_on_error",
    "keep_dialogs",
    "recovery",
    "test_timeout",
    "timeout",
    "default_timeout",
    "step_timeout",
    "navigation_timeout",
    "base_url",
    "retries",
    "retry",
    "on_error",
    "viewport",
    "browser",
    "screenshot_on_error",
    "screenshots",
    "output_format",
];

impl<'s> Rewriter<'_, 's> {
    /// A test whose keys are those of the simplified, extended, compact or suite dialect.
    pub(super) fn document(&mut self, root: NodeId) -> NodeId {
        let Content::Map(entries) = &self.tree.node(root).content else {
            return root;
        };
        let entries = entries.clone();
        self.declare(&entries);
        let mut out: Vec<Entry<'s>> = Vec::new();
        for given in &entries {
            self.section(given, &mut out);
        }
        let span = self.span(root);
        self.map(out, span)
    }

    /// A canonical test with its steps in words rewritten, and nothing else.
    pub(super) fn texts(&mut self, root: NodeId) -> NodeId {
        let Content::Map(entries) = &self.tree.node(root).content else {
            return root;
        };
        let mut entries = entries.clone();
        self.declare(&entries);
        for given in &mut entries {
            match given.key.as_ref() {
                "steps" | "setup" | "teardown" => given.value = self.steps(given.value),
                "checkpoints" => given.value = self.checkpoint_texts(given.value),
                "define" | "definitions" => given.value = self.definitions(given.value),
                _ => {}
            }
        }
        let span = self.span(root);
        self.map(entries, span)
    }

    /// A file of steps or definitions with these rewritten, and nothing else.
    pub(super) fn shared(&mut self, root: NodeId) -> NodeId {
        let Content::Map(entries) = &self.tree.node(root).content else {
            return root;
        };
        let mut entries = entries.clone();
        for given in &mut entries {
            match plain(&given.key).as_str() {
                "steps" | "do" => {
                    given.key = "steps".into();
                    given.value = self.steps(given.value);
                }
                "define" | "definitions" | "blocks" => {
                    given.key = "define".into();
                    given.value = self.definitions(given.value);
                }
                _ => {}
            }
        }
        let span = self.span(root);
        self.map(entries, span)
    }

    fn checkpoint_texts(&mut self, id: NodeId) -> NodeId {
        self.each_map(id, |this, mut entries| {
            for given in entries.iter_mut().filter(|given| given.key == "steps") {
                given.value = this.steps(given.value);
            }
            entries
        })
    }

    /// A list whose maps have been changed.
    fn each_map(
        &mut self,
        id: NodeId,
        mut change: impl FnMut(&mut Self, Vec<Entry<'s>>) -> Vec<Entry<'s>>,
    ) -> NodeId {
        let Content::List(items) = &self.tree.node(id).content else {
            return id;
        };
        let mut out = Vec::new();
        for item in items.clone() {
            let Content::Map(entries) = &self.tree.node(item).content else {
                out.push(item);
                continue;
            };
            let entries = change(self, entries.clone());
            let span = self.span(item);
            out.push(self.map(entries, span));
        }
        let span = self.span(id);
        self.list(out, span)
    }

    /// Notes where the test begins and what its own names stand for.
    fn declare(&mut self, entries: &[Entry<'s>]) {
        for given in entries {
            match plain(&given.key).as_str() {
                "starting_url" | "url" | "nav" => self.start = Some(given.value),
                "setup" if self.is_map(given.value) => self.declare_setup(given.value),
                _ => {}
            }
        }
    }

    fn is_map(&self, id: NodeId) -> bool {
        matches!(self.tree.node(id).content, Content::Map(_))
    }

    /// One key of the test; added to `out` under its canonical name.
    fn section(&mut self, given: &Entry<'s>, out: &mut Vec<Entry<'s>>) {
        let name = plain(&given.key);
        let mut add = |name: &'static str, value: NodeId| {
            if let Some(index) = out.iter().position(|other| other.key == name) {
                // Of two spellings of one thing the first is taken, unless the second says more.
                if name != "starting_url" {
                    return;
                }
                out.remove(index);
            }
            out.push(entry(name, given.key_span, value));
        };
        match name.as_str() {
            "name" | "test" | "title" => add("name", given.value),
            "description" | "desc" => add("description", given.value),
            "starting_url" | "url" | "nav" => {
                let url = self.template(Some(given.clone()));
                self.check_address(url.as_ref());
                add("starting_url", url.map_or(given.value, |url| url.value));
            }
            "base_url" | "base" => {
                let url = self.template(Some(given.clone()));
                add("base_url", url.map_or(given.value, |url| url.value));
            }
            "tags" => add("tags", given.value),
            "variables" | "vars" => add("variables", self.variables(given.value)),
            "data" if !self.is_table(given.value) => add("variables", self.variables(given.value)),
            "data" => add("data", given.value),
            "steps" | "do" => add("steps", self.steps(given.value)),
            "setup" | "before" if !self.is_map(given.value) => {
                add("setup", self.steps(given.value))
            }
            "teardown" | "cleanup" | "after" => add("teardown", self.steps(given.value)),
            "define" | "definitions" | "blocks" => add("define", self.definitions(given.value)),
            "checkpoints" => add("checkpoints", self.checkpoints(given.value)),
            "tests" => add("checkpoints", self.checkpoints(given.value)),
            "retry" | "retries" => {
                let retries = vec![entry("retries", given.key_span, given.value)];
                let value = self.map(retries, given.key_span);
                self.config(&entry("config", given.key_span, value), out);
            }
            "config" => self.config(given, out),
            "infrastructure" | "metadata" | "setup" => self.inner(given, out),
            known if PLACING.contains(&known) => self.pass_over(given),
            _ => self.unknown(given),
        }
    }

    /// A key without a meaning: old tools passed over it, so it is no error.
    fn unknown(&mut self, given: &Entry<'s>) {
        self.pass_over(given);
        let message = format!(
            "the key \"{}\" has no meaning here and is passed over",
            shown(&given.key)
        );
        let mistake = Mistake::warning(given.key_span, ErrorReason::UnknownKey, message);
        self.mistakes
            .add(match suggest::nearest(&given.key, KNOWN) {
                None => mistake.suggest("remove it"),
                nearest => mistake.did_you_mean(nearest),
            });
    }

    /// Notes a key that the test has no place for.
    pub(super) fn pass_over(&mut self, given: &Entry<'s>) {
        let value = match &self.tree.node(given.value).content {
            Content::Scalar(scalar) => scalar.text.to_string(),
            _ => self.json(given.value).to_string(),
        };
        let what = format!("{}: {value}", given.key);
        self.mistakes.pass_over(given.key_span, what);
    }

    /// The keys of `infrastructure`, `metadata` and a suite's `setup` that are the test's.
    fn inner(&mut self, given: &Entry<'s>, out: &mut Vec<Entry<'s>>) {
        let Content::Map(entries) = &self.tree.node(given.value).content else {
            return;
        };
        for inner in entries.clone() {
            let name = plain(&inner.key);
            match name.as_str() {
                "starting_url" | "base_url" | "name" | "description" | "tags" => {
                    self.section(&inner, out)
                }
                "imports" => self.warn(
                    inner.key_span,
                    ErrorReason::UnknownKey,
                    "files are not imported; variables that they set have no value",
                    "write the variables into this test",
                ),
                _ => self.pass_over(&inner),
            }
        }
    }

    fn config(&mut self, given: &Entry<'s>, out: &mut Vec<Entry<'s>>) {
        let Content::Map(entries) = &self.tree.node(given.value).content else {
            return out.push(given.clone());
        };
        let mut config: Vec<Entry<'s>> = Vec::new();
        for option in entries.clone() {
            match plain(&option.key).as_str() {
                "base_url" => out.push(Entry {
                    key: "base_url".into(),
                    ..option
                }),
                "output_format" => self.pass_over(&option),
                name => config.extend(self.config_option(name, option)),
            }
        }
        let span = self.span(given.value);
        if let Some(index) = out.iter().position(|other| other.key == "config") {
            let before = out.remove(index);
            if let Content::Map(entries) = &self.tree.node(before.value).content {
                config.extend(entries.iter().cloned());
            }
        }
        if !config.is_empty() {
            let value = self.map(config, span);
            out.push(entry("config", given.key_span, value));
        }
    }

    /// One key of `config` under its canonical name.
    fn config_option(&mut self, name: &str, option: Entry<'s>) -> Option<Entry<'s>> {
        let (name, given) = match name {
            "continue_on_error" => ("continue_on_error", option),
            "timeout" | "default_timeout" | "step_timeout" => ("step_timeout", self.limit(option)?),
            "navigation_timeout" => ("navigation_timeout", self.limit(option)?),
            "retry" | "retries" => ("retries", option),
            "viewport" => ("viewport", option),
            "browser" => ("browser", option),
            "screenshots" => ("screenshots", option),
            // Here "timeout" is that of a step.
            "test_timeout" => ("timeout", self.limit(option)?),
            "keep_dialogs" => ("keep_dialogs", option),
            "recovery" => ("recovery", option),
            "on_error" => {
                let word = self.option(Some(&option));
                let goes_on = word.is_some_and(|word| word == "continue");
                let value = self.plain(goes_on.to_string(), option.key_span);
                ("continue_on_error", Entry { value, ..option })
            }
            "screenshot_on_error" => {
                let wanted = self.flag(Some(&option));
                let word = if wanted { "on_failure" } else { "never" };
                let value = self.plain(word, option.key_span);
                ("screenshots", Entry { value, ..option })
            }
            _ => {
                let message = format!("the key \"{}\" has no meaning here", shown(&option.key));
                let mistake = Mistake::error(option.key_span, ErrorReason::UnknownKey, message);
                let nearest = suggest::nearest(&option.key, CONFIG);
                self.mistakes.add(match nearest {
                    None => mistake.suggest(format!("known here: {}", CONFIG.join(", "))),
                    nearest => mistake.did_you_mean(nearest),
                });
                return None;
            }
        };
        Some(Entry {
            key: name.into(),
            ..given
        })
    }

    /// A limit without a unit counts milliseconds, in every dialect.
    fn limit(&mut self, given: Entry<'s>) -> Option<Entry<'s>> {
        self.time(Some(given), Unit::Milliseconds)
    }

    // === Variables ===

    /// Whether `data` has rows.
    fn is_table(&self, id: NodeId) -> bool {
        match &self.tree.node(id).content {
            Content::List(_) => true,
            Content::Map(entries) => entries.iter().any(|entry| entry.key == "rows"),
            // The path of a file of rows.
            Content::Scalar(scalar) => !scalar.is_null(),
        }
    }

    /// A map of variables; a list of `{name, value}` becomes one. Lists and maps are JSON texts.
    fn variables(&mut self, id: NodeId) -> NodeId {
        let span = self.span(id);
        let entries: Vec<Entry<'s>> = match self.tree.node(id).content.clone() {
            Content::Map(entries) => entries,
            Content::List(items) => items
                .into_iter()
                .filter_map(|item| self.named_variable(item))
                .collect(),
            Content::Scalar(_) => return id,
        };
        let mut out: Vec<Entry<'s>> = Vec::with_capacity(entries.len());
        for variable in entries {
            if out.iter().any(|other| other.key == variable.key) {
                let message = format!("the variable \"{}\" stands twice", shown(&variable.key));
                self.error(
                    variable.key_span,
                    ErrorReason::DuplicateKey,
                    message,
                    "keep one of them",
                );
                continue;
            }
            let value = self.variable_value(variable.value);
            out.push(Entry { value, ..variable });
        }
        self.map(out, span)
    }

    /// `{name: user, value: Ada}`
    fn named_variable(&mut self, id: NodeId) -> Option<Entry<'s>> {
        let span = self.span(id);
        let Content::Map(entries) = &self.tree.node(id).content else {
            self.error(
                span,
                ErrorReason::WrongType,
                "a variable must stand here",
                "write {name: …, value: …}",
            );
            return None;
        };
        let find = |key: &str| entries.iter().find(|entry| entry.key == key);
        let name = find("name").map(|name| (name.value, name.key_span));
        let value = find("value").map(|value| value.value);
        let Some((name, key_span)) = name else {
            self.error(
                span,
                ErrorReason::MissingKey,
                "this variable has no \"name\"",
                "write {name: …, value: …}",
            );
            return None;
        };
        let key = self.word(name).unwrap_or_default();
        let key_span = if key.is_empty() {
            key_span
        } else {
            self.span(name)
        };
        let value = value.unwrap_or_else(|| self.plain("null", span));
        Some(Entry {
            key,
            key_span,
            value,
        })
    }

    fn variable_value(&mut self, id: NodeId) -> NodeId {
        let span = self.span(id);
        match self.tree.node(id).content.clone() {
            Content::Scalar(_) => id,
            Content::Map(entries) if matches!(entries.as_slice(), [only] if matches!(&*only.key, "secret" | "env")) => {
                id
            }
            _ => {
                let json = self.json(id).to_string();
                self.text(json, span)
            }
        }
    }

    /// A value as JSON.
    pub(super) fn json(&self, id: NodeId) -> serde_json::Value {
        use serde_json::Value;
        match &self.tree.node(id).content {
            Content::Scalar(scalar) if scalar.is_null() => Value::Null,
            Content::Scalar(scalar) => match (scalar.as_bool(), scalar.as_integer()) {
                (Some(flag), _) => Value::Bool(flag),
                (_, Some(number)) => i64::try_from(number)
                    .map_or_else(|_| Value::String(scalar.text.to_string()), Value::from),
                _ => Value::String(scalar.text.to_string()),
            },
            Content::List(items) => {
                Value::Array(items.iter().map(|item| self.json(*item)).collect())
            }
            Content::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.to_string(), self.json(entry.value)))
                    .collect(),
            ),
        }
    }

    // === Checkpoints ===

    /// Checkpoints, or the tests of a suite: each becomes a checkpoint.
    fn checkpoints(&mut self, id: NodeId) -> NodeId {
        self.each_map(id, |this, entries| {
            let mut kept = Vec::new();
            for given in entries {
                match plain(&given.key).as_str() {
                    "name" | "tags" => kept.push(given),
                    "steps" | "do" => kept.push(Entry {
                        key: "steps".into(),
                        value: this.steps(given.value),
                        ..given
                    }),
                    "description" | "desc" | "expected" | "position" => {
                        this.pass_over(&given);
                    }
                    _ => this.unknown(&given),
                }
            }
            kept
        })
    }

    /// A suite's `setup` declares names that its texts use as `${name}`.
    fn declare_setup(&mut self, id: NodeId) {
        if self.format != TestFormat::Suite {
            return;
        }
        let Content::Map(entries) = &self.tree.node(id).content else {
            return;
        };
        for given in entries.clone() {
            if let Some(text) = self.word(given.value) {
                self.names.push((given.key.to_string(), text.into_owned()));
            }
        }
    }
}
