//! What shops were told of shipments, and what they have.

use crossdock_core::difference::DifferenceKind;
use crossdock_platform::fulfilment::ShipmentStage;
use flows::{
    Flow,
    shipping::{pieces, shipment_of},
    shops::Shops,
};
use simulators::warehouses::Server;

use crate::{counts, reconciled, told_beside};

const LOST: DifferenceKind = DifferenceKind::ShipmentNotAnnounced;

/// How often the shops were asked what they have of one order's shipments.
fn asked(shops: &Shops) -> usize {
    let shopify = shops.shopify.faults.calls();
    let shopify = shopify.iter().filter(|call| String::from_utf8_lossy(&call.body).contains("FulfilmentIds"));
    let woo = shops.woo.faults.calls();
    let woo = woo.iter().filter(|call| call.method == "GET" && call.target.contains("/notes"));
    shopify.count() + woo.count()
}

/// Both shops sell, and the warehouse ships all of it.
async fn shipped(flow: &Flow, east: &Server, shops: &Shops) {
    for shop in ["shopify", "woo"] {
        let (_, reference) = shops.sell(flow, east, shop).await;
        let told = east.ship_rest(&reference);
        flow.told(&told).await;
        assert_eq!(flow.shipment(&shipment_of(&told[0])).await.work.stage, ShipmentStage::Done);
    }
    flow.rest().await;
}

/// Such as one that was set back to yesterday.
#[tokio::test(start_paused = true)]
async fn a_shop_that_has_lost_what_it_was_told_of_a_shipment_is_told_once_more() {
    let (flow, east, shops) = told_beside(|_| {}).await;
    shipped(&flow, &east, &shops).await;
    let told = |shops: &Shops| {
        let kept = shops.woo.shipping.of(Shops::ORDER);
        (
            shops.shopify.fulfilments.of(Shops::ORDER).len(),
            kept.notes.len(),
            kept.status.as_deref() == Some("completed"),
        )
    };
    assert_eq!(told(&shops), (1, 1, true));
    let before = asked(&shops);
    let lost = |run: &_| counts(run).into_iter().find(|(kind, ..)| *kind == LOST);
    assert_eq!(lost(&reconciled(&flow, true).await), None);
    assert_eq!(asked(&shops), before, "an order that the shop shows as shipped is not looked into");
    shops.shopify.fulfilments.forget(Shops::ORDER);
    shops.woo.shipping.forget(Shops::ORDER);
    let run = reconciled(&flow, false).await;
    assert_eq!((lost(&run), told(&shops)), (Some((LOST, 2, 0)), (0, 0, false)), "it only looks");
    let kept = run.slices.iter().flat_map(|slice| &slice.kept).find(|one| one.kind == LOST).unwrap();
    assert!(kept.since.is_some() && kept.subject.starts_with("east/"), "{kept:?}");
    assert_eq!(lost(&reconciled(&flow, true).await), Some((LOST, 2, 2)));
    flow.rest().await;
    assert_eq!(told(&shops), (1, 1, true), "once each");
    assert_eq!(lost(&reconciled(&flow, true).await), None);
}

/// An order that is shipped in part is looked into, and a shop's own cancel is its word.
#[tokio::test(start_paused = true)]
async fn a_part_that_the_shop_has_and_one_that_a_person_cancelled_there_are_not_told_again() {
    let (flow, east, shops) = told_beside(|_| {}).await;
    let (_, reference) = shops.sell(&flow, &east, "shopify").await;
    flow.told(&east.ship(&reference, &pieces(1), 1)).await;
    flow.rest().await;
    let before = asked(&shops);
    assert_eq!(counts(&reconciled(&flow, true).await).into_iter().find(|(kind, ..)| *kind == LOST), None);
    assert_eq!(asked(&shops), before + 1);
    let made = shops.shopify.fulfilments.of(Shops::ORDER);
    shops.shopify.fulfilments.cancel(made[0].id);
    assert_eq!(counts(&reconciled(&flow, true).await).into_iter().find(|(kind, ..)| *kind == LOST), None);
    flow.rest().await;
    assert_eq!(shops.shopify.fulfilments.of(Shops::ORDER).len(), 1);
}
