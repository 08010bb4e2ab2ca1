//! What a Shopify shop shows of an article (2026-04): what the variant has of its own (see [`variant`](super::variant)),
//! and what the product that it belongs to has (see [`product`](super::product)). Variants are found as their counts are
//! (see [`stock`](super::stock)).
//!
//! Told again, the same edits write the same once more.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    Currency, PeerError, Sku,
    catalogue::{Edit, Edited, Field, Held, Listing, Shown, Whole},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    breaks,
    graphql::{Failure, run},
    node::Connection,
    product,
    stock::{PAGES_AT_MOST, term},
    variant::{self, Own},
};
use crate::{
    Money,
    api::Shop,
    html::words,
    lenient::{self, RawId},
};

/// Beside what orders and shipments need.
pub(crate) const SCOPES: [&str; 2] = ["read_products", "write_products"];
/// Each product of them takes a call, or two.
pub(crate) const VARIANTS_AT_MOST: usize = 100;

const READ: &str = "query CatalogueVariants($query: String!, $first: Int!, $after: String) {
  productVariants(first: $first, after: $after, query: $query) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id sku price compareAtPrice barcode taxable inventoryItem { measurement { weight { unit value } } }
      product { id title descriptionHtml productType status variantsCount { count } featuredMedia { id } }
    }
  }
}";

const MONEY: &str = "query CatalogueMoney { shop { currencyCode taxesIncluded } }";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Read {
    product_variants: Connection<Variant>,
}

#[derive(Deserialize)]
struct Variant {
    id: RawId,
    sku: Option<String>,
    #[serde(flatten)]
    own: Own,
    product: product::Product,
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
    let (own, product) = (variant.own, variant.product);
    let listing = Listing {
        price: own.price(),
        compare_at: own.compare_at(),
        barcode: own.barcode(),
        weight: own.weight(),
        tax_class: own.tax_class(),
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
        let own = entries.iter().copied().filter(|(at, _)| has(&edits[*at], &variant::FIELDS));
        let own: Vec<(usize, &str)> = own.collect();
        if !own.is_empty() {
            variant::write(shop, edits, product, &own, &mut answers).await?;
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
    of(&variant::FIELDS) + of(&product::FIELDS) + breaks::calls(shop, edits)
}

/// All that can be shown here.
pub(crate) fn fields(shop: &Shop) -> BTreeSet<Field> {
    let steps = shop.price_list.as_ref().map(|_| Field::Steps);
    variant::FIELDS.into_iter().chain(product::FIELDS).chain(steps).collect()
}

fn has(edit: &Edit, fields: &[Field]) -> bool {
    edit.fields.iter().any(|field| fields.contains(field))
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
