//! What a warehouse says of the stock that lies there, beside what it ships: a correction, or how much there is.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{AdviceId, Reference, Sku},
    shipment::ShippedLine,
};

/// One thing that a warehouse says of its stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// The warehouse's own id: the same id with the same content is the same advice, told again.
    pub id: AdviceId,
    /// When it happened, or when the pieces were counted, by the warehouse's clock.
    pub at: Timestamp,
    pub kind: AdviceKind,
    /// Each SKU and lot once.
    pub lines: Vec<AdviceLine>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AdviceKind {
    /// The stock changed by what the lines say.
    Adjustment { reason: AdjustmentReason },
    /// The lines say what lay there at that moment. Nothing is said of what is on no line.
    Snapshot,
}

/// Why pieces came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentReason {
    Found,
    Lost,
    Damaged,
    Recount,
    /// Past its date.
    Expired,
    Other,
}

/// One SKU of an advice, or one lot of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdviceLine {
    pub sku: Sku,
    /// The lot or serial number, where the SKU has such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
    /// Pieces in the product's own unit: by how many the stock changed (not zero), or how many there were (not
    /// below zero), those among them that are meant for an order.
    pub quantity: Decimal,
}

/// Goods that came in against a transfer of Odoo's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The warehouse's own id: the same id with the same content is the same receipt, told again.
    pub id: AdviceId,
    /// When the goods were counted, by the warehouse's clock.
    pub at: Timestamp,
    /// What the transfer is called, or what it was made for: a purchase order.
    pub reference: Reference,
    /// Each SKU once. Empty where the warehouse only says that nothing more will come.
    pub lines: Vec<ShippedLine>,
    /// Nothing more of this transfer will come.
    pub closes: bool,
}

impl Advice {
    /// What its inventory moves are called in Odoo.
    #[must_use]
    pub fn reference(&self, warehouse: &crate::WarehouseId) -> String {
        format!("{warehouse}/{}: {}", self.id, self.why())
    }

    /// In one word.
    #[must_use]
    pub fn why(&self) -> &'static str {
        match self.kind {
            AdviceKind::Snapshot => "snapshot",
            AdviceKind::Adjustment { reason } => match reason {
                AdjustmentReason::Found => "found",
                AdjustmentReason::Lost => "lost",
                AdjustmentReason::Damaged => "damaged",
                AdjustmentReason::Recount => "recount",
                AdjustmentReason::Expired => "expired",
                AdjustmentReason::Other => "other",
            },
        }
    }
}

impl AdviceLine {
    /// What people call it.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.lot {
            Some(lot) => format!("{} ({lot})", self.sku),
            None => self.sku.to_string(),
        }
    }
}
