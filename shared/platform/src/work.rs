//! How far something has come, and who wakes it next: the part that every document of the ledger has.

use std::fmt::Debug;

use crossdock_core::{
    Entropy,
    reason::{Reason, ReasonCode},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long the fast path may take before the waker sends the message once more.
pub const NUDGE: SignedDuration = SignedDuration::from_mins(3);

/// What one step of the fast path takes when all goes well, with room to spare.
pub const STEP: SignedDuration = SignedDuration::from_secs(45);

/// The log stays short, so that the item stays below the kilobyte that a write is billed by.
const LOG_LENGTH: usize = 8;
/// Reasons beyond this many, and details beyond this length, are cut: the item must stay small.
const REASONS: usize = 8;
const DETAIL_LENGTH: usize = 200;

/// The stages of one kind of document.
pub trait Stages: Copy + PartialEq + Debug {
    const PARKED: Self;

    /// Nobody needs to wake it.
    fn is_final(self) -> bool;

    /// Where it is once the time that it waited for has come.
    #[must_use]
    fn woken(self) -> Self {
        self
    }

    /// Somebody has to do something with it now: it is neither at its end nor held back on purpose.
    fn is_under_way(self) -> bool {
        !self.is_final() && self.woken() == self
    }
}

/// One line of a document's story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub at: Timestamp,
    pub what: String,
}

/// Stage, next look, failures and story.
///
/// **Invariant:** in a stage that is not final, `due_at` is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work<S> {
    pub stage: S,
    pub reasons: Vec<Reason>,
    /// The configuration under which it was parked, so that "the mapping was mended" can be seen.
    pub parked_config: Option<String>,
    /// Failed tries since the last progress.
    pub attempts: u32,
    pub due_at: Option<Timestamp>,
    /// How often the waker has sent the message of this stage again.
    #[serde(default)]
    pub wakes: u32,
    /// Since when it is under way; none while it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    pub changed_at: Timestamp,
    pub log: Vec<Event>,
}

impl<S: Stages> Work<S> {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(stage: S) -> Self {
        Self {
            stage,
            reasons: Vec::new(),
            parked_config: None,
            attempts: 0,
            due_at: None,
            wakes: 0,
            since: None,
            changed_at: Timestamp::UNIX_EPOCH,
            log: Vec::new(),
        }
    }

    /// Whether the ledger has nothing of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changed_at == Timestamp::UNIX_EPOCH
    }

    /// On to the next step of the fast path, whose message is sent now.
    pub fn go_on_in(&mut self, stage: S, now: Timestamp, what: &str) {
        let due_at = self.due_by(after(now, NUDGE), now);
        self.wait_in(stage, due_at, now, what);
    }

    /// When somebody has to look after the fast path: at `latest`, or at the time that stands already, where
    /// it still leaves the next step its time. Moving it by seconds at each step would say nothing more, and
    /// each move costs two writes of the index beside the one of the item.
    #[must_use]
    pub fn due_by(&self, latest: Timestamp, now: Timestamp) -> Timestamp {
        let kept = self.due_at.filter(|due| *due <= latest && *due > after(now, STEP));
        kept.unwrap_or(latest)
    }

    /// Moves to a stage that somebody must wake: the one way to get there, so that no stage goes without.
    pub fn wait_in(&mut self, stage: S, due_at: Timestamp, now: Timestamp, what: &str) {
        debug_assert!(!stage.is_final());
        self.stage = stage;
        self.due_at = Some(due_at);
        self.wakes = 0;
        self.note(now, what);
    }

    /// There is something new to do: what was decided before no longer counts.
    pub fn reopen_in(&mut self, stage: S, now: Timestamp, what: &str) {
        self.reasons.clear();
        self.parked_config = None;
        self.attempts = 0;
        self.go_on_in(stage, now, what);
    }

    /// To a stage that nobody needs to wake.
    pub fn finish_in(&mut self, stage: S, now: Timestamp, what: &str) {
        debug_assert!(stage.is_final());
        self.stage = stage;
        self.due_at = None;
        self.attempts = 0;
        self.reasons.clear();
        self.note(now, what);
    }

    pub fn park(&mut self, reasons: Vec<Reason>, config: &str, now: Timestamp) {
        let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.code()).collect();
        let what = format!("parked: {}", codes.join(", "));
        self.stage = S::PARKED;
        self.due_at = None;
        self.attempts = 0;
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

    /// Why the last try failed; none where nothing has failed since the last progress.
    #[must_use]
    pub fn last_trouble(&self) -> Option<&str> {
        self.log.last().filter(|_| self.attempts > 0).map(|event| event.what.as_str())
    }

    /// The message is sent again now; the next time is later each time, so that a long queue is not flooded
    /// with what already waits in it.
    pub fn wake(&mut self, now: Timestamp) {
        let wait = NUDGE * (1 << self.wakes.min(5));
        self.wakes = self.wakes.saturating_add(1);
        self.stage = self.stage.woken();
        self.due_at = Some(after(now, wait));
    }

    /// Keeps `since` as the stage says. Called once for each write, whatever brought the stage about.
    pub(crate) fn mark(&mut self, now: Timestamp) {
        self.since = self.stage.is_under_way().then(|| self.since.unwrap_or(now));
    }

    /// When it was parked, or written last since then.
    #[must_use]
    pub fn parked_since(&self) -> Option<Timestamp> {
        (self.stage == S::PARKED).then_some(self.changed_at)
    }

    #[must_use]
    pub fn is_parked_for(&self, code: ReasonCode) -> bool {
        self.stage == S::PARKED && self.reasons.iter().any(|reason| reason.code == code)
    }

    pub fn note(&mut self, now: Timestamp, what: &str) {
        self.changed_at = now;
        if self.log.last().is_some_and(|last| last.what == what) {
            return;
        }
        self.log.push(Event { at: now, what: what.to_owned() });
        if self.log.len() > LOG_LENGTH {
            // The beginning of the story stays: it says how it came in.
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
pub fn backoff(attempts: u32, entropy: &Entropy) -> SignedDuration {
    let base_ms = (10_000_u64 << attempts.min(8)).min(1_800_000);
    let spread_ms = entropy.below(base_ms / 5 + 1);
    SignedDuration::from_millis(i64::try_from(base_ms + spread_ms).unwrap_or(i64::MAX))
}
