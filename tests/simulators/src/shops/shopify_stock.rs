//! Inventory items and their levels, as Shopify's GraphQL Admin API has them in 2026-04.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    shelf::{Article, Shelf},
    shopify_catalogue,
};

/// The most points that one query may cost.
const COST_AT_MOST: u64 = 1_000;
/// What a mutation costs.
pub(super) const MUTATION: u64 = 10;
/// The most entries of any list in an input.
const INPUT_AT_MOST: usize = 250;

/// The body of the answer; none for an operation that is about something else.
pub(super) fn answer(shelf: &Shelf, body: &Value) -> Option<Value> {
    let variables = &body["variables"];
    Some(match body["operationName"].as_str()? {
        "StockItems" => variants(shelf, variables),
        "ArticleSkus" => every(shelf, variables),
        "StockLevels" => {
            let item = id(&variables["id"]).and_then(|id| shelf.by_id(id));
            let levels = item.map(|item| json!({ "inventoryLevels": levels(&item, variables) }));
            costed(&json!({ "inventoryItem": levels }), 2)
        }
        "StockSet" => once(shelf, body, "inventorySetQuantities", || set(shelf, variables)),
        "StockActivate" => once(shelf, body, "inventoryActivate", || activate(shelf, variables)),
        _ => return shopify_catalogue::answer(shelf, body),
    })
}

pub(super) fn costed(data: &Value, requested: u64) -> Value {
    // A query is charged for what it found, a mutation in full.
    let actual = if requested == MUTATION { requested } else { requested.div_ceil(4) };
    json!({ "data": data, "extensions": { "cost": {
        "requestedQueryCost": requested, "actualQueryCost": actual,
        "throttleStatus": { "maximumAvailable": 2000.0, "currentlyAvailable": 1950, "restoreRate": 100.0 },
    } } })
}

pub(super) fn refused(message: &str, code: &str) -> Value {
    json!({ "errors": [{ "message": message, "extensions": { "code": code } }] })
}

pub(super) fn id(gid: &Value) -> Option<u64> {
    gid.as_str()?.rsplit('/').next()?.parse().ok()
}

fn count(variables: &Value, name: &str) -> usize {
    variables[name].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(1)
}

fn variants(shelf: &Shelf, variables: &Value) -> Value {
    let levels_each = count(variables, "levels");
    search(shelf, variables, 2 + 3 * levels_each, |article| {
        json!({
            "id": variant_gid(article), "sku": article.sku,
            "inventoryPolicy": if article.oversells { "CONTINUE" } else { "DENY" },
            "inventoryItem": {
                "id": format!("gid://shopify/InventoryItem/{}", article.id), "tracked": article.counted,
                "inventoryLevels": levels(article, &json!({ "levels": levels_each })),
            },
        })
    })
}

/// `productVariants` without a query, by id.
fn every(shelf: &Shelf, variables: &Value) -> Value {
    let shown = |article: &Article| {
        let status = article.status.as_deref().unwrap_or("ACTIVE");
        json!({ "sku": article.sku, "product": { "status": status } })
    };
    page(variables, 2, shown, |after, first| {
        let (nodes, more) = shelf.after(after, first);
        let end = nodes.last().map_or(after, |last| last.id);
        (nodes, end, more)
    })
}

pub(super) fn variant_gid(article: &Article) -> String {
    format!("gid://shopify/ProductVariant/{}", article.id + 10_000)
}

/// `productVariants`: an object costs a point, a connection as many as are asked for.
pub(super) fn search(
    shelf: &Shelf,
    variables: &Value,
    each: usize,
    shown: impl Fn(&Article) -> Value,
) -> Value {
    let wanted = terms(variables["query"].as_str().unwrap_or_default());
    let mut found: BTreeMap<u64, Article> = BTreeMap::new();
    for term in &wanted {
        let near = shelf.beginning(term).into_iter().filter(|one| matches(term, &one.sku));
        found.extend(near.map(|one| (one.id, one)));
    }
    page(variables, each, shown, |after, first| {
        let mut rest = found.into_values().filter(|one| one.id > after);
        let nodes: Vec<Article> = rest.by_ref().take(first).collect();
        let end = nodes.last().map_or(after, |last| last.id);
        (nodes, end, rest.next().is_some())
    })
}

