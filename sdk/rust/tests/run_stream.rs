//! A run's events arrive once and in order, whatever happens to the connection.

// The contract has a `Box` of its own.
use std::boxed::Box;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use etude::v1::run_event::Payload;
use etude::v1::run_service_server::{RunService, RunServiceServer};
use etude::v1::*;
use etude::{Client, RetryPolicy};
use futures::{Stream, StreamExt as _};
use parking_lot::Mutex;
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status};

use crate::support::{Random, Served, client_of, cutting_proxy, status};

const EVENTS: i64 = 300;

/// A finished run whose watchers are treated badly.
#[derive(Clone)]
struct Runs(Arc<State>);

struct State {
    random: Mutex<Random>,
    mood: Mood,
    watches: AtomicUsize,
    request_ids: Mutex<Vec<String>>,
    refusals: AtomicUsize,
}

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    /// All that a server, a proxy or a network can do to a stream.
    Wild,
    /// Long streams, for the proxy to cut.
    Calm,
    /// Every watch fails like this.
    Refuse(Code, &'static str),
    /// Sends events with a hole, always.
    Gap,
}

impl Runs {
    fn new(mood: Mood, seed: u64) -> Self {
        Self(Arc::new(State {
            random: Mutex::new(Random(seed)),
            mood,
            watches: AtomicUsize::new(0),
            request_ids: Mutex::new(Vec::new()),
            refusals: AtomicUsize::new(0),
        }))
    }

    async fn serve(&self) -> Served {
        Served::start(self.router()).await
    }

    fn router(&self) -> tonic::transport::server::Router {
        Server::builder().add_service(RunServiceServer::new(self.clone()))
    }

    fn below(&self, bound: u64) -> usize {
        self.0.random.lock().below(bound)
    }

    /// The messages of one watch and how it ends.
    fn script(&self, after: i64) -> (Vec<WatchRunResponse>, Ending) {
        let mut next = after + 1;
        let mut messages = Vec::new();
        let wild = self.0.mood == Mood::Wild;
        if wild && self.below(3) == 0 {
            // A server that answers from a little before the cursor.
            next = (next - i64::try_from(self.below(4)).unwrap()).max(1);
        }
        let streams = match wild {
            true => self.below(12),
            false => usize::MAX,
        };
        for _ in 0..streams {
            if next > EVENTS {
                return (messages, Ending::Ok);
            }
            let count = 1 + i64::try_from(self.below(8)).unwrap();
            let last = (next + count - 1).min(EVENTS);
            messages.push(message((next..=last).collect()));
            next = last + 1;
            if wild && self.below(20) == 0 {
                next += 1;
            }
            if self.below(6) == 0 {
                messages.push(message(Vec::new()));
            }
        }
        let ending = match self.below(5) {
            0 => Ending::Ok,
            1 => Ending::Error(status(
                Code::Unavailable,
                "SERVER_SHUTDOWN",
                Some(Duration::from_millis(1)),
            )),
            2 => Ending::Error(Status::unknown("a proxy's words")),
            3 => Ending::Error(status(
                Code::ResourceExhausted,
                "SESSION_LIMIT",
                Some(Duration::from_millis(1)),
            )),
            _ => Ending::Silence,
        };
        (messages, ending)
    }
}

enum Ending {
    Ok,
    Error(Status),
    Silence,
}

fn message(sequences: Vec<i64>) -> WatchRunResponse {
    WatchRunResponse {
        events: sequences.into_iter().map(event).collect(),
        last_sequence: EVENTS,
    }
}

fn event(sequence: i64) -> RunEvent {
    let payload = match sequence {
        EVENTS => Payload::RunFinished(RunFinished {
            outcome: Outcome::Pass.into(),
            ..Default::default()
        }),
        _ => Payload::RunLogged(RunLogged {
            message: "x".repeat(400),
            ..Default::default()
        }),
    };
    RunEvent {
        sequence,
        event_time: None,
        payload: Some(payload),
    }
}

