//! The shops under faults, behind TCP, and the webhooks that they keep.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use crossdock_core::Clock;
use crossdock_http::peer::{Broken, Peer, PeerFuture};
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use simulators::{
    shops::{Fault, FaultKind, shopify::Shop, woocommerce::Site},
    tcp,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const START: Timestamp = Timestamp::constant(1_795_500_000, 0);

fn shop() -> Shop {
    Shop::new(Clock::tokio(START), "token", "secret")
}

fn ask(operation: &str) -> Request<Bytes> {
    Request::post("http://shopify.in-process/admin/api/2026-04/graphql.json")
        .header("x-shopify-access-token", "token")
        .body(json!({ "operationName": operation, "variables": {} }).to_string().into())
        .unwrap()
}

fn rest(method: &str, path: &str, body: Value) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(format!("http://woo.in-process/wp-json/wc/v3/{path}"))
        .header("authorization", "Basic Y2tfYTpjc19i")
        .body(body.to_string().into())
        .unwrap()
}

fn site() -> Site {
    Site::new(Clock::tokio(START), "ck_a:cs_b", "secret")
}

#[tokio::test(start_paused = true)]
async fn faults_strike_as_often_as_they_were_injected() {
    let shop = shop();
    let kinds = [FaultKind::Status(503), FaultKind::Throttle(Some(7)), FaultKind::Html, FaultKind::Reset];
    for kind in kinds {
        shop.faults.inject(Fault { times: 2, kind });
    }
    for _ in 0..2 {
        assert_eq!(shop.call(ask("ShopInfo")).await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    for _ in 0..2 {
        let answer = shop.call(ask("ShopInfo")).await.unwrap();
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.headers()["retry-after"], "7");
    }
    for _ in 0..2 {
        let answer = shop.call(ask("ShopInfo")).await.unwrap();
        assert!(serde_json::from_slice::<Value>(answer.body()).is_err(), "a page, not JSON");
    }
    for _ in 0..2 {
        assert_eq!(shop.call(ask("ShopInfo")).await.unwrap_err(), Broken::Reset);
    }
    assert!(shop.call(ask("ShopInfo")).await.unwrap().status().is_success());
    shop.faults.down(true);
    assert_eq!(shop.call(ask("ShopInfo")).await.unwrap_err(), Broken::Refused);
    shop.faults.down(false);
    assert!(shop.call(ask("ShopInfo")).await.unwrap().status().is_success());
}

#[tokio::test(start_paused = true)]
async fn one_that_hangs_answers_nobody() {
    let shop = shop();
    shop.faults.inject(Fault { times: 1, kind: FaultKind::Hang });
    let waited = tokio::time::timeout(Duration::from_secs(3600), shop.call(ask("ShopInfo"))).await;
    assert!(waited.is_err());
}

#[tokio::test(start_paused = true)]
async fn without_its_credentials_a_shop_tells_nothing() {
    let mut request = ask("ShopInfo");
    request.headers_mut().insert("x-shopify-access-token", "another".parse().unwrap());
    assert_eq!(shop().call(request).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let mut request = rest("GET", "orders", Value::Null);
    request.headers_mut().remove("authorization");
    assert_eq!(site().call(request).await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn a_site_switches_a_webhook_off_after_more_than_five_failures_in_a_row() {
    let site = site();
    let wanted = json!({ "topic": "order.created", "delivery_url": "https://hooks.test/hooks/woo-de" });
    let made = site.call(rest("POST", "webhooks", wanted)).await.unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    let id = serde_json::from_slice::<Value>(made.body()).unwrap()["id"].as_u64().unwrap();
    let active = || site.webhooks().iter().find(|webhook| webhook.0 == id).unwrap().3;
    let fail = |times: usize| (0..times).for_each(|_| site.delivered(id, StatusCode::INTERNAL_SERVER_ERROR));
    fail(5);
    assert!(active());
    site.delivered(id, StatusCode::OK);
    fail(5);
    assert!(active(), "a success begins the count anew");
    fail(1);
    assert!(!active());
    let path = format!("webhooks/{id}");
    assert!(
        site.call(rest("PUT", &path, json!({ "status": "active" }))).await.unwrap().status().is_success()
    );
    assert!(active());
}

/// Tells what it was asked.
struct Mirror;

impl Peer for Mirror {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        Box::pin(async move {
            let marked = request.headers()["x-mark"].to_str().unwrap_or_default();
            let told = format!("{} {} {marked} {}", request.method(), request.uri(), request.body().len());
            Ok(Response::new(told.into()))
        })
    }
}

async fn over_tcp(address: SocketAddr, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /a/b?c=d%3A HTTP/1.1\r\nHost: shop.test:81\r\nX-Mark: m\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // A server that refuses the body may hang up while it is still being written.
    drop(stream.write_all(body).await);
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn over_tcp_a_peer_sees_the_whole_address_and_the_headers() {
    let (address, server) = tcp::serve(Arc::new(Mirror), ([127, 0, 0, 1], 0).into()).await.unwrap();
    let answer = over_tcp(address, b"12345").await;
    assert!(answer.ends_with("POST http://shop.test:81/a/b?c=d%3A m 5"), "{answer}");
    let large = over_tcp(address, &vec![b'x'; 16 * 1024 * 1024]).await;
    assert!(large.ends_with(" m 16777216"), "{large}");
    let answer = over_tcp(address, &vec![b'x'; 17 * 1024 * 1024]).await;
    assert!(!answer.contains(" 200 "), "more than it reads: {answer}");
    server.abort();
}

#[tokio::test]
async fn over_tcp_a_peer_that_is_down_is_a_bad_gateway() {
    let shop = shop();
    shop.faults.down(true);
    let (address, server) = tcp::serve(Arc::new(shop), ([127, 0, 0, 1], 0).into()).await.unwrap();
    let answer = over_tcp(address, b"{}").await;
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    server.abort();
}
