use proptest::prelude::*;

use super::*;

const FILE: &str = "
environments:
  base:
    description: What all have
    base_url: https://shop.test
    variables: {currency: EUR, user: ada, zip: 01234}
  staging:
    extends: base
    variables:
      user: bob
      password: {hidden: canary}
      token: {secret: TOKEN}
      key: {env: KEY}
      city: ${ENV:CITY}
  local: {extends: staging, base_url: 'http://localhost:$port'}
  empty:
";

fn resolve(name: &str) -> ResolvedEnvironment {
    let parsed = parse_environments("e.yaml", FILE.as_bytes());
    assert_eq!(parsed.diagnostics, []);
    let environments = parsed.environments.unwrap();
    let env = |name: &str| (name == "KEY").then(|| "k3y".to_owned());
    environments.resolve(name, env).unwrap()
}

fn mistakes(content: &str) -> Vec<String> {
    let parsed = parse_environments("e.yaml", content.as_bytes());
    assert!(parsed.environments.is_none());
    let line = |d: &Diagnostic| {
        let place = d.location.as_ref().unwrap();
        assert!(!d.suggestion.is_empty());
        format!("{}:{} {} {}", place.line, place.column, d.reason, d.message)
    };
    parsed.diagnostics.iter().map(line).collect()
}

#[test]
fn the_younger_hides_the_elder() {
    let local = resolve("local");
    assert_eq!(local.base_url, "http://localhost:$port");
    assert_eq!(local.environment.name, "local");
    let mut variables: Vec<_> = local
        .environment
        .variables
        .into_iter()
        .map(|variable| (variable.name, variable.source.unwrap()))
        .collect();
    variables.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [
        ("currency", From::Value("EUR".into())),
        ("key", From::Hidden("k3y".into())),
        ("password", From::Hidden("canary".into())),
        ("token", From::Secret("TOKEN".into())),
        ("user", From::Value("bob".into())),
        ("zip", From::Value("01234".into())),
    ];
    assert_eq!(
        variables,
        expected.map(|(name, from)| (name.to_owned(), from))
    );
    assert_eq!(local.missing, ["CITY"]);
    assert_eq!(resolve("staging").base_url, "https://shop.test");
    assert_eq!(resolve("empty").environment.variables, []);
}

#[test]
fn circles_and_unknown_parents_are_told_with_their_place() {
    let found = mistakes(
        "environments:\n  a: {extends: b}\n  b: {extends: c}\n  c: {extends: b}\n  d: {extends: d}\n  e: {extends: f}\n",
    );
    assert_eq!(
        found,
        [
            "3:16 ENVIRONMENT_CYCLE \"b\" inherits from itself: b → c → b",
            "5:16 ENVIRONMENT_CYCLE \"d\" inherits from itself: d → d",
            "6:16 ENVIRONMENT_NOT_FOUND no environment is called \"f\"",
        ]
    );
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (content, expected) in [
        ("", "1:1 FILE_EMPTY the file holds no environment"),
        ("# none\n", "1:1 FILE_EMPTY the file holds no environment"),
        ("[]", "1:1 WRONG_TYPE a map must stand here, not a list"),
        (
            "environment: {}",
            "1:1 UNKNOWN_KEY the key \"environment\" has no meaning here",
        ),
        (
            "environments: {}",
            "1:1 MISSING_KEY the file names no environment",
        ),
        (
            "environments: {a: {variable: {}}}",
            "1:20 UNKNOWN_KEY the key \"variable\" has no meaning here",
        ),
        (
            "environments: {a: {variables: {1a: x}}}",
            "1:32 INVALID_VALUE \"1a\" cannot name a variable",
        ),
        (
            "environments: {a: {variables: {a: {secret: b c}}}}",
            "1:44 INVALID_VALUE this must be a name",
        ),
        (
            "environments: {a: {base_url: '${'}}",
            "1:30 INVALID_EXPRESSION the expression after \"${\" has no closing \"}\"",
        ),
        (
            "environments: {a: {extends: [b]}}",
            "1:29 WRONG_TYPE a text must stand here, not a list",
        ),
    ] {
        assert_eq!(mistakes(content), [expected], "{content}");
    }
    let found =
        mistakes("environments: {a: {variables: {a: [1], b: {x: y}, c: {hidden: a, env: b}}}}");
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found.iter().all(|line| line.contains("WRONG_TYPE")),
        "{found:?}"
    );
}

proptest! {
    #[test]
    fn any_file_is_read_or_refused(
        text in "(environments:|extends:|variables:|base_url:|hidden:|[ab:{}\\[\\], \n-]){0,40}",
        parents in proptest::collection::vec(0usize..6, 0..6),
    ) {
        let _ = parse_environments("e.yaml", text.as_bytes());
        // Any lines of descent end, or are refused as circles.
        let mut file = "environments:\n".to_owned();
        for (index, parent) in parents.iter().enumerate() {
            file += &format!("  e{index}: {{extends: e{parent}}}\n");
        }
        let parsed = parse_environments("e.yaml", file.as_bytes());
        if let Some(environments) = parsed.environments {
            for name in environments.names() {
                prop_assert!(environments.resolve(name, |_| None).is_some());
            }
        }
    }
}
