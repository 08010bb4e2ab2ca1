use std::sync::Arc;

use crossdock_core::{
    PeerError, Sku,
    stock::{Change, Changed, Found, Item},
};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    Api,
    testing::{Answer, Scripted, config, now, ok},
};

fn api(shop: &Arc<Scripted>) -> Api {
    Api::new(shop.client(), &config("woocommerce"), &SecretString::from("ck_1:cs_2".to_owned()))
}

fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

fn product(id: u64, sku: &str, stock: Value) -> Value {
    json!({ "id": id, "sku": sku, "type": "simple", "parent_id": 0, "manage_stock": true, "stock_quantity": stock })
}

fn variation(id: u64, parent: u64, sku: &str, manage: Value, stock: Value) -> Value {
    json!({ "id": id, "sku": sku, "type": "variation", "parent_id": parent, "manage_stock": manage, "stock_quantity": stock })
}

fn item(handle: &str, counted: bool, count: Option<i64>) -> Found {
    let counts = count.map(|count| (String::new(), count)).into_iter().collect();
    Found::One(Item { handle: handle.into(), counted, counts })
}

#[tokio::test(start_paused = true)]
async fn products_and_variations_are_found_by_their_very_sku() {
    let shop = Scripted::new([ok(&json!([
        product(1, "A", json!(5)),
        product(2, "a", json!(6)),
        product(3, "B", json!(2.9)),
        product(4, "C", json!("7.5")),
        product(5, "TWICE", json!(1)),
        variation(6, 9, "TWICE", json!(true), json!(1)),
        variation(7, 9, "OWN", json!(true), json!(-2)),
        variation(8, 9, "SHARED", json!("parent"), json!(40)),
        product(10, "NEW", Value::Null),
        json!({ "id": 11, "sku": "NOT", "type": "simple", "parent_id": 0, "manage_stock": false, "stock_quantity": null }),
    ]))]);
    let skus = ["A", "B", "C", "TWICE", "OWN", "SHARED", "NEW", "NOT", "GONE"].map(sku);
    let found = api(&shop).items(&skus).await.unwrap();
    let expected = [
        ("A", item("1", true, Some(5))),
        ("B", item("3", true, Some(2))),
        ("C", item("4", true, Some(7))),
        ("NEW", item("10", true, None)),
        ("NOT", item("11", false, None)),
        ("OWN", item("9/7", true, Some(-2))),
        ("SHARED", item("9/8", false, Some(40))),
        ("TWICE", Found::Several),
    ];
    assert_eq!(found, expected.into_iter().map(|(name, found)| (sku(name), found)).collect());
}

#[tokio::test(start_paused = true)]
async fn a_list_of_skus_is_what_the_parameter_and_the_request_line_can_take() {
    let shop = Scripted::new([ok(&json!([]))]);
    let long = "x".repeat(120);
    let mut skus: Vec<Sku> = (0..120).map(|n| sku(&format!("S{n:03}"))).collect();
    skus.extend((0..60).map(|n| sku(&format!("{long}{n}"))));
    skus.extend(["1,5 mm", "ü&=+/?#"].map(sku));
    api(&shop).items(&skus).await.unwrap();
    let paths: Vec<String> = shop.asked().into_iter().map(|asked| asked.path).collect();
    let lists: Vec<&str> =
        paths.iter().map(|path| path.split_once("sku=").unwrap().1.split_once('&').unwrap().0).collect();
    assert!(paths.iter().all(|path| path.len() < 6_500));
    assert_eq!(lists[0], "1%2C5%20mm", "a list is split at commas");
    let listed: Vec<&str> = lists[1..].iter().flat_map(|list| list.split(',')).collect();
    assert_eq!(listed.len(), 181);
    assert!(listed.contains(&"%C3%BC%26%3D%2B%2F%3F%23"));
    assert!(lists.iter().all(|list| list.split(',').count() <= 100), "{lists:?}");
}

