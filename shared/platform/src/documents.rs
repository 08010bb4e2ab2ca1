//! The documents of the ledger: each under a key of its own, written under its version, and woken by its due
//! time.

use std::{fmt::Display, ops::Range};

use crossdock_core::{
    Metrics, OrderKey,
    guard::{self, Guard},
    message::Message,
    order::short_digest,
    reason::Reason,
};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Condition, Due, Item, Key, Listing, OrderBook, Platform, PlatformError, Put, Read, Write,
    ledger::DUE_SHARDS,
};

pub use crate::subject::Subject;

/// How often a lost race is run again. Each round means that somebody else got something done.
const ROUNDS: usize = 50;

/// What a change to a document comes to.
pub enum Change<T> {
    Write(T),
    /// Nothing to write.
    Leave(T),
}

/// Documents that the indexes keep apart, so that nobody who looks for orders reads past a million SKUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The states of orders.
    Orders,
    /// What follows from an order or comes from a warehouse, and the slices of a reconciliation.
    Flow,
    /// What channels are told of SKUs.
    Skus,
}

impl Group {
    pub const ALL: [Self; 3] = [Self::Orders, Self::Flow, Self::Skus];

    /// Its shards of the indexes: enough that none runs hot.
    fn shards(self) -> Range<u8> {
        match self {
            Self::Orders => 0..10,
            Self::Flow => 10..15,
            Self::Skus => 15..DUE_SHARDS,
        }
    }

    /// Spreads its documents evenly over its shards.
    fn shard(self, key: &impl Display) -> u8 {
        let digest = short_digest(key.to_string().as_bytes());
        let Range { start, end } = self.shards();
        start + u8::from_str_radix(&digest[..2], 16).unwrap_or_default() % (end - start)
    }
}

/// Something that the ledger keeps under a key.
pub trait Document: Serialize + DeserializeOwned + Clone + Send {
    type Key: Clone + Display + Send + Sync;

    const GROUP: Group;

    /// What is there before anything was written.
    fn empty(key: Self::Key) -> Self;

    fn ledger_key(key: &Self::Key) -> Key;

    fn key(&self) -> &Self::Key;

    /// When somebody must look at it again.
    fn due_at(&self) -> Option<Timestamp>;

    fn parked_since(&self) -> Option<Timestamp>;

    /// The message that carries it on from where it stands; none where nothing is left to do.
    fn message(&self) -> Option<Message>;

    /// Its message is sent again now.
    fn wake(&mut self, now: Timestamp);

    /// Taken up again by a person.
    fn replay(&mut self, now: Timestamp);

    fn reasons(&self) -> &[Reason];

    /// A shelf on which people find it while it is not parked.
    fn shelf(&self) -> Option<Listing> {
        None
    }

    /// The order that it belongs to, where that is known.
    fn order(&self) -> Option<&OrderKey> {
        None
    }

    /// How far it has come; empty for what has no stages.
    fn stage(&self) -> String {
        String::new()
    }

    /// What happened to it last; none for what has no story.
    fn said(&self) -> Option<&str> {
        None
    }

    /// Since when it is under way; none while it is not.
    fn under_way_since(&self) -> Option<Timestamp> {
        None
    }

    /// It is about to be written.
    fn mark(&mut self, _now: Timestamp) {}

    /// Tells what its kind alone counts in a write that makes of `before` what it is now.
    fn measure(&self, _before: &Self, _now: Timestamp, _metrics: &Metrics) {}

    /// Days that it is kept from now on, where that is not as long as an order's state.
    fn kept_days(&self) -> Option<u32> {
        None
    }
}

/// The part of a [`Document`] that follows from the field `work`.
macro_rules! by_its_work {
    () => {
        fn due_at(&self) -> Option<jiff::Timestamp> {
            self.work.due_at
        }

        fn parked_since(&self) -> Option<jiff::Timestamp> {
            self.work.parked_since()
        }

        fn wake(&mut self, now: jiff::Timestamp) {
            self.work.wake(now);
        }

        fn reasons(&self) -> &[crossdock_core::reason::Reason] {
            &self.work.reasons
        }

        fn stage(&self) -> String {
            format!("{:?}", self.work.stage).to_lowercase()
        }

        fn said(&self) -> Option<&str> {
            self.work.log.last().map(|event| event.what.as_str())
        }

        fn under_way_since(&self) -> Option<jiff::Timestamp> {
            self.work.since
        }

        fn mark(&mut self, now: jiff::Timestamp) {
            self.work.mark(now);
        }
    };
}
pub(crate) use by_its_work;

