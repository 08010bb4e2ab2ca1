//! Reading what others write: decimals as texts or numbers, empty texts for nothing, and saying what is wrong
//! without quoting it.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de};

/// No amount or quantity of a real order comes near this. A million products of two such numbers still add
/// up below where `Decimal` overflows, which panics.
pub const LARGEST: i64 = 100_000_000_000;

/// Digits after the point that are kept; floats bring noise beyond.
const DIGITS: u32 = 12;

const NO_AMOUNT: &str = "not an amount";

/// A decimal out of a text or a number, without trailing zeros, so that `10.00` (one API) and `10.0`
/// (another) are one value with one digest. An empty text is nothing, as WooCommerce writes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount(pub Decimal);

impl Amount {
    #[must_use]
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

/// `null` and an absent field both mean the default.
///
/// # Errors
/// Those of the value.
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(d: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(d)?.unwrap_or_default())
}

/// Outer spaces and control characters off (Odoo refuses NUL); nothing left is nothing.
#[must_use]
pub fn text(raw: Option<&str>) -> Option<String> {
    let clean: String = raw?.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.to_owned())
}

/// The first of several fields that holds something.
#[must_use]
pub fn first(raw: &[Option<&str>]) -> Option<String> {
    raw.iter().find_map(|field| text(*field))
}

/// First and last name in one.
#[must_use]
pub fn full_name(given: Option<&str>, family: Option<&str>) -> Option<String> {
    match (text(given), text(family)) {
        (Some(given), Some(family)) => Some(format!("{given} {family}")),
        (one, other) => one.or(other),
    }
}

/// What serde says without any value of the body: those can be personal data.
#[must_use]
pub fn why(error: &serde_json::Error) -> String {
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
