//! Executes blocks of steps: which of their steps, how often, and what that comes to.

use std::collections::BTreeMap;

use etude::blocks::DEFAULT_MAX;
use etude::v1::{
    self, BlockPosition, BlockResult, BlockSection, Condition, ErrorReason, Failure, Outcome, Step,
    StepFlags, StepResult, block::Kind,
};
use tokio::time::{Instant, sleep_until};

use super::clock;
use super::outcome::worse;
use super::place::Place;
use super::row::RowExecution;
use super::step::{self, flags};
use crate::error::{Result, failure};
use crate::executor::Scope;

/// What the steps of a block came to.
#[derive(Debug, Default)]
struct Walk {
    /// The worst counted outcome.
    outcome: Outcome,
    /// Why it did not pass.
    failure: Option<Failure>,
    /// Whether the outcome is one of its steps', which tells it itself.
    inherited: bool,
    /// Whether the steps that follow are not executed.
    stopped: bool,
}

impl Walk {
    /// The block itself cannot be executed.
    fn error(failure: Failure) -> Self {
        Self {
            outcome: Outcome::Error,
            failure: Some(failure),
            inherited: false,
            stopped: true,
        }
    }

    /// Adds what came after.
    fn add(&mut self, later: Self) {
        let sum = worse(self.outcome, later.outcome);
        if sum != self.outcome {
            self.failure = later.failure;
            self.inherited = later.inherited;
        }
        self.outcome = sum;
        self.stopped |= later.stopped;
    }

    fn is_bad(&self) -> bool {
        matches!(self.outcome, Outcome::Fail | Outcome::Error)
    }
}

/// What a block came to, for its row.
pub(super) struct BlockEnd {
    pub(super) result: StepResult,
    pub(super) block: BlockResult,
    /// Whether an ERROR in it stops what follows.
    pub(super) stops: bool,
}

/// A block that is being executed.
struct Current<'s> {
    place: &'s Place<'s>,
    flags: StepFlags,
    result: BlockResult,
    /// The values of the block's parameters.
    parameters: BTreeMap<String, String>,
}

