use crossdock_core::{
    OrderId,
    config::ChannelKind,
    order::{ChargeKind, Order, PaymentState, Prices},
};
use serde_json::{Value, json};

use crate::{
    Refusal, Webhook, receive,
    testing::{at, channel, d, fixture, headers, now, secrets, sign},
};

const SECRET: &str = "shpss_0123";

fn post(topic: &str, body: &[u8]) -> Result<Webhook, Refusal> {
    let signature = sign(SECRET, body);
    let pairs = [
        ("content-type", "application/json"),
        ("x-shopify-topic", topic),
        ("x-shopify-hmac-sha256", &signature),
    ];
    receive(ChannelKind::Shopify, &channel(), &headers(&pairs), body, &secrets(&[SECRET]), now())
}

fn order(body: &[u8]) -> Order {
    match post("orders/updated", body) {
        Ok(Webhook::Order(order)) => *order,
        other => panic!("{other:?}"),
    }
}

fn changed(fixture_name: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(&fixture(fixture_name)).unwrap();
    change(&mut body);
    serde_json::to_vec(&body).unwrap()
}

#[test]
fn one_order_has_one_digest_from_the_webhook_and_from_graphql() {
    let webhook = order(&fixture("shopify/edited.webhook.json"));
    let node: super::node::Order = serde_json::from_slice(&fixture("shopify/edited.graphql.json")).unwrap();
    let fetched = node.canonical(&channel()).unwrap();
    assert_eq!(webhook, fetched);
    assert_eq!(webhook.digest(), fetched.digest());
}

#[test]
fn an_edited_order_is_what_is_left_of_it_in_the_currency_that_the_customer_pays() {
    let order = order(&fixture("shopify/edited.webhook.json"));
    assert_eq!(order.key.to_string(), "shop-main/5800000005001");
    assert_eq!(order.number, "#5001");
    assert_eq!(order.currency.as_str(), "EUR");
    assert_eq!(order.prices, Prices::TaxIncluded);
    assert_eq!(order.placed_at, at("2026-11-23T07:15:00Z"));
    assert_eq!(order.revision.modified_at, at("2026-11-23T08:00:30Z"));
    assert_eq!(order.purchase_order.as_deref(), Some("PO-77"));
    // Three shirts of which one was taken off, a jacket taken off, a gift card.
    assert_eq!(order.lines.len(), 2);
    let shirts = &order.lines[0];
    assert_eq!((shirts.quantity, shirts.subtotal, shirts.total), (d("2"), d("40"), d("36")));
    assert_eq!((shirts.taxes[0].rate, shirts.taxes[0].amount), (d("19"), d("5.75")));
    assert!(order.lines[1].gift_card && order.lines[1].taxes.is_empty());
    let charges: Vec<_> =
        order.charges.iter().map(|c| (c.id.as_str(), c.kind, c.code.as_str(), c.total)).collect();
    let expected = [
        ("shipping-4900000000201", ChargeKind::Shipping, "std", d("5")),
        ("tip-13600000000104", ChargeKind::Fee, "tip", d("2.4")),
    ];
    assert_eq!(charges, expected);
    assert_eq!((order.total, order.total_tax), (d("68.4"), d("6.55")));
    assert_eq!(order.computed_total(), order.total);
}

#[test]
fn a_company_order_is_authenticated_and_a_tag_holds_it_back() {
    let order = order(&fixture("shopify/edited.webhook.json"));
    assert!(order.customer.authenticated);
    assert_eq!(order.customer.company.as_deref(), Some("Müller GmbH"));
    assert_eq!(order.customer.id.as_deref(), Some("7200000000007"));
    assert_eq!(order.customer.name.as_deref(), Some("Jörg Müller"));
    assert_eq!(order.hold.as_deref(), Some("tagged \"fraud-hold\" in the shop"));
    let gift: Vec<_> = order.payment.transactions.iter().map(|t| (t.gift_card, t.amount)).collect();
    assert_eq!(gift, [(true, d("0")), (false, d("0"))]);
}

