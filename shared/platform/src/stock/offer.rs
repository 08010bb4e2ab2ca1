//! One SKU at one channel: how the channel knows it, and what it was told last.

use std::collections::BTreeMap;

use crossdock_core::{ids::OfferKey, message::Message, reason::Reason};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Key,
    documents::Document,
    work::{Stages, Work},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferStage {
    /// Final until its stock changes.
    Told,
    Parked,
}

impl Stages for OfferStage {
    const PARKED: Self = Self::Parked;

    fn is_final(self) -> bool {
        match self {
            Self::Told | Self::Parked => true,
        }
    }
}

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
    pub work: Work<OfferStage>,
}

impl Document for Offer {
    type Key = OfferKey;

    fn empty(key: OfferKey) -> Self {
        Self { key, handle: None, told: BTreeMap::new(), absent_at: None, work: Work::new(OfferStage::Told) }
    }

    fn ledger_key(key: &OfferKey) -> Key {
        Key::new(format!("offer#{key}"), "state")
    }

    fn key(&self) -> &OfferKey {
        &self.key
    }

    fn due_at(&self) -> Option<Timestamp> {
        self.work.due_at
    }

    fn parked_since(&self) -> Option<Timestamp> {
        (self.work.stage == OfferStage::Parked).then_some(self.work.changed_at)
    }

    /// It is told with others: see [`super::Publication`].
    fn message(&self) -> Option<Message> {
        None
    }

    fn wake(&mut self, now: Timestamp) {
        self.work.wake(now);
    }

    fn replay(&mut self, now: Timestamp) {
        // Asked for anew, and told, with the next look at its stock.
        self.handle = None;
        self.told.clear();
        self.absent_at = None;
        self.work.finish_in(OfferStage::Told, now, "replayed by hand");
    }

    fn reasons(&self) -> &[Reason] {
        &self.work.reasons
    }
}
