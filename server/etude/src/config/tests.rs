use std::path::PathBuf;

use super::*;

fn env(pairs: &[(&str, &str)]) -> Sources {
    let env = pairs
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    Sources {
        env: env.collect(),
        ..Sources::default()
    }
}

fn file(text: &str) -> (tempfile::TempDir, Sources) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("etude.yaml");
    std::fs::write(&path, text).unwrap();
    let sources = Sources {
        file: Some(path),
        ..Sources::default()
    };
    (folder, sources)
}

fn problems(sources: &Sources) -> Vec<String> {
    let error = Config::load(sources).unwrap_err();
    error.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_configured_gives_the_defaults() {
    let config = Config::load(&Sources::default()).unwrap();
    assert_eq!(config, Config::default());
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:50051");
}

#[test]
fn flags_hide_the_environment_which_hides_the_file() {
    let (_folder, mut sources) = file("sessions: {max: 1, ttl: 5m}\nruns: {max_queued: 7}\n");
    sources.env = vec![("ETUDE_SESSIONS__MAX".into(), "2".into())];
    let config = Config::load(&sources).unwrap();
    assert_eq!((config.sessions.max, config.runs.max_queued), (2, 7));
    assert_eq!(config.sessions.ttl, Duration::from_secs(300));
    let config = Config::load(&sources.flag("sessions.max", 3)).unwrap();
    assert_eq!(config.sessions.max, 3);
}

#[test]
fn unknown_names_are_all_reported_with_a_suggestion_and_their_place() {
    let (_folder, mut sources) = file("server: {lisen: 127.0.0.1:1}\nnonsense: 1\n");
    sources.env = vec![("ETUDE_BROWSER__HEDLESS".into(), "true".into())];
    let found = problems(&sources);
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found.iter().any(|text| text.starts_with("server.lisen (")
        && text.ends_with("is not an option; did you mean server.listen?")));
    assert!(
        found.contains(
            &"browser.hedless (ETUDE_BROWSER__HEDLESS) is not an option; \
          did you mean ETUDE_BROWSER__HEADLESS?"
                .to_owned()
        )
    );
    assert!(found.iter().any(|text| text.starts_with("nonsense (")));
}

#[test]
fn a_value_of_the_wrong_type_names_option_and_place() {
    let found = problems(&env(&[("ETUDE_SESSIONS__MAX", "many")]));
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("sessions.max (ETUDE_SESSIONS__MAX) is wrong"),
        "{found:?}"
    );
    let found = problems(&env(&[("ETUDE_SESSIONS__TTL", "10")]));
    assert!(found[0].contains("has no unit"), "{found:?}");
    let found = problems(&env(&[("ETUDE_SERVER__LISTEN", "localhost")]));
    assert!(found[0].starts_with("server.listen"), "{found:?}");
}

#[test]
fn secrets_and_the_file_variable_are_not_options() {
    let sources = env(&[
        ("ETUDE_SECRET_PASSWORD", "x"),
        ("ETUDE_CONFIG", "/nowhere"),
        ("OTHER", "1"),
    ]);
    assert_eq!(Config::load(&sources).unwrap(), Config::default());
}

#[test]
fn the_level_has_an_alias_which_the_own_name_hides() {
    let both = [("ETUDE_LOG__LEVEL", "warn"), ("LOG_LEVEL", "debug")];
    assert_eq!(Config::load(&env(&both[1..])).unwrap().log.level, "debug");
    assert_eq!(Config::load(&env(&both)).unwrap().log.level, "warn");
}

#[test]
fn paths_lists_and_words_are_read_from_variables() {
    let config = Config::load(&env(&[
        ("ETUDE_DATA_DIR", "123"),
        ("ETUDE_BROWSER__ARGUMENTS", "[--a, --b=1]"),
        ("ETUDE_BROWSER__KIND", "firefox"),
        ("ETUDE_LOG__FORMAT", "json"),
    ]))
    .unwrap();
    assert_eq!(config.data_dir, Some(PathBuf::from("123")));
    assert_eq!(config.browser.arguments, ["--a", "--b=1"]);
    assert_eq!(config.browser.kind, BrowserKind::Firefox);
    assert_eq!(config.log.format, LogFormat::Json);
}

