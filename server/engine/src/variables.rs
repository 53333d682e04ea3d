//! Variables of a session or data row: layers, values, and what must not be shown of them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use etude::v1;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::error::failure;
use crate::mask::{self, Mask};
use crate::secrets::Secrets;

/// The most of a variable's value that [`Variables::masked`] shows, in bytes: a session with the
/// most variables still fits a message.
const SHOWN_BYTES: usize = 512;

/// The shortest text derived from a secret that is masked wherever it occurs. A shorter one, such
/// as a secret's length, would blot out half of every text.
const DERIVED_BYTES: usize = 8;

/// Where a variable's value comes from. A later layer hides an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// The named environment.
    Environment,
    /// The test.
    Test,
    /// The data row.
    Row,
    /// Whoever created the run or session.
    Caller,
    /// The steps before, which stored it.
    Stored,
}

/// A variable's value.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// The value, as JSON.
    pub value: Value,
    /// Whether it must not be shown.
    pub secret: bool,
}

/// Variables by name, in layers.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    layers: [BTreeMap<String, Variable>; 5],
    /// Environment variables of whoever asked.
    env: BTreeMap<String, Variable>,
    mask: Mask,
    revision: u64,
}

impl Variables {
    /// No variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// The variable with this name: that of the topmost layer that has one.
    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.layers.iter().rev().find_map(|layer| layer.get(name))
    }

    /// Sets a variable of a layer.
    pub fn set(&mut self, layer: Layer, name: impl Into<String>, value: Value) {
        let secret = false;
        self.insert(layer, name.into(), Variable { value, secret });
    }

    /// Sets a variable of a layer to a secret, which is masked from now on wherever it occurs.
    pub fn set_secret(&mut self, layer: Layer, name: impl Into<String>, secret: &str) {
        self.mask.add(secret);
        let value = Value::String(secret.to_owned());
        let secret = true;
        self.insert(layer, name.into(), Variable { value, secret });
    }

    /// Sets a variable to a value that was computed from a secret. It is shown nowhere; where its
    /// text occurs elsewhere it is masked when it is long enough to tell something.
    pub fn set_derived(&mut self, layer: Layer, name: impl Into<String>, value: Value) {
        self.hide_derived(&value);
        let secret = true;
        self.insert(layer, name.into(), Variable { value, secret });
    }

    /// Masks a value that was computed from a secret.
    pub(crate) fn hide_derived(&mut self, value: &Value) {
        let text = text_of(value);
        if text.len() >= DERIVED_BYTES {
            self.mask.add(&text);
        }
    }

    /// Sets an environment variable of whoever asked; it is masked wherever it occurs.
    pub fn set_env(&mut self, name: impl Into<String>, value: &str) {
        self.mask.add(value);
        let value = Value::String(value.to_owned());
        let secret = true;
        self.env.insert(name.into(), Variable { value, secret });
    }

    /// Masks the values of request headers, and of those with a scheme, such as `Bearer`, also what
    /// follows it.
    pub(crate) fn hide_headers(&mut self, headers: &BTreeMap<String, String>) {
        for value in headers.values() {
            self.mask.add(value);
            if let Some((_, credentials)) = value.split_once(' ')
                && credentials.len() >= DERIVED_BYTES
            {
                self.mask.add(credentials.trim());
            }
        }
    }

    /// What `${ENV:name}` stands for: an environment variable of whoever asked, else a variable of
    /// the named environment, else a secret of the server.
    pub fn env(&mut self, name: &str, secrets: &Secrets) -> Option<Variable> {
        let named = || self.layers[Layer::Environment as usize].get(name);
        if let Some(variable) = self.env.get(name).or_else(named) {
            return Some(variable.clone());
        }
        let secret = secrets.get(name)?;
        self.set_env(name, secret.expose_secret());
        self.env.get(name).cloned()
    }

    /// Takes over the variables of a named environment. To be called before [`Variables::load`].
    ///
    /// # Errors
    ///
    /// The server does not hold one of the secrets.
    pub fn load_environment(
        &mut self,
        environment: &v1::Environment,
        secrets: &Secrets,
    ) -> Result<(), SecretNotFound> {
        use v1::environment_variable::Source;

        let layer = Layer::Environment;
        for (index, variable) in environment.variables.iter().enumerate() {
            match &variable.source {
                Some(Source::Value(text)) => {
                    self.set(layer, &variable.name, Value::String(text.clone()));
                }
                Some(Source::Hidden(text)) => self.set_secret(layer, &variable.name, text),
                Some(Source::Secret(name)) => {
                    let secret = held(secrets, index, name)?;
                    self.set_secret(layer, &variable.name, secret.expose_secret());
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Lets names mean other values until [`Variables::restore`]; returns what they meant.
    pub(crate) fn shadow(&mut self, values: Vec<(String, Variable)>) -> Shadowed {
        let mut before = Vec::with_capacity(values.len());
        for (name, variable) in values {
            if variable.secret {
                self.hide_derived(&variable.value);
            }
            self.revision += 1;
            let stored = &mut self.layers[Layer::Stored as usize];
            before.push((name.clone(), stored.insert(name, variable)));
        }
        Shadowed(before)
    }

    /// Lets names mean again what they meant before a [`Variables::shadow`].
    pub(crate) fn restore(&mut self, before: Shadowed) {
        let stored = &mut self.layers[Layer::Stored as usize];
        for (name, variable) in before.0.into_iter().rev() {
            match variable {
                Some(variable) => stored.insert(name, variable),
                None => stored.remove(&name),
            };
        }
        self.revision += 1;
    }

    /// Takes over the variables of a request or a test; those with a secret get its value, and
    /// those without a value leave what a lower layer says.
    ///
    /// # Errors
    ///
    /// The server does not hold one of the secrets.
    pub fn load(
        &mut self,
        layer: Layer,
        variables: &[v1::Variable],
        secrets: &Secrets,
    ) -> Result<(), SecretNotFound> {
        for (index, variable) in variables.iter().enumerate() {
            match &variable.source {
                Some(v1::variable::Source::Secret(name)) => {
                    let secret = held(secrets, index, name)?;
                    self.set_secret(layer, &variable.name, secret.expose_secret());
                }
                Some(v1::variable::Source::Env(name)) => {
                    if let Some(found) = self.env(name, secrets) {
                        self.insert(layer, variable.name.clone(), found);
                    }
                }
                Some(v1::variable::Source::Value(value)) => {
                    self.set(layer, &variable.name, Value::String(value.clone()));
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Every variable that is not hidden by another, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Variable)> {
        let mut merged = BTreeMap::new();
        for layer in &self.layers {
            merged.extend(layer.iter().map(|(name, value)| (name.as_str(), value)));
        }
        merged.into_iter()
    }

    /// The values of every variable, for scripts.
    pub fn values(&self) -> BTreeMap<String, Value> {
        self.iter()
            .map(|(name, variable)| (name.to_owned(), variable.value.clone()))
            .collect()
    }

    /// Every variable's text with secrets masked, for people.
    pub fn masked(&self) -> BTreeMap<String, String> {
        self.iter()
            .map(|(name, variable)| {
                let shown = self.show(&variable.value, variable.secret, SHOWN_BYTES);
                (name.to_owned(), shown)
            })
            .collect()
    }

    /// A value's text with secrets masked, at most `bytes` of it.
    pub(crate) fn show(&self, value: &Value, secret: bool, bytes: usize) -> String {
        if secret {
            return mask::DOTS.to_owned();
        }
        let text = text_of(value);
        let mut text = self.mask.text(&text).into_owned();
        mask::cut(&mut text, bytes);
        text
    }

    /// The text with `••••` in place of every secret.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.mask.text(text)
    }

    /// What masks the secrets among these variables.
    pub fn masking(&self) -> &Mask {
        &self.mask
    }

    /// A number that changes whenever a variable does.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    fn insert(&mut self, layer: Layer, name: String, variable: Variable) {
        self.revision += 1;
        self.layers[layer as usize].insert(name, variable);
    }
}

fn held(secrets: &Secrets, index: usize, name: &str) -> Result<SecretString, SecretNotFound> {
    secrets.get(name).ok_or_else(|| SecretNotFound {
        index,
        name: name.to_owned(),
    })
}

/// What names meant before others took their place; the later ones first put back.
#[derive(Debug)]
pub(crate) struct Shadowed(Vec<(String, Option<Variable>)>);

/// A variable's value as text: text as it is, everything else as JSON.
pub fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// The server does not hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the server holds no secret named `{name}`; set ETUDE_SECRET_{name} for it, or put a file of \
     that name into its secrets folder"
)]
pub struct SecretNotFound {
    /// Place of the variable in its list, from 0.
    pub index: usize,
    /// The secret's name.
    pub name: String,
}

impl SecretNotFound {
    /// It, as it stands in a result or an event.
    pub fn to_failure(&self) -> v1::Failure {
        failure(v1::ErrorReason::SecretNotFound, self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn later_layers_hide_earlier_ones() {
        let mut variables = Variables::new();
        for (layer, value) in [
            (Layer::Stored, "stored"),
            (Layer::Caller, "caller"),
            (Layer::Row, "row"),
            (Layer::Test, "test"),
            (Layer::Environment, "environment"),
        ] {
            variables.set(layer, format!("{layer:?}"), json!(value));
            variables.set(layer, "all", json!(value));
        }
        variables.set(Layer::Row, "two", json!("row"));
        variables.set(Layer::Test, "two", json!("test"));
        let text = |name| variables.get(name).map(|v| v.value.clone());
        assert_eq!(text("all"), Some(json!("stored")));
        assert_eq!(text("two"), Some(json!("row")));
        assert_eq!(text("Environment"), Some(json!("environment")));
        assert_eq!(text("none"), None);
        assert_eq!(variables.values()["two"], json!("row"));
        assert_eq!(variables.values().len(), 7);
    }

    #[test]
    fn what_is_shadowed_comes_back() {
        let mut variables = Variables::new();
        variables.set(Layer::Test, "a", json!("test"));
        variables.set(Layer::Stored, "b", json!("stored"));
        let value = |text: &str, secret| Variable {
            value: json!(text),
            secret,
        };
        let list = vec![
            ("a".to_owned(), value("inner", false)),
            ("b".to_owned(), value("derived text", true)),
        ];
        let before = variables.shadow(list);
        assert_eq!(variables.get("a").unwrap().value, json!("inner"));
        assert_eq!(variables.masked()["b"], "••••");
        assert_eq!(variables.mask("a derived text"), "a ••••");
        variables.set(Layer::Stored, "c", json!(1));
        variables.set(Layer::Stored, "a", json!("changed inside"));
        variables.restore(before);
        let text = |name| variables.get(name).map(|v| v.value.clone());
        assert_eq!(text("a"), Some(json!("test")));
        assert_eq!(text("b"), Some(json!("stored")));
        assert_eq!(text("c"), Some(json!(1)), "what a block stores stays");
    }

    #[test]
    fn secrets_and_what_holds_them_are_masked() {
        let mut variables = Variables::new();
        variables.set_secret(Layer::Test, "password", "s3cr3t!");
        variables.set(Layer::Stored, "greeting", json!("hello s3cr3t!"));
        variables.set(Layer::Stored, "count", json!(3));
        variables.set_derived(Layer::Stored, "length", json!(7));
        variables.set_derived(Layer::Stored, "encoded", json!("czNjcjN0IQ=="));
        let masked = variables.masked();
        assert_eq!(masked["password"], "••••");
        assert_eq!(masked["greeting"], "hello ••••");
        assert_eq!(masked["count"], "3");
        assert_eq!(masked["length"], "••••");
        assert_eq!(variables.mask("7 czNjcjN0IQ=="), "7 ••••");
    }

    #[test]
    fn long_values_are_cut_after_masking() {
        let mut variables = Variables::new();
        variables.set_secret(Layer::Test, "secret", "0123456789");
        let text = "x".repeat(SHOWN_BYTES - 5) + "0123456789" + &"y".repeat(100);
        variables.set(Layer::Test, "long", json!(text));
        let shown = &variables.masked()["long"];
        assert!(!shown.contains("01234"), "{shown}");
        assert!(shown.len() <= SHOWN_BYTES + "…".len());
    }

    #[test]
    fn a_missing_secret_is_named_with_its_place() {
        let source = |source| v1::Variable {
            name: "v".into(),
            source: Some(source),
        };
        let list = [
            source(v1::variable::Source::Value("x".into())),
            source(v1::variable::Source::Secret("NONE".into())),
        ];
        let error = Variables::new()
            .load(Layer::Test, &list, &Secrets::default())
            .unwrap_err();
        assert_eq!((error.index, error.name.as_str()), (1, "NONE"));
        assert_eq!(error.to_failure().reason, "SECRET_NOT_FOUND");
    }
}
