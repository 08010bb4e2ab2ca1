//! Making a WooCommerce product with variations (REST v3, from its source): in steps, each of which may be told again.
//!
//! 1. The product itself (`type: "variable"`) with its attributes and their options, as a draft. Its SKU is of our own
//!    making and stands for the product in Odoo: a SKU is unique, so the product is not made twice.
//! 2. Its variations, by `variations/batch`, each with its own SKU: not made twice either. A draft hides them.
//! 3. Where customers are to see it at once, the product is published: its variations are there by then.
//!
//! What is missing after a lost answer is missing at the next look, which begins where this one ended: an edit that
//! shows a variation shows its product as well.
//!
//! - A value that its product does not list among the options cannot be chosen by anybody, and an attribute that the
//!   product does not vary by is dropped in silence. So options are added first, and other attributes than Odoo's are
//!   a person's. `attributes` takes the place of all that there are: they are read right before, and none is left out.
//! - An attribute of the whole shop has an id, and one of the product alone is known by its name.
//! - Options are kept as one text with `|` between them.
//! - A variation that joins a product which customers see is `private` until a person, or `offered`, shows it.

use std::collections::BTreeSet;

use crossdock_core::{
    PeerError, Sku,
    catalogue::{Creation, Edited, Family},
    order::short_digest,
    uri::encoded,
};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    api::{V3, ask},
    catalogue::PICTURES_AT_MOST,
    category,
    creation::{Made, article, verdict},
    listing::{UNPRICED, plain},
    stock::ARTICLES_AT_MOST,
    tax,
};
use crate::{api::Shop, html::html, lenient::RawId};

const VARIABLE: &str = "variable";
pub(super) const SHOWN: &str = "publish";
const DELIMITER: char = '|';
/// What the SKUs of products that we make for variations begin with; Odoo has no product of that name.
pub(super) const OWN: &str = "crossdock-";
/// A look at the product, what it is made or changed by, and what shows it.
const CALLS_BESIDE: usize = 3;

#[derive(Deserialize)]
struct Product {
    id: RawId,
    #[serde(default)]
    sku: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    attributes: Vec<Value>,
    #[serde(default)]
    tax_status: String,
    error: Option<super::stock::Refusal>,
}

const ASKED: &str = "id,sku,type,status,attributes,tax_status";

#[derive(Deserialize)]
struct Batch<T> {
    #[serde(default = "Vec::new")]
    create: Vec<T>,
    #[serde(default = "Vec::new")]
    update: Vec<T>,
}

/// Variations of one product in one call.
fn at_most(family: &Family) -> usize {
    let pictured = family.members.iter().any(|(_, new)| new.listing.image.is_some());
    if pictured { PICTURES_AT_MOST } else { ARTICLES_AT_MOST }
}

/// How many requests it takes at most.
pub(super) fn calls(family: &Family) -> usize {
    CALLS_BESIDE + family.members.len().div_ceil(at_most(family))
}

/// Makes variations, and their product where there is none; an answer for each.
pub(super) async fn make(shop: &Shop, family: &Family, counted: bool) -> Result<Vec<Edited>, PeerError> {
    let all = |edited: Edited| Ok(vec![edited; family.members.len()]);
    if let Some(why) = unfit(family) {
        return all(Edited::Refused(why.to_owned()));
    }
    if let Some(why) = classes(family).find_map(|class| shop.tax_classes.refused(class)) {
        return all(Edited::Refused(why));
    }
    let product = match family.begun.first() {
        Some(begun) => {
            let id = begun.product.strip_prefix(UNPRICED).unwrap_or(&begun.product);
            let found = look(shop, &format!("include={}", encoded(id))).await?;
            found.into_iter().find(|product| product.id.0 == id)
        }
        None => {
            let found = look(shop, &format!("sku={}", encoded(&own_sku(family)))).await?;
            found.into_iter().find(|product| product.sku == own_sku(family))
        }
    };
    let product = match product {
        Some(product) if product.kind != VARIABLE => {
            let why = "the shop has the product without variations, or each of them as a product: add this one there";
            return all(Edited::Refused(why.to_owned()));
        }
        Some(product) if tax::apart(classes(family), Some(&product.tax_status)) => {
            return all(Edited::Refused(tax::SHARED.to_owned()));
        }
        Some(product) => match offer(shop, &product, family).await? {
            Ok(()) => product,
            Err(edited) => return all(edited),
        },
        None if !family.begun.is_empty() => return all(Edited::Gone),
        None => match begin(shop, family).await? {
            Ok(product) => product,
            Err(edited) => return all(edited),
        },
    };
    let answers = variations(shop, &product, family, counted).await?;
    let offered = family.members.iter().any(|(_, new)| new.listing.offered);
    if offered
        && product.status != SHOWN
        && answers.contains(&Edited::Done)
        && let Some((_, refused)) = set(shop, &[&product.id.0], SHOWN).await?.into_iter().next()
    {
        return all(refused);
    }
    Ok(answers)
}

