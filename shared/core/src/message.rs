//! What travels through the queues: the name of what changed, never what to do and no personal data.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{OrderKey, ParcelId, PublicationKey, ReportKey, ShipmentKey, SliceKey};

/// The queues, by the work that waits in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueueName {
    /// Orders that changed at their channel; read by `order-validator`.
    Orders,
    /// Orders that may be imported; read by `order-importer`.
    ValidOrders,
    /// Orders whose transfers changed in Odoo; read by `warehouse-releaser`.
    Releases,
    /// What warehouses told; read by `shipment-handler`.
    Shipments,
    /// Orders with something to invoice; read by `order-invoicer`.
    Invoices,
    /// Shipments and parcels that a shop is to be told of; read by `shipment-announcer`.
    Announcements,
    /// SKUs whose stock a channel is to be told; read by `stock-publisher`.
    Stock,
    /// SKUs whose articles and prices a channel is to show; read by `catalogue-publisher`.
    Catalogue,
    /// Parts of a reconciliation; read by `nightly-reconciler`.
    Reconcile,
}

impl QueueName {
    pub const ALL: [Self; 9] = [
        Self::Orders,
        Self::ValidOrders,
        Self::Releases,
        Self::Shipments,
        Self::Invoices,
        Self::Announcements,
        Self::Stock,
        Self::Catalogue,
        Self::Reconcile,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::ValidOrders => "valid-orders",
            Self::Releases => "releases",
            Self::Shipments => "shipments",
            Self::Invoices => "invoices",
            Self::Announcements => "announcements",
            Self::Stock => "stock",
            Self::Catalogue => "catalogue",
            Self::Reconcile => "reconcile",
        }
    }

    /// The function that works through this queue.
    #[must_use]
    pub fn reader(self) -> &'static str {
        match self {
            Self::Orders => "order-validator",
            Self::ValidOrders => "order-importer",
            Self::Releases => "warehouse-releaser",
            Self::Shipments => "shipment-handler",
            Self::Invoices => "order-invoicer",
            Self::Announcements => "shipment-announcer",
            Self::Stock => "stock-publisher",
            Self::Catalogue => "catalogue-publisher",
            Self::Reconcile => "nightly-reconciler",
        }
    }

    /// The dead-letter queue of this queue.
    #[must_use]
    pub fn dead_letter(self) -> &'static str {
        match self {
            Self::Orders => "orders-dead",
            Self::ValidOrders => "valid-orders-dead",
            Self::Releases => "releases-dead",
            Self::Shipments => "shipments-dead",
            Self::Invoices => "invoices-dead",
            Self::Announcements => "announcements-dead",
            Self::Stock => "stock-dead",
            Self::Catalogue => "catalogue-dead",
            Self::Reconcile => "reconcile-dead",
        }
    }
}

/// A record of Odoo that somebody pointed at. Nothing of it is known but that it may be worth a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hint {
    pub model: HintedModel,
    /// The record's id, above zero.
    pub id: i64,
}

/// The models whose records lead to an order, or to an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum HintedModel {
    #[serde(rename = "sale.order")]
    Sale,
    #[serde(rename = "stock.picking")]
    Transfer,
    #[serde(rename = "stock.move")]
    Move,
    #[serde(rename = "product.product")]
    Product,
    #[serde(rename = "product.template")]
    Template,
    #[serde(rename = "product.pricelist.item")]
    PriceRule,
}

impl HintedModel {
    pub const ALL: [Self; 6] =
        [Self::Sale, Self::Transfer, Self::Move, Self::Product, Self::Template, Self::PriceRule];

    /// As Odoo calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sale => "sale.order",
            Self::Transfer => "stock.picking",
            Self::Move => "stock.move",
            Self::Product => "product.product",
            Self::Template => "product.template",
            Self::PriceRule => "product.pricelist.item",
        }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.model.name(), self.id)
    }
}

