//! What WooCommerce makes of the attributes of products and variations.

use serde_json::{Value, json};

use super::Shelf;

/// A product has its attributes with all their options, each option once; a variation has a value of those attributes of
/// its product that it varies by, and of any other nothing is said.
pub(super) fn attributes(shelf: &Shelf, entry: &Value, parent: Option<u64>) -> Result<Vec<Value>, Value> {
    let Some(given) = entry["attributes"].as_array() else { return Ok(Vec::new()) };
    let Some(parent) = parent else { return Ok(given.iter().map(of_product).collect()) };
    let Some(product) = shelf.by_id(parent) else {
        return Err(json!({
            "code": "woocommerce_rest_product_variation_invalid_parent", "data": { "status": 404 },
            "message": "Cannot set attributes due to invalid parent product.",
        }));
    };
    let known = |one: &&Value| {
        let by = if one["id"].as_u64().is_some_and(|id| id > 0) { "id" } else { "name" };
        product.attributes.iter().any(|of| of[by] == one[by] && of["variation"] == true)
    };
    Ok(given
        .iter()
        .filter(known)
        .map(|one| {
            json!({
                "id": one["id"].as_u64().unwrap_or(0), "name": one["name"], "option": one["option"],
            })
        })
        .collect())
}

/// Options are kept as one text, with a bar between them.
fn of_product(given: &Value) -> Value {
    let options = given["options"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let text = options.collect::<Vec<_>>().join(" | ");
    let mut options: Vec<&str> = text.split('|').map(str::trim).filter(|option| !option.is_empty()).collect();
    options.dedup();
    json!({
        "id": given["id"].as_u64().unwrap_or(0), "name": given["name"], "options": options,
        "position": given["position"].as_u64().unwrap_or(0), "visible": given["visible"] == true,
        "variation": given["variation"] == true,
    })
}
