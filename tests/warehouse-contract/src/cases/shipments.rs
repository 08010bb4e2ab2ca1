//! What has shipped.

use crossdock_core::shipment::{Lot, Notice, ParcelStatus};
use crossdock_warehouses::FoundState;
use rust_decimal::Decimal;
use simulators::warehouses::Take;

use crate::target::{Target, decimal};

const REFERENCE: &str = "WH/OUT/00001";

async fn released(target: &Target) {
    target.warehouse.release(&target.release(1)).await.expect("it is taken in");
}

async fn state(target: &Target) -> FoundState {
    let found = target.warehouse.find(&target.reference(1)).await.expect("an answer");
    found.expect("it is there").state
}

pub async fn a_whole_shipment_is_told_as_it_is_asked(target: &Target) {
    released(target).await;
    let told = target.learn_shipments(&target.floor().ship_rest(REFERENCE)).await;
    let [shipment] = &told[..] else { panic!("one shipment: {told:?}") };
    assert_eq!(shipment.key.warehouse, target.id);
    assert_eq!(shipment.reference, target.reference(1));
    let mut lines: Vec<_> = shipment.lines.iter().map(|l| (l.sku.to_string(), l.quantity)).collect();
    lines.sort();
    let expected = [("SKU-001".to_owned(), decimal("2")), ("SKU-002".to_owned(), decimal("3"))];
    assert_eq!(lines, expected);
    let ids: Vec<_> = shipment.lines.iter().filter_map(|line| line.line.as_ref()).collect();
    assert_eq!(ids.len(), 2, "our ids of the lines come back");
    assert_eq!(shipment.parcels.len(), 1);
    assert!(shipment.parcels[0].tracking.as_ref().is_some_and(|tracking| tracking.starts_with("1Z")));
    assert_eq!(shipment.shipped_at, target.floor().clock().now());
    // Whoever missed the call hears the very same by asking: the same id with another digest is another story.
    let asked = target.warehouse.shipments(&target.reference(1), None).await.expect("an answer");
    assert_eq!(asked, told);
    assert_eq!(state(target).await, FoundState::Shipped);
}

pub async fn a_part_then_the_rest_are_two_shipments(target: &Target) {
    released(target).await;
    let part = target.floor().job(REFERENCE).expect("it is there").part();
    let first = target.learn_shipments(&target.floor().ship(REFERENCE, &part, 1)).await;
    assert_eq!(state(target).await, FoundState::Shipping);
    tokio::time::advance(std::time::Duration::from_secs(3600)).await;
    let second = target.floor().ship_rest(REFERENCE);
    let asked = target.warehouse.shipments(&target.reference(1), None).await.expect("an answer");
    let told = target.learn_shipments(&second).await;
    assert_eq!((first.len(), asked.len()), (1, 2));
    assert_eq!(asked[0].key, first[0].key, "the earliest comes first");
    assert_eq!(asked[0].lines, first[0].lines);
    assert!(told.contains(&asked[1]) && asked[1].key != asked[0].key);
    assert!(!first[0].closes, "more was to come");
    let sum = |sku: &str| -> Decimal {
        let lines = asked.iter().flat_map(|one| &one.lines).filter(|line| line.sku.as_str() == sku);
        lines.map(|line| line.quantity).sum()
    };
    assert_eq!((sum("SKU-001"), sum("SKU-002")), (decimal("2"), decimal("3")));
    assert_eq!(state(target).await, FoundState::Shipped);
}

pub async fn a_call_that_comes_twice_tells_the_same(target: &Target) {
    released(target).await;
    let calls = target.floor().ship_rest(REFERENCE);
    let first = target.learn_shipments(&calls).await;
    tokio::time::advance(std::time::Duration::from_secs(1800)).await;
    let again: Vec<_> = calls.iter().map(|call| target.floor().again(call)).collect();
    assert_eq!(target.learn_shipments(&again).await, first);
}