/// A message. Its `type` is in the past tense and carries a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Message {
    /// The order has something new in the ledger (a snapshot, a cancel, a refetch, a replay).
    #[serde(rename = "order_changed.v1")]
    OrderChanged { order: OrderKey },
    /// The newest snapshot passed validation and waits to be brought to Odoo.
    #[serde(rename = "order_validated.v1")]
    OrderValidated { order: OrderKey },
    /// The order's transfers changed in Odoo, or a warehouse is to be asked to stop.
    #[serde(rename = "transfers_changed.v1")]
    TransfersChanged { order: OrderKey },
    /// A warehouse told of a shipment.
    #[serde(rename = "shipment_reported.v1")]
    ShipmentReported { shipment: ShipmentKey },
    /// A warehouse told something else.
    #[serde(rename = "warehouse_reported.v1")]
    WarehouseReported { report: ReportKey },
    /// Something of the order may be invoiced or paid in Odoo.
    #[serde(rename = "billing_opened.v1")]
    BillingOpened { order: OrderKey },
    /// A shipment is in Odoo; its shop is to be told.
    #[serde(rename = "shipment_applied.v1")]
    ShipmentApplied { shipment: ShipmentKey },
    /// A carrier told something new of a parcel.
    #[serde(rename = "parcel_moved.v1")]
    ParcelMoved { parcel: ParcelId },
    /// An automation rule of Odoo's pointed at a record. It may be lost: the watcher sees the change as well.
    #[serde(rename = "odoo_hinted.v1")]
    OdooHinted { hint: Hint },
    /// The stock of some SKUs may have changed; a channel is to be told.
    #[serde(rename = "stock_changed.v1")]
    StockChanged { publication: PublicationKey },
    /// Some products or their prices may have changed; a channel is to show them.
    #[serde(rename = "catalogue_changed.v1")]
    CatalogueChanged { publication: PublicationKey },
    /// A part of a reconciliation waits to be compared.
    #[serde(rename = "slice_opened.v1")]
    SliceOpened { slice: SliceKey },
}

impl Message {
    /// The order that it names, where it names one.
    #[must_use]
    pub fn order(&self) -> Option<&OrderKey> {
        match self {
            Self::OrderChanged { order }
            | Self::OrderValidated { order }
            | Self::TransfersChanged { order }
            | Self::BillingOpened { order } => Some(order),
            Self::ShipmentReported { .. }
            | Self::WarehouseReported { .. }
            | Self::ShipmentApplied { .. }
            | Self::ParcelMoved { .. }
            | Self::OdooHinted { .. }
            | Self::StockChanged { .. }
            | Self::CatalogueChanged { .. }
            | Self::SliceOpened { .. } => None,
        }
    }

    /// The queue that this kind of message belongs into.
    #[must_use]
    pub fn queue(&self) -> QueueName {
        match self {
            Self::OrderChanged { .. } => QueueName::Orders,
            Self::OrderValidated { .. } => QueueName::ValidOrders,
            Self::TransfersChanged { .. } | Self::OdooHinted { .. } => QueueName::Releases,
            Self::ShipmentReported { .. } | Self::WarehouseReported { .. } => QueueName::Shipments,
            Self::BillingOpened { .. } => QueueName::Invoices,
            Self::ShipmentApplied { .. } | Self::ParcelMoved { .. } => QueueName::Announcements,
            Self::StockChanged { .. } => QueueName::Stock,
            Self::CatalogueChanged { .. } => QueueName::Catalogue,
            Self::SliceOpened { .. } => QueueName::Reconcile,
        }
    }

    /// Seconds before it may be read. Odoo 17 and 18 send a hint before the transaction that it is about commits.
    #[must_use]
    pub fn delay_s(&self) -> u32 {
        match self {
            Self::OdooHinted { .. } => 5,
            Self::OrderChanged { .. }
            | Self::OrderValidated { .. }
            | Self::TransfersChanged { .. }
            | Self::ShipmentReported { .. }
            | Self::WarehouseReported { .. }
            | Self::BillingOpened { .. }
            | Self::ShipmentApplied { .. }
            | Self::ParcelMoved { .. }
            | Self::StockChanged { .. }
            | Self::CatalogueChanged { .. }
            | Self::SliceOpened { .. } => 0,
        }
    }

    /// The body as it travels. Ids are ASCII, so a body never holds a character that SQS refuses.
    #[must_use]
    pub fn to_body(&self) -> String {
        serde_json::to_string(self).expect("a message of ids always serialises")
    }
}
