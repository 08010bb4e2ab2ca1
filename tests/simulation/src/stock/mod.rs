//! Shops that sell the same stock, in bad weather: what each counts in the end is what is left to promise, and what
//! each asks for it is Odoo's price.

mod judge;
mod last_pieces;
pub mod lost_day;
mod script;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use anyhow::Result;
use crossdock_core::{Clock, Entropy, Sku, config::Config};
use crossdock_platform::orders::after;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::json;
use simulators::{
    odoo,
    scenario::{self, Channel, Delivery, Kind, Scenario, Tempo, Told},
    shops::{Buyer, Goods, Place, Sale, Signed},
};
use tokio::task::JoinSet;

pub(crate) use script::Act;
use script::script;

use crate::{
    Moment,
    front::Sender,
    play::{End, Played, STORM, in_weather, platform},
    script::seconds,
    trace::Trace,
    weather::Weather,
    world::{Setup, World},
};

const SKUS: [&str; 3] = ["CD-1", "CD-2", "CD-3"];
/// What is kept back of it for what shops sell at the same moment.
const BUFFERED: (&str, i64) = ("CD-1", 3);
/// Where Shopify counts.
const LOCATION: &str = "70001";
/// The first order's number.
const FIRST: u64 = 7001;
/// What people do in a storm, sales among it.
const ACTS: u64 = 30;
/// More than all customers of a storm can buy of what is not there.
const PLENTY: u32 = 200;
/// Longer than the watcher looks back over its last look.
const OVERLAP: SignedDuration = SignedDuration::from_mins(8);

const CONFIG: &str = r#"
odoo: { url: "http://odoo.in-process", database: odoo, user: crossdock, requests_per_second: 50 }
channels:
  - { id: shopify-main, kind: shopify, url: "http://shopify.in-process", company: My Company,
      pricelists: { USD: USD list }, requests_per_second: 20,
      stock: { sources: [{ location: "70001", warehouses: [WH] }], buffers: { CD-1: 3 } }, catalogue: { pricelist: USD list, sku_prefix: CD- } }
  - { id: woo-de, kind: woocommerce, url: "http://woo.in-process", company: My Company,
      pricelists: { USD: USD list }, requests_per_second: 20, stock: { sources: [{ warehouses: [WH] }], buffers: { CD-1: 3 } },
      catalogue: { pricelist: EUR list, sku_prefix: CD- } }
  - { id: b2b, kind: standard, url: "http://portal.in-process", company: My Company,
      pricelists: { USD: USD list }, requests_per_second: 20, stock: { sources: [{ warehouses: [WH] }], buffers: { CD-1: 3 } },
      catalogue: { pricelist: USD list, sku_prefix: CD- } }
warehouses:
  - { id: east, kind: standard, url: "http://east.in-process", odoo: WH, requests_per_second: 20,
      stock: { adjustments: apply, snapshots: apply } }
"#;

/// What is kept back of a SKU.
fn kept_back(sku: &str) -> i64 {
    if sku == BUFFERED.0 { BUFFERED.1 } else { 0 }
}

/// Plays one seed.
#[must_use]
pub fn play(seed: u64, readable: bool) -> Played {
    in_weather(seed, readable, true, async move |clock, trace, weather| {
        let mut play = Play::new(seed, clock, trace, weather, None).await?;
        let end = play.all().await;
        Ok(End::of(&play.world, end, readable))
    })
}

pub(crate) struct Play {
    pub world: World,
    shops: Scenario,
    sender: Sender,
    /// Webhooks on their way.
    posts: JoinSet<()>,
    /// What is left of each SKU: what was there and came in, less what was sold.
    left: BTreeMap<&'static str, i64>,
    /// What each costs now.
    price: BTreeMap<&'static str, u32>,
    version: odoo::Version,
    /// How many adjustments the warehouse has told.
    adjusted: u32,
    sold: Vec<(Channel, u64)>,
}

