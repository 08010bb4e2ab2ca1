//! The part of the configuration that says who ships, and what is invoiced when.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{OdooRef, default_rate, yes};
use crate::ids::{CarrierId, WarehouseId};

/// A warehouse that ships what Odoo's transfers say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Warehouse {
    pub id: WarehouseId,
    pub kind: WarehouseKind,
    /// The warehouse in Odoo whose transfers it ships. An id where two companies use one name.
    pub odoo: OdooRef,
    /// The address of its API. Not needed for `odoo`, nor for the vendors whose address is known.
    #[serde(default)]
    pub url: Option<String>,
    /// What is released of a transfer that is reserved in part.
    #[serde(default)]
    pub release: ReleasePolicy,
    /// Which step of a delivery in several steps is released.
    #[serde(default)]
    pub step: ReleaseStep,
    /// Seconds that a ready transfer waits before it is released, so that the order can still be changed.
    #[serde(default)]
    pub hold_s: u32,
    /// What becomes of goods that the warehouse did not ship and will not ship any more.
    #[serde(default)]
    pub backorder: BackorderPolicy,
    /// Whose choice it is which lots and serial numbers ship. Without it the warehouse's where a warehouse of its
    /// kind cannot be told and says itself what it took, else Odoo's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lots: Option<LotPolicy>,
    /// Delivery methods of Odoo, and what the warehouse calls the service. `*` for any other.
    #[serde(default)]
    pub services: Vec<ServiceRule>,
    /// What becomes of what the warehouse says of its stock.
    #[serde(default)]
    pub stock: AdvicePolicy,
    /// Whether Odoo may send the customer a text message when it ships.
    #[serde(default)]
    pub customer_sms: bool,
    /// Requests a second to this warehouse over all functions.
    #[serde(default = "default_rate")]
    pub requests_per_second: u32,
}

/// What becomes of what a warehouse says of its stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdvicePolicy {
    /// Single corrections: found, lost, damaged.
    pub adjustments: OnAdvice,
    /// How much lies there of each SKU.
    pub snapshots: OnAdvice,
    /// What came in against a transfer.
    pub receipts: OnAdvice,
    /// Pieces by which one line may change Odoo's count; what is larger is a person's.
    pub largest_change: Decimal,
    /// The vendor's own id of the warehouse whose counts are compared each night: for vendors that count several
    /// under one account. Without it such a vendor is not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts_of: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnAdvice {
    Ignore,
    /// A person compares both figures.
    #[default]
    Report,
    /// Odoo's count is corrected, or its transfer validated.
    Apply,
}

impl Default for AdvicePolicy {
    fn default() -> Self {
        Self {
            adjustments: OnAdvice::default(),
            snapshots: OnAdvice::default(),
            receipts: OnAdvice::default(),
            largest_change: Decimal::from(LARGEST_CHANGE),
            counts_of: None,
        }
    }
}

/// A mistyped figure is mostly larger, a broken box mostly smaller.
const LARGEST_CHANGE: i64 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WarehouseKind {
    /// Odoo itself is the warehouse system: nothing is sent, people ship there.
    Odoo,
    /// Our published format, for any 3PL.
    Standard,
    Shiphero,
    Shipstation,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleasePolicy {
    /// What is reserved is released; what becomes available later is a further release.
    Reserved,
    /// Nothing is released before all of it is reserved.
    #[default]
    Complete,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseStep {
    /// The last step, the one that leaves the house.
    #[default]
    Ship,
    /// The first step: the warehouse picks, packs and ships, and Odoo's steps follow what it reports.
    First,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BackorderPolicy {
    /// Keep it open: a backorder, which is released anew.
    #[default]
    Create,
    /// The rest is cancelled.
    Cancel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LotPolicy {
    /// Just what Odoo has reserved is to be shipped.
    Prescribed,
    /// The warehouse takes what it takes, and tells.
    Chosen,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceRule {
    /// The name of the delivery method in Odoo.
    pub method: String,
    /// What the warehouse calls it.
    pub service: String,
}

/// A source of tracking news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Carrier {
    pub id: CarrierId,
    pub kind: CarrierKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CarrierKind {
    Easypost,
}

/// When an order is invoiced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvoicePolicy {
    /// Each shipment, for what it shipped.
    OnShipment,
    /// Once, when it is confirmed.
    OnOrder,
    /// People do it in Odoo.
    #[default]
    Manual,
}

/// In which journal the payments of a gateway are booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JournalRule {
    /// The gateway's name at the channel; `*` for any other, `gift_card` for gift cards.
    pub gateway: String,
    /// A bank or cash journal of Odoo.
    pub journal: OdooRef,
}

/// What a channel is told when goods have left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnnouncePolicy {
    /// Tell the shop at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The shop may write to the customer about it.
    #[serde(default)]
    pub notify_customer: bool,
    /// Warehouse to the shop's own id of its location, where the shop has several.
    #[serde(default)]
    pub locations: std::collections::BTreeMap<WarehouseId, String>,
}

impl Default for AnnouncePolicy {
    fn default() -> Self {
        Self { enabled: true, notify_customer: false, locations: std::collections::BTreeMap::new() }
    }
}

impl Warehouse {
    /// The name of the secret that its calls to us are signed with.
    #[must_use]
    pub fn webhook_secret(&self) -> String {
        format!("{}/webhook", self.id)
    }

    /// The name of the secret that opens its API.
    #[must_use]
    pub fn api_secret(&self) -> String {
        format!("{}/api", self.id)
    }

    /// Whether anything is sent to it.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        match self.kind {
            WarehouseKind::Odoo => false,
            WarehouseKind::Standard | WarehouseKind::Shiphero | WarehouseKind::Shipstation => true,
        }
    }

    /// Whose choice it is which lots and serial numbers ship.
    #[must_use]
    pub fn lots(&self) -> LotPolicy {
        self.lots.unwrap_or(match self.kind {
            WarehouseKind::Shiphero => LotPolicy::Chosen,
            WarehouseKind::Odoo | WarehouseKind::Standard | WarehouseKind::Shipstation => {
                LotPolicy::Prescribed
            }
        })
    }

    /// What it calls a delivery method of Odoo.
    #[must_use]
    pub fn service(&self, method: Option<&str>) -> Option<&str> {
        let by = |wanted: &str| self.services.iter().find(|rule| rule.method == wanted);
        method.and_then(by).or_else(|| by("*")).map(|rule| rule.service.as_str())
    }
}

impl Carrier {
    /// The name of the secret that its calls to us are signed with.
    #[must_use]
    pub fn webhook_secret(&self) -> String {
        format!("{}/webhook", self.id)
    }
}
