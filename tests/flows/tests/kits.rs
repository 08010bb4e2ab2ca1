//! Kits: what happens to a component happens to them, and the other way round.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::{Order, config::Config, order::Prices};
use crossdock_platform::orders::Stage;
use flows::{
    Flow, START,
    shops::{Shops, flow, sells_stock},
};
use odoo_contract::orders::{line, order};
use simulators::warehouses::Server;

/// Ten of CD-1 and three of CD-2 in Odoo, and kits: CD-3 takes two of CD-1 and one of CD-2, CD-4 one of CD-1, and
/// CD-5 two of CD-3.
const KITS: [(&str, &[(&str, f64)]); 3] =
    [("CD-3", &[("CD-1", 2.0), ("CD-2", 1.0)]), ("CD-4", &[("CD-1", 1.0)]), ("CD-5", &[("CD-3", 2.0)])];
const ALL: [&str; 5] = ["CD-1", "CD-2", "CD-3", "CD-4", "CD-5"];

async fn told(change: impl FnOnce(&mut Config)) -> (Flow, Server, Shops) {
    let (flow, east, shops) = flow(|config| {
        sells_stock(config);
        change(config);
    })
    .await;
    flow.odoo.seed(|seed| {
        seed.manufacturing();
        for (kit, parts) in KITS {
            let kit = seed.find("product.product", "default_code", kit);
            let parts: Vec<(i64, f64)> = parts
                .iter()
                .map(|(part, takes)| (seed.find("product.product", "default_code", part), *takes))
                .collect();
            seed.kit(kit, &parts);
        }
    });
    for sku in ALL {
        shops.list(sku);
    }
    flow.stock("CD-1", 10.0);
    flow.stock("CD-2", 3.0);
    flow.watch().await;
    (flow, east, shops)
}

/// Lets the overlap of the watcher's windows pass, so that what is told anew is told because it moved.
/// What both shops count of each.
fn counts(shops: &Shops) -> [i64; 5] {
    ALL.map(|sku| {
        let counts = shops.counts(sku);
        assert_eq!(counts[0], counts[1], "{sku}");
        counts[0].unwrap()
    })
}

fn wants(number: &str, sku: &str, pieces: &str) -> Order {
    let mut order = order(number, Prices::TaxExcluded);
    order.placed_at = START;
    line(&mut order, sku, pieces, pieces, pieces, None);
    order
}

