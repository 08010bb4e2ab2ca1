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
        "name": format!("Name &amp; {id}"), "status": "publish", "regular_price": price,
    })
}

fn held(handle: &str, price: Option<&str>, title: Option<&str>) -> Held {
    let listing =
        Listing { price: price.map(d), title: title.map(str::to_owned), offered: true, ..Listing::default() };
    let lacks = if handle.contains('/') { BTreeSet::from([Field::Title]) } else { BTreeSet::new() };
    Held::One(Box::new(Shown { handle: handle.into(), listing, lacks }))
}

#[tokio::test(start_paused = true)]
async fn what_an_article_shows_is_read_as_people_typed_it() {
    let mut draft = product(5, "DRAFT", "simple", json!("3"));
    draft["status"] = json!("draft");
    let shop = Scripted::new([ok(&json!([
        product(1, "A", "simple", json!("19.90")),
        product(2, "a", "simple", json!("1")),
        product(3, "NONE", "simple", json!("")),
        product(4, "V", "variation", json!("7.5")),
        draft,
        product(6, "PARENT", "variable", json!("")),
        product(7, "TWICE", "simple", json!("1")),
        product(8, "TWICE", "variation", json!("1")),
    ]))]);
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
    assert!(shop.asked()[0].path.ends_with("&_fields=id,sku,type,parent_id,name,status,regular_price"));
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
    let written: Vec<_> = asked.iter().map(|asked| (asked.path.as_str(), asked.body.clone())).collect();
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
