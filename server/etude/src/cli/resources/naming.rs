//! What the command line calls the services of resources and their methods, from the descriptors
//! alone: a method that is added to the contract has its verb.

use std::collections::BTreeSet;

use etude::DESCRIPTOR_POOL;
use etude::catalog;
use prost_reflect::{MethodDescriptor, ServiceDescriptor};

/// The option of the contract that holds the word of a service.
const NOUN: &str = "etude.v1.noun";

/// Further words for verbs, by their methods.
const ALSO: [(&str, &str); 1] = [("CreateExecution", "start")];

/// A service of resources.
#[derive(Debug)]
pub(crate) struct Noun {
    /// Its word: `projects`.
    pub(crate) word: String,
    /// What it is, in a sentence.
    pub(crate) about: String,
    service: ServiceDescriptor,
}

/// A method of a service of resources.
#[derive(Debug)]
pub(crate) struct Verb {
    /// Its name: `create`, `list-snapshots`.
    pub(crate) name: String,
    /// Other names: `snapshots`.
    pub(crate) aliases: Vec<String>,
    /// What it does, whole.
    pub(crate) description: String,
    pub(crate) method: MethodDescriptor,
}

/// The nouns, by their words.
pub(crate) fn nouns() -> Vec<Noun> {
    let Some(option) = DESCRIPTOR_POOL.get_extension_by_name(NOUN) else {
        return Vec::new();
    };
    let of_service = |service: ServiceDescriptor| {
        let options = service.options();
        let value = options.get_extension(&option);
        let word = value.as_str().filter(|word| !word.is_empty())?.to_owned();
        let (description, _) = catalog::service_comments(&service);
        let about = first_sentence(&description).to_owned();
        Some(Noun {
            word,
            about,
            service,
        })
    };
    let mut nouns: Vec<_> = DESCRIPTOR_POOL.services().filter_map(of_service).collect();
    nouns.sort_by(|a, b| a.word.cmp(&b.word));
    nouns
}

impl Noun {
    /// Its verbs, as in the contract.
    pub(crate) fn verbs(&self) -> Vec<Verb> {
        let subject = self.service.name().trim_end_matches("Service").to_owned();
        let subject = words(&subject);
        let parts: Vec<_> = self
            .service
            .methods()
            .map(|method| parts(method.name(), &subject))
            .collect();
        // A name in full is nobody else's short one, and the first of the contract keeps its own.
        let mut taken: BTreeSet<String> = parts.iter().map(|parts| parts.join("-")).collect();
        let (_, descriptions) = catalog::service_comments(&self.service);
        let methods = self.service.methods().zip(descriptions);
        let verbs = methods.zip(&parts).map(|((method, description), parts)| {
            let mut aliases = short(parts);
            let also = ALSO.iter().filter(|(name, _)| *name == method.name());
            aliases.extend(also.map(|(_, word)| (*word).to_owned()));
            aliases.retain(|alias| taken.insert(alias.clone()));
            Verb {
                name: parts.join("-"),
                aliases,
                description,
                method,
            }
        });
        verbs.collect()
    }

    /// The collection of its resources, such as `journeys`, as the names in its requests have it.
    pub(crate) fn collection(&self) -> Option<String> {
        let mut methods = self.service.methods();
        methods.find_map(|method| {
            let name = method.input().get_field_by_name("name")?;
            super::references::Reference::of(&name)?
                .first()
                .map(str::to_owned)
        })
    }
}

/// The verb of a method and what it is about, unless that is the service's own resource:
/// `ListGoalCheckpoints` of goals is `list` and `checkpoints`.
fn parts(method: &str, subject: &[String]) -> Vec<String> {
    let mut words = words(method);
    let rest = words.split_off(words.len().min(1));
    let same =
        |(word, subject): &(&String, &String)| *word == *subject || **word == format!("{subject}s");
    let shared = rest.iter().zip(subject).take_while(same).count();
    words.extend(rest.into_iter().skip(shared));
    words
}

/// The short names of a verb: what it reads, or what it does.
fn short(parts: &[String]) -> Vec<String> {
    match parts {
        [verb, rest @ ..] if !rest.is_empty() => match verb.as_str() {
            "get" | "list" | "read" => vec![rest.join("-")],
            _ => vec![verb.clone()],
        },
        _ => Vec::new(),
    }
}

/// The words of a name in camel case, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for letter in name.chars() {
        match words.last_mut() {
            Some(word) if !letter.is_uppercase() => word.push(letter),
            _ => words.push(letter.to_lowercase().collect()),
        }
    }
    words
}

/// A text of the server's, which tells what to do with methods, with the commands that call them:
/// `with AttachCheckpoint` is ``with `etude journeys attach-checkpoint` ``.
pub(crate) fn as_commands(text: &str) -> String {
    const BEFORE: &str = "with ";
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(BEFORE) {
        let (before, behind) = rest.split_at(at + BEFORE.len());
        out += before;
        let end = behind.find(|letter: char| !letter.is_ascii_alphanumeric());
        let (word, behind) = behind.split_at(end.unwrap_or(behind.len()));
        out += &command_of(word).unwrap_or_else(|| word.to_owned());
        rest = behind;
    }
    out + rest
}

/// The command that calls a method.
fn command_of(method: &str) -> Option<String> {
    if !method.starts_with(|letter: char| letter.is_ascii_uppercase()) {
        return None;
    }
    nouns().into_iter().find_map(|noun| {
        let mut verbs = noun.verbs().into_iter();
        let verb = verbs.find(|verb| verb.method.name() == method)?;
        Some(format!("`etude {} {}`", noun.word, verb.name))
    })
}

/// The first sentence, without its full stop.
pub(crate) fn first_sentence(text: &str) -> &str {
    let end = text.find(". ").unwrap_or(text.len());
    text[..end].trim_end_matches('.')
}
