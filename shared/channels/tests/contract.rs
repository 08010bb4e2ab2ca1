//! What every channel's API owes its callers: a failure meets the fate that it meets everywhere.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../src/testing.rs"]
#[allow(dead_code, reason = "shared with the unit tests, which use the rest")]
mod testing;

use std::time::Duration;

use crossdock_channels::Api;
use crossdock_core::{
    Fate, OrderId, PeerError,
    error::PeerErrorKind,
    shipment::{AnnouncedLine, Announcement, ParcelNews, ParcelStatus},
    stock::Change,
};
use secrecy::SecretString;
use serde_json::json;
use testing::{Answer, Scripted, at, config, ok};

const CHANNELS: [&str; 2] = ["shopify", "woocommerce"];
const CALLS: [&str; 11] = [
    "fetch",
    "changed",
    "subscriptions",
    "ensure",
    "check",
    "announce",
    "news",
    "payments",
    "items",
    "counts",
    "activate",
];
const CALLBACK: &str = "https://dock.example.test/hooks/shop-main";

async fn call(kind: &str, what: &str, answer: Answer) -> Result<(), PeerError> {
    let api = Api::new(
        Scripted::new([answer]).client(),
        &config(kind),
        &SecretString::from(if kind == "shopify" { "shpat_1" } else { "ck_1:cs_2" }.to_owned()),
    );
    let order = OrderId::new("5001").unwrap();
    match what {
        "fetch" => api.fetch_order(&order).await.map(drop),
        "changed" => {
            let (from, until) = (at("2026-11-23T07:00:00Z"), at("2026-11-23T08:00:00Z"));
            api.changed_since(from, until, None).await.map(drop)
        }
        "subscriptions" => api.subscriptions(CALLBACK).await.map(drop),
        "ensure" => {
            api.ensure_subscriptions(CALLBACK, Some(&SecretString::from("s".to_owned()))).await.map(drop)
        }
        "announce" => api.announce(&announcement()).await.map(drop),
        "news" => {
            let said = announcement();
            let news = ParcelNews {
                tracking: "1Z1".into(),
                status: ParcelStatus::Delivered,
                at: testing::now(),
                detail: None,
            };
            api.parcel_news(&said.order, &said.shipment, Some("44"), &news).await
        }
        "payments" => api.payments(&order).await.map(drop),
        "items" => api.items(&["CD-1".parse().unwrap()]).await.map(drop),
        "counts" => api.set_counts(&[change(Some(5))], testing::now(), "key").await.map(drop),
        "activate" => api.set_counts(&[change(None)], testing::now(), "key").await.map(drop),
        _ => api.check().await.map(drop),
    }
}

fn change(from: Option<i64>) -> Change {
    Change { sku: "CD-1".parse().unwrap(), handle: "1".into(), location: "7".into(), from, to: 4 }
}

fn announcement() -> Announcement {
    Announcement {
        order: "5001".parse().unwrap(),
        shipment: "wh-east/SH-1".parse().unwrap(),
        others: Vec::new(),
        shipped_at: testing::now(),
        lines: vec![AnnouncedLine { line: "1".parse().unwrap(), sku: None, quantity: 1.into() }],
        parcels: Vec::new(),
        completes_order: true,
        notify_customer: true,
        location: None,
    }
}

/// Every call of every channel, answered so, fails as this kind.
async fn everywhere(answer: &Answer, kind: PeerErrorKind) -> Vec<PeerError> {
    let mut errors = Vec::new();
    for channel in CHANNELS {
        for what in CALLS {
            let error = call(channel, what, answer.clone()).await.expect_err(what);
            assert_eq!(error.kind(), kind, "{channel} {what}: {error}");
            assert!(error.to_string().starts_with("shop-main "), "{error}");
            errors.push(error);
        }
    }
    errors
}

