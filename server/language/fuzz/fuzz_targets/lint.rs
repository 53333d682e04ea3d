//! Any bytes as a test file that is linted and mended.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| etude_language::fuzz::check_lint(content));
