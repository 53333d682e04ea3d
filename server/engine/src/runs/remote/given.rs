//! The variables that a platform gets with a test.

use std::collections::{BTreeMap, BTreeSet};

use etude::v1::{self, ErrorReason, environment_variable, run_spec::Source, variable};

use crate::error::{Error, Result};

/// Variables and their values, by name.
pub(super) type Values = Vec<(String, String)>;

/// What each data row of a run gives, first to last; a test without rows has one.
///
/// # Errors
///
/// `PLATFORM_SECRET`: the test uses a variable whose value nobody may see, and names no environment
/// of the platform that could hold it.
pub(super) fn of_rows(spec: &v1::RunSpec) -> Result<Vec<Values>> {
    let Some(Source::Test(test)) = &spec.source else {
        return Ok(vec![Values::new()]);
    };
    let used = etude_language::variables_of(test);
    let held = spec.platform.as_ref();
    let is_held = held.is_some_and(|platform| !platform.environment.is_empty());
    let of_row = |row: &[v1::Variable]| {
        let mut given = Given::default();
        given.add_environment(spec.environment.as_ref(), &used);
        for layer in [&test.variables, row, &spec.variables] {
            given.add(layer);
        }
        given.into_values(&used, is_held)
    };
    match test.data_rows.as_slice() {
        [] => Ok(vec![of_row(&[])?]),
        rows => rows.iter().map(|row| of_row(&row.variables)).collect(),
    }
}

/// Variables by name; `None`: nobody may see the value.
#[derive(Default)]
struct Given<'s>(BTreeMap<&'s str, Option<&'s str>>);

impl<'s> Given<'s> {
    /// Of an environment only what the test uses: it may serve many tests.
    fn add_environment(&mut self, named: Option<&'s v1::Environment>, used: &BTreeSet<String>) {
        use environment_variable::Source;

        let variables = named.iter().flat_map(|named| &named.variables);
        for variable in variables.filter(|variable| used.contains(&variable.name)) {
            match &variable.source {
                Some(Source::Value(value)) => self.0.insert(&variable.name, Some(value)),
                Some(Source::Hidden(_) | Source::Secret(_)) => self.0.insert(&variable.name, None),
                None => None,
            };
        }
    }

    /// Adds a layer, which hides the ones before.
    fn add(&mut self, variables: &'s [v1::Variable]) {
        use variable::Source;

        for variable in variables {
            match &variable.source {
                Some(Source::Value(value)) => self.0.insert(&variable.name, Some(value)),
                Some(Source::Secret(_) | Source::Env(_)) => self.0.insert(&variable.name, None),
                None => None,
            };
        }
    }

    fn into_values(self, used: &BTreeSet<String>, is_held: bool) -> Result<Values> {
        let is_missing = |(name, value): &(&&str, &Option<&str>)| {
            value.is_none() && used.contains(**name) && !is_held
        };
        if let Some((name, _)) = self.0.iter().find(is_missing) {
            return Err(secret(name));
        }
        let values = self.0.into_iter();
        let shown = values.filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
        Ok(shown.collect())
    }
}

fn secret(name: &str) -> Error {
    let message = format!(
        "the test uses ${name}, whose value is a secret, and a platform would show it; keep it as a \
         hidden variable of an environment of the platform and name that environment, or execute \
         the test in a browser of this server"
    );
    Error::new(ErrorReason::PlatformSecret, message).with("variable", name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{click, secret_variable, step, variable};

    fn spec(variables: Vec<v1::Variable>, given: Vec<v1::Variable>) -> v1::RunSpec {
        let row = |user: &str| v1::DataRow {
            name: String::new(),
            variables: vec![variable("user", user)],
        };
        let test = v1::Test {
            variables,
            data_rows: vec![row("ada"), row("bob")],
            checkpoints: vec![v1::Checkpoint {
                steps: vec![step(click("$user $password"))],
                ..v1::Checkpoint::default()
            }],
            ..v1::Test::default()
        };
        v1::RunSpec {
            source: Some(Source::Test(test)),
            variables: given,
            platform: Some(v1::PlatformRun::default()),
            ..v1::RunSpec::default()
        }
    }

    fn pairs(values: &[(&str, &str)]) -> Values {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        values.iter().map(own).collect()
    }

    #[test]
    fn later_layers_hide_earlier_ones() {
        let own = vec![variable("user", "test"), variable("password", "1234")];
        let given = of_rows(&spec(own.clone(), Vec::new())).unwrap();
        assert_eq!(given[0], pairs(&[("password", "1234"), ("user", "ada")]));
        assert_eq!(given[1], pairs(&[("password", "1234"), ("user", "bob")]));
        let given = of_rows(&spec(own, vec![variable("user", "caller")])).unwrap();
        assert_eq!(given[1], pairs(&[("password", "1234"), ("user", "caller")]));
    }

    #[test]
    fn a_secret_that_is_used_is_refused_unless_the_platform_holds_it() {
        let mut spec = spec(vec![secret_variable("password", "SHOP")], Vec::new());
        let error = of_rows(&spec).unwrap_err();
        assert_eq!(error.reason, ErrorReason::PlatformSecret);
        assert!(error.message.contains("$password"), "{error}");
        spec.platform = Some(v1::PlatformRun {
            environment: "environments/7".to_owned(),
            ..v1::PlatformRun::default()
        });
        assert_eq!(of_rows(&spec).unwrap()[0], pairs(&[("user", "ada")]));
    }

    #[test]
    fn of_an_environment_only_what_is_used_goes_along() {
        use environment_variable::Source;

        let named = |name: &str, source| v1::EnvironmentVariable {
            name: name.to_owned(),
            source: Some(source),
        };
        let mut spec = spec(Vec::new(), Vec::new());
        spec.environment = Some(v1::Environment {
            name: "staging".to_owned(),
            variables: vec![
                named("password", Source::Value("1234".to_owned())),
                named("other", Source::Hidden("hush".to_owned())),
                named("more", Source::Value("x".to_owned())),
            ],
        });
        let given = of_rows(&spec).unwrap();
        assert_eq!(given[0], pairs(&[("password", "1234"), ("user", "ada")]));
    }
}
