//! What tests read of the environment of whoever runs them.

use std::collections::BTreeMap;

use super::super::output::note;
use super::super::style::Style;
use super::plan::Planned;

/// The values of the environment variables that a test uses; others stay here.
pub(super) fn used_by(test: &etude::v1::Test) -> BTreeMap<String, String> {
    let names = etude_language::environment_of(test);
    let set = names.into_keys().filter_map(|name| {
        let value = std::env::var(&name).ok()?;
        Some((name, value))
    });
    set.collect()
}

/// Says which variables are not set here. The server may still hold them as secrets.
pub(super) fn tell_missing(tests: &[Planned]) {
    let mut missing = BTreeMap::new();
    for planned in tests {
        for (name, needed) in etude_language::environment_of(&planned.test) {
            if needed && std::env::var_os(&name).is_none() {
                missing.entry(name).or_insert(&planned.file);
            }
        }
    }
    for (name, file) in missing {
        let mark = Style::of_stderr().yellow("warning:");
        note(&format!(
            "{mark} {file} uses ${{ENV:{name}}}, which is not set here; \
             set it, unless the server holds a secret {name}"
        ));
    }
}
