//! From the parts of a Shopify order to the canonical order. The webhook's body (REST) and the GraphQL
//! answer both become [`Parts`] first, so that one order has one digest whichever way it came.
//!
//! Amounts are those of the *presentment* currency: what the customer sees, pays and is invoiced. The
//! shop's own currency differs only in shops that sell in several, and there it is a conversion.
//!
//! An edited or partly refunded line keeps its original quantity, discounts and taxes beside the *current*
//! quantity. Discounts and taxes are then scaled to the current quantity, and what rounding leaves over is
//! put right with the order's own current totals. A refunded piece counts as removed, as in `current_*`.

use std::collections::BTreeSet;

use crossdock_core::{
    ChannelId, Currency, LineId, Order, OrderKey, Sku, money,
    order::{
        Address, Charge, ChargeKind, Customer, Line, Payment, PaymentState, Prices, Revision, TaxAmount,
        Transaction,
    },
};
use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::lenient::{RawId, Unclear, first, share, text};

/// Shopify tells no risk in a webhook. Tag the order with one of these, by hand or with a Flow on high
/// risk, to hold it back; take the tag off to let it go.
pub(super) const HOLD_TAGS: [&str; 2] = ["hold", "fraud-hold"];

pub(super) struct Parts {
    pub id: RawId,
    pub name: Option<String>,
    pub placed_at: Timestamp,
    pub updated_at: Timestamp,
    pub cancelled: bool,
    pub test: bool,
    pub currency: Currency,
    pub taxes_included: bool,
    pub duties_included: bool,
    pub financial_status: Option<String>,
    pub gateways: Vec<String>,
    pub on_terms: bool,
    pub b2b: bool,
    pub customer: Option<Person>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub billing: Option<Address>,
    pub shipping: Option<Address>,
    pub lines: Vec<PartLine>,
    pub deliveries: Vec<Delivery>,
    pub duties: Decimal,
    pub additional_fees: Decimal,
    pub tags: Vec<String>,
    pub note: Option<String>,
    pub purchase_order: Option<String>,
    pub subtotal: Option<Decimal>,
    pub total: Decimal,
    pub total_tax: Decimal,
}

pub(super) struct Person {
    pub id: Option<RawId>,
    pub name: Option<String>,
}

pub(super) struct PartLine {
    pub id: RawId,
    pub sku: Option<Sku>,
    pub name: String,
    pub quantity: Decimal,
    pub current_quantity: Decimal,
    pub price: Decimal,
    pub discount: Decimal,
    pub taxes: Vec<TaxAmount>,
    pub duty_taxes: Vec<TaxAmount>,
    pub gift_card: bool,
    /// Shopify lists a tip among the lines.
    pub tip: bool,
}

pub(super) struct Delivery {
    pub id: RawId,
    pub title: String,
    pub code: Option<String>,
    pub discounted: Decimal,
    /// After refunds too.
    pub current: Decimal,
    pub taxes: Vec<TaxAmount>,
}

/// A line on its way, and whether a part of it was edited away.
struct Scaled {
    line: Line,
    scaled: bool,
}

pub(super) fn to_order(channel: &ChannelId, parts: Parts) -> Result<Order, Unclear> {
    let digits = money::digits(&parts.currency);
    let (tips, goods): (Vec<_>, Vec<_>) =
        parts.lines.iter().filter(|line| !line.current_quantity.is_zero()).partition(|line| line.tip);
    let mut lines = goods.iter().map(|line| scale(line, digits)).collect::<Result<Vec<_>, _>>()?;
    let mut charges = parts.deliveries.iter().map(|d| delivery(d, digits)).collect::<Result<Vec<_>, _>>()?;
    for tip in tips {
        let Scaled { line, .. } = scale(tip, digits)?;
        charges.push(fee(tip.id.line("tip-")?, "tip", &line.name, line.total, line.taxes));
    }
    charges.extend(levies(&parts, digits)?);
    settle(&parts, &mut lines, &charges, digits);
    Ok(Order {
        key: OrderKey::new(channel.clone(), parts.id.order()?),
        number: text(parts.name.as_deref()).unwrap_or_else(|| parts.id.0.clone()),
        revision: Revision { modified_at: parts.updated_at, sequence: None },
        placed_at: parts.placed_at,
        cancelled: parts.cancelled,
        test: parts.test,
        prices: if parts.taxes_included { Prices::TaxIncluded } else { Prices::TaxExcluded },
        customer: customer(&parts),
        lines: lines.into_iter().map(|scaled| scaled.line).collect(),
        charges,
        payment: payment(&parts)?,
        hold: hold(&parts.tags),
        note: text(parts.note.as_deref()),
        purchase_order: text(parts.purchase_order.as_deref()),
        total: parts.total,
        total_tax: parts.total_tax,
        currency: parts.currency,
        billing: parts.billing,
        shipping: parts.shipping,
    })
}

