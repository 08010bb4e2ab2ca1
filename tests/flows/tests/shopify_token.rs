//! Apps that have a client id and a client secret, and get tokens that live a day.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{sync::Arc, time::Duration};

use crossdock_channels::Api;
use crossdock_core::{Clock, PeerError};
use crossdock_http::{Client, peer::Peer};
use secrecy::SecretString;
use simulators::{scenario, shops::shopify::Shop};

const CREDENTIALS: &str = "0123abcd:shpss_secret";

fn shop() -> (Shop, Clock) {
    let clock = Clock::tokio(flows::START);
    (Shop::new(clock.clone(), CREDENTIALS, "signing secret"), clock)
}

/// The product's adapter, with `secret` in the secret of its API.
fn api((shop, clock): &(Shop, Clock), secret: &str) -> Api {
    let yaml =
        scenario::config_yaml("http://odoo.in-process", "http://shop.in-process", "http://woo.in-process");
    let config = crossdock_core::config::parse(&yaml).unwrap();
    let peers: [(String, Arc<dyn Peer>); 1] = [("shop.in-process".into(), Arc::new(shop.clone()))];
    let client = Client::in_process(peers, clock.clone());
    Api::new(client, &config.channels[0], &SecretString::from(secret.to_owned()))
}

#[tokio::test(start_paused = true)]
async fn a_token_is_asked_for_once_and_anew_before_it_ends() {
    let shop = shop();
    let api = api(&shop, CREDENTIALS);
    for _ in 0..3 {
        api.clone().check().await.unwrap();
    }
    assert_eq!(shop.0.tokens().issued(), 1, "clones share what was issued");
    tokio::time::sleep(Duration::from_secs(86_399 - 200)).await;
    api.check().await.unwrap();
    assert_eq!(shop.0.tokens().issued(), 2, "replaced while the old one was still good");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_before_its_time_is_replaced_at_the_next_try() {
    let shop = shop();
    let api = api(&shop, CREDENTIALS);
    api.check().await.unwrap();
    shop.0.tokens().revoke();
    assert!(matches!(api.check().await, Err(PeerError::Unauthorized { .. })));
    api.check().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn credentials_that_shopify_does_not_take_say_so() {
    for wrong in ["0123abcd:shpss_other", "0123abcd:", "with spaces:shpss_secret"] {
        let error = api(&shop(), wrong).check().await.unwrap_err();
        assert!(matches!(&error, PeerError::Unauthorized { .. }), "{wrong}: {error}");
        assert!(!error.to_string().contains("shpss"), "the secret stays out of the error");
    }
}
