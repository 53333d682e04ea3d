//! Blocks of steps: what stands in them, whatever their kind.

use crate::v1::{
    Block, BlockKind, BlockPosition, BlockSection, Condition, Definition, Step, Test, block::Kind,
};

/// The most blocks that stand in each other.
pub const MAX_DEPTH: usize = 20;

/// How often the steps of a while are executed at most, unless it says otherwise.
pub const DEFAULT_MAX: u32 = 100;

/// One list of steps of a block.
#[derive(Debug, Clone, Copy)]
pub struct Section<'b> {
    /// Which steps.
    pub section: BlockSection,
    /// The branch of an if, from 1; 0 in other sections.
    pub branch: u32,
    /// The condition under which they are executed, of a branch and of a while.
    pub condition: Option<&'b Condition>,
    /// The steps.
    pub steps: &'b [Step],
    /// The path of the steps' field within the block, such as `if_else.branches[0].steps`.
    index: Option<usize>,
    field: &'static str,
}

impl<'b> Section<'b> {
    fn new(section: BlockSection, field: &'static str, steps: &'b [Step]) -> Self {
        Self {
            section,
            branch: 0,
            condition: None,
            steps,
            index: None,
            field,
        }
    }

    /// The path of the field that holds the steps, within the block: `if_else.branches[0].steps`.
    pub fn path(&self) -> String {
        match self.index {
            Some(index) => format!("if_else.branches[{index}].steps"),
            None => self.field.to_owned(),
        }
    }

    /// The path of the condition, within the block. `None`: it has none.
    pub fn condition_path(&self) -> Option<String> {
        self.condition?;
        let path = self.path();
        let around = path.strip_suffix(".steps")?;
        Some(format!("{around}.condition"))
    }
}

impl Block {
    /// What kind of block it is.
    pub fn block_kind(&self) -> BlockKind {
        match self.kind {
            None => BlockKind::Unspecified,
            Some(Kind::IfElse(_)) => BlockKind::If,
            Some(Kind::Repeat(_)) => BlockKind::Repeat,
            Some(Kind::WhileLoop(_)) => BlockKind::While,
            Some(Kind::ForEach(_)) => BlockKind::ForEach,
            Some(Kind::TryCatch(_)) => BlockKind::Try,
            Some(Kind::UseBlock(_)) => BlockKind::Use,
        }
    }

    /// Its lists of steps in the order of the file; those without steps are left out. A use has
    /// none: its steps are those of the [`Definition`].
    pub fn sections(&self) -> Vec<Section<'_>> {
        use BlockSection as Is;
        let mut all = match &self.kind {
            None | Some(Kind::UseBlock(_)) => Vec::new(),
            Some(Kind::IfElse(block)) => {
                let branches = block.branches.iter().enumerate();
                let branches = branches.map(|(index, branch)| Section {
                    branch: u32::try_from(index + 1).unwrap_or(u32::MAX),
                    condition: branch.condition.as_ref(),
                    index: Some(index),
                    ..Section::new(Is::Then, "", &branch.steps)
                });
                let others = Section::new(Is::Else, "if_else.else_steps", &block.else_steps);
                branches.chain([others]).collect()
            }
            Some(Kind::Repeat(block)) => {
                vec![Section::new(Is::Loop, "repeat.steps", &block.steps)]
            }
            Some(Kind::WhileLoop(block)) => vec![Section {
                condition: block.condition.as_ref(),
                ..Section::new(Is::Loop, "while_loop.steps", &block.steps)
            }],
            Some(Kind::ForEach(block)) => {
                vec![Section::new(Is::Loop, "for_each.steps", &block.steps)]
            }
            Some(Kind::TryCatch(block)) => vec![
                Section::new(Is::Try, "try_catch.steps", &block.steps),
                Section::new(Is::Catch, "try_catch.catch_steps", &block.catch_steps),
                Section::new(Is::Finally, "try_catch.finally_steps", &block.finally_steps),
            ],
        };
        all.retain(|section| !section.steps.is_empty());
        all
    }

    /// All its steps, for changing them; those of blocks in it are not among them.
    pub fn steps_mut(&mut self) -> Vec<&mut Step> {
        match &mut self.kind {
            None | Some(Kind::UseBlock(_)) => Vec::new(),
            Some(Kind::IfElse(block)) => {
                let branches = block.branches.iter_mut();
                let steps = branches.flat_map(|branch| &mut branch.steps);
                steps.chain(&mut block.else_steps).collect()
            }
            Some(Kind::Repeat(block)) => block.steps.iter_mut().collect(),
            Some(Kind::WhileLoop(block)) => block.steps.iter_mut().collect(),
            Some(Kind::ForEach(block)) => block.steps.iter_mut().collect(),
            Some(Kind::TryCatch(block)) => {
                let steps = block.steps.iter_mut().chain(&mut block.catch_steps);
                steps.chain(&mut block.finally_steps).collect()
            }
        }
    }
}

