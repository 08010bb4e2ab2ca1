//! Products and variations as WooCommerce's REST API v3 has them, as far as their counts, names, prices and states
//! are concerned.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::shelf::{Article, Shelf};

const BATCH_AT_MOST: usize = 100;

type Answer = (StatusCode, Value);

/// What a list says of itself in its headers: articles, and pages of them.
pub(super) type Totals = Option<(usize, usize)>;

/// None for a path that is about something else.
pub(super) fn answer(shelf: &Shelf, request: &Request<Bytes>) -> Option<(Answer, Totals)> {
    let path = request.uri().path().strip_prefix("/wp-json/wc/v3/products")?;
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let post = request.method() == Method::POST;
    if path.is_empty() && request.method() == Method::GET {
        let (found, totals) = list(shelf, request);
        return Some(((StatusCode::OK, found), Some(totals)));
    }
    let answer = match path {
        "/batch" if post => batch(shelf, &body, None),
        _ => {
            let parent = path.strip_prefix('/')?.strip_suffix("/variations/batch").filter(|_| post)?;
            batch(shelf, &body, Some(parent.parse().ok()?))
        }
    };
    Some((answer, None))
}

fn refused(status: StatusCode, code: &str, message: &str) -> Answer {
    (status, json!({ "code": code, "message": message, "data": { "status": status.as_u16() } }))
}

fn query(request: &Request<Bytes>) -> BTreeMap<String, String> {
    let pairs = request.uri().query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, others)) = rest.split_first() {
        let hex = others.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match (first, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &others[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = others;
            }
            _ => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `GET products`: by SKU it gives variations too, whatever the case; else products alone.
fn list(shelf: &Shelf, request: &Request<Bytes>) -> (Value, (usize, usize)) {
    let query = query(request);
    let number = |name: &str, or: usize| query.get(name).and_then(|n| n.parse().ok()).unwrap_or(or);
    let found: BTreeMap<u64, Article> = match query.get("sku") {
        Some(list) => {
            let whole = list.contains(',').then_some(list.as_str());
            let wanted: Vec<String> = list.split(',').chain(whole).map(str::to_lowercase).collect();
            let near = wanted.iter().flat_map(|sku| shelf.beginning(sku));
            near.filter(|one| wanted.contains(&one.sku.to_lowercase())).map(|one| (one.id, one)).collect()
        }
        None => {
            let products = shelf.articles().into_iter().filter(|one| one.parent.is_none());
            products.map(|one| (one.id, one)).collect()
        }
    };
    let (each, page) = (number("per_page", 10).clamp(1, 100), number("page", 1).max(1));
    let fields: Option<Vec<&str>> = query.get("_fields").map(|fields| fields.split(',').collect());
    let told = |article: &Article| {
        let mut told = shown(shelf, article);
        if let (Some(fields), Some(object)) = (&fields, told.as_object_mut()) {
            object.retain(|name, _| fields.contains(&name.as_str()));
        }
        told
    };
    let shown = found.values().skip((page - 1) * each).take(each).map(told).collect();
    (shown, (found.len(), found.len().div_ceil(each)))
}

fn shown(shelf: &Shelf, article: &Article) -> Value {
    let parent = article.parent.and_then(|parent| shelf.by_id(parent));
    let shared = parent.filter(|parent| !article.counted && parent.counted);
    let manage: Value = if shared.is_some() { "parent".into() } else { article.counted.into() };
    let holder = shared.as_ref().unwrap_or(article);
    let count = holder.counts.get("").filter(|_| holder.counted);
    let backorders = if holder.oversells { "yes" } else { "no" };
    let status = match count {
        Some(count) if *count <= 0 && holder.oversells => "onbackorder",
        Some(count) if *count <= 0 => "outofstock",
        _ => "instock",
    };
    let kind = match (article.parent, shelf.has_variations(article.id)) {
        (Some(_), _) => "variation",
        (None, true) => "variable",
        (None, false) => "simple",
    };
    json!({
        "id": article.id, "name": article.title.as_ref().unwrap_or(&article.sku), "type": kind,
        "status": article.status.as_deref().unwrap_or("publish"), "sku": article.sku,
        "regular_price": article.price.as_deref().unwrap_or_default(),
        "manage_stock": manage, "stock_quantity": count, "stock_status": status, "backorders": backorders,
        "parent_id": article.parent.unwrap_or(0),
    })
}

/// WordPress keeps a name as HTML of those who may not write any.
fn kept(name: &str) -> String {
    name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Each entry is done or not by itself, and answered in its place.
fn batch(shelf: &Shelf, body: &Value, parent: Option<u64>) -> Answer {
    let entries = body["update"].as_array().cloned().unwrap_or_default();
    if entries.len() > BATCH_AT_MOST {
        let message = format!("Unable to accept more than {BATCH_AT_MOST} items for this request.");
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "woocommerce_rest_request_entity_too_large", &message);
    }
    if entries.is_empty() {
        return (StatusCode::OK, json!([]));
    }
    let done: Vec<Value> = entries.iter().map(|entry| update(shelf, entry, parent)).collect();
    (StatusCode::OK, json!({ "update": done }))
}

fn update(shelf: &Shelf, entry: &Value, parent: Option<u64>) -> Value {
    let bad = |code: &str, message: &str| json!({ "id": entry["id"], "error": { "code": code, "message": message, "data": { "status": 400 } } });
    let Some(article) = entry["id"].as_u64().and_then(|id| shelf.by_id(id)) else {
        let what = if parent.is_some() { "product_variation" } else { "product" };
        return bad(&format!("woocommerce_rest_{what}_invalid_id"), "Invalid ID.");
    };
    if article.parent != parent {
        return bad("woocommerce_rest_invalid_product_id", "Invalid ID.");
    }
    if let Some(code) = shelf.refusal(article.id) {
        return bad(&code, "Sorry, you are not allowed to edit this resource.");
    }
    // What is not managed takes no count, and says nothing of it.
    if let Some(count) = entry["stock_quantity"].as_i64().filter(|_| article.counted) {
        shelf.set(article.id, "", count);
    }
    let text = |name: &str| entry[name].as_str().map(str::to_owned);
    let variable = shelf.has_variations(article.id);
    shelf.edit(article.id, |article| {
        // A variation is named after its product.
        if let Some(name) = text("name").filter(|_| parent.is_none()) {
            article.title = Some(kept(&name));
        }
        if let Some(price) = text("regular_price") {
            // The prices of a product with variations are its variations'.
            article.price = Some(price).filter(|price| !price.is_empty() && !variable);
        }
        if let Some(status) = text("status") {
            article.status = Some(status).filter(|status| status != "publish");
        }
    });
    shown(shelf, &shelf.by_id(article.id).unwrap_or(article))
}
