//! Runs: durable executions of tests, each with an ordered log of events.
//!
//! A run is created durably and waits in the store's queue. A worker claims it as soon as a slot of
//! its pool is free, executes its rows in a browser, or lets a platform do it and follows that, and
//! appends what happens to its log. Watchers read the log: from memory when they keep up, else from
//! the store. Everything that a run has to survive stands in the log, so a crash of the server at
//! any moment leaves something to recover from.

mod active;
mod block;
mod cancel;
mod clock;
mod context;
mod create;
mod ending;
mod execute;
mod filter;
mod history;
mod hub;
mod interrupt;
mod log;
mod outcome;
mod place;
mod plan;
mod recovery;
mod remote;
mod row;
mod slots;
mod step;
mod watch;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use etude::v1::{self, ErrorReason};
use parking_lot::RwLock;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use self::active::Active;
pub use self::create::{check_test, parse_document};
use self::hub::Hub;
use self::log::RunLog;
use self::slots::Slots;
pub use self::watch::WatchStream;
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::remote::Remote;
use crate::store::{PageRequest, Pool, RunCounts, RunQuery, Store};

pub(crate) use self::clock::between;
pub(crate) use self::history::PAGE_EVENTS;

/// Runs that a page of a list has unless the request says otherwise.
const DEFAULT_PAGE: usize = 50;

/// The most runs of one page.
const MAX_PAGE: usize = 200;

/// How runs are executed.
#[derive(Debug, Clone)]
pub struct RunsOptions {
    /// Browsers that runs may use at the same time, all runs together; at least 1.
    pub max_browsers: usize,
    /// Runs that platforms execute and that are followed at the same time; at least 1.
    pub max_remote: usize,
    /// Runs that may wait; further ones are refused with RUN_QUEUE_FULL.
    pub max_queued: u32,
    /// For how long a worker's claim on a run lasts without renewal.
    pub lease: Duration,
    /// The longest silence of a watch stream.
    pub heartbeat: Duration,
    /// How often the worker looks for runs that nobody told it of.
    pub poll: Duration,
    /// For how long a step waits for a store that fails, before its run is given up.
    pub storage_patience: Duration,
    /// The longest that a shutdown waits for the runs being executed to be recorded.
    pub shutdown_grace: Duration,
}

impl Default for RunsOptions {
    fn default() -> Self {
        Self {
            max_browsers: 2,
            max_remote: 32,
            max_queued: 10_000,
            lease: Duration::from_secs(30),
            heartbeat: Duration::from_secs(15),
            poll: Duration::from_secs(5),
            storage_patience: Duration::from_secs(30),
            shutdown_grace: Duration::from_secs(4),
        }
    }
}

/// Creates, executes and watches runs. Clones share everything.
#[derive(Clone)]
pub struct Runs {
    services: Arc<Services>,
}

/// What the parts of [`Runs`] share.
struct Services {
    options: RunsOptions,
    store: Arc<dyn Store>,
    backend: Arc<dyn Backend>,
    executor: Executor,
    hub: Arc<Hub>,
    active: Active,
    /// This process, among all that ever claimed runs of the store.
    worker: String,
    /// The browsers that runs may use.
    browsers: Slots,
    /// What platforms may execute and is followed here.
    platforms: Slots,
    /// The platforms that execute tests by themselves, until the shutdown: they may execute them by
    /// these very runs.
    remote: RwLock<Option<Arc<dyn Remote>>>,
    /// Held while a run leaves the queue, so that a claim and a cancellation do not cross.
    queue: tokio::sync::Mutex<()>,
    /// Everything that must have ended before the process does.
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Services {
    /// The platforms that execute tests.
    fn remote(&self) -> Result<Arc<dyn Remote>> {
        let remote = self.remote.read().clone();
        remote.ok_or_else(|| {
            let message = "this server has no platform that could execute the test";
            Error::new(ErrorReason::PlatformNotConfigured, message)
        })
    }

    fn slots(&self, pool: Pool) -> &Slots {
        match pool {
            Pool::Browsers => &self.browsers,
            Pool::Platforms => &self.platforms,
        }
    }

    fn log(&self, run: &str) -> RunLog {
        RunLog::new(Arc::clone(&self.store), run, self.options.storage_patience)
    }
}

impl Runs {
    /// Runs of `store`, executed by `executor` in `backend`. It hears of all commits of the store
    /// from now on.
    pub fn new(
        options: RunsOptions,
        backend: Arc<dyn Backend>,
        executor: Executor,
        store: Arc<dyn Store>,
    ) -> Self {
        let hub = Arc::new(Hub::default());
        store.set_commit_listener(Arc::clone(&hub) as Arc<_>);
        let services = Services {
            browsers: Slots::new(Pool::Browsers, options.max_browsers),
            platforms: Slots::new(Pool::Platforms, options.max_remote),
            remote: RwLock::default(),
            options,
            store,
            backend,
            executor,
            hub,
            active: Active::default(),
            worker: Uuid::now_v7().simple().to_string(),
            queue: tokio::sync::Mutex::new(()),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        };
        Self {
            services: Arc::new(services),
        }
    }

