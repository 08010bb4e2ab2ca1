//! Products and variations as WooCommerce's REST API v3 has them, as far as their counts, names, prices and states
//! are concerned.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::{
    shelf::{Article, Shelf},
    woocommerce_categories, woocommerce_taxes as taxes, woocommerce_variations as variations,
};

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
    if path == "/categories" && request.method() == Method::GET {
        return Some(((StatusCode::OK, woocommerce_categories::list(shelf, &query(request))), None));
    }
    let of_product = path.strip_prefix('/').and_then(|path| path.strip_suffix("/variations"));
    if let Some(parent) = of_product.filter(|_| request.method() == Method::GET) {
        let (found, totals) = variations_of(shelf, parent.parse().ok()?, request);
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
    let found: BTreeMap<u64, Article> = match query.get("sku") {
        Some(list) => {
            let whole = list.contains(',').then_some(list.as_str());
            let wanted: Vec<String> = list.split(',').chain(whole).map(str::to_lowercase).collect();
            let near = wanted.iter().flat_map(|sku| shelf.beginning(sku));
            near.filter(|one| wanted.contains(&one.sku.to_lowercase())).map(|one| (one.id, one)).collect()
        }
        None => {
            let include =
                query.get("include").map(|list| list.split(',').filter_map(|id| id.parse().ok()).collect());
            let include: Option<Vec<u64>> = include;
            let named = |one: &Article| include.as_ref().is_none_or(|include| include.contains(&one.id));
            let products = shelf.articles().into_iter().filter(|one| one.parent.is_none() && named(one));
            products.map(|one| (one.id, one)).collect()
        }
    };
    told(shelf, &found, &query)
}

/// `GET products/<id>/variations`.
fn variations_of(shelf: &Shelf, parent: u64, request: &Request<Bytes>) -> (Value, (usize, usize)) {
    let children = shelf.articles().into_iter().filter(|one| one.parent == Some(parent));
    told(shelf, &children.map(|one| (one.id, one)).collect(), &query(request))
}

/// A page of what was found, with the fields that were asked for.
fn told(
    shelf: &Shelf,
    found: &BTreeMap<u64, Article>,
    query: &BTreeMap<String, String>,
) -> (Value, (usize, usize)) {
    let number = |name: &str, or: usize| query.get(name).and_then(|n| n.parse().ok()).unwrap_or(or);
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
    let kind = match (article.parent, article.variable || shelf.has_variations(article.id)) {
        (Some(_), _) => "variation",
        (None, true) => "variable",
        (None, false) => "simple",
    };
    let pictures = article.pictures.iter().map(|source| json!({ "id": article.id + 500, "src": source }));
    let pictures: Vec<Value> = pictures.collect();
    // A variation has one picture or none.
    let (images, image) = match article.parent {
        Some(_) => (json!([]), pictures.first().cloned().unwrap_or_default()),
        None => (pictures.into(), Value::Null),
    };
    json!({
        "attributes": article.attributes, "categories": woocommerce_categories::of(shelf, article), "images": images, "image": image, "sale_price": article.other_price.as_deref().unwrap_or_default(),
        "date_on_sale_from": null, "date_on_sale_to": article.sale_until,
        "description": article.description.as_deref().map(paragraphs).unwrap_or_default(),
        "global_unique_id": article.barcode.as_deref().unwrap_or_default(),
        "tax_status": taxes::status(shelf, article), "tax_class": taxes::class(shelf, article),
        "weight": article.weight.as_deref().unwrap_or_default(),
        "id": article.id, "name": article.title.as_ref().unwrap_or(&article.sku), "type": kind,
        "status": article.status.as_deref().unwrap_or("publish"), "sku": article.sku,
        "regular_price": article.price.as_deref().unwrap_or_default(),
        "manage_stock": manage, "stock_quantity": count, "stock_status": status, "backorders": backorders,
        "parent_id": article.parent.unwrap_or(0),
    })
}

/// WordPress makes paragraphs of a text when it is told.
fn paragraphs(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<p>{}</p>\n", text.replace("<br>", "<br />\n")) }
}

