//! Asking before something is taken away.

use std::io::{IsTerminal as _, Write as _};

use super::interrupt::Interrupt;
use super::output::note;
use super::problem::Problem;
use super::style::plain;

/// What the user is asked to agree to.
pub(crate) struct Question {
    /// Asked on a terminal: what will be done.
    pub(crate) asked: String,
    /// Said where nobody can be asked; it names the option that agrees.
    pub(crate) unasked: String,
    /// Said when the user does not agree.
    pub(crate) refused: &'static str,
}

impl Question {
    /// Asks; only `yes` agrees.
    ///
    /// # Errors
    ///
    /// The user does not agree, stops the command, or cannot be asked because stdin is no terminal.
    pub(crate) async fn ask(&self, interrupt: &mut Interrupt) -> Result<(), Problem> {
        if !std::io::stdin().is_terminal() {
            return Err(Problem::bad_input(plain(&self.unasked)));
        }
        let mut stderr = std::io::stderr();
        let question = format!("{}. Go on? Only `yes` does: ", plain(&self.asked));
        let _asked = write!(stderr, "{question}").and_then(|()| stderr.flush());
        match interrupt.line().await? {
            Some(answer) if answer.trim() == "yes" => Ok(()),
            Some(_) => Err(Problem::bad_input(self.refused)),
            None => {
                // The answer's line was begun.
                note("");
                Err(Problem::stopped(self.refused))
            }
        }
    }
}
