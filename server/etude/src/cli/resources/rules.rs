//! The contract's rules for a field, as far as they say how it is given.

use etude::DESCRIPTOR_POOL;
use etude::catalog;
use prost_reflect::{DynamicMessage, FieldDescriptor, ReflectMessage as _, Value};

/// The option of the contract that holds the rules.
const RULES: &str = "buf.validate.field";

/// Texts that may be longer than this are worth a file of their own.
const LONG: u64 = 1 << 17;

/// The rules of a field.
pub(crate) struct Rules {
    rules: Option<DynamicMessage>,
    required: bool,
}

impl Rules {
    pub(crate) fn of(field: &FieldDescriptor) -> Self {
        let option = DESCRIPTOR_POOL.get_extension_by_name(RULES);
        let rules = option.and_then(|option| {
            let options = field.options();
            options.get_extension(&option).as_message().cloned()
        });
        Self {
            rules,
            required: catalog::field_options(field).required,
        }
    }

    /// The pattern of the text, or of each text of a list.
    pub(crate) fn pattern(&self) -> Option<String> {
        let own = self.value(&["string", "pattern"]);
        let value = own.or_else(|| self.value(&["repeated", "items", "string", "pattern"]))?;
        value.as_str().map(str::to_owned)
    }

    /// Whether a request without the field is refused.
    pub(crate) fn required(&self) -> bool {
        let count = |path: &[&str]| self.value(path).and_then(|value| value.as_u64());
        let least = self
            .value(&["int32", "gte"])
            .and_then(|value| value.as_i32());
        self.required
            || count(&["string", "min_len"]).is_some_and(|least| least > 0)
            || count(&["repeated", "min_items"]).is_some_and(|least| least > 0)
            || least.is_some_and(|least| least > 0)
            || self.takes_no_empty_text()
    }

    fn takes_no_empty_text(&self) -> bool {
        let pattern = self.value(&["string", "pattern"]);
        pattern.is_some_and(|pattern| pattern.as_str().is_some_and(|text| !text.ends_with(")?$")))
    }

    /// Whether it is a text that usually comes from a file.
    pub(crate) fn long_text(&self) -> bool {
        let most = self.value(&["string", "max_len"]);
        most.and_then(|most| most.as_u64())
            .is_some_and(|most| most > LONG)
    }

    fn value(&self, path: &[&str]) -> Option<Value> {
        let mut value = Value::Message(self.rules.clone()?);
        for name in path {
            let message = value.as_message()?;
            let field = message.descriptor().get_field_by_name(name)?;
            if !message.has_field(&field) {
                return None;
            }
            value = message.get_field(&field).into_owned();
        }
        Some(value)
    }
}
