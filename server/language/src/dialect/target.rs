//! Targets: what the dialects call a selector is a hint, unless it is CSS beyond doubt.

use std::sync::LazyLock;

use regex::Regex;

use super::Rewriter;
use super::build::entry;
use crate::source::Span;
use crate::tree::{Entry, NodeId};

/// Elements whose bare name means the element.
const BARE: &str = "h[1-6]|body|html|div|span|p|ul|ol|li|dl|dt|dd|img|input|textarea|select|\
    option|form|fieldset|legend|table|thead|tbody|tfoot|tr|td|th|iframe|nav|header|footer|section|\
    article|aside|main|label|button|video|audio|canvas|svg|pre|code|strong|em|small|figure";

/// One element with what narrows it down: `input#email`, `[name='q']`, `li:nth-child(2)`.
fn compound(needs_part: bool) -> String {
    let part =
        r#"(?:[.#][A-Za-z_][\w-]*|\[[^\]]+\]|::?[a-z-]+(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?)"#;
    match needs_part {
        true => format!(r"(?:(?:{BARE}|[abi]|\*)?{part}+)"),
        false => format!(r"(?:(?:{BARE}|[abi]|\*){part}*|{part}+)"),
    }
}

static CSS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let (one, narrowed) = (compound(false), compound(true));
    // Two words in a row need a sign somewhere: "form a" may as well be a text.
    let pattern = format!(
        r"^(?:{BARE}|{narrowed}|{one}(?:\s*[>+~,]\s*{one}|\s+{one})*\s*[>+~,]\s*{one}(?:\s*[>+~,\s]\s*{one})*|{narrowed}(?:\s+{one})+|(?:{one}\s+)+{narrowed}(?:\s+{one})*)$"
    );
    Regex::new(&pattern).ok()
});

static PHRASE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r#"^(?:the )?(?:(?<nth>first|second|third|last) )?(?:(?<position>(?:top|bottom)(?: left| right)?|left|right) )?(?:(?<kind>link|button|input|image|dropdown|checkbox|radio) )?"(?<hint>[^"]+)"(?: (?<noun>[a-z ]+))?$"#;
    Regex::new(pattern).ok()
});

/// The longest text that is looked at; nobody writes a longer selector.
const LONGEST: usize = 2000;

/// Whether the text can only be a CSS selector. One that begins with `#` or `.` is left to the
/// rule of hints, which tries it as a selector first.
fn is_css(text: &str) -> bool {
    !text.starts_with(['#', '.'])
        && text.len() <= LONGEST
        && CSS.as_ref().is_some_and(|css| css.is_match(text))
}

impl<'s> Rewriter<'_, 's> {
    /// The target that a value names.
    pub(super) fn target(&mut self, given: Option<Entry<'s>>) -> Option<Entry<'s>> {
        let given = self.template(given)?;
        let Some(text) = self.word(given.value) else {
            return Some(given);
        };
        let span = self.span(given.value);
        let value = if is_css(&text) {
            self.located("css", text.into_owned(), span)
        } else if let Some(test_id) = text.strip_prefix('@').filter(|id| !id.contains(' ')) {
            self.located("test_id", test_id.to_owned(), span)
        } else if let Some(part) = text.strip_prefix('~') {
            self.text(part.to_owned(), span)
        } else {
            self.phrase(&text, span).unwrap_or(given.value)
        };
        Some(Entry { value, ..given })
    }

    /// `{css: …}` and the like.
    pub(super) fn located(&mut self, key: &'static str, text: String, span: Span) -> NodeId {
        let value = self.text(text, span);
        self.map(vec![entry(key, span, value)], span)
    }

    /// `button "OK"`, `first "Active" quote`.
    fn phrase(&mut self, text: &str, span: Span) -> Option<NodeId> {
        let found = PHRASE.as_ref()?.captures(text)?;
        let mut entries = Vec::new();
        if let Some(nth) = found.name("nth") {
            let nth = match nth.as_str() {
                "first" => "1",
                "second" => "2",
                "third" => "3",
                _ => "-1",
            };
            entries.push(entry("nth", span, self.plain(nth, span)));
        }
        for name in ["position", "kind"] {
            if let Some(word) = found.name(name) {
                let word = self.plain(word.as_str().to_owned(), span);
                entries.push(entry(name, span, word));
            }
        }
        let hint = self.text(found.name("hint")?.as_str().to_owned(), span);
        entries.push(entry("hint", span, hint));
        Some(self.map(entries, span))
    }

    /// An element of this tag that holds the text: `Shopping Bag in h1`.
    pub(super) fn tagged(&mut self, text: &str, tag: &str, span: Span) -> NodeId {
        let quote = if text.contains('\'') { '"' } else { '\'' };
        let path = format!("//{tag}[contains(normalize-space(.), {quote}{text}{quote})]");
        self.located("xpath", path, span)
    }
}

/// `Shopping Bag in h1` as the text and the element.
pub(super) fn text_in_element(text: &str) -> Option<(&str, &str)> {
    let (before, tag) = text.rsplit_once(" in ")?;
    let is_heading =
        tag.len() == 2 && tag.starts_with('h') && tag.ends_with(|c| ('1'..='6').contains(&c));
    (is_heading || matches!(tag, "p" | "span" | "div" | "td" | "li")).then_some((before, tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn css_is_told_from_text() {
        for css in [
            "h1",
            "button.submit",
            "input#email",
            "input[type=checkbox]#terms",
            "a[href='tryit.asp?filename=a']",
            "[data-value='with spaces']",
            "body > div > div > span > a",
            "div:has(> span.ready):not(.loading)",
            "form#contact h2",
            "div.modal-body p",
            "div.container > ul > li:nth-child(3) > a",
            "iframe[src*='example.com'][name='content']:not([hidden])",
            "div.class1.class2#id[data-attr='value']:nth-child(3)",
            "li:nth-child(odd)",
            "input[type='text'][required]",
        ] {
            assert!(is_css(css), "{css}");
        }
        for text in [
            "Sign In",
            "Border Not Found",
            "12.00 €",
            "Email",
            "form a",
            "Surface Pro 9 - 512GB",
            "sales_proposal.pdf",
            "results",
            "Price: Low to High",
            "#email",
            ".dashboard",
            "//div",
            ">>>invalid<<<",
            "Sales > Leads",
            "4 stars & up",
            "Welcome, Test User",
            "Continue",
        ] {
            assert!(!is_css(text), "{text}");
        }
    }

    #[test]
    fn a_heading_may_be_named_behind_the_text() {
        assert_eq!(
            text_in_element("Shopping Bag in h1"),
            Some(("Shopping Bag", "h1"))
        );
        assert_eq!(text_in_element("Sign in here"), None);
    }
}
