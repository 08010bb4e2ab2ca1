//! An order by what people call it.

use std::collections::BTreeMap;

use crossdock_core::{ChannelId, OrderId, OrderKey};
use crossdock_platform::{OrderBook, Platform, PlatformError, orders::State};

/// The orders that `text` may mean: the whole key (`shopify-main/5001`) alone; else each channel's own id of it at
/// `channels`, and the number that its shop shows people (`#1001`).
///
/// # Errors
/// When the ledger does not answer.
pub async fn search<P: Platform>(
    book: &OrderBook<P>,
    text: &str,
    channels: impl Iterator<Item = ChannelId>,
) -> Result<Vec<State>, PlatformError> {
    let text = text.trim();
    if let Ok(key) = text.parse::<OrderKey>() {
        return Ok(book.state(&key).await?.into_iter().collect());
    }
    let mut found: BTreeMap<OrderKey, State> = BTreeMap::new();
    if let Ok(id) = OrderId::new(text) {
        for channel in channels {
            let state = book.state(&OrderKey::new(channel, id.clone())).await?;
            found.extend(state.map(|state| (state.order.clone(), state)));
        }
    }
    found.extend(book.numbered(text).await?.into_iter().map(|state| (state.order.clone(), state)));
    Ok(found.into_values().collect())
}
