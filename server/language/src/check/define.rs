//! What can be wrong with definitions, and with the steps that use them.

use std::collections::{HashMap, HashSet};

use etude::v1::{self, ErrorReason, Step, block::Kind};

use super::Finding;
use crate::diagnose::shown;
use crate::suggest;

/// The definitions of a test.
pub(super) struct Defined<'t> {
    all: &'t [v1::Definition],
    by_name: HashMap<&'t str, usize>,
    /// How deep the blocks of each nest, those that it uses included.
    depths: Vec<usize>,
    /// Of each definition that uses itself, the names on the way, itself first and last.
    cycles: HashMap<usize, Vec<&'t str>>,
}

impl<'t> Defined<'t> {
    pub(super) fn new(all: &'t [v1::Definition]) -> Self {
        let names = all.iter().enumerate().rev();
        let by_name = names.map(|(index, definition)| (definition.name.as_str(), index));
        let mut defined = Self {
            all,
            by_name: by_name.collect(),
            depths: vec![0; all.len()],
            cycles: HashMap::new(),
        };
        let mut done = HashSet::new();
        for index in 0..all.len() {
            defined.measure(index, &mut Vec::new(), &mut done);
        }
        defined
    }

    /// How deep the blocks of a definition nest; 0 of an unknown one.
    pub(super) fn depth(&self, name: &str) -> usize {
        self.by_name
            .get(name)
            .map_or(0, |index| self.depths[*index])
    }

    /// Finds the depth of a definition and of those that it uses.
    fn measure(&mut self, index: usize, way: &mut Vec<usize>, done: &mut HashSet<usize>) {
        if let Some(from) = way.iter().position(|other| *other == index) {
            let names = way[from..].iter().chain([&index]);
            let names = names.map(|index| self.all[*index].name.as_str()).collect();
            self.cycles.entry(index).or_insert(names);
            return;
        }
        if done.contains(&index) {
            return;
        }
        way.push(index);
        let mut uses = Vec::new();
        let own = nested(&self.all[index].steps, 1, &mut uses);
        let mut deepest = own;
        for (name, depth) in uses {
            if let Some(used) = self.by_name.get(name).copied() {
                self.measure(used, way, done);
                deepest = deepest.max(depth + self.depths[used]);
            }
        }
        way.pop();
        // A depth beyond the bound is refused, however large; a sum of such stays small.
        self.depths[index] = deepest.min(1000);
        done.insert(index);
    }

    /// Names that stand twice, and cycles.
    pub(super) fn check(&self, found: &mut Vec<Finding>) {
        for (index, definition) in self.all.iter().enumerate() {
            let path = format!("definitions[{index}]");
            if self.by_name.get(definition.name.as_str()) != Some(&index) {
                let message = format!("the block \"{}\" is defined twice", shown(&definition.name));
                found.push(Finding::new(&path, ErrorReason::DuplicateKey, message));
            }
            self.check_parameters(definition, &path, found);
            if let Some(way) = self.cycles.get(&index) {
                let names: Vec<_> = way
                    .iter()
                    .map(|name| format!("\"{}\"", shown(name)))
                    .collect();
                let (message, suggestion) = match self.is_of_files(way) {
                    true => (
                        format!("a file includes itself: {}", names.join(" includes ")),
                        "take one of the steps out",
                    ),
                    false => (
                        format!("a block uses itself: {}", names.join(" uses ")),
                        "take one of the uses out; \"repeat\" and \"while\" are loops",
                    ),
                };
                let mut finding = Finding::new(&path, ErrorReason::BlockCycle, message);
                finding.mistake = finding.mistake.suggest(suggestion);
                found.push(finding);
            }
        }
    }

    /// Whether these are all included files.
    fn is_of_files(&self, names: &[&str]) -> bool {
        let definitions = names.iter().filter_map(|name| self.by_name.get(name));
        let mut definitions = definitions.map(|index| &self.all[*index]);
        definitions.all(|definition| definition.file == definition.name)
    }

