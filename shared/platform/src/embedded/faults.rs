//! How far the embedded platform uses the freedom that its contract leaves it.

use std::time::Duration;

use crossdock_core::Entropy;

use super::Embedded;
use crate::PlatformError;

const DAY: Duration = Duration::from_secs(86_400);

/// Limits and faults. A rate is the number of cases in a thousand.
///
/// **Invariant:** a rate of zero draws nothing from the entropy, so a fault that is switched off does not
/// change what the rest of a seeded run does.
#[derive(Debug, Clone)]
pub struct EmbeddedOptions {
    /// A message that was received this often goes to the dead-letter queue instead of being received again.
    pub max_receives: u32,
    /// How long an unread message is kept, counted from its first send.
    pub work_retention: Duration,
    /// Longer than `work_retention`: a dead letter keeps the time of its first send.
    pub dead_retention: Duration,
    /// Flush each write to the disk itself. Without it an acknowledged write survives the death of the
    /// process and a crash never damages the file, but a power cut can take the last writes back.
    pub power_safe: bool,
    /// What is measured is kept in memory for whoever asks, for ever: not for what runs for long.
    pub metrics: bool,

    /// How far the due index, the shelves and `Read::Eventual` may lie behind.
    pub lag: Duration,
    /// How often a `Read::Eventual` shows the state of `lag` ago. Needs a `lag`.
    pub stale_reads_per_mille: u64,
    /// Draw the next messages from many visible ones instead of from the oldest few.
    pub reorder: bool,
    /// How often a sent message exists twice.
    pub duplicate_per_mille: u64,
    /// How often a deleted message comes back once its visibility runs out.
    pub redeliver_after_delete_per_mille: u64,
    /// How often one entry of a batch fails while the others are sent.
    pub failed_entry_per_mille: u64,
    /// How often a write commits and its caller is told that the service is not available.
    pub lost_answer_per_mille: u64,
    /// How often a call is refused before it does anything.
    pub throttled_per_mille: u64,
}

impl EmbeddedOptions {
    /// No faults. Still in no order: what is visible is delivered shuffled.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            max_receives: 5,
            work_retention: 4 * DAY,
            dead_retention: 14 * DAY,
            power_safe: false,
            metrics: false,
            lag: Duration::ZERO,
            stale_reads_per_mille: 0,
            reorder: false,
            duplicate_per_mille: 0,
            redeliver_after_delete_per_mille: 0,
            failed_entry_per_mille: 0,
            lost_answer_per_mille: 0,
            throttled_per_mille: 0,
        }
    }

    /// Every fault, often enough that a short run meets each of them.
    #[must_use]
    pub fn strict() -> Self {
        Self {
            lag: Duration::from_secs(2),
            stale_reads_per_mille: 300,
            reorder: true,
            duplicate_per_mille: 100,
            redeliver_after_delete_per_mille: 50,
            failed_entry_per_mille: 50,
            lost_answer_per_mille: 30,
            throttled_per_mille: 20,
            ..Self::plain()
        }
    }
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        Self::plain()
    }
}

pub(super) fn strikes(entropy: &Entropy, per_mille: u64) -> bool {
    per_mille > 0 && entropy.chance(per_mille)
}

impl Embedded {
    /// Refuses a call before it does anything, now and then.
    pub(super) fn admit(&self, service: &'static str) -> Result<(), PlatformError> {
        if strikes(&self.0.entropy, self.0.options.throttled_per_mille) {
            return Err(PlatformError::Throttled { service });
        }
        Ok(())
    }

    /// Hands on the answer of a write that has committed, or loses it.
    pub(super) fn answer<T>(&self, service: &'static str, answer: T) -> Result<T, PlatformError> {
        if strikes(&self.0.entropy, self.0.options.lost_answer_per_mille) {
            return Err(PlatformError::Unavailable { service, what: "the answer was lost".into() });
        }
        Ok(answer)
    }
}
