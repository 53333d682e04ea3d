//! Any bytes as a test file of statements in words.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| etude_language::fuzz::check_statements(content));
