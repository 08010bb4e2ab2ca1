//! Money is decimal, never a float.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::ids::Currency;

/// How many digits after the point a currency has (ISO 4217; two where it is not listed).
#[must_use]
pub fn digits(currency: &Currency) -> u32 {
    match currency.as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// Rounded half away from zero, as Odoo and the shops do.
#[must_use]
pub fn round(amount: Decimal, digits: u32) -> Decimal {
    amount.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)
}

/// Rounded to the smallest unit of `currency`.
#[must_use]
pub fn round_to(amount: Decimal, currency: &Currency) -> Decimal {
    round(amount, digits(currency))
}

/// Two amounts of money are equal when they are equal at the currency's own digits.
#[must_use]
pub fn same(a: Decimal, b: Decimal, currency: &Currency) -> bool {
    round_to(a, currency) == round_to(b, currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_cent_rounds_away_from_zero() {
        assert_eq!(round(Decimal::new(-125, 2), 1), Decimal::new(-13, 1));
        assert_eq!(round(Decimal::new(2_345, 3), 2), Decimal::new(235, 2));
    }

    #[test]
    fn yen_has_no_cents() {
        let yen = Currency::new("JPY").unwrap();
        assert!(same(Decimal::new(10004, 1), Decimal::new(1000, 0), &yen));
    }
}
