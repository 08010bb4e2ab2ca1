//! WooCommerce's tax classes, and what it makes of the class and status of an article.

use serde_json::{Value, json};

use super::{Article, Shelf};

/// What a new shop has beside the standard class.
pub(super) const FIRST: [&str; 2] = ["reduced-rate", "zero-rate"];
const STANDARD: &str = "standard";

/// `GET taxes/classes`.
pub(super) fn list(shelf: &Shelf) -> Value {
    let own = shelf.tax_classes();
    let all = [STANDARD.to_owned()].into_iter().chain(own);
    all.map(|slug| json!({ "slug": slug, "name": slug })).collect()
}

/// A status that is none refuses the article.
pub(super) fn invalid(entry: &Value) -> Option<Value> {
    let status = &entry["tax_status"];
    let known = status.is_null() || ["taxable", "shipping", "none"].iter().any(|known| status == *known);
    (!known).then(|| {
        json!({
            "code": "product_invalid_tax_status", "data": { "status": 400 },
            "message": "Invalid product tax status.",
        })
    })
}

/// A variation has its product's, whatever it was given.
pub(super) fn status(shelf: &Shelf, article: &Article) -> String {
    let parent = article.parent.and_then(|parent| shelf.by_id(parent));
    let own = parent.unwrap_or_else(|| article.clone()).tax_status;
    own.unwrap_or_else(|| "taxable".to_owned())
}

/// A variation that was given none has its product's.
pub(super) fn class(shelf: &Shelf, article: &Article) -> String {
    let parent = article.parent.and_then(|parent| shelf.by_id(parent));
    let own = article.tax_class.clone();
    own.or_else(|| parent.and_then(|parent| parent.tax_class)).unwrap_or_default()
}

/// A class that is none of the shop's is taken as the standard one.
pub(super) fn put(shelf: &Shelf, article: &mut Article, entry: &Value) {
    if let Some(status) = entry["tax_status"].as_str() {
        article.tax_status = Some(status.to_owned());
    }
    if let Some(class) = entry["tax_class"].as_str() {
        let known = shelf.tax_classes().contains(class);
        article.tax_class = Some(if known { class } else { "" }.to_owned());
    }
}
