//! `due` and `listed`. Entries of equal time come in no stated order.

use crossdock_platform::{
    Condition, Due, Key, Ledger, Listing, Platform, PlatformError, Write, ledger::DUE_SHARDS,
};
use jiff::{SignedDuration, Timestamp};

use crate::{Harness, tools::*};

fn seconds(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}

fn entry(pk: &str, at: Timestamp) -> (Key, Timestamp) {
    (Key::new(pk, "state"), at)
}

fn shelved(pk: &str, shelf: &str, at: Timestamp) -> Write {
    Write { listing: Some(Listing { shelf: shelf.into(), at }), ..first(pk, "state") }
}

pub async fn lists_what_is_due_earliest_first<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let now = p.clock().now();
    let at = |n| now + seconds(n);
    for (pk, n) in [("c", 30), ("a", -5), ("d", 31), ("b", 7)] {
        written(h, &p, &first_due(pk, 3, at(n))).await;
    }
    written(h, &p, &first("never", "state")).await;
    // What is due at exactly `until` is due.
    let until_c = [entry("a", at(-5)), entry("b", at(7)), entry("c", at(30))];
    assert_eq!(due(h, &p, 3, at(30)).await, until_c);
    assert_eq!(due(h, &p, 3, at(30) - SignedDuration::from_nanos(1)).await, until_c[..2]);
    assert_eq!(due(h, &p, 3, at(-6)).await, []);
}

pub async fn gives_no_more_due_keys_than_asked_for<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let now = p.clock().now();
    for n in 0..9 {
        written(h, &p, &first_due(&format!("order#{n}"), 0, now + seconds(n))).await;
    }
    h.pass(h.lag()).await;
    let some = sure(h, async || p.due(0, now + seconds(60), 4).await).await;
    let expected: Vec<_> = (0..4).map(|n| entry(&format!("order#{n}"), now + seconds(n))).collect();
    assert_eq!(some, expected, "the earliest, all of them");
}

pub async fn keeps_the_shards_of_the_due_index_apart<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let now = p.clock().now();
    for shard in 0..10 {
        written(h, &p, &first_due(&format!("order#{shard}"), shard, now)).await;
    }
    for shard in 0..10 {
        assert_eq!(due(h, &p, shard, now).await, [entry(&format!("order#{shard}"), now)]);
    }
}

pub async fn follows_a_due_time_that_moves<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let now = p.clock().now();
    written(h, &p, &first_due("order#1", 1, now)).await;
    assert_eq!(due(h, &p, 1, now + seconds(60)).await, [entry("order#1", now)]);
    let later = Write {
        due: Some(Due { shard: 2, at: now + seconds(90) }),
        ..write("order#1", "state", Condition::Version(1), "later")
    };
    written(h, &p, &later).await;
    assert_eq!(due(h, &p, 1, now + seconds(600)).await, [], "it left its old shard");
    assert_eq!(due(h, &p, 2, now + seconds(60)).await, [], "it is not due before its time");
    assert_eq!(due(h, &p, 2, now + seconds(90)).await, [entry("order#1", now + seconds(90))]);
}

pub async fn drops_from_the_due_index_what_is_no_longer_due<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let now = p.clock().now();
    written(h, &p, &first_due("done", 1, now)).await;
    written(h, &p, &first_due("deleted", 1, now + seconds(1))).await;
    assert_eq!(due(h, &p, 1, now + seconds(1)).await.len(), 2);
    written(h, &p, &write("done", "state", Condition::Version(1), "no longer due")).await;
    sure(h, async || p.delete(&Key::new("deleted", "state"), 1).await).await;
    assert_eq!(due(h, &p, 1, now + seconds(600)).await, []);
}

pub async fn refuses_a_shard_that_the_due_index_does_not_have<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let now = p.clock().now();
    let error = refusal(h, async || p.put(first_due("order#1", DUE_SHARDS, now)).await).await;
    assert!(matches!(error, PlatformError::Refused { .. }), "nobody would ever look there: {error}");
}

pub async fn lists_a_shelf_oldest_first<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let now = p.clock().now();
    let at = |n| now + seconds(n);
    written(h, &p, &shelved("c", "parked", at(3))).await;
    written(h, &p, &shelved("a", "parked", at(1))).await;
    written(h, &p, &shelved("b", "parked", at(2))).await;
    written(h, &p, &shelved("other", "failed", at(0))).await;
    let parked = [entry("a", at(1)), entry("b", at(2)), entry("c", at(3))];
    assert_eq!(listed(h, &p, "parked").await, parked);
    assert_eq!(listed(h, &p, "failed").await, [entry("other", at(0))]);
    assert_eq!(listed(h, &p, "park").await, []);
}

pub async fn pages_through_a_shelf<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let now = p.clock().now();
    // Three entries share each time, some of them a partition too, so that a page ends in the middle.
    let expected: Vec<(Key, Timestamp)> = (0..12)
        .map(|n| (Key::new(format!("order#{}", n / 2), format!("state#{n:02}")), now + seconds(n / 3)))
        .collect();
    for (key, at) in &expected {
        let listing = Some(Listing { shelf: "parked".into(), at: *at });
        written(h, &p, &Write { listing, ..first(&key.pk, &key.sk) }).await;
    }
    h.pass(h.lag()).await;
    for falling in [false, true] {
        let mut seen: Vec<(Key, Timestamp)> = Vec::new();
        loop {
            let after = seen.last().map(|(key, at)| (*at, key.clone()));
            let page = sure(h, async || p.listed("parked", after.clone(), falling, 5).await).await;
            assert!(page.len() <= 5);
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        let in_order = |(a, b): (Timestamp, Timestamp)| if falling { a >= b } else { a <= b };
        assert!(seen.windows(2).all(|two| in_order((two[0].1, two[1].1))), "falling: {falling}");
        seen.sort();
        assert_eq!(seen, expected, "each entry once; falling: {falling}");
    }
}

pub async fn takes_an_item_off_its_shelf<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let now = p.clock().now();
    written(h, &p, &shelved("a", "parked", now)).await;
    written(h, &p, &shelved("b", "parked", now + seconds(1))).await;
    assert_eq!(listed(h, &p, "parked").await.len(), 2);
    written(h, &p, &write("a", "state", Condition::Version(1), "replayed")).await;
    assert_eq!(listed(h, &p, "parked").await, [entry("b", now + seconds(1))]);
}
