//! Tells channels what they may promise of each SKU.
//!
//! In: queue `stock`. Reads: the ledger, and Odoo's figures as they are now. Out: the channels' counts, and in the
//! ledger what each was told last.
//!
//! Safe to repeat: what is told is reckoned anew each time, and a count that stands already is not sent. A shop's
//! own count is changed only while it is the one that we know: what it sold meanwhile is never overwritten.

mod outcome;
mod publish;
mod reckon;
mod round;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::Arc,
};

use crossdock_channels::Api;
use crossdock_core::{
    ChannelId, Sku,
    config::{Channel, Config},
    ids::PublicationKey,
    message::{Message, QueueName},
};
use crossdock_odoo::{Catalogue, Connection, Odoo};
use crossdock_platform::{
    OrderBook, Pace, Platform,
    stock::{Publication, PublicationStage},
};
use crossdock_runtime::{Answers, Parts, Step, Wire, WireError};
use jiff::Timestamp;

pub use reckon::Targets;

/// A shop and its pace.
pub(crate) struct Shop<P> {
    pub api: Api,
    pub pace: Pace<P>,
}

pub struct StockPublisher<P> {
    pub book: OrderBook<P>,
    pub config: Arc<Config>,
    pub odoo: Odoo,
    pub catalogue: Catalogue,
    pub pace: Pace<P>,
    shops: BTreeMap<ChannelId, Shop<P>>,
}

impl<P: Platform> Wire<P> for StockPublisher<P> {
    fn secrets(config: &Config) -> Vec<String> {
        let shops = config.channels.iter().filter(|channel| channel.stock.is_some()).map(Channel::api_secret);
        [config.odoo.secret.clone()].into_iter().chain(shops).collect()
    }

    async fn wire(parts: &Parts<P>) -> Result<Self, WireError> {
        let Parts { platform, config, client } = parts;
        let odoo = Odoo::new(client.clone(), Connection::new(&config.odoo, parts.odoo_key().await?));
        let mut shops = BTreeMap::new();
        for channel in config.channels.iter().filter(|channel| channel.stock.is_some()) {
            let Some(token) = platform.secret(&channel.api_secret()).await?.newest().cloned() else {
                tracing::warn!(channel.name = %channel.id, "its stock cannot be told: it has no API secret");
                continue;
            };
            let api = Api::new(client.clone(), channel, &token);
            let pace = Pace::new(platform.clone(), channel.id.as_str(), channel.requests_per_second);
            shops.insert(channel.id.clone(), Shop { api, pace });
        }
        Ok(Self {
            book: OrderBook::new(platform.clone(), config.retention.clone()),
            config: config.clone(),
            catalogue: Catalogue::new(odoo.clone()),
            odoo,
            pace: Pace::new(platform.clone(), crossdock_odoo::PEER, config.odoo.requests_per_second),
            shops,
        })
    }

    async fn warm(&self) {
        // What Odoo can do is asked once and kept; a failure comes again with the first batch.
        let _ = self.odoo.capabilities().await;
    }
}

impl<P: Platform> Step for StockPublisher<P> {
    const QUEUE: QueueName = QueueName::Stock;
    type Key = PublicationKey;

    fn key(message: Message) -> Option<PublicationKey> {
        match message {
            Message::StockChanged { publication } => Some(publication),
            Message::OrderChanged { .. }
            | Message::OrderValidated { .. }
            | Message::TransfersChanged { .. }
            | Message::ShipmentReported { .. }
            | Message::WarehouseReported { .. }
            | Message::BillingOpened { .. }
            | Message::ShipmentApplied { .. }
            | Message::ParcelMoved { .. }
            | Message::OdooHinted { .. } => None,
        }
    }

    fn handle(
        &self,
        keys: &[PublicationKey],
        deadline: Timestamp,
    ) -> impl Future<Output = Answers<PublicationKey>> + Send {
        self.handle_batch(keys, deadline)
    }
}

impl<P: Platform> StockPublisher<P> {
    async fn handle_batch(&self, keys: &[PublicationKey], deadline: Timestamp) -> Answers<PublicationKey> {
        let mut answers = Vec::new();
        let mut by_channel: BTreeMap<ChannelId, Vec<Publication>> = BTreeMap::new();
        for key in keys {
            match self.book.document::<Publication>(key).await {
                Ok(Some(open)) if open.work.stage == PublicationStage::Open => {
                    by_channel.entry(key.channel.clone()).or_default().push(open);
                }
                Ok(_) => answers.push((key.clone(), Ok(()))),
                Err(error) => answers.push((key.clone(), Err(error))),
            }
        }
        for (channel, publications) in by_channel {
            // A SKU that changed fifty times is told once.
            let skus: BTreeSet<Sku> = publications.iter().flat_map(|one| one.skus.iter().cloned()).collect();
            let occasion: Vec<String> = publications.iter().map(|one| one.key.to_string()).collect();
            let end = self.publish(&channel, &skus, &occasion.join(" "), deadline).await;
            for publication in &publications {
                answers.push((publication.key.clone(), self.store(publication, &end).await));
            }
        }
        answers
    }
}
