//! Brings what channels show of products, and what they ask for them, to what Odoo says.
//!
//! In: queue `catalogue`. Reads: Odoo's products and its prices by the channel's pricelist, and what the channel
//! shows. Out: the channel's articles, and in the ledger what only a person can mend.
//!
//! Safe to repeat: both sides are read anew each time, and only what differs is written. Nothing is ever deleted.

mod audit;
mod compare;
mod publish;
mod record;

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex},
};

use crossdock_channels::Money;
use crossdock_core::{
    ChannelId,
    config::{Channel, Config},
    ids::PublicationKey,
    message::{Message, QueueName},
    reason::ReasonCode,
};
use crossdock_odoo::{Catalogue, Odoo};
use crossdock_peers::{Shop, shop_secrets, shops};
use crossdock_platform::{OrderBook, Pace, Platform};
use crossdock_publishing::{End, Occasion, Publisher, handle_batch};
use crossdock_runtime::{Answers, Parts, Step, Wire, WireError};
use jiff::Timestamp;

pub use compare::Compared;
pub use crossdock_publishing::Trouble;

/// What the prices of each channel mean, and until when that counts.
type Monies = BTreeMap<ChannelId, (Timestamp, Option<Money>)>;

pub struct CataloguePublisher<P> {
    pub book: OrderBook<P>,
    pub config: Arc<Config>,
    pub odoo: Odoo,
    pub lookups: Catalogue,
    pub pace: Pace<P>,
    shops: BTreeMap<ChannelId, Shop<P>>,
    monies: Mutex<Monies>,
}

impl<P: Platform> Wire<P> for CataloguePublisher<P> {
    fn secrets(config: &Config) -> Vec<String> {
        shop_secrets(config, Self::is_told).chain([config.odoo.secret.clone()]).collect()
    }

    async fn wire(parts: &Parts<P>) -> Result<Self, WireError> {
        let Parts { platform, config, .. } = parts;
        let (odoo, pace) = crossdock_peers::odoo(parts).await?;
        Ok(Self {
            book: OrderBook::new(platform.clone(), config.retention.clone()),
            config: config.clone(),
            lookups: Catalogue::new(odoo.clone()),
            odoo,
            pace,
            shops: shops(parts, Self::is_told).await?,
            monies: Mutex::default(),
        })
    }

    async fn warm(&self) {
        // What Odoo can do is asked once and kept; a failure comes again with the first batch.
        let _ = self.odoo.capabilities().await;
    }
}

impl<P: Platform> Step for CataloguePublisher<P> {
    const QUEUE: QueueName = QueueName::Catalogue;
    type Key = PublicationKey;

    fn key(message: Message) -> Option<PublicationKey> {
        let Message::CatalogueChanged { publication } = message else { return None };
        Some(publication)
    }

    fn handle(
        &self,
        keys: &[PublicationKey],
        deadline: Timestamp,
    ) -> impl Future<Output = Answers<PublicationKey>> + Send {
        handle_batch(self, keys, deadline)
    }
}

impl<P: Platform> Publisher<P> for CataloguePublisher<P> {
    const REFUSED: ReasonCode = ReasonCode::ArticleRefused;

    fn is_told(channel: &Channel) -> bool {
        channel.catalogue.is_some()
    }

    fn book(&self) -> &OrderBook<P> {
        &self.book
    }

    fn config(&self) -> &Config {
        &self.config
    }

    fn shops(&self) -> &BTreeMap<ChannelId, Shop<P>> {
        &self.shops
    }

    fn tell(
        &self,
        channel: &Channel,
        shop: &Shop<P>,
        occasion: &Occasion,
        deadline: Timestamp,
    ) -> impl Future<Output = Result<End, Trouble>> + Send {
        self.rounds(channel, shop, occasion, deadline)
    }
}