fn scale(line: &PartLine, digits: u32) -> Result<Scaled, Unclear> {
    let subtotal = (line.price * line.current_quantity).normalize();
    let scaled = line.current_quantity != line.quantity && !line.quantity.is_zero();
    let current = |amount: Decimal| {
        if scaled { share(amount, line.current_quantity, line.quantity, digits) } else { Ok(amount) }
    };
    let total = (subtotal - current(line.discount)?).normalize();
    let taxes = line.taxes.iter().map(|tax| Ok(TaxAmount { amount: current(tax.amount)?, ..tax.clone() }));
    Ok(Scaled {
        line: Line {
            id: line.id.line("")?,
            sku: line.sku.clone(),
            name: line.name.clone(),
            quantity: line.current_quantity,
            subtotal,
            total,
            taxes: taxes.collect::<Result<_, _>>()?,
            gift_card: line.gift_card,
        },
        scaled,
    })
}

fn delivery(delivery: &Delivery, digits: u32) -> Result<Charge, Unclear> {
    let refunded = delivery.current != delivery.discounted && !delivery.discounted.is_zero();
    let taxes = delivery.taxes.iter().map(|tax| {
        let amount = if refunded {
            share(tax.amount, delivery.current, delivery.discounted, digits)?
        } else {
            tax.amount
        };
        Ok(TaxAmount { amount, ..tax.clone() })
    });
    Ok(Charge {
        // Lines and deliveries count their ids apart from each other.
        id: delivery.id.line("shipping-")?,
        kind: ChargeKind::Shipping,
        name: delivery.title.clone(),
        code: text(delivery.code.as_deref()).unwrap_or_else(|| delivery.title.clone()),
        total: delivery.current,
        taxes: taxes.collect::<Result<_, _>>()?,
    })
}

fn fee(id: LineId, code: &str, name: &str, total: Decimal, taxes: Vec<TaxAmount>) -> Charge {
    Charge { id, kind: ChargeKind::Fee, name: name.into(), code: code.into(), total, taxes }
}

/// Duties and additional fees, which Shopify totals over the order.
fn levies(parts: &Parts, digits: u32) -> Result<Vec<Charge>, Unclear> {
    let id = |text: &str| LineId::new(text).map_err(|bad| Unclear::new(bad.to_string()));
    let mut charges = Vec::new();
    if !parts.duties.is_zero() && !parts.duties_included {
        let mut taxes = Vec::new();
        for line in parts.lines.iter().filter(|line| !line.current_quantity.is_zero()) {
            for tax in &line.duty_taxes {
                let amount = share(tax.amount, line.current_quantity, line.quantity, digits)?;
                taxes.push(TaxAmount { amount, ..tax.clone() });
            }
        }
        charges.push(fee(id("duties")?, "duties", "Duties", parts.duties, taxes));
    }
    if !parts.additional_fees.is_zero() {
        let code = "additional-fees";
        charges.push(fee(id(code)?, code, "Additional fees", parts.additional_fees, Vec::new()));
    }
    Ok(charges)
}

