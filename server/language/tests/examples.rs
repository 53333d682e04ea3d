//! The example tests, which people copy, are without a mistake.

use std::path::Path;

#[test]
fn every_example_parses_without_a_diagnostic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tests");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let parsed = etude_language::parse(&name, &std::fs::read(&path).unwrap());
        assert_eq!(parsed.diagnostics, [], "{name}");
        names.push(name);
    }
    names.sort();
    assert_eq!(
        names,
        [
            "account.yaml",
            "cart.yaml",
            "catalogue.yaml",
            "checkout.yaml",
            "failing.yaml",
            "login.yaml"
        ]
    );
}
