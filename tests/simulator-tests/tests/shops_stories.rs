//! Forty orders tell every story, and the judge sees what went wrong.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{collections::BTreeMap, time::Duration};

use crossdock_core::Clock;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;
use simulators::{
    scenario::{Delivery, Expected, Kind, Scenario, Seen, judge},
    shops::{Paid, Sale},
};

const START: Timestamp = Timestamp::constant(1_795_500_000, 0);

/// Every version that stands at the end, of every shop.
async fn sales(scenario: &Scenario) -> Vec<Sale> {
    tokio::time::sleep(Duration::from_secs(3600)).await;
    [scenario.shopify.orders(), scenario.woo.orders(), scenario.portal.orders()].concat()
}

#[tokio::test(start_paused = true)]
async fn forty_orders_hold_every_kind_of_order_whatever_the_seed() {
    for seed in 0..20 {
        let scenario = Scenario::build(seed, 40, &Clock::tokio(START));
        let sales = sales(&scenario).await;
        assert_eq!(sales.len(), 40);
        let any = |what: &str, is: &dyn Fn(&Sale) -> bool| {
            assert!(sales.iter().any(is), "seed {seed} has no {what}");
        };
        any("percentage discount", &|s| s.goods.iter().all(|g| g.discount * Decimal::TEN >= g.subtotal()));
        any("order discount", &|s| {
            s.goods.iter().map(|goods| goods.discount).sum::<Decimal>() == Decimal::new(500, 2)
        });
        any("fee", &|s| s.fee.is_some());
        any("taxed shipping", &|s| !s.shipping_tax().is_zero());
        any("order with taxes included", &|s| s.tax_included);
        any("order with taxes on top", &|s| !s.tax_included);
        any("free line", &|s| s.goods.iter().any(|g| g.price.is_zero()));
        any("gift card", &|s| !s.gift_card.is_zero());
        any("order in euros at the dollar shop", &|s| s.id > 4_000_000 && s.currency == "EUR");
        any("company with a tax number", &|s| s.buyer.company.is_some() && s.buyer.vat.is_some());
        any("guest", &|s| s.buyer.id.is_none());
        any("long order", &|s| s.goods.len() == 30);
        any("order on terms", &|s| s.paid == Paid::Terms);
        any("name in another script", &|s| !s.buyer.first.is_ascii());
        let mut by_account: BTreeMap<(bool, u64), Vec<&Sale>> = BTreeMap::new();
        for sale in &sales {
            if let Some(account) = sale.buyer.id {
                by_account.entry((sale.id > 4_000_000, account)).or_default().push(sale);
            }
        }
        assert!(by_account.values().any(|of| of.len() > 1), "seed {seed}: nobody returns");
        for of in by_account.values() {
            assert!(of.iter().all(|sale| sale.buyer.first == of[0].buyer.first), "one account, one name");
        }
        reasons_and_deliveries(seed, &scenario);
    }
}

fn reasons_and_deliveries(seed: u64, scenario: &Scenario) {
    for reason in [
        "payment_not_acceptable",
        "unknown_sku",
        "missing_sku",
        "shipping_unmapped",
        "tax_unmapped",
        "arithmetic_inconsistent",
        "no_pricelist",
        "test_order",
        "unreadable",
    ] {
        let parked = Expected::Parked { reason };
        assert!(scenario.expected.values().any(|e| *e == parked), "seed {seed} has no {reason}");
    }
    let cancelled = scenario.expected.values().filter(|e| **e == Expected::NotConfirmed).count();
    assert_eq!(cancelled, 2, "soon and later");
    for kind in [Kind::First, Kind::Duplicate, Kind::Late, Kind::Forged, Kind::Ping] {
        assert!(scenario.deliveries.iter().any(|d| d.kind == kind), "seed {seed} has no {kind:?}");
    }
    assert!(scenario.deliveries.is_sorted_by_key(|delivery| delivery.at));
    assert!(scenario.deliveries.iter().all(|delivery| delivery.at <= Duration::from_secs(15 * 60)));
    for delivery in scenario.deliveries.iter().filter(|delivery| delivery.kind == Kind::Forged) {
        let order: Value = serde_json::from_slice(&delivery.body).unwrap();
        let key = format!("{}/{}", delivery.channel, order["id"]);
        assert!(!scenario.expected.contains_key(&key), "a forged order is none of the shop's");
    }
}

