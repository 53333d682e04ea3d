//! Finding, starting and ending the programs: the driver and, through it, the browser.

mod find;
mod process;
mod registry;

pub(crate) use find::{Programs, find_programs};
pub(crate) use process::DriverProcess;
pub(crate) use registry::Registry;