fn says(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Answer::Says(status, headers, body.to_owned())
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_refused_are_tried_again_later() {
    for status in [401, 403] {
        for error in everywhere(&says(status, &[], "{}"), PeerErrorKind::Unauthorized).await {
            assert_eq!(error.fate(), Fate::Retry { after: None });
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_without_an_api_is_parked() {
    for error in everywhere(&says(404, &[], "<html>Not found</html>"), PeerErrorKind::Missing).await {
        assert_eq!(error.fate(), Fate::Park);
    }
}

#[tokio::test(start_paused = true)]
async fn a_shop_that_asks_to_slow_down_is_given_its_time() {
    let after = Some(Duration::from_secs(7));
    for error in everywhere(&says(429, &[("retry-after", "7")], "{}"), PeerErrorKind::Throttled).await {
        assert_eq!(error.fate(), Fate::Retry { after });
    }
    for error in everywhere(&says(429, &[], "slow down"), PeerErrorKind::Throttled).await {
        assert_eq!(error.fate(), Fate::Retry { after: None });
    }
    for error in everywhere(&says(503, &[("retry-after", "7")], ""), PeerErrorKind::Throttled).await {
        assert_eq!(error.fate(), Fate::Retry { after });
    }
}

#[tokio::test(start_paused = true)]
async fn a_shop_in_trouble_is_tried_again_and_may_have_acted() {
    for status in [500, 502, 503] {
        for error in everywhere(&says(status, &[], "<html>"), PeerErrorKind::Failing).await {
            assert!(error.ambiguous());
        }
    }
    for answer in [Answer::Stalls, Answer::Resets] {
        for error in everywhere(&answer, PeerErrorKind::Unanswered).await {
            assert!(error.ambiguous());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_shop_that_nobody_answers_for_has_not_acted() {
    for error in everywhere(&Answer::Refuses, PeerErrorKind::Unreachable).await {
        assert!(!error.ambiguous());
    }
}

#[tokio::test(start_paused = true)]
async fn garbage_is_tried_again_and_never_quoted() {
    let secret = "Jane Roe";
    for body in
        ["<html>Jane Roe</html>", "", "\"Jane Roe\"", "{\"data\":{\"Jane Roe\"", "{\"order\":\"Jane Roe\"}"]
    {
        for channel in CHANNELS {
            for what in CALLS {
                // A body that is JSON can be an order that nobody can read: that is no failure of the shop.
                let Err(error) = call(channel, what, says(200, &[], body)).await else { continue };
                assert_eq!(error.kind(), PeerErrorKind::Garbage, "{channel} {what} {body}");
                assert!(!error.to_string().contains(secret), "{error}");
            }
        }
    }
    everywhere(&says(200, &[], "<html>"), PeerErrorKind::Garbage).await;
    everywhere(&says(302, &[("location", "https://elsewhere.test/")], ""), PeerErrorKind::Garbage).await;
}

#[tokio::test(start_paused = true)]
async fn a_good_status_with_an_error_inside_is_an_error() {
    let graphql = json!({ "data": null, "errors": [{ "message": "Field does not exist" }] });
    let rest = json!({ "code": "rest_disabled", "message": "no", "data": { "status": 400 } });
    for what in CALLS {
        let shopify = call("shopify", what, ok(&graphql)).await.expect_err(what);
        let woocommerce = call("woocommerce", what, ok(&rest)).await.expect_err(what);
        for error in [shopify, woocommerce] {
            assert_eq!(
                (error.kind(), error.fate()),
                (PeerErrorKind::Rejected, Fate::Park),
                "{what}: {error}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_partner_without_an_api_has_nothing_to_be_asked() {
    let answer = || ok(&json!({}));
    for what in ["fetch", "check"] {
        let error = call("standard", what, answer()).await.expect_err(what);
        assert_eq!(error.kind(), PeerErrorKind::Missing);
    }
    assert_eq!(
        call("standard", "payments", answer()).await.expect_err("payments").kind(),
        PeerErrorKind::Missing
    );
    for what in ["changed", "subscriptions", "ensure", "items"] {
        assert_eq!(call("standard", what, answer()).await, Ok(()));
    }
}
