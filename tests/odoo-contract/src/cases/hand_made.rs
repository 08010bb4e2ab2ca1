//! What people did in Odoo by hand is theirs.

use crossdock_core::{
    order::{Order, Prices},
    reason::ReasonCode,
};
use crossdock_odoo::orders::{SaleState, Standing, standing};
use serde_json::json;

use crate::{
    orders::{edited, set_quantity, simple},
    rig::Rig,
    sale,
    target::Target,
};

pub async fn an_order_deleted_in_odoo_is_not_made_again(target: &Target) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    let id = target.sale(&order).await.id;
    target.user.cancel_order(id).await;
    target.admin().run("sale.order", "unlink", &[id], &[]).await;
    let order = edited(&order, |order| set_quantity(order, 0, "1", "10.00"));
    rig.parked(&order, ReasonCode::DeletedInOdoo).await;
    assert!(sale::all(&target.user, &order).await.is_empty());
}

pub async fn what_a_reconciliation_reads_is_what_people_see(target: &Target) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    let sale = target.sale(&order).await;
    let read = || async { standing(&rig.odoo, &[sale.id]).await.expect("Odoo answers").remove(&sale.id) };
    let confirmed = Standing { state: SaleState::Confirmed, total: order.total };
    assert_eq!(read().await, Some(confirmed.clone()));
    target.user.cancel_order(sale.id).await;
    assert_eq!(read().await, Some(Standing { state: SaleState::Cancelled, ..confirmed }));
    target.admin().run("sale.order", "unlink", &[sale.id], &[]).await;
    assert_eq!(read().await, None);
}

pub async fn an_order_cancelled_by_hand_stays_cancelled(target: &Target) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    target.user.cancel_order(target.sale(&order).await.id).await;
    let order = edited(&order, |order| set_quantity(order, 0, "1", "10.00"));
    rig.parked(&order, ReasonCode::CancelledInOdoo).await;
    assert_eq!(target.sale(&order).await.state, "cancel");
    // Neither a replay nor one more edit takes our own half-done work for the person's.
    rig.parked(&order, ReasonCode::CancelledInOdoo).await;
    let order = edited(&order, |order| set_quantity(order, 0, "3", "10.00"));
    rig.parked(&order, ReasonCode::CancelledInOdoo).await;
    assert_eq!(target.sale(&order).await.state, "cancel");
}

/// An order that stands in Odoo, and a worker that died around its cancel on the way to new content.
async fn in_the_middle_of_an_edit(target: &Target) -> (Rig, Order) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    rig.announce_cancel(&order).await;
    (rig, order)
}

pub async fn our_own_edit_that_was_cut_off_after_its_cancel_is_finished(target: &Target) {
    let (rig, order) = in_the_middle_of_an_edit(target).await;
    target.user.cancel_order(target.sale(&order).await.id).await;
    let order = edited(&order, |order| set_quantity(order, 0, "1", "10.00"));
    rig.done(&order).await;
    assert_eq!(target.sale(&order).await.state, "sale");
}

pub async fn an_order_cancelled_by_somebody_else_in_the_middle_of_our_edit_stays_cancelled(target: &Target) {
    let (rig, order) = in_the_middle_of_an_edit(target).await;
    target.admin().cancel_order(target.sale(&order).await.id).await;
    let order = edited(&order, |order| set_quantity(order, 0, "1", "10.00"));
    rig.parked(&order, ReasonCode::CancelledInOdoo).await;
    assert_eq!(target.sale(&order).await.state, "cancel");
}

pub async fn an_order_changed_by_hand_is_not_overwritten(target: &Target) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    let id = target.sale(&order).await.id;
    let lines = target.user.rows("sale.order.line", json!([["order_id", "=", id]]), &["price_unit"]).await;
    let line = lines[0]["id"].as_i64().expect("an id");
    target.user.unlock_order(id).await;
    target.user.write("sale.order.line", line, json!({ "price_unit": 8.5 })).await;
    let before = target.sale(&order).await;
    let order = edited(&order, |order| set_quantity(order, 0, "1", "10.00"));
    let why = rig.parked(&order, ReasonCode::EditedInOdoo).await;
    assert!(why.contains("40.7") && why.contains("44"), "both figures: {why}");
    assert_eq!(before, target.sale(&order).await);
    rig.parked(&order, ReasonCode::EditedInOdoo).await;
    let order = edited(&order, |order| set_quantity(order, 0, "3", "10.00"));
    rig.parked(&order, ReasonCode::EditedInOdoo).await;
    assert_eq!(before, target.sale(&order).await);
}

pub async fn a_copy_made_by_hand_is_not_taken_for_the_order(target: &Target) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    let id = target.sale(&order).await.id;
    target.user.run("sale.order", "copy", &[id], &[]).await;
    let before = sale::all(&target.user, &order).await;
    let copy = *before.iter().find(|found| **found != id).expect("a copy with the same Source Document");
    let order = edited(&order, |order| set_quantity(order, 0, "1", "10.00"));
    let state = rig.done(&order).await;
    assert_eq!(state.applied.map(|applied| applied.odoo_id), Some(id));
    let rows = target.user.rows("sale.order", json!([["id", "=", copy]]), &["state", "amount_total"]).await;
    assert_eq!((&rows[0]["state"], &rows[0]["amount_total"]), (&json!("draft"), &json!(44.0)));
}