/// A barcode that another article has is refused.
fn taken(shelf: &Shelf, entry: &Value, own: Option<u64>) -> Option<Value> {
    let barcode = entry["global_unique_id"].as_str().filter(|barcode| !barcode.is_empty())?;
    let others = shelf.articles().into_iter().filter(|one| Some(one.id) != own);
    others.into_iter().any(|one| one.barcode.as_deref() == Some(barcode)).then(|| {
        json!({
            "code": "product_invalid_global_unique_id", "data": { "status": 400 },
            "message": "Invalid or duplicated GTIN, UPC, EAN or ISBN.",
        })
    })
}

/// WordPress keeps a name as HTML of those who may not write any.
fn kept(name: &str) -> String {
    name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Each entry is done or not by itself, and answered in its place.
fn batch(shelf: &Shelf, body: &Value, parent: Option<u64>) -> Answer {
    let of = |name: &str| body[name].as_array().cloned().unwrap_or_default();
    let (entries, new) = (of("update"), of("create"));
    if entries.len() + new.len() > BATCH_AT_MOST {
        let message = format!("Unable to accept more than {BATCH_AT_MOST} items for this request.");
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "woocommerce_rest_request_entity_too_large", &message);
    }
    if entries.is_empty() && new.is_empty() {
        return (StatusCode::OK, json!([]));
    }
    let mut answer = json!({});
    if !new.is_empty() {
        answer["create"] = new.iter().map(|entry| create(shelf, entry, parent)).collect();
    }
    let done: Vec<Value> = entries.iter().map(|entry| update(shelf, entry, parent)).collect();
    if !done.is_empty() {
        answer["update"] = done.into();
    }
    (StatusCode::OK, answer)
}

/// The pictures that a product or a variation is given, fetched at once; none where it is given none.
fn fetched(entry: &Value) -> Result<Option<Vec<String>>, Value> {
    let given: Vec<&Value> = match (entry["images"].as_array(), &entry["image"]) {
        (Some(images), _) => images.iter().collect(),
        (None, image) if image.is_object() => vec![image],
        _ => return Ok(None),
    };
    let sources: Vec<String> =
        given.iter().filter_map(|one| one["src"].as_str()).map(str::to_owned).collect();
    match sources.iter().find(|source| source.contains("missing")) {
        Some(source) => Err(json!({
            "code": "woocommerce_product_image_upload_error", "data": { "status": 400 },
            "message": format!("Error getting remote image {source}. Error: Not Found"),
        })),
        None => Ok(Some(sources)),
    }
}

/// A sale price that is none is dropped.
fn on_sale(article: &Article, sale: Option<String>) -> Option<String> {
    let number = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<f64>().ok());
    let below = number(&sale).zip(number(&article.price)).is_some_and(|(sale, regular)| sale < regular);
    sale.filter(|_| below)
}

