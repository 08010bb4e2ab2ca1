//! A chain with a warehouse, and shops of each kind that are told of what it ships.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crossdock_core::{
    OrderKey,
    config::{Channel, Config, OdooRef, StockPolicy, StockSource},
};
use http::StatusCode;
use jiff::Timestamp;
use rust_decimal::Decimal;
use simulators::{
    carriers::easypost::Easypost,
    odoo::Latency,
    shops::{Buyer, Goods, NotSold, Place, Sale, Signed, portal::Portal, shopify::Shop, woocommerce::Site},
    warehouses,
};

use crate::{
    Flow, START,
    shipping::{Peers, flow_beside},
};

const SIGNS: &str = "shop-signs";
const TOKEN: &str = "shpat_1";
const KEY: &str = "ck_a:cs_b";
const CARRIER: &str = "carrier-signs";
/// What the portal signs with, and what it is called with.
const PORTAL: &str = "whsec_CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ";

/// A shop of each kind under one clock, and a carrier.
pub struct Shops {
    pub shopify: Shop,
    pub woo: Site,
    pub portal: Portal,
    pub easypost: Easypost,
}

/// The lines of every sale: two pieces of one product, one piece of another.
pub const FIRST: u64 = 500_101;
pub const SECOND: u64 = 500_102;
const ORDER: u64 = 5001;

/// The channels of the shops, as the configuration has them.
fn channels() -> Vec<Channel> {
    let text = r#"
odoo: { url: "http://odoo.in-process", database: odoo, user: crossdock }
channels:
  - { id: shopify, kind: shopify, url: "http://shopify.in-process", company: My Company,
      pricelists: { USD: USD list }, requests_per_second: 1000 }
  - { id: woo, kind: woocommerce, url: "http://woo.in-process", company: My Company,
      pricelists: { USD: USD list }, requests_per_second: 1000 }
  - { id: portal, kind: standard, url: "http://portal.in-process/told", company: My Company,
      pricelists: { USD: USD list }, requests_per_second: 1000 }
carriers: [{ id: easypost, kind: easypost }]
"#;
    crossdock_core::config::parse(text).expect("a sound configuration").channels
}

/// A chain, an Odoo, a warehouse and the shops.
pub async fn flow(change: impl FnOnce(&mut Config)) -> (Flow, warehouses::Server, Shops) {
    flow_slow(Latency::default(), change).await
}

/// The same with an Odoo that takes its time.
pub async fn flow_slow(
    latency: Latency,
    change: impl FnOnce(&mut Config),
) -> (Flow, warehouses::Server, Shops) {
    let mut shops = None;
    let (flow, east) = flow_beside(
        |config| {
            config.channels.extend(channels());
            let id = "easypost".parse().expect("an id");
            config.carriers = vec![crossdock_core::config::Carrier {
                id,
                kind: crossdock_core::config::CarrierKind::Easypost,
            }];
            change(config);
        },
        latency,
        |clock| {
            let all = shops.insert(Shops {
                shopify: Shop::new(clock.clone(), TOKEN, SIGNS),
                woo: Site::new(clock.clone(), KEY, SIGNS),
                portal: Portal::new(clock.clone(), PORTAL),
                easypost: Easypost::new(clock.clone(), CARRIER),
            });
            all.portal.expect_callbacks(PORTAL);
            let peers: Peers = vec![
                ("shopify.in-process".into(), Arc::new(all.shopify.clone())),
                ("woo.in-process".into(), Arc::new(all.woo.clone())),
                ("portal.in-process".into(), Arc::new(all.portal.clone())),
            ];
            let secrets = vec![
                ("shopify/webhook", SIGNS),
                ("shopify/api", TOKEN),
                ("woo/webhook", SIGNS),
                ("woo/api", KEY),
                ("portal/webhook", PORTAL),
                ("portal/api", PORTAL),
                ("easypost/webhook", CARRIER),
            ];
            (peers, secrets)
        },
    )
    .await;
    (flow, east, shops.expect("the shops"))
}

/// Two pieces of CD-1 and one of CD-2, paid.
fn sale() -> Sale {
    Sale {
        buyer: Buyer {
            email: "ann@example.test".into(),
            first: "Ann".into(),
            last: "Rivera".into(),
            ..Buyer::default()
        },
        ship_to: Place {
            street: "1 Main St".into(),
            city: "Oakland".into(),
            zip: "94607".into(),
            region: Some("CA".into()),
            country: "US".into(),
        },
        ..Sale::plain(ORDER, START, vec![Goods::plain(FIRST, "CD-1", 2), Goods::plain(SECOND, "CD-2", 1)])
    }
}

