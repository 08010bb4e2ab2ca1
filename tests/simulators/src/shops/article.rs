//! What a shop knows of an article.

use std::collections::BTreeMap;

use serde_json::Value;

/// One article as the shop holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Article {
    /// Shopify's inventory item, WooCommerce's product or variation.
    pub id: u64,
    /// The product of a WooCommerce variation.
    pub parent: Option<u64>,
    /// Nothing keeps two articles from having the same.
    pub sku: String,
    /// What is not counted is sold without end. A variation that is not counted shares the count of its product,
    /// where that is counted.
    pub counted: bool,
    /// Goes on selling at zero: Shopify's "continue selling", WooCommerce's backorders.
    pub oversells: bool,
    /// By location; WooCommerce has one, "".
    pub counts: BTreeMap<String, i64>,
    /// Shopify's own address of the product, where somebody gave it one.
    pub address: Option<String>,
    /// Its name, where somebody gave it another one than its SKU.
    pub title: Option<String>,
    /// As the shop writes it; WooCommerce's regular price.
    pub price: Option<String>,
    pub barcode: Option<String>,
    /// Where it is another one than WooCommerce's `publish` or Shopify's `ACTIVE`.
    pub status: Option<String>,
    /// As HTML.
    pub description: Option<String>,
    /// What WooCommerce says of its taxes, where somebody said it: the status (`none`) and the class's slug.
    pub tax_status: Option<String>,
    pub tax_class: Option<String>,
    /// A Shopify variant that is not `taxable`.
    pub untaxed: bool,
    /// Shopify's product type.
    pub category: Option<String>,
    /// A number, in the unit.
    pub weight: Option<String>,
    /// Where it is another one than Shopify's `KILOGRAMS`.
    pub unit: Option<String>,
    /// Shopify's compare-at price, WooCommerce's sale price: the one that a person sees beside `price`.
    pub other_price: Option<String>,
    /// Until when WooCommerce's sale price counts, where somebody limited it.
    pub sale_until: Option<String>,
    /// What tells a Shopify variant from its siblings; empty where a product has no variants.
    pub values: Vec<String>,
    /// What a Shopify price list has of it: the fixed price, and the prices from a quantity on.
    pub list_price: Option<String>,
    pub breaks: BTreeMap<u64, String>,
    /// Where its pictures were fetched from; a Shopify product's are its first variant's.
    pub pictures: Vec<String>,
    /// The WooCommerce categories that it is in.
    pub categories: Vec<u64>,
    /// Made to have WooCommerce variations, though it may have none yet.
    pub variable: bool,
    /// As WooCommerce tells them: a product's with all its options, a variation's with its own.
    pub attributes: Vec<Value>,
}
