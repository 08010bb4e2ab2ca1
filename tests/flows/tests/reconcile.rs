//! The nightly comparison: it finds what events missed, mends what it may, and leaves the rest to people.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod reconcile {
    mod announced;
    mod articles;
    mod closed;
    mod counts;
    mod deliveries;
    mod left;
    mod orders;
    mod unended;
}

use std::time::Duration;

use crossdock_core::{
    OrderKey,
    config::Config,
    difference::{Difference, DifferenceKind, Healing},
    ids::SliceKey,
};
use crossdock_platform::{
    orders::{Stage, after},
    queue::send_all,
    reconciliation::{Count, Run, Scope, Slice},
};
use crossdock_runtime::Step as _;
use flows::{
    Flow,
    shops::{LOCATION, Shops, flow, sells_stock},
};
use jiff::SignedDuration;
use serde_json::json;
use simulators::warehouses::Server;

/// Ten of each in Odoo, and shops that have been told and have come to rest.
async fn told(change: impl FnOnce(&mut Config)) -> (Flow, Shops) {
    let (flow, _, shops) = told_beside(change).await;
    (flow, shops)
}

/// The same with the warehouse.
async fn told_beside(change: impl FnOnce(&mut Config)) -> (Flow, Server, Shops) {
    let (flow, east, shops) = flow(|config| {
        sells_stock(config);
        change(config);
    })
    .await;
    for sku in ["CD-1", "CD-2"] {
        shops.list(sku);
        flow.stock(sku, 10.0);
    }
    flow.watch().await;
    flow.rest().await;
    (flow, east, shops)
}

fn key(shop: &str) -> OrderKey {
    format!("{shop}/{}", Shops::ORDER).parse().unwrap()
}

/// Compares the last two days up to a quarter of an hour ago, and waits until it has come to its end.
async fn reconciled(flow: &Flow, heals: bool) -> Run {
    tokio::time::sleep(Duration::from_secs(16 * 60)).await;
    reconciled_at_once(flow, heals).await
}

/// The same without a pause before it.
async fn reconciled_at_once(flow: &Flow, heals: bool) -> Run {
    let scope = Scope::last(flow.chain.book.now(), 48, 15, heals);
    let (id, message) = flow.chain.book.open_run(scope).await.unwrap();
    send_all(&flow.chain.platform, &Vec::from_iter(message)).await.unwrap();
    flow.drain().await;
    flow.pass(5).await;
    let run = flow.chain.book.run(&id).await.unwrap();
    assert!(run.is_done(), "{run:?}");
    run
}

/// Found and healed, of each kind that there was.
fn counts(run: &Run) -> Vec<(DifferenceKind, u64, u64)> {
    run.counts().into_iter().map(|(kind, count)| (kind, count.found, count.healed)).collect()
}

#[tokio::test(start_paused = true)]
async fn where_nothing_was_missed_nothing_differs() {
    let (flow, east, shops) = told_beside(|_| {}).await;
    for sku in ["CD-1", "CD-2"] {
        east.count(sku, None, 10.into());
    }
    for shop in ["shopify", "woo"] {
        let webhook = shops.buy_in(&flow, shop).unwrap();
        shops.tell(&flow, shop, &[webhook]).await;
    }
    flow.watch().await;
    flow.rest().await;
    let run = reconciled(&flow, true).await;
    assert_eq!(counts(&run), [], "{run:?}");
    let seen: Vec<(&str, u64)> =
        run.slices.iter().map(|slice| (slice.key.name.as_str(), slice.seen)).collect();
    let all = [
        "articles.shopify",
        "articles.woo",
        "counts.east",
        "deliveries.odoo",
        "orders.shopify",
        "orders.woo",
        "plan",
        "shipments.east",
        "stock.shopify.0",
        "stock.woo.0",
    ];
    assert_eq!(seen.iter().map(|(name, _)| *name).collect::<Vec<_>>(), all);
    assert!(
        seen.iter().all(|(name, seen)| matches!(*name, "plan" | "deliveries.odoo") || *seen > 0),
        "{seen:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_order_that_nobody_told_of_is_brought_in_and_so_is_its_cancel() {
    let (flow, shops) = told(|_| {}).await;
    let _lost = (shops.buy_in(&flow, "shopify"), shops.buy_in(&flow, "woo"));
    let run = reconciled(&flow, true).await;
    assert_eq!(counts(&run), [(DifferenceKind::OrderMissing, 2, 2)]);
    for shop in ["shopify", "woo"] {
        assert_eq!(flow.state(&key(shop)).await.stage, Stage::Done);
    }
    flow.rest().await;
    let _lost = shops.cancel(&flow);
    let run = reconciled(&flow, true).await;
    assert_eq!(counts(&run)[0], (DifferenceKind::OrderOutdated, 1, 1));
    assert!(flow.state(&key("shopify")).await.applied.clone().unwrap().cancelled);
    flow.rest().await;
    assert_eq!(counts(&reconciled(&flow, true).await), []);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_only_looks_reports_the_same_and_changes_nothing() {
    let (flow, shops) = told(|_| {}).await;
    let _lost = shops.buy(&flow);
    shops.woo.shelf.adjust("CD-2", "", 4);
    let calls = || {
        let calls = shops.woo.faults.calls();
        calls.iter().filter(|call| call.method != "GET").count()
    };
    let before = calls();
    let run = reconciled(&flow, false).await;
    // The shop counts its own sale, of which Odoo knows nothing.
    assert_eq!(counts(&run), [(DifferenceKind::OrderMissing, 1, 0), (DifferenceKind::StockDiffers, 3, 0)]);
    assert_eq!(calls(), before);
    assert!(flow.chain.book.state(&key("shopify")).await.unwrap().is_none());
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), ([Some(8), Some(10)], [Some(9), Some(14)]));
    let run = reconciled(&flow, true).await;
    assert_eq!(run.counts()[&DifferenceKind::OrderMissing].healed, 1);
    flow.rest().await;
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), ([Some(8), Some(8)], [Some(9), Some(9)]));
}

