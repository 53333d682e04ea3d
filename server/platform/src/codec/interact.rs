//! Mouse and keyboard: `CLICK`, `WRITE`, `PICK`, `MOUSE`, `KEY`.

use etude::v1::{self, ClickPosition, ModifierKey, command::Action};

use super::typed;
use super::unsupported::{Refusal, Refused, refuse_if};
use super::wire::{Draft, Meta, Wire};

pub(super) fn encode(action: &Action) -> Refused<Draft> {
    match action {
        Action::Click(command) => click(command),
        Action::Write(command) => write(command),
        Action::SelectOption(command) => pick("VISIBLE_TEXT")
            .template(&command.option)?
            .target(command.target.as_ref()),
        Action::SelectIndex(command) => pick("INDEX")
            .value(command.index)
            .target(command.target.as_ref()),
        Action::SelectLast(command) => pick("INDEX").value(-1).target(command.target.as_ref()),
        Action::PressKey(command) => press_key(command),
        other => encode_mouse(other),
    }
}

fn encode_mouse(action: &Action) -> Refused<Draft> {
    match action {
        Action::DoubleClick(command) => {
            in_the_centre(command.position())?;
            mouse("DOUBLE_CLICK").target(command.target.as_ref())
        }
        Action::RightClick(command) => {
            in_the_centre(command.position())?;
            mouse("RIGHT_CLICK").target(command.target.as_ref())
        }
        Action::Hover(command) => {
            refuse_if(
                command
                    .duration
                    .is_some_and(|d| d.seconds > 0 || d.nanos > 0),
                "how long the pointer rests",
                "add a wait (wait/time) after it",
            )?;
            mouse("OVER").target(command.target.as_ref())
        }
        Action::MouseEnter(command) => mouse("ENTER").target(command.target.as_ref()),
        Action::MouseDown(command) => mouse("DOWN").optional_target(command.target.as_ref()),
        Action::MouseUp(command) => mouse("UP").optional_target(command.target.as_ref()),
        Action::MoveMouseToElement(command) => mouse("MOVE").target(command.target.as_ref()),
        Action::MoveMouse(v1::MoveMouse { x, y }) => Ok(mouse("MOVE").meta("x", *x).meta("y", *y)),
        Action::MoveMouseBy(v1::MoveMouseBy { x, y }) => {
            Ok(mouse("OFFSET").meta("x", *x).meta("y", *y))
        }
        _ => Err(Refusal::command()),
    }
}

pub(super) fn decode(wire: &Wire<'_>) -> Option<v1::Command> {
    match wire.action {
        "CLICK" => {
            let meta = wire.meta("CLICK", &[])?;
            ["", "NATURAL"].contains(&meta.kind()).then_some(())?;
            typed(v1::Click {
                target: Some(wire.target()?),
                ..v1::Click::default()
            })
        }
        "WRITE" => typed(v1::Write {
            append: wire.meta("WRITE", &["append"])?.flag("append")?,
            target: Some(wire.target()?),
            text: wire.template()?,
            ..v1::Write::default()
        }),
        "PICK" => decode_pick(wire),
        "MOUSE" => decode_mouse(wire),
        "KEY" => decode_key(wire),
        _ => None,
    }
}

fn click(command: &v1::Click) -> Refused<Draft> {
    in_the_centre(command.position())?;
    refuse_if(
        !command.modifiers.is_empty(),
        "keys held down during a click",
        "leave `modifiers` out",
    )?;
    Draft::new("CLICK", "CLICK")
        .meta("type", "NATURAL")
        .target(command.target.as_ref())
}

fn in_the_centre(position: ClickPosition) -> Refused<()> {
    let centre = [ClickPosition::Unspecified, ClickPosition::Center].contains(&position);
    refuse_if(
        !centre,
        "a point of the element",
        "leave `position` out: the platform clicks the centre",
    )
}

fn write(command: &v1::Write) -> Refused<Draft> {
    refuse_if(
        command.delay.is_some_and(|d| d.seconds > 0 || d.nanos > 0),
        "a pause between keys",
        "leave `delay` out",
    )?;
    Draft::new("WRITE", "WRITE")
        .meta("append", command.append)
        .template(&command.text)?
        .target(command.target.as_ref())
}

fn pick(kind: &str) -> Draft {
    Draft::new("PICK", "PICK").meta("type", kind)
}

/// Without a type, it is by visible text. The value of an option is what SelectOption tries after
/// its text.
fn decode_pick(wire: &Wire<'_>) -> Option<v1::Command> {
    let meta = wire.meta("PICK", &[])?;
    let target = Some(wire.target()?);
    match meta.kind() {
        "" | "VISIBLE_TEXT" | "TEXT" | "VALUE" => typed(v1::SelectOption {
            target,
            option: wire.template()?,
        }),
        "INDEX" => match wire.literal()?.trim().parse().ok()? {
            -1 => typed(v1::SelectLast { target }),
            index => typed(v1::SelectIndex { target, index }),
        },
        _ => None,
    }
}

fn mouse(action: &str) -> Draft {
    Draft::new("MOUSE", "MOUSE").meta("action", action)
}

