//! Lists of runs and their pages.

use etude::v1::{self, ErrorReason, Outcome, RunState};
use etude_engine::store::{NewRun, PageRequest, RunQuery, Store};
use etude_store::SqliteStore;

use super::common::{finished, fresh, new_run, open};

/// Ten runs: 0 to 4 of one test, the others of another; every third has finished, and of those
/// each second failed; two of them were created at the same time. The first three were in an
/// environment, and every fourth has a tag.
async fn ten(store: &SqliteStore) {
    for n in 0..10 {
        let mut new = new_run(n);
        new.run.test_name = if n < 5 { "Low" } else { "High" }.to_owned();
        new.run
            .labels
            .insert("parity".to_owned(), (n % 2).to_string());
        if n < 3 {
            new.run.environment = "staging".to_owned();
        }
        if n % 4 == 0 {
            new.run.tags = vec!["smoke".to_owned(), format!("number {n}")];
        }
        set_time(&mut new, if n == 7 { 6 } else { n });
        store.create_run(new).await.unwrap();
        if n % 3 == 0 {
            let outcome = if n % 2 == 0 {
                Outcome::Pass
            } else {
                Outcome::Fail
            };
            let (events, update) = finished(outcome);
            store
                .append(&format!("runs/{n}"), events, update)
                .await
                .unwrap();
        }
    }
}

fn set_time(new: &mut NewRun, seconds: i64) {
    new.run.create_time = Some(prost_types::Timestamp { seconds, nanos: 0 });
}

/// The numbers of all runs that a query finds, by pages of a size.
async fn all(store: &SqliteStore, query: &RunQuery, size: usize) -> Vec<i32> {
    let mut found = Vec::new();
    let mut token = String::new();
    loop {
        let page = PageRequest { size, token };
        let page = store
            .list_runs(RunQuery {
                page,
                ..query.clone()
            })
            .await
            .unwrap();
        assert!(page.items.len() <= size);
        found.extend(page.items.iter().map(number));
        if page.next.is_empty() {
            return found;
        }
        assert_eq!(page.items.len(), size, "only the last page may be short");
        token = page.next;
    }
}

fn number(run: &v1::Run) -> i32 {
    run.name.strip_prefix("runs/").unwrap().parse().unwrap()
}

#[tokio::test]
async fn pages_of_every_size_have_every_run_once_and_in_order() {
    let (_folder, store) = fresh().await;
    ten(&store).await;
    let newest_first: Vec<i32> = (0..10).rev().collect();
    let oldest_first: Vec<i32> = (0..10).collect();
    for size in 1..=11 {
        let query = RunQuery::default();
        assert_eq!(all(&store, &query, size).await, newest_first);
        let query = RunQuery {
            ascending: true,
            ..query
        };
        assert_eq!(all(&store, &query, size).await, oldest_first);
    }
}

#[tokio::test]
async fn filters_select_and_combine() {
    let (_folder, store) = fresh().await;
    ten(&store).await;
    let label = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let query = RunQuery {
        ascending: true,
        ..RunQuery::default()
    };
    let cases = [
        (
            RunQuery {
                state: Some(RunState::Queued),
                ..query.clone()
            },
            vec![1, 2, 4, 5, 7, 8],
        ),
        (
            RunQuery {
                state: Some(RunState::Finished),
                ..query.clone()
            },
            vec![0, 3, 6, 9],
        ),
        (
            RunQuery {
                state: Some(RunState::Cancelled),
                ..query.clone()
            },
            vec![],
        ),
        (
            RunQuery {
                outcome: Some(Outcome::Fail),
                ..query.clone()
            },
            vec![3, 9],
        ),
        (
            RunQuery {
                outcome: Some(Outcome::Unspecified),
                ..query.clone()
            },
            vec![1, 2, 4, 5, 7, 8],
        ),
        (
            RunQuery {
                test_name: Some("Low".to_owned()),
                ..query.clone()
            },
            vec![0, 1, 2, 3, 4],
        ),
        (
            RunQuery {
                test_name: Some("low".to_owned()),
                ..query.clone()
            },
            vec![],
        ),
        (
            RunQuery {
                labels: vec![label("parity", "1")],
                ..query.clone()
            },
            vec![1, 3, 5, 7, 9],
        ),
        (
            RunQuery {
                labels: vec![label("parity", "' OR 1")],
                ..query.clone()
            },
            vec![],
        ),
        (
            RunQuery {
                environment: Some("staging".to_owned()),
                ..query.clone()
            },
            vec![0, 1, 2],
        ),
        (
            RunQuery {
                environment: Some(String::new()),
                tags: vec!["smoke".to_owned()],
                ..query.clone()
            },
            vec![4, 8],
        ),
        (
            RunQuery {
                tags: vec!["smoke".to_owned(), "number 8".to_owned()],
                ..query.clone()
            },
            vec![8],
        ),
        (
            RunQuery {
                state: Some(RunState::Finished),
                outcome: Some(Outcome::Fail),
                test_name: Some("High".to_owned()),
                labels: vec![label("parity", "1"), label("team", "shop")],
                ..query
            },
            vec![9],
        ),
    ];
    for (query, expected) in cases {
        assert_eq!(all(&store, &query, 2).await, expected, "{query:?}");
    }
}

