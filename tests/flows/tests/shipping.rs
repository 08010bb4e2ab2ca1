//! From a confirmed order to the warehouse and back, by what the warehouse and Odoo hold in the end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::{Order, config::ReleasePolicy, message::QueueName, order::Prices, reason::ReasonCode};
use crossdock_platform::{
    fulfilment::{ReleaseStage, ShipmentStage},
    orders::Stage,
};
use flows::{
    Flow, codes,
    shipping::{flow, flow_beside, pieces, shipment_of},
};
use odoo_contract::orders::{line, order};
use rust_decimal::Decimal;
use simulators::{
    odoo::{self, Latency},
    shops::{Fault, FaultKind, Signed},
    warehouses::{OnStop, Server, Stage as Job},
};

fn five(id: &str) -> Order {
    let mut order = order(id, Prices::TaxExcluded);
    line(&mut order, "CD-1", "5", "50", "50", Some("10"));
    order
}

/// An order that stands in Odoo and at the warehouse; the release's reference.
async fn released(flow: &Flow, east: &Server, order: &Order) -> String {
    assert_eq!(flow.bring(order).await.stage, Stage::Done);
    flow.watch().await;
    assert_eq!(east.jobs().len(), 1, "{:?}", flow.fulfilment(&order.key).await.work.log);
    east.jobs()[0].reference.clone()
}

#[tokio::test(start_paused = true)]
async fn a_ready_order_is_released_once_under_its_transfers_own_reference() {
    let (flow, east) = flow(|_| {}).await;
    let order = five("1");
    let reference = released(&flow, &east, &order).await;
    assert_eq!(reference, flow.pickings()[0].name);
    let job = east.job(&reference).unwrap();
    assert_eq!((job.lines[0].sku.as_str(), job.lines[0].ordered), ("CD-1", Decimal::from(5)));
    for _ in 0..3 {
        flow.watch().await;
        flow.wake().await;
    }
    assert_eq!(east.jobs().len(), 1, "windows overlap, and what was released is not released anew");
    assert_eq!(flow.fulfilment(&order.key).await.releases[0].stage, ReleaseStage::Open);
}

#[tokio::test(start_paused = true)]
async fn a_whole_shipment_is_validated_with_its_tracking_and_told_twice_it_is_done_once() {
    let (flow, east) = flow(|_| {}).await;
    let reference = released(&flow, &east, &five("1")).await;
    let calls = east.ship_rest(&reference);
    flow.told(&calls).await;
    flow.told(&calls.iter().map(|call| east.again(call)).collect::<Vec<_>>()).await;
    assert_eq!(flow.shipped(), [("done".to_owned(), Decimal::from(5))]);
    assert!(!flow.pickings()[0].tracking.is_empty());
    assert!(flow.parked_beside().await.is_empty());
    let order = five("1").key;
    assert_eq!(flow.fulfilment(&order).await.releases[0].stage, ReleaseStage::Closed);
    assert!(flow.state(&order).await.lease.is_none());
}

