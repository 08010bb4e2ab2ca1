//! Odoo's values: `false` stands for "nothing" in every type but boolean.

use serde_json::Value;

use super::Version;

pub(crate) fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

pub(crate) fn ids(value: &Value) -> Vec<i64> {
    match value {
        Value::Number(number) => number.as_i64().into_iter().collect(),
        Value::Array(items) => items.iter().filter_map(Value::as_i64).collect(),
        _ => Vec::new(),
    }
}

pub(crate) fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A value as Python prints it, for the messages that quote one.
pub(crate) fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.contains('\'') && !text.contains('"') => format!("\"{text}\""),
        Value::String(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        Value::Array(items) => format!("[{}]", items.iter().map(repr).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let pairs: Vec<String> =
                map.iter().map(|(key, value)| format!("'{key}': {}", repr(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
    }
}

/// Odoo's rounding: half away from zero, after a nudge that forgives what floats lost on the way. 18 forgives
/// more than 17, and multiplies where 17 divides.
pub(crate) fn round_to(version: Version, value: f64, rounding: f64) -> f64 {
    if rounding == 0.0 || value == 0.0 {
        return 0.0;
    }
    // One over a power of ten is a whole number once the float noise is off.
    let inverse = (1.0 / rounding).round();
    let scaled = match version {
        Version::V17 => value / rounding,
        Version::V18 | Version::V19 if rounding < 1.0 => value * inverse,
        Version::V18 | Version::V19 => value / rounding,
    };
    let forgiven = if version == Version::V17 { 52.0 } else { 50.0 };
    let nudge = (scaled.abs().log2() - forgiven).exp2();
    let rounded = (scaled + nudge.copysign(scaled)).round();
    // Dividing gives the nearest double, which is what the database hands back in every version.
    if rounding < 1.0 { rounded / inverse } else { rounded * rounding }
}

pub(crate) fn round_digits(version: Version, value: f64, digits: i32) -> f64 {
    round_to(version, value, 10f64.powi(-digits))
}
