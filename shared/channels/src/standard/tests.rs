use crossdock_core::{
    config::ChannelKind,
    order::{Order, PaymentState, Prices},
};
use serde_json::{Value, json};

use super::schema;
use crate::{
    Refusal, Webhook, receive,
    testing::{at, channel, d, headers, now, secrets},
};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const OTHER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

fn sample() -> Value {
    json!({
        "id": "B2B-7001", "sequence": 3, "modified_at": "2026-11-23T08:00:00+01:00",
        "placed_at": "2026-11-22T16:30:00Z", "currency": "EUR", "prices": "tax_excluded",
        "customer": { "id": "C-9", "email": "buyer@example.test", "company": "Müller GmbH", "vat": "DE123456789", "authenticated": true },
        "billing_address": { "name": "Müller GmbH", "street": "Straße 1", "city": "Köln", "postcode": "50667", "country": "DE" },
        "lines": [
            { "id": "1", "sku": "SKU-001", "name": "Jacket", "quantity": "2", "subtotal": "200.00", "total": "180.00",
              "taxes": [{ "title": "USt", "rate": "19", "amount": "34.20" }] },
            { "id": "2", "sku": "SKU-002", "name": "Socks", "quantity": "1.5", "subtotal": "15.00", "total": "15.00",
              "taxes": [{ "title": "USt", "rate": "19", "amount": "2.85" }] }
        ],
        "charges": [{ "id": "s1", "kind": "shipping", "name": "DHL", "code": "dhl", "total": "5.00",
            "taxes": [{ "title": "USt", "rate": "19", "amount": "0.95" }] }],
        "payment": { "state": "on_terms" },
        "purchase_order": "PO-1", "total": "238.00", "total_tax": "38.00"
    })
}

fn post_with(signature: &str, stamp: &str, body: &[u8], secret_texts: &[&str]) -> Result<Webhook, Refusal> {
    let pairs = [
        ("content-type", "application/json"),
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", stamp),
        ("webhook-signature", signature),
    ];
    receive(ChannelKind::Standard, &channel(), &headers(&pairs), body, &secrets(secret_texts), now())
}

fn sign(secret: &str, stamp: i64, body: &[u8]) -> String {
    standardwebhooks::Webhook::new(secret).unwrap().sign("msg_1", stamp, body).unwrap()
}

fn post(body: &[u8]) -> Result<Webhook, Refusal> {
    let stamp = now().as_second();
    post_with(&sign(SECRET, stamp, body), &stamp.to_string(), body, &[SECRET])
}

/// The reference signs UTF-8 alone, so this signature comes from elsewhere: `openssl dgst -sha256 -mac HMAC`.
#[test]
fn a_signed_body_in_another_encoding_is_told_from_a_wrong_signature() {
    let stamp = now().as_second().to_string();
    let answer =
        post_with("v1,Syxa85xnYvqCgCQAvf5WN88I6Nj+PwoJ68l4utPSL1E=", &stamp, b"\"M\xfcller\"", &[SECRET]);
    assert!(
        matches!(&answer, Err(Refusal::Invalid(errors)) if errors[0].message.starts_with("is no JSON")),
        "{answer:?}"
    );
}

fn order(body: &Value) -> Order {
    match post(body.to_string().as_bytes()) {
        Ok(Webhook::Order(order)) => *order,
        other => panic!("{other:?}"),
    }
}

fn refused(body: &Value) -> Vec<(String, String)> {
    match post(body.to_string().as_bytes()) {
        Err(Refusal::Invalid(errors)) => errors.into_iter().map(|e| (e.path, e.message)).collect(),
        other => panic!("{other:?}"),
    }
}

fn paths(body: &Value) -> Vec<String> {
    refused(body).into_iter().map(|(path, _)| path).collect()
}

#[test]
fn a_good_body_is_this_canonical_order() {
    let order = order(&sample());
    assert_eq!(order.key.to_string(), "shop-main/B2B-7001");
    assert_eq!(order.number, "B2B-7001");
    assert_eq!(order.revision.sequence, Some(3));
    assert_eq!(order.revision.modified_at, at("2026-11-23T07:00:00Z"));
    assert_eq!(order.prices, Prices::TaxExcluded);
    assert!(order.customer.authenticated);
    assert_eq!(order.destination().unwrap().country, "DE");
    assert_eq!((order.lines[1].quantity, order.lines[0].total), (d("1.5"), d("180")));
    assert_eq!(order.charges[0].code, "dhl");
    assert_eq!(order.payment.state, PaymentState::OnTerms);
    assert_eq!(order.computed_total(), order.total);
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let mut body = sample();
    body["currency"] = json!("euro");
    body["billing_address"]["country"] = json!("Germany");
    body["lines"][0].as_object_mut().unwrap().remove("sku");
    body["lines"][1]["total"] = json!(15.0);
    body["payment"]["state"] = json!("maybe");
    body["custmer"] = json!({});
    assert_eq!(
        paths(&body),
        [
            "/billing_address/country",
            "/currency",
            "/custmer",
            "/lines/0/sku",
            "/lines/1/total",
            "/payment/state"
        ]
    );
}

