//! What a vendor counts, as lines. It counts whatever lies in its house and is no partner who could be told what is
//! wrong with a row, so that one which says nothing to us is left out instead of losing all the others.

use std::collections::BTreeMap;

use crossdock_core::{Sku, advice::AdviceLine};
use rust_decimal::Decimal;

/// Rows of a SKU and how much of it is there, as lines without lots, in the order of the SKUs.
pub(crate) fn lines(rows: impl IntoIterator<Item = (Option<String>, Option<Decimal>)>) -> Vec<AdviceLine> {
    let mut counted: BTreeMap<Sku, Option<Decimal>> = BTreeMap::new();
    for (sku, on_hand) in rows {
        // The goods of other clients of the same house, under names that cannot be a SKU of Odoo's.
        let Some(sku) = sku.and_then(|sku| Sku::new(sku.trim()).ok()) else { continue };
        // Less than nothing lies nowhere: more was sold or taken than was ever booked in, and how much there is
        // nobody has counted.
        let on_hand = on_hand.filter(|pieces| *pieces >= Decimal::ZERO);
        // Of a SKU that is there twice nobody can say which is meant, or whether one is a part of the other.
        counted.entry(sku).and_modify(|known| *known = None).or_insert(on_hand);
    }
    let line =
        |(sku, on_hand): (Sku, Option<Decimal>)| Some(AdviceLine { sku, lot: None, quantity: on_hand? });
    counted.into_iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_to_us_is_left_out_and_loses_no_other() {
        let row = |sku: &str, on_hand: i64| (Some(sku.to_owned()), Some(Decimal::from(on_hand)));
        let long = "x".repeat(129);
        let rows = [
            row("B", 7),
            row(" A ", 0),
            row("OVERSOLD", -1),
            row("", 3),
            row("two\nlines", 3),
            row(&long, 3),
            (None, Some(Decimal::ONE)),
            (Some("UNCOUNTED".into()), None),
            row("TWICE", 1),
            row("TWICE ", 1),
            row("TWICE", 1),
            // What is wrong with one of two does not make the other one right.
            row("ODD", -1),
            row("ODD", 5),
        ];
        let told: Vec<_> = lines(rows).into_iter().map(|line| (line.name(), line.quantity)).collect();
        assert_eq!(told, [("A".to_owned(), Decimal::ZERO), ("B".into(), Decimal::from(7))]);
    }
}
