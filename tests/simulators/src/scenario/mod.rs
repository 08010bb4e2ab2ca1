//! Sample traffic: orders in three shops, the webhooks about them, and where each order must end.
//!
//! The same seed makes the same orders and the same bytes. Every kind of story occurs once there are forty
//! orders.

mod houses;
mod judge;
mod people;
mod setup;
mod shelves;
mod shipped;
mod shipped_money;
mod stories;
mod story;

use std::{collections::BTreeMap, ops::Range, time::Duration};

use bytes::Bytes;
use crossdock_core::{Clock, Entropy};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use crate::shops::{Buyer, Place, Sale, Signed, portal::Portal, shopify::Shop, woocommerce::Site};

pub use houses::{CODES, HOUSES, Houses, PLENTY, SCARCE, SERIAL, Told};
pub use judge::{Seen, Verdict, judge};
pub use setup::{
    Addresses, config_with_shelves, config_with_warehouses, config_yaml, secrets, warehouse_secrets,
};
pub use shelves::{Shelves, judge_shelves};
pub use shipped::{Shipped, judge_shipped};
pub use story::Story;

/// The shops of the sample, by the names of their channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    Shopify,
    Woo,
    Portal,
}

impl Channel {
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Shopify => "shopify-main",
            Self::Woo => "woo-de",
            Self::Portal => "b2b",
        }
    }
}

/// What a delivery is, for counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    First,
    /// The very same once more.
    Duplicate,
    /// An older state after a newer one.
    Late,
    /// Not signed by the shop, about an order that it does not have.
    Forged,
    Ping,
}

/// How fast the traffic comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tempo {
    /// How long after the first webhook of an order a later change of it comes.
    pub later: Duration,
    /// All first webhooks come within this time,
    pub span: Duration,
    /// or as long as so many orders a second take, where that is longer.
    pub orders_per_s: u64,
}

impl Default for Tempo {
    /// As in a shop: time enough between two changes that the first has long been imported.
    fn default() -> Self {
        Self { later: Duration::from_secs(10 * 60), span: Duration::from_secs(120), orders_per_s: 2 }
    }
}

impl Tempo {
    /// For runs in real time, which should not take a quarter of an hour.
    pub const BRISK: Self =
        Self { later: Duration::from_secs(60), span: Duration::from_secs(10), orders_per_s: 8 };

    /// In milliseconds.
    fn span_ms(self, orders: usize) -> u64 {
        let span = u64::try_from(self.span.as_millis()).unwrap_or(u64::MAX);
        span.max(orders as u64 * 1000 / self.orders_per_s)
    }
}

/// One webhook on its way.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub channel: &'static str,
    /// Since the beginning.
    pub at: Duration,
    pub kind: Kind,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Delivery {
    #[must_use]
    pub fn signed(&self) -> Signed {
        Signed { headers: self.headers.clone(), body: self.body.clone() }
    }
}

/// Where an order must end.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    Confirmed {
        total: Decimal,
        currency: String,
        lines: Vec<(String, Decimal)>,
    },
    Parked {
        reason: &'static str,
    },
    /// Cancelled at the shop: absent from Odoo, or cancelled there.
    NotConfirmed,
}

#[derive(Clone)]
pub struct Scenario {
    pub shopify: Shop,
    pub woo: Site,
    pub portal: Portal,
    clock: Clock,
    /// They ship where the configuration names them: [`config_with_warehouses`].
    pub houses: Houses,
    /// In the order of their time.
    pub deliveries: Vec<Delivery>,
    /// Who buys, and where it goes: everything personal that the shops tell.
    pub people: Vec<(Buyer, Place)>,
    /// By `channel/id`.
    pub expected: BTreeMap<String, Expected>,
}

impl Scenario {
    /// Makes `orders` orders, beginning at the clock's present.
    #[must_use]
    pub fn build(seed: u64, orders: usize, clock: &Clock) -> Self {
        Self::at_tempo(seed, orders, clock, Tempo::default())
    }

