//! The check against simulated shops; Odoo's part has tests of its own, beside it.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use crossdock_core::{
    Clock, Entropy,
    config::{Config, parse},
};
use crossdock_http::{
    Client,
    peer::{Peer, PeerFuture},
};
use crossdock_odoo::check::{Finding, Level};
use crossdock_platform::embedded::Embedded;
use http::{Method, Request, Response, StatusCode};
use simulators::{
    scenario::{
        Addresses, HOUSES, Scenario, config_with_warehouses, config_yaml, secrets, warehouse_secrets,
    },
    shops::{shopify::Shop, woocommerce::Site},
};

use super::{Hooks, systems};

struct Shops {
    shopify: Shop,
    woo: Site,
}

impl Shops {
    fn new() -> Self {
        Self {
            shopify: Shop::new(Clock::System, "shpat_sample", "sample-client-secret"),
            woo: Site::new(Clock::System, "ck_sample:cs_sample", "sample-webhook-secret"),
        }
    }

    /// Every finding about the two shops, as level, area and text.
    async fn check(
        &self,
        secrets: BTreeMap<String, Vec<String>>,
        install_hooks: bool,
    ) -> Vec<(Level, String, String)> {
        self.check_with(Arc::new(self.woo.clone()), secrets, install_hooks, |_| {}).await
    }

    /// The same with something in front of one of the shops, and another configuration.
    async fn check_with(
        &self,
        woo: Arc<dyn Peer>,
        secrets: BTreeMap<String, Vec<String>>,
        install_hooks: bool,
        change: impl FnOnce(&mut Config),
    ) -> Vec<(Level, String, String)> {
        let peers: [(String, Arc<dyn Peer>); 2] =
            [("shopify.in-process".into(), Arc::new(self.shopify.clone())), ("woo.in-process".into(), woo)];
        let client = Client::in_process(peers, Clock::System);
        let platform = Embedded::memory(Clock::System, Entropy::seeded(1)).unwrap();
        for (name, versions) in secrets {
            platform.set_secret(&name, versions);
        }
        let yaml =
            config_yaml("http://odoo.in-process", "http://shopify.in-process", "http://woo.in-process");
        let mut config = parse(&format!("public_url: https://hooks.example.com\n{yaml}")).unwrap();
        change(&mut config);
        let hooks = if install_hooks { Hooks::Install } else { Hooks::Look };
        let found = systems(&platform, &client, &config, hooks).await;
        let text = |f: Finding| {
            (f.level, f.area.to_string(), format!("{} → {}", f.what, f.todo.unwrap_or_default()))
        };
        found.into_iter().map(text).collect()
    }
}

fn about<'a>(
    found: &'a [(Level, String, String)],
    area: &str,
    words: &str,
) -> Vec<&'a (Level, String, String)> {
    found.iter().filter(|(_, of, text)| of == area && text.contains(words)).collect()
}

#[tokio::test]
async fn an_odoo_that_is_not_there_does_not_keep_the_shops_from_being_looked_at() {
    let found = Shops::new().check(secrets(), false).await;
    assert_eq!(about(&found, "odoo", "cannot be reached")[0].0, Level::Fail);
    assert_eq!(about(&found, "woo-de", "answers and sells in EUR")[0].0, Level::Ok);
    assert_eq!(about(&found, "b2b", "the partner posts to https://hooks.example.com/hooks/b2b").len(), 1);
}

#[tokio::test]
async fn hooks_are_made_once_and_only_when_asked_for() {
    let shops = Shops::new();
    let looked = shops.check(secrets(), false).await;
    for shop in ["shopify-main", "woo-de"] {
        assert_eq!(about(&looked, shop, "no webhook leads to")[0].0, Level::Warn);
    }
    assert!(shops.shopify.subscriptions().is_empty() && shops.woo.webhooks().is_empty());

    let made = shops.check(secrets(), true).await;
    let count = about(&made, "woo-de", "was made, to https://hooks.example.com/hooks/woo-de").len();
    assert_eq!(count, shops.woo.webhooks().len());
    assert!(count > 0 && !about(&made, "shopify-main", "was made").is_empty(), "{made:#?}");

    let again = shops.check(secrets(), true).await;
    assert_eq!(about(&again, "woo-de", "was there").len(), count);
    assert!(again.iter().all(|(_, _, text)| !text.contains("was made")), "{again:#?}");
    assert_eq!(about(&shops.check(secrets(), false).await, "woo-de", "is alive").len(), count);
}

