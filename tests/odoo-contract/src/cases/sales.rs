//! What else an order carries, and what Odoo is kept from adding.

use crossdock_core::order::Prices;
use serde_json::json;

use crate::{orders::simple, target::Target};

pub async fn the_shops_order_date_is_kept(target: &Target) {
    let mut order = simple(target.order(Prices::TaxExcluded));
    // Half an hour before midnight in UTC: another day in most of the world.
    order.placed_at = "2026-11-19T23:30:15Z".parse().expect("a time");
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    assert_eq!(sale.ordered_at, "2026-11-19 23:30:15");
    assert_ne!(target.world.timezone, "UTC");
}

pub async fn nobody_follows_and_nobody_is_the_salesperson(target: &Target) {
    let order = simple(target.order(Prices::TaxExcluded));
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    assert!(sale.followers.is_empty());
    assert_eq!(sale.salesperson, None);
}

pub async fn payment_terms_are_for_customers_whom_the_channel_has_checked(target: &Target) {
    let terms = target.user.rows("account.payment.term", json!([]), &["name"]).await;
    let term = terms.last().expect("a payment term in Odoo")["id"].as_i64().expect("an id");
    let email = format!("terms-{}@example.test", target.fresh());
    let partner = target.user.create("res.partner", &[("name", "On Terms"), ("email", &email)]).await;
    let here = target.user.in_company(target.world.company.id);
    here.write("res.partner", partner, json!({ "property_payment_term_id": term })).await;
    let typed = {
        let mut order = simple(target.order(Prices::TaxExcluded));
        order.customer.email = Some(email.clone());
        order
    };
    let checked = {
        let mut order = simple(target.order(Prices::TaxExcluded));
        order.customer.email = Some(email.clone());
        order.customer.authenticated = true;
        order
    };
    target.rig().all_done(&[typed.clone(), checked.clone()]).await;
    let (typed, checked) = (target.sale(&typed).await, target.sale(&checked).await);
    assert_eq!((typed.partner, checked.partner), (partner, partner));
    assert_eq!((typed.payment_term, checked.payment_term), (None, Some(term)));
}

pub async fn the_buyers_own_number_is_the_customer_reference(target: &Target) {
    let plain = simple(target.order(Prices::TaxExcluded));
    let mut with_number = simple(target.order(Prices::TaxExcluded));
    with_number.purchase_order = Some("PO 4711/B".into());
    target.rig().all_done(&[plain.clone(), with_number.clone()]).await;
    assert_eq!(target.sale(&plain).await.customer_reference, plain.number);
    assert_eq!(target.sale(&with_number).await.customer_reference, "PO 4711/B");
}
