use proptest::prelude::*;

use super::*;

fn text(text: &str) -> Part {
    Part::Text(text.to_owned())
}

fn variable(name: &str, path: &[&str], default: Option<&str>) -> Part {
    Part::Variable {
        name: name.to_owned(),
        path: path.iter().map(|key| (*key).to_owned()).collect(),
        default: default.map(str::to_owned),
    }
}

fn expression(code: &str) -> Part {
    Part::Expression(code.to_owned())
}

#[track_caller]
fn check(source: &str, parts: &[Part]) {
    assert_eq!(parse(source).unwrap().parts, parts, "{source}");
}

#[test]
fn text_without_a_dollar_stands_for_itself() {
    check("", &[]);
    check("Log in now", &[text("Log in now")]);
    check("{a} }{", &[text("{a} }{")]);
}

#[test]
fn variables_stand_between_texts() {
    check("$user", &[variable("user", &[], None)]);
    check(
        "Hello $user, you are $age.",
        &[
            text("Hello "),
            variable("user", &[], None),
            text(", you are "),
            variable("age", &[], None),
            text("."),
        ],
    );
    check(
        "$a$b",
        &[variable("a", &[], None), variable("b", &[], None)],
    );
    check("$_x-1", &[variable("_x", &[], None), text("-1")]);
}

#[test]
fn braces_stand_around_names_and_quotes() {
    check("{{user}}s", &[variable("user", &[], None), text("s")]);
    check("{{ a.0.b }}", &[variable("a", &["0", "b"], None)]);
    check(
        "{{ a with default \"b }}\" }}!",
        &[variable("a", &[], Some("b }}")), text("!")],
    );
    check("{{{a}}}", &[text("{"), variable("a", &[], None), text("}")]);
    check("{{\"{{\"}}a}}", &[text("{{a}}")]);
    for plain in [
        "{{1 + 1}}",
        "{{a",
        "{{ a b }}",
        "{{}}",
        "{{\"a}}",
        "{ {a}}",
        "{{a.}}",
    ] {
        check(plain, &[text(plain)]);
    }
}

