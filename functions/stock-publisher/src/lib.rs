//! Tells channels what they may promise of each SKU.
//!
//! In: queue `stock`. Reads: the ledger, and Odoo's figures as they are now. Out: the channels' counts, and in the
//! ledger what each was told last.
//!
//! Safe to repeat: what is told is reckoned anew each time, and a count that stands already is not sent. A shop's
//! own count is changed only while it is the one that we know: what it sold meanwhile is never overwritten.

mod audit;
mod catch_up;
mod goods;
mod publish;
mod reckon;
mod round;
mod unlisted;

use std::{collections::BTreeMap, future::Future, sync::Arc};

use crossdock_core::{
    ChannelId,
    config::{Channel, Config},
    ids::PublicationKey,
    message::{Message, QueueName},
    reason::ReasonCode,
};
use crossdock_odoo::{Catalogue, Odoo};
use crossdock_peers::{Shop, shop_secrets, shops};
use crossdock_platform::{OrderBook, Pace, Platform, stock::ParkedOrders};
use crossdock_publishing::{End, Occasion, Publisher, Trouble, handle_batch};
use crossdock_runtime::{Answers, Parts, Step, Wire, WireError};
use jiff::Timestamp;

use catch_up::Asked;
pub use reckon::Targets;

pub struct StockPublisher<P> {
    pub book: OrderBook<P>,
    pub config: Arc<Config>,
    pub odoo: Odoo,
    pub catalogue: Catalogue,
    pub pace: Pace<P>,
    shops: BTreeMap<ChannelId, Shop<P>>,
    parked: ParkedOrders,
    asked: Asked,
}

impl<P: Platform> Wire<P> for StockPublisher<P> {
    fn secrets(config: &Config) -> Vec<String> {
        shop_secrets(config, Self::is_told).chain([config.odoo.secret.clone()]).collect()
    }

    async fn wire(parts: &Parts<P>) -> Result<Self, WireError> {
        let Parts { platform, config, .. } = parts;
        let (odoo, pace) = crossdock_peers::odoo(parts).await?;
        Ok(Self {
            book: OrderBook::new(platform.clone(), config.retention.clone()),
            config: config.clone(),
            catalogue: Catalogue::new(odoo.clone()),
            odoo,
            pace,
            parked: ParkedOrders::default(),
            asked: Asked::default(),
            shops: shops(parts, Self::is_told).await?,
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
        let Message::StockChanged { publication } = message else { return None };
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

impl<P: Platform> Publisher<P> for StockPublisher<P> {
    const REFUSED: ReasonCode = ReasonCode::StockRefused;

    fn is_told(channel: &Channel) -> bool {
        channel.stock.is_some()
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