#[test]
fn bounds_are_checked_all_at_once() {
    let found = problems(&env(&[
        ("ETUDE_SESSIONS__MAX", "0"),
        ("ETUDE_SESSIONS__TTL", "25h"),
        ("ETUDE_LOG__LEVEL", "a=b=c"),
        ("ETUDE_SERVER__ALLOWED_ORIGINS", "[example.com]"),
        ("ETUDE_BROWSER__WEBDRIVER_URL", "grid:4444"),
    ]));
    assert_eq!(found.len(), 5, "{found:#?}");
}

#[test]
fn accounts_are_read_from_the_file_and_the_environment() {
    let (_folder, mut sources) = file(
        "platform:\n  default: team-a\n  accounts:\n    team-a: {url: 'http://a.test/api', \
         token_file: /a}\n    b: {organization: 7}\n",
    );
    sources.env = vec![(
        "ETUDE_PLATFORM__ACCOUNTS__B__TOKEN_SECRET".into(),
        "12".into(),
    )];
    let platform = Config::load(&sources).unwrap().platform;
    assert_eq!(platform.default.as_deref(), Some("team-a"));
    let [b, team_a] = ["b", "team-a"].map(|name| &platform.accounts[name]);
    assert_eq!(team_a.token_file, Some(PathBuf::from("/a")));
    assert_eq!(
        (b.organization, b.token_secret.as_deref()),
        (Some(7), Some("12"))
    );
    let token = || "t".to_owned().into();
    let options = platform.account_options("team-a", team_a, token());
    assert_eq!(
        (options.name.as_str(), options.base_url.as_str()),
        ("team-a", "http://a.test/api")
    );
    let options = platform.account_options("b", b, token());
    assert_eq!(
        (options.base_url, options.organization),
        (platform.url.clone(), Some(7))
    );
}

#[test]
fn mistakes_in_accounts_are_all_reported() {
    let (_folder, sources) = file(
        "platform:\n  default: c\n  accounts:\n    local: {token_secret: A}\n    A_b: {token_secret: A}\n    \
         two: {token_secret: A, token_file: /a}\n    none: {}\n    far: {url: ftp://x, token_secret: A}\n",
    );
    let found = problems(&sources);
    assert_eq!(found.len(), 6, "{found:#?}");
    assert!(
        found
            .iter()
            .any(|text| text.contains("write local, virtuoso, A_b, far")),
        "{found:#?}"
    );
    let (_folder, sources) = file("platform: {accounts: {team: {tokn_file: /a}}}\n");
    let found = problems(&sources);
    assert!(
        found[0].contains("did you mean platform.accounts.team.token_file?"),
        "{found:?}"
    );
}

#[test]
fn a_missing_or_broken_file_is_named() {
    let sources = Sources {
        file: Some("/does/not/exist.yaml".into()),
        ..Sources::default()
    };
    assert!(problems(&sources)[0].starts_with("(/does/not/exist.yaml) cannot be read"));
    let (_folder, sources) = file("server: [\n");
    assert!(problems(&sources)[0].contains("is not valid YAML"));
    let (_folder, sources) = file("  \n");
    assert_eq!(Config::load(&sources).unwrap(), Config::default());
}

#[test]
fn every_option_of_the_schema_is_described_and_nothing_else() {
    fn walk(prefix: &str, value: &serde_json::Value, names: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(map) => {
                for (key, value) in map {
                    let name = format!("{prefix}{}{key}", if prefix.is_empty() { "" } else { "." });
                    walk(&name, value, names);
                }
            }
            _ => names.push(prefix.to_owned()),
        }
    }
    let mut schema = Vec::new();
    let mut config = Config::default();
    let account = ("<name>".to_owned(), AccountConfig::default());
    config.platform.accounts.extend([account]);
    let values = serde_json::to_value(config).unwrap();
    walk("", &values, &mut schema);
    assert_eq!(schema, names().collect::<Vec<_>>());
}

#[test]
fn the_documentation_has_the_table_of_options() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let page = std::fs::read_to_string(path).unwrap();
    assert!(
        page.contains(&markdown()),
        "docs/configuration.md must contain this table:\n{}",
        markdown()
    );
}