    /// Lets runs that ask for a platform be executed by `remote`. To be called before
    /// [`Runs::recover`].
    pub fn set_remote(&self, remote: Arc<dyn Remote>) {
        *self.services.remote.write() = Some(remote);
    }

    /// Decides upon runs that an earlier process left while they were executed: they go back
    /// into the queue, or end ERROR with the reason SERVER_RESTARTED, as their config says. To be
    /// called once, on start-up; runs can be created, executed and watched meanwhile.
    ///
    /// # Errors
    ///
    /// `STORAGE_FAILED`: some may be left undecided.
    pub async fn recover(&self) -> Result<()> {
        recovery::recover(&self.services).await
    }

    /// Executes runs until `stop` or a shutdown. Runs that have begun go on.
    pub async fn work(&self, stop: CancellationToken) {
        worker::work(&self.services, stop).await;
    }

    /// Creates a run. When this returns, it is durable.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`; `TEST_INVALID` with all mistakes; `REQUEST_ID_REUSED`; what keeps a platform
    /// from executing it; `RUN_QUEUE_FULL`; `SERVER_SHUTDOWN`; `STORAGE_FULL`; `STORAGE_FAILED`.
    pub async fn create(&self, request: v1::CreateRunRequest) -> Result<v1::Run> {
        self.create_as(request, |_| ()).await
    }

    /// Creates a run that works for `owner`, `executions/{id}`, and whose name the caller has chosen by
    /// [`Runs::new_name`]: so the owner can be written down, with its runs, before there are any.
    ///
    /// # Errors
    ///
    /// As for [`Runs::create`].
    pub async fn create_owned(
        &self,
        name: &str,
        owner: &str,
        request: v1::CreateRunRequest,
    ) -> Result<v1::Run> {
        let mark = |run: &mut v1::Run| {
            run.name = name.to_owned();
            run.owner = owner.to_owned();
        };
        self.create_as(request, mark).await
    }

    /// A name that no run has had.
    pub fn new_name() -> String {
        create::new_name()
    }

    async fn create_as(
        &self,
        request: v1::CreateRunRequest,
        mark: impl FnOnce(&mut v1::Run),
    ) -> Result<v1::Run> {
        if self.services.stopping.is_cancelled() {
            return Err(watch::shutting_down());
        }
        let validate_only = request.validate_only;
        let mut new = create::prepare(request, self.services.options.max_queued)?;
        remote::check(&self.services, &mut new.spec)?;
        if validate_only {
            return Ok(create::validated(new));
        }
        mark(&mut new.run);
        let pool = Pool::of(&new.spec);
        let run = self.services.store.create_run(new).await?;
        self.services.slots(pool).run_waits.notify_one();
        Ok(run)
    }

    /// A run with its test.
    ///
    /// # Errors
    ///
    /// `RUN_NOT_FOUND`; `STORAGE_FAILED`.
    pub async fn get(&self, name: &str) -> Result<v1::Run> {
        let mut run = self.services.store.run(name).await?;
        let spec = self.services.store.run_spec(name).await?;
        run.test = Some(context::test_of(spec.source));
        Ok(run)
    }

    /// A page of runs, without their tests.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`; `INVALID_FILTER` with `position`; `INVALID_PAGE_TOKEN`;
    /// `STORAGE_FAILED`.
    pub async fn list(&self, request: v1::ListRunsRequest) -> Result<v1::ListRunsResponse> {
        let page = self.services.store.list_runs(query(request)?).await?;
        Ok(v1::ListRunsResponse {
            runs: page.items,
            next_page_token: page.next,
        })
    }

