//! Warm browsers: started ahead, each with a place for a session already open.

use std::sync::Arc;
use std::time::Duration;

use etude_engine::backend::Health;
use parking_lot::Mutex;
use tokio::sync::{Notify, OnceCell, watch};

use crate::browser::{Browser, Place, Shape};
use crate::config::BrowserConfig;
use crate::error::LaunchError;
use crate::launch::{Programs, Registry, find_programs};

/// A browser is replaced after so many sessions: what it leaks is bounded.
const MOST_SESSIONS: u32 = 100;

/// How long to wait before a warm browser is replaced: a session that ends meanwhile gives its own
/// back, and a busy machine is left to the session that has just begun.
const REFILL_DELAY: Duration = Duration::from_secs(2);

/// How long to wait after a browser could not be started; doubled each time up to the longest.
const RETRY_DELAY: Duration = Duration::from_secs(2);
const LONGEST_RETRY_DELAY: Duration = Duration::from_secs(60);

/// A browser with a place for the next session.
pub(crate) struct Ready {
    pub(crate) browser: Browser,
    pub(crate) place: Place,
}

/// The browsers of a backend.
pub(crate) struct Pool {
    config: BrowserConfig,
    registry: Registry,
    programs: OnceCell<Programs>,
    idle: Mutex<Vec<Ready>>,
    /// Wakes the keeper: a browser was taken, has gone, or the pool is closed.
    wake: Notify,
    closed: watch::Sender<bool>,
    health: watch::Sender<Health>,
}

impl Pool {
    /// Opens a pool, ends what an earlier server has left, and begins to start browsers.
    pub(crate) fn open(mut config: BrowserConfig) -> Result<Arc<Self>, LaunchError> {
        if config.remote_url.is_some() {
            // A slot of a grid belongs to whoever needs it now.
            config.warm = 0;
        }
        let registry = Registry::open(&config.state_dir)?;
        let pool = Arc::new(Self {
            config,
            registry,
            programs: OnceCell::new(),
            idle: Mutex::default(),
            wake: Notify::new(),
            closed: watch::Sender::new(false),
            health: watch::Sender::new(Health::Starting),
        });
        tokio::spawn(keep(Arc::clone(&pool)));
        Ok(pool)
    }

    pub(crate) fn config(&self) -> &BrowserConfig {
        &self.config
    }

    pub(crate) fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// The shape of browsers that are kept warm.
    pub(crate) fn usual_shape(&self) -> Shape {
        Shape {
            kind: self.config.kind,
            headless: self.config.headless,
            languages: String::new(),
        }
    }

    /// A browser for one session: a warm one if there is one, else a fresh one.
    pub(crate) async fn take(&self, shape: Shape) -> Result<Ready, LaunchError> {
        while let Some(ready) = self.take_idle(&shape) {
            self.wake.notify_one();
            if ready.place.answers().await {
                return Ok(ready);
            }
            ready.browser.stop().await;
        }
        let started = self.start(shape).await;
        if let Err(error) = &started {
            self.health
                .send_replace(Health::NotServing(error.to_string()));
        }
        started
    }

    fn take_idle(&self, shape: &Shape) -> Option<Ready> {
        let mut idle = self.idle.lock();
        let at = idle
            .iter()
            .position(|ready| ready.browser.shape == *shape)?;
        Some(idle.remove(at))
    }

    /// Takes a browser back after its session: into the pool when nothing of the session is left
    /// in it and there is room, otherwise it is ended.
    pub(crate) async fn give_back(&self, mut browser: Browser, place: Place) {
        browser.sessions += 1;
        let wanted = browser.is_reusable()
            && browser.sessions < MOST_SESSIONS
            && self.has_room(&browser.shape);
        // A browser that is ended takes its user context and its files with it.
        if !wanted || !place.close().await || !self.has_room(&browser.shape) {
            return browser.stop().await;
        }
        match browser.open_place().await {
            Ok(place) => self.put(Ready { browser, place }).await,
            Err(error) => {
                tracing::warn!(%error, "a browser could not be used again");
                browser.stop().await;
            }
        }
    }

    fn has_room(&self, shape: &Shape) -> bool {
        !*self.closed.borrow()
            && *shape == self.usual_shape()
            && self.idle.lock().len() < self.config.warm
    }

    /// Adds a warm browser, and wakes the keeper when it goes by itself.
    async fn put(&self, ready: Ready) {
        if *self.closed.borrow() {
            return ready.browser.stop().await;
        }
        self.idle.lock().push(ready);
    }

