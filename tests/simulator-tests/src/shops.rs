//! One order in a shop of each kind, and what the shop's customer sees of its shipping.

use std::{sync::Arc, time::Duration};

use crossdock_channels::{Announced, Api, Webhook, receive};
use crossdock_core::{
    Clock, LineId, OrderId, PeerError, ShipmentKey, Sku, config,
    shipment::{AnnouncedLine, Announcement, Parcel},
};
use crossdock_http::{Client, peer::Peer};
use jiff::Timestamp;
use rust_decimal::Decimal;
use secrecy::SecretString;
use serde_json::{Value, json};
use simulators::shops::{
    Fault, FaultKind, Faults, Goods, Paid, Sale, Signed, portal::Portal, shopify::Shop, woocommerce::Site,
};

pub const START: Timestamp = Timestamp::constant(1_795_500_000, 0);
pub const ORDER: u64 = 5001;
/// Two pieces of one, one piece of the other.
pub const FIRST: u64 = 500_101;
pub const SECOND: u64 = 500_102;
const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Shopify,
    Woocommerce,
    Standard,
}

pub const KINDS: [Kind; 3] = [Kind::Shopify, Kind::Woocommerce, Kind::Standard];

pub struct World {
    pub kind: Kind,
    pub api: Api,
    pub shopify: Shop,
    pub woo: Site,
    pub portal: Portal,
    pub sale: Sale,
}

pub fn sale(paid: Paid) -> Sale {
    Sale {
        buyer: simulators::shops::Buyer { email: "jane@example.test".into(), ..Default::default() },
        ship_to: simulators::shops::Place { country: "US".into(), city: "Town".into(), ..Default::default() },
        paid,
        ..Sale::plain(ORDER, START, vec![Goods::plain(FIRST, "CD-1", 2), Goods::plain(SECOND, "CD-2", 1)])
    }
}

pub fn world(kind: Kind) -> World {
    world_of(kind, Paid::Paid)
}

pub fn world_of(kind: Kind, paid: Paid) -> World {
    let clock = Clock::tokio(START);
    let shopify = Shop::new(clock.clone(), "shpat_1", "signing");
    let woo = Site::new(clock.clone(), "ck_a:cs_b", "signing");
    let portal = Portal::new(clock.clone(), KEY);
    portal.expect_callbacks(KEY);
    let sale = sale(paid);
    shopify.put(sale.clone());
    woo.put(sale.clone());
    portal.put(sale.clone());
    let (name, token) = match kind {
        Kind::Shopify => ("shopify", "shpat_1"),
        Kind::Woocommerce => ("woocommerce", "ck_a:cs_b"),
        Kind::Standard => ("standard", KEY),
    };
    let channel: config::Channel = serde_json::from_value(json!({
        "id": "shop-main", "kind": name, "url": format!("https://{name}.in-process/hook"), "company": 1,
        "pricelists": { "USD": 1 },
    }))
    .unwrap();
    let channel = config::Channel {
        url: channel.url.map(|url| if kind == Kind::Standard { url } else { url.replace("/hook", "") }),
        ..channel
    };
    let peers: [(String, Arc<dyn Peer>); 3] = [
        ("shopify.in-process".into(), Arc::new(shopify.clone())),
        ("woocommerce.in-process".into(), Arc::new(woo.clone())),
        ("standard.in-process".into(), Arc::new(portal.clone())),
    ];
    let api = Api::new(Client::in_process(peers, clock), &channel, &SecretString::from(token.to_owned()));
    World { kind, api, shopify, woo, portal, sale }
}

pub fn order() -> OrderId {
    OrderId::new(ORDER.to_string()).unwrap()
}

