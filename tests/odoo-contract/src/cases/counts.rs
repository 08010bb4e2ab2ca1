//! Corrections of what lies in a warehouse: set, booked, found again.

use crossdock_odoo::{
    Call, Odoo,
    counts::{
        Booked, Correction, Counted, Found, Place, Shelf as Seen, Thing, book, clear, count, look, place,
    },
};
use jiff::SignedDuration;
use rust_decimal::Decimal;
use serde_json::{Map, json};

use crate::{
    orders::d,
    shelf::{Shelf, Shipped, applied, house, typed},
    target::Target,
};

async fn here(target: &Target) -> Place {
    place(&target.user.0, house(target).await.id).await.expect("an answer").expect("a warehouse")
}

/// 17 is older than the flag that tells storable goods.
async fn is_seventeen(target: &Target) -> bool {
    let fields = Call::new("product.product", "fields_get").arg("allfields", json!(["is_storable"]));
    !target.user.call(fields.arg("attributes", json!(["type"]))).await["is_storable"].is_object()
}

/// Whoever may book a count with the fewest rights.
async fn counter(target: &Target) -> &Odoo {
    if is_seventeen(target).await { &target.admin().0 } else { &target.user.0 }
}

async fn found(target: &Target, shelf: &Shelf, lot: Option<&str>, reference: &str) -> Found {
    let thing = Thing { sku: shelf.sku.parse().expect("a SKU"), lot: lot.map(str::to_owned) };
    let place = here(target).await;
    let all = look(&target.user.0, place, &[thing], reference, None).await.expect("a look");
    all.into_iter().next().expect("one answer")
}

async fn seen(target: &Target, shelf: &Shelf, lot: Option<&str>, reference: &str) -> Seen {
    match found(target, shelf, lot, reference).await {
        Found::Shelf(seen) => seen,
        other => panic!("{other:?}"),
    }
}

/// Sets a count that changes what is there.
async fn set(target: &Target, shelf: &Shelf, lot: Option<&str>, by: &str) -> Counted {
    let before = seen(target, shelf, lot, "").await;
    let by = d(by);
    let correction = Correction { product: before.product, lot: before.lot, to: before.here + by, by };
    count(counter(target).await, here(target).await, &correction).await.expect("a count")
}

async fn set_on(target: &Target, shelf: &Shelf, lot: Option<&str>, by: &str) -> i64 {
    match set(target, shelf, lot, by).await {
        Counted::Set(quant) => quant,
        other => panic!("{other:?}"),
    }
}

async fn booked(target: &Target, quants: &[i64], reference: &str) -> Booked {
    book(counter(target).await, here(target).await, quants, reference).await.expect("an answer")
}

fn reference(target: &Target) -> String {
    format!("contract-wh/{}: damaged", target.fresh())
}

pub async fn a_correction_changes_the_count_and_is_found_by_its_reference(target: &Target) {
    let shelf = Shelf::with(target, "10").await;
    let reference = reference(target);
    let before = seen(target, &shelf, None, &reference).await;
    assert_eq!((before.on_hand, before.here, before.booked, before.counted), (d("10"), d("10"), None, false));
    let quant = set_on(target, &shelf, None, "-3").await;
    let set = seen(target, &shelf, None, &reference).await;
    assert_eq!((set.on_hand, set.booked, set.counted), (d("10"), None, true), "nothing moves by it");
    assert_eq!(booked(target, &[quant], &reference).await, Booked::Accepted);
    let after = seen(target, &shelf, None, &reference).await;
    assert_eq!((after.on_hand, after.booked, after.counted), (d("7"), Some(d("-3")), false));
    assert_eq!(seen(target, &shelf, None, "contract-wh/other: damaged").await.booked, None);
}

pub async fn goods_are_found_where_there_were_none(target: &Target) {
    let shelf = Shelf::new(target, "none", &house(target).await).await;
    let reference = reference(target);
    let quant = set_on(target, &shelf, None, "2.5").await;
    assert_eq!(booked(target, &[quant], &reference).await, Booked::Accepted);
    let after = seen(target, &shelf, None, &reference).await;
    assert_eq!((after.on_hand, after.booked), (d("2.5"), Some(d("2.5"))));
}

pub async fn one_lot_is_corrected_and_no_other(target: &Target) {
    let shelf = Shelf::new(target, "lot", &house(target).await).await;
    shelf.fill(target, Some("L1"), "3").await;
    shelf.fill(target, Some("L2"), "5").await;
    let reference = reference(target);
    let quant = set_on(target, &shelf, Some("L1"), "-1").await;
    assert_eq!(booked(target, &[quant], &reference).await, Booked::Accepted);
    let after = seen(target, &shelf, Some("L1"), &reference).await;
    assert_eq!((after.on_hand, after.booked), (d("2"), Some(d("-1"))));
    let other = seen(target, &shelf, Some("L2"), &reference).await;
    assert_eq!((other.on_hand, other.booked), (d("5"), None));
    assert_eq!(found(target, &shelf, None, &reference).await, Found::LotNeeded);
    assert_eq!(found(target, &shelf, Some("L3"), &reference).await, Found::NoLot);
}

/// What ships between the look and the booking is not undone.
pub async fn a_count_that_the_stock_has_overtaken_is_not_booked(target: &Target) {
    let shelf = Shelf::with(target, "10").await;
    let reference = reference(target);
    let quant = set_on(target, &shelf, None, "-3").await;
    let order = typed(target, &[(shelf.product, "2")]).await;
    applied(target, order, &Shipped::new(&target.fresh(), &[(shelf.product, "2")])).await;
    assert_eq!(booked(target, &[quant], &reference).await, Booked::Outdated);
    clear(counter(target).await, here(target).await, &[quant]).await.expect("cleared");
    let after = seen(target, &shelf, None, &reference).await;
    assert_eq!((after.on_hand, after.booked, after.counted), (d("8"), None, false));
}

