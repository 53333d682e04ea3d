//! What checkpoints are called.
//!
//! On the platform titles are unique in a goal, and in a test nothing is. So a part of a test has a
//! title of its own, and where that belongs to another journey's checkpoint with other steps, a
//! qualified one:
//!
//! | of the test | its title |
//! |---|---|
//! | the starting URL | [`FIRST`] with a new goal, else `Open ` and the address |
//! | setup, teardown | `Setup`, `Teardown` |
//! | a checkpoint | its name |
//! | the second of the same name | its name and ` #2` |
//! | a checkpoint without a name | the journey's title |
//! | qualified | the title and the journey's in parentheses: `Cart (Log in)` |
//!
//! [`names`] undoes it: a qualified title is read as the plain one. So what was pulled and deployed is
//! pulled as the same, whatever else is in the goal.

use std::collections::{HashMap, HashSet};

use etude::v1::TestPart;

/// Title of the steps before the checkpoints.
pub(crate) const SETUP: &str = "Setup";

/// Title of the steps after the checkpoints.
pub(crate) const TEARDOWN: &str = "Teardown";

/// What the platform calls the checkpoint that it makes with a goal.
pub(crate) const FIRST: &str = "Navigate to URL";

/// Most characters of an address in a title.
const ADDRESS: usize = 200;

/// The title of the checkpoint that opens an address.
pub(crate) fn opening(address: &str) -> String {
    let shown: String = address.chars().take(ADDRESS).collect();
    format!("Open {shown}")
}

/// The titles of a test's parts behind the starting URL, given as their names, in order.
pub(crate) fn titles<'n>(
    journey: &str,
    parts: impl IntoIterator<Item = (TestPart, &'n str)>,
) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::new();
    let mut title = |(part, name): (TestPart, &str)| {
        let base = match part {
            TestPart::Setup => SETUP,
            TestPart::Teardown => TEARDOWN,
            _ if name.is_empty() => journey,
            _ => name,
        };
        let mut title = base.to_owned();
        let mut number = 1;
        while !taken.insert(title.clone()) {
            number += 1;
            title = format!("{base} #{number}");
        }
        title
    };
    parts.into_iter().map(&mut title).collect()
}

/// The title in a goal where another journey has the plain one.
pub(crate) fn qualified(title: &str, journey: &str) -> String {
    format!("{title} ({journey})")
}

/// What the checkpoints with these titles, behind the one that opens the address, are in a test.
pub(crate) fn names(journey: &str, titles: &[String]) -> Vec<(TestPart, String)> {
    let plain: Vec<String> = titles
        .iter()
        .map(|title| {
            let inner = title.strip_suffix(&format!(" ({journey})"));
            match inner.filter(|inner| !inner.is_empty() && !titles.iter().any(|t| t == inner)) {
                Some(inner) => inner.to_owned(),
                None => title.clone(),
            }
        })
        .collect();
    let last = plain.len().saturating_sub(1);
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut names: Vec<(TestPart, String)> = Vec::new();
    for (index, title) in plain.into_iter().enumerate() {
        let base = without_number(&title, &seen);
        *seen.entry(base.clone()).or_default() += 1;
        names.push(match base.as_str() {
            SETUP if index == 0 && last > 0 => (TestPart::Setup, base),
            TEARDOWN if index == last && has_checkpoint(&names) => (TestPart::Teardown, base),
            _ if base == journey => (TestPart::Checkpoint, String::new()),
            _ => (TestPart::Checkpoint, base),
        });
    }
    names
}

fn has_checkpoint(names: &[(TestPart, String)]) -> bool {
    names.iter().any(|(part, _)| *part == TestPart::Checkpoint)
}

/// The name that a title is made of, if as many of that name came before.
fn without_number(title: &str, seen: &HashMap<String, usize>) -> String {
    let parts = title.rsplit_once(" #");
    let number = |text: &str| text.parse::<usize>().ok();
    match parts.and_then(|(base, text)| Some((base, number(text)?))) {
        Some((base, number)) if number > 1 && seen.get(base) == Some(&(number - 1)) => {
            base.to_owned()
        }
        _ => title.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHECKPOINT: TestPart = TestPart::Checkpoint;

    #[test]
    fn titles_are_unique_and_names_are_read_back() {
        let parts = [
            (TestPart::Setup, ""),
            (CHECKPOINT, "Cart"),
            (CHECKPOINT, ""),
            (CHECKPOINT, "Cart"),
            (CHECKPOINT, ""),
            (TestPart::Teardown, ""),
        ];
        let titles = titles("Buy", parts);
        let expected = ["Setup", "Cart", "Buy", "Cart #2", "Buy #2", "Teardown"];
        assert_eq!(titles, expected);
        let names: Vec<_> = names("Buy", &titles);
        assert_eq!(names[3], (CHECKPOINT, "Cart".to_owned()));
        assert_eq!(names[4], (CHECKPOINT, String::new()));
        assert_eq!(names[5].0, TestPart::Teardown);
    }

    #[test]
    fn a_qualified_title_is_the_plain_name() {
        let read = names("Buy", &[qualified("Cart", "Buy"), "Pay".to_owned()]);
        assert_eq!(read[0], (CHECKPOINT, "Cart".to_owned()));
        // Not where the plain one stands beside it.
        let both = names("Buy", &["Cart".to_owned(), qualified("Cart", "Buy")]);
        assert_eq!(both[1].1, "Cart (Buy)");
        // Another journey's is a name like any other.
        let other = names("Buy", &[qualified("Cart", "Log in")]);
        assert_eq!(other[0].1, "Cart (Log in)");
    }

    proptest! {
        /// What is pulled gives, deployed, titles that are pulled as the same: the identity of pull,
        /// deploy, pull.
        #[test]
        fn names_of_titles_of_names_are_the_same(
            titles_there in prop::collection::hash_set(
                "(A|B|J|Setup|Teardown)( #[1-3])?( \\(J\\))?", 1..7
            )
        ) {
            let there: Vec<String> = titles_there.into_iter().collect();
            let first = names("J", &there);
            let parts = first.iter().map(|(part, name)| (*part, name.as_str()));
            let deployed = titles("J", parts);
            let unique: std::collections::HashSet<_> = deployed.iter().collect();
            prop_assert_eq!(unique.len(), deployed.len());
            prop_assert_eq!(names("J", &deployed), first);
        }
    }
}
