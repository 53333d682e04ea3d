//! Steps: as they are stored, and as they are sent.

use serde::{Deserialize, Serialize};

use super::checkpoint::Checkpoint;
use super::{Object, loose};

/// A stored step. Its target stands under `element`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Step {
    /// Its id.
    #[serde(deserialize_with = "loose::id")]
    pub id: i64,
    /// Its UUID, which is the same in all snapshots.
    #[serde(deserialize_with = "loose::text")]
    pub canonical_id: String,
    /// What it does, such as `CLICK`.
    #[serde(deserialize_with = "loose::text")]
    pub action: String,
    /// Its value; empty when it has none.
    #[serde(deserialize_with = "loose::text")]
    pub value: String,
    /// What else belongs to the action, with its `kind`.
    #[serde(deserialize_with = "loose::object")]
    pub meta: Object,
    /// The variable it reads or sets, without `$`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// JavaScript without `${}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// The element it acts on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<Element>,
    /// An ERROR of it stops nothing and does not count.
    #[serde(deserialize_with = "loose::or_default")]
    pub optional: bool,
    /// Its outcome does not count.
    #[serde(deserialize_with = "loose::or_default")]
    pub ignore_outcome: bool,
    /// It is not executed.
    #[serde(deserialize_with = "loose::or_default")]
    pub skip: bool,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// A step as it is sent: `parsedStep`. Its target stands at the top, or under `element`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ParsedStep {
    /// What it does, such as `CLICK`.
    #[serde(deserialize_with = "loose::text")]
    pub action: String,
    /// Its value. Absent and empty mean the same.
    #[serde(
        deserialize_with = "loose::some_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub value: Option<String>,
    /// The element it acts on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// The element it acts on, in the other place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<Element>,
    /// The variable it reads or sets, without `$`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// JavaScript without `${}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// What else belongs to the action; may be partial.
    #[serde(deserialize_with = "loose::object")]
    pub meta: Object,
    /// An ERROR of it stops nothing and does not count.
    #[serde(
        deserialize_with = "loose::or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub optional: Option<bool>,
    /// Its outcome does not count.
    #[serde(
        deserialize_with = "loose::or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub ignore_outcome: Option<bool>,
    /// It is not executed.
    #[serde(
        deserialize_with = "loose::or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub skip: Option<bool>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

impl ParsedStep {
    /// Its target, wherever it stands.
    pub fn target(&self) -> Option<&Target> {
        let under = self
            .element
            .as_ref()
            .and_then(|element| element.target.as_ref());
        self.target.as_ref().or(under)
    }
}

/// An element that a step acts on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Element {
    /// Its id; absent in what is sent.
    #[serde(
        deserialize_with = "loose::some_id",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<i64>,
    /// How it is found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// How an element is found, and after a run what was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Target {
    /// `TARGET` until it was found; then the kind of element, such as `BUTTON`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Tried in this order.
    #[serde(deserialize_with = "loose::list")]
    pub selectors: Vec<Selector>,
    /// What a run has noted of the element: tag name, text, attributes, place.
    #[serde(flatten)]
    pub rest: Object,
}

/// One way to find an element.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector {
    /// `GUESS`, `XPATH`, `XPATH_ID`, `CSS_SELECTOR`, `ID` or another.
    #[serde(
        rename = "type",
        deserialize_with = "loose::text",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// What is looked for; of `GUESS` a JSON object in a string.
    #[serde(deserialize_with = "loose::text")]
    pub value: String,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}

/// The answer to a step that was added.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StepAdded {
    /// The step.
    pub test_step: Step,
    /// Its checkpoint, with all steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
    /// Fields that are not described here.
    #[serde(flatten)]
    pub rest: Object,
}
