//! Secrets that the server holds: their values reach the page, and nothing that is written down.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

/// What the names of environment variables with secrets begin with.
pub const ENV_PREFIX: &str = "ETUDE_SECRET_";

/// The largest secret file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Secrets by name: from the environment, else from the files of a folder.
#[derive(Default)]
pub struct Secrets {
    values: BTreeMap<String, SecretString>,
    folder: Option<PathBuf>,
}

impl Secrets {
    /// The secrets of this process' environment: the variables whose name begins with `prefix`,
    /// which is [`ENV_PREFIX`] unless a test needs another.
    pub fn from_env(prefix: &str) -> Self {
        Self::from_vars(prefix, std::env::vars_os())
    }

    /// The secrets among `vars`: those whose name begins with `prefix`. What is not UTF-8 is left
    /// out.
    pub fn from_vars(prefix: &str, vars: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let named = vars.into_iter().filter_map(|(name, value)| {
            let name = name.to_str()?.strip_prefix(prefix)?.to_owned();
            Some((name, SecretString::from(value.into_string().ok()?)))
        });
        Self {
            values: named.filter(|(name, _)| is_name(name)).collect(),
            folder: None,
        }
    }

    /// Also reads secrets from the files of a folder, one a file, named as the secret. A file is
    /// read when its secret is asked for, so a changed one counts at once; one line break at its
    /// end does not belong to the value.
    #[must_use]
    pub fn with_folder(self, folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: Some(folder.into()),
            ..self
        }
    }

    /// The secret with this name. The environment wins over the folder.
    pub fn get(&self, name: &str) -> Option<SecretString> {
        self.values
            .get(name)
            .cloned()
            .or_else(|| self.read_file(name))
    }

    fn read_file(&self, name: &str) -> Option<SecretString> {
        let path = self.folder.as_ref()?.join(name);
        // A name with a slash or dots would lead out of the folder.
        if !is_name(name) || std::fs::metadata(&path).ok()?.len() > MAX_FILE_BYTES {
            return None;
        }
        let text = std::fs::read_to_string(&path).ok()?;
        let value = text.strip_suffix('\n').unwrap_or(&text);
        Some(value.strip_suffix('\r').unwrap_or(value).into())
    }
}

/// Names only.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("names", &self.values.keys())
            .field("folder", &self.folder)
            .finish()
    }
}

/// Whether a text can name a variable or a secret.
pub(crate) fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && text.len() <= 128
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn value(secrets: &Secrets, name: &str) -> Option<String> {
        Some(secrets.get(name)?.expose_secret().to_owned())
    }

    #[test]
    fn the_environment_wins_over_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("BOTH"), "from file").unwrap();
        std::fs::write(folder.path().join("FILE"), "two\nlines\r\n").unwrap();
        let vars = [("ETUDE_SECRET_BOTH", "from env"), ("OTHER", "x")];
        let vars = vars.map(|(name, value)| (name.into(), value.into()));
        let secrets = Secrets::from_vars(ENV_PREFIX, vars).with_folder(folder.path());
        assert_eq!(value(&secrets, "BOTH").as_deref(), Some("from env"));
        assert_eq!(value(&secrets, "FILE").as_deref(), Some("two\nlines"));
        assert_eq!(value(&secrets, "OTHER"), None);
    }

    #[test]
    fn a_name_does_not_lead_out_of_the_folder() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("secrets");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(outer.path().join("passwd"), "x").unwrap();
        let secrets = Secrets::default().with_folder(inner);
        assert_eq!(value(&secrets, "../passwd"), None);
    }

    #[test]
    fn debug_shows_no_value() {
        let vars = [("ETUDE_SECRET_A".into(), "canary".into())];
        let secrets = Secrets::from_vars(ENV_PREFIX, vars);
        assert!(!format!("{secrets:?}").contains("canary"));
    }
}