/// Puts right the cents that scaling rounded away, by the order's own current subtotal and tax. Only lines
/// that were scaled are touched and only by cents: any other difference is for the validator to see.
fn settle(parts: &Parts, lines: &mut [Scaled], charges: &[Charge], digits: u32) {
    let tips: Decimal = charges.iter().filter(|c| c.code == "tip").map(|c| c.total).sum();
    let sum: Decimal = lines.iter().map(|l| l.line.total).sum::<Decimal>();
    let taxes: Decimal = lines.iter().map(|l| l.line.tax()).sum::<Decimal>()
        + charges.iter().map(Charge::tax).sum::<Decimal>();
    let count = i64::try_from(lines.iter().filter(|l| l.scaled).count()).unwrap_or(0);
    let within = |rest: Decimal| rest.abs() <= Decimal::new(count, digits);
    let Some(last) = lines.iter_mut().filter(|l| l.scaled).max_by_key(|l| l.line.total) else { return };
    if let Some(subtotal) = parts.subtotal {
        // Whether the subtotal holds a tip depends on where the tip was given.
        let rest = [subtotal - sum, subtotal - tips - sum].into_iter().find(|rest| within(*rest));
        last.line.total = (last.line.total + rest.unwrap_or_default()).normalize();
    }
    let rest = parts.total_tax - taxes;
    if within(rest)
        && let Some(tax) = last.line.taxes.iter_mut().max_by_key(|tax| tax.amount)
    {
        tax.amount = (tax.amount + rest).normalize();
    }
}

fn customer(parts: &Parts) -> Customer {
    let of = |pick: fn(&Address) -> Option<&str>| {
        first(&[parts.billing.as_ref().and_then(pick), parts.shipping.as_ref().and_then(pick)])
    };
    let person = parts.customer.as_ref();
    Customer {
        id: person.and_then(|p| p.id.as_ref()).map(|id| id.0.clone()),
        email: text(parts.email.as_deref()),
        name: person.and_then(|p| p.name.clone()).or_else(|| of(|a| Some(&a.name))),
        phone: text(parts.phone.as_deref()).or_else(|| of(|a| a.phone.as_deref())),
        company: of(|a| a.company.as_deref()),
        vat: None,
        // A B2B order needs a sign-in as a contact of the company; nobody types that at a checkout.
        authenticated: parts.b2b,
    }
}

fn payment(parts: &Parts) -> Result<Payment, Unclear> {
    let state = match parts.financial_status.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("paid") => PaymentState::Paid,
        Some("authorized") => PaymentState::Authorized,
        Some("pending") | None if parts.on_terms => PaymentState::OnTerms,
        Some("pending") | None => PaymentState::Pending,
        Some("partially_paid") => PaymentState::PartiallyPaid,
        Some("partially_refunded") => PaymentState::PartiallyRefunded,
        Some("refunded") => PaymentState::Refunded,
        Some("voided") => PaymentState::Voided,
        // The authorisation ran out before it was captured.
        Some("expired") => PaymentState::Failed,
        Some(_) => return Err(Unclear::new("financial_status is none that is known")),
    };
    // A webhook names the gateways and neither payment ids nor how a total is split between them: the whole
    // is known only where one gateway took it all, and 0 says "not told".
    let sole = parts.gateways.len() == 1 && matches!(state, PaymentState::Paid | PaymentState::Authorized);
    // Sorted: nobody promises that both APIs list them in one order.
    let gateways: BTreeSet<_> = parts.gateways.iter().collect();
    let transactions = gateways.into_iter().map(|gateway| Transaction {
        id: None,
        gateway: gateway.clone(),
        gift_card: gateway == "gift_card",
        amount: if sole { parts.total } else { Decimal::ZERO },
    });
    Ok(Payment { state, transactions: transactions.collect() })
}

fn hold(tags: &[String]) -> Option<String> {
    let tagged = |wanted: &&&str| tags.iter().any(|tag| tag.trim().eq_ignore_ascii_case(wanted));
    HOLD_TAGS.iter().find(tagged).map(|tag| format!("tagged \"{tag}\" in the shop"))
}
