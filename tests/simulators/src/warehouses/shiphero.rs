//! ShipHero: a GraphQL API with tokens and credits, and webhooks signed over the raw body.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Method, Request, Response};
use jiff::{Timestamp, tz::TimeZone};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde_json::{Value, json};

use super::{
    Asked, COUNTED_ON_A_PAGE, Event, Job, JobLine, Sent, SentLine, Server, Stage, floor::is_serial, graphql,
    reply,
};
use crate::shops::{Signed, hmac_base64};

/// What an account holds when it is full, and what comes back each second.
const CREDITS: i64 = 4004;
const RESTORED_PER_SECOND: i64 = 60;
/// What is taken for one operation. The real cost depends on the connections that are asked for.
const COST: i64 = 25;

/// The one warehouse of the account.
const WAREHOUSE: &str = "V2FyZWhvdXNlOjE=";

/// The state of an account beside its floor.
#[derive(Debug)]
pub(super) struct Account {
    credits: i64,
    counted_at: Option<Timestamp>,
    tokens: u64,
}

impl Default for Account {
    fn default() -> Self {
        Self { credits: CREDITS, counted_at: None, tokens: 0 }
    }
}

impl Account {
    /// Takes the cost of one operation; else says how many seconds are lacking.
    fn spend(&mut self, now: Timestamp) -> Result<(), i64> {
        if let Some(before) = self.counted_at {
            let gone = now.as_second().saturating_sub(before.as_second()).max(0);
            self.credits = CREDITS.min(self.credits + gone * RESTORED_PER_SECOND);
        }
        self.counted_at = Some(now);
        if self.credits < COST {
            return Err((COST - self.credits + RESTORED_PER_SECOND - 1) / RESTORED_PER_SECOND);
        }
        self.credits -= COST;
        Ok(())
    }

    pub(super) fn revoke(&mut self) {
        self.tokens += 1;
    }

    /// Somebody else of the same account has used up what there was, and more.
    pub(super) fn exhaust(&mut self, now: Timestamp, seconds: i64) {
        self.counted_at = Some(now);
        self.credits = COST - seconds * RESTORED_PER_SECOND;
    }
}

pub(super) fn answer(server: &Server, request: &Request<Bytes>) -> Response<Bytes> {
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    match (request.method(), request.uri().path()) {
        (&Method::POST, "/auth/refresh") => refresh(server, &body),
        (&Method::POST, "/graphql") => {
            let bearer = request.headers().get("authorization").and_then(|value| value.to_str().ok());
            let tokens = server.account().tokens;
            if tokens == 0 || bearer != Some(&format!("Bearer {}", token(server, tokens))) {
                return reply(
                    401,
                    &json!({ "code": "invalid_token", "description": "Unable to decode token" }),
                );
            }
            graphql_answer(server, &body)
        }
        _ => reply(404, &json!({ "message": "Not Found" })),
    }
}

fn token(server: &Server, number: u64) -> String {
    format!("eyJ{}.{number}", STANDARD.encode(server.keys.api.as_bytes()).trim_end_matches('='))
}

fn refresh(server: &Server, body: &Value) -> Response<Bytes> {
    if body["refresh_token"] != server.keys.api.as_str() {
        return reply(
            401,
            &json!({ "error": "invalid_grant", "error_description": "Unknown or invalid refresh token." }),
        );
    }
    let mut account = server.account();
    account.tokens += 1;
    let token = token(server, account.tokens);
    reply(200, &json!({ "access_token": token, "expires_in": 2_419_200, "token_type": "Bearer" }))
}

fn error(code: i64, message: &str, field: &str) -> Response<Bytes> {
    let error = json!({ "code": code, "message": message, "operation": field, "request_id": "5fd0" });
    reply(200, &json!({ "errors": [error], "data": { field: null } }))
}

