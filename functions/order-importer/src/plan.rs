//! What an order's lines become in Odoo.

use std::{collections::BTreeMap, sync::Arc};

use crossdock_core::{
    Sku, money,
    order::{Charge, ChargeKind, Order, Prices, TaxAmount},
    reason::{Reason, ReasonCode},
};
use crossdock_odoo::{
    Capabilities, Company, Product,
    orders::{Existing, OrderLine, ReadBack},
    pricing::{self, LineTax, Priced, Rounding},
};
use crossdock_platform::orders::Applied;
use rust_decimal::Decimal;

use crate::Job;

/// The id of the line that carries a rounding difference.
pub(crate) const ROUNDING_LINE: &str = "rounding";

/// An order's lines, priced, and the rounding that they are expected to need.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Planned {
    /// Always there: without a pricelist the rows would be no fence.
    pub pricelist: i64,
    pub lines: Vec<OrderLine>,
    pub rounding: Decimal,
    /// The channel's rounding product and limit, where it has them.
    pub rule: Option<(i64, Decimal)>,
    /// By how much the lines' prices miss their totals because Odoo's digits cannot express them.
    pub inexpressible: Decimal,
}

pub(crate) type Products = BTreeMap<Sku, Arc<Vec<Product>>>;

fn charge_line(charge: &Charge) -> String {
    match charge.kind {
        ChargeKind::Shipping => format!("s{}", charge.id),
        ChargeKind::Fee => format!("f{}", charge.id),
    }
}

/// What an order and Odoo's settings make of its lines; the end of the order where something that the
/// validator saw is gone again.
pub(crate) fn plan(
    job: &Job,
    company: &Company,
    products: &Products,
    capabilities: &Capabilities,
) -> Result<Planned, Reason> {
    let order = &job.order;
    let wanted = job.channel.pricelists.get(&order.currency);
    let Some(pricelist) = wanted.and_then(|wanted| company.pricelist(wanted)).map(|pricelist| pricelist.id)
    else {
        let why = format!("no pricelist in {}", order.currency);
        return Err(Reason::new(ReasonCode::SettingMissingInOdoo, why));
    };
    let rounding = Rounding {
        price_digits: capabilities.price_digits,
        discount_digits: capabilities.discount_digits,
        currency_digits: money::digits(&order.currency),
        globally: company.rounds_globally,
    };
    let planner = Planner { job, company, products, rounding };
    let mut lines = Vec::new();
    for line in &order.lines {
        let taxes = planner.taxes(&line.taxes)?;
        let priced = planner.price(line.quantity, line.subtotal, line.total, line.tax(), taxes);
        let product = planner.product(line.sku.as_ref())?;
        lines.push(OrderLine { id: line.id.to_string(), product, name: line.name.clone(), priced });
    }
    for charge in &order.charges {
        let taxes = planner.taxes(&charge.taxes)?;
        let priced = planner.price(Decimal::ONE, charge.total, charge.total, charge.tax(), taxes);
        let product = planner.product(job.channel.charge_product(charge))?;
        lines.push(OrderLine { id: charge_line(charge), product, name: charge.name.clone(), priced });
    }
    let rule = match &job.channel.rounding {
        Some(rule) => Some((planner.product(Some(&rule.product))?, rule.limit)),
        None => None,
    };
    let priced: Vec<Priced> = lines.iter().map(|line| line.priced.clone()).collect();
    let difference = order.total - pricing::forecast(&priced, rounding);
    let explained = rule.is_some_and(|(_, limit)| difference.abs() <= limit);
    let inexpressible = planner.inexpressible(&lines);
    Ok(Planned {
        pricelist,
        lines,
        rounding: if explained { difference } else { Decimal::ZERO },
        rule,
        inexpressible,
    })
}

struct Planner<'a> {
    job: &'a Job,
    company: &'a Company,
    products: &'a Products,
    rounding: Rounding,
}

