//! Which checkpoint of the platform a part of a test is.

use super::desired::{Desired, Part};
use super::diff;
use super::observed::{Observed, opens};
use super::{Deployment, titles};
use crate::model::{Checkpoint, Journey};

/// The checkpoint of a part.
#[derive(Debug, Clone)]
pub(crate) enum Case {
    /// It is in the journey.
    There(Checkpoint),
    /// It is in the goal, and has to be put into the journey.
    Attach(Checkpoint),
    /// It has to be made.
    Create,
    /// The platform makes it with the goal.
    WithGoal,
}

/// A part and its checkpoint.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) title: String,
    pub(crate) case: Case,
    /// How many other journeys change with this one.
    pub(crate) shared_with: u32,
}

impl Placed {
    /// The checkpoint, if it is there.
    pub(crate) fn checkpoint(&self) -> Option<&Checkpoint> {
        match &self.case {
            Case::There(checkpoint) | Case::Attach(checkpoint) => Some(checkpoint),
            Case::Create | Case::WithGoal => None,
        }
    }
}

/// Chooses checkpoints.
pub(crate) struct Choosing<'a> {
    deployment: &'a Deployment,
    observed: &'a Observed,
    /// The journey, unless it is made anew.
    journey: Option<&'a Journey>,
    title: String,
    /// The checkpoints of a journey that is replaced, which are free then.
    freed: Vec<Checkpoint>,
    /// Titles that are taken by parts before.
    taken: Vec<String>,
    /// Why the journey cannot be changed into what is wanted.
    pub(crate) conflicts: Vec<String>,
}

impl<'a> Choosing<'a> {
    /// With the journey as it is, or made anew.
    pub(crate) fn new(
        deployment: &'a Deployment,
        desired: &Desired,
        observed: &'a Observed,
        replace: bool,
    ) -> Self {
        let journey = match &observed.journey {
            Some(journey) => Some(journey),
            None => observed.untouched(desired),
        };
        let freed = match replace {
            true => journey
                .and_then(|one| one.cases.clone())
                .unwrap_or_default(),
            false => Vec::new(),
        };
        Self {
            deployment,
            observed,
            journey: journey.filter(|_| !replace),
            title: observed.title(desired),
            freed,
            taken: Vec::new(),
            conflicts: Vec::new(),
        }
    }

    /// The checkpoints of all parts.
    pub(crate) fn all(&mut self, desired: &Desired) -> Vec<Placed> {
        let named = desired.parts.iter().filter(|part| !part.opens);
        let named = named.map(|part| (part.part, part.name.as_str()));
        let mut titles = titles::titles(&self.title, named).into_iter();
        let mut placed = Vec::with_capacity(desired.parts.len());
        for part in &desired.parts {
            let one = match part.opens {
                true => self.opening(part),
                false => self.named(part, titles.next().unwrap_or_default()),
            };
            self.taken.push(one.title.clone());
            placed.push(one);
        }
        self.check_order(&placed);
        placed
    }

