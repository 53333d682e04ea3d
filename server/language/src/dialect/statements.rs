//! Files of statements in words, one on a line.

use super::build::entry;
use crate::natural;
use crate::source::{Source, Span};
use crate::tree::{Content, Node, NodeId, Scalar, Tree};

/// The checkpoint that is filled.
struct Open {
    title: Option<(String, Span)>,
    steps: Vec<NodeId>,
}

/// The tree of a file of statements; `None`: the file is none. It is one when its name ends in
/// `.txt`, or when its first line is a statement.
///
/// A line `Checkpoint 2: Pay` begins a checkpoint; what stands behind `#` or `//` at the beginning
/// of a line is a comment, of which the second kind is a step.
pub(crate) fn statements<'s>(source: &'s Source<'_>) -> Option<(Tree<'s>, NodeId)> {
    if !has_statements(source) {
        return None;
    }
    let lines = lines(source);
    let mut tree = Tree::default();
    let mut done: Vec<Open> = Vec::new();
    let mut open = Open {
        title: None,
        steps: Vec::new(),
    };
    for (span, line) in lines {
        match title(line) {
            Some(title) => {
                let next = Open {
                    title: Some((title.to_owned(), span)),
                    steps: Vec::new(),
                };
                done.push(std::mem::replace(&mut open, next));
            }
            None => open.steps.push(scalar(&mut tree, line.to_owned(), span)),
        }
    }
    done.push(open);
    let root = document(&mut tree, source, done);
    Some((tree, root))
}

/// Whether a file has statements, one on a line.
pub(crate) fn has_statements(source: &Source<'_>) -> bool {
    let Some((_, first)) = lines(source).next() else {
        return false;
    };
    source.name().to_lowercase().ends_with(".txt") || is_statement(first)
}

/// The lines that say something, trimmed, with their places.
fn lines<'s>(source: &'s Source<'_>) -> impl Iterator<Item = (Span, &'s str)> {
    source.numbered_lines().filter_map(|(number, line)| {
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            return None;
        }
        let before = line.len() - line.trim_start().len();
        let start = source.line_start(number) + before;
        Some((source.place(start, start + text.len()), text))
    })
}

fn is_statement(line: &str) -> bool {
    let may_be_yaml = line.starts_with(['-', '{', '[', '"', '\'']) || line.ends_with(':');
    let key = line
        .split(' ')
        .next()
        .is_some_and(|word| word.ends_with(':'));
    !may_be_yaml
        && !key
        && line.contains(' ')
        && (title(line).is_some() || natural::read(line).is_some())
}

/// `Checkpoint 2: Pay` as the title.
fn title(line: &str) -> Option<&str> {
    let (number, title) = line.strip_prefix("Checkpoint ")?.split_once(':')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| title.trim())
}

fn document(tree: &mut Tree<'_>, source: &Source<'_>, done: Vec<Open>) -> NodeId {
    let name = scalar(tree, stem(source.name()).to_owned(), Span::START);
    if let [only] = done.as_slice()
        && only.title.is_none()
    {
        let steps = add(tree, Content::List(only.steps.clone()), Span::START);
        let entries = vec![
            entry("name", Span::START, name),
            entry("steps", Span::START, steps),
        ];
        return add(tree, Content::Map(entries), Span::START);
    }
    let mut checkpoints = Vec::new();
    for open in done {
        if open.title.is_none() && open.steps.is_empty() {
            continue;
        }
        let span = open.title.as_ref().map_or(Span::START, |(_, span)| *span);
        let mut entries = Vec::new();
        if let Some((title, at)) = open.title {
            entries.push(entry("name", at, scalar(tree, title, at)));
        }
        let steps = add(tree, Content::List(open.steps), span);
        entries.push(entry("steps", span, steps));
        checkpoints.push(add(tree, Content::Map(entries), span));
    }
    let checkpoints = add(tree, Content::List(checkpoints), Span::START);
    let entries = vec![
        entry("name", Span::START, name),
        entry("checkpoints", Span::START, checkpoints),
    ];
    add(tree, Content::Map(entries), Span::START)
}

/// The name of a test whose file names none: the file's, without folders and ending.
pub(crate) fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if stem.is_empty() { "test" } else { stem }
}

fn scalar<'s>(tree: &mut Tree<'s>, text: String, span: Span) -> NodeId {
    let scalar = Scalar {
        text: text.into(),
        quoted: true,
    };
    add(tree, Content::Scalar(scalar), span)
}

fn add<'s>(tree: &mut Tree<'s>, content: Content<'s>, span: Span) -> NodeId {
    tree.add(Node { span, content })
}
