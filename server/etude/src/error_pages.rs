//! The pages of `docs/errors/`, one per reason, built into the binary.

use include_dir::{Dir, include_dir};

static PAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../docs/errors");

/// The page of a reason, in Markdown: what it means, when it comes up, what to do.
pub fn error_page(reason: &str) -> Option<&'static str> {
    PAGES.get_file(format!("{reason}.md"))?.contents_utf8()
}

/// The reasons that have a page, by name.
pub fn reasons() -> impl Iterator<Item = &'static str> {
    let files = PAGES.files();
    files.filter_map(|file| file.path().file_stem()?.to_str())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use etude::v1::ErrorReason;

    use super::*;

    #[test]
    fn every_reason_has_a_page_and_no_page_is_orphaned() {
        let expected: BTreeSet<_> = ErrorReason::all().map(ErrorReason::name).collect();
        let found: BTreeSet<_> = reasons().collect();
        let missing: Vec<_> = expected.difference(&found).collect();
        let orphaned: Vec<_> = found.difference(&expected).collect();
        assert!(missing.is_empty(), "no page in docs/errors: {missing:?}");
        assert!(orphaned.is_empty(), "no such reason: {orphaned:?}");
    }

    #[test]
    fn every_page_says_what_when_and_what_to_do() {
        for reason in ErrorReason::all() {
            let page = error_page(reason.name()).unwrap_or_default();
            assert!(
                page.starts_with(&format!("# {}\n", reason.name())),
                "{reason:?}"
            );
            for heading in ["## What it means\n", "## What to do\n"] {
                let (_, text) = page.split_once(heading).unwrap_or_default();
                assert!(text.trim().len() > 20, "{reason:?} lacks {heading}");
            }
            let status = match reason.code() {
                tonic::Code::Unknown => "none of its own".to_owned(),
                code => format!("{:?}", code).to_uppercase(),
            };
            let line = page
                .lines()
                .nth(2)
                .unwrap_or_default()
                .replace(['_', '`'], "");
            assert!(
                line.contains(&format!("gRPC status: {status}")),
                "{reason:?}: {line}"
            );
        }
    }

    #[test]
    fn an_unknown_reason_has_no_page() {
        assert_eq!(error_page("NO_SUCH_REASON"), None);
        assert_eq!(error_page("../../README"), None);
    }
}
