//! What shops are told of products beside their prices, and what is made there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crossdock_core::{ReasonCode, catalogue::Field};
use crossdock_platform::Subject;
use flows::{
    Flow,
    shelves::{calls, making, shown, write},
};
use serde_json::json;
use simulators::{
    odoo::Variant,
    shops::{Fault, FaultKind},
};

/// A shirt in red and in blue, at 15; the ids of both.
fn shirts(flow: &Flow) -> Vec<i64> {
    let variant =
        |(sku, value): (&str, &str)| Variant { sku: sku.to_owned(), value: value.to_owned(), extra: 0.0 };
    let both = [("CD-50-RED", "Red"), ("CD-50-BLUE", "Blue")].map(variant);
    flow.odoo.seed(|seed| seed.variants("Shirt", 15.0, "Colour", &both))
}

#[tokio::test(start_paused = true)]
async fn what_a_shop_lacks_is_made_there_hidden_and_counted_and_never_twice() {
    for kind in [None, Some(FaultKind::Lost)] {
        let (flow, _, shops) = shown(making).await;
        flow.stock("CD-3", 7.0);
        flow.watch().await;
        let of = |sku: &str| [shops.shopify.shelf.of(sku), shops.woo.shelf.of(sku)];
        if let Some(kind) = kind {
            // Another product comes, and the answers about it are lost.
            for faults in [&shops.shopify.faults, &shops.woo.faults] {
                faults.inject(Fault { times: 2, kind: kind.clone() });
            }
            write(&flow, "SHIP", json!({ "default_code": "CD-99", "list_price": 5.0 }));
            flow.watch().await;
            flow.pass(30).await;
            assert!(of("CD-99").iter().all(|all| all.len() == 1), "{:?}", of("CD-99"));
        }
        let made = of("CD-3");
        let states = made.each_ref().map(|all| (all.len(), all[0].status.clone(), all[0].price.clone()));
        let state = |status: &str, price: &str| (1, Some(status.to_owned()), Some(price.to_owned()));
        assert_eq!(states, [state("DRAFT", "30.00"), state("draft", "27")]);
        flow.pass(5).await;
        assert_eq!(shops.counts("CD-3"), [Some(7), Some(7)]);
        let before = shops.shopify.shelf.articles().len();
        flow.rest().await;
        assert_eq!(shops.shopify.shelf.articles().len(), before, "nothing is made twice");
        assert!(flow.parked_beside().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn variants_become_one_product_of_shopify_and_one_that_comes_later_joins_them_unseen() {
    let (flow, _, shops) = shown(making).await;
    let products = shirts(&flow);
    flow.watch().await;
    let made = ["CD-50-RED", "CD-50-BLUE"].map(|sku| shops.shopify.shelf.of(sku).remove(0));
    assert_eq!(made[1].parent, Some(made[0].id), "one product");
    assert_eq!(made[0].address, made[1].address);
    assert_eq!(made.each_ref().map(|one| one.price.as_deref()), [Some("15.00"); 2]);
    assert!(flow.parked_beside().await.is_empty());
    // A person takes one of them away and writes something into the other; the one that comes is added.
    shops.shopify.shelf.remove("CD-50-BLUE");
    shops.shopify.shelf.change("CD-50-RED", |article| article.price = Some("1.00".into()));
    let barcode = |number: &str| json!({ "barcode": number });
    let change = |number: &str| {
        flow.odoo.by_hand_write("product.product", products[1], &barcode(number)).unwrap();
    };
    shops.shopify.faults.inject(Fault { times: 1, kind: FaultKind::Lost });
    change("4006381333931");
    flow.watch().await;
    flow.pass(30).await;
    let blue = shops.shopify.shelf.of("CD-50-BLUE");
    let red = shops.shopify.shelf.of("CD-50-RED").remove(0);
    assert_eq!(blue.len(), 1, "once, whatever answer was lost");
    assert_eq!((blue[0].parent, blue[0].barcode.as_deref()), (Some(red.id), Some("4006381333931")));
    // Customers would see it at once where they see the product.
    shops.shopify.shelf.remove("CD-50-BLUE");
    shops.shopify.shelf.change("CD-50-RED", |article| article.status = None);
    flow.rest().await;
    change("4006381333948");
    flow.watch().await;
    assert!(shops.shopify.shelf.of("CD-50-BLUE").is_empty());
    let blue: Subject = Subject::Article("shopify/CD-50-BLUE".parse().unwrap());
    let reasons = flow.chain.book.reasons(&blue).await.unwrap();
    assert!(matches!(&reasons[..], [one] if one.detail.contains("see a new variant at once")), "{reasons:?}");
}

#[tokio::test(start_paused = true)]
async fn a_product_of_shopify_follows_all_its_variants_though_only_one_was_changed() {
    let (flow, _, shops) = shown(|config| {
        making(config);
        for channel in &mut config.channels {
            if let Some(policy) = &mut channel.catalogue {
                policy.archive = true;
                policy.update.extend([Field::Offered, Field::Title, Field::Description]);
            }
        }
    })
    .await;
    let products = shirts(&flow);
    flow.watch().await;
    flow.rest().await;
    let shown = |sku: &str| {
        let one = shops.shopify.shelf.of(sku).remove(0);
        (one.title, one.status)
    };
    let state = |title: &str, status: Option<&str>| (Some(title.to_owned()), status.map(str::to_owned));
    assert_eq!(shown("CD-50-BLUE"), state("Shirt", None));
    let write = |product: usize, values: serde_json::Value| {
        flow.odoo.by_hand_write("product.product", products[product], &values).unwrap();
    };
    // A person renames it in the shop, and Odoo has the last word.
    shops.shopify.shelf.change("CD-50-RED", |article| article.title = Some("Blouse".into()));
    shops.shopify.shelf.change("CD-50-BLUE", |article| article.title = Some("Blouse".into()));
    write(1, json!({ "barcode": "4006381333931" }));
    flow.watch().await;
    assert_eq!(shown("CD-50-RED"), state("Shirt", None));
    write(1, json!({ "active": false }));
    flow.watch().await;
    assert_eq!(shown("CD-50-RED"), state("Shirt", None), "the other one is for sale");
    let blue: Subject = Subject::Article("shopify/CD-50-BLUE".parse().unwrap());
    let codes =
        || async { flow.chain.book.reasons(&blue).await.unwrap().iter().map(|r| r.code).collect::<Vec<_>>() };
    assert_eq!(codes().await, [ReasonCode::StillOffered]);
    flow.rest().await;
    write(0, json!({ "active": false }));
    flow.watch().await;
    assert_eq!(shown("CD-50-BLUE"), state("Shirt", Some("ARCHIVED")));
    write(1, json!({ "active": true }));
    flow.watch().await;
    assert_eq!(shown("CD-50-RED"), state("Shirt", None));
    assert_eq!(codes().await, []);
}

#[tokio::test(start_paused = true)]
async fn pictures_are_told_by_their_address_where_there_is_none_and_never_replaced() {
    let (flow, _, shops) = shown(|config| {
        making(config);
        for channel in &mut config.channels {
            if let Some(policy) = &mut channel.catalogue {
                policy.image = Some("https://cdn.example.com/{sku}.jpg".into());
                policy.update.insert(Field::Image);
            }
        }
    })
    .await;
    let mine = vec!["https://shop.example/mine.jpg".to_owned()];
    for shelf in [&shops.shopify.shelf, &shops.woo.shelf] {
        shelf.change("CD-2", |article| article.pictures = mine.clone());
    }
    flow.watch().await;
    flow.pass(10).await;
    let pictures =
        |sku: &str| [&shops.shopify.shelf, &shops.woo.shelf].map(|shelf| shelf.of(sku).remove(0).pictures);
    let ours = |sku: &str| [(); 2].map(|()| vec![format!("https://cdn.example.com/{sku}.jpg")]);
    assert_eq!(pictures("CD-1"), ours("CD-1"));
    assert_eq!(pictures("CD-2"), [mine.clone(), mine]);
    assert_eq!(pictures("CD-3"), ours("CD-3"), "made with it");
    let before = calls(&shops);
    flow.rest().await;
    assert_eq!(calls(&shops), before);
}

#[tokio::test(start_paused = true)]
async fn texts_barcodes_and_weights_are_told_as_each_shop_has_them_and_told_once() {
    let (flow, _, shops) = shown(|config| {
        making(config);
        for channel in &mut config.channels {
            if let Some(policy) = &mut channel.catalogue {
                policy.update.extend([Field::Description, Field::Barcode, Field::Weight]);
            }
        }
    })
    .await;
    shops.woo.shelf.weigh_in("g");
    for sku in ["CD-1", "CD-3"] {
        let barcode = format!("40063813339{}", &sku[3..]);
        let values = json!({ "description_sale": "Soft & warm\nRed", "barcode": barcode, "weight": 0.35 });
        write(&flow, sku, values);
    }
    flow.watch().await;
    flow.pass(10).await;
    for sku in ["CD-1", "CD-3"] {
        let shown = [&shops.shopify.shelf, &shops.woo.shelf].map(|shelf| shelf.of(sku).remove(0));
        let [shopify, woo] = shown;
        assert_eq!((shopify.weight.as_deref(), woo.weight.as_deref()), (Some("0.35"), Some("350")), "{sku}");
        assert_eq!(shopify.description.as_deref(), Some("Soft &amp; warm<br>Red"));
        assert_eq!((woo.description, woo.barcode), (shopify.description, shopify.barcode), "{sku}");
    }
    let before = calls(&shops);
    flow.rest().await;
    assert_eq!(calls(&shops), before);
    assert!(flow.parked_beside().await.is_empty());
}

/// What a WooCommerce product is in, by the categories' ids.
fn within(shops: &flows::shops::Shops, sku: &str) -> Vec<u64> {
    shops.woo.shelf.of(sku).remove(0).categories
}

#[tokio::test(start_paused = true)]
async fn a_product_of_woocommerce_joins_its_category_and_leaves_none_that_a_person_put_it_into() {
    let (flow, _, shops) = shown(|config| {
        making(config);
        let woo = config.channels.iter_mut().find(|channel| channel.id.as_str() == "woo").unwrap();
        let policy = woo.catalogue.as_mut().unwrap();
        policy.categories = [("All".to_owned(), "Men / Tops & Shirts".to_owned())].into();
        policy.update.insert(Field::Category);
    })
    .await;
    let shelf = &shops.woo.shelf;
    let [men, women, sale] = ["Men", "Women", "Sale"].map(|name| shelf.put_category(name, 0));
    shelf.put_category("Tops & Shirts", women);
    shelf.change("CD-1", |article| article.categories = vec![sale]);
    flow.watch().await;
    let woo = |sku: &str| -> Subject { Subject::Article(format!("woo/{sku}").parse().unwrap()) };
    for sku in ["CD-1", "CD-3"] {
        let reasons = flow.chain.book.reasons(&woo(sku)).await.unwrap();
        assert!(matches!(&reasons[..], [one] if one.code == ReasonCode::ArticleRefused), "{reasons:?}");
        assert!(
            reasons[0].detail.contains("no category \"Men / Tops & Shirts\": make it there"),
            "{reasons:?}"
        );
    }
    assert_eq!(within(&shops, "CD-1"), [sale]);
    assert_eq!(shops.prices("CD-1")[1].as_deref(), Some("9"), "the rest of it is told");
    assert!(shelf.of("CD-3").is_empty());
    // A person makes it, and it counts with the next try.
    let tops = shelf.put_category("Tops & Shirts", men);
    for sku in ["CD-1", "CD-3"] {
        flow.replay(&woo(sku)).await;
        assert_eq!(
            within(&shops, sku).last(),
            Some(&tops),
            "at once, though the settings are kept for minutes"
        );
    }
    flow.watch().await;
    flow.pass(10).await;
    assert_eq!((within(&shops, "CD-1"), within(&shops, "CD-2")), (vec![sale, tops], vec![tops]));
    assert_eq!(within(&shops, "CD-3"), [tops]);
    let before = calls(&shops);
    flow.rest().await;
    write(&flow, "CD-1", json!({ "description_sale": "Says nothing new of the category." }));
    flow.watch().await;
    assert_eq!(calls(&shops), before, "what is in it, and in others, is right");
}
