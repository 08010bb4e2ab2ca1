//! `standard`: our own format, for any system that can post JSON signed by the Standard Webhooks rules.
//!
//! The sender is a program of a partner who can be told what is wrong with a body, so here a body that does
//! not fit is refused with every wrong field named, rather than parked.

pub(crate) mod callback;
pub(crate) mod catalogue;
mod checks;
pub(crate) mod stock;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::LazyLock;

use crossdock_core::{ChannelId, hook::Refusal};
use crossdock_hooks::{
    published::{self, Format},
    signature::{require_json, usable},
    standard::verify,
};
use http::HeaderMap;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;

use crate::webhook::Webhook;

/// The published JSON Schema (draft 2020-12) of a body.
#[must_use]
pub fn schema() -> Value {
    published::schema::<wire::Order>()
}

static FORMAT: LazyLock<Format> = LazyLock::new(Format::of::<wire::Order>);

/// The published schema of what a partner is told of a shipment.
#[must_use]
pub fn order_shipped_schema() -> Value {
    published::schema::<callback::OrderShipped<'_>>()
}

/// The published schema of what a partner is told of a parcel on its way.
#[must_use]
pub fn parcel_moved_schema() -> Value {
    published::schema::<callback::ParcelMoved<'_>>()
}

/// The published schema of what a partner is told of what may be sold.
#[must_use]
pub fn stock_levels_schema() -> Value {
    published::schema::<stock::StockLevels<'_>>()
}

/// The published schema of what a partner is told of articles and prices.
#[must_use]
pub fn catalogue_schema() -> Value {
    published::schema::<catalogue::Catalogue<'_>>()
}

pub(crate) fn receive(
    channel: &ChannelId,
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[SecretString],
    now: Timestamp,
) -> Result<Webhook, Refusal> {
    verify(headers, body, &usable(secrets)?, now)?;
    require_json(headers)?;
    FORMAT
        .read::<wire::Order>(body)
        .and_then(|raw| checks::to_order(channel, raw))
        .map(|order| Webhook::Order(Box::new(order)))
        .map_err(published::refusal)
}
