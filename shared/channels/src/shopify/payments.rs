//! What a Shopify shop has captured for an order.

use crossdock_core::{OrderId, PeerError, order::Transaction};
use serde::Deserialize;
use serde_json::json;

use super::{graphql::run, wire::MoneyBag};
use crate::{
    api::Shop,
    lenient::{RawId, text},
};

/// Shopify lists them without pages.
const AT_MOST: usize = 100;

const QUERY: &str = "query Payments($id: ID!, $first: Int!) {
  order(id: $id) {
    transactions(first: $first) {
      id kind status gateway
      amountSet { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }
    }
  }
}";

#[derive(Deserialize)]
struct Answer {
    order: Option<Order>,
}

#[derive(Deserialize)]
struct Order {
    transactions: Vec<Node>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    id: RawId,
    kind: String,
    status: String,
    gateway: Option<String>,
    amount_set: MoneyBag,
}

/// An authorisation holds money and moves none. Shopify's kinds are upper case and may grow.
fn captured(node: &Node) -> bool {
    matches!(node.kind.as_str(), "SALE" | "CAPTURE") && node.status == "SUCCESS"
}

/// The id is that of Shopify's transaction, which its payouts name too: what it calls the payment's id is one for
/// all captures of one authorisation, and gift cards have none.
pub(crate) async fn of(shop: &Shop, order: &OrderId) -> Result<Vec<Transaction>, PeerError> {
    let variables = json!({ "id": format!("gid://shopify/Order/{order}"), "first": AT_MOST });
    let answer: Answer =
        run(shop, "Payments", QUERY, variables).await.map_err(|failure| failure.peer(shop))?;
    let nodes = answer.order.ok_or_else(|| shop.missing("such order"))?.transactions;
    if nodes.len() >= AT_MOST {
        return Err(shop.rejected("the order has more transactions than can be read in one go"));
    }
    let one = |node: Node| {
        let gateway = text(node.gateway.as_deref()).unwrap_or_default();
        Transaction {
            id: Some(node.id.0),
            gift_card: gateway == "gift_card",
            gateway,
            amount: node.amount_set.presentment_money.amount.0,
        }
    };
    Ok(nodes.into_iter().filter(captured).map(one).collect())
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use serde_json::Value;

    use super::*;
    use crate::{
        Api,
        testing::{Scripted, config, d, ok},
    };

    async fn asked(data: &Value) -> Result<Vec<Transaction>, PeerError> {
        let shop = Scripted::new([ok(&json!({ "data": data }))]);
        let api = Api::new(shop.client(), &config("shopify"), &SecretString::from("shpat_1".to_owned()));
        api.payments(&OrderId::new("5001").unwrap()).await
    }

    fn node(id: u64, kind: &str, status: &str, gateway: &str, amount: &str) -> Value {
        let money = |amount: &str| json!({ "amount": amount, "currencyCode": "USD" });
        json!({
            "id": format!("gid://shopify/OrderTransaction/{id}"), "kind": kind, "status": status, "gateway": gateway,
            "amountSet": { "shopMoney": money("99.0"), "presentmentMoney": money(amount) },
        })
    }

    #[tokio::test(start_paused = true)]
    async fn only_money_that_has_moved_counts() {
        let all = json!({ "order": { "transactions": [
            node(1, "AUTHORIZATION", "SUCCESS", "shopify_payments", "30.0"),
            node(2, "CAPTURE", "SUCCESS", "shopify_payments", "20.50"),
            node(3, "CAPTURE", "FAILURE", "shopify_payments", "9.5"),
            node(4, "SALE", "SUCCESS", "gift_card", "5.0"),
            node(5, "SALE", "PENDING", "paypal", "5.0"),
            node(6, "REFUND", "SUCCESS", "shopify_payments", "1.0"),
        ] } });
        let one = |id: &str, gateway: &str, amount| Transaction {
            id: Some(id.to_owned()),
            gateway: gateway.to_owned(),
            gift_card: gateway == "gift_card",
            amount,
        };
        let expected = vec![one("2", "shopify_payments", d("20.5")), one("4", "gift_card", d("5"))];
        assert_eq!(asked(&all).await, Ok(expected));
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_that_is_gone_or_has_no_end_of_payments_is_no_empty_list() {
        assert!(matches!(asked(&json!({ "order": null })).await, Err(PeerError::Missing { .. })));
        let many: Vec<_> = (0..100).map(|id| node(id, "SALE", "SUCCESS", "cash", "1.0")).collect();
        let answer = asked(&json!({ "order": { "transactions": many } })).await;
        assert!(matches!(answer, Err(PeerError::Rejected { .. })));
    }
}
