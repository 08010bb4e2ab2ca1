//! What a channel sells: products as they are read, page by page.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{Sku, catalogue::SalesTax};
use crossdock_odoo::{
    Call,
    articles::{page, sold},
};
use serde_json::{Map, Value, json};

use crate::{
    orders::d,
    target::Target,
    wares::{articles, articles_in, category, colours, company, german, ware},
};

pub async fn an_article_has_what_a_channel_shows_of_it(target: &Target) {
    let parent = category(target, &format!("Clothes {}", target.fresh()), None).await;
    let child = category(target, "Shirts", Some(parent)).await;
    let barcode = format!("4-{}", target.fresh());
    let values = json!({
        "name": "Shirt \"Größe\" <b>", "description_sale": "Cotton.\nWash at 30°.", "barcode": barcode,
        "weight": 0.35, "categ_id": child, "taxes_id": [[6, 0, [target.tax("CD 19% incl")]]],
    });
    let ware = ware(target, 12.5, values).await;
    let article = articles(target, &[&ware]).await.remove(0);
    assert_eq!((article.product, article.template), (ware.product, ware.template));
    assert_eq!(article.sku.as_str(), ware.sku);
    assert_eq!(article.name, "Shirt \"Größe\" <b>");
    assert_eq!(article.title, article.name, "no SKU in front, and no values behind");
    assert_eq!(article.attributes, []);
    assert_eq!(article.description.as_deref(), Some("Cotton.\nWash at 30°."));
    assert_eq!(article.barcode, Some(barcode));
    assert_eq!(article.weight, d("0.35"));
    assert!(["kg", "lb"].contains(&article.weight_unit.as_str()), "{}", article.weight_unit);
    let tax = SalesTax { id: target.tax("CD 19% incl"), name: "CD 19% incl".to_owned(), included: true };
    assert_eq!((article.taxes, article.untaxed), (vec![tax], false));
    let path = article.category.as_deref().unwrap_or_default();
    assert!(path.starts_with("Clothes ") && path.ends_with(" / Shirts"), "{path}");
    let unit = target.user.rows("product.product", json!([["id", "=", ware.product]]), &["uom_id"]).await;
    assert_eq!(article.unit.map(Value::from), Some(unit[0]["uom_id"][1].clone()));
    assert!(article.sellable);
}

pub async fn what_nobody_filled_in_is_none(target: &Target) {
    let ware = ware(target, 1.0, json!({})).await;
    let article = articles(target, &[&ware]).await.remove(0);
    assert_eq!((article.description, article.barcode), (None, None));
    assert_eq!((article.weight, article.taxes, article.untaxed), (d("0"), Vec::new(), true));
}

pub async fn a_unit_is_named_in_the_language_of_the_channel(target: &Target) {
    let ware = ware(target, 1.0, json!({})).await;
    let lang = german(target).await;
    let unit = async |lang: &str| {
        let told = articles_in(target, target.world.company.id, lang, &[&ware]).await.remove(0).unit;
        let call = Call::new("product.product", "search_read").arg("fields", json!(["uom_id"]));
        let call = call.arg("domain", json!([["id", "=", ware.product]])).context("lang", lang);
        let read = target.user.call(call).await;
        assert_eq!(told.as_deref(), read[0]["uom_id"][1].as_str(), "{lang}");
        told
    };
    assert_ne!(unit("en_US").await, unit(lang).await);
}

pub async fn the_taxes_of_an_article_are_those_of_the_company_that_sells_it(target: &Target) {
    let second = &target.world.second;
    let both = [target.tax("CD 19% incl"), second.taxes["CD 7% incl"]];
    let shared = ware(target, 1.0, json!({ "taxes_id": [[6, 0, both]] })).await;
    for (company, tax, name) in
        [(target.world.company.id, both[0], "CD 19% incl"), (second.id, both[1], "CD 7% incl")]
    {
        let article = articles_in(target, company, "en_US", &[&shared]).await.remove(0);
        let own = SalesTax { id: tax, name: name.to_owned(), included: true };
        assert_eq!((article.taxes, article.untaxed), (vec![own], false));
    }
}

