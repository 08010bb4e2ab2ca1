//! The canonical shipment: what a warehouse is asked to ship, what it says it shipped, and what became of the
//! parcels. Every warehouse and every shop is spoken to in these terms.

use jiff::Timestamp;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    advice::{Advice, Receipt},
    ids::{LineId, OrderId, Reference, ReleaseKey, ShipmentId, ShipmentKey, Sku, WarehouseId},
    order::{Address, short_digest},
};

/// What a warehouse is asked to ship: one transfer of Odoo, or what became available of it later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    pub key: ReleaseKey,
    /// What people call the order: `#1001`, or Odoo's own name of an order typed there.
    pub order_number: String,
    pub lines: Vec<ReleaseLine>,
    pub to: Address,
    pub email: Option<String>,
    /// The carrier service, as the warehouse calls it.
    pub service: Option<String>,
    pub gift_note: Option<String>,
    pub delivery_note: Option<String>,
    /// The buyer's own order number.
    pub purchase_order: Option<String>,
}

/// One line of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseLine {
    /// Our id of the line, unique within the release; warehouses give it back where they can.
    pub line: LineId,
    pub sku: Sku,
    pub name: String,
    /// In the product's own unit of measure; above zero.
    pub quantity: Decimal,
    /// Where given, just these lots or serial numbers are to be shipped.
    pub lots: Vec<Lot>,
}

/// A lot, or a serial number with quantity 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lot {
    pub number: String,
    pub quantity: Decimal,
}

/// What a warehouse says it has shipped, in one go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    pub key: ShipmentKey,
    /// Of the release that it belongs to.
    pub reference: Reference,
    pub shipped_at: Timestamp,
    /// Empty where the warehouse only says that it ships no more of the release.
    pub lines: Vec<ShippedLine>,
    pub parcels: Vec<Parcel>,
    /// Nothing more of this release will come: what is missing was closed short.
    pub closes: bool,
}

/// One line of a shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippedLine {
    /// Our id of the release's line, where the warehouse gave it back.
    pub line: Option<LineId>,
    pub sku: Sku,
    /// Above zero.
    pub quantity: Decimal,
    pub lots: Vec<Lot>,
}

/// One parcel on its way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parcel {
    /// The carrier's name, such as `UPS`.
    pub carrier: String,
    /// The tracking number.
    pub tracking: Option<String>,
    /// Where the customer can follow it.
    pub url: Option<String>,
}

impl Shipment {
    /// A digest of what was shipped: the same id with another content is another story.
    #[must_use]
    pub fn digest(&self) -> String {
        short_digest(serde_json::to_string(self).expect("a shipment always serialises").as_bytes())
    }
}

impl ShipmentKey {
    /// Of a transfer of Odoo that people shipped there, in a warehouse that told nothing of it.
    #[must_use]
    pub fn by_hand(warehouse: &WarehouseId, transfer: i64) -> Self {
        let id = ShipmentId::new(format!("odoo-{transfer}")).expect("a number always makes an id");
        Self::new(warehouse.clone(), id)
    }
}

/// How far a parcel has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParcelStatus {
    /// The label is made; the carrier has not seen the parcel.
    Announced,
    InTransit,
    OutForDelivery,
    Delivered,
    /// The carrier reports a problem: damaged, lost, refused, returned to the sender.
    Exception,
}

/// What a carrier says of one parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelNews {
    pub tracking: String,
    pub status: ParcelStatus,
    pub at: Timestamp,
    /// The carrier's own short text; no personal data (no name of who signed).
    pub detail: Option<String>,
}

/// What a signed call of a warehouse or a carrier says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// Goods have left, or will not come any more.
    Shipped { shipment: Box<Shipment> },
    /// The warehouse will not ship this release. `why` is the warehouse's own text, cleaned.
    Refused { reference: Reference, why: String },
    /// The warehouse called the release off (because it was asked to, or on its own).
    Cancelled { reference: Reference, why: String },
    /// What it says of the stock that lies there.
    Stock { advice: Box<Advice> },
    /// Goods have come in.
    Received { receipt: Box<Receipt> },
    /// News of parcels.
    Parcels { news: Vec<ParcelNews> },
    /// Something happened to this release and the call is not to be trusted with what: ask the warehouse.
    Ask { reference: Reference },
    /// As `Ask`, where only the warehouse's own handle is known (an id or an address that was checked).
    AskHandle { handle: String },
    /// The peer tries out the address. Nothing to store.
    Ping,
    /// A topic that we do not act on.
    Ignored { topic: String },
    /// Signed, but nothing that we can read. `why` quotes nothing of the body.
    Unreadable { why: String },
}

/// What a shop is told of one shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    pub order: OrderId,
    /// The shop is told of it once.
    pub shipment: ShipmentKey,
    /// The shop's own ids of what it was told of the *other* shipments of this order ([`Announcement`]s are
    /// told one after another): what has one of these is not this shipment, however alike the two are.
    pub others: Vec<String>,
    pub shipped_at: Timestamp,
    pub lines: Vec<AnnouncedLine>,
    pub parcels: Vec<Parcel>,
    /// With it every line of the order has shipped in full.
    pub completes_order: bool,
    /// The shop may write to the customer about it.
    pub notify_customer: bool,
    /// The shop's own id of the place that ships, where the shop has several.
    pub location: Option<String>,
}

/// One line of an announcement, by the shop's own id of its order's line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnouncedLine {
    pub line: LineId,
    pub sku: Option<Sku>,
    /// Above zero.
    pub quantity: Decimal,
}
