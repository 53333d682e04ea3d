//! Anchors and aliases: what stands for a value that is written elsewhere in the file.

use saphyr_parser::{Event, Parser};

use super::Read;
use super::notes::{About, Notes};
use crate::dialect;

/// Notes every alias: its value is written out.
pub(super) fn note(read: &Read<'_>, notes: &mut Notes) {
    if dialect::has_statements(read.source) {
        return;
    }
    let events = Parser::new_from_str(read.source.parsed()).map_while(Result::ok);
    for (event, span) in events {
        if let Event::Alias(_) = event {
            let span = read.source.span(&span.start, &span.end);
            let name = read.source.slice(span).trim().to_owned();
            let about = About::place(read, span, name);
            let reason = "what it stands for is written in its place";
            notes.change(about, reason, "the value of its anchor");
        }
    }
}
