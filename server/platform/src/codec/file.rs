//! Files: `UPLOAD`.

use etude::v1::{self, command::Action};

use super::typed;
use super::unsupported::{Refusal, Refused};
use super::wire::{Draft, Wire};

pub(super) fn encode(action: &Action) -> Refused<Draft> {
    match action {
        Action::UploadUrl(command) => {
            let draft = Draft::new("UPLOAD", "UPLOAD").template(&command.url)?;
            if !draft.has_variable_or_expression() && !is_web_address(draft.text()) {
                return Err(Refusal::part(
                    format!("the address {:?} of a file", draft.text()),
                    "put the file on a web server and give its http or https address",
                ));
            }
            draft.target(command.target.as_ref())
        }
        _ => Err(Refusal::command()),
    }
}

pub(super) fn decode(wire: &Wire<'_>) -> Option<v1::Command> {
    wire.meta("UPLOAD", &[])?.kind().is_empty().then_some(())?;
    typed(v1::UploadUrl {
        target: Some(wire.target()?),
        url: wire.template()?,
    })
}

fn is_web_address(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}
