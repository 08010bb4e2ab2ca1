use std::{collections::BTreeSet, sync::Arc};

use crossdock_core::{
    Currency, PeerError, Sku,
    catalogue::{Edit, Edited, Field, Held, Listing, Shown},
};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    Api,
    testing::{Scripted, config, d, now, ok},
};

fn api(shop: &Arc<Scripted>) -> Api {
    Api::new(shop.client(), &config("woocommerce"), &SecretString::from("ck_1:cs_2".to_owned()))
}

fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

fn product(id: u64, sku: &str, kind: &str, price: Value) -> Value {
    json!({
        "id": id, "sku": sku, "type": kind, "parent_id": if kind == "variation" { 9 } else { 0 },
        "name": format!("Name &amp; {id}"), "status": "publish", "regular_price": price, "weight": "350",
        "description": "<p>Soft &amp; warm</p>\n",
    })
}

fn held(handle: &str, price: Option<&str>, title: Option<&str>) -> Held {
    let listing =
        Listing { price: price.map(d), title: title.map(str::to_owned), offered: true, ..Listing::default() };
    // A shop that tells no barcode, and of which nobody knows what it weighs in.
    let mut lacks = BTreeSet::from([Field::Barcode, Field::Weight, Field::Category, Field::TaxClass]);
    let mut listing = listing;
    if handle.contains('/') {
        lacks.extend([Field::Title, Field::Description]);
    } else {
        listing.description = Some("Soft & warm".into());
    }
    Held::One(Box::new(Shown { handle: handle.into(), listing, lacks, categories: vec![], whole: None }))
}

#[tokio::test(start_paused = true)]
async fn what_an_article_shows_is_read_as_people_typed_it() {
    let mut draft = product(5, "DRAFT", "simple", json!("3"));
    draft["status"] = json!("draft");
    let shop = Scripted::new([
        ok(&json!([
            product(1, "A", "simple", json!("19.90")),
            product(2, "a", "simple", json!("1")),
            product(3, "NONE", "simple", json!("")),
            product(4, "V", "variation", json!("7.5")),
            draft,
            product(6, "PARENT", "variable", json!("")),
            product(7, "TWICE", "simple", json!("1")),
            product(8, "TWICE", "variation", json!("1")),
        ])),
        ok(&json!([{ "id": 9, "status": "publish" }])),
    ]);
    let skus = ["A", "NONE", "V", "DRAFT", "PARENT", "TWICE", "GONE"].map(sku);
    let mut found = api(&shop).listings(&skus).await.unwrap();
    let Some(Held::One(draft)) = found.remove(&sku("DRAFT")) else { panic!("no draft") };
    assert!(!draft.listing.offered);
    let expected = [
        ("A", held("1", Some("19.9"), Some("Name & 1"))),
        ("NONE", held("3", None, Some("Name & 3"))),
        ("V", held("9/4", Some("7.5"), None)),
        ("PARENT", held("unpriced:6", None, Some("Name & 6"))),
        ("TWICE", Held::Several),
    ];
    assert_eq!(found, expected.into_iter().map(|(name, held)| (sku(name), held)).collect());
    assert!(shop.asked()[0].path.contains("&_fields=id,sku,type,parent_id,name,status,regular_price,"));
    assert!(shop.asked()[1].path.contains("/products?include=9&"));
    // A product that is a draft, or in the trash.
    for hidden in [json!([{ "id": 9, "status": "draft" }]), json!([])] {
        let shop = Scripted::new([ok(&json!([product(4, "V", "variation", json!("7.5"))])), ok(&hidden)]);
        let found = api(&shop).listings(&[sku("V")]).await.unwrap();
        assert!(matches!(&found[&sku("V")], Held::One(shown) if !shown.listing.offered), "{hidden}");
    }
}

fn edit(handle: &str, fields: &[Field]) -> Edit {
    let to = Listing {
        price: Some(d("19.90")),
        title: Some("New & <b>".into()),
        offered: false,
        ..Listing::default()
    };
    Edit { sku: sku(handle), handle: handle.into(), fields: fields.iter().copied().collect(), to }
}

async fn write(shop: &Arc<Scripted>, edits: &[Edit]) -> Result<Vec<Edited>, PeerError> {
    api(shop).edit(edits, &Currency::new("EUR").unwrap(), now(), "k1").await
}

