//! Any bytes as a test file that is converted to every format.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| etude_language::fuzz::check_conversions(content));