impl Play {
    /// The shops have nothing yet. `dies_at` is the call at which the one process dies; without it there are two.
    pub async fn new(
        seed: u64,
        clock: Clock,
        trace: Trace,
        weather: Weather,
        dies_at: Option<(u64, Moment)>,
    ) -> Result<Self> {
        let shops = Scenario::at_tempo(seed, 0, &clock, Tempo::default());
        let config = configuration()?;
        trace.keep_private(scenario::secrets().into_values().flatten());
        let draw = Entropy::seeded(seed ^ 0xbeef);
        let versions = [odoo::Version::V17, odoo::Version::V18, odoo::Version::V19];
        let version = versions[usize::try_from(draw.below(3)).unwrap_or(0)];
        let setup = Setup {
            seed,
            clock: clock.clone(),
            weather: weather.clone(),
            trace: trace.clone(),
            options: platform(),
            version,
            config,
            secrets: scenario::secrets().into_iter().chain(scenario::warehouse_secrets()).collect(),
            peers: shops.peers(),
            hosts: if dies_at.is_some() { 1 } else { 2 },
            dies_at,
        };
        let world = World::new(setup).await?;
        let (mut left, mut price) = (BTreeMap::new(), BTreeMap::new());
        for sku in SKUS {
            let pieces = 3 + i64::try_from(draw.below(10))?;
            world.odoo.seed(|seed| {
                let product = seed.find("product.product", "default_code", sku);
                let house = seed.find("stock.warehouse", "code", "WH");
                seed.stock(product, house, pieces as f64);
            });
            shops.shopify.shelf.put(sku, &[(LOCATION, 0)]);
            shops.woo.shelf.put(sku, &[("", 0)]);
            left.insert(sku, pieces);
            price.insert(sku, 1000);
            shops.shopify.shelf.supply(sku, pieces);
        }
        let sender =
            Sender { front: world.front.clone(), scenario: Arc::new(shops.clone()), weather, trace, clock };
        Ok(Self {
            world,
            shops,
            sender,
            posts: JoinSet::new(),
            left,
            price,
            version,
            adjusted: 0,
            sold: Vec::new(),
        })
    }

    async fn all(&mut self) -> Result<()> {
        self.world.run().await?;
        SKUS.into_iter().for_each(|sku| self.one(Act::Price(sku, self.price[sku])));
        for (at, act) in script(&self.world.weather) {
            self.world.pass_until(at).await?;
            self.one(act);
        }
        self.world.pass_until(after(flows::START, STORM)).await?;
        self.come_to_rest().await?;
        // What was counted by hand at a shop, and what was refused there, is set right with the next change of the
        // promise: more comes in than was ever sold and not there.
        for sku in SKUS {
            self.one(Act::Receive(sku, PLENTY));
        }
        self.come_to_rest().await?;
        self.judge().await?;
        self.sell_the_last_pieces().await
    }

    pub fn one(&mut self, act: Act) {
        let world = &self.world;
        self.sender.trace.note(format_args!("somebody"), format_args!("{act:?}"), b"");
        match act {
            Act::Sell(channel, sku, pieces) => self.sell(channel, sku, pieces),
            Act::Receive(sku, pieces) => {
                self.shops.shopify.shelf.supply(sku, i64::from(pieces));
                world.odoo.receive("WH", sku, f64::from(pieces));
                *self.left.entry(sku).or_default() += i64::from(pieces);
            }
            Act::Adjust(sku, by) => self.adjust(sku, by),
            Act::Price(sku, cents) => {
                let product = world.odoo.seed(|seed| seed.find("product.product", "default_code", sku));
                let price = json!({ "list_price": f64::from(cents) / 100.0 });
                // Nobody can be in a person's way here: the simulated person does not wait for locks.
                if world.odoo.by_hand_write("product.product", product, &price).is_ok() {
                    self.price.insert(sku, cents);
                }
            }
            Act::Count(Channel::Woo, sku, pieces) => self.shops.woo.shelf.adjust(sku, "", i64::from(pieces)),
            Act::Count(_, sku, pieces) => self.shops.shopify.shelf.adjust(sku, LOCATION, i64::from(pieces)),
            Act::Reprice(channel, sku, cents) => {
                let price = Decimal::new(cents.into(), 2).to_string();
                let shelf = match channel {
                    Channel::Woo => &self.shops.woo.shelf,
                    _ => &self.shops.shopify.shelf,
                };
                shelf.change(sku, |article| article.price = Some(price.clone()));
            }
            Act::Refuse(Channel::Woo, sku) => self.shops.woo.shelf.refuse_count(sku, "woocommerce_rest_busy"),
            Act::Refuse(_, sku) => self.shops.shopify.shelf.refuse_count(sku, "INTERNAL_ERROR"),
            Act::OdooDown => world.odoo.down(true),
            Act::OdooUp => world.odoo.down(false),
            Act::ShopDown(channel) => self.down(channel, true),
            Act::ShopUp(channel) => self.down(channel, false),
        }
    }

