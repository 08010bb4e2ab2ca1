//! Replays exchanges recorded with real Odoo 17, 18 and 19 and holds the simulator's answers against them.

#![allow(clippy::unwrap_used, reason = "a fixture that cannot be read is a failed test")]

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use crossdock_http::peer::Peer as _;
use serde_json::{Value, json};
use simulators::odoo::{Config, INTEGRATION_GROUPS, Latency, Server, TaxRate, User, Version};

/// Notes of steps that the simulator does not answer, or whose answer follows from such steps.
const NOT_SIMULATED: [&str; 32] = [
    "fields_get account.payment (required, or of use here)",
    "fields_get stock.return.picking (required, or of use here)",
    "fields_get stock.return.picking.line (required, or of use here)",
    "fields_get sale.advance.payment.inv (required, or of use here)",
    "fields_get account.payment.register (required, or of use here)",
    "fields_get account.move.reversal (required, or of use here)",
    "fields_get account.bank.statement.line (required, or of use here)",
    "move lines (what is reserved)",
    "serial-tracked: move lines reserved with lots",
    "invoice wizard create (delivered quantities)",
    "invoice wizard run",
    "invoices of the order",
    "post invoice",
    "post invoice again",
    "invoice",
    "nothing to invoice: wizard run again",
    "bank journals",
    "payment register wizard create",
    "payment register",
    "invoice after payment",
    "payments found by reference",
    "return wizard create",
    "return wizard lines",
    "return wizard: set quantity",
    "return wizard run",
    "pickings incl. return",
    "stock figures by product in a warehouse",
    "quants grouped by product and location (one call for all stock)",
    "19: formatted_read_group",
    "stock moves changed since a time",
    "JSON-2 user error",
    "modules installed",
];

/// Values that differ from run to run, or that nobody reads.
const IGNORED: [&str; 7] =
    ["scheduled_date", "date_done", "write_date", "view_id", "moreinfo", "move_line_ids", "latest_version"];

fn recording(version: Version) -> Value {
    let path = format!("{}/../fixtures/odoo/odoo-{}.json", env!("CARGO_MANIFEST_DIR"), version.number());
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn step<'r>(recording: &'r Value, note: &str) -> &'r Value {
    let steps = recording["steps"].as_array().unwrap();
    steps.iter().find(|step| step["note"] == note).unwrap_or_else(|| panic!("no step {note}"))
}

fn result<'r>(recording: &'r Value, note: &str) -> &'r Value {
    &step(recording, note)["response"]["result"]
}

fn first_id(value: &Value) -> i64 {
    value.as_i64().or_else(|| value[0].as_i64()).or_else(|| value[0]["id"].as_i64()).unwrap()
}

