//! What the simulator never does: pages, costly queries, refusals that name nobody.

use std::sync::Arc;

use secrecy::SecretString;

use super::*;
use crate::{
    Api,
    testing::{Answer, Scripted, config, now, ok},
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

fn levels(of: &[(u64, i64)], next: Option<&str>) -> Value {
    let node = |(location, count): &(u64, i64)| {
        json!({ "location": { "id": format!("gid://shopify/Location/{location}") },
            "quantities": [{ "name": "available", "quantity": count }] })
    };
    json!({ "nodes": of.iter().map(node).collect::<Vec<_>>(), "pageInfo": { "hasNextPage": next.is_some(), "endCursor": next } })
}

fn variant(sku: &str, item: u64, levels: &Value) -> Value {
    json!({ "sku": sku, "inventoryItem": { "id": format!("gid://shopify/InventoryItem/{item}"), "tracked": true, "inventoryLevels": levels } })
}

fn page(variants: &[Value], next: Option<&str>) -> Answer {
    data(
        &json!({ "productVariants": { "nodes": variants, "pageInfo": { "hasNextPage": next.is_some(), "endCursor": next } } }),
    )
}

fn found(handle: &str, counts: &[(&str, i64)]) -> Found {
    let counts = counts.iter().map(|(location, count)| ((*location).to_owned(), *count)).collect();
    Found::One(Item { handle: handle.into(), counted: true, counts })
}

fn costly() -> Answer {
    ok(&json!({ "errors": [{ "message": "no", "extensions": { "code": "MAX_COST_EXCEEDED" } }] }))
}

#[tokio::test(start_paused = true)]
async fn only_what_carries_the_very_sku_is_found_and_pages_are_put_together() {
    let more = data(&json!({ "inventoryItem": { "inventoryLevels": levels(&[(8, 2)], None) } }));
    let shop = Scripted::new([
        page(
            &[
                variant("ab-1", 1, &levels(&[(7, 9)], None)),
                variant("AB-1", 2, &levels(&[(7, 5)], Some("l1"))),
                variant("AB-1-L", 3, &levels(&[(7, 9)], None)),
                variant("TWICE", 4, &levels(&[], None)),
            ],
            Some("v1"),
        ),
        more,
        page(
            &[
                variant("AB-1", 2, &levels(&[(7, 5)], None)),
                variant("TWICE", 5, &levels(&[], None)),
                json!({ "sku": null, "inventoryItem": { "id": "gid://shopify/InventoryItem/6", "tracked": true, "inventoryLevels": levels(&[], None) } }),
            ],
            None,
        ),
    ]);
    let skus = ["TWICE", "AB-1", "AB-1", "GONE"].map(sku);
    let answer = api(&shop).items(&skus).await.unwrap();
    let expected =
        BTreeMap::from([(sku("AB-1"), found("2", &[("7", 5), ("8", 2)])), (sku("TWICE"), Found::Several)]);
    assert_eq!(answer, expected);
    let asked = shop.asked();
    assert_eq!(asked[0].body["variables"]["query"], "sku:\"AB-1\" OR sku:\"GONE\" OR sku:\"TWICE\"");
    assert_eq!(
        (&asked[1].body["variables"]["after"], &asked[2].body["variables"]["after"]),
        (&json!("l1"), &json!("v1"))
    );
    for asked in asked {
        let query = asked.body["query"].as_str().unwrap().to_owned();
        assert_eq!(query.matches('{').count(), query.matches('}').count());
    }
}

#[test]
fn whatever_a_sku_holds_is_one_phrase_of_the_search() {
    assert_eq!(term(&sku("5\" OR sku:* \\")), "sku:\"5\\\" OR sku:* \\\\\"");
    assert_eq!(term(&sku("O'Neill (L):1")), "sku:\"O'Neill (L):1\"");
}

#[tokio::test(start_paused = true)]
async fn what_was_too_costly_once_is_not_asked_for_again() {
    let shop = Scripted::new([costly(), costly(), page(&[], None)]);
    let api = api(&shop);
    assert_eq!(api.items_at_most(), 48);
    let skus: Vec<Sku> = (0..20).map(|n| sku(&format!("S{n}"))).collect();
    api.items(&skus).await.unwrap();
    assert_eq!(api.items_at_most(), 12);
    api.clone().items(&skus).await.unwrap();
    let firsts: Vec<_> = shop.asked().iter().map(|asked| asked.body["variables"]["first"].clone()).collect();
    assert_eq!(firsts, [json!(48), json!(24), json!(12), json!(12), json!(12)]);
    // A shop that never has enough is told no more.
    let shop = Scripted::new([costly()]);
    let error = self::api(&shop).items(&skus).await.unwrap_err();
    assert!(matches!(error, PeerError::Rejected { .. }));
    assert_eq!(shop.asked().len(), 6);
}

fn change(number: u64) -> Change {
    Change {
        sku: sku(&format!("S{number}")),
        handle: number.to_string(),
        location: "7".into(),
        from: Some(5),
        to: 4,
    }
}

fn set_answer(errors: &[Value]) -> Answer {
    data(&json!({ "inventorySetQuantities": { "inventoryAdjustmentGroup": null, "userErrors": errors } }))
}

fn refusal(code: &str, field: &Value) -> Value {
    json!({ "code": code, "field": field, "message": format!("it is {code}") })
}

fn entries(shop: &Scripted) -> Vec<Vec<String>> {
    let ids = |body: &Value| {
        let all = body["variables"]["input"]["quantities"].as_array().unwrap().clone();
        let id =
            |one: &Value| one["inventoryItemId"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        all.iter().map(id).collect()
    };
    shop.asked().iter().map(|asked| ids(&asked.body)).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_named_is_answered_and_the_rest_is_sent_again_under_another_key() {
    let at = |entry: &str, what: &str| json!(["input", "quantities", entry, what]);
    let shop = Scripted::new([
        set_answer(&[
            refusal("CHANGE_FROM_QUANTITY_STALE", &at("1", "changeFromQuantity")),
            refusal("INVALID_INVENTORY_ITEM", &at("2", "inventoryItemId")),
            refusal("INVALID_LOCATION", &at("2", "locationId")),
        ]),
        set_answer(&[refusal("NON_MUTABLE_INVENTORY_ITEM", &at("1", "inventoryItemId"))]),
        set_answer(&[]),
    ]);
    let changes: Vec<Change> = (1..=4).map(change).collect();
    let answer = api(&shop).set_counts(&changes, now(), "k1").await.unwrap();
    let refused = Changed::Refused("it is NON_MUTABLE_INVENTORY_ITEM".into());
    assert_eq!(answer, [Changed::Set, Changed::Stale, Changed::Gone, refused]);
    assert_eq!(entries(&shop), [vec!["1", "2", "3", "4"], vec!["1", "4"], vec!["1"]]);
    let asked = shop.asked();
    let input = &asked[0].body["variables"]["input"];
    assert_eq!((&input["name"], &input["reason"]), (&json!("available"), &json!("correction")));
    let entry = json!({ "inventoryItemId": "gid://shopify/InventoryItem/1", "locationId": "gid://shopify/Location/7",
        "quantity": 4, "changeFromQuantity": 5 });
    assert_eq!(input["quantities"][0], entry);
    let keys: Vec<_> = asked.iter().map(|asked| asked.body["variables"]["key"].clone()).collect();
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0].as_str().unwrap().len() == 36, "{keys:?}");
    assert!(
        asked.iter().all(|asked| asked.body["query"].as_str().unwrap().contains("@idempotent(key: $key)"))
    );
    // The same once more is the same, under another key it is not.
    let shop = Scripted::new([set_answer(&[])]);
    for key in ["k1", "k1", "k2"] {
        api(&shop).set_counts(&changes, now(), key).await.unwrap();
    }
    let again: Vec<_> = shop.asked().iter().map(|asked| asked.body["variables"]["key"].clone()).collect();
    assert!(again[0] == keys[0] && again[1] == keys[0] && again[2] != keys[0], "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_names_nobody_is_halved_until_it_is_about_one() {
    let stale = || set_answer(&[refusal("CHANGE_FROM_QUANTITY_STALE", &json!(["input"]))]);
    let shop = Scripted::new([stale(), set_answer(&[]), stale(), stale(), set_answer(&[])]);
    let changes: Vec<Change> = (1..=4).map(change).collect();
    let answer = api(&shop).set_counts(&changes, now(), "k1").await.unwrap();
    assert_eq!(answer, [Changed::Set, Changed::Set, Changed::Stale, Changed::Set]);
    assert_eq!(
        entries(&shop),
        [vec!["1", "2", "3", "4"], vec!["1", "2"], vec!["3", "4"], vec!["3"], vec!["4"]]
    );
    // One that is about the call as a whole is not looked for in its entries.
    let shop = Scripted::new([set_answer(&[refusal("INVALID_REASON", &json!(["input", "reason"]))])]);
    let error = api(&shop).set_counts(&changes, now(), "k1").await.unwrap_err();
    assert!(matches!(error, PeerError::Rejected { what, .. } if what == "it is INVALID_REASON"));
    assert_eq!(shop.asked().len(), 1);
    // A shop that calls everything stale ends the calls.
    let shop = Scripted::new([stale()]);
    let many: Vec<Change> = (1..=250).map(change).collect();
    let answer = api(&shop).set_counts(&many, now(), "k1").await.unwrap();
    assert_eq!((answer.len(), shop.asked().len()), (250, CALLS_AT_MOST));
    assert!(answer.iter().all(|one| *one == Changed::Stale));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_has_failed_is_replaced_and_one_that_is_under_way_is_waited_for() {
    let failed = || set_answer(&[refusal("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", &Value::Null)]);
    let shop = Scripted::new([failed(), set_answer(&[])]);
    assert_eq!(api(&shop).set_counts(&[change(1)], now(), "k1").await, Ok(vec![Changed::Set]));
    let asked = shop.asked();
    assert_ne!(asked[0].body["variables"]["key"], asked[1].body["variables"]["key"]);
    let busy = set_answer(&[refusal("IDEMPOTENCY_CONCURRENT_REQUEST", &Value::Null)]);
    for answer in [failed(), busy] {
        let error = api(&Scripted::new([answer])).set_counts(&[change(1)], now(), "k1").await.unwrap_err();
        assert!(matches!(error, PeerError::Conflict { .. }), "{error}");
    }
    let closed = set_answer(&[refusal("SERVICE_UNAVAILABLE", &Value::Null)]);
    let error = api(&Scripted::new([closed])).set_counts(&[change(1)], now(), "k1").await.unwrap_err();
    assert!(matches!(error, PeerError::Failing { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_count_that_is_not_there_yet_is_made_after_the_others() {
    let made = |level: Value, errors: &[Value]| {
        data(&json!({ "inventoryActivate": { "inventoryLevel": level, "userErrors": errors } }))
    };
    let refused = |field: &str| made(Value::Null, &[json!({ "field": [field], "message": "no" })]);
    let shop = Scripted::new([
        set_answer(&[]),
        made(json!({ "id": "gid://shopify/InventoryLevel/1" }), &[]),
        refused("available"),
        refused("inventoryItemId"),
        refused("locationId"),
        made(Value::Null, &[]),
    ]);
    let new = |number| Change { from: None, ..change(number) };
    let changes = [new(1), change(2), new(3), new(4), new(5)];
    let answer = api(&shop).set_counts(&changes, now(), "k1").await.unwrap();
    let no = Changed::Refused("no".into());
    assert_eq!(answer, [Changed::Set, Changed::Set, Changed::Stale, Changed::Gone, no]);
    let asked = &shop.asked()[1].body;
    assert_eq!(asked["operationName"], "StockActivate");
    assert_eq!(asked["variables"]["item"], "gid://shopify/InventoryItem/1");
    assert_eq!(
        (&asked["variables"]["location"], &asked["variables"]["available"]),
        (&json!("gid://shopify/Location/7"), &json!(4))
    );
    assert!(matches!(api(&shop).set_counts(&[new(6)], now(), "k1").await, Err(PeerError::Garbage { .. })));
}

#[tokio::test(start_paused = true)]
async fn too_many_changes_and_none_are_no_call() {
    let shop = Scripted::new([set_answer(&[])]);
    let many: Vec<Change> = (0..251).map(change).collect();
    assert!(matches!(api(&shop).set_counts(&many, now(), "k1").await, Err(PeerError::Rejected { .. })));
    assert_eq!(api(&shop).set_counts(&[], now(), "k1").await, Ok(vec![]));
    assert!(shop.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_rights_that_counts_need_beside_those_of_orders() {
    let info = json!({ "shop": { "name": "Shop", "currencyCode": "USD", "myshopifyDomain": "x.myshopify.com" },
        "currentAppInstallation": { "accessScopes": [{ "handle": "write_inventory" }] } });
    let missing = api(&Scripted::new([data(&info)])).missing_for_counts().await.unwrap();
    assert_eq!(missing, ["read_products"]);
}
