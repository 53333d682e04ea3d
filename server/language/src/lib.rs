//! Test files: from text to typed tests and back.
//!
//! - [`parse`]: a file as a typed test, or all its mistakes, each with its place
//! - [`parse_with`]: the same with the files that it names
//! - [`validate_test`]: the mistakes of a typed test
//! - [`format()`] and [`format_document`]: the canonical form, of a test and of a file
//! - [`convert()`]: a file in another format, and what that cannot hold
//! - [`schema()`]: the JSON Schema of test files, for editors
//! - [`template`]: texts with `$variables` and `${expressions}`
//! - [`builtins`]: variables that every test has
//! - [`parse_environments`]: files of named sets of variables
//! - [`lint`]: what a test that can be run probably gets wrong
//! - [`natural`]: commands in words
//! - [`duration`]: durations as text
//!
//! Nothing here reads a file, waits or keeps state. Keys, types, enums and bounds come from the
//! descriptors of the contract; what a test file spells in a way of its own (variables, data
//! rows, targets, a viewport, durations) is in `decode`, `format` and `schema` alike.
//!
//! Any input is answered within bounds of time and memory: a file has at most 1 MiB, nests at
//! most 100 deep, and its aliases expand to at most 4 MiB.

pub mod builtins;
mod check;
mod convert;
mod decode;
mod diagnose;
mod dialect;
pub mod duration;
mod environments;
mod format;
#[doc(hidden)]
pub mod fuzz;
pub mod lint;
mod model;
pub mod natural;
mod schema;
mod source;
mod suggest;
mod syntax;
pub mod template;
#[cfg(test)]
mod testing;
mod tree;
mod variables;

use etude::catalog::{self, CommandSpec};
use etude::v1::{self, Diagnostic};
use prost_reflect::{DynamicMessage, ReflectMessage};

pub use check::{environment_of, validate_test, variables_of};
pub use convert::{Conversion, ConvertError, Converted, convert};
use decode::Decoded;
use diagnose::Mistakes;
pub use dialect::repair;
pub use environments::{Environments, ParsedEnvironments, ResolvedEnvironment, parse_environments};
pub use format::{FormatError, format, format_document};
pub use schema::schema;
use source::Source;

/// A parsed file.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The test; absent when a diagnostic is an error.
    pub test: Option<v1::Test>,
    /// Every mistake, by place; at most 1000.
    pub diagnostics: Vec<Diagnostic>,
    /// Files that it names and that were not given, as [`v1::SourceFile`] calls them.
    pub missing_files: Vec<String>,
}

/// What a run brings beside the test.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Brought {
    /// Name of the environment, for messages. Empty: none.
    pub environment: String,
    /// Names of the variables that the environment and the caller set.
    pub variables: Vec<String>,
}

impl From<&v1::Environment> for Brought {
    fn from(environment: &v1::Environment) -> Self {
        let names = environment.variables.iter().map(|v| v.name.clone());
        Self {
            environment: environment.name.clone(),
            variables: names.collect(),
        }
    }
}

/// Parses a test file, YAML 1.2 or JSON. `file_name` names it in places.
///
/// A file that names others is read by [`parse_with`].
pub fn parse(file_name: &str, content: &[u8]) -> Parsed {
    parse_with(file_name, content, &[], &Brought::default())
}

/// As [`parse`], with the files that the test file names, for a run that brings these variables:
/// their uses are no mistakes.
pub fn parse_with(
    file_name: &str,
    content: &[u8],
    files: &[v1::SourceFile],
    brought: &Brought,
) -> Parsed {
    let (source, mistake) = Source::with_files(file_name, content, files);
    let (decoded, mistakes) = analyse_source(&source, mistake, brought);
    parsed(&source, decoded, mistakes)
}

/// As [`parse`], as if what the file names were as it should be: no other file is looked at, and
/// the test has nothing from one.
fn parse_alone(file_name: &str, content: &[u8]) -> Parsed {
    let (source, (decoded, mistakes)) = analyse(file_name, content, &Brought::default());
    parsed(&source, decoded, mistakes)
}