pub async fn a_count_from_an_old_look_is_told_as_moved(target: &Target) {
    let shelf = Shelf::with(target, "10").await;
    let before = seen(target, &shelf, None, "").await;
    let correction = Correction { product: before.product, lot: None, to: d("6"), by: d("-3") };
    let place = here(target).await;
    let counted = count(counter(target).await, place, &correction).await.expect("a count");
    let Counted::Moved(quant) = counted else { panic!("{counted:?}") };
    clear(counter(target).await, place, &[quant]).await.expect("cleared");
    assert!(!seen(target, &shelf, None, "").await.counted);
}

/// The quants' own button makes zero of it on 19.
pub async fn a_count_that_somebody_took_away_is_not_booked_as_zero(target: &Target) {
    let shelf = Shelf::with(target, "10").await;
    let reference = reference(target);
    let quant = set_on(target, &shelf, None, "-3").await;
    target.admin().run("stock.quant", "action_clear_inventory_quantity", &[quant], &[]).await;
    assert_eq!(booked(target, &[quant], &reference).await, Booked::Accepted);
    let after = seen(target, &shelf, None, &reference).await;
    assert_eq!((after.on_hand, after.booked), (d("10"), None));
}

pub async fn several_counts_are_booked_together_or_not_at_all(target: &Target) {
    let shelves = [Shelf::with(target, "10").await, Shelf::with(target, "20").await];
    let reference = reference(target);
    let mut quants = Vec::new();
    for shelf in &shelves {
        quants.push(set_on(target, shelf, None, "-1").await);
    }
    let order = typed(target, &[(shelves[0].product, "2")]).await;
    applied(target, order, &Shipped::new(&target.fresh(), &[(shelves[0].product, "2")])).await;
    assert_eq!(booked(target, &quants, &reference).await, Booked::Outdated);
    assert_eq!(seen(target, &shelves[1], None, &reference).await.on_hand, d("20"));
    quants[0] = set_on(target, &shelves[0], None, "-1").await;
    assert_eq!(booked(target, &quants, &reference).await, Booked::Accepted);
    let mut left = Vec::new();
    for shelf in &shelves {
        left.push(seen(target, shelf, None, &reference).await.on_hand);
    }
    assert_eq!(left, [d("7"), d("19")]);
}

pub async fn what_is_meant_for_transfers_and_not_there_is_let_go(target: &Target) {
    let shelf = Shelf::with(target, "10").await;
    typed(target, &[(shelf.product, "9")]).await;
    assert_eq!(seen(target, &shelf, None, "").await.reserved, d("9"));
    let quant = set_on(target, &shelf, None, "-4").await;
    assert_eq!(booked(target, &[quant], &reference(target)).await, Booked::Accepted);
    let after = seen(target, &shelf, None, "").await;
    assert_eq!((after.on_hand, after.reserved), (d("6"), d("6")));
}

pub async fn what_moved_since_a_time_is_seen(target: &Target) {
    let shelf = Shelf::with(target, "10").await;
    let thing = [Thing { sku: shelf.sku.parse().expect("a SKU"), lot: None }];
    let now = target.clock.now();
    let minute = SignedDuration::from_secs(60);
    for (since, expected) in [(now - minute, true), (now + minute, false)] {
        let all = look(&target.user.0, here(target).await, &thing, "", Some(since)).await.expect("a look");
        let [Found::Shelf(seen)] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(seen.moved, expected, "since {since}");
    }
}

pub async fn what_odoo_does_not_count_is_refused(target: &Target) {
    let sku = format!("LOOSE-{}", target.fresh());
    let mut values = json!({ "default_code": sku, "name": sku, "type": "consu" });
    if !is_seventeen(target).await {
        values["is_storable"] = json!(false);
    } else if target.simulator.is_none() {
        values = json!({ "default_code": sku, "name": sku, "detailed_type": "consu" });
    }
    let product = target.admin().save("product.product", values, &Map::new()).await;
    let correction = Correction { product, lot: None, to: Decimal::ONE, by: Decimal::ONE };
    let answer = count(counter(target).await, here(target).await, &correction).await.expect("an answer");
    let Counted::Refused(why) = answer else { panic!("{answer:?}") };
    assert!(why.contains("consumables"), "{why}");
    let unknown = [Thing { sku: format!("{sku}-NOT").parse().expect("a SKU"), lot: None }];
    let all = look(&target.user.0, here(target).await, &unknown, "", None).await.expect("a look");
    assert_eq!(all, [Found::NoProduct]);
}

pub async fn on_17_booking_takes_an_administrator_of_the_inventory(target: &Target) {
    let shelf = Shelf::with(target, "10").await;
    let reference = reference(target);
    let quant = set_on(target, &shelf, None, "-3").await;
    let place = here(target).await;
    let answer = book(&target.user.0, place, &[quant], &reference).await.expect("an answer");
    if is_seventeen(target).await {
        let Booked::Refused(why) = answer else {
            panic!("{answer:?}: the user of the suite has more rights")
        };
        assert!(why.contains("Inventory/Administrator"), "{why}");
        clear(&target.user.0, place, &[quant]).await.expect("cleared");
        assert_eq!(seen(target, &shelf, None, &reference).await.on_hand, d("10"));
    } else {
        assert_eq!(answer, Booked::Accepted);
    }
}
