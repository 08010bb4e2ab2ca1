//! Standard Webhooks: how a partner's calls to us and ours to a partner are signed.

use base64::{Engine, engine::general_purpose::STANDARD};
use crossdock_core::hook::Refusal;
use hmac::{Hmac, Mac};
use http::HeaderMap;
use jiff::Timestamp;
use sha2::Sha256;
pub use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP};
use subtle::ConstantTimeEq;

use crate::signature::only;

/// How far the sender's clock may be from ours, as Standard Webhooks recommends.
pub const TOLERANCE_S: i64 = 5 * 60;

/// Verifies a call against every live secret.
///
/// Written here and not taken from the crate, whose `verify` reads the machine's clock, so that a run could not
/// be repeated, and which signs nothing but UTF-8: a partner who sends another encoding is to hear of that, and
/// not that the signature is wrong.
///
/// # Errors
/// `Unauthorized` for a signature that is missing, old or somebody else's; `NotConfigured` where no secret
/// can sign.
pub fn verify(headers: &HeaderMap, body: &[u8], secrets: &[&str], now: Timestamp) -> Result<(), Refusal> {
    let keys: Vec<_> = secrets.iter().filter_map(|secret| key(secret)).collect();
    if keys.is_empty() {
        return Err(Refusal::NotConfigured);
    }
    let header = |name| only(headers, name).ok_or(Refusal::Unauthorized);
    let id = header(HEADER_WEBHOOK_ID)?;
    let sent: i64 = header(HEADER_WEBHOOK_TIMESTAMP)?.parse().map_err(|_| Refusal::Unauthorized)?;
    let signatures = header(HEADER_WEBHOOK_SIGNATURE)?;
    if now.as_second().abs_diff(sent) > TOLERANCE_S.unsigned_abs() {
        return Err(Refusal::Unauthorized);
    }
    let mut good = false;
    for key in &keys {
        let expected = sign(key, id, sent, body)?;
        for signature in signatures.split(' ') {
            good |= bool::from(signature.as_bytes().ct_eq(expected.as_bytes()));
        }
    }
    if good { Ok(()) } else { Err(Refusal::Unauthorized) }
}

/// The key of a secret. One that is no base64 or empty verifies nothing.
fn key(secret: &str) -> Option<Vec<u8>> {
    let text = secret.strip_prefix("whsec_").unwrap_or(secret);
    STANDARD.decode(text).ok().filter(|key| !key.is_empty())
}

/// What goes into the signature's header of a call that we make. None where the secret is no key.
#[must_use]
pub fn signature(secret: &str, id: &str, sent: i64, body: &[u8]) -> Option<String> {
    sign(&key(secret)?, id, sent, body).ok()
}

fn sign(key: &[u8], id: &str, sent: i64, body: &[u8]) -> Result<String, Refusal> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| Refusal::NotConfigured)?;
    mac.update(format!("{id}.{sent}.").as_bytes());
    mac.update(body);
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}
