//! The order book: what the ledger knows of each order, and the only way to change it.
//!
//! An order has one *state* item (small, mutable, written under its version) and one *snapshot* item for each
//! different content that its channel ever sent (immutable, compressed, named by its digest).
//!
//! **Invariant:** a state in a stage that is not final has a `due_at`, written in the same conditional write
//! as the stage. Whatever crashes after that, the waker finds the order again.

mod arrival;
mod snapshot;
mod state;

use crossdock_core::{
    OrderKey,
    config::Retention,
    guard::{self, Guard},
    order::{Order, short_digest},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    Condition, Due, Item, Key, Listing, Platform, PlatformError, Put, Read, Write, ledger::DUE_SHARDS,
};

pub use arrival::{Accepted, Arrival, Outcome};
pub use state::{Applied, Event, Intent, IntentKind, Lease, SnapshotRef, Stage, State, after, backoff};

/// How long the fast path may take before the waker sends the order's message once more.
pub const NUDGE: SignedDuration = SignedDuration::from_mins(3);

/// What one step of the fast path takes when all goes well, with room to spare.
pub const STEP: SignedDuration = SignedDuration::from_secs(45);

/// How often a lost race is run again. Each round means that somebody else got something done.
const ROUNDS: usize = 50;

/// What a change to a state comes to.
pub enum Change<T> {
    Write(T),
    /// Nothing to write.
    Leave(T),
}

/// The orders of one ledger.
#[derive(Clone)]
pub struct OrderBook<P> {
    platform: P,
    retention: Retention,
}

impl<P: Platform> OrderBook<P> {
    #[must_use]
    pub fn new(platform: P, retention: Retention) -> Self {
        Self { platform, retention }
    }

    #[must_use]
    pub fn platform(&self) -> &P {
        &self.platform
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.platform.clock().now()
    }

    /// The state of an order, with every acknowledged write in it.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn state(&self, key: &OrderKey) -> Result<Option<State>, PlatformError> {
        self.platform.get(&state_key(key), Read::Consistent).await?.map(|item| decode(&item)).transpose()
    }

    /// Changes a state under its version: reads, lets `change` decide, writes, and begins again with what
    /// stands there when somebody else was faster. A missing order begins as an empty state.
    ///
    /// # Errors
    /// When the ledger does not answer; the write may then have committed all the same.
    pub async fn update<T>(
        &self,
        key: &OrderKey,
        mut change: impl FnMut(&mut State) -> Change<T>,
    ) -> Result<T, PlatformError> {
        let mut current = self.platform.get(&state_key(key), Read::Consistent).await?;
        for _ in 0..ROUNDS {
            let (mut state, condition) = match &current {
                Some(item) => (decode(item)?, Condition::Version(item.version)),
                None => (State::empty(key.clone()), Condition::Absent),
            };
            let answer = match change(&mut state) {
                Change::Leave(answer) => return Ok(answer),
                Change::Write(answer) => answer,
            };
            let mut write = self.write(&state, condition)?;
            let apart = if guard::stands(Guard::DueInTheSameWrite) { None } else { write.due.take() };
            match self.platform.put(write).await? {
                Put::Written { version } => {
                    if apart.is_some() {
                        self.platform.put(self.write(&state, Condition::Version(version))?).await?;
                    }
                    return Ok(answer);
                }
                // Without the guard: written over whatever stands there now.
                Put::Conflict { current: Some(there) } if !guard::stands(Guard::VersionCondition) => {
                    self.platform.put(self.write(&state, Condition::Version(there.version))?).await?;
                    return Ok(answer);
                }
                Put::Conflict { current: there } => current = there.map(|item| *item),
            }
        }
        Err(PlatformError::Unavailable { service: "ledger", what: "too many writers on one order".into() })
    }

    fn write(&self, state: &State, condition: Condition) -> Result<Write, PlatformError> {
        let shard = shard(&state.order);
        let body = serde_json::to_value(state).map_err(|e| PlatformError::Corrupt { what: e.to_string() })?;
        Ok(Write {
            key: state_key(&state.order),
            condition,
            token: self.platform.entropy().token(),
            body,
            blob: None,
            due: state.due_at.map(|at| Due { shard, at }),
            listing: (state.stage == Stage::Parked)
                .then(|| Listing { shelf: format!("parked#{shard}"), at: state.changed_at }),
            expires_at: days_from(self.now(), self.retention.state_days),
        })
    }

    /// The canonical order of a snapshot; none when it has expired.
    ///
    /// # Errors
    /// When the ledger does not answer or the snapshot cannot be read.
    pub async fn snapshot(&self, key: &OrderKey, digest: &str) -> Result<Option<Order>, PlatformError> {
        let key = snapshot_key(key, digest);
        // A snapshot never changes, so one that a cheap read finds is right; only one that it does not find
        // may have been written a moment ago.
        let item = match self.platform.get(&key, Read::Eventual).await? {
            None => self.platform.get(&key, Read::Consistent).await?,
            found => found,
        };
        item.map(|item| snapshot::order(&item)).transpose()
    }

    /// The orders due at or before `until`, by the lagging index: read the state before acting.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn due(&self, until: Timestamp, limit: usize) -> Result<Vec<OrderKey>, PlatformError> {
        let mut all = Vec::new();
        for shard in 0..DUE_SHARDS {
            all.extend(self.platform.due(shard, until, limit).await?);
        }
        all.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
        all.truncate(limit);
        Ok(all.into_iter().filter_map(|(key, _)| order_of(&key)).collect())
    }

    /// Every parked order, longest parked first.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn parked(&self, limit: usize) -> Result<Vec<State>, PlatformError> {
        let mut keys = Vec::new();
        for shard in 0..DUE_SHARDS {
            keys.extend(self.platform.listed(&format!("parked#{shard}"), None, limit).await?);
        }
        keys.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
        let mut states = Vec::new();
        for (key, _) in keys.into_iter().take(limit) {
            let Some(order) = order_of(&key) else { continue };
            // The index lags: an order that was replayed meanwhile is no longer parked.
            states.extend(self.state(&order).await?.filter(|state| state.stage == Stage::Parked));
        }
        Ok(states)
    }

    /// Every order, page by page, in no order. Reads the whole ledger: for people and tests.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn all(
        &self,
        after: Option<Key>,
        limit: usize,
    ) -> Result<(Vec<State>, Option<Key>), PlatformError> {
        let (items, next) = self.platform.scan("state", after, limit).await?;
        let states = items
            .iter()
            .filter(|item| item.key.pk.starts_with("order#"))
            .map(decode)
            .collect::<Result<_, _>>()?;
        Ok((states, next))
    }
}

fn decode(item: &Item) -> Result<State, PlatformError> {
    serde_json::from_value(item.body.clone())
        .map_err(|e| PlatformError::Corrupt { what: format!("state {}: {e}", item.key.pk) })
}

fn state_key(key: &OrderKey) -> Key {
    Key::new(format!("order#{key}"), "state")
}

fn snapshot_key(key: &OrderKey, digest: &str) -> Key {
    Key::new(format!("order#{key}"), format!("snapshot#{digest}"))
}

fn order_of(key: &Key) -> Option<OrderKey> {
    key.pk.strip_prefix("order#")?.parse().ok()
}

/// Spreads orders evenly over the shards of the due index.
fn shard(key: &OrderKey) -> u8 {
    let digest = short_digest(key.to_string().as_bytes());
    u8::from_str_radix(&digest[..2], 16).unwrap_or_default() % DUE_SHARDS
}

fn days_from(now: Timestamp, days: u32) -> Option<Timestamp> {
    now.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok()
}
