//! Wakes watchers when events are committed, and keeps the latest events for them in memory.
//!
//! A topic exists as long as a run has a watcher. Its tail spares watchers that keep up the way
//! to the store; a watcher whose cursor lies before the tail reads the store. So nobody is ever
//! dropped for being slow, and a watcher that waits costs a waker and nothing else.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::task::Waker;

use etude::v1::RunEvent;
use parking_lot::Mutex;
use prost::Message;
use tokio::sync::Semaphore;

use crate::store::CommitListener;

/// The most events a tail keeps.
const TAIL_EVENTS: usize = 1024;

/// The most bytes of encoded events a tail keeps, the last one excepted.
const TAIL_BYTES: usize = 1 << 20;

/// Watchers whose run is read from the store at the same time. A thousand that come at once would
/// only wait there, each with a half-done query in memory.
const MOST_OPENING: usize = 16;

/// The topics of all runs that are watched.
pub(super) struct Hub {
    topics: Mutex<Topics>,
    /// Turns to read a run that begins to be watched.
    pub(super) opening: Semaphore,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            topics: Mutex::default(),
            opening: Semaphore::new(MOST_OPENING),
        }
    }
}

#[derive(Default)]
struct Topics {
    by_run: HashMap<String, Arc<Topic>>,
    closed: bool,
    watchers: u64,
}

impl Hub {
    /// Begins to listen to a run's commits.
    pub(super) fn subscribe(self: &Arc<Self>, run: &str) -> Subscription {
        let mut topics = self.topics.lock();
        topics.watchers += 1;
        let id = topics.watchers;
        let closed = topics.closed;
        let topic = topics.by_run.entry(run.to_owned()).or_default().clone();
        let mut state = topic.state.lock();
        state.subscribers += 1;
        state.closed |= closed;
        drop(state);
        Subscription {
            hub: Arc::clone(self),
            run: run.to_owned(),
            topic,
            id,
        }
    }

    /// Lets every watcher end; later ones end at once.
    pub(super) fn close(&self) {
        let mut topics = self.topics.lock();
        topics.closed = true;
        let all: Vec<_> = topics.by_run.values().cloned().collect();
        drop(topics);
        for topic in all {
            topic.change(|state| state.closed = true);
        }
    }

    fn unsubscribe(&self, run: &str, topic: &Topic, id: u64) {
        let mut topics = self.topics.lock();
        let mut state = topic.state.lock();
        state.wakers.remove(&id);
        state.subscribers -= 1;
        if state.subscribers == 0 {
            topics.by_run.remove(run);
        }
    }
}

impl CommitListener for Hub {
    fn committed(&self, run: &str, events: &[Arc<RunEvent>]) {
        let topic = self.topics.lock().by_run.get(run).cloned();
        if let Some(topic) = topic {
            topic.change(|state| events.iter().for_each(|event| state.push(event)));
        }
    }
}

/// The commits of one run.
#[derive(Default)]
struct Topic {
    state: Mutex<TopicState>,
}

#[derive(Default)]
struct TopicState {
    /// The latest events without gaps, up to `last`, with their encoded lengths.
    tail: VecDeque<(Arc<RunEvent>, usize)>,
    tail_bytes: usize,
    /// Sequence number of the last durable event known here.
    last: i64,
    closed: bool,
    subscribers: usize,
    wakers: HashMap<u64, Waker>,
}

