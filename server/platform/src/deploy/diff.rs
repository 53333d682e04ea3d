//! What has to be done to the steps of a checkpoint so that they are those of a test.

use super::desired::Wanted;
use crate::codec;
use crate::model::{ParsedStep, Step};

/// Above so many pairs of steps, those behind the common beginning are compared place by place.
const PAIRS: usize = 1_000_000;

/// One thing to do, in the order of the steps. Indices are those of the stored and the wanted steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edit {
    /// It is there.
    Keep { stored: usize, wanted: usize },
    /// Its value, meta or flags differ.
    Update { stored: usize, wanted: usize },
    /// Another step stands in its place.
    Exchange { stored: usize, wanted: usize },
    /// It is not there.
    Insert { wanted: usize },
    /// Nothing asks for it.
    Delete { stored: usize },
}

/// What has to be done, as little as possible: a longest common subsequence stays.
pub(crate) fn script(stored: &[Step], wanted: &[Wanted]) -> Vec<Edit> {
    let there: Vec<Stored<'_>> = stored.iter().map(Stored::of).collect();
    let same = |s: usize, w: usize| there[s].is(&wanted[w].wire);
    let most = stored.len().min(wanted.len());
    let begin = (0..most).take_while(|at| same(*at, *at)).count();
    let from_end = |back: usize| same(stored.len() - 1 - back, wanted.len() - 1 - back);
    let end = (0..most - begin).take_while(|back| from_end(*back)).count();
    let keep = |s: usize, w: usize| Edit::Keep {
        stored: s,
        wanted: w,
    };
    let mut edits: Vec<Edit> = (0..begin).map(|at| keep(at, at)).collect();
    let (last_s, last_w) = (stored.len() - end, wanted.len() - end);
    let (mut s, mut w) = (begin, begin);
    for (next_s, next_w) in common(begin..last_s, begin..last_w, &same) {
        gap(&mut edits, s..next_s, w..next_w, &there, wanted);
        edits.push(keep(next_s, next_w));
        (s, w) = (next_s + 1, next_w + 1);
    }
    gap(&mut edits, s..last_s, w..last_w, &there, wanted);
    edits.extend((0..end).map(|at| keep(last_s + at, last_w + at)));
    edits
}

/// Whether nothing has to be done.
pub(crate) fn is_same(stored: &[Step], wanted: &[Wanted]) -> bool {
    let pairs = || stored.iter().zip(wanted);
    stored.len() == wanted.len() && pairs().all(|(s, w)| Stored::of(s).is(&w.wire))
}

/// A stored step, and what we would send for it.
struct Stored<'s> {
    step: &'s Step,
    ours: Option<ParsedStep>,
}

impl<'s> Stored<'s> {
    fn of(step: &'s Step) -> Self {
        let ours = codec::decode_stored(step).encode().ok();
        Self { step, ours }
    }

    /// Whether it is what the test asks for. What the platform has added to it, as a run does to
    /// its target, makes no difference, and neither does another spelling of the same command.
    fn is(&self, wanted: &ParsedStep) -> bool {
        if self.step.action != wanted.action {
            return false;
        }
        let ours = self.ours.as_ref();
        ours == Some(wanted)
            || (codec::is_stored_as(wanted, self.step)
                && ours.is_none_or(|ours| says_as_much(ours, wanted)))
    }
}

/// Whether the meta of both is the same, but for what is null.
fn says_as_much(ours: &ParsedStep, wanted: &ParsedStep) -> bool {
    let within = |a: &ParsedStep, b: &ParsedStep| {
        let mut all = a.meta.iter();
        all.all(|(key, value)| value.is_null() || b.meta.get(key) == Some(value))
    };
    within(ours, wanted) && within(wanted, ours)
}

/// The pairs of a longest common subsequence, in order.
fn common(
    stored: std::ops::Range<usize>,
    wanted: std::ops::Range<usize>,
    same: &impl Fn(usize, usize) -> bool,
) -> Vec<(usize, usize)> {
    let (n, m) = (stored.len(), wanted.len());
    if n.saturating_mul(m) > PAIRS {
        let pairs = stored.zip(wanted);
        return pairs.filter(|(s, w)| same(*s, *w)).collect();
    }
    // longest[i][j]: of what stands from i and j on.
    let mut longest = vec![vec![0_u32; m + 1]; n + 1];
    let mut equal = vec![vec![false; m]; n];
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            equal[i][j] = same(stored.start + i, wanted.start + j);
            longest[i][j] = match equal[i][j] {
                true => longest[i + 1][j + 1] + 1,
                false => longest[i + 1][j].max(longest[i][j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::new();
    while i < n && j < m {
        if equal[i][j] {
            pairs.push((stored.start + i, wanted.start + j));
            (i, j) = (i + 1, j + 1);
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// What has to be done between two steps that stay: what does the same to the same element is
/// changed, and of the rest as much as can be stands in the place of something.
fn gap(
    edits: &mut Vec<Edit>,
    stored: std::ops::Range<usize>,
    wanted: std::ops::Range<usize>,
    there: &[Stored<'_>],
    steps: &[Wanted],
) {
    let kindred = |s: usize, w: usize| codec::acts_as(there[s].step, &steps[w].wire);
    let (mut s, mut w) = (stored.start, wanted.start);
    for (next_s, next_w) in common(stored.clone(), wanted.clone(), &kindred) {
        rest(edits, s..next_s, w..next_w);
        edits.push(
            match codec::can_become(there[next_s].step, &steps[next_w].wire) {
                true => Edit::Update {
                    stored: next_s,
                    wanted: next_w,
                },
                false => Edit::Exchange {
                    stored: next_s,
                    wanted: next_w,
                },
            },
        );
        (s, w) = (next_s + 1, next_w + 1);
    }
    rest(edits, s..stored.end, w..wanted.end);
}

fn rest(
    edits: &mut Vec<Edit>,
    mut stored: std::ops::Range<usize>,
    mut wanted: std::ops::Range<usize>,
) {
    loop {
        edits.push(match (stored.next(), wanted.next()) {
            (Some(stored), Some(wanted)) => Edit::Exchange { stored, wanted },
            (Some(stored), None) => Edit::Delete { stored },
            (None, Some(wanted)) => Edit::Insert { wanted },
            (None, None) => return,
        });
    }
}

/// Deletions and insertions of the same step: `(deleted, inserted)` by their places in the script.
pub(crate) fn moves(edits: &[Edit], stored: &[Step], wanted: &[Wanted]) -> Vec<(usize, usize)> {
    let mut taken = vec![false; edits.len()];
    let mut moves = Vec::new();
    for (at, edit) in edits.iter().enumerate() {
        let Edit::Delete { stored: from } = *edit else {
            continue;
        };
        let there = Stored::of(&stored[from]);
        let to = edits
            .iter()
            .enumerate()
            .position(|(other, edit)| match *edit {
                Edit::Insert { wanted: to } => !taken[other] && there.is(&wanted[to].wire),
                _ => false,
            });
        if let Some(to) = to {
            taken[to] = true;
            moves.push((at, to));
        }
    }
    moves
}
