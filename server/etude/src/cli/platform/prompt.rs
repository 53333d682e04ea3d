//! Reading a secret, which is never shown.

use std::io::{IsTerminal as _, Read as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;

use super::super::interrupt::Interrupt;
use super::super::problem::Problem;

/// Longer than any token.
const MOST_BYTES: u64 = 1 << 16;

/// What stdin holds, without the white space around it.
pub(super) fn from_stdin() -> Result<SecretString, Problem> {
    let mut text = String::new();
    let read = std::io::stdin()
        .lock()
        .take(MOST_BYTES)
        .read_to_string(&mut text);
    read.map_err(|error| Problem::bad_input(format!("stdin cannot be read: {error}")))?;
    not_empty(&text)
}

/// Asks on the terminal, without showing what is typed.
pub(super) async fn from_terminal(question: &str) -> Result<SecretString, Problem> {
    if !std::io::stdin().is_terminal() {
        return Err(Problem::bad_input(
            "stdin is no terminal; give the token by --token-stdin",
        ));
    }
    let mut interrupt = Interrupt::listen()?;
    let quiet = Quiet::start()?;
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "{question}").and_then(|()| stderr.flush());
    let line = interrupt.line().await;
    drop(quiet);
    match line? {
        Some(line) => not_empty(&line),
        None => Err(Problem::stopped("given up; nothing was kept")),
    }
}

fn not_empty(text: &str) -> Result<SecretString, Problem> {
    match text.trim() {
        "" => Err(Problem::bad_input("the token is empty")),
        token => Ok(token.to_owned().into()),
    }
}

/// A terminal that does not show what is typed, until this is dropped.
struct Quiet {
    before: Termios,
}

impl Quiet {
    fn start() -> Result<Self, Problem> {
        let failed = |error: rustix::io::Errno| {
            Problem::could_not_run(format!("the terminal cannot be made silent: {error}"))
        };
        let before = tcgetattr(std::io::stdin()).map_err(failed)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &quiet).map_err(failed)?;
        Ok(Self { before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // There is nothing to be done for a terminal that has gone.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.before);
        let _ = writeln!(std::io::stderr());
    }
}