impl<P: Platform> OrderBook<P> {
    /// A document, with every acknowledged write in it.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn document<D: Document>(&self, key: &D::Key) -> Result<Option<D>, PlatformError> {
        let item = self.platform().get(&D::ledger_key(key), Read::Consistent).await?;
        item.map(|item| decode(&item)).transpose()
    }

    /// Changes a document under its version: reads, lets `change` decide, writes, and begins again with what
    /// stands there when somebody else was faster. A missing one begins empty.
    ///
    /// # Errors
    /// When the ledger does not answer; the write may then have committed all the same.
    pub async fn change<D: Document, T>(
        &self,
        key: &D::Key,
        mut change: impl FnMut(&mut D) -> Change<T>,
    ) -> Result<T, PlatformError> {
        let mut current = self.platform().get(&D::ledger_key(key), Read::Consistent).await?;
        for _ in 0..ROUNDS {
            let (mut document, condition) = match &current {
                Some(item) => (decode::<D>(item)?, Condition::Version(item.version)),
                None => (D::empty(key.clone()), Condition::Absent),
            };
            let before = document.clone();
            let answer = match change(&mut document) {
                Change::Leave(answer) => return Ok(answer),
                Change::Write(answer) => answer,
            };
            document.mark(self.now());
            let mut write = self.write(&document, condition)?;
            let apart = if guard::stands(Guard::DueInTheSameWrite) { None } else { write.due.take() };
            match self.platform().put(write).await? {
                Put::Written { version } => {
                    if apart.is_some() {
                        self.platform().put(self.write(&document, Condition::Version(version))?).await?;
                    }
                    self.tell(&before, &document);
                    return Ok(answer);
                }
                // Without the guard: written over whatever stands there now.
                Put::Conflict { current: Some(there) } if !guard::stands(Guard::VersionCondition) => {
                    self.platform().put(self.write(&document, Condition::Version(there.version))?).await?;
                    return Ok(answer);
                }
                Put::Conflict { current: there } => current = there.map(|item| *item),
            }
        }
        let what = format!("too many writers on {key}");
        Err(PlatformError::Unavailable { service: "ledger", what })
    }

    fn write<D: Document>(&self, document: &D, condition: Condition) -> Result<Write, PlatformError> {
        let shard = D::GROUP.shard(document.key());
        let body =
            serde_json::to_value(document).map_err(|e| PlatformError::Corrupt { what: e.to_string() })?;
        Ok(Write {
            key: D::ledger_key(document.key()),
            condition,
            token: self.platform().entropy().token(),
            body,
            blob: None,
            due: document.due_at().map(|at| Due { shard, at }),
            listing: match document.parked_since() {
                Some(at) => Some(Listing { shelf: format!("parked#{shard}"), at }),
                None => document.shelf(),
            },
            expires_at: self.expiry(document.kept_days()),
        })
    }

    /// What is due at or before `until`, by the lagging index: read the document before acting.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn due(&self, until: Timestamp, limit: usize) -> Result<Vec<Subject>, PlatformError> {
        Ok(self.due_at(until, limit).await?.into_iter().map(|(subject, _)| subject).collect())
    }

    /// The same with the time at which each is due, earliest first.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn due_at(
        &self,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Subject, Timestamp)>, PlatformError> {
        self.due_in(&Group::ALL, until, limit).await
    }

    /// The same of some groups alone.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn due_in(
        &self,
        groups: &[Group],
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Subject, Timestamp)>, PlatformError> {
        let mut all = Vec::new();
        for shard in groups.iter().flat_map(|group| group.shards()) {
            all.extend(self.platform().due(shard, until, limit).await?);
        }
        Ok(earliest(all, limit))
    }

    /// Whatever is parked, longest first, by the lagging index.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn parked_subjects(&self, limit: usize) -> Result<Vec<Subject>, PlatformError> {
        let parked = self.parked_in(&Group::ALL, limit).await?;
        Ok(parked.into_iter().map(|(subject, _)| subject).collect())
    }

    /// The same of some groups alone, with the time of the write that parked each, or of a later one while it was.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn parked_in(
        &self,
        groups: &[Group],
        limit: usize,
    ) -> Result<Vec<(Subject, Timestamp)>, PlatformError> {
        let mut all = Vec::new();
        for shard in groups.iter().flat_map(|group| group.shards()) {
            all.extend(self.platform().listed(&format!("parked#{shard}"), None, false, limit).await?);
        }
        Ok(earliest(all, limit))
    }

    /// Every document of one kind, page by page, in no order. Reads the whole ledger: for people and tests.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn every<D: Document>(
        &self,
        kind: &str,
        sk: &str,
        after: Option<Key>,
        limit: usize,
    ) -> Result<(Vec<D>, Option<Key>), PlatformError> {
        let (items, next) = self.platform().scan(sk, after, limit).await?;
        let ours = |item: &&Item| item.key.pk.split_once('#').is_some_and(|(of, _)| of == kind);
        let documents = items.iter().filter(ours).map(decode).collect::<Result<_, _>>()?;
        Ok((documents, next))
    }
}

pub(crate) fn decode<D: Document>(item: &Item) -> Result<D, PlatformError> {
    serde_json::from_value(item.body.clone())
        .map_err(|e| PlatformError::Corrupt { what: format!("{} {}: {e}", item.key.pk, item.key.sk) })
}

/// The first `limit` of what shards told, earliest first.
fn earliest(mut all: Vec<(Key, Timestamp)>, limit: usize) -> Vec<(Subject, Timestamp)> {
    all.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    all.truncate(limit);
    all.into_iter().filter_map(|(key, at)| Some((Subject::of(&key)?, at))).collect()
}
