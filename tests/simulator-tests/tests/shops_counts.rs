//! What each shop counts, read and changed through the product's adapters.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use crossdock_channels::standard;
use crossdock_core::{
    PeerError, Sku,
    stock::{Change, Changed, Found, Item},
};
use jiff::SignedDuration;
use simulator_tests::shops::{Kind, START, World, world};
use simulators::shops::{FaultKind, NotSold, Shelf};

const SHOPS: [Kind; 2] = [Kind::Shopify, Kind::Woocommerce];

fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

/// Where the shop counts.
fn place(kind: Kind) -> &'static str {
    if kind == Kind::Shopify { "70001" } else { "" }
}

fn shelf(world: &World) -> &Shelf {
    if world.kind == Kind::Shopify { &world.shopify.shelf } else { &world.woo.shelf }
}

/// A shop with these counts.
fn stocked(kind: Kind, counts: &[(&str, i64)]) -> World {
    let world = world(kind);
    for (sku, count) in counts {
        shelf(&world).put(sku, &[(place(kind), *count)]);
    }
    world
}

async fn item(world: &World, name: &str) -> Item {
    match world.api.items(&[sku(name)]).await.unwrap().remove(&sku(name)) {
        Some(Found::One(item)) => item,
        other => panic!("{name}: {other:?}"),
    }
}

/// The change of what is counted now.
async fn change(world: &World, name: &str, to: i64) -> Change {
    let item = item(world, name).await;
    let location = place(world.kind).to_owned();
    Change { sku: sku(name), from: item.counts.get(&location).copied(), handle: item.handle, location, to }
}

async fn set(world: &World, changes: &[Change], key: &str) -> Result<Vec<Changed>, PeerError> {
    world.api.set_counts(changes, START, key).await
}

fn count(world: &World, sku: &str) -> Option<i64> {
    shelf(world).count(sku, place(world.kind))
}

