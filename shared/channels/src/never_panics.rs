//! Whatever a body holds, reading it ends in an answer: the receiver has no other protection.

use crossdock_core::config::ChannelKind;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{
    receive,
    testing::{channel, fixture, headers, now, secrets, sign},
};

const SECRET: &str = "s3cret";
const STANDARD_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// Signs and posts one body to every adapter under every topic that is read.
fn everywhere(body: &[u8]) {
    let signature = sign(SECRET, body);
    let json = ("content-type", "application/json");
    for topic in ["orders/create", "orders/edited", "orders/delete", "other"] {
        let pairs = [json, ("x-shopify-topic", topic), ("x-shopify-hmac-sha256", signature.as_str())];
        check(ChannelKind::Shopify, &pairs, body, SECRET);
    }
    for topic in ["order.created", "order.deleted", "other"] {
        let pairs = [json, ("x-wc-webhook-topic", topic), ("x-wc-webhook-signature", signature.as_str())];
        check(ChannelKind::Woocommerce, &pairs, body, SECRET);
    }
    let stamp = now().as_second();
    let Ok(signature) = standardwebhooks::Webhook::new(STANDARD_SECRET).unwrap().sign("msg", stamp, body)
    else {
        return;
    };
    let when = stamp.to_string();
    let pairs =
        [json, ("webhook-id", "msg"), ("webhook-timestamp", &when), ("webhook-signature", &signature)];
    check(ChannelKind::Standard, &pairs, body, STANDARD_SECRET);
}

fn check(kind: ChannelKind, pairs: &[(&str, &str)], body: &[u8], secret: &str) {
    if let Ok(crate::Webhook::Order(order)) =
        receive(kind, &channel(), &headers(pairs), body, &secrets(&[secret]), now())
    {
        // What an order is used for must not panic either.
        let _ = (order.computed_total(), order.digest(), order.goods_digest());
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "-?[0-9]{1,30}(\\.[0-9]{1,30})?".prop_map(Value::from),
        Just(json!("0.000000000000000000000000001")),
        Just(json!("99999999999")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z_]{1,10}", inner), 0..4)
                .prop_map(|pairs| Value::from(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn woocommerce() -> Vec<u8> {
    let path = "../../tests/fixtures/woocommerce/german_vat.0.order.created.body.json";
    std::fs::read(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Every place of a body that holds something, by its pointer.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(k, v)| places(v, &format!("{here}/{k}"), found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, v)| places(v, &format!("{here}/{i}"), found))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(body in prop::collection::vec(any::<u8>(), 0..400)) {
        everywhere(&body);
    }

    #[test]
    fn any_json_is_answered(body in any_json()) {
        everywhere(body.to_string().as_bytes());
    }

    #[test]
    fn a_real_order_with_anything_put_anywhere_is_answered(
        which in 0..3_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any_json()), 1..4),
    ) {
        let body = [woocommerce(), fixture("shopify/edited.webhook.json"), fixture("shopify/net.webhook.json")];
        let mut body: Value = serde_json::from_slice(&body[which]).unwrap();
        for (at, value) in changes {
            let mut found = Vec::new();
            places(&body, "", &mut found);
            let place: &String = at.get(&found);
            *body.pointer_mut(place).unwrap() = value;
        }
        everywhere(body.to_string().as_bytes());
    }

    #[test]
    fn a_cut_off_body_is_answered(keep in 0..12_000_usize) {
        let body = fixture("shopify/edited.webhook.json");
        everywhere(&body[..keep.min(body.len())]);
    }
}

#[test]
fn the_largest_amounts_are_answered() {
    let mut body: Value = serde_json::from_slice(&fixture("shopify/net.webhook.json")).unwrap();
    let line = body["line_items"][0].clone();
    let mut huge = line;
    for (field, value) in [
        ("quantity", "0.000000000001"),
        ("current_quantity", "99999999999"),
        ("price", "99999999999.999999999999"),
    ] {
        huge[field] = json!(value);
    }
    huge["price_set"]["presentment_money"]["amount"] = json!("99999999999.999999999999");
    body["line_items"] = Value::from(vec![huge.clone(); 500]);
    everywhere(body.to_string().as_bytes());
    huge["quantity"] = json!("99999999999");
    huge["tax_lines"] = json!([]);
    huge["discount_allocations"] = json!([]);
    body["line_items"] = Value::from(vec![huge; 1000]);
    everywhere(body.to_string().as_bytes());
}
