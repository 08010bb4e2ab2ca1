//! What a WooCommerce shop shows of an article (REST v3, from its source). Articles are found as their counts are
//! (see [`stock`](super::stock)).
//!
//! - The price is `regular_price`, a text, empty where there is none. `sale_price`, which people set for a sale, is
//!   left alone, and so is `price`, which the shop makes of both. Where prices that are struck out are Odoo's, the
//!   price is `sale_price` and the one struck out `regular_price`, without the dates that people limit a sale by.
//! - A description is HTML, and told with paragraphs that the shop makes of it: its words are compared. That of a
//!   variation is left alone: its product has it.
//! - A barcode is `global_unique_id`, from 9.2 on. A shop that does not tell it has none.
//! - A weight is in the shop's own unit (see [`weight`](super::weight)).
//! - Pictures are given by address, and the shop fetches them while it is asked: some in one call. A picture that is
//!   there is left alone. One that cannot be fetched refuses the article.
//! - A product with variations (`type: "variable"`) and a group of products have no price of their own: the shop
//!   takes one and drops it, in silence. It is refused here.
//! - A variation has no name of its own: the shop makes it of the product's name and the values. So only a product's
//!   name is read and written.
//! - A product has several categories (see [`category`](super::category)), and one tax class (see [`tax`](super::tax)).
//! - `status` is `publish`, `draft`, `pending` or `private`; a variation is switched off by `private`, and is seen where
//!   its product is: the products of variations are asked for too, shown with the variations that are, and hidden with
//!   the last of them (see [`hiding`](super::hiding)).
//! - Writing is `products/batch` and `products/<product>/variations/batch`, each entry answered in its place with
//!   what the shop holds afterwards. A price that is another one then was changed by a plugin, or not taken.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    PeerError,
    catalogue::{EXEMPT, Edit, Edited, Field, Listing},
    uri::encoded,
};
use http::Method;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    api::{V3, ask},
    category::{self, Assigned, Putting},
    hiding::{self, hides},
    listing::{UNPRICED, price},
    stock::Refusal,
    tax, variants,
    weight::Unit,
};
use crate::{
    Money,
    api::Shop,
    html::html,
    lenient::{self, RawId},
};

pub(crate) const FIELDS: [Field; 10] = [
    Field::Price,
    Field::CompareAt,
    Field::Title,
    Field::Description,
    Field::Barcode,
    Field::Weight,
    Field::Category,
    Field::Offered,
    Field::Image,
    Field::TaxClass,
];

/// A shop fetches one in a second or two.
pub(crate) const PICTURES_AT_MOST: usize = 8;

#[derive(Deserialize)]
struct CurrencyNow {
    code: String,
}

#[derive(Deserialize)]
struct Setting {
    value: String,
}

/// What prices mean; and what is needed to read and write the rest.
pub(crate) async fn money(shop: &Shop) -> Result<Money, PeerError> {
    let money = settings(shop).await?;
    if shop.sorts {
        category::learn(shop).await?;
    }
    if shop.taxes {
        tax::learn(shop).await?;
    }
    Ok(money)
}

/// A shop that computes no taxes takes its prices as they are.
async fn settings(shop: &Shop) -> Result<Money, PeerError> {
    let now: CurrencyNow = ask(shop, Method::GET, &format!("{V3}/data/currencies/current"), None).await?;
    let currency = lenient::currency(&now.code).map_err(|lenient::Unclear(why)| shop.garbage(why))?;
    let taxes = setting(shop, "general/woocommerce_calc_taxes").await?;
    let included = setting(shop, "tax/woocommerce_prices_include_tax").await?;
    if shop.weighs {
        shop.weight_unit.learn(&text(shop, "products/woocommerce_weight_unit").await?);
    }
    Ok(Money { currency, prices_hold_tax: taxes.then_some(included) })
}

/// Beside products, the settings are read: they say what a price means, and the tax classes are among them; and the
/// categories, where they are told.
pub(crate) async fn lacking(shop: &Shop) -> Result<Vec<String>, PeerError> {
    let mut lacking = super::stock::lacking(shop).await?;
    let mut tried = vec![("read settings", settings(shop).await.map(drop))];
    if shop.sorts {
        tried.push(("read product categories", category::learn(shop).await));
    }
    for (right, tried) in tried {
        match tried {
            Ok(()) => {}
            Err(PeerError::Unauthorized { .. }) => lacking.push(right.to_owned()),
            Err(error) => return Err(error),
        }
    }
    Ok(lacking)
}

async fn setting(shop: &Shop, name: &str) -> Result<bool, PeerError> {
    Ok(text(shop, name).await? == "yes")
}

async fn text(shop: &Shop, name: &str) -> Result<String, PeerError> {
    let setting: Setting = ask(shop, Method::GET, &format!("{V3}/settings/{name}"), None).await?;
    Ok(setting.value)
}

/// Which edit it is of, and what is written.
type Entry = (usize, Map<String, Value>);

