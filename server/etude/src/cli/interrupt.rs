//! Ctrl-C and the signal that asks a process to end.

use std::io::{BufRead as _, Read as _};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::problem::Problem;

/// The most bytes of a line; more than any answer or token has.
const MOST_BYTES: u64 = 1 << 16;

/// Listens for SIGINT and SIGTERM.
pub(crate) struct Interrupt {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupt {
    /// From now on the signals no longer end the process by themselves.
    pub(crate) fn listen() -> Result<Self, Problem> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                Problem::could_not_run(format!("the system delivers no signals: {error}"))
            })
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Returns when one of them comes.
    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// A line of stdin; `None`: a signal came first.
    ///
    /// # Errors
    ///
    /// Stdin cannot be read.
    pub(crate) async fn line(&mut self) -> Result<Option<String>, Problem> {
        let line = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            let mut stdin = std::io::stdin().lock().take(MOST_BYTES);
            stdin.read_line(&mut line).map(|_| line)
        });
        tokio::select! {
            line = line => match line {
                Ok(Ok(line)) => Ok(Some(line)),
                Ok(Err(error)) => {
                    Err(Problem::bad_input(format!("the terminal cannot be read: {error}")))
                }
                Err(error) => Err(Problem::could_not_run(error.to_string())),
            },
            () = self.wait() => Ok(None),
        }
    }

    /// Does `work` to its end, unless a further signal comes: then the process ends at once.
    pub(crate) async fn unless_again<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            done = work => done,
            () = self.wait() => std::process::exit(130),
        }
    }
}
