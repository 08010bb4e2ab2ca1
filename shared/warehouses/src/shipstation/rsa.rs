//! RSA-SHA256 over `<time>.<raw body>`, by a key of the pinned set.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use crossdock_core::{
    guard::{self, Guard},
    hook::Refusal,
};
use crossdock_hooks::{signature::only, standard::TOLERANCE_S};
use http::HeaderMap;
use jiff::Timestamp;
use serde::Deserialize;

const KEY_ID: &str = "x-shipengine-rsa-sha256-key-id";
const SIGNATURE: &str = "x-shipengine-rsa-sha256-signature";
const TIME: &str = "x-shipengine-timestamp";

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    #[serde(default)]
    kid: String,
    #[serde(default)]
    kty: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
}

pub(super) struct Key {
    id: String,
    public: RsaPublicKeyComponents<Vec<u8>>,
}

/// Every RSA key of the sets. A set that is none holds none.
pub(super) fn keys(sets: &[&str]) -> Vec<Key> {
    let all = sets.iter().filter_map(|set| serde_json::from_str::<KeySet>(set).ok()).flat_map(|set| set.keys);
    let key = |jwk: Jwk| {
        let part = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
        let public = RsaPublicKeyComponents { n: part(&jwk.n)?, e: part(&jwk.e)? };
        (jwk.kty == "RSA" && !jwk.kid.is_empty()).then_some(Key { id: jwk.kid, public })
    };
    all.filter_map(key).collect()
}

/// Whether a call claims a signature at all: one that does is never let in by a token.
pub(super) fn is_signed(headers: &HeaderMap) -> bool {
    [KEY_ID, SIGNATURE, TIME].into_iter().any(|name| headers.contains_key(name))
}

/// The time of a call, once it is proved to come from the vendor.
pub(super) fn verify(
    keys: &[Key],
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Timestamp, Refusal> {
    let header = |name| only(headers, name).ok_or(Refusal::Unauthorized);
    let (id, written, signature) = (header(KEY_ID)?, header(TIME)?, header(SIGNATURE)?);
    let sent: Timestamp = written.parse().map_err(|_| Refusal::Unauthorized)?;
    if now.as_second().abs_diff(sent.as_second()) > TOLERANCE_S.unsigned_abs() {
        return Err(Refusal::Unauthorized);
    }
    let signature = STANDARD.decode(signature).map_err(|_| Refusal::Unauthorized)?;
    let signed = [written.as_bytes(), b".", body].concat();
    let good = keys
        .iter()
        .filter(|key| key.id == id)
        .any(|key| key.public.verify(&RSA_PKCS1_2048_8192_SHA256, &signed, &signature).is_ok());
    if good || !guard::stands(Guard::Signature) { Ok(sent) } else { Err(Refusal::Unauthorized) }
}
