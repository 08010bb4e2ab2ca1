//! Where orders ended, judged by what the shops sent and what Odoo holds.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::Expected;

/// An order as Odoo holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Without the module.
    pub external_id: Option<String>,
    /// `draft`, `sale` or `cancel`.
    pub state: String,
    pub total: Decimal,
    pub currency: String,
    /// SKU and quantity.
    pub lines: Vec<(String, Decimal)>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    pub confirmed: usize,
    pub parked: BTreeMap<String, usize>,
    /// Neither in Odoo nor parked, where it should be one of them.
    pub lost: Vec<String>,
    /// In Odoo more than once.
    pub doubled: Vec<String>,
    pub wrong: Vec<String>,
}

/// Judges every order. `parked` is what the product says of its parked orders: reasons by order.
#[must_use]
pub fn judge(
    expected: &BTreeMap<String, Expected>,
    in_odoo: &[Seen],
    parked: &BTreeMap<String, Vec<String>>,
) -> Verdict {
    let mut verdict = Verdict::default();
    let mut by_id: BTreeMap<String, Vec<&Seen>> = BTreeMap::new();
    for seen in in_odoo {
        by_id.entry(seen.external_id.clone().unwrap_or_default()).or_default().push(seen);
    }
    for reasons in parked.values() {
        for reason in reasons {
            *verdict.parked.entry(reason.clone()).or_default() += 1;
        }
    }
    for (order, expected) in expected {
        let id = format!("order_{}", order.replacen('/', "_", 1));
        let seen = by_id.remove(&id).unwrap_or_default();
        if seen.len() > 1 {
            verdict.doubled.push(order.clone());
        }
        one(&mut verdict, order, expected, seen.first().copied(), parked.get(order));
    }
    for order in parked.keys().filter(|order| !expected.contains_key(*order)) {
        verdict.wrong.push(format!("{order} is parked and no shop has it"));
    }
    for (id, _) in by_id {
        verdict.wrong.push(format!("Odoo has {id:?}, which no shop has"));
    }
    verdict
}

fn one(
    verdict: &mut Verdict,
    order: &str,
    expected: &Expected,
    seen: Option<&Seen>,
    parked: Option<&Vec<String>>,
) {
    let confirmed = seen.filter(|seen| seen.state == "sale");
    match expected {
        Expected::Confirmed { total, currency, lines } => match (confirmed, parked) {
            (Some(seen), None) => {
                verdict.confirmed += 1;
                if seen.total != *total || seen.currency != *currency {
                    let (there, has) = (&seen.currency, seen.total);
                    verdict
                        .wrong
                        .push(format!("{order}: {has} {there} in Odoo, {total} {currency} at the shop"));
                }
                if goods(&seen.lines) != goods(lines) {
                    verdict
                        .wrong
                        .push(format!("{order}: lines {:?} in Odoo, {lines:?} at the shop", seen.lines));
                }
            }
            (_, Some(reasons)) => verdict.wrong.push(format!("{order} is good and parked for {reasons:?}")),
            (None, None) => verdict.lost.push(order.to_owned()),
        },
        Expected::Parked { reason } => {
            if confirmed.is_some() {
                verdict.wrong.push(format!("{order} is confirmed and should be parked for {reason}"));
            }
            match parked {
                None => verdict.lost.push(order.to_owned()),
                Some(reasons) if reasons.iter().any(|found| found != reason) => {
                    verdict
                        .wrong
                        .push(format!("{order} is parked for {reasons:?} and should be for {reason}"));
                }
                Some(_) => {}
            }
        }
        Expected::NotConfirmed => {
            // A quotation left behind counts as well: somebody might confirm it.
            if seen.is_some_and(|seen| seen.state != "cancel") || parked.is_some() {
                verdict.wrong.push(format!("{order} was cancelled and is still in Odoo or parked"));
            }
        }
    }
}

/// Pieces by SKU; the rounding line is no goods.
fn goods(lines: &[(String, Decimal)]) -> BTreeMap<&str, Decimal> {
    let mut goods: BTreeMap<&str, Decimal> = BTreeMap::new();
    for (sku, quantity) in lines.iter().filter(|(sku, _)| sku != "ROUNDING") {
        *goods.entry(sku).or_default() += quantity;
    }
    goods
}
