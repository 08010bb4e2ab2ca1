//! The part of the configuration that says what is compared each night, and what of it is mended.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::difference::Healing;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReconcilePolicy {
    /// Hours back from now: orders that changed in the channel since then are compared.
    #[serde(default = "default_window_h")]
    pub window_h: u32,
    /// Minutes: what changed since then may be on its way, and is no difference yet.
    #[serde(default = "default_settle_min")]
    pub settle_min: u32,
    /// Pieces by which a channel may count otherwise than Odoo promises, and a warehouse otherwise than Odoo has.
    #[serde(default)]
    pub stock_tolerance: u32,
    /// The most differences of each class that one run mends; 0 mends none. A class that is not here has its
    /// default, so that a broken mapping does not rewrite a whole shop.
    #[serde(default)]
    pub heal: BTreeMap<Healing, u32>,
}

impl Default for ReconcilePolicy {
    fn default() -> Self {
        Self {
            window_h: default_window_h(),
            settle_min: default_settle_min(),
            stock_tolerance: 0,
            heal: BTreeMap::new(),
        }
    }
}

impl ReconcilePolicy {
    /// The most of a class that one run mends.
    #[must_use]
    pub fn heals_at_most(&self, class: Healing) -> u32 {
        self.heal.get(&class).copied().unwrap_or(match class {
            Healing::Orders
            | Healing::Shipments
            | Healing::Stock
            | Healing::WarehouseStock
            | Healing::Catalogue => 1000,
        })
    }
}

fn default_window_h() -> u32 {
    48
}
fn default_settle_min() -> u32 {
    15
}
