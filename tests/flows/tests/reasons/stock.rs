//! What keeps the stock of a SKU from a channel.

use crossdock_core::ReasonCode;
use crossdock_platform::Subject;
use flows::{
    Flow,
    shops::{LOCATION, Shops, flow, sells_stock},
};

use serde_json::json;

use super::parked;

async fn ten() -> (Flow, Shops) {
    let (flow, _, shops) = flow(sells_stock).await;
    shops.list("CD-1");
    flow.stock("CD-1", 10.0);
    (flow, shops)
}

fn offer() -> Subject {
    Subject::Offer("shopify/CD-1".parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_sku_that_two_articles_carry_is_told_to_neither_until_one_is_changed() {
    let (flow, shops) = ten().await;
    let second = shops.shopify.shelf.put("CD-1", &[(LOCATION, 0)]);
    flow.watch().await;
    let why = parked(&flow, &offer(), ReasonCode::SkuTwiceInChannel).await;
    assert!(why.contains("CD-1"), "{why}");
    assert_eq!(shops.counts("CD-1"), [Some(0), Some(10)], "the other shop is told");
    shops.shopify.shelf.change("CD-1", |article| {
        if article.id == second {
            article.sku = "CD-1-OLD".into();
        }
    });
    flow.replay(&offer()).await;
    assert_eq!(shops.counts("CD-1"), [Some(10), Some(10)]);
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_sku_that_two_products_carry_keeps_its_count_until_one_is_archived() {
    let (flow, shops) = ten().await;
    flow.watch().await;
    flow.rest().await;
    let twin = flow.odoo.seed(|seed| seed.find("product.product", "default_code", "CD-2"));
    flow.odoo.by_hand_write("product.product", twin, &json!({ "default_code": "CD-1" })).unwrap();
    flow.odoo.receive("WH", "CD-1", 5.0);
    flow.watch().await;
    let why = flow.chain.book.reasons(&offer()).await.unwrap();
    assert!(matches!(&why[..], [one] if one.code == ReasonCode::SkuTwiceInOdoo), "{why:?}");
    assert_eq!(shops.counts("CD-1"), [Some(10), Some(10)], "nobody knows which is meant");
    flow.odoo.by_hand_write("product.product", twin, &json!({ "active": false })).unwrap();
    flow.watch().await;
    assert_eq!(shops.counts("CD-1"), [Some(15), Some(15)]);
    assert!(flow.parked_beside().await.is_empty());
}

/// A trouble of the moment is none for a person.
#[tokio::test(start_paused = true)]
async fn a_count_that_the_shop_refuses_once_is_told_a_minute_later() {
    let (flow, shops) = ten().await;
    shops.shopify.shelf.refuse("CD-1", "INTERNAL_ERROR");
    flow.watch().await;
    assert_eq!(shops.counts("CD-1"), [Some(0), Some(10)]);
    flow.pass(3).await;
    assert_eq!(shops.counts("CD-1"), [Some(10), Some(10)], "without any change in Odoo");
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_count_that_the_shop_refuses_is_a_persons_and_keeps_no_other_back() {
    let (flow, shops) = ten().await;
    shops.list("CD-2");
    flow.stock("CD-2", 5.0);
    shops.shopify.shelf.refuse("CD-1", "INVALID_LOCATION");
    flow.watch().await;
    for _ in 0..2 {
        assert!(flow.parked_beside().await.is_empty(), "it is tried again before");
        assert_eq!(shops.counts("CD-2"), [Some(5), Some(5)]);
        shops.shopify.shelf.refuse("CD-1", "INVALID_LOCATION");
        flow.pass(1).await;
    }
    parked(&flow, &offer(), ReasonCode::StockRefused).await;
    flow.replay(&offer()).await;
    assert_eq!(shops.counts("CD-1"), [Some(10), Some(10)]);
    assert!(flow.parked_beside().await.is_empty());
}
