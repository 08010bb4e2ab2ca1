//! What a webhook says. Pure: no clock, no network, no storage.

use crossdock_core::{ChannelId, Order, OrderId, config::ChannelKind, hook::Refusal};
pub use crossdock_hooks::BODY_LIMIT;
use http::HeaderMap;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;

use crate::{lenient, shopify, standard, woocommerce};

/// A webhook that came from the channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Webhook {
    /// The whole order as the channel holds it.
    Order(Box<Order>),
    /// Something about the order changed and the body does not say all of it: fetch the order.
    Refetch { order: OrderId, modified_at: Option<Timestamp> },
    /// The channel tries out the address. Nothing to store.
    Ping,
    /// A topic that we do not act on.
    Ignored { topic: String },
    /// Signed by the channel, but no order that we can read. `why` quotes nothing of the body.
    Unreadable { order: Option<OrderId>, why: String },
}

/// Verifies and reads one webhook.
///
/// `secrets` holds every live secret of the channel, the newest first.
///
/// # Errors
/// [`Refusal`] says what to answer.
pub fn receive(
    kind: ChannelKind,
    channel: &ChannelId,
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[SecretString],
    now: Timestamp,
) -> Result<Webhook, Refusal> {
    match kind {
        ChannelKind::Shopify => shopify::receive(channel, headers, body, secrets),
        ChannelKind::Woocommerce => woocommerce::receive(channel, headers, body, secrets),
        ChannelKind::Standard => standard::receive(channel, headers, body, secrets, now),
    }
}

/// Turns a whole-order body into what it says, for the channels whose mistakes are not ours to refuse.
pub(crate) fn read<T: serde::de::DeserializeOwned>(
    body: &[u8],
    to_webhook: impl FnOnce(T) -> Result<Webhook, lenient::Unclear>,
) -> Webhook {
    if body.len() > BODY_LIMIT {
        return Webhook::Unreadable { order: None, why: format!("larger than {BODY_LIMIT} bytes") };
    }
    let read = serde_json::from_slice::<T>(body).map_err(|error| lenient::Unclear(lenient::why(&error)));
    match read.and_then(to_webhook) {
        Ok(webhook) => webhook,
        Err(lenient::Unclear(why)) => Webhook::Unreadable { order: id_of(body), why },
    }
}

/// Digs the order's id out of a body that is otherwise not understood, so that the order can be parked
/// under its own name and fetched again.
fn id_of(body: &[u8]) -> Option<OrderId> {
    #[derive(Deserialize)]
    struct JustId {
        id: lenient::RawId,
    }
    let id = serde_json::from_slice::<JustId>(body).ok()?.id;
    id.order().ok()
}
