//! Reading what shops write, beside what is read alike everywhere: ids as numbers or texts, currencies, and the
//! parts of an amount.

use std::fmt;

use crossdock_core::{LineId, OrderId, Sku, money, order::TaxAmount};
use crossdock_hooks::lenient::LARGEST;
pub(crate) use crossdock_hooks::lenient::{Amount, first, full_name, nullable, text, why};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de};

/// Why a body is no order: a field, a line or a rule, never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unclear(pub String);

impl Unclear {
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// A channel's id: a number or a text. A GraphQL id (`gid://shopify/Order/5001`) is its last part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawId(pub String);

impl RawId {
    pub fn order(&self) -> Result<OrderId, Unclear> {
        OrderId::new(self.0.clone()).map_err(|bad| Unclear::new(bad.to_string()))
    }

    pub fn line(&self, prefix: &str) -> Result<LineId, Unclear> {
        LineId::new(format!("{prefix}{}", self.0)).map_err(|bad| Unclear::new(bad.to_string()))
    }
}

impl<'de> Deserialize<'de> for RawId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = RawId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<RawId, E> {
                let tail = if text.starts_with("gid://") { text.rsplit('/').next() } else { Some(text) };
                // Shopify adds a query to some ids (`gid://shopify/LineItem/1?source=…`).
                Ok(RawId(tail.and_then(|t| t.split('?').next()).unwrap_or_default().to_owned()))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<RawId, E> {
                Ok(RawId(number.to_string()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A SKU that no product can carry counts as none: the order is then parked as one without a SKU.
pub(crate) fn sku(raw: Option<&str>) -> Option<Sku> {
    Sku::new(raw?.trim()).ok()
}

/// The currency of an order, in capitals whatever the sender wrote.
pub(crate) fn currency(raw: &str) -> Result<crossdock_core::Currency, Unclear> {
    crossdock_core::Currency::new(raw.trim().to_ascii_uppercase())
        .map_err(|bad| Unclear::new(bad.to_string()))
}

/// The `part` of `whole` that an amount for the whole makes, rounded to the currency's digits.
pub(crate) fn share(amount: Decimal, part: Decimal, whole: Decimal, digits: u32) -> Result<Decimal, Unclear> {
    let exact = amount.checked_mul(part).and_then(|product| product.checked_div(whole));
    exact
        .filter(|exact| exact.abs() <= Decimal::from(LARGEST))
        .map(|exact| money::round(exact, digits).normalize())
        .ok_or_else(|| Unclear::new("quantities out of proportion"))
}

/// Rounds `raw` to the currency's digits so that the parts still make up `whole`: what rounding leaves
/// over goes to the largest part.
pub(crate) fn spread(taxes: &mut [TaxAmount], whole: Decimal, digits: u32) {
    for tax in taxes.iter_mut() {
        tax.amount = money::round(tax.amount, digits).normalize();
    }
    let rest = whole - taxes.iter().map(|tax| tax.amount).sum::<Decimal>();
    // A cent per part is rounding; more is something else, and the check of the totals is to see it.
    let bound = Decimal::new(i64::try_from(taxes.len()).unwrap_or(0), digits);
    if rest.abs() <= bound
        && let Some(largest) = taxes.iter_mut().max_by_key(|tax| tax.amount.abs())
    {
        largest.amount = (largest.amount + rest).normalize();
    }
}