impl Planner<'_> {
    fn product(&self, sku: Option<&Sku>) -> Result<i64, Reason> {
        let Some(sku) = sku else {
            return Err(Reason::new(ReasonCode::MissingSku, "a line has no product"));
        };
        match self.products.get(sku).map(|found| found.as_slice()) {
            Some([one]) => Ok(one.id),
            Some([_, ..]) => {
                Err(Reason::new(ReasonCode::AmbiguousSku, format!("Odoo has {sku} more than once")))
            }
            Some([]) | None => Err(Reason::new(ReasonCode::UnknownSku, format!("Odoo has no product {sku}"))),
        }
    }

    fn taxes(&self, taxes: &[TaxAmount]) -> Result<Vec<LineTax>, Reason> {
        let mut found = Vec::new();
        for tax in taxes {
            let Some(rule) = self.job.channel.tax_rule(&self.job.order, tax.rate) else {
                if tax.rate.is_zero() && tax.amount.is_zero() {
                    continue;
                }
                let why = format!("{} % is not mapped", tax.rate.normalize());
                return Err(Reason::new(ReasonCode::TaxUnmapped, why));
            };
            let Some(tax) = self.company.tax(&rule.odoo) else {
                let why = format!("no sales tax {}", rule.odoo);
                return Err(Reason::new(ReasonCode::SettingMissingInOdoo, why));
            };
            found.push(LineTax { id: tax.id, percent: tax.amount, included: tax.included });
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// Prices a line in the mode of its taxes in Odoo, whatever the channel's mode is.
    fn price(
        &self,
        quantity: Decimal,
        subtotal: Decimal,
        total: Decimal,
        tax: Decimal,
        taxes: Vec<LineTax>,
    ) -> Priced {
        let held_there = taxes.iter().any(|tax| tax.included);
        let (subtotal, total) = match (self.job.order.prices, held_there) {
            (Prices::TaxExcluded, true) => (gross_up(subtotal, total, tax), total + tax),
            (Prices::TaxIncluded, false) if !tax.is_zero() => (gross_up(subtotal, total, -tax), total - tax),
            (Prices::TaxExcluded, false) | (Prices::TaxIncluded, _) => (subtotal, total),
        };
        pricing::price(quantity, subtotal, total, taxes, self.rounding)
    }

    fn inexpressible(&self, lines: &[OrderLine]) -> Decimal {
        if self.rounding.price_digits.is_none() {
            return Decimal::ZERO;
        }
        let order = &self.job.order;
        let wanted = order.lines.iter().map(|line| (line.total, line.tax()));
        let wanted = wanted.chain(order.charges.iter().map(|charge| (charge.total, charge.tax())));
        lines
            .iter()
            .zip(wanted)
            .map(|(line, (total, tax))| {
                let held = line.priced.taxes.iter().any(|tax| tax.included);
                let total = match (order.prices, held) {
                    (Prices::TaxExcluded, true) => total + tax,
                    (Prices::TaxIncluded, false) => total - tax,
                    (Prices::TaxExcluded, false) | (Prices::TaxIncluded, true) => total,
                };
                let there = line.priced.quantity
                    * line.priced.unit_price
                    * (Decimal::ONE - line.priced.discount / Decimal::ONE_HUNDRED);
                (total - there).abs()
            })
            .sum()
    }
}

/// The amount before discounts in the other mode: tax in proportion to the amount after them.
fn gross_up(subtotal: Decimal, total: Decimal, tax: Decimal) -> Decimal {
    if total.is_zero() || subtotal == total {
        subtotal + tax
    } else {
        money::round(subtotal + subtotal * tax / total, 2)
    }
}

impl Planned {
    /// The lines to load, with the rounding line where there is a difference to explain.
    pub fn with_rounding(&self, rounding: Decimal) -> Vec<OrderLine> {
        let mut lines = self.lines.clone();
        if let Some((product, _)) = self.rule.filter(|_| !rounding.is_zero()) {
            let priced = Priced {
                quantity: Decimal::ONE,
                unit_price: rounding,
                discount: Decimal::ZERO,
                taxes: vec![],
            };
            lines.push(OrderLine { id: ROUNDING_LINE.into(), product, name: "Rounding".into(), priced });
        }
        lines
    }

    /// Whether an order in Odoo has just these goods; a rounding line does not count.
    pub fn is_held_by(&self, read: &ReadBack) -> bool {
        let mut wanted: Vec<(i64, Decimal)> =
            self.lines.iter().map(|line| (line.product, line.priced.quantity.normalize())).collect();
        wanted.sort();
        let rounding = self.rule.map(|(product, _)| product);
        let there = read.lines.iter().filter(|(product, _)| Some(*product) != rounding);
        let here = wanted.iter().filter(|(product, _)| Some(*product) != rounding);
        there.eq(here)
    }
}

/// What is recorded of an order that stands in Odoo as this content wants it.
pub(crate) fn applied(job: &Job, existing: &Existing) -> Applied {
    Applied {
        digest: job.held.digest.clone(),
        goods: job.order.goods_digest(),
        odoo_id: existing.id,
        name: existing.name.clone(),
        total: existing.total,
        cancelled: false,
    }
}

/// What an order is called in Odoo's "Customer Reference": the buyer's own number, else the channel's.
pub(crate) fn customer_reference(order: &Order) -> String {
    order.purchase_order.clone().unwrap_or_else(|| order.number.clone())
}