/// What the shops' APIs show moves with the clock: an order is there once it was placed, and changes when
/// its change comes.
#[tokio::test(start_paused = true)]
async fn the_shops_show_what_stands_at_the_time() {
    let scenario = Scenario::build(1, 200, &Clock::tokio(START));
    let count = |scenario: &Scenario| scenario.shopify.orders().len();
    let cancelled = |scenario: &Scenario| scenario.shopify.orders().iter().filter(|s| s.cancelled).count();
    let early = count(&scenario);
    tokio::time::sleep(Duration::from_secs(300)).await;
    let (all, soon) = (count(&scenario), cancelled(&scenario));
    assert!(early < 10 && all > 60, "{early} at first, {all} then");
    tokio::time::sleep(Duration::from_secs(900)).await;
    assert_eq!(count(&scenario), all);
    let all_cancelled = scenario.deliveries.iter().filter(|d: &&Delivery| {
        d.channel == "shopify-main" && d.headers.iter().any(|(_, value)| value == "orders/cancelled")
    });
    assert_eq!(cancelled(&scenario), all_cancelled.count());
    assert!(soon <= cancelled(&scenario));
}

fn good() -> Seen {
    Seen {
        external_id: Some("order_b2b_1".into()),
        state: "sale".into(),
        total: Decimal::TEN,
        currency: "USD".into(),
        lines: vec![("CD-1".into(), Decimal::ONE), ("ROUNDING".into(), Decimal::ONE)],
    }
}

#[test]
fn the_judge_takes_only_the_right_end_for_right() {
    let confirmed = Expected::Confirmed {
        total: Decimal::TEN,
        currency: "USD".into(),
        lines: vec![("CD-1".into(), Decimal::ONE)],
    };
    let of = |expected: &Expected, seen: &[Seen], parked: &[&str]| {
        let expected = BTreeMap::from([("b2b/1".to_owned(), expected.clone())]);
        let reasons: Vec<String> = parked.iter().map(|&reason| reason.to_owned()).collect();
        let parked = if reasons.is_empty() { BTreeMap::new() } else { [("b2b/1".into(), reasons)].into() };
        let verdict = judge(&expected, seen, &parked);
        (verdict.confirmed, verdict.lost.len(), verdict.doubled.len(), verdict.wrong.len())
    };
    assert_eq!(of(&confirmed, &[good()], &[]), (1, 0, 0, 0));
    assert_eq!(of(&confirmed, &[], &[]), (0, 1, 0, 0), "lost");
    assert_eq!(of(&confirmed, &[Seen { state: "draft".into(), ..good() }], &[]), (0, 1, 0, 0), "unconfirmed");
    assert_eq!(of(&confirmed, &[good(), good()], &[]), (1, 0, 1, 0), "doubled");
    assert_eq!(of(&confirmed, &[], &["unknown_sku"]), (0, 0, 0, 1), "parked though good");
    for wrong in [
        Seen { total: Decimal::ONE, ..good() },
        Seen { currency: "EUR".into(), ..good() },
        Seen { lines: vec![("CD-1".into(), Decimal::TWO)], ..good() },
        Seen { lines: vec![("CD-1".into(), Decimal::ONE), ("SHIP".into(), Decimal::ONE)], ..good() },
    ] {
        assert_eq!(of(&confirmed, std::slice::from_ref(&wrong), &[]), (1, 0, 0, 1), "{wrong:?}");
    }
    let stranger = Seen { external_id: None, ..good() };
    assert_eq!(of(&confirmed, &[good(), stranger], &[]), (1, 0, 0, 1), "an order that no shop has");
    let parked = Expected::Parked { reason: "unknown_sku" };
    assert_eq!(of(&parked, &[], &["unknown_sku"]), (0, 0, 0, 0));
    assert_eq!(of(&parked, &[], &["no_lines"]), (0, 0, 0, 1), "for another reason");
    assert_eq!(of(&parked, &[], &[]), (0, 1, 0, 0));
    assert_eq!(of(&parked, &[good()], &["unknown_sku"]), (0, 0, 0, 1), "parked and confirmed");
    let cancelled = Expected::NotConfirmed;
    assert_eq!(of(&cancelled, &[], &[]), (0, 0, 0, 0));
    assert_eq!(of(&cancelled, &[Seen { state: "cancel".into(), ..good() }], &[]), (0, 0, 0, 0));
    assert_eq!(of(&cancelled, &[good()], &[]), (0, 0, 0, 1));
    assert_eq!(of(&cancelled, &[Seen { state: "draft".into(), ..good() }], &[]), (0, 0, 0, 1));
}
