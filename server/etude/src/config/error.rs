//! Mistakes of a configuration.

use std::fmt;

/// Every mistake of a configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigError {
    /// The mistakes, in the order they were found.
    pub problems: Vec<Problem>,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The option, dotted, such as `server.listen`. Empty: the file as a whole.
    pub name: String,
    /// Where it was set: a file, an environment variable or a flag. Empty: not known.
    pub place: String,
    /// What is wrong with it; continues the name.
    pub what: String,
    /// What to do.
    pub help: String,
}

impl ConfigError {
    pub(crate) fn one(name: &str, what: impl Into<String>, help: impl Into<String>) -> Self {
        let mut error = Self::default();
        error.add(name, what, help);
        error
    }

    pub(super) fn add(&mut self, name: &str, what: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem {
            name: name.to_owned(),
            place: String::new(),
            what: what.into(),
            help: help.into(),
        });
    }

    pub(super) fn into_result(self) -> Result<(), Self> {
        match self.problems.is_empty() {
            true => Ok(()),
            false => Err(self),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.name.is_empty() {
            parts.push(self.name.clone());
        }
        if !self.place.is_empty() {
            parts.push(format!("({})", self.place));
        }
        parts.push(self.what.clone());
        f.write_str(&parts.join(" "))?;
        match self.help.is_empty() {
            true => Ok(()),
            false => write!(f, "; {}", self.help),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
