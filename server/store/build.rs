//! Builds the crate again when a migration is added: the compiler watches those only that it has
//! seen.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
