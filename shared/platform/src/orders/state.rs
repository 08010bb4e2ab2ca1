//! The state of one order.

use crossdock_core::{
    OrderKey,
    message::Message,
    order::Revision,
    reason::{Reason, ReasonCode},
};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The log inside a state stays short, so that the item stays below the kilobyte that a write is billed by.
const LOG_LENGTH: usize = 8;
/// Reasons beyond this many, and details beyond this length, are cut: the item must stay small.
const REASONS: usize = 8;
const DETAIL_LENGTH: usize = 200;
/// Contents that an intent remembers of the ones before it.
const EARLIER: usize = 4;

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

/// One line of the order's story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub at: Timestamp,
    pub what: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub order: OrderKey,
    /// What people call it, once it is known.
    pub number: Option<String>,
    pub stage: Stage,
    /// The newest content.
    pub snapshot: Option<SnapshotRef>,
    /// How many hints say that the newest content is not here: above 0 the channel must be asked.
    pub refetch: u32,
    /// The snapshot that passed validation.
    pub valid: Option<String>,
    pub applied: Option<Applied>,
    pub intent: Option<Intent>,
    /// An importer has begun on it: Odoo may hold something of it, if only a draft.
    #[serde(default)]
    pub begun: bool,
    pub reasons: Vec<Reason>,
    /// The configuration under which it was parked, so that "the mapping was mended" can be seen.
    pub parked_config: Option<String>,
    pub lease: Option<Lease>,
    /// Failed tries since the last progress.
    pub attempts: u32,
    pub due_at: Option<Timestamp>,
    /// How often the waker has sent the message of this stage again.
    #[serde(default)]
    pub wakes: u32,
    pub changed_at: Timestamp,
    pub log: Vec<Event>,
}

impl State {
    pub(super) fn empty(order: OrderKey) -> Self {
        Self {
            order,
            number: None,
            stage: Stage::Received,
            snapshot: None,
            refetch: 0,
            valid: None,
            applied: None,
            intent: None,
            begun: false,
            reasons: Vec::new(),
            parked_config: None,
            lease: None,
            attempts: 0,
            due_at: None,
            wakes: 0,
            changed_at: Timestamp::UNIX_EPOCH,
            log: Vec::new(),
        }
    }

    /// Whether the ledger has anything of this order.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changed_at == Timestamp::UNIX_EPOCH
    }

    /// On to the next step of the fast path, whose message is sent now.
    pub fn go_on_in(&mut self, stage: Stage, now: Timestamp, what: &str) {
        let due_at = self.due_by(after(now, super::NUDGE), now);
        self.wait_in(stage, due_at, now, what);
    }

    /// When somebody has to look after the fast path: at `latest`, or at the time that stands already, where
    /// it still leaves the next step its time. Moving it by seconds at each step would say nothing more, and
    /// each move costs two writes of the index beside the one of the item.
    #[must_use]
    pub fn due_by(&self, latest: Timestamp, now: Timestamp) -> Timestamp {
        let kept = self.due_at.filter(|due| *due <= latest && *due > after(now, super::STEP));
        kept.unwrap_or(latest)
    }

    /// Moves to a stage that somebody must wake: the one way to get there, so that no stage goes without.
    pub fn wait_in(&mut self, stage: Stage, due_at: Timestamp, now: Timestamp, what: &str) {
        debug_assert!(!stage.is_final());
        self.stage = stage;
        self.due_at = Some(due_at);
        self.wakes = 0;
        self.note(now, what);
    }

    /// There is something new to judge: what was decided before no longer counts.
    pub fn reopen(&mut self, now: Timestamp, what: &str) {
        self.valid = None;
        self.reasons.clear();
        self.parked_config = None;
        self.attempts = 0;
        self.go_on_in(Stage::Received, now, what);
    }

    pub fn finish(&mut self, now: Timestamp, what: &str) {
        self.stage = Stage::Done;
        self.due_at = None;
        self.attempts = 0;
        self.intent = None;
        self.reasons.clear();
        self.note(now, what);
    }

    pub fn park(&mut self, reasons: Vec<Reason>, config: &str, now: Timestamp) {
        let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.code()).collect();
        let what = format!("parked: {}", codes.join(", "));
        self.stage = Stage::Parked;
        self.due_at = None;
        self.attempts = 0;
        self.valid = None;
        self.reasons = reasons;
        self.reasons.truncate(REASONS);
        for reason in &mut self.reasons {
            if let Some((cut, _)) = reason.detail.char_indices().nth(DETAIL_LENGTH) {
                reason.detail.truncate(cut);
                reason.detail.push('…');
            }
        }
        self.parked_config = Some(config.to_owned());
        self.note(now, &what);
    }

    /// A try failed and another comes at `due_at`.
    pub fn try_again(&mut self, due_at: Timestamp, now: Timestamp, why: &str) {
        self.attempts = self.attempts.saturating_add(1);
        self.due_at = Some(due_at);
        self.note(now, why);
    }

    /// The message is sent again now; the next time is later each time, so that a long queue is not flooded
    /// with what already waits in it.
    pub fn wake(&mut self, now: Timestamp) {
        let wait = super::NUDGE * (1 << self.wakes.min(5));
        self.wakes = self.wakes.saturating_add(1);
        if self.stage == Stage::Waiting {
            // What it waited for has come: only now may it be judged again.
            self.stage = Stage::Received;
        }
        self.due_at = Some(after(now, wait));
    }

    #[must_use]
    pub fn is_parked_for(&self, code: ReasonCode) -> bool {
        self.stage == Stage::Parked && self.reasons.iter().any(|reason| reason.code == code)
    }

    /// The message that carries the order on from where it stands; none where nothing is left to do.
    #[must_use]
    pub fn message(&self) -> Option<Message> {
        match self.stage {
            Stage::Received | Stage::Waiting => Some(Message::OrderChanged { order: self.order.clone() }),
            Stage::Valid => Some(Message::OrderValidated { order: self.order.clone() }),
            Stage::Done | Stage::Parked => None,
        }
    }

    /// Whether somebody other than `holder` may be at work in Odoo on this order.
    #[must_use]
    pub fn leased_to_another(&self, holder: &str, now: Timestamp) -> Option<Timestamp> {
        self.lease
            .as_ref()
            .filter(|lease| lease.holder != holder && lease.until > now)
            .map(|lease| lease.until)
    }

    pub fn note(&mut self, now: Timestamp, what: &str) {
        self.changed_at = now;
        if self.log.last().is_some_and(|last| last.what == what) {
            return;
        }
        self.log.push(Event { at: now, what: what.to_owned() });
        if self.log.len() > LOG_LENGTH {
            // The beginning of the story stays: it says how the order came in.
            self.log.remove(1);
        }
    }
}

/// `now + wait`, or the end of time.
#[must_use]
pub fn after(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// How long a failed try waits for the next: doubles from ten seconds to half an hour, spread by a fifth so
/// that a thousand orders do not come back at the same moment.
#[must_use]
pub fn backoff(attempts: u32, entropy: &crossdock_core::Entropy) -> SignedDuration {
    let base_ms = (10_000_u64 << attempts.min(8)).min(1_800_000);
    let spread_ms = entropy.below(base_ms / 5 + 1);
    SignedDuration::from_millis(i64::try_from(base_ms + spread_ms).unwrap_or(i64::MAX))
}