#[tokio::test]
async fn a_hook_that_the_shop_switched_off_is_a_warning_and_is_switched_on_again() {
    let shops = Shops::new();
    shops.check(secrets(), true).await;
    let first = shops.woo.webhooks()[0].0;
    for _ in 0..6 {
        shops.woo.delivered(first, StatusCode::INTERNAL_SERVER_ERROR);
    }
    let looked = shops.check(secrets(), false).await;
    assert_eq!(about(&looked, "woo-de", "is switched off")[0].0, Level::Warn);
    let mended = shops.check(secrets(), true).await;
    assert_eq!(about(&mended, "woo-de", "was switched on again").len(), 1);
}

#[tokio::test]
async fn a_wrong_key_fails_with_what_to_do_and_no_text_shows_it() {
    let mut secrets = secrets();
    secrets.insert("woo-de/api".into(), vec!["ck_wrong:cs_wrong".into()]);
    let found = Shops::new().check(secrets, false).await;
    assert_eq!(about(&found, "woo-de", "put a valid key")[0].0, Level::Fail);
    assert!(
        found.iter().all(|(_, _, text)| !text.contains("cs_wrong") && !text.contains("shpat")),
        "{found:#?}"
    );
}

/// A shop whose key may read alone.
struct ReadOnly(Site);

impl Peer for ReadOnly {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        if request.method() != Method::POST {
            return self.0.call(request);
        }
        let refusal = Response::builder().status(StatusCode::UNAUTHORIZED).body(Bytes::from_static(b"{}"));
        Box::pin(async move { Ok(refusal.unwrap()) })
    }
}

#[tokio::test]
async fn what_a_key_lacks_for_counts_is_said_of_channels_that_are_told_their_stock() {
    let sells = |config: &mut Config| {
        for channel in &mut config.channels {
            channel.stock = Some(serde_json::from_value(serde_json::json!({ "sources": [] })).unwrap());
        }
    };
    let shops = Shops::new();
    let may = shops.check_with(Arc::new(shops.woo.clone()), secrets(), false, sells).await;
    for shop in ["shopify-main", "woo-de"] {
        assert_eq!(about(&may, shop, "may change what it counts")[0].0, Level::Ok);
    }
    let read_only = Arc::new(ReadOnly(shops.woo.clone()));
    let may_not = shops.check_with(read_only.clone(), secrets(), false, sells).await;
    assert_eq!(about(&may_not, "woo-de", "the API key lacks write products")[0].0, Level::Fail);
    let not_told = shops.check_with(read_only, secrets(), false, |_| {}).await;
    assert!(about(&not_told, "woo-de", "write products").is_empty(), "{not_told:?}");
}

