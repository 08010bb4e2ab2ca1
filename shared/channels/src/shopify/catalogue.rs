//! What a Shopify shop shows of a variant (2026-04): price and barcode. Variants are found as their counts are (see
//! [`stock`](super::stock)).
//!
//! - `productVariantsBulkUpdate` takes the variants of one product. With `allowPartialUpdates` one that is refused
//!   does not stop its siblings. A `userErrors` entry names its variant by `field: ["variants", "<number>", …]`, where
//!   it names any. What was done is told by what the answer's `productVariants` hold, and by nothing else.
//! - Titles, descriptions and whether customers see it belong to the product, which Odoo knows as several articles:
//!   they are left alone.
//!
//! Told again, the same edits write the same once more.
//!
//! Not to be found: whether a variant that is gone has a code of its own beside `PRODUCT_VARIANT_DOES_NOT_EXIST`. With
//! another code it is told as refused, in Shopify's words.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    PeerError, Sku,
    catalogue::{Edit, Edited, Field, Held, Listing, Shown},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    graphql::{Failure, run},
    node::Connection,
    stock::{PAGES_AT_MOST, term},
};
use crate::{
    api::Shop,
    lenient::{self, RawId},
};

pub(crate) const FIELDS: [Field; 2] = [Field::Price, Field::Barcode];
/// Each product of them takes a call.
pub(crate) const VARIANTS_AT_MOST: usize = 100;

const READ: &str = "query CatalogueVariants($query: String!, $first: Int!, $after: String) {
  productVariants(first: $first, after: $after, query: $query) {
    pageInfo { hasNextPage endCursor }
    nodes { id sku price barcode product { id status } }
  }
}";

const WRITE: &str = "mutation CatalogueUpdate($product: ID!, $variants: [ProductVariantsBulkInput!]!) {
  productVariantsBulkUpdate(productId: $product, variants: $variants, allowPartialUpdates: true) {
    productVariants { id price barcode }
    userErrors { code field message }
  }
}";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Read {
    product_variants: Connection<Variant>,
}

#[derive(Deserialize)]
struct Variant {
    id: RawId,
    sku: Option<String>,
    price: Option<String>,
    barcode: Option<String>,
    product: Product,
}

#[derive(Deserialize)]
struct Product {
    id: RawId,
    #[serde(default)]
    status: String,
}

fn price(raw: Option<&str>) -> Option<Decimal> {
    raw?.trim().parse::<Decimal>().ok().map(|price| price.normalize())
}

fn barcode(raw: Option<String>) -> Option<String> {
    raw.filter(|barcode| !barcode.trim().is_empty())
}

pub(crate) async fn listings(shop: &Shop, skus: &[&Sku]) -> Result<BTreeMap<Sku, Held>, PeerError> {
    let mut found = BTreeMap::new();
    let mut rest = skus;
    while !rest.is_empty() {
        let (some, others) = rest.split_at(rest.len().min(shop.pages.size()));
        search(shop, some, &mut found).await?;
        rest = others;
    }
    Ok(found)
}

async fn search(shop: &Shop, skus: &[&Sku], found: &mut BTreeMap<Sku, Held>) -> Result<(), PeerError> {
    let query = skus.iter().map(|sku| term(sku)).collect::<Vec<_>>().join(" OR ");
    let mut after: Option<String> = None;
    for _ in 0..PAGES_AT_MOST {
        let first = shop.pages.size();
        let variables = json!({ "query": query, "first": first, "after": after });
        let answer: Read = match run(shop, "CatalogueVariants", READ, variables).await {
            Ok(answer) => answer,
            Err(Failure::TooCostly) if shop.pages.halve(first) => continue,
            Err(failure) => return Err(failure.peer(shop)),
        };
        let page = answer.product_variants;
        after = page.page_info.next().map(str::to_owned);
        for variant in page.nodes {
            let Some(sku) = lenient::sku(variant.sku.as_deref()) else { continue };
            if skus.binary_search(&&sku).is_ok() {
                add(found, sku, variant);
            }
        }
        if after.is_none() {
            return Ok(());
        }
    }
    Err(shop.garbage("variants that never end"))
}

fn add(found: &mut BTreeMap<Sku, Held>, sku: Sku, variant: Variant) {
    let listing = Listing {
        price: price(variant.price.as_deref()),
        barcode: barcode(variant.barcode),
        offered: variant.product.status == "ACTIVE",
        ..Listing::default()
    };
    let handle = format!("{}/{}", variant.product.id.0, variant.id.0);
    match found.get(&sku) {
        None => {
            found.insert(sku, Held::One(Box::new(Shown { handle, listing, lacks: BTreeSet::new() })));
        }
        // Pages of a list that changes meanwhile may overlap.
        Some(Held::One(known)) if known.handle == handle => {}
        Some(_) => {
            found.insert(sku, Held::Several);
        }
    }
}

