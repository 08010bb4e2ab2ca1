//! `put` and `delete`.

use crossdock_platform::{
    Condition, Due, Item, Key, Ledger, Listing, PlatformError, Put, Write, ledger::ITEM_LIMIT,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{Harness, tools::*};

/// What a platform may count to an item besides key, body and blob.
const OVERHEAD: usize = 1024;

fn second(token: &str) -> Write {
    Write { body: json!({"n": 2}), ..write("order#1", "state", Condition::Version(1), token) }
}

pub async fn writes_the_first_version<H: Harness>(h: &H) {
    let p = h.fresh().await;
    assert_eq!(written(h, &p, &first("order#1", "state")).await, 1);
    let item = get(h, &p, &Key::new("order#1", "state")).await.unwrap();
    assert_eq!((item.version, item.body), (1, json!({"n": 1})));
}

pub async fn raises_the_version_by_one<H: Harness>(h: &H) {
    let p = h.fresh().await;
    written(h, &p, &first("order#1", "state")).await;
    for version in 1..5 {
        let next = write("order#1", "state", Condition::Version(version), &version.to_string());
        assert_eq!(written(h, &p, &next).await, version + 1);
    }
    assert_eq!(get(h, &p, &Key::new("order#1", "state")).await.unwrap().version, 5);
}

pub async fn refuses_a_first_write_where_an_item_stands<H: Harness>(h: &H) {
    let p = h.fresh().await;
    written(h, &p, &first("order#1", "state")).await;
    let late = Write { body: json!({"n": 9}), ..write("order#1", "state", Condition::Absent, "late") };
    let current = conflict(h, &p, &late).await.unwrap();
    assert_eq!((current.version, &current.body), (1, &json!({"n": 1})));
    assert_eq!(get(h, &p, &late.key).await, Some(current), "a conflict shows the item as it stands");
}

pub async fn refuses_a_version_that_is_no_longer_there<H: Harness>(h: &H) {
    let p = h.fresh().await;
    written(h, &p, &first("order#1", "state")).await;
    written(h, &p, &second("second")).await;
    for wrong in [0, 1, 3] {
        let late = write("order#1", "state", Condition::Version(wrong), "late");
        let current = conflict(h, &p, &late).await.unwrap();
        assert_eq!((current.version, current.body), (2, json!({"n": 2})));
    }
    assert_eq!(get(h, &p, &Key::new("order#1", "state")).await.unwrap().token, "second");
}

pub async fn refuses_a_version_where_nothing_stands<H: Harness>(h: &H) {
    let p = h.fresh().await;
    assert_eq!(conflict(h, &p, &second("second")).await, None);
    assert_eq!(get(h, &p, &Key::new("order#1", "state")).await, None);
}

pub async fn takes_a_repeated_first_write_for_success<H: Harness>(h: &H) {
    let p = h.fresh().await;
    for _ in 0..3 {
        assert_eq!(written(h, &p, &first("order#1", "state")).await, 1, "the repeat wrote nothing");
    }
}

pub async fn takes_a_repeated_later_write_for_success<H: Harness>(h: &H) {
    let p = h.fresh().await;
    written(h, &p, &first("order#1", "state")).await;
    for _ in 0..3 {
        assert_eq!(written(h, &p, &second("second")).await, 2, "the repeat wrote nothing");
    }
}

pub async fn does_not_take_a_repeat_for_success_once_somebody_else_wrote<H: Harness>(h: &H) {
    let p = h.fresh().await;
    written(h, &p, &first("order#1", "state")).await;
    written(h, &p, &second("second")).await;
    let current = conflict(h, &p, &first("order#1", "state")).await.unwrap();
    assert_eq!(current.token, "second");
}

pub async fn lets_one_of_two_writers_win_and_shows_the_other_what_won<H: Harness>(h: &H) {
    let p = h.fresh().await;
    written(h, &p, &first("order#1", "state")).await;
    for round in 1..20 {
        let writer = |name: &str| Write {
            body: json!({ "by": name }),
            ..write("order#1", "state", Condition::Version(round), &format!("{name} {round}"))
        };
        let (left, right) = (writer("left"), writer("right"));
        let (of_left, of_right) = tokio::join!(put(h, &p, &left), put(h, &p, &right));
        let (winner, won, lost) = if matches!(of_left, Put::Written { .. }) {
            (left, of_left, of_right)
        } else {
            (right, of_right, of_left)
        };
        assert_eq!(won, Put::Written { version: round + 1 });
        let Put::Conflict { current: Some(seen) } = lost else { panic!("both won: {lost:?}") };
        assert_eq!((&seen.token, &seen.body), (&winner.token, &winner.body));
    }
}

fn full_write(now: Timestamp) -> Write {
    Write {
        key: Key::new("order#shop/é 1", "snapshot#0001"),
        condition: Condition::Absent,
        token: "token".into(),
        body: json!({
            "text": "é 漢 🚚 \u{0} \" \\", "empty": "", "yes": true, "nothing": null, "list": [1, -2, [], {}],
            "large": 9_007_199_254_740_993_i64, "money": "12.340", "deep": {"a": {"b": [{"c": 0.5}]}},
        }),
        blob: Some((0..=255).collect()),
        due: Some(Due { shard: 7, at: now + SignedDuration::new(60, 123_456_789) }),
        listing: Some(Listing { shelf: "parked".into(), at: now + SignedDuration::new(-60, 0) }),
        // In whole seconds, as DynamoDB keeps it.
        expires_at: Some(Timestamp::from_second(now.as_second() + 86_400).unwrap()),
    }
}

fn as_item(write: &Write, version: u64) -> Item {
    let Write { key, condition: _, token, body, blob, due, listing, expires_at } = write.clone();
    Item { key, version, token, body, blob, due, listing, expires_at }
}

pub async fn keeps_every_field_of_an_item<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let full = full_write(crossdock_platform::Platform::clock(&p).now());
    written(h, &p, &full).await;
    assert_eq!(get(h, &p, &full.key).await, Some(as_item(&full, 1)));
}

