//! Every product of a WooCommerce shop, and the variations of those that have some (REST v3, from its source).
//!
//! `GET products` without `sku` gives no variations: those of a `variable` product are asked for one product at a time.

use std::collections::VecDeque;

use crossdock_core::{PeerError, Sku};
use http::Method;
use serde::Deserialize;

use super::{
    api::{V3, ask},
    stock::ARTICLES_AT_MOST,
    variants::OWN,
};
use crate::{
    api::Shop,
    articles::Articles,
    lenient::{self, RawId},
};

/// Products of a page. A cursor holds the ids of those of them whose variations are still to come.
const PAGE: usize = 25;
/// A list that never ends must end here.
const PAGES: std::ops::Range<usize> = 0..100_000;

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

/// Where the next part begins: `8` is the eighth page of products, and `8/31.2,35.1` the second page of the variations of
/// product 31, then the first one of 35's, then that page of products. Page 0 is the end.
struct Cursor {
    page: usize,
    variations: VecDeque<(String, usize)>,
}

impl Cursor {
    fn read(text: Option<&str>) -> Option<Self> {
        let number = |text: &str| text.parse().ok().filter(|page| PAGES.contains(page));
        let Some((page, rest)) = text.unwrap_or("1").split_once('/') else {
            let page = number(text.unwrap_or("1")).filter(|page| *page > 0)?;
            return Some(Self { page, variations: VecDeque::new() });
        };
        let product = |text: &str| {
            let (id, page) = text.split_once('.')?;
            let id = id.parse::<u64>().ok()?.to_string();
            Some((id, number(page).filter(|page| *page > 0)?))
        };
        let variations: Option<VecDeque<_>> = rest.split(',').map(product).collect();
        Some(Self { page: number(page)?, variations: variations? })
    }

    fn text(&self) -> Option<String> {
        let each: Vec<String> = self.variations.iter().map(|(id, page)| format!("{id}.{page}")).collect();
        match (self.page, each.is_empty()) {
            (0, true) => None,
            (page, true) => Some(page.to_string()),
            (page, false) => Some(format!("{page}/{}", each.join(","))),
        }
    }
}

/// One request: a page of products, or one of a product's variations.
pub(crate) async fn page(shop: &Shop, cursor: Option<&str>) -> Result<Articles, PeerError> {
    let mut cursor = Cursor::read(cursor).ok_or_else(|| shop.rejected("a cursor that is not ours"))?;
    let skus = match cursor.variations.pop_front() {
        Some((product, number)) => {
            let found = variations(shop, &product, number).await?;
            if found.len() == ARTICLES_AT_MOST {
                cursor.variations.push_front((product, number + 1));
            }
            found.iter().filter_map(Article::sku).collect()
        }
        None => {
            let path = list("products", PAGE, cursor.page);
            let products: Vec<Article> = ask(shop, Method::GET, &path, None).await?;
            cursor.page = if products.len() == PAGE { cursor.page + 1 } else { 0 };
            let seen = products.iter().filter(|product| product.status == "publish");
            let varied = seen.filter(|product| product.kind == "variable");
            cursor.variations = varied.map(|product| (product.id.0.clone(), 1)).collect();
            products.iter().filter_map(Article::sku).collect()
        }
    };
    Ok(Articles { skus, next: cursor.text() })
}

/// A product that was deleted meanwhile has none.
async fn variations(shop: &Shop, product: &str, page: usize) -> Result<Vec<Article>, PeerError> {
    let path = list(&format!("products/{product}/variations"), ARTICLES_AT_MOST, page);
    match ask(shop, Method::GET, &path, None).await {
        Err(PeerError::Missing { .. }) => Ok(Vec::new()),
        found => found,
    }
}

fn list(what: &str, each: usize, page: usize) -> String {
    format!("{V3}/{what}?per_page={each}&page={page}&orderby=id&order=asc&_fields=id,sku,type,status")
}
