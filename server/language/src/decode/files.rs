//! The files that a test file names: looked for, and decoded with the test.

use std::collections::{HashSet, VecDeque};

use etude::v1::{self, ErrorReason};

use super::{Decoder, Places};
use crate::diagnose::{Mistake, Mistakes, shown};
use crate::dialect;
use crate::source::{Opened, Source, Span, file_name_of, folder_of, join};
use crate::tree::{self, Content, Node, NodeId, Tree};
use crate::variables::Body;

/// The longest path, in characters.
const MAX_PATH: usize = 4096;

/// The files that a test file names.
#[derive(Default)]
pub(crate) struct Files {
    /// Those that did not come with it, from its folder on.
    pub(crate) missing: Vec<String>,
    /// Whether some file that it names was not read, so that nobody knows what it sets.
    pub(crate) are_unread: bool,
    /// Whether some of those have steps.
    pub(crate) are_steps_unread: bool,
    asked: VecDeque<Asked>,
    seen: HashSet<(bool, String)>,
}

/// A file whose turn has not come.
struct Asked {
    path: String,
    /// Where it is asked for.
    span: Span,
    /// Its definitions are wanted, not its steps.
    is_import: bool,
    /// The files by which it is imported, the test file first.
    chain: Vec<String>,
}

/// What a file should hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holds {
    Rows,
    Items,
    Steps,
    Definitions,
}

impl<'d, 's> Decoder<'d, 's> {
    /// A file that is named here. `None`: it is not to be had; that is told.
    pub(super) fn open(&mut self, node: &Node<'_>, named: &str) -> Option<&'d Source<'s>> {
        if named.is_empty() || named.chars().count() > MAX_PATH {
            let message = format!("a path has 1 to {MAX_PATH} characters");
            self.refuse(Mistake::error(
                node.span,
                ErrorReason::InvalidValue,
                message,
            ));
            return None;
        }
        let path = join(&self.folder, named);
        let opened = match &path {
            Some(path) => self.main.open(path),
            None => match self.main.open("") {
                Opened::Unread => Opened::Unread,
                _ => Opened::Missing,
            },
        };
        if let Opened::File(source) = opened {
            return Some(source);
        }
        self.files.are_unread = true;
        match opened {
            Opened::Missing => self.missing(node, named, path),
            Opened::Broken(mistake) => {
                self.places.refuse(&self.path);
                mistake.into_iter().for_each(|m| self.mistakes.add(m));
            }
            Opened::File(_) | Opened::Unread => self.places.refuse(&self.path),
        }
        None
    }

    fn missing(&mut self, node: &Node<'_>, named: &str, path: Option<String>) {
        let (message, suggestion) = match path {
            Some(path) => {
                let message = format!("the file \"{}\" is not there", shown(named));
                if !self.files.missing.contains(&path) {
                    self.files.missing.push(path);
                }
                let folder = match folder_of(self.source.name()) {
                    "" => "the folder of this file".to_owned(),
                    folder => format!("\"{folder}\""),
                };
                (message, format!("its path begins in {folder}"))
            }
            None => (
                format!("\"{}\" is no relative path of a file", shown(named)),
                "write it from the folder of this file on, with \"/\" between folders".to_owned(),
            ),
        };
        let mistake = Mistake::error(node.span, ErrorReason::SourceMissing, message);
        self.refuse(mistake.suggest(suggestion));
    }

    /// Decodes something of another file, as a part of the field that is being decoded. `None`: the
    /// file cannot be read as what it should hold; that is told.
    pub(super) fn in_file<R>(
        &mut self,
        source: &Source<'s>,
        folder: &str,
        holds: Holds,
        work: impl FnOnce(&mut Decoder<'_, 's>, NodeId) -> R,
    ) -> Option<R> {
        let mut found = Mistakes::default();
        let built = holds.tree(source, &mut found);
        let result = built.map(|(tree, root)| {
            let mut inner = Decoder {
                main: self.main,
                source,
                tree: &tree,
                mistakes: &mut found,
                path: std::mem::take(&mut self.path),
                places: std::mem::take::<Places>(&mut self.places),
                folder: folder.to_owned(),
                files: std::mem::take(&mut self.files),
            };
            let result = work(&mut inner, root);
            self.path = inner.path;
            self.places = inner.places;
            self.files = inner.files;
            result
        });
        if result.is_none() {
            self.files.are_unread = true;
            self.files.are_steps_unread |= matches!(holds, Holds::Steps | Holds::Definitions);
            self.places.refuse(&self.path);
        }
        self.mistakes.append(found);
        result
    }

    // === Included and imported files ===

    /// Asks for the steps of a file. Its path from the test file's folder on is the name of the
    /// definition that they become.
    pub(super) fn ask_for_steps(&mut self, node: &Node<'_>, named: &str) -> Option<String> {
        let path = self.open_steps(node, named)?;
        self.ask(path.clone(), node.span, false, Vec::new());
        Some(path)
    }

