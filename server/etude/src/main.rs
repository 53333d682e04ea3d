//! The `etude` command.

#![forbid(unsafe_code)]

mod cli;

/// Reading a test makes thousands of small values, on all processors at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::main()
}
