//! What the files in `events/` hold: one event for each function and case.
//!
//! They are made here, because a signature belongs to a body byte for byte. `UPDATE_EVENTS=1 cargo test -p
//! events` writes them again.

use std::{collections::BTreeMap, path::PathBuf};

use crossdock::cloud::tools;
use crossdock_core::{
    Clock, OrderKey, ShipmentKey,
    ids::{PublicationKey, SliceKey},
    message::{Message, QueueName},
};
use crossdock_platform::Received;
use jiff::Timestamp;
use serde_json::{Value, json};
use simulators::{
    scenario::{self, Kind, Scenario, Tempo},
    shops::Signed,
    warehouses,
};

/// When the orders of the events were placed.
const PLACED: Timestamp = Timestamp::constant(1_795_500_000, 0);

#[must_use]
pub fn folder() -> PathBuf {
    tools::root().join("events")
}

/// Every event by `function/case`.
#[must_use]
pub fn all() -> BTreeMap<String, Value> {
    let mut events = BTreeMap::new();
    let mut add = |name: &str, event: Value| drop(events.insert(name.to_owned(), event));
    let sample = Sample::new();
    add("webhook-receiver/shopify-order", sample.webhook("shopify-main", Kind::First));
    add("webhook-receiver/woocommerce-order", sample.webhook("woo-de", Kind::First));
    add("webhook-receiver/woocommerce-ping", sample.webhook("woo-de", Kind::Ping));
    add("webhook-receiver/standard-order-signed-long-ago", sample.webhook("b2b", Kind::First));
    add("webhook-receiver/forged", sample.forged());
    for (name, body) in told_of_stock() {
        add(&format!("webhook-receiver/warehouse-{name}-signed-long-ago"), warehouse(&body));
    }
    add(
        "webhook-receiver/not-json",
        http("POST", "/hooks/shopify-main", &[("content-type", "text/plain")], "?"),
    );
    add("webhook-receiver/unknown-channel", sample.moved("/hooks/nobody"));
    // The sample takes no hints of Odoo's: that door is closed.
    add("webhook-receiver/odoo-hint", hint());
    add("webhook-receiver/wrong-method", http("GET", "/hooks/shopify-main", &[], ""));
    let (order, other) = (sample.order("shopify-main"), "shopify-main/404");
    for (function, queue, message) in [
        ("order-validator", QueueName::Orders, changed as fn(&str) -> Message),
        ("order-importer", QueueName::ValidOrders, validated),
    ] {
        let event = |bodies: &[String]| crossdock::pump::sqs_event(queue, &received(bodies));
        let body = |order: &str| message(order).to_body();
        add(&format!("{function}/order"), event(&[body(&order)]));
        add(&format!("{function}/order-twice"), event(&[body(&order), body(&order)]));
        add(&format!("{function}/unknown-order"), event(&[body(other)]));
        add(&format!("{function}/poison-among-others"), event(&[body(&order), "poison".into()]));
    }
    for (function, queue, message) in after_the_import() {
        let event = |bodies: &[String]| crossdock::pump::sqs_event(queue, &received(bodies));
        add(&format!("{function}/unknown"), event(&[message.to_body()]));
        add(&format!("{function}/poison-among-others"), event(&[message.to_body(), "poison".into()]));
    }
    let report = "east/00000000000000000000000000000404".parse().expect("a report's name");
    let body = Message::WarehouseReported { report }.to_body();
    let unknown = crossdock::pump::sqs_event(QueueName::Shipments, &received(&[body]));
    add("shipment-handler/unknown-report", unknown);
    for (name, event) in of_the_console() {
        add(&format!("operations-console/{name}"), event);
    }
    // What EventBridge Scheduler sends where nothing else is asked for.
    for function in ["nightly-reconciler", "odoo-watcher", "shop-watcher", "waker"] {
        add(&format!("{function}/schedule"), json!({}));
    }
    events
}

