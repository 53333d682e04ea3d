//! What can be wrong with blocks, and which variables they use.

use etude::blocks::{MAX_DEPTH, Section};
use etude::catalog;
use etude::v1::{self, ErrorReason, ScreenshotPolicy, Step, block, condition};
use prost_reflect::ReflectMessage;

use super::define::Defined;
use super::{Finding, uses_of_steps};
use crate::decode::NOT_OF_BLOCKS;
use crate::model;
use crate::variables::{Body, Uses};

/// What the rules of the contract do not see.
pub(super) fn findings(test: &v1::Test) -> Vec<Finding> {
    let defined = Defined::new(&test.definitions);
    let mut found = Vec::new();
    defined.check(&mut found);
    let mut walk = |list: &[Step], path: &str| steps(list, path, 0, &defined, &mut found);
    walk(&test.setup, "setup");
    for (index, checkpoint) in test.checkpoints.iter().enumerate() {
        walk(&checkpoint.steps, &format!("checkpoints[{index}].steps"));
    }
    walk(&test.teardown, "teardown");
    for (index, definition) in test.definitions.iter().enumerate() {
        walk(&definition.steps, &format!("definitions[{index}].steps"));
    }
    found
}

fn steps(
    steps: &[Step],
    path: &str,
    depth: usize,
    defined: &Defined<'_>,
    found: &mut Vec<Finding>,
) {
    for (index, step) in steps.iter().enumerate() {
        if let Some(block) = &step.block {
            let path = format!("{path}[{index}]");
            flags(step, &path, found);
            self::block(block, &format!("{path}.block"), depth + 1, defined, found);
        }
    }
}

fn flags(step: &Step, path: &str, found: &mut Vec<Finding>) {
    let flags = step.flags.unwrap_or_default();
    let given = [
        flags.retries > 0,
        flags.screenshots() != ScreenshotPolicy::Unspecified,
    ];
    for (name, _) in NOT_OF_BLOCKS.iter().zip(given).filter(|(_, given)| *given) {
        let message = format!("a block cannot have \"{name}\"");
        let path = format!("{path}.flags.{name}");
        found.push(Finding::new(&path, ErrorReason::InvalidValue, message));
    }
}

fn block(
    block: &v1::Block,
    path: &str,
    depth: usize,
    defined: &Defined<'_>,
    found: &mut Vec<Finding>,
) {
    let mut inner = 0;
    if let Some(block::Kind::UseBlock(used)) = &block.kind {
        defined.check_use(used, &format!("{path}.use_block"), found);
        inner = defined.depth(&used.block);
    }
    if depth + inner > MAX_DEPTH {
        let message = format!("blocks stand in each other at most {MAX_DEPTH} deep");
        found.push(Finding::new(path, ErrorReason::NestingLimit, message));
        return;
    }
    if let Some(block::Kind::ForEach(each)) = &block.kind
        && !each.items.is_empty()
        && !each.list.is_empty()
    {
        let message = "\"items\" and \"list\" cannot both be given".to_owned();
        let path = format!("{path}.for_each.list");
        found.push(Finding::new(&path, ErrorReason::InvalidValue, message));
    }
    for section in block.sections() {
        condition(&section, path, found);
        steps(
            section.steps,
            &format!("{path}.{}", section.path()),
            depth,
            defined,
            found,
        );
    }
}

fn condition(section: &Section<'_>, path: &str, found: &mut Vec<Finding>) {
    let kind = section
        .condition
        .and_then(|condition| condition.kind.as_ref());
    let Some(condition::Kind::Command(command)) = kind else {
        return;
    };
    let is_other = catalog::of(command).is_some_and(|spec| spec.group != "assert");
    if let (true, Some(inner)) = (is_other, section.condition_path()) {
        let message = "a condition must be an assertion".to_owned();
        let path = format!("{path}.{inner}.command");
        found.push(Finding::new(&path, ErrorReason::InvalidValue, message));
    }
}

/// The uses of variables of a definition, which stands at `path`.
pub(super) fn body(definition: &v1::Definition, path: &str) -> Body {
    let mut all = Vec::new();
    let model = model::message("etude.v1.Parameter");
    for (index, parameter) in definition.parameters.iter().enumerate() {
        let mut used = Uses::default();
        let path = format!("{path}.parameters[{index}]");
        used.read(&parameter.transcode_to_dynamic(), model, &path);
        all.push(used);
    }
    uses_of_steps(&format!("{path}.steps"), &definition.steps, &mut all);
    Body::new(definition, all)
}

/// Adds the uses of variables of a block, which stands at `path`, in the order of execution.
pub(super) fn uses(block: &v1::Block, path: &str, all: &mut Vec<Uses>) {
    if let Some(block::Kind::ForEach(each)) = &block.kind {
        let mut used = Uses::default();
        let head = v1::ForEachBlock {
            steps: Vec::new(),
            ..each.clone()
        };
        let model = model::message("etude.v1.ForEachBlock");
        let path = format!("{path}.for_each");
        used.read(&head.transcode_to_dynamic(), model, &path);
        all.push(used);
    }
    if let Some(block::Kind::UseBlock(block)) = &block.kind {
        let mut used = Uses::default();
        let model = model::message("etude.v1.UseBlock");
        let path = format!("{path}.use_block");
        used.read(&block.transcode_to_dynamic(), model, &path);
        used.call = Some(block.block.clone());
        all.push(used);
    }
    for section in block.sections() {
        if let (Some(condition), Some(inner)) = (section.condition, section.condition_path()) {
            let mut used = Uses::default();
            let model = model::message("etude.v1.Condition");
            let path = format!("{path}.{inner}");
            used.read(&condition.transcode_to_dynamic(), model, &path);
            all.push(used);
        }
        uses_of_steps(&format!("{path}.{}", section.path()), section.steps, all);
    }
}

/// The step that the rest of a path, after the `[` of its index, leads into.
pub(super) fn step_at<'t>(steps: &'t [Step], rest: &str) -> Option<&'t Step> {
    let (index, rest) = rest.split_once(']')?;
    let step = steps.get(index.parse::<usize>().ok()?)?;
    let inner = rest.strip_prefix(".block.");
    let nested = inner.and_then(|inner| {
        let sections = step.block.as_ref()?.sections();
        sections.iter().find_map(|section| {
            let rest = inner.strip_prefix(&section.path())?.strip_prefix('[')?;
            step_at(section.steps, rest)
        })
    });
    Some(nested.unwrap_or(step))
}
