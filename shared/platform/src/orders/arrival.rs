//! What comes from a channel, and how it enters the book: by webhook or by the scheduled scan, the same way.

use std::cmp::Ordering;

use crossdock_core::{
    ChannelId, OrderId, OrderKey,
    guard::{self, Guard},
    message::Message,
    order::{Order, short_digest},
    reason::{Reason, ReasonCode},
};
use jiff::Timestamp;
use serde_json::json;

use super::{Change, OrderBook, SnapshotRef, State, days_from, shelves, snapshot, snapshot_key};
use crate::{Condition, Listing, Platform, PlatformError, Write};

/// Of a body that nobody can read, as much as goes into an item even where it cannot be packed.
const KEPT: usize = 256 * 1024;

/// One thing that a channel told us about an order.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrival {
    /// The whole order.
    Order(Box<Order>),
    /// Something happened to it, and the payload is not the whole order.
    Refetch { order: OrderKey, modified_at: Option<Timestamp> },
    /// A body that passed its signature and cannot be understood.
    Unreadable { channel: ChannelId, order: Option<OrderId>, body: Vec<u8>, why: String },
}

/// What an arrival came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    pub order: OrderKey,
    pub outcome: Outcome,
    /// To be sent now; a crash before the sending is mended by `due_at`.
    pub message: Option<Message>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The first we hear of this order.
    New,
    /// Changed in something that we act on.
    Changed,
    /// Nothing that we act on has changed: a duplicate, our own echo, a field we never read.
    Same,
    /// Older than what we have.
    Stale,
    /// The channel used the same sequence number for two contents; nothing is stored.
    SequenceReused,
    /// Cannot be read; stored and parked.
    Unreadable,
}

impl<P: Platform> OrderBook<P> {
    /// Stores an arrival. When this returns, nothing that follows can lose it.
    ///
    /// Safe to repeat: the same arrival again changes nothing and, while the order is under way, sends its
    /// message again.
    ///
    /// # Errors
    /// When the ledger does not answer: the channel must send again.
    pub async fn accept(&self, arrival: Arrival) -> Result<Accepted, PlatformError> {
        match arrival {
            Arrival::Order(order) => match self.accept_order(&order).await {
                // Sent again it would be no smaller: a person looks at it in the shop.
                Err(PlatformError::TooLarge { .. }) => {
                    let OrderKey { channel, id } = order.key.clone();
                    let body = serde_json::to_vec(&order).unwrap_or_default();
                    self.accept_unreadable(channel, Some(id), &body, "more than the ledger can hold").await
                }
                accepted => accepted,
            },
            Arrival::Refetch { order, modified_at } => self.accept_refetch(order, modified_at).await,
            Arrival::Unreadable { channel, order, body, why } => {
                self.accept_unreadable(channel, order, &body, &why).await
            }
        }
    }

    async fn accept_order(&self, order: &Order) -> Result<Accepted, PlatformError> {
        let arrived = SnapshotRef { digest: order.digest(), revision: order.revision };
        let mut stored = false;
        loop {
            let now = self.now();
            let step = self
                .update(&order.key, |state| {
                    // First the snapshot, then the state that points to it: never a pointer to nothing.
                    if needs_snapshot(state, &arrived) && !stored {
                        return Change::Leave(None);
                    }
                    take(state, order, &arrived, now)
                })
                .await?;
            match step {
                Some((outcome, message)) => {
                    return Ok(Accepted { order: order.key.clone(), outcome, message });
                }
                None => {
                    self.store_snapshot(order, &arrived.digest).await?;
                    stored = true;
                }
            }
        }
    }