/// The functions that follow an import, with a message about something that the ledger does not know.
fn after_the_import() -> [(&'static str, QueueName, Message); 7] {
    let order: OrderKey = "shopify-main/404".parse().expect("an order's name");
    let shipment: ShipmentKey = "east/404".parse().expect("a shipment's name");
    let publication: PublicationKey =
        "shopify-main/00000000000000000000000000000404".parse().expect("a publication's name");
    let slice: SliceKey = "20000101T000000Z/orders.shopify-main".parse().expect("a slice's name");
    let told = |shipment: &ShipmentKey| Message::ShipmentReported { shipment: shipment.clone() };
    [
        ("warehouse-releaser", QueueName::Releases, Message::TransfersChanged { order: order.clone() }),
        ("shipment-handler", QueueName::Shipments, told(&shipment)),
        ("order-invoicer", QueueName::Invoices, Message::BillingOpened { order }),
        ("shipment-announcer", QueueName::Announcements, Message::ShipmentApplied { shipment }),
        ("stock-publisher", QueueName::Stock, Message::StockChanged { publication: publication.clone() }),
        ("catalogue-publisher", QueueName::Catalogue, Message::CatalogueChanged { publication }),
        ("nightly-reconciler", QueueName::Reconcile, Message::SliceOpened { slice }),
    ]
}

fn changed(order: &str) -> Message {
    Message::OrderChanged { order: order.parse().expect("an order's name") }
}

fn validated(order: &str) -> Message {
    Message::OrderValidated { order: order.parse().expect("an order's name") }
}

fn received(bodies: &[String]) -> Vec<Received> {
    let message = |(place, body): (usize, &String)| Received {
        message_id: format!("message-{place}"),
        receipt: format!("0.receipt-{place}"),
        body: body.clone(),
        receive_count: 1,
    };
    bodies.iter().enumerate().map(message).collect()
}

struct Sample(Scenario);

impl Sample {
    fn new() -> Self {
        // So many orders that each kind of webhook is among them.
        Self(Scenario::at_tempo(1, 40, &Clock::tokio(PLACED), Tempo::BRISK))
    }

    /// The first webhook of a kind about an order that is to be confirmed.
    fn webhook(&self, channel: &str, kind: Kind) -> Value {
        let found = self.0.deliveries.iter().filter(|d| d.channel == channel && d.kind == kind);
        let sound = |body: &[u8]| kind == Kind::Ping || self.is_sound(channel, body);
        let delivery = found.into_iter().find(|d| sound(&d.body)).expect("there is one");
        let headers: Vec<(&str, &str)> =
            delivery.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let body = std::str::from_utf8(&delivery.body).expect("text");
        http("POST", &format!("/hooks/{channel}"), &headers, body)
    }

    fn is_sound(&self, channel: &str, body: &[u8]) -> bool {
        use simulators::scenario::Expected;
        let Some(id) = id_of(body) else { return false };
        matches!(self.0.expected.get(&format!("{channel}/{id}")), Some(Expected::Confirmed { .. }))
    }

    /// The order of [`Sample::webhook`].
    fn order(&self, channel: &str) -> String {
        let event = self.webhook(channel, Kind::First);
        let body = event["body"].as_str().unwrap_or_default();
        format!("{channel}/{}", id_of(body.as_bytes()).expect("an id"))
    }

    /// A sound body under a signature of another secret.
    fn forged(&self) -> Value {
        let mut event = self.webhook("shopify-main", Kind::First);
        event["headers"]["x-shopify-hmac-sha256"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into();
        event
    }

    /// A sound webhook at another address.
    fn moved(&self, path: &str) -> Value {
        let mut event = self.webhook("shopify-main", Kind::First);
        event["rawPath"] = path.into();
        event["requestContext"]["http"]["path"] = path.into();
        event
    }
}

fn id_of(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    match &body["id"] {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        _ => body["order_id"].as_str().map(str::to_owned),
    }
}

/// What a warehouse says of its stock, and of what it received.
fn told_of_stock() -> [(&'static str, Value); 3] {
    let at = "2026-11-24T06:00:00Z";
    [
        (
            "adjusted",
            json!({
                "type": "inventory_adjusted.v1", "id": "ADJ-1", "at": at, "reason": "damaged",
                "lines": [{ "sku": "CD-1", "delta": "-2" }],
            }),
        ),
        (
            "snapshot",
            json!({
                "type": "inventory_snapshot.v1", "id": "S-1", "at": at,
                "lines": [{ "sku": "CD-1", "on_hand": "998" }],
            }),
        ),
        (
            "received",
            json!({
                "type": "goods_received.v1", "id": "R-1", "at": at, "reference": "WH/IN/00012",
                "closes": true, "lines": [{ "sku": "CD-1", "quantity": "8" }],
            }),
        ),
    ]
}

/// A call of the sample's warehouse `east`.
fn warehouse(body: &Value) -> Value {
    let secrets = scenario::warehouse_secrets();
    let secret = |name: &str| secrets[name][0].clone();
    let keys = warehouses::Keys { api: secret("east/api"), webhook: secret("east/webhook") };
    let east = warehouses::Server::new(warehouses::Vendor::Standard, Clock::tokio(PLACED), keys);
    let call = east.again(&Signed { headers: Vec::new(), body: body.to_string().into() });
    let headers: Vec<(&str, &str)> =
        call.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    http("POST", "/hooks/east", &headers, std::str::from_utf8(&call.body).expect("text"))
}

/// What browsers ask of the console before anybody has signed in.
fn of_the_console() -> [(&'static str, Value); 4] {
    let form = [("content-type", "application/x-www-form-urlencoded"), ("origin", "http://127.0.0.1:8081")];
    let mut unknown = http("GET", "/api/parked", &[], "");
    unknown["cookies"] = json!([format!("__Host-crossdock={}", "0".repeat(64))]);
    let all = [
        ("not-signed-in", http("GET", "/", &[], "")),
        ("signed-out", http("GET", "/signed-out", &[], "")),
        ("unknown-session", unknown),
        ("form-without-session", http("POST", "/replay", &form, "order=shopify-main%2F1&csrf=0")),
    ];
    all.map(|(name, mut event)| {
        // Its API has one route for all.
        event["routeKey"] = "$default".into();
        event["requestContext"]["routeKey"] = "$default".into();
        (name, event)
    })
}

/// As an automation rule of Odoo's posts it: nothing is signed, and the token stands in the address.
fn hint() -> Value {
    let body = json!({ "_action": "Ready(#612)", "_id": 41, "_model": "stock.picking" }).to_string();
    let mut event = http("POST", "/hooks/odoo", &[("content-type", "application/json")], &body);
    event["rawQueryString"] = "token=put-what-stands-in-the-secret-here".into();
    event
}

/// An event of an HTTP API, payload format 2.0.
fn http(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Value {
    let headers: BTreeMap<&str, &str> = headers.iter().copied().collect();
    json!({
        "version": "2.0",
        "routeKey": "POST /hooks/{channel}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "localhost",
            "domainPrefix": "local",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "shop" },
            "requestId": "local",
            "routeKey": "POST /hooks/{channel}",
            "stage": "$default",
            "time": "24/Nov/2026:06:00:00 +0000",
            "timeEpoch": 1_795_500_000_000_i64
        },
        "body": body,
        "isBase64Encoded": false
    })
}
