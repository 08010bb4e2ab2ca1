//! Making products in WooCommerce (REST v3): those without variants, up to a hundred in one call; the others one by one
//! (see [`variants`](super::variants)).
//!
//! A SKU is unique there, so an article that was made by a call whose answer was lost is refused
//! (`product_invalid_sku`), and found with the next look.

use crossdock_core::{
    PeerError, Sku,
    catalogue::{Creation, Edited, Family},
};
use http::Method;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    api::{V3, ask},
    catalogue::picture,
    category,
    stock::Refusal,
    tax, variants,
    weight::Unit,
};
use crate::{api::Shop, html::html};

/// There is one already.
const TAKEN: &str = "product_invalid_sku";

#[derive(Deserialize)]
struct Batch {
    #[serde(default)]
    create: Vec<Made>,
}

#[derive(Deserialize)]
pub(super) struct Made {
    error: Option<Refusal>,
}

pub(super) fn verdict(shop: &Shop, made: Made) -> Edited {
    match made.error {
        None => Edited::Done,
        // To be looked at once more: it is there.
        Some(refusal) if refusal.is(TAKEN) => Edited::Gone,
        Some(refusal) => Edited::Refused(refusal.said(shop)),
    }
}

fn has_variants(family: &Family) -> bool {
    family.members.iter().any(|(_, new)| !new.options.is_empty())
}

/// How many requests these products take at most.
pub(crate) fn calls(families: &[Family]) -> usize {
    let simple = families.iter().any(|family| !has_variants(family));
    families.iter().filter(|family| has_variants(family)).map(variants::calls).sum::<usize>()
        + usize::from(simple)
}

pub(crate) async fn create(
    shop: &Shop,
    families: &[Family],
    counted: bool,
) -> Result<Vec<(Sku, Edited)>, PeerError> {
    let mut answers = Vec::new();
    let (varied, plain): (Vec<&Family>, Vec<&Family>) =
        families.iter().partition(|family| has_variants(family));
    let mut simple: Vec<(&Sku, &Creation)> =
        plain.into_iter().flat_map(|family| &family.members).map(|(sku, new)| (sku, new)).collect();
    let ids =
        category::ids(shop, simple.iter().filter_map(|(_, new)| new.listing.category.as_deref())).await?;
    let classes = families.iter().flat_map(|family| &family.members);
    tax::look(shop, classes.filter_map(|(_, new)| new.listing.tax_class.as_ref())).await?;
    let mut bodies: Vec<Value> = Vec::new();
    simple.retain(|(sku, new)| {
        let mut body = article(sku, new, counted, &shop.weight_unit, false);
        if let Some(why) = new.listing.tax_class.as_ref().and_then(|class| shop.tax_classes.refused(class)) {
            answers.push(((*sku).clone(), Edited::Refused(why)));
            return false;
        }
        match new.listing.category.as_deref().map(|told| &ids[told]) {
            Some(Err(why)) => {
                answers.push(((*sku).clone(), Edited::Refused(why.clone())));
                return false;
            }
            Some(Ok(id)) => body["categories"] = json!([category::id(id)]),
            None => {}
        }
        bodies.push(body);
        true
    });
    if !bodies.is_empty() {
        let path = format!("{V3}/products/batch");
        let batch: Batch = ask(shop, Method::POST, &path, Some(&json!({ "create": bodies }))).await?;
        if batch.create.len() != simple.len() {
            return Err(shop.garbage("a batch without an answer for each entry"));
        }
        let made = batch.create.into_iter().map(|made| verdict(shop, made));
        answers.extend(simple.into_iter().map(|(sku, _)| sku.clone()).zip(made));
    }
    for family in varied {
        let edited = variants::make(shop, family, counted).await?;
        answers.extend(family.members.iter().map(|(sku, _)| sku.clone()).zip(edited));
    }
    Ok(answers)
}

/// What an article is made of, whether it is a product or one of its variations.
pub(super) fn article(sku: &Sku, new: &Creation, counted: bool, unit: &Unit, variation: bool) -> Value {
    let listing = &new.listing;
    let mut body = json!({ "sku": sku });
    if !variation {
        body["name"] = listing.title.as_deref().unwrap_or(&new.family_title).into();
        body["type"] = "simple".into();
        body["status"] = if listing.offered { "publish" } else { "draft" }.into();
    }
    if counted {
        // None there until the stock is told.
        body["manage_stock"] = true.into();
        body["stock_quantity"] = 0.into();
    }
    let text = |price: Decimal| price.normalize().to_string();
    match (listing.price, listing.compare_at) {
        (Some(price), Some(before)) => {
            body["regular_price"] = text(before).into();
            body["sale_price"] = text(price).into();
        }
        (Some(price), None) => body["regular_price"] = text(price).into(),
        (None, _) => {}
    }
    if let Some(weight) = listing.weight.and_then(|weight| unit.written(weight)) {
        body["weight"] = weight.into();
    }
    if let Some(barcode) = &listing.barcode {
        // A shop that knows none takes no notice.
        body["global_unique_id"] = barcode.as_str().into();
    }
    if let Some(image) = &listing.image {
        let (name, picture) = picture(image, variation);
        body[name] = picture;
    }
    if let (Some(class), Some(body)) = (&listing.tax_class, body.as_object_mut()) {
        tax::put(body, class, variation);
    }
    if let Some(text) = listing.description.as_ref().filter(|_| !variation) {
        body["description"] = html(text).into();
    }
    body
}
