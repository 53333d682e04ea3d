//! Calling a method and showing what it answers.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use clap::ArgMatches;
use etude::Client;
use futures::StreamExt as _;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MethodDescriptor, ReflectMessage as _, Value,
};
use serde_json::Value as Json;
use tonic::metadata::MetadataMap;

use super::super::files;
use super::super::output::{self, Format, note};
use super::super::problem::{Exit, Problem};
use super::arguments::Parameters;
use super::naming::Verb;
use super::references::Names;
use super::{deleting, executions, large_csv, table};

/// The most resources of a page, which the contract allows.
const PAGE: u32 = 1000;

/// The form of data on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Table,
    Json,
    Yaml,
    Name,
}

impl Form {
    pub(super) const WORDS: [&'static str; 4] = ["table", "json", "yaml", "name"];

    fn of(matches: &ArgMatches) -> Self {
        let word = matches.get_one::<String>(super::FORM_OPTION);
        match word.map_or("", String::as_str) {
            "json" => Self::Json,
            "yaml" => Self::Yaml,
            "name" => Self::Name,
            _ => Self::Table,
        }
    }
}

/// A call with all that it needs.
pub(super) struct Call<'a> {
    pub(super) client: &'a Client,
    pub(super) method: &'a MethodDescriptor,
    pub(super) request: DynamicMessage,
    pub(super) metadata: MetadataMap,
    pub(super) form: Form,
    /// Names of resources that were asked for.
    pub(super) asked: Vec<String>,
}

/// Reads the arguments, calls the method and prints its answer.
pub(super) async fn run(
    client: &Client,
    verb: &Verb,
    parameters: &Parameters,
    matches: &ArgMatches,
) -> Result<Exit, Problem> {
    let metadata = super::metadata(matches.get_one(super::PLATFORM_OPTION));
    let mut names = Names::new(client, metadata.clone());
    let request = parameters.request(matches, &mut names).await?;
    let deleted = parameters
        .target(&request)
        .filter(|_| verb.method.name().starts_with("Delete"));
    if let Some(name) = deleted
        .as_deref()
        .filter(|_| deleting::takes_along(&verb.method))
    {
        let shown = names.described(name);
        deleting::ask(client, &metadata, (name, &shown), matches).await?;
    }
    let call = Call {
        client,
        method: &verb.method,
        request,
        metadata,
        form: Form::of(matches),
        asked: names.found().to_vec(),
    };
    let exit = call.answer(matches).await;
    let exit = exit.map_err(|problem| names.explain(problem))?;
    if let Some(name) = deleted {
        note(&format!("deleted {}", names.described(&name)));
    }
    Ok(exit)
}

