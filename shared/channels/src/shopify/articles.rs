//! Every variant of a Shopify shop, by id (2026-04).

use crossdock_core::PeerError;
use serde::Deserialize;
use serde_json::json;

use super::{
    graphql::{Failure, run},
    node::Connection,
};
use crate::{api::Shop, articles::Articles, lenient};

/// Variants of a page: the most that a connection gives. With its product each costs two points, of the thousand that
/// one query may cost.
const PAGE: u32 = 250;

const READ: &str = "query ArticleSkus($first: Int!, $after: String) {
  productVariants(first: $first, after: $after, sortKey: ID) {
    pageInfo { hasNextPage endCursor }
    nodes { sku product { status } }
  }
}";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    product_variants: Connection<Variant>,
}

#[derive(Deserialize)]
struct Variant {
    sku: Option<String>,
    product: Product,
}

#[derive(Deserialize)]
struct Product {
    status: String,
}

pub(crate) async fn page(shop: &Shop, cursor: Option<&str>) -> Result<Articles, PeerError> {
    let mut first = PAGE;
    let answer = loop {
        let variables = json!({ "first": first, "after": cursor });
        match run::<Answer>(shop, "ArticleSkus", READ, variables).await {
            Ok(answer) => break answer,
            Err(Failure::TooCostly) if first > 1 => first /= 2,
            Err(failure) => return Err(failure.peer(shop)),
        }
    };
    let page = answer.product_variants;
    let next = page.page_info.next().map(str::to_owned);
    let seen = page.nodes.into_iter().filter(|variant| variant.product.status == "ACTIVE");
    Ok(Articles { skus: seen.filter_map(|variant| lenient::sku(variant.sku.as_deref())).collect(), next })
}
