//! Tests of paths, without a platform.

use super::by_path::{missing, near};
use super::members::Member;
use super::route::Route;

fn route(path: &str, collection: &str, parent: &str) -> Route {
    Route::new(path, &[collection.to_owned()], parent).unwrap()
}

fn names(route: &Route) -> Vec<(&str, &str)> {
    let names = route.names.iter();
    names.map(|(kind, name)| (*kind, name.as_str())).collect()
}

#[test]
fn a_path_names_everything_from_the_project_down() {
    let found = route("Shop/Web/First visit", "journeys", "");
    assert_eq!(found.start, None);
    let expected = [
        ("projects", "Shop"),
        ("goals", "Web"),
        ("journeys", "First visit"),
    ];
    assert_eq!(names(&found), expected);
    assert_eq!(
        names(&route("Shop", "projects", "")),
        [("projects", "Shop")]
    );
    let step = route("a/b/c/d/3", "steps", "");
    assert_eq!(names(&step)[4], ("steps", "3"));
}

#[test]
fn a_backslash_makes_the_next_letter_one_of_the_name() {
    let found = route(r"A\/B/C\\D", "goals", "");
    assert_eq!(names(&found), [("projects", "A/B"), ("goals", r"C\D")]);
    let odd = route(r"\projects/7", "goals", "");
    assert_eq!(odd.start, None);
    assert_eq!(names(&odd), [("projects", "projects"), ("goals", "7")]);
}

#[test]
fn a_path_may_begin_with_a_resource_or_within_one() {
    let within = route("goals/7/First visit", "journeys", "");
    assert_eq!(within.start, Some(("goals", 7)));
    assert_eq!(names(&within), [("journeys", "First visit")]);
    let short = route("Staging", "environments", "projects/3");
    assert_eq!(short.start, Some(("projects", 3)));
    assert_eq!(names(&short), [("environments", "Staging")]);
    let whole = route("Shop/Staging", "environments", "projects/3");
    assert_eq!(whole.start, None);
}

#[test]
fn the_number_of_parts_decides_between_collections() {
    let both = ["checkpoints".to_owned(), "libraryCheckpoints".to_owned()];
    let library = Route::new("Shop/Log in", &both, "").unwrap();
    assert_eq!(names(&library)[1].0, "libraryCheckpoints");
    let own = Route::new("Shop/Web/First/Log in", &both, "").unwrap();
    assert_eq!(names(&own)[3].0, "checkpoints");
}

#[test]
fn a_path_that_leads_nowhere_is_refused_with_the_form_of_one_that_does() {
    for path in [
        "Shop",
        "Shop/Web/First/Log in",
        "Shop//Web",
        "/Shop/Web",
        "Shop/Web/",
    ] {
        let error = Route::new(path, &["goals".to_owned()], "").unwrap_err();
        assert!(format!("{error:?}").contains("path"), "{path}: {error:?}");
    }
    let error = Route::new("Shop", &["goals".to_owned()], "").unwrap_err();
    assert!(format!("{error:?}").contains("PROJECT/GOAL"), "{error:?}");
    assert!(Route::new("Shop", &["sessions".to_owned()], "").is_err());
}

#[test]
fn what_is_missing_is_told_with_what_is_near_it() {
    let members: Vec<_> = ["Web", "Mobile", "API", "Desk", "Watch", "TV"]
        .iter()
        .zip(1..)
        .map(|(name, id)| Member {
            id,
            name: (*name).to_owned(),
        })
        .collect();
    assert_eq!(near("web", &members)[0], "`Web`");
    assert_eq!(near("web", &members).len(), 5);
    let error = missing("goals", "Wbe", Some(("projects", 3)), &members);
    assert!(
        error
            .message
            .starts_with("there is no goal `Wbe` in projects/3; the nearest are `Web`")
    );
    let odd = Member {
        id: 9,
        name: "a\nb\t\u{202e}c é".to_owned(),
    };
    assert_eq!(near("a", &[odd]), ["`a\\nb\\t\\u{202e}c é`"]);
    let none = missing("projects", "x", None, &[]);
    assert!(
        none.message.ends_with("there are none at all"),
        "{}",
        none.message
    );
}
