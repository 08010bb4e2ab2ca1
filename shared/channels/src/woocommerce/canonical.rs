//! From WooCommerce's order to the canonical one.
//!
//! Its lines are always net, whatever the shop shows: prices are `TaxExcluded`. A line's taxes by rate have
//! more digits than the currency (`2.896375`); they are rounded so that they make up the line's own
//! `total_tax`, and, where the shop rounds at the subtotal, the order's.

use std::collections::BTreeMap;

use crossdock_core::{
    ChannelId, Order, OrderKey, money,
    order::{
        Address, Charge, ChargeKind, Customer, Line, Payment, PaymentState, Prices, Revision, TaxAmount,
        Transaction,
    },
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use rust_decimal::Decimal;

use super::{Seen, wire};
use crate::lenient::{RawId, Unclear, currency, full_name, sku, spread, text};

/// Where the common tax-number plugins keep what the customer typed.
const VAT_KEYS: [&str; 5] =
    ["_billing_vat_number", "_vat_number", "_billing_eu_vat_number", "_billing_vat_id", "_billing_vat"];
const PURCHASE_ORDER_KEYS: [&str; 2] = ["_purchase_order_number", "_po_number"];

pub(super) fn see(channel: &ChannelId, raw: wire::Order) -> Result<Seen, Unclear> {
    match raw.status.as_str() {
        "trash" => Ok(Seen::Trashed(order(channel, raw).map(Box::new))),
        "checkout-draft" | "auto-draft" => Ok(Seen::Draft),
        _ => Ok(Seen::Order(Box::new(order(channel, raw)?))),
    }
}

fn order(channel: &ChannelId, raw: wire::Order) -> Result<Order, Unclear> {
    let currency = currency(&raw.currency)?;
    let digits = money::digits(&currency);
    let rates = rates(&raw.tax_lines);
    let mut lines = lines(&raw, &rates, digits)?;
    let mut charges = charges(&raw, &rates, digits)?;
    settle(&mut lines, &mut charges, raw.total_tax.0, digits);
    Ok(Order {
        key: OrderKey::new(channel.clone(), raw.id.order()?),
        number: text(raw.number.as_deref()).unwrap_or_else(|| raw.id.0.clone()),
        revision: Revision {
            modified_at: utc(raw.date_modified_gmt.unwrap_or(raw.date_created_gmt))?,
            sequence: None,
        },
        placed_at: utc(raw.date_created_gmt)?,
        cancelled: matches!(raw.status.as_str(), "cancelled" | "trash"),
        test: false,
        prices: Prices::TaxExcluded,
        customer: customer(&raw),
        billing: address(&raw.billing),
        shipping: address(&raw.shipping),
        lines,
        charges,
        payment: payment(&raw),
        // Held with the money already there: a fraud check or a review by hand. Without the money, "on
        // hold" only waits for a bank transfer or a cheque.
        hold: (raw.status == "on-hold" && raw.date_paid_gmt.is_some()).then(|| "on hold in the shop".into()),
        note: text(raw.customer_note.as_deref()),
        purchase_order: meta(&raw, &PURCHASE_ORDER_KEYS),
        total: raw.total.0,
        total_tax: raw.total_tax.0,
        currency,
    })
}

fn utc(at: DateTime) -> Result<Timestamp, Unclear> {
    TimeZone::UTC.to_timestamp(at).map_err(|_| Unclear::new("a date is out of range"))
}

type Rates<'a> = BTreeMap<&'a str, (String, Decimal)>;

fn rates(lines: &[wire::TaxLine]) -> Rates<'_> {
    let rate = |line: &wire::TaxLine| {
        (text(line.label.as_deref()).unwrap_or_default(), line.rate_percent.unwrap_or_default().0)
    };
    lines.iter().map(|line| (line.rate_id.0.as_str(), rate(line))).collect()
}

fn taxes(
    raw: &[wire::LineTax],
    whole: Decimal,
    rates: &Rates<'_>,
    digits: u32,
) -> Result<Vec<TaxAmount>, Unclear> {
    let mut taxes = Vec::new();
    for tax in raw {
        let amount = tax.total.unwrap_or_default().0;
        match rates.get(tax.id.0.as_str()) {
            Some((title, rate)) => taxes.push(TaxAmount { title: title.clone(), rate: *rate, amount }),
            // The shop lists every rate of the order at every line, also where nothing falls due.
            None if amount.is_zero() => {}
            None => return Err(Unclear::new("a line is taxed by a rate that the order does not list")),
        }
    }
    // A rate at which this line owes nothing, beside others, is none of its taxes.
    if taxes.len() > 1 {
        taxes.retain(|tax| !tax.amount.is_zero());
    }
    spread(&mut taxes, whole, digits);
    Ok(taxes)
}

fn lines(raw: &wire::Order, rates: &Rates<'_>, digits: u32) -> Result<Vec<Line>, Unclear> {
    // A plugin's line of nothing for nothing is no goods; nothing for money is for the validator to see.
    let kept = raw.line_items.iter().filter(|line| !line.quantity.0.is_zero() || !line.total.0.is_zero());
    let line = |line: &wire::LineItem| {
        Ok(Line {
            id: line.id.line("")?,
            sku: sku(line.sku.as_deref()),
            name: text(line.name.as_deref()).unwrap_or_default(),
            quantity: line.quantity.0,
            subtotal: line.subtotal.0,
            total: line.total.0,
            taxes: taxes(&line.taxes, line.total_tax.0, rates, digits)?,
            gift_card: false,
        })
    };
    kept.map(line).collect()
}

