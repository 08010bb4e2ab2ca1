//! Every product of a WooCommerce shop, and the variations of those that have some (REST v3, from its source).
//!
//! `GET products` without `sku` gives no variations: those of a `variable` product are asked for one product at a time.

use crossdock_core::{PeerError, Sku};
use http::Method;
use serde::Deserialize;

use super::api::{V3, ask};
use crate::{
    api::Shop,
    articles::Articles,
    lenient::{self, RawId},
};

/// Products of a page: each may take a call for its variations.
const PAGE: usize = 25;
/// The most that one page of a list holds.
const MOST: usize = 100;
/// An answer that never ends must end here.
const PAGES_AT_MOST: usize = 50;

#[derive(Deserialize)]
struct Article {
    id: RawId,
    #[serde(default)]
    sku: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    status: String,
}

impl Article {
    fn sku(&self) -> Option<Sku> {
        lenient::sku(Some(&self.sku)).filter(|_| self.status == "publish")
    }
}

pub(crate) async fn page(shop: &Shop, cursor: Option<&str>) -> Result<Articles, PeerError> {
    let number: usize = match cursor {
        None => 1,
        Some(cursor) => cursor.parse().map_err(|_| shop.rejected("a cursor that is not ours"))?,
    };
    let products = list(shop, "products", PAGE, number).await?;
    let next = (products.len() == PAGE).then(|| (number + 1).to_string());
    let mut skus = Vec::new();
    for product in products.iter().filter(|product| product.status == "publish") {
        skus.extend(product.sku());
        if product.kind == "variable" {
            skus.extend(variations(shop, &product.id.0).await?);
        }
    }
    Ok(Articles { skus, next })
}

async fn variations(shop: &Shop, product: &str) -> Result<Vec<Sku>, PeerError> {
    let mut skus = Vec::new();
    for number in 1..=PAGES_AT_MOST {
        let page = list(shop, &format!("products/{product}/variations"), MOST, number).await?;
        skus.extend(page.iter().filter_map(Article::sku));
        if page.len() < MOST {
            return Ok(skus);
        }
    }
    Err(shop.garbage("variations that never end"))
}

async fn list(shop: &Shop, what: &str, each: usize, number: usize) -> Result<Vec<Article>, PeerError> {
    let path =
        format!("{V3}/{what}?per_page={each}&page={number}&orderby=id&order=asc&_fields=id,sku,type,status");
    ask(shop, Method::GET, &path, None).await
}