#[test]
fn an_environment_variable_is_named() {
    let environment = |name: &str, default: Option<&str>| Part::Environment {
        name: name.to_owned(),
        default: default.map(str::to_owned),
    };
    check("${ENV:HOME}", &[environment("HOME", None)]);
    check(
        "a${ ENV:_x }b",
        &[text("a"), environment("_x", None), text("b")],
    );
    check(
        "${ENV:A} with default \"b\"",
        &[environment("A", Some("b"))],
    );
    for wrong in ["${ENV:}", "${ENV:1}", "${ENV:A-B}", "${ENV: A}"] {
        assert_eq!(
            parse(wrong).unwrap_err().problem,
            Problem::EnvironmentName,
            "{wrong}"
        );
    }
    let template = parse("${ENV:A} $b ${ENV:C} with default \"\"").unwrap();
    let names: Vec<_> = template.environment().collect();
    assert_eq!(names, [("A", false), ("C", true)]);
    assert_eq!(template.variables().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn dots_lead_into_a_variable() {
    check("$user.name", &[variable("user", &["name"], None)]);
    check("$a.0.b c", &[variable("a", &["0", "b"], None), text(" c")]);
    check("$a..b", &[variable("a", &[], None), text("..b")]);
}

#[test]
fn a_default_follows_its_variable() {
    check(
        "$a with default \"b \\\"c\\\" \\\\ \\n\"!",
        &[variable("a", &[], Some("b \"c\" \\ \\n")), text("!")],
    );
    check("$a with default \"\"", &[variable("a", &[], Some(""))]);
    check(
        "$a with default b",
        &[variable("a", &[], None), text(" with default b")],
    );
}

#[test]
fn other_dollars_are_literal() {
    check("$5", &[text("$5")]);
    check("costs $", &[text("costs $")]);
    check("$$user", &[text("$user")]);
    check("$$$user", &[text("$"), variable("user", &[], None)]);
    check("$é $-", &[text("$é $-")]);
}

#[test]
fn expressions_end_at_their_own_brace() {
    check("${ 1 + 2 }", &[expression("1 + 2")]);
    check(
        "a${({b: {c: 1}}).b}d",
        &[text("a"), expression("({b: {c: 1}}).b"), text("d")],
    );
    check("${'}'}", &[expression("'}'")]);
    check("${\"\\\"}\"}", &[expression("\"\\\"}\"")]);
    check("${`}${`}`}`}", &[expression("`}${`}`}`")]);
    check("${/}/.test(x)}", &[expression("/}/.test(x)")]);
    check(
        "${x.replace(/[/}]/g, '')}",
        &[expression("x.replace(/[/}]/g, '')")],
    );
    check("${a / b} / }", &[expression("a / b"), text(" / }")]);
    check("${a /* } */}", &[expression("a /* } */")]);
    check("${a // }\n}", &[expression("a // }")]);
}

#[test]
fn mistakes_have_an_offset() {
    let error = |source| parse(source).unwrap_err();
    assert_eq!(
        error("ab ${c"),
        TemplateError {
            offset: 3,
            problem: Problem::OpenExpression
        }
    );
    assert_eq!(error("${'}").problem, Problem::OpenExpression);
    assert_eq!(
        error("x${ }"),
        TemplateError {
            offset: 1,
            problem: Problem::EmptyExpression
        }
    );
    assert_eq!(
        error("é $a with default \"b"),
        TemplateError {
            offset: 3,
            problem: Problem::OpenDefault
        }
    );
    assert_eq!(
        error("${").to_string(),
        "the expression after \"${\" has no closing \"}\""
    );
}

#[test]
fn variables_of_an_expression_stand_in_code() {
    let names = variables_of;
    assert_eq!(names("$a + $b * $a"), ["a", "b"]);
    assert_eq!(names("'$a' + \"$b\" + `$c ${$d}`"), ["d"]);
    assert_eq!(names("$('x') + $$('y') + a$b + o.$el + $x$"), [""; 0]);
    assert_eq!(names("[...$list]"), ["list"]);
    assert_eq!(names("/$a/.test($b) // $c"), ["b"]);
    assert_eq!(names("$a / $b / 2"), ["a", "b"]);
}

#[test]
fn a_template_knows_the_variables_it_needs() {
    let template = parse("$a $b with default \"x\" ${$c + 1}").unwrap();
    assert_eq!(template.variables().collect::<Vec<_>>(), ["a", "c"]);
}

#[test]
fn a_path_is_followed_in_json_and_is_text_elsewhere() {
    let user = r#"{"name": "Ada", "tags": ["x", {"y": 1}], "age": 36}"#;
    let select = |value, path: &str| {
        let path: Vec<_> = path.split('.').map(str::to_owned).collect();
        select(value, &path)
    };
    assert_eq!(select(user, "name").unwrap(), "Ada");
    assert_eq!(select(user, "age").unwrap(), "36");
    assert_eq!(select(user, "tags.1").unwrap(), "{\"y\":1}");
    assert_eq!(select(user, "tags.1.y").unwrap(), "1");
    assert_eq!(select(user, "age.5").unwrap(), "36.5");
    assert_eq!(select(user, "nobody"), None);
    assert_eq!(select(user, "tags.7"), None);
    assert_eq!(select("shop", "example.com").unwrap(), "shop.example.com");
    assert_eq!(select("{shop", "x").unwrap(), "{shop.x");
}

proptest! {
    #[test]
    fn an_escaped_text_stands_for_itself(source in "\\PC{0,40}|[{}\"$ab ]{0,40}") {
        let parts = parse(&escape(&source)).unwrap().parts;
        let expected: Vec<_> = (!source.is_empty()).then(|| text(&source)).into_iter().collect();
        prop_assert_eq!(parts, expected);
    }

    #[test]
    fn any_text_is_parsed_or_refused(source in "[$a-cENV:{}\"'`/\\\\ .\\n0é]{0,60}") {
        let _ = parse(&source);
        let _ = variables_of(&source);
    }
}

#[test]
fn the_use_of_a_variable_is_found_in_its_text() {
    for (text, found) in [
        ("$user", Some("$user")),
        ("a $username and $user.name", Some("$user")),
        ("$$user or {{ user }}!", Some("{{ user }}")),
        ("{{user.name}}", Some("{{user.name}}")),
        ("${ f({{}}, $user) }", Some("$user")),
        ("$user with default \"x\" $user", Some("$user")),
        ("é {{username}}{{user}}", Some("{{user}}")),
        ("{{\"{{\"}}user}} {{ 1 + 1 }} {{user", None),
        ("user", None),
        ("$", None),
    ] {
        let place = find_use(text, "user");
        let part = place.map(|(at, length)| &text[at..at + length]);
        assert_eq!(part, found, "{text}");
    }
    let twice = "$user with default \"x\" $user";
    assert_eq!(find_use(twice, "user"), Some((23, 5)));
}