type Events<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl RunService for Runs {
    type WatchRunStream = Events<WatchRunResponse>;
    type RunTestStream = Events<RunTestResponse>;

    async fn watch_run(
        &self,
        request: Request<WatchRunRequest>,
    ) -> Result<Response<Self::WatchRunStream>, Status> {
        self.0.watches.fetch_add(1, Ordering::Relaxed);
        let after = request.into_inner().after_sequence;
        match self.0.mood {
            Mood::Refuse(code, reason) => return Err(status(code, reason, None)),
            Mood::Gap => {
                let events = futures::stream::iter([Ok(message(vec![after + 2]))]);
                return Ok(Response::new(events.boxed()));
            }
            Mood::Wild | Mood::Calm => {}
        }
        let (messages, ending) = self.script(after);
        let messages = futures::stream::iter(messages).map(Ok);
        let events = match ending {
            Ending::Ok => messages.boxed(),
            Ending::Error(status) => messages.chain(futures::stream::iter([Err(status)])).boxed(),
            Ending::Silence => messages.chain(futures::stream::pending()).boxed(),
        };
        Ok(Response::new(events))
    }

    async fn get_run(
        &self,
        request: Request<GetRunRequest>,
    ) -> Result<Response<GetRunResponse>, Status> {
        let run = Run {
            name: request.into_inner().name,
            state: RunState::Finished.into(),
            last_sequence: EVENTS,
            ..Default::default()
        };
        Ok(Response::new(GetRunResponse { run: Some(run) }))
    }

    async fn create_run(
        &self,
        request: Request<CreateRunRequest>,
    ) -> Result<Response<CreateRunResponse>, Status> {
        self.0
            .request_ids
            .lock()
            .push(request.into_inner().request_id);
        if self.0.refusals.fetch_add(1, Ordering::Relaxed) < 3 {
            return Err(status(Code::Unavailable, "STORAGE_FAILED", None));
        }
        let run = Run {
            name: "runs/1".to_owned(),
            ..Default::default()
        };
        Ok(Response::new(CreateRunResponse { run: Some(run) }))
    }

    async fn list_runs(
        &self,
        request: Request<ListRunsRequest>,
    ) -> Result<Response<ListRunsResponse>, Status> {
        let page: usize = request.into_inner().page_token.parse().unwrap_or_default();
        let run = |number| Run {
            name: format!("runs/{number}"),
            ..Default::default()
        };
        let next = page + 1;
        Ok(Response::new(ListRunsResponse {
            // The second page is empty, which does not end the list.
            runs: if page == 1 {
                vec![]
            } else {
                vec![run(page * 2), run(page * 2 + 1)]
            },
            next_page_token: if page < 3 {
                next.to_string()
            } else {
                String::new()
            },
        }))
    }

    async fn cancel_run(
        &self,
        _: Request<CancelRunRequest>,
    ) -> Result<Response<CancelRunResponse>, Status> {
        Err(Status::unimplemented("not part of the test"))
    }

    async fn delete_run(
        &self,
        _: Request<DeleteRunRequest>,
    ) -> Result<Response<DeleteRunResponse>, Status> {
        Err(Status::unimplemented("not part of the test"))
    }

    async fn run_test(
        &self,
        _: Request<RunTestRequest>,
    ) -> Result<Response<Self::RunTestStream>, Status> {
        Err(Status::unimplemented("not part of the test"))
    }
}

