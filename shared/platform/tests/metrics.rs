//! What a write is counted as: each step once, by whoever's write made it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::{
    About, Clock, Entropy, Metric, OrderKey, PeerError,
    config::Retention,
    difference::{Difference, DifferenceKind},
    reason::{Reason, ReasonCode},
};
use crossdock_platform::{
    OrderBook, Pace, Platform as _, Subject,
    embedded::{Embedded, EmbeddedOptions},
    orders::{Applied, Arrival, Change, Stage, after},
    reconciliation::Scope,
};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

const EPOCH: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn book() -> OrderBook<Embedded> {
    let options = EmbeddedOptions { metrics: true, ..EmbeddedOptions::plain() };
    let platform = Embedded::memory_with(options, Clock::tokio(EPOCH), Entropy::seeded(7)).unwrap();
    OrderBook::new(platform, Retention::default())
}

fn key() -> OrderKey {
    "shop/1".parse().unwrap()
}

async fn arrives(book: &OrderBook<Embedded>) {
    book.accept(Arrival::Refetch { order: key(), modified_at: None }).await.unwrap();
}

/// The figures of one metric so far, with what they are about.
fn told(book: &OrderBook<Embedded>, metric: Metric) -> Vec<(f64, About)> {
    let all = book.platform().metrics().told().into_iter();
    all.filter(|datum| datum.metric == metric).map(|datum| (datum.value, datum.about)).collect()
}

fn sum(book: &OrderBook<Embedded>, metric: Metric) -> f64 {
    told(book, metric).iter().map(|(value, _)| value).sum()
}

/// What an importer writes once the order stands in Odoo.
async fn imported(book: &OrderBook<Embedded>) {
    let now = book.now();
    let applied = Applied {
        digest: "d".into(),
        goods: "g".into(),
        odoo_id: 1,
        name: "S1".into(),
        total: Decimal::ONE,
        cancelled: false,
    };
    book.update(&key(), |state| {
        state.applied = Some(applied.clone());
        state.finish(now, "imported");
        Change::Write(())
    })
    .await
    .unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_order_is_accepted_once_and_imported_once_however_often_both_are_repeated() {
    let book = book();
    for _ in 0..3 {
        arrives(&book).await;
    }
    tokio::time::sleep(Duration::from_secs(20)).await;
    imported(&book).await;
    // Another edit, and its end.
    arrives(&book).await;
    imported(&book).await;
    let shop = About::Channel("shop".into());
    assert_eq!(told(&book, Metric::OrdersAccepted), [(1.0, shop.clone())]);
    assert_eq!(told(&book, Metric::OrdersImported), [(1.0, shop.clone())]);
    assert_eq!(told(&book, Metric::TimeToOdoo), [(20.0, shop)]);
    let growth: Vec<f64> = told(&book, Metric::BacklogGrowth).into_iter().map(|(value, _)| value).collect();
    assert_eq!(growth, [1.0, -1.0, 1.0, -1.0]);
}

#[tokio::test(start_paused = true)]
async fn whoever_loses_the_race_counts_nothing() {
    let book = book();
    let other = book.clone();
    tokio::join!(arrives(&book), arrives(&other));
    assert_eq!(sum(&book, Metric::OrdersAccepted), 1.0);
}

#[tokio::test(start_paused = true)]
async fn what_is_held_back_on_purpose_is_no_backlog_and_takes_no_time() {
    let book = book();
    arrives(&book).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let due = after(book.now(), SignedDuration::from_hours(1));
    book.update(&key(), |state| {
        let now = due;
        state.work.wait_in(Stage::Waiting, due, now, "held");
        Change::Write(())
    })
    .await
    .unwrap();
    assert_eq!(sum(&book, Metric::BacklogGrowth), 0.0);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    book.wake(&Subject::Order(key()), book.now()).await.unwrap();
    assert_eq!(sum(&book, Metric::BacklogGrowth), 1.0);
    tokio::time::sleep(Duration::from_secs(7)).await;
    imported(&book).await;
    assert_eq!(sum(&book, Metric::TimeToOdoo), 7.0);
    assert!(told(&book, Metric::Age).is_empty(), "nothing took longer than a minute");
}

#[tokio::test(start_paused = true)]
async fn what_does_not_get_on_tells_its_age_with_each_try() {
    let book = book();
    arrives(&book).await;
    for minutes in [4, 10] {
        tokio::time::sleep(Duration::from_secs(minutes * 60)).await;
        assert!(book.wake(&Subject::Order(key()), book.now()).await.unwrap().is_some());
    }
    let ages = [(240.0, About::Document("order")), (840.0, About::Document("order"))];
    assert_eq!(told(&book, Metric::Age), ages);
}

async fn park(book: &OrderBook<Embedded>) {
    let reasons = [ReasonCode::UnknownSku, ReasonCode::TaxUnmapped].map(|code| Reason::new(code, "x"));
    book.update(&key(), |state| {
        state.park(reasons.to_vec(), "", EPOCH);
        Change::Write(())
    })
    .await
    .unwrap();
}

#[tokio::test(start_paused = true)]
async fn each_reason_counts_and_the_growth_counts_documents() {
    let book = book();
    arrives(&book).await;
    park(&book).await;
    // Parked again while it is: no new case for anybody.
    park(&book).await;
    let reasons = [(1.0, About::Reason("unknown_sku")), (1.0, About::Reason("tax_unmapped"))];
    assert_eq!(told(&book, Metric::Parked), reasons);
    assert_eq!(sum(&book, Metric::ParkedGrowth), 1.0);
    book.replay(&Subject::Order(key())).await.unwrap();
    assert_eq!(sum(&book, Metric::ParkedGrowth), 0.0);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_compared_twice_counts_its_differences_once() {
    let book = book();
    let scope = Scope::last(book.now(), 24, 5, true);
    let (run, _) = book.open_run(scope).await.unwrap();
    let slice = book.run(&run).await.unwrap().slices.remove(0);
    let found = Difference {
        kind: DifferenceKind::StockDiffers,
        subject: "shop/A".into(),
        detail: "3 for 4".into(),
        since: Some(after(EPOCH, SignedDuration::from_mins(-5))),
        healed: false,
    };
    for _ in 0..2 {
        book.begin_page(&slice, vec![found.clone()], |_| 0).await.unwrap();
        book.end_page(&slice, 1, None).await.unwrap();
    }
    let about = About::Difference("stock_differs");
    assert_eq!(told(&book, Metric::DifferencesFound), [(1.0, about.clone())]);
    assert_eq!(told(&book, Metric::DifferenceAge), [(300.0, about)]);
}

#[tokio::test(start_paused = true)]
async fn a_peer_fails_where_it_gives_no_good_answer_and_a_refusal_is_an_answer() {
    let book = book();
    let pace = Pace::new(book.platform().clone(), "shop", 10);
    let peer = || "shop".to_owned();
    for error in [
        PeerError::Unreachable { peer: peer() },
        PeerError::Unauthorized { peer: peer(), what: "no".into() },
        PeerError::Rejected { peer: peer(), what: "no".into() },
        PeerError::Throttled { peer: peer(), after: None },
        PeerError::HeldBack { peer: peer(), after: Duration::from_secs(1) },
    ] {
        pace.learn::<()>(&Err(error)).await.unwrap();
    }
    pace.learn(&Ok(())).await.unwrap();
    let values: Vec<f64> = told(&book, Metric::PeerErrors).into_iter().map(|(value, _)| value).collect();
    assert_eq!(values, [1.0, 1.0, 0.0, 0.0, 0.0], "what was held back was not asked");
}
