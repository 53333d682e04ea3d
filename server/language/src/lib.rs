//! Test files: from text to typed tests and back.
//!
//! - [`template`]: texts with `$variables` and `${expressions}`
//! - [`natural`]: commands in words
//! - [`duration`]: durations as text

pub mod duration;
pub mod natural;
pub mod template;
