//! Generates the table of the contract's comments, so that none is read from descriptors at run time.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use prost_reflect::{DescriptorPool, FileDescriptor};

/// The source of `COMMENTS`: full names of `package` in order, and what is said of them in one
/// paragraph.
pub(super) fn generate(pool: &DescriptorPool, package: &str) -> String {
    let mut comments = Comments::default();
    let is_ours = |name: &str| name == package;
    for message in pool.all_messages().filter(|m| is_ours(m.package_name())) {
        let file = message.parent_file();
        comments.add(message.full_name(), &file, message.path());
        for field in message.fields() {
            comments.add(field.full_name(), &file, field.path());
        }
    }
    for each in pool.all_enums().filter(|e| is_ours(e.package_name())) {
        for value in each.values() {
            comments.add(value.full_name(), &each.parent_file(), value.path());
        }
    }
    for service in pool.services().filter(|s| is_ours(s.package_name())) {
        let file = service.parent_file();
        comments.add(service.full_name(), &file, service.path());
        for method in service.methods() {
            comments.add(method.full_name(), &file, method.path());
        }
    }
    comments.table()
}

#[derive(Default)]
struct Comments {
    by_name: BTreeMap<String, String>,
}

impl Comments {
    /// Keeps the leading comment at `path` of a file.
    fn add(&mut self, name: &str, file: &FileDescriptor, path: &[i32]) {
        let descriptor = file.file_descriptor_proto();
        let locations = descriptor.source_code_info.iter();
        let mut locations = locations.flat_map(|info| &info.location);
        if let Some(found) = locations.find(|location| location.path == path) {
            let lines = found.leading_comments().lines().map(str::trim);
            let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
            self.by_name.insert(name.to_owned(), lines.join(" "));
        }
    }

    fn table(self) -> String {
        let mut out = "static COMMENTS: &[(&str, &str)] = &[\n".to_owned();
        for (name, comment) in self.by_name {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "    ({name:?}, {comment:?}),");
        }
        out + "];\n"
    }
}
