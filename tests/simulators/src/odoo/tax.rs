//! Odoo's arithmetic of taxes, in floats as Odoo does it, so that the same cents fall on the same side.
//!
//! 17 has an arithmetic of its own; 18 and 19 share that of a line and differ in how an order adds up.

use std::collections::BTreeMap;

use super::{Version, settings::Rounding, value::round_to};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Percent,
    Fixed,
    Division,
}

#[derive(Debug, Clone)]
pub(crate) struct Tax {
    pub id: i64,
    pub sort: Sort,
    pub amount: f64,
    pub included: bool,
    /// Later taxes are computed on a base that has this one in it.
    pub affects_base: bool,
    pub base_affected: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Priced {
    pub price: f64,
    pub quantity: f64,
    pub discount: f64,
    /// In Odoo's order: by sequence, then id.
    pub taxes: Vec<Tax>,
}

#[derive(Debug, Clone)]
pub(crate) struct Share {
    id: i64,
    included: bool,
    base: f64,
    amount: f64,
}

/// A line's figures, unrounded when taxes are rounded globally.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    excluded: f64,
    included: f64,
    shares: Vec<Share>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Amounts {
    pub untaxed: f64,
    pub tax: f64,
    pub total: f64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Method {
    pub version: Version,
    pub rounding: Rounding,
    /// The currency's smallest amount.
    pub unit: f64,
    pub company_unit: f64,
    /// Units of the currency for one of the company's.
    pub rate: f64,
}

impl Method {
    fn round(self, value: f64) -> f64 {
        round_to(self.version, value, self.unit)
    }

    pub fn line(self, line: &Priced) -> Raw {
        let price = line.price * (1.0 - line.discount / 100.0);
        match self.version {
            Version::V17 => self.line_17(line, price),
            Version::V18 | Version::V19 => self.line_18(line, price),
        }
    }

    /// What a single line shows: its subtotal, tax and total.
    pub fn shown(self, raw: &Raw) -> Amounts {
        let untaxed = self.round(raw.excluded);
        match self.version {
            Version::V17 => {
                let tax: f64 = raw.shares.iter().map(|share| self.round(share.amount)).sum();
                Amounts { untaxed, tax: self.round(tax), total: self.round(untaxed + tax) }
            }
            Version::V18 => {
                let total = self.round(raw.included);
                Amounts { untaxed, tax: total - untaxed, total }
            }
            Version::V19 => {
                let tax: f64 = raw.shares.iter().map(|share| self.round(share.amount)).sum();
                Amounts { untaxed, tax: self.round(tax), total: self.round(untaxed + tax) }
            }
        }
    }

    pub fn order(self, lines: &[Raw]) -> Amounts {
        let tax = self.taxes(lines);
        let untaxed = match self.version {
            Version::V17 => lines.iter().map(|raw| self.round(raw.excluded)).sum(),
            Version::V18 => self.untaxed_18(lines),
            Version::V19 => self.untaxed_19(lines, tax),
        };
        let untaxed = self.round(untaxed);
        Amounts { untaxed, tax, total: self.round(untaxed + tax) }
    }

    /// Each tax is rounded once for the order: with rounding per line its parts are round already.
    fn taxes(self, lines: &[Raw]) -> f64 {
        if self.version == Version::V17 && self.rounding == Rounding::PerLine {
            return self.round(lines.iter().map(|raw| self.shown(raw).tax).sum());
        }
        let mut by_tax: BTreeMap<(i64, bool), f64> = BTreeMap::new();
        for share in lines.iter().flat_map(|raw| &raw.shares) {
            *by_tax.entry((share.id, share.included)).or_default() += share.amount;
        }
        self.round(by_tax.values().map(|&amount| self.round(amount)).sum())
    }

    /// 18 gives what rounding a tax's whole base leaves over to that tax's smallest line.
    fn untaxed_18(self, lines: &[Raw]) -> f64 {
        let base = |raw: &Raw| raw.shares.first().map_or(raw.excluded, |share| share.base);
        let mut untaxed: f64 = lines.iter().map(|raw| self.round(base(raw))).sum();
        let mut seen = Vec::new();
        for share in lines.iter().flat_map(|raw| &raw.shares) {
            if seen.contains(&share.id) {
                continue;
            }
            seen.push(share.id);
            let with: Vec<(&Raw, &Share)> = lines
                .iter()
                .filter_map(|raw| Some((raw, raw.shares.iter().find(|other| other.id == share.id)?)))
                .collect();
            let whole = self.round(with.iter().map(|(_, share)| share.base).sum());
            let parts: f64 = with.iter().map(|(_, share)| self.round(share.base)).sum();
            let smallest = with.iter().min_by(|(a, _), (b, _)| a.included.total_cmp(&b.included));
            let first = smallest.and_then(|(raw, _)| raw.shares.first());
            if first.is_some_and(|first| first.id == share.id) {
                untaxed += whole - parts;
            }
        }
        untaxed
    }

    /// 19 rounds the sum with tax and takes the tax off when every tax is in the prices, else the sum without.
    fn untaxed_19(self, lines: &[Raw], tax: f64) -> f64 {
        let excluded: f64 = lines.iter().map(|raw| raw.excluded).sum();
        let mut shares = lines.iter().flat_map(|raw| &raw.shares);
        // A tax that is nothing in either currency does not count.
        let counts = |amount: f64| {
            let own = round_to(self.version, amount / self.rate, self.company_unit);
            self.round(amount) != 0.0 || own != 0.0
        };
        if shares.any(|share| !share.included && counts(share.amount)) {
            return self.round(excluded);
        }
        let raw_tax: f64 = lines.iter().flat_map(|raw| &raw.shares).map(|share| share.amount).sum();
        self.round(excluded + raw_tax) - tax
    }

    fn line_18(self, line: &Priced, price: f64) -> Raw {
        let per_line = self.rounding == Rounding::PerLine;
        let settle = |amount: f64| if per_line { self.round(amount) } else { amount };
        let raw_base = settle(line.quantity * price);
        let taxes = &line.taxes;
        let batches = batches(taxes);
        let mut work = Work::new(taxes.len());
        let mut order: Vec<usize> =
            (0..taxes.len()).rev().filter(|&i| taxes[i].sort == Sort::Fixed).collect();
        let percent = |&i: &usize| taxes[i].sort != Sort::Fixed;
        order.extend((0..taxes.len()).rev().filter(|&i| taxes[i].included).filter(percent));
        order.extend((0..taxes.len()).filter(|&i| !taxes[i].included).filter(percent));
        for i in order {
            let base = raw_base + work.extra_tax[i];
            let percentage: f64 = batches[i].iter().map(|&j| taxes[j].amount).sum::<f64>() / 100.0;
            let amount = taxes[i].amount;
            let value = match (taxes[i].sort, taxes[i].included) {
                // From 19 on a negative price turns the fixed tax round too.
                (Sort::Fixed, _) if self.version == Version::V19 && price < 0.0 => -line.quantity * amount,
                (Sort::Fixed, _) => line.quantity * amount,
                (Sort::Percent, true) => base * (1.0 / (1.0 + percentage)) * amount / 100.0,
                (Sort::Percent, false) | (Sort::Division, true) => base * amount / 100.0,
                (Sort::Division, false) => base * amount / 100.0 / (1.0 - percentage),
            };
            work.amounts[i] = Some(settle(value));
            work.propagate(taxes, &batches, i);
        }
        let amount = |i: usize| work.amounts[i].unwrap_or_default();
        let shares: Vec<Share> = (0..taxes.len())
            .map(|i| {
                let own: f64 = batches[i].iter().map(|&j| amount(j)).sum();
                let base = raw_base + work.extra_base[i] - if taxes[i].included { own } else { 0.0 };
                Share { id: taxes[i].id, included: taxes[i].included, base, amount: amount(i) }
            })
            .collect();
        let excluded = shares.first().map_or(raw_base, |share| share.base);
        let included = excluded + shares.iter().map(|share| share.amount).sum::<f64>();
        Raw { excluded, included, shares }
    }

    /// 17 always rounds the base, and gives the last of the included taxes what is left of the price.
    fn line_17(self, line: &Priced, price: f64) -> Raw {
        let taxes = &line.taxes;
        if taxes.is_empty() {
            let amount = self.round(price * line.quantity);
            return Raw { excluded: amount, included: amount, shares: Vec::new() };
        }
        let signed = self.round(price * line.quantity);
        let sign = if signed < 0.0 { -1.0 } else { 1.0 };
        let unit = match self.rounding {
            Rounding::PerLine => self.unit,
            Rounding::Globally => self.unit * 1e-5,
        };
        let quantity = line.quantity.abs();
        let (excluded, checkpoints) = self.strip_17(taxes, signed.abs(), quantity);
        let (mut base, mut cumulated, mut included) = (excluded, 0.0, excluded);
        let mut shares = Vec::new();
        for (i, tax) in taxes.iter().enumerate() {
            let on = if tax.included || tax.base_affected { base } else { excluded };
            let computed = match tax.sort {
                Sort::Fixed => quantity * tax.amount,
                Sort::Percent => on * tax.amount / 100.0,
                Sort::Division => on / (1.0 - tax.amount / 100.0) - on,
            };
            let mut amount = round_to(self.version, computed, unit);
            if let Some(whole) = checkpoints[i].filter(|_| tax.included) {
                amount = round_to(self.version, whole - (base + cumulated), unit);
                cumulated = 0.0;
            } else if tax.included {
                cumulated += amount;
            }
            shares.push(Share { id: tax.id, included: tax.included, base: sign * on, amount: sign * amount });
            if tax.affects_base {
                base += amount;
                if tax.included {
                    cumulated -= amount;
                }
            }
            included += amount;
        }
        Raw { excluded: sign * excluded, included: sign * included, shares }
    }

    /// Takes the included taxes off a price, last tax first.
    fn strip_17(self, taxes: &[Tax], whole: f64, quantity: f64) -> (f64, Vec<Option<f64>>) {
        let mut base = whole;
        let mut checkpoints = vec![None; taxes.len()];
        let (mut fixed, mut percent, mut division) = (0.0, 0.0, 0.0);
        let strip = |base: f64, fixed: f64, percent: f64, division: f64| {
            (base - fixed) / (1.0 + percent / 100.0) * (100.0 - division) / 100.0
        };
        let mut store = true;
        for (i, tax) in taxes.iter().enumerate().rev() {
            if tax.affects_base {
                base = self.round(strip(base, fixed, percent, division));
                (fixed, percent, division) = (0.0, 0.0, 0.0);
                store = true;
            }
            if tax.included {
                match tax.sort {
                    Sort::Percent => percent += tax.amount,
                    Sort::Division => division += tax.amount,
                    Sort::Fixed => fixed += tax.amount * quantity,
                }
                if store {
                    checkpoints[i] = Some(base);
                    store = false;
                }
            }
        }
        (self.round(strip(base, fixed, percent, division)), checkpoints)
    }
}

struct Work {
    amounts: Vec<Option<f64>>,
    extra_tax: Vec<f64>,
    extra_base: Vec<f64>,
}

impl Work {
    fn new(count: usize) -> Self {
        Self { amounts: vec![None; count], extra_tax: vec![0.0; count], extra_base: vec![0.0; count] }
    }

    /// What one tax does to the base of the taxes outside of its own batch.
    fn propagate(&mut self, taxes: &[Tax], batches: &[Vec<usize>], i: usize) {
        let first = batches[i].first().copied().unwrap_or(i);
        let last = batches[i].last().copied().unwrap_or(i);
        let value = self.amounts[i].unwrap_or_default();
        for other in (0..first).chain(last + 1..taxes.len()) {
            let after = other > last;
            let sign = match (taxes[i].included, taxes[i].affects_base) {
                (true, true) if after && taxes[other].base_affected => 0.0,
                (true, _) => -1.0,
                (false, true) if after && taxes[other].base_affected => 1.0,
                (false, _) => 0.0,
            };
            if self.amounts[other].is_none() {
                self.extra_tax[other] += sign * value;
            }
            self.extra_base[other] += sign * value;
        }
    }
}

/// Neighbours of the same kind are taken off a price together.
fn batches(taxes: &[Tax]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut affected = false;
    for i in (0..taxes.len()).rev() {
        let same = groups.last().and_then(|group| group.first()).is_some_and(|&j| {
            let (a, b) = (&taxes[i], &taxes[j]);
            a.sort == b.sort
                && a.included == b.included
                && a.affects_base == b.affects_base
                && (!a.affects_base || !affected)
        });
        if !same {
            groups.push(Vec::new());
        }
        affected = taxes[i].base_affected;
        if let Some(group) = groups.last_mut() {
            group.push(i);
        }
    }
    let mut by_tax = vec![Vec::new(); taxes.len()];
    for mut group in groups {
        group.sort_unstable();
        for &i in &group {
            by_tax[i].clone_from(&group);
        }
    }
    by_tax
}
