//! Comparing a variable, or the value of an expression, with what is expected.

use std::collections::BTreeMap;

use etude::v1::{self, Comparison, ErrorReason, Failure};
use serde_json::{Value, json};

use super::scope::Scope;
use super::templates::{self, Used};
use super::timing::Timing;
use crate::backend::{Execution, Verdict};
use crate::error::failure;
use crate::variables::text_of;

/// Matches `$pattern`, with or without slashes and flags, somewhere in `$text`: in the page, whose
/// regular expressions are those of every other assertion. A text instead of a boolean is what is
/// wrong with the pattern.
const MATCHES: &str = r"(() => {
  const parts = /^\/([^]*)\/([a-z]*)$/.exec($pattern);
  try {
    return (parts ? new RegExp(parts[1], parts[2]) : new RegExp($pattern)).test($text);
  } catch (error) {
    return String(error.message);
  }
})()";

/// Executes an AssertVariable. `Err` is an ERROR.
pub(super) async fn assert_variable(
    scope: &mut Scope,
    assert: &v1::AssertVariable,
    timing: &Timing,
    used: &mut Used,
) -> Result<Execution, Failure> {
    let value = if assert.variable.is_empty() {
        templates::evaluate(scope, &assert.expression, timing.timeout, used).await?
    } else {
        used.read(scope, &assert.variable)?.into_owned()
    };
    let actual = text_of(&value).into_owned();
    let comparison = assert.comparison();
    let holds = if comparison == Comparison::Matches {
        matches(scope, &actual, &assert.value, timing).await?
    } else {
        compare(comparison, &actual, &assert.value)?
    };
    let verdict = if holds {
        Verdict::Pass
    } else {
        Verdict::Fail(false_assertion(assert, actual))
    };
    Ok(Execution {
        output: Some(value),
        ..Execution::new(verdict)
    })
}

fn false_assertion(assert: &v1::AssertVariable, actual: String) -> Failure {
    let subject = if assert.variable.is_empty() {
        "the expression's value".to_owned()
    } else {
        format!("the variable `{}`", assert.variable)
    };
    let message = format!(
        "{subject} {} the expected value",
        missed(assert.comparison())
    );
    Failure {
        expected: assert.value.clone(),
        actual,
        ..failure(ErrorReason::AssertionFailed, message)
    }
}

fn missed(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Unspecified | Comparison::Equals => "does not equal",
        Comparison::NotEquals => "equals",
        Comparison::LessThan => "is not less than",
        Comparison::LessThanOrEquals => "is not less than or equal to",
        Comparison::GreaterThan => "is not greater than",
        Comparison::GreaterThanOrEquals => "is not greater than or equal to",
        Comparison::Matches => "does not match",
        Comparison::Contains => "does not contain",
        Comparison::NotContains => "contains",
    }
}

fn compare(comparison: Comparison, actual: &str, expected: &str) -> Result<bool, Failure> {
    let numbers = || Ok((number(actual, "actual")?, number(expected, "expected")?));
    Ok(match comparison {
        Comparison::NotEquals => actual != expected,
        Comparison::Contains => actual.contains(expected),
        Comparison::NotContains => !actual.contains(expected),
        Comparison::LessThan => numbers().map(|(left, right)| left < right)?,
        Comparison::LessThanOrEquals => numbers().map(|(left, right)| left <= right)?,
        Comparison::GreaterThan => numbers().map(|(left, right)| left > right)?,
        Comparison::GreaterThanOrEquals => numbers().map(|(left, right)| left >= right)?,
        Comparison::Unspecified | Comparison::Equals | Comparison::Matches => actual == expected,
    })
}

fn number(text: &str, role: &str) -> Result<f64, Failure> {
    let parsed = text.trim().parse::<f64>().ok();
    parsed.filter(|number| number.is_finite()).ok_or_else(|| {
        let shown: String = text.chars().take(80).collect();
        failure(
            ErrorReason::NotANumber,
            format!("the {role} value `{shown}` is not a number"),
        )
    })
}

async fn matches(
    scope: &mut Scope,
    actual: &str,
    pattern: &str,
    timing: &Timing,
) -> Result<bool, Failure> {
    let values = BTreeMap::from([
        ("text".to_owned(), json!(actual)),
        ("pattern".to_owned(), json!(pattern)),
    ]);
    let value = scope.session.evaluate(MATCHES, &values, timing.timeout);
    match value.await? {
        Value::Bool(matches) => Ok(matches),
        problem => Err(failure(
            ErrorReason::InvalidPattern,
            format!(
                "the regular expression `{pattern}` cannot be read: {}",
                text_of(&problem)
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_are_compared() {
        use Comparison::*;
        for (comparison, actual, expected, holds) in [
            (Unspecified, "a", "a", true),
            (Equals, "10", "10.0", false),
            (NotEquals, "a", "b", true),
            (LessThan, "9", "10", true),
            (LessThan, "10", "10", false),
            (LessThanOrEquals, " 10 ", "10.0", true),
            (GreaterThan, "-1", "-2", true),
            (GreaterThanOrEquals, "1e3", "1000", true),
            (GreaterThanOrEquals, "999", "1000", false),
            (Contains, "abc", "b", true),
            (Contains, "abc", "", true),
            (NotContains, "abc", "b", false),
        ] {
            let found = compare(comparison, actual, expected);
            assert_eq!(found, Ok(holds), "{actual} {comparison:?} {expected}");
        }
    }

    #[test]
    fn what_is_no_number_is_not_compared_as_one() {
        for text in ["", "ten", "NaN", "inf", "1,000"] {
            let error = compare(Comparison::LessThan, text, "1").unwrap_err();
            assert_eq!(error.reason, "NOT_A_NUMBER");
            assert!(error.message.contains("actual"), "{}", error.message);
        }
        let error = compare(Comparison::LessThan, "1", "x").unwrap_err();
        assert!(error.message.contains("expected"), "{}", error.message);
    }
}