pub async fn lots_and_serials_are_told(target: &Target) {
    if !target.traits.lots {
        return;
    }
    target.floor().put_lots("SKU-001", ["SN-7", "SN-8"].map(|number| (number.to_owned(), decimal("1"))));
    target
        .floor()
        .put_lots("SKU-002", [("LOT-A".to_owned(), decimal("2")), ("LOT-B".to_owned(), decimal("9"))]);
    released(target).await;
    let told = target.learn_shipments(&target.floor().ship_rest(REFERENCE)).await;
    let mut lots: Vec<Lot> =
        told.iter().flat_map(|one| &one.lines).flat_map(|line| line.lots.clone()).collect();
    lots.sort();
    let expected = [("LOT-A", "2"), ("LOT-B", "1"), ("SN-7", "1"), ("SN-8", "1")];
    assert_eq!(
        lots,
        expected.map(|(number, quantity)| Lot { number: number.into(), quantity: decimal(quantity) })
    );
}

pub async fn two_parcels_are_two(target: &Target) {
    released(target).await;
    let rest = target.floor().job(REFERENCE).expect("it is there").rest();
    let told = target.learn_shipments(&target.floor().ship(REFERENCE, &rest, 2)).await;
    let tracking: Vec<_> =
        told.iter().flat_map(|one| &one.parcels).filter_map(|p| p.tracking.clone()).collect();
    assert_eq!(tracking.len(), 2, "{told:?}");
    assert_ne!(tracking[0], tracking[1]);
    let shipped: Decimal = told.iter().flat_map(|one| &one.lines).map(|line| line.quantity).sum();
    assert_eq!(shipped, decimal("5"), "what is in two parcels has shipped once");
}

pub async fn a_shipment_that_closes_the_rest_says_so(target: &Target) {
    if !target.traits.tells_ends {
        return;
    }
    released(target).await;
    let takes = [Take { at: 0, quantity: decimal("1") }];
    let told = target.learn_shipments(&target.floor().ship_and_close(REFERENCE, &takes)).await;
    assert!(told.last().is_some_and(|one| one.closes), "{told:?}");
    assert_eq!(state(target).await, FoundState::Shipped);
}

pub async fn closing_without_goods_is_told(target: &Target) {
    if !target.traits.tells_ends {
        return;
    }
    released(target).await;
    let part = target.floor().job(REFERENCE).expect("it is there").part();
    let first = target.learn_shipments(&target.floor().ship(REFERENCE, &part, 1)).await;
    let told = target.learn_shipments(&target.floor().close_short(REFERENCE)).await;
    let last = told.last().expect("it is told");
    assert!(last.closes && last.lines.is_empty() && last.key != first[0].key, "{last:?}");
    let asked = target.warehouse.shipments(&target.reference(1), None).await.expect("an answer");
    assert_eq!(asked.last(), Some(last));
}

pub async fn a_rejection_is_told(target: &Target) {
    if !target.traits.tells_ends {
        return;
    }
    released(target).await;
    let learnt = target.learn(&target.floor().reject(REFERENCE, "the goods are damaged")).await;
    let [Notice::Refused { reference, why }] = &learnt[..] else { panic!("{learnt:?}") };
    assert_eq!((reference, why.as_str()), (&target.reference(1), "the goods are damaged"));
}

pub async fn a_cancel_is_told(target: &Target) {
    released(target).await;
    let learnt = target.learn(&target.floor().cancel(REFERENCE, "called off by hand")).await;
    if target.traits.tells_cancels {
        assert!(
            matches!(&learnt[..], [Notice::Cancelled { reference, .. }] if reference == &target.reference(1)),
            "{learnt:?}"
        );
    }
    assert_eq!(state(target).await, FoundState::Cancelled);
}

pub async fn parcels_are_followed(target: &Target) {
    if !target.traits.parcels {
        return;
    }
    released(target).await;
    let shipped = target.learn_shipments(&target.floor().ship_rest(REFERENCE)).await;
    let tracking = shipped[0].parcels[0].tracking.clone().expect("a number");
    for status in [ParcelStatus::InTransit, ParcelStatus::Exception, ParcelStatus::Delivered] {
        let learnt = target.learn(&target.floor().parcel(&tracking, status)).await;
        let [Notice::Parcels { news }] = &learnt[..] else { panic!("{learnt:?}") };
        assert_eq!((news[0].tracking.as_str(), news[0].status), (tracking.as_str(), status));
        assert_eq!(news[0].at, target.floor().clock().now());
    }
}