/// What is written of one article; why nothing can be, where that is so.
fn body(edit: &Edit, variation: bool, unit: &Unit, taxed: bool) -> Result<Map<String, Value>, &'static str> {
    let mut body = Map::new();
    for field in &edit.fields {
        match (field, &edit.to) {
            (Field::Price, Listing { price: Some(price), .. }) => {
                if edit.handle.starts_with(UNPRICED) {
                    return Err("the article has no price of its own: its variations or parts have");
                }
                prices(&mut body, *price, edit);
            }
            (Field::CompareAt, Listing { price: Some(price), .. }) if !edit.handle.starts_with(UNPRICED) => {
                prices(&mut body, *price, edit);
            }
            (Field::Description, Listing { description: Some(text), .. }) if !variation => {
                body.insert("description".into(), json!(html(text)));
            }
            (Field::Barcode, Listing { barcode: Some(barcode), .. }) => {
                body.insert("global_unique_id".into(), json!(barcode));
            }
            (Field::Weight, Listing { weight: Some(weight), .. }) => {
                if let Some(weight) = unit.written(*weight) {
                    body.insert("weight".into(), json!(weight));
                }
            }
            (Field::Image, Listing { image: Some(image), .. }) => {
                let (name, picture) = picture(image, variation);
                body.insert(name.into(), picture);
            }
            (Field::Title, Listing { title: Some(title), .. }) if !variation => {
                body.insert("name".into(), json!(title));
            }
            (Field::TaxClass, Listing { tax_class: Some(class), .. }) if taxed => {
                tax::put(&mut body, class, variation)
            }
            (Field::Offered, Listing { offered, .. }) => {
                let hidden = if variation { "private" } else { "draft" };
                body.insert("status".into(), json!(if *offered { "publish" } else { hidden }));
            }
            _ => {}
        }
    }
    Ok(body)
}

/// A picture by its address, and what holds it.
pub(super) fn picture(address: &str, variation: bool) -> (&'static str, Value) {
    let picture = json!({ "src": address });
    if variation { ("image", picture) } else { ("images", json!([picture])) }
}

/// Where nothing is struck out and nothing was, `sale_price` is left alone.
fn prices(body: &mut Map<String, Value>, price: Decimal, edit: &Edit) {
    let text = |price: Decimal| json!(price.normalize().to_string());
    body.insert("regular_price".into(), text(edit.to.compare_at.unwrap_or(price)));
    if edit.to.compare_at.is_some() || edit.fields.contains(&Field::CompareAt) {
        let sale = edit.to.compare_at.map_or_else(|| json!(""), |_| text(price));
        body.insert("sale_price".into(), sale);
        for date in ["date_on_sale_from", "date_on_sale_to"] {
            body.insert(date.into(), json!(""));
        }
    }
}

/// Which request each edit goes with: its product's, or the products' own; and of those with pictures some at a time.
type Request<'a> = (Option<&'a str>, usize);

fn requests(edits: &[Edit]) -> Vec<Request<'_>> {
    let mut pictures: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    let mut all = Vec::new();
    for edit in edits {
        let parent = edit.handle.split_once('/').map(|(parent, _)| parent);
        let pictured = edit.fields.contains(&Field::Image).then(|| {
            let count = pictures.entry(parent).or_default();
            *count += 1;
            count.div_ceil(PICTURES_AT_MOST)
        });
        all.push((parent, pictured.unwrap_or_default()));
    }
    all
}

pub(crate) async fn edit(shop: &Shop, edits: &[Edit]) -> Result<Vec<Edited>, PeerError> {
    let mut answers = BTreeMap::new();
    let mut batches: BTreeMap<Request<'_>, Vec<Entry>> = BTreeMap::new();
    let (putting, mut not_put) = (Putting::of(shop, edits).await?, BTreeMap::new());
    tax::look(shop, edits.iter().filter_map(taxed)).await?;
    for ((at, edit), request) in edits.iter().enumerate().zip(requests(edits)) {
        let handle = edit.handle.strip_prefix(UNPRICED).unwrap_or(&edit.handle);
        let (parent, id) = match handle.split_once('/') {
            Some((parent, id)) => (Some(parent), id),
            None => (None, handle),
        };
        let untaxed = taxed(edit).and_then(|class| not_taxed(shop, class, parent.is_some()));
        let mut body = body(edit, parent.is_some(), &shop.weight_unit, untaxed.is_none());
        not_put.extend(untaxed.map(|why| (at, Edited::Refused(why))));
        match (putting.about(edit, id), &mut body) {
            (Some(Ok(categories)), Ok(body)) => {
                body.insert("categories".into(), categories);
            }
            // The rest of it is written.
            (Some(Err(why)), Ok(_)) => {
                not_put.insert(at, why);
            }
            _ => {}
        }
        match body {
            Err(why) => {
                answers.insert(at, Edited::Refused(why.to_owned()));
            }
            Ok(body) if body.is_empty() => {
                answers.insert(at, Edited::Done);
            }
            Ok(mut body) => {
                let id = id.parse::<u64>().map_or_else(|_| Value::from(id), Value::from);
                body.insert("id".into(), id);
                batches.entry(request).or_default().push((at, body));
            }
        }
    }
    let kept = hiding::drafts(shop, edits).await?;
    for ((parent, _), entries) in batches {
        write(shop, parent, &entries, &mut answers).await?;
    }
    let hidden: Vec<&str> = hidden(edits, &answers).into_iter().collect();
    let refused = variants::set(shop, &hidden, variants::SHOWN).await?;
    for (at, edit) in edits.iter().enumerate() {
        let of_product = if shows(edit) { &refused } else { &kept };
        let told = shows(edit) || hides(edit).is_some();
        let own = of_product.iter().find(|(product, _)| told && product_of(edit) == Some(product));
        answers.extend(own.map(|(_, why)| (at, why.clone())));
    }
    for (at, why) in not_put {
        if answers.get(&at) == Some(&Edited::Done) {
            answers.insert(at, why);
        }
    }
    Ok(answers.into_values().collect())
}

