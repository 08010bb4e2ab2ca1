//! What a partner's program may sell: one signed POST to its address for up to 250 counts.

use crossdock_core::{
    PeerError, Sku,
    stock::{Change, Changed},
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::callback::post;
use crate::api::Shop;

pub(crate) const LEVELS_AT_MOST: usize = 250;

/// `stock_levels.v1`: how much of each SKU may be sold. What is not named stays as it was told before.
#[derive(Serialize, JsonSchema)]
pub(crate) struct StockLevels<'a> {
    #[serde(rename = "type")]
    kind: StockLevelsV1,
    /// When the quantities were reckoned: of two messages about a SKU at a location the later one counts, in
    /// whatever order they arrive.
    #[schemars(with = "String", extend("format" = "date-time"))]
    at: Timestamp,
    #[schemars(length(min = 1, max = 250))]
    levels: Vec<StockLevel<'a>>,
}

#[derive(Serialize, JsonSchema)]
enum StockLevelsV1 {
    #[serde(rename = "stock_levels.v1")]
    It,
}

#[derive(Serialize, JsonSchema)]
struct StockLevel<'a> {
    sku: &'a Sku,
    /// As the partner and the configuration call it; absent where the quantity is for all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<&'a str>,
    /// Whole pieces that may be sold from now on, not what to add.
    #[schemars(range(min = 0))]
    quantity: i64,
}

/// A partner without an address is told nothing, as with everything else.
pub(crate) async fn tell(
    shop: &Shop,
    changes: &[Change],
    reckoned: Timestamp,
    key: &str,
) -> Result<Vec<Changed>, PeerError> {
    let levels: Vec<StockLevel<'_>> = changes
        .iter()
        .map(|change| StockLevel {
            sku: &change.sku,
            location: Some(change.location.as_str()).filter(|location| !location.is_empty()),
            quantity: change.to,
        })
        .collect();
    let told = serde_json::to_string(&levels).unwrap_or_default();
    let body = StockLevels { kind: StockLevelsV1::It, at: reckoned, levels };
    post(shop, &format!("stock {key} {reckoned} {told}"), &body).await?;
    Ok(vec![Changed::Set; changes.len()])
}
