//! The filter of ListRuns: `state = "FINISHED" AND labels.team = "shop" AND tags:smoke` (AIP-160:
//! `:` for tags, `=` for all else).

use etude::v1::{ErrorReason, Outcome, RunState};

use crate::error::{Error, Result};
use crate::store::RunQuery;

/// The fields, for messages.
const FIELDS: &str = "state, outcome, test_name, environment, owner, labels.KEY and tags";

/// Reads `filter` into the conditions of `query`.
pub(super) fn apply(filter: &str, query: &mut RunQuery) -> Result<()> {
    let mut reader = Reader { filter, at: 0 };
    reader.skip_spaces();
    if reader.at_end() {
        return Ok(());
    }
    loop {
        reader.term(query)?;
        reader.skip_spaces();
        if reader.at_end() {
            return Ok(());
        }
        reader.and()?;
    }
}

struct Reader<'a> {
    filter: &'a str,
    /// Where the reader stands, in bytes.
    at: usize,
}

impl Reader<'_> {
    fn term(&mut self, query: &mut RunQuery) -> Result<()> {
        self.skip_spaces();
        let field_at = self.at;
        let field = self.word(&format!("a field ({FIELDS})"))?;
        let label = match field.as_str() {
            "labels" => Some(self.label_key()?),
            _ => None,
        };
        match field.as_str() {
            "tags" => self.comparison(':', "`:` must follow, as in tags:smoke")?,
            _ => self.comparison('=', "`=` must follow; there is no other comparison")?,
        }
        self.skip_spaces();
        let value_at = self.at;
        let value = self.value()?;
        match (field.as_str(), label) {
            (_, Some(key)) => query.labels.push((key, value)),
            ("state", None) => {
                let state = self.choice(value_at, &value, "RUN_STATE_", RunState::from_str_name)?;
                self.once(&mut query.state, state, field_at, "state")?;
            }
            ("outcome", None) => {
                let outcome = self.choice(value_at, &value, "OUTCOME_", Outcome::from_str_name)?;
                self.once(&mut query.outcome, outcome, field_at, "outcome")?;
            }
            ("test_name", None) => {
                self.once(&mut query.test_name, value, field_at, "test_name")?;
            }
            ("environment", None) => {
                self.once(&mut query.environment, value, field_at, "environment")?;
            }
            ("owner", None) => {
                self.once(&mut query.owner, value, field_at, "owner")?;
            }
            ("tags", None) => query.tags.push(value),
            (other, None) => {
                let message = format!("{other:?} is not a field; there are {FIELDS}");
                return Err(self.error(field_at, message));
            }
        }
        Ok(())
    }

    fn label_key(&mut self) -> Result<String> {
        if self.rest().starts_with('.') {
            self.at += 1;
            return self.value();
        }
        Err(self.error(
            self.at,
            "after labels, a dot and the label's key must follow",
        ))
    }

    fn comparison(&mut self, sign: char, expected: &str) -> Result<()> {
        self.skip_spaces();
        let rest = self.rest();
        if rest.starts_with(sign) && !rest[1..].starts_with(sign) {
            self.at += 1;
            return Ok(());
        }
        Err(self.error(self.at, expected))
    }

    fn and(&mut self) -> Result<()> {
        let at = self.at;
        match self.word("AND, or the end") {
            Ok(word) if word == "AND" => Ok(()),
            _ => Err(self.error(
                at,
                "AND, or the end, must follow; there is no other connective",
            )),
        }
    }

    /// A quoted text, or a bare word.
    fn value(&mut self) -> Result<String> {
        if !self.rest().starts_with('"') {
            return self.word("a value in double quotes");
        }
        let start = self.at;
        let mut value = String::new();
        let mut escaped = false;
        for (offset, c) in self.rest().char_indices().skip(1) {
            match c {
                '\\' if !escaped => escaped = true,
                '"' if !escaped => {
                    self.at += offset + 1;
                    return Ok(value);
                }
                c => {
                    escaped = false;
                    value.push(c);
                }
            }
        }
        Err(self.error(start, "the closing double quote is missing"))
    }

    fn word(&mut self, expected: &str) -> Result<String> {
        let rest = self.rest();
        let ends = |c: char| !(c.is_alphanumeric() || c == '_' || c == '-');
        let length = rest.find(ends).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.error(self.at, format!("{expected} must stand here")));
        }
        let word = rest[..length].to_owned();
        self.at += length;
        Ok(word)
    }

    fn choice<T>(
        &self,
        at: usize,
        value: &str,
        prefix: &str,
        find: impl Fn(&str) -> Option<T>,
    ) -> Result<T> {
        let known = (value != "UNSPECIFIED").then(|| find(&format!("{prefix}{value}")));
        known.flatten().ok_or_else(|| {
            let example = if prefix == "OUTCOME_" {
                "PASS"
            } else {
                "FINISHED"
            };
            let message = format!(
                "{value:?} is not one of the values; they are written in capitals without \
                 prefix, such as {example:?}"
            );
            self.error(at, message)
        })
    }

    fn once<T>(&self, slot: &mut Option<T>, value: T, at: usize, field: &str) -> Result<()> {
        match slot.replace(value) {
            None => Ok(()),
            Some(_) => Err(self.error(at, format!("{field} stands twice"))),
        }
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn rest(&self) -> &str {
        &self.filter[self.at..]
    }

    fn at_end(&self) -> bool {
        self.at == self.filter.len()
    }

    fn error(&self, at: usize, message: impl std::fmt::Display) -> Error {
        let position = self.filter[..at].chars().count() + 1;
        let message = format!("the filter cannot be read at character {position}: {message}");
        Error::new(ErrorReason::InvalidFilter, message).with("position", position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(filter: &str) -> Result<RunQuery> {
        let mut query = RunQuery::default();
        apply(filter, &mut query).map(|()| query)
    }

    #[test]
    fn every_field_is_read() {
        let query = read(
            r#" state = "FINISHED" AND outcome="FAIL" AND test_name = "a \"b\" \\ AND c" AND labels.team = shop AND labels."x.y" = ""
                AND environment = staging AND tags:smoke AND tags : "two words"
                AND owner = "executions/7" "#,
        )
        .unwrap();
        assert_eq!(query.owner.as_deref(), Some("executions/7"));
        assert_eq!(query.environment.as_deref(), Some("staging"));
        assert_eq!(query.tags, ["smoke", "two words"]);
        assert_eq!(query.state, Some(RunState::Finished));
        assert_eq!(query.outcome, Some(Outcome::Fail));
        assert_eq!(query.test_name.as_deref(), Some(r#"a "b" \ AND c"#));
        let labels = [("team", "shop"), ("x.y", "")];
        assert_eq!(
            query.labels,
            labels.map(|(k, v)| (k.to_owned(), v.to_owned()))
        );
    }

    #[test]
    fn an_empty_filter_asks_for_all() {
        for filter in ["", "  \n"] {
            let query = read(filter).unwrap();
            assert!(query.state.is_none() && query.labels.is_empty());
        }
    }

    #[test]
    fn mistakes_are_told_with_their_position() {
        for (filter, position) in [
            ("stat = \"QUEUED\"", 1),
            ("state", 6),
            ("state == \"QUEUED\"", 7),
            ("state = \"queued\"", 9),
            ("state = \"UNSPECIFIED\"", 9),
            ("state = \"QUEUED", 9),
            ("state = ", 9),
            ("état = \"x\"", 1),
            ("test_name = \"é\" OR state = QUEUED", 17),
            ("state = QUEUED AND", 19),
            ("state = QUEUED AND state = RUNNING", 20),
            ("labels = \"x\"", 7),
            ("state != QUEUED", 7),
            ("tags = smoke", 6),
            ("environment = a AND environment = b", 21),
            ("owner:\"executions/7\"", 6),
        ] {
            let error = read(filter).unwrap_err();
            assert_eq!(error.reason, ErrorReason::InvalidFilter, "{filter}");
            assert_eq!(
                error.metadata["position"],
                position.to_string(),
                "{filter}: {error}"
            );
        }
    }
}
