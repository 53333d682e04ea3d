//! Comments and scripts: `COMMENT`, `EXECUTE`.

use etude::v1::{self, command::Action};

use super::typed;
use super::unsupported::{Refusal, Refused, refuse_if};
use super::wire::{Draft, Wire};

/// Most characters of a comment, as the platform's own pages say.
const COMMENT: usize = 500;

pub(super) fn encode(action: &Action) -> Refused<Draft> {
    match action {
        Action::Comment(command) => Ok(Draft::new("COMMENT", "COMMENT").value(&command.text)),
        Action::ExecuteScript(command) => {
            refuse_if(
                !command.variable.is_empty(),
                "the result of a script",
                "set a variable to an expression, `${…}`, instead",
            )?;
            Ok(Draft::bare("EXECUTE")
                .value(&command.script)
                .meta("explicit", true)
                .meta("script", command.script.as_str()))
        }
        _ => Err(Refusal::command()),
    }
}

pub(super) fn decode(wire: &Wire<'_>) -> Option<v1::Command> {
    wire.without_target()?;
    let value = wire.literal()?;
    if wire.action == "COMMENT" {
        wire.meta("COMMENT", &[])?.kind().is_empty().then_some(())?;
        let most = if wire.lenient { COMMENT } else { usize::MAX };
        return typed(v1::Comment {
            text: value.chars().take(most).collect(),
        });
    }
    // What is not explicit calls an extension, in a form that is not known.
    let meta = wire.meta("EXECUTE", &["explicit", "script"])?;
    (meta.kind().is_empty() && meta.flag("explicit")?).then_some(())?;
    let script = meta.text("script").unwrap_or(value);
    typed(v1::ExecuteScript {
        script: script.to_owned(),
        ..v1::ExecuteScript::default()
    })
}
