//! Orders in the published standard format, signed as a partner signs them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use http::{Method, Request};
use serde_json::json;
use sha2::Sha256;

/// The partner's secret.
pub const SECRET: &str = "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";

/// One order of one line: `quantity` pieces of CD-1 at 10.00, untaxed.
pub fn body(id: &str, sequence: u64, quantity: u32) -> Vec<u8> {
    let amount = format!("{}.00", quantity * 10);
    let address = json!({ "name": "Ann Rivera", "street": "1 Main St", "city": "Oakland", "country": "US" });
    json!({
        "id": id, "number": format!("#{id}"), "sequence": sequence,
        "modified_at": "2026-11-20T10:00:00Z", "placed_at": "2026-11-20T10:00:00Z",
        "currency": "USD", "prices": "tax_excluded",
        "customer": { "id": format!("c-{id}"), "email": format!("{id}@example.test"), "name": "Ann Rivera" },
        "billing_address": address,
        "lines": [{
            "id": "1", "sku": "CD-1", "name": "Product", "quantity": quantity.to_string(),
            "subtotal": amount, "total": amount,
        }],
        "payment": { "state": "paid" },
        "total": amount, "total_tax": "0.00",
    })
    .to_string()
    .into_bytes()
}

/// Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`.
pub fn signature(secret: &str, id: &str, at: i64, body: &[u8]) -> String {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).expect("a base64 secret");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any key fits");
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// The signed request to `url`, as of `at` (seconds since 1970).
pub fn request(url: &str, message: &str, at: i64, body: Vec<u8>) -> Request<Bytes> {
    let signature = signature(SECRET, message, at, &body);
    Request::builder()
        .method(Method::POST)
        .uri(url)
        .header("content-type", "application/json")
        .header("webhook-id", message)
        .header("webhook-timestamp", at.to_string())
        .header("webhook-signature", signature)
        .body(Bytes::from(body))
        .expect("a request")
}