/// A shipment with a tracking number, or without one.
pub fn shipment(id: &str, lines: &[(u64, u64)], tracking: Option<&str>) -> Announcement {
    let line = |(line, quantity): &(u64, u64)| AnnouncedLine {
        line: LineId::new(line.to_string()).unwrap(),
        sku: Some(Sku::new(if *line == FIRST { "CD-1" } else { "CD-2" }).unwrap()),
        quantity: Decimal::from(*quantity),
    };
    let parcel = |number: &str| Parcel {
        carrier: "UPS".into(),
        tracking: Some(number.to_owned()),
        url: Some(format!("https://track.example.test/{number}")),
    };
    Announcement {
        order: order(),
        shipment: format!("wh-east/{id}").parse::<ShipmentKey>().unwrap(),
        others: Vec::new(),
        shipped_at: START,
        lines: lines.iter().map(line).collect(),
        parcels: tracking.map(parcel).into_iter().collect(),
        completes_order: false,
        notify_customer: true,
        location: None,
    }
}

impl World {
    pub fn faults(&self) -> &Faults {
        match self.kind {
            Kind::Shopify => &self.shopify.faults,
            Kind::Woocommerce => &self.woo.faults,
            Kind::Standard => &self.portal.faults,
        }
    }

    /// The calls so far.
    pub fn calls(&self) -> usize {
        self.faults().calls().len()
    }

    pub fn inject(&self, kind: FaultKind) {
        self.faults().inject(Fault { times: 1, kind });
    }

    /// Lets `calls` pass before the fault strikes.
    pub fn inject_after(&self, calls: usize, kind: FaultKind) {
        for _ in 0..calls {
            self.inject(FaultKind::Slow(Duration::ZERO));
        }
        self.inject(kind);
    }

    /// Announces until it is done, as whoever tries again does.
    pub async fn announced(&self, said: &Announcement) -> Announced {
        for _ in 0..20 {
            match self.api.announce(said).await {
                Ok(done) => return done,
                Err(error) => assert!(
                    matches!(error.fate(), crossdock_core::Fate::Retry { .. }),
                    "{:?}: {error}",
                    self.kind
                ),
            }
            tokio::time::sleep(Duration::from_secs(120)).await;
        }
        panic!("{:?}: never done", self.kind)
    }

    /// What the customer was told has shipped, shipment by shipment: pieces by line, and mails.
    pub fn seen(&self) -> Vec<String> {
        match self.kind {
            Kind::Shopify => {
                let all = self.shopify.fulfilments.of(ORDER);
                all.iter()
                    .map(|one| format!("{:?} {:?} mail={}", one.lines, one.numbers, one.mailed))
                    .collect()
            }
            Kind::Woocommerce => {
                let kept = self.woo.shipping.of(ORDER);
                kept.notes.iter().map(|note| format!("{} mail={}", note.text, note.customer)).collect()
            }
            Kind::Standard => self.portal.told().iter().map(|told| told.body.to_string()).collect(),
        }
    }

    /// The webhooks that came of it.
    pub fn echoes(&self) -> Vec<Signed> {
        match self.kind {
            Kind::Shopify => self.shopify.echoes(),
            Kind::Woocommerce => self.woo.echoes(),
            Kind::Standard => Vec::new(),
        }
    }

    /// The canonical order of a webhook.
    pub fn read(&self, signed: &Signed) -> Webhook {
        let mut headers = http::HeaderMap::new();
        for (name, value) in &signed.headers {
            let name: http::HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        let kind = match self.kind {
            Kind::Shopify => config::ChannelKind::Shopify,
            Kind::Woocommerce => config::ChannelKind::Woocommerce,
            Kind::Standard => config::ChannelKind::Standard,
        };
        let channel = "shop-main".parse().unwrap();
        let secrets = [SecretString::from("signing".to_owned())];
        receive(kind, &channel, &headers, &signed.body, &secrets, START).unwrap()
    }

    pub fn bodies(&self) -> Vec<Value> {
        self.portal.told().into_iter().map(|told| told.body).collect()
    }

    pub async fn refused(&self, said: &Announcement) -> PeerError {
        self.api.announce(said).await.expect_err("a refusal")
    }
}
