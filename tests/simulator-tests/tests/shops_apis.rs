//! The shops' APIs, asked in plain requests and not with the product's adapters.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use crossdock_core::Clock;
use crossdock_http::peer::{Broken, Peer as _};
use http::Request;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use simulators::{
    scenario::{Scenario, secrets},
    shops::{Fault, FaultKind, hmac_base64, shopify::Shop, woocommerce::Site},
};

const START: Timestamp = Timestamp::constant(1_795_500_000, 0);

async fn an_hour_later() -> Scenario {
    let scenario = Scenario::build(1, 200, &Clock::tokio(START));
    tokio::time::sleep(Duration::from_secs(3600)).await;
    scenario
}

fn graphql(operation: &str, variables: &Value) -> Request<Bytes> {
    Request::post("http://shopify.in-process/admin/api/2026-04/graphql.json")
        .header("x-shopify-access-token", &secrets()["shopify-main/api"][0])
        .body(json!({ "operationName": operation, "variables": variables }).to_string().into())
        .unwrap()
}

async fn ask(shop: &Shop, operation: &str, variables: Value) -> Value {
    let answer = shop.call(graphql(operation, &variables)).await.unwrap();
    serde_json::from_slice(answer.body()).unwrap()
}

fn rest(method: &str, path: &str) -> Request<Bytes> {
    // `ck_sample:cs_sample`
    let request =
        Request::builder().method(method).uri(format!("http://woo.in-process/wp-json/wc/v3/{path}"));
    request.header("authorization", "Basic Y2tfc2FtcGxlOmNzX3NhbXBsZQ==").body(Bytes::new()).unwrap()
}

async fn get(site: &Site, path: &str) -> Value {
    serde_json::from_slice(site.call(rest("GET", path)).await.unwrap().body()).unwrap()
}

/// Every id in the window, page by page, as nodes and as edges.
async fn changed(shop: &Shop, from: Timestamp, until: Timestamp) -> Vec<u64> {
    let query = format!("updated_at:>='{from}' AND updated_at:<='{until}'");
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let answer = ask(shop, "OrdersChanged", json!({ "query": query, "first": 7, "after": after })).await;
        let orders = &answer["data"]["orders"];
        let nodes = orders["nodes"].as_array().unwrap();
        let edges = orders["edges"].as_array().unwrap();
        assert!(nodes.len() <= 7 && nodes.iter().eq(edges.iter().map(|edge| &edge["node"])));
        found.extend(nodes.iter().map(|o| o["legacyResourceId"].as_str().unwrap().parse::<u64>().unwrap()));
        if orders["pageInfo"]["hasNextPage"] == false {
            return found;
        }
        after = orders["pageInfo"]["endCursor"].clone();
        assert_eq!(after, edges.last().unwrap()["cursor"]);
    }
}

#[tokio::test(start_paused = true)]
async fn windows_that_touch_find_each_changed_shopify_order_once() {
    let scenario = an_hour_later().await;
    let until = START + SignedDuration::from_hours(1);
    let middle = START + SignedDuration::from_secs(60);
    let early = changed(&scenario.shopify, START, middle).await;
    let late = changed(&scenario.shopify, middle + SignedDuration::from_secs(1), until).await;
    assert!(early.len() > 7 && late.len() > 7, "{} and {}", early.len(), late.len());
    let mut found = [early, late].concat();
    let all = found.len();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), all, "once each");
    let mut held: Vec<u64> = scenario.shopify.orders().iter().map(|sale| sale.id).collect();
    held.sort_unstable();
    assert_eq!(found, held);
}

#[tokio::test(start_paused = true)]
async fn pages_of_the_site_hold_each_order_once_and_oldest_change_first_when_asked() {
    let scenario = an_hour_later().await;
    let (mut found, mut times) = (Vec::new(), Vec::new());
    for page in 1.. {
        let path = format!("orders?orderby=modified&order=asc&per_page=7&page={page}");
        let orders = get(&scenario.woo, &path).await;
        let orders = orders.as_array().unwrap();
        if orders.is_empty() {
            break;
        }
        found.extend(orders.iter().map(|order| order["id"].as_u64().unwrap()));
        times.extend(orders.iter().map(|order| order["date_modified_gmt"].as_str().unwrap().to_owned()));
    }
    assert!(times.is_sorted() && found.len() > 14);
    let unique: BTreeSet<u64> = found.iter().copied().collect();
    assert_eq!(unique.len(), found.len());
    assert_eq!(unique, scenario.woo.orders().iter().map(|sale| sale.id).collect());
}

