//! Cancels by the channel.

use crossdock_core::{order::Prices, reason::ReasonCode};

use crate::{
    orders::{cancelled, edited, simple},
    sale,
    target::Target,
};

pub async fn a_cancel_after_the_import_cancels_order_and_delivery(target: &Target) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    let state = rig.done(&cancelled(&order)).await;
    assert!(state.applied.is_some_and(|applied| applied.cancelled));
    let sale = target.sale(&order).await;
    assert_eq!(sale.state, "cancel");
    assert!(sale.live_transfers().is_empty());
}

pub async fn a_cancel_before_the_import_makes_nothing(target: &Target) {
    let order = cancelled(&simple(target.order(Prices::TaxExcluded)));
    target.rig().done(&order).await;
    assert!(sale::all(&target.user, &order).await.is_empty());
}

pub async fn a_cancel_of_an_unconfirmed_order_cancels_it(target: &Target) {
    let rig = target.rig();
    let mut order = simple(target.order(Prices::TaxExcluded));
    order.total += crate::orders::d("9.00");
    rig.parked(&order, ReasonCode::TotalDiffers).await;
    rig.done(&cancelled(&order)).await;
    assert_eq!(target.sale(&order).await.state, "cancel");
}

pub async fn a_cancel_after_goods_have_left_is_left_to_a_person(target: &Target) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    let sale = target.sale(&order).await;
    target.user.ship(sale.live_transfers()[0].id).await;
    rig.parked(&cancelled(&order), ReasonCode::ChangedAfterRelease).await;
    let after = target.sale(&order).await;
    assert_eq!(after.state, "sale");
    assert_eq!(after.transfers[0].state, "done");
}

pub async fn an_order_that_the_channel_takes_back_up_is_confirmed_again(target: &Target) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    let gone = cancelled(&order);
    rig.done(&gone).await;
    let back = edited(&gone, |order| order.cancelled = false);
    rig.done(&back).await;
    target.sale(&back).await.expect_confirmed(target, &back);
}

pub async fn a_cancel_twice_is_one_cancel(target: &Target) {
    let rig = target.rig();
    let order = simple(target.order(Prices::TaxExcluded));
    rig.done(&order).await;
    let gone = cancelled(&order);
    rig.done(&gone).await;
    let before = target.sale(&order).await;
    rig.done(&gone).await;
    assert_eq!(before, target.sale(&order).await);
}
