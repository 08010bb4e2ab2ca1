use std::sync::Arc;

use crossdock_core::{OrderId, PeerError};
use http::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    Api, Fetched, SubscriptionChange,
    testing::{Answer, Scripted, at, config, ok},
};

const CALLBACK: &str = "https://dock.example.test/hooks/shop-main";

fn api(shop: &Arc<Scripted>) -> Api {
    Api::new(shop.client(), &config("woocommerce"), &SecretString::from("ck_1:cs_2".to_owned()))
}

fn raw(id: u64, modified: &str) -> Value {
    let path = "../../tests/fixtures/woocommerce/german_vat.0.order.created.body.json";
    let text = std::fs::read(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut order: Value = serde_json::from_slice(&text).unwrap();
    order["id"] = json!(id);
    order["date_modified_gmt"] = json!(modified);
    order
}

fn id() -> OrderId {
    OrderId::new("22").unwrap()
}

async fn fetch(answer: Answer) -> Result<Fetched, PeerError> {
    api(&Scripted::new([answer])).fetch_order(&id()).await
}

fn complaint(status: u16, code: &str) -> Answer {
    Answer::Says(
        status,
        vec![],
        json!({ "code": code, "message": "Jane", "data": { "status": status } }).to_string(),
    )
}

#[tokio::test(start_paused = true)]
async fn fetches_an_order_by_its_id() {
    let shop = Scripted::new([ok(&raw(22, "2026-11-23T07:38:11"))]);
    let Ok(Fetched::Order(order)) = api(&shop).fetch_order(&id()).await else { panic!() };
    assert_eq!(order.key.id, id());
    let asked = &shop.asked()[0];
    assert_eq!((asked.method.clone(), asked.path.as_str()), (Method::GET, "/wp-json/wc/v3/orders/22"));
    // ck_1:cs_2
    assert_eq!(asked.headers["authorization"], "Basic Y2tfMTpjc18y");
    assert!(asked.headers["authorization"].is_sensitive());
}

#[tokio::test(start_paused = true)]
async fn a_deleted_or_trashed_order_is_gone_and_a_missing_api_is_a_failure() {
    assert_eq!(fetch(complaint(404, "woocommerce_rest_shop_order_invalid_id")).await, Ok(Fetched::Gone));
    let mut trashed = raw(22, "2026-11-23T07:38:11");
    trashed["status"] = json!("trash");
    assert_eq!(fetch(ok(&trashed)).await, Ok(Fetched::Gone));
    assert!(matches!(fetch(complaint(404, "rest_no_route")).await, Err(PeerError::Missing { .. })));
    assert!(matches!(
        fetch(Answer::Says(404, vec![], "<html>".into())).await,
        Err(PeerError::Missing { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_names_the_shops_code_and_not_its_text() {
    let rejected = fetch(complaint(400, "rest_invalid_param")).await;
    assert!(matches!(rejected, Err(PeerError::Rejected { what, .. }) if what == "rest_invalid_param"));
    let denied = fetch(complaint(401, "woocommerce_rest_cannot_view")).await;
    assert!(matches!(denied, Err(PeerError::Unauthorized { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_secret_of_the_wrong_form_is_told_without_a_call() {
    let shop = Scripted::new([ok(&json!([]))]);
    for wrong in ["", "ck_1", "ck_1:", ":cs_2"] {
        let api = Api::new(shop.client(), &config("woocommerce"), &SecretString::from(wrong.to_owned()));
        assert!(matches!(api.fetch_order(&id()).await, Err(PeerError::Unauthorized { .. })));
    }
    assert!(shop.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn pages_begin_anew_at_the_last_time_seen() {
    let many = |from: u64, modified: &str| (from..from + 50).map(|n| raw(n, modified)).collect::<Vec<_>>();
    let mut first = many(1, "2026-11-23T07:00:00");
    first[49]["date_modified_gmt"] = json!("2026-11-23T07:10:00");
    let same_second = many(50, "2026-11-23T07:10:00");
    let mut rest = many(100, "2026-11-23T07:10:00");
    rest.truncate(1);
    rest.push(json!({ "id": 7, "date_modified_gmt": "2026-11-23T07:11:00" }));
    let mut trashed = raw(22, "2026-11-23T07:38:11");
    trashed["status"] = json!("trash");
    let pages = [json!(first), json!(same_second), json!(rest), json!([trashed])];
    let shop = Scripted::new(pages.iter().map(ok));
    let api = api(&shop);
    let (from, until) = (at("2026-11-23T06:00:00Z"), at("2026-11-23T08:00:00Z"));
    let page = api.changed_since(from, until, None).await.unwrap();
    assert_eq!((page.orders.len(), page.next.as_deref()), (50, Some("any/2026-11-23T07:10:00Z/1")));
    let page = api.changed_since(from, until, page.next).await.unwrap();
    assert_eq!(page.next.as_deref(), Some("any/2026-11-23T07:10:00Z/2"));
    let page = api.changed_since(from, until, page.next).await.unwrap();
    assert_eq!((page.orders.len(), page.next.as_deref()), (2, Some("trash/2026-11-23T06:00:00Z/1")));
    assert!(matches!(&page.orders[1], Fetched::Unreadable { order: Some(id), .. } if id.as_str() == "7"));
    let page = api.changed_since(from, until, page.next).await.unwrap();
    assert!(matches!(&page.orders[..], [Fetched::Order(order)] if order.cancelled));
    assert_eq!(page.next, None);
    let asked: Vec<_> = shop.asked().into_iter().map(|asked| asked.path).collect();
    let common = "/wp-json/wc/v3/orders?status=any&orderby=modified&order=asc&dates_are_gmt=true&per_page=50";
    assert_eq!(
        asked[0],
        format!("{common}&page=1&modified_after=2026-11-23T05:59:59&modified_before=2026-11-23T08:00:01")
    );
    assert!(asked[1].contains("&page=1&modified_after=2026-11-23T07:09:59&"));
    assert!(asked[2].contains("&page=2&modified_after=2026-11-23T07:09:59&"));
    assert!(asked[3].contains("?status=trash&") && asked[3].contains("&modified_after=2026-11-23T05:59:59&"));
    assert!(matches!(
        api.changed_since(from, until, Some("x".into())).await,
        Err(PeerError::Rejected { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn creates_what_is_missing_and_enables_what_the_shop_switched_off() {
    let hook = |id: u64, topic: &str, status: &str, url: &str| json!({ "id": id, "topic": topic, "status": status, "delivery_url": url });
    let hooks = json!([
        hook(1, "order.created", "active", CALLBACK),
        hook(2, "order.updated", "disabled", CALLBACK),
        hook(3, "order.deleted", "active", "https://elsewhere.test/"),
        hook(4, "order.restored", "paused", CALLBACK),
        hook(5, "order.restored", "active", CALLBACK),
    ]);
    let shop = Scripted::new([ok(&hooks), ok(&json!({ "id": 9 }))]);
    let changes = api(&shop)
        .ensure_subscriptions(CALLBACK, Some(&SecretString::from("s3cret".to_owned())))
        .await
        .unwrap();
    let expected = [
        SubscriptionChange::Fine("order.created".into()),
        SubscriptionChange::Enabled("order.updated".into()),
        SubscriptionChange::Created("order.deleted".into()),
        SubscriptionChange::Fine("order.restored".into()),
    ];
    assert_eq!(changes, expected);
    let asked = shop.asked();
    assert_eq!((asked[1].method.clone(), asked[1].path.as_str()), (Method::PUT, "/wp-json/wc/v3/webhooks/2"));
    assert_eq!(asked[1].body, json!({ "status": "active", "secret": "s3cret" }));
    assert_eq!((asked[2].method.clone(), asked[2].path.as_str()), (Method::POST, "/wp-json/wc/v3/webhooks"));
    assert_eq!(asked[2].body["delivery_url"], CALLBACK);
}

#[tokio::test(start_paused = true)]
async fn tells_what_the_key_may_read() {
    let shop = Scripted::new([
        ok(&json!({ "name": "Dock Shop", "namespaces": ["wc/v3"] })),
        ok(&json!({ "code": "EUR", "name": "Euro", "symbol": "&euro;" })),
        ok(&json!([])),
        complaint(403, "woocommerce_rest_cannot_view"),
    ]);
    let info = api(&shop).check().await.unwrap();
    assert_eq!((info.name.as_str(), info.currency.as_str()), ("Dock Shop", "EUR"));
    assert_eq!(
        (info.scopes, info.missing_scopes),
        (vec!["read orders".to_owned()], vec!["read webhooks".to_owned()])
    );
}
