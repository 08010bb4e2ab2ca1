//! EasyPost: events of its trackers.
//!
//! An event carries the whole tracker as it stood, so that the newest event says it all. EasyPost sends an event
//! again until it is answered with 2xx, and then with the tracker as it was: `updated_at` decides, and no id of an
//! event needs to be kept. The signature covers the body and no time; an old event played again is older news.

#[cfg(test)]
mod tests;

use crossdock_core::{
    guard::{self, Guard},
    hook::Refusal,
    shipment::{Notice, ParcelNews, ParcelStatus},
};
use crossdock_hooks::{
    BODY_LIMIT, lenient,
    signature::{only, require_json, usable},
};
use hmac::{Hmac, Mac};
use http::HeaderMap;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;

const SIGNATURE: &str = "x-hmac-signature";
/// Longer than any carrier's.
const LONGEST_CODE: usize = 100;

pub(crate) fn receive(headers: &HeaderMap, body: &[u8], secrets: &[SecretString]) -> Result<Notice, Refusal> {
    verify(&usable(secrets)?, body, only(headers, SIGNATURE))?;
    require_json(headers)?;
    Ok(read(body))
}

/// `hmac-sha256-hex=<hex>` over the raw body, as EasyPost's own client libraries check it.
fn verify(secrets: &[&str], body: &[u8], signature: Option<&str>) -> Result<(), Refusal> {
    let signature = signature.ok_or(Refusal::Unauthorized)?;
    let mut good = false;
    for secret in secrets {
        let key: String = secret.nfkd().collect();
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(|_| Refusal::NotConfigured)?;
        mac.update(body);
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        good |= bool::from(format!("hmac-sha256-hex={hex}").as_bytes().ct_eq(signature.as_bytes()));
    }
    if good || !guard::stands(Guard::Signature) { Ok(()) } else { Err(Refusal::Unauthorized) }
}

#[derive(Deserialize)]
struct JustTopic {
    description: String,
}

#[derive(Deserialize)]
struct Event {
    result: Tracker,
}

#[derive(Deserialize)]
struct Tracker {
    tracking_code: String,
    status: String,
    status_detail: Option<String>,
    updated_at: Timestamp,
}

fn read(body: &[u8]) -> Notice {
    if body.len() > BODY_LIMIT {
        return Notice::Unreadable { why: format!("larger than {BODY_LIMIT} bytes") };
    }
    let unreadable = |error: serde_json::Error| Notice::Unreadable { why: lenient::why(&error) };
    let topic = match serde_json::from_slice::<JustTopic>(body) {
        Ok(JustTopic { description }) => description,
        Err(error) => return unreadable(error),
    };
    if !matches!(topic.as_str(), "tracker.updated" | "tracker.created") {
        // Its own word, but it goes into logs.
        return Notice::Ignored { topic: word(&topic).unwrap_or_else(|| "another topic".into()) };
    }
    match serde_json::from_slice::<Event>(body) {
        Ok(Event { result }) => news(result, topic),
        Err(error) => unreadable(error),
    }
}

fn news(tracker: Tracker, topic: String) -> Notice {
    let status = match tracker.status.as_str() {
        "pre_transit" => ParcelStatus::Announced,
        "in_transit" => ParcelStatus::InTransit,
        // At the counter where the customer fetches it, it is as near as on the last van.
        "out_for_delivery" | "available_for_pickup" => ParcelStatus::OutForDelivery,
        "delivered" => ParcelStatus::Delivered,
        "return_to_sender" | "failure" | "cancelled" => ParcelStatus::Exception,
        // `unknown` and `error` say that EasyPost knows nothing; a word that is new says nothing to us.
        _ => return Notice::Ignored { topic },
    };
    let code = lenient::text(Some(&tracker.tracking_code)).filter(|code| code.len() <= LONGEST_CODE);
    let Some(tracking) = code else {
        return Notice::Unreadable { why: "a tracker without a tracking code".into() };
    };
    // EasyPost's own code for what happened. The carrier's texts name places and who signed.
    let detail = tracker.status_detail.as_deref().filter(|detail| *detail != "unknown").and_then(word);
    let detail = detail.map(|word| word.replace('_', " "));
    Notice::Parcels { news: vec![ParcelNews { tracking, status, at: tracker.updated_at, detail }] }
}

/// A word of EasyPost's own vocabulary; none where it could be anything else.
fn word(text: &str) -> Option<String> {
    let plain = (1..=60).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'.'));
    plain.then(|| text.to_owned())
}
