//! The example tests, which people copy, are without a mistake and in the canonical form.

use std::path::Path;

use etude::v1::DocumentFormat;
use etude_language::{format_document, parse};

#[test]
fn every_example_parses_without_a_diagnostic_and_is_formatted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tests");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let content = std::fs::read(&path).unwrap();
        assert_eq!(parse(&name, &content).diagnostics, [], "{name}");
        let formatted = format_document(&name, &content, DocumentFormat::Yaml).unwrap();
        let [formatted, content] = [formatted, content].map(|b| String::from_utf8(b).unwrap());
        assert_eq!(formatted, content, "{name}: run etude fmt on it");
        names.push(name);
    }
    names.sort();
    assert_eq!(
        names,
        [
            "account.yaml",
            "blocks.yaml",
            "cart.yaml",
            "catalogue.yaml",
            "checkout.yaml",
            "failing.yaml",
            "login.yaml"
        ]
    );
}
