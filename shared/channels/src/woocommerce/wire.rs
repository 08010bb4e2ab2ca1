//! The order as WooCommerce writes it, in webhooks and in its REST API v3 alike.

use jiff::civil::DateTime;
use serde::{Deserialize, de::IgnoredAny};

use crate::lenient::{Amount, RawId, nullable};

#[derive(Deserialize)]
pub(super) struct Order {
    pub id: RawId,
    pub number: Option<String>,
    pub status: String,
    pub currency: String,
    pub date_created_gmt: DateTime,
    /// UTC, without saying so.
    pub date_modified_gmt: Option<DateTime>,
    pub date_paid_gmt: Option<DateTime>,
    pub customer_id: Option<RawId>,
    #[serde(default)]
    pub billing: Address,
    #[serde(default)]
    pub shipping: Address,
    #[serde(default, deserialize_with = "nullable")]
    pub payment_method: String,
    pub transaction_id: Option<String>,
    pub customer_note: Option<String>,
    pub line_items: Vec<LineItem>,
    #[serde(default)]
    pub tax_lines: Vec<TaxLine>,
    #[serde(default)]
    pub shipping_lines: Vec<ShippingLine>,
    #[serde(default)]
    pub fee_lines: Vec<FeeLine>,
    #[serde(default)]
    pub refunds: Vec<Refund>,
    #[serde(default)]
    pub meta_data: Vec<Meta>,
    pub total: Amount,
    pub total_tax: Amount,
}

/// Every field is a text; an absent one is an empty text.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Address {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub company: Option<String>,
    pub address_1: Option<String>,
    pub address_2: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub postcode: Option<String>,
    pub country: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct LineItem {
    pub id: RawId,
    pub sku: Option<String>,
    pub name: Option<String>,
    pub quantity: Amount,
    pub subtotal: Amount,
    pub total: Amount,
    pub total_tax: Amount,
    #[serde(default)]
    pub taxes: Vec<LineTax>,
}

/// A line's part of one tax rate, with more digits than the currency has.
#[derive(Deserialize)]
pub(super) struct LineTax {
    /// The `rate_id` of the order's tax line.
    pub id: RawId,
    #[serde(default)]
    pub total: Option<Amount>,
}

#[derive(Deserialize)]
pub(super) struct TaxLine {
    pub rate_id: RawId,
    pub label: Option<String>,
    pub rate_percent: Option<Amount>,
}

#[derive(Deserialize)]
pub(super) struct ShippingLine {
    pub id: RawId,
    pub method_title: Option<String>,
    pub method_id: Option<String>,
    /// A number in text, or empty.
    pub instance_id: Option<RawId>,
    pub total: Amount,
    pub total_tax: Amount,
    #[serde(default)]
    pub taxes: Vec<LineTax>,
}

#[derive(Deserialize)]
pub(super) struct FeeLine {
    pub id: RawId,
    pub name: Option<String>,
    pub total: Amount,
    pub total_tax: Amount,
    #[serde(default)]
    pub taxes: Vec<LineTax>,
}

#[derive(Deserialize)]
pub(super) struct Refund {
    /// Negative.
    pub total: Amount,
}

/// What plugins add. A value can be anything; only texts matter here.
#[derive(Deserialize)]
pub(super) struct Meta {
    #[serde(default)]
    pub key: Option<String>,
    #[serde(default)]
    pub value: MetaValue,
}

#[derive(Deserialize, Default)]
#[serde(untagged)]
pub(super) enum MetaValue {
    Text(String),
    Other(IgnoredAny),
    #[default]
    Absent,
}
