//! What earlier runs left: named before what was mended, and compared again page by page.

use crossdock_core::{
    difference::{Difference, DifferenceKind},
    ids::SliceKey,
};
use crossdock_platform::{
    Document as _,
    orders::after,
    reconciliation::{Scope, Slice, SliceStage},
};
use crossdock_runtime::Step as _;
use flows::{Flow, shops::FIRST};
use jiff::{SignedDuration, Timestamp};
use simulators::shops::{Goods, Sale};

use crate::told;

fn missing(order: u64, healed: bool) -> Difference {
    Difference {
        kind: DifferenceKind::OrderMissing,
        subject: format!("woo/{order}"),
        detail: "the shop has it, and nobody told of it".into(),
        since: None,
        healed,
    }
}

/// A run that looked only, and named these orders.
async fn left(flow: &Flow, orders: std::ops::Range<u64>) {
    let book = &flow.chain.book;
    let scope = Scope::last(book.now(), 48, 15, false);
    let (id, _) = book.open_run(scope).await.unwrap();
    for (name, found) in [("plan", 0..0), ("orders.woo", orders)] {
        let key = SliceKey::new(id.clone(), name.parse().unwrap());
        book.open_slice(&key, scope, None).await.unwrap();
        let slice = book.document::<Slice>(&key).await.unwrap().unwrap();
        let found = found.map(|order| missing(order, false)).collect();
        book.begin_page(&slice, found, |_| 0).await.unwrap();
        book.end_page(&slice, 0, None).await.unwrap();
    }
}

#[test]
fn what_is_not_mended_is_named_before_what_is() {
    let key = SliceKey::new("20261124T020000Z".parse().unwrap(), "orders.woo".parse().unwrap());
    let mut slice = Slice::empty(key);
    for at in 0..60 {
        slice.count(vec![missing(at, true)]);
    }
    assert_eq!(slice.kept, Vec::from_iter((0..50).map(|at| missing(at, true))), "the first that were found");
    for at in 60..100 {
        slice.count(vec![missing(at, false)]);
    }
    let unmended = slice.kept.iter().filter(|one| !one.healed).count();
    assert_eq!((unmended, slice.kept.len()), (40, 50), "{:?}", slice.kept);
    for at in 100..200 {
        slice.count(vec![missing(at, at % 2 == 0)]);
    }
    let named: Vec<&str> = slice.kept.iter().map(|one| one.subject.as_str()).collect();
    let first = (60..100).chain((101..121).step_by(2)).map(|at| format!("woo/{at}"));
    assert_eq!(named, Vec::from_iter(first));
}

/// A page has 25 orders, and whoever has little time goes on with the next order.
#[tokio::test(start_paused = true)]
async fn what_was_left_is_compared_page_by_page_and_what_changed_a_moment_ago_by_the_next_run() {
    let (flow, shops) = told(|_| {}).await;
    let put = |order: u64, at: Timestamp| {
        shops.woo.put(Sale::plain(order, at, vec![Goods::plain(FIRST, "CD-1", 1)]));
    };
    let book = &flow.chain.book;
    for order in 6000..6030 {
        put(order, Timestamp::from_second(book.now().as_second()).unwrap());
    }
    left(&flow, 6000..6031).await;
    tokio::time::sleep(std::time::Duration::from_secs(3 * 24 * 3600)).await;
    put(6030, Timestamp::from_second(book.now().as_second()).unwrap());
    let scope = Scope::last(book.now(), 48, 15, false);
    let (id, _) = book.open_run(scope).await.unwrap();
    let key = SliceKey::new(id, "left.woo".parse().unwrap());
    book.open_slice(&key, scope, None).await.unwrap();
    let slice = || async { book.document::<Slice>(&key).await.unwrap().unwrap() };
    let handle = |time_s: i64| {
        let deadline = after(book.now(), SignedDuration::from_secs(time_s));
        flow.chain.reconciler.handle(std::slice::from_ref(&key), deadline)
    };
    let calls = || shops.woo.faults.calls().len();
    let before = calls();
    for (_, answer) in handle(30).await {
        answer.unwrap();
    }
    assert_eq!((slice().await.cursor.as_deref(), calls() - before), (Some("woo/6000"), 1));
    for (_, answer) in handle(900).await {
        answer.unwrap();
    }
    let end = slice().await;
    assert_eq!((end.work.stage, calls() - before), (SliceStage::Done, 31), "each is asked for once: {end:?}");
    assert_eq!((end.seen, end.counts[&DifferenceKind::OrderMissing].found), (30, 30));
}
