//! Articles, their counts and the answers to changes as GraphQL tells them.
//!
//! By Shopify's published prices (an object is 1, a connection as many as are asked for) a variant with six
//! locations costs 20 points, so that 48 of them stay below the 1,000 points of one query.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use serde::Deserialize;

use super::super::node::Connection;
use crate::lenient::RawId;

/// Variants of a page at first, and locations of each; a variant with more is read on by itself.
const VARIANTS_AT_FIRST: u32 = 48;
pub(super) const LEVELS_IN_PAGE: u32 = 6;
pub(super) const LEVELS_ALONE: u32 = 100;

/// How many variants a page holds: what the shop found too costly once is not asked for again. Clones of a shop
/// share it.
#[derive(Clone)]
pub(crate) struct Pages(Arc<AtomicU32>);

impl Default for Pages {
    fn default() -> Self {
        Self(Arc::new(AtomicU32::new(VARIANTS_AT_FIRST)))
    }
}

impl Pages {
    pub fn size(&self) -> usize {
        usize::try_from(self.0.load(Ordering::Relaxed)).unwrap_or(1)
    }

    /// Half of what was asked for; false where that was one.
    pub fn halve(&self, asked: usize) -> bool {
        let half = u32::try_from(asked / 2).unwrap_or(1);
        if half > 0 {
            self.0.fetch_min(half, Ordering::Relaxed);
        }
        half > 0
    }
}

pub(super) const ITEMS: &str =
    "query StockItems($query: String!, $first: Int!, $after: String, $levels: Int!) {
  productVariants(first: $first, after: $after, query: $query) {
    pageInfo { hasNextPage endCursor }
    nodes {
      sku
      inventoryItem {
        id tracked
        inventoryLevels(first: $levels) { pageInfo { hasNextPage endCursor } nodes { location { id } quantities(names: [\"available\"]) { name quantity } } }
      }
    }
  }
}";

pub(super) const LEVELS: &str = "query StockLevels($id: ID!, $levels: Int!, $after: String) {
  inventoryItem(id: $id) {
    inventoryLevels(first: $levels, after: $after) { pageInfo { hasNextPage endCursor } nodes { location { id } quantities(names: [\"available\"]) { name quantity } } }
  }
}";

pub(super) const SET: &str = "mutation StockSet($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { code field message }
  }
}";

pub(super) const ACTIVATE: &str =
    "mutation StockActivate($item: ID!, $location: ID!, $available: Int, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $location, available: $available) @idempotent(key: $key) {
    inventoryLevel { id }
    userErrors { field message }
  }
}";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ItemsAnswer {
    pub product_variants: Connection<Variant>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Variant {
    pub sku: Option<String>,
    pub inventory_item: InventoryItem,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InventoryItem {
    pub id: RawId,
    pub tracked: bool,
    pub inventory_levels: Connection<Level>,
}

#[derive(Deserialize)]
pub(super) struct Level {
    pub location: Location,
    pub quantities: Vec<Quantity>,
}

#[derive(Deserialize)]
pub(super) struct Location {
    pub id: RawId,
}

#[derive(Deserialize)]
pub(super) struct Quantity {
    pub name: String,
    pub quantity: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LevelsAnswer {
    pub inventory_item: Option<JustLevels>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JustLevels {
    pub inventory_levels: Connection<Level>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SetAnswer {
    pub inventory_set_quantities: Done,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActivateAnswer {
    pub inventory_activate: Activated,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Done {
    /// An answer without this list says nothing of what was done.
    pub user_errors: Vec<UserError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Activated {
    pub inventory_level: Option<serde::de::IgnoredAny>,
    pub user_errors: Vec<UserError>,
}

#[derive(Deserialize)]
pub(super) struct UserError {
    pub code: Option<String>,
    /// Such as `["input", "quantities", "3", "changeFromQuantity"]`.
    pub field: Option<Vec<String>>,
    pub message: String,
}

impl UserError {
    pub fn code(&self) -> &str {
        self.code.as_deref().unwrap_or_default()
    }

    /// Which of the entries of a call it is about.
    pub fn entry(&self) -> Option<usize> {
        let mut path = self.field.as_ref()?.iter().skip_while(|part| *part != "quantities");
        path.next()?;
        path.next()?.parse().ok()
    }

    pub fn is_about(&self, argument: &str) -> bool {
        self.field.iter().flatten().any(|part| part == argument)
    }
}