#[test]
fn a_wrong_choice_is_told_what_there_is() {
    let mut body = sample();
    body["charges"][0]["kind"] = json!("freight");
    let expected = ("/charges/0/kind".to_owned(), r#"must be one of "shipping", "fee""#.to_owned());
    assert_eq!(refused(&body), [expected]);
    body["charges"][0]["kind"] = json!("shipping");
    body["lines"][0]["sku"] = json!("ü".repeat(100));
    assert_eq!(paths(&body), ["/lines/0/sku"]);
}

#[test]
fn what_is_wrong_in_an_optional_object_is_named_inside_it() {
    let mut body = sample();
    body["shipping_address"] = json!({ "name": "A", "street": "", "country": "D" });
    assert_eq!(
        paths(&body),
        ["/shipping_address/city", "/shipping_address/country", "/shipping_address/street"]
    );
}

#[test]
fn what_a_schema_cannot_say_is_checked_too() {
    let mut body = sample();
    body["lines"][0]["quantity"] = json!("0");
    body["lines"][1]["id"] = json!("s1");
    body["placed_at"] = json!("2026-13-45T00:00:00Z");
    body["total"] = json!("238.02");
    body["total_tax"] = json!("38.02");
    let errors = refused(&body);
    // The time has the right form by no calendar: the schema's own check of formats finds it first.
    assert_eq!(errors[0].0, "/placed_at");
    body["placed_at"] = json!("2026-11-22T16:30:00Z");
    assert_eq!(paths(&body), ["/charges/0/id", "/lines/0/quantity", "/total", "/total_tax"]);
    assert_eq!(refused(&body)[2].1, "lines and charges add up to 238.00");
}

#[test]
fn a_partners_rounding_by_a_cent_is_accepted() {
    let mut body = sample();
    body["total"] = json!("238.01");
    assert_eq!(order(&body).total, d("238.01"));
}

#[test]
fn an_order_without_lines_or_address_is_only_good_when_it_is_cancelled() {
    let mut body = sample();
    body["lines"] = json!([]);
    body["charges"] = json!([]);
    body["total"] = json!("0.00");
    body["total_tax"] = json!("0.00");
    body.as_object_mut().unwrap().remove("billing_address");
    assert_eq!(paths(&body), ["/lines", "/shipping_address"]);
    body["cancelled"] = json!(true);
    assert!(order(&body).cancelled);
}

#[test]
fn no_error_quotes_a_value() {
    let mut body = sample();
    body["customer"]["email"] = json!("Jane Roe of 5 Elm Street");
    body["customer"]["phone"] = json!("1".repeat(65));
    body["billing_address"]["name"] = json!({ "Jane": "Roe" });
    let errors = format!("{:?}", refused(&body));
    assert!(errors.contains("/customer/email") && errors.contains("/customer/phone"), "{errors}");
    assert!(!errors.contains("Jane") && !errors.contains("111"), "{errors}");
}

#[test]
fn no_json_is_refused_with_its_place() {
    assert!(matches!(post(b"{\n\"id\": }"), Err(Refusal::Invalid(e)) if e[0].message.contains("line 2")));
    assert!(matches!(post(b"[]"), Err(Refusal::Invalid(_))));
    let large = vec![b' '; crate::BODY_LIMIT + 1];
    assert!(matches!(post(&large), Err(Refusal::Invalid(e)) if e[0].message.contains("larger")));
}

#[test]
fn the_old_secret_still_counts_and_a_stranger_does_not() {
    let body = sample().to_string();
    let (body, stamp) = (body.as_bytes(), now().as_second());
    let by_old = sign(OTHER, stamp, body);
    let when = stamp.to_string();
    assert!(post_with(&by_old, &when, body, &[SECRET, OTHER]).is_ok());
    assert!(post_with(&format!("v1,AAAA v2,x {by_old}"), &when, body, &[SECRET, OTHER]).is_ok());
    assert_eq!(post_with(&by_old, &when, body, &[SECRET]), Err(Refusal::Unauthorized));
    assert_eq!(post_with("", &when, body, &[SECRET]), Err(Refusal::Unauthorized));
    assert_eq!(post_with(&by_old, &format!("{}", stamp + 1), body, &[OTHER]), Err(Refusal::Unauthorized));
    for useless in [&[""][..], &["whsec_"], &["whsec_%%%"], &[]] {
        assert_eq!(post_with(&by_old, &when, body, useless), Err(Refusal::NotConfigured));
    }
}

#[test]
fn a_message_more_than_five_minutes_off_is_refused() {
    let body = sample().to_string();
    let body = body.as_bytes();
    let sent = |offset: i64| {
        let stamp = now().as_second() + offset;
        post_with(&sign(SECRET, stamp, body), &stamp.to_string(), body, &[SECRET])
    };
    assert!(sent(-300).is_ok() && sent(300).is_ok());
    assert_eq!(sent(-301), Err(Refusal::Unauthorized));
    assert_eq!(sent(301), Err(Refusal::Unauthorized));
    let far = i64::MIN.to_string();
    assert_eq!(post_with("v1,x", &far, body, &[SECRET]), Err(Refusal::Unauthorized));
}

#[test]
fn two_signature_headers_are_refused() {
    let body = sample().to_string();
    let stamp = now().as_second();
    let signature = sign(SECRET, stamp, body.as_bytes());
    let when = stamp.to_string();
    let pairs = [
        ("content-type", "application/json"),
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", when.as_str()),
        ("webhook-signature", &signature),
        ("webhook-signature", &signature),
    ];
    let answer = receive(
        ChannelKind::Standard,
        &channel(),
        &headers(&pairs),
        body.as_bytes(),
        &secrets(&[SECRET]),
        now(),
    );
    assert_eq!(answer, Err(Refusal::Unauthorized));
}

#[test]
fn the_schema_is_complete_and_strict() {
    let schema = schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["$defs"]["OrderId"]["pattern"], "^[A-Za-z0-9-]{1,64}$");
    let required: Vec<_> =
        schema["required"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    for field in
        ["id", "sequence", "modified_at", "currency", "prices", "lines", "payment", "total", "total_tax"]
    {
        assert!(required.contains(&field), "{field}");
    }
    // It names what is ours and nothing of where it came from.
    assert!(!schema.to_string().contains("crossdock_channels"));
}