#[tokio::test(start_paused = true)]
async fn a_component_that_moves_changes_its_kits_with_the_next_look() {
    let (flow, _, shops) = told(|_| {}).await;
    assert_eq!(counts(&shops), [10, 3, 3, 10, 1]);
    flow.rest().await;
    flow.odoo.receive("WH", "CD-2", 5.0);
    flow.watch().await;
    assert_eq!(counts(&shops), [10, 8, 5, 10, 2], "and kits within which its kits are");
    flow.rest().await;
    flow.odoo.receive("WH", "CD-1", 2.0);
    flow.watch().await;
    assert_eq!(counts(&shops), [12, 8, 6, 12, 3]);
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_kit_that_is_sold_takes_its_components_and_what_else_is_made_of_them() {
    let (flow, _, shops) = told(|_| {}).await;
    flow.rest().await;
    let order = wants("1", "CD-3", "2");
    assert_eq!(flow.bring(&order).await.stage, Stage::Done);
    flow.watch().await;
    assert_eq!(counts(&shops), [6, 1, 1, 6, 0]);
}

/// Changes a component, so that its kits are told, while an order waits.
async fn told_while_held(order: &Order) -> [i64; 5] {
    let (flow, _, shops) = told(|config| {
        let held = config.channels.iter_mut().find(|channel| channel.id == order.key.channel);
        held.unwrap().hold_window_s = 7200;
    })
    .await;
    assert_eq!(flow.bring(order).await.stage, Stage::Waiting);
    flow.rest().await;
    flow.odoo.receive("WH", "CD-2", 5.0);
    flow.odoo.receive("WH", "CD-1", 2.0);
    flow.watch().await;
    assert_eq!(flow.state(&order.key).await.stage, Stage::Waiting);
    counts(&shops)
}

#[tokio::test(start_paused = true)]
async fn a_kit_that_is_sold_and_held_back_is_missing_from_its_components_and_from_their_kits() {
    // Twelve of CD-1 and eight of CD-2, and two of CD-3 are sold.
    assert_eq!(told_while_held(&wants("1", "CD-3", "2")).await, [8, 6, 4, 8, 2]);
    assert_eq!(told_while_held(&wants("1", "CD-5", "1")).await, [8, 6, 4, 8, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_component_that_is_sold_and_held_back_is_missing_from_its_kits() {
    assert_eq!(told_while_held(&wants("1", "CD-1", "7")).await, [5, 8, 2, 5, 1]);
}

#[tokio::test(start_paused = true)]
async fn what_is_sold_and_held_back_is_told_with_its_kits_and_their_kits_at_once() {
    let (flow, _, shops) = told(|config| config.channels[0].hold_window_s = 7200).await;
    flow.rest().await;
    let order = wants("1", "CD-1", "7");
    assert_eq!(flow.bring(&order).await.stage, Stage::Waiting);
    assert_eq!(counts(&shops), [3, 3, 1, 3, 0], "without a look at Odoo");
    flow.odoo.receive("WH", "CD-2", 5.0);
    flow.watch().await;
    assert_eq!(counts(&shops), [3, 8, 1, 3, 0]);
}

/// The seller counts its own article down, and nothing that is made of it.
#[tokio::test(start_paused = true)]
async fn what_a_shop_sells_and_is_held_back_is_missing_from_its_own_kits_too() {
    let (flow, _, shops) = told(|config| config.channels[1].hold_window_s = 7200).await;
    flow.rest().await;
    let webhook = shops.buy(&flow);
    shops.tell(&flow, "shopify", &[webhook]).await;
    let order = format!("shopify/{}", Shops::ORDER).parse().unwrap();
    assert_eq!(flow.state(&order).await.stage, Stage::Waiting);
    assert_eq!(counts(&shops), [8, 2, 2, 8, 1], "two of CD-1 and one of CD-2 are sold");
}

/// How often Odoo was asked for records of a model.
fn asked(flow: &Flow, model: &str) -> usize {
    flow.odoo.calls().iter().filter(|call| call.model == model).count()
}

#[tokio::test(start_paused = true)]
async fn without_manufacturing_nothing_is_asked_of_it() {
    let (flow, _, shops) = flow(sells_stock).await;
    shops.list("CD-1");
    flow.stock("CD-1", 10.0);
    flow.watch().await;
    flow.rest().await;
    assert_eq!(shops.counts("CD-1"), [Some(10), Some(10)]);
    assert_eq!((asked(&flow, "mrp.bom"), asked(&flow, "uom.uom")), (0, 0));
    let probes = flow.odoo.calls().into_iter();
    let probes = probes.filter(|call| call.model == "product.product" && call.method == "fields_get");
    assert_eq!(probes.count(), 2, "once by the watcher and once by the publisher");
}

#[tokio::test(start_paused = true)]
async fn a_user_who_may_not_read_bills_has_everything_told_once_it_may() {
    let (flow, _, shops) = told(|_| {}).await;
    flow.rest().await;
    let rights = flow.odoo.seed(|seed| seed.forbid("mrp.bom"));
    flow.odoo.receive("WH", "CD-2", 5.0);
    flow.rest().await;
    assert_eq!(counts(&shops), [10, 3, 3, 10, 1], "Odoo refuses every figure");
    flow.odoo.seed(|seed| seed.allow("mrp.bom", rights));
    flow.pass(70).await;
    assert_eq!(shops.counts("CD-2"), [Some(8), Some(8)], "the look at what moved went on");
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    flow.watch().await;
    assert_eq!(counts(&shops), [10, 8, 5, 10, 2], "kits with the look at everything");
    assert!(flow.parked_beside().await.is_empty());
}
