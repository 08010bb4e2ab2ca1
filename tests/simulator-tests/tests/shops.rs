//! The shops' simulators: what they send is what real shops send, and the product reads it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{collections::BTreeSet, sync::Arc};

use crossdock_channels::{Api, Fetched, Refusal, Webhook, receive};
use crossdock_core::{
    ChannelId, Clock, OrderId,
    config::{Config, parse},
};
use crossdock_http::{Client, peer::Peer};
use http::{HeaderMap, HeaderName};
use jiff::{SignedDuration, Timestamp};
use simulators::scenario::{Delivery, Expected, Kind, Scenario, Story, config_yaml, secrets};

const START: Timestamp = Timestamp::constant(1_795_500_000, 0);
const ORDERS: usize = 120;

fn scenario() -> (Scenario, Clock) {
    let clock = Clock::tokio(START);
    (Scenario::build(1, ORDERS, &clock), clock)
}

fn config() -> Config {
    parse(&config_yaml("http://odoo.in-process", "http://shopify.in-process", "http://woo.in-process"))
        .unwrap()
}

fn read(delivery: &Delivery) -> Result<Webhook, Refusal> {
    let config = config();
    let id = ChannelId::new(delivery.channel).unwrap();
    let channel = config.channel(&id).unwrap();
    let secrets: Vec<_> = secrets()[&channel.webhook_secret()].iter().map(|s| s.clone().into()).collect();
    let mut headers = HeaderMap::new();
    for (name, value) in &delivery.headers {
        headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    let now = START + SignedDuration::try_from(delivery.at).unwrap();
    receive(channel.kind, &id, &headers, &delivery.body, &secrets, now)
}

#[tokio::test(start_paused = true)]
async fn the_product_reads_every_webhook_as_it_was_meant() {
    let (scenario, _) = scenario();
    for delivery in &scenario.deliveries {
        match (delivery.kind, read(delivery)) {
            (Kind::Forged, Err(Refusal::Unauthorized)) | (Kind::Ping, Ok(Webhook::Ping)) => {}
            (_, Ok(Webhook::Order(order))) => {
                let key = order.key.to_string();
                let off = order.computed_total() - order.total;
                let plugin =
                    scenario.expected[&key] == Expected::Parked { reason: "arithmetic_inconsistent" };
                assert_eq!(off.is_zero(), !plugin, "{key}: {off}");
            }
            (_, Ok(Webhook::Refetch { .. })) => {}
            (_, Ok(Webhook::Unreadable { order: Some(order), .. })) => {
                let key = format!("{}/{order}", delivery.channel);
                assert_eq!(scenario.expected[&key], Expected::Parked { reason: "unreadable" });
            }
            (kind, other) => panic!("{kind:?} {}: {other:?}", String::from_utf8_lossy(&delivery.body)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_fetched_is_the_order_that_its_webhook_told() {
    let (scenario, clock) = scenario();
    tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    let peers: [(String, Arc<dyn Peer>); 2] = [
        ("shopify.in-process".into(), Arc::new(scenario.shopify.clone())),
        ("woo.in-process".into(), Arc::new(scenario.woo.clone())),
    ];
    let client = Client::in_process(peers, clock);
    let config = config();
    let mut compared = BTreeSet::new();
    let mut same = 0;
    // The last that is told of an order is its newest version, but for what arrives late.
    for delivery in scenario.deliveries.iter().rev().filter(|delivery| delivery.kind == Kind::First) {
        let Ok(Webhook::Order(told)) = read(delivery) else { continue };
        let channel = config.channel(&told.key.channel).unwrap();
        if delivery.channel == "b2b" || !compared.insert(told.key.clone()) {
            continue;
        }
        let api = Api::new(client.clone(), channel, &secrets()[&channel.api_secret()][0].clone().into());
        let Fetched::Order(fetched) = api.fetch_order(&told.key.id).await.unwrap() else {
            panic!("{}", told.key)
        };
        if fetched.revision == told.revision {
            assert_eq!(fetched.digest(), told.digest(), "{}:\n{fetched:?}\n{told:?}", told.key);
            same += 1;
        }
    }
    assert!(same > ORDERS / 2, "{same} of {} compared", compared.len());
}

#[tokio::test(start_paused = true)]
async fn paging_finds_every_changed_order_once() {
    let (scenario, clock) = scenario();
    tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    let peers: [(String, Arc<dyn Peer>); 2] = [
        ("shopify.in-process".into(), Arc::new(scenario.shopify.clone())),
        ("woo.in-process".into(), Arc::new(scenario.woo.clone())),
    ];
    let client = Client::in_process(peers, clock.clone());
    for (name, held) in [("shopify-main", scenario.shopify.orders()), ("woo-de", scenario.woo.orders())] {
        let config = config();
        let channel = config.channel(&ChannelId::new(name).unwrap()).unwrap().clone();
        let api = Api::new(client.clone(), &channel, &secrets()[&channel.api_secret()][0].clone().into());
        let mut found: Vec<OrderId> = Vec::new();
        let mut cursor = None;
        loop {
            let page =
                api.changed_since(START - SignedDuration::from_hours(1), clock.now(), cursor).await.unwrap();
            found.extend(page.orders.iter().filter_map(|fetched| match fetched {
                Fetched::Order(order) => Some(order.key.id.clone()),
                Fetched::Unreadable { order, .. } => order.clone(),
                Fetched::Gone => None,
            }));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let unique: BTreeSet<String> = found.iter().map(ToString::to_string).collect();
        let held: BTreeSet<String> = held.iter().map(|sale| sale.id.to_string()).collect();
        assert_eq!(unique, held, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_makes_the_same_bytes_and_every_story_is_told() {
    let clock = Clock::tokio(START);
    let (one, other) = (Scenario::build(3, 80, &clock), Scenario::build(3, 80, &clock));
    let bodies = |scenario: &Scenario| scenario.deliveries.iter().map(|d| d.body.clone()).collect::<Vec<_>>();
    assert_eq!(bodies(&one), bodies(&other));
    assert_ne!(bodies(&one), bodies(&Scenario::build(4, 80, &clock)));
    assert_eq!(one.expected.len(), 80);
    assert!(Story::ALL.len() <= 40, "forty orders tell every story");
    let reasons: BTreeSet<&str> = one
        .expected
        .values()
        .filter_map(|expected| match expected {
            Expected::Parked { reason } => Some(*reason),
            Expected::Confirmed { .. } | Expected::NotConfirmed => None,
        })
        .collect();
    assert!(reasons.len() >= 8, "{reasons:?}");
}

/// Every field of a recorded webhook is in a simulated one, so that the product cannot come to rely on
/// something that only the simulator has, nor miss what is always there.
#[tokio::test(start_paused = true)]
async fn a_woocommerce_order_has_the_fields_of_a_recorded_one() {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/woocommerce/german_vat.0.order.created.body.json");
    let recorded: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let (scenario, _) = scenario();
    let is_woo = |d: &&Delivery| d.channel == "woo-de" && d.kind == Kind::First && d.body.len() > 1000;
    let mut compared = 0;
    for delivery in scenario.deliveries.iter().filter(is_woo) {
        let simulated: serde_json::Value = serde_json::from_slice(&delivery.body).unwrap();
        same_keys(&recorded, &simulated, "order");
        for list in ["line_items", "shipping_lines", "tax_lines"] {
            if let (Some(one), Some(other)) = (recorded[list].get(0), simulated[list].get(0)) {
                same_keys(one, other, list);
                compared += 1;
            }
        }
    }
    assert!(compared > 10);
}

fn same_keys(recorded: &serde_json::Value, simulated: &serde_json::Value, what: &str) {
    let keys = |value: &serde_json::Value| -> BTreeSet<String> {
        value.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
    };
    assert_eq!(keys(recorded), keys(simulated), "{what}");
}
