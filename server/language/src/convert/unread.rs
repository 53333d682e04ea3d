//! Keys that a result keeps, and that the tool of its format never read.

use etude::v1::{Test, TestFormat};

use super::Read;
use super::notes::{About, Notes};

/// Fields of a test, and the key of each.
const KEYS: [(&str, &str); 6] = [
    ("base_url", "base_url"),
    ("tags", "tags"),
    ("data_rows", "data"),
    ("definitions", "define"),
    ("setup", "setup"),
    ("teardown", "teardown"),
];

/// Notes what Étude reads of the result and the tool of its format passes over.
pub(super) fn note(read: &Read<'_>, format: TestFormat, notes: &mut Notes) {
    let reason = match format {
        TestFormat::Simplified => "the tool of the simplified format passes over this key",
        TestFormat::Compact => "the tool of the compact format passes over this key",
        TestFormat::Extended => "the tool of the extended format passes over this key",
        _ => return,
    };
    for (field, key) in KEYS {
        let is_read =
            format == TestFormat::Compact && matches!(field, "base_url" | "setup" | "teardown");
        if is_read || !has(&read.decoded.test, field) || notes.are_about(field) {
            continue;
        }
        let about = About::field(read, field, key);
        notes.change(about, reason, &format!("{key}, which Étude reads"));
    }
}

fn has(test: &Test, field: &str) -> bool {
    match field {
        "base_url" => !test.base_url.is_empty(),
        "tags" => !test.tags.is_empty(),
        "data_rows" => !test.data_rows.is_empty() || !test.data_file.is_empty(),
        "definitions" => !test.definitions.is_empty(),
        "setup" => !test.setup.is_empty(),
        _ => !test.teardown.is_empty(),
    }
}
