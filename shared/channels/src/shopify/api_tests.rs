use std::time::Duration;

use crossdock_core::{OrderId, PeerError};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    Api, Fetched, Subscription, SubscriptionChange,
    testing::{Answer, Scripted, at, config, fixture, ok},
};

const CALLBACK: &str = "https://dock.example.test/hooks/shop-main";

fn api(shop: &std::sync::Arc<Scripted>) -> Api {
    Api::new(shop.client(), &config("shopify"), &SecretString::from("shpat_1".to_owned()))
}

fn node() -> Value {
    serde_json::from_slice(&fixture("shopify/edited.graphql.json")).unwrap()
}

fn data(data: Value) -> Answer {
    ok(&json!({ "data": data, "extensions": { "cost": { "requestedQueryCost": 10 } } }))
}

fn denied(code: &str) -> Answer {
    let throttle = json!({ "maximumAvailable": 2000.0, "currentlyAvailable": 250, "restoreRate": 100.0 });
    let cost = json!({ "requestedQueryCost": 400, "actualQueryCost": null, "throttleStatus": throttle });
    let error = json!({ "message": "no", "extensions": { "code": code } });
    ok(&json!({ "data": null, "errors": [error], "extensions": { "cost": cost } }))
}

/// An answer after which so many points are left.
fn leaving(points: u32) -> Answer {
    let throttle = json!({ "maximumAvailable": 2000.0, "currentlyAvailable": points, "restoreRate": 100.0 });
    let cost = json!({ "requestedQueryCost": 400, "actualQueryCost": 300, "throttleStatus": throttle });
    ok(&json!({ "data": { "order": node() }, "extensions": { "cost": cost } }))
}

#[tokio::test(start_paused = true)]
async fn points_that_run_out_are_waited_for_before_the_next_call() {
    let shop = Scripted::new([leaving(900), leaving(600), leaving(600), leaving(0), leaving(0)]);
    let api = api(&shop);
    let begun = tokio::time::Instant::now();
    api.fetch_order(&id()).await.unwrap();
    assert_eq!(api.breath().take(), None, "room for two more");
    api.fetch_order(&id()).await.unwrap();
    assert_eq!(api.breath().take(), Some(Duration::from_secs(2)), "200 more make room, at 100 a second");
    api.fetch_order(&id()).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO, "whoever keeps the pace has waited");
    api.fetch_order(&id()).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::from_secs(2));
    api.fetch_order(&id()).await.unwrap();
    assert_eq!(
        begun.elapsed(),
        Duration::from_secs(7),
        "800 are lacking, and a call waits no longer than this"
    );
}

fn id() -> OrderId {
    OrderId::new("5800000005001").unwrap()
}

async fn fetch(answer: Answer) -> Result<Fetched, PeerError> {
    api(&Scripted::new([answer])).fetch_order(&id()).await
}

