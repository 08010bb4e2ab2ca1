//! What a kit is made of in the end. Pure.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::Parts;

/// Odoo refuses bills of materials that contain themselves; one that does so all the same ends here.
const STOREYS: usize = 32;

/// A product as far as kits need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Good {
    pub template: i64,
    pub unit: i64,
    /// Odoo counts it.
    pub storable: bool,
    /// The values that make it this variant.
    pub values: BTreeSet<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub product: i64,
    pub quantity: Decimal,
    pub unit: i64,
    /// Only for variants with these values; for all where there are none.
    pub values: BTreeSet<i64>,
}

/// A bill of materials of the type kit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    pub quantity: Decimal,
    pub unit: i64,
    pub lines: Vec<Line>,
}

/// All that is known of some kits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bills {
    pub goods: BTreeMap<i64, Good>,
    /// By bill.
    pub bills: BTreeMap<i64, Bill>,
    /// The bill of each kit.
    pub of: BTreeMap<i64, i64>,
    /// How many of its reference unit a unit is.
    pub sizes: BTreeMap<i64, Decimal>,
    /// The attribute of each value.
    pub attributes: BTreeMap<i64, i64>,
}

impl Bills {
    pub fn parts(&self, products: &BTreeSet<i64>) -> BTreeMap<i64, Parts> {
        let kits = products.iter().filter(|product| self.of.contains_key(product));
        kits.map(|kit| {
            let mut parts = Parts::new();
            self.explode(*kit, Decimal::ONE, STOREYS, &mut parts);
            (*kit, parts)
        })
        .collect()
    }

    /// Adds what `pieces` of a kit take.
    fn explode(&self, kit: i64, pieces: Decimal, storeys: usize, parts: &mut Parts) {
        let Some(bill) = self.of.get(&kit).and_then(|bill| self.bills.get(bill)) else { return };
        let Some(good) = self.goods.get(&kit) else { return };
        let Some(times) = self.convert(pieces, good.unit, bill.unit).checked_div(bill.quantity) else {
            return;
        };
        for line in bill.lines.iter().filter(|line| self.is_for(line, good)) {
            let Some(part) = self.goods.get(&line.product) else { continue };
            let takes = times.checked_mul(line.quantity).unwrap_or(Decimal::MAX);
            let takes = self.convert(takes, line.unit, part.unit);
            if self.of.contains_key(&line.product) {
                if storeys > 0 {
                    self.explode(line.product, takes, storeys - 1, parts);
                }
            } else if part.storable && takes > Decimal::ZERO {
                let sum = parts.entry(line.product).or_default();
                *sum = sum.saturating_add(takes);
            }
        }
    }

    /// As Odoo has it (`_match_all_variant_values`): of each attribute that the line names, one of the line's values.
    fn is_for(&self, line: &Line, good: &Good) -> bool {
        let attribute = |value: &i64| self.attributes.get(value).copied().unwrap_or(*value);
        let named: BTreeSet<i64> = line.values.iter().map(attribute).collect();
        let matched: BTreeSet<i64> = line.values.intersection(&good.values).map(attribute).collect();
        named == matched
    }

    fn convert(&self, quantity: Decimal, from: i64, to: i64) -> Decimal {
        if from == to {
            return quantity;
        }
        let size = |unit: i64| self.sizes.get(&unit).copied().unwrap_or(Decimal::ONE);
        let converted = quantity.checked_mul(size(from)).and_then(|quantity| quantity.checked_div(size(to)));
        converted.unwrap_or(quantity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: i64 = 1;
    const DOZEN: i64 = 2;

    fn good(values: &[i64]) -> Good {
        Good { template: 0, unit: PIECE, storable: true, values: values.iter().copied().collect() }
    }

    fn line(product: i64, quantity: &str, unit: i64, values: &[i64]) -> Line {
        let values = values.iter().copied().collect();
        Line { product, quantity: quantity.parse().unwrap(), unit, values }
    }

    /// Kits 1, 2, … by their bills, and components from 10 on.
    fn bills(bills: Vec<(u32, Vec<Line>)>) -> Bills {
        let mut all = Bills {
            sizes: [(PIECE, Decimal::ONE), (DOZEN, Decimal::from(12))].into(),
            attributes: [(100, 7), (101, 7), (200, 8)].into(),
            ..Bills::default()
        };
        for (kit, (quantity, lines)) in (1..).zip(bills) {
            let components = lines.iter().map(|line| line.product);
            for product in components.chain([kit]) {
                all.goods.entry(product).or_insert_with(|| good(&[]));
            }
            all.bills.insert(kit, Bill { quantity: quantity.into(), unit: PIECE, lines });
            all.of.insert(kit, kit);
        }
        all
    }

    fn of(all: &Bills, kit: i64) -> Vec<(i64, String)> {
        let parts = all.parts(&[kit].into()).remove(&kit).unwrap();
        parts.into_iter().map(|(part, takes)| (part, takes.normalize().to_string())).collect()
    }

    fn takes(list: &[(i64, &str)]) -> Vec<(i64, String)> {
        list.iter().map(|(part, takes)| (*part, (*takes).to_owned())).collect()
    }

    #[test]
    fn a_kit_within_a_kit_is_taken_apart_and_a_part_on_two_lines_is_added_up() {
        let all = bills(vec![
            (1, vec![line(2, "2", PIECE, &[]), line(10, "1", PIECE, &[])]),
            (4, vec![line(10, "6", PIECE, &[]), line(11, "1", DOZEN, &[])]),
        ]);
        assert_eq!(of(&all, 2), takes(&[(10, "1.5"), (11, "3")]));
        assert_eq!(of(&all, 1), takes(&[(10, "4"), (11, "6")]));
        assert_eq!(all.parts(&[10].into()), BTreeMap::new(), "a component is no kit");
    }

    #[test]
    fn a_line_for_some_variants_counts_for_those_alone() {
        let lines = || {
            vec![
                line(10, "1", PIECE, &[100]),
                line(11, "1", PIECE, &[100, 101]),
                line(12, "1", PIECE, &[100, 200]),
                line(13, "1", PIECE, &[]),
            ]
        };
        let mut all = bills(vec![(1, lines()), (1, lines()), (1, lines())]);
        all.goods.insert(1, good(&[100]));
        all.goods.insert(2, good(&[101]));
        all.goods.insert(3, good(&[100, 200]));
        assert_eq!(of(&all, 1), takes(&[(10, "1"), (11, "1"), (13, "1")]));
        assert_eq!(of(&all, 2), takes(&[(11, "1"), (13, "1")]));
        assert_eq!(of(&all, 3), takes(&[(10, "1"), (11, "1"), (12, "1"), (13, "1")]));
    }

    #[test]
    fn what_is_not_counted_limits_nothing_and_a_kit_in_itself_ends() {
        let mut all = bills(vec![(1, vec![line(10, "1", PIECE, &[]), line(11, "0", PIECE, &[])])]);
        all.goods.insert(10, Good { storable: false, ..good(&[]) });
        assert_eq!(of(&all, 1), takes(&[]));
        let all = bills(vec![(1, vec![line(1, "1", PIECE, &[])])]);
        assert_eq!(of(&all, 1), takes(&[]));
        let all = bills(vec![(0, vec![line(10, "1", PIECE, &[])])]);
        assert_eq!(of(&all, 1), takes(&[]), "a bill for no pieces");
    }
}