    /// Stores what the channel answered when it was asked for the order, in answer to the `asked` hints that
    /// stood when the question was put. Hints that came since then stay open.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn fetched(&self, order: &Order, asked: u32) -> Result<(), PlatformError> {
        let arrived = SnapshotRef { digest: order.digest(), revision: order.revision };
        self.store_snapshot(order, &arrived.digest).await?;
        let now = self.now();
        self.update(&order.key, |state| {
            let older = state
                .snapshot
                .as_ref()
                .is_some_and(|known| arrived.revision.compare(&known.revision) == Ordering::Less);
            if state.refetch == asked {
                state.refetch = 0;
            }
            // A webhook can be newer than the answer of a replica that lags behind.
            if !older {
                state.snapshot = Some(arrived.clone());
                state.number = Some(order.number.clone());
            }
            state.reopen(now, "fetched from the channel");
            Change::Write(())
        })
        .await
    }

    async fn store_snapshot(&self, order: &Order, digest: &str) -> Result<(), PlatformError> {
        let text = serde_json::to_vec(order).map_err(|e| PlatformError::Corrupt { what: e.to_string() })?;
        let listing = shelves::number(&order.number, self.now());
        self.store_blob(&order.key, digest, &text, "order", listing).await
    }

    async fn store_blob(
        &self,
        key: &OrderKey,
        digest: &str,
        bytes: &[u8],
        kind: &str,
        listing: Option<Listing>,
    ) -> Result<(), PlatformError> {
        let expires_at = days_from(self.now(), self.retention.snapshot_days);
        let (entropy, key) = (self.platform.entropy(), snapshot_key(key, digest));
        let plain = Write::plain(entropy, key, Condition::Absent, &json!({ "kind": kind }), expires_at)?;
        let write = Write { blob: Some(snapshot::pack(bytes)?), listing, ..plain };
        // Named by its digest: whoever stored it before stored the same.
        self.platform.put(write).await.map(|_| ())
    }

    async fn accept_refetch(
        &self,
        key: OrderKey,
        modified_at: Option<Timestamp>,
    ) -> Result<Accepted, PlatformError> {
        let now = self.now();
        let (outcome, message) = self
            .update(&key, |state| {
                let known = state.snapshot.as_ref().map(|snapshot| snapshot.revision.modified_at);
                if modified_at.zip(known).is_some_and(|(hint, known)| hint < known) {
                    return Change::Leave((Outcome::Stale, hint(state)));
                }
                let new = state.is_empty();
                // Counted, so that a fetch under way cannot take this hint for the one that it answers.
                state.refetch += 1;
                state.reopen(now, "channel says it changed");
                Change::Write((if new { Outcome::New } else { Outcome::Changed }, hint(state)))
            })
            .await?;
        Ok(Accepted { order: key, outcome, message })
    }

    async fn accept_unreadable(
        &self,
        channel: ChannelId,
        id: Option<OrderId>,
        body: &[u8],
        why: &str,
    ) -> Result<Accepted, PlatformError> {
        let digest = short_digest(body);
        // A body without a readable id gets one made of its content, so that a repeat is the same order.
        let id = match id {
            Some(id) => id,
            None => OrderId::new(format!("unreadable-{digest}"))
                .map_err(|e| PlatformError::Corrupt { what: e.to_string() })?,
        };
        let key = OrderKey::new(channel, id);
        self.store_blob(&key, &digest, &body[..body.len().min(KEPT)], "unreadable", None).await?;
        let now = self.now();
        let (outcome, message) = self
            .update(&key, |state| {
                if state.snapshot.is_some() || state.refetch > 0 {
                    // We have read this order before: ask the channel for it rather than park a good order.
                    state.refetch += 1;
                    state.reopen(now, "channel sent something unreadable");
                    return Change::Write((Outcome::Unreadable, hint(state)));
                }
                if state.is_parked_for(ReasonCode::Unreadable) {
                    return Change::Leave((Outcome::Same, None));
                }
                state.park(
                    vec![Reason::new(ReasonCode::Unreadable, format!("{why} (body {digest})"))],
                    "",
                    now,
                );
                Change::Write((Outcome::Unreadable, None))
            })
            .await?;
        Ok(Accepted { order: key, outcome, message })
    }

    /// The body of an unreadable arrival, for a person to look at.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn raw_body(&self, key: &OrderKey, digest: &str) -> Result<Option<Vec<u8>>, PlatformError> {
        let item = self.platform.get(&snapshot_key(key, digest), crate::Read::Consistent).await?;
        item.and_then(|item| item.blob).map(|packed| snapshot::unpack(&packed)).transpose()
    }
}

/// The message about an order that still has a way to go. Whoever takes something in needs no right but to
/// send to `orders`: the validator carries on what is valid already.
fn hint(state: &State) -> Option<Message> {
    state.message().map(|_| Message::OrderChanged { order: state.order.clone() })
}

/// Whether taking `arrived` makes the state point to a snapshot that it does not point to yet.
fn needs_snapshot(state: &State, arrived: &SnapshotRef) -> bool {
    state.snapshot.as_ref().is_none_or(|known| known.digest != arrived.digest)
}

fn take(
    state: &mut State,
    order: &Order,
    arrived: &SnapshotRef,
    now: Timestamp,
) -> Change<Option<(Outcome, Option<Message>)>> {
    let known = state.snapshot.clone();
    let newer = known.as_ref().map_or(Ordering::Greater, |k| arrived.revision.compare(&k.revision));
    let same = known.as_ref().is_some_and(|k| k.digest == arrived.digest);
    match (newer, same) {
        (Ordering::Less, _) if guard::stands(Guard::RevisionOrder) => {
            Change::Leave(Some((Outcome::Stale, hint(state))))
        }
        (Ordering::Equal, true) if guard::stands(Guard::SameContent) => {
            Change::Leave(Some((Outcome::Same, hint(state))))
        }
        (Ordering::Greater, true) if guard::stands(Guard::SameContent) => {
            // The content is the same and newer: the newer time must stand, or an older change that
            // arrives late would pass for newer than this.
            state.snapshot = Some(arrived.clone());
            Change::Write(Some((Outcome::Same, hint(state))))
        }
        (Ordering::Equal, false) => {
            if arrived.revision.sequence.is_some() {
                return Change::Leave(Some((Outcome::SequenceReused, hint(state))));
            }
            // Two contents within one second: only the channel knows which is the newer.
            state.refetch += 1;
            state.reopen(now, "two versions at the same time");
            Change::Write(Some((Outcome::Changed, hint(state))))
        }
        // Older or the same comes this far only where its guard is taken away.
        (Ordering::Greater | Ordering::Less, false) | (_, true) => {
            let first = known.is_none();
            state.snapshot = Some(arrived.clone());
            state.number = Some(order.number.clone());
            state.reopen(now, if first { "received" } else { "changed at the channel" });
            Change::Write(Some((if first { Outcome::New } else { Outcome::Changed }, hint(state))))
        }
    }
}
