//! Making a product in Shopify, with all its variants (2026-04).
//!
//! `productSet` with an `identifier` makes the product, or brings the one with this handle to the input: so a call
//! whose answer was lost is told again without making a second product. The handle is of our own making and holds
//! the product's id in Odoo: nobody else's product has it. A product without variants has the one option "Title" with
//! the one value "Default Title".
//!
//! `productSet` takes away what its lists do not hold. So a product of which the shop has some variants already is
//! never set as a whole: `productVariantsBulkCreate` adds the others, all of them or none. A variant that has the
//! values of another one is refused, so none is added twice. Its strategy keeps the variant that a product without
//! variants has; the default one would take it away.

use crossdock_core::{
    PeerError, Sku,
    catalogue::{Creation, Edited, Family},
    order::short_digest,
};
use rust_decimal::prelude::ToPrimitive as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{catalogue::UserError, graphql::run, variant::taxable};
use crate::{api::Shop, html::html, lenient};

const SET: &str = "mutation CatalogueCreate($identifier: ProductSetIdentifiers!, $input: ProductSetInput!) {
  productSet(synchronous: true, identifier: $identifier, input: $input) {
    product { id variants(first: 250) { nodes { sku } } }
    userErrors { code field message }
  }
}";

const ADD: &str = "mutation CatalogueAdd($product: ID!, $variants: [ProductVariantsBulkInput!]!, $media: [CreateMediaInput!]) {
  productVariantsBulkCreate(productId: $product, variants: $variants, media: $media, strategy: PRESERVE_STANDALONE_VARIANT) {
    productVariants { sku }
    userErrors { code field message }
  }
}";

/// Shopify knows no more.
const OPTIONS_AT_MOST: usize = 3;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    product_set: Done,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    product: Option<Product>,
    user_errors: Vec<UserError>,
}

#[derive(Deserialize)]
struct Product {
    variants: Nodes,
}

#[derive(Deserialize)]
struct Nodes {
    nodes: Vec<Variant>,
}

#[derive(Deserialize)]
struct Variant {
    sku: Option<String>,
}

pub(crate) async fn create(
    shop: &Shop,
    families: &[Family],
    counted: bool,
) -> Result<Vec<(Sku, Edited)>, PeerError> {
    let mut answers = Vec::new();
    for family in families {
        let edited = match (unfit(family), family.begun.first()) {
            (Some(why), _) => vec![Edited::Refused(why.to_owned()); family.members.len()],
            (None, None) => set(shop, family, counted).await?,
            (None, Some(begun)) => add(shop, &begun.product, family, counted).await?,
        };
        answers.extend(family.members.iter().map(|(sku, _)| sku.clone()).zip(edited));
    }
    Ok(answers)
}

/// Why a product is for a person to make; none where it is not.
fn unfit(family: &Family) -> Option<&'static str> {
    let options = family.members.first().map_or(0, |(_, new)| new.options.len());
    if family.begun.len() > 1 {
        return Some("the shop has the variants in several products: add this one there");
    }
    let shown = family.begun.first().is_some_and(|begun| begun.offered);
    if shown && family.members.iter().any(|(_, new)| !new.listing.offered) {
        return Some(
            "the shop shows the product, and customers would see a new variant at once: add it there, or name \
             `offered` in `catalogue.update`",
        );
    }
    if options == 0 && !family.begun.is_empty() {
        return Some("the shop has the product with another SKU: give it this one there");
    }
    if options > OPTIONS_AT_MOST {
        return Some("the product has more attributes than Shopify has options");
    }
    let same = family.members.iter().all(|(_, new)| new.options.len() == options);
    (!same).then_some("the variants of the product have different attributes")
}

async fn set(shop: &Shop, family: &Family, counted: bool) -> Result<Vec<Edited>, PeerError> {
    let variables = json!({ "identifier": { "handle": handle(family) }, "input": input(family, counted) });
    let answer: Answer =
        run(shop, "CatalogueCreate", SET, variables).await.map_err(|failure| failure.peer(shop))?;
    let done = answer.product_set;
    if let Some(error) = done.user_errors.first() {
        return Ok(vec![error.refused(shop); family.members.len()]);
    }
    let variants = done.product.map(|product| product.variants.nodes).unwrap_or_default();
    let held: Vec<Sku> = variants.iter().filter_map(|one| lenient::sku(one.sku.as_deref())).collect();
    Ok(family.members.iter().map(|(sku, _)| verdict(&held, sku)).collect())
}

