//! What goes wrong around the processes, drawn from one seed, until the weather clears.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crossdock_core::{Clock, Entropy};
use crossdock_platform::PlatformError;
use jiff::Timestamp;

use crate::Moment;

/// How often, in a thousand calls.
const PLATFORM: u64 = 8;
const MESSAGES: u64 = 40;
const PEER: u64 = 40;
/// A life ends within so many calls.
const LIFE: u64 = 400;
/// A commit that comes late comes before Odoo's own limit of a request, which is 120 s.
const LATEST_S: u64 = 110;

/// Clones share the seed and the count.
#[derive(Clone)]
pub struct Weather(Option<Arc<Storm>>);

struct Storm {
    entropy: Entropy,
    clock: Clock,
    until: Timestamp,
    counts: Mutex<BTreeMap<&'static str, u64>>,
}

/// What happens to a request to a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnTheWay {
    Nothing,
    /// It never arrives.
    LostBefore,
    /// It is done, and its answer is lost.
    LostAfter,
    /// It arrives when nobody waits for its answer any more, and is done then.
    Late(Duration),
    /// A gateway answers in its place.
    Gateway(u16),
    /// It is done, and a gateway answers.
    GatewayAfter(u16),
}

impl Weather {
    #[must_use]
    pub fn calm() -> Self {
        Self(None)
    }

    #[must_use]
    pub fn storm(entropy: Entropy, clock: Clock, until: Timestamp) -> Self {
        Self(Some(Arc::new(Storm { entropy, clock, until, counts: Mutex::default() })))
    }

    /// The faults so far, by kind.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let counts = self.0.as_ref().map(|storm| storm.counts.lock().unwrap_or_else(PoisonError::into_inner));
        counts.map(|counts| counts.clone()).unwrap_or_default()
    }

    fn strikes(&self, kind: &'static str, per_mille: u64) -> Option<&Storm> {
        let storm = self.0.as_ref().filter(|storm| storm.clock.now() < storm.until)?;
        if !storm.entropy.chance(per_mille) {
            return None;
        }
        *storm.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(kind).or_default() += 1;
        Some(storm)
    }

    /// How long a call takes: handlers run at once only where they wait for something.
    pub async fn delay(&self, at_most_ms: u64) {
        let Some(storm) = &self.0 else { return };
        tokio::time::sleep(Duration::from_millis(storm.entropy.below(at_most_ms + 1))).await;
    }

    /// Where the next process dies.
    #[must_use]
    pub fn next_death(&self) -> Option<(u64, Moment)> {
        let storm = self.strikes("crash", 1000)?;
        let moment = if storm.entropy.chance(500) { Moment::Before } else { Moment::After };
        Some((storm.entropy.below(LIFE) + 1, moment))
    }

    /// Refuses a call of the platform before it does anything.
    pub fn refuse(&self, service: &'static str) -> Result<(), PlatformError> {
        match self.strikes("platform refuses", PLATFORM) {
            Some(_) => Err(PlatformError::Throttled { service }),
            None => Ok(()),
        }
    }

    /// Loses the answer of a call that was done.
    pub fn lose(&self, service: &'static str) -> Result<(), PlatformError> {
        match self.strikes("platform answer lost", PLATFORM) {
            Some(_) => Err(PlatformError::Unavailable { service, what: "the answer was lost".into() }),
            None => Ok(()),
        }
    }

    #[must_use]
    pub fn duplicates_message(&self) -> bool {
        self.strikes("message duplicated", MESSAGES).is_some()
    }

    #[must_use]
    pub fn fails_entry(&self) -> bool {
        self.strikes("batch entry failed", MESSAGES).is_some()
    }

    #[must_use]
    pub fn forgets_delete(&self) -> bool {
        self.strikes("delivered after delete", MESSAGES).is_some()
    }

    #[must_use]
    pub fn on_the_way(&self) -> OnTheWay {
        let late =
            |storm: &Storm| OnTheWay::Late(Duration::from_secs(61 + storm.entropy.below(LATEST_S - 61)));
        if self.strikes("request lost", PEER / 4).is_some() {
            OnTheWay::LostBefore
        } else if self.strikes("answer lost after commit", PEER / 4).is_some() {
            OnTheWay::LostAfter
        } else if let Some(storm) = self.strikes("commit comes late", PEER / 8) {
            late(storm)
        } else if self.strikes("gateway error", PEER / 4).is_some() {
            OnTheWay::Gateway(502)
        } else if self.strikes("gateway error after commit", PEER / 8).is_some() {
            OnTheWay::GatewayAfter(504)
        } else {
            OnTheWay::Nothing
        }
    }
}
