//! What a shop sells, page by page: every SKU that customers can see.

use crossdock_core::{PeerError, Sku};

use crate::{Api, api::Kind, shopify, woocommerce};

/// A part of the SKUs of a shop, and where the next part begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Articles {
    pub skus: Vec<Sku>,
    /// Give it back to [`Api::articles`] unchanged; none at the end.
    pub next: Option<String>,
}

impl Api {
    /// The SKUs that customers can see in the shop: of products that are published, and of their variants. What has no
    /// SKU, one that Odoo could not have, or one that we made up for it, is not in the answer. An article that is put into the shop meanwhile may be
    /// missing. A partner's program cannot be asked: nothing is there.
    ///
    /// # Errors
    /// Whatever keeps the shop from answering; `Rejected` for a cursor that is not ours.
    pub async fn articles(&self, cursor: Option<&str>) -> Result<Articles, PeerError> {
        match self.kind {
            Kind::Shopify => shopify::articles::page(&self.shop, cursor).await,
            Kind::Woocommerce => woocommerce::articles::page(&self.shop, cursor).await,
            Kind::Standard => Ok(Articles::default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use secrecy::SecretString;
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{Scripted, config, ok};

    fn api(shop: &Arc<Scripted>, kind: &str) -> Api {
        let token = if kind == "shopify" { "shpat_1" } else { "ck_1:cs_2" };
        Api::new(shop.client(), &config(kind), &SecretString::from(token.to_owned()))
    }

    fn skus(all: &[&str]) -> Vec<Sku> {
        all.iter().map(|sku| sku.parse().unwrap()).collect()
    }

    fn variants(nodes: &[Value], next: Option<&str>) -> Value {
        let page = json!({ "hasNextPage": next.is_some(), "endCursor": next });
        json!({ "data": { "productVariants": { "nodes": nodes, "pageInfo": page } } })
    }

    #[tokio::test(start_paused = true)]
    async fn shopify_gives_what_customers_see_and_reads_less_at_once_where_that_is_too_costly() {
        let variant = |sku: Value, status: &str| json!({ "sku": sku, "product": { "status": status } });
        let shop = Scripted::new([
            ok(&json!({ "errors": [{ "message": "no", "extensions": { "code": "MAX_COST_EXCEEDED" } }] })),
            ok(&variants(
                &[
                    variant(json!("A"), "ACTIVE"),
                    variant(json!("B"), "ARCHIVED"),
                    variant(json!("C"), "DRAFT"),
                    variant(Value::Null, "ACTIVE"),
                    variant(json!(""), "ACTIVE"),
                ],
                Some("c1"),
            )),
            ok(&variants(&[variant(json!("D"), "ACTIVE")], None)),
        ]);
        let api = api(&shop, "shopify");
        let first = api.articles(None).await.unwrap();
        assert_eq!(first, Articles { skus: skus(&["A"]), next: Some("c1".into()) });
        let second = api.articles(first.next.as_deref()).await.unwrap();
        assert_eq!(second, Articles { skus: skus(&["D"]), next: None });
        let asked = |at: usize| shop.asked()[at].body["variables"].clone();
        assert_eq!((&asked(0)["first"], &asked(1)["first"]), (&json!(250), &json!(125)));
        assert_eq!(asked(2)["after"], "c1");
    }

    #[tokio::test(start_paused = true)]
    async fn woocommerce_is_asked_for_the_variations_of_each_product_that_has_some() {
        let article = |id: u64, sku: &str, kind: &str, status: &str| json!({ "id": id, "sku": sku, "type": kind, "status": status });
        let shop = Scripted::new([
            ok(&json!([
                article(1, "A", "simple", "publish"),
                article(2, "B", "simple", "draft"),
                article(3, "", "variable", "publish"),
                article(4, "HIDDEN", "variable", "private"),
            ])),
            ok(&json!([article(5, "C", "variation", "publish"), article(6, "D", "variation", "private"),])),
        ]);
        let found = api(&shop, "woocommerce").articles(Some("7")).await.unwrap();
        assert_eq!(found, Articles { skus: skus(&["A", "C"]), next: None });
        let other = api(&shop, "woocommerce").articles(Some("x")).await;
        assert!(matches!(other, Err(PeerError::Rejected { .. })), "{other:?}");
    }
}
