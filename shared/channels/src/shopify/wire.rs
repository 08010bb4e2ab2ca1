//! The order as a Shopify webhook carries it (the REST Admin API's order).

use crossdock_core::{
    ChannelId, Order as Canonical,
    order::{Address, TaxAmount},
};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, de::IgnoredAny};

use super::parts::{Delivery, PartLine, Parts, Person, to_order};
use crate::lenient::{Amount, RawId, Unclear, currency, first, full_name, nullable, sku, text};

#[derive(Deserialize)]
pub(super) struct Order {
    id: RawId,
    name: Option<String>,
    created_at: Timestamp,
    processed_at: Option<Timestamp>,
    updated_at: Timestamp,
    cancelled_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "nullable")]
    test: bool,
    currency: String,
    presentment_currency: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    taxes_included: bool,
    #[serde(default, deserialize_with = "nullable")]
    duties_included: bool,
    financial_status: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    payment_gateway_names: Vec<String>,
    payment_terms: Option<IgnoredAny>,
    company: Option<IgnoredAny>,
    customer: Option<Customer>,
    email: Option<String>,
    phone: Option<String>,
    billing_address: Option<MailingAddress>,
    shipping_address: Option<MailingAddress>,
    line_items: Vec<LineItem>,
    #[serde(default, deserialize_with = "nullable")]
    shipping_lines: Vec<ShippingLine>,
    #[serde(default, deserialize_with = "nullable")]
    tags: String,
    note: Option<String>,
    po_number: Option<String>,
    total_price: Option<Amount>,
    total_price_set: Option<MoneyBag>,
    current_total_price: Option<Amount>,
    current_total_price_set: Option<MoneyBag>,
    total_tax: Option<Amount>,
    total_tax_set: Option<MoneyBag>,
    current_total_tax: Option<Amount>,
    current_total_tax_set: Option<MoneyBag>,
    current_subtotal_price: Option<Amount>,
    current_subtotal_price_set: Option<MoneyBag>,
    current_total_duties_set: Option<MoneyBag>,
    current_total_additional_fees_set: Option<MoneyBag>,
    /// In the shop's currency.
    total_tip_received: Option<Amount>,
}

#[derive(Deserialize)]
struct Customer {
    id: Option<RawId>,
    first_name: Option<String>,
    last_name: Option<String>,
}

/// An address; GraphQL names the same fields in its own way.
#[derive(Deserialize)]
pub(super) struct MailingAddress {
    #[serde(alias = "firstName")]
    first_name: Option<String>,
    #[serde(alias = "lastName")]
    last_name: Option<String>,
    name: Option<String>,
    company: Option<String>,
    address1: Option<String>,
    address2: Option<String>,
    city: Option<String>,
    zip: Option<String>,
    province: Option<String>,
    #[serde(alias = "provinceCode")]
    province_code: Option<String>,
    #[serde(alias = "countryCodeV2")]
    country_code: Option<String>,
    phone: Option<String>,
}

impl From<MailingAddress> for Address {
    fn from(raw: MailingAddress) -> Self {
        Self {
            name: text(raw.name.as_deref())
                .or_else(|| full_name(raw.first_name.as_deref(), raw.last_name.as_deref()))
                .unwrap_or_default(),
            company: text(raw.company.as_deref()),
            street: text(raw.address1.as_deref()).unwrap_or_default(),
            street2: text(raw.address2.as_deref()),
            city: text(raw.city.as_deref()).unwrap_or_default(),
            postcode: text(raw.zip.as_deref()),
            region: first(&[raw.province_code.as_deref(), raw.province.as_deref()]),
            country: text(raw.country_code.as_deref()).unwrap_or_default().to_ascii_uppercase(),
            phone: text(raw.phone.as_deref()),
        }
    }
}

#[derive(Deserialize)]
struct LineItem {
    id: RawId,
    sku: Option<String>,
    name: Option<String>,
    title: Option<String>,
    quantity: Amount,
    current_quantity: Option<Amount>,
    price: Option<Amount>,
    price_set: Option<MoneyBag>,
    requires_shipping: Option<bool>,
    taxable: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    gift_card: bool,
    #[serde(default, deserialize_with = "nullable")]
    tax_lines: Vec<TaxLine>,
    #[serde(default, deserialize_with = "nullable")]
    duties: Vec<Duty>,
    #[serde(default, deserialize_with = "nullable")]
    discount_allocations: Vec<Allocation>,
}

