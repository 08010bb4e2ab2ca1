//! From a move of stock in Odoo to what the shops count, by what both hold in the end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::config::Config;
use crossdock_platform::orders::Stage;
use flows::{
    Flow,
    shops::{LOCATION, Shops, flow, sells_stock},
};
use serde_json::json;
use simulators::{
    shops::{Fault, FaultKind},
    warehouses::Server,
};

/// Ten of CD-1 and five of CD-2 in Odoo, and shops that have been told.
async fn told(change: impl FnOnce(&mut Config)) -> (Flow, Server, Shops) {
    let (flow, east, shops) = flow(|config| {
        sells_stock(config);
        change(config);
    })
    .await;
    for (sku, pieces) in [("CD-1", 10.0), ("CD-2", 5.0)] {
        shops.list(sku);
        flow.stock(sku, pieces);
    }
    flow.watch().await;
    (flow, east, shops)
}

fn both(count: i64) -> [Option<i64>; 2] {
    [Some(count), Some(count)]
}

/// Lets the overlap of the watcher's windows pass.
async fn rest(flow: &Flow) {
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_secs(60)).await;
        flow.watch().await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_shop_is_told_what_lies_there_and_a_partner_too() {
    let (flow, _, shops) = told(|_| {}).await;
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), (both(10), both(5)));
    let levels = |told: &simulators::shops::portal::Told| told.body["type"] == "stock_levels.v1";
    let told = shops.portal.told();
    let bodies: Vec<String> =
        told.iter().filter(|told| levels(told)).map(|told| told.body.to_string()).collect();
    assert!(bodies.iter().any(|body| body.contains("CD-1")), "{bodies:?}");
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_sale_on_one_channel_lowers_the_promise_on_the_others_with_the_next_look() {
    let (flow, _, shops) = told(|_| {}).await;
    let webhook = shops.buy(&flow);
    assert_eq!(shops.counts("CD-1"), [Some(8), Some(10)], "the shop counts its own sale");
    shops.tell(&flow, "shopify", &[webhook]).await;
    flow.watch().await;
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), (both(8), both(4)));
}

#[tokio::test(start_paused = true)]
async fn a_sale_that_nobody_has_told_of_is_not_overwritten() {
    let (flow, _, shops) = told(|_| {}).await;
    rest(&flow).await;
    let _lost = shops.buy(&flow);
    flow.odoo.receive("WH", "CD-1", 5.0);
    flow.watch().await;
    assert_eq!(shops.counts("CD-1")[0], Some(13), "fifteen lie there, and two of them are sold");
    let order = format!("shopify/{}", Shops::ORDER).parse().unwrap();
    assert_eq!(flow.state(&order).await.stage, Stage::Done, "it was asked for");
    rest(&flow).await;
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), (both(13), both(4)));
}

#[tokio::test(start_paused = true)]
async fn a_sale_that_is_held_back_for_an_hour_is_promised_to_nobody_else() {
    let (flow, _, shops) = told(|config| config.channels[1].hold_window_s = 3600).await;
    let webhook = shops.buy(&flow);
    shops.tell(&flow, "shopify", &[webhook]).await;
    let order = format!("shopify/{}", Shops::ORDER).parse().unwrap();
    assert_eq!(flow.state(&order).await.stage, Stage::Waiting);
    rest(&flow).await;
    flow.odoo.receive("WH", "CD-1", 5.0);
    flow.watch().await;
    assert_eq!(flow.state(&order).await.stage, Stage::Waiting);
    assert_eq!(shops.counts("CD-1"), both(13));
    tokio::time::sleep(Duration::from_secs(3600)).await;
    flow.wake().await;
    rest(&flow).await;
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), (both(13), both(4)));
}

#[tokio::test(start_paused = true)]
async fn what_is_told_already_is_not_sent() {
    let (flow, _, shops) = told(|_| {}).await;
    let calls = || shops.shopify.faults.calls().len() + shops.woo.faults.calls().len();
    let before = calls();
    rest(&flow).await;
    assert_eq!(calls(), before, "the windows overlap, and nothing has changed");
}

#[tokio::test(start_paused = true)]
async fn the_buffer_is_kept_back_and_what_is_not_sold_any_more_counts_nothing() {
    let (flow, _, shops) = told(|config| {
        for channel in &mut config.channels {
            if let Some(stock) = &mut channel.stock {
                stock.buffer = 3.into();
                stock.exclude = ["CD-2".parse().unwrap()].into();
            }
        }
    })
    .await;
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), (both(7), both(0)), "one is left alone");
    let product = flow.odoo.seed(|seed| seed.find("product.product", "default_code", "CD-1"));
    flow.odoo.by_hand_write("product.product", product, &json!({ "active": false })).unwrap();
    // The look-ups of products are kept for ten minutes.
    tokio::time::sleep(Duration::from_secs(660)).await;
    rest(&flow).await;
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    flow.watch().await;
    assert_eq!(shops.counts("CD-1"), both(0));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_or_a_shop_that_is_down_costs_time_and_nothing_else() {
    for kind in [FaultKind::Lost, FaultKind::Status(502), FaultKind::Status(429)] {
        let (flow, _, shops) = told(|_| {}).await;
        rest(&flow).await;
        for faults in [&shops.shopify.faults, &shops.woo.faults] {
            faults.inject(Fault { times: 2, kind: kind.clone() });
        }
        flow.odoo.receive("WH", "CD-1", 5.0);
        flow.watch().await;
        flow.pass(20).await;
        assert_eq!(shops.counts("CD-1"), both(15), "{kind:?}");
        assert!(flow.parked_beside().await.is_empty());
    }
}

/// A person counts at the shop. Odoo is the master.
#[tokio::test(start_paused = true)]
async fn what_somebody_counted_at_the_shop_is_set_right_with_the_next_change() {
    let (flow, _, shops) = told(|_| {}).await;
    rest(&flow).await;
    shops.shopify.shelf.adjust("CD-1", LOCATION, 90);
    shops.woo.shelf.adjust("CD-1", "", -4);
    flow.odoo.receive("WH", "CD-1", 5.0);
    flow.watch().await;
    assert_eq!(shops.counts("CD-1"), both(15));
}
