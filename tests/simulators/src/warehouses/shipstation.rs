//! ShipStation: the v2 API, and webhooks that say what to ask for, signed by RSA.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use crossdock_core::shipment::ParcelStatus;
use http::{Method, Request, Response};
use jiff::Timestamp;
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde_json::{Value, json};

use super::{Asked, COUNTED_ON_A_PAGE, Event, Job, JobLine, Sent, Server, Stage, reply};
use crate::shops::Signed;

const KEY_ID: &str = "simulated-key";
/// The one inventory warehouse of the account.
const WAREHOUSE: &str = "se-1";
/// On a page of a list, where nobody asks for another number.
const ON_A_PAGE: usize = 25;

fn key(pkcs8: &str) -> RsaKeyPair {
    let der = STANDARD.decode(pkcs8).expect("a key in base64");
    RsaKeyPair::from_pkcs8(&der).expect("an RSA key")
}

/// The vendor's set of public keys, as it stands at its address, for a private key in base64.
///
/// # Panics
/// When `pkcs8` is no key.
#[must_use]
pub fn key_set(pkcs8: &str) -> String {
    let key = key(pkcs8);
    // RSAPublicKey in DER: two headers and a zero, 256 bytes of modulus, a header, three bytes of exponent.
    let public = key.public_key().as_ref();
    assert_eq!(public.len(), 270, "a key of 2048 bits with the usual exponent");
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    json!({ "keys": [{
        "kty": "RSA", "kid": KEY_ID, "use": "sig", "alg": "RS256",
        "n": part(&public[9..265]), "e": part(&public[267..]),
    }]})
    .to_string()
}

pub(super) fn answer(server: &Server, request: &Request<Bytes>) -> Response<Bytes> {
    let header = request.headers().get("api-key").and_then(|value| value.to_str().ok());
    if header != Some(server.keys.api.as_str()) {
        return error(401, "The API key is invalid.");
    }
    let path = request.uri().path().trim_start_matches("/v2/").to_owned();
    let query: Vec<(String, String)> = request
        .uri()
        .query()
        .unwrap_or_default()
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.replace("%2F", "/")))
        .collect();
    let parts: Vec<&str> = path.split('/').collect();
    match (request.method(), parts.as_slice()) {
        (&Method::POST, ["shipments"]) => create(server, request.body()),
        (&Method::GET, ["shipments"]) => page("shipments", shipments(server, &query), &query, ON_A_PAGE),
        (&Method::GET, ["shipments", id]) => {
            match all(server).into_iter().find(|one| one["shipment_id"] == *id) {
                Some(one) => reply(200, &one),
                None => error(404, "There is no such shipment."),
            }
        }
        (&Method::PUT, ["shipments", id, "cancel"]) => cancel(server, id),
        (&Method::GET, ["labels"]) => page("labels", labels(server, &query), &query, ON_A_PAGE),
        (&Method::GET, ["fulfillments"]) => page("fulfillments", Vec::new(), &query, ON_A_PAGE),
        (&Method::GET, ["inventory"]) => {
            page("inventory", inventory(server, &query), &query, COUNTED_ON_A_PAGE)
        }
        _ => error(404, "There is no such page."),
    }
}

fn error(status: u16, message: &str) -> Response<Bytes> {
    let one = json!({ "error_source": "shipengine", "error_type": "validation", "error_code": "invalid_value", "message": message });
    reply(status, &json!({ "request_id": "b1b2", "errors": [one] }))
}

fn create(server: &Server, body: &Bytes) -> Response<Bytes> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(order) = body["shipments"].get(0).cloned() else { return error(400, "shipments is required") };
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let key: String = text(&order, "external_shipment_id").chars().take(50).collect();
    let to = &order["ship_to"];
    let mut floor = server.floor();
    let mut lines = Vec::new();
    let mut told = Vec::new();
    for raw in order["items"].as_array().into_iter().flatten() {
        let Some(quantity) = raw["quantity"].as_u64() else { return error(400, "quantity is no integer") };
        let sku = text(raw, "sku");
        if floor.unknown.contains(&sku) {
            told.push(format!("SKU {sku} is not in the catalogue"));
        }
        lines.push(JobLine {
            number: 0,
            line: text(raw, "external_order_item_id"),
            sku,
            name: text(raw, "name"),
            ordered: quantity.into(),
            shipped: Decimal::ZERO,
            lots: Vec::new(),
        });
    }
    if floor.by_reference(&key).is_some() {
        told.push(format!("external_shipment_id {key} is in use already"));
    }
    if to["postal_code"] == "00000" {
        let parts = ["name", "address_line1", "city_locality", "postal_code"].map(|field| text(to, field));
        told.push(format!("cannot find {}", parts.join(", ")));
    }
    // A good status with errors inside.
    if !told.is_empty() {
        return reply(
            200,
            &json!({ "has_errors": true, "shipments": [{ "errors": told, "shipment_id": null }] }),
        );
    }
    let job = floor.take_in(&key, lines, order, server.clock().now());
    let one = json!({ "errors": [], "shipment_id": format!("se-{}", job.number), "shipment_status": "pending", "external_shipment_id": key });
    reply(200, &json!({ "has_errors": false, "shipments": [one] }))
}