/// Why a product is for a person to make; none where it is not.
fn unfit(family: &Family) -> Option<&'static str> {
    let names = |new: &Creation| new.options.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>();
    let mut members = family.members.iter().map(|(_, new)| new);
    let first = members.next().map(names).unwrap_or_default();
    if family.begun.len() > 1 {
        return Some("the shop has the variants in several products: add this one there");
    }
    if members.any(|new| names(new) != first) {
        return Some("the variants of the product have different attributes");
    }
    if tax::apart(classes(family), None) {
        return Some(tax::SHARED);
    }
    let mut values = family.members.iter().flat_map(|(_, new)| &new.options);
    values
        .any(|(_, value)| value.contains(DELIMITER))
        .then_some("no value of an attribute may hold a \"|\" in WooCommerce")
}

/// The tax classes of what is to be made.
fn classes(family: &Family) -> impl Iterator<Item = &String> {
    family.members.iter().filter_map(|(_, new)| new.listing.tax_class.as_ref())
}

/// Nobody else's product has it.
fn own_sku(family: &Family) -> String {
    let digest = short_digest(format!("crossdock {}", family.key).as_bytes());
    format!("{OWN}{}", &digest[..12])
}

async fn look(shop: &Shop, which: &str) -> Result<Vec<Product>, PeerError> {
    let path = format!("{V3}/products?{which}&per_page={ARTICLES_AT_MOST}&_fields={ASKED}");
    ask(shop, Method::GET, &path, None).await
}

fn name(attribute: &Value) -> String {
    plain(attribute["name"].as_str().unwrap_or_default())
}

fn varies(attribute: &Value) -> bool {
    attribute["variation"] == true
}

/// Adds the options that the product's attributes lack.
async fn offer(shop: &Shop, product: &Product, family: &Family) -> Result<Result<(), Edited>, PeerError> {
    let ours: BTreeSet<&str> =
        family.members.iter().flat_map(|(_, new)| &new.options).map(|(name, _)| &**name).collect();
    let theirs: BTreeSet<String> = product.attributes.iter().filter(|one| varies(one)).map(name).collect();
    if !theirs.iter().map(String::as_str).eq(ours) {
        let why = "the shop's product varies by other attributes than Odoo's: add this variant there";
        return Ok(Err(Edited::Refused(why.to_owned())));
    }
    let mut attributes = product.attributes.clone();
    let mut lacked = false;
    for attribute in attributes.iter_mut().filter(|one| varies(one)) {
        let own = name(attribute);
        let Some(options) = attribute["options"].as_array_mut() else { continue };
        for value in values(family, &own) {
            if !options.iter().any(|option| option.as_str().map(plain).as_deref() == Some(value)) {
                options.push(json!(value));
                lacked = true;
            }
        }
    }
    if !lacked {
        return Ok(Ok(()));
    }
    let entry = json!({ "id": number(&product.id.0), "attributes": attributes });
    let written = update(shop, &[entry]).await?;
    Ok(match written.into_iter().next().and_then(|product| product.error) {
        None => Ok(()),
        Some(refusal) if refusal.gone() => Err(Edited::Gone),
        Some(refusal) => Err(Edited::Refused(refusal.said(shop))),
    })
}

/// The values of one attribute, each once.
fn values<'a>(family: &'a Family, attribute: &str) -> Vec<&'a str> {
    let mut values: Vec<&str> = Vec::new();
    let all = family.members.iter().flat_map(|(_, new)| &new.options);
    for (_, value) in all.filter(|(name, _)| name == attribute) {
        if !values.contains(&&**value) {
            values.push(value);
        }
    }
    values
}

fn number(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| Value::from(id), Value::from)
}

