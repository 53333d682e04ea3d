//! The commands, each with what it must do and what it must refuse.

#[path = "../common/mod.rs"]
mod common;

mod asserting;
mod data;
mod files;
mod navigating;
mod pointing;
mod waiting;
mod windows;
mod writing;

fn some(text: &str) -> Option<etude::v1::Target> {
    Some(common::commands::hint(text))
}
