//! Any text as a template with variables and expressions, and as a duration.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| etude_language::fuzz::check_template(text));
