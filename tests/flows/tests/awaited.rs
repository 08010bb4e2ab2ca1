//! What follows from an order that a person has to look at waits without being looked at, and goes on with it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crossdock::ops::{How, take_up};
use crossdock_core::{Order, config::ReleasePolicy, order::Prices, reason::ReasonCode};
use crossdock_platform::fulfilment::FulfilmentStage;
use flows::{Flow, codes, shipping::flow};
use odoo_contract::orders::{line, order};
use rust_decimal::Decimal;
use simulators::warehouses::Server;

fn five(sku: &str, sequence: u64) -> Order {
    let mut order = order("1", Prices::TaxExcluded);
    line(&mut order, sku, "5", "50", "50", Some("10"));
    order.revision.sequence = Some(sequence);
    order
}

/// An order of which two of five are released, whose customer then wants what nobody sells; and more comes in.
async fn parked() -> (Flow, Server, Order) {
    let (flow, east) = flow(|config| config.warehouses[0].release = ReleasePolicy::Reserved).await;
    flow.stock("CD-1", 2.0);
    let order = five("CD-1", 1);
    flow.bring(&order).await;
    // Nothing is looked at before the order is parked: the look falls into the waiting.
    flow.accept(&[five("NO-SUCH-SKU", 2)]).await;
    flow.drain().await;
    assert_eq!(codes(&flow.state(&order.key).await), [ReasonCode::UnknownSku]);
    flow.watch().await;
    (flow, east, order)
}

fn asked_for(east: &Server) -> Vec<Decimal> {
    east.jobs().iter().map(|job| job.lines[0].ordered).collect()
}

#[tokio::test(start_paused = true)]
async fn a_release_of_a_parked_order_waits_without_being_looked_at() {
    let (flow, east, order) = parked().await;
    let waiting = flow.fulfilment(&order.key).await;
    assert_eq!((waiting.work.stage, waiting.work.due_at), (FulfilmentStage::Idle, None));
    flow.pass(120).await;
    assert_eq!(flow.fulfilment(&order.key).await, waiting, "nobody has looked");
    assert!(asked_for(&east).is_empty());
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_when_the_channel_sends_what_can_be_imported() {
    let (flow, east, order) = parked().await;
    flow.accept(&[five("CD-1", 3)]).await;
    flow.drain().await;
    flow.pass(10).await;
    assert_eq!(asked_for(&east), [2].map(Decimal::from));
    assert!(!flow.state(&order.key).await.awaited);
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_when_a_person_accepts_the_order_as_it_stands() {
    let (flow, east, order) = parked().await;
    take_up(&flow.chain.book, std::slice::from_ref(&order.key), How::Accepted).await.unwrap();
    flow.drain().await;
    flow.pass(10).await;
    assert_eq!(asked_for(&east), [2].map(Decimal::from));
    assert!(!flow.state(&order.key).await.awaited);
}

#[tokio::test(start_paused = true)]
async fn what_a_person_ships_of_it_meanwhile_is_written_down_all_the_same() {
    let (flow, east, order) = parked().await;
    let transfer = flow.odoo.orders()[0].pickings[0].id;
    flow.odoo.ship(transfer).unwrap();
    flow.pass(2).await;
    flow.watch().await;
    flow.drain().await;
    let known = flow.fulfilment(&order.key).await;
    let keys: Vec<String> = known.shipments.keys().map(ToString::to_string).collect();
    assert_eq!(keys, [format!("east/odoo-{transfer}")]);
    assert_eq!((known.work.stage, known.work.due_at), (FulfilmentStage::Idle, None));
    assert!(asked_for(&east).is_empty());
}
