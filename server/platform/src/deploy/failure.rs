//! What is told when a deployment ends before it is done.

use etude_engine::Error;

/// What has been made so far.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// How many calls each change still takes.
    pub(crate) left: Vec<u32>,
    pub(crate) done: u32,
    pub(crate) total: u32,
    /// The path of the last change that was made.
    pub(crate) last: String,
    /// What was made and is not where it belongs yet.
    pub(crate) loose: Vec<String>,
}

/// The error of a deployment that was begun: why it ended, what is there, and how to go on.
pub(crate) fn unfinished(error: Error, made: &Made) -> Error {
    let so_far = match (made.done, made.last.as_str()) {
        (0, _) => format!("none of {} changes was made", made.total),
        (done, last) => format!(
            "{done} of {} changes were made and read back, the last of them `{last}`",
            made.total
        ),
    };
    let loose = match made.loose.as_slice() {
        [] => String::new(),
        loose => format!("; {}", loose.join(", ")),
    };
    let message = format!(
        "{}; {so_far}{loose}; deploy the same test again, and it goes on from there",
        error.message
    );
    Error { message, ..error }
        .with("changes_made", made.done)
        .with("changes_planned", made.total)
}
