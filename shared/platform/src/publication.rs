//! Some SKUs that one channel is to be told anew: their stock, or their articles and prices.

use std::collections::BTreeSet;

use crossdock_core::{
    ChannelId, OrderKey, Sku,
    difference::{Difference, Healing},
    ids::{BatchId, PublicationKey, SliceKey},
    message::Message,
    order::short_digest,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Key, OrderBook, Platform, PlatformError,
    documents::{Change, Document, Group, by_its_work},
    reconciliation::{Slice, unknown},
    work::{Stages, Work},
};

/// What of the SKUs a channel is to be told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// How much there is; by `stock-publisher`.
    #[default]
    Stock,
    /// What they are called and cost; by `catalogue-publisher`.
    Catalogue,
}

impl Topic {
    /// As many SKUs as one publication holds: as many as the largest batch that a channel takes, so that one
    /// publication becomes one call.
    #[must_use]
    pub fn skus_at_most(self) -> usize {
        match self {
            Self::Stock => 250,
            Self::Catalogue => 100,
        }
    }
}

/// Where one SKU of a channel stands between two publications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkuStage {
    /// Final until it changes.
    Told,
    Parked,
}

impl Stages for SkuStage {
    const PARKED: Self = Self::Parked;

    fn is_final(self) -> bool {
        match self {
            Self::Told | Self::Parked => true,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublicationStage {
    /// The topic's publisher looks at what Odoo says of them now, and tells the channel.
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
    #[serde(default)]
    pub topic: Topic,
    /// At most [`Topic::skus_at_most`].
    pub skus: Vec<Sku>,
    /// Orders that sold of them so lately that an index may not show them yet.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub orders: BTreeSet<OrderKey>,
    /// Until when a request that somebody sent for it may still be done, though nobody has its answer, or a sale
    /// that the channel does not list yet may be listed: what stands in the channel before that proves nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Timestamp>,
    /// The slice of a reconciliation that it compares for: the channel is read, and told only as far as the run may
    /// mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<SliceKey>,
    /// What an audit found: written before it is mended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<Difference>,
    pub work: Work<PublicationStage>,
}

impl Document for Publication {
    type Key = PublicationKey;

    const GROUP: Group = Group::Skus;

    fn empty(key: PublicationKey) -> Self {
        Self {
            key,
            topic: Topic::default(),
            skus: Vec::new(),
            orders: BTreeSet::new(),
            doubt: None,
            audit: None,
            found: Vec::new(),
            work: Work::new(PublicationStage::Done),
        }
    }

    fn ledger_key(key: &PublicationKey) -> Key {
        Key::new(format!("publication#{key}"), "state")
    }

    fn key(&self) -> &PublicationKey {
        &self.key
    }

    by_its_work!();

    fn message(&self) -> Option<Message> {
        match self.work.stage {
            PublicationStage::Open => Some(match self.topic {
                Topic::Stock => Message::StockChanged { publication: self.key.clone() },
                Topic::Catalogue => Message::CatalogueChanged { publication: self.key.clone() },
            }),
            PublicationStage::Done | PublicationStage::Parked => None,
        }
    }

    /// Once it is done nobody reads it any more, and each night makes many.
    fn kept_days(&self) -> Option<u32> {
        (self.work.stage == PublicationStage::Done).then_some(14)
    }

    fn replay(&mut self, now: Timestamp) {
        self.work.reopen_in(PublicationStage::Open, now, "replayed by hand");
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
        topic: Topic,
        skus: &[Sku],
        why: &str,
    ) -> Result<Vec<Message>, PlatformError> {
        self.open(channel, topic, skus, &BTreeSet::new(), why).await
    }

    /// The same for the stock of what `orders` have sold.
    ///
    /// # Errors
    /// As [`Self::open_publications`].
    pub async fn open_publications_of(
        &self,
        channel: &ChannelId,
        skus: &[Sku],
        orders: &BTreeSet<OrderKey>,
    ) -> Result<Vec<Message>, PlatformError> {
        self.open(channel, Topic::Stock, skus, orders, "sold in another channel").await
    }

    /// Writes down that a slice of a reconciliation wants these SKUs of a channel compared, and gives the message. A
    /// second time changes nothing.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn open_audit(
        &self,
        channel: &ChannelId,
        topic: Topic,
        skus: &[Sku],
        slice: &SliceKey,
        batch: &BatchId,
    ) -> Result<Option<Message>, PlatformError> {
        let now = self.now();
        let key = PublicationKey::new(channel.clone(), batch.clone());
        self.change::<Publication, _>(&key, |publication| {
            if !publication.work.is_empty() {
                return Change::Leave(publication.message());
            }
            publication.topic = topic;
            publication.skus = skus.to_vec();
            publication.audit = Some(slice.clone());
            publication.work.reopen_in(PublicationStage::Open, now, "to be compared");
            Change::Write(publication.message())
        })
        .await
    }

    /// Writes down what an audit found and not yet knew, with what of it is to be mended. Gives all that it found.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn found(
        &self,
        key: &PublicationKey,
        slice: &SliceKey,
        found: Vec<Difference>,
        at_most: impl Fn(Healing) -> u32,
    ) -> Result<Vec<Difference>, PlatformError> {
        let known = self.document::<Publication>(key).await?.map(|known| known.found).unwrap_or_default();
        let mut new = unknown(&known, found);
        if new.is_empty() {
            return Ok(known);
        }
        if let Some(slice) = self.document::<Slice>(slice).await? {
            self.allow(&slice, &mut new, at_most).await?;
        }
        self.change::<Publication, _>(key, |publication| {
            let new = unknown(&publication.found, new.clone());
            publication.found.extend(new);
            Change::Write(publication.found.clone())
        })
        .await
    }

    /// Takes a publication up: the publication as it was, none where it is not open. Until the end is written down,
    /// whoever comes next must think that a request is under way until `until`: the one who takes it up may die.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn take_publication(
        &self,
        key: &PublicationKey,
        until: Timestamp,
    ) -> Result<Option<Publication>, PlatformError> {
        self.change::<Publication, _>(key, |publication| {
            if publication.work.stage != PublicationStage::Open {
                return Change::Leave(None);
            }
            let before = publication.clone();
            publication.doubt = publication.doubt.max(Some(until));
            Change::Write(Some(before))
        })
        .await
    }

