//! What a WooCommerce shop measures weights in: a setting of the whole shop, `kg`, `g`, `lbs` or `oz`.

use std::sync::{Arc, Mutex, PoisonError};

use rust_decimal::Decimal;

/// The digits that a weight is written with: of a kilogram in milligrams, as shops that weigh in pounds need them.
const DIGITS: u32 = 6;

/// The unit in kilograms; none until the shop was asked, or where it is none of WooCommerce's. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unit(Arc<Mutex<Option<Decimal>>>);

impl Unit {
    pub fn learn(&self, name: &str) {
        let pound = Decimal::new(45_359_237, 8);
        let unit = match name {
            "kg" => Some(Decimal::ONE),
            "g" => Some(Decimal::new(1, 3)),
            "lbs" => Some(pound),
            "oz" => Some(pound / Decimal::from(16)),
            _ => None,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = unit;
    }

    pub fn known(&self) -> bool {
        self.get().is_some()
    }

    /// A weight of the shop's in kilograms.
    pub fn kilograms(&self, weight: Decimal) -> Option<Decimal> {
        let weight = weight.checked_mul(self.get()?)?.normalize();
        Some(weight).filter(|weight| *weight > Decimal::ZERO)
    }

    /// Kilograms as the shop writes them.
    pub fn written(&self, kilograms: Decimal) -> Option<String> {
        let weight = kilograms.checked_div(self.get()?)?;
        Some(weight.round_dp(DIGITS).normalize().to_string())
    }

    fn get(&self) -> Option<Decimal> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_is_the_same_to_the_gram_after_it_was_written() {
        let weight: Decimal = "0.35".parse().unwrap();
        for (name, text) in [("kg", "0.35"), ("g", "350"), ("lbs", "0.771618"), ("oz", "12.345887")] {
            let unit = Unit::default();
            assert_eq!((unit.kilograms(weight), unit.written(weight)), (None, None), "nobody asked");
            unit.learn(name);
            assert_eq!(unit.written(weight).as_deref(), Some(text));
            let again = unit.kilograms(text.parse().unwrap()).unwrap();
            assert_eq!(again.round_dp(3), weight, "{name}");
            assert_eq!(unit.kilograms(Decimal::ZERO), None, "nobody entered one");
        }
        let unit = Unit::default();
        unit.learn("stone");
        assert!(!unit.known());
    }
}