    async fn start(&self, shape: Shape) -> Result<Ready, LaunchError> {
        let browser = match &self.config.remote_url {
            Some(url) => Browser::reach(&self.config, shape, url).await?,
            None => {
                let config = BrowserConfig {
                    kind: shape.kind,
                    ..self.config.clone()
                };
                let programs = self.programs(&config).await?;
                Browser::start(&config, shape, &programs, &self.registry).await?
            }
        };
        self.health
            .send_replace(Health::Serving(browser.name.clone()));
        match browser.open_place().await {
            Ok(place) => Ok(Ready { browser, place }),
            Err(error) => {
                browser.stop().await;
                Err(error)
            }
        }
    }

    /// The programs of the usual browser are looked for once; those of another each time.
    async fn programs(&self, config: &BrowserConfig) -> Result<Programs, LaunchError> {
        if config.kind != self.config.kind {
            return find_programs(config).await;
        }
        self.programs
            .get_or_try_init(|| find_programs(config))
            .await
            .cloned()
    }

    /// Ends all browsers of this machine, those of open sessions too, and takes no more.
    pub(crate) async fn close(&self) {
        self.closed.send_replace(true);
        self.wake.notify_one();
        let idle: Vec<Ready> = std::mem::take(&mut *self.idle.lock());
        futures::future::join_all(idle.into_iter().map(|ready| ready.browser.stop())).await;
        let registry = self.registry.clone();
        let ended = tokio::task::spawn_blocking(move || registry.end_own()).await;
        if let Err(error) = ended {
            tracing::warn!(%error, "browsers of open sessions could not be ended in order");
        }
    }

    /// Removes idle browsers that have gone.
    fn sweep(&self) -> Vec<Ready> {
        let mut idle = self.idle.lock();
        let (alive, gone) = std::mem::take(&mut *idle)
            .into_iter()
            .partition(|ready| ready.browser.is_alive());
        *idle = alive;
        gone
    }
}

/// Keeps as many browsers warm as the configuration says.
async fn keep(pool: Arc<Pool>) {
    let registry = pool.registry.clone();
    let reaped = tokio::task::spawn_blocking(move || registry.reap())
        .await
        .unwrap_or(0);
    if reaped > 0 {
        tracing::info!(reaped, "ended browsers that an earlier server has left");
    }
    probe(&pool).await;
    let mut retry = RETRY_DELAY;
    while !*pool.closed.borrow() {
        for gone in pool.sweep() {
            gone.browser.stop().await;
        }
        if pool.idle.lock().len() >= pool.config.warm {
            wait_for_work(&pool).await;
            continue;
        }
        match add_warm(&pool).await {
            Ok(()) => retry = RETRY_DELAY,
            // A browser that the shutdown has ended is no failure.
            Err(_) if *pool.closed.borrow() => break,
            Err(error) => {
                tracing::error!(%error, "no browser can be started");
                pool.health
                    .send_replace(Health::NotServing(error.to_string()));
                let _ = tokio::time::timeout(retry, pool.wake.notified()).await;
                retry = (retry * 2).min(LONGEST_RETRY_DELAY);
            }
        }
    }
}

async fn add_warm(pool: &Pool) -> Result<(), LaunchError> {
    let ready = pool.start(pool.usual_shape()).await?;
    pool.put(ready).await;
    Ok(())
}

/// The first word on the health: whether the programs are there. A browser that then cannot be
/// started takes it back.
async fn probe(pool: &Pool) {
    let health = match &pool.config.remote_url {
        Some(_) => Health::Serving("remote browsers".to_owned()),
        None => match pool.programs(&pool.config).await {
            Ok(programs) => Health::Serving(programs.version),
            Err(error) => Health::NotServing(error.to_string()),
        },
    };
    pool.health.send_replace(health);
}

/// Until a browser has been taken or has gone.
async fn wait_for_work(pool: &Pool) {
    let ends: Vec<_> = pool
        .idle
        .lock()
        .iter()
        .map(|ready| ready.browser.gone())
        .collect();
    let ends = ends.into_iter().map(|mut gone| {
        Box::pin(async move {
            if gone.wait_for(|gone| *gone).await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    });
    let any_end = async {
        match ends.len() {
            0 => std::future::pending::<()>().await,
            _ => drop(futures::future::select_all(ends).await),
        }
    };
    let mut closed = pool.closed.subscribe();
    tokio::select! {
        () = pool.wake.notified() => {
            let closing = closed.wait_for(|closed| *closed);
            let _ = tokio::time::timeout(REFILL_DELAY, closing).await;
        }
        () = any_end => {}
    }
}
