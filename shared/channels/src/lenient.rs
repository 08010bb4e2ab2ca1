//! Reading what shops write: decimals as texts or numbers, ids as numbers or texts, empty texts for nothing.

use std::{fmt, str::FromStr};

use crossdock_core::{LineId, OrderId, Sku, money, order::TaxAmount};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de};

/// No amount or quantity of a real order comes near this. A million products of two such numbers still add
/// up below where `Decimal` overflows, which panics.
const LARGEST: i64 = 100_000_000_000;

/// Digits after the point that are kept; floats bring noise beyond.
const DIGITS: u32 = 12;

const NO_AMOUNT: &str = "not an amount";

/// Why a body is no order: a field, a line or a rule, never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unclear(pub String);

impl Unclear {
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// A decimal out of a text or a number, without trailing zeros, so that `10.00` (one API) and `10.0`
/// (another) are one value with one digest. An empty text is nothing, as WooCommerce writes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Amount(pub Decimal);

impl Amount {
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Some(Self::default());
        }
        let plain = text.len() <= 40
            && text
                .bytes()
                .enumerate()
                .all(|(at, b)| b.is_ascii_digit() || b == b'.' || (b == b'-' && at == 0));
        let value = if plain { Decimal::from_str(text).ok()? } else { return None };
        (value.abs() <= Decimal::from(LARGEST)).then(|| Self(value.round_dp(DIGITS).normalize()))
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Amount;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
                Amount::parse(text).ok_or_else(|| E::custom(NO_AMOUNT))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Amount, E> {
                // The shortest text of a float is what its sender wrote; floats have no exact decimals.
                self.visit_str(&number.to_string())
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Amount, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Amount, E> {
                self.visit_str(&number.to_string())
            }
        }
        deserializer.deserialize_any(Visitor)
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

/// `null` and an absent field both mean the default.
pub(crate) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    d: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(d)?.unwrap_or_default())
}

/// Outer spaces and control characters off (Odoo refuses NUL); nothing left is nothing.
pub(crate) fn text(raw: Option<&str>) -> Option<String> {
    let clean: String = raw?.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.to_owned())
}

/// The first of several fields that holds something.
pub(crate) fn first(raw: &[Option<&str>]) -> Option<String> {
    raw.iter().find_map(|field| text(*field))
}

/// First and last name in one.
pub(crate) fn full_name(given: Option<&str>, family: Option<&str>) -> Option<String> {
    match (text(given), text(family)) {
        (Some(given), Some(family)) => Some(format!("{given} {family}")),
        (one, other) => one.or(other),
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

/// What serde says without any value of the body: those can be personal data.
pub(crate) fn why(error: &serde_json::Error) -> String {
    let full = error.to_string();
    let at = format!("line {}, column {}", error.line(), error.column());
    let told = full.split(" at line ").next().unwrap_or_default();
    // What a type's own reader says can quote what it read: jiff names the character that is wrong.
    let of_serde =
        ["invalid type", "invalid value", "invalid length", "unknown ", "missing field", "duplicate field"];
    let of_serde = of_serde.iter().any(|start| told.starts_with(start));
    let ours = told == NO_AMOUNT || told.contains(" must match ");
    if error.is_data() && !of_serde && !ours {
        return format!("a value that is not understood ({at})");
    }
    if told.starts_with("missing field") || told.starts_with("duplicate field") {
        return format!("{told} ({at})");
    }
    let head = told.split(['"', '`']).next().unwrap_or_default().trim_end();
    match told.rsplit_once(", expected ") {
        Some((_, expected)) if head.len() < told.len() => format!("{head}, expected {expected} ({at})"),
        _ => format!("{} ({at})", if head.is_empty() { "not understood" } else { head }),
    }
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