#[tokio::test]
async fn what_a_key_lacks_for_products_is_said_of_channels_that_have_a_catalogue() {
    let shows = |config: &mut Config| {
        for channel in &mut config.channels {
            channel.catalogue = Some(serde_json::from_str(r#"{ "pricelist": "List" }"#).unwrap());
        }
    };
    let shops = Shops::new();
    let may = shops.check_with(Arc::new(shops.woo.clone()), secrets(), false, shows).await;
    for shop in ["shopify-main", "woo-de"] {
        assert_eq!(about(&may, shop, "may change what it shows of products")[0].0, Level::Ok);
    }
    let read_only = Arc::new(ReadOnly(shops.woo.clone()));
    let may_not = shops.check_with(read_only, secrets(), false, shows).await;
    let found = about(&may_not, "woo-de", "its catalogue cannot be told: the API key lacks write products");
    assert_eq!(found[0].0, Level::Fail);
}

#[tokio::test]
async fn what_is_made_in_shopify_and_seen_in_no_sales_channel_is_a_warning() {
    let with = |create: bool| {
        move |config: &mut Config| {
            for channel in &mut config.channels {
                let policy = format!(r#"{{ "pricelist": "List", "create": {create} }}"#);
                channel.catalogue = Some(serde_json::from_str(&policy).unwrap());
            }
        }
    };
    let shops = Shops::new();
    let found = async |create: bool| {
        let all = shops.check_with(Arc::new(shops.woo.clone()), secrets(), false, with(create)).await;
        let about = all.into_iter().filter(|(_, _, text)| text.contains("sales channel"));
        about.map(|(level, area, text)| (level, area, text.contains("Online Store"))).collect::<Vec<_>>()
    };
    let one = |level: Level, named: bool| vec![(level, "shopify-main".to_owned(), named)];
    assert_eq!(found(false).await, []);
    assert_eq!(found(true).await, one(Level::Warn, false), "nobody may ask");
    shops.shopify.shelf.publish_by_itself(&[("Online Store", false), ("Point of Sale", false)]);
    assert_eq!(found(true).await, one(Level::Warn, false));
    shops.shopify.shelf.publish_by_itself(&[("Online Store", true), ("Point of Sale", false)]);
    assert_eq!(found(true).await, one(Level::Ok, true));
}

/// The findings about the warehouses of the sample, which are there, with one of the secrets in another's place.
async fn warehouses(wrong: Option<(&str, &str)>) -> Vec<(Level, String, String)> {
    let scenario = Scenario::build(1, 0, &Clock::System);
    let client = Client::in_process(scenario.peers(), Clock::System);
    let platform = Embedded::memory(Clock::System, Entropy::seeded(1)).unwrap();
    for (name, versions) in secrets().into_iter().chain(warehouse_secrets()) {
        platform.set_secret(&name, versions);
    }
    if let Some((name, value)) = wrong {
        platform.set_secret(name, vec![value.to_owned()]);
    }
    let yaml = config_with_warehouses(&Addresses::in_process());
    let config = parse(&format!("public_url: https://hooks.example.com\n{yaml}")).unwrap();
    let text =
        |f: Finding| (f.level, f.area.to_string(), format!("{} → {}", f.what, f.todo.unwrap_or_default()));
    systems(&platform, &client, &config, Hooks::Look).await.into_iter().map(text).collect()
}

#[tokio::test]
async fn warehouses_that_know_us_are_well_and_are_told_where_to_call() {
    let found = warehouses(None).await;
    for house in HOUSES {
        let post = format!("the warehouse posts to https://hooks.example.com/hooks/{house}");
        for words in ["/webhook is set", "/api is set", "answers, and knows us", post.as_str()] {
            assert_eq!(about(&found, house, words).len(), 1, "{house}: {words}: {found:#?}");
        }
    }
    assert_eq!(about(&found, "easypost", "posts to https://hooks.example.com/hooks/easypost").len(), 1);
    let areas: Vec<&str> = found.iter().map(|(_, area, _)| area.as_str()).collect();
    let first = |area: &str| areas.iter().position(|of| *of == area).unwrap();
    assert!(first("b2b") < first("east") && first("south") < first("easypost"), "{areas:?}");
}

#[tokio::test]
async fn a_warehouse_that_does_not_know_us_fails_with_what_to_do_and_without_the_secret() {
    let key = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (name, value) in [("east/api", key), ("west/api", "another refresh token")] {
        let found = warehouses(Some((name, value))).await;
        let house = name.split('/').next().unwrap();
        let failed = about(&found, house, "put valid credentials into the warehouse's API secret");
        assert_eq!(
            failed.iter().map(|(level, _, _)| *level).collect::<Vec<_>>(),
            [Level::Fail],
            "{found:#?}"
        );
        assert!(found.iter().all(|(_, _, text)| !text.contains(value)), "{found:#?}");
        assert_eq!(about(&found, "south", "answers, and knows us").len(), 1, "the others are looked at");
    }
}
