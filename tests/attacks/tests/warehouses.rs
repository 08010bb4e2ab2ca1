//! What a stranger, or a warehouse that was taken over, could send, and what must come of it: each row is a test
//! of its own. The receiver in front of it has its tables; these are about what is verified and read.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use bytes::Bytes;
use crossdock_core::{
    Clock, WarehouseId,
    config::WarehouseKind,
    hook::Refusal,
    shipment::{Notice, ParcelStatus},
};
use crossdock_warehouses::{Call, receive};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use libtest_mimic::{Arguments, Failed, Trial};
use secrecy::SecretString;
use serde_json::{Value, json};
use simulators::{
    shops::{Signed, hmac_base64, standard_webhooks_signature},
    warehouses::{Keys, Server, Vendor, key_set, rsa_keys},
};

const NOW: Timestamp = Timestamp::constant(1_795_500_000, 0);
const STANDARD_KEY: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const SHARED: &str = "shared-signature-secret";
const TOKEN: &str = "a-token-that-nobody-can-guess";
const KINDS: [WarehouseKind; 3] =
    [WarehouseKind::Standard, WarehouseKind::Shiphero, WarehouseKind::Shipstation];

/// What must come of a call.
#[derive(Clone, Copy)]
enum Outcome {
    Unauthorized,
    /// The partner is told of just this field.
    Wrong(&'static str),
    /// Nothing comes of it, and the vendor does not hear of that.
    Nothing,
    /// It is read, and this holds.
    Read(fn(&Notice) -> bool),
}

struct Row {
    name: String,
    kind: WarehouseKind,
    headers: Vec<(String, String)>,
    query: Option<String>,
    body: Vec<u8>,
    outcome: Outcome,
}

fn secret(kind: WarehouseKind) -> String {
    match kind {
        WarehouseKind::Standard => STANDARD_KEY.into(),
        WarehouseKind::Shiphero => SHARED.into(),
        WarehouseKind::Shipstation => key_set(rsa_keys::VENDOR),
        WarehouseKind::Odoo => panic!("nothing comes from there"),
    }
}

/// A call of the warehouse itself, whatever it says.
fn sign(kind: WarehouseKind, body: &[u8]) -> Vec<(String, String)> {
    let (vendor, webhook) = match kind {
        WarehouseKind::Standard => (Vendor::Standard, STANDARD_KEY),
        WarehouseKind::Shiphero => (Vendor::Shiphero, SHARED),
        WarehouseKind::Shipstation => (Vendor::Shipstation, rsa_keys::VENDOR),
        WarehouseKind::Odoo => panic!("nothing comes from there"),
    };
    let clock = Clock::tokio(NOW);
    let server = Server::new(vendor, clock, Keys { api: "x".into(), webhook: webhook.into() });
    server.again(&Signed { headers: Vec::new(), body: Bytes::copy_from_slice(body) }).headers
}

fn sample(kind: WarehouseKind) -> Value {
    match kind {
        WarehouseKind::Standard => json!({
            "type": "shipped.v1", "shipment": "SH-1", "reference": "WH/OUT/00042", "shipped_at": "2026-11-23T08:00:00Z",
            "lines": [{ "line": "17", "sku": "SKU-001", "quantity": "2" }], "parcels": [{ "carrier": "UPS", "tracking": "1Z1" }],
        }),
        WarehouseKind::Shiphero => json!({
            "test": "0", "webhook_type": "Shipment Update",
            "fulfillment": { "shipment_id": 1, "partner_order_id": "WH/OUT/00042", "created_at": "2026-11-23 08:00:00",
                "shipping_carrier": "UPS", "tracking_number": "1Z1",
                "line_items": [{ "id": "WH/OUT/00042|17", "sku": "SKU-001", "quantity": 2, "serial_numbers": [] }] },
        }),
        WarehouseKind::Shipstation => json!({
            "resource_type": "LABEL_CREATED_V2", "resource_url": "https://api.shipstation.com/v2/labels?batch_id=se-1",
        }),
        WarehouseKind::Odoo => panic!("nothing comes from there"),
    }
}

fn signature_header(kind: WarehouseKind) -> &'static str {
    match kind {
        WarehouseKind::Standard => "webhook-signature",
        WarehouseKind::Shiphero => "x-shiphero-hmac-sha256",
        WarehouseKind::Shipstation => "x-shipengine-rsa-sha256-signature",
        WarehouseKind::Odoo => panic!("nothing comes from there"),
    }
}

