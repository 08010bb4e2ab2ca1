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
    /// missing. A partner's program cannot be asked: nothing is there. One request in most cases, for at most a few hundred.
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
    use crate::testing::{Answer, Scripted, config, ok};

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
        let api = api(&shop, "woocommerce");
        let found = api.articles(Some("7")).await.unwrap();
        assert_eq!(found, Articles { skus: skus(&["A"]), next: Some("0/3.1".into()) });
        let found = api.articles(found.next.as_deref()).await.unwrap();
        assert_eq!(found, Articles { skus: skus(&["C"]), next: None });
        for other in ["x", "0", "8/", "8/3", "8/3.0", "8/../../orders.1"] {
            let other = api.articles(Some(other)).await;
            assert!(matches!(other, Err(PeerError::Rejected { .. })), "{other:?}");
        }
    }

    /// What is paced is one request, and what is kept of it has a limit.
    #[tokio::test(start_paused = true)]
    async fn each_part_of_a_woocommerce_shop_is_one_request_and_the_next_one_goes_on_behind_it() {
        let article = |id: usize, kind: &str| json!({ "id": id, "sku": format!("A-{id}"), "type": kind, "status": "publish" });
        let products: Vec<Value> =
            (1..=25).map(|id| article(id, if id > 23 { "variable" } else { "simple" })).collect();
        let variations: Vec<Value> = (101..=200).map(|id| article(id, "variation")).collect();
        let gone = json!({ "code": "woocommerce_rest_product_invalid_id", "message": "Invalid ID." });
        let shop = Scripted::new([
            ok(&products.into()),
            ok(&variations.into()),
            ok(&json!([])),
            Answer::Says(404, Vec::new(), gone.to_string()),
            ok(&json!([])),
        ]);
        let api = api(&shop, "woocommerce");
        let (mut cursor, mut parts) = (None, Vec::new());
        loop {
            let found = api.articles(cursor.as_deref()).await.unwrap();
            parts.push((found.skus.len(), found.next.clone()));
            assert_eq!(shop.asked().len(), parts.len());
            cursor = found.next;
            if cursor.is_none() {
                break;
            }
        }
        let next = |text: &str| Some(text.to_owned());
        let all = [
            (25, next("2/24.1,25.1")),
            (100, next("2/24.2,25.1")),
            (0, next("2/25.1")),
            (0, next("2")),
            (0, None),
        ];
        assert_eq!(parts, all);
    }
}
