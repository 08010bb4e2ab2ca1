//! `get`, `query` and `scan`.

use std::collections::BTreeSet;

use crossdock_platform::{Condition, Item, Key, Ledger, Read, Write};
use serde_json::json;

use crate::{Harness, tools::*};

fn sks(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item.key.sk.as_str()).collect()
}

async fn put_all<H: Harness>(h: &H, p: &H::P, pk: &str, sks: &[&str]) {
    for sk in sks {
        written(h, p, &first(pk, sk)).await;
    }
}

pub async fn finds_nothing_where_nothing_was_written<H: Harness>(h: &H) {
    let p = h.fresh().await;
    written(h, &p, &first("order#1", "state")).await;
    for key in [Key::new("order#2", "state"), Key::new("order#1", "other"), Key::new("state", "order#1")] {
        assert_eq!(get(h, &p, &key).await, None);
        assert_eq!(sure(h, async || p.get(&key, Read::Eventual).await).await, None);
    }
    assert_eq!(sure(h, async || p.query("order#2", "", None, false, 10).await).await, []);
    assert_eq!(sure(h, async || p.scan("other", None, 10).await).await, (vec![], None));
}

pub async fn sees_every_write_in_a_consistent_read<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let key = Key::new("order#1", "state");
    written(h, &p, &first("order#1", "state")).await;
    for version in 1..30 {
        let next = write("order#1", "state", Condition::Version(version), &format!("write {version}"));
        written(h, &p, &next).await;
        assert_eq!(get(h, &p, &key).await.unwrap().version, version + 1);
        let listed = sure(h, async || p.query("order#1", "state", None, false, 1).await).await;
        assert_eq!(listed[0].version, version + 1);
    }
}

pub async fn catches_up_in_an_eventual_read<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let key = Key::new("order#1", "state");
    let read = async || sure(h, async || p.get(&key, Read::Eventual).await).await.map(|item| item.version);
    written(h, &p, &first("order#1", "state")).await;
    for _ in 0..10 {
        let seen = read().await;
        assert!(matches!(seen, None | Some(1)), "{seen:?}");
    }
    h.pass(h.lag()).await;
    assert_eq!(read().await, Some(1));
    written(h, &p, &write("order#1", "state", Condition::Version(1), "second")).await;
    for _ in 0..10 {
        let seen = read().await;
        assert!(matches!(seen, Some(1 | 2)), "{seen:?}");
    }
    h.pass(h.lag()).await;
    for _ in 0..10 {
        assert_eq!(read().await, Some(2));
    }
}

pub async fn lists_a_partition_in_both_directions<H: Harness>(h: &H) {
    let p = h.fresh().await;
    // In the order of their bytes in UTF-8.
    let rising = ["A", "a", "a#", "a#10", "a#9", "ab", "b", "é", "漢", "🚚"];
    put_all(h, &p, "order#1", &["b", "a#9", "🚚", "ab", "é", "a", "a#10", "A", "漢", "a#"]).await;
    put_all(h, &p, "order#10", &["a", "b"]).await;
    let list = async |falling| sure(h, async || p.query("order#1", "", None, falling, 100).await).await;
    let items = list(false).await;
    assert_eq!(sks(&items), rising);
    assert!(items.iter().all(|item| item.key.pk == "order#1"));
    let falling: Vec<&str> = rising.into_iter().rev().collect();
    assert_eq!(sks(&list(true).await), falling);
}

pub async fn lists_what_begins_with_a_prefix<H: Harness>(h: &H) {
    let p = h.fresh().await;
    put_all(h, &p, "order#1", &["snap", "snap#1", "snap#2", "snap$", "snaq", "sn%p#1", "SNAP#1", "s"]).await;
    let list =
        async |prefix, falling| sure(h, async || p.query("order#1", prefix, None, falling, 100).await).await;
    assert_eq!(sks(&list("snap#", false).await), ["snap#1", "snap#2"]);
    assert_eq!(sks(&list("snap#", true).await), ["snap#2", "snap#1"]);
    assert_eq!(sks(&list("snap", false).await), ["snap", "snap#1", "snap#2", "snap$"]);
    // No character of a prefix has a meaning of its own.
    assert_eq!(sks(&list("sn%p", false).await), ["sn%p#1"]);
    assert_eq!(sks(&list("sn_p", false).await), [""; 0]);
    assert_eq!(sks(&list("snap#1#", false).await), [""; 0]);
}