fn row(name: &str, kind: WarehouseKind, body: impl Into<Vec<u8>>, outcome: Outcome) -> Row {
    let body = body.into();
    let name = format!("{kind:?}/{name}").to_lowercase();
    Row { name, kind, headers: sign(kind, &body), query: None, body, outcome }
}

impl Row {
    fn set(mut self, header: &str, value: &str) -> Self {
        self.headers.retain(|(name, _)| name != header);
        self.headers.push((header.into(), value.into()));
        self
    }

    fn header(&self, name: &str) -> String {
        self.headers.iter().find(|(one, _)| one == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

/// Signatures that are none, for each kind.
fn signatures(rows: &mut Vec<Row>) {
    for kind in KINDS {
        let good = || row("good", kind, sample(kind).to_string(), Outcome::Unauthorized);
        let name = signature_header(kind);
        let right = good().header(name);
        let (version, mac) = right.split_once(',').map_or(("", right.as_str()), |(v, mac)| (v, mac));
        let again = |mac: String| if version.is_empty() { mac } else { format!("{version},{mac}") };
        let bytes = STANDARD.decode(mac).expect("base64");
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        for (what, value) in [
            ("empty", String::new()),
            ("in hexadecimal", again(hex)),
            ("of zeros", again(STANDARD.encode(vec![0_u8; bytes.len()]))),
            ("of ones", again(URL_SAFE.encode(vec![0xff_u8; bytes.len()]))),
            ("cut in half", again(STANDARD.encode(&bytes[..bytes.len() / 2]))),
            ("one byte longer", again(STANDARD.encode([bytes.as_slice(), b"x"].concat()))),
            ("in capitals", again(mac.to_uppercase())),
            ("very long", again("A".repeat(20_000))),
            ("of our standard key", standard_webhooks_signature(STANDARD_KEY, "x", 0, b"x")),
            ("of an HMAC with what is public", hmac_base64(&key_set(rsa_keys::VENDOR), &good().body)),
        ] {
            let mut one = good().set(name, &value);
            one.name = format!("{kind:?}/a signature {what}").to_lowercase();
            rows.push(one);
        }
        for other in KINDS.into_iter().filter(|other| *other != kind) {
            let mut one = good();
            one.headers = sign(other, &one.body);
            one.name = format!("{kind:?}/signed as {other:?} does").to_lowercase();
            rows.push(one);
        }
    }
}

/// Calls that claim another time, key or token than they have.
fn claims(rows: &mut Vec<Row>) {
    let standard = |name, header, value: &str| {
        row(name, WarehouseKind::Standard, sample(WarehouseKind::Standard).to_string(), Outcome::Unauthorized)
            .set(header, value)
    };
    for value in
        ["-9223372036854775808", "9223372036854775807", "99999999999999999999", "NaN", "1795500000.0", ""]
    {
        rows.push(standard("a time that is none", "webhook-timestamp", value));
    }
    rows.push(standard("another id", "webhook-id", "msg_2"));
    let kind = WarehouseKind::Shipstation;
    let station = |name, header, value: &str| {
        row(name, kind, sample(kind).to_string(), Outcome::Unauthorized).set(header, value)
    };
    for value in ["1795500000", "2026-11-24T00:00:01Z", "0001-01-01T00:00:00Z", "now", ""] {
        rows.push(station("a time that was not signed", "x-shipengine-timestamp", value));
    }
    for value in ["", "another-key", "../simulated-key", "https://evil.test/jwks#simulated-key"] {
        rows.push(station("a key that is not pinned", "x-shipengine-rsa-sha256-key-id", value));
    }
    let thin = json!({ "resource_type": "SHIP_NOTIFY", "resource_url": "https://ssapi.shipstation.com/shipments?batchId=1" });
    for query in ["token=", "token=x", "Token=a-token-that-nobody-can-guess", "x=1&token"] {
        let mut one = row("without the token", kind, thin.to_string(), Outcome::Unauthorized);
        one.headers.retain(|(name, _)| name == "content-type");
        one.query = Some(query.into());
        one.name = format!("shipstation/without the token: {query}");
        rows.push(one);
    }
    for invented in [
        json!({ "resource_type": "SHIP_NOTIFY", "resource_url": "http://169.254.169.254/latest/meta-data" }),
        json!({ "resource_type": "SHIP_NOTIFY", "shipments": [{ "orderNumber": "WH/OUT/00042" }] }),
    ] {
        let mut one =
            row("what is invented under the token", kind, invented.to_string(), Outcome::Read(only_recent));
        one.headers.retain(|(name, _)| name == "content-type");
        one.query = Some(format!("token={TOKEN}"));
        rows.push(one);
    }
}

fn only_recent(notice: &Notice) -> bool {
    *notice == Notice::AskHandle { handle: "recent".into() }
}

/// What a warehouse that was taken over might say.
fn bodies(rows: &mut Vec<Row>) {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for kind in KINDS {
        let refused = if kind == WarehouseKind::Standard { Outcome::Wrong("") } else { Outcome::Nothing };
        for (what, body) in [
            ("nothing", Vec::new()),
            ("no json", b"shipped!".to_vec()),
            ("another encoding", b"\"M\xfcller\"".to_vec()),
            ("a deep nest", deep.clone().into_bytes()),
            ("more than a megabyte", vec![b' '; 1024 * 1024 + 1]),
        ] {
            rows.push(row(what, kind, body, refused));
        }
    }
    let standard = |name, pointer: &str, value: Value, outcome| {
        let mut body = sample(WarehouseKind::Standard);
        *body.pointer_mut(pointer).expect("a field") = value;
        row(name, WarehouseKind::Standard, body.to_string(), outcome)
    };
    for (name, pointer, value) in [
        ("a reference with a line break", "/reference", json!("WH/OUT/1\nX")),
        ("a reference that is a query", "/reference", json!("WH/OUT/1?x=1")),
        ("a reference without end", "/reference", json!("W".repeat(65))),
        ("a shipment that is a path", "/shipment", json!("../../order")),
        ("a quantity in scientific form", "/lines/0/quantity", json!("1e9")),
        ("a quantity below zero", "/lines/0/quantity", json!("-2")),
        ("a quantity as a number", "/lines/0/quantity", json!(2)),
        ("a sku of control characters", "/lines/0/sku", json!("\u{0}")),
        ("a time beyond all calendars", "/shipped_at", json!("99999-01-01T00:00:00Z")),
    ] {
        let told: &'static str = pointer.to_owned().leak();
        rows.push(standard(name, pointer, value, Outcome::Wrong(told)));
    }
    let tracking = json!("1Z1\u{202e}\r\nSet-Cookie: x");
    rows.push(standard(
        "a tracking number in two lines",
        "/parcels/0/tracking",
        tracking,
        Outcome::Read(one_line),
    ));
    let hero = |name, pointer: &str, value: Value, outcome| {
        let mut body = sample(WarehouseKind::Shiphero);
        *body.pointer_mut(pointer).expect("a field") = value;
        row(name, WarehouseKind::Shiphero, body.to_string(), outcome)
    };
    rows.push(hero(
        "a quantity below zero",
        "/fulfillment/line_items/0/quantity",
        json!(-2),
        Outcome::Nothing,
    ));
    rows.push(hero(
        "a quantity beyond numbers",
        "/fulfillment/line_items/0/quantity",
        json!(1e300),
        Outcome::Nothing,
    ));
    rows.push(hero(
        "somebody else's order",
        "/fulfillment/partner_order_id",
        json!("#1001"),
        Outcome::Nothing,
    ));
    rows.push(hero(
        "a path for an order",
        "/fulfillment/partner_order_id",
        json!("../x?y"),
        Outcome::Nothing,
    ));
    rows.push(hero(
        "a tracking number in two lines",
        "/fulfillment/tracking_number",
        json!("1Z1\r\nX: y"),
        Outcome::Read(one_line),
    ));
    for url in [
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "https://api.shipstation.com.evil.test/v2/labels?batch_id=1",
        "https://api.shipstation.com:8080/v2/labels?batch_id=1",
        "https://api.shipstation.com/v2/labels?batch_id=%2e%2e",
        "https://api.shipstation.com/v2/environment/webhooks?batch_id=1",
    ] {
        let body = json!({ "resource_type": "LABEL_CREATED_V2", "resource_url": url });
        let mut one = row("", WarehouseKind::Shipstation, body.to_string(), Outcome::Nothing);
        one.name = format!("shipstation/an address that is not asked: {url}");
        rows.push(one);
    }
    let news = json!({ "resource_type": "TRACK_EVENT_V2", "data": { "tracking_number": "1Z1\n2", "status_code": "DE", "status_description": "a\u{0}b" } });
    rows.push(row(
        "a tracking number in two lines",
        WarehouseKind::Shipstation,
        news.to_string(),
        Outcome::Read(one_line),
    ));
}

fn one_line(notice: &Notice) -> bool {
    let plain = |text: &str| !text.chars().any(char::is_control);
    match notice {
        Notice::Shipped { shipment } => {
            shipment.parcels.iter().all(|p| p.tracking.as_deref().is_some_and(plain))
        }
        Notice::Parcels { news } => {
            news.iter().all(|one| plain(&one.tracking) && one.status == ParcelStatus::Delivered)
                && news.iter().flat_map(|one| &one.detail).all(|detail| plain(detail))
        }
        _ => false,
    }
}

fn fault(row: &Row) -> Result<(), String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &row.headers {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?,
            HeaderValue::from_bytes(value.as_bytes()).map_err(|error| error.to_string())?,
        );
    }
    let secrets = [secret(row.kind), TOKEN.to_owned()].map(SecretString::from);
    // The token is a secret of ShipStation's alone.
    let live = if row.kind == WarehouseKind::Shipstation { &secrets[..] } else { &secrets[..1] };
    let call = Call { headers: &headers, query: row.query.as_deref(), body: &row.body };
    let answer = receive(row.kind, &WarehouseId::new("wh-east").expect("an id"), call, live, NOW);
    let fine = match (row.outcome, &answer) {
        (Outcome::Unauthorized, Err(Refusal::Unauthorized)) => true,
        (Outcome::Wrong(path), Err(Refusal::Invalid(errors))) => {
            errors.iter().all(|error| error.path == path)
        }
        (Outcome::Nothing, Ok(Notice::Ignored { .. } | Notice::Unreadable { .. })) => true,
        (Outcome::Read(holds), Ok(notice)) => holds(notice),
        _ => false,
    };
    if fine { Ok(()) } else { Err(format!("{answer:?}")) }
}

fn main() {
    let mut rows = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        signatures(&mut rows);
        claims(&mut rows);
        bodies(&mut rows);
    });
    // A call that is as it should be, so that the rows above fail for what they say.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        for kind in KINDS {
            let read: fn(&Notice) -> bool =
                |notice| matches!(notice, Notice::Shipped { .. } | Notice::AskHandle { .. });
            rows.push(row("a good call is read", kind, sample(kind).to_string(), Outcome::Read(read)));
        }
    });
    let trials =
        rows.into_iter().map(|row| Trial::test(row.name.clone(), move || fault(&row).map_err(Failed::from)));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}