    /// Asks for the definitions of a file.
    pub(super) fn ask_for_definitions(&mut self, node: &Node<'_>, named: &str, chain: &[String]) {
        let Some(path) = self.open_steps(node, named) else {
            return;
        };
        if let Some(from) = chain.iter().position(|other| *other == path) {
            let files = chain[from..].iter().chain([&path]);
            let files: Vec<_> = files.map(|file| format!("\"{}\"", shown(file))).collect();
            let message = format!("a file imports itself: {}", files.join(" imports "));
            let mistake = Mistake::error(node.span, ErrorReason::BlockCycle, message);
            self.refuse(mistake.suggest("take one of the imports out"));
            return;
        }
        self.ask(path, node.span, true, chain.to_vec());
    }

    /// The path of a file of steps or definitions from the test file's folder on.
    fn open_steps(&mut self, node: &Node<'_>, named: &str) -> Option<String> {
        let found = self.open(node, named).is_some();
        self.files.are_steps_unread |= !found;
        found.then(|| join(&self.folder, named)).flatten()
    }

    fn ask(&mut self, path: String, span: Span, is_import: bool, mut chain: Vec<String>) {
        if !self.files.seen.insert((is_import, path.clone())) {
            return;
        }
        chain.push(path.clone());
        self.files.asked.push_back(Asked {
            path,
            span,
            is_import,
            chain,
        });
    }

    /// The test file as the first of those that import others.
    pub(super) fn own_chain(&self) -> Vec<String> {
        vec![file_name_of(self.main.name()).to_owned()]
    }

    /// Decodes the files that are asked for, and those that these ask for.
    pub(super) fn read_asked(&mut self, test: &mut v1::Test, bodies: &mut Vec<Body>) {
        while let Some(asked) = self.files.asked.pop_front() {
            let Opened::File(source) = self.main.open(&asked.path) else {
                continue;
            };
            let first = test.definitions.len();
            self.path = format!("definitions[{first}]");
            self.places.add(&self.path, asked.span);
            let mut read = self.definitions_of(source, &asked, first, bodies);
            for definition in &mut read {
                definition.file.clone_from(&asked.path);
            }
            test.definitions.append(&mut read);
            self.path.clear();
        }
    }

    /// The definitions that a file stands for, of which the first is `first` of the test.
    fn definitions_of(
        &mut self,
        source: &Source<'s>,
        asked: &Asked,
        first: usize,
        bodies: &mut Vec<Body>,
    ) -> Vec<v1::Definition> {
        let folder = folder_of(&asked.path);
        if asked.is_import {
            let read = self.in_file(source, folder, Holds::Definitions, |inner, root| {
                inner.imported(root, first, &asked.chain, bodies)
            });
            return read.unwrap_or_default();
        }
        let read = self.in_file(source, folder, Holds::Steps, |inner, root| {
            inner.included(root, &asked.path, bodies)
        });
        // What uses a file that cannot be read is right; what is wrong is told of the file.
        vec![read.unwrap_or_else(|| super::include::unread(&asked.path))]
    }
}

impl Holds {
    /// The tree of such a file. `None`: it has none, or holds nothing; that is told.
    fn tree<'t>(self, source: &'t Source<'_>, found: &mut Mistakes) -> Option<(Tree<'t>, NodeId)> {
        let (mut tree, root) = tree::read(source, found)?;
        let is_empty = |root: &NodeId| match &tree.node(*root).content {
            Content::List(items) => items.is_empty(),
            _ => false,
        };
        let Some(root) = root.filter(|root| !is_empty(root)) else {
            found.add(self.nothing(source));
            return None;
        };
        let root = match self {
            Self::Rows | Self::Items => root,
            Self::Steps | Self::Definitions => dialect::normalise_shared(&mut tree, root, found),
        };
        Some((tree, root))
    }

    /// The mistake of a file without anything.
    fn nothing(self, source: &Source<'_>) -> Mistake {
        let (reason, suggestion) = match self {
            Self::Rows => (
                ErrorReason::DataInvalid,
                "write a list of rows, such as \"- {user: Ada}\"",
            ),
            Self::Items => (
                ErrorReason::DataInvalid,
                "write a list of items, such as \"- Ada\"",
            ),
            Self::Steps => (
                ErrorReason::FileEmpty,
                "write the steps, each on a line that begins with \"- \"",
            ),
            Self::Definitions => (
                ErrorReason::FileEmpty,
                "write \"define:\", and below it the blocks by their names",
            ),
        };
        let message = match self {
            Self::Rows => "the file holds no row",
            Self::Items => "the file holds no item",
            Self::Steps => "the file holds no step",
            Self::Definitions => "the file holds no block",
        };
        Mistake::error(source.place(0, 0), reason, message.to_owned()).suggest(suggestion)
    }
}
