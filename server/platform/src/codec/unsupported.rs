//! What the platform cannot hold, and what to use instead.

use std::fmt;

use etude::v1::{self, ErrorReason};

/// A step that the platform cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the platform cannot hold {command}{problem}; {alternative}")]
pub struct Unsupported {
    /// The command, such as `navigate/back`.
    pub command: String,
    /// What of it; begins with `:` or is empty when it is the command itself.
    problem: String,
    /// What to use instead.
    pub alternative: String,
}

impl Unsupported {
    /// What the platform cannot hold, without what to use instead.
    pub fn what(&self) -> String {
        format!("the platform cannot hold {}{}", self.command, self.problem)
    }

    pub(super) fn new(step: &v1::Step, refusal: Refusal) -> Self {
        let spec = step.command.as_ref().and_then(etude::catalog::of);
        let command = spec.map_or_else(|| "this step".to_owned(), |spec| spec.path());
        match refusal {
            Refusal::Command => Self {
                alternative: alternative(&command).to_owned(),
                command,
                problem: String::new(),
            },
            Refusal::Block => Self {
                command: "blocks of steps".to_owned(),
                problem: String::new(),
                alternative: "write the steps one after the other, or give the checkpoint a loop"
                    .to_owned(),
            },
            Refusal::Part { what, instead } => Self {
                command,
                problem: format!(": {what}"),
                alternative: instead,
            },
        }
    }
}

impl From<Unsupported> for etude_engine::Error {
    fn from(unsupported: Unsupported) -> Self {
        Self::new(ErrorReason::CommandUnsupported, unsupported.to_string())
            .with("command", unsupported.command)
            .with("alternative", unsupported.alternative)
    }
}

/// Why a step cannot be encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The platform has no such command.
    Command,
    /// The step is a block.
    Block,
    /// The platform has the command, and no place for a part of it.
    Part { what: String, instead: String },
}

pub(super) type Refused<T> = Result<T, Refusal>;

impl Refusal {
    pub(super) fn command() -> Self {
        Self::Command
    }

    pub(super) fn block() -> Self {
        Self::Block
    }

    pub(super) fn part(what: impl fmt::Display, instead: impl fmt::Display) -> Self {
        Self::Part {
            what: what.to_string(),
            instead: instead.to_string(),
        }
    }
}

/// Refuses a part that the step has.
pub(super) fn refuse_if(present: bool, what: &str, instead: &str) -> Refused<()> {
    match present {
        true => Err(Refusal::part(what, instead)),
        false => Ok(()),
    }
}

/// What to use on the platform in place of a command that it does not have, by the command's
/// `group/name`.
pub fn alternative(command: &str) -> &'static str {
    match command {
        "navigate/back" | "navigate/forward" | "navigate/refresh" => {
            "navigate to the address of the page instead"
        }
        "interact/clear" => "write an empty text instead",
        "interact/focus" => "click the element, or press a key in it",
        "interact/check" | "interact/uncheck" => "click the element when it is not as wanted",
        "interact/drag" | "interact/drag-by" => {
            "use mouse-down, mouse-move-to and mouse-up, or execute a script"
        }
        "assert/contains" | "assert/not-contains" => {
            "use assert/matches with a regular expression, or store the text and assert an expression"
        }
        "assert/unchecked" => {
            "assert an expression on the element's `checked` with assert/variable instead"
        }
        "assert/visible" => "use assert/exists",
        "assert/hidden" => "use assert/not-exists",
        "assert/url" | "assert/title" | "assert/enabled" | "assert/disabled" | "assert/count" => {
            "assert an expression such as `document.title` with assert/variable instead"
        }
        "assert/attribute" => "store the attribute and compare it with assert/variable",
        "assert/alert-text" | "assert/no-console-errors" => {
            "the platform reports dialogs and the console in the results of a run"
        }
        "data/store-expression"
        | "data/store-url"
        | "data/store-title"
        | "data/store-count"
        | "data/store-cookie" => "set a variable to an expression, `${…}`, instead",
        "wait/visible" => "use wait/element",
        "wait/hidden" | "wait/url" | "wait/title" | "wait/text" | "wait/network-idle"
        | "wait/expression" => "wait for an element that shows it, or for a time",
        "window/new-tab" => "navigate with `new_tab`",
        "window/close-tab" => "switch to another tab and leave this one open",
        "window/switch-tab-title" | "window/switch-tab-url" => {
            "switch to the next or previous tab, or to the one with an index"
        }
        "window/switch-frame-name" | "window/switch-frame-index" => {
            "switch to the frame by its element (window/switch-iframe)"
        }
        "window/switch-main-frame" => "switch to the parent frame as often as needed",
        "file/upload-file" => "put the file on a web server and use file/upload with its address",
        "file/download" => "click the element; the platform has the file in $LAST_DOWNLOADED_FILE",
        "misc/screenshot" => "the platform takes a screenshot before and after each step by itself",
        "misc/call-api" => "define the request as an API test of the project",
        "misc/log" => "use misc/comment",
        _ => "execute it in a session of a browser",
    }
}