    /// What is broken was not sold yet: the warehouse has more than that in its hands. In Odoo 17 alone it takes an
    /// administrator of the stock to correct it, which our user is not.
    fn adjust(&mut self, sku: &'static str, by: i32) {
        let left = self.left.entry(sku).or_default();
        if self.version == odoo::Version::V17 || by == 0 || *left + i64::from(by) < 0 {
            return;
        }
        *left += i64::from(by);
        // What is broken is known to nobody for a while: until then a shop may be told of it as there.
        self.shops.shopify.shelf.supply(sku, i64::from(by.max(0)));
        self.adjusted += 1;
        let reason = if by < 0 { "damaged" } else { "found" };
        let body = json!({
            "type": "inventory_adjusted.v1", "id": format!("A-{}", self.adjusted), "at": self.world.clock.now(),
            "reason": reason, "lines": [{ "sku": sku, "delta": by.to_string() }],
        });
        let signed = Signed { headers: Vec::new(), body: body.to_string().into() };
        self.posts.spawn(self.sender.clone().tell(Told { door: "east", signed }));
    }

    fn down(&self, channel: Channel, down: bool) {
        match channel {
            Channel::Shopify => self.shops.shopify.faults.down(down),
            Channel::Woo => self.shops.woo.faults.down(down),
            Channel::Portal => {}
        }
    }

    fn sell(&mut self, channel: Channel, sku: &'static str, pieces: u32) {
        if let Some(delivery) = self.sold(channel, sku, pieces) {
            self.posts.spawn(self.sender.clone().deliver(delivery));
        }
    }

    /// A sale, where the shop counts enough: gives the webhook that tells of it.
    fn sold(&mut self, channel: Channel, sku: &'static str, pieces: u32) -> Option<Delivery> {
        let shelf = if channel == Channel::Woo { &self.shops.woo.shelf } else { &self.shops.shopify.shelf };
        shelf.sell(sku, i64::from(pieces)).ok()?;
        *self.left.entry(sku).or_default() -= i64::from(pieces);
        let id = FIRST + self.sold.len() as u64;
        self.sold.push((channel, id));
        let now = self.world.clock.now();
        // Shops tell times to the second.
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let sale = Sale {
            buyer: buyer(),
            ship_to: place(),
            ..Sale::plain(id, now, vec![Goods::plain(10 * id, sku, pieces)])
        };
        let Signed { headers, body } = if channel == Channel::Woo {
            self.shops.woo.put(sale.clone());
            self.shops.woo.webhook("order.created", &sale)
        } else {
            self.shops.shopify.put(sale.clone());
            self.shops.shopify.webhook("orders/create", &sale)
        };
        Some(Delivery { channel: channel.id(), at: Duration::ZERO, kind: Kind::First, headers, body })
    }

    /// The weather has cleared: webhooks arrive, the shops are asked each quarter of an hour, and whatever Odoo wrote
    /// meanwhile is looked at.
    async fn come_to_rest(&mut self) -> Result<()> {
        self.arrive().await?;
        self.world.pass(seconds(2 * 15 * 60)).await?;
        self.world.settle().await?;
        self.world.pass(OVERLAP).await?;
        self.world.settle().await
    }

    /// Webhooks arrive, and whatever follows from them and from what Odoo wrote comes to its end.
    pub async fn arrive(&mut self) -> Result<()> {
        while !self.posts.is_empty() {
            while self.posts.try_join_next().is_some() {}
            self.world.pass(seconds(20)).await?;
        }
        self.world.settle().await
    }
}

/// The shops sell nothing else of what lies in Odoo.
fn configuration() -> Result<Config> {
    let mut config = crossdock_core::config::parse(CONFIG).map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
    let others: BTreeSet<Sku> =
        (4..=20).map(|number| format!("CD-{number}").parse()).collect::<Result<_, _>>()?;
    for channel in &mut config.channels {
        channel.stock.iter_mut().for_each(|stock| stock.exclude.clone_from(&others));
        channel.catalogue.iter_mut().for_each(|catalogue| catalogue.exclude.clone_from(&others));
    }
    Ok(config)
}

fn buyer() -> Buyer {
    Buyer { email: "ann@example.test".into(), first: "Ann".into(), last: "Rivera".into(), ..Buyer::default() }
}

fn place() -> Place {
    Place {
        street: "1 Main St".into(),
        city: "Oakland".into(),
        zip: "94607".into(),
        region: Some("CA".into()),
        country: "US".into(),
    }
}