#[tokio::test(start_paused = true)]
async fn two_equal_partial_shipments_are_two_and_the_backorder_is_not_released_anew() {
    let (flow, east) = flow(|_| {}).await;
    let reference = released(&flow, &east, &five("1")).await;
    flow.told(&east.ship(&reference, &pieces(2), 1)).await;
    flow.watch().await;
    flow.told(&east.ship(&reference, &pieces(2), 1)).await;
    flow.watch().await;
    assert_eq!(east.jobs().len(), 1, "the backorders inherit the release");
    flow.told(&east.ship_rest(&reference)).await;
    let done: Vec<_> = flow.shipped().into_iter().filter(|(state, _)| state == "done").collect();
    let quantities: Vec<Decimal> = done.into_iter().map(|(_, quantity)| quantity).collect();
    assert_eq!(quantities, [2, 2, 1].map(Decimal::from));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_of_the_warehouse_leads_to_one_release() {
    let (flow, east) = flow(|_| {}).await;
    let order = five("1");
    flow.bring(&order).await;
    east.faults().inject(Fault { times: 1, kind: FaultKind::Lost });
    flow.watch().await;
    assert_eq!(flow.fulfilment(&order.key).await.releases[0].stage, ReleaseStage::Sending);
    tokio::time::sleep(Duration::from_secs(600)).await;
    flow.wake().await;
    assert_eq!(east.jobs().len(), 1);
    assert_eq!(flow.fulfilment(&order.key).await.releases[0].stage, ReleaseStage::Open);
}

#[tokio::test(start_paused = true)]
async fn a_release_that_arrives_late_is_stopped_when_its_order_was_cancelled_meanwhile() {
    let (flow, east) = flow(|_| {}).await;
    let mut order = five("1");
    flow.bring(&order).await;
    // Nobody waits so long for an answer, and the warehouse takes it in all the same.
    east.faults().inject(Fault { times: 1, kind: FaultKind::Slow(Duration::from_secs(100)) });
    flow.watch().await;
    assert!(east.jobs().is_empty());
    order.cancelled = true;
    order.revision.sequence = Some(2);
    flow.accept(std::slice::from_ref(&order)).await;
    flow.settle(Duration::from_secs(7200)).await;
    assert_eq!(flow.odoo.orders()[0].state, "cancel");
    let stages: Vec<Job> = east.jobs().into_iter().map(|job| job.stage).collect();
    assert_eq!(stages, [Job::Cancelled]);
}

#[tokio::test(start_paused = true)]
async fn the_hold_window_holds_and_an_order_cancelled_within_it_never_reaches_the_warehouse() {
    let (flow, east) = flow(|config| config.warehouses[0].hold_s = 3600).await;
    let (kept, mut dropped) = (five("1"), five("2"));
    flow.bring(&kept).await;
    flow.bring(&dropped).await;
    flow.watch().await;
    assert!(east.jobs().is_empty());
    dropped.cancelled = true;
    dropped.revision.sequence = Some(2);
    flow.bring(&dropped).await;
    tokio::time::sleep(Duration::from_secs(3700)).await;
    flow.wake().await;
    assert_eq!(east.jobs().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_after_the_release_asks_the_warehouse_to_stop_first() {
    let (flow, east) = flow(|_| {}).await;
    let mut order = five("1");
    let reference = released(&flow, &east, &order).await;
    order.cancelled = true;
    order.revision.sequence = Some(2);
    flow.accept(std::slice::from_ref(&order)).await;
    flow.settle(Duration::from_secs(3600)).await;
    assert_eq!(east.job(&reference).unwrap().stage, Job::Cancelled);
    assert_eq!(flow.odoo.orders()[0].state, "cancel");
    assert_eq!(flow.state(&order.key).await.stage, Stage::Done);
}

#[tokio::test(start_paused = true)]
async fn what_the_warehouse_cannot_stop_is_not_cancelled_in_odoo() {
    let (flow, east) = flow(|_| {}).await;
    let mut order = five("1");
    let reference = released(&flow, &east, &order).await;
    east.pick(&reference);
    order.cancelled = true;
    order.revision.sequence = Some(2);
    flow.accept(std::slice::from_ref(&order)).await;
    flow.settle(Duration::from_secs(3600)).await;
    assert_eq!(flow.odoo.orders()[0].state, "sale");
    assert_eq!(codes(&flow.state(&order.key).await), [ReasonCode::ChangedAfterRelease]);
    flow.told(&east.ship_rest(&reference)).await;
    assert_eq!(
        flow.shipped(),
        [("done".to_owned(), Decimal::from(5))],
        "what left stands in Odoo all the same"
    );
}

#[tokio::test(start_paused = true)]
async fn an_edit_after_the_release_is_released_anew_once_the_old_one_is_stopped() {
    for on_stop in [OnStop::Stops, OnStop::Asks] {
        let (flow, east) = flow(|_| {}).await;
        let order = five("1");
        let reference = released(&flow, &east, &order).await;
        east.on_stop(on_stop);
        let mut edited = odoo_contract::orders::order("1", Prices::TaxExcluded);
        line(&mut edited, "CD-1", "3", "30", "30", Some("10"));
        edited.revision.sequence = Some(2);
        flow.accept(std::slice::from_ref(&edited)).await;
        flow.run_for(Duration::from_secs(400)).await;
        if on_stop == OnStop::Asks {
            assert_eq!(flow.odoo.orders()[0].lines[0].quantity, 5.0, "nothing is edited before the answer");
            flow.told(&east.decide(&reference, true)).await;
        }
        flow.settle(Duration::from_secs(7200)).await;
        flow.run_for(Duration::from_secs(200)).await;
        assert_eq!(flow.odoo.orders()[0].lines[0].quantity, 3.0, "{on_stop:?}");
        assert_eq!(east.job(&reference).unwrap().stage, Job::Cancelled);
        let open: Vec<_> = east.jobs().into_iter().filter(|job| job.stage == Job::Open).collect();
        assert_eq!(open.len(), 1, "{on_stop:?}");
        assert_eq!(open[0].lines[0].ordered, Decimal::from(3));
    }
}

/// SKU and quantity of each line of each release, in the order in which the warehouse got them.
fn ordered(east: &Server) -> Vec<Vec<(String, Decimal)>> {
    let lines = |job: &simulators::warehouses::Job| {
        job.lines.iter().map(|line| (line.sku.clone(), line.ordered)).collect()
    };
    east.jobs().iter().map(lines).collect()
}

fn line_of(sku: &str, quantity: u32) -> (String, Decimal) {
    (sku.to_owned(), quantity.into())
}

/// Five of one product and one of another; of the first there are two.
async fn scarce(policy: ReleasePolicy) -> (Flow, Server) {
    let (flow, east) = flow(|config| config.warehouses[0].release = policy).await;
    flow.stock("CD-1", 2.0);
    let mut order = five("1");
    line(&mut order, "CD-2", "1", "7", "7", None);
    flow.bring(&order).await;
    flow.watch().await;
    (flow, east)
}

#[tokio::test(start_paused = true)]
async fn what_becomes_available_later_is_a_further_release_of_the_same_transfer() {
    let (flow, east) = scarce(ReleasePolicy::Reserved).await;
    let (first, rest) = (vec![line_of("CD-1", 2), line_of("CD-2", 1)], vec![line_of("CD-1", 2)]);
    assert_eq!(ordered(&east), std::slice::from_ref(&first));
    let written = flow.odoo.field("stock.picking", flow.pickings()[0].id, "write_date");
    tokio::time::sleep(Duration::from_secs(3600)).await;
    flow.stock("CD-1", 4.0);
    // Only the moves tell: the transfer itself looks as before.
    let picking = flow.pickings()[0].clone();
    flow.odoo.seed(|seed| seed.set("stock.picking", picking.id, "write_date", written));
    flow.watch().await;
    assert_eq!(ordered(&east), [first.clone(), rest.clone()]);
    assert_eq!(east.jobs()[1].reference, format!("{}.2", picking.name));
    flow.watch().await;
    assert_eq!(east.jobs().len(), 2, "what is held is not released anew");
    // The last piece comes after the first release has shipped: it is in the backorder by then.
    flow.told(&east.ship_rest(&east.jobs()[0].reference)).await;
    flow.told(&east.ship_rest(&east.jobs()[1].reference)).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    flow.stock("CD-1", 1.0);
    flow.watch().await;
    assert_eq!(ordered(&east), [first, rest, vec![line_of("CD-1", 1)]]);
    flow.told(&east.ship_rest(&east.jobs()[2].reference)).await;
    let done: Vec<Decimal> = flow.shipped().into_iter().map(|(_, quantity)| quantity).collect();
    assert_eq!(done, [3, 2, 1].map(Decimal::from));
    assert!(flow.pickings().iter().all(|picking| picking.state == "done"));
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_release_that_has_to_be_complete_waits_for_the_last_piece() {
    let (flow, east) = scarce(ReleasePolicy::Complete).await;
    for there in [2.0, 3.0, 4.0] {
        flow.stock("CD-1", there);
        flow.watch().await;
        flow.wake().await;
        assert!(east.jobs().is_empty(), "{there}");
    }
    flow.stock("CD-1", 5.0);
    flow.watch().await;
    assert_eq!(ordered(&east), [vec![line_of("CD-1", 5), line_of("CD-2", 1)]]);
}

#[tokio::test(start_paused = true)]
async fn a_shipment_of_a_transfer_that_odoo_does_not_have_waits_and_is_found_again() {
    let (flow, east) = flow(|_| {}).await;
    let reference = released(&flow, &east, &five("1")).await;
    let calls = east.ship_rest(&reference);
    // Another ledger: it knows of no release, only Odoo knows the transfer.
    let other = Flow::beside(
        flows::shipping::with_warehouse(|_| {}),
        simulators::odoo::Latency::default(),
        crossdock_core::Clock::tokio(flows::START),
        Vec::new(),
        &[("east/api", flows::shipping::API), ("east/webhook", flows::shipping::WEBHOOK)],
    )
    .await;
    other.told(&calls).await;
    let key = shipment_of(&calls[0]);
    assert_eq!(other.shipment(&key).await.work.stage, ShipmentStage::Waiting);
    assert_eq!(other.bring(&five("1")).await.stage, Stage::Done);
    tokio::time::sleep(Duration::from_secs(600)).await;
    other.wake().await;
    assert_eq!(other.shipped(), [("done".to_owned(), Decimal::from(5))]);
}

/// Two workers, each with one of two equal shipments of one order, while Odoo takes its time.
#[tokio::test(start_paused = true)]
async fn two_shipments_of_one_order_at_the_same_moment_are_both_applied_one_after_the_other() {
    let slow = Latency { call: Duration::from_secs(2), record: Duration::ZERO };
    let (flow, east) = flow_beside(|_| {}, slow, |_| (Vec::new(), Vec::new())).await;
    let order = five("1");
    let reference = released(&flow, &east, &order).await;
    let (first, second) = (east.ship(&reference, &pieces(2), 1), east.ship(&reference, &pieces(2), 1));
    let worker = async |call: &Signed, after_ms: u64| {
        tokio::time::sleep(Duration::from_millis(after_ms)).await;
        assert_eq!(flow.post("east", call).await, http::StatusCode::OK);
        assert_eq!(flow.chain.pump(QueueName::Shipments).await.unwrap(), 1, "each has a message of its own");
    };
    tokio::join!(worker(&first[0], 0), worker(&second[0], 300));
    let stages = [
        flow.shipment(&shipment_of(&first[0])).await.work.stage,
        flow.shipment(&shipment_of(&second[0])).await.work.stage,
    ];
    assert_eq!(stages, [ShipmentStage::Done, ShipmentStage::Waiting], "the order is one worker's at a time");
    flow.pass(5).await;
    let done: Vec<_> = flow.shipped().into_iter().filter(|(state, _)| state == "done").collect();
    assert_eq!(done, [("done".to_owned(), Decimal::from(2)), ("done".to_owned(), Decimal::from(2))]);
    assert_eq!(flow.fulfilment(&order.key).await.shipments.len(), 2);
    assert!(flow.parked_beside().await.is_empty() && flow.state(&order.key).await.lease.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_reservation_that_is_gone_between_the_look_and_the_write_is_looked_at_anew() {
    let (flow, east) = flow(|_| {}).await;
    let reference = released(&flow, &east, &five("1")).await;
    flow.odoo
        .inject(odoo::Fault::once(odoo::Match::method("stock.picking", "web_save"), odoo::FaultKind::Gone));
    flow.told(&east.ship_rest(&reference)).await;
    assert!(flow.parked_beside().await.is_empty());
    flow.pass(5).await;
    assert_eq!(flow.shipped(), [("done".to_owned(), Decimal::from(5))]);
    // What stays away is for a person.
    let reference = {
        assert_eq!(flow.bring(&five("2")).await.stage, Stage::Done);
        flow.watch().await;
        east.jobs()[1].reference.clone()
    };
    let when = odoo::Match::method("stock.picking", "web_save");
    flow.odoo.inject(odoo::Fault { when, times: u64::MAX, kind: odoo::FaultKind::Gone });
    flow.told(&east.ship_rest(&reference)).await;
    flow.pass(120).await;
    let parked = flow.parked_beside().await;
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].1, [ReasonCode::TransferRefused]);
}

#[tokio::test(start_paused = true)]
async fn a_transfer_that_odoo_refuses_stops_no_other_of_its_batch() {
    let (flow, east) = flow(|_| {}).await;
    for id in ["1", "2", "3"] {
        assert_eq!(flow.bring(&five(id)).await.stage, Stage::Done);
    }
    flow.watch().await;
    let references: Vec<String> = east.jobs().into_iter().map(|job| job.reference).collect();
    let when = odoo::Match::method("stock.picking", "web_save").nth(2);
    flow.odoo.inject(odoo::Fault::once(when, odoo::FaultKind::Refused("not on a Sunday".to_owned())));
    let calls: Vec<Signed> = references.iter().flat_map(|reference| east.ship_rest(reference)).collect();
    flow.told(&calls).await;
    let parked = flow.parked_beside().await;
    assert_eq!(parked.len(), 1, "{parked:?}");
    assert_eq!(parked[0].1, [ReasonCode::TransferRefused]);
    let pickings = flow.odoo.orders().into_iter().flat_map(|order| order.pickings);
    assert_eq!(pickings.filter(|picking| picking.state == "done").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_person_who_ships_more_on_a_prepared_transfer_than_has_left_is_asked_about_it() {
    let (flow, east) = flow(|_| {}).await;
    let order = five("1");
    let reference = released(&flow, &east, &order).await;
    let when = odoo::Match::method("stock.picking", "button_validate");
    flow.odoo.inject(odoo::Fault::once(when, odoo::FaultKind::ResetBefore));
    let calls = east.ship(&reference, &pieces(2), 1);
    flow.told(&calls).await;
    // The shipment is written on the transfer and not validated: somebody ships all five.
    flow.odoo.ship(flow.pickings()[0].id).unwrap();
    flow.pass(5).await;
    assert_eq!(flow.shipped(), [("done".to_owned(), Decimal::from(5))]);
    let parked = flow.parked_beside().await;
    assert_eq!(parked.len(), 1, "{parked:?}");
    assert_eq!(parked[0].1, [ReasonCode::ShipmentChanged]);
    let why = flow.shipment(&shipment_of(&calls[0])).await.work.reasons[0].detail.clone();
    assert!(why.contains("3 of CD-1"), "{why}");
}
