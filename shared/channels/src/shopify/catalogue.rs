//! What a Shopify shop shows of a variant (2026-04): its prices, barcode and weight; and of the product that it belongs to
//! (see [`product`](super::product)). Variants are found as their counts are (see [`stock`](super::stock)).
//!
//! - `productVariantsBulkUpdate` takes the variants of one product. With `allowPartialUpdates` one that is refused
//!   does not stop its siblings. A `userErrors` entry names its variant by `field: ["variants", "<number>", …]`, where
//!   it names any. What was done is told by what the answer's `productVariants` hold, and by nothing else.
//! - A weight has the unit that a person chose; it is written in kilograms.
//!
//! Told again, the same edits write the same once more.
//!
//! Not to be found: whether a variant that is gone has a code of its own beside `PRODUCT_VARIANT_DOES_NOT_EXIST`. With
//! another code it is told as refused, in Shopify's words.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    Currency, PeerError, Sku,
    catalogue::{Edit, Edited, Field, Held, Listing, Shown, Whole},
};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    breaks,
    graphql::{Failure, run},
    node::Connection,
    product,
    stock::{PAGES_AT_MOST, term},
};
use crate::{
    Money,
    api::Shop,
    html::words,
    lenient::{self, RawId},
};

/// What each variant has of its own; what its product has is [`product::FIELDS`].
const FIELDS: [Field; 4] = [Field::Price, Field::CompareAt, Field::Barcode, Field::Weight];
/// Beside what orders and shipments need.
pub(crate) const SCOPES: [&str; 2] = ["read_products", "write_products"];
/// Each product of them takes a call, or two.
pub(crate) const VARIANTS_AT_MOST: usize = 100;

/// Digits of a kilogram.
const GRAM: u32 = 3;

const READ: &str = "query CatalogueVariants($query: String!, $first: Int!, $after: String) {
  productVariants(first: $first, after: $after, query: $query) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id sku price compareAtPrice barcode inventoryItem { measurement { weight { unit value } } }
      product { id title descriptionHtml productType status variantsCount { count } featuredMedia { id } }
    }
  }
}";

const MONEY: &str = "query CatalogueMoney { shop { currencyCode taxesIncluded } }";

const WRITE: &str = "mutation CatalogueUpdate($product: ID!, $variants: [ProductVariantsBulkInput!]!) {
  productVariantsBulkUpdate(productId: $product, variants: $variants, allowPartialUpdates: true) {
    productVariants { id price compareAtPrice barcode inventoryItem { measurement { weight { unit value } } } }
    userErrors { code field message }
  }
}";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Read {
    product_variants: Connection<Variant>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Variant {
    id: RawId,
    sku: Option<String>,
    price: Option<String>,
    compare_at_price: Option<String>,
    barcode: Option<String>,
    inventory_item: Option<Item>,
    product: product::Product,
}

#[derive(Deserialize)]
struct Item {
    measurement: Option<Measurement>,
}

#[derive(Deserialize)]
struct Measurement {
    weight: Option<Weight>,
}

#[derive(Deserialize)]
struct Weight {
    unit: String,
    value: f64,
}

impl Item {
    /// In kilograms; none where nobody entered one, or in a unit that is none of Shopify's.
    fn weight(&self) -> Option<Decimal> {
        let weight = self.measurement.as_ref()?.weight.as_ref()?;
        let unit = match weight.unit.as_str() {
            "KILOGRAMS" => Decimal::ONE,
            "GRAMS" => Decimal::new(1, 3),
            "POUNDS" => Decimal::new(45_359_237, 8),
            "OUNCES" => Decimal::new(45_359_237, 8) / Decimal::from(16),
            _ => return None,
        };
        let weight = Decimal::try_from(weight.value).ok()?.checked_mul(unit)?;
        Some(weight.normalize()).filter(|weight| *weight > Decimal::ZERO)
    }
}

