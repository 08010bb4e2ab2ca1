//! What goes wrong around the processes, drawn from one seed, until the weather clears.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crossdock_core::{Clock, Entropy};
use jiff::{SignedDuration, Timestamp};

use crate::{Moment, trace::Trace};

/// A life ends within so many calls.
const LIFE: u64 = 400;
/// Two faults so near one another meet: the second comes before the first is mended.
const NEAR: SignedDuration = SignedDuration::from_secs(180);

macro_rules! faults {
    ($($name:ident $per_mille:literal $text:literal),* $(,)?) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault { $($name),* }

        impl Fault {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// How often, in a thousand places where it may strike, when it strikes at all in a seed.
            fn per_mille(self) -> u64 {
                match self { $(Self::$name => $per_mille),* }
            }
        }
    };
}

faults! {
    // A process.
    Crash 1000 "crash",
    Stall 4 "handler outlives its lease",
    StallInWrite 16 "handler outlives its lease at a write",
    ClockSkew 700 "clock skew",
    // The platform.
    PlatformRefuses 8 "platform refuses",
    PlatformAnswerLost 10 "platform answer lost after the write",
    MessageTwice 40 "message duplicated",
    MessageLate 40 "message delayed",
    EntryFails 40 "batch entry failed",
    AfterDelete 40 "delivered after delete",
    // A peer.
    RequestLost 10 "request lost",
    AnswerLost 10 "answer lost after commit",
    CommitLate 80 "commit comes late",
    Gateway 10 "gateway error",
    GatewayAfter 6 "gateway error after commit",
    Throttled 6 "throttled",
    ThrottledFor 6 "throttled for a time",
    Garbage 6 "garbage",
    CutShort 6 "answer cut short after commit",
    Conflict 15 "concurrent update",
    OdooDown 100 "Odoo down for hours",
    ShopDown 100 "shop down for an hour",
    ShopLags 300 "shop's index lags",
    // A shop's webhooks.
    WebhookLost 100 "webhook lost",
    WebhookTwice 60 "webhook duplicated",
    WebhookLate 100 "webhook delayed",
    // What warehouses and carriers tell.
    HouseTwice 100 "warehouse tells twice",
    HouseLate 100 "warehouse tells late",
    HouseDown 150 "warehouse down for an hour",
    // People.
    EditedByHand 300 "edited in Odoo by hand",
    CancelledByHand 300 "cancelled in Odoo by hand",
    ConfirmedByHand 400 "confirmed in Odoo by hand",
    ShippedByHand 300 "shipped in Odoo by hand",
    DeliveryCancelledByHand 300 "delivery cancelled in Odoo by hand",
    InvoicedByHand 300 "shipped and invoiced in Odoo by hand",
    TouchedByHand 300 "touched in Odoo by hand",
    KeyRotated 250 "key rotated",
    KeyRevokedEarly 400 "old key revoked at once",
    Redriven 400 "redrive in traffic",
    Mended 400 "configuration mended",
}

impl Fault {
    /// Whether people do it where orders are sold, imported and shipped, and nowhere else.
    #[must_use]
    pub fn is_of_people(self) -> bool {
        matches!(
            self,
            Self::ShopLags
                | Self::EditedByHand
                | Self::CancelledByHand
                | Self::ConfirmedByHand
                | Self::ShippedByHand
                | Self::TouchedByHand
                | Self::KeyRotated
                | Self::KeyRevokedEarly
                | Self::Redriven
                | Self::Mended
        )
    }

    /// Whether it strikes only where there are warehouses.
    #[must_use]
    pub fn is_of_warehouses(self) -> bool {
        matches!(
            self,
            Self::HouseTwice
                | Self::HouseLate
                | Self::HouseDown
                | Self::DeliveryCancelledByHand
                | Self::InvoicedByHand
        )
    }
}