/// A database like the recorded one was, with ids that go on where its ids went on.
fn server(version: Version, recording: &Value) -> Server {
    let now = "2026-11-23T07:40:28Z".parse().unwrap();
    let server = Server::new(Config { version, now: Arc::new(move || now), latency: Latency::default() });
    let stock = result(recording, "warehouses")[0]["lot_stock_id"][0].as_i64().unwrap();
    server.seed(|seed| {
        seed.base();
        seed.database(&format!("o{}", version.number()));
        let company = seed.company("My Company", "USD", "US");
        seed.user(&User {
            login: "admin".to_owned(),
            password: Some("admin".to_owned()),
            keys: vec!["admin-key".to_owned()],
            time_zone: "UTC".to_owned(),
            companies: vec![company],
            groups: INTEGRATION_GROUPS.map(str::to_owned).to_vec(),
            administrator: true,
        });
        seed.skip_ids("stock.location", stock - 2);
        seed.warehouse(company, "My Company", "WH");
        let tax = |name: &str, amount: f64| TaxRate {
            name: name.to_owned(),
            amount,
            fixed: false,
            included: false,
            company,
        };
        let default = seed.tax(&tax("15%", 15.0));
        if result(recording, "sale taxes").as_array().unwrap().len() == 2 {
            seed.skip_ids("account.tax", 2);
            seed.tax(&tax("0% Exports", 0.0));
        }
        seed.default_taxes(company, &[default]);
        let product = seed.record(
            "product.product",
            json!({"name": "Standard delivery", "default_code": "Delivery_007", "type": "service"}),
        );
        let carrier = json!({"name": "Standard delivery", "delivery_type": "fixed", "product_id": product});
        seed.record("delivery.carrier", carrier);
        let load = |note: &str| result(recording, note)["ids"][0].as_i64().unwrap();
        seed.skip_ids("product.product", load("load products by external id") - 1);
        seed.skip_ids("res.partner", load("load customer and delivery address by external id") - 1);
        seed.skip_ids("stock.quant", first_id(result(recording, "create inventory quants")) - 1);
        let picking = result(recording, "pickings of the orders");
        let first = first_id(picking);
        seed.skip_ids("stock.picking", first - 1);
        let number: i64 = picking[0]["name"].as_str().unwrap().rsplit('/').next().unwrap().parse().unwrap();
        seed.sequence("WH/OUT", number - 1);
        // Each count that is applied is a move before these.
        let counted = result(recording, "create inventory quants").as_array().map_or(0, Vec::len) as i64;
        seed.skip_ids("stock.move", picking[0]["move_ids"][0].as_i64().unwrap() - 1 - counted);
        let order = load("load two orders with lines, taxes and discounts");
        seed.skip_ids("sale.order", order - 1);
        seed.skip_ids(
            "sale.order.line",
            result(recording, "orders after load")[1]["order_line"][0].as_i64().unwrap() - 1,
        );
    });
    server
}

async fn ask(server: &Server, step: &Value) -> (u16, Value) {
    let (method, path) = step["http"].as_str().unwrap().split_once(' ').unwrap();
    let note = step["note"].as_str().unwrap();
    let body = if path == "/jsonrpc" {
        json!({"jsonrpc": "2.0", "method": "call", "id": 1, "params": step["request"]})
    } else {
        step["request"].clone()
    };
    let key = if note.contains("bad key") { "nonsense" } else { "admin-key" };
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("bearer {key}"))
        .body(Bytes::from(body.to_string()))
        .unwrap();
    let response = server.call(request).await.unwrap();
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

/// Where two answers differ, in words.
fn differences(path: &str, recorded: &Value, simulated: &Value, found: &mut Vec<String>) {
    match (recorded, simulated) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for key in keys.into_iter().filter(|key| !IGNORED.contains(&key.as_str())) {
                let missing = json!("(absent)");
                let (left, right) = (left.get(key).unwrap_or(&missing), right.get(key).unwrap_or(&missing));
                differences(&format!("{path}.{key}"), left, right, found);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                differences(&format!("{path}[{index}]"), left, right, found);
            }
        }
        _ if recorded == simulated => {}
        _ => found.push(format!("{path}: recorded {recorded}, simulated {simulated}")),
    }
}

/// What the recording did between its steps: stock for the serial product, a third order, its confirmation.
fn before(server: &Server, recording: &Value, note: &str) {
    let product = result(recording, "load products by external id")["ids"][2].as_i64().unwrap();
    if note == "confirm" {
        let lamp = &result(recording, "moves of the pickings")[2];
        server.seed(|seed| {
            let house = seed.find("stock.warehouse", "code", "WH");
            let quantity = lamp["quantity"].as_f64().unwrap();
            // Where it is tracked, the step before has made a serial number for each piece.
            let serials =
                recording["steps"].as_array().unwrap().iter().find(|step| step["note"] == "create serials");
            match serials.and_then(|step| step["response"]["result"].as_array()) {
                Some(serials) => {
                    for serial in serials {
                        seed.stock_of(product, house, serial.as_i64(), 1.0);
                    }
                }
                None => seed.stock(product, house, quantity),
            }
            seed.set("product.product", product, "tracking", lamp["has_tracking"].clone());
        });
    }
    if note == "cancel a confirmed order" {
        let order = first_id(&step(recording, note)["request"]["args"][5][0]);
        let picking = first_id(&result(recording, "cancelled order")[0]["picking_ids"]);
        server.seed(|seed| {
            seed.skip_ids("sale.order", order - 1);
            seed.skip_ids("stock.picking", picking - 1);
            let partner = seed.find("res.partner", "name", "Ann Rivera");
            let product = seed.find("product.product", "name", "Rain jacket");
            let line = json!([[0, 0, {"product_id": product, "product_uom_qty": 1}]]);
            seed.record("sale.order", json!({"partner_id": partner, "order_line": line}));
        });
        server.by_hand_confirm(order).unwrap();
    }
}