#[derive(Deserialize)]
struct Duty {
    #[serde(default, deserialize_with = "nullable")]
    tax_lines: Vec<TaxLine>,
}

#[derive(Deserialize)]
struct Allocation {
    amount: Option<Amount>,
    amount_set: Option<MoneyBag>,
}

#[derive(Deserialize)]
struct TaxLine {
    title: Option<String>,
    /// A fraction: 0.19.
    rate: Option<Amount>,
    price: Option<Amount>,
    price_set: Option<MoneyBag>,
}

#[derive(Deserialize)]
struct ShippingLine {
    id: RawId,
    title: Option<String>,
    code: Option<String>,
    price: Option<Amount>,
    price_set: Option<MoneyBag>,
    discounted_price: Option<Amount>,
    discounted_price_set: Option<MoneyBag>,
    current_discounted_price_set: Option<MoneyBag>,
    #[serde(default, deserialize_with = "nullable")]
    is_removed: bool,
    #[serde(default, deserialize_with = "nullable")]
    tax_lines: Vec<TaxLine>,
}

/// One amount in both currencies.
#[derive(Deserialize, Clone, Copy)]
pub(super) struct MoneyBag {
    #[serde(alias = "shopMoney")]
    pub shop_money: Money,
    #[serde(alias = "presentmentMoney")]
    pub presentment_money: Money,
}

#[derive(Deserialize, Clone, Copy)]
pub(super) struct Money {
    pub amount: Amount,
}

/// A percentage out of Shopify's fraction.
pub(super) fn percent(rate: Option<Amount>) -> Decimal {
    (rate.unwrap_or_default().0 * Decimal::ONE_HUNDRED).normalize()
}

/// What tells a tip among the lines. No scope of the API is needed for any of it.
pub(super) struct TipMarks<'a> {
    pub sku: Option<&'a str>,
    pub gift_card: bool,
    pub requires_shipping: Option<bool>,
    pub taxable: Option<bool>,
    /// In the shop's currency, the only one in which REST tells a tip.
    pub total: Decimal,
}

impl TipMarks<'_> {
    /// Whether the line is the order's `tip`: nothing that is sold, and exactly its amount.
    pub fn is(&self, tip: Decimal) -> bool {
        let goods = self.gift_card || self.requires_shipping.unwrap_or(true) || self.taxable.unwrap_or(true);
        !goods && text(self.sku).is_none() && !tip.is_zero() && self.total == tip
    }
}

/// Picks the presentment amount; a plain amount is the shop's and serves only where both are one currency.
struct Picker {
    one_currency: bool,
}

impl Picker {
    fn maybe(&self, set: Option<MoneyBag>, plain: Option<Amount>) -> Result<Option<Decimal>, Unclear> {
        match (set, plain) {
            (Some(set), _) => Ok(Some(set.presentment_money.amount.0)),
            (None, Some(plain)) if self.one_currency => Ok(Some(plain.0)),
            (None, Some(_)) => Err(Unclear::new("an amount is told in the shop's currency only")),
            (None, None) => Ok(None),
        }
    }

    fn must(&self, what: &str, set: Option<MoneyBag>, plain: Option<Amount>) -> Result<Decimal, Unclear> {
        self.maybe(set, plain)?.ok_or_else(|| Unclear::new(format!("missing field `{what}`")))
    }

    fn taxes(&self, lines: &[TaxLine]) -> Result<Vec<TaxAmount>, Unclear> {
        let one = |tax: &TaxLine| {
            Ok(TaxAmount {
                title: text(tax.title.as_deref()).unwrap_or_default(),
                rate: percent(tax.rate),
                amount: self.must("tax_lines.price", tax.price_set, tax.price)?,
            })
        };
        lines.iter().map(one).collect()
    }