/// Clones share the seed and the count.
#[derive(Clone)]
pub struct Weather(Option<Arc<Storm>>);

struct Storm {
    entropy: Entropy,
    clock: Clock,
    trace: Trace,
    /// The kinds that strike in this seed: with all of them at once each story is the same chaos.
    kinds: BTreeSet<Fault>,
    now: Mutex<Now>,
}

struct Now {
    until: Timestamp,
    counts: BTreeMap<Fault, u64>,
    last: BTreeMap<Fault, Timestamp>,
    pairs: BTreeSet<(Fault, Fault)>,
}

impl Weather {
    #[must_use]
    pub fn calm() -> Self {
        Self(None)
    }

    #[must_use]
    pub fn storm(entropy: Entropy, clock: Clock, trace: Trace, until: Timestamp, ships: bool) -> Self {
        let there = Fault::ALL.iter().copied().filter(|kind| ships || !kind.is_of_warehouses());
        let kinds = there.filter(|_| entropy.chance(700)).collect();
        let now = Now { until, counts: BTreeMap::new(), last: BTreeMap::new(), pairs: BTreeSet::new() };
        Self(Some(Arc::new(Storm { entropy, clock, trace, kinds, now: Mutex::new(now) })))
    }

    /// The faults so far, by kind.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<Fault, u64> {
        self.0.as_ref().map(|storm| storm.now().counts.clone()).unwrap_or_default()
    }

    /// The kinds that met.
    #[must_use]
    pub fn pairs(&self) -> BTreeSet<(Fault, Fault)> {
        self.0.as_ref().map(|storm| storm.now().pairs.clone()).unwrap_or_default()
    }

    /// The weather is bad once more, until then.
    pub fn again(&self, until: Timestamp) {
        if let Some(storm) = &self.0 {
            storm.now().until = until;
        }
    }

    /// Whether a fault strikes here.
    #[must_use]
    pub fn strikes(&self, kind: Fault) -> bool {
        let Some(storm) = self.0.as_ref().filter(|storm| storm.kinds.contains(&kind)) else { return false };
        let now = storm.clock.now();
        if now >= storm.now().until || !storm.entropy.chance(kind.per_mille()) {
            return false;
        }
        storm.trace.note(format_args!("weather"), format_args!("{}", kind.name()), b"");
        storm.now().count(kind, now);
        true
    }

    /// A number in `0..below`.
    #[must_use]
    pub fn below(&self, below: u64) -> u64 {
        self.0.as_ref().map_or(0, |storm| storm.entropy.below(below))
    }

    /// Whether it may strike in this seed at all.
    #[must_use]
    pub fn knows(&self, kind: Fault) -> bool {
        self.0.as_ref().is_some_and(|storm| storm.kinds.contains(&kind))
    }

    /// So many seconds, or less.
    #[must_use]
    pub fn seconds(&self, least: u64, most: u64) -> Duration {
        Duration::from_secs(least + self.below(most - least + 1))
    }

    /// How long a call takes: handlers run at once only where they wait for something.
    pub async fn delay(&self, at_most_ms: u64) {
        if self.0.is_some() {
            tokio::time::sleep(Duration::from_millis(self.below(at_most_ms + 1))).await;
        }
    }

    /// Where the next process dies.
    #[must_use]
    pub fn next_death(&self) -> Option<(u64, Moment)> {
        if !self.strikes(Fault::Crash) {
            return None;
        }
        let moment = if self.below(2) == 0 { Moment::Before } else { Moment::After };
        Some((self.below(LIFE) + 1, moment))
    }
}

impl Storm {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Now {
    fn count(&mut self, kind: Fault, now: Timestamp) {
        *self.counts.entry(kind).or_default() += 1;
        for (other, at) in &self.last {
            if now.duration_since(*at) <= NEAR {
                self.pairs.insert((kind.min(*other), kind.max(*other)));
            }
        }
        self.last.insert(kind, now);
    }
}
