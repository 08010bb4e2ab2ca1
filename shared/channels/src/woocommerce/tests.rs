use crossdock_core::{
    OrderId,
    config::ChannelKind,
    order::{ChargeKind, Order, PaymentState, Prices},
};
use serde_json::{Value, json};

use crate::{
    Refusal, Webhook, receive,
    testing::{at, channel, d, headers, now, secrets, sign},
};

const SECRET: &str = "s3cret";

/// A webhook as a real shop sent it: its headers and its raw body.
fn recording(name: &str) -> (Vec<(String, String)>, Vec<u8>) {
    let base = format!("{}/../../tests/fixtures/woocommerce/{name}", env!("CARGO_MANIFEST_DIR"));
    let pairs: Value =
        serde_json::from_slice(&std::fs::read(format!("{base}.headers.json")).unwrap()).unwrap();
    let pairs = pairs.as_object().unwrap().iter().map(|(k, v)| (k.clone(), v.as_str().unwrap().to_owned()));
    (pairs.collect(), std::fs::read(format!("{base}.body.json")).unwrap())
}

fn played(name: &str) -> Result<Webhook, Refusal> {
    let (pairs, body) = recording(name);
    let pairs: Vec<_> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    receive(ChannelKind::Woocommerce, &channel(), &headers(&pairs), &body, &secrets(&[SECRET]), now())
}

fn order(name: &str) -> Order {
    match played(name) {
        Ok(Webhook::Order(order)) => *order,
        other => panic!("{other:?}"),
    }
}

fn post(topic: &str, body: &[u8]) -> Result<Webhook, Refusal> {
    let signature = sign(SECRET, body);
    let pairs = [
        ("content-type", "application/json; charset=utf-8"),
        ("x-wc-webhook-topic", topic),
        ("x-wc-webhook-signature", &signature),
    ];
    receive(ChannelKind::Woocommerce, &channel(), &headers(&pairs), body, &secrets(&[SECRET]), now())
}

fn post_unsigned(body: &[u8]) -> Result<Webhook, Refusal> {
    let headers = headers(&[("content-type", "application/json")]);
    receive(ChannelKind::Woocommerce, &channel(), &headers, body, &secrets(&[SECRET]), now())
}

fn changed(change: impl FnOnce(&mut Value)) -> Result<Webhook, Refusal> {
    let mut body: Value = serde_json::from_slice(&recording("german_vat.0.order.created").1).unwrap();
    change(&mut body);
    post("order.updated", &serde_json::to_vec(&body).unwrap())
}

