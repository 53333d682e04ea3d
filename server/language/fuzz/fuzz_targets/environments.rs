//! Any bytes as a file of environments.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| etude_language::fuzz::check_environments(content));