impl RowExecution<'_> {
    /// Executes a block's steps.
    pub(super) async fn block(
        &mut self,
        place: &Place<'_>,
        step: &Step,
        block: &v1::Block,
        scope: &mut Option<Scope>,
    ) -> Result<BlockEnd> {
        let began = (clock::now(), Instant::now());
        let mut current = Current {
            place,
            flags: flags(step),
            result: BlockResult {
                kind: block.block_kind().into(),
                ..BlockResult::default()
            },
            parameters: BTreeMap::new(),
        };
        let walk = match &block.kind {
            Some(Kind::IfElse(block)) => self.if_else(&mut current, block, scope).await?,
            Some(Kind::Repeat(block)) => self.repeat(&mut current, block, scope).await?,
            Some(Kind::WhileLoop(block)) => self.while_loop(&mut current, block, scope).await?,
            Some(Kind::ForEach(block)) => self.for_each(&mut current, block, scope).await?,
            Some(Kind::TryCatch(block)) => self.try_catch(&mut current, block, scope).await?,
            Some(Kind::UseBlock(block)) => self.use_block(&mut current, block, scope).await?,
            None => Walk::default(),
        };
        let outcome = match walk.outcome {
            Outcome::Unspecified | Outcome::Skip => Outcome::Pass,
            outcome => outcome,
        };
        current.result.inherited = walk.inherited;
        Ok(BlockEnd {
            result: StepResult {
                start_time: Some(began.0),
                duration: Some(clock::message(began.1.elapsed())),
                attempts: 1,
                used_variables: current.parameters,
                ..step::unexecuted(step, outcome, walk.failure)
            },
            block: current.result,
            stops: walk.stopped,
        })
    }

    async fn if_else(
        &mut self,
        current: &mut Current<'_>,
        block: &v1::IfBlock,
        scope: &mut Option<Scope>,
    ) -> Result<Walk> {
        for (number, branch) in (1..).zip(&block.branches) {
            let condition = branch.condition.as_ref();
            match self.holds(current, condition, scope).await {
                Ok(false) => {}
                Ok(true) => {
                    current.result.branch = number;
                    let then = position(BlockSection::Then, number, 0);
                    return self.steps(current, then, &branch.steps, scope).await;
                }
                Err(walk) => return Ok(walk),
            }
        }
        let other = position(BlockSection::Else, 0, 0);
        self.steps(current, other, &block.else_steps, scope).await
    }

    async fn repeat(
        &mut self,
        current: &mut Current<'_>,
        block: &v1::RepeatBlock,
        scope: &mut Option<Scope>,
    ) -> Result<Walk> {
        let mut walk = Walk::default();
        for _ in 0..block.count {
            walk.add(self.iteration(current, &block.steps, scope).await?);
            if walk.stopped {
                break;
            }
        }
        Ok(walk)
    }

    async fn while_loop(
        &mut self,
        current: &mut Current<'_>,
        block: &v1::WhileBlock,
        scope: &mut Option<Scope>,
    ) -> Result<Walk> {
        let most = if block.max == 0 {
            DEFAULT_MAX
        } else {
            block.max
        };
        let mut walk = Walk::default();
        loop {
            match self.holds(current, block.condition.as_ref(), scope).await {
                Ok(false) => return Ok(walk),
                Ok(true) => {}
                Err(later) => {
                    walk.add(later);
                    return Ok(walk);
                }
            }
            if current.result.iterations == most {
                let message = format!("the condition still holds after {most} iterations");
                walk.add(Walk::error(failure(ErrorReason::LoopLimit, message)));
                return Ok(walk);
            }
            walk.add(self.iteration(current, &block.steps, scope).await?);
            if walk.stopped {
                return Ok(walk);
            }
        }
    }

    async fn for_each(
        &mut self,
        current: &mut Current<'_>,
        block: &v1::ForEachBlock,
        scope: &mut Option<Scope>,
    ) -> Result<Walk> {
        let Some(open) = scope.as_mut() else {
            return Ok(Walk::default());
        };
        let run = self.run;
        let items = run.executor.items(open, block, &current.flags);
        let items = match self.unless_stopped(current, items).await {
            Ok(items) => items,
            Err(walk) => return Ok(walk),
        };
        let mut walk = Walk::default();
        for index in 0..items.values.len() {
            if let Some(open) = scope.as_mut() {
                run.executor.set_item(open, &block.variable, &items, index);
            }
            walk.add(self.iteration(current, &block.steps, scope).await?);
            if walk.stopped {
                break;
            }
        }
        Ok(walk)
    }

    async fn try_catch(
        &mut self,
        current: &mut Current<'_>,
        block: &v1::TryBlock,
        scope: &mut Option<Scope>,
    ) -> Result<Walk> {
        let catches = !block.catch_steps.is_empty();
        self.catching += u32::from(catches);
        let tried = position(BlockSection::Try, 0, 0);
        let tried = self.steps(current, tried, &block.steps, scope).await;
        self.catching -= u32::from(catches);
        let mut walk = tried?;
        let goes_on = self.blocks(current.place.part).is_none();
        if walk.is_bad() && catches && goes_on {
            current.result.caught = true;
            let catch = position(BlockSection::Catch, 0, 0);
            walk = self
                .steps(current, catch, &block.catch_steps, scope)
                .await?;
        }
        if self.blocks(current.place.part).is_none() {
            let last = position(BlockSection::Finally, 0, 0);
            walk.add(
                self.steps(current, last, &block.finally_steps, scope)
                    .await?,
            );
        }
        Ok(walk)
    }

    async fn use_block(
        &mut self,
        current: &mut Current<'_>,
        block: &v1::UseBlock,
        scope: &mut Option<Scope>,
    ) -> Result<Walk> {
        let run = self.run;
        let definition = run.definition(&block.block);
        let (Some(definition), Some(open)) = (definition, scope.as_mut()) else {
            let message = format!("no block is called \"{}\"", block.block);
            return Ok(Walk::error(failure(ErrorReason::UnknownBlock, message)));
        };
        let mut before = Vec::new();
        let flags = &current.flags;
        let entering = run
            .executor
            .enter(open, definition, block, flags, &mut before);
        let walk = match self.unless_stopped(current, entering).await {
            Ok(parameters) => {
                current.parameters = parameters;
                let used = position(BlockSection::Used, 0, 0);
                self.steps(current, used, &definition.steps, scope).await?
            }
            Err(walk) => walk,
        };
        if let Some(open) = scope.as_mut() {
            run.executor.leave(open, before);
        }
        Ok(walk)
    }

    async fn iteration(
        &mut self,
        current: &mut Current<'_>,
        steps: &[Step],
        scope: &mut Option<Scope>,
    ) -> Result<Walk> {
        if let Some(walk) = self.over(current) {
            return Ok(walk);
        }
        current.result.iterations += 1;
        let position = position(BlockSection::Loop, 0, current.result.iterations);
        self.steps(current, position, steps, scope).await
    }

    /// Executes steps of a block in order.
    async fn steps(
        &mut self,
        current: &Current<'_>,
        position: BlockPosition,
        steps: &[Step],
        scope: &mut Option<Scope>,
    ) -> Result<Walk> {
        let mut walk = Walk::default();
        let tried = position.section() == BlockSection::Try;
        for (number, step) in (1..).zip(steps) {
            let place = current.place.inside(BlockPosition {
                step: number,
                ..position
            });
            let end = Box::pin(self.step_at(&place, step, scope)).await?;
            walk.add(Walk {
                outcome: end.counted,
                failure: end.failure,
                inherited: true,
                stopped: end.stops,
            });
            let given_up = self.blocks(place.part).is_some() || self.is_given_up();
            walk.stopped |= given_up || tried && walk.is_bad();
            if walk.stopped {
                break;
            }
        }
        Ok(walk)
    }

    // === Conditions ===

    /// Whether a condition holds. `Err`: the block ends.
    async fn holds(
        &mut self,
        current: &Current<'_>,
        condition: Option<&Condition>,
        scope: &mut Option<Scope>,
    ) -> std::result::Result<bool, Walk> {
        let (Some(condition), Some(open)) = (condition, scope.as_mut()) else {
            return Err(Walk::default());
        };
        let run = self.run;
        let holds = run.executor.holds(open, condition, &current.flags);
        let holds = self.unless_stopped(current, holds).await;
        self.note_crash(open);
        holds
    }

    /// What the work comes to, unless the row's time is up or the run is interrupted before.
    async fn unless_stopped<T>(
        &mut self,
        current: &Current<'_>,
        work: impl Future<Output = std::result::Result<T, Failure>>,
    ) -> std::result::Result<T, Walk> {
        if let Some(walk) = self.over(current) {
            return Err(walk);
        }
        let run = self.run;
        tokio::select! {
            biased;
            () = run.interrupt.thrown() => {}
            () = sleep_until(self.deadline) => {}
            done = work => return done.map_err(Walk::error),
        }
        Err(self.over(current).unwrap_or_default())
    }

    /// What the block comes to when the row's time is up or the run is interrupted.
    fn over(&mut self, current: &Current<'_>) -> Option<Walk> {
        self.note_interrupt();
        if !self.interrupted && Instant::now() >= self.deadline {
            self.time_is_up(current.place.part);
            return Some(Walk::error(self.out_of_time()));
        }
        let stop = self.blocks(current.place.part)?;
        Some(Walk {
            outcome: Outcome::NotReached,
            failure: Some(stop.failure.clone()),
            inherited: false,
            stopped: true,
        })
    }
}

fn position(section: BlockSection, branch: u32, iteration: u32) -> BlockPosition {
    BlockPosition {
        section: section.into(),
        branch,
        iteration,
        step: 0,
    }
}
