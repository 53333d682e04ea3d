//! The script that finds elements and acts on them, as it is put into documents.

/// A function that installs the script in the world it is called in; calling it again does
/// nothing. docs/targets.md describes what the script does.
pub(crate) const RESOLVER: &str = concat!(
    "() => { if (globalThis[Symbol.for('etude.resolver')]) return ''; ",
    include_str!("js/dom.js"),
    include_str!("js/match.js"),
    include_str!("js/suggest.js"),
    include_str!("js/actionable.js"),
    include_str!("js/compare.js"),
    include_str!("js/writing.js"),
    include_str!("js/operations.js"),
    include_str!("js/drag.js"),
    include_str!("js/main.js"),
    " return ''; }",
);

/// Runs a request; the answer is empty when the script is not installed.
pub(crate) const RUN: &str =
    "(request) => globalThis[Symbol.for('etude.resolver')]?.run(request) ?? ''";

/// Waits for the end of a press of the pointer; tells what it has hit and whether the page leaves.
pub(crate) const PRESSED: &str = "() => globalThis[Symbol.for('etude.resolver')]?.pressed() ?? ''";

/// Ends the watch on a press that is not going to happen.
pub(crate) const UNGUARD: &str = "() => globalThis[Symbol.for('etude.resolver')]?.unguard() ?? ''";
