//! What a hostile shop, partner or address could make of being told of shipments.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::{Arc, Mutex};

use attacks::peer::Talker;
use bytes::Bytes;
use crossdock_channels::Api;
use crossdock_core::{
    Clock, PeerError, config,
    shipment::{AnnouncedLine, Announcement, Parcel},
};
use crossdock_http::{Client, peer::Peer};
use flows::START;
use http::Response;
use secrecy::SecretString;
use serde_json::{Value, json};

const TOKEN: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn api(kind: &str, talker: &Talker) -> Api {
    let channel: config::Channel = serde_json::from_value(json!({
        "id": "shop-main", "kind": kind, "url": "https://shop.in-process/hook", "company": 1,
        "pricelists": { "USD": 1 },
    }))
    .unwrap();
    let token = if kind == "woocommerce" { format!("ck_1:{TOKEN}") } else { TOKEN.to_owned() };
    let peer: Arc<dyn Peer> = Arc::new(talker.clone());
    let client = Client::in_process([("shop.in-process".to_owned(), peer)], Clock::tokio(START));
    Api::new(client, &channel, &SecretString::from(token))
}

fn said() -> Announcement {
    Announcement {
        order: "5001".parse().unwrap(),
        shipment: "wh-east/SH-1".parse().unwrap(),
        others: Vec::new(),
        shipped_at: START,
        lines: vec![AnnouncedLine { line: "1".parse().unwrap(), sku: None, quantity: 2.into() }],
        parcels: vec![Parcel { carrier: "UPS".into(), tracking: Some("1Z1".into()), url: None }],
        completes_order: true,
        notify_customer: true,
        location: None,
    }
}

fn says(body: &Value) -> Response<Bytes> {
    Response::new(Bytes::from(body.to_string()))
}

fn orders(remaining: u64) -> Value {
    let line = json!({ "id": "gid://shopify/FulfillmentOrderLineItem/9", "remainingQuantity": remaining,
        "lineItem": { "id": "gid://shopify/LineItem/1" } });
    let end = json!({ "hasNextPage": false, "endCursor": null });
    let order = json!({ "id": "gid://shopify/FulfillmentOrder/1", "status": "OPEN",
        "supportedActions": [{ "action": "CREATE_FULFILLMENT" }], "assignedLocation": { "location": null },
        "lineItems": { "nodes": [line], "pageInfo": end } });
    json!({ "data": { "order": { "fulfillments": [], "fulfillmentOrders": { "nodes": [order], "pageInfo": end } } } })
}

#[tokio::test(start_paused = true)]
async fn a_shop_that_says_back_our_token_or_the_customer_is_not_repeated() {
    let talker = Talker::new(|_, body| {
        if body.contains("query Fulfilment") {
            return Some(says(&orders(2)));
        }
        let message = format!("{TOKEN}\nstolen {}", "x".repeat(10_000));
        let errors = json!([{ "field": null, "message": message }]);
        Some(says(&json!({ "data": { "fulfillmentCreate": { "fulfillment": null, "userErrors": errors } } })))
    });
    let error = api("shopify", &talker).announce(&said()).await.unwrap_err();
    let told = error.to_string();
    assert!(matches!(error, PeerError::Rejected { .. }) && told.contains("stolen"), "{told}");
    assert!(!told.contains(TOKEN) && !told.contains('\n') && told.chars().count() < 300, "{told}");

    let talker =
        Talker::new(|_, _| Some(says(&json!({ "code": format!("no {TOKEN}"), "message": "Jane Roe" }))));
    let told = api("woocommerce", &talker).announce(&said()).await.unwrap_err().to_string();
    assert!(!told.contains(TOKEN) && !told.contains("Jane"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_shop_that_wants_more_is_told_no_more_than_has_shipped() {
    let told: Arc<Mutex<Vec<Value>>> = Arc::default();
    let seen = Arc::clone(&told);
    let talker = Talker::new(move |_, body| {
        if body.contains("query Fulfilment") {
            return Some(says(&orders(u64::MAX)));
        }
        seen.lock().unwrap().push(serde_json::from_str(body).unwrap());
        let made = json!({ "fulfillment": { "id": "gid://shopify/Fulfillment/44" }, "userErrors": [] });
        Some(says(&json!({ "data": { "fulfillmentCreate": made } })))
    });
    api("shopify", &talker).announce(&said()).await.unwrap();
    let told = told.lock().unwrap();
    let items = &told[0]["variables"]["fulfillment"]["lineItemsByFulfillmentOrder"][0];
    assert_eq!((told.len(), &items["fulfillmentOrderLineItems"][0]["quantity"]), (1, &json!(2)));
}

#[tokio::test(start_paused = true)]
async fn pages_without_an_end_come_to_one() {
    let talker = Talker::new(|_, _| {
        let mut answer = orders(0);
        let end = json!({ "hasNextPage": true, "endCursor": "again" });
        answer["data"]["order"]["fulfillmentOrders"]["pageInfo"] = end;
        Some(says(&answer))
    });
    let error = api("shopify", &talker).announce(&said()).await.unwrap_err();
    assert!(matches!(error, PeerError::Garbage { .. }), "{error}");
    assert!(talker.asked().len() <= 100);
}

#[tokio::test(start_paused = true)]
async fn a_partners_address_that_redirects_gets_nothing_carried_on() {
    let talker = Talker::new(|_, _| {
        let answer = Response::builder().status(307).header("location", "https://elsewhere.test/");
        Some(answer.body(Bytes::new()).unwrap())
    });
    let error = api("standard", &talker).announce(&said()).await.unwrap_err();
    assert!(matches!(error, PeerError::Garbage { .. }), "{error}");
    assert_eq!(talker.asked(), ["POST https://shop.in-process/hook"]);
}
