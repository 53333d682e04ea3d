//! Random operations give what a simple model in memory says.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::Duration;

use etude::v1::{ErrorReason, Outcome, RunState};
use etude_engine::store::{NewArtifact, NewEvent, PageRequest, Pool, RunQuery, RunUpdate, Store};
use etude_store::SqliteStore;
use proptest::prelude::*;

use super::artifacts::contents;
use super::common::{finished, logged, messages, new_run, open, requested};

const LEASE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone)]
enum Operation {
    /// A run of a number, with a request id and a fingerprint or without.
    Create(u8, Option<(u8, u8)>),
    /// So many events for a run.
    Append(u8, usize),
    Claim,
    /// A run waits again.
    Requeue(u8),
    Finish(u8),
    Delete(u8),
    Compact,
    /// An artifact of a run with one of few contents.
    Put(u8, u8),
    /// One of the artifacts that there are.
    DeleteArtifact(prop::sample::Index),
    Reopen,
}

fn operation() -> impl Strategy<Value = Operation> {
    let run = 0..6u8;
    prop_oneof![
        6 => (run.clone(), prop::option::of((0..3u8, 0..2u8)))
            .prop_map(|(run, request)| Operation::Create(run, request)),
        6 => (run.clone(), 0..40usize).prop_map(|(run, count)| Operation::Append(run, count)),
        3 => Just(Operation::Claim),
        1 => run.clone().prop_map(Operation::Requeue),
        3 => run.clone().prop_map(Operation::Finish),
        3 => run.clone().prop_map(Operation::Delete),
        1 => Just(Operation::Compact),
        3 => (run, 0..3u8).prop_map(|(run, content)| Operation::Put(run, content)),
        2 => any::<prop::sample::Index>().prop_map(Operation::DeleteArtifact),
        1 => Just(Operation::Reopen),
    ]
}

/// What the model knows of a run.
#[derive(Debug, Clone)]
struct Run {
    created: usize,
    state: RunState,
    attempt: u32,
    request: Option<(u8, u8)>,
    first: i64,
    log: Vec<String>,
}

#[derive(Debug, Default)]
struct Model {
    created: usize,
    runs: BTreeMap<String, Run>,
    /// Name, run and content.
    artifacts: Vec<(String, String, String)>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_does_what_the_model_says(operations in prop::collection::vec(operation(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let mut store = open(folder.path()).await;
            let mut model = Model::default();
            for operation in operations {
                if let Operation::Reopen = operation {
                    store.close().await;
                    store = open(folder.path()).await;
                }
                model.apply(&store, operation).await;
            }
            model.compare(&store, folder.path()).await;
        });
    }
}

impl Model {
    async fn apply(&mut self, store: &SqliteStore, operation: Operation) {
        match operation {
            Operation::Create(run, request) => self.create(store, run, request).await,
            Operation::Append(run, count) => self.append(store, &name(run), count).await,
            Operation::Claim => self.claim(store).await,
            Operation::Requeue(run) => {
                let update = RunUpdate {
                    state: Some(RunState::Queued),
                    ..RunUpdate::default()
                };
                self.change(store, &name(run), vec![logged("again")], update, "again")
                    .await;
            }
            Operation::Finish(run) => {
                let (events, update) = finished(Outcome::Pass);
                self.change(store, &name(run), events, update, "finished")
                    .await;
            }
            Operation::Delete(run) => self.delete(store, &name(run)).await,
            Operation::Compact => self.compact(store).await,
            Operation::Put(run, content) => self.put(store, &name(run), content).await,
            Operation::DeleteArtifact(index) if !self.artifacts.is_empty() => {
                let (name, ..) = self.artifacts.remove(index.index(self.artifacts.len()));
                store.delete_artifact(&name).await.unwrap();
            }
            Operation::DeleteArtifact(_) | Operation::Reopen => {}
        }
    }

    async fn create(&mut self, store: &SqliteStore, run: u8, request: Option<(u8, u8)>) {
        let earlier = request.and_then(|(id, fingerprint)| {
            let mut runs = self.runs.iter();
            let found = runs.find(|(_, run)| run.request.is_some_and(|(known, _)| known == id));
            found.map(|(name, run)| (name.clone(), run.request == Some((id, fingerprint))))
        });
        let new = match request {
            None => new_run(run),
            Some((id, fingerprint)) => requested(run, &format!("request-{id}"), fingerprint),
        };
        let created = store.create_run(new).await;
        match earlier {
            Some((earlier, true)) => assert_eq!(created.unwrap().name, earlier),
            Some((_, false)) => {
                assert_eq!(created.unwrap_err().reason, ErrorReason::RequestIdReused);
            }
            // The engine never gives two runs one name; the store must not mix them up.
            None if self.runs.contains_key(&name(run)) => {
                assert_eq!(created.unwrap_err().reason, ErrorReason::StorageFailed);
            }
            None => {
                self.created += 1;
                let new = Run {
                    created: self.created,
                    state: RunState::Queued,
                    attempt: 0,
                    request,
                    first: 1,
                    log: vec!["queued".to_owned()],
                };
                self.runs.insert(created.unwrap().name, new);
            }
        }
    }

