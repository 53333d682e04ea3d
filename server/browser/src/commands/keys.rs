//! Keys: their names, chords and presses.

use std::time::Duration;

use etude::v1::{ErrorReason, ModifierKey, PressKey};

use super::Context;
use crate::page::{Checks, Outcome, Page, Query, StepError};

/// The keys that WebDriver numbers in the private use area, by every name they go by, lower case
/// and without separators.
const NAMED: [(&[&str], char); 51] = [
    (&["cancel"], '\u{E001}'),
    (&["help"], '\u{E002}'),
    (&["backspace", "back"], '\u{E003}'),
    (&["tab"], '\u{E004}'),
    (&["clear"], '\u{E005}'),
    (&["enter", "return"], '\u{E007}'),
    (&["shift"], '\u{E008}'),
    (&["control", "ctrl"], '\u{E009}'),
    (&["alt", "option"], '\u{E00A}'),
    (&["pause"], '\u{E00B}'),
    (&["escape", "esc"], '\u{E00C}'),
    (&["space", "spacebar"], ' '),
    (&["pageup"], '\u{E00E}'),
    (&["pagedown"], '\u{E00F}'),
    (&["end"], '\u{E010}'),
    (&["home"], '\u{E011}'),
    (&["arrowleft", "left"], '\u{E012}'),
    (&["arrowup", "up"], '\u{E013}'),
    (&["arrowright", "right"], '\u{E014}'),
    (&["arrowdown", "down"], '\u{E015}'),
    (&["insert", "ins"], '\u{E016}'),
    (&["delete", "del"], '\u{E017}'),
    (&["semicolon"], '\u{E018}'),
    (&["equals"], '\u{E019}'),
    (&["numpad0"], '\u{E01A}'),
    (&["numpad1"], '\u{E01B}'),
    (&["numpad2"], '\u{E01C}'),
    (&["numpad3"], '\u{E01D}'),
    (&["numpad4"], '\u{E01E}'),
    (&["numpad5"], '\u{E01F}'),
    (&["numpad6"], '\u{E020}'),
    (&["numpad7"], '\u{E021}'),
    (&["numpad8"], '\u{E022}'),
    (&["numpad9"], '\u{E023}'),
    (&["multiply"], '\u{E024}'),
    (&["add", "plus"], '\u{E025}'),
    (&["subtract"], '\u{E027}'),
    (&["decimal"], '\u{E028}'),
    (&["divide"], '\u{E029}'),
    (&["f1"], '\u{E031}'),
    (&["f2"], '\u{E032}'),
    (&["f3"], '\u{E033}'),
    (&["f4"], '\u{E034}'),
    (&["f5"], '\u{E035}'),
    (&["f6"], '\u{E036}'),
    (&["f7"], '\u{E037}'),
    (&["f8"], '\u{E038}'),
    (&["f9"], '\u{E039}'),
    (&["f10"], '\u{E03A}'),
    (&["f11"], '\u{E03B}'),
    (&["f12"], '\u{E03C}'),
];

/// Meta has more names than fit its line above.
const META: (&[&str], char) = (
    &["meta", "command", "cmd", "windows", "win", "super"],
    '\u{E03D}',
);

pub(super) async fn press_key(
    page: &mut Page,
    command: &PressKey,
    context: &Context<'_>,
) -> Outcome {
    let mut keys = modifiers(command.modifiers());
    keys.extend(chord(&command.key)?);
    let frame = match &command.target {
        None => page.frame().clone(),
        Some(target) => {
            let mut query = Query::new(context.target(Some(target))?, "any", "focusForKeys");
            query.checks = Checks {
                visible: true,
                ..Checks::default()
            };
            page.require(&query).await?.frame
        }
    };
    page.settle().await?;
    let presses = vec![keys; command.repeat.max(1) as usize];
    page.press(&frame, &presses, Duration::ZERO).await?;
    Ok(None)
}

/// The keys of a chord in the order in which they go down.
fn chord(text: &str) -> Result<Vec<String>, StepError> {
    if let Some(key) = single(text) {
        return Ok(vec![key]);
    }
    // "Control++" is Control and "+".
    let (text, last) = match text.strip_suffix("++") {
        Some(rest) => (rest, Some("+".to_owned())),
        None => (text, None),
    };
    let separator = if text.contains('+') { '+' } else { '_' };
    let mut keys = text
        .split(separator)
        .map(|name| single(name).ok_or_else(|| unknown(name, text)))
        .collect::<Result<Vec<_>, _>>()?;
    keys.extend(last);
    Ok(keys)
}

fn unknown(name: &str, text: &str) -> StepError {
    let message = match name {
        "" => format!("“{text}” is not a chord: a key is missing"),
        _ => format!("“{name}” is not the name of a key"),
    };
    StepError::new(ErrorReason::InvalidKey, message)
        .hint("use names such as Enter, Tab, Escape, ArrowDown, F5 or a; chords such as Control+a")
}

/// One key: a character, or a name.
fn single(name: &str) -> Option<String> {
    let mut characters = name.chars();
    if let (Some(character), None) = (characters.next(), characters.next()) {
        return Some(character.to_string());
    }
    let plain: String = name
        .chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect();
    let known = NAMED
        .iter()
        .chain([&META])
        .find(|(names, _)| names.contains(&plain.as_str()));
    known.map(|(_, key)| key.to_string())
}

/// Keys that are held down.
pub(super) fn modifiers(keys: impl Iterator<Item = ModifierKey>) -> Vec<String> {
    keys.filter_map(|key| match key {
        ModifierKey::Unspecified => None,
        ModifierKey::Control => Some('\u{E009}'),
        ModifierKey::Shift => Some('\u{E008}'),
        ModifierKey::Alt => Some('\u{E00A}'),
        ModifierKey::Meta => Some('\u{E03D}'),
    })
    .map(String::from)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> String {
        chord(text).unwrap().concat()
    }

    #[test]
    fn keys_go_by_both_spellings() {
        assert_eq!(keys("Enter"), "\u{E007}");
        assert_eq!(keys("ENTER"), "\u{E007}");
        assert_eq!(keys("ArrowDown"), "\u{E015}");
        assert_eq!(keys("ARROW_DOWN"), "\u{E015}");
        assert_eq!(keys("PAGE_UP"), "\u{E00E}");
        assert_eq!(keys("a"), "a");
        assert_eq!(keys("_"), "_");
        assert_eq!(keys("+"), "+");
    }

    #[test]
    fn chords_hold_their_keys_in_order() {
        assert_eq!(keys("Control+a"), "\u{E009}a");
        assert_eq!(keys("CTRL_a"), "\u{E009}a");
        assert_eq!(keys("CTRL_SHIFT_ArrowLeft"), "\u{E009}\u{E008}\u{E012}");
        assert_eq!(keys("Control++"), "\u{E009}+");
        assert_eq!(keys("Command+c"), "\u{E03D}c");
    }

    #[test]
    fn unknown_keys_are_named() {
        let message = |text: &str| chord(text).unwrap_err().to_string();
        assert!(message("Entre").contains("“Entre”"));
        assert!(message("Control+Entre").contains("“Entre”"));
        assert!(message("Control+").contains("a key is missing"));
    }
}
