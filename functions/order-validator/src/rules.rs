//! The rules. All that is wrong with an order is said at once.

use std::{collections::BTreeMap, sync::Arc};

use crossdock_core::{
    Sku,
    config::Channel,
    money,
    order::{ChargeKind, Order, TaxAmount},
    reason::{Reason, ReasonCode},
};
use crossdock_odoo::{Company, Countries, Product};
use rust_decimal::Decimal;

/// What Odoo has.
pub(crate) struct Facts {
    pub company: Option<Arc<Company>>,
    pub products: BTreeMap<Sku, Arc<Vec<Product>>>,
    pub countries: Arc<Countries>,
}

/// Everything that keeps `order` out of Odoo.
pub(crate) fn all(channel: &Channel, order: &Order, facts: &Facts) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if order.test {
        // Nothing else about it matters.
        return vec![Reason::new(ReasonCode::TestOrder, "a test order of the shop")];
    }
    if let Some(hold) = &order.hold {
        reasons.push(Reason::new(ReasonCode::FraudHold, hold.clone()));
    }
    lines(order, facts, &mut reasons);
    payment(channel, order, &mut reasons);
    settings(channel, order, facts, &mut reasons);
    taxes(channel, order, facts, &mut reasons);
    charges(channel, order, facts, &mut reasons);
    address(order, facts, &mut reasons);
    arithmetic(channel, order, &mut reasons);
    reasons.sort();
    reasons.dedup();
    reasons
}

fn lines(order: &Order, facts: &Facts, reasons: &mut Vec<Reason>) {
    if order.lines.is_empty() {
        reasons.push(Reason::new(ReasonCode::NoLines, "no line is left on the order"));
    }
    for line in &order.lines {
        if line.quantity <= Decimal::ZERO {
            reasons.push(Reason::new(
                ReasonCode::BadQuantity,
                format!("line {}: quantity {}", line.id, line.quantity),
            ));
        }
        match &line.sku {
            None => reasons.push(Reason::new(ReasonCode::MissingSku, format!("line {} has no SKU", line.id))),
            Some(sku) => product(sku, facts, reasons),
        }
    }
}

fn product(sku: &Sku, facts: &Facts, reasons: &mut Vec<Reason>) {
    let found = facts.products.get(sku).map(|found| found.as_slice()).unwrap_or_default();
    let reason = match found {
        [] => (ReasonCode::UnknownSku, format!("Odoo has no product {sku}")),
        [one] if one.sellable => return,
        [_] => (ReasonCode::NotSellable, format!("product {sku} is archived or not for sale")),
        more => (ReasonCode::AmbiguousSku, format!("Odoo has {} products {sku}", more.len())),
    };
    reasons.push(Reason::new(reason.0, reason.1));
}

fn payment(channel: &Channel, order: &Order, reasons: &mut Vec<Reason>) {
    // Nothing owed is as good as paid.
    if !order.total.is_zero() && !channel.payment.accept.contains(&order.payment.state) {
        let state = serde_json::to_value(order.payment.state).unwrap_or_default();
        let detail = format!("payment is {}", state.as_str().unwrap_or_default());
        reasons.push(Reason::new(ReasonCode::PaymentNotAcceptable, detail));
    }
}

/// Whether something that the configuration names for this order is not among what was read of Odoo.
pub(crate) fn misses_a_setting(channel: &Channel, order: &Order, company: &Company) -> bool {
    let pricelist = channel.pricelists.get(&order.currency).is_some_and(|p| company.pricelist(p).is_none());
    let tax = all_taxes(order)
        .filter_map(|tax| channel.tax_rule(order, tax.rate))
        .any(|rule| company.tax(&rule.odoo).is_none());
    let warehouse = channel.warehouse.as_ref().is_some_and(|w| company.warehouse(w).is_none());
    let team = channel.team.as_ref().is_some_and(|t| company.team(t).is_none());
    pricelist || tax || warehouse || team
}

fn settings(channel: &Channel, order: &Order, facts: &Facts, reasons: &mut Vec<Reason>) {
    let missing = |what: String| Reason::new(ReasonCode::SettingMissingInOdoo, what);
    let Some(company) = &facts.company else {
        reasons.push(missing(format!("no company {} that our user may act in", channel.company)));
        return;
    };
    if let Some(warehouse) = channel.warehouse.as_ref().filter(|w| company.warehouse(w).is_none()) {
        reasons.push(missing(format!("no warehouse {warehouse}")));
    }
    if let Some(team) = channel.team.as_ref().filter(|t| company.team(t).is_none()) {
        reasons.push(missing(format!("no sales team {team}")));
    }
    let Some(wanted) = channel.pricelists.get(&order.currency) else {
        let detail = format!("no pricelist is configured for {}", order.currency);
        reasons.push(Reason::new(ReasonCode::NoPricelist, detail));
        return;
    };
    match company.pricelist(wanted) {
        None => reasons.push(missing(format!("no pricelist {wanted}"))),
        Some(pricelist) if pricelist.currency.as_ref() != Some(&order.currency) => {
            let detail = format!("pricelist {wanted} is not in {}", order.currency);
            reasons.push(Reason::new(ReasonCode::CurrencyDiffers, detail));
        }
        Some(_) => {}
    }
}