fn graphql_answer(server: &Server, body: &Value) -> Response<Bytes> {
    let selection = graphql::parse(body["query"].as_str().unwrap_or_default());
    let field = selection.as_ref().and_then(|selection| selection.fields().next().map(str::to_owned));
    let (Some(selection), Some(field)) = (selection, field) else {
        return reply(400, &json!({ "errors": [{ "message": "Syntax Error GraphQL" }] }));
    };
    if let Err(wait_s) = server.account().spend(server.clock().now()) {
        let error = json!({
            "code": 30, "operation": field, "request_id": "5fd0", "required_credits": COST,
            "remaining_credits": COST - wait_s * RESTORED_PER_SECOND, "time_remaining": format!("{wait_s} seconds"),
            "message": format!("There are not enough credits to perform the requested operation. In {wait_s} seconds you will have enough credits to perform the operation"),
        });
        return reply(200, &json!({ "errors": [error], "data": { field: null } }));
    }
    let variables = &body["variables"];
    let whole = match field.as_str() {
        "order_create" => create(server, &variables["data"]),
        "order_cancel" => cancel(server, &variables["data"]),
        "orders" => Ok(orders(server, &variables["number"])),
        "order" => order_by_id(server, &variables["id"]),
        "warehouse_products" => products(server, variables),
        _ => {
            return reply(
                400,
                &json!({ "errors": [{ "message": format!("Cannot query field \"{field}\"") }] }),
            );
        }
    };
    let mut whole = match whole {
        Ok(whole) => whole,
        Err(told) => return error(3, &told, &field),
    };
    whole["request_id"] = "5fd0".into();
    whole["complexity"] = COST.into();
    match selection.of(&field).map(|selection| selection.of_value(&whole)) {
        Some(Ok(part)) => reply(200, &json!({ "data": { field: part } })),
        Some(Err(told)) => reply(400, &json!({ "errors": [{ "message": told }] })),
        None => reply(400, &json!({ "errors": [{ "message": "no selection" }] })),
    }
}

fn uuid(kind: &str, number: u64) -> String {
    STANDARD.encode(format!("{kind}:{number}"))
}

fn create(server: &Server, data: &Value) -> Result<Value, String> {
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let number = text(data, "order_number");
    let mut floor = server.floor();
    let mut lines = Vec::new();
    for raw in data["line_items"].as_array().into_iter().flatten() {
        let sku = text(raw, "sku");
        let quantity = raw["quantity"].as_u64().ok_or("Int cannot represent non-integer value")?;
        for needed in ["partner_line_item_id", "price"] {
            raw[needed]
                .as_str()
                .ok_or_else(|| format!("Field \"{needed}\" of required type \"String!\" was not provided"))?;
        }
        if floor.unknown.contains(&sku) {
            return Err(format!("Product {sku} does not exist"));
        }
        lines.push(JobLine {
            number: 0,
            line: text(raw, "partner_line_item_id"),
            sku,
            name: text(raw, "product_name"),
            ordered: quantity.into(),
            shipped: Decimal::ZERO,
            lots: Vec::new(),
        });
    }
    let to = &data["shipping_address"];
    if to["zip"] == "00000" {
        let told = ["first_name", "last_name", "address1", "city", "zip"].map(|field| text(to, field));
        return Err(format!("Invalid address: {}", told.join(", ")));
    }
    // A second order of one number is taken in: nothing says that ShipHero refuses it.
    let job = floor.take_in(&number, lines, data.clone(), server.clock().now());
    Ok(
        json!({ "order": { "id": uuid("Order", job.number), "legacy_id": job.number, "order_number": number } }),
    )
}

