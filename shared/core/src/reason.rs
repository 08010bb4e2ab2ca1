//! Why an order is parked: a code for machines, a sentence for people, and what to do about it.
//!
//! **Invariant:** no personal data here; reasons are shown, counted and logged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident => $code:literal, $remedy:literal;)+) => {
        /// Every reason there is. The code is stable: dashboards and alarms name it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum ReasonCode { $($(#[$doc])* #[serde(rename = $code)] $name,)+ }

        impl ReasonCode {
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What a person can do about it.
            #[must_use]
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)+ }
            }
        }
    };
}

reasons! {
    /// The body passed its signature but is no order that we can read.
    Unreadable => "unreadable", "Look at the stored body with `crossdock orders ORDER`; if the channel changed its format, update Crossdock, then replay.";
    NoLines => "no_lines", "The order has nothing left to deliver. Cancel it in the channel, or add a line there.";
    TestOrder => "test_order", "Nothing to do: test orders of the shop are kept out of Odoo.";
    MissingSku => "missing_sku", "Give the product a SKU in the channel, then replay.";
    UnknownSku => "unknown_sku", "Create the product in Odoo with this Internal Reference (or correct the SKU in the channel), then replay.";
    AmbiguousSku => "ambiguous_sku", "Two products in Odoo carry this Internal Reference: change one, then replay.";
    NotSellable => "not_sellable", "Tick \"Can be Sold\" on the product in Odoo, or unarchive it, then replay.";
    BadQuantity => "bad_quantity", "Correct the quantity in the channel.";
    PaymentNotAcceptable => "payment_not_acceptable", "Nothing to do if the customer is still to pay: the order goes on when the channel reports the payment. To accept this payment state, add it to the channel's `payment.accept`, then replay.";
    NoPricelist => "no_pricelist", "Add a pricelist of this currency to the channel's `pricelists` (and create it in Odoo), then replay.";
    TaxUnmapped => "tax_unmapped", "Add the tax to the channel's `taxes`, then replay.";
    ShippingUnmapped => "shipping_unmapped", "Add the shipping method to the channel's `shipping`, then replay.";
    FeeUnmapped => "fee_unmapped", "Set the channel's `fee_product`, then replay.";
    AddressUnusable => "address_unusable", "Correct the address in the channel: street, city and a country that Odoo knows are needed.";
    ArithmeticInconsistent => "arithmetic_inconsistent", "The order's lines do not add up to its total. Compare it in the channel; a plugin that changes totals is the usual cause.";
    FraudHold => "fraud_hold", "The channel holds the order back. Release or cancel it there: it goes on by itself.";
    SettingMissingInOdoo => "setting_missing_in_odoo", "The configuration names something that Odoo does not have: run `crossdock check`, correct the configuration or Odoo, then replay.";
    TotalDiffers => "total_differs", "Odoo computes another total than the customer owes. Compare both figures; taxes, fiscal positions and price digits are the usual causes. Mend, then replay.";
    PriceNotExpressible => "price_not_expressible", "Raise the \"Product Price\" decimal accuracy in Odoo, then replay.";
    CurrencyDiffers => "currency_differs", "The pricelist in Odoo has another currency than the order: correct the channel's `pricelists`, then replay.";
    OdooRefused => "odoo_refused", "Odoo refused the order with the text shown. Mend the cause in Odoo, then replay.";
    DeletedInOdoo => "deleted_in_odoo", "Somebody deleted the order in Odoo. It is not made again: cancel it in the channel, or replay with `--recreate`.";
    CancelledInOdoo => "cancelled_in_odoo", "Somebody cancelled the order in Odoo. Cancel it in the channel too, or set it back to a quotation in Odoo and replay.";
    EditedInOdoo => "edited_in_odoo", "The order was changed by hand in Odoo and has changed in the channel as well. Bring Odoo to what the channel says by hand, then close it with `crossdock replay --accept`.";
    ChangedAfterRelease => "changed_after_release", "The goods are already released or shipped. Settle the change with the warehouse by hand.";
    /// The warehouse does not take a release.
    ReleaseRefused => "release_refused", "The warehouse does not take the release, with the text shown. Mend the cause there or in Odoo (address, product, service), then replay.";
    /// The warehouse called a release off on its own.
    ReleaseCancelled => "release_cancelled", "The warehouse called the release off. Settle with the warehouse whether it ships; replay to release it anew, or cancel the transfer in Odoo.";
    /// The release lacks something that the warehouse needs.
    ReleaseIncomplete => "release_incomplete", "The transfer lacks what a warehouse needs, as the text says. Complete it in Odoo, then replay.";
    /// The warehouse ships something that was cancelled or edited.
    ReleaseUnstoppable => "release_unstoppable", "The warehouse cannot stop what it was asked to ship. Settle the change with the warehouse and the customer by hand, then replay.";
    /// The warehouse shipped for a transfer that Odoo does not have.
    TransferUnknown => "transfer_unknown", "Odoo has no transfer with the reference that the warehouse gave. Correct it at the warehouse, or make the transfer in Odoo, then replay.";
    ShippedTooMuch => "shipped_too_much", "The warehouse shipped more than is open, or something that was not ordered. Correct the transfer in Odoo or the shipment at the warehouse, then replay.";
    ShippedAfterCancel => "shipped_after_cancel", "Goods have left of an order that is cancelled. Decide with the customer: take the goods back, or make a new order in Odoo.";
    ShipmentChanged => "shipment_changed", "The warehouse told the same shipment again with other goods, or somebody validated its transfer in Odoo with others. Compare the shipment with the transfer in Odoo and correct by hand.";
    LotUnknown => "lot_unknown", "Odoo does not know the lot or serial number that the warehouse shipped. Correct it at the warehouse or create it in Odoo, then replay.";
    ReportUnreadable => "report_unreadable", "The warehouse sent something signed that cannot be read. Look at its own log; if its format changed, update Crossdock, then let it send again.";
    TransferRefused => "transfer_refused", "Odoo refused the transfer with the text shown. Mend the cause in Odoo, then replay.";
    InvoiceRefused => "invoice_refused", "Odoo refused the invoice or payment with the text shown. Mend the cause in Odoo, then replay.";
    InvoiceDiffers => "invoice_differs", "The invoices differ from the order by more than the rounding limit. Compare both figures in Odoo, correct the draft or make a credit note, then replay.";
    JournalUnmapped => "journal_unmapped", "Add the gateway to the channel's `journals`, then replay.";
    PaymentDoubled => "payment_doubled", "Odoo holds two payments with the same id of the gateway. Remove the wrong one in Odoo, then replay.";
    AnnouncementRefused => "announcement_refused", "The shop does not take the shipment, with the text shown. Mark it as shipped there by hand, or mend the cause and replay.";
    RefetchFailed => "refetch_failed", "The channel no longer has this order. If it was deleted there on purpose, cancel it in Odoo.";
    /// A channel does not take the count of a SKU.
    StockRefused => "stock_refused", "The channel does not take the stock, with the text shown. Mend the cause there (rights, article, location), then replay.";
    SkuTwiceInChannel => "sku_twice_in_channel", "Two articles of the channel carry this SKU, so neither is told its stock: change one, then replay.";
}

/// One reason, with what is particular to this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    pub code: ReasonCode,
    /// A sentence: which SKU, which figures.
    pub detail: String,
}

impl Reason {
    #[must_use]
    pub fn new(code: ReasonCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}
