//! What keeps an article or its price from a channel.

use crossdock_core::{ReasonCode, catalogue::Field, config::OdooRef};
use crossdock_platform::Subject;
use flows::{
    Flow,
    shelves::{price_in_odoo, shown, write},
    shops::LOCATION,
};
use serde_json::json;

/// Whether it waits for a person for just this reason. Other channels may have their own.
async fn parked(flow: &Flow, subject: &Subject, code: ReasonCode) {
    let reasons = flow.chain.book.reasons(subject).await.unwrap();
    let codes: Vec<ReasonCode> = reasons.iter().map(|reason| reason.code).collect();
    assert_eq!(codes, [code], "{subject}");
}

fn article(channel: &str) -> Subject {
    Subject::Article(format!("{channel}/CD-1").parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn an_article_that_the_shop_refuses_is_a_persons_and_keeps_no_other_back() {
    let (flow, _, shops) = shown(|_| {}).await;
    shops.shopify.shelf.refuse("CD-1", "INVALID");
    flow.watch().await;
    parked(&flow, &article("shopify"), ReasonCode::ArticleRefused).await;
    assert_eq!(shops.prices("CD-2")[0].as_deref(), Some("20.00"));
    flow.replay(&article("shopify")).await;
    assert_eq!(shops.prices("CD-1")[0].as_deref(), Some("10.00"));
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_sku_that_two_products_or_two_articles_have_is_shown_by_neither_until_one_is_changed() {
    let (flow, _, shops) = shown(|_| {}).await;
    shops.shopify.shelf.put("CD-1", &[(LOCATION, 0)]);
    write(&flow, "CD-3", json!({ "default_code": "CD-1" }));
    flow.watch().await;
    parked(&flow, &article("woo"), ReasonCode::SkuTwiceInOdoo).await;
    write(&flow, "CD-1", json!({ "default_code": "CD-3" }));
    flow.watch().await;
    parked(&flow, &article("shopify"), ReasonCode::SkuTwiceInChannel).await;
    assert!(flow.chain.book.reasons(&article("woo")).await.unwrap().is_empty(), "mended by itself");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_sold_any_more_is_a_persons_where_it_may_not_be_hidden() {
    let (flow, _, _) = shown(|_| {}).await;
    flow.watch().await;
    write(&flow, "CD-1", json!({ "sale_ok": false }));
    flow.watch().await;
    for channel in ["shopify", "woo", "portal"] {
        parked(&flow, &article(channel), ReasonCode::StillOffered).await;
    }
    write(&flow, "CD-1", json!({ "sale_ok": true }));
    flow.watch().await;
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_product_without_a_price_is_not_given_away() {
    let (flow, _, shops) = shown(|_| {}).await;
    flow.watch().await;
    price_in_odoo(&flow, "CD-1", 0.0);
    flow.watch().await;
    parked(&flow, &article("shopify"), ReasonCode::NoPrice).await;
    assert_eq!(shops.prices("CD-1")[0].as_deref(), Some("10.00"));
}

#[tokio::test(start_paused = true)]
async fn a_price_without_taxes_is_not_told_to_a_shop_whose_prices_hold_them() {
    let (flow, _, shops) = shown(|_| {}).await;
    shops.woo.shelf.hold_tax(true);
    flow.watch().await;
    parked(&flow, &article("woo"), ReasonCode::TaxesDiffer).await;
    assert_eq!(shops.prices("CD-1")[1], None);
    // The settings of a shop are kept for ten minutes.
    shops.woo.shelf.hold_tax(false);
    tokio::time::sleep(std::time::Duration::from_secs(660)).await;
    flow.replay(&article("woo")).await;
    assert_eq!(shops.prices("CD-1")[1].as_deref(), Some("9"));
}

#[tokio::test(start_paused = true)]
async fn a_pricelist_in_another_currency_than_the_shops_is_told_to_nobody() {
    let (flow, _, shops) = shown(|config| {
        let woo = config.channels.iter_mut().find(|channel| channel.id.as_str() == "woo").unwrap();
        woo.catalogue.as_mut().unwrap().pricelist = OdooRef::Name("USD list".into());
    })
    .await;
    flow.watch().await;
    assert_eq!(shops.prices("CD-1"), [Some("10.00".into()), None, Some("10".into())]);
    let parked = flow.parked_beside().await;
    let (subject, codes) = parked.first().unwrap();
    assert!(matches!(subject, Subject::Publication(_)), "{subject}");
    assert_eq!(codes[..], [ReasonCode::CatalogueCurrency]);
}

#[tokio::test(start_paused = true)]
async fn two_products_that_a_shop_shows_as_one_leave_its_title_alone_until_they_agree() {
    let (flow, _, shops) = shown(|config| {
        let shopify = config.channels.iter_mut().find(|channel| channel.id.as_str() == "shopify").unwrap();
        shopify.catalogue.as_mut().unwrap().update.insert(Field::Title);
    })
    .await;
    let shelf = &shops.shopify.shelf;
    let first = shelf.of("CD-1").remove(0).id;
    shelf.change("CD-2", |article| article.parent = Some(first));
    for sku in ["CD-1", "CD-2"] {
        shelf.change(sku, |article| article.title = Some("Discs".into()));
        write(&flow, sku, json!({ "name": format!("Disc {sku}") }));
    }
    flow.watch().await;
    parked(&flow, &article("shopify"), ReasonCode::VariantsDisagree).await;
    let title = || shelf.of("CD-2").remove(0).title;
    assert_eq!((title().as_deref(), shops.prices("CD-2")[0].as_deref()), (Some("Discs"), Some("20.00")));
    for sku in ["CD-1", "CD-2"] {
        write(&flow, sku, json!({ "name": "Disc" }));
    }
    flow.watch().await;
    assert_eq!(title().as_deref(), Some("Disc"));
    assert!(flow.parked_beside().await.is_empty());
}
