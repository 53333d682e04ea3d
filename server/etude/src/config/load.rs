//! Reads the configuration from its sources.

use std::path::{Path, PathBuf};

use figment::providers::{Format, Serialized, Yaml};
use figment::value::{Dict, Value};
use figment::{Figment, Profile, Provider};

use super::error::{ConfigError, Problem};
use super::options::{general, particular};
use super::{Config, names};

/// The environment variable that names the file.
pub const FILE_VARIABLE: &str = "ETUDE_CONFIG";

/// Environment variables with this prefix hold secrets, not options.
pub const SECRET_PREFIX: &str = "ETUDE_SECRET_";

const PREFIX: &str = "ETUDE_";

/// The file that `etude platform login` writes, beside the configuration.
const LOGIN_FILE: &str = "virtuoso-token";

/// Variables of other programs that set an option too, and the option.
const ALIASES: [(&str, &str); 3] = [
    ("LOG_LEVEL", "log.level"),
    ("VIRTUOSO_BASE_URL", "platform.url"),
    ("VIRTUOSO_ORG_ID", "platform.organization"),
];

/// Where the values come from, besides the defaults; later ones hide earlier ones.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The YAML file.
    pub file: Option<PathBuf>,
    /// The environment: names and values.
    pub env: Vec<(String, String)>,
    /// The flags: dotted names of options and their values, as text.
    pub flags: Vec<(String, String)>,
    /// Where `etude platform login` keeps the token of the cloud.
    pub login_file: Option<PathBuf>,
}

impl Sources {
    /// The process's environment and, when `file` is `None`, the file that `ETUDE_CONFIG` names
    /// or, if it exists, `$XDG_CONFIG_HOME/etude/config.yaml` (`~/.config/etude/config.yaml`).
    pub fn of_process(file: Option<PathBuf>) -> Self {
        let env: Vec<_> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let get = |name: &str| {
            let found = env.iter().find(|(n, value)| n == name && !value.is_empty());
            found.map(|(_, value)| PathBuf::from(value))
        };
        let home = || get("HOME").map(|home| home.join(".config"));
        let folder = get("XDG_CONFIG_HOME").or_else(home);
        let folder = folder.map(|folder| folder.join("etude"));
        let usual = folder.as_ref().map(|folder| folder.join("config.yaml"));
        let file = file
            .or_else(|| get(FILE_VARIABLE))
            .or_else(|| usual.filter(|file| file.is_file()));
        Self {
            file,
            env,
            flags: Vec::new(),
            login_file: folder.map(|folder| folder.join(LOGIN_FILE)),
        }
    }

    /// Adds a flag.
    #[must_use]
    pub fn flag(mut self, option: &str, value: impl ToString) -> Self {
        self.flags.push((option.to_owned(), value.to_string()));
        self
    }
}

impl Config {
    /// Reads and checks the configuration.
    ///
    /// # Errors
    ///
    /// Every mistake: a file that cannot be read, unknown names, values of the wrong type or out
    /// of bounds.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let layers = layers(sources)?;
        let mut error = ConfigError::default();
        for layer in &layers {
            unknown_names(layer, &mut error);
        }
        error.into_result()?;
        let defaults = Figment::from(Serialized::defaults(Config::default()));
        let merged = layers
            .into_iter()
            .fold(defaults, |all, layer| all.merge(layer));
        let mut config: Self = merged
            .extract()
            .map_err(|error| wrong_values(&merged, error))?;
        let login_file = sources.login_file.clone();
        config.platform.login_file = login_file.filter(|file| file.is_file());
        config.check()?;
        Ok(config)
    }
}

/// The values of one source, with the place to name in messages.
struct Layer {
    place: String,
    values: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> figment::Metadata {
        figment::Metadata::named(self.place.clone())
    }

    fn data(&self) -> figment::Result<figment::value::Map<Profile, Dict>> {
        Ok(std::iter::once((Profile::Default, self.values.clone())).collect())
    }
}

fn layers(sources: &Sources) -> Result<Vec<Layer>, ConfigError> {
    let mut layers = Vec::new();
    if let Some(file) = &sources.file {
        layers.push(file_layer(file)?);
    }
    let env = |name: &str| sources.env.iter().find(|(n, _)| n == name);
    for (alias, option) in ALIASES {
        if let Some((name, value)) = env(alias) {
            layers.push(single_layer(name.clone(), option, value));
        }
    }
    for (name, value) in &sources.env {
        if let Some(option) = option_of(name) {
            layers.push(single_layer(name.clone(), &option, value));
        }
    }
    for (option, value) in &sources.flags {
        layers.push(single_layer("flag".to_owned(), option, value));
    }
    Ok(layers)
}

