//! The check against simulated shops; Odoo's part has tests of its own, beside it.

use std::{collections::BTreeMap, sync::Arc};

use crossdock_core::{Clock, Entropy, config::parse};
use crossdock_http::{Client, peer::Peer};
use crossdock_odoo::check::{Finding, Level};
use crossdock_platform::embedded::Embedded;
use http::StatusCode;
use simulators::{
    scenario::{config_yaml, secrets},
    shops::{shopify::Shop, woocommerce::Site},
};

use super::systems;

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
        let peers: [(String, Arc<dyn Peer>); 2] = [
            ("shopify.in-process".into(), Arc::new(self.shopify.clone())),
            ("woo.in-process".into(), Arc::new(self.woo.clone())),
        ];
        let client = Client::in_process(peers, Clock::System);
        let platform = Embedded::memory(Clock::System, Entropy::seeded(1)).unwrap();
        for (name, versions) in secrets {
            platform.set_secret(&name, versions);
        }
        let yaml =
            config_yaml("http://odoo.in-process", "http://shopify.in-process", "http://woo.in-process");
        let config = parse(&format!("public_url: https://hooks.example.com\n{yaml}")).unwrap();
        let found = systems(&platform, &client, &config, install_hooks).await;
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
