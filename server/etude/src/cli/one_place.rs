//! Tests of which several would become one journey of a platform, and overwrite each other.

use super::problem::Problem;
use super::style::one_line;

/// Where a file's test goes.
#[derive(Debug)]
pub(crate) struct Destination<'t> {
    /// What messages call the file.
    pub(crate) file: &'t str,
    /// Empty: all tests go to the same one.
    pub(crate) goal: String,
    /// The title of its journey.
    pub(crate) journey: &'t str,
}

/// Refuses tests that go to the same place, naming the files of each.
pub(crate) fn refuse<'t>(
    places: impl IntoIterator<Item = Destination<'t>>,
    left: &str,
) -> Result<(), Problem> {
    let mut shared: Vec<(Destination<'t>, Vec<&'t str>)> = Vec::new();
    for place in places {
        let same = |(other, _): &&mut (Destination<'_>, Vec<_>)| {
            (&other.goal, other.journey) == (&place.goal, place.journey)
        };
        match shared.iter_mut().find(same) {
            Some((_, files)) => files.push(place.file),
            None => shared.push((place, Vec::new())),
        }
    }
    shared.retain(|(_, others)| !others.is_empty());
    if shared.is_empty() {
        return Ok(());
    }
    let message = format!(
        "tests of the same name would become one journey and overwrite each other; give each a name \
         of its own, or bring them to different goals; {left}"
    );
    let told = |problem: Problem, (first, others): (Destination<'t>, Vec<&'t str>)| {
        let files: Vec<_> = std::iter::once(first.file).chain(others).collect();
        let name = one_line(first.journey);
        problem.with_detail(format!("`{name}`: {}", one_line(&files.join(", "))))
    };
    Err(shared.into_iter().fold(Problem::bad_input(message), told))
}