fn file_layer(file: &Path) -> Result<Layer, ConfigError> {
    let place = file.display().to_string();
    let failed = |what: String, help: &str| {
        let mut error = ConfigError::one("", what, help);
        error.problems[0].place = place.clone();
        error
    };
    let text = std::fs::read_to_string(file).map_err(|cause| {
        let help = "name a readable file, or leave the option out";
        failed(format!("cannot be read: {cause}"), help)
    })?;
    let values = match text.trim().is_empty() {
        true => Dict::new(),
        false => Yaml::string(&text)
            .data()
            .map_err(|error| failed(format!("is not valid YAML: {error}"), ""))?
            .remove(&Profile::Default)
            .unwrap_or_default(),
    };
    Ok(Layer { place, values })
}

/// The dotted option that an environment variable sets.
fn option_of(variable: &str) -> Option<String> {
    let rest = variable.strip_prefix(PREFIX)?;
    if variable == FILE_VARIABLE || variable.starts_with(SECRET_PREFIX) {
        return None;
    }
    Some(rest.to_lowercase().replace("__", "."))
}

/// A layer with one value, read as figment reads environment variables: `true`, `12` and `[a, b]`
/// have their types, all else is text.
fn single_layer(place: String, option: &str, text: &str) -> Layer {
    let value: Value = text.parse().unwrap_or_else(|never| match never {});
    let value = match is_text(option) {
        true => Value::from(text),
        false => value,
    };
    let values = figment::util::nest(option, value);
    Layer {
        place,
        values: values.into_dict().unwrap_or_default(),
    }
}

/// Options whose text must not be taken for a number or a list.
fn is_text(option: &str) -> bool {
    let option = general(option);
    super::OPTIONS
        .iter()
        .any(|info| info.name == option && matches!(info.kind, "path" | "text" | "address"))
}

fn unknown_names(layer: &Layer, error: &mut ConfigError) {
    let mut found = Vec::new();
    leaves("", &layer.values, &mut found);
    let known: Vec<&str> = names().collect();
    for name in found {
        let option = general(&name);
        let section = known
            .iter()
            .any(|known| known.starts_with(&format!("{option}.")));
        if known.contains(&option.as_str()) || section {
            continue;
        }
        let near = nearest(&option, &known).map(|near| particular(near, &name));
        error.problems.push(Problem {
            help: near.map_or_else(
                || "docs/configuration.md lists the options".to_owned(),
                |near| format!("did you mean {}?", spelled(&near, &layer.place)),
            ),
            name,
            place: layer.place.clone(),
            what: "is not an option".to_owned(),
        });
    }
}

/// The option as the source writes it.
fn spelled(option: &str, place: &str) -> String {
    match place.starts_with(PREFIX) {
        true => format!("{PREFIX}{}", option.replace('.', "__").to_uppercase()),
        false => option.to_owned(),
    }
}

fn leaves(prefix: &str, values: &Dict, found: &mut Vec<String>) {
    for (key, value) in values {
        let name = match prefix {
            "" => key.clone(),
            _ => format!("{prefix}.{key}"),
        };
        match value {
            Value::Dict(_, inner) if !inner.is_empty() => leaves(&name, inner, found),
            _ => found.push(name),
        }
    }
}

/// The option that was probably meant.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let score = |option: &str| {
        let whole = strsim::jaro_winkler(name, option);
        let end = strsim::jaro_winkler(&last(name), &last(option));
        whole.max(end)
    };
    let best = known
        .iter()
        .copied()
        .max_by(|a, b| score(a).total_cmp(&score(b)))?;
    (score(best) > 0.8).then_some(best)
}

fn wrong_values(merged: &Figment, error: figment::Error) -> ConfigError {
    let problems = error.into_iter().map(|error| {
        let name = error.path.join(".");
        let place = merged.find_metadata(&name);
        let option = general(&name);
        Problem {
            place: place.map_or_else(String::new, |place| place.name.to_string()),
            what: format!("is wrong: {}", error.kind),
            help: super::OPTIONS
                .iter()
                .find(|info| info.name == option)
                .map_or_else(String::new, |info| format!("write a {}", info.kind)),
            name,
        }
    });
    ConfigError {
        problems: problems.collect(),
    }
}
