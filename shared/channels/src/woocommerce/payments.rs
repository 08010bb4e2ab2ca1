//! What was paid for an order in a WooCommerce shop.

use crossdock_core::{OrderId, PeerError, order::Transaction};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::api::order;
use crate::{
    api::Shop,
    lenient::{Amount, RawId, nullable, text},
};

#[derive(Deserialize)]
struct Paid {
    date_paid_gmt: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    payment_method: String,
    transaction_id: Option<String>,
    total: Amount,
    /// Of the official gift card extension: what cards paid is no longer in `total`.
    #[serde(default, deserialize_with = "nullable")]
    gift_cards: Vec<Card>,
}

#[derive(Deserialize)]
struct Card {
    id: Option<RawId>,
    amount: Amount,
}

/// The shop books one payment for an order, when it sets the date. A coupon is a discount and no payment.
pub(crate) async fn of(shop: &Shop, id: &OrderId) -> Result<Vec<Transaction>, PeerError> {
    let paid: Paid = order(shop, id).await?;
    if paid.date_paid_gmt.is_none() {
        return Ok(Vec::new());
    }
    let card = |card: Card| Transaction {
        id: card.id.map(|id| format!("gift-card-{}", id.0)),
        gateway: "gift_card".into(),
        gift_card: true,
        amount: card.amount.0,
    };
    let mut all: Vec<_> = paid.gift_cards.into_iter().map(card).collect();
    if paid.total.0 > Decimal::ZERO {
        all.push(Transaction {
            id: text(paid.transaction_id.as_deref()),
            gateway: text(Some(&paid.payment_method)).unwrap_or_default(),
            gift_card: false,
            amount: paid.total.0,
        });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        Api,
        testing::{Scripted, config, d, ok},
    };

    async fn asked(order: &Value) -> Vec<Transaction> {
        let shop = Scripted::new([ok(order)]);
        let api =
            Api::new(shop.client(), &config("woocommerce"), &SecretString::from("ck_1:cs_2".to_owned()));
        api.payments(&OrderId::new("22").unwrap()).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_payment_counts_once_the_shop_has_booked_it() {
        let mut order = json!({ "id": 22, "payment_method": "stripe", "transaction_id": "ch_1", "total": "18.50",
            "date_paid_gmt": null, "gift_cards": [{ "id": 7, "code": "secret", "amount": "5.00" }] });
        assert_eq!(asked(&order).await, []);
        order["date_paid_gmt"] = json!("2026-11-23T07:38:11");
        let one = |id: &str, gateway: &str, gift_card, amount| Transaction {
            id: Some(id.to_owned()),
            gateway: gateway.to_owned(),
            gift_card,
            amount,
        };
        let expected =
            [one("gift-card-7", "gift_card", true, d("5")), one("ch_1", "stripe", false, d("18.5"))];
        assert_eq!(asked(&order).await, expected);
        order["gift_cards"] = json!(null);
        order["transaction_id"] = json!("");
        assert_eq!(asked(&order).await[0].id, None);
        order["total"] = json!("0.00");
        assert_eq!(asked(&order).await, []);
    }
}