fn changed_order(change: impl FnOnce(&mut Value)) -> Order {
    match changed(change) {
        Ok(Webhook::Order(order)) => *order,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_recorded_order_is_accepted_and_adds_up_to_the_cent() {
    let folder = format!("{}/../../tests/fixtures/woocommerce", env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = name.strip_suffix(".body.json") else { continue };
        if name.contains(".order.") {
            let order = order(name);
            assert_eq!(order.computed_total(), order.total, "{name}");
            let tax: rust_decimal::Decimal =
                order.lines.iter().map(|l| l.tax()).sum::<rust_decimal::Decimal>()
                    + order.charges.iter().map(|c| c.tax()).sum::<rust_decimal::Decimal>();
            assert_eq!(tax, order.total_tax, "{name}");
            seen += 1;
        } else {
            assert_eq!(played(name), Ok(Webhook::Ignored { topic: "product.updated".into() }), "{name}");
        }
    }
    assert_eq!(seen, 11);
}

#[test]
fn created_and_updated_of_one_state_have_one_digest() {
    for case in ["before_cancel", "fee_line", "german_vat", "simple_paid", "unpaid_pending"] {
        let (created, updated) =
            (order(&format!("{case}.0.order.created")), order(&format!("{case}.1.order.updated")));
        assert_eq!(created.digest(), updated.digest(), "{case}");
    }
}

#[test]
fn a_recorded_german_order_is_this_canonical_order() {
    let order = order("german_vat.0.order.created");
    assert_eq!(order.key.to_string(), "shop-main/22");
    assert_eq!(
        (order.number.as_str(), order.currency.as_str(), order.prices),
        ("22", "USD", Prices::TaxExcluded)
    );
    assert_eq!(order.revision.modified_at, at("2026-11-23T07:38:11Z"));
    assert_eq!(order.customer.id, None);
    assert_eq!(order.customer.name.as_deref(), Some("Jörg Müller-Lüdenscheidt"));
    assert_eq!(order.customer.company.as_deref(), Some("Müller GmbH & Co. KG"));
    assert!(!order.customer.authenticated);
    let to = order.destination().unwrap();
    assert_eq!(
        (to.street.as_str(), to.postcode.as_deref(), to.region.as_deref()),
        ("Straße 1", Some("50667"), None)
    );
    let lines: Vec<_> = order
        .lines
        .iter()
        .map(|l| (l.sku.as_ref().unwrap().as_str(), l.quantity, l.total, l.taxes[0].rate, l.tax()))
        .collect();
    let expected =
        [("SKU-003", d("1"), d("129"), d("19"), d("24.51")), ("TEE-M", d("2"), d("48"), d("19"), d("9.12"))];
    assert_eq!(lines, expected);
    let dhl = &order.charges[0];
    assert_eq!((dhl.kind, dhl.name.as_str(), dhl.code.as_str()), (ChargeKind::Shipping, "DHL", "flat_rate"));
    // The shop wrote 0.798 for this tax and charged 0.80.
    assert_eq!((dhl.total, dhl.tax()), (d("4.2"), d("0.8")));
    assert_eq!((order.total, order.total_tax), (d("215.63"), d("34.43")));
    assert_eq!(order.payment.state, PaymentState::Paid);
}

#[test]
fn a_recorded_fee_is_a_charge_with_its_tax_rounded_as_charged() {
    let order = order("fee_line.0.order.created");
    let fee = &order.charges[0];
    assert_eq!(
        (fee.kind, fee.name.as_str(), fee.total, fee.tax()),
        (ChargeKind::Fee, "Small order fee", d("2.5"), d("0.18"))
    );
    assert_eq!(order.lines[0].taxes[0].amount, d("2.9"));
    assert_eq!(order.total, d("45.53"));
}

#[test]
fn a_payment_id_is_kept_and_an_unpaid_order_is_pending() {
    let paid = order("simple_paid.0.order.created");
    let payment = &paid.payment.transactions[0];
    assert_eq!((payment.id.as_deref(), payment.gateway.as_str()), (Some("pi_test_1"), "stripe"));
    assert_eq!(payment.amount, d("103.88"));
    let unpaid = order("unpaid_pending.0.order.created");
    assert_eq!(unpaid.payment.state, PaymentState::Pending);
    assert_eq!(unpaid.payment.transactions[0].amount, d("0"));
}

#[test]
fn a_cancelled_order_keeps_its_lines_and_what_was_paid() {
    let order = order("cancelled.0.order.updated");
    assert!(order.cancelled);
    assert_eq!(order.payment.state, PaymentState::Paid);
    assert_eq!(order.lines.len(), 1);
}

#[test]
fn the_status_says_what_the_payment_is() {
    let state = |status: &str, paid: bool| {
        let order = changed_order(|body| {
            body["status"] = json!(status);
            if !paid {
                body["date_paid_gmt"] = Value::Null;
            }
        });
        (order.payment.state, order.cancelled, order.hold.is_some())
    };
    assert_eq!(state("processing", true), (PaymentState::Paid, false, false));
    // Cash on delivery: the shop works on it, the money comes later.
    assert_eq!(state("processing", false), (PaymentState::Pending, false, false));
    assert_eq!(state("on-hold", false), (PaymentState::Pending, false, false));
    assert_eq!(state("on-hold", true), (PaymentState::Paid, false, true));
    assert_eq!(state("failed", false), (PaymentState::Failed, false, false));
    assert_eq!(state("refunded", true), (PaymentState::Refunded, false, false));
    assert_eq!(state("cancelled", false), (PaymentState::Voided, true, false));
    // A status that a plugin made.
    assert_eq!(state("ready-to-pack", true), (PaymentState::Paid, false, false));
}

#[test]
fn a_refund_of_a_part_shows_in_the_payment() {
    let order = changed_order(|body| body["refunds"] = json!([{ "id": 9, "reason": "", "total": "-5.00" }]));
    assert_eq!(order.payment.state, PaymentState::PartiallyRefunded);
    assert_eq!(order.total, d("215.63"));
}

#[test]
fn taxes_rounded_at_the_subtotal_still_make_up_what_the_shop_charged() {
    let order = changed_order(|body| {
        body["total_tax"] = json!("34.42");
        body["total"] = json!("215.62");
    });
    assert_eq!(order.lines[0].tax(), d("24.5"));
    assert_eq!(order.computed_total(), d("215.62"));
}

#[test]
fn the_tax_number_of_a_plugin_and_the_instance_of_a_method_are_read() {
    let order = changed_order(|body| {
        body["meta_data"] = json!([{ "id": 1, "key": "_x", "value": { "a": [1] } },
            { "id": 2, "key": "_billing_vat_number", "value": "DE123456789" }]);
        body["shipping_lines"][0]["instance_id"] = json!("3");
    });
    assert_eq!(order.customer.vat.as_deref(), Some("DE123456789"));
    assert_eq!(order.charges[0].code, "flat_rate:3");
}

#[test]
fn a_draft_is_ignored_and_trash_asks_for_a_fetch() {
    assert!(matches!(changed(|body| body["status"] = json!("checkout-draft")), Ok(Webhook::Ignored { .. })));
    let order = OrderId::new("22").unwrap();
    let refetch = Ok(Webhook::Refetch { order, modified_at: None });
    assert_eq!(changed(|body| body["status"] = json!("trash")), refetch);
    assert_eq!(post("order.deleted", br#"{"id":22}"#), refetch);
}

#[test]
fn the_unsigned_ping_is_a_ping_and_nothing_else_is() {
    let ping = |body: &[u8]| {
        let pairs = [("content-type", "application/x-www-form-urlencoded")];
        receive(ChannelKind::Woocommerce, &channel(), &headers(&pairs), body, &secrets(&[SECRET]), now())
    };
    assert_eq!(ping(b"webhook_id=7"), Ok(Webhook::Ping));
    for body in [&b"webhook_id="[..], b"webhook_id=7&x=1", b"webhook_id=7\n", b"webhook_id=x", b""] {
        assert_eq!(ping(body), Err(Refusal::Unauthorized));
    }
    assert_eq!(post_unsigned(b"webhook_id=7"), Err(Refusal::Unauthorized), "JSON is no form");
}

#[test]
fn a_body_that_is_not_understood_keeps_its_id_and_quotes_nothing() {
    let answer = changed(|body| body["line_items"] = json!("Jörg"));
    let Ok(Webhook::Unreadable { order, why }) = answer else { panic!("{answer:?}") };
    assert_eq!(order.unwrap().as_str(), "22");
    assert!(!why.contains("rg"), "{why}");
    // What WooCommerce sends when the webhook's user may no longer read orders.
    let answer = post("order.updated", br#"{"code":"woocommerce_rest_cannot_view","message":"no"}"#);
    assert!(matches!(answer, Ok(Webhook::Unreadable { order: None, .. })));
}
