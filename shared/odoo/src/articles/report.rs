//! Odoo's pricelist report, read.
//!
//! `report.product.report_pricelist` `get_html` is what the page "Pricelist Report" calls: public, open to any
//! internal user, the same in 17, 18 and 19 (`addons/product/report/product_pricelist_report.py`). For each product
//! it has a row with its id, and an amount for each quantity, rounded to the currency and written in the language of
//! the call. The digits of an amount are read and its separators are not, so that the language does not matter.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

/// What a report says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The pricelist that it is of: Odoo takes another one where the one asked for is gone.
    pub pricelist: Option<i64>,
    /// By product, the amounts in the order of the quantities.
    pub amounts: BTreeMap<i64, Vec<Decimal>>,
}

/// Reads a report whose amounts have `digits` digits after the point. What is not understood is left out; whoever
/// asked counts what is there.
pub fn read(html: &str, digits: u32) -> Report {
    let mut report = Report::default();
    let mut product = None;
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((tag, inside)) = after.split_once('>') else { break };
        rest = inside;
        let id = || attribute(tag, "data-res-id").and_then(|id| id.parse().ok());
        match attribute(tag, "data-model") {
            Some("product.pricelist") => report.pricelist = id(),
            Some("product.product") => {
                product = id();
                if let Some(product) = product {
                    report.amounts.entry(product).or_default();
                }
            }
            _ => {}
        }
        if attribute(tag, "class") != Some("oe_currency_value") {
            continue;
        }
        let text = inside.split('<').next().unwrap_or_default();
        if let (Some(product), Some(amount)) = (product, amount(text, digits)) {
            report.amounts.entry(product).or_default().push(amount);
        }
    }
    report
}

/// The value of an attribute of a tag. Odoo writes double quotes, and none within a value.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let at = tag.match_indices(name).find(|(at, _)| {
        tag[..*at].ends_with(char::is_whitespace) && tag[at + name.len()..].starts_with("=\"")
    })?;
    tag[at.0 + name.len() + 2..].split('"').next()
}

/// `1.234,50` and `1,234.50` at two digits are both 1234.50.
fn amount(text: &str, digits: u32) -> Option<Decimal> {
    let figures: String = text.chars().filter(char::is_ascii_digit).collect();
    let amount = Decimal::try_from_i128_with_scale(figures.parse().ok()?, digits).ok()?;
    Some(if text.contains('-') { -amount } else { amount }.normalize())
}
