//! Shops that sell the same stock, in bad weather: what each counts in the end is what is left to promise.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Result, ensure};
use crossdock_core::{Clock, Entropy};
use crossdock_platform::orders::after;
use jiff::{SignedDuration, Timestamp};
use simulators::{
    odoo,
    scenario::{self, Channel, Delivery, Kind, Scenario, Tempo},
    shops::{Buyer, Goods, Place, Sale, Signed},
};
use tokio::task::JoinSet;

use crate::{
    front::Sender,
    play::{End, Played, STORM, in_weather, platform},
    script::{SHOP_OUTAGE, moment, seconds},
    trace::Trace,
    weather::{Fault, Weather},
    world::{Setup, World},
};

const SKUS: [&str; 3] = ["CD-1", "CD-2", "CD-3"];
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
      stock: { sources: [{ location: "70001", warehouses: [WH] }] } }
  - { id: woo-de, kind: woocommerce, url: "http://woo.in-process", company: My Company,
      pricelists: { USD: USD list }, requests_per_second: 20, stock: { sources: [{ warehouses: [WH] }] } }
  - { id: b2b, kind: standard, url: "http://portal.in-process", company: My Company,
      pricelists: { USD: USD list }, requests_per_second: 20, stock: { sources: [{ warehouses: [WH] }] } }
"#;

