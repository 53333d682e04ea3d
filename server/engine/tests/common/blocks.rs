//! Blocks of steps that [`super::backend`] understands.

use etude::v1::{self, Condition, Step, block, condition};

use super::step;

pub fn steps(hints: &[&str]) -> Vec<Step> {
    hints.iter().map(|hint| step(hint)).collect()
}

pub fn block(kind: block::Kind) -> Step {
    Step {
        block: Some(v1::Block { kind: Some(kind) }),
        ..Step::default()
    }
}

pub fn expression(text: &str) -> Option<Condition> {
    Some(Condition {
        kind: Some(condition::Kind::Expression(text.to_owned())),
        negated: false,
    })
}

pub fn branch(condition: Option<Condition>, hints: &[&str]) -> v1::Branch {
    v1::Branch {
        condition,
        steps: steps(hints),
    }
}

pub fn if_else(branches: Vec<v1::Branch>, others: &[&str]) -> Step {
    block(block::Kind::IfElse(v1::IfBlock {
        branches,
        else_steps: steps(others),
    }))
}

pub fn repeat(count: u32, steps: Vec<Step>) -> Step {
    block(block::Kind::Repeat(v1::RepeatBlock { count, steps }))
}

pub fn try_catch(tried: &[&str], catch: &[&str], last: &[&str]) -> Step {
    block(block::Kind::TryCatch(v1::TryBlock {
        steps: steps(tried),
        catch_steps: steps(catch),
        finally_steps: steps(last),
    }))
}
