//! What a shop shows of an article, read, compared and changed through the product's adapters.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};

use crossdock_channels::standard;
use crossdock_core::{
    Currency, PeerError, Sku,
    catalogue::{Channel, Edit, Edited, Entry, Field, Held, Listing, Step, Ware, difference},
    config::CataloguePolicy,
};
use serde_json::json;
use simulator_tests::shops::{Kind, START, World, world};
use simulators::shops::FaultKind;

fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

fn policy() -> CataloguePolicy {
    serde_json::from_str(
        r#"{ "pricelist": "List", "update": ["price", "title", "offered"], "archive": true }"#,
    )
    .unwrap()
}

fn ware(name: &str, price: &str) -> Ware {
    Ware {
        sku: sku(name),
        family: 1,
        name: name.into(),
        title: format!("{name} & <more>"),
        attributes: vec![],
        description: None,
        barcode: None,
        weight: "0".parse().unwrap(),
        category: None,
        sellable: true,
        unit: None,
        taxes: vec![],
        untaxed: true,
        steps: vec![Step { from: "1".parse().unwrap(), price: price.parse().unwrap() }],
        compare_at: None,
    }
}

/// What has to be written in the shop for it to show these products.
async fn wanted(world: &World, wares: &[Ware]) -> Vec<Edit> {
    let skus: Vec<Sku> = wares.iter().map(|ware| ware.sku.clone()).collect();
    let held: BTreeMap<Sku, Held> = world.api.listings(&skus).await.unwrap();
    let sold = wares.iter().map(|ware| (ware.sku.clone(), usize::from(ware.sellable))).collect();
    let supports = world.api.shows();
    let channel = Channel { held: &held, supports: &supports, prices_hold_tax: Some(false) };
    let entries = difference(&policy(), wares, &sold, channel);
    entries.iter().filter_map(Entry::edit).collect()
}

async fn bring(world: &World, edits: &[Edit]) -> Result<Vec<Edited>, PeerError> {
    world.api.edit(edits, &Currency::new("EUR").unwrap(), START, "k1").await
}

#[tokio::test(start_paused = true)]
async fn what_differs_is_written_once_and_then_nothing_differs() {
    let world = world(Kind::Woocommerce);
    let shelf = &world.woo.shelf;
    let parent = shelf.put("PARENT", &[("", 1)]);
    shelf.put("A", &[("", 1)]);
    shelf.put("B", &[("", 1)]);
    shelf.put_variation(parent, "V", 1);
    shelf.change("B", |article| article.price = Some("8.00".into()));
    let mut wares = vec![ware("A", "19.90"), ware("B", "8"), ware("V", "1234.5")];
    let edits = wanted(&world, &wares).await;
    assert_eq!(bring(&world, &edits).await.unwrap(), vec![Edited::Done; 3]);
    let shown = |name: &str| {
        let article = shelf.of(name).remove(0);
        (article.price, article.title, article.status)
    };
    assert_eq!(shown("A"), (Some("19.9".into()), Some("A &amp; &lt;more&gt;".into()), None));
    assert_eq!(shown("B"), (Some("8.00".into()), Some("B &amp; &lt;more&gt;".into()), None));
    assert_eq!(shown("V").0.as_deref(), Some("1234.5"));
    assert!(wanted(&world, &wares[..2]).await.is_empty());
    // Taken off sale in Odoo, and put back.
    wares[0].sellable = false;
    let edits = wanted(&world, &wares[..1]).await;
    bring(&world, &edits).await.unwrap();
    assert_eq!(shown("A").2.as_deref(), Some("draft"));
    assert!(wanted(&world, &wares[..1]).await.is_empty());
    wares[0].sellable = true;
    let edits = wanted(&world, &wares[..1]).await;
    assert_eq!(edits[0].fields, BTreeSet::from([Field::Offered]));
    bring(&world, &edits).await.unwrap();
    assert_eq!(shown("A").2, None);
}

