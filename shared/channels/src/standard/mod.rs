//! `standard`: our own format, for any system that can post JSON signed by the Standard Webhooks rules.
//!
//! The sender is a program of a partner who can be told what is wrong with a body, so here a body that does
//! not fit is refused with every wrong field named, rather than parked.

mod checks;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::STANDARD};
use crossdock_core::{
    ChannelId,
    hook::{FieldError, Refusal},
};
use hmac::{Hmac, Mac};
use http::HeaderMap;
use jiff::Timestamp;
use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use schemars::generate::SchemaSettings;
use secrecy::SecretString;
use serde_json::Value;
use sha2::Sha256;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP};
use subtle::ConstantTimeEq;

use crate::{
    signature::{only, require_json, usable},
    webhook::{BODY_LIMIT, Webhook},
};

/// How far the sender's clock may be from ours, as Standard Webhooks recommends.
const TOLERANCE_S: i64 = 5 * 60;

/// Nobody mends more than this in one round, and an answer stays small.
const ERRORS_AT_MOST: usize = 100;

/// The published JSON Schema (draft 2020-12) of a body.
#[must_use]
pub fn schema() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<wire::Order>().to_value()
}

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema())
        .expect("the schema of our own type is always a schema")
});

pub(crate) fn receive(
    channel: &ChannelId,
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[SecretString],
    now: Timestamp,
) -> Result<Webhook, Refusal> {
    verify(headers, body, &usable(secrets)?, now)?;
    require_json(headers)?;
    parse(channel, body).map(|order| Webhook::Order(Box::new(order))).map_err(|mut errors| {
        errors.sort();
        errors.dedup();
        errors.truncate(ERRORS_AT_MOST);
        Refusal::Invalid(errors)
    })
}

/// Written here and not taken from the crate, whose `verify` reads the machine's clock, so that a run could not
/// be repeated, and which signs nothing but UTF-8: a partner who sends another encoding is to hear of that, and
/// not that the signature is wrong.
fn verify(headers: &HeaderMap, body: &[u8], secrets: &[&str], now: Timestamp) -> Result<(), Refusal> {
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

fn sign(key: &[u8], id: &str, sent: i64, body: &[u8]) -> Result<String, Refusal> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| Refusal::NotConfigured)?;
    mac.update(format!("{id}.{sent}.").as_bytes());
    mac.update(body);
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

fn parse(channel: &ChannelId, body: &[u8]) -> Result<crossdock_core::Order, Vec<FieldError>> {
    let one = |message: String| vec![FieldError { path: String::new(), message }];
    if body.len() > BODY_LIMIT {
        return Err(one(format!("is larger than {BODY_LIMIT} bytes")));
    }
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| one(format!("is no JSON (line {}, column {})", error.line(), error.column())))?;
    let errors: Vec<_> = VALIDATOR.iter_errors(&value).flat_map(|error| told(&error)).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let raw: wire::Order = serde_json::from_slice(body)
        // The schema is made from the type, so this is a value of the right form that the type refuses, or a
        // field that is there twice: read from the bytes, because of two the value above kept only the last.
        .map_err(|error| one(crate::lenient::why(&error)))?;
    checks::to_order(channel, raw)
}

/// One violation in words that quote no value: an answer may be logged on its way.
fn told(error: &ValidationError<'_>) -> Vec<FieldError> {
    let path = error.instance_path().to_string();
    let at = |path: &str, message: String| FieldError { path: path.to_owned(), message };
    let field = |name: &str| format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
    let choice = |choices: &[String]| vec![at(&path, format!("must be one of {}", choices.join(", ")))];
    match error.kind() {
        ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => choice(&allowed(error)),
        ValidationErrorKind::Required { property } => {
            vec![at(&field(property.as_str().unwrap_or_default()), "is missing".into())]
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            unexpected.iter().map(|name| at(&field(name), "is no field of this format".into())).collect()
        }
        ValidationErrorKind::Pattern { pattern } => vec![at(&path, format!("must match {pattern}"))],
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            let inner: Vec<_> = context.iter().flatten().collect();
            let allowed: Vec<_> = inner.iter().flat_map(|error| allowed(error)).collect();
            if !allowed.is_empty() {
                return choice(&allowed);
            }
            // An optional object is "this or null": what is wrong is in the branch that is not null.
            let deeper: Vec<_> = inner.into_iter().filter(|e| !is_null_branch(e)).flat_map(told).collect();
            if deeper.is_empty() { vec![at(&path, "is none of what is allowed here".into())] } else { deeper }
        }
        _ => vec![at(&path, error.masked_with("the value").to_string())],
    }
}

/// The values that a choice of fixed texts allows. They are the schema's, not the body's.
fn allowed(error: &ValidationError<'_>) -> Vec<String> {
    match error.kind() {
        ValidationErrorKind::Constant { expected_value } => vec![expected_value.to_string()],
        ValidationErrorKind::Enum { options } => {
            options.as_array().into_iter().flatten().map(ToString::to_string).collect()
        }
        _ => Vec::new(),
    }
}

fn is_null_branch(error: &ValidationError<'_>) -> bool {
    match error.kind() {
        ValidationErrorKind::Type { kind } => format!("{kind:?}").contains("Null"),
        _ => false,
    }
}
