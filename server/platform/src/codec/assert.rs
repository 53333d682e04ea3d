//! Assertions: `ASSERT_…` on an element, and `ASSERT_VARIABLE`.

use etude::v1::{self, Comparison, command::Action};

use super::text;
use super::typed;
use super::unsupported::{Refusal, Refused};
use super::wire::{Draft, Wire};

/// The comparisons of a variable, with the platform's words. Unlike those of an element, they end
/// in `EQUALS`.
const COMPARISONS: [(Comparison, &str); 7] = [
    (Comparison::Equals, "EQUALS"),
    (Comparison::NotEquals, "NOT_EQUALS"),
    (Comparison::LessThan, "LESS_THAN"),
    (Comparison::LessThanOrEquals, "LESS_THAN_OR_EQUALS"),
    (Comparison::GreaterThan, "GREATER_THAN"),
    (Comparison::GreaterThanOrEquals, "GREATER_THAN_OR_EQUALS"),
    (Comparison::Matches, "MATCHES"),
];

pub(super) fn encode(action: &Action) -> Refused<Draft> {
    match action {
        Action::AssertExists(c) => on("ASSERT_EXISTS", &c.target, ""),
        Action::AssertNotExists(c) => on("ASSERT_NOT_EXISTS", &c.target, ""),
        Action::AssertEquals(c) => on("ASSERT_EQUALS", &c.target, &c.value),
        Action::AssertNotEquals(c) => on("ASSERT_NOT_EQUALS", &c.target, &c.value),
        Action::AssertLessThan(c) => on("ASSERT_LESS_THAN", &c.target, &c.value),
        Action::AssertLessThanOrEqual(c) => on("ASSERT_LESS_THAN_OR_EQUAL", &c.target, &c.value),
        Action::AssertGreaterThan(c) => on("ASSERT_GREATER_THAN", &c.target, &c.value),
        Action::AssertGreaterThanOrEqual(c) => {
            on("ASSERT_GREATER_THAN_OR_EQUAL", &c.target, &c.value)
        }
        Action::AssertMatches(c) => on("ASSERT_MATCHES", &c.target, &c.pattern),
        Action::AssertSelected(c) => on("ASSERT_SELECTED", &c.target, &c.option),
        Action::AssertChecked(c) => on("ASSERT_CHECKED", &c.target, ""),
        Action::AssertVariable(c) => assert_variable(c),
        _ => Err(Refusal::command()),
    }
}

fn on(action: &str, target: &Option<v1::Target>, expected: &str) -> Refused<Draft> {
    Draft::new(action, "ASSERT")
        .template(expected)?
        .target(target.as_ref())
}

pub(super) fn decode(wire: &Wire<'_>) -> Option<v1::Command> {
    if wire.action == "ASSERT_VARIABLE" {
        return decode_variable(wire);
    }
    wire.meta("ASSERT", &[])?.kind().is_empty().then_some(())?;
    let target = Some(wire.target()?);
    match wire.action {
        // Clients put a sentence into the value, which the platform does not look at.
        "ASSERT_EXISTS" => typed(v1::AssertExists { target }),
        "ASSERT_NOT_EXISTS" => typed(v1::AssertNotExists { target }),
        "ASSERT_CHECKED" => typed(v1::AssertChecked { target }),
        _ => decode_compared(wire, target, wire.template()?),
    }
}

fn decode_compared(
    wire: &Wire<'_>,
    target: Option<v1::Target>,
    value: String,
) -> Option<v1::Command> {
    match wire.action {
        "ASSERT_EQUALS" => typed(v1::AssertEquals { target, value }),
        "ASSERT_NOT_EQUALS" => typed(v1::AssertNotEquals { target, value }),
        "ASSERT_LESS_THAN" => typed(v1::AssertLessThan { target, value }),
        "ASSERT_LESS_THAN_OR_EQUAL" => typed(v1::AssertLessThanOrEqual { target, value }),
        "ASSERT_GREATER_THAN" => typed(v1::AssertGreaterThan { target, value }),
        "ASSERT_GREATER_THAN_OR_EQUAL" => typed(v1::AssertGreaterThanOrEqual { target, value }),
        "ASSERT_MATCHES" => typed(v1::AssertMatches {
            target,
            pattern: value,
        }),
        "ASSERT_SELECTED" => typed(v1::AssertSelected {
            target,
            option: value,
        }),
        _ => None,
    }
}

fn assert_variable(command: &v1::AssertVariable) -> Refused<Draft> {
    let comparison = match command.comparison() {
        Comparison::Unspecified => Comparison::Equals,
        other => other,
    };
    let word = COMPARISONS.iter().find(|(known, _)| *known == comparison);
    let (_, word) = word.ok_or_else(|| {
        Refusal::part(
            "this comparison",
            "assert an expression such as `$v.includes(\"x\")` that equals `true`",
        )
    })?;
    // The step has one place for a variable, and that is the one that is compared.
    let expected = text::literal(&command.value, "the expected value").map_err(|_| {
        Refusal::part(
            "a variable or expression as the expected value",
            "assert an expression such as `$a == $b` that equals `true`",
        )
    })?;
    let draft = Draft::new("ASSERT_VARIABLE", "ASSERT_VARIABLE")
        .meta("type", *word)
        .value(expected);
    Ok(match command.expression.as_str() {
        "" => draft.variable(&command.variable),
        expression => draft.expression(expression),
    })
}

fn decode_variable(wire: &Wire<'_>) -> Option<v1::Command> {
    wire.without_target()?;
    let meta = wire.meta("ASSERT_VARIABLE", &[])?;
    let comparison = match meta.kind() {
        "" | "EQUALS" => Comparison::Unspecified,
        kind => {
            let known = COMPARISONS.iter().find(|(_, word)| *word == kind);
            known.map(|(comparison, _)| *comparison)?
        }
    };
    let variable = wire.variable.strip_prefix('$').unwrap_or(wire.variable);
    typed(v1::AssertVariable {
        variable: variable.to_owned(),
        expression: wire.expression.to_owned(),
        comparison: comparison.into(),
        value: text::read(wire.value, "", "")?,
    })
}
