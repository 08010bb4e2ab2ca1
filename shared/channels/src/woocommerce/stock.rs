//! What a WooCommerce shop counts: `stock_quantity` of a product or a variation (REST v3, from its source).
//!
//! - `GET products?sku=a,b` compares with `IN`, whatever the case, and gives variations as well as products. The
//!   list is split at commas, and a list of more than one is looked for as one text too: a SKU with a comma is
//!   asked for alone. WordPress takes markup, `%41` and double spaces out of the parameter, and out of the SKUs it
//!   stores, so that a SKU with these is in no shop.
//! - `manage_stock` is true, false, or `"parent"` for a variation that shares the count of its product. A shared
//!   count says nothing of one SKU: such a variation counts as not counted.
//! - Writing is `POST products/batch` and `POST products/<product>/variations/batch`: at most 100 entries, each
//!   answered in its place, with an `error` where it was not done. What the shop does not count takes no count and
//!   no error is given.
//!
//! **There is no comparing and no idempotency key.** The counts are read right before they are written, and what
//! differs is [`Changed::Stale`]. A sale between that reading and the writing, some hundred milliseconds, is
//! written over. A repeat finds what it has written and is stale: nothing is written twice.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use crossdock_core::{
    PeerError, Sku,
    stock::{Change, Changed, Found, Item},
    uri::encoded,
};
use crossdock_http::json;
use http::{Method, Response};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::api::{V3, ask, call, check};
use crate::{
    api::Shop,
    lenient::{self, RawId},
};

/// Of one batch, unless the site was told otherwise, and of one page.
pub(crate) const ARTICLES_AT_MOST: usize = 100;
/// Servers refuse request lines of more than 8 KB.
const LIST_AT_MOST: usize = 6_000;
/// An answer that never ends must end here.
const PAGES_AT_MOST: usize = 50;

#[derive(Deserialize)]
struct Article {
    id: RawId,
    #[serde(default)]
    sku: String,
    #[serde(rename = "type", default)]
    kind: String,
    parent_id: Option<RawId>,
    #[serde(default)]
    manage_stock: Value,
    #[serde(default)]
    stock_quantity: Value,
}

impl Article {
    /// A variation is written through its product, so its handle names both.
    fn item(self) -> Item {
        let handle = match self.parent_id {
            Some(parent) if self.kind == "variation" => format!("{}/{}", parent.0, self.id.0),
            _ => self.id.0,
        };
        let count = whole(&self.stock_quantity).map(|count| (String::new(), count));
        Item { handle, counted: self.manage_stock == true, counts: count.into_iter().collect() }
    }
}

/// Sites with parts of pieces give numbers with a point, and some plugins give texts. Never more than is there.
fn whole(raw: &Value) -> Option<i64> {
    number(raw)?.floor().to_i64()
}

pub(super) fn number(raw: &Value) -> Option<Decimal> {
    let text = match raw {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(&text)).ok()
}

pub(crate) async fn items(shop: &Shop, skus: &[&Sku]) -> Result<BTreeMap<Sku, Found>, PeerError> {
    let mut found = BTreeMap::new();
    let fields = "id,sku,type,parent_id,manage_stock,stock_quantity";
    pages_of(shop, skus, fields, |article| add(&mut found, skus, article)).await?;
    Ok(found)
}

/// All articles that the shop finds for these SKUs, with these fields: some whose SKU is another one among them.
pub(super) async fn pages_of<T: DeserializeOwned>(
    shop: &Shop,
    skus: &[&Sku],
    fields: &str,
    mut each: impl FnMut(T),
) -> Result<(), PeerError> {
    for list in lists(skus) {
        let path = |page| {
            format!(
                "{V3}/products?sku={list}&per_page={ARTICLES_AT_MOST}&page={page}&orderby=id&order=asc\
                 &_fields={fields}"
            )
        };
        every_page(shop, path, &mut each).await?;
    }
    Ok(())
}

/// Whatever is on the pages of a list that holds [`ARTICLES_AT_MOST`] on each; `path` is where a page of it is.
pub(super) async fn every_page<T: DeserializeOwned>(
    shop: &Shop,
    path: impl Fn(usize) -> String,
    mut each: impl FnMut(T),
) -> Result<(), PeerError> {
    for page in 1..=PAGES_AT_MOST {
        let answer = call(shop, Method::GET, &path(page), None).await?;
        check(shop, &answer)?;
        let articles: Vec<T> = json(&shop.peer(), &answer)?;
        let last = pages(&answer).map_or(articles.len() < ARTICLES_AT_MOST, |pages| page >= pages);
        articles.into_iter().for_each(&mut each);
        if last {
            return Ok(());
        }
    }
    Err(shop.garbage("articles that never end"))
}

/// How many pages there are. Something in front of the site may have taken the header away: then a page that is
/// full has another one behind it.
fn pages(answer: &Response<Bytes>) -> Option<usize> {
    answer.headers().get("x-wp-totalpages")?.to_str().ok()?.trim().parse().ok()
}

fn add(found: &mut BTreeMap<Sku, Found>, skus: &[&Sku], article: Article) {
    let Some(sku) = lenient::sku(Some(&article.sku)).filter(|sku| skus.contains(&sku)) else { return };
    let item = article.item();
    match found.get(&sku) {
        None => {
            found.insert(sku, Found::One(item));
        }
        Some(Found::One(known)) if known.handle == item.handle => {}
        Some(_) => {
            found.insert(sku, Found::Several);
        }
    }
}