fn charges(raw: &wire::Order, rates: &Rates<'_>, digits: u32) -> Result<Vec<Charge>, Unclear> {
    let shipping = |line: &wire::ShippingLine| {
        let name = text(line.method_title.as_deref()).unwrap_or_default();
        let code = method_code(line.method_id.as_deref(), line.instance_id.as_ref());
        Ok(Charge {
            id: line.id.line("")?,
            kind: ChargeKind::Shipping,
            code: code.unwrap_or_else(|| name.clone()),
            name,
            total: line.total.0,
            taxes: taxes(&line.taxes, line.total_tax.0, rates, digits)?,
        })
    };
    // A negative fee is a discount on the whole order, and stays a charge.
    let fee = |line: &wire::FeeLine| {
        let name = text(line.name.as_deref()).unwrap_or_default();
        Ok(Charge {
            id: line.id.line("")?,
            kind: ChargeKind::Fee,
            code: name.clone(),
            name,
            total: line.total.0,
            taxes: taxes(&line.taxes, line.total_tax.0, rates, digits)?,
        })
    };
    raw.shipping_lines.iter().map(shipping).chain(raw.fee_lines.iter().map(fee)).collect()
}

/// `flat_rate:3`: the method and which of the shop's instances of it.
fn method_code(method: Option<&str>, instance: Option<&RawId>) -> Option<String> {
    let method = text(method)?;
    Some(match instance.and_then(|id| text(Some(&id.0))) {
        Some(instance) => format!("{method}:{instance}"),
        None => method,
    })
}

/// A shop that rounds taxes at the subtotal charges cents more or less than its lines add up to. They go to
/// the largest tax; more than a cent per line or charge is for the validator to see.
fn settle(lines: &mut [Line], charges: &mut [Charge], whole: Decimal, digits: u32) {
    let parts = lines.len() + charges.len();
    let sum = lines.iter().map(Line::tax).sum::<Decimal>() + charges.iter().map(Charge::tax).sum::<Decimal>();
    let rest = whole - sum;
    let all =
        lines.iter_mut().flat_map(|l| &mut l.taxes).chain(charges.iter_mut().flat_map(|c| &mut c.taxes));
    if rest.abs() <= Decimal::new(i64::try_from(parts).unwrap_or(0), digits)
        && let Some(largest) = all.max_by_key(|tax| tax.amount.abs())
    {
        largest.amount = (largest.amount + rest).normalize();
    }
}

fn address(raw: &wire::Address) -> Option<Address> {
    let country = text(raw.country.as_deref()).unwrap_or_default().to_ascii_uppercase();
    let street = text(raw.address_1.as_deref()).unwrap_or_default();
    let city = text(raw.city.as_deref()).unwrap_or_default();
    // Every order has both addresses; one that was not asked for is full of empty texts.
    if country.is_empty() && street.is_empty() && city.is_empty() {
        return None;
    }
    Some(Address {
        name: full_name(raw.first_name.as_deref(), raw.last_name.as_deref()).unwrap_or_default(),
        company: text(raw.company.as_deref()),
        street,
        street2: text(raw.address_2.as_deref()),
        city,
        postcode: text(raw.postcode.as_deref()),
        region: text(raw.state.as_deref()),
        country,
        phone: text(raw.phone.as_deref()),
    })
}

fn customer(raw: &wire::Order) -> Customer {
    let account = raw.customer_id.as_ref().map(|id| id.0.as_str()).filter(|id| *id != "0");
    Customer {
        id: text(account),
        email: text(raw.billing.email.as_deref()),
        name: full_name(raw.billing.first_name.as_deref(), raw.billing.last_name.as_deref()),
        phone: text(raw.billing.phone.as_deref()),
        company: text(raw.billing.company.as_deref()),
        vat: meta(raw, &VAT_KEYS),
        // A shop account can be opened by anybody under any name.
        authenticated: false,
    }
}

fn meta(raw: &wire::Order, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| {
        let mut found = raw.meta_data.iter().filter(|meta| meta.key.as_deref() == Some(key));
        found.find_map(|meta| match &meta.value {
            wire::MetaValue::Text(value) => text(Some(value)),
            wire::MetaValue::Other(_) | wire::MetaValue::Absent => None,
        })
    })
}

/// `date_paid` tells whether the money is there; the status tells how far the shop is with the order. Cash
/// on delivery, transfers and cheques are therefore pending until the shop books them.
fn payment(raw: &wire::Order) -> Payment {
    let paid = raw.date_paid_gmt.is_some();
    let refunded: Decimal = raw.refunds.iter().map(|refund| refund.total.0.abs()).sum();
    let state = match raw.status.as_str() {
        "refunded" => PaymentState::Refunded,
        "failed" => PaymentState::Failed,
        "cancelled" | "trash" if !paid => PaymentState::Voided,
        _ if paid && !refunded.is_zero() && refunded >= raw.total.0 => PaymentState::Refunded,
        _ if paid && !refunded.is_zero() => PaymentState::PartiallyRefunded,
        _ if paid => PaymentState::Paid,
        _ => PaymentState::Pending,
    };
    let transaction = text(Some(&raw.payment_method)).map(|gateway| Transaction {
        id: text(raw.transaction_id.as_deref()),
        gateway,
        gift_card: false,
        amount: if paid { raw.total.0 } else { Decimal::ZERO },
    });
    Payment { state, transactions: transaction.into_iter().collect() }
}
