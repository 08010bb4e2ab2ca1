//! The calls of each kind of warehouse, signed here so that what lies behind the signature is reached, and what
//! its API answers.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use crossdock_core::{
    PeerError, Reference, ReleaseKey, WarehouseId,
    config::{self, WarehouseKind},
    shipment::{Notice, Release, Shipment},
};
use crossdock_warehouses::{Call, Refusal, Warehouse, receive};
use http::HeaderMap;
use secrecy::SecretString;
use serde_json::json;
use simulators::warehouses::{key_set, rsa_keys};

use crate::{
    script::{self, HOST, TOKEN},
    sign::{JSON, NOW, SECRET, STANDARD_SECRET, headers, secrets, shop, standard_headers},
    sound,
};

const QUERY: &str = "token=a-token-that-nobody-can-guess";
const UNGUESSABLE: &str = "a-token-that-nobody-can-guess";

/// Input: the body.
pub fn standard_call(body: &[u8]) {
    let headers = standard_headers(body);
    match read(WarehouseKind::Standard, &headers, None, body, STANDARD_SECRET) {
        Ok(notice) => {
            if let Notice::Shipped { shipment } = &notice {
                assert!(shipment.closes || !shipment.lines.is_empty(), "a shipment of nothing");
                for line in shipment.lines.iter().filter(|line| !line.lots.is_empty()) {
                    let sum: rust_decimal::Decimal = line.lots.iter().map(|lot| lot.quantity).sum();
                    assert_eq!(sum, line.quantity, "lots that do not add up");
                }
            }
            sound_notice(&notice);
        }
        Err(Refusal::Invalid(errors)) => {
            assert!((1..=100).contains(&errors.len()), "{} errors", errors.len());
            for error in errors {
                assert!(error.path.is_empty() || error.path.starts_with('/'), "{} is no pointer", error.path);
                sound::told(&error.message);
            }
        }
        other => panic!("a partner's body is a notice or wrong: {other:?}"),
    }
}

/// Input: the body.
pub fn shiphero_call(body: &[u8]) {
    let signature = shop(body);
    let headers = headers(&[JSON, ("x-shiphero-hmac-sha256", signature.as_str())]);
    let notice =
        read(WarehouseKind::Shiphero, &headers, None, body, SECRET).expect("a signed call is answered");
    sound_notice(&notice);
    let wrong = receive_with(WarehouseKind::Shiphero, &headers, None, body, "another");
    assert_eq!(wrong, Err(Refusal::Unauthorized));
}

/// Input: the body; signed as version 2 does, and once more with version 1's token.
pub fn shipstation_call(body: &[u8]) {
    let kind = WarehouseKind::Shipstation;
    let key = RsaKeyPair::from_pkcs8(&STANDARD.decode(rsa_keys::VENDOR).unwrap()).expect("a key");
    let at = NOW.to_string();
    let mut signature = vec![0; key.public_modulus_len()];
    let signed = [at.as_bytes(), b".", body].concat();
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &signed, &mut signature).expect("it signs");
    let signature = STANDARD.encode(signature);
    let signed = headers(&[
        JSON,
        ("x-shipengine-rsa-sha256-key-id", "simulated-key"),
        ("x-shipengine-rsa-sha256-signature", signature.as_str()),
        ("x-shipengine-timestamp", at.as_str()),
    ]);
    let notice =
        read(kind, &signed, None, body, &key_set(rsa_keys::VENDOR)).expect("a signed call is answered");
    sound_notice(&notice);
    let stranger = receive_with(kind, &signed, Some(QUERY), body, &key_set(rsa_keys::STRANGER));
    assert_eq!(stranger, Err(Refusal::Unauthorized));
    let plain = headers(&[JSON]);
    let notice = read(kind, &plain, Some(QUERY), body, UNGUESSABLE).expect("the token opens");
    // What nobody signed says nothing but that something happened.
    match notice {
        Notice::AskHandle { handle } => assert_eq!(handle, "recent"),
        Notice::Ignored { .. } | Notice::Unreadable { .. } => sound_notice(&notice),
        other => panic!("an unsigned call is believed: {other:?}"),
    }
}

fn receive_with(
    kind: WarehouseKind,
    headers: &HeaderMap,
    query: Option<&str>,
    body: &[u8],
    secret: &str,
) -> Result<Notice, Refusal> {
    receive(kind, &warehouse(), Call { headers, query, body }, &secrets(&[secret]), NOW)
}

/// Reads it twice: nothing but the input may decide.
fn read(
    kind: WarehouseKind,
    headers: &HeaderMap,
    query: Option<&str>,
    body: &[u8],
    secret: &str,
) -> Result<Notice, Refusal> {
    let answer = receive_with(kind, headers, query, body, secret);
    assert_eq!(answer, receive_with(kind, headers, query, body, secret));
    answer
}

fn warehouse() -> WarehouseId {
    WarehouseId::new("wh-east").unwrap()
}

