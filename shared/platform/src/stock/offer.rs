//! One SKU at one channel: how the channel knows it, and what it was told last.

use std::collections::BTreeMap;

use crossdock_core::{OrderKey, ids::OfferKey, message::Message};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Key,
    documents::{Document, Group, by_its_work},
    publication::SkuStage,
    work::Work,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub key: OfferKey,
    /// The channel's own name of what it counts; none where it has no such SKU, or was never asked.
    pub handle: Option<String>,
    /// What each location was told last.
    pub told: BTreeMap<String, i64>,
    /// When the channel was asked and did not have it, or did not count it.
    #[serde(default)]
    pub absent_at: Option<Timestamp>,
    /// Orders that it was reckoned with a moment ago, and when: whoever reckons next must not forget them because an
    /// index lags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lately: BTreeMap<OrderKey, Timestamp>,
    /// When `told` was last known to be what the channel counts.
    #[serde(default)]
    pub told_at: Option<Timestamp>,
    /// By location: what the channel counted less than it was told, and no order that it lists explains.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub missing: BTreeMap<String, Missing>,
    pub work: Work<SkuStage>,
}

/// Pieces that a channel seems to have sold, and no order tells of yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Pieces; `told` is without them.
    pub count: i64,
    /// When they were found missing.
    pub at: Timestamp,
}

impl Offer {
    /// What the channel counts is not known any more: it is asked before the next change.
    pub fn forget_counts(&mut self, now: Timestamp, why: &str) {
        self.handle = None;
        self.told.clear();
        self.missing.clear();
        self.work.note(now, why);
    }
}

impl Document for Offer {
    type Key = OfferKey;

    const GROUP: Group = Group::Skus;

    fn empty(key: OfferKey) -> Self {
        Self {
            key,
            handle: None,
            told: BTreeMap::new(),
            absent_at: None,
            lately: BTreeMap::new(),
            told_at: None,
            missing: BTreeMap::new(),
            work: Work::new(SkuStage::Told),
        }
    }

    fn ledger_key(key: &OfferKey) -> Key {
        Key::new(format!("offer#{key}"), "state")
    }

    fn key(&self) -> &OfferKey {
        &self.key
    }

    by_its_work!();

    /// It is told with others: see [`Publication`](crate::publication::Publication).
    fn message(&self) -> Option<Message> {
        None
    }

    fn replay(&mut self, now: Timestamp) {
        // Asked for anew, and told, with the next look at its stock.
        self.handle = None;
        self.told.clear();
        self.absent_at = None;
        self.missing.clear();
        self.work.finish_in(SkuStage::Told, now, "replayed by hand");
    }
}
