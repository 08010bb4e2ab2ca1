//! Where requests go: to what the configuration names, and nowhere else.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use attacks::{CHANNELS, EMAIL, Letter, Logs, MARK, forbidden, held, peer::Talker};
use bytes::Bytes;
use crossdock::chain::{Chain, Timing};
use crossdock_channels::Api;
use crossdock_core::{Clock, Entropy, config::Config};
use crossdock_http::{Client, peer::Peer};
use crossdock_platform::{
    embedded::{Embedded, EmbeddedOptions},
    orders::Stage,
};
use flows::START;
use http::Response;
use jiff::SignedDuration;
use serde_json::{Value, json};
use simulators::{
    odoo,
    scenario::{Addresses, Channel, config_with_warehouses, config_yaml, secrets},
};

fn parsed(odoo: &str, shopify: &str) -> Result<Config, String> {
    crossdock_core::config::parse(&config_yaml(odoo, shopify, "https://woo.example"))
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

#[test]
fn an_address_that_is_more_than_a_host_and_a_path_is_refused() {
    for url in [
        "http://erp.example.com",
        "http://10.0.0.1",
        "http://169.254.169.254/latest",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost:80@evil.example",
        "http://127.0.0.1:80@evil.example/x",
        "http://localhost@evil.example",
        "http://[::1]@evil.example",
        "http://[::1].evil.example",
        "http://localhost\\\\@evil.example",
        "http://localhost#.evil.example",
        "http://localhost?.evil.example",
        "https://user:password@erp.example.com",
        "https://user@erp.example.com",
        "https://erp.example.com/?x=",
        "https://erp.example.com#",
        "https://erp.example.com/a b",
        "https://erp.example.com:99999",
        "https://erp.example.com:",
        "https://",
        "https:///x",
        "https://:443",
        "ftp://erp.example.com",
        "file:///etc/passwd",
        "gopher://erp.example.com",
        "javascript:alert(1)",
        "//erp.example.com",
        "erp.example.com",
        "",
    ] {
        for result in [parsed(url, "https://shop.example"), parsed("https://erp.example", url)] {
            let told = result.expect_err(url);
            assert!(!told.contains("password@"), "{told}");
        }
    }
}

#[test]
fn plain_http_is_for_this_machine_alone() {
    for url in ["https://erp.example.com", "https://erp.example.com:8443/odoo", "https://[2001:db8::1]"] {
        assert!(parsed(url, url).is_ok(), "{url}");
    }
    for url in ["http://localhost:8069", "http://127.0.0.1:8069/x", "http://[::1]:8069", "http://[::1]"] {
        assert!(parsed(url, url).is_ok(), "{url}");
    }
    let peers: [fn(&mut Addresses) -> &mut String; 7] = [
        |at| &mut at.odoo,
        |at| &mut at.shopify,
        |at| &mut at.woo,
        |at| &mut at.portal,
        |at| &mut at.houses[0],
        |at| &mut at.houses[1],
        |at| &mut at.houses[2],
    ];
    for peer in peers {
        let refused = |url: &str| {
            let mut addresses = Addresses::in_process();
            url.clone_into(peer(&mut addresses));
            crossdock_core::config::parse(&config_with_warehouses(&addresses)).err()
        };
        assert_eq!(refused("https://peer.example.com"), None);
        let told = refused("http://peer.example.com").expect("plain http to a partner");
        assert!(told[0].message.contains("must begin with https://"), "{told:?}");
    }
}

/// A host that nobody named: every request to it is a failure of the test.
fn trap() -> Talker {
    Talker::new(|_, _| None)
}

const EVIL: &str = "http://evil.in-process/x";

async fn chain(odoo: Arc<dyn Peer>, shop: Arc<dyn Peer>, trap: &Talker) -> Chain<Embedded> {
    let clock = Clock::tokio(START);
    let text = config_yaml("http://odoo.in-process", "http://shop.in-process", "http://woo.in-process");
    let config = crossdock_core::config::parse(&text).unwrap();
    let peers: [(String, Arc<dyn Peer>); 4] = [
        ("odoo.in-process".into(), odoo),
        ("shop.in-process".into(), shop.clone()),
        ("woo.in-process".into(), shop),
        ("evil.in-process".into(), Arc::new(trap.clone())),
    ];
    let client = Client::in_process(peers, clock.clone());
    let platform = Embedded::memory_with(EmbeddedOptions::plain(), clock, Entropy::seeded(1)).unwrap();
    for (name, versions) in secrets() {
        platform.set_secret(&name, versions);
    }
    Chain::new(platform, config, client, Timing::default()).await.unwrap()
}

fn odoo() -> odoo::Server {
    let clock = Clock::tokio(START);
    let now = Arc::new(move || clock.now());
    let latency = odoo::Latency::default();
    odoo::Server::demo_with(odoo::Config { version: odoo::Version::V18, now, latency })
}

#[tokio::test(start_paused = true)]
async fn no_address_in_a_webhook_is_ever_called() {
    let trap = trap();
    let erp = odoo();
    let chain = chain(Arc::new(erp.clone()), Arc::new(trap.clone()), &trap).await;
    let evil = format!("\"{EVIL}\"");
    let places: [(Channel, &[&str]); 3] = [
        (
            Channel::Shopify,
            &[
                "/order_status_url",
                "/landing_site",
                "/referring_site",
                "/checkout_url",
                "/note",
                "/line_items/0/title",
            ],
        ),
        (Channel::Woo, &["/payment_url", "/_links/self/0/href", "/customer_note", "/line_items/0/name"]),
        (Channel::Portal, &["/note", "/lines/0/name"]),
    ];
    for (channel, places) in places {
        let changes: Vec<(&str, &str)> = places.iter().map(|place| (*place, evil.as_str())).collect();
        let letter = Letter::with_raws(channel, &changes)
            .add("x-shopify-shop-domain", "evil.in-process")
            .set("x-wc-webhook-source", EVIL)
            .add("origin", EVIL)
            .add("referer", EVIL)
            .add("link", &format!("<{EVIL}>; rel=\"next\""));
        let answer = chain.receiver.handle(letter.request()).await;
        assert_eq!(answer.status(), 200, "{answer:?}");
    }
    chain.drain().await.unwrap();
    assert_eq!(erp.orders().len(), CHANNELS.len());
    assert_eq!(trap.asked(), Vec::<String>::new());
}

fn json_answer(body: &Value) -> Response<Bytes> {
    Response::builder()
        .header("link", format!("<{EVIL}>; rel=\"next\""))
        .header("x-wp-totalpages", "99999999")
        .header("location", EVIL)
        .header("content-location", EVIL)
        .body(Bytes::from(body.to_string()))
        .unwrap()
}

/// A shop whose every answer points elsewhere.
fn pointing() -> Talker {
    Talker::new(|path, _| {
        let page = json!({ "hasNextPage": false, "endCursor": EVIL });
        Some(if path.ends_with("graphql.json") {
            json_answer(
                &json!({ "data": { "orders": { "nodes": [], "pageInfo": page }, "order": null }, "next": EVIL }),
            )
        } else {
            json_answer(&json!([]))
        })
    })
}

#[tokio::test(start_paused = true)]
async fn no_link_in_a_shops_answer_is_followed() {
    let (trap, shop) = (trap(), pointing());
    let chain = chain(Arc::new(odoo()), Arc::new(shop.clone()), &trap).await;
    for (_, found) in chain.watcher.watch_all(START + SignedDuration::from_mins(14)).await {
        assert!(found.unwrap().complete);
    }
    assert_eq!(trap.asked(), Vec::<String>::new());
    let asked = shop.asked();
    assert!(!asked.is_empty() && asked.len() < 10, "{asked:?}");
    assert!(asked.iter().all(|asked| asked.contains(".in-process/") && !asked.contains("evil")), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_shop_that_says_our_credentials_back_does_not_bring_them_into_an_error() {
    let config = parsed("https://erp.example", "http://shop.in-process").unwrap();
    for mut channel in config.channels[..2].iter().cloned() {
        channel.url = Some("http://shop.in-process".into());
        let secret = secrets()[&channel.api_secret()][0].clone();
        let parts: Vec<String> = secret.split(':').map(str::to_owned).collect();
        for code in ["", "ACCESS_DENIED"] {
            let text = format!("bad token {} or {secret}\u{1b}[31m\n", parts.join(" "));
            let shop = Talker::new(move |_, _| {
                let error = json!([{ "message": text, "extensions": { "code": code } }]);
                Some(json_answer(&json!({ "errors": error, "code": text, "message": text })))
            });
            let peers: [(String, Arc<dyn Peer>); 1] = [("shop.in-process".into(), Arc::new(shop))];
            let client = Client::in_process(peers, Clock::tokio(START));
            let error = Api::new(client, &channel, &secret.clone().into()).check().await.unwrap_err();
            let told = format!("{error} {error:?}");
            assert_eq!(held(&told, &parts).next(), None, "{told}");
            assert!(!error.to_string().chars().any(char::is_control), "{told:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_odoo_says_of_a_customer_or_a_key_reaches_no_log_and_no_reason() {
    let key = secrets()["odoo/key"][0].clone();
    let debug = format!("Traceback (most recent call last):\n {key} {EMAIL} 1 {MARK} Street");
    let message = format!("The address {EMAIL} of {MARK} {MARK}son is taken ('odoo', 2, '{key}')\n{debug}");
    for (model, exception) in [
        ("res.partner", "odoo.exceptions.ValidationError"),
        ("sale.order", "odoo.exceptions.UserError"),
        ("sale.order", "psycopg2.errors.UniqueViolation"),
        ("res.partner", "builtins.KeyError"),
    ] {
        let erp = odoo();
        let message = message.clone();
        let debug = debug.clone();
        let liar = Talker::new(move |_, body| {
            let refused = body.contains(&format!("\"{model}\",\"load\""));
            let data = json!({ "name": exception, "message": message, "debug": debug });
            let error = json!({ "code": 200, "message": debug, "data": data });
            refused.then(|| json_answer(&json!({ "jsonrpc": "2.0", "id": 1, "error": error })))
        });
        let trap = trap();
        let chain = chain(Arc::new(liar.before(Arc::new(erp.clone()))), Arc::new(trap.clone()), &trap).await;
        let logs = Logs::listen();
        for channel in CHANNELS {
            chain.receiver.handle(Letter::good(channel).request()).await;
        }
        chain.drain().await.unwrap();
        let states = chain.book.all(None, 10).await.unwrap().0;
        assert!(states.iter().all(|state| state.stage == Stage::Parked), "{states:?}");
        let told = format!("{states:?}");
        assert_eq!(held(&told, &forbidden()).next(), None, "{model} {exception}: {told}");
        assert!(!told.contains("Traceback"), "{told}");
        assert_eq!(logs.faults(&forbidden()), Vec::<String>::new(), "{model} {exception}");
        assert_eq!(erp.confirmed(), 0);
    }
}
