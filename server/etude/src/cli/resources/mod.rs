//! `etude projects`, `etude goals` and so on: the resources of a platform.
//!
//! The nouns and verbs, their arguments and the columns of their tables come from the descriptors of
//! the contract; a method that is added to it can be called at once.

mod arguments;
mod calls;
mod deleting;
mod executions;
mod large_csv;
mod naming;
mod references;
mod rules;
mod table;
#[cfg(test)]
mod tests;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Args as _, Command, FromArgMatches as _};
use prost_reflect::MethodDescriptor;
use tonic::metadata::MetadataMap;

use super::connect::ServerArgs;
use super::platform_calls::platform_name;
use super::problem::{Exit, Problem};
use arguments::Parameters;
use calls::Form;
pub(crate) use naming::as_commands;
use naming::{Noun, first_sentence};

/// The metadata of a call that names its platform.
const PLATFORM: &str = "etude-platform";

/// The names of the options that all verbs have.
const PLATFORM_OPTION: &str = "platform";
const FORM_OPTION: &str = "output";
const LIMIT_OPTION: &str = "limit";
const OUT_OPTION: &str = "out";
const WAIT_OPTION: &str = "wait";
const YES_OPTION: &str = "yes";

const NAMES: &str = "A resource is named by its name (goals/7), its number (7), or its path from the project \
     down (Shop/Web/First visit); \\/ is a slash in a name. What stands in <…> can also be given by \
     its name, as in --goal Shop/Web.";

/// Adds the nouns, with the verbs of `only` or of all.
pub(crate) fn with_nouns(root: Command, only: Option<&str>) -> Command {
    naming::nouns().iter().fold(root, |root, noun| {
        let command = Command::new(noun.word.clone()).about(noun.about.clone());
        root.subcommand(match only {
            Some(other) if other != noun.word => command,
            _ => with_verbs(command, noun),
        })
    })
}

fn with_verbs(command: Command, noun: &Noun) -> Command {
    let command = common(command)
        .about(noun.about.clone())
        .long_about(noun.about.clone())
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help(NAMES);
    noun.verbs().iter().fold(command, |command, verb| {
        let about = first_sentence(&verb.description).to_owned();
        let own = Command::new(verb.name.clone())
            .about(about)
            .long_about(verb.description.clone())
            .visible_aliases(verb.aliases.clone())
            .after_long_help(NAMES);
        let own = Parameters::of(noun, verb).add_to(own);
        let usage = format!("etude {} {}", noun.word, usage(&own));
        let own = own.override_usage(usage);
        command.subcommand(with_options(own, &verb.method))
    })
}

/// The usage line of a verb, which its parameters have made.
fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage: ").to_owned()
}

/// Adds the options of all verbs.
fn common(command: Command) -> Command {
    let command = ServerArgs::augment_args(command)
        .arg(
            Arg::new(PLATFORM_OPTION)
                .long(PLATFORM_OPTION)
                .value_name("PLATFORM")
                .value_parser(platform_name)
                .help("The platform: local, virtuoso or an account's name [default: the server's]"),
        )
        .arg(
            Arg::new(FORM_OPTION)
                .long(FORM_OPTION)
                .short('o')
                .value_name("FORM")
                .default_value("table")
                .value_parser(PossibleValuesParser::new(Form::WORDS))
                .help("The form of the data on stdout; `name` prints resource names only"),
        );
    command.mut_args(|argument| argument.global(true).help_heading("Options of all verbs"))
}

/// Adds the options that follow from what a method answers.
fn with_options(command: Command, method: &MethodDescriptor) -> Command {
    if calls::is_list(method) {
        return command.arg(
            Arg::new(LIMIT_OPTION)
                .long(LIMIT_OPTION)
                .value_name("NUMBER")
                .value_parser(clap::value_parser!(u32).range(1..))
                .help("The most to list [default: all]"),
        );
    }
    if calls::is_text(method) {
        return command.arg(
            Arg::new(OUT_OPTION)
                .long(OUT_OPTION)
                .value_name("FILE")
                .help("Write it to this file; - is stdout [default: stdout]"),
        );
    }
    if deleting::takes_along(method) {
        return command.arg(
            Arg::new(YES_OPTION)
                .long(YES_OPTION)
                .short('y')
                .action(clap::ArgAction::SetTrue)
                .help("Delete it with all that it holds, without asking"),
        );
    }
    if executions::starts(method) {
        return command.arg(
            Arg::new(WAIT_OPTION)
                .long(WAIT_OPTION)
                .action(clap::ArgAction::SetTrue)
                .help("Follow it to its end: exit code 0 passed, 1 failed, 3 not executed"),
        );
    }
    command
}

/// Calls the method that the words name.
pub(crate) async fn run(word: &str, matches: &ArgMatches) -> Result<Exit, Problem> {
    let nouns = naming::nouns();
    let (Some(noun), Some((verb, matches))) = (
        nouns.iter().find(|noun| noun.word == word),
        matches.subcommand(),
    ) else {
        return Err(Problem::bad_input(format!(
            "{word} needs a verb; --help lists them"
        )));
    };
    let Some(verb) = noun.verbs().into_iter().find(|one| one.name == verb) else {
        return Err(Problem::bad_input(format!("{word} has no verb {verb}")));
    };
    let server = ServerArgs::from_arg_matches(matches);
    let server = server.map_err(|error| Problem::bad_input(error.to_string()))?;
    let client = server.connect().await?;
    let parameters = Parameters::of(noun, &verb);
    calls::run(&client, &verb, &parameters, matches).await
}

/// The metadata of calls to the platform that is asked for.
pub(crate) fn metadata(platform: Option<&String>) -> MetadataMap {
    let mut metadata = MetadataMap::new();
    if let Some(value) = platform.and_then(|platform| platform.parse().ok()) {
        metadata.insert(PLATFORM, value);
    }
    metadata
}