#[tokio::test]
async fn runs_that_work_for_an_execution_are_listed_when_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    for n in 0..6 {
        let mut new = new_run(n);
        if n % 2 == 1 {
            new.run.owner = format!("executions/{}", n % 4);
        }
        set_time(&mut new, n);
        store.create_run(new).await.unwrap();
    }
    let query = |owner: Option<&str>, show_owned| RunQuery {
        owner: owner.map(str::to_owned),
        show_owned,
        ..RunQuery::default()
    };
    for (query, expected) in [
        (query(None, false), vec![4, 2, 0]),
        (query(None, true), vec![5, 4, 3, 2, 1, 0]),
        (query(Some("executions/1"), false), vec![5, 1]),
        (query(Some("executions/3"), true), vec![3]),
        (query(Some("executions/7"), true), vec![]),
        (query(Some(""), true), vec![4, 2, 0]),
    ] {
        assert_eq!(all(&store, &query, 2).await, expected, "{query:?}");
    }
    let owner = |n: i32| {
        let store = &store;
        async move { store.run(&format!("runs/{n}")).await.unwrap().owner }
    };
    assert_eq!(
        (owner(3).await, owner(4).await),
        ("executions/3".to_owned(), String::new())
    );
}

#[tokio::test]
async fn a_token_serves_its_own_list_only_and_outlives_a_restart() {
    let (folder, store) = fresh().await;
    ten(&store).await;
    let page = |token: &str| PageRequest {
        size: 4,
        token: token.to_owned(),
    };
    let first = store
        .list_runs(RunQuery {
            page: page(""),
            ..RunQuery::default()
        })
        .await
        .unwrap();
    let token = first.next;
    let others = [
        RunQuery {
            ascending: true,
            ..RunQuery::default()
        },
        RunQuery {
            state: Some(RunState::Queued),
            ..RunQuery::default()
        },
        RunQuery {
            test_name: Some(String::new()),
            ..RunQuery::default()
        },
        RunQuery {
            environment: Some(String::new()),
            ..RunQuery::default()
        },
        RunQuery {
            tags: vec![String::new()],
            ..RunQuery::default()
        },
    ];
    for other in others {
        let error = store
            .list_runs(RunQuery {
                page: page(&token),
                ..other
            })
            .await
            .unwrap_err();
        assert_eq!(error.reason, ErrorReason::InvalidPageToken);
    }
    for error in [
        store.list_sessions(page(&token), true).await.unwrap_err(),
        store.list_artifacts("", page(&token)).await.unwrap_err(),
        store.list_artifacts("", page("junk")).await.unwrap_err(),
    ] {
        assert_eq!(error.reason, ErrorReason::InvalidPageToken);
    }
    store.close().await;
    let store = open(folder.path()).await;
    let query = RunQuery {
        page: page(&token),
        ..RunQuery::default()
    };
    let second = store.list_runs(query).await.unwrap();
    assert_eq!(
        second.items.iter().map(number).collect::<Vec<_>>(),
        [5, 4, 3, 2]
    );
}

#[tokio::test]
async fn runs_that_come_and_go_between_pages_disturb_no_other() {
    let (_folder, store) = fresh().await;
    ten(&store).await;
    let page = |token: String| PageRequest { size: 4, token };
    let query = |token| RunQuery {
        page: page(token),
        ..RunQuery::default()
    };
    let first = store.list_runs(query(String::new())).await.unwrap();
    assert_eq!(
        first.items.iter().map(number).collect::<Vec<_>>(),
        [9, 8, 7, 6]
    );
    // The last item of the page goes, and a newer run comes.
    store.delete_run("runs/6").await.unwrap();
    let mut newer = new_run(11);
    set_time(&mut newer, 100);
    store.create_run(newer).await.unwrap();
    let second = store.list_runs(query(first.next)).await.unwrap();
    assert_eq!(
        second.items.iter().map(number).collect::<Vec<_>>(),
        [5, 4, 3, 2]
    );
}