#[test]
fn cents_that_scaling_rounds_away_are_put_right_by_the_orders_own_subtotal() {
    let order = order(&fixture("shopify/net.webhook.json"));
    assert_eq!(order.prices, Prices::TaxExcluded);
    // 19.98 less two thirds of 10.00 is 13.31; Shopify took 3.34 off with the removed pair and keeps 13.32.
    assert_eq!(order.lines[0].total, d("13.32"));
    assert_eq!(order.lines[0].taxes[0].amount, d("0.97"));
    assert_eq!(order.lines[0].taxes[0].rate, d("7.25"));
    assert_eq!(order.lines[1].sku.as_ref().unwrap().as_str(), "SKU-009");
    assert_eq!(order.computed_total(), d("37.02"));
    assert_eq!(order.computed_total(), order.total);
    assert_eq!(order.payment.state, PaymentState::Authorized);
    assert_eq!(order.payment.transactions[0].amount, d("37.02"));
    // No code of the method: its name serves.
    assert_eq!((order.charges[0].code.as_str(), order.charges[0].total), ("UPS Ground", d("10")));
    assert_eq!(order.shipping.unwrap().region.as_deref(), Some("CA"));
}

#[test]
fn a_difference_of_more_than_cents_is_left_for_the_validator() {
    let body = changed("shopify/net.webhook.json", |body| {
        body["current_subtotal_price_set"]["presentment_money"]["amount"] = json!("20.00");
    });
    let order = order(&body);
    assert_eq!(order.lines[0].total, d("13.31"));
    assert_ne!(order.computed_total(), order.total);
}

#[test]
fn duties_and_additional_fees_are_fees() {
    let money = |amount: &str| json!({ "shop_money": { "amount": amount }, "presentment_money": { "amount": amount } });
    let body = changed("shopify/net.webhook.json", |body| {
        body["current_total_duties_set"] = money("4.00");
        body["current_total_additional_fees_set"] = money("1.50");
        let tax = json!({ "title": "VAT", "rate": 0.2, "price": "0.80", "price_set": money("0.80") });
        body["line_items"][1]["duties"] = json!([{ "id": "9", "tax_lines": [tax] }]);
    });
    let order = order(&body);
    let fees: Vec<_> = order.charges[1..].iter().map(|c| (c.code.as_str(), c.total, c.tax())).collect();
    assert_eq!(fees, [("duties", d("4"), d("0.8")), ("additional-fees", d("1.5"), d("0"))]);
}

#[test]
fn payment_terms_turn_a_pending_payment_into_one_on_terms() {
    let state = |status: Value, terms: Value| {
        let body = changed("shopify/net.webhook.json", |body| {
            body["financial_status"] = status;
            body["payment_terms"] = terms;
        });
        order(&body).payment.state
    };
    assert_eq!(state(json!("pending"), Value::Null), PaymentState::Pending);
    assert_eq!(state(json!("pending"), json!({ "due_in_days": 30 })), PaymentState::OnTerms);
    assert_eq!(state(json!("paid"), json!({ "due_in_days": 30 })), PaymentState::Paid);
    assert_eq!(state(json!("voided"), Value::Null), PaymentState::Voided);
    assert_eq!(state(Value::Null, Value::Null), PaymentState::Pending);
}

#[test]
fn a_cancelled_order_is_cancelled_and_has_nothing_left() {
    let body = changed("shopify/net.webhook.json", |body| {
        body["cancelled_at"] = json!("2026-11-23T08:00:00Z");
        for line in body["line_items"].as_array_mut().unwrap() {
            line["current_quantity"] = json!(0);
        }
    });
    let order = order(&body);
    assert!(order.cancelled && order.lines.is_empty());
}