#[tokio::test(start_paused = true)]
async fn only_the_fields_that_are_named_are_written_and_each_where_it_belongs() {
    let bad = json!({ "code": "woocommerce_rest_product_invalid_id", "message": "Jane" });
    let shop = Scripted::new([
        // Customers see another variation of the product.
        ok(&json!([{ "id": 4, "status": "publish" }, { "id": 7, "status": "publish" }])),
        ok(&json!({ "update": [
            { "id": 1, "regular_price": "19.9" },
            { "id": 3, "error": bad },
            { "id": 2, "regular_price": "1" },
            { "id": 6, "regular_price": "" },
        ] })),
        ok(&json!({ "update": [
            { "id": 7, "error": { "code": "cannot_edit", "message": "Jane" } },
            { "id": 4, "regular_price": "25.00" },
        ] })),
    ]);
    let edits = [
        edit("1", &[Field::Price]),
        edit("9/4", &[Field::Price, Field::Title]),
        edit("2", &[Field::Title, Field::Offered]),
        edit("3", &[Field::Price]),
        edit("unpriced:5", &[Field::Price, Field::Title]),
        edit("unpriced:6", &[Field::Title]),
        edit("9/7", &[Field::Offered]),
        edit("9/8", &[Field::Title]),
    ];
    let answer = write(&shop, &edits).await.unwrap();
    let refused = |why: &str| Edited::Refused(why.into());
    let expected = [
        Edited::Done,
        refused("the shop took the price and holds another one"),
        Edited::Done,
        Edited::Gone,
        refused("the article has no price of its own: its variations or parts have"),
        Edited::Done,
        refused("cannot_edit"),
        // A variation has no name: there is nothing to write.
        Edited::Done,
    ];
    assert_eq!(answer, expected);
    let asked = shop.asked();
    let written = asked[1..].iter().map(|asked| (asked.path.as_str(), asked.body.clone()));
    let written: Vec<_> = written.collect();
    let products = json!({ "update": [
        { "id": 1, "regular_price": "19.9" },
        { "id": 2, "name": "New & <b>", "status": "draft" },
        { "id": 3, "regular_price": "19.9" },
        { "id": 6, "name": "New & <b>" },
    ] });
    let variations = json!({ "update": [
        { "id": 4, "regular_price": "19.9" },
        { "id": 7, "status": "private" },
    ] });
    assert_eq!(
        written,
        [
            ("/wp-json/wc/v3/products/batch", products),
            ("/wp-json/wc/v3/products/9/variations/batch", variations)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_does_not_answer_for_an_entry_is_no_answer() {
    let shop = Scripted::new([ok(&json!({ "update": [{ "id": 2, "regular_price": "19.9" }] }))]);
    let error = write(&shop, &[edit("1", &[Field::Price])]).await.unwrap_err();
    assert!(matches!(error, PeerError::Garbage { .. }));
}

#[tokio::test(start_paused = true)]
async fn more_than_a_batch_is_refused_and_none_asks_nobody() {
    let shop = Scripted::new([ok(&json!({}))]);
    let many: Vec<Edit> = (0..101).map(|n| edit(&n.to_string(), &[Field::Price])).collect();
    assert!(matches!(write(&shop, &many).await, Err(PeerError::Rejected { .. })));
    assert_eq!(write(&shop, &[]).await, Ok(vec![]));
    assert_eq!(shop.asked().len(), 0);
}

/// A shop whose prices that are struck out are Odoo's.
fn strikes_out(shop: &Arc<Scripted>) -> Api {
    let mut config = config("woocommerce");
    let policy = r#"{ "pricelist": "L", "compare_at": "Before", "update": ["price", "compare_at"] }"#;
    config.catalogue = Some(serde_json::from_str(policy).unwrap());
    Api::new(shop.client(), &config, &SecretString::from("ck_1:cs_2".to_owned()))
}

#[tokio::test(start_paused = true)]
async fn a_sale_price_is_ours_only_where_the_channel_says_so() {
    let on_sale = |until: Value| {
        let mut one = product(1, "A", "simple", json!("25"));
        one["sale_price"] = json!("19.90");
        one["date_on_sale_to"] = until;
        ok(&json!([one]))
    };
    let prices = async |api: Api| {
        let found = api.listings(&[sku("A")]).await.unwrap();
        let Some(Held::One(shown)) = found.get(&sku("A")) else { panic!("{found:?}") };
        (shown.listing.price, shown.listing.compare_at)
    };
    let shop = || Scripted::new([on_sale(Value::Null)]);
    assert_eq!(prices(api(&shop())).await, (Some(d("25")), None), "a person's");
    assert_eq!(prices(strikes_out(&shop())).await, (Some(d("19.9")), Some(d("25"))));
    let limited = Scripted::new([on_sale(json!("2026-12-24T23:59:59"))]);
    assert_eq!(prices(strikes_out(&limited)).await, (Some(d("25")), None));
}

#[tokio::test(start_paused = true)]
async fn a_sale_begins_and_ends_and_a_price_alone_touches_none() {
    let held = |regular: &str, sale: &str| {
        ok(&json!({ "update": [{ "id": 1, "regular_price": regular, "sale_price": sale }] }))
    };
    let shop = Scripted::new([held("25", "19.9"), held("19.9", ""), held("19.9", "5"), held("25.00", "")]);
    let mut begun = [edit("1", &[Field::CompareAt])];
    begun[0].to.compare_at = Some(d("25"));
    assert_eq!(write(&shop, &begun).await.unwrap(), [Edited::Done]);
    assert_eq!(write(&shop, &[edit("1", &[Field::CompareAt])]).await.unwrap(), [Edited::Done]);
    assert_eq!(write(&shop, &[edit("1", &[Field::Price])]).await.unwrap(), [Edited::Done]);
    let answer = write(&shop, &begun).await.unwrap();
    assert!(matches!(answer[..], [Edited::Refused(_)]), "a plugin took the sale away: {answer:?}");
    let asked = shop.asked();
    let body = |at: usize| &asked[at].body["update"][0];
    let dates = |regular: &str, sale: &str| {
        json!({
            "id": 1, "regular_price": regular, "sale_price": sale, "date_on_sale_from": "", "date_on_sale_to": "",
        })
    };
    assert_eq!(*body(0), dates("25", "19.9"));
    assert_eq!(*body(1), dates("19.9", ""));
    assert_eq!(*body(2), json!({ "id": 1, "regular_price": "19.9" }));
}

#[tokio::test(start_paused = true)]
async fn pictures_go_some_at_a_time_and_one_that_is_there_is_left() {
    let all = |from: u64, until: u64| {
        ok(&json!({ "update": (from..until).map(|id| json!({ "id": id })).collect::<Vec<_>>() }))
    };
    let edits: Vec<Edit> = (0..9)
        .map(|id| {
            let mut edit = edit(&id.to_string(), &[Field::Image]);
            edit.to.image = Some(format!("https://cdn.example.com/{id}.jpg"));
            edit
        })
        .collect();
    let shop = Scripted::new([all(0, 8), all(8, 9)]);
    assert_eq!(api(&shop).calls_of_edits(&edits), 2);
    assert_eq!(write(&shop, &edits).await.unwrap(), vec![Edited::Done; 9]);
    let body = &shop.asked()[1].body["update"];
    assert_eq!(*body, json!([{ "id": 8, "images": [{ "src": "https://cdn.example.com/8.jpg" }] }]));
    let mut variation = product(4, "V", "variation", json!("7.5"));
    variation["image"] = json!({ "id": 5, "src": "https://shop.example/mine.jpg" });
    let mut simple = product(1, "A", "simple", json!("1"));
    simple["images"] = json!([{ "id": 6 }]);
    let shop = Scripted::new([ok(&json!([variation, simple, product(2, "B", "simple", json!("1"))]))]);
    let found = api(&shop).listings(&["A", "B", "V"].map(sku)).await.unwrap();
    let lacks = |held: &Held| matches!(held, Held::One(shown) if shown.lacks.contains(&Field::Image));
    assert_eq!(found.values().map(lacks).collect::<Vec<_>>(), [true, false, true]);
}

#[tokio::test(start_paused = true)]
async fn descriptions_barcodes_and_weights_are_read_and_written_as_the_shop_has_them() {
    let mut config = config("woocommerce");
    let policy = r#"{ "pricelist": "L", "update": ["weight"] }"#;
    config.catalogue = Some(serde_json::from_str(policy).unwrap());
    let value = |value: &str| ok(&json!({ "value": value }));
    let mut one = product(1, "A", "simple", json!("1"));
    one["global_unique_id"] = json!("4006381333931");
    let held = json!({ "update": [{ "id": 1 }] });
    let script =
        [ok(&json!({ "code": "EUR" })), value("yes"), value("no"), value("g"), ok(&json!([one])), ok(&held)];
    let shop = Scripted::new(script);
    let api = Api::new(shop.client(), &config, &SecretString::from("ck_1:cs_2".to_owned()));
    api.money().await.unwrap();
    let found = api.listings(&[sku("A")]).await.unwrap();
    let Some(Held::One(shown)) = found.get(&sku("A")) else { panic!("{found:?}") };
    assert_eq!(
        (shown.listing.barcode.as_deref(), shown.listing.weight),
        (Some("4006381333931"), Some(d("0.35")))
    );
    assert_eq!(shown.lacks, BTreeSet::from([Field::Category, Field::TaxClass]), "which are told nowhere");
    let mut edit = edit("1", &[Field::Description, Field::Barcode, Field::Weight]);
    edit.to.description = Some("Soft & warm\nRed".into());
    edit.to.weight = Some(d("0.4"));
    edit.to.barcode = Some("123".into());
    let euro = Currency::new("EUR").unwrap();
    assert_eq!(api.edit(&[edit], &euro, now(), "k1").await.unwrap(), [Edited::Done]);
    let written = &shop.asked()[5].body["update"][0];
    let wanted = json!({ "id": 1, "description": "Soft &amp; warm<br>Red", "global_unique_id": "123", "weight": "400" });
    assert_eq!(*written, wanted);
}

#[tokio::test(start_paused = true)]
async fn a_product_is_put_into_its_category_beside_what_it_is_in_and_only_where_that_is_known() {
    let tree = json!([{ "id": 15, "name": "Uncategorized", "parent": 0 }, { "id": 20, "name": "Tops &amp; More", "parent": 0 }]);
    let before = json!([
        { "id": 1, "categories": [{ "id": 15, "slug": "uncategorized" }, { "id": 7, "slug": "sale" }] },
        { "id": 2, "categories": [] },
    ]);
    let held = json!({ "update": [
        { "id": 1, "categories": [{ "id": 7 }, { "id": 20 }] },
        { "id": 2, "categories": [{ "id": 15 }] },
    ] });
    let shop = Scripted::new([ok(&tree), ok(&before), ok(&held), ok(&tree)]);
    let put = |handle: &str, told: &str| {
        let mut edit = edit(handle, &[Field::Category]);
        edit.to.category = Some(told.to_owned());
        edit
    };
    let edits = [
        put("1", "Tops & More"),
        put("2", "Tops & More"),
        put("3", "Tops & More"),
        put("9/4", "Tops & More"),
    ];
    assert_eq!(api(&shop).calls_of_edits(&edits), 3, "of which that of the variation is not asked");
    let other = "the shop took the category and holds another one".to_owned();
    let expected = [Edited::Done, Edited::Refused(other), Edited::Gone, Edited::Done];
    let shop_api = api(&shop);
    let euro = Currency::new("EUR").unwrap();
    assert_eq!(shop_api.edit(&edits, &euro, now(), "k1").await.unwrap(), expected);
    let asked = shop.asked();
    assert!(asked[1].path.contains("/products?include=1,2,3&"), "{}", asked[1].path);
    let written = json!([
        { "id": 1, "categories": [{ "id": 7 }, { "id": 20 }] },
        { "id": 2, "categories": [{ "id": 20 }] },
    ]);
    assert_eq!(asked[2].body["update"], written);
    let why = shop_api.edit(&[put("1", "Hats")], &euro, now(), "k1").await.unwrap();
    assert!(matches!(&why[..], [Edited::Refused(why)] if why.contains("no category \"Hats\"")), "{why:?}");
}

#[tokio::test(start_paused = true)]
async fn a_product_is_hidden_before_the_last_of_its_variations() {
    let variations = |of: &[(u64, &str)]| {
        let all = of.iter().map(|(id, status)| json!({ "id": id, "status": status }));
        ok(&all.collect::<Vec<_>>().into())
    };
    let held =
        |ids: &[u64]| ok(&json!({ "update": ids.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>() }));
    let bad = json!({ "update": [{ "id": 9, "error": { "code": "cannot_edit" } }] });
    let edits =
        [edit("8/1", &[Field::Offered]), edit("9/4", &[Field::Offered]), edit("9/5", &[Field::Offered])];
    for (refused, draft) in [(false, held(&[9])), (true, ok(&bad))] {
        let shop = Scripted::new([
            variations(&[(1, "publish"), (2, "publish")]),
            variations(&[(4, "publish"), (5, "publish"), (6, "private")]),
            draft,
            held(&[1]),
            held(&[4, 5]),
        ]);
        assert_eq!(api(&shop).calls_of_edits(&edits), 5);
        let answer = write(&shop, &edits).await.unwrap();
        let wanted = if refused { Edited::Refused("cannot_edit".into()) } else { Edited::Done };
        assert_eq!(answer, [Edited::Done, wanted.clone(), wanted]);
        let asked = shop.asked();
        assert!(asked[0].path.contains("/products/8/variations?"), "{}", asked[0].path);
        assert_eq!(asked[2].path, "/wp-json/wc/v3/products/batch");
        assert_eq!(asked[2].body["update"], json!([{ "id": 9, "status": "draft" }]));
        assert_eq!(asked.len(), 5);
    }
}
