//! A 3PL that speaks the published format: it checks our signatures, and signs what it tells.

use std::str::FromStr as _;

use bytes::Bytes;
use crossdock_core::order::short_digest;
use http::{Method, Request, Response};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{Asked, COUNTED_ON_A_PAGE, Event, Job, JobLine, Sent, Server, Stage, refused, reply};
use crate::shops::{Signed, standard_webhooks_signature};

/// As Standard Webhooks recommends.
const TOLERANCE_S: u64 = 300;

pub(super) fn answer(server: &Server, request: &Request<Bytes>) -> Response<Bytes> {
    let path = request.uri().path();
    if let Some(at) = path.strip_suffix("/stock").map(str::len) {
        return stock(server, request, at);
    }
    let Some(below) = path.find("/releases").map(|at| &path[at..]) else {
        return refused(404, "no such page");
    };
    if !is_signed(server, request, below) {
        return refused(401, "the signature is wrong");
    }
    let parts: Vec<String> = below
        .trim_start_matches("/releases")
        .split('/')
        .skip(1)
        .map(|part| part.replace("%2F", "/"))
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match (request.method(), parts.as_slice()) {
        (&Method::POST, []) => take_in(server, request.body()),
        (&Method::GET, [reference]) => match server.job(reference) {
            Some(job) => reply(200, &state(&job)),
            None => refused(404, "no such release"),
        },
        (&Method::POST, [reference, "stop"]) => stop(server, reference, request.body()),
        (&Method::GET, [reference, "shipments"]) => match server.job(reference) {
            Some(job) => reply(200, &json!({ "shipments": shipments(&job) })),
            None => refused(404, "no such release"),
        },
        _ => refused(404, "no such page"),
    }
}

/// What lies there. A partner who has never counted anything does not have this page.
fn stock(server: &Server, request: &Request<Bytes>, at: usize) -> Response<Bytes> {
    let counted = server.floor().counted.clone();
    let below = request.uri().path_and_query().map(|target| &target.as_str()[at..]).unwrap_or_default();
    if counted.is_empty() {
        return refused(404, "no such page");
    }
    if request.method() != Method::GET {
        return refused(405, "it can only be read");
    }
    if !is_signed(server, request, below) {
        return refused(401, "the signature is wrong");
    }
    let query = request.uri().query().unwrap_or_default();
    let after = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "after");
    // The last line of the page before, in words that an address cannot carry as they are.
    let place = |(sku, lot): &(String, Option<String>)| {
        format!("after {sku} + {}", lot.as_deref().unwrap_or("kein Los: ü&x=1"))
    };
    let from = match after {
        None => 0,
        Some((_, after)) => match counted.keys().position(|key| place(key) == after) {
            Some(at) => at + 1,
            None => return refused(422, "there is no such place"),
        },
    };
    let page: Vec<_> = counted.iter().skip(from).take(COUNTED_ON_A_PAGE).collect();
    let line = |((sku, lot), pieces): &(&(String, Option<String>), &Decimal)| {
        let mut line = json!({ "sku": sku, "on_hand": pieces.to_string() });
        if let Some(lot) = lot {
            line["lot"] = lot.as_str().into();
        }
        line
    };
    let mut answer = json!({ "lines": page.iter().map(line).collect::<Vec<_>>() });
    if let Some((last, _)) = page.last().filter(|_| from + page.len() < counted.len()) {
        answer["next"] = place(last).into();
    }
    reply(200, &answer)
}

fn is_signed(server: &Server, request: &Request<Bytes>, below: &str) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let (Some(id), Some(at), Some(signature)) =
        (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"))
    else {
        return false;
    };
    let Ok(sent) = i64::from_str(at) else { return false };
    let line = format!("{} {below}", request.method());
    let signed = if request.body().is_empty() { line.as_bytes() } else { request.body() };
    let right = standard_webhooks_signature(&server.keys.api, id, sent, signed);
    // A dot separates what is signed.
    !id.contains('.')
        && server.clock().now().as_second().abs_diff(sent) <= TOLERANCE_S
        && signature.split(' ').any(|one| one == right)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn decimal(value: &Value) -> Option<Decimal> {
    Decimal::from_str(value.as_str()?).ok().filter(|quantity| *quantity > Decimal::ZERO)
}

fn take_in(server: &Server, body: &Bytes) -> Response<Bytes> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return refused(400, "no JSON") };
    if body["type"] != "release.v1" {
        return refused(422, "no release.v1");
    }
    let reference = text(&body, "reference").to_owned();
    let now = server.clock().now();
    let mut floor = server.floor();
    if let Some(job) = floor.by_reference(&reference) {
        // The same again is no second release; something else under the same name is a mistake.
        return if job.body == body {
            reply(200, &state(job))
        } else {
            refused(409, "another content before")
        };
    }
    let mut lines = Vec::new();
    for raw in body["lines"].as_array().into_iter().flatten() {
        let (sku, Some(ordered)) = (text(raw, "sku"), decimal(&raw["quantity"])) else {
            return refused(422, "a quantity is none");
        };
        if floor.unknown.contains(sku) {
            return refused(422, &format!("SKU {sku} is unknown"));
        }
        let lots = raw["lots"].as_array().into_iter().flatten();
        lines.push(JobLine {
            number: 0,
            line: text(raw, "line").into(),
            sku: sku.into(),
            name: text(raw, "name").into(),
            ordered,
            shipped: Decimal::ZERO,
            lots: lots
                .filter_map(|l| Some((text(l, "number").to_owned(), decimal(&l["quantity"])?)))
                .collect(),
        });
    }
    if lines.is_empty() {
        return refused(422, "nothing to ship");
    }
    // A partner's program that says back what it was told.
    if text(&body["to"], "postcode") == "00000" {
        let to = &body["to"];
        let told =
            format!("cannot deliver to {}, {}, {}", text(to, "name"), text(to, "street"), text(to, "city"));
        return refused(422, &told);
    }
    let job = floor.take_in(&reference, lines, body, now);
    reply(201, &state(job))
}

