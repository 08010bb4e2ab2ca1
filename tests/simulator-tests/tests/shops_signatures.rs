//! What the shops sign, verified with other means than those that signed it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use crossdock_core::Clock;
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use simulators::{
    scenario::{Delivery, Kind, Scenario, secrets},
    shops::hmac_base64,
};

const START: Timestamp = Timestamp::constant(1_795_500_000, 0);

/// HMAC-SHA256 as RFC 2104 puts it, out of the hash alone.
fn by_hand(key: &[u8], body: &[u8]) -> String {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let padded = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(body).finalize();
    STANDARD.encode(Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize())
}

fn header<'a>(delivery: &'a Delivery, name: &str) -> Option<&'a str> {
    delivery.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
}

#[test]
fn the_hash_by_hand_is_that_of_rfc_4231() {
    let expected = [0x5b_u8, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e];
    let found = STANDARD.decode(by_hand(b"Jefe", b"what do ya want for nothing?")).unwrap();
    assert_eq!(found[..8], expected);
}

#[tokio::test(start_paused = true)]
async fn every_delivery_carries_the_signature_of_its_shop_and_a_forged_one_does_not() {
    let scenario = Scenario::build(5, 120, &Clock::tokio(START));
    let (mut good, mut forged) = (0, 0);
    for delivery in scenario.deliveries.iter().filter(|delivery| delivery.kind != Kind::Ping) {
        let key = secrets()[&format!("{}/webhook", delivery.channel)][0].clone();
        let body = &delivery.body;
        let holds = match delivery.channel {
            "shopify-main" => {
                header(delivery, "x-shopify-hmac-sha256") == Some(&*by_hand(key.as_bytes(), body))
            }
            "woo-de" => header(delivery, "x-wc-webhook-signature") == Some(&*by_hand(key.as_bytes(), body)),
            _ => portal(delivery, &key),
        };
        assert_eq!(holds, delivery.kind != Kind::Forged, "{} {:?}", delivery.channel, delivery.kind);
        if holds { good += 1 } else { forged += 1 }
    }
    assert!(good > 120 && forged == 3, "{good} good, {forged} forged");
}

/// By the reference implementation of Standard Webhooks, and within the minutes that it allows.
fn portal(delivery: &Delivery, key: &str) -> bool {
    let (Some(id), Some(at)) = (header(delivery, "webhook-id"), header(delivery, "webhook-timestamp")) else {
        return false;
    };
    let at: i64 = at.parse().unwrap();
    let sent = START.as_second() + i64::try_from(delivery.at.as_secs()).unwrap();
    assert!((at - sent).abs() < 300, "{at} is not when it is sent, {sent}");
    let reference = standardwebhooks::Webhook::new(key).unwrap();
    let signature = reference.sign(id, at, &delivery.body).unwrap();
    header(delivery, "webhook-signature") == Some(signature.as_str())
}

/// What signs the simulated webhooks is what signed the real ones.
#[test]
fn recorded_webhooks_carry_the_signature_that_the_simulator_would_make() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/woocommerce");
    let mut verified = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".headers.json") else { continue };
        let headers: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let body = std::fs::read(path.with_file_name(format!("{stem}.body.json"))).unwrap();
        assert_eq!(headers["X-WC-Webhook-Signature"], hmac_base64("s3cret", &body), "{stem}");
        verified += 1;
    }
    assert!(verified > 10, "{verified} recordings");
}
