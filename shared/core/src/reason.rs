//! Why an order is parked: a code for machines, a sentence for people, and what to do about it.
//!
//! **Invariant:** no personal data here; reasons are shown, counted and logged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

crate::coded::coded! {
    /// Every reason there is. The code is stable: dashboards and alarms name it.
    ReasonCode:
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
    LotUnknown => "lot_unknown", "Odoo does not know the lot or serial number that the warehouse named. Correct it at the warehouse or create it in Odoo, then replay.";
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
    /// A warehouse says something of its stock that the configuration leaves to a person.
    StockReported => "stock_reported", "The warehouse counts otherwise than Odoo. Compare both figures and correct Odoo by hand, then close it with `crossdock replay --reason stock_reported --accept`; or set the warehouse's `stock` policy to `apply`, then replay.";
    CorrectionLarge => "correction_large", "The correction is larger than the warehouse's `stock.largest_change`. Ask the warehouse; then raise the limit and replay, or correct Odoo by hand and close it with `--accept`.";
    CorrectionDoubtful => "correction_doubtful", "Whether the pieces are missing, or have shipped and nobody has told, was not clear for a day. Settle open shipments and counts in Odoo, correct by hand what is left, then close it with `--accept`.";
    CorrectionRefused => "correction_refused", "Odoo does not take the correction, for the cause shown. Mend it (right, product, place), then replay; or correct by hand and close it with `--accept`.";
    /// Other content under the id of an earlier advice.
    AdviceChanged => "advice_changed", "The warehouse told the same adjustment, snapshot or receipt again with other content. The first one counts: replay brings it to Odoo where that is still to be done. Correct the difference by hand.";
    /// What came in does not fit the transfer that it came in for.
    ReceiptUnfit => "receipt_unfit", "What the warehouse received is not what Odoo expects, as the text says. Correct the transfer in Odoo, then replay; or receive it there by hand and close it with `--accept`.";
    SkuTwiceInChannel => "sku_twice_in_channel", "Two articles of the channel carry this SKU, so neither is told anything: change one, then replay.";
    /// A channel does not take an article or a price.
    ArticleRefused => "article_refused", "The channel does not take the article, with the text shown. Mend the cause there or in Odoo, then replay.";
    /// A part of a reconciliation cannot be compared.
    ReconciliationRefused => "reconciliation_refused", "A peer refuses what we ask it to compare, with the text shown. Mend the cause there, then replay; the next night compares anyway.";
    SkuTwiceInOdoo => "sku_twice_in_odoo", "Two products in Odoo carry this Internal Reference, so the channel is told of neither: change or archive one, then replay.";
    StillOffered => "still_offered", "The product is archived or not for sale in Odoo and the channel offers it: take it down there, or set the channel's `catalogue.archive`, then replay.";
    NoPrice => "no_price", "The channel's pricelist makes this product cost nothing: give it a price in Odoo, then replay.";
    TaxesDiffer => "taxes_differ", "The channel's prices hold the taxes and those in Odoo do not, or the other way round: give the product sales taxes that are computed as the channel does, then replay.";
    VariantsDisagree => "variants_disagree", "The channel shows one title, description and category for all variants of the product, and Odoo wants several, so these are left alone: give the variants the same in Odoo, take `{sku}` out of the channel's `catalogue.title`, or split the product in the channel, then replay.";
    CatalogueCurrency => "catalogue_currency", "The pricelist of the channel's `catalogue` has another currency than the channel: correct it, then replay.";
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
