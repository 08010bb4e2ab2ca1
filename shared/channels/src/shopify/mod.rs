//! Shopify: webhooks in the REST Admin API's shapes, everything else through GraphQL.

pub(crate) mod api;
#[cfg(test)]
mod api_tests;
pub(crate) mod articles;
pub(crate) mod breaks;
#[cfg(test)]
mod breaks_tests;
pub(crate) mod catalogue;
#[cfg(test)]
mod catalogue_tests;
pub(crate) mod creation;
#[cfg(test)]
mod creation_tests;
pub(crate) mod fulfilment;
mod graphql;
mod node;
mod parts;
pub(crate) mod payments;
pub(crate) mod product;
pub(crate) mod publications;
pub(crate) mod stock;
#[cfg(test)]
mod tests;
pub(crate) mod token;
mod variant;
mod wire;

use crossdock_core::{ChannelId, hook::Refusal};
use crossdock_hooks::signature::{only, require_json, usable, verify};
use http::HeaderMap;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;

use crate::{
    lenient::{RawId, Unclear},
    webhook::{Webhook, read},
};

pub(crate) fn receive(
    channel: &ChannelId,
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[SecretString],
) -> Result<Webhook, Refusal> {
    verify(&usable(secrets)?, body, only(headers, "x-shopify-hmac-sha256"))?;
    require_json(headers)?;
    // The signature covers the body alone. A topic that somebody else put there can at most turn an order
    // into a look at the shop.
    Ok(match only(headers, "x-shopify-topic") {
        Some("orders/create" | "orders/updated" | "orders/paid" | "orders/cancelled") => {
            read(body, |order: wire::Order| Ok(Webhook::Order(Box::new(order.canonical(channel)?))))
        }
        Some("orders/edited") => read(body, edited),
        Some("orders/delete") => read(body, deleted),
        Some(topic) => Webhook::Ignored { topic: topic.to_owned() },
        None => read(body, |_: serde::de::IgnoredAny| Err(Unclear::new("no header x-shopify-topic"))),
    })
}

/// An edit says what was added and removed, and neither amounts nor taxes.
#[derive(Deserialize)]
struct Edited {
    order_edit: Edit,
}

#[derive(Deserialize)]
struct Edit {
    order_id: RawId,
    committed_at: Option<Timestamp>,
    created_at: Option<Timestamp>,
}

fn edited(body: Edited) -> Result<Webhook, Unclear> {
    let edit = body.order_edit;
    Ok(Webhook::Refetch { order: edit.order_id.order()?, modified_at: edit.committed_at.or(edit.created_at) })
}

#[derive(Deserialize)]
struct Deleted {
    id: RawId,
}

fn deleted(body: Deleted) -> Result<Webhook, Unclear> {
    Ok(Webhook::Refetch { order: body.id.order()?, modified_at: None })
}