fn verdict(held: &[Sku], sku: &Sku) -> Edited {
    match held.contains(sku) {
        true => Edited::Done,
        false => Edited::Refused("the shop took the product and holds it without this SKU".to_owned()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AddAnswer {
    product_variants_bulk_create: Added,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Added {
    product_variants: Option<Vec<Variant>>,
    user_errors: Vec<UserError>,
}

/// Adds variants to a product.
async fn add(shop: &Shop, product: &str, family: &Family, counted: bool) -> Result<Vec<Edited>, PeerError> {
    let variants: Vec<Value> = family.members.iter().map(|(sku, new)| added(sku, new, counted)).collect();
    let images = family.members.iter().filter_map(|(_, new)| new.listing.image.as_deref());
    let media: Vec<Value> =
        images.map(|image| json!({ "mediaContentType": "IMAGE", "originalSource": image })).collect();
    let product = format!("gid://shopify/Product/{product}");
    let variables = json!({ "product": product, "variants": variants, "media": media });
    let answer: AddAnswer =
        run(shop, "CatalogueAdd", ADD, variables).await.map_err(|failure| failure.peer(shop))?;
    let done = answer.product_variants_bulk_create;
    if let Some(first) = done.user_errors.first() {
        // One that is refused keeps its siblings out.
        let own = |at: usize| done.user_errors.iter().find(|error| error.entry() == Some(at));
        return Ok((0..family.members.len()).map(|at| own(at).unwrap_or(first).refused(shop)).collect());
    }
    let variants = done.product_variants.unwrap_or_default();
    let held: Vec<Sku> = variants.iter().filter_map(|one| lenient::sku(one.sku.as_deref())).collect();
    Ok(family.members.iter().map(|(sku, _)| verdict(&held, sku)).collect())
}

/// The input of a product as a whole has the SKU and the picture at other places.
fn added(sku: &Sku, new: &Creation, counted: bool) -> Value {
    let mut input = variant(sku, new, counted);
    if let Some(fields) = input.as_object_mut() {
        fields.remove("sku");
        fields.remove("file");
    }
    input["inventoryItem"]["sku"] = json!(sku);
    if let Some(image) = &new.listing.image {
        input["mediaSrc"] = json!([image]);
    }
    input
}

/// Letters, digits and hyphens: what a shop's address is made of.
fn handle(family: &Family) -> String {
    let title = family.title.to_lowercase();
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut slug = words.collect::<Vec<_>>().join("-");
    slug.truncate(60);
    let digest = short_digest(format!("crossdock {}", family.key).as_bytes());
    format!("{}-{}", slug.trim_end_matches('-'), &digest[..8]).trim_start_matches('-').to_owned()
}

fn input(family: &Family, counted: bool) -> Value {
    let first = family.members.first().map(|(_, new)| new);
    let listing = first.map(|new| &new.listing);
    let names: Vec<&str> =
        first.map(|new| new.options.iter().map(|(name, _)| name.as_str()).collect()).unwrap_or_default();
    let options: Vec<Value> = match names.is_empty() {
        true => vec![json!({ "name": "Title", "values": [{ "name": "Default Title" }] })],
        false => names.iter().enumerate().map(|(at, name)| option(family, at, name)).collect(),
    };
    let mut input = json!({
        "title": family.title,
        "handle": handle(family),
        "status": if listing.is_some_and(|listing| listing.offered) { "ACTIVE" } else { "DRAFT" },
        "productOptions": options,
        "variants": family.members.iter().map(|(sku, new)| variant(sku, new, counted)).collect::<Vec<_>>(),
    });
    let mut pictures: Vec<&str> = Vec::new();
    for image in family.members.iter().filter_map(|(_, new)| new.listing.image.as_deref()) {
        if !pictures.contains(&image) {
            pictures.push(image);
        }
    }
    if !pictures.is_empty() {
        // Told again after a lost answer, they take the place of those from the first time.
        input["files"] = pictures.into_iter().map(picture).collect();
    }
    if let Some(text) = listing.and_then(|listing| listing.description.as_deref()) {
        input["descriptionHtml"] = html(text).into();
    }
    if let Some(category) = listing.and_then(|listing| listing.category.as_deref()) {
        input["productType"] = category.into();
    }
    input
}

fn picture(address: &str) -> Value {
    json!({ "contentType": "IMAGE", "originalSource": address })
}

fn option(family: &Family, at: usize, name: &str) -> Value {
    let mut values: Vec<&str> = Vec::new();
    for (_, new) in &family.members {
        let value = new.options[at].1.as_str();
        if !values.contains(&value) {
            values.push(value);
        }
    }
    let values: Vec<Value> = values.iter().map(|value| json!({ "name": value })).collect();
    json!({ "name": name, "values": values })
}

fn variant(sku: &Sku, new: &Creation, counted: bool) -> Value {
    let one = |name: &str, value: &str| json!({ "optionName": name, "name": value });
    let values: Vec<Value> = match new.options.is_empty() {
        true => vec![one("Title", "Default Title")],
        false => new.options.iter().map(|(name, value)| one(name, value)).collect(),
    };
    let listing = &new.listing;
    let mut item = json!({ "tracked": counted });
    if let Some(weight) = listing.weight.and_then(|weight| weight.to_f64()) {
        item["measurement"] = json!({ "weight": { "value": weight, "unit": "KILOGRAMS" } });
    }
    let mut variant = json!({ "optionValues": values, "sku": sku, "inventoryItem": item });
    if let Some(price) = listing.price {
        variant["price"] = price.normalize().to_string().into();
    }
    if let Some(before) = listing.compare_at {
        variant["compareAtPrice"] = before.normalize().to_string().into();
    }
    if let Some(image) = listing.image.as_deref().filter(|_| !new.options.is_empty()) {
        // One of the product's files, and the one that shows this variant.
        variant["file"] = picture(image);
    }
    if let Some(class) = &listing.tax_class {
        variant["taxable"] = taxable(class).into();
    }
    if let Some(barcode) = &listing.barcode {
        variant["barcode"] = barcode.as_str().into();
    }
    variant
}
