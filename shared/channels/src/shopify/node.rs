//! The order as GraphQL answers it.

use crossdock_core::{
    ChannelId, Order as Canonical,
    order::{Address, TaxAmount},
};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::{
    parts::{Delivery, PartLine, Parts, Person, to_order},
    wire::{MailingAddress, MoneyBag, TipMarks, percent},
};
use crate::lenient::{Amount, RawId, Unclear, currency, full_name, nullable, sku, text};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    pub id: RawId,
    name: Option<String>,
    created_at: Timestamp,
    processed_at: Option<Timestamp>,
    pub updated_at: Timestamp,
    cancelled_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "nullable")]
    test: bool,
    currency_code: String,
    presentment_currency_code: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    taxes_included: bool,
    #[serde(default, deserialize_with = "nullable")]
    duties_included: bool,
    display_financial_status: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    payment_gateway_names: Vec<String>,
    payment_terms: Option<serde::de::IgnoredAny>,
    purchasing_entity: Option<PurchasingEntity>,
    customer: Option<Customer>,
    email: Option<String>,
    phone: Option<String>,
    billing_address: Option<MailingAddress>,
    shipping_address: Option<MailingAddress>,
    pub line_items: Connection<LineItem>,
    #[serde(default)]
    shipping_lines: Nodes<ShippingLine>,
    #[serde(default, deserialize_with = "nullable")]
    tags: Vec<String>,
    note: Option<String>,
    po_number: Option<String>,
    current_total_price_set: MoneyBag,
    current_total_tax_set: Option<MoneyBag>,
    current_subtotal_price_set: Option<MoneyBag>,
    current_total_duties_set: Option<MoneyBag>,
    current_total_additional_fees_set: Option<MoneyBag>,
    total_tip_received_set: Option<MoneyBag>,
}

/// A customer, or a company through one of its contacts.
#[derive(Deserialize)]
struct PurchasingEntity {
    #[serde(rename = "__typename")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Customer {
    id: Option<RawId>,
    first_name: Option<String>,
    last_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection<T> {
    pub nodes: Vec<T>,
    pub page_info: PageInfo,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    pub has_next_page: bool,
    pub end_cursor: Option<String>,
}

impl PageInfo {
    /// Where the next page begins; none at the end.
    pub fn next(&self) -> Option<&str> {
        if self.has_next_page { self.end_cursor.as_deref() } else { None }
    }
}

#[derive(Deserialize)]
pub(super) struct Nodes<T> {
    pub nodes: Vec<T>,
}

impl<T> Default for Nodes<T> {
    fn default() -> Self {
        Self { nodes: Vec::new() }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LineItem {
    id: RawId,
    name: Option<String>,
    sku: Option<String>,
    quantity: Amount,
    current_quantity: Option<Amount>,
    #[serde(default, deserialize_with = "nullable")]
    is_gift_card: bool,
    requires_shipping: Option<bool>,
    taxable: Option<bool>,
    original_unit_price_set: MoneyBag,
    #[serde(default, deserialize_with = "nullable")]
    discount_allocations: Vec<Allocation>,
    #[serde(default, deserialize_with = "nullable")]
    tax_lines: Vec<TaxLine>,
    #[serde(default, deserialize_with = "nullable")]
    duties: Vec<Duty>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Allocation {
    allocated_amount_set: MoneyBag,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Duty {
    #[serde(default, deserialize_with = "nullable")]
    tax_lines: Vec<TaxLine>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TaxLine {
    title: Option<String>,
    rate: Option<Amount>,
    price_set: MoneyBag,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShippingLine {
    id: RawId,
    title: Option<String>,
    code: Option<String>,
    discounted_price_set: MoneyBag,
    current_discounted_price_set: Option<MoneyBag>,
    #[serde(default, deserialize_with = "nullable")]
    tax_lines: Vec<TaxLine>,
}

fn paid(set: MoneyBag) -> Decimal {
    set.presentment_money.amount.0
}

fn taxes(lines: &[TaxLine]) -> Vec<TaxAmount> {
    let one = |tax: &TaxLine| TaxAmount {
        title: text(tax.title.as_deref()).unwrap_or_default(),
        rate: percent(tax.rate),
        amount: paid(tax.price_set),
    };
    lines.iter().map(one).collect()
}

impl LineItem {
    fn part(self, tip: Decimal) -> PartLine {
        let marks = TipMarks {
            sku: self.sku.as_deref(),
            gift_card: self.is_gift_card,
            requires_shipping: self.requires_shipping,
            taxable: self.taxable,
            total: (self.original_unit_price_set.shop_money.amount.0 * self.quantity.0).normalize(),
        };
        PartLine {
            tip: marks.is(tip),
            sku: sku(self.sku.as_deref()),
            name: text(self.name.as_deref()).unwrap_or_default(),
            quantity: self.quantity.0,
            current_quantity: self.current_quantity.unwrap_or(self.quantity).0,
            price: paid(self.original_unit_price_set),
            discount: self.discount_allocations.iter().map(|a| paid(a.allocated_amount_set)).sum(),
            taxes: taxes(&self.tax_lines),
            duty_taxes: self.duties.iter().flat_map(|duty| taxes(&duty.tax_lines)).collect(),
            gift_card: self.is_gift_card,
            id: self.id,
        }
    }
}

impl ShippingLine {
    fn part(self) -> Delivery {
        let discounted = paid(self.discounted_price_set);
        Delivery {
            title: text(self.title.as_deref()).unwrap_or_default(),
            discounted,
            current: self.current_discounted_price_set.map_or(discounted, paid),
            taxes: taxes(&self.tax_lines),
            code: self.code,
            id: self.id,
        }
    }
}

impl Order {
    pub(super) fn canonical(self, channel: &ChannelId) -> Result<Canonical, Unclear> {
        let tip = self.total_tip_received_set.map_or(Decimal::ZERO, |set| set.shop_money.amount.0);
        let some = |set: Option<MoneyBag>| set.map(paid).unwrap_or_default();
        let parts = Parts {
            currency: currency(self.presentment_currency_code.as_deref().unwrap_or(&self.currency_code))?,
            placed_at: self.processed_at.unwrap_or(self.created_at),
            updated_at: self.updated_at,
            cancelled: self.cancelled_at.is_some(),
            test: self.test,
            taxes_included: self.taxes_included,
            duties_included: self.duties_included,
            financial_status: self.display_financial_status,
            gateways: self.payment_gateway_names,
            on_terms: self.payment_terms.is_some(),
            b2b: self.purchasing_entity.is_some_and(|entity| entity.kind == "PurchasingCompany"),
            customer: self.customer.map(|c| Person {
                name: full_name(c.first_name.as_deref(), c.last_name.as_deref()),
                id: c.id,
            }),
            email: self.email,
            phone: self.phone,
            billing: self.billing_address.map(Address::from),
            shipping: self.shipping_address.map(Address::from),
            lines: self.line_items.nodes.into_iter().map(|line| line.part(tip)).collect(),
            deliveries: self.shipping_lines.nodes.into_iter().map(ShippingLine::part).collect(),
            duties: some(self.current_total_duties_set),
            additional_fees: some(self.current_total_additional_fees_set),
            tags: self.tags,
            note: self.note,
            purchase_order: self.po_number,
            subtotal: self.current_subtotal_price_set.map(paid),
            total: paid(self.current_total_price_set),
            total_tax: some(self.current_total_tax_set),
            name: self.name,
            id: self.id,
        };
        to_order(channel, parts)
    }
}
