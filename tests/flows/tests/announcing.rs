//! From a shipment to the shop that sold the order and to the parcel's end, by what shop and ledger hold.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{collections::BTreeMap, time::Duration};

use crossdock_core::{ids::ParcelId, shipment::ParcelStatus};
use crossdock_platform::fulfilment::{Parcel, ParcelStage, ShipmentStage};
use flows::{
    Flow,
    shipping::{pieces, shipment_of},
    shops::{FIRST, SECOND, Shops, flow},
};
use http::StatusCode;
use serde_json::json;
use simulators::{
    shops::{Fault, FaultKind, Signed},
    warehouses::Take,
};

/// The tracking numbers that a call of the warehouse tells.
fn tracking(call: &Signed) -> Vec<String> {
    let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
    let parcels = body["parcels"].as_array().unwrap();
    parcels.iter().map(|parcel| parcel["tracking"].as_str().unwrap().to_owned()).collect()
}

async fn parcel(flow: &Flow, tracking: &str) -> Parcel {
    flow.chain.book.document(&ParcelId::of(tracking)).await.unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn shopify_gets_a_fulfilment_for_each_shipment_with_its_parcels_and_mails_as_the_policy_says() {
    for mails in [false, true] {
        let (flow, east, shops) = flow(|config| config.channels[1].announce.notify_customer = mails).await;
        let shop = &shops.shopify.fulfilments;
        let (order, reference) = shops.sell(&flow, &east, "shopify").await;
        let first = east.ship(&reference, &pieces(1), 2);
        flow.told(&first).await;
        let told = shop.of(Shops::ORDER);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].lines, BTreeMap::from([(FIRST, 1)]), "a part stays a part");
        assert_eq!((told[0].numbers.clone(), told[0].mailed), (tracking(&first[0]), mails));
        flow.told(&first.iter().map(|call| east.again(call)).collect::<Vec<_>>()).await;
        let second = east.ship_rest(&reference);
        flow.told(&second).await;
        let told = shop.of(Shops::ORDER);
        assert_eq!(told.len(), 2, "one for each shipment");
        assert_eq!(told[1].lines, BTreeMap::from([(FIRST, 1), (SECOND, 1)]));
        assert_eq!(told[1].numbers, tracking(&second[0]));
        // What the shop then tells of its order is our own doing.
        let before = flows::holdings(&flow.odoo);
        shops.tell(&flow, "shopify", &shops.shopify.echoes()).await;
        flow.run_for(Duration::from_secs(600)).await;
        assert_eq!(flows::holdings(&flow.odoo), before);
        assert_eq!(shop.of(Shops::ORDER).len(), 2);
        for call in first.iter().chain(&second) {
            let shipment = flow.shipment(&shipment_of(call)).await;
            assert_eq!(shipment.work.stage, ShipmentStage::Done);
            assert!(shipment.announced.is_some());
        }
        assert_eq!(flow.fulfilment(&order).await.shipments.len(), 2);
    }
}

/// Shopify splits an order by the places that ship it: what left is told of the fulfilment order of its place.
#[tokio::test(start_paused = true)]
async fn shopify_is_told_of_the_fulfilment_orders_of_the_place_that_shipped() {
    const EAST: u64 = 70_002;
    let (flow, east, shops) = flow(|config| {
        let place = ("east".parse().unwrap(), EAST.to_string());
        config.channels[1].announce.locations = BTreeMap::from([place]);
    })
    .await;
    shops.shopify.fulfilments.assign(FIRST, EAST);
    shops.shopify.fulfilments.assign(SECOND, EAST);
    let (_, reference) = shops.sell(&flow, &east, "shopify").await;
    flow.told(&east.ship_rest(&reference)).await;
    let told = shops.shopify.fulfilments.of(Shops::ORDER);
    assert_eq!(told.len(), 1, "{:?}", flow.parked_beside().await);
    assert_eq!((told[0].location, told[0].lines.len()), (EAST, 2));
}

