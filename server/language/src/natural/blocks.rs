//! Blocks of steps in words.

use etude::blocks::DEFAULT_MAX;
use etude::v1::{self, block, condition};

use super::{Manner, quoted, shown, template_text, text};

/// Items of a list that are shown.
const SHOWN_ITEMS: usize = 5;

/// The natural-language text of a step: of its command, or of its block without the steps in it,
/// such as `repeat 3 times`.
pub fn step(step: &v1::Step) -> String {
    match (&step.command, &step.block) {
        (Some(command), _) => text(command),
        (None, Some(block)) => self::block(block),
        (None, None) => String::new(),
    }
}

fn block(block: &v1::Block) -> String {
    use block::Kind;
    match &block.kind {
        None => String::new(),
        Some(Kind::IfElse(block)) => {
            let first = block.branches.first();
            format!("if {}", condition(first.and_then(|b| b.condition.as_ref())))
        }
        Some(Kind::Repeat(block)) if block.count == 1 => "repeat once".to_owned(),
        Some(Kind::Repeat(block)) => format!("repeat {} times", block.count),
        Some(Kind::WhileLoop(block)) => {
            let most = if block.max == 0 {
                DEFAULT_MAX
            } else {
                block.max
            };
            let condition = condition(block.condition.as_ref());
            format!("while {condition}, at most {most} times")
        }
        Some(Kind::ForEach(block)) => {
            format!(
                "for each ${} in {}",
                shown(&block.variable, Manner::Shown),
                items(block)
            )
        }
        Some(Kind::TryCatch(_)) => "try".to_owned(),
        Some(Kind::UseBlock(block)) => use_block(block),
    }
}

fn use_block(block: &v1::UseBlock) -> String {
    let name = match block.file.is_empty() {
        true => format!("use {}", quoted(&block.block, Manner::Shown)),
        false => format!("include {}", quoted(&block.file, Manner::Shown)),
    };
    let first = block.arguments.iter().take(SHOWN_ITEMS);
    let mut values: Vec<_> = first
        .map(|argument| {
            format!(
                "${} {}",
                shown(&argument.name, Manner::Shown),
                template_text(&argument.value, Manner::Shown)
            )
        })
        .collect();
    if block.arguments.len() > SHOWN_ITEMS {
        values.push(format!("… ({} values)", block.arguments.len()));
    }
    match values.is_empty() {
        true => name,
        false => format!("{name} with {}", values.join(", ")),
    }
}

/// A condition in words: that of an assertion without `assert that`.
fn condition(condition: Option<&v1::Condition>) -> String {
    let Some(condition) = condition else {
        return String::new();
    };
    let words = match &condition.kind {
        Some(condition::Kind::Command(command)) => assertion(&text(command)),
        Some(condition::Kind::Expression(text)) => template_text(text, Manner::Shown),
        None => String::new(),
    };
    match condition.negated {
        true => format!("not {words}"),
        false => words,
    }
}

fn assertion(text: &str) -> String {
    if let Some(target) = text
        .strip_prefix("look for ")
        .and_then(|rest| rest.strip_suffix(" on page"))
    {
        return format!("{target} exists on page");
    }
    let known = ["assert that ", "assert "];
    let rest = known.iter().find_map(|prefix| text.strip_prefix(prefix));
    rest.unwrap_or(text).to_owned()
}

fn items(block: &v1::ForEachBlock) -> String {
    if !block.list.is_empty() {
        return template_text(&block.list, Manner::Shown);
    }
    if !block.file.is_empty() {
        return quoted(&block.file, Manner::Shown);
    }
    let first = block.items.iter().take(SHOWN_ITEMS);
    let mut items: Vec<_> = first.map(|item| quoted(item, Manner::Shown)).collect();
    if block.items.len() > SHOWN_ITEMS {
        items.push(format!("… ({} items)", block.items.len()));
    }
    items.join(", ")
}

#[cfg(test)]
mod tests {
    use crate::parse;

    #[test]
    fn every_block_is_said_in_words() {
        for (written, said) in [
            (
                "if: {visible: Banner}\n    then: [refresh]",
                "if \"Banner\" is visible",
            ),
            (
                "if: {exists: Banner}\n    then: [refresh]",
                "if \"Banner\" exists on page",
            ),
            (
                "if: {not: {title: Shop}}\n    then: [refresh]",
                "if not title is \"Shop\"",
            ),
            ("if: $a\n    then: [refresh]", "if $a"),
            (
                "if: {variable: a, is: greater_than, value: 5}\n    then: [refresh]",
                "if $a is greater than \"5\"",
            ),
            ("repeat: 3\n    steps: [refresh]", "repeat 3 times"),
            ("repeat: 1\n    steps: [refresh]", "repeat once"),
            (
                "while: \"${ more }\"\n    steps: [refresh]",
                "while ${ more }, at most 100 times",
            ),
            (
                "for_each: x\n    in: [a, b]\n    steps: [refresh]",
                "for each $x in \"a\", \"b\"",
            ),
            (
                "for_each: x\n    in: $a\n    steps: [refresh]",
                "for each $x in $a",
            ),
            ("try: [refresh]\n    catch: [refresh]", "try"),
            ("use: d", "use \"d\""),
            (
                "use: {block: e, with: {x: 1, y: $a}}",
                "use \"e\" with $x \"1\", $y $a",
            ),
        ] {
            let define = "define: {d: [refresh], e: {params: [x, y], steps: [refresh]}}";
            let file = format!("name: t\n{define}\nvariables: {{a: b}}\nsteps:\n  - {written}\n");
            let parsed = parse("t", file.as_bytes());
            let test = parsed
                .test
                .unwrap_or_else(|| panic!("{:#?}", parsed.diagnostics));
            assert_eq!(super::step(&test.checkpoints[0].steps[0]), said);
        }
    }
}