    async fn open(
        &self,
        channel: &ChannelId,
        topic: Topic,
        skus: &[Sku],
        orders: &BTreeSet<OrderKey>,
        why: &str,
    ) -> Result<Vec<Message>, PlatformError> {
        let mut messages = Vec::new();
        for part in skus.chunks(topic.skus_at_most()) {
            let key = key_of(channel, topic, part, self.now())?;
            let now = self.now();
            let message = self
                .change::<Publication, _>(&key, |publication| {
                    publication.topic = topic;
                    publication.skus = part.to_vec();
                    publication.orders.extend(orders.iter().cloned());
                    publication.work.reopen_in(PublicationStage::Open, now, why);
                    Change::Write(publication.message())
                })
                .await?;
            messages.extend(message);
        }
        Ok(messages)
    }
}

/// Of the same SKUs and the same topic at the same moment there is one.
fn key_of(
    channel: &ChannelId,
    topic: Topic,
    skus: &[Sku],
    now: Timestamp,
) -> Result<PublicationKey, PlatformError> {
    Ok(PublicationKey::new(channel.clone(), batch_of(&(now, topic, skus))?))
}

/// The id of what it serialises to.
///
/// # Errors
/// When it does not serialise.
pub fn batch_of(what: &impl Serialize) -> Result<BatchId, PlatformError> {
    let corrupt = |what: String| PlatformError::Corrupt { what };
    let text = serde_json::to_vec(what).map_err(|error| corrupt(error.to_string()))?;
    BatchId::new(short_digest(&text)).map_err(|error| corrupt(error.to_string()))
}