impl Step {
    /// The step that stands at a position within this one, which is a block. Itself when `within`
    /// is empty. `definitions` are those of the test.
    pub fn at<'s>(
        &'s self,
        within: &[BlockPosition],
        definitions: &'s [Definition],
    ) -> Option<&'s Self> {
        let Some((first, rest)) = within.split_first() else {
            return Some(self);
        };
        let block = self.block.as_ref()?;
        let index = (first.step as usize).checked_sub(1)?;
        let step = match (&block.kind, first.section()) {
            (Some(Kind::UseBlock(used)), BlockSection::Used) => {
                definition(definitions, &used.block)?.steps.get(index)?
            }
            _ => {
                let fits = |section: &&Section<'s>| {
                    section.section == first.section() && section.branch == first.branch
                };
                let sections = block.sections();
                let section = sections.iter().find(fits)?;
                section.steps.get(index)?
            }
        };
        step.at(rest, definitions)
    }
}

/// The definition with a name.
pub fn definition<'d>(definitions: &'d [Definition], name: &str) -> Option<&'d Definition> {
    definitions
        .iter()
        .find(|definition| definition.name == name)
}

impl Test {
    /// Does something with every step: those of setup, checkpoints, teardown and definitions, and
    /// of the blocks among them.
    pub fn visit_steps_mut(&mut self, work: &mut impl FnMut(&mut Step)) {
        let checkpoints = self.checkpoints.iter_mut().flat_map(|c| &mut c.steps);
        let definitions = self.definitions.iter_mut().flat_map(|d| &mut d.steps);
        let outer = self.setup.iter_mut().chain(checkpoints);
        for step in outer.chain(&mut self.teardown).chain(definitions) {
            visit(step, work);
        }
    }
}

fn visit(step: &mut Step, work: &mut impl FnMut(&mut Step)) {
    work(step);
    let inner = step.block.as_mut().map(Block::steps_mut);
    for step in inner.into_iter().flatten() {
        visit(step, work);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{Branch, IfBlock};

    fn named(name: &str) -> Step {
        Step {
            name: name.to_owned(),
            ..Step::default()
        }
    }

    fn block(kind: Kind) -> Step {
        Step {
            block: Some(Block { kind: Some(kind) }),
            ..Step::default()
        }
    }

    #[test]
    fn a_step_is_found_by_its_position() {
        let branch = |steps| Branch {
            condition: Some(Condition::default()),
            steps,
        };
        let inner = block(Kind::Repeat(crate::v1::RepeatBlock {
            count: 2,
            steps: vec![named("a"), named("b")],
        }));
        let outer = block(Kind::IfElse(IfBlock {
            branches: vec![branch(vec![named("c")]), branch(vec![named("d"), inner])],
            else_steps: vec![named("e")],
        }));
        let position = |section: BlockSection, branch, step| BlockPosition {
            section: section.into(),
            branch,
            iteration: 0,
            step,
        };
        let found = |within: &[BlockPosition]| outer.at(within, &[]).map(|step| step.name.as_str());
        let second = position(BlockSection::Then, 2, 2);
        assert_eq!(found(&[position(BlockSection::Then, 1, 1)]), Some("c"));
        assert_eq!(found(&[position(BlockSection::Else, 0, 1)]), Some("e"));
        let deep = position(BlockSection::Loop, 0, 2);
        assert_eq!(found(&[second, deep]), Some("b"));
        assert_eq!(found(&[deep]), None);
        assert_eq!(found(&[position(BlockSection::Then, 1, 2)]), None);
        let used = block(Kind::UseBlock(crate::v1::UseBlock {
            block: "d".to_owned(),
            ..crate::v1::UseBlock::default()
        }));
        let definitions = [Definition {
            name: "d".to_owned(),
            steps: vec![named("f")],
            ..Definition::default()
        }];
        let place = [position(BlockSection::Used, 0, 1)];
        assert_eq!(used.at(&place, &definitions).unwrap().name, "f");
        assert_eq!(used.at(&place, &[]), None);
        let sections = outer.block.as_ref().unwrap().sections();
        let paths: Vec<_> = sections.iter().map(Section::path).collect();
        let branches = ["if_else.branches[0].steps", "if_else.branches[1].steps"];
        assert_eq!(paths[..2], branches);
        let condition = sections[1].condition_path();
        assert_eq!(condition.as_deref(), Some("if_else.branches[1].condition"));
    }
}