fn all_taxes(order: &Order) -> impl Iterator<Item = &TaxAmount> {
    let of_lines = order.lines.iter().flat_map(|line| &line.taxes);
    of_lines.chain(order.charges.iter().flat_map(|charge| &charge.taxes))
}

fn taxes(channel: &Channel, order: &Order, facts: &Facts, reasons: &mut Vec<Reason>) {
    for tax in all_taxes(order) {
        match channel.tax_rule(order, tax.rate) {
            // A tax of nothing that nobody mapped is no tax.
            None if tax.amount.is_zero() && tax.rate.is_zero() => {}
            None => {
                let to = order.destination().map_or("no country", |to| to.country.as_str());
                let detail = format!("{} % to {to}", tax.rate.normalize());
                reasons.push(Reason::new(ReasonCode::TaxUnmapped, detail));
            }
            Some(rule) => {
                let found = facts.company.as_ref().map(|company| company.tax(&rule.odoo));
                let what = match found {
                    Some(None) => format!("no sales tax {}", rule.odoo),
                    Some(Some(tax)) if !tax.percent => format!("tax {} is no percentage", rule.odoo),
                    Some(Some(_)) | None => continue,
                };
                reasons.push(Reason::new(ReasonCode::SettingMissingInOdoo, what));
            }
        }
    }
}

fn charges(channel: &Channel, order: &Order, facts: &Facts, reasons: &mut Vec<Reason>) {
    for charge in &order.charges {
        match (channel.charge_product(charge), charge.kind) {
            (Some(sku), _) => product(sku, facts, reasons),
            (None, ChargeKind::Shipping) => {
                let detail = format!("shipping method {:?} (code {:?})", charge.name, charge.code);
                reasons.push(Reason::new(ReasonCode::ShippingUnmapped, detail));
            }
            (None, ChargeKind::Fee) => {
                reasons.push(Reason::new(ReasonCode::FeeUnmapped, format!("fee {:?}", charge.name)));
            }
        }
    }
}

fn address(order: &Order, facts: &Facts, reasons: &mut Vec<Reason>) {
    // What is missing is named, never what is there: an address is personal data.
    let detail = match order.destination() {
        None => "the order has no address".to_owned(),
        Some(to) => {
            let mut wrong = Vec::new();
            for (field, value) in [("name", &to.name), ("street", &to.street), ("city", &to.city)] {
                if value.trim().is_empty() {
                    wrong.push(format!("{field} is empty"));
                }
            }
            if !facts.countries.countries.contains_key(&to.country) {
                wrong.push("Odoo does not know the country".to_owned());
            }
            wrong.join(", ")
        }
    };
    if !detail.is_empty() {
        reasons.push(Reason::new(ReasonCode::AddressUnusable, detail));
    }
}

fn arithmetic(channel: &Channel, order: &Order, reasons: &mut Vec<Reason>) {
    let limit = channel.rounding.as_ref().map_or(Decimal::ZERO, |rule| rule.limit);
    let sum = money::round_to(order.computed_total(), &order.currency);
    let negative = order.lines.iter().any(|line| line.total < Decimal::ZERO || line.subtotal < Decimal::ZERO);
    if negative {
        reasons.push(Reason::new(ReasonCode::ArithmeticInconsistent, "a line has a negative amount"));
    }
    if order.total < Decimal::ZERO {
        // Fees may be negative; an order that pays the customer is for a person to see.
        reasons.push(Reason::new(ReasonCode::ArithmeticInconsistent, "the total is negative"));
    }
    if (sum - order.total).abs() > limit {
        let detail = format!("lines and charges add up to {sum}, the order says {}", order.total);
        reasons.push(Reason::new(ReasonCode::ArithmeticInconsistent, detail));
    }
    let tax: Decimal = all_taxes(order).map(|tax| tax.amount).sum();
    let tax = money::round_to(tax, &order.currency);
    if (tax - order.total_tax).abs() > limit {
        let detail = format!("taxes add up to {tax}, the order says {}", order.total_tax);
        reasons.push(Reason::new(ReasonCode::ArithmeticInconsistent, detail));
    }
}