#[derive(Deserialize)]
struct MoneyAnswer {
    shop: ShopMoney,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShopMoney {
    currency_code: String,
    taxes_included: bool,
}

pub(crate) async fn money(shop: &Shop) -> Result<Money, PeerError> {
    let answer: MoneyAnswer =
        run(shop, "CatalogueMoney", MONEY, json!({})).await.map_err(|failure| failure.peer(shop))?;
    let currency = lenient::currency(&answer.shop.currency_code);
    let currency = currency.map_err(|lenient::Unclear(why)| shop.garbage(why))?;
    Ok(Money { currency, prices_hold_tax: Some(answer.shop.taxes_included) })
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
    breaks::read(shop, &mut found).await?;
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
    let product = variant.product;
    let listing = Listing {
        price: price(variant.price.as_deref()),
        compare_at: price(variant.compare_at_price.as_deref()),
        barcode: barcode(variant.barcode),
        weight: variant.inventory_item.as_ref().and_then(Item::weight),
        title: product.title.filter(|title| !title.trim().is_empty()),
        description: product.description_html.as_deref().and_then(words),
        category: product.product_type.filter(|kind| !kind.trim().is_empty()),
        offered: product.status == product::OFFERED,
        ..Listing::default()
    };
    // A picture that is there is whoever's who put it there.
    let lacks: BTreeSet<Field> = product.featured_media.map(|_| Field::Image).into_iter().collect();
    let handle = format!("{}/{}", product.id.0, variant.id.0);
    // What says nothing of its variants is left as it is: nobody knows whether they all agree.
    let articles = product.variants_count.map_or(usize::MAX, |count| count.count);
    let whole = Some(Whole { id: product.id.0, articles, fields: &product::FIELDS });
    match found.get(&sku) {
        None => {
            found.insert(
                sku,
                Held::One(Box::new(Shown { handle, listing, lacks, categories: Vec::new(), whole })),
            );
        }
        // Pages of a list that changes meanwhile may overlap.
        Some(Held::One(known)) if known.handle == handle => {}
        Some(_) => {
            found.insert(sku, Held::Several);
        }
    }
}

/// What a variant has of its own first: a product that is shown anew has its prices then.
pub(crate) async fn edit(shop: &Shop, edits: &[Edit], currency: &Currency) -> Result<Vec<Edited>, PeerError> {
    let mut answers = BTreeMap::new();
    let mut products: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    for (at, edit) in edits.iter().enumerate() {
        match edit.handle.split_once('/') {
            Some((product, variant)) => products.entry(product).or_default().push((at, variant)),
            None => {
                answers.insert(at, Edited::Gone);
            }
        }
    }
    for (product, entries) in products {
        let own = entries.iter().copied().filter(|(at, _)| has(&edits[*at], &FIELDS));
        let own: Vec<(usize, &str)> = own.collect();
        if !own.is_empty() {
            write(shop, edits, product, &own, &mut answers).await?;
        }
        let whole = entries.iter().map(|(at, _)| *at).filter(|at| has(&edits[*at], &product::FIELDS));
        // Of an edit that was refused in one part the other is not written.
        let whole: Vec<usize> =
            whole.filter(|at| answers.get(at).is_none_or(|answer| *answer == Edited::Done)).collect();
        // One speaks for all of them.
        if let Some(first) = whole.first() {
            let answer = product::write(shop, product, &edits[*first]).await?;
            answers.extend(whole.iter().map(|at| (*at, answer.clone())));
        }
        for (at, _) in entries {
            // A field that Shopify does not know is in no difference: there is nothing to write.
            answers.entry(at).or_insert(Edited::Done);
        }
    }
    breaks::follow(shop, edits, currency, &mut answers).await?;
    Ok(answers.into_values().collect())
}

/// How many requests these edits take: what variants have of their own goes product by product, and so does the rest.
pub(crate) fn calls(shop: &Shop, edits: &[Edit]) -> usize {
    let product = |edit: &Edit| edit.handle.split_once('/').map(|(product, _)| product.to_owned());
    let of = |fields: &[Field]| {
        edits.iter().filter(|edit| has(edit, fields)).map(product).collect::<BTreeSet<_>>().len()
    };
    of(&FIELDS) + of(&product::FIELDS) + breaks::calls(shop, edits)
}

/// All that can be shown here.
pub(crate) fn fields(shop: &Shop) -> BTreeSet<Field> {
    let steps = shop.price_list.as_ref().map(|_| Field::Steps);
    FIELDS.into_iter().chain(product::FIELDS).chain(steps).collect()
}

fn has(edit: &Edit, fields: &[Field]) -> bool {
    edit.fields.iter().any(|field| fields.contains(field))
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
#[serde(rename_all = "camelCase")]
struct Stored {
    id: RawId,
    price: Option<String>,
    compare_at_price: Option<String>,
    barcode: Option<String>,
    inventory_item: Option<Item>,
}

#[derive(Deserialize)]
pub(super) struct UserError {
    code: Option<String>,
    field: Option<Vec<String>>,
    message: String,
}

impl UserError {
    /// In Shopify's words, as far as there are any.
    pub fn refused(&self, shop: &Shop) -> Edited {
        let why = [&self.message, self.code.as_deref().unwrap_or_default()].map(|text| shop.said(text));
        let why = why.into_iter().find(|why| !why.is_empty());
        Edited::Refused(why.unwrap_or_else(|| "no reason given".into()))
    }

    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// Whether it is about this part of what was written.
    pub fn is_about(&self, name: &str) -> bool {
        self.field.as_ref().and_then(|path| path.last()).is_some_and(|last| last == name)
    }

    /// Which of the variants it is about; none for the whole call.
    pub fn entry(&self) -> Option<usize> {
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
    if edit.fields.contains(&Field::CompareAt) {
        // Null takes it away.
        input["compareAtPrice"] = edit.to.compare_at.map(|price| price.normalize().to_string()).into();
    }
    if let Some(barcode) = edit.to.barcode.as_ref().filter(|_| edit.fields.contains(&Field::Barcode)) {
        input["barcode"] = barcode.as_str().into();
    }
    let weight = edit.to.weight.filter(|_| edit.fields.contains(&Field::Weight));
    if let Some(weight) = weight.and_then(|weight| weight.to_f64()) {
        input["inventoryItem"] =
            json!({ "measurement": { "weight": { "unit": "KILOGRAMS", "value": weight } } });
    }
    input
}

/// Whether the shop holds what was written.
fn holds(stored: &Stored, edit: &Edit) -> bool {
    edit.fields.iter().all(|field| match field {
        Field::Price => price(stored.price.as_deref()) == edit.to.price.map(|price| price.normalize()),
        Field::CompareAt => {
            let wanted = edit.to.compare_at.map(|price| price.normalize());
            price(stored.compare_at_price.as_deref()) == wanted
        }
        Field::Barcode => barcode(stored.barcode.clone()) == edit.to.barcode,
        Field::Weight => {
            let grams = |weight: Option<Decimal>| weight.map(|weight| weight.round_dp(GRAM));
            grams(stored.inventory_item.as_ref().and_then(Item::weight)) == grams(edit.to.weight)
        }
        // Of the product.
        _ => true,
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
        _ => error.refused(shop),
    }
}