fn parsed(source: &Source<'_>, decoded: Option<Decoded>, mistakes: Mistakes) -> Parsed {
    let missing_files = match &decoded {
        Some(decoded) => decoded.files.missing.clone(),
        None => Vec::new(),
    };
    let test = decoded
        .filter(|_| !mistakes.has_errors())
        .map(|decoded| decoded.test);
    Parsed {
        test,
        diagnostics: mistakes.into_diagnostics(source),
        missing_files,
    }
}

/// Tells in which format a file is written. A file that is not YAML, or holds nothing, has none.
pub fn detect(file_name: &str, content: &[u8]) -> v1::DetectFormatResponse {
    let (source, mistake) = Source::read(file_name, content);
    let mut mistakes = Mistakes::default();
    let built = match mistake {
        Some(_) => None,
        None => read_tree(&source, &mut mistakes),
    };
    match built {
        Some((tree, root)) => dialect::detect(&tree, root).into_response(&source, &tree),
        None => v1::DetectFormatResponse::default(),
    }
}

/// Whether a file begins with a statement in words, or with the heading of a checkpoint.
pub fn has_statements(content: &[u8]) -> bool {
    let (source, mistake) = Source::read("", content);
    mistake.is_none() && dialect::has_statements(&source)
}

/// Derives from the descriptors what tests are read and checked by. Whoever comes first does it
/// otherwise, and waits a tenth of a second.
pub fn prepare() {
    model::message("etude.v1.Test");
}

/// What a file holds as far as it can be read, and its mistakes. The files that it names are not
/// looked at.
fn analyse<'a>(
    file_name: &str,
    content: &'a [u8],
    brought: &Brought,
) -> (Source<'a>, (Option<Decoded>, Mistakes)) {
    let (source, mistake) = Source::read(file_name, content);
    let analysed = analyse_source(&source, mistake, brought);
    (source, analysed)
}

fn analyse_source(
    source: &Source<'_>,
    mistake: Option<diagnose::Mistake>,
    brought: &Brought,
) -> (Option<Decoded>, Mistakes) {
    let mut mistakes = Mistakes::default();
    let decoded = match mistake {
        Some(mistake) => {
            mistakes.add(mistake);
            None
        }
        None => read_source(source, brought, &mut mistakes).map(|read| read.decoded),
    };
    (decoded, mistakes)
}

/// A file that holds values.
struct Read<'s> {
    tree: tree::Tree<'s>,
    /// How many of the tree's values stand in the file; the others come from rewriting it.
    written: usize,
    format: v1::TestFormat,
    decoded: Decoded,
}

fn read_source<'s>(
    source: &'s Source<'_>,
    brought: &Brought,
    mistakes: &mut Mistakes,
) -> Option<Read<'s>> {
    let (mut tree, root) = read_tree(source, mistakes)?;
    let written = tree.len();
    let detected = dialect::detect(&tree, root);
    let root = dialect::normalise(&mut tree, root, &detected, mistakes);
    let decoded = decode::decode(source, &tree, root, mistakes);
    check::decoded(source, &decoded, brought, mistakes);
    Some(Read {
        tree,
        written,
        format: detected.format,
        decoded,
    })
}

/// The tree of a file: of statements in words, or of YAML.
fn read_tree<'s>(
    source: &'s Source<'_>,
    mistakes: &mut Mistakes,
) -> Option<(tree::Tree<'s>, tree::NodeId)> {
    if let Some(read) = dialect::statements(source) {
        return Some(read);
    }
    let mut found = Mistakes::default();
    let built = tree::build(source, &mut found);
    if built.is_none() && dialect::report_unquoted(source, mistakes) {
        return None;
    }
    mistakes.append(found);
    built
}

/// What the catalogue says of a command, and its message. `None` when it is empty.
fn action(command: &v1::Command) -> Option<(&'static CommandSpec, DynamicMessage)> {
    let spec = catalog::of(command)?;
    let dynamic = command.transcode_to_dynamic();
    let message = dynamic.get_field(&spec.action).as_message()?.clone();
    Some((spec, message))
}