async fn all(client: &Client, after: i64) -> Vec<i64> {
    let mut stream = client.watch_run("runs/1", after);
    let mut sequences = Vec::new();
    while let Some(event) = stream.next().await {
        sequences.push(event.unwrap().sequence);
        assert_eq!(stream.last_sequence(), *sequences.last().unwrap());
    }
    sequences
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_when_streams_end_anyhow() {
    for seed in 0..12 {
        let runs = Runs::new(Mood::Wild, seed);
        let served = runs.serve().await;
        let sequences = all(&served.client(), 0).await;
        assert_eq!(sequences, (1..=EVENTS).collect::<Vec<_>>(), "seed {seed}");
        assert!(runs.0.watches.load(Ordering::Relaxed) > 1, "seed {seed}");
    }
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_when_connections_break_at_any_byte() {
    for seed in 0..12 {
        let runs = Runs::new(Mood::Calm, seed);
        let served = runs.serve().await;
        let proxy = cutting_proxy(served.address, seed).await;
        let sequences = all(&client_of(proxy), 0).await;
        assert_eq!(sequences, (1..=EVENTS).collect::<Vec<_>>(), "seed {seed}");
        assert!(runs.0.watches.load(Ordering::Relaxed) > 1, "seed {seed}");
    }
}

#[tokio::test]
async fn a_watcher_outlives_a_restart_of_the_server() {
    let runs = Runs::new(Mood::Wild, 99);
    let served = runs.serve().await;
    let address: SocketAddr = served.address;
    let mut stream = served.client().watch_run("runs/1", 0);
    let mut sequences = Vec::new();
    for _ in 0..20 {
        sequences.push(stream.next().await.unwrap().unwrap().sequence);
    }
    drop(served);
    tokio::task::yield_now().await;
    let router = runs.router();
    let (_served, rest) = tokio::join!(
        async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Served::start_at(router, address).await
        },
        stream
            .map(|event| event.unwrap().sequence)
            .collect::<Vec<_>>()
    );
    sequences.extend(rest);
    assert_eq!(sequences, (1..=EVENTS).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_watch_goes_on_behind_any_event() {
    let served = Runs::new(Mood::Wild, 5).serve().await;
    let client = served.client();
    assert_eq!(all(&client, 123).await, (124..=EVENTS).collect::<Vec<_>>());
    assert_eq!(all(&client, EVENTS).await, Vec::<i64>::new());
    let finished = client.watch_run("runs/1", 0).finish().await.unwrap();
    assert_eq!(finished.outcome(), Outcome::Pass);
    let error = client
        .watch_run("runs/1", EVENTS)
        .finish()
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::OutOfRange);
}

#[tokio::test]
async fn an_answer_that_will_not_change_ends_the_stream_at_once() {
    for (code, reason) in [
        (Code::NotFound, "RUN_NOT_FOUND"),
        (Code::OutOfRange, "EVENTS_COMPACTED"),
        (Code::InvalidArgument, "INVALID_REQUEST"),
    ] {
        let runs = Runs::new(Mood::Refuse(code, reason), 0);
        let served = runs.serve().await;
        let mut stream = served.client().watch_run("runs/1", 3);
        let error = stream.next().await.unwrap().unwrap_err();
        assert_eq!((error.code(), error.reason_name()), (code, Some(reason)));
        assert_eq!(error.metadata()["first_sequence"], "7");
        assert!(stream.next().await.is_none());
        assert_eq!(stream.last_sequence(), 3);
        assert_eq!(runs.0.watches.load(Ordering::Relaxed), 1);
    }
}

fn impatient(address: SocketAddr) -> Client {
    Client::builder(address.to_string())
        .retry(RetryPolicy {
            first_delay: Duration::from_millis(1),
            max_delay: Duration::from_millis(5),
            give_up_after: Duration::from_millis(100),
        })
        .connect_lazy()
        .unwrap()
}

#[tokio::test]
async fn a_server_that_stays_away_ends_the_stream_with_its_last_error() {
    let runs = Runs::new(Mood::Refuse(Code::Unavailable, "SERVER_SHUTDOWN"), 0);
    let served = runs.serve().await;
    let mut stream = impatient(served.address).watch_run("runs/1", 0);
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::ServerShutdown));
    assert!(stream.next().await.is_none());
    assert!(runs.0.watches.load(Ordering::Relaxed) > 2);
}

#[tokio::test]
async fn a_hole_in_the_events_is_never_passed_on() {
    let served = Runs::new(Mood::Gap, 0).serve().await;
    let mut stream = served.client().watch_run("runs/1", 0);
    let quiet = tokio::time::timeout(Duration::from_millis(300), stream.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");
}

#[tokio::test]
async fn create_run_is_tried_again_with_the_same_request_id() {
    let runs = Runs::new(Mood::Calm, 0);
    let served = runs.serve().await;
    let stream = served
        .client()
        .run_test(RunSpec::document("a.yaml", "name: a"))
        .await
        .unwrap();
    assert_eq!(stream.run(), "runs/1");
    let ids = runs.0.request_ids.lock().clone();
    assert_eq!(ids.len(), 4);
    assert!(
        ids.iter().all(|id| *id == ids[0] && id.len() == 36),
        "{ids:?}"
    );
}

#[tokio::test]
async fn lists_are_read_page_by_page() {
    let served = Runs::new(Mood::Calm, 0).serve().await;
    let runs: Vec<_> = served
        .client()
        .runs("")
        .map(|run| run.unwrap().name)
        .collect()
        .await;
    let expected = [0, 1, 4, 5, 6, 7].map(|number| format!("runs/{number}"));
    assert_eq!(runs, expected);
}