impl Call<'_> {
    async fn answer(&self, matches: &ArgMatches) -> Result<Exit, Problem> {
        if is_list(self.method) {
            let limit = matches.get_one::<u32>(super::LIMIT_OPTION).copied();
            self.list(limit).await?;
        } else if is_text(self.method) {
            let out = matches.get_one::<String>(super::OUT_OPTION);
            let file = out.filter(|out| *out != files::STDIN);
            self.text(file.map(Path::new)).await?;
        } else if executions::is_watch(self.method) {
            return executions::watch(self).await;
        } else if self.method.is_server_streaming() {
            self.stream().await?;
        } else if let Some(csv) = large_csv::of(&self.request)? {
            let answer = large_csv::send(self, csv).await?;
            self.show(&answer)?;
        } else {
            let answer = self.unary(self.request.clone()).await?;
            let waits = executions::starts(self.method) && matches.get_flag(super::WAIT_OPTION);
            return match waits {
                true => executions::wait(self, &answer).await,
                false => self.show(&answer).map(|()| Exit::Passed),
            };
        }
        Ok(Exit::Passed)
    }

    /// The one answer of a unary method.
    pub(super) async fn unary(&self, request: DynamicMessage) -> Result<DynamicMessage, Problem> {
        let metadata = self.metadata.clone();
        let answers = self
            .client
            .call_dynamic(self.method, request, metadata)
            .await;
        match answers?.next().await {
            Some(answer) => Ok(answer?),
            None => Err(Problem::could_not_run("the server has answered nothing")),
        }
    }

    /// Lists the pages, one after the other.
    async fn list(&self, limit: Option<u32>) -> Result<(), Problem> {
        let Some(field) = listed(self.method) else {
            return Ok(());
        };
        let mut items = Vec::new();
        let mut token = Value::String(String::new());
        loop {
            let missing = limit.map(|limit| limit.saturating_sub(items.len() as u32));
            let mut request = self.request.clone();
            let size = missing.map_or(PAGE, |missing| missing.min(PAGE));
            request.set_field_by_name("page_size", Value::I32(size.cast_signed()));
            request.set_field_by_name("page_token", token);
            let page = self.unary(request).await?;
            items.extend(table::messages(&page, &field));
            let next = page.get_field_by_name("next_page_token");
            token = next
                .map(|token| token.into_owned())
                .unwrap_or(Value::String(String::new()));
            let full = limit.is_some_and(|limit| items.len() >= limit as usize);
            if full || token.as_str().is_none_or(str::is_empty) {
                break;
            }
        }
        self.show_all(&items)
    }

    fn show_all(&self, items: &[DynamicMessage]) -> Result<(), Problem> {
        let values = || items.iter().map(value_of).collect();
        match self.form {
            Form::Table if items.is_empty() => {
                note("there are none");
                Ok(())
            }
            Form::Table => output::print(&table::list(items, &self.asked)),
            Form::Json => output::print_value(&Json::Array(values()), Format::Json),
            Form::Yaml => output::print_value(&Json::Array(values()), Format::Yaml),
            Form::Name => output::print(&items.iter().map(name_line).collect::<String>()),
        }
    }

    /// Shows one answer: the resource in it, when that is all that such an answer has.
    fn show(&self, answer: &DynamicMessage) -> Result<(), Problem> {
        let inner = only_resource(answer);
        let shown = inner.as_ref().unwrap_or(answer);
        match self.form {
            Form::Table if executions::is_results(self.method) => {
                output::print(&executions::results(answer)?)
            }
            Form::Table => output::print(&table::one(shown)),
            Form::Json => output::print_value(&value_of(shown), Format::Json),
            Form::Yaml => output::print_value(&value_of(shown), Format::Yaml),
            Form::Name => output::print(
                &first_resource(answer)
                    .as_ref()
                    .map(name_line)
                    .unwrap_or_default(),
            ),
        }
    }

    /// Prints what a stream brings, as it comes: JSON as one line each, YAML as documents.
    async fn stream(&self) -> Result<(), Problem> {
        let metadata = self.metadata.clone();
        let request = self.request.clone();
        let mut answers = self
            .client
            .call_dynamic(self.method, request, metadata)
            .await?;
        while let Some(answer) = answers.next().await {
            let answer = answer?;
            for item in items_of(&answer) {
                self.show_item(&item)?;
            }
        }
        Ok(())
    }

    /// Prints one of many messages.
    pub(super) fn show_item(&self, item: &DynamicMessage) -> Result<(), Problem> {
        let value = value_of(item);
        match self.form {
            Form::Table => output::print(&table::line(item)),
            Form::Json => output::print(&format!("{value}\n")),
            Form::Yaml => {
                output::print("---\n")?;
                output::print_value(&value, Format::Yaml)
            }
            Form::Name => output::print(&name_line(item)),
        }
    }

    /// Writes the parts of a text as they come: to a file, which is only there when it is whole, or to
    /// stdout.
    async fn text(&self, out: Option<&Path>) -> Result<(), Problem> {
        let metadata = self.metadata.clone();
        let request = self.request.clone();
        let mut answers = self
            .client
            .call_dynamic(self.method, request, metadata)
            .await?;
        let mut file = out.map(Unfinished::create).transpose()?;
        while let Some(answer) = answers.next().await {
            let answer = answer?;
            let parts = answer
                .fields()
                .filter_map(|(_, value)| value.as_str().map(str::to_owned));
            for part in parts {
                match &mut file {
                    Some(file) => file.write(&part)?,
                    None => output::print(&part)?,
                }
            }
        }
        file.map_or(Ok(()), Unfinished::finish)
    }
}

