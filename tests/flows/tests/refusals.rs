//! What a warehouse refuses waits for a person, whatever else happens to its order.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crossdock_core::{
    Order, ShipmentKey, config::ReleasePolicy, message::QueueName, order::Prices, reason::ReasonCode,
};
use crossdock_platform::{
    Change, Subject,
    fulfilment::{Fulfilment, FulfilmentStage, ReleaseStage},
};
use flows::{
    Flow,
    shipping::{flow, pieces},
};
use odoo_contract::orders::{line, order};
use rust_decimal::Decimal;
use simulators::warehouses::Server;

fn five() -> Order {
    let mut order = order("1", Prices::TaxExcluded);
    line(&mut order, "CD-1", "5", "50", "50", Some("10"));
    order
}

/// What was released, in pieces of the one product.
fn asked(east: &Server) -> Vec<Decimal> {
    east.jobs().iter().map(|job| job.lines[0].ordered).collect()
}

async fn parked(flow: &Flow, order: &Order) -> bool {
    flow.parked_beside().await == [(Subject::Fulfilment(order.key.clone()), vec![ReasonCode::ReleaseRefused])]
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_is_asked_for_again_only_once_a_person_says_so() {
    let (flow, east) = flow(|config| config.warehouses[0].release = ReleasePolicy::Reserved).await;
    flow.odoo.seed(|seed| {
        let product = seed.find("product.product", "default_code", "CD-1");
        let house = seed.find("stock.warehouse", "code", "WH");
        seed.stock(product, house, 3.0);
    });
    let order = five();
    let first = flow.released(&east, &order).await;
    assert_eq!(asked(&east), [Decimal::from(3)]);
    flow.told(&east.reject(&first, "the goods are damaged")).await;
    assert!(parked(&flow, &order).await);
    // More comes in: that is released, and only that.
    flow.odoo.receive("WH", "CD-1", 10.0);
    flow.watch().await;
    assert_eq!(asked(&east), [3, 2].map(Decimal::from));
    assert!(parked(&flow, &order).await, "{:?}", flow.fulfilment(&order.key).await.work);
    let second = east.jobs()[1].reference.clone();
    flow.told(&east.ship(&second, &pieces(2), 1)).await;
    flow.watch().await;
    assert_eq!(asked(&east), [3, 2].map(Decimal::from));
    assert!(parked(&flow, &order).await, "what shipped makes nobody forget what did not");
    flow.replay(&Subject::Fulfilment(order.key.clone())).await;
    assert_eq!(asked(&east), [3, 2, 3].map(Decimal::from));
    let third = east.jobs()[2].reference.clone();
    flow.told(&east.ship_rest(&third)).await;
    assert!(flow.parked_beside().await.is_empty());
    let known = flow.fulfilment(&order.key).await;
    assert_eq!(known.work.stage, FulfilmentStage::Idle);
    assert_eq!(known.releases[0].stage, ReleaseStage::Stopped);
}

#[tokio::test(start_paused = true)]
async fn a_person_who_ships_what_was_refused_settles_it() {
    let (flow, east) = flow(|_| {}).await;
    let order = five();
    let reference = flow.released(&east, &order).await;
    flow.told(&east.reject(&reference, "the goods are damaged")).await;
    assert!(parked(&flow, &order).await);
    flow.odoo.ship(flow.pickings()[0].id).unwrap();
    flow.watch().await;
    assert!(flow.parked_beside().await.is_empty());
    assert_eq!(asked(&east), [Decimal::from(5)]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_comes_before_the_look_at_what_a_person_shipped_does_not_stop_that_look() {
    let (flow, east) = flow(|_| {}).await;
    let order = five();
    let reference = flow.released(&east, &order).await;
    flow.odoo.ship(flow.pickings()[0].id).unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let deadline = flow.chain.book.now().checked_add(jiff::SignedDuration::from_mins(1)).unwrap();
    assert_eq!(flow.chain.odoo_watcher.watch(deadline).await.unwrap(), 1);
    for call in east.reject(&reference, "the goods are damaged") {
        flow.post("east", &call).await;
    }
    assert_eq!(flow.chain.pump(QueueName::Shipments).await.unwrap(), 1);
    flow.drain().await;
    assert!(flow.parked_beside().await.is_empty());
    assert_eq!(flow.fulfilment(&order.key).await.shipments.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_person_shipped_and_a_crash_left_half_written_down_is_written_to_its_end() {
    let (flow, _) = flow(|_| {}).await;
    let order = five();
    flow.bring(&order).await;
    let transfer = flow.pickings()[0].id;
    flow.odoo.ship(transfer).unwrap();
    let key: ShipmentKey = format!("east/odoo-{transfer}").parse().unwrap();
    // It is counted first of all: there the process died.
    let count = |known: &mut Fulfilment| {
        known.shipments.insert(key.clone(), Vec::new());
        Change::Write(())
    };
    flow.chain.book.change::<Fulfilment, _>(&order.key, count).await.unwrap();
    flow.watch().await;
    assert_eq!(flow.shipment(&key).await.applied, Some(vec![transfer]));
}
