//! What shops show, against Odoo's products and prices.

use std::collections::BTreeMap;

use crossdock_core::{
    catalogue::Field,
    config::ChannelKind,
    difference::{DifferenceKind, Healing},
};
use crossdock_platform::reconciliation::Count;
use flows::{
    shelves::{making, shown},
    shops::LOCATION,
};

use crate::{counts, reconciled, told};

/// A run that only looks leaves what the shops show; one that may mend one thing mends one.
#[tokio::test(start_paused = true)]
async fn a_price_or_a_text_that_somebody_changed_at_a_shop_is_found_and_set_right() {
    let (flow, _, shops) = shown(|config| {
        making(config);
        config.reconcile.heal = [(Healing::Catalogue, 2)].into();
        for policy in config.channels.iter_mut().filter_map(|channel| channel.catalogue.as_mut()) {
            policy.update.insert(Field::Title);
        }
    })
    .await;
    flow.watch().await;
    flow.rest().await;
    assert_eq!(counts(&reconciled(&flow, true).await), [], "all is as it should be");
    shops.shopify.shelf.change("CD-1", |article| article.price = Some("8.50".into()));
    shops.woo.shelf.change("CD-2", |article| article.title = Some("Sale!".into()));
    shops.woo.shelf.remove("CD-3");
    let run = reconciled(&flow, false).await;
    let kinds =
        [DifferenceKind::PriceDiffers, DifferenceKind::ArticleDiffers, DifferenceKind::ArticleMissing];
    assert_eq!(counts(&run), kinds.map(|kind| (kind, 1, 0)));
    let kept = run.slices.iter().flat_map(|slice| &slice.kept);
    let said: BTreeMap<&str, &str> = kept.map(|one| (one.subject.as_str(), one.detail.as_str())).collect();
    assert_eq!(
        Vec::from_iter(said),
        [
            ("shopify/CD-1", "it asks 8.5, 10 is its price"),
            ("woo/CD-2", "other than in Odoo: title"),
            ("woo/CD-3", "the shop does not have it"),
        ]
    );
    assert_eq!(shops.prices("CD-1")[0].as_deref(), Some("8.50"), "it only looked");
    let run = reconciled(&flow, true).await;
    assert_eq!(run.counts().values().map(|count| count.healed).sum::<u64>(), 2, "{run:?}");
    let run = reconciled(&flow, true).await;
    assert_eq!(
        counts(&run).into_iter().map(|(_, found, healed)| (found, healed)).collect::<Vec<_>>(),
        [(1, 1)],
        "{run:?}"
    );
    assert_eq!(shops.prices("CD-1")[0].as_deref(), Some("10.00"));
    assert_eq!(counts(&reconciled(&flow, true).await), []);
}

#[tokio::test(start_paused = true)]
async fn a_tax_class_that_somebody_changed_at_a_shop_is_found_and_set_right() {
    let (flow, _, shops) = shown(|config| {
        making(config);
        for channel in config.channels.iter_mut().filter(|channel| channel.has_api()) {
            let Some(policy) = &mut channel.catalogue else { continue };
            let class = if channel.kind == ChannelKind::Shopify { "taxable" } else { "standard" };
            let rule = serde_json::json!({ "odoo": "15%", "class": class });
            policy.tax_classes = vec![serde_json::from_value(rule).expect("a rule")];
            policy.update.insert(Field::TaxClass);
        }
    })
    .await;
    flow.watch().await;
    flow.rest().await;
    shops.shopify.shelf.change("CD-1", |article| article.untaxed = true);
    shops.woo.shelf.change("CD-2", |article| article.tax_class = Some("zero-rate".into()));
    let run = reconciled(&flow, true).await;
    assert_eq!(counts(&run), [(DifferenceKind::ArticleDiffers, 2, 2)]);
    let kept = run.slices.iter().flat_map(|slice| &slice.kept);
    assert!(
        kept.map(|one| one.detail.as_str()).all(|said| said == "other than in Odoo: tax_class"),
        "{run:?}"
    );
    assert!(!shops.shopify.shelf.of("CD-1")[0].untaxed);
    assert_eq!(shops.woo.shelf.of("CD-2")[0].tax_class.as_deref(), Some(""));
    assert_eq!(counts(&reconciled(&flow, true).await), []);
}

/// More of them than one page of the shops: on the second as well as on the first.
#[tokio::test(start_paused = true)]
async fn an_article_that_no_product_in_odoo_is_is_reported_and_nothing_else_of_the_shop() {
    let (flow, shops) = told(|_| {}).await;
    for number in 0..30 {
        shops.list(&format!("CD-{}", 3 + number % 17));
        shops.woo.shelf.put(&format!("STRAY-{number}"), &[("", 1)]);
    }
    shops.shopify.shelf.put("STRAY-0", &[(LOCATION, 1)]);
    shops.shopify.shelf.put("HIDDEN", &[(LOCATION, 1)]);
    shops.shopify.shelf.change("HIDDEN", |article| article.status = Some("DRAFT".into()));
    shops.woo.shelf.put("crossdock-0123456789ab", &[]);
    let run = reconciled(&flow, true).await;
    assert_eq!(run.counts()[&DifferenceKind::ArticleUnknown], Count { found: 31, healed: 0 });
    let mut subjects: Vec<&str> = run
        .slices
        .iter()
        .flat_map(|slice| &slice.kept)
        .filter(|one| one.kind == DifferenceKind::ArticleUnknown)
        .map(|one| one.subject.as_str())
        .collect();
    subjects.sort_unstable();
    assert_eq!((subjects[0], subjects.last()), ("shopify/STRAY-0", Some(&"woo/STRAY-9")));
}

#[tokio::test(start_paused = true)]
async fn an_article_that_the_channel_is_to_leave_alone_is_reported_by_no_night() {
    let (flow, shops) = told(|config| {
        for channel in config.channels.iter_mut().filter(|channel| channel.stock.is_some()) {
            let policy = channel.stock.as_mut().expect("a policy");
            policy.exclude.insert("STRAY-0".parse().expect("a SKU"));
            if channel.id.as_str() == "woo" {
                policy.exclude.insert("CD-STRAY".parse().expect("a SKU"));
                let shown = r#"{ "pricelist": "EUR list", "sku_prefix": "CD-" }"#;
                channel.catalogue = Some(serde_json::from_str(shown).expect("a policy"));
            }
        }
    })
    .await;
    for sku in ["STRAY-0", "STRAY-1", "CD-STRAY"] {
        shops.shopify.shelf.put(sku, &[(LOCATION, 1)]);
        shops.woo.shelf.put(sku, &[("", 1)]);
    }
    let run = reconciled(&flow, true).await;
    let strangers = run.slices.iter().flat_map(|slice| &slice.kept);
    let mut subjects: Vec<&str> = strangers
        .filter(|one| one.kind == DifferenceKind::ArticleUnknown)
        .map(|one| one.subject.as_str())
        .collect();
    subjects.sort_unstable();
    let shown = "woo/CD-STRAY";
    assert_eq!(subjects, ["shopify/CD-STRAY", "shopify/STRAY-1", shown, "woo/STRAY-1"], "one is still shown");
}
