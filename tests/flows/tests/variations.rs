//! Products with variants in WooCommerce.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::{ReasonCode, catalogue::Field, config::Config};
use crossdock_platform::Subject;
use flows::{
    Flow,
    shelves::{making, shown},
    shops::Shops,
};
use serde_json::{Value, json};
use simulators::{
    odoo::Variant,
    shops::{Article, Fault, FaultKind},
};

const RED: &str = "CD-50-RED";
const BLUE: &str = "CD-50-BLUE";

/// A shirt in red and in blue, at 15; the ids of both.
fn shirts(flow: &Flow) -> Vec<i64> {
    let variant =
        |(sku, value): (&str, &str)| Variant { sku: sku.to_owned(), value: value.to_owned(), extra: 0.0 };
    let both = [(RED, "Red"), (BLUE, "Blue & white")].map(variant);
    flow.odoo.seed(|seed| seed.variants("Shirt", 15.0, "Colour", &both))
}

fn offering(config: &mut Config) {
    making(config);
    let woo = config.channels.iter_mut().find(|channel| channel.id.as_str() == "woo").unwrap();
    woo.catalogue.as_mut().unwrap().update.insert(Field::Offered);
}

/// The one variation with this SKU.
fn one(shops: &Shops, sku: &str) -> Article {
    let mut all = shops.woo.shelf.of(sku);
    assert_eq!(all.len(), 1, "{sku}: {all:?}");
    all.remove(0)
}

/// The one product that holds them.
fn product(shops: &Shops) -> Article {
    let all = shops.woo.shelf.articles();
    let mut own: Vec<Article> =
        all.into_iter().filter(|article| article.sku.starts_with("crossdock-")).collect();
    assert_eq!(own.len(), 1, "{own:?}");
    own.remove(0)
}

fn options(product: &Article) -> Value {
    product.attributes.iter().find(|one| one["name"] == "Colour").map(|one| one["options"].clone()).unwrap()
}

/// Changes something about one of them, so that all are looked at.
async fn looked_at(flow: &Flow, product: i64, barcode: &str) {
    flow.odoo.by_hand_write("product.product", product, &json!({ "barcode": barcode })).unwrap();
    flow.watch().await;
    flow.pass(10).await;
}

