//! How an amount that a customer owes is written as price, discount and taxes in Odoo, and what Odoo will
//! make of it.
//!
//! Odoo computes a line from unit price, quantity and percentage. The channel's line has a total. The rule:
//!
//! 1. the price before discounts with the discount beside it, where Odoo then arrives at the same total;
//! 2. else the price after discounts, at as many digits as Odoo keeps;
//! 3. what the digits cannot express goes into the order's rounding line, within its limit.

use crossdock_core::money;
use rust_decimal::Decimal;

/// Digits of a unit price where Odoo does not round it. Six are exact enough for a thousand pieces.
const FREE_DIGITS: u32 = 6;

/// What decides how Odoo rounds.
#[derive(Debug, Clone, Copy)]
pub struct Rounding {
    pub price_digits: Option<u32>,
    pub discount_digits: u32,
    /// Digits of the order's currency.
    pub currency_digits: u32,
    pub globally: bool,
}

/// A tax on a line, as Odoo applies it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineTax {
    pub id: i64,
    pub percent: Decimal,
    pub included: bool,
}

/// A line's numbers as they are written into Odoo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    pub quantity: Decimal,
    pub unit_price: Decimal,
    /// Percent.
    pub discount: Decimal,
    pub taxes: Vec<LineTax>,
}

impl Priced {
    fn amount(&self) -> Decimal {
        self.quantity * self.unit_price * (Decimal::ONE - self.discount / Decimal::ONE_HUNDRED)
    }
}

/// Writes a line whose amounts before and after discounts are `subtotal` and `total`, in the same mode as
/// its taxes in Odoo (holding them or not).
#[must_use]
pub fn price(
    quantity: Decimal,
    subtotal: Decimal,
    total: Decimal,
    taxes: Vec<LineTax>,
    rounding: Rounding,
) -> Priced {
    let digits = rounding.price_digits.unwrap_or(FREE_DIGITS);
    let each = |amount: Decimal| {
        if quantity.is_zero() { Decimal::ZERO } else { money::round(amount / quantity, digits).normalize() }
    };
    if subtotal != total && subtotal > Decimal::ZERO && total >= Decimal::ZERO && total < subtotal {
        let percent = (Decimal::ONE - total / subtotal) * Decimal::ONE_HUNDRED;
        let discount = money::round(percent, rounding.discount_digits).normalize();
        let line = Priced { quantity, unit_price: each(subtotal), discount, taxes: taxes.clone() };
        // Over the whole order unrounded amounts are added up, so only the exact amount is the same.
        let same = if rounding.globally {
            line.amount() == total
        } else {
            money::round(line.amount(), rounding.currency_digits) == total
        };
        if same {
            return line;
        }
    }
    Priced { quantity, unit_price: each(total), discount: Decimal::ZERO, taxes }
}

/// The total that Odoo will compute for these lines, taxes included.
///
/// A forecast, to decide on a rounding line before the order is loaded; what counts is what Odoo answers.
#[must_use]
pub fn forecast(lines: &[Priced], rounding: Rounding) -> Decimal {
    if rounding.globally { forecast_globally(lines, rounding) } else { forecast_by_line(lines, rounding) }
}

fn forecast_by_line(lines: &[Priced], rounding: Rounding) -> Decimal {
    let digits = rounding.currency_digits;
    lines
        .iter()
        .map(|line| {
            let amount = money::round(line.amount(), digits);
            let (net, taxes) = split(amount, &line.taxes);
            // A tax that the price holds leaves the amount as it is; one on top is rounded by itself.
            let on_top: Decimal = taxes
                .iter()
                .filter(|(tax, _)| !tax.included)
                .map(|(tax, _)| money::round(net * tax.percent / Decimal::ONE_HUNDRED, digits))
                .sum();
            amount + on_top
        })
        .sum()
}

fn forecast_globally(lines: &[Priced], rounding: Rounding) -> Decimal {
    let digits = rounding.currency_digits;
    let mut net = Decimal::ZERO;
    let mut by_tax: std::collections::BTreeMap<i64, Decimal> = std::collections::BTreeMap::new();
    for line in lines {
        let (line_net, taxes) = split(line.amount(), &line.taxes);
        net += line_net;
        for (tax, amount) in taxes {
            *by_tax.entry(tax.id).or_default() += amount;
        }
    }
    money::round(net, digits) + by_tax.values().map(|tax| money::round(*tax, digits)).sum::<Decimal>()
}

/// Takes the taxes that `amount` holds out of it; gives the net amount and each tax on it, unrounded.
fn split(amount: Decimal, taxes: &[LineTax]) -> (Decimal, Vec<(LineTax, Decimal)>) {
    let held: Decimal = taxes.iter().filter(|tax| tax.included).map(|tax| tax.percent).sum();
    let net = amount / (Decimal::ONE + held / Decimal::ONE_HUNDRED);
    (net, taxes.iter().map(|tax| (*tax, net * tax.percent / Decimal::ONE_HUNDRED)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn rounding(price_digits: Option<u32>, globally: bool) -> Rounding {
        Rounding { price_digits, discount_digits: 2, currency_digits: 2, globally }
    }

    fn included(percent: &str) -> Vec<LineTax> {
        vec![LineTax { id: 1, percent: d(percent), included: true }]
    }

    #[test]
    fn keeps_price_and_discount_where_odoo_arrives_at_the_same_total() {
        let line = price(d("2"), d("200"), d("180"), vec![], rounding(Some(2), false));
        assert_eq!((line.unit_price, line.discount), (d("100"), d("10")));
    }

    #[test]
    fn writes_the_net_price_where_a_percentage_misses_the_total() {
        // 16.683 % off is 24.98 at two digits of a percent, and the customer owes 24.9701.
        let line = price(d("1"), d("29.97"), d("24.9701"), vec![], rounding(None, true));
        assert_eq!((line.unit_price, line.discount), (d("24.9701"), d("0")));
    }

    #[test]
    fn a_price_beyond_the_digits_is_the_nearest_one() {
        let line = price(d("7"), d("89.59"), d("89.59"), vec![], rounding(Some(2), false));
        assert_eq!(line.unit_price, d("12.80"));
        assert_eq!(forecast(&[line], rounding(Some(2), false)), d("89.60"));
    }

    #[test]
    fn forecasts_an_included_tax_as_odoo_does() {
        // Seen on Odoo 17, 18 and 19: 3 x 9.99 with 19 % included at 33.33 % comes to 16.79 + 3.19.
        let line =
            Priced { quantity: d("3"), unit_price: d("9.99"), discount: d("33.33"), taxes: included("19") };
        assert_eq!(forecast(std::slice::from_ref(&line), rounding(Some(2), false)), d("19.98"));
        assert_eq!(forecast(&[line], rounding(None, true)), d("19.98"));
    }

    #[test]
    fn rounding_globally_differs_from_rounding_by_line() {
        let tax = vec![LineTax { id: 1, percent: d("7.25"), included: false }];
        let line = Priced { quantity: d("1"), unit_price: d("0.07"), discount: d("0"), taxes: tax };
        let lines = vec![line; 10];
        assert_eq!(forecast(&lines, rounding(Some(2), false)), d("0.80"));
        assert_eq!(forecast(&lines, rounding(None, true)), d("0.75"));
    }
}