    /// The same at another tempo.
    #[must_use]
    pub fn at_tempo(seed: u64, orders: usize, clock: &Clock, tempo: Tempo) -> Self {
        let all = secrets();
        let secret = |name: &str| all[name][0].clone();
        let mut scenario = Self {
            shopify: Shop::new(clock.clone(), &secret("shopify-main/api"), &secret("shopify-main/webhook")),
            woo: Site::new(clock.clone(), &secret("woo-de/api"), &secret("woo-de/webhook")),
            portal: Portal::new(clock.clone(), &secret("b2b/webhook")),
            clock: clock.clone(),
            houses: Houses::new(seed, orders, clock, tempo),
            deliveries: Vec::new(),
            people: Vec::new(),
            expected: BTreeMap::new(),
        };
        scenario.portal.expect_callbacks(&warehouse_secrets()["b2b/api"][0]);
        scenario.more(seed, 0..orders, clock, tempo);
        scenario
    }

    /// Puts further orders into the same shops. `deliveries` are then those about them alone, beginning at
    /// the clock's present; `expected` holds all orders.
    pub fn more(&mut self, seed: u64, numbers: Range<usize>, clock: &Clock, tempo: Tempo) {
        self.deliveries.clear();
        let orders = numbers.len();
        let mut teller = stories::Teller { entropy: Entropy::seeded(seed), start: clock.now(), tempo };
        for at in numbers {
            teller.tell(self, at, orders);
        }
        self.deliveries.sort_by_key(|delivery| delivery.at);
    }

    fn signed(&self, channel: Channel, topic: &str, sale: &Sale, at: Timestamp) -> Signed {
        match channel {
            Channel::Shopify => self.shopify.webhook(topic, sale),
            Channel::Woo => self.woo.webhook(topic, sale),
            Channel::Portal => self.portal.webhook(sale, at.as_second()),
        }
    }

    /// A delivery as it would be sent at `now`: the portal's signature is good for minutes alone.
    #[must_use]
    pub fn signed_at(&self, delivery: &Delivery, now: Timestamp) -> Delivery {
        let id = delivery.headers.iter().find(|(name, _)| name == "webhook-id").map(|(_, id)| id.clone());
        match (delivery.kind, id) {
            (Kind::First | Kind::Duplicate | Kind::Late, Some(id)) => {
                let Signed { headers, body } = self.portal.sign(id, delivery.body.clone(), now.as_second());
                Delivery { headers, body, ..delivery.clone() }
            }
            _ => delivery.clone(),
        }
    }

    fn put(&self, channel: Channel, sale: Sale) {
        let mut goods: BTreeMap<String, i64> = BTreeMap::new();
        for (sku, one) in sale.goods.iter().filter_map(|one| Some((one.sku.clone()?, one))) {
            *goods.entry(sku).or_default() += if sale.cancelled { 0 } else { i64::from(one.current) };
        }
        match channel {
            Channel::Shopify => self.shopify.shelf.follow(&self.clock, sale.updated_at, sale.id, goods),
            Channel::Woo => self.woo.shelf.follow(&self.clock, sale.updated_at, sale.id, goods),
            // Whoever is told what it may sell counts by itself.
            Channel::Portal => {}
        }
        match channel {
            Channel::Shopify => self.shopify.put(sale),
            Channel::Woo => self.woo.put(sale),
            Channel::Portal => self.portal.put(sale),
        }
    }

    fn deliver(
        &mut self,
        channel: Channel,
        kind: Kind,
        start: Timestamp,
        at: Duration,
        topic: &str,
        sale: &Sale,
    ) {
        let moment = start.checked_add(SignedDuration::try_from(at).unwrap_or_default()).unwrap_or(start);
        let Signed { headers, body } = self.signed(channel, topic, sale, moment);
        self.deliveries.push(Delivery { channel: channel.id(), at, kind, headers, body });
    }
}
