//! Releases that a warehouse does not take, does not keep, or does not stop.

use crossdock_core::reason::ReasonCode;
use crossdock_platform::{
    Subject,
    fulfilment::{FulfilmentStage, ReleaseStage},
    orders::Stage,
};
use flows::shipping::{flow, shipment_of};
use odoo_contract::orders::d;
use serde_json::json;
use simulators::warehouses::Stage as Job;

use crate::{parked, plain};

#[tokio::test(start_paused = true)]
async fn a_release_that_the_warehouse_does_not_take_is_sent_again_once_it_knows_the_goods() {
    let (flow, east) = flow(|_| {}).await;
    east.unknown_sku("CD-1");
    let order = plain("1");
    flow.bring(&order).await;
    flow.watch().await;
    let subject = Subject::Fulfilment(order.key.clone());
    let why = parked(&flow, &subject, ReasonCode::ReleaseRefused).await;
    assert!(why.contains("SKU CD-1 is unknown"), "{why}");
    assert!(flow.fulfilment(&order.key).await.releases.is_empty(), "nothing of it stands there");
    east.learn_sku("CD-1");
    flow.replay(&subject).await;
    assert_eq!(east.jobs().len(), 1);
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_release_that_was_taken_and_is_refused_later_is_made_anew_under_another_number() {
    let (flow, east) = flow(|_| {}).await;
    let order = plain("1");
    let reference = flow.released(&east, &order).await;
    flow.told(&east.reject(&reference, "the shelf is empty")).await;
    let subject = Subject::Fulfilment(order.key.clone());
    let why = parked(&flow, &subject, ReasonCode::ReleaseRefused).await;
    assert_eq!(why, format!("east/{reference}: the shelf is empty"));
    flow.watch().await;
    assert_eq!(east.jobs().len(), 1, "nothing goes on before somebody has looked");
    flow.replay(&subject).await;
    assert_eq!(east.jobs()[1].reference, format!("{reference}.2"));
    flow.told(&east.ship_rest(&east.jobs()[1].reference)).await;
    assert_eq!(flow.shipped(), [("done".to_owned(), d("2"))]);
}

#[tokio::test(start_paused = true)]
async fn a_release_that_the_warehouse_calls_off_waits_for_a_person() {
    let (flow, east) = flow(|_| {}).await;
    let order = plain("1");
    let reference = flow.released(&east, &order).await;
    flow.told(&east.cancel(&reference, "no more of it")).await;
    let subject = Subject::Fulfilment(order.key.clone());
    let why = parked(&flow, &subject, ReasonCode::ReleaseCancelled).await;
    assert_eq!(why, format!("east/{reference}: no more of it"));
    // The person settles it the other way: nothing ships.
    flow.odoo.by_hand_press("stock.picking", "action_cancel", flow.pickings()[0].id).unwrap();
    flow.replay(&subject).await;
    assert_eq!(east.jobs().len(), 1);
    assert_eq!(flow.fulfilment(&order.key).await.work.stage, FulfilmentStage::Idle);
}

#[tokio::test(start_paused = true)]
async fn goods_without_an_internal_reference_are_not_released() {
    let (flow, east) = flow(|_| {}).await;
    let order = plain("1");
    flow.bring(&order).await;
    let product = flow.odoo.seed(|seed| seed.find("product.product", "default_code", "CD-1"));
    flow.odoo.by_hand_write("product.product", product, &json!({ "default_code": false })).unwrap();
    flow.watch().await;
    let subject = Subject::Fulfilment(order.key.clone());
    let why = parked(&flow, &subject, ReasonCode::ReleaseIncomplete).await;
    assert_eq!(why, format!("a product of {} has no Internal Reference", flow.pickings()[0].name));
    assert!(east.jobs().is_empty());
    flow.odoo.by_hand_write("product.product", product, &json!({ "default_code": "CD-1" })).unwrap();
    flow.replay(&subject).await;
    assert_eq!(east.jobs().len(), 1);
}

/// What a person cancels in Odoo is stopped at the warehouse; what cannot be stopped leaves for a cancelled order.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_stopped_is_a_persons_and_what_leaves_of_it_too() {
    let (flow, east) = flow(|_| {}).await;
    let order = plain("1");
    let reference = flow.released(&east, &order).await;
    east.pick(&reference);
    flow.odoo.by_hand_cancel(flow.odoo.orders()[0].id).unwrap();
    flow.watch().await;
    let release = Subject::Fulfilment(order.key.clone());
    let why = parked(&flow, &release, ReasonCode::ReleaseUnstoppable).await;
    assert_eq!(why, format!("east ships {reference} all the same"));
    flow.replay(&release).await;
    let known = flow.fulfilment(&order.key).await;
    assert_eq!(
        (known.work.stage, known.releases[0].stage),
        (FulfilmentStage::Idle, ReleaseStage::Unstoppable)
    );
    // And so it does.
    let calls = east.ship_rest(&reference);
    flow.told(&calls).await;
    let shipment = Subject::Shipment(shipment_of(&calls[0]));
    let why = parked(&flow, &shipment, ReasonCode::ShippedAfterCancel).await;
    assert!(why.contains(&flow.odoo.orders()[0].name), "{why}");
    assert_eq!(flow.shipped(), [("cancel".to_owned(), d("0"))]);
    // The customer keeps the goods: the person sets the order up again, and what left stands on its transfer.
    let sale = flow.odoo.orders()[0].id;
    flow.odoo.by_hand_press("sale.order", "action_draft", sale).unwrap();
    flow.odoo.by_hand_confirm(sale).unwrap();
    flow.replay(&shipment).await;
    assert!(flow.parked_beside().await.is_empty());
    let done: Vec<_> = flow.shipped().into_iter().filter(|(state, _)| state == "done").collect();
    assert_eq!(done, [("done".to_owned(), d("2"))]);
    flow.watch().await;
    assert_eq!(east.jobs().len(), 1, "what has left is not released once more");
    assert_eq!(east.job(&reference).unwrap().stage, Job::Done);
    assert_eq!(flow.state(&order.key).await.stage, Stage::Done);
}
