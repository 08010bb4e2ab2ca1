use crossdock_core::{
    WarehouseId,
    config::WarehouseKind,
    shipment::{Notice, ParcelStatus},
};
use crossdock_hooks::standard::signature;
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::schemas;
use crate::{Call, Refusal, receive};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

fn now() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

fn post(body: &[u8]) -> Result<Notice, Refusal> {
    let sent = now().as_second();
    let signature = signature(SECRET, "msg_1", sent, body).unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("content-type", "application/json".to_owned()),
        ("webhook-id", "msg_1".into()),
        ("webhook-timestamp", sent.to_string()),
        ("webhook-signature", signature),
    ] {
        headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    let call = Call { headers: &headers, query: None, body };
    let warehouse = WarehouseId::new("wh-east").unwrap();
    receive(WarehouseKind::Standard, &warehouse, call, &[SecretString::from(SECRET.to_owned())], now())
}

fn sample() -> Value {
    json!({
        "type": "shipped.v1", "shipment": "SH-1", "reference": "WH/OUT/00042",
        "shipped_at": "2026-11-23T08:59:00+01:00",
        "lines": [
            { "line": "17", "sku": "SKU-001", "quantity": "2",
              "lots": [{ "number": "SN-1", "quantity": "1" }, { "number": "SN-2", "quantity": "1.0" }] },
            { "sku": "SKU-002", "quantity": "1.50" }
        ],
        "parcels": [{ "carrier": "UPS", "tracking": "1Z1", "url": "https://track.example.test/1Z1" }],
    })
}

