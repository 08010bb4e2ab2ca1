//! Signing as the channels do, written anew: what it shares with the product could be wrong in both.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use secrecy::SecretString;
use sha2::Sha256;

/// When every target runs.
pub const NOW: Timestamp = Timestamp::constant(1_795_500_000, 0);

/// What the shops sign with.
pub const SECRET: &str = "a secret of the shop";
/// What a partner signs with; its key is 24 bytes of 7.
pub const STANDARD_SECRET: &str = "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";
const STANDARD_KEY: [u8; 24] = [7; 24];

fn hmac(key: &[u8], parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key fits");
    parts.iter().for_each(|part| mac.update(part));
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Shopify's and WooCommerce's signature.
pub fn shop(body: &[u8]) -> String {
    hmac(SECRET.as_bytes(), &[body])
}

/// EasyPost's signature.
pub fn carrier(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key fits");
    mac.update(body);
    mac.finalize()
        .into_bytes()
        .iter()
        .fold("hmac-sha256-hex=".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// Standard Webhooks' signature.
pub fn standard(id: &str, at: &str, body: &[u8]) -> String {
    format!("v1,{}", hmac(&STANDARD_KEY, &[id.as_bytes(), b".", at.as_bytes(), b".", body]))
}

pub fn secrets(texts: &[&str]) -> Vec<SecretString> {
    texts.iter().map(|text| SecretString::from((*text).to_owned())).collect()
}

/// Headers out of texts; what no header can hold is left out.
pub fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()))
        else {
            continue;
        };
        headers.append(name, value);
    }
    headers
}

pub const JSON: (&str, &str) = ("content-type", "application/json");

/// The headers that make `body` a webhook of the partner, sent now.
pub fn standard_headers(body: &[u8]) -> HeaderMap {
    let at = NOW.as_second().to_string();
    let signature = standard("msg_1", &at, body);
    headers(&[
        JSON,
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", at.as_str()),
        ("webhook-signature", signature.as_str()),
    ])
}