fn cancel(server: &Server, data: &Value) -> Result<Value, String> {
    let id = data["order_id"].as_str().unwrap_or_default().to_owned();
    let job = server.jobs().into_iter().find(|job| uuid("Order", job.number) == id);
    let job = job.ok_or("Order not found")?;
    let reference = job.reference;
    // Only labels keep an order from being cancelled, not that it is on a cart.
    if job.stage == Stage::Picking && job.shipments.is_empty() {
        server.floor().end(&reference, Stage::Cancelled, server.clock().now());
        return Ok(json!({}));
    }
    match server.asked_to_stop(&reference) {
        Some(Asked::Stopped | Asked::Later) => Ok(json!({})),
        Some(Asked::TooLate(_)) => Err("The order has valid labels and completed shipments".into()),
        None => Err("Order not found".into()),
    }
}

fn orders(server: &Server, number: &Value) -> Value {
    let jobs = server.jobs();
    let found = jobs.iter().filter(|job| Some(job.reference.as_str()) == number.as_str());
    let edges: Vec<Value> = found.map(|job| json!({ "node": node(job) })).collect();
    json!({ "data": { "edges": edges } })
}

fn order_by_id(server: &Server, id: &Value) -> Result<Value, String> {
    let jobs = server.jobs();
    let found = jobs.iter().find(|job| Some(uuid("Order", job.number).as_str()) == id.as_str());
    Ok(json!({ "data": node(found.ok_or("Order not found")?) }))
}

/// A connection: the cursor of an edge says where it is. What lies in lots is one product all the same.
fn products(server: &Server, variables: &Value) -> Result<Value, String> {
    let cursor = |at: usize| STANDARD.encode(format!("arrayconnection:{at}"));
    let ours = variables["warehouse"] == WAREHOUSE;
    let counted = if ours { server.floor().counted_skus() } else { Vec::new() };
    let from = match variables["after"].as_str() {
        None => 0,
        Some(after) => (0..counted.len()).find(|at| cursor(*at) == after).ok_or("Invalid cursor")? + 1,
    };
    let edges: Vec<Value> = counted
        .iter()
        .enumerate()
        .skip(from)
        .take(COUNTED_ON_A_PAGE)
        .map(|(at, (sku, pieces))| json!({ "cursor": cursor(at), "node": { "sku": sku, "on_hand": pieces.to_i64() } }))
        .collect();
    let last = edges.last().map(|edge| edge["cursor"].clone());
    let more = from + edges.len() < counted.len();
    Ok(json!({ "data": { "pageInfo": { "hasNextPage": more, "endCursor": last }, "edges": edges } }))
}

fn node(job: &Job) -> Value {
    let status = match job.stage {
        Stage::Open | Stage::Picking => "pending",
        Stage::Done => "fulfilled",
        Stage::Cancelled | Stage::Rejected => "canceled",
    };
    json!({
        "id": uuid("Order", job.number), "legacy_id": job.number, "order_number": job.reference,
        "partner_order_id": job.reference, "fulfillment_status": status,
        "allocations": [{ "is_locked": job.stage == Stage::Picking }],
        "shipments": job.shipments.iter().filter(|sent| !sent.lines.is_empty())
            .map(|sent| shipment(job, sent)).collect::<Vec<_>>(),
    })
}

/// One item for each lot, one for all serial numbers, as they are packed.
fn items(line: &SentLine) -> Vec<(u64, Option<String>, Vec<String>)> {
    let whole = |quantity: Decimal| quantity.to_u64().unwrap_or_default();
    if line.lots.is_empty() {
        return vec![(whole(line.quantity), None, Vec::new())];
    }
    if line.lots.iter().all(is_serial) {
        let serials = line.lots.iter().map(|(number, _)| number.clone()).collect();
        return vec![(whole(line.quantity), None, serials)];
    }
    line.lots.iter().map(|(number, quantity)| (whole(*quantity), Some(number.clone()), Vec::new())).collect()
}