/// The tax class that an edit puts its article into.
fn taxed(edit: &Edit) -> Option<&String> {
    edit.to.tax_class.as_ref().filter(|_| edit.fields.contains(&Field::TaxClass))
}

/// Why an article is not put into a class; none where it is.
fn not_taxed(shop: &Shop, class: &str, variation: bool) -> Option<String> {
    let shared = (variation && class == EXEMPT).then(|| tax::SHARED.to_owned());
    shared.or_else(|| shop.tax_classes.refused(class))
}

/// The product of a variation.
fn product_of(edit: &Edit) -> Option<&str> {
    edit.handle.split_once('/').map(|(product, _)| product)
}

/// Whether customers are to see a variation: they see none of a product that they do not see.
fn shows(edit: &Edit) -> bool {
    product_of(edit).is_some() && edit.to.offered && edit.fields.contains(&Field::Offered)
}

/// The products that may be hidden though variations of them were shown.
fn hidden<'a>(edits: &'a [Edit], answers: &BTreeMap<usize, Edited>) -> BTreeSet<&'a str> {
    let shown =
        edits.iter().enumerate().filter(|(at, edit)| shows(edit) && answers.get(at) == Some(&Edited::Done));
    shown.filter_map(|(_, edit)| product_of(edit)).collect()
}

/// How many requests these edits take.
pub(crate) fn calls(edits: &[Edit]) -> usize {
    usize::from(edits.iter().any(shows))
        + hiding::calls(edits)
        + category::calls(edits)
        + requests(edits).into_iter().collect::<BTreeSet<_>>().len()
}

#[derive(Deserialize)]
struct Batch {
    #[serde(default)]
    update: Vec<Written>,
}

#[derive(Deserialize)]
struct Written {
    id: RawId,
    #[serde(default)]
    regular_price: Value,
    #[serde(default)]
    sale_price: Value,
    #[serde(default)]
    categories: Vec<Assigned>,
    #[serde(default)]
    tax_status: String,
    #[serde(default)]
    tax_class: String,
    error: Option<Refusal>,
}

async fn write(
    shop: &Shop,
    parent: Option<&str>,
    entries: &[Entry],
    answers: &mut BTreeMap<usize, Edited>,
) -> Result<(), PeerError> {
    let path = match parent {
        Some(parent) => format!("{V3}/products/{}/variations/batch", encoded(parent)),
        None => format!("{V3}/products/batch"),
    };
    let update: Vec<&Map<String, Value>> = entries.iter().map(|(_, body)| body).collect();
    let answer: Batch = ask(shop, Method::POST, &path, Some(&json!({ "update": update }))).await?;
    for (at, body) in entries {
        let id = body["id"].as_str().map_or_else(|| body["id"].to_string(), str::to_owned);
        let written = answer.update.iter().find(|written| written.id.0 == id);
        let written = written.ok_or_else(|| shop.garbage("a batch without an answer for each entry"))?;
        let other =
            |name: &str, held: &Value| body.get(name).is_some_and(|asked| price(asked) != price(held));
        let other =
            other("regular_price", &written.regular_price) || other("sale_price", &written.sale_price);
        let edited = match &written.error {
            Some(refusal) if refusal.gone() => Edited::Gone,
            Some(refusal) => Edited::Refused(refusal.said(shop)),
            None if other => Edited::Refused("the shop took the price and holds another one".to_owned()),
            None if body
                .get("categories")
                .is_some_and(|asked| !category::holds(asked, &written.categories)) =>
            {
                Edited::Refused("the shop took the category and holds another one".to_owned())
            }
            None => match tax::other(body, &written.tax_status, &written.tax_class) {
                Some(why) => Edited::Refused(why.to_owned()),
                None => Edited::Done,
            },
        };
        answers.insert(*at, edited);
    }
    Ok(())
}
