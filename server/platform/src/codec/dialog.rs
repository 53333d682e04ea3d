//! Dialogs: `DISMISS`.

use etude::v1::{self, command::Action};

use super::typed;
use super::unsupported::{Refusal, Refused};
use super::wire::{Draft, Wire};

pub(super) fn encode(action: &Action) -> Refused<Draft> {
    match action {
        Action::DismissAlert(_) => Ok(dismiss("ALERT")),
        Action::DismissConfirm(command) => {
            Ok(dismiss("CONFIRM").meta("action", word(command.accept)))
        }
        Action::DismissPrompt(command) => {
            Ok(dismiss("PROMPT").meta("action", word(command.accept)))
        }
        Action::AnswerPrompt(command) => {
            let draft = dismiss("PROMPT")
                .meta("action", word(true))
                .template(&command.text)?;
            match draft.text().is_empty() && !draft.has_variable_or_expression() {
                true => Err(Refusal::part(
                    "an empty answer",
                    "use dialog/dismiss-prompt with `accept`, which keeps what the prompt proposes",
                )),
                false => Ok(draft),
            }
        }
        _ => Err(Refusal::command()),
    }
}

pub(super) fn decode(wire: &Wire<'_>) -> Option<v1::Command> {
    wire.without_target()?;
    let meta = wire.meta("DISMISS", &["action"])?;
    let accept = match meta.text("action") {
        Some("OK") => Some(true),
        Some("CANCEL") => Some(false),
        _ => None,
    };
    match meta.kind() {
        "ALERT" if accept != Some(false) => typed(v1::DismissAlert {}),
        "CONFIRM" => typed(v1::DismissConfirm { accept: accept? }),
        "PROMPT" => {
            let text = wire.template()?;
            let answers = !text.is_empty() && accept != Some(false);
            match answers {
                true => typed(v1::AnswerPrompt { text }),
                false => typed(v1::DismissPrompt { accept: accept? }),
            }
        }
        _ => None,
    }
}

fn dismiss(kind: &str) -> Draft {
    Draft::new("DISMISS", "DISMISS").meta("type", kind)
}

fn word(accept: bool) -> &'static str {
    match accept {
        true => "OK",
        false => "CANCEL",
    }
}
