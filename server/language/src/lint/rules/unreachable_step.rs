//! Steps that no run executes.

use etude::v1::command::Action;
use etude::v1::{Block, Condition, IfBlock, LintLevel, Step, block::Kind, condition};
use prost::Message as _;

use super::{Check, Example, Rule};
use crate::lint::context::{Context, List};
use crate::lint::finding::Found;

pub(super) static RULE: Rule = Rule {
    name: "unreachable-step",
    level: LintLevel::Warning,
    summary: "no run can execute a step",
    why: "Steps under a condition that never holds, after a loop that never ends by itself, in a \
          loop over nothing, or in the `catch` of steps that cannot fail look like a part of the \
          test and are none.",
    instead: "Correct the condition, or remove the steps.",
    needs_whole: false,
    bad: Example::Steps("  - if: \"false\"\n    then:\n      - click: Save\n"),
    good: Example::Steps("  - if: $member\n    then:\n      - click: Save\n"),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    for list in &context.lists {
        for (index, step) in list.steps.iter().enumerate() {
            let path = format!("{}[{index}]", list.path);
            if let Some(block) = &step.block {
                in_block(context, block, &format!("{path}.block"), found);
            }
            if never_passes(step) && !goes_on(context, step) {
                after(context, list, index, found);
                break;
            }
        }
    }
}

/// The step after one that always ends ERROR.
fn after(context: &Context<'_>, list: &List<'_>, index: usize, found: &mut Found) {
    if index + 1 < list.steps.len() {
        let span = context.step_span(&format!("{}[{}]", list.path, index + 1));
        found.add(
            span,
            "no step from here on is executed: the loop before always ends with the error LOOP_LIMIT",
            "give the loop a condition that ends, or say how often with \"repeat\"",
        );
    }
}

fn in_block(context: &Context<'_>, block: &Block, path: &str, found: &mut Found) {
    const NEVER: &str = "this condition never holds, so its steps are not executed";
    match &block.kind {
        Some(Kind::IfElse(block)) => branches(context, block, &format!("{path}.if_else"), found),
        Some(Kind::WhileLoop(block))
            if block.condition.as_ref().and_then(constant) == Some(false) =>
        {
            let span = context.span(&format!("{path}.while_loop.condition"));
            found.add(span, NEVER, CORRECT);
        }
        Some(Kind::ForEach(block)) if block.items.is_empty() && block.file.is_empty() => {
            let items = format!("{path}.for_each.items");
            if block.list.trim() == "[]" || block.list.is_empty() && context.has(&items) {
                let message = "the list is empty, so these steps are not executed";
                found.add(context.span(&format!("{path}.for_each")), message, CORRECT);
            }
        }
        Some(Kind::TryCatch(block))
            if !block.catch_steps.is_empty() && block.steps.iter().all(cannot_fail) =>
        {
            let span = context.step_span(&format!("{path}.try_catch.catch_steps[0]"));
            let message = "nothing in \"try\" can fail, so these steps are not executed";
            found.add(span, message, "remove \"catch\"");
        }
        _ => {}
    }
}

/// The branches of an `if` that are never taken.
fn branches(context: &Context<'_>, block: &IfBlock, path: &str, found: &mut Found) {
    let mut seen: Vec<Vec<u8>> = Vec::new();
    let mut always = false;
    for (index, branch) in block.branches.iter().enumerate() {
        let condition = branch.condition.as_ref();
        let value = condition.and_then(constant);
        let bytes = condition.map(Condition::encode_to_vec).unwrap_or_default();
        let problem = match value {
            _ if always => "a condition before always holds, so this one is never examined",
            Some(false) => "this condition never holds, so its steps are not executed",
            _ if seen.contains(&bytes) => "this condition is examined before, and did not hold",
            _ => "",
        };
        if !problem.is_empty() {
            let path = format!("{path}.branches[{index}].condition");
            found.add(context.span(&path), problem, CORRECT);
        }
        always |= value == Some(true);
        seen.push(bytes);
    }
    if always && !block.else_steps.is_empty() {
        let span = context.step_span(&format!("{path}.else_steps[0]"));
        let message = "a condition before always holds, so these steps are not executed";
        found.add(span, message, CORRECT);
    }
}

