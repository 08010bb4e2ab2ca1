//! Invoices and payments of one order, held against what the shop sold and what the warehouse sent.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{
    Channel,
    shipped::{Case, Goods, decimal},
};
use crate::{
    odoo::PaymentView,
    shops::{Paid, cents},
};

/// What is not as it must be; the payments of the order are added to `known`.
pub(super) fn wrong(case: &Case<'_>, payments: &[PaymentView], known: &mut BTreeSet<i64>) -> Vec<String> {
    let mut wrong = Vec::new();
    for invoice in case.invoices.iter().filter(|invoice| invoice.state != "posted" || invoice.credit) {
        wrong.push(format!("invoice {} is {} (credit: {})", invoice.id, invoice.state, invoice.credit));
    }
    let (invoiced, shipped) = (invoiced(case), case.shipped());
    if invoiced != shipped {
        wrong.push(format!("invoiced {invoiced:?}, shipped {shipped:?}"));
    }
    let total: Decimal = case.invoices.iter().map(|invoice| decimal(invoice.total)).sum();
    let (owed, whole) = owed(case, &shipped);
    // Of a whole order the cents must be those of the shop. Of a part each line is rounded by itself.
    let lines = case.invoices.iter().map(|invoice| invoice.lines.len()).sum::<usize>();
    let slack = if whole { Decimal::ZERO } else { Decimal::new(1, 2) * Decimal::from(lines) };
    if (total - owed).abs() > slack {
        wrong.push(format!("invoiced {total}, owed for what has shipped {owed}"));
    }
    wrong.extend(wrong_payments(case, payments, known));
    wrong
}

/// Goods on posted invoices.
fn invoiced(case: &Case<'_>) -> Goods {
    let mut goods = Goods::new();
    let lines = case.invoices.iter().filter(|invoice| invoice.state == "posted").flat_map(|i| &i.lines);
    for (sku, quantity) in lines.filter(|(sku, _)| sku.starts_with("CD-")) {
        *goods.entry(sku.clone()).or_default() += decimal(*quantity);
    }
    goods
}

/// What the customer owes for what has shipped, and whether that is the whole order. Shipping and fees are owed
/// with the first shipment.
fn owed(case: &Case<'_>, shipped: &Goods) -> (Decimal, bool) {
    if shipped.is_empty() {
        return (Decimal::ZERO, false);
    }
    if *shipped == case.ordered() {
        return (case.sale.total(), true);
    }
    let sale = case.sale;
    let mut owed = Decimal::ZERO;
    for goods in sale.goods.iter().filter(|goods| goods.current > 0) {
        // One SKU may stand on two lines with two prices: Odoo's line says which of them has left.
        let own = format!("_{}", goods.id);
        let line = case.view.lines.iter().find(|line| line.external_id.ends_with(&own));
        let part = line.map_or(Decimal::ZERO, |line| decimal(line.delivered));
        let on_top = if sale.tax_included { Decimal::ZERO } else { sale.line_tax(goods) };
        owed += (goods.total() + on_top) * part / Decimal::from(goods.current);
    }
    let on_top = if sale.tax_included { Decimal::ZERO } else { sale.shipping_tax() };
    owed += sale.shipping.as_ref().map_or(Decimal::ZERO, |shipping| shipping.price + on_top);
    owed += sale.fee.as_ref().map_or(Decimal::ZERO, |fee| fee.amount);
    (cents(owed), false)
}

/// What the gateways took: the end of the payment's memo, the journal and the amount.
fn taken(case: &Case<'_>) -> Vec<(String, &'static str, Decimal)> {
    let sale = case.sale;
    // A payment is booked for an invoice: where nothing is invoiced, or free goods alone, nothing is booked.
    if sale.paid != Paid::Paid || case.invoices.iter().all(|invoice| invoice.total == 0.0) {
        return Vec::new();
    }
    let all = match case.channel {
        Channel::Shopify => vec![
            ((sale.id * 100 + 1).to_string(), "Shopify Payments", sale.total() - sale.gift_card),
            ((sale.id * 100 + 2).to_string(), "Gift Cards", sale.gift_card),
        ],
        Channel::Woo => vec![(format!("ch_{}", sale.id), "Stripe", sale.total())],
        Channel::Portal => Vec::new(),
    };
    all.into_iter().filter(|(_, _, amount)| !amount.is_zero()).collect()
}

fn wrong_payments(case: &Case<'_>, payments: &[PaymentView], known: &mut BTreeSet<i64>) -> Vec<String> {
    let mut wrong = Vec::new();
    let taken = taken(case);
    for (id, journal, amount) in &taken {
        let of_it = |payment: &&PaymentView| {
            payment.memo == *id || payment.memo.strip_suffix(id.as_str()).is_some_and(|s| s.ends_with('/'))
        };
        let found: Vec<&PaymentView> = payments.iter().filter(of_it).collect();
        let [one] = found.as_slice() else {
            wrong.push(format!("{} payments {id} in Odoo, one was taken", found.len()));
            continue;
        };
        known.insert(one.id);
        if one.journal != *journal || decimal(one.amount) != *amount || one.state == "draft" {
            wrong.push(format!("{amount} taken for {journal}, in Odoo {one:?}"));
        }
    }
    let residual: Decimal = case.invoices.iter().map(|invoice| decimal(invoice.residual)).sum();
    let total: Decimal = case.invoices.iter().map(|invoice| decimal(invoice.total)).sum();
    let paid: Decimal = taken.iter().map(|(_, _, amount)| *amount).sum();
    let open = (total - paid).max(Decimal::ZERO);
    if residual != open {
        wrong.push(format!("{residual} of {total} is open in Odoo, {paid} was paid"));
    }
    wrong
}
