//! The arguments of a verb, from the request of its method.

use clap::{Arg, ArgAction, ArgMatches, Command};
use etude::catalog;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MethodDescriptor, Value};

use super::super::fields::{self, Flag};
use super::super::problem::Problem;
use super::large_csv;
use super::naming::{Noun, Verb, first_sentence};
use super::references::{Names, Reference};
use super::rules::Rules;

/// Fields of requests that the command line fills by itself.
const PAGES: [&str; 2] = ["page_size", "page_token"];

/// The field that says which fields an update changes.
const MASK: &str = "update_mask";

/// One argument.
struct Parameter {
    flag: Flag,
    reference: Option<Reference>,
    required: bool,
    long_text: bool,
    /// The paths of the update mask that it can change.
    masked: Vec<String>,
}

/// The arguments of a verb.
pub(super) struct Parameters {
    method: MethodDescriptor,
    all: Vec<Parameter>,
}

impl Parameters {
    pub(super) fn of(noun: &Noun, verb: &Verb) -> Self {
        let input = verb.method.input();
        let mut all = Vec::new();
        for field in input.fields() {
            match resource(&verb.method, &field) {
                _ if PAGES.contains(&field.name()) || field.name() == MASK => {}
                Some(inner) => all.extend(of_resource(noun, &verb.method, &field, &inner)),
                None => all.extend(fields::flags_of(&field, true).into_iter().map(parameter)),
            }
        }
        // A flag within a message, such as a viewport's width, has no place of its own.
        for parameter in &mut all {
            parameter.flag.in_place = parameter.required;
        }
        Self {
            method: verb.method.clone(),
            all,
        }
    }

    /// Adds them to the verb's command.
    pub(super) fn add_to(&self, command: Command) -> Command {
        let mut command = self.all.iter().fold(command, |command, parameter| {
            let [named, placed] = parameter.arguments();
            let command = command.arg(named);
            match parameter.required {
                true => command.arg(placed),
                false => command,
            }
        });
        if self.mask().is_some() {
            command = command.arg(
                Arg::new(MASK)
                    .long("update-mask")
                    .value_name("FIELD")
                    .action(ArgAction::Append)
                    .help("A field that is changed [default: those that are given]"),
            );
        }
        let usage = self.all.iter().filter(|parameter| parameter.required);
        let places: String = usage
            .map(|parameter| format!(" <{}>", parameter.place()))
            .collect();
        let name = command.get_name().to_owned();
        command.override_usage(format!("{name} [OPTIONS]{places}"))
    }

    /// The request that arguments spell.
    pub(super) async fn request(
        &self,
        matches: &ArgMatches,
        names: &mut Names<'_>,
    ) -> Result<DynamicMessage, Problem> {
        let mut request = DynamicMessage::new(self.method.input());
        let mut changed = Vec::new();
        for parameter in &self.all {
            let Some(id) = fields::given(&parameter.flag, matches) else {
                if parameter.required {
                    return Err(self.missing(parameter));
                }
                continue;
            };
            let value = fields::value(&parameter.flag, matches, &id)?;
            let value = parameter.meant(value, names).await?;
            changed.extend(parameter.changes(&value));
            fields::set(&mut request, &parameter.flag.path, value);
        }
        if let Some(mask) = self.mask() {
            let given = matches.get_many::<String>(MASK);
            let paths = match given {
                Some(given) => given.cloned().collect(),
                None => changed,
            };
            set_mask(&mut request, &mask, paths)?;
        }
        Ok(request)
    }

    fn mask(&self) -> Option<FieldDescriptor> {
        self.method.input().get_field_by_name(MASK)
    }

    fn missing(&self, parameter: &Parameter) -> Problem {
        Problem::bad_input(format!(
            "{} is missing: {}",
            parameter.place(),
            first_sentence(&parameter.flag.help)
        ))
        .with_detail(format!(
            "give it in its place, or as --{}",
            parameter.flag.name
        ))
    }

    /// The last of the required values: what a deletion deletes.
    pub(super) fn target(&self, request: &DynamicMessage) -> Option<String> {
        let mut required = self.all.iter().filter(|parameter| parameter.required);
        let path = &required.next_back()?.flag.path;
        let field = path.first().filter(|_| path.len() == 1)?;
        request.get_field(field).as_str().map(str::to_owned)
    }
}

impl Parameter {
    /// The argument by its name, and the one in its place.
    fn arguments(&self) -> [Arg; 2] {
        let placed = fields::in_place(&self.flag).help(self.help());
        let placed = match self.is_list() {
            true => placed.num_args(1..),
            false => placed,
        };
        let named = fields::argument(&self.flag)
            .help(self.help())
            .hide(self.required);
        let named = match (&self.reference, self.long_text) {
            (Some(reference), _) => named.value_name(reference.placeholder()),
            (None, true) => named.value_name("TEXT|@FILE"),
            (None, false) => named,
        };
        let named = match self.flag.name.strip_suffix('s').filter(|_| self.is_list()) {
            Some(one) => named.alias(one.to_owned()),
            None => named,
        };
        [named, placed.value_name(self.place())]
    }

    fn is_list(&self) -> bool {
        let last = self.flag.path.last();
        last.is_some_and(|field| field.is_list() && !field.is_map())
    }

