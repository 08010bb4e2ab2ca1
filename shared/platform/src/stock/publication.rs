//! Some SKUs that one channel is to be told anew.

use crossdock_core::{
    ChannelId, Sku,
    ids::{BatchId, PublicationKey},
    message::Message,
    order::short_digest,
    reason::Reason,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Key, OrderBook, Platform, PlatformError,
    documents::{Change, Document},
    work::{Stages, Work},
};

/// As many as the largest batch that a channel takes: one publication becomes one call.
pub const SKUS_AT_MOST: usize = 250;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublicationStage {
    /// `stock-publisher` reckons what the channel may promise of them, and tells it.
    Open,
    /// Final.
    Done,
    Parked,
}

impl Stages for PublicationStage {
    const PARKED: Self = Self::Parked;

    fn is_final(self) -> bool {
        match self {
            Self::Open => false,
            Self::Done | Self::Parked => true,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    pub key: PublicationKey,
    /// At most [`SKUS_AT_MOST`].
    pub skus: Vec<Sku>,
    pub work: Work<PublicationStage>,
}

impl Document for Publication {
    type Key = PublicationKey;

    fn empty(key: PublicationKey) -> Self {
        Self { key, skus: Vec::new(), work: Work::new(PublicationStage::Done) }
    }

    fn ledger_key(key: &PublicationKey) -> Key {
        Key::new(format!("publication#{key}"), "state")
    }

    fn key(&self) -> &PublicationKey {
        &self.key
    }

    fn due_at(&self) -> Option<Timestamp> {
        self.work.due_at
    }

    fn parked_since(&self) -> Option<Timestamp> {
        (self.work.stage == PublicationStage::Parked).then_some(self.work.changed_at)
    }

    fn message(&self) -> Option<Message> {
        match self.work.stage {
            PublicationStage::Open => Some(Message::StockChanged { publication: self.key.clone() }),
            PublicationStage::Done | PublicationStage::Parked => None,
        }
    }

    fn wake(&mut self, now: Timestamp) {
        self.work.wake(now);
    }

    fn replay(&mut self, now: Timestamp) {
        self.work.reopen_in(PublicationStage::Open, now, "replayed by hand");
    }

    fn reasons(&self) -> &[Reason] {
        &self.work.reasons
    }
}

impl<P: Platform> OrderBook<P> {
    /// Writes down that a channel is to be told these SKUs anew, and gives the messages. When this returns, nothing
    /// that follows can lose it.
    ///
    /// # Errors
    /// When the ledger does not answer: ask again, a channel that is told twice is told the same.
    pub async fn open_publications(
        &self,
        channel: &ChannelId,
        skus: &[Sku],
        why: &str,
    ) -> Result<Vec<Message>, PlatformError> {
        let mut messages = Vec::new();
        for part in skus.chunks(SKUS_AT_MOST) {
            let key = key_of(channel, part, self.now())?;
            let now = self.now();
            let message = self
                .change::<Publication, _>(&key, |publication| {
                    publication.skus = part.to_vec();
                    publication.work.reopen_in(PublicationStage::Open, now, why);
                    Change::Write(publication.message())
                })
                .await?;
            messages.extend(message);
        }
        Ok(messages)
    }
}

/// Of the same SKUs at the same moment there is one.
fn key_of(channel: &ChannelId, skus: &[Sku], now: Timestamp) -> Result<PublicationKey, PlatformError> {
    let corrupt = |what: String| PlatformError::Corrupt { what };
    let text = serde_json::to_vec(&(now, skus)).map_err(|error| corrupt(error.to_string()))?;
    let id = BatchId::new(short_digest(&text)).map_err(|error| corrupt(error.to_string()))?;
    Ok(PublicationKey::new(channel.clone(), id))
}
