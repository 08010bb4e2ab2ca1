//! How a change of a price shows, where no product was written.

use std::{collections::BTreeSet, time::Duration};

use crossdock_core::Sku;
use crossdock_odoo::{
    articles::{Reach, RuleChange, bases, rules_changed, skus_of},
    stock::{Stream, changed},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    target::Target,
    wares::{category, colours, list, rule, ware},
};

/// Odoo's times are whole seconds.
const SECOND: Duration = Duration::from_millis(1100);

async fn now(target: &Target) -> Timestamp {
    tokio::time::sleep(SECOND).await;
    target.user.0.now()
}

/// The changes of one pricelist's rules, read in pages of two.
async fn of_list(target: &Target, list: i64, from: Timestamp, until: Timestamp) -> Vec<RuleChange> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = rules_changed(&target.user.0, from, until, after, 2).await.expect("rules");
        all.extend(page.rules.into_iter().filter(|rule| rule.pricelist == list));
        match page.next {
            Some(next) => after = next,
            None => return all,
        }
    }
}

pub async fn a_rule_that_was_written_is_seen_with_what_it_is_about(target: &Target) {
    let list = list(target, "USD").await;
    let wares = colours(target, 10.0, &[("Red", 0.0), ("Blue", 0.0)]).await;
    let of = category(target, &format!("Category {}", target.fresh()), None).await;
    let old = rule(target, list, json!({ "fixed_price": 3.0 })).await;
    let from = now(target).await;
    let whole = |values: Value| rule(target, list, values);
    let variant = whole(json!({ "applied_on": "0_product_variant", "product_id": wares[0].product })).await;
    let template = whole(json!({ "applied_on": "1_product", "product_tmpl_id": wares[0].template })).await;
    let wide = whole(json!({ "applied_on": "2_product_category", "categ_id": of })).await;
    let until = now(target).await;
    let seen = of_list(target, list, from, until).await;
    let reaches: Vec<(i64, Reach)> = seen.iter().map(|rule| (rule.rule, rule.reach)).collect();
    let product = Reach::Product(wares[0].product);
    assert_eq!(
        reaches,
        [(variant, product), (template, Reach::Template(wares[0].template)), (wide, Reach::Wide)]
    );
    assert!(seen.iter().all(|rule| matches!(&rule.causes[..], [one] if one.contains("written"))), "{seen:?}");
    let again = of_list(target, list, from, until).await;
    assert_eq!(seen, again, "the same change has the same cause");
    target.admin().write("product.pricelist.item", old, json!({ "fixed_price": 4.0 })).await;
    let later = of_list(target, list, until, now(target).await).await;
    assert_eq!(later.iter().map(|rule| rule.rule).collect::<Vec<_>>(), [old]);
    let sku = |text: &str| Sku::new(text).expect("a SKU");
    let near = skus_of(&target.user.0, [product].into_iter()).await.expect("SKUs");
    assert_eq!(near, BTreeSet::from([sku(&wares[0].sku)]));
    let all = skus_of(&target.user.0, [Reach::Template(wares[0].template)].into_iter()).await.expect("SKUs");
    assert_eq!(all, BTreeSet::from([sku(&wares[0].sku), sku(&wares[1].sku)]));
}

pub async fn a_rule_is_seen_when_it_begins_and_after_it_has_ended(target: &Target) {
    let list = list(target, "USD").await;
    let at = |hours: i64| {
        let time = target.user.0.now() + SignedDuration::from_hours(hours);
        time.strftime("%Y-%m-%d %H:%M:%S").to_string()
    };
    let (begins, ends) = (at(48), at(96));
    let dated = json!({ "fixed_price": 3.0, "date_start": begins, "date_end": ends });
    let rule = rule(target, list, dated).await;
    let time = |text: &str| format!("{}Z", text.replace(' ', "T")).parse::<Timestamp>().expect("a time");
    let second = SignedDuration::from_secs(1);
    for (event, at, late) in [("begins", time(&begins), false), ("ends", time(&ends), true)] {
        let before = of_list(target, list, at - second * 60, at - second).await;
        let in_it = of_list(target, list, at - second * 60, at).await;
        let after = of_list(target, list, at - second * 60, at + second).await;
        assert_eq!((before.len(), in_it.len(), after.len()), (0, usize::from(!late), 1), "{event}");
        assert_eq!(after[0].rule, rule);
        assert!(after[0].causes[0].contains(event), "{after:?}");
    }
}

pub async fn a_pricelist_rests_on_others_and_its_time_moves_when_a_rule_is_taken_out(target: &Target) {
    let (top, middle, bottom) =
        (list(target, "USD").await, list(target, "USD").await, list(target, "USD").await);
    let on = |base: i64| json!({ "compute_price": "formula", "base": "pricelist", "base_pricelist_id": base, "price_discount": 1.0 });
    rule(target, top, on(middle)).await;
    rule(target, middle, on(bottom)).await;
    let last = rule(target, bottom, json!({ "fixed_price": 5.0 })).await;
    let company = target.world.company.id;
    let seen = async || bases(&target.user.0, company, top).await.expect("pricelists");
    let before = seen().await;
    assert_eq!(before.keys().copied().collect::<BTreeSet<_>>(), BTreeSet::from([top, middle, bottom]));
    now(target).await;
    // As Odoo's form writes it.
    target.admin().write("product.pricelist", bottom, json!({ "item_ids": [[2, last, 0]] })).await;
    let after = seen().await;
    assert_ne!(before[&bottom], after[&bottom]);
    assert_eq!((&before[&top], &before[&middle]), (&after[&top], &after[&middle]));
}

pub async fn a_template_that_was_written_shows_all_its_variants(target: &Target) {
    let wares = colours(target, 10.0, &[("Red", 0.0), ("Blue", 0.0)]).await;
    let other = ware(target, 1.0, json!({})).await;
    let from = now(target).await;
    target.admin().write("product.template", wares[0].template, json!({ "list_price": 12.0 })).await;
    let until = now(target).await;
    let page = changed(&target.user.0, Stream::Products, from, until, 0, 1000).await.expect("products");
    let seen = |product: i64| page.products.contains(&product);
    assert_eq!((seen(wares[0].product), seen(wares[1].product), seen(other.product)), (true, true, false));
}