pub async fn replaces_every_field_of_an_item<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let full = full_write(crossdock_platform::Platform::clock(&p).now());
    written(h, &p, &full).await;
    let bare = Write {
        condition: Condition::Version(1),
        token: "bare".into(),
        body: json!({}),
        blob: None,
        due: None,
        listing: None,
        expires_at: None,
        key: full.key.clone(),
    };
    written(h, &p, &bare).await;
    assert_eq!(get(h, &p, &full.key).await, Some(as_item(&bare, 2)));
}

pub async fn takes_an_item_near_the_limit<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let large = Write { blob: Some(vec![7; ITEM_LIMIT - OVERHEAD]), ..first("order#1", "blob") };
    written(h, &p, &large).await;
    assert!(get(h, &p, &large.key).await.unwrap().blob == large.blob, "the blob changed");
    let body = json!({"text": "x".repeat(ITEM_LIMIT - OVERHEAD)});
    let large = Write { body, ..first("order#1", "body") };
    written(h, &p, &large).await;
    assert!(get(h, &p, &large.key).await.unwrap().body == large.body, "the body changed");
}

pub async fn refuses_an_item_above_the_limit<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let blob = Write { blob: Some(vec![7; ITEM_LIMIT]), ..first("order#1", "blob") };
    let body = Write { body: json!({"text": "é".repeat(ITEM_LIMIT / 2)}), ..first("order#1", "body") };
    let both = Write {
        body: json!({"text": "x".repeat(ITEM_LIMIT / 2)}),
        blob: Some(vec![7; ITEM_LIMIT / 2]),
        ..first("order#1", "both")
    };
    for large in [blob, body, both] {
        let error = refusal(h, async || p.put(large.clone()).await).await;
        assert!(matches!(error, PlatformError::TooLarge { .. }), "{error}");
        assert_eq!(get(h, &p, &large.key).await, None);
    }
}

pub async fn refuses_a_key_with_an_empty_part<H: Harness>(h: &H) {
    let p = h.fresh().await;
    for (pk, sk) in [("", "state"), ("order#1", "")] {
        let error = refusal(h, async || p.put(first(pk, sk)).await).await;
        assert!(matches!(error, PlatformError::Refused { .. }), "{error}");
    }
}

pub async fn deletes_only_the_version_it_names<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let key = Key::new("order#1", "state");
    written(h, &p, &first("order#1", "state")).await;
    written(h, &p, &second("second")).await;
    for wrong in [0, 1, 3] {
        assert!(!sure(h, async || p.delete(&key, wrong).await).await, "version {wrong} is not there");
    }
    assert!(get(h, &p, &key).await.is_some());
    let gone = sure(h, async || p.delete(&key, 2).await).await;
    // A delete whose answer was lost finds nothing when it is tried again.
    assert!(gone || h.strict());
    assert_eq!(get(h, &p, &key).await, None);
    assert!(!sure(h, async || p.delete(&key, 2).await).await, "it is gone");
}

pub async fn starts_again_after_a_delete<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let key = Key::new("order#1", "state");
    written(h, &p, &first("order#1", "state")).await;
    sure(h, async || p.delete(&key, 1).await).await;
    assert_eq!(conflict(h, &p, &second("second")).await, None);
    assert_eq!(written(h, &p, &write("order#1", "state", Condition::Absent, "again")).await, 1);
}

pub async fn still_reads_an_item_that_has_expired<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let now = crossdock_platform::Platform::clock(&p).now();
    let short = Write { expires_at: Some(now + SignedDuration::from_secs(1)), ..first("order#1", "state") };
    written(h, &p, &short).await;
    h.pass(SHORT).await;
    assert!(get(h, &p, &short.key).await.is_some());
    let listed = sure(h, async || p.query("order#1", "", None, false, 10).await).await;
    assert_eq!(listed.len(), 1);
    assert!(conflict(h, &p, &write("order#1", "state", Condition::Absent, "again")).await.is_some());
}
