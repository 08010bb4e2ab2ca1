//! The rate limit and the circuit breaker of one peer, shared by every function through the ledger.
//!
//! One conditional write reserves all the calls that an invocation means to make, by the generic cell rate
//! algorithm: the item holds the time at which the peer will have borne everything reserved so far.

use std::{future::Future, time::Duration};

use crossdock_core::{
    About, Breath, Metric, PeerError,
    guard::{self, Guard},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Condition, Key, Platform, PlatformError, Put, Read, Write};

/// A burst that a peer bears: what a second allows, and at least the calls of one batch.
const LEAST_BURST: u32 = 10;
/// Waiting inside an invocation costs money; what must wait longer goes back to the queue.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(5);
/// Failures in a row that open the breaker, and how long it stays open at first and at most.
const FAILURES: u32 = 5;
const FIRST_BREAK: SignedDuration = SignedDuration::from_secs(10);
const LONGEST_BREAK: SignedDuration = SignedDuration::from_mins(5);
const ROUNDS: usize = 50;
/// The pause where a peer asks for less and gives no time.
const UNTIMED_THROTTLE: Duration = Duration::from_secs(2);

/// How a peer is, by what every function has met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// When everything reserved will have been borne.
    pub busy_until: Option<Timestamp>,
    /// Nobody calls it before.
    pub closed_until: Option<Timestamp>,
    /// In a row.
    pub failures: u32,
}

/// Why work with a peer stopped.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error(transparent)]
    Platform(#[from] PlatformError),
}

/// How a peer is; as nothing had happened where it was never called.
///
/// # Errors
/// When the ledger does not answer.
pub async fn gate<P: Platform>(platform: &P, peer: &str) -> Result<Gate, PlatformError> {
    let item = platform.get(&gate_key(peer), Read::Eventual).await?;
    Ok(item.and_then(|item| serde_json::from_value(item.body).ok()).unwrap_or_default())
}

fn gate_key(peer: &str) -> Key {
    Key::new(format!("pace#{peer}"), "pace")
}

/// The pace of one peer.
#[derive(Clone)]
pub struct Pace<P> {
    platform: P,
    peer: String,
    per_second: u32,
    breath: Breath,
}

/// What a reservation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// Go ahead after this wait.
    After(Duration),
    /// Nothing was reserved; come back after this time.
    Later(Duration),
}

impl<P: Platform> Pace<P> {
    #[must_use]
    pub fn new(platform: P, peer: impl Into<String>, per_second: u32) -> Self {
        Self { platform, peer: peer.into(), per_second: per_second.max(1), breath: Breath::default() }
    }

    /// The same pace, which slows down as whoever reads the peer's answers says in `breath`.
    #[must_use]
    pub fn heeding(self, breath: Breath) -> Self {
        Self { breath, ..self }
    }

