//! `standard`: our own format, for any warehouse that can answer HTTP and sign by the Standard Webhooks rules.
//!
//! Both secrets are keys of Standard Webhooks (`whsec_…`): the API secret signs what we send, the webhook
//! secret what the warehouse sends. The sender is a program of a partner who can be told what is wrong with a
//! body, so one that does not fit is refused with every wrong field named.
//!
//! A call of ours without a body signs its method and its path below the configured address in place of the
//! body (`GET /releases/WH%2FOUT%2F00042`), so that a signature for one release opens no other. Bodies name
//! their own type and reference for the same reason. The query of a page of the stock is a part of that path
//! (`GET /stock?after=…`).
//!
//! What lies there is asked for at `/stock`, which a partner need not have. A page's line is held to the same as a
//! snapshot's; where the next page begins is the partner's own text, which is given back to it and not read.

mod advice;
pub(crate) mod api;
mod checks;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::LazyLock;

use crossdock_core::{
    WarehouseId,
    advice::AdviceLine,
    hook::{FieldError, Refusal},
    shipment::Notice,
};
use crossdock_hooks::{
    published::{self, Format, schema},
    signature::{require_json, usable},
    standard::verify,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::hook::Call;

/// The published JSON Schemas (draft 2020-12): file name and schema.
#[must_use]
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("standard-release.v1.json", schema::<wire::Release>()),
        ("standard-release-state.v1.json", schema::<wire::ReleaseState>()),
        ("standard-release-stop.v1.json", schema::<wire::StopRequest>()),
        ("standard-release-stopped.v1.json", schema::<wire::StopAnswer>()),
        ("standard-release-shipments.v1.json", schema::<wire::Shipments>()),
        ("standard-shipment.v1.json", schema::<wire::Told>()),
        ("standard-stock-advice.v1.json", schema::<advice::Told>()),
        ("standard-stock.v1.json", schema::<advice::Stock>()),
    ]
}

struct Formats {
    shipped: Format,
    closed: Format,
    rejected: Format,
    cancelled: Format,
    parcels: Format,
    adjusted: Format,
    snapshot: Format,
    received: Format,
}

/// One for each type: a body that is checked against all of them at once is told what is wrong with it as
/// each of eight.
static FORMATS: LazyLock<Formats> = LazyLock::new(|| Formats {
    shipped: Format::of::<wire::Shipped>(),
    closed: Format::of::<wire::Closed>(),
    rejected: Format::of::<wire::Rejected>(),
    cancelled: Format::of::<wire::Cancelled>(),
    parcels: Format::of::<wire::Parcels>(),
    adjusted: Format::of::<advice::Adjusted>(),
    snapshot: Format::of::<advice::Snapshot>(),
    received: Format::of::<advice::Received>(),
});

/// What answers `GET /stock`.
static STOCK: LazyLock<Format> = LazyLock::new(Format::of::<advice::Stock>);

pub(crate) fn receive(
    warehouse: &WarehouseId,
    call: Call<'_>,
    secrets: &[SecretString],
    now: Timestamp,
) -> Result<Notice, Refusal> {
    verify(call.headers, call.body, &usable(secrets)?, now)?;
    require_json(call.headers)?;
    read(warehouse, call.body).map_err(published::refusal)
}

#[derive(Deserialize)]
struct JustType {
    r#type: Option<Value>,
}

fn read(warehouse: &WarehouseId, body: &[u8]) -> Result<Notice, Vec<FieldError>> {
    /// One type: its format, then what a schema cannot say.
    fn one<T: DeserializeOwned + JsonSchema>(
        format: &Format,
        body: &[u8],
        to_notice: impl FnOnce(T) -> Result<Notice, Vec<FieldError>>,
    ) -> Result<Notice, Vec<FieldError>> {
        format.read::<T>(body).and_then(to_notice)
    }
    let kind = serde_json::from_slice::<JustType>(body).ok().and_then(|just| just.r#type);
    match kind.as_ref().and_then(Value::as_str) {
        Some("closed.v1") => one(&FORMATS.closed, body, |raw| checks::closed(warehouse, raw)),
        Some("rejected.v1") => one(&FORMATS.rejected, body, |raw: wire::Rejected| {
            Ok(Notice::Refused { reference: raw.reference, why: checks::why(&raw.why) })
        }),
        Some("cancelled.v1") => one(&FORMATS.cancelled, body, |raw: wire::Cancelled| {
            Ok(Notice::Cancelled { reference: raw.reference, why: checks::why(&raw.why) })
        }),
        Some("parcels.v1") => one(&FORMATS.parcels, body, checks::parcels),
        Some("inventory_adjusted.v1") => one(&FORMATS.adjusted, body, advice::adjusted),
        Some("inventory_snapshot.v1") => one(&FORMATS.snapshot, body, advice::snapshot),
        Some("goods_received.v1") => one(&FORMATS.received, body, advice::received),
        Some("ping.v1") => Ok(Notice::Ping),
        Some("shipped.v1") => one(&FORMATS.shipped, body, |raw| checks::shipped(warehouse, raw)),
        Some(_) => Err(vec![FieldError {
            path: "/type".into(),
            message: "must be one of shipped.v1, closed.v1, rejected.v1, cancelled.v1, parcels.v1, \
                      inventory_adjusted.v1, inventory_snapshot.v1, goods_received.v1, ping.v1"
                .into(),
        }]),
        // Too large, no JSON, no object, or no type: the commonest format says which.
        None => one(&FORMATS.shipped, body, |raw| checks::shipped(warehouse, raw)),
    }
}

/// One page of what lies there, and where the next begins.
fn read_stock(body: &[u8]) -> Result<(Vec<AdviceLine>, Option<String>), Vec<FieldError>> {
    STOCK.read::<advice::Stock>(body).and_then(advice::stock)
}