    /// Stops a run: the step being executed is interrupted at once. Returns the run when it has
    /// ended; one that had finished before is returned unchanged.
    ///
    /// # Errors
    ///
    /// `RUN_NOT_FOUND`; `STORAGE_FAILED`: the end could not be recorded yet.
    pub async fn cancel(&self, name: &str) -> Result<v1::Run> {
        cancel::cancel(&self.services, name).await
    }

    /// Deletes a finished run with its events and artifacts.
    ///
    /// # Errors
    ///
    /// `RUN_NOT_FOUND`; `RUN_NOT_FINISHED`; `RUN_OWNED`; `STORAGE_FAILED`.
    pub async fn delete(&self, name: &str) -> Result<()> {
        let run = self.services.store.run(name).await?;
        match run.owner.as_str() {
            "" => self.services.store.delete_run(name).await,
            owner => Err(owned(name, owner)),
        }
    }

    /// Takes a run back that was created for an owner who is given up: stops it, and deletes it.
    ///
    /// # Errors
    ///
    /// `RUN_NOT_FOUND`; `STORAGE_FAILED`.
    pub async fn take_back(&self, name: &str) -> Result<()> {
        self.cancel(name).await?;
        self.services.store.delete_run(name).await
    }

    /// A run's events after a sequence number, until its last.
    ///
    /// # Errors
    ///
    /// `RUN_NOT_FOUND`; `SEQUENCE_IN_FUTURE`; `EVENTS_COMPACTED` with `first_sequence`;
    /// `STORAGE_FAILED`. The stream itself ends with `SERVER_SHUTDOWN` and `last_sequence` when
    /// the server stops.
    pub async fn watch(&self, name: &str, after: i64) -> Result<WatchStream> {
        let Services {
            hub,
            store,
            options,
            ..
        } = self.services.as_ref();
        WatchStream::open(hub, Arc::clone(store), name, after, options.heartbeat).await
    }

    /// Counts of runs that wait and that are executed.
    ///
    /// # Errors
    ///
    /// `STORAGE_FAILED`.
    pub async fn counts(&self) -> Result<RunCounts> {
        self.services.store.run_counts().await
    }

    /// Stops executing: runs go back into the queue or end ERROR with the reason
    /// SERVER_RESTARTED, as their config says; watch streams end with SERVER_SHUTDOWN. Takes at
    /// most [`RunsOptions::shutdown_grace`]; what is not recorded by then is recovered after the
    /// next start.
    pub async fn shutdown(&self) {
        let services = &self.services;
        services.stopping.cancel();
        services.active.interrupt_all();
        services.tasks.close();
        let ended = tokio::time::timeout(services.options.shutdown_grace, services.tasks.wait());
        if ended.await.is_err() {
            tracing::warn!("some runs could not be recorded before the shutdown");
        }
        services.remote.write().take();
        services.hub.close();
    }
}

fn query(request: v1::ListRunsRequest) -> Result<RunQuery> {
    let size = usize::try_from(request.page_size)
        .map_err(|_| Error::invalid("page_size", "int32.gte", "must be 0 or more"))?;
    let ascending = match request.order_by.as_str() {
        "" | "create_time desc" => false,
        "create_time" => true,
        _ => {
            let rule = "must be `create_time` or `create_time desc`";
            return Err(Error::invalid("order_by", "string.in", rule));
        }
    };
    let mut query = RunQuery {
        page: PageRequest {
            size: if size == 0 {
                DEFAULT_PAGE
            } else {
                size.min(MAX_PAGE)
            },
            token: request.page_token,
        },
        ascending,
        show_owned: request.show_owned,
        ..RunQuery::default()
    };
    filter::apply(&request.filter, &mut query)?;
    Ok(query)
}

fn owned(name: &str, owner: &str) -> Error {
    let message = format!(
        "{name} cannot be deleted: it executed a journey of {owner}, whose results are read from it; \
         it stays as long as that, and lists leave it out"
    );
    Error::new(ErrorReason::RunOwned, message)
        .resource(name)
        .with("owner", owner)
}

fn not_recorded(name: &str) -> Error {
    let message = format!("the end of {name} could not be recorded yet; ask for the run later");
    Error::new(ErrorReason::StorageFailed, message)
        .retry_after(Duration::from_secs(5))
        .resource(name)
}