#[tokio::test(start_paused = true)]
async fn full_pages_go_on() {
    let full: Vec<Value> = (0..100).map(|n| product(n, "a", json!(1))).collect();
    let shop = Scripted::new([ok(&json!(full)), ok(&json!([product(200, "A", json!(3))]))]);
    let found = api(&shop).items(&[sku("A")]).await.unwrap();
    assert_eq!(found[&sku("A")], item("200", true, Some(3)));
    assert!(shop.asked()[1].path.contains("&page=2&"));
    // The site says how many pages there are.
    let said = vec![("x-wp-totalpages", "1".to_owned())];
    let shop = Scripted::new([Answer::Says(200, said, json!(full).to_string())]);
    assert_eq!(api(&shop).items(&[sku("A")]).await.unwrap().len(), 0);
    assert_eq!(shop.asked().len(), 1);
    let endless = Scripted::new([ok(&json!(full))]);
    assert!(matches!(api(&endless).items(&[sku("A")]).await, Err(PeerError::Garbage { .. })));
}

fn change(name: &str, handle: &str, from: Option<i64>, to: i64) -> Change {
    Change { sku: sku(name), handle: handle.into(), location: String::new(), from, to }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_as_it_was_read_is_not_written() {
    let shop = Scripted::new([
        ok(&json!([
            product(1, "A", json!(5)),
            product(2, "B", json!(4)),
            variation(7, 9, "V", json!(true), json!(3)),
            variation(8, 9, "W", json!(true), json!(3)),
            product(12, "MOVED", json!(3)),
            json!({ "id": 13, "sku": "NOT", "type": "simple", "parent_id": 0, "manage_stock": false, "stock_quantity": null }),
            product(14, "NEW", Value::Null),
        ])),
        ok(&json!({ "update": [
            { "id": 1, "stock_quantity": 2 },
            { "id": 14, "error": { "code": "woocommerce_rest_product_invalid_id", "message": "Jane", "data": { "status": 400 } } },
        ] })),
        ok(&json!({ "update": [
            { "id": 8, "error": { "code": "woocommerce_rest_cannot_edit", "message": "Jane", "data": { "status": 401 } } },
            { "id": 7, "stock_quantity": 1 },
        ] })),
    ]);
    let changes = [
        change("V", "9/7", Some(3), 1),
        change("A", "1", Some(5), 2),
        change("B", "2", Some(5), 2),
        change("W", "9/8", Some(3), 1),
        change("MOVED", "11", Some(3), 1),
        change("NOT", "13", None, 1),
        change("NEW", "14", None, 1),
        change("GONE", "15", Some(3), 1),
    ];
    let answer = api(&shop).set_counts(&changes, now(), "k1").await.unwrap();
    let refused = Changed::Refused("woocommerce_rest_cannot_edit".into());
    let stale = Changed::Stale;
    let expected = [
        Changed::Set,
        Changed::Set,
        stale.clone(),
        refused,
        stale.clone(),
        stale,
        Changed::Gone,
        Changed::Gone,
    ];
    assert_eq!(answer, expected);
    let asked = shop.asked();
    let written: Vec<_> = asked[1..].iter().map(|asked| (asked.path.as_str(), asked.body.clone())).collect();
    let simple = json!({ "update": [{ "id": 1, "stock_quantity": 2 }, { "id": 14, "stock_quantity": 1 }] });
    let varied = json!({ "update": [{ "id": 7, "stock_quantity": 1 }, { "id": 8, "stock_quantity": 1 }] });
    assert_eq!(
        written,
        [("/wp-json/wc/v3/products/batch", simple), ("/wp-json/wc/v3/products/9/variations/batch", varied)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_does_not_answer_for_an_entry_is_no_answer() {
    let shop =
        Scripted::new([ok(&json!([product(1, "A", json!(5))])), ok(&json!({ "update": [{ "id": 2 }] }))]);
    let error = api(&shop).set_counts(&[change("A", "1", Some(5), 2)], now(), "k1").await.unwrap_err();
    assert!(matches!(error, PeerError::Garbage { .. }));
}

#[tokio::test(start_paused = true)]
async fn which_rights_are_missing_is_tried() {
    let none = Answer::Says(401, vec![], json!({ "code": "x", "message": "no" }).to_string());
    let shop = Scripted::new([ok(&json!([])), none.clone()]);
    assert_eq!(api(&shop).missing_for_counts().await.unwrap(), ["write products"]);
    assert_eq!(shop.asked()[1].body, json!({ "update": [] }));
    let shop = Scripted::new([none]);
    assert_eq!(api(&shop).missing_for_counts().await.unwrap(), ["read products", "write products"]);
    assert_eq!(api(&Scripted::new([ok(&json!([]))])).missing_for_counts().await.unwrap(), [""; 0]);
}