/// A file that takes its place when it is whole.
struct Unfinished<'a> {
    path: &'a Path,
    file: tempfile::NamedTempFile,
}

impl<'a> Unfinished<'a> {
    fn create(path: &'a Path) -> Result<Self, Problem> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        // As readable as other new files; a temporary one is its owner's only.
        let file = tempfile::Builder::new()
            .permissions(std::fs::Permissions::from_mode(0o666))
            .tempfile_in(folder.unwrap_or(Path::new(".")));
        let file = file.map_err(|error| unwritable(path, &error))?;
        Ok(Self { path, file })
    }

    fn write(&mut self, text: &str) -> Result<(), Problem> {
        let written = self.file.write_all(text.as_bytes());
        written.map_err(|error| unwritable(self.path, &error))
    }

    fn finish(self) -> Result<(), Problem> {
        let kept = self.file.persist(self.path);
        kept.map_err(|error| unwritable(self.path, &error.error))?;
        note(&format!("wrote {}", self.path.display()));
        Ok(())
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::could_not_run(format!("{} cannot be written: {error}", path.display()))
}

/// Whether a method lists resources page by page.
pub(super) fn is_list(method: &MethodDescriptor) -> bool {
    method.input().get_field_by_name("page_token").is_some()
}

/// Whether a method streams parts of a text.
pub(super) fn is_text(method: &MethodDescriptor) -> bool {
    let output = method.output();
    let mut fields = output.fields();
    let only = fields.next().filter(|_| fields.next().is_none());
    method.is_server_streaming() && only.is_some_and(|field| field.kind() == Kind::String)
}

/// The field of a list's answer that holds its items.
fn listed(method: &MethodDescriptor) -> Option<FieldDescriptor> {
    let output = method.output();
    let mut fields = output.fields();
    fields.find(|field| field.is_list() && matches!(field.kind(), Kind::Message(_)))
}

/// The resource in an answer that has nothing else.
fn only_resource(answer: &DynamicMessage) -> Option<DynamicMessage> {
    let descriptor = answer.descriptor();
    let mut fields = descriptor.fields();
    let only = fields.next().filter(|_| fields.next().is_none())?;
    answer.get_field(&only).as_message().cloned()
}

/// The first resource in an answer.
fn first_resource(answer: &DynamicMessage) -> Option<DynamicMessage> {
    let mut messages = answer
        .fields()
        .filter_map(|(_, value)| value.as_message().cloned());
    messages.next()
}

/// What a message of a stream brings: its items, or the message in it.
fn items_of(answer: &DynamicMessage) -> Vec<DynamicMessage> {
    let mut items = Vec::new();
    for (field, value) in answer.fields() {
        match value {
            Value::List(_) => items.extend(table::messages(answer, &field)),
            Value::Message(message) => items.push(message.clone()),
            _ => {}
        }
    }
    items
}

fn name_line(item: &DynamicMessage) -> String {
    let name = item.get_field_by_name("name");
    let name = name.and_then(|name| name.as_str().map(str::to_owned));
    name.map(|name| name + "\n").unwrap_or_default()
}

/// A message as JSON. Its maps, which have no order, are sorted, so that the same is always printed
/// in the same way.
pub(super) fn value_of(message: &DynamicMessage) -> Json {
    let mut value = etude::json::dynamic_to_value(message);
    sort_maps(message, &mut value);
    value
}

fn sort_maps(message: &DynamicMessage, json: &mut Json) {
    for (field, value) in message.fields() {
        let Some(json) = json.get_mut(field.json_name()) else {
            continue;
        };
        match (value, json) {
            (Value::Map(_), Json::Object(entries)) => entries.sort_keys(),
            (Value::Message(inner), json) => sort_maps(inner, json),
            (Value::List(items), Json::Array(all)) => {
                let inner = items.iter().map(Value::as_message);
                for (inner, json) in inner.zip(all) {
                    inner.into_iter().for_each(|inner| sort_maps(inner, json));
                }
            }
            _ => {}
        }
    }
}