#[tokio::test(start_paused = true)]
async fn fetches_an_order_by_its_id() {
    let shop = Scripted::new([data(json!({ "order": node() }))]);
    let Ok(Fetched::Order(order)) = api(&shop).fetch_order(&id()).await else { panic!() };
    assert_eq!(order.key.id, id());
    let asked = &shop.asked()[0];
    assert_eq!(asked.path, "/admin/api/2026-04/graphql.json");
    assert_eq!(asked.headers["x-shopify-access-token"], "shpat_1");
    assert!(asked.headers["x-shopify-access-token"].is_sensitive());
    assert_eq!(asked.body["operationName"], "Order");
    assert_eq!(asked.body["variables"]["id"], "gid://shopify/Order/5800000005001");
    let query = asked.body["query"].as_str().unwrap();
    assert_eq!(query.matches('{').count(), query.matches('}').count());
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_not_there_is_gone_and_one_that_is_odd_is_unreadable() {
    assert_eq!(fetch(data(json!({ "order": null }))).await, Ok(Fetched::Gone));
    let mut odd = node();
    odd["createdAt"] = json!("someday");
    let answer = fetch(data(json!({ "order": odd }))).await;
    assert!(matches!(answer, Ok(Fetched::Unreadable { order: Some(order), .. }) if order == id()));
}

#[tokio::test(start_paused = true)]
async fn the_lines_of_a_long_order_are_put_together() {
    let (mut first, mut second) = (node(), node());
    let nodes = first["lineItems"]["nodes"].as_array().unwrap().clone();
    first["lineItems"] =
        json!({ "nodes": nodes[..2], "pageInfo": { "hasNextPage": true, "endCursor": "c1" } });
    second["lineItems"] =
        json!({ "nodes": nodes[2..], "pageInfo": { "hasNextPage": false, "endCursor": "c2" } });
    let shop = Scripted::new([data(json!({ "order": first })), data(json!({ "order": second }))]);
    let Ok(Fetched::Order(order)) = api(&shop).fetch_order(&id()).await else { panic!() };
    let Ok(Fetched::Order(whole)) = fetch(data(json!({ "order": node() }))).await else { panic!() };
    assert_eq!(order, whole);
    assert_eq!(shop.asked()[1].body["variables"]["after"], "c1");

    let mut edited = second;
    edited["updatedAt"] = json!("2026-11-23T08:10:00Z");
    let shop = Scripted::new([data(json!({ "order": first })), data(json!({ "order": edited }))]);
    assert!(matches!(api(&shop).fetch_order(&id()).await, Err(PeerError::Conflict { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_costs_too_much_is_asked_for_again_with_fewer_orders() {
    let page = json!({ "orders": { "nodes": [node(), { "id": "gid://shopify/Order/9" }],
        "pageInfo": { "hasNextPage": true, "endCursor": "abc:def" } } });
    let last = json!({ "orders": { "nodes": [], "pageInfo": { "hasNextPage": false, "endCursor": null } } });
    let shop = Scripted::new([denied("MAX_COST_EXCEEDED"), data(page), data(last)]);
    let api = api(&shop);
    let (from, until) = (at("2026-11-23T07:00:00.5Z"), at("2026-11-23T08:00:00Z"));
    let page = api.changed_since(from, until, None).await.unwrap();
    assert!(matches!(page.orders[0], Fetched::Order(_)));
    assert!(matches!(&page.orders[1], Fetched::Unreadable { order: Some(id), .. } if id.as_str() == "9"));
    assert_eq!(page.next.as_deref(), Some("25:abc:def"));
    assert_eq!(api.changed_since(from, until, page.next).await.unwrap().next, None);
    let asked: Vec<_> = shop.asked().into_iter().map(|asked| asked.body["variables"].clone()).collect();
    let firsts: Vec<_> = asked.iter().map(|v| v["first"].as_u64().unwrap()).collect();
    assert_eq!(firsts, [50, 25, 25]);
    assert_eq!(asked[2]["after"], "abc:def");
    let window = "updated_at:>='2026-11-23T07:00:00Z' AND updated_at:<='2026-11-23T08:00:00Z'";
    assert_eq!(asked[0]["query"], window);
    assert!(matches!(
        api.changed_since(from, until, Some("x".into())).await,
        Err(PeerError::Rejected { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn a_long_order_in_a_page_is_fetched_by_itself() {
    let mut long = node();
    long["lineItems"]["pageInfo"] = json!({ "hasNextPage": true, "endCursor": "c1" });
    let page = json!({ "orders": { "nodes": [long], "pageInfo": { "hasNextPage": false } } });
    let shop = Scripted::new([data(page), data(json!({ "order": node() }))]);
    let page = api(&shop).changed_since(at("2026-11-23T07:00:00Z"), at("2026-11-23T08:00:00Z"), None).await;
    assert!(matches!(page.unwrap().orders[..], [Fetched::Order(_)]));
    assert_eq!(shop.asked()[1].body["operationName"], "Order");
}

#[tokio::test(start_paused = true)]
async fn an_error_within_a_good_status_is_an_error() {
    // 400 points wanted, 250 there, 100 come back each second.
    let after = Some(Duration::from_millis(1500));
    assert!(
        matches!(fetch(denied("THROTTLED")).await, Err(PeerError::Throttled { after: a, .. }) if a == after)
    );
    assert!(matches!(fetch(denied("ACCESS_DENIED")).await, Err(PeerError::Unauthorized { .. })));
    assert!(matches!(fetch(denied("INTERNAL_SERVER_ERROR")).await, Err(PeerError::Failing { .. })));
    assert!(matches!(fetch(denied("MAX_COST_EXCEEDED")).await, Err(PeerError::Rejected { .. })));
    assert!(
        matches!(fetch(denied("undefinedField")).await, Err(PeerError::Rejected { what, .. }) if what == "no")
    );
    let half = json!({ "data": { "order": node() }, "errors": [{ "message": "half" }] });
    assert!(matches!(fetch(ok(&half)).await, Err(PeerError::Rejected { .. })));
    assert!(matches!(fetch(ok(&json!({ "errors": "Not found" }))).await, Err(PeerError::Rejected { .. })));
    assert!(matches!(fetch(ok(&json!({}))).await, Err(PeerError::Garbage { .. })));
    let many = Answer::Says(422, vec![], r#"{"errors":"Too Many Requests"}"#.into());
    assert!(matches!(fetch(many).await, Err(PeerError::Throttled { .. })));
    let frozen = Answer::Says(402, vec![], r#"{"errors":"Unavailable Shop"}"#.into());
    assert!(matches!(fetch(frozen).await, Err(PeerError::Unauthorized { .. })));
}

#[tokio::test(start_paused = true)]
async fn creates_the_subscriptions_that_are_missing() {
    let found = json!({ "webhookSubscriptions": { "pageInfo": { "hasNextPage": false }, "nodes": [
        { "id": "gid://shopify/WebhookSubscription/1", "topic": "ORDERS_CREATE", "uri": CALLBACK },
        { "id": "gid://shopify/WebhookSubscription/2", "topic": "ORDERS_UPDATED", "uri": "https://elsewhere.test/" },
    ] } });
    let made =
        json!({ "webhookSubscriptionCreate": { "webhookSubscription": { "id": "3" }, "userErrors": [] } });
    let shop = Scripted::new([data(found.clone()), data(made)]);
    let changes =
        api(&shop).ensure_subscriptions(CALLBACK, Some(&SecretString::from("x".to_owned()))).await.unwrap();
    assert_eq!(changes[0], SubscriptionChange::Fine("ORDERS_CREATE".into()));
    assert_eq!(changes[1], SubscriptionChange::Created("ORDERS_UPDATED".into()));
    assert_eq!(changes.len(), 6);
    let asked = shop.asked();
    assert_eq!(asked.len(), 6);
    assert_eq!(asked[1].body["operationName"], "WebhookSubscriptionCreate");
    assert_eq!(
        asked[1].body["variables"]["webhookSubscription"],
        json!({ "uri": CALLBACK, "format": "JSON" })
    );

    let here = api(&Scripted::new([data(found.clone())])).subscriptions(CALLBACK).await.unwrap();
    let id = "gid://shopify/WebhookSubscription/1".to_owned();
    assert_eq!(here, [Subscription { id, topic: "ORDERS_CREATE".into(), active: true }]);

    let refused = json!({ "webhookSubscriptionCreate": { "webhookSubscription": null,
        "userErrors": [{ "field": ["webhookSubscription", "uri"], "message": "Address is not allowed" }] } });
    let shop = Scripted::new([data(found), data(refused)]);
    let refused = api(&shop).ensure_subscriptions(CALLBACK, Some(&SecretString::from("x".to_owned()))).await;
    assert!(
        matches!(refused, Err(PeerError::Rejected { what, .. }) if what == "ORDERS_UPDATED: Address is not allowed")
    );
}

#[tokio::test(start_paused = true)]
async fn tells_which_scopes_are_missing() {
    let info = json!({ "shop": { "name": "Shop", "currencyCode": "USD", "myshopifyDomain": "x.myshopify.com" },
        "currentAppInstallation": { "accessScopes": [{ "handle": "write_orders" }, { "handle": "read_customers" }] } });
    let info = api(&Scripted::new([data(info)])).check().await.unwrap();
    assert_eq!((info.name.as_str(), info.currency.as_str()), ("Shop", "USD"));
    assert_eq!(info.scopes, ["write_orders", "read_customers"]);
    let missing: Vec<_> = info.missing_scopes.iter().map(String::as_str).collect();
    let shipping = ["write_merchant_managed_fulfillment_orders", "write_fulfillments", "read_locations"];
    assert_eq!(missing[..2], ["read_all_orders", "read_payment_terms"]);
    assert_eq!(missing[2..], shipping);
}