/// A page of what is found after a cursor: the articles, the next cursor, and whether there are more. Refused where it
/// costs too much.
fn page(
    variables: &Value,
    each: usize,
    shown: impl Fn(&Article) -> Value,
    found: impl FnOnce(u64, usize) -> (Vec<Article>, u64, bool),
) -> Value {
    let first = count(variables, "first");
    let cost = u64::try_from(first * each).unwrap_or(u64::MAX);
    if cost > COST_AT_MOST {
        let message =
            format!("Query cost is {cost}, which exceeds the single query max cost limit ({COST_AT_MOST}).");
        return refused(&message, "MAX_COST_EXCEEDED");
    }
    let after = variables["after"].as_str().and_then(|after| after.parse().ok()).unwrap_or(0);
    let (nodes, end, more) = found(after, first);
    let nodes: Vec<Value> = nodes.iter().map(shown).collect();
    let page = json!({ "hasNextPage": more, "endCursor": end.to_string() });
    costed(&json!({ "productVariants": { "nodes": nodes, "pageInfo": page } }), cost)
}

/// The search takes no notice of capitals, and finds a text that begins with the words.
fn matches(term: &str, sku: &str) -> bool {
    let (term, sku) = (term.to_lowercase(), sku.to_lowercase());
    sku.strip_prefix(&term).is_some_and(|rest| rest.chars().next().is_none_or(|c| !c.is_alphanumeric()))
}

/// The phrases of `sku:"…" OR sku:"…"`.
fn terms(query: &str) -> Vec<String> {
    let mut terms = Vec::new();
    let mut rest = query;
    while let Some((_, begun)) = rest.split_once("sku:\"") {
        let (mut term, mut escaped, mut end) = (String::new(), false, begun.len());
        for (at, c) in begun.char_indices() {
            match c {
                _ if escaped => {
                    term.push(c);
                    escaped = false;
                }
                '\\' => escaped = true,
                '"' => {
                    end = at + 1;
                    break;
                }
                _ => term.push(c),
            }
        }
        terms.push(term);
        rest = &begun[end..];
    }
    terms
}

fn levels(article: &Article, variables: &Value) -> Value {
    let skip: usize = variables["after"].as_str().and_then(|after| after.parse().ok()).unwrap_or(0);
    let level = |(location, available): (&String, &i64)| {
        json!({
            "id": format!("gid://shopify/InventoryLevel/{}?inventory_item_id={}", location, article.id),
            "location": { "id": format!("gid://shopify/Location/{location}") },
            "quantities": [{ "name": "available", "quantity": available }],
        })
    };
    let first = count(variables, "levels");
    let nodes: Vec<Value> = article.counts.iter().skip(skip).take(first).map(level).collect();
    let end = skip + nodes.len();
    let more = end < article.counts.len();
    json!({ "nodes": nodes, "pageInfo": { "hasNextPage": more, "endCursor": end.to_string() } })
}

/// What an idempotency key makes of a mutation. The worst that the documents allow: a call that ended in user
/// errors has failed, and its key is spent.
fn once(shelf: &Shelf, body: &Value, field: &str, run: impl FnOnce() -> Result<Value, Value>) -> Value {
    let variables = &body["variables"];
    let key = variables["key"].as_str().unwrap_or_default();
    let directive = body["query"].as_str().is_some_and(|query| query.contains("@idempotent(key: $key)"));
    if key.is_empty() || !directive {
        let message = "The @idempotent directive is required for this mutation but was not provided.";
        return refused(message, "BAD_REQUEST");
    }
    let said = |code: &str, message: &str| {
        let error = json!({ "code": code, "field": null, "message": message });
        costed(&json!({ field: { "userErrors": [error] } }), MUTATION)
    };
    match shelf.used(key) {
        Some((what, _)) if what != *variables => said(
            "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
            "The same idempotency key cannot be used with different operation parameters.",
        ),
        Some((_, answer)) if answer["userErrors"] != json!([]) && field == "inventorySetQuantities" => said(
            "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED",
            "A previous request with this idempotency key failed. Retry with a new idempotency key.",
        ),
        Some((_, answer)) => costed(&json!({ field: answer }), MUTATION),
        None => match run() {
            Ok(answer) => {
                shelf.keep(key, variables.clone(), answer.clone());
                costed(&json!({ field: answer }), MUTATION)
            }
            Err(body) => body,
        },
    }
}