pub async fn a_product_with_an_archived_tax_alone_is_not_called_untaxed(target: &Target) {
    let name = format!("Old {}", target.fresh());
    let values = json!({ "name": name, "amount": 16.0, "company_id": target.world.company.id });
    let tax = target.admin().save("account.tax", values, &Map::new()).await;
    let ware = ware(target, 1.0, json!({ "taxes_id": [[6, 0, [tax]]] })).await;
    target.admin().write("account.tax", tax, json!({ "active": false })).await;
    let article = articles(target, &[&ware]).await.remove(0);
    assert_eq!((article.taxes, article.untaxed), (Vec::new(), false));
}

pub async fn a_variant_has_its_values_and_a_title_with_them(target: &Target) {
    let wares = colours(target, 10.0, &[("Red", 0.0), ("Blue", 2.5)]).await;
    let all = articles(target, &[&wares[0], &wares[1]]).await;
    assert_eq!(all[0].template, all[1].template);
    for (article, colour) in all.iter().zip(["Red", "Blue"]) {
        assert_eq!(article.attributes, [("Colour".to_owned(), colour.to_owned())]);
        assert_eq!(article.title, format!("{} ({colour})", article.name));
    }
}

pub async fn what_is_archived_or_not_for_sale_is_read_and_not_sellable(target: &Target) {
    let wares = [ware(target, 1.0, json!({})).await, ware(target, 1.0, json!({})).await];
    target.admin().write("product.product", wares[0].product, json!({ "active": false })).await;
    target.admin().write("product.product", wares[1].product, json!({ "sale_ok": false })).await;
    let all = articles(target, &[&wares[0], &wares[1]]).await;
    assert!(all.iter().all(|article| !article.sellable), "{all:?}");
}

pub async fn every_article_comes_once_page_by_page(target: &Target) {
    let wares = [ware(target, 1.0, json!({})).await, ware(target, 1.0, json!({})).await];
    let company = company(target).await;
    let (mut seen, mut after) = (Vec::new(), wares[0].product - 3);
    loop {
        let page = page(&target.user.0, &company, "en_US", after, 2).await.expect("a page");
        seen.extend(page.articles.iter().map(|article| article.product));
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
    assert!(wares.iter().all(|ware| seen.contains(&ware.product)), "{seen:?}");
}

pub async fn a_reference_that_is_no_sku_is_told_and_not_dropped(target: &Target) {
    let long = "X".repeat(129);
    let ware = ware(target, 1.0, json!({ "default_code": long })).await;
    let company = company(target).await;
    let page = page(&target.user.0, &company, "en_US", ware.product - 1, 1).await.expect("a page");
    assert_eq!((page.articles, page.unfit), (Vec::new(), vec![ware.product]));
}

pub async fn a_sku_that_two_products_have_is_seen_and_an_archived_twin_is_none(target: &Target) {
    let first = ware(target, 1.0, json!({})).await;
    let second = ware(target, 1.0, json!({ "default_code": first.sku })).await;
    let other = ware(target, 1.0, json!({})).await;
    let sku = |text: &str| Sku::new(text).expect("a SKU");
    let asked = BTreeSet::from([sku(&first.sku), sku(&other.sku)]);
    let company = target.world.company.id;
    let found = sold(&target.user.0, company, &asked).await.expect("SKUs");
    assert_eq!(found, BTreeMap::from([(sku(&first.sku), 2), (sku(&other.sku), 1)]));
    target.admin().write("product.product", second.product, json!({ "active": false })).await;
    target.admin().write("product.product", other.product, json!({ "sale_ok": false })).await;
    let found = sold(&target.user.0, company, &asked).await.expect("SKUs");
    assert_eq!(found, BTreeMap::from([(sku(&first.sku), 1)]));
}