const CORRECT: &str = "correct the condition or the list, or remove the steps";

/// What a condition always is, when that can be told.
fn constant(condition: &Condition) -> Option<bool> {
    let Some(condition::Kind::Expression(text)) = &condition.kind else {
        return None;
    };
    let text = text.trim();
    let inner = text
        .strip_prefix("${")
        .and_then(|text| text.strip_suffix('}'));
    let value = match inner.map(str::trim) {
        Some(word @ ("true" | "false" | "null" | "undefined" | "0" | "1")) => word,
        Some(_) => return None,
        None if text.contains('$') => return None,
        None => text,
    };
    let holds = !matches!(value, "" | "false" | "0" | "null" | "undefined");
    Some(holds != condition.negated)
}

/// Whether the step is a loop that its condition never ends.
fn never_passes(step: &Step) -> bool {
    match step.block.as_ref().and_then(|block| block.kind.as_ref()) {
        Some(Kind::WhileLoop(block)) => block.condition.as_ref().and_then(constant) == Some(true),
        _ => false,
    }
}

/// Whether the test goes on when the step ends ERROR.
fn goes_on(context: &Context<'_>, step: &Step) -> bool {
    let flags = step.flags.unwrap_or_default();
    let always = context
        .test
        .config
        .as_ref()
        .is_some_and(|config| config.continue_on_error);
    flags.optional || flags.continue_on_failure || flags.ignore_outcome || flags.skip || always
}

fn cannot_fail(step: &Step) -> bool {
    let action = step
        .command
        .as_ref()
        .and_then(|command| command.action.as_ref());
    let sets = matches!(action, Some(Action::SetVariable(set)) if !set.value.contains('$'));
    sets || step.block.is_none() && super::empty_checkpoint::does_nothing(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::{hits, messages, steps};

    #[test]
    fn branches_that_are_never_taken_are_found() {
        let file = steps(
            "  - if: \"0\"\n    then: [refresh]\n  - if: {visible: A}\n    then: [refresh]\n    elif:\n      - if: {visible: A}\n        then: [refresh]\n      - if: \"yes\"\n        then: [refresh]\n    else:\n      - back\n",
        );
        let found = hits(&RULE, &file);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("4:9"), "{found:?}");
        assert_eq!(found[2], "14:9 back");
    }

    #[test]
    fn what_follows_an_endless_loop_is_found() {
        let endless = "  - while: \"true\"\n    steps: [refresh]\n  - click: A\n  - click: B\n";
        assert_eq!(hits(&RULE, &steps(endless)), ["6:5 click"]);
        let optional = endless.replace("[refresh]\n", "[refresh]\n    optional: true\n");
        assert_eq!(hits(&RULE, &steps(&optional)), [""; 0]);
        let never = "  - while: ${false}\n    steps: [refresh]\n";
        assert_eq!(hits(&RULE, &steps(never)).len(), 1);
    }

    #[test]
    fn a_catch_of_nothing_and_a_loop_over_nothing_are_found() {
        let file = steps(
            "  - try: [{comment: a}]\n    catch: [refresh]\n  - for_each: a\n    in: \"[]\"\n    steps: [refresh]\n",
        );
        let found = messages(&RULE, &file);
        assert!(found[0].starts_with("nothing in"), "{found:?}");
        assert!(found[1].starts_with("the list is empty"), "{found:?}");
        let file = steps(
            "  - try: [click: a]\n    catch: [refresh]\n  - if: $a\n    then: [refresh]\n    else: [back]\n",
        );
        assert_eq!(hits(&RULE, &file), [""; 0]);
    }
}