fn state(job: &Job) -> Value {
    let state = match job.stage {
        Stage::Open => "open",
        Stage::Picking => "shipping",
        Stage::Done => "shipped",
        Stage::Cancelled | Stage::Rejected => "cancelled",
    };
    json!({ "id": format!("R-{}", job.number), "state": state })
}

fn stop(server: &Server, reference: &str, body: &Bytes) -> Response<Bytes> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    if body["type"] != "release_stop.v1" || body["reference"] != reference {
        return refused(422, "the body is of another release");
    }
    match server.asked_to_stop(reference) {
        None => refused(404, "no such release"),
        Some(Asked::Stopped) => reply(200, &json!({ "result": "stopped" })),
        Some(Asked::Later) => reply(202, &json!({ "result": "asked" })),
        Some(Asked::TooLate(why)) => reply(200, &json!({ "result": "refused", "why": why })),
    }
}

fn shipments(job: &Job) -> Vec<Value> {
    job.shipments.iter().map(|sent| shipped(job, sent)).collect()
}

fn shipped(job: &Job, sent: &Sent) -> Value {
    let shipment = format!("SH-{}", sent.number);
    if sent.lines.is_empty() {
        return json!({ "type": "closed.v1", "shipment": shipment, "reference": job.reference,
            "closed_at": sent.at.to_string() });
    }
    let lot = |(number, quantity): &(String, Decimal)| json!({ "number": number, "quantity": quantity.to_string() });
    let line = |line: &super::SentLine| {
        let of = &job.lines[line.at];
        json!({ "line": of.line, "sku": of.sku, "quantity": line.quantity.to_string(),
            "lots": line.lots.iter().map(lot).collect::<Vec<_>>() })
    };
    let parcel = |tracking: &String| {
        json!({ "carrier": "UPS", "tracking": tracking,
            "url": format!("https://track.example.test/{tracking}") })
    };
    json!({
        "type": "shipped.v1", "shipment": shipment, "reference": job.reference,
        "shipped_at": sent.at.to_string(), "closes": sent.closes,
        "lines": sent.lines.iter().map(line).collect::<Vec<_>>(),
        "parcels": sent.parcels.iter().map(parcel).collect::<Vec<_>>(),
    })
}

pub(super) fn told(server: &Server, job: &Job, event: &Event) -> Vec<Signed> {
    let body = match event {
        Event::Shipped(sent) => shipped(job, sent),
        Event::Rejected(why) => json!({ "type": "rejected.v1", "reference": job.reference, "why": why }),
        Event::Cancelled(why) => json!({ "type": "cancelled.v1", "reference": job.reference, "why": why }),
        Event::Parcel { tracking, status } => json!({ "type": "parcels.v1", "parcels": [
            { "tracking": tracking, "status": status, "at": server.clock().now().to_string() },
        ]}),
    };
    vec![sign(server, body.to_string().into())]
}

pub(super) fn again(server: &Server, call: &Signed) -> Signed {
    sign(server, call.body.clone())
}

fn sign(server: &Server, body: Bytes) -> Signed {
    let at = server.clock().now().as_second();
    // A body that is sent again has the id that it had.
    let id = format!("msg_{}", short_digest(&body));
    let signature = standard_webhooks_signature(&server.keys.webhook, &id, at, &body);
    let headers = vec![
        ("content-type".into(), "application/json".into()),
        ("webhook-id".into(), id),
        ("webhook-timestamp".into(), at.to_string()),
        ("webhook-signature".into(), signature),
    ];
    Signed { headers, body }
}
