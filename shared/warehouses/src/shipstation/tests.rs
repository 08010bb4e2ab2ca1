use crossdock_core::{
    WarehouseId,
    config::WarehouseKind,
    shipment::{Notice, ParcelStatus},
};
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{handle::Handle, read, wire};
use crate::{Call, Refusal, receive};

const TOKEN: &str = "an-unguessable-token-of-some-length";
const KEYS: &str = r#"{"keys":[{"kty":"RSA","kid":"k","n":"AQAB","e":"AQAB"}]}"#;

fn now() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

fn v1() -> Value {
    json!({ "resource_type": "SHIP_NOTIFY",
        "resource_url": "https://ssapi6.shipstation.com/shipments?batchId=1&includeShipmentItems=False" })
}

fn unsigned(query: Option<&str>, secrets: &[&str], more: &[(&str, &str)]) -> Result<Notice, Refusal> {
    let mut headers = HeaderMap::new();
    for (name, value) in [("content-type", "application/json")].iter().chain(more) {
        headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    let body = v1().to_string();
    let secrets: Vec<SecretString> =
        secrets.iter().map(|text| SecretString::from((*text).to_owned())).collect();
    let call = Call { headers: &headers, query, body: body.as_bytes() };
    receive(WarehouseKind::Shipstation, &WarehouseId::new("wh-east").unwrap(), call, &secrets, now())
}

fn signed(body: &Value) -> Notice {
    read(body.to_string().as_bytes(), Some(now()))
}

#[test]
fn an_unsigned_call_needs_the_token_and_says_only_that_something_happened() {
    let query = format!("token={TOKEN}");
    let asked = Ok(Notice::AskHandle { handle: "recent".into() });
    assert_eq!(unsigned(Some(&query), &[TOKEN], &[]), asked);
    assert_eq!(unsigned(Some(&format!("a=b&{query}")), &["another-token-that-is-long", TOKEN], &[]), asked);
    let twice = format!("{query}&{query}");
    let longer = format!("{query}x");
    for wrong in [None, Some(""), Some("token="), Some(twice.as_str()), Some(longer.as_str())] {
        assert_eq!(unsigned(wrong, &[TOKEN], &[]), Err(Refusal::Unauthorized), "{wrong:?}");
    }
}

#[test]
fn a_token_that_could_be_guessed_and_a_set_without_keys_open_nothing() {
    assert_eq!(unsigned(Some("token=short"), &["short"], &[]), Err(Refusal::NotConfigured));
    for useless in ["{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"EC","kid":"k"}]}"#, "{", ""] {
        assert_eq!(unsigned(Some("token="), &[useless], &[]), Err(Refusal::NotConfigured), "{useless}");
    }
    // The set of keys stands in public: its text is no token.
    assert_eq!(unsigned(Some(&format!("token={KEYS}")), &[KEYS], &[]), Err(Refusal::Unauthorized));
}

#[test]
fn who_claims_a_signature_is_not_let_in_by_a_token() {
    let query = format!("token={TOKEN}");
    let claim = [("x-shipengine-timestamp", "2026-11-23T08:00:00Z")];
    assert_eq!(unsigned(Some(&query), &[TOKEN, KEYS], &claim), Err(Refusal::Unauthorized));
}

#[test]
fn a_signed_call_says_what_to_ask_and_never_where() {
    let handle = |url: &str| signed(&json!({ "resource_type": "LABEL_CREATED_V2", "resource_url": url }));
    let asked = |text: &str| Notice::AskHandle { handle: text.into() };
    assert_eq!(
        handle("https://api.shipstation.com/v2/labels?batch_id=se-1&page=2"),
        asked("labels?batch_id=se-1")
    );
    assert_eq!(
        handle("https://api.shipstation.com/v2/fulfillments?fulfillment_id=se-9"),
        asked("fulfillments?fulfillment_id=se-9")
    );
    for url in [
        "https://api.shipstation.com.evil.test/v2/labels?batch_id=se-1",
        "https://api.shipstation.com@evil.test/v2/labels?batch_id=se-1",
        "http://api.shipstation.com/v2/labels?batch_id=se-1",
        "http://169.254.169.254/latest/meta-data",
        "https://api.shipstation.com/v2/labels?batch_id=../../users",
        "https://api.shipstation.com/v2/labels?batch_id=",
        "https://api.shipstation.com/v2/labels",
        "https://api.shipstation.com/v2/users?batch_id=se-1",
        "https://api.shipstation.com/v2/../labels?batch_id=se-1",
    ] {
        assert!(matches!(handle(url), Notice::Unreadable { .. }), "{url}");
    }
}

#[test]
fn a_handle_is_read_as_it_was_written_and_as_nothing_else() {
    for text in ["labels?batch_id=se-1", "fulfillments?shipment_id=se_2", "recent"] {
        assert_eq!(Handle::parse(text).unwrap().to_string(), text);
    }
    for text in ["", "labels", "labels?x=1", "https://evil.test/labels?batch_id=1", "labels?batch_id=1/2"] {
        assert_eq!(Handle::parse(text), None, "{text}");
    }
}

#[test]
fn an_unsigned_track_event_or_label_is_not_believed() {
    for kind in ["TRACK_EVENT_V2", "LABEL_CREATED_V2"] {
        let body = json!({ "resource_type": kind, "resource_url": "https://api.shipstation.com/v2/labels?batch_id=se-1",
            "data": { "tracking_number": "1Z1", "status_code": "DE" } });
        assert_eq!(read(body.to_string().as_bytes(), None), Notice::Ignored { topic: kind.into() });
    }
}

#[test]
fn a_track_event_tells_the_newest_time_and_no_name() {
    let body = |code: &str| {
        json!({ "resource_type": "TRACK_EVENT_V2", "data": {
            "tracking_number": "1Z1", "status_code": code, "status_description": "Delivered",
            "carrier_status_description": "signed for by JANE",
            "events": [{ "occurred_at": "2026-11-22T08:00:00Z" }, { "occurred_at": "2026-11-23T07:00:00" }, {}],
        }})
    };
    let Notice::Parcels { news } = signed(&body("DE")) else { panic!("no news") };
    assert_eq!(
        (news[0].status, news[0].at.to_string().as_str()),
        (ParcelStatus::Delivered, "2026-11-23T07:00:00Z")
    );
    assert_eq!(news[0].detail.as_deref(), Some("Delivered"));
    assert!(matches!(signed(&body("UN")), Notice::Ignored { .. }));
}

#[test]
fn a_voided_label_and_a_return_label_ship_nothing() {
    let part: wire::Part = serde_json::from_value(json!({ "shipment_id": "se-1", "shipment_number": "WH/OUT/1",
        "items": [{ "external_order_item_id": "71", "sku": "A", "quantity": 2 }, { "name": "Discount", "quantity": 1 }] }))
    .unwrap();
    let label = |more: Value| -> wire::Label {
        let mut label = json!({ "shipment_id": "se-1", "created_at": "2026-11-23T08:00:00Z", "carrier_code": "ups",
            "tracking_number": "1Z1" });
        label.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(label).unwrap()
    };
    let warehouse = WarehouseId::new("wh-east").unwrap();
    let reference = part.reference().unwrap();
    let shipped = |labels: &[wire::Label]| part.to_shipment(&warehouse, &reference, labels, &[]).unwrap();
    let nothing = [
        label(json!({ "voided": true })),
        label(json!({ "is_return_label": true })),
        label(json!({ "shipment_id": "se-2" })),
    ];
    assert_eq!(shipped(&nothing), None);
    let one =
        shipped(&[label(json!({ "voided": true, "tracking_number": "1Z0" })), label(json!({}))]).unwrap();
    assert_eq!((one.lines.len(), one.parcels.len()), (1, 1), "{one:?}");
    assert_eq!(one.parcels[0].carrier, "UPS");
    // Marked as shipped counts only where no label tells of it.
    let marked: Vec<wire::Fulfillment> = serde_json::from_value(json!([{ "shipment_id": "se-1",
        "shipped_at": "2026-11-23T09:00:00Z", "tracking_number": "F1", "carrier_code": "fedex" }]))
    .unwrap();
    let one = part.to_shipment(&warehouse, &reference, &[], &marked).unwrap().unwrap();
    assert_eq!((one.parcels[0].carrier.as_str(), one.parcels[0].tracking.as_deref()), ("FedEx", Some("F1")));
}
