//! Comparing and examining.

use etude::v1::command::Action;
use etude::v1::{self, Comparison, TextMatch};

use crate::common::Harness;
use crate::common::commands::*;
use crate::some;

#[tokio::test(flavor = "multi_thread")]
async fn compares_values() {
    let mut harness = Harness::start().await;
    harness.open("/plain.html").await;
    harness
        .eval("document.querySelector('h1').innerHTML = 'Total: <b>$1,234.50</b>'")
        .await;
    let target = || Some(css("h1"));
    let number = || Some(css("h1 b"));
    let value = |value: &str| value.to_owned();
    for passing in [
        Action::AssertEquals(v1::AssertEquals {
            target: target(),
            value: value(" Total:  $1,234.50 "),
        }),
        Action::AssertNotEquals(v1::AssertNotEquals {
            target: target(),
            value: value("Total"),
        }),
        Action::AssertContains(v1::AssertContains {
            target: target(),
            value: value("1,234"),
        }),
        Action::AssertNotContains(v1::AssertNotContains {
            target: target(),
            value: value("€"),
        }),
        Action::AssertGreaterThan(v1::AssertGreaterThan {
            target: number(),
            value: value("1234.4"),
        }),
        Action::AssertGreaterThanOrEqual(v1::AssertGreaterThanOrEqual {
            target: number(),
            value: value("€1234.50"),
        }),
        Action::AssertLessThan(v1::AssertLessThan {
            target: number(),
            value: value("1 235"),
        }),
        Action::AssertLessThanOrEqual(v1::AssertLessThanOrEqual {
            target: number(),
            value: value("1234.5"),
        }),
        Action::AssertMatches(v1::AssertMatches {
            target: target(),
            pattern: value("/^total: \\$[\\d,.]+$/i"),
        }),
        Action::AssertMatches(v1::AssertMatches {
            target: target(),
            pattern: value("\\d{3}"),
        }),
    ] {
        harness.pass(command(passing)).await;
    }
    let failure = harness.fail(equals(css("h1"), "Total: $9")).await;
    assert_eq!(
        (failure.expected.as_str(), failure.actual.as_str()),
        ("Total: $9", "Total: $1,234.50")
    );
    let greater = v1::AssertGreaterThan {
        target: number(),
        value: value("2000"),
    };
    harness
        .fail(command(Action::AssertGreaterThan(greater)))
        .await;
    let words = v1::AssertGreaterThan {
        target: number(),
        value: value("many"),
    };
    harness
        .error(command(Action::AssertGreaterThan(words)), "NOT_A_NUMBER")
        .await;
    let broken = v1::AssertMatches {
        target: target(),
        pattern: value("("),
    };
    harness
        .error(command(Action::AssertMatches(broken)), "INVALID_PATTERN")
        .await;
    harness
        .error(equals(hint("Nowhere"), "x"), "TARGET_NOT_FOUND")
        .await;
    harness.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn examines_elements_and_the_page() {
    let mut harness = Harness::start().await;
    harness.open("/form.html").await;
    let visible = |target| {
        command(Action::AssertVisible(v1::AssertVisible {
            target: Some(target),
        }))
    };
    let hidden = |target| {
        command(Action::AssertHidden(v1::AssertHidden {
            target: Some(target),
        }))
    };
    let enabled = |target| {
        command(Action::AssertEnabled(v1::AssertEnabled {
            target: Some(target),
        }))
    };
    let disabled = |target| {
        command(Action::AssertDisabled(v1::AssertDisabled {
            target: Some(target),
        }))
    };
    harness.pass(visible(hint("Send"))).await;
    harness.pass(hidden(css("#cities"))).await;
    harness.pass(hidden(hint("Nothing like it"))).await;
    harness.fail(visible(css("#cities"))).await;
    harness.fail(visible(hint("Nothing like it"))).await;
    harness.fail(hidden(hint("Send"))).await;
    harness.pass(enabled(hint("Send"))).await;
    harness.pass(disabled(hint("Off"))).await;
    harness.fail(enabled(hint("Off"))).await;
    let attribute = |name: &str, value: &str, comparison: Comparison| {
        command(Action::AssertAttribute(v1::AssertAttribute {
            target: some("Age"),
            attribute: name.to_owned(),
            value: value.to_owned(),
            comparison: comparison.into(),
        }))
    };
    harness
        .pass(attribute("type", "number", Comparison::Unspecified))
        .await;
    harness
        .pass(attribute("absent", "x", Comparison::NotEquals))
        .await;
    harness
        .fail(attribute("type", "text", Comparison::Equals))
        .await;
    harness
        .fail(attribute("absent", "", Comparison::Equals))
        .await;
    let count = |count, comparison: Comparison| {
        command(Action::AssertCount(v1::AssertCount {
            target: Some(css("input[type=radio]")),
            count,
            comparison: comparison.into(),
        }))
    };
    harness.pass(count(2, Comparison::Equals)).await;
    harness.pass(count(1, Comparison::GreaterThan)).await;
    let failure = harness.fail(count(3, Comparison::Equals)).await;
    assert_eq!(failure.actual, "2");
    let title = |title: &str, how: TextMatch| {
        let title = title.to_owned();
        command(Action::AssertTitle(v1::AssertTitle {
            title,
            r#match: how.into(),
        }))
    };
    harness.pass(title("Form", TextMatch::Exact)).await;
    harness.pass(title("^F.r", TextMatch::Regex)).await;
    harness.fail(title("Plain", TextMatch::StartsWith)).await;
    harness
        .error(title("(", TextMatch::Regex), "INVALID_PATTERN")
        .await;
    harness.close().await;
}
