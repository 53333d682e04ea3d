//! Targets: what the dialects call a selector is a hint, unless it is CSS beyond doubt.

use std::sync::LazyLock;

use etude::natural::Words as _;
use etude::v1::target::Locator;
use etude::v1::{ElementKind, Target, TargetPosition};
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

/// Names of locators that may stand before one: `xpath=//button`.
const ENGINES: [(&str, &str); 8] = [
    ("css=", "css"),
    ("xpath=", "xpath"),
    ("id=", "id"),
    ("test_id=", "test_id"),
    ("label=", "label"),
    ("placeholder=", "placeholder"),
    ("text=", "text"),
    ("hint=", "hint"),
];

static ROLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?s)^role=(?<role>[a-z]+)(?:\[name="(?<name>.*)"\])?$"#).ok());

/// The keys of a canonical target.
type Keys = Vec<(&'static str, String)>;

/// Whether the text can only be a CSS selector. One that begins with `#` or `.` is left to the
/// rule of hints, which tries it as a selector first.
pub(crate) fn is_css(text: &str) -> bool {
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
        let Some(keys) = locate(&text) else {
            return Some(given);
        };
        let value = match keys.as_slice() {
            [("hint", part)] => self.text(part.clone(), span),
            _ => self.keys(keys, span),
        };
        Some(Entry { value, ..given })
    }

    fn keys(&mut self, keys: Keys, span: Span) -> NodeId {
        let entries = keys.into_iter().map(|(key, text)| {
            let value = match key {
                "nth" | "position" | "kind" => self.plain(text, span),
                _ => self.text(text, span),
            };
            entry(key, span, value)
        });
        let entries = entries.collect();
        self.map(entries, span)
    }

    /// `{css: …}` and the like.
    pub(super) fn located(&mut self, key: &'static str, text: String, span: Span) -> NodeId {
        let value = self.text(text, span);
        self.map(vec![entry(key, span, value)], span)
    }

    /// An element of this tag that holds the text: `Shopping Bag in h1`.
    pub(super) fn tagged(&mut self, text: &str, tag: &str, span: Span) -> NodeId {
        let quote = if text.contains('\'') { '"' } else { '\'' };
        let path = format!("//{tag}[contains(normalize-space(.), {quote}{text}{quote})]");
        self.located("xpath", path, span)
    }
}

/// The keys of the target that a selector is; `None`: it is a hint as it stands.
fn locate(text: &str) -> Option<Keys> {
    if let Some(keys) = engine(text) {
        return Some(keys);
    }
    if is_css(text) {
        return Some(vec![("css", text.to_owned())]);
    }
    if let Some(test_id) = text.strip_prefix('@').filter(|id| !id.contains(' ')) {
        return Some(vec![("test_id", test_id.to_owned())]);
    }
    if let Some(part) = text.strip_prefix('~') {
        return Some(vec![("hint", part.to_owned())]);
    }
    phrase(text)
}

/// `css=#save`, `role=button[name="Save"]`
fn engine(text: &str) -> Option<Keys> {
    if let Some(found) = ROLE.as_ref().and_then(|role| role.captures(text)) {
        let part = |name: &str| found.name(name).map(|part| part.as_str().to_owned());
        let mut keys = vec![("role", part("role")?)];
        keys.extend(part("name").map(|name| ("name", name)));
        return Some(keys);
    }
    let (name, key) = ENGINES.iter().find(|(name, _)| text.starts_with(name))?;
    let rest = &text[name.len()..];
    (!rest.is_empty()).then(|| vec![(*key, rest.to_owned())])
}

/// `button "OK"`, `first "Active" quote`.
fn phrase(text: &str) -> Option<Keys> {
    let found = PHRASE.as_ref()?.captures(text)?;
    let mut keys = Keys::new();
    if let Some(nth) = found.name("nth") {
        let nth = match nth.as_str() {
            "first" => "1",
            "second" => "2",
            "third" => "3",
            _ => "-1",
        };
        keys.push(("nth", nth.to_owned()));
    }
    for name in ["position", "kind"] {
        let word = found.name(name);
        keys.extend(word.map(|word| (name, word.as_str().replace(' ', "_"))));
    }
    keys.push(("hint", found.name("hint")?.as_str().to_owned()));
    Some(keys)
}

/// A target as a selector of the dialects; `None`: they have none for it. `explicit`: with the name
/// of its locator, whatever it looks like.
pub(crate) fn selector(target: &Target, explicit: bool) -> Option<String> {
    let locator = target.locator.as_ref()?;
    if target.nth != 0 || target.position != 0 || target.kind != 0 {
        return narrowed(target, locator);
    }
    let (name, text, short) = match locator {
        Locator::Hint(text) => ("hint=", text, Some(text.clone())),
        Locator::Css(text) => ("css=", text, Some(text.clone())),
        Locator::TestId(text) => ("test_id=", text, Some(format!("@{text}"))),
        Locator::Xpath(text) => ("xpath=", text, None),
        Locator::Id(text) => ("id=", text, None),
        Locator::Label(text) => ("label=", text, None),
        Locator::Placeholder(text) => ("placeholder=", text, None),
        Locator::Text(text) => ("text=", text, None),
        Locator::Role(role) if role.name.is_empty() => return Some(format!("role={}", role.role)),
        Locator::Role(role) => return Some(format!("role={}[name=\"{}\"]", role.role, role.name)),
        Locator::Variable(_) => return None,
    };
    let keys = match locator {
        Locator::Hint(_) => None,
        _ => Some(vec![(name.trim_end_matches('='), text.clone())]),
    };
    let says_it = |short: &String| locate(short) == keys && text_in_element(short).is_none();
    let short = short.filter(|short| !explicit && says_it(short));
    Some(short.unwrap_or_else(|| format!("{name}{text}")))
}

/// A hint with what narrows it down: `first button "OK"`.
fn narrowed(target: &Target, locator: &Locator) -> Option<String> {
    let Locator::Hint(hint) = locator else {
        return None;
    };
    let mut words = Vec::new();
    words.extend(match target.nth {
        0 => None,
        1 => Some("first"),
        2 => Some("second"),
        3 => Some("third"),
        -1 => Some("last"),
        _ => return None,
    });
    words.extend(TargetPosition::words(target.position));
    words.extend(ElementKind::words(target.kind));
    Some(format!("{} \"{hint}\"", words.join(" ")))
}

/// `Shopping Bag in h1` as the text and the element.
pub(super) fn text_in_element(text: &str) -> Option<(&str, &str)> {
    let (before, tag) = text.rsplit_once(" in ")?;
    if engine(text).is_some() {
        return None;
    }
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