fn cancel(server: &Server, id: &str) -> Response<Bytes> {
    let job = server.jobs().into_iter().find(|job| format!("se-{}", job.number) == id);
    let Some(job) = job else { return error(404, "There is no such shipment.") };
    match server.asked_to_stop(&job.reference) {
        Some(Asked::Stopped | Asked::Later) => {
            let mut answer = reply(204, &Value::Null);
            *answer.body_mut() = Bytes::new();
            answer
        }
        _ => error(400, "The shipment has a label, which has to be voided first."),
    }
}

/// What ships last ships under the number that the order was made with; what was split off before has its own.
fn part_id(job: &Job, sent: &Sent) -> String {
    let last = job.shipments.iter().rfind(|one| !one.lines.is_empty());
    let completes = job.rest().is_empty() && last.is_some_and(|one| one.number == sent.number);
    format!("se-{}", if completes { job.number } else { sent.number })
}

fn item(line: &JobLine, quantity: Decimal) -> Value {
    json!({
        "sales_order_item_id": format!("so-{}", line.number), "external_order_item_id": line.line, "sku": line.sku,
        "name": line.name, "quantity": quantity.to_u64(),
    })
}

fn part(job: &Job, id: &str, status: &str, items: Vec<Value>) -> Value {
    let own = format!("se-{}", job.number) == id;
    json!({
        "shipment_id": id, "external_shipment_id": if own { job.reference.clone() } else { id.to_owned() },
        "shipment_number": job.reference, "shipment_status": status, "items": items,
        "created_at": job.taken_at.to_string(), "modified_at": job.changed_at.to_string(),
    })
}

fn parts(job: &Job) -> Vec<Value> {
    let mut parts: Vec<Value> = job
        .shipments
        .iter()
        .filter(|sent| !sent.lines.is_empty())
        .map(|sent| {
            let items = sent.lines.iter().map(|line| item(&job.lines[line.at], line.quantity));
            part(job, &part_id(job, sent), "label_purchased", items.collect())
        })
        .collect();
    let rest = job.rest();
    if !rest.is_empty() {
        let status = match job.stage {
            Stage::Open => "pending",
            // A label that is being made; after a split the rest waits again.
            Stage::Picking if job.shipments.is_empty() => "processing",
            Stage::Picking => "pending",
            Stage::Done | Stage::Cancelled | Stage::Rejected => "cancelled",
        };
        let items = rest.iter().map(|take| item(&job.lines[take.at], take.quantity)).collect();
        parts.insert(0, part(job, &format!("se-{}", job.number), status, items));
    }
    parts
}

fn all(server: &Server) -> Vec<Value> {
    server.jobs().iter().flat_map(parts).collect()
}

fn asked<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
}

fn shipments(server: &Server, query: &[(String, String)]) -> Vec<Value> {
    let number = asked(query, "shipment_number");
    all(server)
        .into_iter()
        .filter(|one| number.is_none_or(|number| one["shipment_number"] == number))
        .collect()
}

fn labels(server: &Server, query: &[(String, String)]) -> Vec<Value> {
    let from = asked(query, "created_at_start").and_then(|text| text.parse::<Timestamp>().ok());
    let jobs = server.jobs();
    let sent = jobs.iter().flat_map(|job| job.shipments.iter().map(move |sent| (job, sent)));
    let made = sent.filter(|(_, sent)| !sent.lines.is_empty() && from.is_none_or(|from| sent.at >= from));
    let label = made.map(|(job, sent)| {
        let package = |tracking: &String| json!({ "tracking_number": tracking, "package_code": "package" });
        json!({
            "label_id": format!("se-{}", sent.number + 500_000), "status": "completed", "shipment_id": part_id(job, sent),
            "batch_id": format!("se-{}", sent.number), "voided": false, "is_return_label": false,
            "created_at": sent.at.to_string(), "carrier_code": "ups", "tracking_number": sent.parcels.first(),
            "tracking_url": sent.parcels.first().map(|tracking| format!("https://track.example.test/{tracking}")),
            "packages": sent.parcels.iter().map(package).collect::<Vec<_>>(),
        })
    });
    let wanted = |label: &Value| {
        ["batch_id", "shipment_id"].iter().all(|by| asked(query, by).is_none_or(|value| label[*by] == value))
    };
    label.filter(wanted).collect()
}

