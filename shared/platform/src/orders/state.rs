//! The state of one order.

use std::ops::{Deref, DerefMut};

use crossdock_core::{About, Metric, Metrics, OrderKey, message::Message, order::Revision, reason::Reason};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::shelves;
use crate::{
    Key, Listing,
    documents::{Document, Group, by_its_work},
    work::{Stages, Work},
};

/// Contents that an intent remembers of the ones before it.
const EARLIER: usize = 4;
/// How the story tells that a person has taken what stands in Odoo as right.
const ACCEPTED: &str = "accepted as it stands in Odoo";

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Has something new that `order-validator` has not judged.
    Received,
    /// Held back on purpose until `due_at` (the hold window).
    Waiting,
    /// Passed; `order-importer` brings it to Odoo.
    Valid,
    /// Final: Odoo holds what the channel says (or rightly nothing).
    Done,
    /// Final until a person acts or the channel sends something new.
    Parked,
}

impl Stage {
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Received | Self::Waiting | Self::Valid => false,
            Self::Done | Self::Parked => true,
        }
    }
}

impl Stages for Stage {
    const PARKED: Self = Self::Parked;

    fn is_final(self) -> bool {
        Self::is_final(self)
    }

    fn woken(self) -> Self {
        match self {
            // What it waited for has come: only now may it be judged again.
            Self::Waiting => Self::Received,
            Self::Received | Self::Valid | Self::Done | Self::Parked => self,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotRef {
    pub digest: String,
    pub revision: Revision,
}

/// What stands in Odoo by our own hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The snapshot that was applied.
    pub digest: String,
    /// Of the part that concerns Odoo (see `Order::goods_digest`).
    pub goods: String,
    pub odoo_id: i64,
    /// Odoo's own name of the order: `S00042`.
    pub name: String,
    pub total: Decimal,
    pub cancelled: bool,
}

/// A total in Odoo that a person has taken as right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedTotal {
    /// When the person did.
    pub since: Timestamp,
    /// Of what the shop's order was then (see `Order::goods_digest`): of another one it says nothing.
    pub goods: String,
    pub total: Decimal,
}

/// An edit or a cancel in Odoo that takes several calls. It is written before the first of them, so that a
/// crash in the middle is not mistaken for a person's work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    pub kind: IntentKind,
    pub digest: String,
    /// Other contents whose intents were not known to be finished when this one was written: what stands in
    /// Odoo may be of any of them. The newest few.
    #[serde(default)]
    pub earlier: Vec<String>,
    /// The order is cancelled in Odoo on the way: written before that call, so that a cancelled order that is
    /// found without this is a person's work.
    #[serde(default)]
    pub cancels: bool,
}

impl Intent {
    /// The intent to bring `digest` to Odoo, after one that may be half done.
    #[must_use]
    pub fn following(before: Option<&Self>, kind: IntentKind, digest: &str) -> Self {
        let mut earlier = Vec::new();
        if let Some(before) = before {
            earlier.extend(
                before.earlier.iter().chain([&before.digest]).filter(|known| *known != digest).cloned(),
            );
            earlier.dedup();
            earlier.drain(..earlier.len().saturating_sub(EARLIER));
        }
        let cancels = before.is_some_and(|before| before.cancels);
        Self { kind, digest: digest.to_owned(), earlier, cancels }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentKind {
    Create,
    Edit,
    Cancel,
}

/// The right to touch the order in Odoo.
///
/// `until` is the holder's own deadline plus the longest that one request can live in Odoo: once it has
/// passed, no request of that holder can still commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub holder: String,
    pub until: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub order: OrderKey,
    /// What people call it, once it is known.
    pub number: Option<String>,
    /// The newest content.
    pub snapshot: Option<SnapshotRef>,
    /// How many hints say that the newest content is not here: above 0 the channel must be asked.
    pub refetch: u32,
    /// The snapshot that passed validation.
    pub valid: Option<String>,
    pub applied: Option<Applied>,
    pub intent: Option<Intent>,
    /// Odoo's order was taken back to a draft on the way to another content: until it is confirmed again, Odoo keeps
    /// none of its goods.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unconfirmed: bool,
    /// An importer has begun on it: Odoo may hold something of it, if only a draft.
    #[serde(default)]
    pub begun: bool,
    pub lease: Option<Lease>,
    /// Something that follows from the order waits until the order, which is parked, is taken up again.
    #[serde(default)]
    pub awaited: bool,
    /// The content of whose sales the other channels were told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
    /// What stood in Odoo when it was compared for the first time after a person had taken it as right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<AcceptedTotal>,
    pub work: Work<Stage>,
}

// A state is the work on an order and what belongs to it.
impl Deref for State {
    type Target = Work<Stage>;
    fn deref(&self) -> &Work<Stage> {
        &self.work
    }
}

impl DerefMut for State {
    fn deref_mut(&mut self) -> &mut Work<Stage> {
        &mut self.work
    }
}

impl Document for State {
    type Key = OrderKey;