/// `inventorySetQuantities`: all of it, or nothing and an error for each entry that is in the way.
fn set(shelf: &Shelf, variables: &Value) -> Result<Value, Value> {
    let entries = variables["input"]["quantities"].as_array().cloned().unwrap_or_default();
    if entries.len() > INPUT_AT_MOST {
        let message = format!(
            "The input array size of {} is greater than the maximum allowed of {INPUT_AT_MOST}.",
            entries.len()
        );
        return Err(refused(&message, "MAX_INPUT_SIZE_EXCEEDED"));
    }
    if entries.iter().any(|entry| entry.get("changeFromQuantity").is_none()) {
        let message = "InventoryQuantityInput must include the following argument: changeFromQuantity.";
        return Err(refused(message, "INVALID_FIELD_ARGUMENTS"));
    }
    let mut errors = Vec::new();
    let mut sets = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        match check(shelf, entry) {
            Ok(set) if sets.iter().any(|(item, location, _)| (item, location) == (&set.0, &set.1)) => {
                let code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR";
                errors.push(error(number, "inventoryItemId", code, "The pair must be unique."));
            }
            Ok(set) => sets.push(set),
            Err((argument, code, message)) => errors.push(error(number, argument, &code, &message)),
        }
    }
    if !errors.is_empty() {
        return Ok(json!({ "inventoryAdjustmentGroup": null, "userErrors": errors }));
    }
    for (item, location, quantity) in sets {
        shelf.set(item, &location, quantity);
    }
    Ok(
        json!({ "inventoryAdjustmentGroup": { "id": "gid://shopify/InventoryAdjustmentGroup/1" }, "userErrors": [] }),
    )
}

fn error(number: usize, argument: &str, code: &str, message: &str) -> Value {
    json!({ "code": code, "field": ["input", "quantities", number.to_string(), argument], "message": message })
}

type Bad = (&'static str, String, String);

fn check(shelf: &Shelf, entry: &Value) -> Result<(u64, String, i64), Bad> {
    let bad = |argument, code: &str, message: &str| (argument, code.to_owned(), message.to_owned());
    let article = id(&entry["inventoryItemId"]).and_then(|id| shelf.by_id(id)).ok_or_else(|| {
        let message = "The specified inventory item could not be found.";
        bad("inventoryItemId", "INVALID_INVENTORY_ITEM", message)
    })?;
    let location = id(&entry["locationId"]).map(|id| id.to_string()).unwrap_or_default();
    let Some(count) = article.counts.get(&location) else {
        let message = "The specified inventory item is not stocked at the location.";
        return Err(bad("locationId", "ITEM_NOT_STOCKED_AT_LOCATION", message));
    };
    let from = &entry["changeFromQuantity"];
    if !from.is_null() && from.as_i64() != Some(*count) {
        let message = "The changeFromQuantity argument no longer matches the persisted quantity.";
        return Err(bad("changeFromQuantity", "CHANGE_FROM_QUANTITY_STALE", message));
    }
    if let Some(code) = shelf.refusal_of_count(article.id) {
        return Err(bad("inventoryItemId", &code, "The inventory item cannot be changed."));
    }
    Ok((article.id, location, entry["quantity"].as_i64().unwrap_or_default()))
}

/// `inventoryActivate`: its errors carry no codes.
fn activate(shelf: &Shelf, variables: &Value) -> Result<Value, Value> {
    let bad = |argument: &str, message: &str| {
        let error = json!({ "field": [argument], "message": message });
        Ok(json!({ "inventoryLevel": null, "userErrors": [error] }))
    };
    let Some(article) = id(&variables["item"]).and_then(|id| shelf.by_id(id)) else {
        return bad("inventoryItemId", "The inventory item could not be found.");
    };
    let Some(location) = id(&variables["location"]) else {
        return bad("locationId", "The location could not be found.");
    };
    let location = location.to_string();
    if article.counts.contains_key(&location) {
        let message =
            "Not allowed to set available quantity when the item is already active at the location.";
        return bad("available", message);
    }
    shelf.set(article.id, &location, variables["available"].as_i64().unwrap_or_default());
    Ok(json!({ "inventoryLevel": { "id": "gid://shopify/InventoryLevel/1" }, "userErrors": [] }))
}