fn paths(body: &Value) -> Vec<String> {
    match post(body.to_string().as_bytes()) {
        Err(Refusal::Invalid(errors)) => errors.into_iter().map(|error| error.path).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_body_is_this_shipment() {
    let Ok(Notice::Shipped { shipment }) = post(sample().to_string().as_bytes()) else { panic!("refused") };
    assert_eq!(shipment.key.to_string(), "wh-east/SH-1");
    assert_eq!(shipment.reference.as_str(), "WH/OUT/00042");
    assert_eq!(shipment.shipped_at.to_string(), "2026-11-23T07:59:00Z");
    assert_eq!(shipment.lines[0].line.as_ref().unwrap().as_str(), "17");
    // Written in its shortest form, so that the same shipment has one digest.
    assert_eq!(shipment.lines[1].quantity.to_string(), "1.5");
    assert_eq!(shipment.lines[0].lots[1].quantity.to_string(), "1");
    assert_eq!(shipment.parcels[0].tracking.as_deref(), Some("1Z1"));
    assert!(!shipment.closes);
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let mut body = sample();
    body["reference"] = json!("WH OUT");
    body["shipped_at"] = json!("yesterday");
    body["lines"][0].as_object_mut().unwrap().remove("sku");
    body["lines"][1]["quantity"] = json!(1.5);
    body["parcels"][0]["url"] = json!("javascript:alert(1)");
    body["colour"] = json!("red");
    let expected =
        ["/colour", "/lines/0/sku", "/lines/1/quantity", "/parcels/0/url", "/reference", "/shipped_at"];
    assert_eq!(paths(&body), expected);
}

#[test]
fn what_a_schema_cannot_say_is_checked_too() {
    let mut body = sample();
    body["lines"][1]["quantity"] = json!("0");
    body["lines"][0]["lots"][1] = json!({ "number": "SN-1", "quantity": "2" });
    assert_eq!(paths(&body), ["/lines/0/lots", "/lines/0/lots/1/number", "/lines/1/quantity"]);
    body = sample();
    body["lines"] = json!([]);
    assert_eq!(paths(&body), ["/lines"]);
}

#[test]
fn a_type_that_there_is_not_is_told_what_there_is() {
    let mut body = sample();
    body["type"] = json!("delivered.v1");
    let Err(Refusal::Invalid(errors)) = post(body.to_string().as_bytes()) else { panic!("accepted") };
    assert_eq!(errors[0].path, "/type");
    assert!(errors[0].message.contains("shipped.v1, closed.v1"), "{errors:?}");
    body.as_object_mut().unwrap().remove("type");
    assert_eq!(paths(&body), ["/type"]);
    assert!(matches!(post(b"{\"type\":"), Err(Refusal::Invalid(errors)) if errors[0].path.is_empty()));
    assert!(matches!(post(b"[1]"), Err(Refusal::Invalid(_))));
}

#[test]
fn the_other_types_say_what_they_are() {
    let read = |body: Value| post(body.to_string().as_bytes()).unwrap();
    let reference = "WH/OUT/00042";
    let closed = json!({ "type": "closed.v1", "shipment": "C-1", "reference": reference, "closed_at": "2026-11-23T08:00:00Z" });
    let Notice::Shipped { shipment } = read(closed) else { panic!("another notice") };
    assert!(shipment.closes && shipment.lines.is_empty());
    let why = format!("no stock\n{}", "x".repeat(400));
    let Notice::Refused { why, .. } =
        read(json!({ "type": "rejected.v1", "reference": reference, "why": why }))
    else {
        panic!("another notice")
    };
    assert!(why.starts_with("no stock x") && why.chars().count() == 200, "{why}");
    let cancelled = json!({ "type": "cancelled.v1", "reference": reference, "why": "asked to" });
    assert!(matches!(read(cancelled), Notice::Cancelled { .. }));
    assert_eq!(read(json!({ "type": "ping.v1" })), Notice::Ping);
    let news =
        json!({ "tracking": "1Z1", "status": "delivered", "at": "2026-11-23T08:00:00Z", "detail": " " });
    let Notice::Parcels { news } = read(json!({ "type": "parcels.v1", "parcels": [news] })) else {
        panic!("another notice")
    };
    assert_eq!((news[0].status, news[0].detail.as_deref()), (ParcelStatus::Delivered, None));
}

#[test]
fn the_schemas_are_strict_and_name_nothing_of_where_they_came_from() {
    for (name, schema) in schemas() {
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        let text = schema.to_string();
        assert!(!text.contains("crossdock_warehouses") && !text.contains("\"It\""), "{name}: {text}");
    }
}

#[test]
fn what_is_said_of_stock_is_read_and_what_does_not_fit_is_named() {
    let adjusted = json!({
        "type": "inventory_adjusted.v1", "id": "ADJ-1", "at": "2026-11-23T08:00:00+01:00", "reason": "damaged",
        "lines": [{ "sku": "CD-1", "delta": "-2.50" }, { "sku": "CD-1", "lot": " L-1 ", "delta": "1" }],
    });
    let Notice::Stock { advice } = post(adjusted.to_string().as_bytes()).unwrap() else { panic!("another") };
    assert_eq!(advice.reference(&"east".parse().unwrap()), "east/ADJ-1: damaged");
    assert_eq!(advice.at.to_string(), "2026-11-23T07:00:00Z");
    assert_eq!(
        (advice.lines[0].quantity.to_string(), advice.lines[1].name()),
        ("-2.5".into(), "CD-1 (L-1)".into())
    );
    let mut body = adjusted;
    body["lines"][0]["delta"] = json!("0.00");
    body["lines"][1]["lot"] = json!(null);
    body["at"] = json!("2026-11-23");
    assert_eq!(paths(&body), ["/at"], "a schema's errors come first");
    body["at"] = json!("2026-11-23T08:00:00Z");
    assert_eq!(paths(&body), ["/lines/0/delta", "/lines/1/sku"]);
    body["reason"] = json!("stolen");
    assert_eq!(paths(&body), ["/reason"]);
    let snapshot = json!({
        "type": "inventory_snapshot.v1", "id": "S-1", "at": "2026-11-23T08:00:00Z",
        "lines": [{ "sku": "CD-1", "on_hand": "0" }, { "sku": "CD-2", "on_hand": "-1" }],
    });
    assert_eq!(paths(&snapshot), ["/lines/1/on_hand"]);
    let mut many = snapshot;
    many["lines"] = (0..501).map(|at| json!({ "sku": format!("CD-{at}"), "on_hand": "1" })).collect();
    assert_eq!(paths(&many), ["/lines"]);
}

#[test]
fn what_came_in_is_read_with_the_lots_of_a_sku_together() {
    let received = json!({
        "type": "goods_received.v1", "id": "R-1", "at": "2026-11-23T08:00:00+01:00", "reference": "WH/IN/00012",
        "closes": false,
        "lines": [
            { "sku": "CD-1", "lot": " L-1 ", "quantity": "2.50" },
            { "sku": "CD-2", "quantity": "3" },
            { "sku": "CD-1", "lot": "L-2", "quantity": "1" },
        ],
    });
    let Notice::Received { receipt } = post(received.to_string().as_bytes()).unwrap() else {
        panic!("another")
    };
    assert_eq!(
        (receipt.id.as_str(), receipt.reference.as_str(), receipt.closes),
        ("R-1", "WH/IN/00012", false)
    );
    let lines: Vec<_> = receipt
        .lines
        .iter()
        .map(|line| (line.sku.as_str(), line.quantity.to_string(), line.lots.len()))
        .collect();
    assert_eq!(lines, [("CD-1", "3.5".to_owned(), 2), ("CD-2", "3".to_owned(), 0)]);
    assert_eq!(receipt.lines[0].lots[0].number, "L-1");
    let mut body = received.clone();
    body["lines"][1]["quantity"] = json!("0");
    body["lines"][2]["lot"] = json!("L-1");
    assert_eq!(paths(&body), ["/lines/1/quantity", "/lines/2/sku"]);
    body["reference"] = json!("WH IN");
    assert_eq!(paths(&body), ["/reference"]);
    let mut nothing = received;
    nothing["lines"] = json!([]);
    assert_eq!(paths(&nothing), ["/lines"]);
    nothing["closes"] = json!(true);
    assert!(post(nothing.to_string().as_bytes()).is_ok(), "nothing more will come");
}
