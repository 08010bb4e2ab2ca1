//! The `standard` order as a partner posts it. This file is the source of the published JSON Schema: its
//! comments are the schema's descriptions.

use schemars::JsonSchema;
use serde::Deserialize;

use crossdock_core::{
    Currency, LineId, OrderId,
    order::{ChargeKind, PaymentState, Prices},
};
use crossdock_hooks::published::{Country, Money, SkuText, Time};

/// An order as it stands now. Send the whole order again at each change, with a higher `sequence`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Crossdock standard order")]
pub(super) struct Order {
    /// Your id of the order. It never changes.
    pub id: OrderId,
    /// What people call the order; the id where it is left out.
    #[schemars(length(min = 1, max = 64))]
    pub number: Option<String>,
    /// Rises with each change of the order. A body with a lower number than one seen before is outdated.
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub sequence: u64,
    /// When the order changed last, RFC 3339.
    pub modified_at: Time,
    /// When the customer placed the order, RFC 3339.
    pub placed_at: Time,
    /// The order is called off.
    #[serde(default)]
    pub cancelled: bool,
    /// A trial that must not reach the ERP.
    #[serde(default)]
    pub test: bool,
    /// ISO 4217.
    pub currency: Currency,
    /// Whether the amounts of lines and charges hold their tax.
    pub prices: Prices,
    pub customer: Customer,
    pub billing_address: Option<Address>,
    /// Where the goods go; the billing address where it is left out.
    pub shipping_address: Option<Address>,
    pub lines: Vec<Line>,
    /// Shipping and fees.
    #[serde(default)]
    pub charges: Vec<Charge>,
    pub payment: Payment,
    /// Set while the order must wait on your side, and why.
    #[schemars(length(min = 1, max = 500))]
    pub hold: Option<String>,
    /// What the customer wrote.
    #[schemars(length(max = 5000))]
    pub note: Option<String>,
    /// The buyer's own order number.
    #[schemars(length(max = 128))]
    pub purchase_order: Option<String>,
    /// What the customer owes, tax included.
    pub total: Money,
    /// The tax within `total`.
    pub total_tax: Money,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Customer {
    /// Your id of the customer's account; left out for a guest.
    #[schemars(length(min = 1, max = 64))]
    pub id: Option<String>,
    #[schemars(length(min = 3, max = 254), regex(pattern = "^[^@\\s]+@[^@\\s]+$"))]
    pub email: Option<String>,
    #[schemars(length(max = 200))]
    pub name: Option<String>,
    #[schemars(length(max = 64))]
    pub phone: Option<String>,
    #[schemars(length(max = 200))]
    pub company: Option<String>,
    /// The VAT or tax number.
    #[schemars(length(max = 32))]
    pub vat: Option<String>,
    /// You have checked who the buyer is, for example by a sign-in to a B2B portal.
    #[serde(default)]
    pub authenticated: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Address {
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    #[schemars(length(max = 200))]
    pub company: Option<String>,
    #[schemars(length(min = 1, max = 200))]
    pub street: String,
    #[schemars(length(max = 200))]
    pub street2: Option<String>,
    #[schemars(length(min = 1, max = 200))]
    pub city: String,
    #[schemars(length(max = 32))]
    pub postcode: Option<String>,
    /// The state's or province's code, such as `CA`.
    #[schemars(length(max = 64))]
    pub region: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Country,
    #[schemars(length(max = 64))]
    pub phone: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    /// Your id of the line, unique within the order, charges included. It never changes.
    pub id: LineId,
    /// Odoo's Internal Reference of the product.
    pub sku: SkuText,
    #[schemars(length(min = 1, max = 500))]
    pub name: String,
    /// Above zero. Leave out a line that was taken off the order.
    pub quantity: Money,
    /// Quantity times price, before discounts.
    pub subtotal: Money,
    /// After every discount: the line's own and its share of those on the whole order.
    pub total: Money,
    #[serde(default)]
    pub taxes: Vec<Tax>,
    /// Money on a card, not goods.
    #[serde(default)]
    pub gift_card: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Charge {
    /// Your id of the charge, unique within the order, lines included.
    pub id: LineId,
    pub kind: ChargeKind,
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// The shipping method's code; the name where it is left out.
    #[schemars(length(min = 1, max = 200))]
    pub code: Option<String>,
    /// After discounts. A fee may be negative.
    pub total: Money,
    #[serde(default)]
    pub taxes: Vec<Tax>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Tax {
    #[schemars(length(max = 200))]
    pub title: String,
    /// Percent: `"19"` for 19 %.
    pub rate: Money,
    pub amount: Money,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Payment {
    pub state: PaymentState,
    #[serde(default)]
    pub transactions: Vec<Transaction>,
}

/// One payment at one gateway; a gift card is a gateway too.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Transaction {
    /// The gateway's own id of the payment.
    #[schemars(length(min = 1, max = 200))]
    pub id: Option<String>,
    #[schemars(length(min = 1, max = 200))]
    pub gateway: String,
    #[serde(default)]
    pub gift_card: bool,
    pub amount: Money,
}
