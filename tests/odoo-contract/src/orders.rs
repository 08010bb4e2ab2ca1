//! Orders for the suite.

use crossdock_core::{
    ChannelId, Currency, LineId, Order, OrderId, OrderKey, Sku, money,
    order::{
        Address, Charge, ChargeKind, Customer, Line, Payment, PaymentState, Prices, Revision, TaxAmount,
    },
};
use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::rig::{CHANNEL, SECOND_CHANNEL};

/// # Panics
/// For what is no decimal.
#[must_use]
pub fn d(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

/// An order under construction; `total` follows the lines.
#[must_use]
pub fn order(id: &str, prices: Prices) -> Order {
    let at: Timestamp = "2026-11-20T10:11:12Z".parse().expect("a time");
    Order {
        key: OrderKey::new(ChannelId::new(CHANNEL).expect("a channel"), OrderId::new(id).expect("an id")),
        number: format!("#{id}"),
        revision: Revision { modified_at: at, sequence: Some(1) },
        placed_at: at,
        cancelled: false,
        test: false,
        currency: Currency::new("USD").expect("a currency"),
        prices,
        customer: Customer {
            id: Some(format!("c-{id}")),
            email: Some(format!("{}@example.test", id.to_lowercase())),
            name: Some("Ann Rivera".into()),
            phone: Some("+1 510 555 0100".into()),
            ..Customer::default()
        },
        billing: Some(address("Ann Rivera", "1 Main St")),
        shipping: Some(address("Ann Rivera", "1 Main St")),
        lines: vec![],
        charges: vec![],
        payment: Payment { state: PaymentState::Paid, transactions: vec![] },
        hold: None,
        note: None,
        purchase_order: None,
        total: Decimal::ZERO,
        total_tax: Decimal::ZERO,
    }
}

#[must_use]
pub fn address(name: &str, street: &str) -> Address {
    Address {
        name: name.into(),
        company: None,
        street: street.into(),
        street2: None,
        city: "Oakland".into(),
        postcode: Some("94607".into()),
        region: Some("CA".into()),
        country: "US".into(),
        phone: Some("+1 510 555 0100".into()),
    }
}

/// A tax as a shop computes it on an amount: on top of it or held by it, rounded by line.
#[must_use]
pub fn tax(rate: &str, amount: Decimal, prices: Prices) -> Vec<TaxAmount> {
    let rate = d(rate);
    let tax = match prices {
        Prices::TaxExcluded => amount * rate / Decimal::ONE_HUNDRED,
        Prices::TaxIncluded => amount * rate / (Decimal::ONE_HUNDRED + rate),
    };
    vec![TaxAmount { title: "VAT".into(), rate, amount: money::round(tax, 2) }]
}

/// Adds a line. `total` is the amount after discounts; without `rate` there is no tax.
///
/// # Panics
/// For what is no SKU or no decimal.
pub fn line(order: &mut Order, sku: &str, quantity: &str, subtotal: &str, total: &str, rate: Option<&str>) {
    let total = d(total);
    order.lines.push(Line {
        id: LineId::new(format!("l{}", order.lines.len() + 1)).expect("an id"),
        sku: Some(Sku::new(sku).expect("a SKU")),
        name: format!("Product {sku}"),
        quantity: d(quantity),
        subtotal: d(subtotal),
        total,
        taxes: rate.map(|rate| tax(rate, total, order.prices)).unwrap_or_default(),
        gift_card: false,
    });
    settle(order);
}

/// Adds shipping or a fee.
///
/// # Panics
/// For what is no decimal.
pub fn charge(order: &mut Order, kind: ChargeKind, total: &str, rate: Option<&str>) {
    let total = d(total);
    order.charges.push(Charge {
        id: LineId::new(format!("c{}", order.charges.len() + 1)).expect("an id"),
        kind,
        name: if kind == ChargeKind::Shipping { "Standard" } else { "Small order" }.into(),
        code: "standard".into(),
        total,
        taxes: rate.map(|rate| tax(rate, total, order.prices)).unwrap_or_default(),
    });
    settle(order);
}

/// Makes the totals follow the lines and charges.
pub fn settle(order: &mut Order) {
    order.total = order.computed_total();
    order.total_tax = order.lines.iter().map(Line::tax).sum::<Decimal>()
        + order.charges.iter().map(Charge::tax).sum::<Decimal>();
}

/// The channel's next version of an order.
#[must_use]
pub fn edited(order: &Order, change: impl FnOnce(&mut Order)) -> Order {
    let mut next = order.clone();
    next.revision.sequence = next.revision.sequence.map(|sequence| sequence + 1);
    change(&mut next);
    settle(&mut next);
    next
}

/// The channel's cancel of an order.
#[must_use]
pub fn cancelled(order: &Order) -> Order {
    edited(order, |order| order.cancelled = true)
}

/// Sets how many pieces of a line are ordered at a price each.
pub fn set_quantity(order: &mut Order, line: usize, quantity: &str, each: &str) {
    let prices = order.prices;
    let line = &mut order.lines[line];
    line.quantity = d(quantity);
    line.subtotal = d(quantity) * d(each);
    line.total = line.subtotal;
    let rate = line.taxes.first().map(|tax| tax.rate.to_string());
    line.taxes = rate.map(|rate| tax(&rate, line.total, prices)).unwrap_or_default();
}

/// The same order of the channel that sells for the second company.
///
/// # Panics
/// Never: the channel's name is one.
pub fn for_second_company(order: &mut Order) {
    order.key.channel = ChannelId::new(SECOND_CHANNEL).expect("a channel");
}

/// A simple order: goods with 10 % tax on top.
///
/// # Panics
/// For what is no decimal.
#[must_use]
pub fn simple(mut order: Order) -> Order {
    line(&mut order, "CD-1", "2", "20.00", "20.00", Some("10"));
    line(&mut order, "CD-2", "1", "20.00", "20.00", Some("10"));
    order
}
