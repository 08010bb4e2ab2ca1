//! A chain with a warehouse behind it that speaks our published format.

use std::sync::Arc;

use crossdock_core::{
    Order, OrderKey, ReasonCode, ShipmentKey,
    config::{Config, InvoicePolicy},
};
use crossdock_platform::{
    Subject,
    fulfilment::{Fulfilment, Shipment},
};
use http::StatusCode;
use serde_json::{Value, json};
use simulators::{
    odoo::{Latency, PickingView},
    shops::Signed,
    warehouses::{self, Take},
};

use crate::{Flow, config, decimal};

/// The warehouse's API secret and the secret that it signs with.
pub const API: &str = "whsec_BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUF";
pub const WEBHOOK: &str = "whsec_BgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYG";

/// The configuration of the flows with the warehouse `east`, and with what a test changes in it.
pub fn with_warehouse(change: impl FnOnce(&mut Config)) -> Config {
    let text = r#"
odoo: { url: "http://odoo.in-process", database: odoo, user: crossdock }
channels: []
warehouses:
  - { id: east, kind: standard, url: "http://east.in-process", odoo: My Company, requests_per_second: 1000 }
"#;
    let east = crossdock_core::config::parse(text).expect("a sound configuration").warehouses;
    config(|config| {
        config.warehouses = east;
        config.channels[0].invoice = InvoicePolicy::Manual;
        config.channels[0].announce.enabled = false;
        change(config);
    })
}

/// The warehouse's server under the flow's clock.
pub fn east(clock: crossdock_core::Clock) -> warehouses::Server {
    let keys = warehouses::Keys { api: API.into(), webhook: WEBHOOK.into() };
    warehouses::Server::new(warehouses::Vendor::Standard, clock, keys)
}

/// Peers by the name of their host.
pub type Peers = Vec<(String, Arc<dyn crossdock_http::peer::Peer>)>;

/// A chain, an Odoo and a warehouse.
pub async fn flow(change: impl FnOnce(&mut Config)) -> (Flow, warehouses::Server) {
    flow_beside(change, Latency::default(), |_| (Vec::new(), Vec::new())).await
}

/// The same with an Odoo that takes its time, with other peers under the same clock, and their secrets.
pub async fn flow_beside(
    change: impl FnOnce(&mut Config),
    latency: Latency,
    others: impl FnOnce(&crossdock_core::Clock) -> (Peers, Vec<(&'static str, &'static str)>),
) -> (Flow, warehouses::Server) {
    let clock = crossdock_core::Clock::tokio(crate::START);
    let east = east(clock.clone());
    let (mut peers, mut secrets) = others(&clock);
    peers.push(("east.in-process".into(), Arc::new(east.clone())));
    secrets.extend([("east/api", API), ("east/webhook", WEBHOOK)]);
    let flow = Flow::beside(with_warehouse(change), latency, clock, peers, &secrets).await;
    (flow, east)
}

/// A call of the warehouse with another body, signed by it.
pub fn altered(east: &warehouses::Server, call: &Signed, alter: impl FnOnce(&mut Value)) -> Signed {
    let mut body: Value = serde_json::from_slice(&call.body).expect("JSON");
    alter(&mut body);
    east.again(&Signed { body: body.to_string().into(), ..call.clone() })
}

/// The key of the shipment that a call of `east` tells of.
pub fn shipment_of(call: &Signed) -> ShipmentKey {
    let body: Value = serde_json::from_slice(&call.body).expect("JSON");
    format!("east/{}", body["shipment"].as_str().expect("a shipment")).parse().expect("a key")
}

impl Flow {
    /// A product that Odoo counts by `lot` or `serial` numbers, with one piece of each of these there; its id.
    pub fn tracked(&self, sku: &str, tracking: &str, numbers: &[&str]) -> i64 {
        self.odoo.seed(|seed| {
            let vals = json!({
                "name": sku, "default_code": sku, "sale_ok": true, "type": "consu", "is_storable": true,
                "tracking": tracking, "invoice_policy": "order",
            });
            let product = seed.record("product.product", vals);
            let house = seed.find("stock.warehouse", "code", "WH");
            for number in numbers {
                let lot = seed.record("stock.lot", json!({ "name": number, "product_id": product }));
                seed.stock_of(product, house, Some(lot), 1.0);
            }
            product
        })
    }

