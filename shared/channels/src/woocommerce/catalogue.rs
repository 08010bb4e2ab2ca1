//! What a WooCommerce shop shows of an article (REST v3, from its source). Articles are found as their counts are
//! (see [`stock`](super::stock)).
//!
//! - The price is `regular_price`, a text, empty where there is none. `sale_price`, which people set for a sale, is
//!   left alone, and so is `price`, which the shop makes of both.
//! - A product with variations (`type: "variable"`) and a group of products have no price of their own: the shop
//!   takes one and drops it, in silence. It is refused here.
//! - A variation has no name of its own: the shop makes it of the product's name and the values. So only a product's
//!   name is read and written.
//! - `status` is `publish`, `draft`, `pending` or `private`; a variation is switched off by `private`.
//! - Writing is `products/batch` and `products/<product>/variations/batch`, each entry answered in its place with
//!   what the shop holds afterwards. A price that is another one then was changed by a plugin, or not taken.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    PeerError, Sku,
    catalogue::{Edit, Edited, Field, Held, Listing, Shown},
};
use http::Method;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    api::{V3, ask},
    stock::{Refusal, encoded, number, pages_of},
};
use crate::{
    api::Shop,
    lenient::{self, RawId},
};

pub(crate) const FIELDS: [Field; 3] = [Field::Price, Field::Title, Field::Offered];

/// In front of the handle of a product that has no price of its own.
const UNPRICED: &str = "unpriced:";

#[derive(Deserialize)]
struct Article {
    id: RawId,
    #[serde(default)]
    sku: String,
    #[serde(rename = "type", default)]
    kind: String,
    parent_id: Option<RawId>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    regular_price: Value,
}

const ASKED: &str = "id,sku,type,parent_id,name,status,regular_price";

impl Article {
    fn held(self) -> Held {
        let variation = self.kind == "variation";
        let handle = match self.parent_id {
            Some(parent) if variation => format!("{}/{}", parent.0, self.id.0),
            _ if matches!(self.kind.as_str(), "variable" | "grouped") => format!("{UNPRICED}{}", self.id.0),
            _ => self.id.0,
        };
        let listing = Listing {
            price: price(&self.regular_price),
            title: Some(plain(&self.name)).filter(|name| !name.is_empty() && !variation),
            offered: self.status == "publish",
            ..Listing::default()
        };
        let lacks = if variation { BTreeSet::from([Field::Title]) } else { BTreeSet::new() };
        Held::One(Box::new(Shown { handle, listing, lacks }))
    }
}

fn price(raw: &Value) -> Option<Decimal> {
    number(raw).map(|price| price.normalize())
}

/// A name as it was typed: WordPress keeps some signs as HTML does.
fn plain(name: &str) -> String {
    let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#039;", "'"), ("&amp;", "&")];
    signs.iter().fold(name.to_owned(), |name, (kept, typed)| name.replace(kept, typed))
}

pub(crate) async fn listings(shop: &Shop, skus: &[&Sku]) -> Result<BTreeMap<Sku, Held>, PeerError> {
    let mut found = BTreeMap::new();
    pages_of(shop, skus, ASKED, |article: Article| {
        let Some(sku) = lenient::sku(Some(&article.sku)).filter(|sku| skus.contains(&sku)) else { return };
        let held = article.held();
        match (found.get(&sku), &held) {
            (None, _) => {
                found.insert(sku, held);
            }
            // Pages of a list that changes meanwhile may overlap.
            (Some(Held::One(known)), Held::One(again)) if known.handle == again.handle => {}
            (Some(_), _) => {
                found.insert(sku, Held::Several);
            }
        }
    })
    .await?;
    Ok(found)
}

/// Which edit it is of, and what is written.
type Entry = (usize, Map<String, Value>);

/// What is written of one article; why nothing can be, where that is so.
fn body(edit: &Edit, variation: bool) -> Result<Map<String, Value>, &'static str> {
    let mut body = Map::new();
    for field in &edit.fields {
        match (field, &edit.to) {
            (Field::Price, Listing { price: Some(price), .. }) => {
                if edit.handle.starts_with(UNPRICED) {
                    return Err("the article has no price of its own: its variations or parts have");
                }
                body.insert("regular_price".into(), json!(price.normalize().to_string()));
            }
            (Field::Title, Listing { title: Some(title), .. }) if !variation => {
                body.insert("name".into(), json!(title));
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

pub(crate) async fn edit(shop: &Shop, edits: &[Edit]) -> Result<Vec<Edited>, PeerError> {
    let mut answers = BTreeMap::new();
    // By product: none for what is a product itself.
    let mut batches: BTreeMap<Option<&str>, Vec<Entry>> = BTreeMap::new();
    for (at, edit) in edits.iter().enumerate() {
        let handle = edit.handle.strip_prefix(UNPRICED).unwrap_or(&edit.handle);
        let (parent, id) = match handle.split_once('/') {
            Some((parent, id)) => (Some(parent), id),
            None => (None, handle),
        };
        match body(edit, parent.is_some()) {
            Err(why) => {
                answers.insert(at, Edited::Refused(why.to_owned()));
            }
            Ok(body) if body.is_empty() => {
                answers.insert(at, Edited::Done);
            }
            Ok(mut body) => {
                let id = id.parse::<u64>().map_or_else(|_| Value::from(id), Value::from);
                body.insert("id".into(), id);
                batches.entry(parent).or_default().push((at, body));
            }
        }
    }
    for (parent, entries) in batches {
        write(shop, parent, &entries, &mut answers).await?;
    }
    Ok(answers.into_values().collect())
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
        let asked = body.get("regular_price").and_then(price);
        let edited = match &written.error {
            Some(refusal) if refusal.gone() => Edited::Gone,
            Some(refusal) => Edited::Refused(refusal.said(shop)),
            None if asked.is_some() && asked != price(&written.regular_price) => {
                Edited::Refused("the shop took the price and holds another one".to_owned())
            }
            None => Edited::Done,
        };
        answers.insert(*at, edited);
    }
    Ok(())
}