impl Topic {
    /// Changes the state and wakes all who wait for that.
    fn change(&self, change: impl FnOnce(&mut TopicState)) {
        let mut state = self.state.lock();
        change(&mut state);
        let wakers: Vec<_> = state.wakers.drain().map(|(_, waker)| waker).collect();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl TopicState {
    fn push(&mut self, event: &Arc<RunEvent>) {
        if event.sequence <= self.last {
            return;
        }
        if event.sequence != self.last + 1 {
            self.clear_tail();
        }
        let length = event.encoded_len();
        self.last = event.sequence;
        self.tail.push_back((Arc::clone(event), length));
        self.tail_bytes += length;
        while self.tail.len() > TAIL_EVENTS || (self.tail_bytes > TAIL_BYTES && self.tail.len() > 1)
        {
            if let Some((_, length)) = self.tail.pop_front() {
                self.tail_bytes -= length;
            }
        }
    }

    fn clear_tail(&mut self) {
        self.tail.clear();
        self.tail_bytes = 0;
    }

    /// Events after `cursor`, at least one, up to `max_bytes`.
    fn after(&self, cursor: i64, max_bytes: usize) -> Vec<RunEvent> {
        let first = self.tail.front().map_or(0, |(event, _)| event.sequence);
        let skip = usize::try_from(cursor + 1 - first).unwrap_or(0);
        let mut bytes = 0;
        let within = |(_, length): &&(Arc<RunEvent>, usize)| {
            bytes += length;
            bytes <= max_bytes || bytes == *length
        };
        let events = self.tail.iter().skip(skip).take_while(within);
        events.map(|(event, _)| RunEvent::clone(event)).collect()
    }
}

/// One watcher's place at a topic.
pub(super) struct Subscription {
    hub: Arc<Hub>,
    run: String,
    topic: Arc<Topic>,
    id: u64,
}

/// What a topic has for a watcher.
#[derive(Debug)]
pub(super) enum Next {
    /// These events come next.
    Events(Vec<RunEvent>),
    /// What comes next is in the store only.
    Behind,
    /// Nothing yet; the waker is called when there is.
    Nothing,
    /// The server is shutting down.
    Closed,
}

impl Subscription {
    /// The run's name.
    pub(super) fn run(&self) -> &str {
        &self.run
    }

    /// Sequence number of the last durable event known here.
    pub(super) fn last(&self) -> i64 {
        self.topic.state.lock().last
    }

    /// Learns from the store that events up to `last` are durable.
    pub(super) fn raise_last(&self, last: i64) {
        let mut state = self.topic.state.lock();
        if last > state.last {
            state.last = last;
            state.clear_tail();
        }
    }

    /// What comes after `cursor`. Leaves `waker` behind when that is nothing.
    pub(super) fn next(&self, cursor: i64, max_bytes: usize, waker: &Waker) -> Next {
        let mut state = self.topic.state.lock();
        if state.closed {
            return Next::Closed;
        }
        if cursor >= state.last {
            state.wakers.insert(self.id, waker.clone());
            return Next::Nothing;
        }
        match state.tail.front() {
            Some((first, _)) if first.sequence <= cursor + 1 => {
                Next::Events(state.after(cursor, max_bytes))
            }
            _ => Next::Behind,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.unsubscribe(&self.run, &self.topic, self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn event(sequence: i64) -> Arc<RunEvent> {
        Arc::new(RunEvent {
            sequence,
            ..RunEvent::default()
        })
    }

    fn sequences(next: Next) -> Vec<i64> {
        match next {
            Next::Events(events) => events.iter().map(|event| event.sequence).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_tail_serves_who_keeps_up_and_sends_others_to_the_store() {
        let hub = Arc::new(Hub::default());
        let watcher = hub.subscribe("runs/a");
        watcher.raise_last(10);
        assert!(matches!(watcher.next(9, 1000, Waker::noop()), Next::Behind));
        assert!(matches!(
            watcher.next(10, 1000, Waker::noop()),
            Next::Nothing
        ));
        hub.committed("runs/a", &[event(10), event(11), event(12)]);
        assert!(matches!(watcher.next(9, 1000, Waker::noop()), Next::Behind));
        assert_eq!(
            sequences(watcher.next(10, 1000, Waker::noop())),
            vec![11, 12]
        );
        assert_eq!(sequences(watcher.next(11, 1000, Waker::noop())), vec![12]);
        assert_eq!(sequences(watcher.next(10, 1, Waker::noop())), vec![11]);
    }

    #[test]
    fn the_tail_is_bounded_and_never_has_a_gap() {
        let hub = Arc::new(Hub::default());
        let watcher = hub.subscribe("runs/a");
        let many: Vec<_> = (1..=2000).map(event).collect();
        hub.committed("runs/a", &many);
        assert!(matches!(
            watcher.next(975, 1 << 20, Waker::noop()),
            Next::Behind
        ));
        assert_eq!(
            sequences(watcher.next(976, 1 << 20, Waker::noop())).len(),
            TAIL_EVENTS
        );
        hub.committed("runs/a", &[event(2005)]);
        assert!(matches!(
            watcher.next(2000, 1 << 20, Waker::noop()),
            Next::Behind
        ));
        assert_eq!(
            sequences(watcher.next(2004, 1 << 20, Waker::noop())),
            vec![2005]
        );
    }

    #[test]
    fn events_that_the_store_alone_told_of_are_read_there() {
        let hub = Arc::new(Hub::default());
        let watcher = hub.subscribe("runs/a");
        hub.committed("runs/a", &[event(1), event(2)]);
        watcher.raise_last(3);
        for cursor in 0..3 {
            let next = watcher.next(cursor, 1000, Waker::noop());
            assert!(matches!(next, Next::Behind), "{next:?}");
        }
        watcher.raise_last(1);
        assert_eq!(watcher.last(), 3);
    }

    #[test]
    fn a_topic_goes_with_its_last_watcher() {
        let hub = Arc::new(Hub::default());
        let one = hub.subscribe("runs/a");
        let two = hub.subscribe("runs/a");
        drop(one);
        assert_eq!(hub.topics.lock().by_run.len(), 1);
        drop(two);
        assert!(hub.topics.lock().by_run.is_empty());
    }

    #[test]
    fn closing_ends_present_and_later_watchers() {
        let hub = Arc::new(Hub::default());
        let present = hub.subscribe("runs/a");
        hub.close();
        let later = hub.subscribe("runs/b");
        for watcher in [present, later] {
            assert!(matches!(watcher.next(0, 1000, Waker::noop()), Next::Closed));
        }
    }
}
