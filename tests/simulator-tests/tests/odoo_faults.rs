//! What goes wrong on purpose.

#![allow(clippy::unwrap_used, reason = "an answer of another shape is a failed test")]

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use crossdock_http::peer::{Broken, Peer as _};
use serde_json::json;
use simulators::odoo::{Config, Fault, FaultKind, Latency, Match, Server, Version};

use simulator_tests::odoo::{Client, NOW, PLAIN, demo};

#[tokio::test]
async fn bears_the_faults_that_are_injected() {
    let server = demo(Version::V19);
    let client = Client::new(&server, Version::V19);
    let load = Match::method("sale.order", "load");
    for (kind, orders) in [(FaultKind::ResetBefore, 0), (FaultKind::ResetAfter, 1)] {
        server.inject(Fault::once(load.clone(), kind));
        let fields = json!(["id", "partner_id/.id"]);
        let answer = client.raw("sale.order", "load", json!([fields, [["x.a", "1"]]]), json!({})).await;
        assert_eq!(answer, Err(Broken::Reset));
        assert_eq!(server.orders().len(), orders);
    }
    server.inject(Fault::once(load.clone().nth(2), FaultKind::Serialization));
    assert_ne!(client.load(&[PLAIN]).await["ids"], json!(false));
    assert_eq!(client.load(&[PLAIN]).await["ids"], json!(false));
    server.inject(Fault { when: Match::any(), times: 1, kind: FaultKind::TooMany { retry_after: Some(2) } });
    let answer = client.raw("sale.order", "search", json!([[]]), json!({})).await.unwrap();
    assert_eq!(answer, json!({"garbage": 429}));
    server.down(true);
    assert_eq!(client.raw("sale.order", "search", json!([[]]), json!({})).await, Err(Broken::Refused));
    server.down(false);
    server.reset_calls();
    client.call("sale.order", "search", json!([[]])).await;
    assert_eq!((server.calls().len(), server.calls()[0].user.as_str()), (1, "crossdock"));
}

#[tokio::test(start_paused = true)]
async fn commits_late_what_its_caller_gave_up_on() {
    let server = demo(Version::V18);
    server.inject(Fault::once(
        Match::method("res.partner", "create"),
        FaultKind::Late(Duration::from_secs(60)),
    ));
    let body = json!({"jsonrpc": "2.0", "id": 1, "params": {"service": "object", "method": "execute_kw",
        "args": ["odoo", 3, "crossdock-key", "res.partner", "create", [{"name": "Late"}]]}});
    let before = server.partners().len();
    let call = tokio::spawn(
        server.call(http::Request::post("/jsonrpc").body(Bytes::from(body.to_string())).unwrap()),
    );
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(server.partners().len(), before);
    assert_eq!(call.await.unwrap().unwrap_err(), Broken::Reset);
    assert_eq!(server.partners().len(), before + 1);
}

#[tokio::test(start_paused = true)]
async fn lets_one_of_two_loads_at_once_fail() {
    let now = NOW.parse().unwrap();
    let latency = Latency { call: Duration::from_millis(50), record: Duration::ZERO };
    let server = Server::demo_with(Config { version: Version::V17, now: Arc::new(move || now), latency });
    let client = Client::new(&server, Version::V17);
    let fields = json!(["id", "partner_id/.id"]);
    let args = json!([fields, [["x.a", "1"]]]);
    let one = client.raw("sale.order", "load", args.clone(), json!({}));
    let other = client.raw("sale.order", "load", args, json!({}));
    let (one, other) = futures_util::future::join(one, other).await;
    assert_eq!(one.unwrap()["result"]["ids"], json!([1]));
    let other = other.unwrap()["result"].clone();
    assert_eq!(other["ids"], json!(false));
    assert!(other["messages"][0]["message"].as_str().unwrap().starts_with("could not serialize access"));
    assert_eq!(server.orders().len(), 1);
}
