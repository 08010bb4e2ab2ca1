//! What a schema cannot say: that the amounts add up, that ids are unique, that times are times. Everything
//! that is wrong is reported at once, so that a partner mends a body in one round.

use std::{collections::BTreeSet, str::FromStr};

use crossdock_core::{
    ChannelId, Order as Canonical, OrderKey, Sku,
    hook::FieldError,
    order::{Address, Charge, Customer, Line, Payment, Revision, TaxAmount, Transaction},
};
use crossdock_hooks::published::{Money, SkuText, Time};
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::wire;
use crate::lenient::{Amount, text};

/// A partner's rounding may differ from ours by a cent over the order.
const TOLERANCE: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// Collects what is wrong while it reads, and stands in harmless values for what it cannot read.
#[derive(Default)]
struct Checks {
    errors: Vec<FieldError>,
}

impl Checks {
    fn fail(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.errors.push(FieldError { path: path.into(), message: message.into() });
    }

    fn decimal(&mut self, path: &str, raw: &Money) -> Decimal {
        let read = Amount::parse(&raw.0).map(|amount| amount.0);
        if read.is_none() {
            self.fail(path, "is not a decimal in a text");
        }
        read.unwrap_or_default()
    }

    fn time(&mut self, path: &str, raw: &Time) -> Timestamp {
        let read = Timestamp::from_str(&raw.0).ok();
        if read.is_none() {
            self.fail(path, "is no time of RFC 3339 with an offset, such as 2026-11-23T07:38:11Z");
        }
        read.unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn sku(&mut self, path: &str, raw: &SkuText) -> Option<Sku> {
        let sku = Sku::new(raw.0.clone()).ok();
        if sku.is_none() {
            self.fail(path, "must be at most 128 bytes, without control characters or outer spaces");
        }
        sku
    }

    fn taxes(&mut self, path: &str, raw: &[wire::Tax]) -> Vec<TaxAmount> {
        let one = |(at, tax): (usize, &wire::Tax)| TaxAmount {
            title: text(Some(&tax.title)).unwrap_or_default(),
            rate: self.decimal(&format!("{path}/taxes/{at}/rate"), &tax.rate),
            amount: self.decimal(&format!("{path}/taxes/{at}/amount"), &tax.amount),
        };
        raw.iter().enumerate().map(one).collect()
    }

    fn line(&mut self, at: usize, raw: &wire::Line) -> Line {
        let path = format!("/lines/{at}");
        let line = Line {
            id: raw.id.clone(),
            sku: self.sku(&format!("{path}/sku"), &raw.sku),
            name: text(Some(&raw.name)).unwrap_or_default(),
            quantity: self.decimal(&format!("{path}/quantity"), &raw.quantity),
            subtotal: self.decimal(&format!("{path}/subtotal"), &raw.subtotal),
            total: self.decimal(&format!("{path}/total"), &raw.total),
            taxes: self.taxes(&path, &raw.taxes),
            gift_card: raw.gift_card,
        };
        if line.quantity <= Decimal::ZERO {
            self.fail(format!("{path}/quantity"), "must be above zero; leave out a line that was taken off");
        }
        line
    }

    fn charge(&mut self, at: usize, raw: &wire::Charge) -> Charge {
        let path = format!("/charges/{at}");
        Charge {
            id: raw.id.clone(),
            kind: raw.kind,
            name: text(Some(&raw.name)).unwrap_or_default(),
            code: text(raw.code.as_deref()).or_else(|| text(Some(&raw.name))).unwrap_or_default(),
            total: self.decimal(&format!("{path}/total"), &raw.total),
            taxes: self.taxes(&path, &raw.taxes),
        }
    }

    fn payment(&mut self, raw: &wire::Payment) -> Payment {
        let one = |(at, t): (usize, &wire::Transaction)| Transaction {
            id: text(t.id.as_deref()),
            gateway: text(Some(&t.gateway)).unwrap_or_default(),
            gift_card: t.gift_card,
            amount: self.decimal(&format!("/payment/transactions/{at}/amount"), &t.amount),
        };
        let transactions = raw.transactions.iter().enumerate().map(one).collect();
        Payment { state: raw.state, transactions }
    }

    fn whole(&mut self, order: &Canonical) {
        if order.lines.is_empty() && !order.cancelled {
            self.fail("/lines", "must hold at least one line, unless the order is cancelled");
        }
        let mut seen = BTreeSet::new();
        let lines = order.lines.iter().enumerate().map(|(at, line)| (format!("/lines/{at}/id"), &line.id));
        let charges = order.charges.iter().enumerate().map(|(at, c)| (format!("/charges/{at}/id"), &c.id));
        for (path, id) in lines.chain(charges) {
            if !seen.insert(id) {
                self.fail(path, "is used twice in this order");
            }
        }
        let computed = order.computed_total();
        if (computed - order.total).abs() > TOLERANCE {
            self.fail("/total", format!("lines and charges add up to {computed}"));
        }
        let taxes: Decimal = order.lines.iter().map(Line::tax).sum::<Decimal>()
            + order.charges.iter().map(Charge::tax).sum::<Decimal>();
        if (taxes - order.total_tax).abs() > TOLERANCE {
            self.fail("/total_tax", format!("the taxes of lines and charges add up to {taxes}"));
        }
        if order.destination().is_none() && !order.cancelled {
            self.fail("/shipping_address", "is missing, and so is a billing address");
        }
    }
}

fn address(raw: wire::Address) -> Address {
    Address {
        name: text(Some(&raw.name)).unwrap_or_default(),
        company: text(raw.company.as_deref()),
        street: text(Some(&raw.street)).unwrap_or_default(),
        street2: text(raw.street2.as_deref()),
        city: text(Some(&raw.city)).unwrap_or_default(),
        postcode: text(raw.postcode.as_deref()),
        region: text(raw.region.as_deref()),
        country: raw.country.0,
        phone: text(raw.phone.as_deref()),
    }
}

fn customer(raw: &wire::Customer) -> Customer {
    Customer {
        id: text(raw.id.as_deref()),
        email: text(raw.email.as_deref()),
        name: text(raw.name.as_deref()),
        phone: text(raw.phone.as_deref()),
        company: text(raw.company.as_deref()),
        vat: text(raw.vat.as_deref()),
        authenticated: raw.authenticated,
    }
}

pub(super) fn to_order(channel: &ChannelId, raw: wire::Order) -> Result<Canonical, Vec<FieldError>> {
    let mut checks = Checks::default();
    let order = Canonical {
        key: OrderKey::new(channel.clone(), raw.id.clone()),
        number: text(raw.number.as_deref()).unwrap_or_else(|| raw.id.to_string()),
        revision: Revision {
            modified_at: checks.time("/modified_at", &raw.modified_at),
            sequence: Some(raw.sequence),
        },
        placed_at: checks.time("/placed_at", &raw.placed_at),
        cancelled: raw.cancelled,
        test: raw.test,
        currency: raw.currency,
        prices: raw.prices,
        customer: customer(&raw.customer),
        billing: raw.billing_address.map(address),
        shipping: raw.shipping_address.map(address),
        lines: raw.lines.iter().enumerate().map(|(at, line)| checks.line(at, line)).collect(),
        charges: raw.charges.iter().enumerate().map(|(at, charge)| checks.charge(at, charge)).collect(),
        payment: checks.payment(&raw.payment),
        hold: text(raw.hold.as_deref()),
        note: text(raw.note.as_deref()),
        purchase_order: text(raw.purchase_order.as_deref()),
        total: checks.decimal("/total", &raw.total),
        total_tax: checks.decimal("/total_tax", &raw.total_tax),
    };
    checks.whole(&order);
    if checks.errors.is_empty() { Ok(order) } else { Err(checks.errors) }
}
