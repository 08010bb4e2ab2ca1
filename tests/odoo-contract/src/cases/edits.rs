//! Edits after the import: each ends with one right delivery.

use crossdock_core::order::{ChargeKind, Prices};
use serde_json::json;

use crate::{
    hands::one,
    orders::{address, charge, edited, line, set_quantity, simple},
    target::Target,
};

pub async fn a_lower_quantity_ends_with_one_right_delivery(target: &Target) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    let before = target.sale(&order).await;
    let order = edited(&order, |order| set_quantity(order, 0, "1", "10.00"));
    rig.done(&order).await;
    let after = target.sale(&order).await;
    assert_eq!(before.id, after.id);
    assert_eq!(before.lines.len(), after.lines.len());
    after.expect_confirmed(target, &order);
}

pub async fn a_higher_quantity_ends_with_one_right_delivery(target: &Target) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    let order = edited(&order, |order| set_quantity(order, 0, "5", "10.00"));
    rig.done(&order).await;
    target.sale(&order).await.expect_confirmed(target, &order);
}

pub async fn a_removed_line_is_gone(target: &Target) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    let order = edited(&order, |order| {
        order.lines.remove(0);
    });
    rig.done(&order).await;
    let sale = target.sale(&order).await;
    assert_eq!(sale.lines.len(), 1);
    sale.expect_confirmed(target, &order);
}

pub async fn an_added_line_is_there(target: &Target) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    let order = edited(&order, |order| {
        line(order, "CD-7", "3", "21.00", "21.00", Some("10"));
        charge(order, ChargeKind::Shipping, "4.00", None);
    });
    rig.done(&order).await;
    let sale = target.sale(&order).await;
    assert_eq!(sale.lines.len(), 4);
    sale.expect_confirmed(target, &order);
}

pub async fn everything_at_once_and_then_back_again(target: &Target) {
    let rig = target.rig();
    let first = simple(target.order(Prices::TaxExcluded));
    rig.done(&first).await;
    let second = edited(&first, |order| {
        set_quantity(order, 0, "1", "10.00");
        order.lines.remove(1);
        line(order, "CD-8", "2", "16.00", "8.00", Some("10"));
        order.lines[1].id = "l9".parse().expect("an id");
    });
    rig.done(&second).await;
    target.sale(&second).await.expect_confirmed(target, &second);
    let third = edited(&second, |order| order.lines.clone_from(&first.lines));
    rig.done(&third).await;
    target.sale(&third).await.expect_confirmed(target, &third);
}

pub async fn another_delivery_address_reaches_the_delivery(target: &Target) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    let order = edited(&order, |order| order.shipping = Some(address("Bo Rivera", "77 Far Away Ave")));
    rig.done(&order).await;
    let sale = target.sale(&order).await;
    sale.expect_confirmed(target, &order);
    let goes_to = sale.live_transfers()[0].id;
    let rows = target.user.rows("stock.picking", json!([["id", "=", goes_to]]), &["partner_id"]).await;
    assert_eq!(one(&rows[0]["partner_id"]), Some(sale.deliver_to));
    let street = target.user.rows("res.partner", json!([["id", "=", sale.deliver_to]]), &["street"]).await;
    assert_eq!(street[0]["street"], "77 Far Away Ave");
}

pub async fn prices_that_move_between_lines_are_brought_over(target: &Target) {
    // The total and the goods are the same before and after.
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    let order = edited(&order, |order| {
        set_quantity(order, 0, "2", "5.00");
        set_quantity(order, 1, "1", "30.00");
    });
    rig.done(&order).await;
    let sale = target.sale(&order).await;
    sale.expect_confirmed(target, &order);
    assert_eq!(sale.line(target.product("CD-2")).price, crate::orders::d("30"));
}

pub async fn a_payment_alone_changes_nothing_in_odoo(target: &Target) {
    let rig = target.rig();
    let mut order = simple(target.order(Prices::TaxExcluded));
    order.payment.state = crossdock_core::order::PaymentState::Authorized;
    rig.done(&order).await;
    let before = target.sale(&order).await;
    let order = edited(&order, |order| order.payment.state = crossdock_core::order::PaymentState::Paid);
    rig.done(&order).await;
    assert_eq!(before, target.sale(&order).await);
}

pub async fn an_edit_after_goods_have_left_is_left_to_a_person(target: &Target) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    let sale = target.sale(&order).await;
    target.user.ship(sale.live_transfers()[0].id).await;
    let before = target.sale(&order).await;
    let order = edited(&order, |order| set_quantity(order, 0, "1", "10.00"));
    rig.parked(&order, crossdock_core::reason::ReasonCode::ChangedAfterRelease).await;
    assert_eq!(before, target.sale(&order).await);
}
