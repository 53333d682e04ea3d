//! Why a verb ends without doing its work, and the exit code of each ending.

use std::process::ExitCode;

use etude::v1::ErrorReason;
use tonic::Code;

use super::resources::as_commands;
use super::style::{Style, plain};

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// All is well.
    Passed = 0,
    /// A test failed, or a file is not as it should be.
    Failed = 1,
    /// The arguments or files are wrong.
    BadInput = 2,
    /// Something that was needed did not work.
    CouldNotRun = 3,
    /// The user has stopped it.
    Stopped = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An ending with something to say.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) exit: Exit,
    /// What went wrong. Empty: it has been said, or nobody listens.
    message: String,
    /// The UPPER_SNAKE reason. Empty: none.
    reason: String,
    /// Further lines.
    details: Vec<String>,
}

impl Problem {
    /// Wrong arguments or files.
    pub(crate) fn bad_input(message: impl Into<String>) -> Self {
        Self::new(Exit::BadInput, message)
    }

    /// Something that was needed did not work.
    pub(crate) fn could_not_run(message: impl Into<String>) -> Self {
        Self::new(Exit::CouldNotRun, message)
    }

    /// The user has stopped it.
    pub(crate) fn stopped(message: impl Into<String>) -> Self {
        Self::new(Exit::Stopped, message)
    }

    /// An ending that needs no words.
    pub(crate) fn silent(exit: Exit) -> Self {
        Self::new(exit, "")
    }

    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            reason: String::new(),
            details: Vec::new(),
        }
    }

    /// What went wrong.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The further lines.
    #[cfg(test)]
    pub(crate) fn details(&self) -> &[String] {
        &self.details
    }

    /// The same with the reason that `etude explain` knows.
    pub(crate) fn with_reason(mut self, reason: ErrorReason) -> Self {
        self.reason = reason.name().to_owned();
        self
    }

    /// Whether the server was not there, or was lost.
    pub(crate) fn is_unreachable(&self) -> bool {
        self.reason == ErrorReason::ServerUnreachable.name()
    }

    /// The same with a further line.
    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// The same, said of a file.
    pub(crate) fn of(mut self, file: &str) -> Self {
        if !self.message.is_empty() {
            self.message = format!("{file}: {}", self.message);
        }
        self
    }

    /// The same with the fields of a deployment as the options that set them.
    pub(crate) fn with_options(mut self) -> Self {
        for (field, option) in [
            ("replace_journey", "--replace"),
            ("edit_shared", "--edit-shared"),
        ] {
            self.message = self.message.replace(field, option);
        }
        self
    }

    /// Writes it to stderr.
    pub(crate) fn print(&self) {
        if self.message.is_empty() {
            return;
        }
        let style = Style::of_stderr();
        let mut text = format!("{} {}", style.red("error:"), plain(&self.message));
        if !self.reason.is_empty() {
            text += &format!(" [{}]", self.reason);
        }
        for detail in &self.details {
            text += &format!("\n  {}", plain(detail));
        }
        if ErrorReason::from_name(&self.reason).is_some() {
            let hint = format!("`etude explain {}` tells more", self.reason);
            text += &format!("\n  {}", style.dim(&hint));
        }
        super::output::note(&text);
    }
}

impl From<etude::Error> for Problem {
    fn from(error: etude::Error) -> Self {
        let exit = match error.code() {
            Code::InvalidArgument | Code::NotFound | Code::AlreadyExists | Code::OutOfRange => {
                Exit::BadInput
            }
            _ => Exit::CouldNotRun,
        };
        let mut problem = Self::new(exit, as_commands(error.message()));
        problem.reason = error.reason_name().unwrap_or_default().to_owned();
        problem.details = error
            .violations()
            .iter()
            .map(|violation| format!("{}: {}", violation.field, violation.description))
            .filter(|line| !says(&problem.message, line))
            .collect();
        if let Some(delay) = error.retry_after() {
            problem.details.push(format!("try again in {delay:?}"));
        }
        problem
    }
}

/// Whether a message says no more than a line of `field: description` does.
fn says(message: &str, line: &str) -> bool {
    message == line.replacen(": ", " ", 1)
}

impl From<etude_server::StartError> for Problem {
    fn from(error: etude_server::StartError) -> Self {
        let exit = match error {
            etude_server::StartError::Config(_) | etude_server::StartError::BindRefused { .. } => {
                Exit::BadInput
            }
            _ => Exit::CouldNotRun,
        };
        Self::new(exit, error.to_string()).with_reason(error.reason())
    }
}

impl From<etude_server::config::ConfigError> for Problem {
    fn from(error: etude_server::config::ConfigError) -> Self {
        let mut problem = Self::bad_input("the configuration has mistakes")
            .with_reason(ErrorReason::ConfigInvalid);
        problem.details = error.problems.iter().map(ToString::to_string).collect();
        problem
    }
}