/// The first step. What comes of it where the product is not made is the error.
async fn begin(shop: &Shop, family: &Family) -> Result<Result<Product, Edited>, PeerError> {
    let Some((_, first)) = family.members.first() else { return Ok(Err(Edited::Gone)) };
    let attributes = first.options.iter().enumerate().map(|(at, (name, _))| {
        json!({
            "name": name, "position": at, "visible": true, "variation": true, "options": values(family, name),
        })
    });
    let mut body = json!({
        "name": family.title, "type": VARIABLE, "sku": own_sku(family), "status": "draft",
        "attributes": attributes.collect::<Vec<_>>(),
    });
    if let Some(told) = first.listing.category.as_deref() {
        match category::ids(shop, [told].into_iter()).await?.remove(told) {
            Some(Ok(id)) => body["categories"] = json!([category::id(&id)]),
            Some(Err(why)) => return Ok(Err(Edited::Refused(why))),
            None => {}
        }
    }
    if let Some(status) = tax::status(classes(family)) {
        // A variation has none of its own.
        body["tax_status"] = status.into();
    }
    if let Some(text) = &first.listing.description {
        body["description"] = html(text).into();
    }
    if let Some(image) = &first.listing.image {
        body["images"] = json!([{ "src": image }]);
    }
    let path = format!("{V3}/products/batch");
    let batch: Batch<Value> = ask(shop, Method::POST, &path, Some(&json!({ "create": [body] }))).await?;
    let made = batch.create.into_iter().next();
    let made = made.ok_or_else(|| shop.garbage("a batch without an answer for each entry"))?;
    let refused = Made::deserialize(&made).map(|made| verdict(shop, made));
    match refused.map_err(|_| shop.garbage("no product"))? {
        Edited::Done => {
            let product = Product::deserialize(&made).map_err(|_| shop.garbage("no product"))?;
            Ok(Ok(product))
        }
        edited => Ok(Err(edited)),
    }
}

/// The second step.
async fn variations(
    shop: &Shop,
    product: &Product,
    family: &Family,
    counted: bool,
) -> Result<Vec<Edited>, PeerError> {
    let path = format!("{V3}/products/{}/variations/batch", encoded(&product.id.0));
    let mut answers = Vec::new();
    for part in family.members.chunks(at_most(family)) {
        let bodies: Vec<Value> =
            part.iter().map(|(sku, new)| variation(shop, product, sku, new, counted)).collect();
        let batch: Batch<Made> = ask(shop, Method::POST, &path, Some(&json!({ "create": bodies }))).await?;
        if batch.create.len() != part.len() {
            return Err(shop.garbage("a batch without an answer for each entry"));
        }
        answers.extend(batch.create.into_iter().map(|made| verdict(shop, made)));
    }
    Ok(answers)
}

fn variation(shop: &Shop, product: &Product, sku: &Sku, new: &Creation, counted: bool) -> Value {
    let mut body = article(sku, new, counted, &shop.weight_unit, true);
    let hidden = product.status == SHOWN && !new.listing.offered;
    body["status"] = if hidden { "private" } else { SHOWN }.into();
    let value = |(own, value): &(String, String)| {
        let id = product.attributes.iter().find(|one| varies(one) && name(one) == *own).map(|one| &one["id"]);
        match id.filter(|id| **id != 0) {
            Some(id) => json!({ "id": id, "option": value }),
            None => json!({ "name": own, "option": value }),
        }
    };
    body["attributes"] = new.options.iter().map(value).collect();
    body
}

async fn update(shop: &Shop, entries: &[Value]) -> Result<Vec<Product>, PeerError> {
    let path = format!("{V3}/products/batch");
    let batch: Batch<Product> = ask(shop, Method::POST, &path, Some(&json!({ "update": entries }))).await?;
    if batch.update.len() != entries.len() {
        return Err(shop.garbage("a batch without an answer for each entry"));
    }
    Ok(batch.update)
}

/// Lets customers see products, or hides them; gives what came of those of which the shop does not let us.
pub(super) async fn set(
    shop: &Shop,
    products: &[&str],
    status: &str,
) -> Result<Vec<(String, Edited)>, PeerError> {
    if products.is_empty() {
        return Ok(Vec::new());
    }
    let entries: Vec<Value> =
        products.iter().map(|id| json!({ "id": number(id), "status": status })).collect();
    let mut refused = Vec::new();
    for (id, product) in products.iter().zip(update(shop, &entries).await?) {
        let edited = match product.error {
            None => continue,
            Some(refusal) if refusal.gone() => Edited::Gone,
            Some(refusal) => Edited::Refused(refusal.said(shop)),
        };
        refused.push(((*id).to_owned(), edited));
    }
    Ok(refused)
}

/// Which of these products customers see.
pub(super) async fn seen(shop: &Shop, products: &BTreeSet<String>) -> Result<BTreeSet<String>, PeerError> {
    let mut seen = BTreeSet::new();
    let products: Vec<&str> = products.iter().map(String::as_str).collect();
    for part in products.chunks(ARTICLES_AT_MOST) {
        let found = look(shop, &format!("include={}", part.join(","))).await?;
        seen.extend(found.into_iter().filter(|product| product.status == SHOWN).map(|product| product.id.0));
    }
    Ok(seen)
}
