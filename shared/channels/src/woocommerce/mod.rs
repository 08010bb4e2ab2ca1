//! WooCommerce: webhooks and the REST API v3, which write an order in one and the same way.

pub(crate) mod api;
#[cfg(test)]
mod api_tests;
pub(crate) mod articles;
mod canonical;
pub(crate) mod catalogue;
#[cfg(test)]
mod catalogue_tests;
pub(crate) mod category;
pub(crate) mod creation;
mod hiding;
pub(crate) mod listing;
pub(crate) mod payments;
pub(crate) mod shipment;
pub(crate) mod stock;
#[cfg(test)]
mod stock_tests;
pub(crate) mod tax;
#[cfg(test)]
mod tax_tests;
#[cfg(test)]
mod tests;
mod variants;
pub(crate) mod weight;
mod wire;

use crossdock_core::{ChannelId, hook::Refusal};
use crossdock_hooks::signature::{only, require_json, usable, verify};
use http::HeaderMap;
use secrecy::SecretString;
use serde::Deserialize;

use crate::{
    lenient::{RawId, Unclear},
    webhook::{Webhook, read},
};

const FORM: &str = "application/x-www-form-urlencoded";

/// What an order of the shop is for us.
pub(crate) enum Seen {
    Order(Box<crossdock_core::Order>),
    /// In the trash: called off, and still there with all it had.
    Trashed(Result<Box<crossdock_core::Order>, Unclear>),
    /// A cart that nobody has ordered yet.
    Draft,
}

pub(crate) fn receive(
    channel: &ChannelId,
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[SecretString],
) -> Result<Webhook, Refusal> {
    if is_ping(headers, body) {
        return Ok(Webhook::Ping);
    }
    verify(&usable(secrets)?, body, only(headers, "x-wc-webhook-signature"))?;
    require_json(headers)?;
    Ok(match only(headers, "x-wc-webhook-topic") {
        Some("order.created" | "order.updated" | "order.restored") => read(body, |raw| whole(channel, raw)),
        Some("order.deleted") => read(body, deleted),
        Some(topic) => Webhook::Ignored { topic: topic.to_owned() },
        None => read(body, |_: serde::de::IgnoredAny| Err(Unclear::new("no header x-wc-webhook-topic"))),
    })
}

/// WooCommerce tries an address with an unsigned form, `webhook_id=7`, and disables the webhook when that
/// is refused. It says nothing, so nothing can be done with a forged one.
/// Only as a form: what calls itself JSON is asked for its signature as at every channel, so that the answer
/// does not tell which kind of channel this is.
fn is_ping(headers: &HeaderMap, body: &[u8]) -> bool {
    let kind = only(headers, "content-type").unwrap_or_default();
    let digits = body.strip_prefix(b"webhook_id=").filter(|_| kind.starts_with(FORM));
    digits.is_some_and(|id| (1..=20).contains(&id.len()) && id.iter().all(u8::is_ascii_digit))
}

fn whole(channel: &ChannelId, raw: wire::Order) -> Result<Webhook, Unclear> {
    let order = raw.id.order()?;
    Ok(match canonical::see(channel, raw)? {
        Seen::Order(order) => Webhook::Order(order),
        Seen::Trashed(_) => Webhook::Refetch { order, modified_at: None },
        Seen::Draft => Webhook::Ignored { topic: "a checkout draft".into() },
    })
}

/// A deleted order's whole body.
#[derive(Deserialize)]
struct Deleted {
    id: RawId,
}

fn deleted(body: Deleted) -> Result<Webhook, Unclear> {
    Ok(Webhook::Refetch { order: body.id.order()?, modified_at: None })
}
