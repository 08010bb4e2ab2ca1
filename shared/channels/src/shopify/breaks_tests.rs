use std::sync::Arc;

use crossdock_core::{
    Currency, PeerError,
    catalogue::{Edit, Edited, Field, Held, Listing, Step},
};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    Api,
    testing::{Answer, Scripted, config, d, now, ok},
};

fn api(shop: &Arc<Scripted>) -> Api {
    let mut config = config("shopify");
    let policy =
        r#"{ "pricelist": "L", "update": ["price", "steps"], "price_list": "gid://shopify/PriceList/3" }"#;
    config.catalogue = Some(serde_json::from_str(policy).unwrap());
    Api::new(shop.client(), &config, &SecretString::from("shpat_1".to_owned()))
}

fn data(data: &Value) -> Answer {
    ok(&json!({ "data": data }))
}

fn told(codes: &[&str]) -> Answer {
    let error = |code: &&str| json!({ "code": code, "field": ["input"], "message": "No." });
    let errors: Vec<Value> = codes.iter().map(error).collect();
    data(&json!({ "quantityPricingByVariantUpdate": { "productVariants": [], "userErrors": errors } }))
}

/// Steps of the variant: from how many pieces a piece costs how much.
fn edit(variant: &str, steps: &[(&str, &str)]) -> Edit {
    let steps = steps.iter().map(|(from, price)| Step { from: d(from), price: d(price) }).collect();
    let to = Listing { price: Some(d("20")), steps, ..Listing::default() };
    let (sku, handle) = (variant.parse().unwrap(), format!("9/{variant}"));
    Edit { sku, handle, fields: [Field::Steps].into(), to }
}

async fn write(shop: &Arc<Scripted>, edits: &[Edit]) -> Result<Vec<Edited>, PeerError> {
    api(shop).edit(edits, &Currency::new("EUR").unwrap(), now(), "k1").await
}

fn money(amount: &str) -> Value {
    json!({ "amount": amount, "currencyCode": "EUR" })
}

#[tokio::test(start_paused = true)]
async fn breaks_take_the_place_of_what_there_is_beside_the_price_of_one() {
    let shop = Scripted::new([told(&[])]);
    let edits = [edit("1", &[("10", "17.50"), ("100", "15")]), edit("2", &[])];
    assert_eq!(api(&shop).calls_of_edits(&edits), 1);
    assert_eq!(write(&shop, &edits).await.unwrap(), [Edited::Done, Edited::Done]);
    let variables = shop.asked()[0].body["variables"].clone();
    let gid = |id: &str| format!("gid://shopify/ProductVariant/{id}");
    let step = |from: u32, price: &str| json!({ "variantId": gid("1"), "minimumQuantity": from, "price": money(price) });
    let input = json!({
        "pricesToAdd": [{ "variantId": gid("1"), "price": money("20") }],
        "pricesToDeleteByVariantId": [gid("2")],
        "quantityPriceBreaksToAdd": [step(10, "17.5"), step(100, "15")],
        "quantityPriceBreaksToDelete": [],
        "quantityPriceBreaksToDeleteByVariantId": [gid("1"), gid("2")],
        "quantityRulesToAdd": [], "quantityRulesToDeleteByVariantId": [],
    });
    assert_eq!(variables, json!({ "list": "gid://shopify/PriceList/3", "input": input }));
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_together_is_told_one_by_one_and_keeps_no_other_back() {
    let full = "QUANTITY_PRICE_BREAK_ADD_LIMIT_EXCEEDED";
    let bare = "PRICE_DELETE_PRICE_NOT_FIXED";
    let gone = "PRICE_ADD_VARIANT_NOT_FOUND";
    let edits =
        [edit("1", &[("10", "17")]), edit("2", &[]), edit("3", &[("10", "17")]), edit("4", &[("2.5", "17")])];
    let shop = Scripted::new([told(&[full]), told(&[bare]), told(&[gone])]);
    let answers = write(&shop, &edits).await.unwrap();
    let whole = "Shopify knows prices from a whole number of pieces on alone".to_owned();
    let expected = [Edited::Refused("No.".into()), Edited::Done, Edited::Gone, Edited::Refused(whole)];
    assert_eq!(answers, expected);
    // Of two, nothing was done where one had no fixed price any more.
    let shop = Scripted::new([told(&[bare]), told(&[]), told(&[bare])]);
    assert_eq!(write(&shop, &edits[..2]).await.unwrap(), [Edited::Done, Edited::Done]);
    assert_eq!(shop.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_fixed_price_that_is_not_the_variants_own_differs_from_whatever_is_wanted() {
    let variant = |id: u64| {
        json!({
            "id": format!("gid://shopify/ProductVariant/{id}"), "sku": id.to_string(), "price": "20.00",
            "product": { "id": "gid://shopify/Product/9", "status": "ACTIVE" },
        })
    };
    let info = json!({ "hasNextPage": false, "endCursor": null });
    let page =
        json!({ "productVariants": { "nodes": [variant(1), variant(2), variant(3)], "pageInfo": info } });
    let priced = |id: u64, fixed: &str| {
        let breaks = json!([{ "minimumQuantity": 10, "price": money("17.50") }]);
        json!({
            "variant": { "id": format!("gid://shopify/ProductVariant/{id}") }, "price": money(fixed),
            "quantityPriceBreaks": { "nodes": breaks },
        })
    };
    let list = json!({ "priceList": { "prices": { "nodes": [priced(1, "20.0"), priced(2, "1")], "pageInfo": info } } });
    let shop = Scripted::new([data(&page), data(&list)]);
    let skus = ["1", "2", "3"].map(|sku| sku.parse().unwrap());
    let found = api(&shop).listings(&skus).await.unwrap();
    let steps = |held: &Held| match held {
        Held::One(shown) => shown.listing.steps.iter().map(|step| (step.from, step.price)).collect(),
        Held::Several => vec![],
    };
    let ten = (d("10"), d("17.5"));
    let expected = [vec![ten], vec![(d("1"), d("1")), ten], vec![]];
    assert_eq!(found.values().map(steps).collect::<Vec<_>>(), expected);
    assert_eq!(shop.asked()[1].body["variables"]["query"], "variant_id:1 OR variant_id:2 OR variant_id:3");
    let gone = Scripted::new([data(&page), data(&json!({ "priceList": null }))]);
    assert!(matches!(api(&gone).listings(&skus).await, Err(PeerError::Missing { .. })));
}

#[tokio::test(start_paused = true)]
async fn breaks_follow_the_price_of_one_piece_that_they_rest_on_once_the_shop_has_it() {
    let own = |price: &str| {
        let stored = json!([{ "id": "gid://shopify/ProductVariant/1", "price": price }]);
        data(&json!({ "productVariantsBulkUpdate": { "productVariants": stored, "userErrors": [] } }))
    };
    let price = |steps: &[(&str, &str)]| Edit { fields: [Field::Price].into(), ..edit("1", steps) };
    let shop = Scripted::new([own("20.00"), told(&[])]);
    assert_eq!(write(&shop, &[price(&[("10", "17")])]).await.unwrap(), [Edited::Done]);
    assert_eq!(shop.asked()[1].body["operationName"], "CatalogueBreaksUpdate");
    for (held, steps) in [("20.00", &[][..]), ("19.00", &[("10", "17")])] {
        let shop = Scripted::new([own(held)]);
        write(&shop, &[price(steps)]).await.unwrap();
        assert_eq!(shop.asked().len(), 1, "{held} {steps:?}");
    }
}