    fn check_parameters(&self, definition: &v1::Definition, path: &str, found: &mut Vec<Finding>) {
        let mut names = HashSet::new();
        for (index, parameter) in definition.parameters.iter().enumerate() {
            if !names.insert(&parameter.name) {
                let message = format!("the parameter \"{}\" stands twice", shown(&parameter.name));
                let path = format!("{path}.parameters[{index}]");
                found.push(Finding::new(&path, ErrorReason::DuplicateKey, message));
            }
        }
    }

    /// Whether a use names a definition and gives what it needs.
    pub(super) fn check_use(&self, used: &v1::UseBlock, path: &str, found: &mut Vec<Finding>) {
        let Some(index) = self.by_name.get(used.block.as_str()) else {
            found.push(self.unknown(&used.block, path));
            return;
        };
        let parameters = &self.all[*index].parameters;
        let mut given = HashSet::new();
        for (index, argument) in used.arguments.iter().enumerate() {
            let path = format!("{path}.arguments[{index}]");
            if !parameters
                .iter()
                .any(|parameter| parameter.name == argument.name)
            {
                found.push(no_parameter(used, &argument.name, parameters, &path));
            } else if !given.insert(argument.name.as_str()) {
                let message = format!("\"{}\" has a value already", argument.name);
                found.push(Finding::new(&path, ErrorReason::DuplicateKey, message));
            }
        }
        let needed = parameters
            .iter()
            .filter(|parameter| parameter.otherwise.is_none());
        for parameter in needed.filter(|parameter| !given.contains(parameter.name.as_str())) {
            let message = format!("the {} needs \"{}\"", called(used), parameter.name);
            let mut finding = Finding::new(path, ErrorReason::MissingKey, message);
            let (head, key, name) = match used.file.is_empty() {
                true => ("use", "block", &used.block),
                false => ("include", "file", &used.file),
            };
            finding.mistake = finding.mistake.suggest(format!(
                "write \"{head}: {{{key}: {}, with: {{{}: …}}}}\", or give it a default in \"params\"",
                shown(name),
                parameter.name
            ));
            found.push(finding);
        }
    }

    fn unknown(&self, name: &str, path: &str) -> Finding {
        let message = format!("no block is called \"{}\"", shown(name));
        let path = format!("{path}.block");
        let mut finding = Finding::new(&path, ErrorReason::UnknownBlock, message);
        let names = self.all.iter().map(|definition| definition.name.as_str());
        finding.mistake = match suggest::nearest(name, names) {
            None => finding
                .mistake
                .suggest("define it: \"define:\" at the top of the test"),
            nearest => finding.mistake.did_you_mean(nearest),
        };
        finding
    }
}

/// What a use uses.
fn called(used: &v1::UseBlock) -> String {
    match used.file.is_empty() {
        true => format!("block \"{}\"", shown(&used.block)),
        false => format!("file \"{}\"", shown(&used.file)),
    }
}

fn no_parameter(
    used: &v1::UseBlock,
    name: &str,
    parameters: &[v1::Parameter],
    path: &str,
) -> Finding {
    let message = format!("the {} has no parameter \"{}\"", called(used), shown(name));
    let mut finding = Finding::new(path, ErrorReason::UnknownKey, message);
    let names: Vec<_> = parameters
        .iter()
        .map(|parameter| parameter.name.as_str())
        .collect();
    finding.mistake = match suggest::nearest(name, names.iter().copied()) {
        None if names.is_empty() => finding.mistake.suggest("remove it; it has none"),
        None => finding
            .mistake
            .suggest(format!("it has: {}", names.join(", "))),
        nearest => finding.mistake.did_you_mean(nearest),
    };
    finding
}

/// How deep blocks nest; adds the names that are used, with the depth at which.
fn nested<'t>(steps: &'t [Step], depth: usize, uses: &mut Vec<(&'t str, usize)>) -> usize {
    let mut deepest = depth - 1;
    // Beyond the bound nothing is looked at: that is refused.
    if depth > 2 * etude::blocks::MAX_DEPTH {
        return deepest;
    }
    for block in steps.iter().filter_map(|step| step.block.as_ref()) {
        deepest = deepest.max(depth);
        if let Some(Kind::UseBlock(used)) = &block.kind {
            uses.push((&used.block, depth));
        }
        for section in block.sections() {
            deepest = deepest.max(nested(section.steps, depth + 1, uses));
        }
    }
    deepest
}