#[test]
fn an_edit_or_a_delete_asks_for_a_fetch() {
    let id = OrderId::new("5800000005001").unwrap();
    let edited = post("orders/edited", &fixture("shopify/order_edit.webhook.json"));
    assert_eq!(
        edited,
        Ok(Webhook::Refetch { order: id.clone(), modified_at: Some(at("2026-11-23T08:00:30Z")) })
    );
    let deleted = post("orders/delete", br#"{"id":5800000005001}"#);
    assert_eq!(deleted, Ok(Webhook::Refetch { order: id, modified_at: None }));
}

#[test]
fn another_topic_is_ignored() {
    assert_eq!(post("products/update", b"{}"), Ok(Webhook::Ignored { topic: "products/update".into() }));
}

#[test]
fn only_a_signature_by_a_live_secret_counts() {
    let body = br#"{"id":1}"#;
    let (old, stranger) = (sign("old", body), sign("stranger", body));
    let check = |signatures: &[&str], secret_texts: &[&str]| {
        let mut pairs = vec![("content-type", "application/json"), ("x-shopify-topic", "orders/delete")];
        pairs.extend(signatures.iter().map(|s| ("x-shopify-hmac-sha256", *s)));
        receive(ChannelKind::Shopify, &channel(), &headers(&pairs), body, &secrets(secret_texts), now())
    };
    assert!(check(&[&old], &["new", "old"]).is_ok());
    assert_eq!(check(&[&stranger], &["new", "old"]), Err(Refusal::Unauthorized));
    assert_eq!(check(&[], &["new"]), Err(Refusal::Unauthorized));
    assert_eq!(check(&[&old, &old], &["old"]), Err(Refusal::Unauthorized));
    assert_eq!(check(&[&format!("{old}\u{20}")], &["old"]), Err(Refusal::Unauthorized));
    assert_eq!(check(&[""], &["old"]), Err(Refusal::Unauthorized));
    assert_eq!(check(&[&sign("", body)], &["", " "]), Err(Refusal::NotConfigured));
    assert_eq!(check(&[&old], &[]), Err(Refusal::NotConfigured));
}

#[test]
fn a_body_that_is_no_json_by_its_type_is_refused() {
    let body = br#"{"id":1}"#;
    let signature = sign(SECRET, body);
    let pairs = [("content-type", "text/plain"), ("x-shopify-hmac-sha256", signature.as_str())];
    let answer =
        receive(ChannelKind::Shopify, &channel(), &headers(&pairs), body, &secrets(&[SECRET]), now());
    assert_eq!(answer, Err(Refusal::UnsupportedMediaType));
}

#[test]
fn a_body_that_is_not_understood_keeps_its_id_and_quotes_nothing() {
    let unreadable = |body: &[u8]| match post("orders/create", body) {
        Ok(Webhook::Unreadable { order, why }) => (order.map(|id| id.to_string()), why),
        other => panic!("{other:?}"),
    };
    let body = changed("shopify/net.webhook.json", |body| body["created_at"] = json!("jon@example.test"));
    let (id, why) = unreadable(&body);
    assert_eq!(id.as_deref(), Some("5800000005002"));
    assert!(!why.contains("jon"), "{why}");
    let body = changed("shopify/net.webhook.json", |body| body["financial_status"] = json!("mortgaged"));
    let (_, why) = unreadable(&body);
    assert_eq!(why, "financial_status is none that is known");
    let body = changed("shopify/net.webhook.json", |body| body["id"] = json!("a_b"));
    assert_eq!(unreadable(&body).0, None);
    let (id, why) = unreadable(br#"{"id":7,"currency":"USD"}"#);
    assert_eq!(id.as_deref(), Some("7"));
    assert!(why.starts_with("missing field `created_at`"), "{why}");
    assert_eq!(unreadable(b"[").0, None);
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    assert_eq!(unreadable(&deep).0, None);
    assert!(unreadable(&vec![b' '; crate::BODY_LIMIT + 1]).1.starts_with("larger"));
}

#[test]
fn an_amount_in_the_shops_currency_alone_is_not_taken_for_the_customers() {
    let body = changed("shopify/edited.webhook.json", |body| {
        body["line_items"][0].as_object_mut().unwrap().remove("price_set");
    });
    let Ok(Webhook::Unreadable { why, .. }) = post("orders/create", &body) else { panic!() };
    assert_eq!(why, "an amount is told in the shop's currency only");
}