    /// What stands for it in a usage line.
    fn place(&self) -> String {
        let many = if self.is_list() { "..." } else { "" };
        let name = match &self.reference {
            Some(reference) => reference.placeholder(),
            None => self.flag.name.to_uppercase(),
        };
        format!("{name}{many}")
    }

    /// What the contract says of it, without what is understood here.
    fn help(&self) -> String {
        let help = self.flag.help.replace(" Required.", "");
        match self.long_text {
            true => format!("{help} @FILE for what a file holds, - for stdin"),
            false => help,
        }
    }

    /// The value with its resources found and its files read.
    async fn meant(&self, value: Value, names: &mut Names<'_>) -> Result<Value, Problem> {
        match (value, &self.reference) {
            (Value::String(text), Some(reference)) => {
                Ok(Value::String(names.find(reference, &text).await?))
            }
            (Value::List(items), Some(reference)) => {
                let mut found = Vec::new();
                for item in items {
                    let text = item.as_str().unwrap_or_default();
                    found.push(Value::String(names.find(reference, text).await?));
                }
                Ok(Value::List(found))
            }
            (Value::String(text), None) if self.long_text => {
                let option = format!("--{}", self.flag.name);
                let most = match large_csv::holds(&self.flag.path) {
                    true => large_csv::MOST_BYTES,
                    false => fields::MOST_BYTES,
                };
                Ok(Value::String(fields::contents(&option, &text, most)?))
            }
            (value, _) => Ok(value),
        }
    }

    /// The paths of the update mask that a value changes: of a message, those of the fields that
    /// it has. So a step that is written without flags keeps those that it had.
    fn changes(&self, value: &Value) -> Vec<String> {
        let has = |path: &&String| match (value.as_message(), path.split_once('.')) {
            (Some(message), Some((_, field))) => message
                .get_field_by_name(field)
                .and_then(|value| Some(value.as_message()?.fields().next().is_some()))
                .unwrap_or_default(),
            _ => true,
        };
        self.masked.iter().filter(has).cloned().collect()
    }
}

fn parameter(flag: Flag) -> Parameter {
    let field = flag.path.last().filter(|_| flag.path.len() == 1);
    let rules = field.map(Rules::of);
    let is_flag = |field: &FieldDescriptor| matches!(field.kind(), Kind::Bool) || field.is_map();
    Parameter {
        reference: flag.path.last().and_then(Reference::of),
        required: rules.as_ref().is_some_and(Rules::required) && !field.is_some_and(is_flag),
        long_text: flag
            .path
            .last()
            .map(Rules::of)
            .is_some_and(|rules| rules.long_text()),
        masked: Vec::new(),
        flag,
    }
}

/// The resource that a creating or updating method takes whole.
fn resource(
    method: &MethodDescriptor,
    field: &FieldDescriptor,
) -> Option<prost_reflect::MessageDescriptor> {
    let writes = ["Create", "Update"];
    match field.kind() {
        Kind::Message(message) if !field.is_list() && !field.is_map() => {
            let named = message.get_field_by_name("name").is_some();
            let writes = writes.iter().any(|verb| method.name().starts_with(verb));
            let is_step = message.full_name() == fields::STEP;
            (named && writes && !is_step).then_some(message)
        }
        _ => None,
    }
}

/// The parameters of a resource's own fields: of one that is changed, its name and what can be
/// changed; of a new one, what is not ignored. The contract's comments say which these are.
fn of_resource(
    noun: &Noun,
    method: &MethodDescriptor,
    outer: &FieldDescriptor,
    message: &prost_reflect::MessageDescriptor,
) -> Vec<Parameter> {
    let mask = method.input().get_field_by_name(MASK);
    let about = mask.as_ref().unwrap_or(outer);
    let about = catalog::field_options(about).description;
    let about = about.split(" Empty:").next().unwrap_or_default();
    let quoted: Vec<&str> = about.split('`').skip(1).step_by(2).collect();
    let listed = |field: &FieldDescriptor| {
        quoted
            .iter()
            .any(|path| path.split('.').next() == Some(field.name()))
    };
    let taken = |field: &FieldDescriptor| method.input().get_field_by_name(field.name()).is_some();
    let mut all = Vec::new();
    for field in message.fields() {
        let is_name = field.name() == "name";
        let wanted = match mask.is_some() {
            true => is_name || listed(&field),
            false => !listed(&field) && !taken(&field),
        };
        for flag in fields::flags_within(outer, &field)
            .into_iter()
            .filter(|_| wanted)
        {
            let mut parameter = parameter(flag);
            if mask.is_some() {
                let own = quoted
                    .iter()
                    .filter(|path| path.split('.').next() == Some(field.name()));
                parameter.masked = own.map(ToString::to_string).collect();
            }
            if is_name {
                parameter.required = true;
                parameter.reference = noun.collection().map(|own| Reference::to(&own));
            }
            all.push(parameter);
        }
    }
    all
}

fn set_mask(
    request: &mut DynamicMessage,
    mask: &FieldDescriptor,
    paths: Vec<String>,
) -> Result<(), Problem> {
    if paths.is_empty() {
        return Err(Problem::bad_input("nothing is given that could be changed")
            .with_detail("name at least one field with its new value; --help lists them"));
    }
    if let Value::Message(message) = request.get_field_mut(mask) {
        let paths = paths.into_iter().map(Value::String).collect();
        message.set_field_by_name("paths", Value::List(paths));
    }
    Ok(())
}
