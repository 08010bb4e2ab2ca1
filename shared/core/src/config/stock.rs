//! The part of the configuration that says what of Odoo's stock a channel may sell.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::OdooRef;
use crate::ids::Sku;

/// What of Odoo's stock a channel may sell. Without it the channel's counts are left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StockPolicy {
    /// Where the channel sells from: one entry for each of its locations.
    pub sources: Vec<StockSource>,
    /// Pieces of each SKU that are kept back at each source, for sales that nobody has heard of yet.
    #[serde(default)]
    pub buffer: Decimal,
    /// The same for single SKUs, in place of `buffer`.
    #[serde(default)]
    pub buffers: BTreeMap<Sku, Decimal>,
    /// Whether what confirmed receipts will bring may be sold already.
    #[serde(default)]
    pub incoming: bool,
    /// SKUs whose counts are left alone.
    #[serde(default)]
    pub exclude: BTreeSet<Sku>,
}

/// One location of a channel, and the warehouses in Odoo that ship for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StockSource {
    /// The shop's own id of the location: Shopify's `gid://shopify/Location/1`, or the number alone. Left out where
    /// the shop has none.
    #[serde(default)]
    pub location: String,
    /// Warehouses of the channel's company: what lies in any of them is offered here.
    pub warehouses: Vec<OdooRef>,
}

/// How Shopify writes the id of a location.
const GID: &str = "gid://shopify/Location/";

impl StockSource {
    /// The location as the shop's counts are named.
    #[must_use]
    pub fn place(&self) -> &str {
        self.location.strip_prefix(GID).unwrap_or(&self.location)
    }
}

impl StockPolicy {
    /// What is kept back of a SKU at each source.
    #[must_use]
    pub fn buffer(&self, sku: &Sku) -> Decimal {
        self.buffers.get(sku).copied().unwrap_or(self.buffer)
    }

    /// What is wrong with it, for whoever wrote it.
    pub(super) fn errors(&self, shopify: bool) -> Vec<String> {
        let mut errors = Vec::new();
        if self.sources.is_empty() {
            errors.push("stock.sources needs an entry: where does the channel sell from?".to_owned());
        }
        let mut places = BTreeSet::new();
        let mut houses = BTreeSet::new();
        for source in &self.sources {
            let place = source.place();
            if !places.insert(place) {
                errors.push(format!("stock.sources: location {place:?} is there twice"));
            }
            if shopify && place.parse::<u64>().is_err() {
                errors.push(format!(
                    "stock.sources: location {place:?} is none of Shopify's: gid://shopify/Location/<number>"
                ));
            }
            if source.warehouses.is_empty() {
                errors.push(format!("stock.sources: location {place:?} needs a warehouse"));
            }
            for house in &source.warehouses {
                // The same pieces would be offered twice.
                if !houses.insert(house) {
                    errors.push(format!("stock.sources: warehouse {house} is there twice"));
                }
            }
        }
        if self.buffers.values().chain([&self.buffer]).any(|buffer| *buffer < Decimal::ZERO) {
            errors.push("stock.buffer must not be negative".to_owned());
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use crate::config::parse;

    fn errors(kind: &str, stock: &str) -> Vec<String> {
        let text = format!(
            r#"
odoo: {{ url: "https://erp.example.com", database: main, user: crossdock }}
channels:
  - {{ id: shop, kind: {kind}, url: "https://shop.example.com", company: Main, pricelists: {{ EUR: List }}, stock: {stock} }}
"#
        );
        parse(&text).err().unwrap_or_default().into_iter().map(|error| error.message).collect()
    }

    #[test]
    fn a_policy_says_where_the_channel_sells_from() {
        assert_eq!(errors("woocommerce", "{ sources: [{ warehouses: [WH, EAST] }], buffer: 2 }"), [""; 0]);
        let gid = r#"{ sources: [{ location: "gid://shopify/Location/1", warehouses: [WH] }] }"#;
        assert_eq!(errors("shopify", gid), [""; 0]);
    }

    #[test]
    fn what_would_offer_pieces_twice_or_nowhere_is_named() {
        let cases = [
            ("woocommerce", "{ sources: [] }", "needs an entry"),
            ("woocommerce", "{ sources: [{ warehouses: [] }] }", "needs a warehouse"),
            (
                "woocommerce",
                "{ sources: [{ warehouses: [WH] }, { location: b, warehouses: [WH] }] }",
                "WH\" is there twice",
            ),
            (
                "woocommerce",
                "{ sources: [{ warehouses: [WH] }, { warehouses: [EAST] }] }",
                "location \"\" is there twice",
            ),
            ("woocommerce", "{ sources: [{ warehouses: [WH] }], buffer: -1 }", "must not be negative"),
            ("shopify", "{ sources: [{ location: main, warehouses: [WH] }] }", "none of Shopify's"),
        ];
        for (kind, stock, wanted) in cases {
            let errors = errors(kind, stock);
            assert!(matches!(&errors[..], [one] if one.contains(wanted)), "{stock}: {errors:?}");
        }
    }
}