#[tokio::test(start_paused = true)]
async fn what_people_did_in_odoo_is_reported_with_what_each_side_says_and_left_alone() {
    let (flow, shops) = told(|_| {}).await;
    for shop in ["shopify", "woo"] {
        let webhook = shops.buy_in(&flow, shop).unwrap();
        shops.tell(&flow, shop, &[webhook]).await;
    }
    flow.rest().await;
    let order = |shop: &str| flow.odoo.order(&format!("crossdock.order_{shop}_{}", Shops::ORDER)).unwrap();
    flow.odoo.by_hand_cancel(order("shopify").id).unwrap();
    let line = order("woo").lines[0].id;
    flow.odoo.by_hand_write("sale.order.line", line, &json!({ "price_unit": 1.0 })).unwrap();
    flow.rest().await;
    let run = reconciled(&flow, true).await;
    let of_orders: Vec<_> =
        counts(&run).into_iter().filter(|(kind, ..)| *kind != DifferenceKind::StockDiffers).collect();
    let kinds = [DifferenceKind::OrderCancelledInOdoo, DifferenceKind::OrderTotalDiffers];
    assert_eq!(of_orders, kinds.map(|kind| (kind, 1, 0)));
    let total = run.slices.iter().flat_map(|slice| &slice.kept).find(|one| one.kind == kinds[1]).unwrap();
    let there = order("woo");
    assert_eq!(total.subject, key("woo").to_string());
    assert!(total.detail.contains(&there.name) && total.detail.contains(" in Odoo"), "{}", total.detail);
    assert_eq!(order("shopify").state, "cancel");
    flow.odoo.by_hand_unlink("sale.order", order("shopify").id).unwrap();
    let run = reconciled(&flow, true).await;
    assert!(counts(&run).contains(&(DifferenceKind::OrderGone, 1, 0)), "{run:?}");
}