fn sound_notice(notice: &Notice) {
    match notice {
        Notice::Shipped { shipment } => sound_shipment(shipment),
        Notice::Refused { why, .. } | Notice::Cancelled { why, .. } => plain(why),
        Notice::Parcels { news } => {
            assert!(!news.is_empty());
            for one in news {
                assert!(!one.tracking.is_empty());
                plain(&one.tracking);
                one.detail.iter().for_each(|detail| plain(detail));
            }
        }
        Notice::Stock { advice } => {
            assert!(!advice.lines.is_empty());
            for line in &advice.lines {
                line.lot.iter().for_each(|lot| plain(lot));
            }
        }
        Notice::Received { receipt } => {
            assert!(receipt.closes || !receipt.lines.is_empty(), "a receipt of nothing");
            let skus: std::collections::BTreeSet<_> = receipt.lines.iter().map(|line| &line.sku).collect();
            assert_eq!(skus.len(), receipt.lines.len(), "a SKU twice");
            for line in &receipt.lines {
                let lots: rust_decimal::Decimal = line.lots.iter().map(|lot| lot.quantity).sum();
                assert!(line.quantity > rust_decimal::Decimal::ZERO, "a line of nothing");
                assert!(lots <= line.quantity, "more in lots than came");
                line.lots.iter().for_each(|lot| plain(&lot.number));
            }
        }
        Notice::AskHandle { handle } => {
            assert!(!handle.contains(['/', ':', '@', '#']), "a handle that is an address: {handle}");
        }
        Notice::Unreadable { why } => sound::told(why),
        Notice::Ignored { topic } => plain(topic),
        Notice::Ask { .. } | Notice::Ping => {}
    }
    let written = serde_json::to_vec(notice).unwrap();
    assert_eq!(&serde_json::from_slice::<Notice>(&written).expect("what we write we can read"), notice);
}

fn sound_shipment(shipment: &Shipment) {
    assert_eq!(shipment.key.warehouse, warehouse(), "a shipment of another warehouse");
    for line in &shipment.lines {
        assert!(line.quantity > rust_decimal::Decimal::ZERO, "a line of nothing");
        assert_eq!(
            line.quantity.to_string(),
            line.quantity.normalize().to_string(),
            "not in its shortest form"
        );
        line.lots.iter().for_each(|lot| plain(&lot.number));
    }
    for parcel in &shipment.parcels {
        plain(&parcel.carrier);
        parcel.tracking.iter().for_each(|tracking| plain(tracking));
        if let Some(url) = &parcel.url {
            assert!(url.starts_with("http://") || url.starts_with("https://"), "{url}");
            plain(url);
        }
    }
    assert_eq!(shipment.digest(), shipment.clone().digest());
}

/// Goes into Odoo, a shop or a log: in one line, and not without end.
fn plain(text: &str) {
    assert!(!text.chars().any(char::is_control), "a control character in {text:?}");
    assert!(text.chars().count() <= 500, "without end: {text}");
}

pub fn standard_api(input: &[u8]) {
    api("standard", STANDARD_SECRET, input);
}

pub fn shiphero_api(input: &[u8]) {
    api("shiphero", TOKEN, input);
}

pub fn shipstation_api(input: &[u8]) {
    api("shipstation", TOKEN, input);
}

/// Input: a letter for the call, then a script of answers.
fn api(kind: &str, secret: &str, input: &[u8]) {
    let Some((call, script)) = input.split_first() else { return };
    let config: config::Warehouse = serde_json::from_value(json!({
        "id": "wh-east", "kind": kind, "odoo": "Main", "url": format!("https://{HOST}/"),
        "stock": { "counts_of": "se-1" },
    }))
    .unwrap();
    script::run(async {
        let client = script::client(script, |_| None);
        let warehouse = Warehouse::new(client, &config, &SecretString::from(secret.to_owned()));
        if let Err(error) = ask(&warehouse, *call).await {
            script::told(&error);
            // Asked for anything else, we do not know of whom a warehouse speaks.
            let tells = *call == b'r' && error.to_string().contains("100 Congress");
            assert!(!tells, "whom it goes to is told: {error}");
        }
    });
}

async fn ask(warehouse: &Warehouse, call: u8) -> Result<(), PeerError> {
    let reference = Reference::new("WH/OUT/00042").unwrap();
    match call {
        b'r' => {
            let accepted = warehouse.release(&release(&reference)).await?;
            accepted.id.iter().for_each(|id| plain(id));
        }
        b'f' => {
            warehouse.find(&reference).await?;
        }
        b's' => {
            warehouse.stop(&reference, None).await?;
        }
        b'c' => sound_counts(warehouse).await?,
        b'h' => {
            for notice in warehouse.resolve("labels?batch_id=se-1").await? {
                sound_notice(&notice);
            }
        }
        _ => {
            for shipment in warehouse.shipments(&reference, None).await? {
                assert_eq!(shipment.reference, reference, "a shipment of another release");
                sound_shipment(&shipment);
            }
        }
    }
    Ok(())
}

/// The first page and the one behind it.
async fn sound_counts(warehouse: &Warehouse) -> Result<(), PeerError> {
    let mut after: Option<String> = None;
    for _ in 0..2 {
        let Some(counts) = warehouse.counts(after.as_deref()).await? else { return Ok(()) };
        let mut seen = std::collections::BTreeSet::new();
        for line in &counts.lines {
            assert!(line.quantity >= rust_decimal::Decimal::ZERO, "less than nothing lies there");
            line.lot.iter().for_each(|lot| plain(lot));
            assert!(seen.insert((&line.sku, &line.lot)), "a SKU and lot twice");
        }
        if let Some(next) = &counts.next {
            plain(next);
            assert!((1..=128).contains(&next.len()), "a next page that is none: {next}");
            assert_ne!(counts.next, after, "a page that is followed by itself");
        }
        after = counts.next;
        if after.is_none() {
            return Ok(());
        }
    }
    Ok(())
}

fn release(reference: &Reference) -> Release {
    serde_json::from_value(json!({
        "key": ReleaseKey::new(warehouse(), reference.clone()), "order_number": "#1001",
        "lines": [{ "line": "71", "sku": "SKU-001", "name": "Goods", "quantity": "2", "lots": [] }],
        "to": { "name": "Zoë Müller", "street": "100 Congress Avenue", "city": "Austin", "country": "US" },
        "email": null, "service": null, "gift_note": null, "delivery_note": null, "purchase_order": null,
    }))
    .unwrap()
}
