//! Where a Shopify product is seen beside being active (2026-04).
//!
//! A product that an API makes is in no sales channel, whatever its status: each channel has a publication, and the
//! product is published there by a person, or by the publication itself where it is set to take in what is new
//! (`autoPublish`). Which of them do is for `read_publications` to ask.

use crossdock_core::PeerError;
use serde::Deserialize;
use serde_json::json;

use super::{graphql::run, node::Nodes};
use crate::api::Shop;

const READ: &str = "query CataloguePublications {
  publications(first: 50, catalogType: APP) { nodes { autoPublish catalog { title } } }
}";

#[derive(Deserialize)]
struct Answer {
    publications: Nodes<Publication>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Publication {
    auto_publish: bool,
    catalog: Option<Catalog>,
}

#[derive(Deserialize)]
struct Catalog {
    title: String,
}

/// The sales channels that take in new products by themselves.
pub(crate) async fn taking_in(shop: &Shop) -> Result<Vec<String>, PeerError> {
    let answer: Answer =
        run(shop, "CataloguePublications", READ, json!({})).await.map_err(|failure| failure.peer(shop))?;
    let own = answer.publications.nodes.into_iter().filter(|publication| publication.auto_publish);
    Ok(own
        .map(|one| {
            one.catalog.map_or_else(|| "without a name".to_owned(), |catalog| shop.said(&catalog.title))
        })
        .collect())
}