#[tokio::test(start_paused = true)]
async fn a_title_that_a_variation_cannot_have_is_not_tried_for_ever() {
    let world = world(Kind::Woocommerce);
    let parent = world.woo.shelf.put("PARENT", &[("", 1)]);
    world.woo.shelf.put_variation(parent, "V", 1);
    let wares = [ware("V", "5")];
    let edits = wanted(&world, &wares).await;
    bring(&world, &edits).await.unwrap();
    assert_eq!(wanted(&world, &wares).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_told_again_changes_nothing_more() {
    let world = world(Kind::Woocommerce);
    world.woo.shelf.put("A", &[("", 1)]);
    let edits = wanted(&world, &[ware("A", "19.90")]).await;
    world.inject_after(0, FaultKind::Lost);
    bring(&world, &edits).await.unwrap_err();
    assert_eq!(bring(&world, &edits).await.unwrap(), [Edited::Done]);
    assert_eq!(world.woo.shelf.of("A")[0].price.as_deref(), Some("19.9"));
    assert_eq!(wanted(&world, &[ware("A", "19.90")]).await, []);
}

#[tokio::test(start_paused = true)]
async fn what_the_shop_refuses_of_one_article_is_told_of_it_alone() {
    let world = world(Kind::Woocommerce);
    for name in ["A", "B", "PARENT"] {
        world.woo.shelf.put(name, &[("", 1)]);
    }
    world.woo.shelf.put_variation(world.woo.shelf.of("PARENT")[0].id, "V", 1);
    let edits = wanted(&world, &["PARENT", "A", "B"].map(|name| ware(name, "3"))).await;
    world.woo.shelf.refuse("A", "woocommerce_rest_cannot_edit");
    let answer = bring(&world, &edits).await.unwrap();
    assert!(matches!(answer[..], [Edited::Refused(_), Edited::Refused(_), Edited::Done]), "{answer:?}");
    let price = |name: &str| world.woo.shelf.of(name)[0].price.clone();
    assert_eq!((price("PARENT"), price("A"), price("B")), (None, None, Some("3".into())));
}

#[tokio::test(start_paused = true)]
async fn a_partner_is_told_as_published_of_the_fields_that_are_named_and_of_no_others() {
    let world = world(Kind::Standard);
    let d = |text: &str| text.parse().unwrap();
    let to = Listing {
        price: Some(d("19.90")),
        steps: vec![Step { from: d("10"), price: d("17.50") }],
        title: Some("Shirt".into()),
        description: Some("Cotton.".into()),
        barcode: Some("4006381333931".into()),
        weight: Some(d("0.35")),
        category: Some("Wear".into()),
        offered: true,
        image: Some("https://cdn.example.com/ALL.jpg".into()),
        compare_at: Some(d("25")),
        tax_class: Some("Normal".into()),
        unit: Some("Kilograms".into()),
    };
    let edit = |name: &str, fields: BTreeSet<Field>| Edit {
        sku: sku(name),
        handle: name.into(),
        fields,
        to: to.clone(),
    };
    let edits = [edit("ALL", world.api.shows()), edit("PRICE", BTreeSet::from([Field::Price]))];
    for _ in 0..2 {
        assert_eq!(bring(&world, &edits).await, Ok(vec![Edited::Done, Edited::Done]));
    }
    let told = world.portal.told();
    assert_eq!((told.len(), told[0].times), (1, 2), "the same has the same id");
    let published = jsonschema::validator_for(&standard::catalogue_schema()).unwrap();
    assert!(published.is_valid(&told[0].body), "{}", told[0].body);
    let all = json!({
        "sku": "ALL", "offered": true, "price": "19.90", "steps": [{ "from": "10", "price": "17.50" }],
        "title": "Shirt", "description": "Cotton.", "barcode": "4006381333931", "weight": "0.35",
        "category": "Wear", "image": "https://cdn.example.com/ALL.jpg", "compare_at": "25",
        "tax_class": "Normal", "unit": "Kilograms",
    });
    assert_eq!(told[0].body["articles"], json!([all, { "sku": "PRICE", "price": "19.90" }]));
    assert_eq!(told[0].body["currency"], "EUR");
    // A discount by quantity that is over is told as such.
    let mut over = edit("ALL", BTreeSet::from([Field::Steps]));
    over.to.steps.clear();
    bring(&world, &[over]).await.unwrap();
    assert_eq!(world.portal.told()[1].body["articles"], json!([{ "sku": "ALL", "steps": [] }]));
    // And so is a sale.
    let mut over = edit("ALL", BTreeSet::from([Field::CompareAt]));
    over.to.compare_at = None;
    bring(&world, &[over]).await.unwrap();
    let told = &world.portal.told()[2].body;
    assert_eq!(told["articles"], json!([{ "sku": "ALL", "compare_at": null }]));
    assert!(published.is_valid(told), "{told}");
    let many = vec![edit("A", BTreeSet::from([Field::Price])); 251];
    assert!(matches!(bring(&world, &many).await, Err(PeerError::Rejected { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_shopify_variant_gets_what_is_its_own_and_other_products_are_not_stopped_by_it() {
    let world = world(Kind::Shopify);
    let shelf = &world.shopify.shelf;
    for name in ["A", "B", "GONE"] {
        shelf.put(name, &[("70001", 1)]);
    }
    let policy: CataloguePolicy =
        serde_json::from_str(r#"{ "pricelist": "List", "update": ["price", "barcode", "weight"] }"#).unwrap();
    let weight = "0.35".parse().unwrap();
    let wares =
        ["A", "B", "GONE"].map(|name| Ware { barcode: Some("123".into()), weight, ..ware(name, "19.9") });
    let skus = wares.clone().map(|ware| ware.sku);
    let sold = wares.iter().map(|ware| (ware.sku.clone(), 1)).collect();
    let edits = async || -> Vec<Edit> {
        let held = world.api.listings(&skus).await.unwrap();
        let supports = world.api.shows();
        let channel = Channel { held: &held, supports: &supports, prices_hold_tax: None };
        let entries = difference(&policy, &wares, &sold, channel);
        entries.iter().filter_map(Entry::edit).collect()
    };
    let first = edits().await;
    shelf.refuse("B", "INVALID");
    shelf.remove("GONE");
    let answer = bring(&world, &first).await.unwrap();
    assert!(matches!(answer[..], [Edited::Done, Edited::Refused(_), Edited::Gone]), "{answer:?}");
    let shown = |name: &str| (shelf.of(name)[0].price.clone(), shelf.of(name)[0].barcode.clone());
    assert_eq!(shown("A"), (Some("19.90".into()), Some("123".into())));
    assert_eq!(shelf.of("A")[0].weight.as_deref(), Some("0.35"));
    assert_eq!(shown("B"), (None, None));
    // What was refused is tried again, what is done is not.
    let again = edits().await;
    assert_eq!(again.iter().map(|edit| edit.sku.as_str()).collect::<Vec<_>>(), ["B"]);
    world.inject(FaultKind::Lost);
    bring(&world, &again).await.unwrap_err();
    assert_eq!(bring(&world, &again).await.unwrap(), [Edited::Done]);
    assert!(edits().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_shopify_product_is_changed_as_a_whole_and_what_is_not_named_stays() {
    let world = world(Kind::Shopify);
    let shelf = &world.shopify.shelf;
    let first = shelf.put("A", &[("70001", 1)]);
    shelf.put_variation(first, "B", 1);
    shelf.change("B", |article| article.category = Some("Hats".into()));
    let policy: CataloguePolicy = serde_json::from_str(
        r#"{ "pricelist": "L", "update": ["title", "description", "offered"], "archive": true }"#,
    )
    .unwrap();
    let description = Some("Soft & <warm>\nRed".to_owned());
    let wares = ["A", "B"].map(|name| Ware {
        name: "Shirt".into(),
        description: description.clone(),
        ..ware(name, "5")
    });
    let skus = ["A", "B"].map(sku);
    let edits = async |wares: &[Ware]| -> Vec<Edit> {
        let held = world.api.listings(&skus).await.unwrap();
        let sold = wares.iter().map(|ware| (ware.sku.clone(), usize::from(ware.sellable))).collect();
        let supports = world.api.shows();
        let channel = Channel { held: &held, supports: &supports, prices_hold_tax: None };
        difference(&policy, wares, &sold, channel).iter().filter_map(Entry::edit).collect()
    };
    let first = edits(&wares).await;
    assert_eq!(first.len(), 1, "once for both");
    world.inject(FaultKind::Lost);
    bring(&world, &first).await.unwrap_err();
    assert_eq!(edits(&wares).await, [], "done, though the answer was lost");
    let shown = |name: &str| shelf.of(name).remove(0);
    for name in ["A", "B"] {
        assert_eq!(shown(name).title.as_deref(), Some("Shirt"));
        assert_eq!(shown(name).description.as_deref(), Some("Soft &amp; &lt;warm&gt;<br>Red"));
    }
    assert_eq!(shown("B").category.as_deref(), Some("Hats"));
    let gone = wares.clone().map(|ware| Ware { sellable: false, ..ware });
    let hide = edits(&gone).await;
    assert_eq!(bring(&world, &hide).await.unwrap(), [Edited::Done]);
    assert_eq!(shown("B").status.as_deref(), Some("ARCHIVED"));
    let show = edits(&wares).await;
    assert_eq!(bring(&world, &show).await.unwrap(), [Edited::Done]);
    assert_eq!(shown("A").status, None);
}
