//! Any bytes as a test file in YAML, JSON or a dialect of them: parser, checks, formatter.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| etude_language::fuzz::check(content));
