//! What a reconciliation finds: two systems that do not say the same.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

crate::coded::coded! {
    /// Every kind of difference there is. The code is stable: reports and metrics name it.
    DifferenceKind:
    /// The channel has an order that nobody told us of.
    OrderMissing => "order_missing", "Let `orders` heal, and compare again: `crossdock reconcile`; or change the order in the channel once more.";
    /// The channel has a newer content than the one that we know.
    OrderOutdated => "order_outdated", "Let `orders` heal, or change the order in the channel once more.";
    /// What we brought to Odoo is not there any more.
    OrderGone => "order_gone", "Somebody deleted the order in Odoo. Cancel it in the channel, or make it again: `crossdock replay ORDER --recreate`.";
    OrderCancelledInOdoo => "order_cancelled_in_odoo", "Cancel the order in the channel too, or set it back to a quotation in Odoo and confirm it there.";
    OrderCancelledInChannel => "order_cancelled_in_channel", "Look at the order's story (`crossdock orders ORDER`), and cancel it in Odoo.";
    OrderTotalDiffers => "order_total_differs", "Somebody changed the order in Odoo. Bring the channel or Odoo to what was agreed.";
    /// A warehouse has shipped something that it did not tell us of.
    ShipmentMissing => "shipment_missing", "Let `shipments` heal, or have the warehouse tell it again.";
    /// A shop does not have what it was told of a shipment.
    ShipmentNotAnnounced => "shipment_not_announced", "Let `shipments` heal, and the shop is told once more; or mark the order as shipped there.";
    /// People shipped an order in Odoo, and nothing has followed from it.
    ShipmentUnnoticed => "shipment_unnoticed", "Let `shipments` heal, and it is invoiced and the shop is told of it; or do both by hand.";
    /// A shop sells an article that no product in Odoo is.
    ArticleUnknown => "article_unknown", "Give the product in Odoo this Internal Reference, or take the article out of the shop: until then nobody tells it stock or prices, and its orders are parked. One that is to stay so belongs into `stock.exclude` and `catalogue.exclude`.";
    /// A location counts something else than Odoo promises.
    StockDiffers => "stock_differs", "Let `stock` heal; or move the stock in Odoo once more, and it is told.";
    /// A warehouse counts something else than Odoo has there.
    WarehouseStockDiffers => "warehouse_stock_differs", "Count again on both sides. Odoo follows the warehouse where the warehouse's `stock.snapshots` is `apply` and `warehouse_stock` heals.";
    /// A shop asks another price than the pricelist says.
    PriceDiffers => "price_differs", "Let `catalogue` heal; or change the price in Odoo once more, and it is told. A price that is the shop's own belongs out of `catalogue.update`.";
    /// An article shows something else than the product in Odoo, or is shown and should not be.
    ArticleDiffers => "article_differs", "Let `catalogue` heal; or change the product in Odoo once more, and it is told. What is the shop's own belongs out of `catalogue.update`.";
    /// A shop that is to have all products lacks one.
    ArticleMissing => "article_missing", "Let `catalogue` heal; or change the product in Odoo once more, and it is made.";
}

impl DifferenceKind {
    /// Whether its subject is an order.
    #[must_use]
    pub fn is_about_an_order(self) -> bool {
        match self {
            Self::OrderMissing
            | Self::OrderOutdated
            | Self::OrderGone
            | Self::OrderCancelledInOdoo
            | Self::OrderCancelledInChannel
            | Self::OrderTotalDiffers => true,
            Self::ShipmentMissing
            | Self::ShipmentNotAnnounced
            | Self::ShipmentUnnoticed
            | Self::ArticleUnknown
            | Self::StockDiffers
            | Self::WarehouseStockDiffers
            | Self::PriceDiffers
            | Self::ArticleDiffers
            | Self::ArticleMissing => false,
        }
    }

    /// Whether it is about pieces that a shop or a warehouse counts.
    #[must_use]
    pub fn is_about_stock(self) -> bool {
        matches!(self, Self::StockDiffers | Self::WarehouseStockDiffers)
    }

    /// Whether the ordinary path mends it without a person.
    #[must_use]
    pub fn heals(self) -> Option<Healing> {
        match self {
            Self::OrderMissing | Self::OrderOutdated => Some(Healing::Orders),
            Self::ShipmentMissing | Self::ShipmentNotAnnounced | Self::ShipmentUnnoticed => {
                Some(Healing::Shipments)
            }
            Self::StockDiffers => Some(Healing::Stock),
            Self::WarehouseStockDiffers => Some(Healing::WarehouseStock),
            Self::PriceDiffers | Self::ArticleDiffers | Self::ArticleMissing => Some(Healing::Catalogue),
            Self::OrderGone
            | Self::OrderCancelledInOdoo
            | Self::OrderCancelledInChannel
            | Self::OrderTotalDiffers
            | Self::ArticleUnknown => None,
        }
    }
}

/// What may be healed is configured by these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Healing {
    Orders,
    Shipments,
    /// What shops count.
    Stock,
    /// What Odoo counts, by what a warehouse does whose policy lets Odoo follow.
    WarehouseStock,
    /// Prices, and what else of an article is told.
    Catalogue,
}

/// One thing that two systems say differently. It holds no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    pub kind: DifferenceKind,
    /// What it is about: an order, a shipment, or a SKU at a channel or in a warehouse.
    pub subject: String,
    /// What each side says.
    pub detail: String,
    /// Since when it may be so: when the one side that changed last did.
    #[schemars(with = "Option<String>")]
    pub since: Option<Timestamp>,
    /// The ordinary message that mends it is on its way.
    pub healed: bool,
}