/// Nobody has changed the order in the shop since: the window does not hold it any more.
#[tokio::test(start_paused = true)]
async fn what_was_left_to_a_person_is_compared_and_listed_until_it_is_mended() {
    let (flow, shops) = told(|_| {}).await;
    let webhook = shops.buy_in(&flow, "woo").unwrap();
    shops.tell(&flow, "woo", &[webhook]).await;
    flow.rest().await;
    let there = || flow.odoo.order(&format!("crossdock.order_woo_{}", Shops::ORDER)).unwrap();
    let line = there().lines[0].id;
    let price = |price: f64| {
        flow.odoo.by_hand_write("sale.order.line", line, &json!({ "price_unit": price })).unwrap();
    };
    price(1.0);
    flow.rest().await;
    for night in 0..4 {
        let run = reconciled(&flow, true).await;
        let found = run.counts().get(&DifferenceKind::OrderTotalDiffers).copied();
        assert_eq!(found, Some(Count { found: 1, healed: 0 }), "night {night}: {run:?}");
        let listed = crossdock_operations::parked_and_left(&flow.chain.book, 10).await.unwrap().left;
        assert_eq!(listed[&DifferenceKind::OrderTotalDiffers][0].subject, key("woo").to_string());
        tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    }
    let compared = reconciled(&flow, true).await;
    let left = compared.slices.iter().find(|slice| slice.key.name.as_str() == "left.woo");
    assert_eq!(left.map(|slice| slice.seen), Some(1), "by then the window does not hold it");
    price(10.0);
    assert!(!reconciled(&flow, true).await.counts().contains_key(&DifferenceKind::OrderTotalDiffers));
    let run = reconciled(&flow, true).await;
    assert!(run.slices.iter().all(|slice| slice.key.name.as_str() != "left.woo"), "{run:?}");
    assert!(crossdock_operations::parked_and_left(&flow.chain.book, 10).await.unwrap().left.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_somebody_counted_at_a_shop_is_set_right() {
    let (flow, shops) = told(|_| {}).await;
    shops.shopify.shelf.adjust("CD-1", LOCATION, 90);
    shops.woo.shelf.adjust("CD-2", "", -4);
    let run = reconciled(&flow, true).await;
    assert_eq!(counts(&run), [(DifferenceKind::StockDiffers, 2, 2)]);
    assert_eq!((shops.counts("CD-1"), shops.counts("CD-2")), ([Some(10); 2], [Some(10); 2]));
    let one = run.slices.iter().flat_map(|slice| &slice.kept).find(|one| one.subject.starts_with("shopify"));
    assert_eq!(one.unwrap().detail, "it counts 100, 10 are promised, 10 was told last");
    assert_eq!(counts(&reconciled(&flow, true).await), []);
}

#[tokio::test(start_paused = true)]
async fn one_run_mends_no_more_than_it_may() {
    let (flow, shops) = told(|config| {
        config.reconcile.heal = [(Healing::Stock, 1), (Healing::Orders, 0)].into();
    })
    .await;
    let _lost = shops.buy_in(&flow, "woo");
    for (sku, by) in [("CD-1", 3), ("CD-2", 4)] {
        shops.shopify.shelf.adjust(sku, LOCATION, by);
    }
    let run = reconciled(&flow, true).await;
    let [missing, stock] = counts(&run)[..] else { panic!("{run:?}") };
    assert_eq!(missing, (DifferenceKind::OrderMissing, 1, 0));
    assert_eq!((stock.1, stock.2), (4, 1), "two that somebody counted, and two that the shop sold");
    assert!(flow.chain.book.state(&key("woo")).await.unwrap().is_none());
    for left in [3, 2, 2] {
        let run = reconciled(&flow, true).await;
        assert_eq!(run.counts()[&DifferenceKind::StockDiffers].found, left);
    }
    let woo = |shops: &Shops| [shops.counts("CD-1")[1], shops.counts("CD-2")[1]];
    assert_eq!(woo(&shops), [Some(8), Some(9)], "no count is set over a sale that nobody may take in");
}

#[tokio::test(start_paused = true)]
async fn what_changed_a_moment_ago_and_a_few_pieces_within_the_tolerance_are_no_differences() {
    let (flow, shops) = told(|config| config.reconcile.stock_tolerance = 2).await;
    shops.shopify.shelf.adjust("CD-1", LOCATION, 2);
    shops.woo.shelf.adjust("CD-2", "", -2);
    assert_eq!(counts(&reconciled(&flow, true).await), []);
    let _on_its_way = shops.buy_in(&flow, "woo");
    let run = reconciled_at_once(&flow, false).await;
    assert!(!run.counts().contains_key(&DifferenceKind::OrderMissing), "{run:?}");
}

#[tokio::test(start_paused = true)]
async fn a_shipment_that_the_warehouse_did_not_tell_of_stands_in_odoo_and_the_shop_learns_of_it() {
    let (flow, east, shops) = told_beside(|_| {}).await;
    let webhook = shops.buy(&flow);
    shops.tell(&flow, "shopify", &[webhook]).await;
    flow.watch().await;
    let reference = east.jobs()[0].reference.clone();
    let _lost = east.ship_rest(&reference);
    let run = reconciled(&flow, false).await;
    assert_eq!(counts(&run), [(DifferenceKind::ShipmentMissing, 1, 0)]);
    let told = |shops: &Shops| shops.shopify.fulfilments.of(Shops::ORDER).len();
    assert_eq!((flow.shipped()[0].0.as_str(), told(&shops)), ("assigned", 0));
    let run = reconciled(&flow, true).await;
    assert_eq!(counts(&run), [(DifferenceKind::ShipmentMissing, 1, 1)]);
    flow.rest().await;
    assert_eq!((flow.shipped()[0].0.as_str(), told(&shops)), ("done", 1));
    assert_eq!(counts(&reconciled(&flow, true).await), []);
}

/// The process dies when a page's findings are written down, and before or after what they ask for.
#[tokio::test(start_paused = true)]
async fn a_crash_in_the_middle_of_a_page_mends_once_and_counts_once() {
    for mended in [false, true] {
        let (flow, shops) = told(|config| config.reconcile.heal = [(Healing::Orders, 1)].into()).await;
        let _lost = shops.buy(&flow);
        tokio::time::sleep(Duration::from_secs(16 * 60)).await;
        let book = &flow.chain.book;
        let scope = Scope::last(book.now(), 48, 15, true);
        let (id, _) = book.open_run(scope).await.unwrap();
        let key = SliceKey::new(id.clone(), "orders.shopify".parse().unwrap());
        book.open_slice(&key, scope, None).await.unwrap();
        let slice = book.document::<Slice>(&key).await.unwrap().unwrap();
        let missing = Difference {
            kind: DifferenceKind::OrderMissing,
            subject: key_of_the_order(),
            detail: "found before the crash".into(),
            since: None,
            healed: false,
        };
        let doing = book.begin_page(&slice, vec![missing], |_| 1).await.unwrap();
        assert!(doing[0].healed);
        if mended {
            flow.chain.watcher.watch_all(after(book.now(), SignedDuration::from_mins(5))).await;
        }
        flow.pass(5).await;
        let run = book.run(&id).await.unwrap();
        assert!(run.is_done(), "{run:?}");
        assert_eq!(run.counts()[&DifferenceKind::OrderMissing], Count { found: 1, healed: 1 });
        assert_eq!(flow.state(&key_of_the_order().parse().unwrap()).await.stage, Stage::Done);
    }
}

fn key_of_the_order() -> String {
    key("shopify").to_string()
}

/// The waker has sent a slice's message once more while somebody is at it.
#[tokio::test(start_paused = true)]
async fn a_page_that_two_compare_counts_once() {
    let (flow, shops) = told(|_| {}).await;
    let _lost = shops.buy(&flow);
    tokio::time::sleep(Duration::from_secs(16 * 60)).await;
    let book = &flow.chain.book;
    let scope = Scope::last(book.now(), 48, 15, false);
    let (id, _) = book.open_run(scope).await.unwrap();
    let key = SliceKey::new(id.clone(), "orders.shopify".parse().unwrap());
    book.open_slice(&key, scope, None).await.unwrap();
    let slow = book.document::<Slice>(&key).await.unwrap().unwrap();
    flow.pass(5).await;
    let compared = book.document::<Slice>(&key).await.unwrap().unwrap();
    assert_eq!(compared.counts[&DifferenceKind::OrderMissing], Count { found: 1, healed: 0 });
    let found = compared.kept.clone();
    assert!(book.begin_page(&slow, found, |_| 1).await.unwrap().is_empty());
    book.end_page(&slow, 1, Some("2".into())).await.unwrap();
    assert_eq!(book.document::<Slice>(&key).await.unwrap().unwrap(), compared);
}

/// Whoever has less time than a page may take compares one all the same: otherwise it would send itself on for ever.
#[tokio::test(start_paused = true)]
async fn a_function_with_little_time_compares_one_page_and_sends_itself_on() {
    let (flow, shops) = told(|_| {}).await;
    let _lost = shops.buy(&flow);
    tokio::time::sleep(Duration::from_secs(16 * 60)).await;
    let book = &flow.chain.book;
    let scope = Scope::last(book.now(), 48, 15, true);
    let (id, _) = book.open_run(scope).await.unwrap();
    let key = SliceKey::new(id, "orders.shopify".parse().unwrap());
    book.open_slice(&key, scope, None).await.unwrap();
    let little = after(book.now(), SignedDuration::from_secs(30));
    let answers = flow.chain.reconciler.handle(std::slice::from_ref(&key), little).await;
    assert!(answers.iter().all(|(_, answer)| answer.is_ok()), "{answers:?}");
    let slice = book.document::<Slice>(&key).await.unwrap().unwrap();
    assert_eq!(slice.counts[&DifferenceKind::OrderMissing], Count { found: 1, healed: 1 });
    flow.drain().await;
    assert_eq!(flow.state(&key_of_the_order().parse().unwrap()).await.stage, Stage::Done);
}

/// What differs by less than counts is nobody's trouble: no count is set for it, least of all over a sale that nobody
/// has heard of.
#[tokio::test(start_paused = true)]
async fn what_lies_within_the_tolerance_is_left_as_it_is() {
    for heals in [true, false] {
        let (flow, shops) = told(|config| {
            config.reconcile.stock_tolerance = 2;
            config.reconcile.heal.insert(Healing::Orders, 0);
        })
        .await;
        let _lost = shops.buy(&flow);
        shops.woo.shelf.adjust("CD-2", "", -2);
        let run = reconciled(&flow, heals).await;
        assert!(!run.counts().contains_key(&DifferenceKind::StockDiffers), "{:?}", run.counts());
        flow.pass(5).await;
        assert_eq!(shops.counts("CD-1"), [Some(8), Some(10)], "heals: {heals}");
        assert_eq!(shops.counts("CD-2"), [Some(9), Some(8)], "heals: {heals}");
    }
}