/// What lies there, one row for each SKU. How much of it is allocated is what releases still wait for.
fn inventory(server: &Server, query: &[(String, String)]) -> Vec<Value> {
    if asked(query, "inventory_warehouse_id").is_some_and(|of| of != WAREHOUSE) {
        return Vec::new();
    }
    let jobs = server.jobs();
    let open = jobs.iter().filter(|job| matches!(job.stage, Stage::Open | Stage::Picking));
    let waiting: Vec<(String, Decimal)> = open
        .flat_map(|job| job.rest().into_iter().map(|take| (job.lines[take.at].sku.clone(), take.quantity)))
        .collect();
    let row = |(sku, on_hand): (String, Decimal)| {
        let allocated: Decimal =
            waiting.iter().filter(|(one, _)| *one == sku).map(|(_, quantity)| *quantity).sum();
        json!({
            "sku": sku, "on_hand": on_hand.to_i64(), "allocated": allocated.to_i64(),
            "available": (on_hand - allocated).to_i64(), "average_cost": { "amount": 0.0, "currency": "usd" },
            "inventory_warehouse_id": WAREHOUSE,
        })
    };
    server.floor().counted_skus().into_iter().map(row).collect()
}

fn page(name: &str, all: Vec<Value>, query: &[(String, String)], usual: usize) -> Response<Bytes> {
    let number = |name: &str, other: usize| asked(query, name).and_then(|n| n.parse().ok()).unwrap_or(other);
    let (size, page) = (number("page_size", usual).max(1), number("page", 1).max(1));
    let (total, pages) = (all.len(), all.len().div_ceil(size));
    let some: Vec<Value> = all.into_iter().skip((page - 1) * size).take(size).collect();
    reply(200, &json!({ name: some, "total": total, "page": page, "pages": pages, "links": {} }))
}

pub(super) fn told(server: &Server, _: &Job, event: &Event) -> Vec<Signed> {
    let body = match event {
        Event::Shipped(sent) if !sent.lines.is_empty() => json!({
            "resource_url": format!("https://api.shipstation.com/v2/labels?batch_id=se-{}", sent.number),
            "resource_type": "LABEL_CREATED_V2",
        }),
        Event::Parcel { tracking, status } => tracked(server, tracking, *status),
        // It tells nothing of these.
        Event::Shipped(_) | Event::Rejected(_) | Event::Cancelled(_) => return Vec::new(),
    };
    vec![sign(server, body.to_string().into())]
}

fn tracked(server: &Server, tracking: &str, status: ParcelStatus) -> Value {
    let (code, told) = match status {
        ParcelStatus::Announced => ("NY", "Not Yet In System"),
        ParcelStatus::InTransit => ("IT", "In Transit"),
        ParcelStatus::OutForDelivery => ("AT", "Delivery Attempt"),
        ParcelStatus::Delivered => ("DE", "Delivered"),
        ParcelStatus::Exception => ("EX", "Exception"),
    };
    json!({
        "resource_url": "https://api.shipstation.com/v2/labels/se-1/track", "resource_type": "TRACK_EVENT_V2",
        "data": {
            "tracking_number": tracking, "status_code": code, "status_description": told, "carrier_code": "ups",
            "events": [{ "occurred_at": server.clock().now().to_string(), "status_code": code }],
        },
    })
}

pub(super) fn again(server: &Server, call: &Signed) -> Signed {
    sign(server, call.body.clone())
}

fn sign(server: &Server, body: Bytes) -> Signed {
    let key = key(&server.keys.webhook);
    let at = server.clock().now().to_string();
    let mut signature = vec![0; key.public_modulus_len()];
    let signed = [at.as_bytes(), b".", &body].concat();
    // This kind of signature uses no randomness: the same text is signed the same way each time.
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &signed, &mut signature).expect("a key that signs");
    let headers = vec![
        ("content-type".into(), "application/json".into()),
        ("x-shipengine-rsa-sha256-key-id".into(), KEY_ID.into()),
        ("x-shipengine-rsa-sha256-signature".into(), STANDARD.encode(signature)),
        ("x-shipengine-timestamp".into(), at),
    ];
    Signed { headers, body }
}
