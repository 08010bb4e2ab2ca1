//! From a product or a price in Odoo to what the channels show.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::{
    catalogue::Field,
    config::{ChannelKind, Config, OdooRef, TaxClassRule},
};
use flows::{
    Flow,
    shelves::{calls, price_in_odoo, shown, write},
};
use serde_json::json;
use simulators::shops::{Fault, FaultKind};

/// In the shops' own digits; the WooCommerce shop sells in EUR, at 0.9 of a dollar.
fn all(usd: &str, eur: &str, plain: &str) -> [Option<String>; 3] {
    [usd, eur, plain].map(|price| Some(price.to_owned()))
}

fn rule(flow: &Flow, list: &str, values: serde_json::Value) -> i64 {
    flow.odoo.seed(|seed| {
        let list = seed.find("product.pricelist", "name", list);
        let mut rule =
            json!({ "pricelist_id": list, "applied_on": "3_global", "compute_price": "percentage" });
        rule.as_object_mut().unwrap().extend(values.as_object().unwrap().clone());
        seed.record("product.pricelist.item", rule)
    })
}

#[tokio::test(start_paused = true)]
async fn a_new_channel_is_told_every_price_at_once_and_a_changed_one_with_the_next_look() {
    let (flow, _, shops) = shown(|_| {}).await;
    flow.watch().await;
    assert_eq!(shops.prices("CD-1"), all("10.00", "9", "10"));
    assert_eq!(shops.prices("CD-2"), all("20.00", "18", "20"));
    flow.rest().await;
    price_in_odoo(&flow, "CD-1", 12.5);
    flow.watch().await;
    assert_eq!(shops.prices("CD-1"), all("12.50", "11.25", "12.5"));
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_shown_already_is_not_written() {
    let (flow, _, shops) = shown(|_| {}).await;
    flow.watch().await;
    let before = calls(&shops);
    flow.rest().await;
    write(&flow, "CD-1", json!({ "description_sale": "Says nothing new of the price." }));
    flow.rest().await;
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    flow.watch().await;
    assert_eq!(calls(&shops), before);
}

#[tokio::test(start_paused = true)]
async fn a_rule_reaches_its_product_or_everything_and_only_the_channels_of_its_pricelist() {
    let (flow, _, shops) = shown(|_| {}).await;
    flow.watch().await;
    flow.rest().await;
    let product = flow.odoo.seed(|seed| seed.find("product.product", "default_code", "CD-1"));
    rule(
        &flow,
        "USD list",
        json!({ "applied_on": "0_product_variant", "product_id": product, "percent_price": 10.0 }),
    );
    flow.watch().await;
    assert_eq!(shops.prices("CD-1"), all("9.00", "9", "9"));
    assert_eq!(shops.prices("CD-2"), all("20.00", "18", "20"));
    rule(&flow, "EUR list", json!({ "percent_price": 50.0 }));
    flow.watch().await;
    assert_eq!(shops.prices("CD-1"), all("9.00", "4.5", "9"));
    assert_eq!(shops.prices("CD-2"), all("20.00", "9", "20"));
}

#[tokio::test(start_paused = true)]
async fn a_price_that_the_shop_takes_late_does_not_stand_over_the_newer_one() {
    let (flow, _, shops) = shown(|_| {}).await;
    flow.watch().await;
    flow.rest().await;
    shops.woo.faults.inject(Fault { times: 1, kind: FaultKind::Late(Duration::from_secs(70)) });
    price_in_odoo(&flow, "CD-1", 30.0);
    flow.watch().await;
    price_in_odoo(&flow, "CD-1", 40.0);
    flow.watch().await;
    assert_eq!(shops.prices("CD-1"), all("40.00", "36", "40"));
    flow.pass(1).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(shops.prices("CD-1"), all("40.00", "27", "40"), "the first request is done after the second");
    flow.pass(3).await;
    assert_eq!(shops.prices("CD-1"), all("40.00", "36", "40"));
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_is_taken_out_shows_by_its_pricelist() {
    let (flow, _, shops) = shown(|_| {}).await;
    let rule = rule(&flow, "USD list", json!({ "percent_price": 10.0 }));
    flow.watch().await;
    flow.rest().await;
    assert_eq!(shops.prices("CD-1")[0].as_deref(), Some("9.00"));
    // As Odoo's form does it.
    let list = flow.odoo.seed(|seed| seed.find("product.pricelist", "name", "USD list"));
    flow.odoo.by_hand_write("product.pricelist", list, &json!({ "item_ids": [[2, rule, 0]] })).unwrap();
    flow.watch().await;
    assert_eq!(shops.prices("CD-1")[0].as_deref(), Some("10.00"));
}

#[tokio::test(start_paused = true)]
async fn a_dated_price_begins_and_ends_by_itself() {
    let (flow, _, shops) = shown(|_| {}).await;
    flow.watch().await;
    flow.rest().await;
    let at = |minutes: i64| {
        let time = flow.chain.book.now() + jiff::SignedDuration::from_mins(minutes);
        time.strftime("%Y-%m-%d %H:%M:%S").to_string()
    };
    rule(&flow, "USD list", json!({ "percent_price": 50.0, "date_start": at(60), "date_end": at(120) }));
    flow.rest().await;
    assert_eq!(shops.prices("CD-1")[0].as_deref(), Some("10.00"), "not yet");
    tokio::time::sleep(Duration::from_secs(60 * 60)).await;
    flow.watch().await;
    assert_eq!(shops.prices("CD-1")[0].as_deref(), Some("5.00"));
    tokio::time::sleep(Duration::from_secs(60 * 60)).await;
    flow.rest().await;
    assert_eq!(shops.prices("CD-1")[0].as_deref(), Some("10.00"));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_or_a_shop_that_is_down_costs_time_and_nothing_else() {
    for kind in [FaultKind::Lost, FaultKind::Status(502), FaultKind::Status(429)] {
        let (flow, _, shops) = shown(|_| {}).await;
        flow.watch().await;
        flow.rest().await;
        for faults in [&shops.shopify.faults, &shops.woo.faults, &shops.portal.faults] {
            faults.inject(Fault { times: 2, kind: kind.clone() });
        }
        price_in_odoo(&flow, "CD-1", 15.0);
        flow.watch().await;
        flow.pass(20).await;
        assert_eq!(shops.prices("CD-1"), all("15.00", "13.5", "15"), "{kind:?}");
        assert!(flow.parked_beside().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn what_odoo_does_not_sell_any_more_is_hidden_where_the_channel_may_and_shown_again() {
    let (flow, _, shops) = shown(|config| {
        for channel in &mut config.channels {
            if let Some(policy) = &mut channel.catalogue {
                policy.archive = true;
                policy.update.insert(Field::Offered);
            }
        }
    })
    .await;
    flow.watch().await;
    let states = || [&shops.shopify.shelf, &shops.woo.shelf].map(|shelf| shelf.of("CD-1").remove(0).status);
    assert_eq!(states(), [None, None]);
    write(&flow, "CD-1", json!({ "sale_ok": false }));
    flow.watch().await;
    assert_eq!(states(), ["ARCHIVED", "draft"].map(|state| Some(state.to_owned())));
    write(&flow, "CD-1", json!({ "sale_ok": true }));
    flow.watch().await;
    assert_eq!(states(), [None, None]);
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_dry_run_shows_each_difference_and_changes_nothing() {
    let (flow, _, shops) = shown(|_| {}).await;
    shops.shopify.shelf.put("CD-2", &[]);
    let show = async |json: bool| {
        let mut out = Vec::new();
        let only = "shopify".parse().unwrap();
        let sound =
            crossdock::catalogue::show(&mut out, &flow.chain.catalogue, Some(&only), json).await.unwrap();
        (sound, String::from_utf8(out).unwrap())
    };
    let before = calls(&shops);
    let (sound, text) = show(false).await;
    assert!(!sound, "a SKU is there twice");
    assert!(text.contains("shopify  CD-1  change price 0 → 10\n"), "{text}");
    assert!(text.contains("shopify  CD-2  Two articles of the channel have this SKU"), "{text}");
    assert!(text.contains("shopify  CD-3  The channel has no article with this SKU"), "{text}");
    assert!(
        text.ends_with("shopify: 0 right, 0 to make, 1 to change, 0 to hide, 19 for a person\n"),
        "{text}"
    );
    let (_, lines) = show(true).await;
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(
        first["action"],
        json!({ "do": "update", "fields": { "price": { "now": "0", "wanted": "10" } } })
    );
    assert_eq!(calls(&shops), before);
}

#[tokio::test(start_paused = true)]
async fn a_sale_by_a_second_pricelist_is_struck_out_and_over_when_it_is_over() {
    let (flow, _, shops) = shown(|config| {
        for channel in &mut config.channels {
            if let Some(policy) = &mut channel.catalogue {
                let before = if channel.id.as_str() == "woo" { "EUR before" } else { "USD before" };
                policy.compare_at = Some(crossdock_core::config::OdooRef::Name(before.into()));
                policy.update.insert(Field::CompareAt);
            }
        }
    })
    .await;
    flow.odoo.seed(|seed| {
        seed.pricelist("USD before", "USD", None);
        seed.pricelist("EUR before", "EUR", None);
    });
    let other =
        |sku: &str| [&shops.shopify.shelf, &shops.woo.shelf].map(|shelf| shelf.of(sku).remove(0).other_price);
    flow.watch().await;
    assert_eq!((other("CD-1"), shops.prices("CD-1")), ([None, None], all("10.00", "9", "10")));
    flow.rest().await;
    let rules = ["USD list", "EUR list"].map(|list| rule(&flow, list, json!({ "percent_price": 50.0 })));
    flow.watch().await;
    let some = |prices: [&str; 2]| prices.map(|price| Some(price.to_owned()));
    // WooCommerce calls the price that is struck out its own, and ours the sale's.
    assert_eq!((other("CD-1"), shops.prices("CD-1")), (some(["10.00", "4.5"]), all("5.00", "9", "5")));
    flow.rest().await;
    for (rule, list) in rules.into_iter().zip(["USD list", "EUR list"]) {
        let list = flow.odoo.seed(|seed| seed.find("product.pricelist", "name", list));
        flow.odoo.by_hand_write("product.pricelist", list, &json!({ "item_ids": [[2, rule, 0]] })).unwrap();
    }
    flow.watch().await;
    assert_eq!((other("CD-1"), shops.prices("CD-1")), ([None, None], all("10.00", "9", "10")));
    assert!(flow.parked_beside().await.is_empty());
}

/// What Shopify, WooCommerce and the partner call the tax of 15 % and that of 10 %.
fn taxing(config: &mut Config) {
    for channel in &mut config.channels {
        let Some(policy) = &mut channel.catalogue else { continue };
        let [first, second] = match channel.kind {
            ChannelKind::Shopify => ["taxable"; 2],
            ChannelKind::Woocommerce => ["standard", "reduced-rate"],
            ChannelKind::Standard => ["Normal", "Reduced"],
        };
        let rule = |(tax, class): (&str, &str)| TaxClassRule {
            odoo: OdooRef::Name(tax.to_owned()),
            class: class.to_owned(),
        };
        policy.tax_classes = [("15%", first), ("CD 10% excl", second)].map(rule).into();
        policy.untaxed_class = Some("exempt".into());
        policy.update.insert(Field::TaxClass);
    }
}

#[tokio::test(start_paused = true)]
async fn a_tax_class_follows_the_products_taxes_and_stays_where_no_rule_names_them() {
    let (flow, _, shops) = shown(taxing).await;
    let told = || {
        let (shopify, woo) = (shops.shopify.shelf.of("CD-1").remove(0), shops.woo.shelf.of("CD-1").remove(0));
        let woo = [woo.tax_status, woo.tax_class].map(Option::unwrap_or_default);
        (shopify.untaxed, woo, shops.portal.parts("tax_class").remove("CD-1").unwrap_or_default())
    };
    let all =
        |untaxed: bool, woo: [&str; 2], portal: &str| (untaxed, woo.map(str::to_owned), portal.to_owned());
    let taxed = |names: &[&str]| {
        let tax = |name: &&str| flow.odoo.seed(|seed| seed.find("account.tax", "name", name));
        let taxes: Vec<i64> = names.iter().map(tax).collect();
        write(&flow, "CD-1", json!({ "taxes_id": [[6, 0, taxes]] }));
    };
    flow.watch().await;
    flow.rest().await;
    assert_eq!(told(), all(false, ["", ""], "Normal"), "what the shops have already is not written");
    taxed(&["CD 10% excl"]);
    let (mut out, woo) = (Vec::new(), "woo".parse().unwrap());
    crossdock::catalogue::show(&mut out, &flow.chain.catalogue, Some(&woo), false).await.unwrap();
    let shown = String::from_utf8(out).unwrap();
    assert!(shown.contains("woo  CD-1  change tax_class \"standard\" → \"reduced-rate\"\n"), "{shown}");
    flow.watch().await;
    assert_eq!(told(), all(false, ["taxable", "reduced-rate"], "Reduced"));
    taxed(&[]);
    flow.watch().await;
    assert_eq!(told(), all(true, ["none", "reduced-rate"], "exempt"));
    flow.rest().await;
    let before = calls(&shops);
    for taxes in [&["CD 0%"][..], &["15%", "CD 10% excl"], &["15%", "CD 0%"]] {
        taxed(taxes);
        flow.watch().await;
        flow.rest().await;
    }
    // Shopify calls both the same.
    assert_eq!(told(), all(false, ["none", "reduced-rate"], "exempt"));
    assert_eq!(calls(&shops), before + 1);
    taxed(&["15%"]);
    flow.watch().await;
    assert_eq!(told(), all(false, ["taxable", ""], "Normal"));
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_partner_is_told_the_unit_in_its_language_and_a_shop_nothing_of_it() {
    let (flow, _, shops) = shown(|config| {
        for policy in config.channels.iter_mut().filter_map(|channel| channel.catalogue.as_mut()) {
            policy.language = Some("de_DE".into());
            policy.update.insert(Field::Unit);
        }
    })
    .await;
    flow.odoo.seed(|seed| {
        seed.language("de_DE", "German / Deutsch");
        seed.translate("uom.uom", 1, "name", "de_DE", "Einheiten");
    });
    flow.watch().await;
    flow.rest().await;
    let unit = || shops.portal.parts("unit").remove("CD-1");
    assert_eq!(unit().as_deref(), Some("Einheiten"));
    let before = calls(&shops);
    write(&flow, "CD-1", json!({ "uom_id": 2 }));
    flow.watch().await;
    assert_eq!(unit().as_deref(), Some("Dozens"), "nobody translated it");
    assert_eq!(calls(&shops), before + 1, "one message, and none to the shops");
    assert!(flow.parked_beside().await.is_empty());
}

fn by_price_list(config: &mut crossdock_core::config::Config) {
    let shopify = config.channels.iter_mut().find(|channel| channel.id.as_str() == "shopify").unwrap();
    let policy = shopify.catalogue.as_mut().unwrap();
    policy.price_list = Some("gid://shopify/PriceList/1".into());
    policy.update.insert(Field::Steps);
}

/// From 10 pieces on a piece costs a tenth less, and from 100 on half.
fn steps(flow: &Flow) -> [i64; 2] {
    [(10.0, 10.0), (100.0, 50.0)].map(|(from, percent): (f64, f64)| {
        rule(flow, "USD list", json!({ "min_quantity": from, "percent_price": percent }))
    })
}

#[tokio::test(start_paused = true)]
async fn whatever_answer_of_shopify_is_lost_its_price_list_ends_as_odoo_has_it() {
    for lost in 0..8 {
        let (flow, _, shops) = shown(by_price_list).await;
        steps(&flow);
        if lost > 0 {
            shops.shopify.faults.inject(Fault { times: lost, kind: FaultKind::Slow(Duration::ZERO) });
        }
        shops.shopify.faults.inject(Fault { times: 1, kind: FaultKind::Lost });
        flow.watch().await;
        flow.pass(10).await;
        let one = shops.shopify.shelf.of("CD-1").remove(0);
        let breaks = [(10, "9.00".to_owned()), (100, "5.00".to_owned())];
        assert_eq!((one.list_price.as_deref(), one.breaks), (Some("10.00"), breaks.into()), "{lost}");
        assert!(flow.parked_beside().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn prices_from_a_quantity_on_are_a_price_lists_of_shopify_and_rest_on_the_price_of_one() {
    let (flow, _, shops) = shown(by_price_list).await;
    let listed = |sku: &str| {
        let one = shops.shopify.shelf.of(sku).remove(0);
        (one.list_price, one.breaks.into_iter().collect::<Vec<_>>())
    };
    let some = |of_one: &str, breaks: &[(u64, &str)]| {
        (Some(of_one.to_owned()), breaks.iter().map(|(from, price)| (*from, (*price).to_owned())).collect())
    };
    let rules = steps(&flow);
    flow.watch().await;
    assert_eq!(listed("CD-1"), some("10.00", &[(10, "9.00"), (100, "5.00")]));
    assert_eq!(listed("CD-2"), some("20.00", &[(10, "18.00"), (100, "10.00")]));
    assert!(flow.parked_beside().await.is_empty());
    flow.rest().await;
    // The price of one piece alone is another one: steps that stand by themselves are the same.
    let before = shops.shopify.faults.calls().len();
    shops.shopify.shelf.change("CD-2", |article| article.list_price = Some("1.00".into()));
    write(&flow, "CD-2", json!({ "barcode": "4006381333931" }));
    flow.watch().await;
    assert_eq!(listed("CD-2").0.as_deref(), Some("20.00"), "what a person wrote on the list is written anew");
    flow.rest().await;
    let told = |calls: &[simulators::shops::Call]| {
        calls
            .iter()
            .filter(|call| String::from_utf8_lossy(&call.body).contains("CatalogueBreaksUpdate"))
            .count()
    };
    assert_eq!(told(&shops.shopify.faults.calls()[before..]), 1, "and what is right is not");
    let list = flow.odoo.seed(|seed| seed.find("product.pricelist", "name", "USD list"));
    for rule in rules {
        flow.odoo.by_hand_write("product.pricelist", list, &json!({ "item_ids": [[2, rule, 0]] })).unwrap();
    }
    flow.watch().await;
    flow.pass(3).await;
    assert_eq!([listed("CD-1"), listed("CD-2")], [(None, vec![]), (None, vec![])]);
    assert!(flow.parked_beside().await.is_empty());
}
