//! What a warehouse refuses waits for a person, whatever else happens to its order.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crossdock_core::{Order, config::ReleasePolicy, order::Prices, reason::ReasonCode};
use crossdock_platform::{
    Subject,
    fulfilment::{FulfilmentStage, ReleaseStage},
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