    fn cases(&self) -> &'a [Checkpoint] {
        let cases = self.journey.and_then(|journey| journey.cases.as_deref());
        cases.unwrap_or_default()
    }

    /// The checkpoint that opens the address.
    fn opening(&mut self, part: &Part) -> Placed {
        if self.observed.goal.is_none() {
            return Placed {
                title: titles::FIRST.to_owned(),
                case: Case::WithGoal,
                shared_with: 0,
            };
        }
        if let Some(first) = self.cases().first().filter(|case| opens(case)) {
            return self.there(part, first);
        }
        let of_goal = self
            .observed
            .first
            .as_ref()
            .and_then(|one| one.cases.as_deref());
        let known = of_goal.into_iter().flatten().take(1).chain(&self.freed);
        let same = |case: &&Checkpoint| opens(case) && diff::is_same(&case.steps, &part.steps);
        match known.into_iter().find(same) {
            Some(case) => attach(case),
            None => self.elsewhere(part, titles::opening(&part.address())),
        }
    }

    fn named(&mut self, part: &Part, title: String) -> Placed {
        let qualified = titles::qualified(&title, &self.title);
        let free = |case: &&Checkpoint| !self.taken.contains(&case.title);
        let mine = |title: &str| {
            let mut cases = self.cases().iter().filter(free);
            cases.find(|case| case.title == title)
        };
        match mine(&title).or_else(|| mine(&qualified)) {
            Some(case) => self.there(part, case),
            None => self.elsewhere(part, title),
        }
    }

    /// A checkpoint that is in the journey.
    fn there(&mut self, part: &Part, case: &Checkpoint) -> Placed {
        let others = u32::try_from(case.shared_count - 1).unwrap_or_default();
        let differs = !diff::is_same(&case.steps, &part.steps);
        if differs && case.library_checkpoint_id.is_some() {
            self.conflicts.push(format!(
                "`{}`{} is a checkpoint of the library with other steps; edit it there",
                case.title,
                place(part)
            ));
        } else if differs && others > 0 && !self.deployment.edit_shared {
            self.conflicts.push(format!(
                "`{}`{} has other steps, and {others} other journeys share it; with edit_shared \
                 they change too",
                case.title,
                place(part)
            ));
        }
        Placed {
            title: case.title.clone(),
            case: Case::There(case.clone()),
            shared_with: if differs { others } else { 0 },
        }
    }

    /// A checkpoint of the goal that has the title, or one that has to be made.
    fn elsewhere(&self, part: &Part, title: String) -> Placed {
        for title in [titles::qualified(&title, &self.title), title.clone()]
            .iter()
            .rev()
        {
            if self.taken.contains(title) {
                continue;
            }
            let Some(case) = self.in_goal(title) else {
                if self.is_free(title) {
                    return Placed {
                        title: title.clone(),
                        case: Case::Create,
                        shared_with: 0,
                    };
                }
                continue;
            };
            let freed = i64::from(self.freed.iter().any(|one| one.id == case.id));
            let nobody = case.shared_count <= freed;
            if nobody || diff::is_same(&case.steps, &part.steps) {
                return attach(case);
            }
        }
        let mut number = 2;
        loop {
            let title = titles::qualified(&format!("{title} #{number}"), &self.title);
            if self.is_free(&title) && !self.taken.contains(&title) {
                return Placed {
                    title,
                    case: Case::Create,
                    shared_with: 0,
                };
            }
            number += 1;
        }
    }

    fn in_goal(&self, title: &str) -> Option<&Checkpoint> {
        let own = |case: &&Checkpoint| case.library_checkpoint_id.is_none();
        let freed = self.freed.iter().filter(own);
        let mut all = self.observed.checkpoints.iter().chain(freed);
        all.find(|case| case.title == title)
    }

    fn is_free(&self, title: &str) -> bool {
        self.observed.titles.values().all(|one| one.title != title)
    }

    /// A checkpoint can neither leave a journey nor change its place, nor stand before the first.
    fn check_order(&mut self, placed: &[Placed]) {
        let cases = self.cases();
        let place = |one: &Placed| match &one.case {
            Case::There(case) => cases.iter().position(|other| other.id == case.id),
            _ => None,
        };
        let places: Vec<Option<usize>> = placed.iter().map(place).collect();
        let there: Vec<usize> = places.iter().flatten().copied().collect();
        for (at, case) in cases.iter().enumerate() {
            // One without steps does nothing, and a test has none such.
            if !there.contains(&at) && !case.steps.is_empty() {
                self.conflicts.push(format!(
                    "`{}` stands in the journey and not in the test, and the platform cannot take \
                     it out",
                    case.title
                ));
            }
        }
        if let Some(pair) = there.windows(2).find(|pair| pair[0] > pair[1]) {
            self.conflicts.push(format!(
                "`{}` stands behind `{}`, and the platform cannot move it",
                cases[pair[0]].title, cases[pair[1]].title
            ));
        }
        if places.first() == Some(&None) && !cases.is_empty() {
            self.conflicts.push(format!(
                "`{}` has to be the first checkpoint, and the platform puts none before `{}`",
                placed[0].title, cases[0].title
            ));
        }
    }
}

/// Where a part stands in its file, in parentheses, as far as that is known.
fn place(part: &Part) -> String {
    let known = part.steps.iter().find_map(|step| step.location.as_ref());
    known.map_or_else(String::new, |at| {
        format!(" ({}:{}:{})", at.file, at.line, at.column)
    })
}

fn attach(case: &Checkpoint) -> Placed {
    Placed {
        title: case.title.clone(),
        case: Case::Attach(case.clone()),
        shared_with: 0,
    }
}
