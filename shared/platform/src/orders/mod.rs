//! The order book: what the ledger knows of each order, and the only way to change it.
//!
//! An order has one *state* item (small, mutable, written under its version) and one *snapshot* item for each
//! different content that its channel ever sent (immutable, compressed, named by its digest).
//!
//! **Invariant:** a state in a stage that is not final has a `due_at`, written in the same conditional write
//! as the stage. Whatever crashes after that, the waker finds the order again.

mod arrival;
mod erasure;
mod shelves;
mod snapshot;
mod state;

use crossdock_core::{OrderKey, config::Retention, order::Order};
use jiff::{SignedDuration, Timestamp};

use crate::{Group, Key, Platform, PlatformError, Read, documents::Subject};

pub use arrival::{Accepted, Arrival, Outcome};
pub use erasure::{ERASED, Erasure, Person};
pub use state::{AcceptedTotal, Applied, Intent, IntentKind, Lease, SnapshotRef, Stage, State};

pub use crate::{
    documents::{Change, Document},
    work::{Event, NUDGE, STEP, Stages, Work, after, backoff},
};

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
        self.document(key).await
    }

    /// Changes the state of an order; see [`OrderBook::change`].
    ///
    /// # Errors
    /// When the ledger does not answer; the write may then have committed all the same.
    pub async fn update<T>(
        &self,
        key: &OrderKey,
        change: impl FnMut(&mut State) -> Change<T>,
    ) -> Result<T, PlatformError> {
        self.change(key, change).await
    }

    /// When a document that is written now may be deleted: after so many days, or as an order's state.
    pub(crate) fn expiry(&self, days: Option<u32>) -> Option<Timestamp> {
        days_from(self.now(), days.unwrap_or(self.retention.state_days))
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

    /// Every parked order, longest parked first.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn parked(&self, limit: usize) -> Result<Vec<State>, PlatformError> {
        let mut states = Vec::new();
        for (subject, _) in self.parked_in(&[Group::Orders], limit).await? {
            let Subject::Order(order) = subject else { continue };
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
        self.every("order", "state", after, limit).await
    }
}

fn snapshot_key(key: &OrderKey, digest: &str) -> Key {
    Key::new(format!("order#{key}"), format!("snapshot#{digest}"))
}

fn days_from(now: Timestamp, days: u32) -> Option<Timestamp> {
    now.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok()
}
