use std::{collections::BTreeSet, sync::Arc};

use crossdock_core::{
    Currency, PeerError, Sku,
    catalogue::{Edit, Edited, Field, Held, Listing, Shown, Whole},
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
        "taxable": product != 8,
        "inventoryItem": { "measurement": { "weight": { "unit": "GRAMS", "value": 350.0 } } },
        "product": {
            "id": format!("gid://shopify/Product/{product}"), "status": "ACTIVE", "title": format!("Product {product}"),
            "featuredMedia": if product == 8 { json!({ "id": "gid://shopify/Video/1" }) } else { Value::Null },
            "descriptionHtml": "<p>Soft &amp; <b>warm</b></p>", "productType": "", "variantsCount": { "count": 3 },
        },
    })
}

fn page(variants: &[Value], next: Option<&str>) -> Answer {
    let info = json!({ "hasNextPage": next.is_some(), "endCursor": next });
    data(&json!({ "productVariants": { "nodes": variants, "pageInfo": info } }))
}

fn held(handle: &str, price: &str, barcode: Option<&str>) -> Held {
    let product = handle.split_once('/').unwrap().0;
    let listing = Listing {
        price: Some(d(price)),
        barcode: barcode.map(str::to_owned),
        title: Some(format!("Product {product}")),
        description: Some("Soft & warm".into()),
        weight: Some(d("0.35")),
        tax_class: Some(if product == "8" { "exempt" } else { "taxable" }.into()),
        offered: true,
        ..Listing::default()
    };
    let whole = Whole { id: product.into(), articles: 3, fields: &crate::shopify::product::FIELDS };
    // One of them has a picture.
    let lacks = if product == "8" { BTreeSet::from([Field::Image]) } else { BTreeSet::new() };
    let handle = handle.into();
    Held::One(Box::new(Shown { handle, listing, lacks, categories: vec![], whole: Some(whole) }))
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
async fn a_variant_is_taxed_or_not_and_what_the_shop_holds_instead_is_told() {
    let stored = |id: u64, taxable: bool| json!({ "id": format!("gid://shopify/ProductVariant/{id}"), "price": "1.00", "taxable": taxable });
    let stored = [stored(1, true), stored(2, false), stored(3, true)];
    let shop = Scripted::new([data(
        &json!({ "productVariantsBulkUpdate": { "productVariants": stored, "userErrors": [] } }),
    )]);
    let put = |handle: &str, class: &str| {
        let mut edit = edit(handle, &[Field::TaxClass]);
        edit.to.tax_class = Some(class.into());
        edit
    };
    let edits = [put("9/1", "taxable"), put("9/2", "exempt"), put("9/3", "exempt")];
    let other = Edited::Refused("the shop took the edit and holds something else".into());
    assert_eq!(write(&shop, &edits).await.unwrap(), [Edited::Done, Edited::Done, other]);
    let gid = |id: u64| format!("gid://shopify/ProductVariant/{id}");
    let written = [(1, true), (2, false), (3, false)];
    let written = written.map(|(id, taxable)| json!({ "id": gid(id), "taxable": taxable }));
    assert_eq!(shop.asked()[0].body["variables"]["variants"], json!(written));
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
async fn a_weight_is_the_same_in_whatever_unit_the_shop_keeps_it() {
    for (unit, value, kilograms) in [
        ("KILOGRAMS", 0.35, Some("0.35")),
        ("POUNDS", 2.0, Some("0.90718474")),
        ("OUNCES", 16.0, Some("0.45359237")),
    ]
    .into_iter()
    .chain([("GRAMS", 0.0, None), ("STONES", 1.0, None)])
    {
        let mut one = variant(1, 9, "A", "1", Value::Null);
        one["inventoryItem"]["measurement"]["weight"] = json!({ "unit": unit, "value": value });
        let shop = Scripted::new([page(&[one], None)]);
        let found = api(&shop).listings(&[sku("A")]).await.unwrap();
        let Some(Held::One(shown)) = found.get(&sku("A")) else { panic!("{found:?}") };
        assert_eq!(shown.listing.weight, kilograms.map(d), "{unit}");
    }
}

fn product(status: &str, title: &str, description: &str) -> Value {
    json!({
        "id": "gid://shopify/Product/9", "title": title, "descriptionHtml": description, "productType": "Wear",
        "status": status,
    })
}

fn told(product: &Value, errors: &[Value]) -> Answer {
    data(&json!({ "productUpdate": { "product": product, "userErrors": errors } }))
}

fn whole(handle: &str, fields: &[Field]) -> Edit {
    let mut edit = edit(handle, fields);
    edit.to.title = Some("Shirt".into());
    edit.to.description = Some("Soft & warm\nRed".into());
    edit.to.category = Some("Wear".into());
    edit.to.weight = Some(d("0.35"));
    edit.to.offered = true;
    edit
}

#[tokio::test(start_paused = true)]
async fn what_belongs_to_the_product_is_written_after_its_variants_and_named_by_it_alone() {
    let mut weighed = json!({ "id": "gid://shopify/ProductVariant/1", "price": "19.90", "barcode": null });
    weighed["inventoryItem"] = json!({ "measurement": { "weight": { "unit": "KILOGRAMS", "value": 0.35 } } });
    let shop = Scripted::new([
        data(&json!({ "productVariantsBulkUpdate": { "productVariants": [weighed], "userErrors": [] } })),
        told(&product("ACTIVE", "Shirt", "<p>Soft &amp; warm<br />\nRed</p>"), &[]),
    ]);
    let all =
        [Field::Price, Field::Weight, Field::Title, Field::Description, Field::Category, Field::Offered];
    let edits = [whole("9/1", &all)];
    assert_eq!(api(&shop).calls_of_edits(&edits), 2);
    assert_eq!(write(&shop, &edits).await.unwrap(), [Edited::Done]);
    let asked: Vec<Value> = shop.asked().into_iter().map(|asked| asked.body["variables"].clone()).collect();
    let weight = json!({ "measurement": { "weight": { "unit": "KILOGRAMS", "value": 0.35 } } });
    assert_eq!(
        asked,
        [
            json!({ "product": "gid://shopify/Product/9", "variants": [
                { "id": "gid://shopify/ProductVariant/1", "price": "19.9", "inventoryItem": weight },
            ] }),
            json!({ "product": {
                "id": "gid://shopify/Product/9", "title": "Shirt", "descriptionHtml": "Soft &amp; warm<br>Red",
                "productType": "Wear", "status": "ACTIVE",
            } }),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_odoo_does_not_sell_is_archived_and_nothing_else_of_it_touched() {
    let mut hidden = whole("9/1", &[Field::Offered]);
    hidden.to = Listing::default();
    let shop = Scripted::new([told(&product("ARCHIVED", "Mine", ""), &[])]);
    assert_eq!(write(&shop, &[hidden]).await.unwrap(), [Edited::Done]);
    let written = json!({ "id": "gid://shopify/Product/9", "status": "ARCHIVED" });
    assert_eq!(shop.asked()[0].body["variables"], json!({ "product": written }));
}

#[tokio::test(start_paused = true)]
async fn a_product_that_is_refused_gone_or_something_else_is_told_as_that() {
    let error = |field: &str| json!({ "field": [field], "message": format!("no {field}") });
    let edits = [whole("9/1", &[Field::Title])];
    for (answer, wanted) in [
        (told(&Value::Null, &[error("id")]), Edited::Gone),
        (told(&Value::Null, &[error("title")]), Edited::Refused("no title".into())),
        (
            told(&product("ACTIVE", "Shirts", ""), &[]),
            Edited::Refused("the shop took the edit and holds something else".into()),
        ),
    ] {
        assert_eq!(write(&Scripted::new([answer]), &edits).await.unwrap(), [wanted]);
    }
    // What is refused of a variant keeps its product from being shown.
    let refused = json!({ "code": "INVALID", "field": ["variants", "0", "price"], "message": "no price" });
    let shop = Scripted::new([done(&[], &[refused])]);
    let both = [whole("9/1", &[Field::Price, Field::Offered])];
    assert_eq!(write(&shop, &both).await.unwrap(), [Edited::Refused("no price".into())]);
    assert_eq!(shop.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_rights_for_articles_are_those_to_products() {
    let granted = |handle: &str| {
        data(&json!({
            "shop": { "name": "S", "currencyCode": "EUR" },
            "currentAppInstallation": { "accessScopes": [{ "handle": handle }] },
        }))
    };
    for (scope, lacks) in [("write_products", &[][..]), ("read_products", &["write_products"])] {
        let shop = Scripted::new([granted(scope)]);
        assert_eq!(api(&shop).missing_for_articles().await.unwrap(), lacks);
    }
}

#[tokio::test(start_paused = true)]
async fn a_price_that_is_struck_out_is_written_and_taken_away() {
    let stored = |before: Value| {
        let one =
            json!({ "id": "gid://shopify/ProductVariant/1", "price": "19.90", "compareAtPrice": before });
        data(&json!({ "productVariantsBulkUpdate": { "productVariants": [one], "userErrors": [] } }))
    };
    let shop = Scripted::new([stored(json!("25.00")), stored(Value::Null), stored(json!("25.00"))]);
    let mut sale = [edit("9/1", &[Field::CompareAt])];
    sale[0].to.compare_at = Some(d("25"));
    assert_eq!(write(&shop, &sale).await.unwrap(), [Edited::Done]);
    sale[0].to.compare_at = None;
    assert_eq!(write(&shop, &sale).await.unwrap(), [Edited::Done]);
    assert!(matches!(write(&shop, &sale).await.unwrap()[..], [Edited::Refused(_)]), "it is there still");
    let asked = shop.asked();
    let variants = |at: usize| &asked[at].body["variables"]["variants"];
    let gid = "gid://shopify/ProductVariant/1";
    assert_eq!(*variants(0), json!([{ "id": gid, "compareAtPrice": "25" }]));
    assert_eq!(*variants(1), json!([{ "id": gid, "compareAtPrice": null }]));
}

#[tokio::test(start_paused = true)]
async fn a_picture_is_added_to_the_product() {
    let shop = Scripted::new([told(&product("ACTIVE", "Mine", ""), &[])]);
    let mut edits = [whole("9/1", &[Field::Image])];
    edits[0].to.image = Some("https://cdn.example.com/A.jpg".into());
    assert_eq!(write(&shop, &edits).await.unwrap(), [Edited::Done]);
    let media = json!([{ "mediaContentType": "IMAGE", "originalSource": "https://cdn.example.com/A.jpg" }]);
    let variables = json!({ "product": { "id": "gid://shopify/Product/9" }, "media": media });
    assert_eq!(shop.asked()[0].body["variables"], variables);
}
