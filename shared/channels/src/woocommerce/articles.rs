//! Every product of a WooCommerce shop, and the variations of those that have some (REST v3, from its source).
//!
//! `GET products` without `sku` gives no variations: those of a `variable` product are asked for one product at a time.

use crossdock_core::{PeerError, Sku};
use http::Method;
use serde::Deserialize;

use super::{
    api::{V3, ask},
    stock::{ARTICLES_AT_MOST, every_page},
    variants::OWN,
};
use crate::{
    api::Shop,
    articles::Articles,
    lenient::{self, RawId},
};

/// Products of a page: each may take a call for its variations.
const PAGE: usize = 25;

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
        let seen = self.status == "publish" && !self.sku.starts_with(OWN);
        lenient::sku(Some(&self.sku)).filter(|_| seen)
    }
}

pub(crate) async fn page(shop: &Shop, cursor: Option<&str>) -> Result<Articles, PeerError> {
    let number: usize = match cursor {
        None => 1,
        Some(cursor) => cursor.parse().map_err(|_| shop.rejected("a cursor that is not ours"))?,
    };
    let products: Vec<Article> = ask(shop, Method::GET, &list("products", PAGE, number), None).await?;
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
    let what = format!("products/{product}/variations");
    let mut skus = Vec::new();
    let each = |article: Article| skus.extend(article.sku());
    every_page(shop, |page| list(&what, ARTICLES_AT_MOST, page), each).await?;
    Ok(skus)
}

fn list(what: &str, each: usize, page: usize) -> String {
    format!("{V3}/{what}?per_page={each}&page={page}&orderby=id&order=asc&_fields=id,sku,type,status")
}
