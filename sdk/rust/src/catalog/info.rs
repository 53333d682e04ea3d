//! A command of the catalogue as the message that `CommandService` sends.

use prost_reflect::{Cardinality, FieldDescriptor, Kind};

use super::{CommandSpec, FieldSpec, enum_words};
use crate::v1::{CommandField, CommandInfo};

impl CommandSpec {
    /// What the catalogue says of the command, as a message.
    pub fn info(&self) -> CommandInfo {
        CommandInfo {
            name: format!("commands/{}", self.path()),
            group: self.group.clone(),
            command: self.name.clone(),
            aliases: self.aliases.clone(),
            yaml_key: self.yaml.clone(),
            yaml_aliases: self.yaml_aliases.clone(),
            short_form_field: self.scalar.clone().unwrap_or_default(),
            natural_language: self.natural.clone(),
            backends: self.backends.iter().map(|b| i32::from(*b)).collect(),
            description: self.description.clone(),
            fields: self.fields.iter().map(FieldSpec::info).collect(),
            message: self.message.full_name().to_owned(),
            method: self.method.clone(),
        }
    }
}

impl FieldSpec {
    fn info(&self) -> CommandField {
        let enum_values = match self.descriptor.kind() {
            Kind::Enum(kind) => enum_words(&kind)
                .into_iter()
                .map(|(word, _)| word)
                .collect(),
            _ => Vec::new(),
        };
        CommandField {
            name: self.name.clone(),
            r#type: type_of(&self.descriptor),
            description: self.description.clone(),
            required: self.required,
            template: self.template,
            aliases: self.aliases.clone(),
            enum_values,
        }
    }
}

fn type_of(field: &FieldDescriptor) -> String {
    let kind = field.kind();
    if let Kind::Message(entry) = &kind
        && entry.is_map_entry()
    {
        let key = kind_name(&entry.map_entry_key_field().kind());
        let value = kind_name(&entry.map_entry_value_field().kind());
        return format!("map<{key}, {value}>");
    }
    match field.cardinality() {
        Cardinality::Repeated => format!("repeated {}", kind_name(&kind)),
        _ => kind_name(&kind),
    }
}

fn kind_name(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(kind) => kind.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::by_yaml;

    #[test]
    fn fields_are_described_with_type_and_words() {
        let click = by_yaml("click").unwrap().info();
        let field = |name: &str| click.fields.iter().find(|f| f.name == name).unwrap();
        assert_eq!(click.name, "commands/interact/click");
        assert_eq!(field("target").r#type, "etude.v1.Target");
        assert!(field("target").required);
        assert!(
            field("position")
                .enum_values
                .contains(&"top_left".to_owned())
        );
        assert_eq!(field("modifiers").r#type, "repeated etude.v1.ModifierKey");
        let api = by_yaml("call_api").unwrap().info();
        let headers = api.fields.iter().find(|f| f.name == "headers").unwrap();
        assert_eq!(headers.r#type, "map<string, string>");
    }
}