/// All three sell what lies in `WH`.
pub fn sells_stock(config: &mut Config) {
    for channel in config.channels.iter_mut().filter(|channel| channel.id.as_str() != "contract") {
        let location = if channel.id.as_str() == "shopify" { LOCATION } else { "" }.to_owned();
        let warehouses = vec![OdooRef::Name("WH".into())];
        channel.stock = Some(StockPolicy {
            sources: vec![StockSource { location, warehouses }],
            buffer: Decimal::ZERO,
            buffers: BTreeMap::new(),
            incoming: false,
            exclude: BTreeSet::new(),
        });
    }
}

/// Where the Shopify shop counts.
pub const LOCATION: &str = "70001";

impl Shops {
    /// Puts an article with nothing of it into the two shops that count.
    pub fn list(&self, sku: &str) {
        self.shopify.shelf.put(sku, &[(LOCATION, 0)]);
        self.woo.shelf.put(sku, &[("", 0)]);
    }

    /// What Shopify and WooCommerce count of a SKU.
    #[must_use]
    pub fn counts(&self, sku: &str) -> [Option<i64>; 2] {
        [self.shopify.shelf.count(sku, LOCATION), self.woo.shelf.count(sku, "")]
    }

    /// A customer buys two of CD-1 and one of CD-2 at Shopify, which counts them down at once; the webhook that tells
    /// of it.
    pub fn buy(&self, flow: &Flow) -> Signed {
        self.buy_in(flow, "shopify").expect("there are enough")
    }

    /// The same in one of the shops that count. None where it counts fewer: then nothing is sold.
    pub fn buy_in(&self, flow: &Flow, shop: &str) -> Option<Signed> {
        let shelf = if shop == "woo" { &self.woo.shelf } else { &self.shopify.shelf };
        for (sku, pieces) in [("CD-1", 2), ("CD-2", 1)] {
            // An article that the shop does not count is sold all the same.
            if shelf.sell(sku, pieces) == Err(NotSold::SoldOut) {
                return None;
            }
        }
        let mut sale = sale();
        // Shops tell times to the second.
        let now = flow.chain.book.now();
        sale.updated_at = Timestamp::from_second(now.as_second()).unwrap_or(now);
        sale.placed_at = sale.updated_at;
        if shop == "woo" {
            self.woo.put(sale.clone());
            return Some(self.woo.webhook("order.created", &sale));
        }
        self.shopify.put(sale.clone());
        Some(self.shopify.webhook("orders/create", &sale))
    }

    /// The customer of [`Shops::buy`] calls the order off; the webhook that tells of it.
    pub fn cancel(&self, flow: &Flow) -> Signed {
        let mut sale =
            self.shopify.orders().into_iter().find(|sale| sale.id == ORDER).expect("it was bought");
        sale.cancelled = true;
        let now = flow.chain.book.now();
        sale.updated_at = Timestamp::from_second(now.as_second()).unwrap_or(now);
        self.shopify.put(sale.clone());
        self.shopify.webhook("orders/cancelled", &sale)
    }

    /// The shop's own id of the order.
    pub const ORDER: u64 = ORDER;

    /// Sells in one of the shops, whose webhook brings the order in, and releases it; the order and the reference
    /// of its release.
    pub async fn sell(&self, flow: &Flow, east: &warehouses::Server, shop: &str) -> (OrderKey, String) {
        self.sell_as(flow, east, shop, |_| {}).await
    }

    /// The same with what a test changes in the sale.
    pub async fn sell_as(
        &self,
        flow: &Flow,
        east: &warehouses::Server,
        shop: &str,
        change: impl FnOnce(&mut Sale),
    ) -> (OrderKey, String) {
        let mut sale = sale();
        change(&mut sale);
        let now: Timestamp = flow.chain.book.now();
        let webhook = match shop {
            "shopify" => {
                self.shopify.put(sale.clone());
                self.shopify.webhook("orders/create", &sale)
            }
            "woo" => {
                self.woo.put(sale.clone());
                self.woo.webhook("order.created", &sale)
            }
            _ => self.portal.webhook(&sale, now.as_second()),
        };
        let key: OrderKey = format!("{shop}/{ORDER}").parse().expect("a key");
        self.tell(flow, shop, &[webhook]).await;
        flow.watch().await;
        let state = flow.state(&key).await;
        let job = east.jobs().pop();
        (key, job.unwrap_or_else(|| panic!("nothing was released: {:?}", state.reasons)).reference)
    }

    /// Posts calls to a door and lets the chain act on them.
    pub async fn tell(&self, flow: &Flow, door: &str, calls: &[Signed]) {
        for call in calls {
            assert_eq!(flow.post(door, call).await, StatusCode::OK, "{door}");
        }
        flow.drain().await;
    }
}
