//! WooCommerce's product categories: the list of them, and what a product is in.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Article, Shelf};

/// Where a product is that nobody put anywhere.
const DEFAULT: u64 = 15;

fn all(shelf: &Shelf) -> BTreeMap<u64, (String, u64)> {
    let mut all = shelf.categories();
    all.insert(DEFAULT, ("Uncategorized".to_owned(), 0));
    all
}

fn slug(name: &str) -> String {
    let plain = name.replace("&amp;", "").to_lowercase();
    plain.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// `GET products/categories`, page by page.
pub(super) fn list(shelf: &Shelf, query: &BTreeMap<String, String>) -> Value {
    let number = |name: &str, or: usize| query.get(name).and_then(|n| n.parse().ok()).unwrap_or(or);
    let (each, page) = (number("per_page", 10).clamp(1, 100), number("page", 1).max(1));
    let searched = query.get("search").map(|text| text.to_lowercase());
    let found = all(shelf).into_iter().filter(|(_, (name, parent))| {
        // As it is kept, with the signs of HTML.
        searched.as_ref().is_none_or(|text| name.to_lowercase().contains(text))
            && query.get("parent").is_none_or(|wanted| *wanted == parent.to_string())
    });
    let shown = found
        .map(|(id, (name, parent))| json!({ "id": id, "name": name, "slug": slug(&name), "parent": parent }));
    shown.skip((page - 1) * each).take(each).collect()
}

/// What a product is told to be in. A variation is in none of its own.
pub(super) fn of(shelf: &Shelf, article: &Article) -> Value {
    if article.parent.is_some() {
        return json!([]);
    }
    let all = all(shelf);
    let own = if article.categories.is_empty() { &[DEFAULT][..] } else { &article.categories };
    let own = own.iter().filter_map(|id| Some((id, all.get(id)?)));
    own.map(|(id, (name, _))| json!({ "id": id, "name": name, "slug": slug(name) })).collect()
}

/// Puts a product into what the input names, and into nothing else. What there is none of is passed over in silence.
pub(super) fn put(shelf: &Shelf, article: &mut Article, input: &Value) {
    let Some(named) = input["categories"].as_array() else { return };
    let all = all(shelf);
    article.categories =
        named.iter().filter_map(|one| one["id"].as_u64()).filter(|id| all.contains_key(id)).collect();
}