    async fn append(&mut self, store: &SqliteStore, run: &str, count: usize) {
        let texts: Vec<String> = (0..count).map(|n| format!("{n} of {count}")).collect();
        let events = texts.iter().map(|text| logged(text.as_str())).collect();
        let appended = store.append(run, events, RunUpdate::default()).await;
        match self.runs.get_mut(run) {
            None => assert_eq!(appended.unwrap_err().reason, ErrorReason::RunNotFound),
            Some(run) => {
                run.log.extend(texts);
                assert_eq!(appended.unwrap(), run.log.len() as i64);
            }
        }
    }

    async fn change(
        &mut self,
        store: &SqliteStore,
        run: &str,
        events: Vec<NewEvent>,
        update: RunUpdate,
        text: &str,
    ) {
        let state = update.state.unwrap();
        let changed = store.append(run, events, update).await;
        match self.runs.get_mut(run) {
            None => assert_eq!(changed.unwrap_err().reason, ErrorReason::RunNotFound),
            Some(run) => {
                run.log.push(text.to_owned());
                run.state = state;
                assert_eq!(changed.unwrap(), run.log.len() as i64);
            }
        }
    }

    async fn claim(&mut self, store: &SqliteStore) {
        let waiting = self
            .runs
            .iter_mut()
            .filter(|(_, run)| run.state == RunState::Queued);
        let oldest = waiting.min_by_key(|(_, run)| run.created);
        let claimed = store
            .claim_run(Pool::Browsers, "worker", LEASE)
            .await
            .unwrap();
        let expected = oldest.map(|(name, run)| {
            run.state = RunState::Running;
            run.attempt += 1;
            (name.clone(), run.attempt)
        });
        assert_eq!(
            claimed.map(|claimed| (claimed.run.name, claimed.run.attempt)),
            expected
        );
    }

    async fn delete(&mut self, store: &SqliteStore, name: &str) {
        let deleted = store.delete_run(name).await;
        match self.runs.get(name).map(|run| run.state) {
            None => assert_eq!(deleted.unwrap_err().reason, ErrorReason::RunNotFound),
            Some(RunState::Finished) => {
                deleted.unwrap();
                self.runs.remove(name);
                self.artifacts.retain(|(_, run, _)| run != name);
            }
            Some(_) => assert_eq!(deleted.unwrap_err().reason, ErrorReason::RunNotFinished),
        }
    }

    async fn compact(&mut self, store: &SqliteStore) {
        let mut compacted = 0;
        for run in self
            .runs
            .values_mut()
            .filter(|run| run.state == RunState::Finished)
        {
            let last = run.log.len() as i64;
            compacted += u64::from(run.first < last);
            run.first = last;
        }
        assert_eq!(
            store.compact_events(Duration::from_secs(60)).await.unwrap(),
            compacted
        );
    }

    async fn put(&mut self, store: &SqliteStore, run: &str, content: u8) {
        let content = format!("content {content}");
        let new = NewArtifact {
            parent: run.to_owned(),
            ..NewArtifact::default()
        };
        let artifact = store
            .put_artifact(new, content.clone().into())
            .await
            .unwrap();
        self.artifacts
            .push((artifact.name, run.to_owned(), content));
    }

    async fn compare(&self, store: &SqliteStore, folder: &Path) {
        let page = PageRequest {
            size: 200,
            token: String::new(),
        };
        let listed = store
            .list_runs(RunQuery {
                page,
                ..RunQuery::default()
            })
            .await
            .unwrap();
        let names: HashSet<_> = listed.items.iter().map(|run| run.name.as_str()).collect();
        assert_eq!(names, self.runs.keys().map(String::as_str).collect());
        for (name, expected) in &self.runs {
            let run = store.run(name).await.unwrap();
            let last = expected.log.len() as i64;
            assert_eq!(
                (run.first_sequence, run.last_sequence),
                (expected.first, last)
            );
            assert_eq!(
                (run.state(), run.attempt),
                (expected.state, expected.attempt)
            );
            let log = store
                .events(name, expected.first - 1, 10_000)
                .await
                .unwrap();
            let kept: Vec<_> = (expected.first..)
                .zip(expected.log[expected.first as usize - 1..].iter().cloned())
                .collect();
            assert_eq!(messages(&log), kept);
        }
        let counts = store.run_counts().await.unwrap();
        let count = |state| self.runs.values().filter(|run| run.state == state).count() as u32;
        assert_eq!(
            (counts.queued, counts.running),
            (count(RunState::Queued), count(RunState::Running))
        );
        for (name, _, content) in &self.artifacts {
            assert_eq!(
                store.read_artifact(name, 0, 99).await.unwrap(),
                content.as_bytes()
            );
        }
        let distinct: HashSet<_> = self
            .artifacts
            .iter()
            .map(|(_, _, content)| content)
            .collect();
        assert_eq!(contents(folder).len(), distinct.len());
    }
}

fn name(run: u8) -> String {
    format!("runs/{run}")
}