fn compare_fields(version: Version, server_fields: &Value, step: &Value, found: &mut Vec<String>) -> usize {
    let model = step["model"].as_str().unwrap();
    let recorded = step["fields"].as_object().unwrap();
    let mut compared = 0;
    for (name, field) in server_fields.as_object().unwrap() {
        let Some(real) = recorded.get(name) else { continue };
        compared += 1;
        for attribute in ["type", "relation", "required", "readonly", "selection"] {
            let real = real.get(attribute).cloned().unwrap_or(json!(false));
            let ours = field.get(attribute).cloned().unwrap_or(json!(false));
            let long = attribute == "selection" && ours == json!([]);
            if real != ours && !long {
                found.push(format!(
                    "{} {model}.{name} {attribute}: recorded {real}, simulated {ours}",
                    version.number()
                ));
            }
        }
    }
    compared
}

async fn replay(version: Version) -> (usize, usize) {
    let recording = recording(version);
    let server = server(version, &recording);
    let mut found = Vec::new();
    let (mut replayed, mut passed_over) = (0, 0);
    for step in recording["steps"].as_array().unwrap() {
        let note = step["note"].as_str().unwrap();
        if NOT_SIMULATED.contains(&note) {
            passed_over += 1;
            continue;
        }
        replayed += 1;
        if note.starts_with("fields_get") {
            let database = format!("o{}", version.number());
            let request = json!({
                "note": note, "http": "POST /jsonrpc",
                "request": {"service": "object", "method": "execute_kw",
                    "args": [database, 2, "admin", step["model"], "fields_get", [], {}]},
            });
            let (_, answer) = ask(&server, &request).await;
            assert!(compare_fields(version, &answer["result"], step, &mut found) >= 4, "{note}");
            continue;
        }
        before(&server, &recording, note);
        if let Some(id) = step["response"]["ids"][0].as_i64() {
            server.seed(|seed| seed.skip_ids("sale.order", id - 1));
        }
        if note == "load two orders with lines, taxes and discounts" {
            let entry = first_id(result(&recording, "find already imported orders by external id"));
            server.seed(|seed| seed.skip_ids("ir.model.data", entry - 3));
        }
        let (status, answer) = ask(&server, step).await;
        let place = format!("{} {note}", version.number());
        if status != step["status"].as_u64().unwrap() as u16 {
            found.push(format!("{place}: recorded status {}, simulated {status}", step["status"]));
        }
        differences(&place, &step["response"], &answer, &mut found);
    }
    assert!(found.is_empty(), "{}\n{}", found.len(), found.join("\n"));
    (replayed, passed_over)
}

#[tokio::test]
async fn answers_as_the_recorded_17_did() {
    assert_eq!(replay(Version::V17).await, (61, 31));
}

#[tokio::test]
async fn answers_as_the_recorded_18_did() {
    assert_eq!(replay(Version::V18).await, (58, 30));
}

#[tokio::test]
async fn answers_as_the_recorded_19_did() {
    assert_eq!(replay(Version::V19).await, (72, 33));
}