fn shipment(job: &Job, sent: &Sent) -> Value {
    let serials = |at: usize| -> Vec<Value> {
        let all = job.shipments.iter().flat_map(|sent| &sent.lines).filter(|line| line.at == at);
        all.flat_map(items)
            .flat_map(|(_, _, serials)| serials)
            .map(|n| json!({ "serial_number": n }))
            .collect()
    };
    let edges = sent.lines.iter().flat_map(|line| {
        let of = &job.lines[line.at];
        items(line).into_iter().map(move |(quantity, lot, _)| {
            json!({ "node": {
                "quantity": quantity, "lot": lot.map(|name| json!({ "name": name })),
                "line_item": {
                    "partner_line_item_id": of.line, "sku": of.sku,
                    "quantity_shipped": of.shipped.to_u64(), "serial_numbers": serials(line.at),
                },
            }})
        })
    });
    let label = |tracking: &String| json!({ "tracking_number": tracking, "tracking_url": url(tracking), "carrier": "UPS", "shipping_method": "Ground" });
    json!({
        "id": uuid("Shipment", sent.number), "legacy_id": sent.number,
        "created_date": sent.at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        "shipping_labels": sent.parcels.iter().map(label).collect::<Vec<_>>(),
        "line_items": { "edges": edges.collect::<Vec<_>>() },
    })
}

fn url(tracking: &str) -> String {
    format!("https://track.example.test/{tracking}")
}

pub(super) fn told(server: &Server, job: &Job, event: &Event) -> Vec<Signed> {
    let body = match event {
        Event::Shipped(sent) if !sent.lines.is_empty() => update(job, sent),
        Event::Cancelled(_) | Event::Rejected(_) => json!({
            "order_number": job.reference, "partner_order_id": job.reference, "fulfillment-status": "canceled",
            "order_id": job.number, "order_uuid": uuid("Order", job.number), "shop_name": "public-api",
            "shop_order_number": job.reference, "webhook_type": "Order Canceled",
        }),
        // It tells nothing of these.
        Event::Shipped(_) | Event::Parcel { .. } => return Vec::new(),
    };
    vec![sign(server, body.to_string().into())]
}

fn update(job: &Job, sent: &Sent) -> Value {
    let lines = sent.lines.iter().rev().flat_map(|line| {
        let of = &job.lines[line.at];
        items(line).into_iter().map(move |(quantity, lot, serials)| {
            json!({
                "id": of.line, "shiphero_id": of.number, "quantity": quantity, "sku": of.sku,
                "serial_numbers": serials, "customs_description": "", "package": "Package #1", "lot_id": null,
                "lot_name": lot, "lot_expiration": null,
            })
        })
    });
    let package = |(at, tracking): (usize, &String)| {
        json!({
            "name": format!("Package #{}", at + 1), "tracking_number": tracking, "shipping_carrier": "UPS",
            "shipping_method": "Ground", "shipping_label": { "tracking_url": url(tracking) },
        })
    };
    json!({
        "test": "0", "webhook_type": "Shipment Update", "total_packages": sent.parcels.len(),
        "fulfillment": {
            "shipment_id": sent.number, "shipment_uuid": uuid("Shipment", sent.number), "warehouse": "Primary",
            "webhook_type": "Shipment Update", "partner_order_id": job.reference, "order_number": job.reference,
            "tracking_number": sent.parcels.first(), "shipping_carrier": "UPS", "shipping_method": "Ground",
            "created_at": sent.at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string(),
            "line_items": lines.collect::<Vec<_>>(),
        },
        "packages": sent.parcels.iter().enumerate().map(package).collect::<Vec<_>>(),
    })
}

pub(super) fn again(server: &Server, call: &Signed) -> Signed {
    sign(server, call.body.clone())
}

fn sign(server: &Server, body: Bytes) -> Signed {
    let headers = vec![
        ("content-type".into(), "application/json".into()),
        ("x-shiphero-hmac-sha256".into(), hmac_base64(&server.keys.webhook, &body)),
        ("x-shiphero-message-id".into(), crossdock_core::order::short_digest(&body)),
    ];
    Signed { headers, body }
}