#[tokio::test(start_paused = true)]
async fn variants_become_one_product_that_nobody_sees_yet_and_are_counted() {
    let (flow, _, shops) = shown(making).await;
    shirts(&flow);
    flow.stock(RED, 4.0);
    flow.watch().await;
    flow.pass(10).await;
    let (red, blue, product) = (one(&shops, RED), one(&shops, BLUE), product(&shops));
    assert_eq!([red.parent, blue.parent], [Some(product.id); 2]);
    assert_eq!((product.status.as_deref(), product.title.as_deref()), (Some("draft"), Some("Shirt")));
    assert_eq!(options(&product), json!(["Red", "Blue & white"]));
    let told =
        |article: &Article| (article.status.clone(), article.price.clone(), article.attributes.clone());
    let value = |value: &str| vec![json!({ "id": 0, "name": "Colour", "option": value })];
    assert_eq!(told(&red), (None, Some("13.5".into()), value("Red")));
    assert_eq!(told(&blue), (None, Some("13.5".into()), value("Blue & white")));
    assert_eq!(shops.counts(RED)[1], Some(4));
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn whatever_answer_is_lost_nothing_is_made_twice_and_customers_see_it_once_it_is_whole() {
    let mut calls = 0;
    for lost in 0.. {
        let (flow, _, shops) = shown(offering).await;
        flow.watch().await;
        flow.rest().await;
        shirts(&flow);
        for _ in 0..lost {
            shops.woo.faults.inject(Fault { times: 1, kind: FaultKind::Slow(Duration::ZERO) });
        }
        let before = shops.woo.faults.calls().len();
        shops.woo.faults.inject(Fault { times: 1, kind: FaultKind::Lost });
        flow.watch().await;
        calls = calls.max(shops.woo.faults.calls().len() - before);
        flow.pass(30).await;
        let product = product(&shops);
        assert_eq!([one(&shops, RED).parent, one(&shops, BLUE).parent], [Some(product.id); 2], "{lost}");
        let states = [&product, &one(&shops, RED), &one(&shops, BLUE)].map(|one| one.status.clone());
        assert_eq!(states, [None, None, None], "{lost}");
        assert!(flow.parked_beside().await.is_empty());
        if lost > calls {
            break;
        }
    }
    assert!(calls > 5, "{calls}");
}

#[tokio::test(start_paused = true)]
async fn a_variant_that_comes_later_joins_them_by_a_new_option_and_unseen() {
    let (flow, _, shops) = shown(making).await;
    let products = shirts(&flow);
    flow.watch().await;
    let shelf = &shops.woo.shelf;
    let own = product(&shops);
    let alone = |shops: &Shops, attributes: Vec<Value>| {
        shops.woo.shelf.remove(BLUE);
        shops.woo.shelf.change(&own.sku, |article| {
            article.status = None;
            article.attributes.clone_from(&attributes);
        });
    };
    // A person publishes it, and writes what it is made of; the shop's own attribute has an id.
    let wool =
        json!({ "id": 0, "name": "Material", "options": ["Wool"], "visible": true, "variation": false });
    let colour =
        |name: &str| json!({ "id": 7, "name": name, "options": ["Red"], "visible": true, "variation": true });
    alone(&shops, vec![wool.clone(), colour("Colour")]);
    looked_at(&flow, products[1], "4006381333931").await;
    let blue = one(&shops, BLUE);
    assert_eq!((blue.parent, blue.status.as_deref()), (Some(own.id), Some("private")));
    assert_eq!(blue.attributes, [json!({ "id": 7, "name": null, "option": "Blue & white" })]);
    let after = product(&shops);
    assert_eq!(options(&after), json!(["Red", "Blue & white"]));
    assert_eq!(after.attributes[0]["options"], json!(["Wool"]), "what is not ours stays");
    assert_eq!(shelf.of(RED)[0].status, None, "who is seen stays seen");
    // It varies by something else: nobody could choose what Odoo tells apart.
    alone(&shops, vec![wool, colour("Shade")]);
    looked_at(&flow, products[1], "4006381333948").await;
    assert!(shelf.of(BLUE).is_empty());
    let blue: Subject = Subject::Article(format!("woo/{BLUE}").parse().unwrap());
    let reasons = flow.chain.book.reasons(&blue).await.unwrap();
    assert!(matches!(&reasons[..], [one] if one.code == ReasonCode::ArticleRefused), "{reasons:?}");
    assert!(reasons[0].detail.contains("varies by other attributes"), "{reasons:?}");
    // Each of them is a product of its own.
    shelf.change(RED, |article| article.parent = None);
    flow.replay(&blue).await;
    let reasons = flow.chain.book.reasons(&blue).await.unwrap();
    assert!(reasons[0].detail.contains("each of them as a product"), "{reasons:?}");
}

#[tokio::test(start_paused = true)]
async fn a_product_is_hidden_with_the_last_of_its_variations_and_comes_back_with_the_first() {
    for lost in 0..4 {
        let (flow, _, shops) = shown(|config| {
            offering(config);
            let woo = config.channels.iter_mut().find(|channel| channel.id.as_str() == "woo").unwrap();
            woo.catalogue.as_mut().unwrap().archive = true;
        })
        .await;
        let products = shirts(&flow);
        flow.watch().await;
        flow.pass(10).await;
        let sold = |product: usize, sold: bool| {
            let values = json!({ "sale_ok": sold });
            flow.odoo.by_hand_write("product.product", products[product], &values).unwrap();
        };
        let states = || [product(&shops), one(&shops, RED), one(&shops, BLUE)].map(|one| one.status);
        let hidden = |status: &str| Some(status.to_owned());
        assert_eq!(states(), [None, None, None]);
        sold(0, false);
        flow.watch().await;
        assert_eq!(states(), [None, hidden("private"), None], "customers see the other one");
        flow.rest().await;
        sold(1, false);
        for _ in 0..lost {
            shops.woo.faults.inject(Fault { times: 1, kind: FaultKind::Slow(Duration::ZERO) });
        }
        shops.woo.faults.inject(Fault { times: 1, kind: FaultKind::Lost });
        flow.watch().await;
        flow.pass(30).await;
        assert_eq!(states()[0], hidden("draft"), "{lost}");
        flow.rest().await;
        sold(0, true);
        flow.watch().await;
        flow.pass(30).await;
        assert_eq!(states()[..2], [None, None], "{lost}");
        tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
        flow.watch().await;
        assert_eq!(states(), [None, None, hidden("private")], "{lost}");
        // In Shopify one variant among others is a person's.
        for sku in [RED, BLUE] {
            let own: Subject = Subject::Article(format!("woo/{sku}").parse().unwrap());
            assert_eq!(flow.chain.book.reasons(&own).await.unwrap(), [], "{lost}");
        }
    }
}

/// The shop taxes all variations of a product or none.
#[tokio::test(start_paused = true)]
async fn variations_have_their_tax_class_and_are_exempt_where_their_product_is() {
    let (flow, _, shops) = shown(|config| {
        making(config);
        let woo = config.channels.iter_mut().find(|channel| channel.id.as_str() == "woo").unwrap();
        let policy = woo.catalogue.as_mut().unwrap();
        let rule = json!({ "odoo": "15%", "class": "reduced-rate" });
        policy.tax_classes = vec![serde_json::from_value(rule).unwrap()];
        policy.untaxed_class = Some("exempt".into());
        policy.update.insert(Field::TaxClass);
    })
    .await;
    let products = shirts(&flow);
    let tax = |taxes: &[&str], product: i64| {
        let find = |name: &&str| flow.odoo.seed(|seed| seed.find("account.tax", "name", name));
        let taxes: Vec<i64> = taxes.iter().map(find).collect();
        flow.odoo.by_hand_write("product.product", product, &json!({ "taxes_id": [[6, 0, taxes]] })).unwrap();
    };
    for product in &products {
        tax(&["15%"], *product);
    }
    flow.watch().await;
    flow.pass(10).await;
    let class = |sku: &str| one(&shops, sku).tax_class;
    assert_eq!([class(RED), class(BLUE)], [RED, BLUE].map(|_| Some("reduced-rate".to_owned())));
    assert_eq!(product(&shops).tax_status.as_deref(), Some("taxable"));
    tax(&[], products[0]);
    flow.watch().await;
    let red: Subject = Subject::Article(format!("woo/{RED}").parse().unwrap());
    let reasons = flow.chain.book.reasons(&red).await.unwrap();
    assert!(
        matches!(&reasons[..], [one] if one.detail.contains("all variations of a product or none")),
        "{reasons:?}"
    );
    shops.woo.shelf.change(&product(&shops).sku, |article| article.tax_status = Some("none".into()));
    tax(&[], products[1]);
    flow.watch().await;
    flow.replay(&red).await;
    assert!(flow.parked_beside().await.is_empty());
}
