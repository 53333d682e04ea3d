//! The names of comparisons, as the script knows them.

use etude::v1::{Comparison, TextMatch};

pub(super) fn of_match(how: TextMatch) -> &'static str {
    match how {
        TextMatch::Unspecified | TextMatch::Exact => "equals",
        TextMatch::Contains => "contains",
        TextMatch::StartsWith => "starts-with",
        TextMatch::EndsWith => "ends-with",
        TextMatch::Regex => "matches",
    }
}

pub(super) fn of_comparison(how: Comparison) -> &'static str {
    match how {
        Comparison::Unspecified | Comparison::Equals => "equals",
        Comparison::NotEquals => "not-equals",
        Comparison::LessThan => "less",
        Comparison::LessThanOrEquals => "less-or-equal",
        Comparison::GreaterThan => "greater",
        Comparison::GreaterThanOrEquals => "greater-or-equal",
        Comparison::Matches => "matches",
        Comparison::Contains => "contains",
        Comparison::NotContains => "not-contains",
    }
}

/// The comparison in a sentence: "to be less than".
pub(super) fn words(how: &str) -> &'static str {
    match how {
        "not-equals" => "to differ from",
        "contains" => "to contain",
        "not-contains" => "not to contain",
        "starts-with" => "to start with",
        "ends-with" => "to end with",
        "less" => "to be less than",
        "less-or-equal" => "to be at most",
        "greater" => "to be greater than",
        "greater-or-equal" => "to be at least",
        "matches" => "to match",
        _ => "to be",
    }
}