pub async fn pages_through_a_partition_in_both_directions<H: Harness>(h: &H) {
    let p = h.fresh().await;
    put_all(h, &p, "order#1", &["a#1", "b#1", "b#2", "b#3", "b#4", "b#5", "c#1"]).await;
    for falling in [false, true] {
        let mut seen = Vec::new();
        loop {
            let after = seen.last().cloned();
            let page = sure(h, async || p.query("order#1", "b#", after.as_deref(), falling, 2).await).await;
            assert!(page.len() <= 2);
            if page.is_empty() {
                break;
            }
            seen.extend(page.into_iter().map(|item| item.key.sk));
        }
        if falling {
            seen.reverse();
        }
        assert_eq!(seen, ["b#1", "b#2", "b#3", "b#4", "b#5"]);
    }
    // A start outside of the prefix, and one at which no item stands.
    let list = async |after| sure(h, async || p.query("order#1", "b#", Some(after), false, 100).await).await;
    assert_eq!(list("a").await.len(), 5);
    assert_eq!(sks(&list("b#35").await), ["b#4", "b#5"]);
    assert_eq!(list("c").await, []);
}

pub async fn lists_more_than_one_answer_can_carry<H: Harness>(h: &H) {
    let p = h.fresh().await;
    // DynamoDB answers with 1 MB at most, whatever the limit of a query.
    for n in 0..8 {
        let large = Write { blob: Some(vec![n; 300 * 1024]), ..first("order#1", &format!("snapshot#{n}")) };
        written(h, &p, &large).await;
    }
    let items = sure(h, async || p.query("order#1", "snapshot#", None, false, 7).await).await;
    assert_eq!(items.len(), 7);
    assert!(items.iter().zip(0..).all(|(item, n)| item.blob.as_ref().unwrap()[0] == n));
}

pub async fn scans_a_kind_of_item_page_by_page<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let mut expected = BTreeSet::new();
    for n in 0..23 {
        let pk = format!("order#{n}");
        put_all(h, &p, &pk, &["state", "state#old", "snapshot#1"]).await;
        expected.insert(pk);
    }
    let mut seen = Vec::new();
    let mut after = None;
    for _ in 0..200 {
        let (page, next) = sure(h, async || p.scan("state", after.clone(), 5).await).await;
        assert!(page.len() <= 5, "a page of {}", page.len());
        seen.extend(page.into_iter().map(|item| item.key));
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(after, None, "a scan comes to its end");
    assert_eq!(seen.len(), 23, "each item once");
    assert!(seen.iter().all(|key| key.sk == "state"));
    assert_eq!(seen.into_iter().map(|key| key.pk).collect::<BTreeSet<_>>(), expected);
}

pub async fn shares_everything_with_a_clone<H: Harness>(h: &H) {
    let p = h.fresh().await;
    let clone = p.clone();
    written(h, &clone, &Write { body: json!({"by": "clone"}), ..first("order#1", "state") }).await;
    send(h, &clone, &["from the clone"]).await;
    h.set_secret(&clone, "shop/webhook", &["one"]).await;
    assert_eq!(get(h, &p, &Key::new("order#1", "state")).await.unwrap().body, json!({"by": "clone"}));
    assert_eq!(receive_one(h, &p, LONG).await.body, "from the clone");
    let versions = sure(h, async || crossdock_platform::Secrets::secret(&p, "shop/webhook").await).await;
    assert_eq!(versions.0.len(), 1);
}
