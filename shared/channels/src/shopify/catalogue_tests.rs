use std::{collections::BTreeSet, sync::Arc};

use crossdock_core::{
    Currency, PeerError, Sku,
    catalogue::{Edit, Edited, Field, Held, Listing, Shown},
};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    Api,
    testing::{Answer, Scripted, config, d, now, ok},
};

fn api(shop: &Arc<Scripted>) -> Api {
    Api::new(shop.client(), &config("shopify"), &SecretString::from("shpat_1".to_owned()))
}

fn data(data: &Value) -> Answer {
    ok(&json!({ "data": data }))
}

fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

fn variant(id: u64, product: u64, sku: &str, price: &str, barcode: Value) -> Value {
    json!({
        "id": format!("gid://shopify/ProductVariant/{id}"), "sku": sku, "price": price, "barcode": barcode,
        "product": { "id": format!("gid://shopify/Product/{product}"), "status": "ACTIVE" },
    })
}

fn page(variants: &[Value], next: Option<&str>) -> Answer {
    let info = json!({ "hasNextPage": next.is_some(), "endCursor": next });
    data(&json!({ "productVariants": { "nodes": variants, "pageInfo": info } }))
}

fn held(handle: &str, price: &str, barcode: Option<&str>) -> Held {
    let listing = Listing {
        price: Some(d(price)),
        barcode: barcode.map(str::to_owned),
        offered: true,
        ..Listing::default()
    };
    Held::One(Box::new(Shown { handle: handle.into(), listing, lacks: BTreeSet::new() }))
}

#[tokio::test(start_paused = true)]
async fn variants_are_found_by_their_very_sku_over_all_pages() {
    let shop = Scripted::new([
        page(
            &[
                variant(1, 9, "A", "19.90", json!("4006381333931")),
                variant(2, 9, "a", "1.00", Value::Null),
                variant(3, 9, "TWICE", "1.00", Value::Null),
            ],
            Some("p2"),
        ),
        page(
            &[
                variant(1, 9, "A", "19.90", json!("4006381333931")),
                variant(4, 8, "TWICE", "1.00", Value::Null),
                variant(5, 8, "B", "3.50", json!("")),
            ],
            None,
        ),
    ]);
    let found = api(&shop).listings(&["A", "B", "TWICE", "GONE"].map(sku)).await.unwrap();
    let expected = [
        ("A", held("9/1", "19.9", Some("4006381333931"))),
        ("B", held("8/5", "3.5", None)),
        ("TWICE", Held::Several),
    ];
    assert_eq!(found, expected.into_iter().map(|(name, held)| (sku(name), held)).collect());
    assert_eq!(shop.asked()[1].body["variables"]["after"], "p2");
}

fn edit(handle: &str, fields: &[Field]) -> Edit {
    let to = Listing { price: Some(d("19.90")), barcode: Some("123".into()), ..Listing::default() };
    Edit { sku: sku(handle), handle: handle.into(), fields: fields.iter().copied().collect(), to }
}

async fn write(shop: &Arc<Scripted>, edits: &[Edit]) -> Result<Vec<Edited>, PeerError> {
    api(shop).edit(edits, &Currency::new("EUR").unwrap(), now(), "k1").await
}

fn done(stored: &[(u64, &str, Value)], errors: &[Value]) -> Answer {
    let stored = stored.iter().map(|(id, price, barcode)| {
        json!({ "id": format!("gid://shopify/ProductVariant/{id}"), "price": price, "barcode": barcode })
    });
    let stored: Vec<Value> = stored.collect();
    data(&json!({ "productVariantsBulkUpdate": { "productVariants": stored, "userErrors": errors } }))
}

#[tokio::test(start_paused = true)]
async fn each_product_takes_one_call_and_only_the_named_fields_are_written() {
    let shop = Scripted::new([
        done(&[(5, "19.90", json!("123"))], &[]),
        done(&[(1, "19.90", Value::Null), (2, "7.00", json!("123"))], &[]),
    ]);
    let edits = [
        edit("9/1", &[Field::Price]),
        edit("8/5", &[Field::Price, Field::Barcode]),
        edit("9/2", &[Field::Barcode]),
    ];
    assert_eq!(write(&shop, &edits).await.unwrap(), vec![Edited::Done; 3]);
    let asked: Vec<Value> = shop.asked().into_iter().map(|asked| asked.body["variables"].clone()).collect();
    let gid = |id: u64| format!("gid://shopify/ProductVariant/{id}");
    assert_eq!(
        asked,
        [
            json!({ "product": "gid://shopify/Product/8", "variants": [
                { "id": gid(5), "price": "19.9", "barcode": "123" },
            ] }),
            json!({ "product": "gid://shopify/Product/9", "variants": [
                { "id": gid(1), "price": "19.9" }, { "id": gid(2), "barcode": "123" },
            ] }),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_of_one_variant_is_told_of_it_alone_and_what_is_not_held_is_not_done() {
    let error =
        |code: &str, field: Value| json!({ "code": code, "field": field, "message": format!("no {code}") });
    let shop = Scripted::new([done(
        &[(1, "19.90", Value::Null), (3, "20.00", Value::Null)],
        &[
            error("INVALID", json!(["variants", "1", "price"])),
            error("PRODUCT_VARIANT_DOES_NOT_EXIST", json!(["variants", "3", "id"])),
        ],
    )]);
    let edits = ["9/1", "9/2", "9/3", "9/4"].map(|handle| edit(handle, &[Field::Price]));
    let expected = [
        Edited::Done,
        Edited::Refused("no INVALID".into()),
        Edited::Refused("the shop took the edit and holds something else".into()),
        Edited::Gone,
    ];
    assert_eq!(write(&shop, &edits).await.unwrap(), expected);
    let shop = Scripted::new([done(&[], &[error("PRODUCT_DOES_NOT_EXIST", json!(["productId"]))])]);
    assert_eq!(write(&shop, &edits[..2]).await.unwrap(), [Edited::Gone, Edited::Gone]);
}

#[tokio::test(start_paused = true)]
async fn what_belongs_to_the_product_as_a_whole_is_refused_and_asks_nobody() {
    let shop = Scripted::new([done(&[], &[])]);
    let answer =
        write(&shop, &[edit("9/1", &[Field::Offered]), edit("9/2", &[Field::Price, Field::Title])]).await;
    assert!(matches!(answer.unwrap()[..], [Edited::Refused(_), Edited::Refused(_)]));
    assert_eq!(shop.asked().len(), 0);
}
