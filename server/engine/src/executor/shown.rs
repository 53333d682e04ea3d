//! What of a result is shown: masked, and within the contract's bounds.

use etude::v1::{self, StepResult, Warning, WarningKind};
use prost_types::value::Kind;
use serde_json::Value;

use super::result::warning;
use crate::mask::{self, Mask};
use crate::variables::text_of;

/// The most of an output that a result shows, in bytes.
const OUTPUT_BYTES: usize = 64 * 1024;

/// The most of a text in a failure or of a step's own text, in bytes.
pub(super) const TEXT_BYTES: usize = 16 * 1024;

/// The most console entries, network entries and warnings of a result.
const ENTRIES: usize = 50;

/// The most of a console entry's text, in bytes.
const CONSOLE_BYTES: usize = 4 * 1024;

/// The most of an address, in bytes.
const URL_BYTES: usize = 2 * 1024;

/// An address as it is shown.
pub(super) fn url(url: &str, mask: &Mask) -> String {
    let mut url = mask.shown(url).into_owned();
    mask::cut(&mut url, URL_BYTES);
    url
}

/// The output as it is shown: masked, then cut. One that is nested too deeply is shown as JSON text.
pub(super) fn output(
    value: &Value,
    mask: &Mask,
    warnings: &mut Vec<Warning>,
) -> prost_types::Value {
    let masked = mask.value(value);
    let mut text = text_of(&masked).into_owned();
    if text.len() <= OUTPUT_BYTES
        && let Some(shown) = etude::json::in_message(masked)
    {
        return shown;
    }
    if mask::cut(&mut text, OUTPUT_BYTES) {
        let whole = text_of(value).len();
        let message = format!("the output of {whole} bytes is cut to {OUTPUT_BYTES}");
        warnings.push(warning(WarningKind::Truncated, message));
    }
    string(text)
}

pub(super) fn string(text: String) -> prost_types::Value {
    let kind = Some(Kind::StringValue(text));
    prost_types::Value { kind }
}

/// Leaves out what exceeds the contract's numbers, and says so.
pub(super) fn bound(result: &mut StepResult) {
    let left_out = [
        ("console entries", truncate(&mut result.console)),
        ("network entries", truncate(&mut result.network)),
        ("warnings", truncate(&mut result.warnings)),
    ];
    for (what, count) in left_out {
        if count > 0 {
            let message = format!("{count} {what} are left out");
            result
                .warnings
                .push(warning(WarningKind::Truncated, message));
        }
    }
}

fn truncate<T>(list: &mut Vec<T>) -> usize {
    let over = list.len().saturating_sub(ENTRIES);
    list.truncate(ENTRIES);
    over
}

/// Masks every text of a result that comes from the page or the command, then cuts it.
pub(crate) fn scrub(result: &mut StepResult, mask: &Mask) {
    let clean = |text: &mut String, bytes: usize| {
        mask.scrub(text);
        mask::cut(text, bytes);
    };
    if let Some(failure) = &mut result.failure {
        for text in [
            &mut failure.message,
            &mut failure.expected,
            &mut failure.actual,
            &mut failure.hint,
        ] {
            clean(text, TEXT_BYTES);
        }
    }
    if let Some(target) = &mut result.target {
        scrub_target(target, &clean);
    }
    for warning in &mut result.warnings {
        clean(&mut warning.message, CONSOLE_BYTES);
    }
    for entry in &mut result.console {
        clean(&mut entry.text, CONSOLE_BYTES);
        clean(&mut entry.source, URL_BYTES);
    }
    for entry in &mut result.network {
        clean(&mut entry.url, URL_BYTES);
        clean(&mut entry.error, CONSOLE_BYTES);
    }
}

fn scrub_target(target: &mut v1::TargetResolution, clean: &impl Fn(&mut String, usize)) {
    clean(&mut target.element, CONSOLE_BYTES);
    if let Some(selector) = &mut target.selector {
        clean(&mut selector.value, CONSOLE_BYTES);
    }
    for failed in &mut target.failed_selectors {
        clean(&mut failed.reason, CONSOLE_BYTES);
        if let Some(selector) = &mut failed.selector {
            clean(&mut selector.value, CONSOLE_BYTES);
        }
    }
    for suggestion in &mut target.suggestions {
        clean(suggestion, CONSOLE_BYTES);
    }
}
