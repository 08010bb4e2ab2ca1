//! Hiding a WooCommerce product of which customers see no variation any more (REST v3).
//!
//! It would stay as a page that sells nothing. So before the last of its variations is hidden, it becomes a draft: what is
//! left undone after a failure in between is not seen either, and is hidden with the daily look where its product is shown
//! before. An edit that shows a variation publishes its product again
//! (see [`catalogue`](super::catalogue)). What else the product has that customers see, whoever put it there, keeps it.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    PeerError,
    catalogue::{Edit, Edited, Field},
    uri::encoded,
};
use serde::Deserialize;

use super::{
    api::V3,
    stock::{ARTICLES_AT_MOST, every_page},
    variants::{self, SHOWN},
};
use crate::{api::Shop, lenient::RawId};

#[derive(Deserialize)]
struct Variation {
    id: RawId,
    #[serde(default)]
    status: String,
}

/// The product and the variation that an edit hides.
pub(super) fn hides(edit: &Edit) -> Option<(&str, &str)> {
    edit.handle.split_once('/').filter(|_| !edit.to.offered && edit.fields.contains(&Field::Offered))
}

fn products(edits: &[Edit]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut products: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (product, variation) in edits.iter().filter_map(hides) {
        products.entry(product).or_default().insert(variation);
    }
    products
}

/// How many requests it takes: a look at the variations of each product, and one for those that become drafts.
pub(super) fn calls(edits: &[Edit]) -> usize {
    let products = products(edits).len();
    products + usize::from(products > 0)
}

/// Makes drafts of the products whose last variations these edits hide; gives what came of those that the shop does not
/// let us.
pub(super) async fn drafts(shop: &Shop, edits: &[Edit]) -> Result<Vec<(String, Edited)>, PeerError> {
    let mut empty = Vec::new();
    for (product, hidden) in products(edits) {
        let mut seen = false;
        let path = |page: usize| {
            let product = encoded(product);
            format!(
                "{V3}/products/{product}/variations?per_page={ARTICLES_AT_MOST}&page={page}&orderby=id&order=asc\
                 &_fields=id,status"
            )
        };
        every_page(shop, path, |one: Variation| {
            seen |= one.status == SHOWN && !hidden.contains(one.id.0.as_str());
        })
        .await?;
        if !seen {
            empty.push(product);
        }
    }
    variants::set(shop, &empty, "draft").await
}
