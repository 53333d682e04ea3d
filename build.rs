//! Compiles `proto/` into messages, stubs, the descriptor set and the field checks.
//!
//! The compiler is protox, so nothing but cargo is needed.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost_reflect::DescriptorPool;

#[path = "build/checks.rs"]
mod checks;
#[path = "build/commands.rs"]
mod commands;
#[path = "build/comments.rs"]
mod comments;
#[path = "build/methods.rs"]
mod methods;
#[path = "build/names.rs"]
mod names;
#[path = "build/natural.rs"]
mod natural;
#[path = "build/patterns.rs"]
mod patterns;
#[path = "build/rpcs.rs"]
mod rpcs;
#[path = "build/texts.rs"]
mod texts;

const PACKAGE: &str = "etude.v1";
const PACKAGE_FOLDER: &str = "etude/v1";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    println!("cargo:rerun-if-changed=build");
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let compiler = compile(true)?;
    fs::write(
        out.join("etude_descriptor.bin"),
        compiler.encode_file_descriptor_set(),
    )?;
    // Comments are most of the set; the program has its own in a table.
    fs::write(
        out.join("etude_pool.bin"),
        compile(false)?.encode_file_descriptor_set(),
    )?;

    let pool = compiler.descriptor_pool();
    generate_messages(compiler.file_descriptor_set(), &pool)?;
    fs::write(out.join("etude_commands.rs"), commands::generate(&pool))?;
    fs::write(
        out.join("etude_comments.rs"),
        comments::generate(&pool, PACKAGE),
    )?;
    fs::write(out.join("etude_methods.rs"), methods::generate(&pool))?;
    fs::write(out.join("etude_rpcs.rs"), rpcs::generate(&pool, PACKAGE))?;
    fs::write(out.join("etude_texts.rs"), texts::generate(&pool)?)?;
    fs::write(out.join("etude_natural.rs"), natural::generate(&pool)?)?;
    fs::write(
        out.join("etude_checks.rs"),
        checks::generate(&pool, PACKAGE)?,
    )?;
    Ok(())
}

fn compile(comments: bool) -> Result<protox::Compiler, Box<dyn Error>> {
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_source_info(comments).include_imports(true);
    compiler.open_files(contract_files()?)?;
    Ok(compiler)
}

/// The contract's files, sorted so that the output does not depend on the file system.
fn contract_files() -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = fs::read_dir(Path::new("proto").join(PACKAGE_FOLDER))?
        .map(|entry| Ok(Path::new(PACKAGE_FOLDER).join(entry?.file_name())))
        .collect::<Result<Vec<_>, std::io::Error>>()?;
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "proto")
    });
    files.sort();
    Ok(files)
}

fn generate_messages(
    files: prost_types::FileDescriptorSet,
    pool: &DescriptorPool,
) -> Result<(), Box<dyn Error>> {
    let mut builder = tonic_prost_build::configure()
        .btree_map(".")
        .bytes(".etude.v1")
        .codec_path("crate::codec::Codec");
    for message in pool
        .all_messages()
        .filter(|message| message.package_name() == PACKAGE)
    {
        let name = message.full_name();
        if message.is_map_entry() {
            continue;
        }
        builder = builder.message_attribute(
            name,
            format!(
                "#[derive(::prost_reflect::ReflectMessage)] \
                 #[prost_reflect(descriptor_pool = \"crate::DESCRIPTOR_POOL\", message_name = \"{name}\")]"
            ),
        );
    }
    builder.compile_fds(files)?;
    Ok(())
}

/// The build scripts' own error: a rule in the contract that the generator does not know.
#[derive(Debug)]
struct UnknownRule(String);

impl std::fmt::Display for UnknownRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the build script cannot generate code for {}", self.0)
    }
}

impl Error for UnknownRule {}