fn decode_mouse(wire: &Wire<'_>) -> Option<v1::Command> {
    let meta = wire.meta("MOUSE", &["action", "x", "y"])?;
    meta.kind().is_empty().then_some(())?;
    let action = meta.text("action")?;
    if let ("MOVE" | "OFFSET", Some(x), Some(y)) = (action, number(&meta, "x"), number(&meta, "y"))
    {
        wire.without_target()?;
        return match action {
            "MOVE" => typed(v1::MoveMouse { x, y }),
            _ => typed(v1::MoveMouseBy { x, y }),
        };
    }
    (meta.get("x").is_none() && meta.get("y").is_none()).then_some(())?;
    match action {
        "DOWN" => {
            let target = wire.optional_target()?;
            return typed(v1::MouseDown { target });
        }
        "UP" => {
            let target = wire.optional_target()?;
            return typed(v1::MouseUp { target });
        }
        _ => {}
    }
    let target = Some(wire.target()?);
    match action {
        "CLICK" => typed(v1::Click {
            target,
            ..v1::Click::default()
        }),
        "DOUBLE_CLICK" => typed(v1::DoubleClick {
            target,
            ..v1::DoubleClick::default()
        }),
        "RIGHT_CLICK" => typed(v1::RightClick {
            target,
            ..v1::RightClick::default()
        }),
        "OVER" => typed(v1::Hover {
            target,
            ..v1::Hover::default()
        }),
        "ENTER" => typed(v1::MouseEnter { target }),
        "MOVE" => typed(v1::MoveMouseToElement { target }),
        _ => None,
    }
}

fn number(meta: &Meta<'_>, key: &str) -> Option<i32> {
    meta.number(key)
}

fn press_key(command: &v1::PressKey) -> Refused<Draft> {
    refuse_if(
        command.repeat > 1,
        "a key pressed several times",
        "add the step as often as needed",
    )?;
    Draft::new("KEY", "KEYBOARD")
        .value(platform_key(command)?)
        .optional_target(command.target.as_ref())
}

/// The key or chord in the platform's spelling: `ENTER`, `CTRL_a`.
fn platform_key(command: &v1::PressKey) -> Refused<String> {
    let mut words: Vec<String> = command.modifiers().filter_map(modifier_word).collect();
    let separator = match command.key.contains('+') {
        true => '+',
        false => '_',
    };
    let parts: Vec<&str> = command.key.split(separator).collect();
    let held = parts.len() - 1;
    let chord = parts.iter().all(|part| !part.is_empty())
        && parts[..held].iter().all(|part| modifier(part).is_some());
    if !chord {
        words.push(single_key(&command.key)?);
        return Ok(words.join("_"));
    }
    for part in &parts[..held] {
        words.extend(modifier(part).map(str::to_owned));
    }
    words.push(single_key(parts[held])?);
    Ok(words.join("_"))
}

/// One key: a character or a name in capitals as it is, a name of the W3C in capitals, with `_`
/// between its words: `ARROW_DOWN`.
fn single_key(name: &str) -> Refused<String> {
    let in_capitals = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if name.chars().count() == 1 || name.chars().all(in_capitals) {
        Ok(name.to_owned())
    } else if name.chars().all(|c| c.is_ascii_alphabetic()) {
        let mut words = String::new();
        for (at, letter) in name.chars().enumerate() {
            if at > 0 && letter.is_ascii_uppercase() {
                words.push('_');
            }
            words.push(letter.to_ascii_uppercase());
        }
        Ok(words)
    } else {
        Err(Refusal::part(
            format!("the key {name:?}"),
            "write the key as the platform spells it, in capitals",
        ))
    }
}

fn modifier(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "ctrl" | "control" => "CTRL",
        "command" | "cmd" | "meta" => "COMMAND",
        "shift" => "SHIFT",
        "alt" | "option" => "ALT",
        _ => return None,
    })
}

fn modifier_word(key: ModifierKey) -> Option<String> {
    let word = match key {
        ModifierKey::Control => "CTRL",
        ModifierKey::Shift => "SHIFT",
        ModifierKey::Alt => "ALT",
        ModifierKey::Meta => "COMMAND",
        ModifierKey::Unspecified => return None,
    };
    Some(word.to_owned())
}

fn decode_key(wire: &Wire<'_>) -> Option<v1::Command> {
    let meta = wire.meta("KEYBOARD", &["modifiers"])?;
    meta.kind().is_empty().then_some(())?;
    let mut modifiers = Vec::new();
    for word in meta
        .get("modifiers")
        .map_or(&[][..], |list| list.as_array().map_or(&[], Vec::as_slice))
    {
        modifiers.push(match modifier(word.as_str()?)? {
            "CTRL" => ModifierKey::Control.into(),
            "COMMAND" => ModifierKey::Meta.into(),
            "SHIFT" => ModifierKey::Shift.into(),
            _ => ModifierKey::Alt.into(),
        });
    }
    typed(v1::PressKey {
        key: wire.literal()?.to_owned(),
        target: wire.optional_target()?,
        modifiers,
        ..v1::PressKey::default()
    })
}