    fn line(&self, raw: &LineItem, tip: Decimal) -> Result<PartLine, Unclear> {
        let price = self.must("line_items.price", raw.price_set, raw.price)?;
        let shop_price = raw.price_set.map_or(price, |set| set.shop_money.amount.0);
        let marks = TipMarks {
            sku: raw.sku.as_deref(),
            gift_card: raw.gift_card,
            requires_shipping: raw.requires_shipping,
            taxable: raw.taxable,
            total: (shop_price * raw.quantity.0).normalize(),
        };
        let duty_taxes =
            raw.duties.iter().map(|duty| self.taxes(&duty.tax_lines)).collect::<Result<Vec<_>, _>>()?;
        let mut discount = Decimal::ZERO;
        for allocation in &raw.discount_allocations {
            discount += self.must("discount_allocations.amount", allocation.amount_set, allocation.amount)?;
        }
        Ok(PartLine {
            id: raw.id.clone(),
            sku: sku(raw.sku.as_deref()),
            name: first(&[raw.name.as_deref(), raw.title.as_deref()]).unwrap_or_default(),
            quantity: raw.quantity.0,
            current_quantity: raw.current_quantity.unwrap_or(raw.quantity).0,
            price,
            discount,
            taxes: self.taxes(&raw.tax_lines)?,
            duty_taxes: duty_taxes.into_iter().flatten().collect(),
            gift_card: raw.gift_card,
            tip: marks.is(tip),
        })
    }

    fn delivery(&self, raw: &ShippingLine) -> Result<Delivery, Unclear> {
        let price = self.must("shipping_lines.price", raw.price_set, raw.price)?;
        let discounted = self.maybe(raw.discounted_price_set, raw.discounted_price)?.unwrap_or(price);
        Ok(Delivery {
            id: raw.id.clone(),
            title: text(raw.title.as_deref()).unwrap_or_default(),
            code: raw.code.clone(),
            discounted,
            current: self.maybe(raw.current_discounted_price_set, None)?.unwrap_or(discounted),
            taxes: self.taxes(&raw.tax_lines)?,
        })
    }
}

impl Order {
    pub(super) fn canonical(self, channel: &ChannelId) -> Result<Canonical, Unclear> {
        let shop = currency(&self.currency)?;
        let paid_in = self.presentment_currency.as_deref().map_or_else(|| Ok(shop.clone()), currency)?;
        let pick = Picker { one_currency: shop == paid_in };
        let tip = self.total_tip_received.unwrap_or_default().0;
        let total = match pick.maybe(self.current_total_price_set, self.current_total_price)? {
            Some(current) => current,
            None => pick.must("total_price", self.total_price_set, self.total_price)?,
        };
        let total_tax = match pick.maybe(self.current_total_tax_set, self.current_total_tax)? {
            Some(current) => current,
            None => pick.maybe(self.total_tax_set, self.total_tax)?.unwrap_or_default(),
        };
        let kept = self.shipping_lines.iter().filter(|line| !line.is_removed);
        let parts = Parts {
            placed_at: self.processed_at.unwrap_or(self.created_at),
            updated_at: self.updated_at,
            cancelled: self.cancelled_at.is_some(),
            test: self.test,
            taxes_included: self.taxes_included,
            duties_included: self.duties_included,
            financial_status: self.financial_status,
            gateways: self.payment_gateway_names,
            on_terms: self.payment_terms.is_some(),
            b2b: self.company.is_some(),
            customer: self.customer.map(|c| Person {
                name: full_name(c.first_name.as_deref(), c.last_name.as_deref()),
                id: c.id,
            }),
            email: self.email,
            phone: self.phone,
            billing: self.billing_address.map(Address::from),
            shipping: self.shipping_address.map(Address::from),
            lines: self.line_items.iter().map(|line| pick.line(line, tip)).collect::<Result<_, _>>()?,
            deliveries: kept.map(|line| pick.delivery(line)).collect::<Result<_, _>>()?,
            duties: pick.maybe(self.current_total_duties_set, None)?.unwrap_or_default(),
            additional_fees: pick.maybe(self.current_total_additional_fees_set, None)?.unwrap_or_default(),
            tags: self.tags.split(',').map(str::to_owned).collect(),
            note: self.note,
            purchase_order: self.po_number,
            subtotal: pick.maybe(self.current_subtotal_price_set, self.current_subtotal_price)?,
            total,
            total_tax,
            currency: paid_in,
            name: self.name,
            id: self.id,
        };
        to_order(channel, parts)
    }
}
