use base64::{Engine as _, engine::general_purpose::STANDARD};
use crossdock_core::{
    WarehouseId,
    config::WarehouseKind,
    shipment::{Lot, Notice, Shipment},
};
use hmac::{Hmac, Mac as _};
use http::HeaderMap;
use jiff::Timestamp;
use rust_decimal::Decimal;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{Call, Refusal, receive};

fn post(body: &Value, secret: &str, live: &str) -> Result<Notice, Refusal> {
    let body = body.to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    headers.insert("x-shiphero-hmac-sha256", signature.parse().unwrap());
    let call = Call { headers: &headers, query: None, body: body.as_bytes() };
    let secrets = [SecretString::from(live.to_owned())];
    receive(
        WarehouseKind::Shiphero,
        &WarehouseId::new("wh-east").unwrap(),
        call,
        &secrets,
        Timestamp::UNIX_EPOCH,
    )
}

fn read(body: &Value) -> Notice {
    post(body, "secret", "secret").unwrap()
}

fn shipped(body: &Value) -> Shipment {
    match read(body) {
        Notice::Shipped { shipment } => *shipment,
        other => panic!("{other:?}"),
    }
}

fn item(id: &str, quantity: u32, lot: Option<&str>, serials: Value) -> Value {
    json!({ "id": id, "shiphero_id": 828_656_700, "quantity": quantity, "sku": "SKU-001", "serial_numbers": serials,
        "package": "Package #1", "lot_id": null, "lot_name": lot })
}

fn sample(items: &[Value]) -> Value {
    json!({
        "test": "0", "webhook_type": "Shipment Update",
        "fulfillment": {
            "shipment_id": 315_518_042, "shipment_uuid": "U2hpcG1lbnQ6MzE1NTE4MDQy", "warehouse": "Primary",
            "partner_order_id": "WH/OUT/00042", "order_number": "WH/OUT/00042", "tracking_number": "1Z1",
            "shipping_carrier": "UPS", "created_at": "2022-12-26 15:29:26", "line_items": items,
        },
        "packages": [{ "name": "Package #1", "tracking_number": "1Z1", "shipping_carrier": "UPS",
            "shipping_label": { "tracking_url": "https://track.example.test/1Z1" } }],
    })
}

fn lot(number: &str, quantity: u32) -> Lot {
    Lot { number: number.into(), quantity: Decimal::from(quantity) }
}

#[test]
fn a_line_in_two_lots_is_one_line() {
    let items = [
        item("WH/OUT/00042|71", 2, Some("LOT-B"), json!([])),
        item("WH/OUT/00042|71", 1, Some("LOT-A"), Value::Null),
    ];
    let shipment = shipped(&sample(&items));
    assert_eq!(shipment.key.to_string(), "wh-east/315518042");
    assert_eq!(shipment.shipped_at.to_string(), "2022-12-26T15:29:26Z");
    assert_eq!(shipment.lines.len(), 1);
    assert_eq!(shipment.lines[0].line.as_ref().unwrap().as_str(), "71");
    assert_eq!(shipment.lines[0].quantity, Decimal::from(3));
    assert_eq!(shipment.lines[0].lots, [lot("LOT-A", 1), lot("LOT-B", 2)]);
    assert_eq!(shipment.parcels[0].url.as_deref(), Some("https://track.example.test/1Z1"));
}

#[test]
fn serial_numbers_are_read_as_texts_and_as_objects() {
    let serials = json!(["SN-2", { "serial_number": "SN-1", "scanned": true }, 7]);
    let shipment = shipped(&sample(&[item("x", 2, Some("LOT-A"), serials)]));
    assert_eq!(shipment.lines[0].lots, [lot("SN-1", 1), lot("SN-2", 1)]);
    // An id that is not one of ours is none.
    assert_eq!(shipment.lines[0].line, None);
}

#[test]
fn what_a_browser_would_run_is_no_address() {
    let mut body = sample(&[item("x", 1, None, json!([]))]);
    body["packages"][0]["shipping_label"]["tracking_url"] = "javascript:alert(1)".into();
    assert_eq!(shipped(&body).parcels[0].url, None);
}

#[test]
fn tests_and_the_orders_of_other_shops_are_no_shipments() {
    let mut body = sample(&[item("x", 1, None, json!([]))]);
    body["fulfillment"]["partner_order_id"] = "#1001".into();
    assert!(matches!(read(&body), Notice::Ignored { .. }));
    for yes in [json!("1"), json!(1), json!(true)] {
        body["test"] = yes;
        assert_eq!(read(&body), Notice::Ping);
    }
    assert_eq!(
        read(&json!({ "webhook_type": "Order Allocated" })),
        Notice::Ignored { topic: "Order Allocated".into() }
    );
}

#[test]
fn what_cannot_be_read_is_told_without_its_values() {
    for (field, value) in [
        ("created_at", json!("yesterday, said Jane")),
        ("line_items", json!([])),
        ("line_items", json!([{ "sku": "x", "quantity": 0 }])),
        ("shipment_id", json!("Jane")),
    ] {
        let mut body = sample(&[item("x", 1, None, json!([]))]);
        body["fulfillment"][field] = value;
        let Notice::Unreadable { why } = read(&body) else { panic!("{field} is read") };
        assert!(!why.contains("Jane"), "{why}");
    }
    assert!(matches!(read(&json!({})), Notice::Unreadable { .. }));
}

#[test]
fn each_webhook_type_may_have_a_secret_of_its_own() {
    let body = json!({ "webhook_type": "Tote Complete" });
    assert!(post(&body, "second", "first\nsecond\n").is_ok());
    assert_eq!(post(&body, "third", "first\nsecond\n"), Err(Refusal::Unauthorized));
    assert_eq!(post(&body, "", "first\n\n"), Err(Refusal::Unauthorized));
}