#[tokio::test(start_paused = true)]
async fn what_is_in_the_trash_is_listed_only_there_and_what_is_deleted_nowhere() {
    let scenario = an_hour_later().await;
    let orders = scenario.woo.orders();
    let (trashed, deleted) = (orders[0].id, orders[1].id);
    scenario.woo.trash(trashed);
    scenario.woo.delete(deleted);
    let listed = |list: Value| -> Vec<u64> {
        list.as_array().unwrap().iter().map(|order| order["id"].as_u64().unwrap()).collect()
    };
    let any = listed(get(&scenario.woo, "orders?per_page=100").await);
    assert!(!any.contains(&trashed) && !any.contains(&deleted));
    assert_eq!(listed(get(&scenario.woo, "orders?status=trash").await), [trashed]);
    assert_eq!(get(&scenario.woo, &format!("orders/{trashed}")).await["status"], "trash");
    let gone = get(&scenario.woo, &format!("orders/{deleted}")).await;
    assert_eq!(gone["code"], "woocommerce_rest_shop_order_invalid_id");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_shopify_order_has_nothing_left_and_gave_the_money_back() {
    let scenario = an_hour_later().await;
    let sales = scenario.shopify.orders();
    let cancelled: Vec<_> = sales.iter().filter(|sale| sale.cancelled).collect();
    assert!(!cancelled.is_empty());
    for sale in cancelled {
        let id = format!("gid://shopify/Order/{}", sale.id);
        let order = ask(&scenario.shopify, "Order", json!({ "id": id })).await["data"]["order"].clone();
        assert_eq!(order["currentTotalPriceSet"]["presentmentMoney"]["amount"], "0.0");
        let lines = order["lineItems"]["nodes"].as_array().unwrap();
        assert!(lines.iter().all(|line| line["currentQuantity"] == 0 && line["quantity"] != 0));
        let kinds = order["transactions"].as_array().unwrap().iter().map(|one| one["kind"].clone());
        let kinds: Vec<Value> = kinds.collect();
        assert!(kinds.contains(&"REFUND".into()) || kinds.contains(&"VOID".into()), "{kinds:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_rotation_the_old_secret_signs_until_the_overlap_is_over() {
    let scenario = an_hour_later().await;
    let sale = scenario.shopify.orders()[0].clone();
    let signed_by = |secret: &str| {
        let signed = scenario.shopify.webhook("orders/updated", &sale);
        let wanted = hmac_base64(secret, &signed.body);
        signed.headers.iter().any(|(name, value)| name == "x-shopify-hmac-sha256" && *value == wanted)
    };
    scenario.shopify.rotate("newer", SignedDuration::from_mins(30));
    assert!(signed_by(&secrets()["shopify-main/webhook"][0]) && !signed_by("newer"));
    tokio::time::sleep(Duration::from_secs(1800)).await;
    assert!(signed_by("newer"));
}

#[tokio::test(start_paused = true)]
async fn a_subscription_is_made_once_even_when_the_answer_is_lost() {
    let shop = Shop::new(Clock::tokio(START), &secrets()["shopify-main/api"][0], "secret");
    let variables = json!({ "topic": "ORDERS_CREATE", "webhookSubscription": { "uri": "https://h.test/" } });
    shop.faults.inject(Fault { times: 1, kind: FaultKind::Lost });
    let lost = shop.call(graphql("WebhookSubscriptionCreate", &variables)).await;
    assert_eq!(lost.unwrap_err(), Broken::Reset);
    let again = ask(&shop, "WebhookSubscriptionCreate", variables).await;
    assert!(again["data"]["webhookSubscriptionCreate"]["userErrors"][0]["message"].is_string());
    assert_eq!(shop.subscriptions().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn throttling_by_cost_tells_how_long_and_every_call_is_logged() {
    let shop = Shop::new(Clock::tokio(START), &secrets()["shopify-main/api"][0], "secret");
    shop.faults.latency(Duration::from_secs(2));
    shop.faults.inject(Fault { times: 1, kind: FaultKind::Cost(3) });
    shop.faults.inject(Fault { times: 1, kind: FaultKind::Reset });
    let answer = ask(&shop, "ShopInfo", json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "THROTTLED");
    let cost = &answer["extensions"]["cost"];
    let lacking = cost["requestedQueryCost"].as_f64().unwrap()
        - cost["throttleStatus"]["currentlyAvailable"].as_f64().unwrap();
    assert!((lacking / cost["throttleStatus"]["restoreRate"].as_f64().unwrap() - 3.0).abs() < 1e-9);
    shop.call(graphql("ShopInfo", &json!({}))).await.unwrap_err();
    shop.call(graphql("ShopInfo", &json!({}))).await.unwrap();
    let calls = shop.faults.calls();
    assert_eq!(calls.iter().map(|call| call.status).collect::<Vec<_>>(), [Some(200), None, Some(200)]);
    let times: Vec<i64> = calls.iter().map(|call| call.at.as_second() - START.as_second()).collect();
    assert_eq!(times, [0, 2, 4]);
    assert!(calls.iter().all(|call| call.method == "POST" && call.target.ends_with("/graphql.json")));
}
