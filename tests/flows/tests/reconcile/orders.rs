//! Orders that a person has settled differ no more.

use crossdock_core::difference::DifferenceKind;
use crossdock_operations::{How, take_up};
use crossdock_platform::reconciliation::Run;
use flows::{Flow, shops::Shops};
use serde_json::json;

use crate::{counts, key, reconciled, told};

/// What differs of orders.
fn of_orders(run: &Run) -> Vec<(DifferenceKind, u64, u64)> {
    counts(run).into_iter().filter(|(kind, ..)| kind.is_about_an_order()).collect()
}

async fn sold(flow: &Flow, shops: &Shops, shop: &str) {
    let webhook = shops.buy_in(flow, shop).unwrap();
    shops.tell(flow, shop, &[webhook]).await;
    flow.rest().await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_order_whose_cancelled_sale_is_deleted_in_odoo_is_no_difference() {
    let (flow, shops) = told(|_| {}).await;
    sold(&flow, &shops, "shopify").await;
    let webhook = shops.cancel(&flow);
    shops.tell(&flow, "shopify", &[webhook]).await;
    flow.rest().await;
    let there = flow.odoo.order(&format!("crossdock.order_shopify_{}", Shops::ORDER)).unwrap();
    assert_eq!(there.state, "cancel");
    flow.odoo.by_hand_unlink("sale.order", there.id).unwrap();
    assert_eq!(of_orders(&reconciled(&flow, true).await), []);
}

/// By `crossdock replay --accept`. What somebody changes in Odoo after that is another total, and accepted anew.
#[tokio::test(start_paused = true)]
async fn a_total_in_odoo_that_a_person_accepted_is_no_difference_until_it_is_another_one() {
    let (flow, shops) = told(|_| {}).await;
    sold(&flow, &shops, "woo").await;
    let line = flow.odoo.order(&format!("crossdock.order_woo_{}", Shops::ORDER)).unwrap().lines[0].id;
    for price in [1.0, 2.0] {
        flow.odoo.by_hand_write("sale.order.line", line, &json!({ "price_unit": price })).unwrap();
        flow.rest().await;
        for _ in 0..2 {
            let found = of_orders(&reconciled(&flow, true).await);
            assert_eq!(found, [(DifferenceKind::OrderTotalDiffers, 1, 0)]);
        }
        take_up(&flow.chain.book, &[key("woo")], How::Accepted).await.unwrap();
        flow.rest().await;
        for _ in 0..2 {
            assert_eq!(of_orders(&reconciled(&flow, true).await), []);
        }
    }
}