#[tokio::test(start_paused = true)]
async fn a_count_is_set_and_read_again() {
    for kind in SHOPS {
        let world = stocked(kind, &[("CD-1", 10), ("CD-2", 0)]);
        let changes = [change(&world, "CD-1", 7).await, change(&world, "CD-2", 3).await];
        assert_eq!(set(&world, &changes, "k1").await, Ok(vec![Changed::Set, Changed::Set]), "{kind:?}");
        assert_eq!((count(&world, "CD-1"), count(&world, "CD-2")), (Some(7), Some(3)));
        assert_eq!(item(&world, "CD-1").await.counts, BTreeMap::from([(place(kind).to_owned(), 7)]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_sale_in_the_shop_is_not_written_over_and_the_others_are_set() {
    for kind in SHOPS {
        let world = stocked(kind, &[("A", 10), ("B", 10), ("C", 10)]);
        let mut changes = Vec::new();
        for name in ["A", "B", "C"] {
            changes.push(change(&world, name, 5).await);
        }
        shelf(&world).sell("B", 1).unwrap();
        shelf(&world).remove("C");
        let answer = set(&world, &changes, "k1").await.unwrap();
        assert_eq!(answer, [Changed::Set, Changed::Stale, Changed::Gone], "{kind:?}");
        assert_eq!((count(&world, "A"), count(&world, "B")), (Some(5), Some(9)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_told_again_changes_nothing_more() {
    for kind in SHOPS {
        let world = stocked(kind, &[("A", 10), ("B", 10)]);
        let changes = [change(&world, "A", 5).await, change(&world, "B", 6).await];
        let reads = usize::from(kind == Kind::Woocommerce);
        world.inject_after(reads, FaultKind::Lost);
        set(&world, &changes, "k1").await.unwrap_err();
        assert_eq!(count(&world, "A"), Some(5), "{kind:?}");
        // Somebody buys before the same is told again.
        shelf(&world).sell("A", 2).unwrap();
        let answer = set(&world, &changes, "k1").await.unwrap();
        // Shopify remembers the key, WooCommerce finds what it counts now.
        let expected = if kind == Kind::Shopify { Changed::Set } else { Changed::Stale };
        assert_eq!(answer, [expected.clone(), expected], "{kind:?}");
        assert_eq!((count(&world, "A"), count(&world, "B")), (Some(3), Some(6)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_refused_for_one_is_told_again_and_still_sets_the_others() {
    let world = stocked(Kind::Shopify, &[("A", 10), ("B", 10), ("C", 10)]);
    let changes = [change(&world, "A", 5).await, change(&world, "B", 5).await, change(&world, "C", 5).await];
    shelf(&world).sell("B", 1).unwrap();
    // The refusal arrives, the answer to the rest is lost.
    world.inject_after(1, FaultKind::Lost);
    set(&world, &changes, "k1").await.unwrap_err();
    shelf(&world).sell("A", 1).unwrap();
    // The first key is spent by then, and so is compared once more: A was set, and has been sold since.
    let answer = set(&world, &changes, "k1").await.unwrap();
    assert_eq!(answer, [Changed::Stale, Changed::Stale, Changed::Stale]);
    assert_eq!(["A", "B", "C"].map(|name| count(&world, name)), [Some(4), Some(9), Some(5)]);
}

#[tokio::test(start_paused = true)]
async fn what_the_shop_refuses_of_one_article_is_told_of_it_alone() {
    for kind in SHOPS {
        let world = stocked(kind, &[("A", 10), ("B", 10)]);
        let changes = [change(&world, "A", 5).await, change(&world, "B", 5).await];
        shelf(&world).refuse("A", "NON_MUTABLE_INVENTORY_ITEM");
        let answer = set(&world, &changes, "k1").await.unwrap();
        assert!(matches!(answer[..], [Changed::Refused(_), Changed::Set]), "{kind:?} {answer:?}");
        assert_eq!((count(&world, "A"), count(&world, "B")), (Some(10), Some(5)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_shop_does_not_count_and_what_it_has_twice_is_told_as_such() {
    for kind in SHOPS {
        let world = stocked(kind, &[("A", 10), ("TWICE", 1), ("TWICE", 2), ("NOT", 5), ("a", 3)]);
        shelf(&world).change("NOT", |article| article.counted = false);
        let found = world.api.items(&["A", "TWICE", "NOT", "GONE"].map(sku)).await.unwrap();
        assert_eq!(found.len(), 3, "{kind:?}");
        assert_eq!(found[&sku("TWICE")], Found::Several);
        assert!(matches!(&found[&sku("NOT")], Found::One(item) if !item.counted));
        assert!(matches!(&found[&sku("A")], Found::One(item) if item.counts[place(kind)] == 10));
    }
}

#[tokio::test(start_paused = true)]
async fn as_many_as_one_call_takes_are_one_call() {
    for (kind, reads) in [(Kind::Shopify, 0), (Kind::Woocommerce, 1)] {
        let world = world(kind);
        let most = world.api.counts_at_most();
        let names: Vec<String> = (0..=most).map(|n| format!("S{n:04}")).collect();
        for name in &names {
            shelf(&world).put(name, &[(place(kind), 9)]);
        }
        let skus: Vec<Sku> = names.iter().map(|name| sku(name)).collect();
        let found = world.api.items(&skus[..world.api.items_at_most()]).await.unwrap();
        assert_eq!((found.len(), world.calls()), (world.api.items_at_most(), 1), "{kind:?}");
        let found = world.api.items(&skus).await.unwrap();
        assert_eq!(found.len(), most + 1);
        let change = |(name, found): (Sku, Found)| {
            let Found::One(item) = found else { panic!("{name} twice") };
            Change { sku: name, handle: item.handle, location: place(kind).into(), from: Some(9), to: 8 }
        };
        let changes: Vec<Change> = found.into_iter().map(change).collect();
        let before = world.calls();
        let answer = set(&world, &changes[..most], "k1").await.unwrap();
        assert!(answer.iter().all(|one| *one == Changed::Set));
        assert_eq!(world.calls() - before, 1 + reads, "{kind:?}");
        assert!(matches!(set(&world, &changes, "k2").await, Err(PeerError::Rejected { .. })));
    }
}

#[tokio::test(start_paused = true)]
async fn an_article_at_many_locations_is_read_on_and_stocked_where_it_is_not() {
    let world = world(Kind::Shopify);
    let names: Vec<String> = (0..15).map(|n| (80_000 + n).to_string()).collect();
    let counts: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 3)).collect();
    world.shopify.shelf.put("A", &counts);
    let item = item(&world, "A").await;
    assert_eq!((item.counts.len(), world.calls()), (15, 2));
    // Not stocked there yet.
    let new = Change { sku: sku("A"), handle: item.handle, location: "90000".into(), from: None, to: 4 };
    assert_eq!(set(&world, std::slice::from_ref(&new), "k1").await, Ok(vec![Changed::Set]));
    assert_eq!(world.shopify.shelf.count("A", "90000"), Some(4));
    // It is by now, so the first count is no first one.
    assert_eq!(set(&world, std::slice::from_ref(&new), "k2").await, Ok(vec![Changed::Stale]));
    // Taken out of the location meanwhile: read anew.
    world.shopify.shelf.change("A", |article| article.counts.retain(|at, _| at != "90000"));
    let again = Change { from: Some(4), to: 3, ..new };
    assert_eq!(set(&world, &[again], "k3").await, Ok(vec![Changed::Stale]));
}

#[tokio::test(start_paused = true)]
async fn variations_are_counted_by_themselves_or_not_at_all() {
    let world = world(Kind::Woocommerce);
    let shelf = &world.woo.shelf;
    let shirt = shelf.put("SHIRT", &[("", 40)]);
    shelf.put_variation(shirt, "SHIRT-S", 4);
    shelf.put_variation(shirt, "SHIRT-L", 5);
    shelf.change("SHIRT-L", |article| article.counted = false);
    let changes = [change(&world, "SHIRT", 30).await, change(&world, "SHIRT-S", 3).await];
    let shared = item(&world, "SHIRT-L").await;
    assert!(!shared.counted);
    assert_eq!(set(&world, &changes, "k1").await, Ok(vec![Changed::Set, Changed::Set]));
    assert_eq!((shelf.count("SHIRT", ""), shelf.count("SHIRT-S", "")), (Some(30), Some(3)));
    // A sale of the one that shares takes from what is shared.
    shelf.sell("SHIRT-L", 2).unwrap();
    assert_eq!((shelf.count("SHIRT", ""), shelf.count("SHIRT-L", "")), (Some(28), Some(5)));
}

#[test]
fn a_shop_sells_no_more_than_it_counts_unless_it_is_told_to() {
    let shelf = Shelf::default();
    shelf.put("A", &[("1", 2), ("2", 3)]);
    assert_eq!(shelf.sell("A", 6), Err(NotSold::SoldOut));
    assert_eq!(shelf.sell("A", 4), Ok(()));
    assert_eq!((shelf.count("A", "1"), shelf.count("A", "2")), (Some(0), Some(1)));
    shelf.change("A", |article| article.oversells = true);
    assert_eq!(shelf.sell("A", 3), Ok(()));
    assert_eq!((shelf.count("A", "1"), shelf.count("A", "2")), (Some(-2), Some(0)));
    shelf.adjust("A", "1", 5);
    assert_eq!(shelf.count("A", "1"), Some(3));
    assert_eq!(shelf.sell("B", 1), Err(NotSold::Unknown));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_shop_tells_how_long_to_wait() {
    let world = stocked(Kind::Shopify, &[("A", 10)]);
    let change = change(&world, "A", 5).await;
    world.inject(FaultKind::Cost(3));
    let error = set(&world, std::slice::from_ref(&change), "k1").await.unwrap_err();
    let after = Some(std::time::Duration::from_secs(3));
    assert!(matches!(error, PeerError::Throttled { after: wait, .. } if wait == after), "{error}");
    assert_eq!(set(&world, &[change], "k1").await, Ok(vec![Changed::Set]));
}

#[tokio::test(start_paused = true)]
async fn a_partner_is_told_as_published_and_what_comes_late_counts_no_more() {
    let world = world(Kind::Standard);
    let item = item(&world, "CD-1").await;
    assert_eq!((item.handle.as_str(), item.counted, item.counts.len()), ("CD-1", true, 0));
    let change = |to, location: &str| Change {
        sku: sku("CD-1"),
        handle: "CD-1".into(),
        location: location.into(),
        from: None,
        to,
    };
    let changes = [change(5, ""), change(2, "shelf")];
    for _ in 0..2 {
        assert_eq!(set(&world, &changes, "k1").await, Ok(vec![Changed::Set, Changed::Set]));
    }
    let told = world.portal.told();
    assert_eq!((told.len(), told[0].times), (1, 2), "the same has the same id");
    let published = jsonschema::validator_for(&standard::stock_levels_schema()).unwrap();
    assert!(published.is_valid(&told[0].body), "{}", told[0].body);
    assert!(told[0].body["levels"][0].get("location").is_none());
    let later = START + SignedDuration::from_secs(60);
    let earlier = START + SignedDuration::from_secs(30);
    world.api.set_counts(&[change(3, "")], later, "k2").await.unwrap();
    world.api.set_counts(&[change(9, "")], earlier, "k3").await.unwrap();
    let expected = [(("CD-1".to_owned(), String::new()), 3), (("CD-1".to_owned(), "shelf".to_owned()), 2)];
    assert_eq!(world.portal.stock(), BTreeMap::from(expected));
    // What was told before and is so again is news.
    let latest = START + SignedDuration::from_secs(90);
    world.api.set_counts(&changes, latest, "k4").await.unwrap();
    assert_eq!((world.portal.told().len(), world.portal.stock()[&("CD-1".into(), String::new())]), (4, 5));
    let many = vec![change(1, ""); 251];
    assert!(matches!(set(&world, &many, "k5").await, Err(PeerError::Rejected { .. })));
}

#[tokio::test(start_paused = true)]
async fn the_sample_shops_grant_what_counts_need() {
    for kind in SHOPS {
        assert_eq!(world(kind).api.missing_for_counts().await, Ok(vec![]), "{kind:?}");
    }
}