#[tokio::test(start_paused = true)]
async fn woocommerce_gets_a_note_and_tracking_for_each_shipment_and_its_status_with_the_last() {
    let (flow, east, shops) = flow(|config| config.channels[2].announce.notify_customer = true).await;
    let shop = &shops.woo.shipping;
    shop.extension(true);
    let (order, reference) = shops.sell(&flow, &east, "woo").await;
    let first = east.ship(&reference, &pieces(2), 1);
    flow.told(&first).await;
    let kept = shop.of(Shops::ORDER);
    assert_eq!((kept.notes.len(), kept.status, kept.completed_mails), (1, None, 0), "a part stays a part");
    assert!(kept.notes[0].customer);
    let numbers = |kept: Vec<simulators::shops::woocommerce_shipping::Tracking>| {
        kept.into_iter().map(|one| one.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(kept.trackings), tracking(&first[0]));
    // The answer to the note is lost: it is not written twice.
    shops.woo.faults.inject(Fault { times: 3, kind: FaultKind::Slow(Duration::ZERO) });
    shops.woo.faults.inject(Fault { times: 1, kind: FaultKind::Lost });
    let second = east.ship_rest(&reference);
    flow.told(&second).await;
    flow.run_for(Duration::from_secs(1200)).await;
    let kept = shop.of(Shops::ORDER);
    assert_eq!(kept.notes.len(), 2, "{:?}", kept.notes);
    assert_eq!((kept.status.as_deref(), kept.completed_mails), (Some("completed"), 1));
    assert_eq!(numbers(kept.trackings), [tracking(&first[0]), tracking(&second[0])].concat());
    shops.tell(&flow, "woo", &shops.woo.echoes()).await;
    assert_eq!(flow.state(&order).await.stage, crossdock_platform::orders::Stage::Done);
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_partners_program_is_called_once_for_each_shipment() {
    let (flow, east, shops) = flow(|_| {}).await;
    let (order, reference) = shops.sell(&flow, &east, "portal").await;
    let first = east.ship(&reference, &[Take { at: 1, quantity: 1.into() }], 1);
    flow.told(&first).await;
    shops.portal.faults.inject(Fault { times: 1, kind: FaultKind::Lost });
    let second = east.ship_rest(&reference);
    flow.told(&second).await;
    flow.run_for(Duration::from_secs(1200)).await;
    let told = shops.portal.told();
    assert_eq!((told.len(), told[0].times, told[1].times), (2, 1, 2), "a repeat has the id that it had");
    let line = |id: u64, sku: &str, quantity: &str| json!({ "id": id.to_string(), "sku": sku, "quantity": quantity });
    let expected = [
        (&first, json!([line(SECOND, "CD-2", "1")]), false),
        (&second, json!([line(FIRST, "CD-1", "2")]), true),
    ];
    for (told, (calls, lines, completes)) in told.iter().zip(expected) {
        assert_eq!(told.body["order"], order.id.to_string());
        assert_eq!(told.body["shipment"], shipment_of(&calls[0]).to_string());
        assert_eq!(told.body["lines"], lines);
        assert_eq!(told.body["completes_order"], completes);
        assert_eq!(told.body["parcels"][0]["tracking"], tracking(&calls[0])[0]);
    }
    assert_eq!(shops.portal.refused(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_carrier_takes_a_parcel_from_transit_to_its_end_and_shop_and_ledger_know() {
    let (flow, east, shops) = flow(|_| {}).await;
    let (_, reference) = shops.sell(&flow, &east, "shopify").await;
    let calls = east.ship(&reference, &pieces(2), 2);
    let [good, lost] = tracking(&calls[0]).try_into().unwrap();
    // The carrier's first scan may come before the warehouse has told of the parcel.
    shops
        .tell(&flow, "easypost", &[shops.easypost.moves(&good, "in_transit", "arrived_at_facility").signed])
        .await;
    assert_eq!(parcel(&flow, &good).await.work.stage, ParcelStage::Quiet);
    flow.told(&calls).await;
    let steps = [
        (&lost, "in_transit", "arrived_at_facility"),
        (&good, "out_for_delivery", "out_for_delivery"),
        (&good, "delivered", "arrived_at_destination"),
        (&lost, "failure", "lost"),
    ];
    for (number, status, detail) in steps {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        let event = shops.easypost.moves(number, status, detail).signed;
        shops.tell(&flow, "easypost", &[event.clone(), event]).await;
        flow.wake().await;
    }
    for (number, status) in [(&good, ParcelStatus::Delivered), (&lost, ParcelStatus::Exception)] {
        let parcel = parcel(&flow, number).await;
        assert_eq!(parcel.newest.as_ref().map(|news| news.status), Some(status));
        assert_eq!((parcel.told, parcel.work.stage), (Some(status), ParcelStage::Quiet));
        assert_eq!(parcel.shipment, Some(shipment_of(&calls[0])));
    }
    let told = shops.shopify.fulfilments.of(Shops::ORDER);
    let events: Vec<&str> = told[0].events.iter().map(|(status, _)| status.as_str()).collect();
    assert_eq!(
        events.iter().map(|event| event.to_lowercase()).collect::<Vec<_>>(),
        ["in_transit", "out_for_delivery", "delivered", "failure"],
        "of a fulfilment Shopify shows the newest step; two parcels in transit are one"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_the_carrier_did_not_sign_is_refused_and_moves_nothing() {
    let (flow, east, shops) = flow(|_| {}).await;
    let (_, reference) = shops.sell(&flow, &east, "portal").await;
    let calls = east.ship_rest(&reference);
    flow.told(&calls).await;
    let number = tracking(&calls[0]).remove(0);
    let stranger = simulators::carriers::easypost::Easypost::new(east.clock().clone(), "a guess");
    let forged = stranger.moves(&number, "delivered", "arrived_at_destination").signed;
    assert_eq!(flow.post("easypost", &forged).await, StatusCode::UNAUTHORIZED);
    let mut bare = shops.easypost.moves(&number, "delivered", "arrived_at_destination").signed;
    bare.headers.retain(|(name, _)| name != "x-hmac-signature");
    assert_eq!(flow.post("easypost", &bare).await, StatusCode::UNAUTHORIZED);
    flow.drain().await;
    assert_eq!(parcel(&flow, &number).await.newest, None);
    assert_eq!(shops.portal.told().len(), 1, "of the shipment alone");
}

/// News of parcels from the warehouse itself, to a partner's program.
#[tokio::test(start_paused = true)]
async fn what_the_warehouse_tells_of_a_parcel_reaches_the_shop_as_well() {
    let (flow, east, shops) = flow(|_| {}).await;
    let (order, reference) = shops.sell(&flow, &east, "portal").await;
    let calls = east.ship_rest(&reference);
    flow.told(&calls).await;
    let number = tracking(&calls[0]).remove(0);
    flow.told(&east.deliver(&number)).await;
    let told = shops.portal.told();
    assert_eq!(told.len(), 2);
    let body = &told[1].body;
    assert_eq!((&body["type"], &body["status"]), (&json!("parcel_moved.v1"), &json!("delivered")));
    assert_eq!((&body["tracking"], &body["order"]), (&json!(number), &json!(order.id.to_string())));
}