pub(crate) async fn edit(shop: &Shop, edits: &[Edit]) -> Result<Vec<Edited>, PeerError> {
    let mut answers = BTreeMap::new();
    let mut products: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    for (at, edit) in edits.iter().enumerate() {
        match edit.handle.split_once('/') {
            _ if edit.fields.iter().any(|field| !FIELDS.contains(field)) => {
                let why = "Shopify shows a product as a whole: this is for a person to change there";
                answers.insert(at, Edited::Refused(why.to_owned()));
            }
            Some((product, variant)) => products.entry(product).or_default().push((at, variant)),
            None => {
                answers.insert(at, Edited::Gone);
            }
        }
    }
    for (product, entries) in products {
        write(shop, edits, product, &entries, &mut answers).await?;
    }
    Ok(answers.into_values().collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    product_variants_bulk_update: Done,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    product_variants: Option<Vec<Stored>>,
    /// An answer without this list says nothing of what was done.
    user_errors: Vec<UserError>,
}

#[derive(Deserialize)]
struct Stored {
    id: RawId,
    price: Option<String>,
    barcode: Option<String>,
}

#[derive(Deserialize)]
struct UserError {
    code: Option<String>,
    field: Option<Vec<String>>,
    message: String,
}

impl UserError {
    /// Which of the variants it is about; none for the whole call.
    fn entry(&self) -> Option<usize> {
        let mut path = self.field.as_ref()?.iter().skip_while(|part| *part != "variants");
        path.next()?;
        path.next()?.parse().ok()
    }
}

fn input(edit: &Edit, variant: &str) -> Value {
    let mut input = json!({ "id": format!("gid://shopify/ProductVariant/{variant}") });
    if let Some(price) = edit.to.price.filter(|_| edit.fields.contains(&Field::Price)) {
        input["price"] = price.normalize().to_string().into();
    }
    if let Some(barcode) = edit.to.barcode.as_ref().filter(|_| edit.fields.contains(&Field::Barcode)) {
        input["barcode"] = barcode.as_str().into();
    }
    input
}

/// Whether the shop holds what was written.
fn holds(stored: &Stored, edit: &Edit) -> bool {
    edit.fields.iter().all(|field| match field {
        Field::Price => price(stored.price.as_deref()) == edit.to.price.map(|price| price.normalize()),
        Field::Barcode => barcode(stored.barcode.clone()) == edit.to.barcode,
        _ => false,
    })
}

async fn write(
    shop: &Shop,
    edits: &[Edit],
    product: &str,
    entries: &[(usize, &str)],
    answers: &mut BTreeMap<usize, Edited>,
) -> Result<(), PeerError> {
    let variants: Vec<Value> = entries.iter().map(|(at, variant)| input(&edits[*at], variant)).collect();
    let variables = json!({ "product": format!("gid://shopify/Product/{product}"), "variants": variants });
    let answer: Written =
        run(shop, "CatalogueUpdate", WRITE, variables).await.map_err(|failure| failure.peer(shop))?;
    let done = answer.product_variants_bulk_update;
    let stored = done.product_variants.unwrap_or_default();
    for (number, (at, variant)) in entries.iter().enumerate() {
        let own = done.user_errors.iter().find(|error| error.entry() == Some(number));
        let whole = done.user_errors.iter().find(|error| error.entry().is_none());
        let held = stored.iter().any(|one| one.id.0 == **variant && holds(one, &edits[*at]));
        let edited = match own.or(whole) {
            None if held => Edited::Done,
            None => Edited::Refused("the shop took the edit and holds something else".to_owned()),
            Some(error) => verdict(shop, error),
        };
        answers.insert(*at, edited);
    }
    Ok(())
}

fn verdict(shop: &Shop, error: &UserError) -> Edited {
    match error.code.as_deref().unwrap_or_default() {
        "PRODUCT_DOES_NOT_EXIST" | "PRODUCT_VARIANT_DOES_NOT_EXIST" => Edited::Gone,
        code => {
            let why = [&error.message, code].map(|text| shop.said(text));
            let why = why.into_iter().find(|why| !why.is_empty());
            Edited::Refused(why.unwrap_or_else(|| "no reason given".into()))
        }
    }
}