    const GROUP: Group = Group::Orders;

    fn empty(order: OrderKey) -> Self {
        Self {
            order,
            number: None,
            snapshot: None,
            refetch: 0,
            valid: None,
            applied: None,
            intent: None,
            unconfirmed: false,
            begun: false,
            lease: None,
            awaited: false,
            told: None,
            accepted: None,
            work: Work::new(Stage::Received),
        }
    }

    fn ledger_key(key: &OrderKey) -> Key {
        Key::new(format!("order#{key}"), "state")
    }

    fn key(&self) -> &OrderKey {
        &self.order
    }

    by_its_work!();

    fn shelf(&self) -> Option<Listing> {
        (self.work.stage == Stage::Done).then(|| shelves::done(self.work.changed_at))
    }

    fn order(&self) -> Option<&OrderKey> {
        Some(&self.order)
    }

    fn message(&self) -> Option<Message> {
        Self::message(self)
    }

    fn measure(&self, before: &Self, now: Timestamp, metrics: &Metrics) {
        let channel = About::Channel(self.order.channel.to_string());
        if before.work.is_empty() && !self.work.is_empty() {
            metrics.tell(now, &channel, &[(Metric::OrdersAccepted, 1.0)]);
        }
        if before.applied.is_none() && self.applied.is_some() {
            // From before: with this write the order may be at its end.
            let took = before.work.since.map_or(0.0, |since| now.duration_since(since).as_secs_f64());
            metrics.tell(now, &channel, &[(Metric::OrdersImported, 1.0), (Metric::TimeToOdoo, took)]);
        }
        let growth = match (before.work.since, self.work.since) {
            (None, Some(_)) => 1.0,
            (Some(_), None) => -1.0,
            (None, None) | (Some(_), Some(_)) => return,
        };
        metrics.tell(now, &About::Nothing, &[(Metric::BacklogGrowth, growth)]);
    }

    fn replay(&mut self, now: Timestamp) {
        self.reopen(now, "replayed by hand");
    }
}

impl State {
    /// The message that carries the order on from where it stands; none where nothing is left to do.
    #[must_use]
    pub fn message(&self) -> Option<Message> {
        match self.work.stage {
            Stage::Received | Stage::Waiting => Some(Message::OrderChanged { order: self.order.clone() }),
            Stage::Valid => Some(Message::OrderValidated { order: self.order.clone() }),
            Stage::Done | Stage::Parked => None,
        }
    }

    /// There is something new to judge: what was decided before no longer counts.
    pub fn reopen(&mut self, now: Timestamp, what: &str) {
        self.valid = None;
        self.work.reopen_in(Stage::Received, now, what);
    }

    pub fn finish(&mut self, now: Timestamp, what: &str) {
        self.intent = None;
        self.unconfirmed = false;
        self.work.finish_in(Stage::Done, now, what);
    }

    /// A person takes what stands in Odoo as right.
    pub fn accept(&mut self, now: Timestamp) {
        self.awaited = false;
        self.finish(now, ACCEPTED);
    }

    pub fn park(&mut self, reasons: Vec<Reason>, config: &str, now: Timestamp) {
        self.valid = None;
        self.work.park(reasons, config, now);
    }

    /// When a person has taken what stands in Odoo as right; none where something has happened since.
    #[must_use]
    pub fn accepted_at(&self) -> Option<Timestamp> {
        let accepted = self.work.log.last().is_some_and(|last| last.what == ACCEPTED);
        (accepted && self.work.stage == Stage::Done).then_some(self.work.changed_at)
    }

    /// Whether somebody other than `holder` may be at work in Odoo on this order.
    #[must_use]
    pub fn leased_to_another(&self, holder: &str, now: Timestamp) -> Option<Timestamp> {
        self.lease
            .as_ref()
            .filter(|lease| lease.holder != holder && lease.until > now)
            .map(|lease| lease.until)
    }
}