    #[must_use]
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// Reserves `calls` calls.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn reserve(&self, calls: u32) -> Result<Go, PlatformError> {
        let now = self.platform.clock().now();
        let cost = SignedDuration::from_nanos(1_000_000_000 / i64::from(self.per_second)) * i32_of(calls);
        let slack = self.slack();
        self.update(|gate| {
            let closed = gate.closed_until.filter(|closed| *closed > now);
            if let Some(closed) = closed.filter(|_| guard::stands(Guard::Breaker)) {
                return (Go::Later(positive(closed.duration_since(now))), false);
            }
            let busy = gate.busy_until.filter(|busy| *busy > now).unwrap_or(now);
            let then = busy.checked_add(cost).unwrap_or(Timestamp::MAX);
            let wait = then.duration_since(now) - slack;
            if wait > LONGEST_WAIT {
                return (Go::Later(positive(wait)), false);
            }
            gate.busy_until = Some(then);
            (Go::After(positive(wait)), true)
        })
        .await
    }

    /// The peer answered as it should: closes the breaker. Writes only after failures.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn succeeded(&self) -> Result<(), PlatformError> {
        self.update(|gate| {
            // Written only after failures: the common case costs a read.
            let changed = gate.failures > 0;
            gate.failures = 0;
            ((), changed)
        })
        .await
    }

    /// The peer failed or asked for less. Opens the breaker for the time that it gave, else after some
    /// failures in a row for a time that doubles.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn failed(&self, asked: Option<Duration>) -> Result<(), PlatformError> {
        let now = self.platform.clock().now();
        self.update(|gate| {
            gate.failures = gate.failures.saturating_add(1);
            let pause = match asked.and_then(|after| SignedDuration::try_from(after).ok()) {
                Some(after) => Some(after),
                None if gate.failures < FAILURES => None,
                None => Some((FIRST_BREAK * (1 << (gate.failures - FAILURES).min(6))).min(LONGEST_BREAK)),
            };
            if let Some(until) = pause.and_then(|pause| now.checked_add(pause).ok()) {
                gate.closed_until = Some(gate.closed_until.map_or(until, |closed| closed.max(until)));
            }
            ((), true)
        })
        .await
    }

    /// The burst that the peer bears, as time.
    fn slack(&self) -> SignedDuration {
        let each = SignedDuration::from_nanos(1_000_000_000 / i64::from(self.per_second));
        each * i32_of(self.per_second.max(LEAST_BURST))
    }

    /// The peer answered, and wants no further call for this long: what comes next waits its turn. It is no
    /// failure, so the breaker stays as it is.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn breathe(&self, wait: Duration) -> Result<(), PlatformError> {
        let Ok(wait) = SignedDuration::try_from(wait) else { return Ok(()) };
        let until = self.platform.clock().now().checked_add(self.slack() + wait).unwrap_or(Timestamp::MAX);
        self.update(|gate| {
            let sooner = gate.busy_until.is_none_or(|busy| busy < until);
            if sooner {
                gate.busy_until = Some(until);
            }
            ((), sooner)
        })
        .await
    }

    /// Reserves `calls` calls and waits for their turn; `HeldBack` where that would take too long.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn enter(&self, calls: u32) -> Result<Result<(), PeerError>, PlatformError> {
        match self.reserve(calls).await? {
            Go::Later(after) => Ok(Err(PeerError::HeldBack { peer: self.peer.clone(), after })),
            Go::After(wait) => {
                if wait > Duration::ZERO {
                    tokio::time::sleep(wait).await;
                }
                Ok(Ok(()))
            }
        }
    }

    /// Learns from how calls went. Only what says something of the peer's health counts: a refusal is an
    /// answer.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn learn<T>(&self, answer: &Result<T, PeerError>) -> Result<(), PlatformError> {
        self.tell(answer.as_ref().err());
        if let Some(wait) = self.breath.take() {
            self.breathe(wait).await?;
        }
        match answer {
            Err(PeerError::Throttled { after, .. }) => self.failed(after.or(Some(UNTIMED_THROTTLE))).await,
            Err(
                PeerError::Unreachable { .. }
                | PeerError::Unanswered { .. }
                | PeerError::Failing { .. }
                | PeerError::Garbage { .. },
            ) => self.failed(None).await,
            Err(PeerError::HeldBack { .. }) => Ok(()),
            Ok(_)
            | Err(
                PeerError::Conflict { .. }
                | PeerError::Unauthorized { .. }
                | PeerError::Rejected { .. }
                | PeerError::Missing { .. },
            ) => self.succeeded().await,
        }
    }

    /// Does work that makes `calls` calls, in their turn, and learns from how it went.
    ///
    /// # Errors
    /// The work's own, `HeldBack` where its turn is too far off, or the ledger's.
    pub async fn within<T>(
        &self,
        calls: u32,
        work: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        self.enter(calls).await??;
        let answer = work.await;
        match &answer {
            Ok(_) => self.learn(&Ok(())).await?,
            Err(Trouble::Peer(error)) => self.learn::<()>(&Err(error.clone())).await?,
            // It says nothing of the peer.
            Err(Trouble::Platform(_)) => {}
        }
        answer
    }

    /// Before anything is written down: a ledger that fails must not hide a peer that does.
    fn tell(&self, error: Option<&PeerError>) {
        let failed = match error {
            // It was not asked.
            Some(PeerError::HeldBack { .. }) => return,
            Some(
                PeerError::Unreachable { .. }
                | PeerError::Unanswered { .. }
                | PeerError::Failing { .. }
                | PeerError::Garbage { .. }
                | PeerError::Unauthorized { .. },
            ) => 1.0,
            None
            | Some(
                PeerError::Throttled { .. }
                | PeerError::Conflict { .. }
                | PeerError::Rejected { .. }
                | PeerError::Missing { .. },
            ) => 0.0,
        };
        let now = self.platform.clock().now();
        self.platform.metrics().tell(now, &About::Peer(self.peer.clone()), &[(Metric::PeerErrors, failed)]);
    }

    async fn update<T>(&self, mut change: impl FnMut(&mut Gate) -> (T, bool)) -> Result<T, PlatformError> {
        let key = gate_key(&self.peer);
        let mut current = self.platform.get(&key, Read::Consistent).await?;
        for _ in 0..ROUNDS {
            // A gate that cannot be read begins anew: a wrong pace for a moment loses nothing.
            let mut gate: Gate = current
                .as_ref()
                .and_then(|i| serde_json::from_value(i.body.clone()).ok())
                .unwrap_or_default();
            let (answer, changed) = change(&mut gate);
            if !changed {
                return Ok(answer);
            }
            let condition = current.as_ref().map_or(Condition::Absent, |i| Condition::Version(i.version));
            let write = Write::plain(self.platform.entropy(), key.clone(), condition, &gate, None)?;
            match self.platform.put(write).await? {
                Put::Written { .. } => return Ok(answer),
                Put::Conflict { current: there } => current = there.map(|item| *item),
            }
        }
        Err(PlatformError::Throttled { service: "ledger" })
    }
}

fn positive(wait: SignedDuration) -> Duration {
    Duration::try_from(wait).unwrap_or(Duration::ZERO)
}

fn i32_of(calls: u32) -> i32 {
    i32::try_from(calls).unwrap_or(i32::MAX)
}
