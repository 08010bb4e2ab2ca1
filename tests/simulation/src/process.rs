//! One life of a process, which ends at a chosen call.

use std::{
    future::{Future, pending},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::sync::Notify;

/// When it dies: before the call is made, or after it was made and before its answer is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Before,
    After,
}

/// Clones are the same process.
#[derive(Clone)]
pub struct Process(Arc<Inner>);

struct Inner {
    calls: AtomicU64,
    /// The number of the call, counted from 1.
    dies_at: Option<(u64, Moment)>,
    dead: AtomicBool,
    /// Whoever waits for any death.
    deaths: Arc<Notify>,
}

impl Process {
    /// A process that dies at a call, or never; `deaths` is told.
    #[must_use]
    pub fn new(dies_at: Option<(u64, Moment)>, deaths: Arc<Notify>) -> Self {
        let (calls, dead) = (AtomicU64::new(0), AtomicBool::new(false));
        Self(Arc::new(Inner { calls, dies_at, dead, deaths }))
    }

    /// How many calls it has made.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.0.calls.load(Ordering::Relaxed)
    }

    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.0.dead.load(Ordering::Relaxed)
    }

    /// Ends it from outside, whatever it is doing.
    pub fn kill(&self) {
        self.0.dead.store(true, Ordering::Relaxed);
        self.0.deaths.notify_waiters();
    }

    /// Waits until it is dead.
    pub async fn death(&self) {
        while !self.is_dead() {
            self.0.deaths.notified().await;
        }
    }

    /// Makes a call. Whoever is dead waits for ever.
    pub async fn call<T>(&self, work: impl Future<Output = T>) -> T {
        if self.is_dead() {
            return pending().await;
        }
        let number = self.0.calls.fetch_add(1, Ordering::Relaxed) + 1;
        self.dies_if(number, Moment::Before).await;
        let answer = work.await;
        self.dies_if(number, Moment::After).await;
        // It may have met its end meanwhile.
        if self.is_dead() { pending().await } else { answer }
    }

    async fn dies_if(&self, number: u64, moment: Moment) {
        if self.0.dies_at == Some((number, moment)) {
            self.kill();
            pending::<()>().await;
        }
    }
}