/// Something that somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    /// A customer buys, where the shop counts enough.
    Sell(Channel, &'static str, u32),
    /// Goods come in.
    Receive(&'static str, u32),
    /// A person counts at the shop.
    Count(Channel, &'static str, u32),
    /// The next count of the SKU is refused, for no lasting reason.
    Refuse(Channel, &'static str),
    OdooDown,
    OdooUp,
    ShopDown(Channel),
    ShopUp(Channel),
}

/// Plays one seed.
#[must_use]
pub fn play(seed: u64, readable: bool) -> Played {
    in_weather(seed, readable, false, async move |clock, trace, weather| {
        let mut play = Play::new(seed, clock, trace, weather).await?;
        let end = play.all().await;
        Ok(End {
            violation: end.err(),
            calls: play.world.calls(),
            asked: play.world.asked(),
            seconds: 0,
            ledger: if readable { play.world.ledger() } else { Vec::new() },
        })
    })
}

struct Play {
    world: World,
    shops: Scenario,
    sender: Sender,
    /// Webhooks on their way.
    posts: JoinSet<()>,
    /// What is left of each SKU: what was there and came in, less what was sold.
    left: BTreeMap<&'static str, i64>,
    sold: Vec<(Channel, u64)>,
}

impl Play {
    async fn new(seed: u64, clock: Clock, trace: Trace, weather: Weather) -> Result<Self> {
        let shops = Scenario::at_tempo(seed, 0, &clock, Tempo::default());
        let config = crossdock_core::config::parse(CONFIG).map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
        trace.keep_private(scenario::secrets().into_values().flatten());
        let draw = Entropy::seeded(seed ^ 0xbeef);
        let versions = [odoo::Version::V17, odoo::Version::V18, odoo::Version::V19];
        let setup = Setup {
            seed,
            clock: clock.clone(),
            weather: weather.clone(),
            trace: trace.clone(),
            options: platform(),
            version: versions[usize::try_from(draw.below(3)).unwrap_or(0)],
            config,
            secrets: scenario::secrets().into_iter().chain(scenario::warehouse_secrets()).collect(),
            peers: shops.peers(),
            hosts: 2,
            dies_at: None,
        };
        let world = World::new(setup).await?;
        let mut left = BTreeMap::new();
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
        }
        let sender =
            Sender { front: world.front.clone(), scenario: Arc::new(shops.clone()), weather, trace, clock };
        Ok(Self { world, shops, sender, posts: JoinSet::new(), left, sold: Vec::new() })
    }

    async fn all(&mut self) -> Result<()> {
        self.world.run().await?;
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
        self.judge().await
    }

    fn one(&mut self, act: Act) {
        let world = &self.world;
        self.sender.trace.note(format_args!("somebody"), format_args!("{act:?}"), b"");
        match act {
            Act::Sell(channel, sku, pieces) => self.sell(channel, sku, pieces),
            Act::Receive(sku, pieces) => {
                world.odoo.receive("WH", sku, f64::from(pieces));
                *self.left.entry(sku).or_default() += i64::from(pieces);
            }
            Act::Count(Channel::Woo, sku, pieces) => self.shops.woo.shelf.adjust(sku, "", i64::from(pieces)),
            Act::Count(_, sku, pieces) => self.shops.shopify.shelf.adjust(sku, LOCATION, i64::from(pieces)),
            Act::Refuse(Channel::Woo, sku) => self.shops.woo.shelf.refuse(sku, "woocommerce_rest_busy"),
            Act::Refuse(_, sku) => self.shops.shopify.shelf.refuse(sku, "INTERNAL_ERROR"),
            Act::OdooDown => world.odoo.down(true),
            Act::OdooUp => world.odoo.down(false),
            Act::ShopDown(channel) => self.down(channel, true),
            Act::ShopUp(channel) => self.down(channel, false),
        }
    }

    fn down(&self, channel: Channel, down: bool) {
        match channel {
            Channel::Shopify => self.shops.shopify.faults.down(down),
            Channel::Woo => self.shops.woo.faults.down(down),
            Channel::Portal => {}
        }
    }

    fn sell(&mut self, channel: Channel, sku: &'static str, pieces: u32) {
        let shelf = if channel == Channel::Woo { &self.shops.woo.shelf } else { &self.shops.shopify.shelf };
        if shelf.sell(sku, i64::from(pieces)).is_err() {
            return;
        }
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
        let delivery =
            Delivery { channel: channel.id(), at: Duration::ZERO, kind: Kind::First, headers, body };
        self.posts.spawn(self.sender.clone().deliver(delivery));
    }

    /// The weather has cleared: webhooks arrive, the shops are asked each quarter of an hour, and whatever Odoo wrote
    /// meanwhile is looked at.
    async fn come_to_rest(&mut self) -> Result<()> {
        while !self.posts.is_empty() {
            while self.posts.try_join_next().is_some() {}
            self.world.pass(seconds(20)).await?;
        }
        self.world.settle().await?;
        self.world.pass(seconds(2 * 15 * 60)).await?;
        self.world.settle().await?;
        self.world.pass(OVERLAP).await?;
        self.world.settle().await
    }

    /// Told from what lay there, came in and was sold; never from our own ledger.
    async fn judge(&self) -> Result<()> {
        let states = self.world.states().await?;
        let parked: Vec<String> = states
            .iter()
            .filter(|s| !s.reasons.is_empty())
            .map(|s| format!("{} {:?}", s.order, s.reasons))
            .collect();
        ensure!(parked.is_empty(), "parked: {parked:?}");
        for (channel, id) in &self.sold {
            let key = crate::observer::external_id(&format!("{}/{id}", channel.id()));
            let there = self.world.odoo.orders().iter().filter(|order| order.external_id == key).count();
            ensure!(there == 1, "{}/{id} is {there} times in Odoo", channel.id());
        }
        let portal = self.shops.portal.stock();
        for (sku, left) in &self.left {
            let promise = Some((*left).max(0));
            let counts = [
                ("shopify", self.shops.shopify.shelf.count(sku, LOCATION)),
                ("woo", self.shops.woo.shelf.count(sku, "")),
                ("b2b", portal.get(&((*sku).to_owned(), String::new())).copied()),
            ];
            for (shop, count) in counts {
                ensure!(count == promise, "{shop} counts {count:?} of {sku}, and {promise:?} are left");
            }
        }
        Ok(())
    }
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

/// What happens in a storm, in the order of its times.
fn script(weather: &Weather) -> Vec<(Timestamp, Act)> {
    let mut acts = Vec::new();
    for _ in 0..ACTS {
        let sku = SKUS[usize::try_from(weather.below(3)).unwrap_or(0)];
        let channel = if weather.below(2) == 0 { Channel::Shopify } else { Channel::Woo };
        let pieces = 1 + u32::try_from(weather.below(3)).unwrap_or(0);
        let act = match weather.below(10) {
            0..6 => Act::Sell(channel, sku, pieces),
            6..8 => Act::Receive(sku, pieces),
            8 => Act::Count(channel, sku, pieces),
            _ => Act::Refuse(channel, sku),
        };
        let at = moment(weather, 90);
        acts.push((at, act));
        // Another customer wants the same at the same moment, in the other shop.
        if let (Act::Sell(..), 0) = (act, weather.below(4)) {
            let other = if channel == Channel::Woo { Channel::Shopify } else { Channel::Woo };
            acts.push((at, Act::Sell(other, sku, pieces)));
        }
    }
    if weather.strikes(Fault::OdooDown) {
        let down = moment(weather, 30);
        acts.push((down, Act::OdooDown));
        acts.push((after(down, seconds(600 + weather.below(3600))), Act::OdooUp));
    }
    for channel in [Channel::Shopify, Channel::Woo] {
        if weather.strikes(Fault::ShopDown) {
            let down = moment(weather, 30);
            acts.push((down, Act::ShopDown(channel)));
            acts.push((after(down, SHOP_OUTAGE), Act::ShopUp(channel)));
        }
    }
    acts.sort();
    acts
}
