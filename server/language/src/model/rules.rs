//! The `buf.validate` rules of a field, as data: for the schema, the reference and messages. The
//! checks themselves are compiled into the contract's crate.

use std::sync::LazyLock;

use prost_reflect::{
    DynamicMessage, ExtensionDescriptor, FieldDescriptor, MessageDescriptor, Value,
};

/// The rules of a field that bound its value.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Rules {
    /// Least length of a text, in characters.
    pub(crate) min_length: Option<u64>,
    /// Greatest length of a text, in characters.
    pub(crate) max_length: Option<u64>,
    /// What a text must match.
    pub(crate) pattern: Option<String>,
    /// The least number.
    pub(crate) least: Option<i64>,
    /// The greatest number.
    pub(crate) most: Option<i64>,
    /// Numbers that are not allowed, of an enum's values too.
    pub(crate) not: Vec<i64>,
    /// Fewest items.
    pub(crate) min_items: Option<u64>,
    /// Most items, or most pairs of a map.
    pub(crate) max_items: Option<u64>,
    /// Whether items must differ.
    pub(crate) unique: bool,
    /// The rules of each item.
    pub(crate) items: Option<Box<Rules>>,
}

static FIELD_RULES: LazyLock<Option<ExtensionDescriptor>> =
    LazyLock::new(|| etude::DESCRIPTOR_POOL.get_extension_by_name("buf.validate.field"));

impl Rules {
    pub(crate) fn of(field: &FieldDescriptor) -> Self {
        let options = field.options();
        match FIELD_RULES.as_ref() {
            Some(extension) => {
                let rules = options.get_extension(extension);
                rules.as_message().map(Self::read).unwrap_or_default()
            }
            None => Self::default(),
        }
    }

    fn read(rules: &DynamicMessage) -> Self {
        let mut out = Self::default();
        for kind in ["string", "int32", "uint32", "enum", "repeated", "map"] {
            if !rules.has_field_by_name(kind) {
                continue;
            }
            let value = rules.get_field_by_name(kind);
            if let Some(typed) = value.as_deref().and_then(Value::as_message) {
                out.read_typed(typed);
            }
        }
        out
    }

    fn read_typed(&mut self, typed: &DynamicMessage) {
        let unsigned = |name| given(typed, name).and_then(|value| value.as_u64());
        self.min_length = unsigned("min_len");
        self.max_length = unsigned("max_len");
        self.pattern = given(typed, "pattern").and_then(|v| v.as_str().map(str::to_owned));
        self.least = given(typed, "gte").and_then(|value| integer(&value));
        self.most = given(typed, "lte").and_then(|value| integer(&value));
        if let Some(list) = given(typed, "not_in") {
            let list = list.as_list().unwrap_or_default();
            self.not = list.iter().filter_map(integer).collect();
        }
        self.min_items = unsigned("min_items");
        self.max_items = unsigned("max_items").or(unsigned("max_pairs"));
        self.unique = given(typed, "unique").is_some_and(|value| value == Value::Bool(true));
        self.items = given(typed, "items")
            .and_then(|items| items.as_message().map(|rules| Box::new(Self::read(rules))));
    }
}

/// The fields of which the contract wants exactly one, for each such rule of the message.
pub(super) fn pairs(message: &MessageDescriptor) -> Vec<Vec<String>> {
    let extension = etude::DESCRIPTOR_POOL.get_extension_by_name("buf.validate.message");
    let options = message.options();
    let rules = extension.map(|extension| options.get_extension(&extension).into_owned());
    let rules = rules.as_ref().and_then(Value::as_message);
    let oneofs = rules.and_then(|rules| given(rules, "oneof"));
    let oneofs = oneofs.as_ref().and_then(Value::as_list).unwrap_or_default();
    let names = |oneof: &Value| {
        let fields = given(oneof.as_message()?, "fields")?;
        let names = fields.as_list()?.iter().filter_map(Value::as_str);
        Some(names.map(str::to_owned).collect())
    };
    oneofs.iter().filter_map(names).collect()
}

fn given(message: &DynamicMessage, name: &str) -> Option<Value> {
    message
        .has_field_by_name(name)
        .then(|| message.get_field_by_name(name).map(|v| v.into_owned()))?
}

fn integer(value: &Value) -> Option<i64> {
    let number = value.as_i64().or(value.as_i32().map(i64::from));
    number.or(value.as_u32().map(i64::from))
}

#[cfg(test)]
mod tests {
    use crate::model::message;

    #[test]
    fn fields_that_exclude_each_other_are_read_from_the_contract() {
        let pairs = &message("etude.v1.AssertVariable").pairs;
        assert_eq!(pairs, &[["variable", "expression"]]);
        assert!(message("etude.v1.Click").pairs.is_empty());
    }

    #[test]
    fn rules_are_read_from_the_contract() {
        let rules = |message_name: &str, field: &str| {
            let message = message(&format!("etude.v1.{message_name}"));
            message.field(field).unwrap().rules.clone()
        };
        let name = rules("Test", "name");
        assert_eq!((name.min_length, name.max_length), (Some(1), Some(512)));
        let nth = rules("Target", "nth");
        assert_eq!((nth.least, nth.most), (Some(-100_000), Some(100_000)));
        let tags = rules("Test", "tags");
        assert!(tags.unique);
        assert_eq!(tags.items.unwrap().max_length, Some(128));
        assert_eq!(rules("AssertCount", "comparison").not, [7, 8, 9]);
        assert!(rules("Variable", "name").pattern.is_some());
        assert_eq!(rules("CallApi", "headers").max_items, Some(100));
    }
}
