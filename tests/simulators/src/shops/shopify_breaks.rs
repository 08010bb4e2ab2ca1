//! The price list of a Shopify shop that companies buy by: fixed prices, and prices from a quantity on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    shelf::{Article, Shelf},
    shopify_rest::SHOP_CURRENCY,
    shopify_stock::{costed, id, refused, variant_gid},
};

/// The one that there is.
const LIST: &str = "gid://shopify/PriceList/1";
const COST_AT_MOST: u64 = 1000;
const BREAKS_AT_MOST: usize = 10;

fn money(amount: &str) -> Value {
    json!({ "amount": amount, "currencyCode": SHOP_CURRENCY })
}

/// `priceList.prices` by `variant_id:1 OR variant_id:2`, those that are fixed alone.
pub(super) fn read(shelf: &Shelf, variables: &Value) -> Value {
    let first = variables["first"].as_u64().unwrap_or_default();
    // Itself, its variant and price; and ten breaks with their prices.
    let cost = first * 23;
    if cost > COST_AT_MOST {
        return refused("Query cost exceeds the single query max cost limit.", "MAX_COST_EXCEEDED");
    }
    if variables["list"] != LIST {
        return costed(&json!({ "priceList": null }), 1);
    }
    let query = variables["query"].as_str().unwrap_or_default();
    let wanted = query.split(" OR ").filter_map(|term| term.strip_prefix("variant_id:")?.parse::<u64>().ok());
    let articles = wanted.filter_map(|id| shelf.by_id(id.checked_sub(10_000)?));
    let nodes = articles.filter_map(|article| {
        let fixed = article.list_price.as_deref()?;
        let breaks = article.breaks.iter();
        let breaks: Vec<Value> =
            breaks.map(|(from, price)| json!({ "minimumQuantity": from, "price": money(price) })).collect();
        Some(json!({
            "variant": { "id": variant_gid(&article) }, "price": money(fixed), "quantityPriceBreaks": { "nodes": breaks },
        }))
    });
    let nodes: Vec<Value> = nodes.take(usize::try_from(first).unwrap_or_default()).collect();
    let page = json!({ "hasNextPage": false, "endCursor": null });
    costed(&json!({ "priceList": { "prices": { "nodes": nodes, "pageInfo": page } } }), cost)
}

/// All of the input or nothing; what is taken away goes first.
pub(super) fn update(shelf: &Shelf, variables: &Value) -> Value {
    let failed = |name: &str, code: &str| {
        let error = json!({ "field": ["input", name], "code": code, "message": code.to_lowercase() });
        json!({ "productVariants": null, "userErrors": [error] })
    };
    if variables["list"] != LIST {
        return failed("priceListId", "PRICE_LIST_NOT_FOUND");
    }
    let of = |name: &str| variables["input"][name].as_array().cloned().unwrap_or_default();
    let mut after: BTreeMap<u64, Article> = BTreeMap::new();
    for name in [
        "quantityPriceBreaksToDeleteByVariantId",
        "pricesToDeleteByVariantId",
        "pricesToAdd",
        "quantityPriceBreaksToAdd",
    ] {
        let mut seen = BTreeSet::new();
        for entry in of(name) {
            let variant = if entry.is_string() { &entry } else { &entry["variantId"] };
            let Some(article) = id(variant).and_then(|id| shelf.by_id(id.checked_sub(10_000)?)) else {
                return failed(name, "PRICE_ADD_VARIANT_NOT_FOUND");
            };
            let article = after.entry(article.id).or_insert(article);
            if let Some(code) = shelf.refusal(article.id) {
                return failed(name, &code);
            }
            let price = &entry["price"];
            if price.is_object() && price["currencyCode"] != SHOP_CURRENCY {
                return failed(name, "PRICE_ADD_CURRENCY_MISMATCH");
            }
            let amount = price["amount"].as_str().and_then(|amount| amount.parse::<f64>().ok());
            let amount = amount.map(|amount| format!("{amount:.2}"));
            let from = entry["minimumQuantity"].as_u64();
            match (name, amount) {
                ("quantityPriceBreaksToDeleteByVariantId", _) => article.breaks.clear(),
                ("pricesToDeleteByVariantId", _) if article.list_price.take().is_none() => {
                    return failed(name, "PRICE_DELETE_PRICE_NOT_FIXED");
                }
                ("pricesToAdd", amount) => article.list_price = amount,
                ("quantityPriceBreaksToAdd", Some(amount)) => {
                    let Some(from) = from.filter(|from| seen.insert((article.id, *from))) else {
                        return failed(name, "QUANTITY_PRICE_BREAK_ADD_DUPLICATE_INPUT_FOR_VARIANT_AND_MIN");
                    };
                    if article.list_price.is_none() {
                        return failed(name, "QUANTITY_PRICE_BREAK_ADD_PRICE_LIST_PRICE_NOT_FOUND");
                    }
                    article.breaks.insert(from, amount);
                    if article.breaks.len() > BREAKS_AT_MOST {
                        return failed(name, "QUANTITY_PRICE_BREAK_ADD_LIMIT_EXCEEDED");
                    }
                }
                _ => {}
            }
        }
    }
    for (id, article) in &after {
        shelf.edit(*id, |kept| kept.clone_from(article));
    }
    let variants: Vec<Value> = after.values().map(|one| json!({ "id": variant_gid(one) })).collect();
    json!({ "productVariants": variants, "userErrors": [] })
}
