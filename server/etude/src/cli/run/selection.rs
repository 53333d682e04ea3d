//! Which tests are run, and in which order.

use std::collections::HashMap;

use etude::Client;
use etude::v1::{Outcome, Run, Test};
use futures::TryStreamExt as _;
use regex::{Regex, RegexBuilder};

use super::super::problem::Problem;
use super::plan::Planned;
use super::tags::{self, TagExpression};

/// The label that has the test's file.
pub(super) const FILE_LABEL: &str = "file";

/// The runs of a server that are looked through for what tests came to, the newest first.
const HISTORY: usize = 2000;

/// Which tests are run, and in which order.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct SelectionArgs {
    /// Only tests and checkpoints with these tags: 'smoke and not (slow or flaky)'; a comma is an or
    #[arg(long, visible_alias = "tag", value_name = "EXPRESSION", value_parser = tags::parse)]
    tags: Vec<TagExpression>,

    /// Only tests whose name this regular expression finds something in, in any case
    #[arg(long, value_name = "REGEX", value_parser = pattern)]
    grep: Option<Regex>,

    /// Only one part of the tests, such as 2/5: every test is in exactly one of the five
    #[arg(long, value_name = "PART/PARTS", value_parser = shard)]
    shard: Option<Shard>,

    /// First the tests that did not pass the last time, then new ones; needs --server or --data-dir
    #[arg(long)]
    pub(super) failed_first: bool,
}

/// One part of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shard {
    /// From 1.
    part: usize,
    parts: usize,
}

impl SelectionArgs {
    /// Keeps the tests and checkpoints that are wanted; `Err` when there are none. Those of a shard
    /// may be none: other shards have them.
    pub(super) fn select(&self, mut tests: Vec<Planned>) -> Result<Vec<Planned>, Problem> {
        let all = tests.len();
        tests.retain_mut(|planned| self.takes(&mut planned.test));
        if tests.is_empty() {
            return Err(Problem::bad_input(format!(
                "none of the {all} tests has the asked tag or name"
            )));
        }
        match self.shard {
            Some(shard) => Ok(shard.of(tests, |planned| &planned.file)),
            None => Ok(tests),
        }
    }

    /// Whether a test is wanted; checkpoints that are not are taken out of it.
    fn takes(&self, test: &mut Test) -> bool {
        let named = self.grep.as_ref();
        if !named.is_none_or(|pattern| pattern.is_match(&test.name)) {
            return false;
        }
        let Test {
            tags, checkpoints, ..
        } = test;
        checkpoints.retain(|checkpoint| self.takes_tags(&[&**tags, &checkpoint.tags].concat()));
        !checkpoints.is_empty()
    }

    fn takes_tags(&self, tags: &[String]) -> bool {
        self.tags.is_empty() || self.tags.iter().any(|wanted| wanted.takes(tags))
    }
}

impl Shard {
    /// The items of this part, in their order. The items are dealt out in the order of their
    /// names, so that it does not matter in which order they are given.
    fn of<T>(self, items: Vec<T>, name: impl Fn(&T) -> &str) -> Vec<T> {
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by(|a, b| name(&items[*a]).cmp(name(&items[*b])));
        let mut taken = vec![false; items.len()];
        let own = order.iter().skip(self.part - 1).step_by(self.parts);
        own.for_each(|index| taken[*index] = true);
        let kept = items.into_iter().zip(taken);
        kept.filter_map(|(item, taken)| taken.then_some(item))
            .collect()
    }
}

/// Puts the tests that did not pass the last time first, then those that have never been run.
pub(super) async fn failed_first(
    client: &Client,
    mut tests: Vec<Planned>,
) -> Result<Vec<Planned>, Problem> {
    let mut last: HashMap<(String, String), Outcome> = HashMap::new();
    let mut runs = std::pin::pin!(client.runs("state = \"FINISHED\""));
    for _ in 0..HISTORY {
        let Some(run) = runs.try_next().await? else {
            break;
        };
        last.entry(key(&run)).or_insert(run.outcome());
    }
    tests.sort_by_key(|planned| {
        let key = (planned.file.clone(), planned.test.name.clone());
        match last.get(&key) {
            Some(Outcome::Pass | Outcome::Skip) => 2,
            None => 1,
            Some(_) => 0,
        }
    });
    Ok(tests)
}

fn key(run: &Run) -> (String, String) {
    let file = run.labels.get(FILE_LABEL).cloned().unwrap_or_default();
    (file, run.test_name.clone())
}

fn pattern(text: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(text).case_insensitive(true).build();
    built.map_err(|error| error.to_string())
}

fn shard(text: &str) -> Result<Shard, String> {
    let wrong = || "write PART/PARTS, such as 2/5, with a part from 1 to the number of parts";
    let (part, parts) = text.split_once('/').ok_or_else(wrong)?;
    let number = |text: &str| text.trim().parse::<usize>().ok();
    match (number(part), number(parts)) {
        (Some(part), Some(parts)) if (1..=parts).contains(&part) => Ok(Shard { part, parts }),
        _ => Err(wrong().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_shard_is_a_part_of_parts() {
        assert_eq!(shard("2/5"), Ok(Shard { part: 2, parts: 5 }));
        for wrong in ["", "2", "0/5", "6/5", "1/0", "-1/5", "a/b", "1/2/3"] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_pattern_is_a_regular_expression_in_any_case() {
        assert!(pattern("^log.*in$").unwrap().is_match("Log IN"));
        assert!(pattern("(").is_err());
    }

    proptest! {
        #[test]
        fn every_test_is_in_exactly_one_shard(
            names in proptest::collection::hash_set("[a-z/]{1,6}", 0..40),
            parts in 1usize..12,
            turn in any::<prop::sample::Index>(),
        ) {
            let names: Vec<String> = names.into_iter().collect();
            let mut turned = names.clone();
            if !turned.is_empty() {
                let by = turn.index(turned.len());
                turned.rotate_left(by);
            }
            let mut seen = Vec::new();
            let mut sizes = Vec::new();
            for part in 1..=parts {
                let shard = Shard { part, parts };
                let own = shard.of(names.clone(), String::as_str);
                let mut other = shard.of(turned.clone(), String::as_str);
                sizes.push(own.len());
                let kept: Vec<_> = names.iter().filter(|name| own.contains(name)).cloned().collect();
                prop_assert_eq!(&own, &kept, "the order stays");
                let mut sorted = own.clone();
                sorted.sort();
                other.sort();
                prop_assert_eq!(sorted, other, "the order of the arguments does not matter");
                seen.extend(own);
            }
            seen.sort();
            let mut all = names;
            all.sort();
            prop_assert_eq!(seen, all);
            let (least, most) = (sizes.iter().min(), sizes.iter().max());
            prop_assert!(most.unwrap_or(&0) - least.unwrap_or(&0) <= 1, "{:?}", sizes);
        }
    }
}
