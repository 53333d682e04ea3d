//! Checkpoints that check nothing.

use etude::v1::LintLevel;
use etude::v1::block::Kind;

use super::{Check, Example, Rule};
use crate::diagnose::shown;
use crate::lint::context::Context;
use crate::lint::finding::Found;

pub(super) static RULE: Rule = Rule {
    name: "checkpoint-without-assertion",
    level: LintLevel::Note,
    summary: "a checkpoint of a test that checks something checks nothing itself",
    why: "A report says of every checkpoint that it passed. Of one without an assertion that says \
          only that its steps could be executed.",
    instead: "Assert what the checkpoint is there to reach, or join it with the next one.",
    needs_whole: true,
    bad: Example::File(
        "name: Example\nstarting_url: /\ncheckpoints:\n  - name: Fill the cart\n    steps:\n      - click: Add to cart\n  - name: Pay\n    steps:\n      - click: Pay\n      - see: Thank you\n",
    ),
    good: Example::File(
        "name: Example\nstarting_url: /\ncheckpoints:\n  - name: Fill the cart\n    steps:\n      - click: Add to cart\n      - assert_equals: {element: Cart count, value: 1}\n  - name: Pay\n    steps:\n      - click: Pay\n      - see: Thank you\n",
    ),
    check: Check::Test(check),
};

fn check(context: &Context<'_>, found: &mut Found) {
    let mut checked = vec![false; context.test.checkpoints.len()];
    let checks = context.commands.iter().filter(|said| said.is_check());
    for index in checks.filter_map(|said| said.checkpoint) {
        checked[index] = true;
    }
    // Of a test that checks nothing at all, and of an empty checkpoint, other rules tell.
    if !checked.contains(&true) {
        return;
    }
    for (index, checkpoint) in context.test.checkpoints.iter().enumerate() {
        let is_checked = checked[index] || may_check(context, index);
        if is_checked || super::empty_checkpoint::is_empty(&checkpoint.steps) {
            continue;
        }
        let path = format!("checkpoints[{index}]");
        let message = format!(
            "the checkpoint \"{}\" checks nothing",
            shown(&checkpoint.name)
        );
        let advice = "assert what it is there to reach, or join it with the next one";
        found.add(context.span(&format!("{path}.name")), message, advice);
    }
}

/// Whether a checkpoint uses a block, in a test whose blocks check something.
fn may_check(context: &Context<'_>, index: usize) -> bool {
    let is_defined = |path: &str| path.starts_with("definitions[");
    let mut checks = context.commands.iter().filter(|said| said.is_check());
    if !checks.any(|said| is_defined(&said.path)) {
        return false;
    }
    let path = format!("checkpoints[{index}].");
    let lists = context
        .lists
        .iter()
        .filter(|list| list.path.starts_with(&path));
    let mut blocks = lists
        .flat_map(|list| list.steps)
        .filter_map(|step| step.block.as_ref());
    blocks.any(|block| matches!(block.kind, Some(Kind::UseBlock(_))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::testing::hits;

    #[test]
    fn only_checkpoints_among_others_are_found() {
        let file = RULE.bad.file();
        assert_eq!(hits(&RULE, &file), ["4:11 Fill the cart"]);
        let nothing = file.replace("      - see: Thank you\n", "");
        assert_eq!(hits(&RULE, &nothing), [""; 0]);
        let used = file.replace("      - click: Add to cart\n", "      - use: add\n");
        for (step, expected) in [
            ("see: Added", vec![]),
            ("click: Add", vec!["6:11 Fill the cart"]),
        ] {
            let define = format!("define:\n  add: [{{{step}}}]\ncheckpoints:");
            let used = used.replace("checkpoints:", &define);
            assert_eq!(hits(&RULE, &used), expected, "{used}");
        }
    }
}
