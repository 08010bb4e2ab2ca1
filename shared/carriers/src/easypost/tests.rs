use crossdock_core::config::CarrierKind;
use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::*;

fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("hmac-sha256-hex={hex}")
}

fn post(headers: &[(&str, &str)], body: &[u8], secrets: &[&str]) -> Result<Notice, Refusal> {
    let mut map = HeaderMap::new();
    map.insert("content-type", HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    let secrets: Vec<_> = secrets.iter().map(|text| SecretString::from((*text).to_owned())).collect();
    crate::receive(CarrierKind::Easypost, &map, body, &secrets)
}

fn signed(body: &Value) -> Notice {
    let body = body.to_string();
    post(&[(SIGNATURE, &sign("s3cret", body.as_bytes()))], body.as_bytes(), &["s3cret"]).unwrap()
}

fn event(status: &str) -> Value {
    json!({
        "id": "evt_1", "object": "Event", "mode": "production", "description": "tracker.updated",
        "previous_attributes": { "status": "unknown" }, "status": "pending", "user_id": "user_1",
        "result": {
            "id": "trk_1", "object": "Tracker", "tracking_code": "1Z999", "status": status,
            "status_detail": "arrived_at_destination", "signed_by": "JANE ROE", "weight": 17.0,
            "created_at": "2026-11-22T08:00:00Z", "updated_at": "2026-11-24T09:30:00Z", "carrier": "UPS",
            "tracking_details": [{
                "object": "TrackingDetail", "message": "Signed for by: JANE ROE", "status": status,
                "datetime": "2026-11-24T09:12:00Z", "tracking_location": { "city": "Oakland", "zip": "94607" },
            }],
        },
    })
}

#[test]
fn verifies_what_easypost_itself_publishes_as_signed() {
    // From the tests of EasyPost's client libraries.
    let body = br#"{"result":{"id":"batch_123...","object":"Batch","mode":"test","state":"created","num_shipments":0,"reference":null,"created_at":"2022-07-26T17:22:32Z","updated_at":"2022-07-26T17:22:32Z","scan_form":null,"shipments":[],"status":{"created":0,"queued_for_purchase":0,"creation_failed":0,"postage_purchased":0,"postage_purchase_failed":0},"pickup":null,"label_url":null},"description":"batch.created","mode":"test","previous_attributes":null,"completed_urls":null,"user_id":"user_123...","status":"pending","object":"Event","id":"evt_123..."}"#;
    let given = "hmac-sha256-hex=e93977c8ccb20363d51a62b3fe1fc402b7829be1152da9e88cf9e8d07115a46b";
    for secret in ["s\u{e9}cret", "se\u{301}cret"] {
        let notice = post(&[(SIGNATURE, given)], body, &[secret]);
        assert_eq!(notice, Ok(Notice::Ignored { topic: "batch.created".into() }));
    }
    assert_eq!(post(&[(SIGNATURE, given)], body, &["secret"]), Err(Refusal::Unauthorized));
}

#[test]
fn only_a_signature_by_a_live_secret_counts() {
    let body = event("delivered").to_string();
    let body = body.as_bytes();
    let (old, stranger) = (sign("old", body), sign("stranger", body));
    assert!(post(&[(SIGNATURE, &old)], body, &["new", "old"]).is_ok());
    let hex = old.trim_start_matches("hmac-sha256-hex=");
    let mut longer = body.to_vec();
    longer.push(b' ');
    for (headers, body) in [
        (vec![], body),
        (vec![(SIGNATURE, stranger.as_str())], body),
        (vec![(SIGNATURE, old.as_str()), (SIGNATURE, old.as_str())], body),
        (vec![(SIGNATURE, hex)], body),
        (vec![(SIGNATURE, "")], body),
        (vec![(SIGNATURE, &old.to_uppercase())], body),
        (vec![(SIGNATURE, old.as_str())], longer.as_slice()),
    ] {
        assert_eq!(post(&headers, body, &["new", "old"]), Err(Refusal::Unauthorized), "{headers:?}");
    }
    for none in [&[][..], &[""], &[" \n"]] {
        assert_eq!(post(&[(SIGNATURE, &sign("", body))], body, none), Err(Refusal::NotConfigured));
    }
}

#[test]
fn each_status_means_one_thing_and_nobody_is_named() {
    for (told, status) in [
        ("pre_transit", ParcelStatus::Announced),
        ("in_transit", ParcelStatus::InTransit),
        ("out_for_delivery", ParcelStatus::OutForDelivery),
        ("available_for_pickup", ParcelStatus::OutForDelivery),
        ("delivered", ParcelStatus::Delivered),
        ("return_to_sender", ParcelStatus::Exception),
        ("failure", ParcelStatus::Exception),
        ("cancelled", ParcelStatus::Exception),
    ] {
        let news = ParcelNews {
            tracking: "1Z999".into(),
            status,
            at: "2026-11-24T09:30:00Z".parse().unwrap(),
            detail: Some("arrived at destination".into()),
        };
        let notice = signed(&event(told));
        assert!(!format!("{notice:?}").contains("ROE"));
        assert_eq!(notice, Notice::Parcels { news: vec![news] });
    }
    for told in ["unknown", "error", "teleported"] {
        assert_eq!(signed(&event(told)), Notice::Ignored { topic: "tracker.updated".into() });
    }
}

#[test]
fn a_detail_is_easyposts_own_word_or_none() {
    for (told, kept) in [
        (json!("delivered_to_neighbor"), Some("delivered to neighbor")),
        (json!("unknown"), None),
        (json!(null), None),
        (json!("Signed by JANE ROE"), None),
        (json!(""), None),
    ] {
        let mut event = event("delivered");
        event["result"]["status_detail"] = told;
        let Notice::Parcels { news } = signed(&event) else { panic!("news") };
        assert_eq!(news[0].detail.as_deref(), kept);
    }
}

#[test]
fn what_is_no_event_is_unreadable_and_quoted_nowhere() {
    let broken: [fn(&mut Value); 6] = [
        |event| event["result"] = json!("JANE ROE"),
        |event| event["result"]["updated_at"] = json!("JANE ROE"),
        |event| event["result"]["tracking_code"] = json!(" "),
        |event| event["result"]["tracking_code"] = json!("1".repeat(101)),
        |event| event["result"]["status"] = json!(null),
        |event| event["description"] = json!({ "by": "JANE ROE" }),
    ];
    for break_it in broken {
        let mut event = event("delivered");
        break_it(&mut event);
        let notice = signed(&event);
        assert!(matches!(&notice, Notice::Unreadable { why } if !why.contains("ROE")), "{notice:?}");
    }
    let mut large = event("delivered");
    large["padding"] = json!("x".repeat(BODY_LIMIT));
    assert!(matches!(signed(&large), Notice::Unreadable { why } if why.contains("larger")));
    let mut event = event("delivered");
    event["description"] = json!("JANE ROE");
    assert_eq!(signed(&event), Notice::Ignored { topic: "another topic".into() });
}

#[test]
fn anything_but_json_is_refused_after_the_signature() {
    let form = HeaderMap::from_iter([
        (http::header::CONTENT_TYPE, HeaderValue::from_static("text/plain")),
        (HeaderName::from_static(SIGNATURE), sign("s3cret", b"x").parse().unwrap()),
    ]);
    let secrets = [SecretString::from("s3cret".to_owned())];
    let answer = crate::receive(CarrierKind::Easypost, &form, b"x", &secrets);
    assert_eq!(answer, Err(Refusal::UnsupportedMediaType));
}
