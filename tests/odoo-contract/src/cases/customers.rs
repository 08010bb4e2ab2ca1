//! Customers: found or made, once, and never written over.

use crossdock_core::order::{Order, Prices};
use serde_json::{Value, json};

use crate::{
    hands::one,
    orders::{address, simple},
    target::Target,
};

const FIELDS: [&str; 9] =
    ["name", "email", "phone", "street", "city", "parent_id", "type", "is_company", "write_date"];

async fn partner(target: &Target, id: i64) -> Value {
    target.user.rows("res.partner", json!([["id", "=", id]]), &FIELDS).await.remove(0)
}

async fn children(target: &Target, parent: i64) -> Vec<Value> {
    target.user.rows("res.partner", json!([["parent_id", "=", parent]]), &FIELDS).await
}

/// A guest's order: only an e-mail address says who it is.
fn guest(target: &Target, email: &str) -> Order {
    let mut order = simple(target.order(Prices::TaxExcluded));
    order.customer.id = None;
    order.customer.email = Some(email.to_owned());
    order
}

pub async fn a_new_customer_is_made_with_name_address_and_phone(target: &Target) {
    let order = simple(target.order(Prices::TaxExcluded));
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    // One address for everything is the customer's own.
    assert_eq!((sale.invoice_to, sale.deliver_to), (sale.partner, sale.partner));
    let made = partner(target, sale.partner).await;
    assert_eq!(made["name"], "Ann Rivera");
    assert_eq!(made["email"], order.customer.email.as_deref().unwrap_or_default());
    assert_eq!(made["street"], "1 Main St");
    assert!(made["phone"].as_str().is_some_and(|phone| phone.contains("510")), "{made}");
}

pub async fn a_customer_with_an_account_is_made_once(target: &Target) {
    let first = simple(target.order(Prices::TaxExcluded));
    let mut second = simple(target.order(Prices::TaxExcluded));
    second.customer.clone_from(&first.customer);
    let mut third = simple(target.order(Prices::TaxExcluded));
    third.customer.clone_from(&first.customer);
    let rig = target.rig();
    // In one batch, in a later one, and with a ledger that knows nothing.
    rig.all_done(&[first.clone(), second.clone()]).await;
    target.rig().done(&third).await;
    let sold_to = target.sale(&first).await.partner;
    assert_eq!(target.sale(&second).await.partner, sold_to);
    assert_eq!(target.sale(&third).await.partner, sold_to);
    let same = json!([["email", "=", first.customer.email], ["parent_id", "=", false]]);
    assert_eq!(target.user.count("res.partner", same).await, 1);
}

pub async fn a_partner_with_the_same_email_is_referenced_and_not_written(target: &Target) {
    let email = format!("known-{}@example.test", target.fresh());
    let cells =
        [("name", "Known To Staff"), ("email", email.as_str()), ("street", "9 Old Rd"), ("phone", "555")];
    let known = target.user.create("res.partner", &cells).await;
    let before = partner(target, known).await;
    let order = guest(target, &email.to_uppercase());
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    assert_eq!(sale.partner, known);
    assert_eq!(partner(target, known).await, before);
    // The order's own address stands beside it and not over it.
    assert_ne!(sale.deliver_to, known);
    assert_eq!(partner(target, sale.deliver_to).await["street"], "1 Main St");
}

pub async fn an_underscore_in_an_email_matches_no_stranger(target: &Target) {
    let run = target.fresh();
    let stranger = format!("axb-{run}@example.test");
    let cells = [("name", "A Stranger"), ("email", stranger.as_str())];
    let stranger = target.user.create("res.partner", &cells).await;
    let order = guest(target, &format!("a_b-{run}@example.test"));
    target.rig().done(&order).await;
    assert_ne!(target.sale(&order).await.partner, stranger);
}

pub async fn an_internal_users_email_is_never_matched(target: &Target) {
    let domain = json!([["partner_share", "=", false], ["email_normalized", "!=", false]]);
    let internal = target.user.rows("res.partner", domain, &["email_normalized"]).await;
    let row = internal.first().expect("an internal user with an e-mail address");
    let order = guest(target, row["email_normalized"].as_str().unwrap_or_default());
    target.rig().done(&order).await;
    let sold_to = target.sale(&order).await.partner;
    assert!(internal.iter().all(|row| row["id"] != json!(sold_to)), "sold to a colleague");
}

