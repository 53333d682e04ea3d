//! What is printed: values without a notation.

/// A value, and the field of the test that it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Document {
    /// The path of the field. Empty: none of its own.
    pub(crate) path: String,
    pub(crate) value: Value,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// A text.
    Text(String),
    /// A number, a boolean or null.
    Literal(String),
    /// Items.
    List(Vec<Document>),
    /// Keys with their values, in order.
    Map(Vec<(String, Document)>),
}

impl Document {
    pub(crate) fn new(path: &str, value: Value) -> Self {
        Self {
            path: path.to_owned(),
            value,
        }
    }

    pub(crate) fn text(path: &str, text: &str) -> Self {
        Self::new(path, Value::Text(text.to_owned()))
    }
}

impl From<Value> for Document {
    fn from(value: Value) -> Self {
        Self::new("", value)
    }
}
