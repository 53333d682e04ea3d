//! Short ways to write targets and values.

use crate::v1::{ElementKind, RoleLocator, Target, TargetPosition, target::Locator};

impl Target {
    /// What a person would call the element: its visible text, label, placeholder … A template:
    /// [`literal`] keeps dollar signs.
    pub fn hint(text: impl Into<String>) -> Self {
        Self::of(Locator::Hint(text.into()))
    }

    /// The element that a CSS selector matches.
    pub fn css(selector: impl Into<String>) -> Self {
        Self::of(Locator::Css(selector.into()))
    }

    /// The element that an XPath 1.0 expression matches.
    pub fn xpath(expression: impl Into<String>) -> Self {
        Self::of(Locator::Xpath(expression.into()))
    }

    /// The element with this `id`.
    pub fn id(id: impl Into<String>) -> Self {
        Self::of(Locator::Id(id.into()))
    }

    /// The element with this `data-testid` or one of its sisters.
    pub fn test_id(id: impl Into<String>) -> Self {
        Self::of(Locator::TestId(id.into()))
    }

    /// The element with this ARIA role and accessible name; an empty name is any.
    pub fn role(role: impl Into<String>, name: impl Into<String>) -> Self {
        Self::of(Locator::Role(RoleLocator {
            role: role.into(),
            name: name.into(),
        }))
    }

    /// The control whose label has this text.
    pub fn label(text: impl Into<String>) -> Self {
        Self::of(Locator::Label(text.into()))
    }

    /// The field with this placeholder.
    pub fn placeholder(text: impl Into<String>) -> Self {
        Self::of(Locator::Placeholder(text.into()))
    }

    /// The element with this visible text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(Locator::Text(text.into()))
    }

    /// The element that StoreElement has kept in this variable.
    pub fn variable(name: impl Into<String>) -> Self {
        Self::of(Locator::Variable(name.into()))
    }

    /// The same, of several matches the `number`th from 1; negative counts from the end.
    pub fn nth(mut self, number: i32) -> Self {
        self.nth = number;
        self
    }

    /// The same, of several matches the one at this place of the page.
    pub fn at(mut self, position: TargetPosition) -> Self {
        self.position = position.into();
        self
    }

    /// The same, only among elements of this kind.
    pub fn of_kind(mut self, kind: ElementKind) -> Self {
        self.kind = kind.into();
        self
    }

    fn of(locator: Locator) -> Self {
        Self {
            locator: Some(locator),
            ..Self::default()
        }
    }
}

impl From<&str> for Target {
    fn from(hint: &str) -> Self {
        Self::hint(hint)
    }
}

impl From<String> for Target {
    fn from(hint: String) -> Self {
        Self::hint(hint)
    }
}

/// `text` as a template that stands for itself: its dollar signs begin no variable.
///
/// ```
/// assert_eq!(etude::literal("costs $5, ${not code}"), "costs $$5, $${not code}");
/// ```
pub fn literal(text: &str) -> String {
    text.replace('$', "$$")
}