    /// What the watcher does each minute, and all that follows from it.
    pub async fn watch(&self) {
        let deadline =
            crossdock_platform::orders::after(self.chain.book.now(), jiff::SignedDuration::from_secs(50));
        // The newest second is left to the next run.
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        self.chain.odoo_watcher.watch(deadline).await.expect("Odoo answers");
        self.chain.odoo_watcher.watch_products(deadline).await.expect("Odoo answers");
        self.chain.odoo_watcher.watch_prices(deadline).await.expect("Odoo answers");
        self.drain().await;
    }

    /// Lets the overlap of the watcher's windows pass.
    pub async fn rest(&self) {
        for _ in 0..8 {
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
            self.watch().await;
        }
    }

    /// Wakes what is due, and all that follows from it.
    pub async fn wake(&self) {
        self.chain.waker.wake_due().await.expect("a platform");
        self.drain().await;
    }

    /// Lets so many minutes pass, with the waker at work each minute and no watcher.
    pub async fn pass(&self, minutes: u32) {
        for _ in 0..minutes {
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
            self.wake().await;
        }
    }

    /// Posts what a warehouse says to its door.
    pub async fn post(&self, door: &str, call: &Signed) -> StatusCode {
        let request = call.to(&format!("/hooks/{door}")).expect("a request");
        self.chain.receiver.handle(request).await.status()
    }

    /// Posts all that the warehouse says and lets the chain act on it.
    pub async fn told(&self, calls: &[Signed]) {
        for call in calls {
            assert_eq!(self.post("east", call).await, StatusCode::OK);
        }
        self.drain().await;
    }

    pub async fn fulfilment(&self, order: &OrderKey) -> Fulfilment {
        self.chain.book.document(order).await.expect("a ledger").expect("a fulfilment")
    }

    pub async fn shipment(&self, key: &ShipmentKey) -> Shipment {
        self.chain.book.document(key).await.expect("a ledger").expect("a shipment")
    }

    /// For what anything but an order is parked.
    pub async fn parked_beside(&self) -> Vec<(Subject, Vec<ReasonCode>)> {
        let mut all = Vec::new();
        for subject in self.chain.book.parked_subjects(100).await.expect("a ledger") {
            let reasons = self.chain.book.reasons(&subject).await.expect("a ledger");
            let codes: Vec<ReasonCode> = reasons.iter().map(|reason| reason.code).collect();
            if !codes.is_empty() && !matches!(subject, Subject::Order(_)) {
                all.push((subject, codes));
            }
        }
        all
    }

    /// The transfers of the one order in Odoo.
    pub fn pickings(&self) -> Vec<PickingView> {
        self.odoo.orders().into_iter().next().map(|order| order.pickings).unwrap_or_default()
    }

    /// An order that stands in Odoo and at the warehouse; the reference of its release.
    pub async fn released(&self, east: &warehouses::Server, order: &Order) -> String {
        self.bring(order).await;
        self.watch().await;
        let log = self.fulfilment(&order.key).await.work.log;
        east.jobs().last().unwrap_or_else(|| panic!("nothing was released: {log:?}")).reference.clone()
    }

    /// Sets what Odoo's warehouse has of a product, and lets Odoo reserve what it can for the one transfer.
    pub fn stock(&self, sku: &str, quantity: f64) {
        self.odoo.seed(|seed| {
            let product = seed.find("product.product", "default_code", sku);
            let house = seed.find("stock.warehouse", "code", "WH");
            seed.stock(product, house, quantity);
        });
        for picking in self.pickings().into_iter().filter(|picking| picking.state != "done") {
            let pressed = self.odoo.by_hand_press("stock.picking", "action_assign", picking.id);
            assert!(pressed.is_ok(), "{pressed:?}");
        }
    }

    /// State and done quantity of each outgoing transfer of the one order.
    pub fn shipped(&self) -> Vec<(String, rust_decimal::Decimal)> {
        let of = |picking: PickingView| {
            let quantity: f64 = picking.moves.iter().map(|(_, _, quantity)| quantity).sum();
            (picking.state, decimal(quantity))
        };
        self.pickings().into_iter().filter(|picking| picking.kind == "outgoing").map(of).collect()
    }
}

/// So much of the first line of a release.
#[must_use]
pub fn pieces(quantity: u32) -> Vec<Take> {
    vec![Take { at: 0, quantity: quantity.into() }]
}