/// SKUs as the parameter takes them.
fn lists(skus: &[&Sku]) -> Vec<String> {
    let mut lists = Vec::new();
    let (mut list, mut count) = (String::new(), 0);
    for sku in skus {
        let text = encoded(sku.as_str());
        if sku.as_str().contains(',') {
            lists.push(text);
            continue;
        }
        if count == ARTICLES_AT_MOST || (count > 0 && list.len() + text.len() > LIST_AT_MOST) {
            lists.push(std::mem::take(&mut list));
            count = 0;
        }
        if count > 0 {
            list.push(',');
        }
        list.push_str(&text);
        count += 1;
    }
    if count > 0 {
        lists.push(list);
    }
    lists
}

/// How many requests the changes take: the articles are looked at, and each product has its own address for its
/// variations.
pub(crate) fn calls(changes: &[Change]) -> usize {
    let skus: BTreeSet<&Sku> = changes.iter().map(|change| &change.sku).collect();
    let parents: BTreeSet<Option<&str>> =
        changes.iter().map(|change| change.handle.split_once('/').map(|(parent, _)| parent)).collect();
    lists(&skus.into_iter().collect::<Vec<_>>()).len() + parents.len()
}

pub(crate) async fn set(shop: &Shop, changes: &[Change]) -> Result<Vec<Changed>, PeerError> {
    let mut skus: Vec<&Sku> = changes.iter().map(|change| &change.sku).collect();
    skus.sort_unstable();
    skus.dedup();
    let now = items(shop, &skus).await?;
    let mut answers = BTreeMap::new();
    // By product: none for what is a product itself.
    let mut batches: BTreeMap<Option<&str>, Vec<(usize, &str)>> = BTreeMap::new();
    for (at, change) in changes.iter().enumerate() {
        match now.get(&change.sku) {
            None => {
                answers.insert(at, Changed::Gone);
            }
            Some(Found::One(item)) if stands(item, change) => {
                let (parent, id) = match change.handle.split_once('/') {
                    Some((parent, id)) => (Some(parent), id),
                    None => (None, change.handle.as_str()),
                };
                batches.entry(parent).or_default().push((at, id));
            }
            Some(_) => {
                answers.insert(at, Changed::Stale);
            }
        }
    }
    for (parent, entries) in batches {
        write(shop, changes, parent, &entries, &mut answers).await?;
    }
    Ok(answers.into_values().collect())
}

/// Whether the shop counts what it counted when the change was reckoned, and counts it still.
fn stands(item: &Item, change: &Change) -> bool {
    item.handle == change.handle && item.counted && item.counts.get(&change.location).copied() == change.from
}

#[derive(Deserialize)]
struct Batch {
    #[serde(default)]
    update: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: RawId,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
pub(super) struct Refusal {
    #[serde(default)]
    code: String,
}

impl Refusal {
    pub fn gone(&self) -> bool {
        self.code.ends_with("invalid_id")
    }

    pub fn is(&self, code: &str) -> bool {
        self.code == code
    }

    pub fn said(&self, shop: &Shop) -> String {
        if self.code.is_empty() { "no reason given".into() } else { shop.said(&self.code) }
    }
}

async fn write(
    shop: &Shop,
    changes: &[Change],
    parent: Option<&str>,
    entries: &[(usize, &str)],
    answers: &mut BTreeMap<usize, Changed>,
) -> Result<(), PeerError> {
    let path = match parent {
        Some(parent) => format!("{V3}/products/{}/variations/batch", encoded(parent)),
        None => format!("{V3}/products/batch"),
    };
    let id = |id: &str| id.parse::<u64>().map_or_else(|_| Value::from(id), Value::from);
    let update: Vec<Value> = entries
        .iter()
        .map(|(at, handle)| serde_json::json!({ "id": id(handle), "stock_quantity": changes[*at].to }))
        .collect();
    let answer: Batch =
        ask(shop, Method::POST, &path, Some(&serde_json::json!({ "update": update }))).await?;
    for (at, handle) in entries {
        let entry = answer.update.iter().find(|entry| entry.id.0 == *handle);
        let entry = entry.ok_or_else(|| shop.garbage("a batch without an answer for each entry"))?;
        let changed = match &entry.error {
            None => Changed::Set,
            Some(refusal) if refusal.gone() => Changed::Gone,
            Some(refusal) => Changed::Refused(refusal.said(shop)),
        };
        answers.insert(*at, changed);
    }
    Ok(())
}

/// WooCommerce does not tell what a key may do, so reading and an empty batch are tried.
pub(crate) async fn lacking(shop: &Shop) -> Result<Vec<String>, PeerError> {
    let read = ask::<Vec<Value>>(shop, Method::GET, &format!("{V3}/products?per_page=1"), None).await;
    let empty = serde_json::json!({ "update": [] });
    let write = ask::<Value>(shop, Method::POST, &format!("{V3}/products/batch"), Some(&empty)).await;
    let mut lacking = Vec::new();
    for (right, tried) in [("read products", read.map(drop)), ("write products", write.map(drop))] {
        match tried {
            Ok(()) => {}
            Err(PeerError::Unauthorized { .. }) => lacking.push(right.to_owned()),
            Err(error) => return Err(error),
        }
    }
    Ok(lacking)
}
