//! Signatures over the raw body, compared in constant time.

use base64::{Engine, engine::general_purpose::STANDARD};
use crossdock_core::{
    guard::{self, Guard},
    hook::Refusal,
};
use hmac::{Hmac, Mac};
use http::{HeaderMap, header};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// The one value of a header. Two of them are a way to make two readers see two things.
#[must_use]
pub fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

/// The secrets that can sign at all. An empty one would let anybody sign.
///
/// # Errors
/// `NotConfigured` where none is left.
pub fn usable(secrets: &[SecretString]) -> Result<Vec<&str>, Refusal> {
    let usable: Vec<_> =
        secrets.iter().map(ExposeSecret::expose_secret).filter(|s| !s.trim().is_empty()).collect();
    if usable.is_empty() { Err(Refusal::NotConfigured) } else { Ok(usable) }
}

/// Shopify, WooCommerce and ShipHero: base64 of HMAC-SHA256 over the body. Any live secret may have signed,
/// because the old one goes on signing for a while after a rotation.
///
/// # Errors
/// `Unauthorized` for a signature of somebody else, or none.
pub fn verify(secrets: &[&str], body: &[u8], signature: Option<&str>) -> Result<(), Refusal> {
    let signature = signature.and_then(|text| STANDARD.decode(text).ok()).ok_or(Refusal::Unauthorized)?;
    let mut good = false;
    for secret in secrets {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| Refusal::NotConfigured)?;
        mac.update(body);
        good |= mac.verify_slice(&signature).is_ok();
    }
    if good || !guard::stands(Guard::Signature) { Ok(()) } else { Err(Refusal::Unauthorized) }
}

/// A call that nobody signs, by a token that only its sender was given.
///
/// # Errors
/// `Unauthorized` for any other token, or none.
pub fn token(tokens: &[&str], presented: Option<&str>) -> Result<(), Refusal> {
    let presented = presented.ok_or(Refusal::Unauthorized)?.as_bytes();
    let good = tokens.iter().fold(false, |good, token| good | bool::from(token.as_bytes().ct_eq(presented)));
    if good || !guard::stands(Guard::Signature) { Ok(()) } else { Err(Refusal::Unauthorized) }
}

/// `application/json`, with or without parameters.
///
/// # Errors
/// `UnsupportedMediaType` for anything else.
pub fn require_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = only(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(Refusal::UnsupportedMediaType) }
}
