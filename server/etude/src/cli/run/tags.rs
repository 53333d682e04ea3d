//! Which tests are meant by their tags: `smoke and not (slow or flaky)`.

/// The deepest nesting, so that no argument exhausts the stack.
const MAX_DEPTH: usize = 100;

/// An expression over tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagExpression {
    /// The test has this tag.
    Tag(String),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

impl TagExpression {
    /// Whether a test with these tags is meant.
    pub(crate) fn takes(&self, tags: &[String]) -> bool {
        match self {
            Self::Tag(tag) => tags.contains(tag),
            Self::Not(inner) => !inner.takes(tags),
            Self::All(all) => all.iter().all(|inner| inner.takes(tags)),
            Self::Any(any) => any.iter().any(|inner| inner.takes(tags)),
        }
    }
}

/// Reads an expression: tags joined by `and`, `or`, `not`, parentheses and commas. A comma is an
/// `or`. A tag with spaces, or that is called like one of these words, stands in double quotes.
pub(crate) fn parse(text: &str) -> Result<TagExpression, String> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        depth: 0,
    };
    let expression = parser.any()?;
    match parser.tokens.first() {
        None => Ok(expression),
        Some(token) => Err(format!(
            "\"and\", \"or\" or \",\" must stand before {}",
            token.shown()
        )),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Tag(String),
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Open => "\"(\"".to_owned(),
            Self::Close => "\")\"".to_owned(),
            Self::And => "\"and\"".to_owned(),
            Self::Or => "\"or\"".to_owned(),
            Self::Not => "\"not\"".to_owned(),
            Self::Tag(tag) => format!("the tag {tag:?}"),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' => push(&mut tokens, Token::Open, 1),
            ')' => push(&mut tokens, Token::Close, 1),
            ',' => push(&mut tokens, Token::Or, 1),
            '"' => {
                let (tag, _) = rest[1..]
                    .split_once('"')
                    .ok_or("a tag in quotes has no closing quote")?;
                push(&mut tokens, Token::Tag(tag.to_owned()), tag.len() + 2)
            }
            _ => {
                let is_end = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '"');
                let word = &rest[..rest.find(is_end).unwrap_or(rest.len())];
                let token = match word.to_ascii_lowercase().as_str() {
                    "and" => Token::And,
                    "or" => Token::Or,
                    "not" => Token::Not,
                    _ => Token::Tag(word.to_owned()),
                };
                push(&mut tokens, token, word.len())
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn push(tokens: &mut Vec<Token>, token: Token, length: usize) -> usize {
    tokens.push(token);
    length
}

struct Parser<'t> {
    tokens: &'t [Token],
    depth: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<TagExpression, String> {
        let mut any = vec![self.all()?];
        while self.take(&Token::Or) {
            any.push(self.all()?);
        }
        Ok(alone(any, TagExpression::Any))
    }

    fn all(&mut self) -> Result<TagExpression, String> {
        let mut all = vec![self.one()?];
        while self.take(&Token::And) {
            all.push(self.one()?);
        }
        Ok(alone(all, TagExpression::All))
    }

    fn one(&mut self) -> Result<TagExpression, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("it nests deeper than {MAX_DEPTH} levels"));
        }
        let one = self.inner();
        self.depth -= 1;
        one
    }

    fn inner(&mut self) -> Result<TagExpression, String> {
        if self.take(&Token::Not) {
            return Ok(TagExpression::Not(Box::new(self.one()?)));
        }
        if self.take(&Token::Open) {
            let inner = self.any()?;
            if !self.take(&Token::Close) {
                return Err("a \"(\" has no \")\"".to_owned());
            }
            return Ok(inner);
        }
        match self.tokens.split_first() {
            Some((Token::Tag(tag), rest)) => {
                self.tokens = rest;
                Ok(TagExpression::Tag(tag.clone()))
            }
            Some((token, _)) => Err(format!("a tag must stand before {}", token.shown())),
            None => Err("it ends where a tag must stand".to_owned()),
        }
    }

    fn take(&mut self, token: &Token) -> bool {
        match self.tokens.split_first() {
            Some((first, rest)) if first == token => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }
}

fn alone(
    mut list: Vec<TagExpression>,
    several: impl Fn(Vec<TagExpression>) -> TagExpression,
) -> TagExpression {
    match list.pop() {
        Some(only) if list.is_empty() => only,
        Some(last) => {
            list.push(last);
            several(list)
        }
        None => several(list),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(expression: &str, tags: &[&str]) -> bool {
        let tags: Vec<_> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        parse(expression).unwrap().takes(&tags)
    }

    #[test]
    fn tags_are_joined_by_words_and_commas() {
        for (expression, tags, taken) in [
            ("smoke", &["smoke", "slow"][..], true),
            ("smoke", &["Smoke"], false),
            ("smoke,slow", &["slow"], true),
            ("smoke or slow", &["fast"], false),
            ("smoke and not slow", &["smoke"], true),
            ("smoke and not slow", &["smoke", "slow"], false),
            ("smoke AND NOT slow", &["smoke"], true),
            ("a and b or c", &["c"], true),
            ("a and (b or c)", &["c"], false),
            ("a and (b or c)", &["a", "c"], true),
            ("not a and b", &["b"], true),
            ("not (a and b)", &["b"], true),
            ("not not a", &["a"], true),
            ("\"not\" and \"two words\"", &["not", "two words"], true),
            ("team:web-1", &["team:web-1"], true),
            ("not(slow)", &[], true),
        ] {
            assert_eq!(takes(expression, tags), taken, "{expression} {tags:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (expression, message) in [
            ("", "it ends where a tag must stand"),
            ("a and", "it ends where a tag must stand"),
            ("a b", "must stand before the tag \"b\""),
            ("or a", "a tag must stand before \"or\""),
            ("(a", "a \"(\" has no \")\""),
            ("a)", "must stand before \")\""),
            ("a,,b", "a tag must stand before \"or\""),
            ("\"a", "no closing quote"),
        ] {
            let error = parse(expression).unwrap_err();
            assert!(error.contains(message), "{expression}: {error}");
        }
        let deep = "(".repeat(10_000);
        assert!(parse(&deep).unwrap_err().contains("nests deeper"));
        let deep = "not ".repeat(10_000) + "a";
        assert!(parse(&deep).unwrap_err().contains("nests deeper"));
    }
}