pub async fn an_email_that_two_partners_have_is_not_matched(target: &Target) {
    let email = format!("twice-{}@example.test", target.fresh());
    let first = target.user.create("res.partner", &[("name", "One"), ("email", &email)]).await;
    let second = target.user.create("res.partner", &[("name", "Two"), ("email", &email)]).await;
    let order = guest(target, &email);
    target.rig().done(&order).await;
    let sold_to = target.sale(&order).await.partner;
    assert!(![first, second].contains(&sold_to), "one of two was picked");
}

pub async fn a_delivery_address_is_made_once_for_each_content(target: &Target) {
    let first = {
        let mut order = simple(target.order(Prices::TaxExcluded));
        order.shipping = Some(address("Bo Rivera", "2 Dock Rd"));
        order
    };
    let again = |street: &str| {
        let mut order = simple(target.order(Prices::TaxExcluded));
        order.customer.clone_from(&first.customer);
        order.shipping = Some(address("Bo Rivera", street));
        order
    };
    let (same, other) = (again("2 Dock Rd"), again("3 Dock Rd"));
    let rig = target.rig();
    rig.done(&first).await;
    rig.done(&same).await;
    rig.done(&other).await;
    let (first, same, other) =
        (target.sale(&first).await, target.sale(&same).await, target.sale(&other).await);
    assert_eq!(first.deliver_to, same.deliver_to);
    assert_ne!(first.deliver_to, other.deliver_to);
    assert_eq!(first.invoice_to, first.partner);
    let children = children(target, first.partner).await;
    assert_eq!(children.len(), 2, "{children:?}");
    assert!(children.iter().all(|child| child["type"] == "delivery"), "{children:?}");
    let made = partner(target, first.deliver_to).await;
    assert_eq!((&made["name"], &made["street"]), (&json!("Bo Rivera"), &json!("2 Dock Rd")));
    // The customer's own address is still the one it was made with.
    assert_eq!(partner(target, first.partner).await["street"], "1 Main St");
}

pub async fn a_company_customer_is_a_company_with_addresses_below_it(target: &Target) {
    let mut order = simple(target.order(Prices::TaxExcluded));
    order.customer.company = Some("Rivera & Söhne GmbH".into());
    order.shipping = Some(address("Goods In", "4 Gate Way"));
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    let made = partner(target, sale.partner).await;
    assert_eq!((&made["name"], &made["is_company"]), (&json!("Rivera & Söhne GmbH"), &json!(true)));
    let to = partner(target, sale.deliver_to).await;
    assert_eq!((one(&to["parent_id"]), &to["street"]), (Some(sale.partner), &json!("4 Gate Way")));
}

pub async fn a_contact_of_a_company_stays_below_its_company(target: &Target) {
    let run = target.fresh();
    let email = format!("buyer-{run}@example.test");
    let cells = [("name", "Parent Inc"), ("is_company", "1"), ("street", "1 Tower Pl"), ("city", "Oakland")];
    let company = target.user.create("res.partner", &cells).await;
    let parent = company.to_string();
    let cells = [("name", "The Buyer"), ("email", email.as_str()), ("parent_id/.id", parent.as_str())];
    let buyer = target.user.create("res.partner", &cells).await;
    let before = (partner(target, company).await, partner(target, buyer).await);
    let order = guest(target, &email);
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    assert_eq!(sale.partner, buyer);
    sale.expect_confirmed(target, &order);
    assert_eq!((partner(target, company).await, partner(target, buyer).await), before);
    assert_eq!(partner(target, sale.deliver_to).await["street"], "1 Main St");
}

pub async fn a_customer_merged_away_in_odoo_is_found_or_made_anew(target: &Target) {
    let rig = target.rig();
    let first = simple(target.order(Prices::TaxExcluded));
    rig.done(&first).await;
    let gone = target.sale(&first).await;
    target.user.cancel_order(gone.id).await;
    target.admin().run("sale.order", "unlink", &[gone.id], &[]).await;
    target.admin().run("res.partner", "unlink", &[gone.partner], &[]).await;
    let mut second = simple(target.order(Prices::TaxExcluded));
    second.customer.clone_from(&first.customer);
    rig.done(&second).await;
    assert_ne!(target.sale(&second).await.partner, gone.partner);
}