/// A product, or a variation of this one. A SKU that is there already is refused.
fn create(shelf: &Shelf, entry: &Value, parent: Option<u64>) -> Value {
    let text = |name: &str| entry[name].as_str().map(str::to_owned);
    let sku = text("sku").unwrap_or_default();
    let data = |there: u64| json!({ "status": 400, "resource_id": there, "unique_sku": sku });
    if let Some(there) = shelf.beginning(&sku).iter().find(|one| one.sku.eq_ignore_ascii_case(&sku)) {
        return json!({ "id": 0, "error": {
            "code": "product_invalid_sku", "message": "Invalid or duplicated SKU.", "data": data(there.id),
        } });
    }
    let pictures = match fetched(entry) {
        Ok(pictures) => pictures.unwrap_or_default(),
        Err(error) => return json!({ "id": 0, "error": error }),
    };
    if let Some(error) = taken(shelf, entry, None) {
        return json!({ "id": 0, "error": error });
    }
    if let Some(error) = taxes::invalid(entry) {
        return json!({ "id": 0, "error": error });
    }
    let attributes = match variations::attributes(shelf, entry, parent) {
        Ok(attributes) => attributes,
        Err(error) => return json!({ "id": 0, "error": error }),
    };
    let variable = entry["type"] == "variable";
    let counted = entry["manage_stock"].as_bool().unwrap_or_default();
    let count = entry["stock_quantity"].as_i64().unwrap_or_default();
    let id = shelf.add(Article {
        sku,
        counted,
        counts: [(String::new(), count)].into(),
        parent,
        variable,
        attributes,
        // A variation is named after its product.
        title: text("name").map(|name| kept(&name)).filter(|_| parent.is_none()),
        price: text("regular_price").filter(|price| !price.is_empty() && !variable),
        status: text("status").filter(|status| status != "publish"),
        description: text("description"),
        barcode: text("global_unique_id"),
        weight: text("weight"),
        pictures,
        ..Article::default()
    });
    let mut made = shelf.by_id(id).unwrap_or_default();
    made.other_price = on_sale(&made, text("sale_price"));
    woocommerce_categories::put(shelf, &mut made, entry);
    taxes::put(shelf, &mut made, entry);
    shelf.edit(id, |article| *article = made);
    shelf.by_id(id).map(|article| shown(shelf, &article)).unwrap_or_default()
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
    let counts = !entry["stock_quantity"].is_null();
    let refusal = if counts { shelf.refusal_of_count(article.id) } else { shelf.refusal(article.id) };
    if let Some(code) = refusal {
        return bad(&code, "Sorry, you are not allowed to edit this resource.");
    }
    let pictures = match fetched(entry) {
        Ok(pictures) => pictures,
        Err(error) => return json!({ "id": entry["id"], "error": error }),
    };
    if let Some(error) = taken(shelf, entry, Some(article.id)) {
        return json!({ "id": entry["id"], "error": error });
    }
    if let Some(error) = taxes::invalid(entry) {
        return json!({ "id": entry["id"], "error": error });
    }
    let attributes = match variations::attributes(shelf, entry, parent) {
        Ok(attributes) => attributes,
        Err(error) => return json!({ "id": entry["id"], "error": error }),
    };
    // What is not managed takes no count, and says nothing of it.
    if let Some(count) = entry["stock_quantity"].as_i64().filter(|_| article.counted) {
        shelf.set(article.id, "", count);
    }
    let text = |name: &str| entry[name].as_str().map(str::to_owned);
    let variable = article.variable || shelf.has_variations(article.id);
    let mut put = article.clone();
    if parent.is_none() {
        woocommerce_categories::put(shelf, &mut put, entry);
    }
    taxes::put(shelf, &mut put, entry);
    shelf.edit(article.id, |article| {
        article.categories = put.categories;
        (article.tax_status, article.tax_class) = (put.tax_status, put.tax_class);
        if entry["attributes"].is_array() {
            article.attributes = attributes;
        }
        // A variation is named after its product.
        if let Some(name) = text("name").filter(|_| parent.is_none()) {
            article.title = Some(kept(&name));
        }
        if let Some(price) = text("regular_price") {
            // The prices of a product with variations are its variations'.
            article.price = Some(price).filter(|price| !price.is_empty() && !variable);
        }
        article.description = text("description").or(article.description.take());
        article.barcode = text("global_unique_id").or(article.barcode.take());
        article.weight = text("weight").or(article.weight.take());
        let sale = text("sale_price").or(article.other_price.take());
        article.other_price = on_sale(article, sale);
        if let Some(until) = text("date_on_sale_to") {
            article.sale_until = Some(until).filter(|until| !until.is_empty());
        }
        article.pictures = pictures.unwrap_or(std::mem::take(&mut article.pictures));
        if let Some(status) = text("status") {
            article.status = Some(status).filter(|status| status != "publish");
        }
    });
    shown(shelf, &shelf.by_id(article.id).unwrap_or(article))
}

/// A setting of the shop, by its group and name.
pub(super) fn setting(shelf: &Shelf, id: &str) -> Value {
    let yes = |on: bool| if on { "yes" } else { "no" }.to_owned();
    let value = match id {
        "general/woocommerce_calc_taxes" => yes(true),
        "tax/woocommerce_prices_include_tax" => yes(shelf.prices_hold_tax()),
        "products/woocommerce_weight_unit" => shelf.weight_unit(),
        _ => return json!({ "code": "rest_setting_setting_invalid", "message": "Invalid setting." }),
    };
    let name = id.rsplit('/').next().unwrap_or_default();
    json!({ "id": name, "value": value })
}
