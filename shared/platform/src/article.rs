//! One SKU's article at one channel: what the channel was told of it, and why it could not be told.

use crossdock_core::{catalogue::Listing, ids::OfferKey, message::Message};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Key,
    documents::{Document, Group, by_its_work},
    publication::SkuStage,
    work::Work,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    pub key: OfferKey,
    /// What a channel that cannot be asked was told last; none where it can be, or was told nothing.
    pub told: Option<Listing>,
    pub work: Work<SkuStage>,
}

impl Document for Article {
    type Key = OfferKey;

    const GROUP: Group = Group::Skus;

    fn empty(key: OfferKey) -> Self {
        Self { key, told: None, work: Work::new(SkuStage::Told) }
    }

    fn ledger_key(key: &OfferKey) -> Key {
        Key::new(format!("article#{key}"), "state")
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
        // Looked at anew with the publication that the replay opens.
        self.told = None;
        self.work.finish_in(SkuStage::Told, now, "replayed by hand");
    }
}
