//! What the warehouse says of its stock, by what Odoo and the shops count in the end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crossdock_core::{config::OnAdvice, order::Prices};
use crossdock_platform::fulfilment::ReportStage;
use flows::{
    Flow,
    advice::{adjusted, corrected, signed, snapshot, subject_of},
    shipping::shipment_of,
    shops::{flow, sells_stock},
};
use http::StatusCode;
use odoo_contract::orders::{line, order};
use serde_json::json;
use simulators::odoo::{Fault, FaultKind as Kind, Match};

const DIALOGUE: &str = "stock.inventory.adjustment.name";

async fn apply() -> (Flow, simulators::warehouses::Server) {
    corrected(OnAdvice::Apply).await
}

fn two() -> crossdock_core::Order {
    let mut order = order("1", Prices::TaxExcluded);
    line(&mut order, "CD-1", "2", "20", "20", Some("10"));
    order
}

#[tokio::test(start_paused = true)]
async fn what_broke_in_the_warehouse_is_promised_by_no_shop() {
    let (flow, east, shops) = flow(|config| {
        sells_stock(config);
        config.warehouses[0].stock.adjustments = OnAdvice::Apply;
    })
    .await;
    shops.list("CD-1");
    flow.stock("CD-1", 10.0);
    flow.watch().await;
    assert_eq!(shops.counts("CD-1"), [Some(10), Some(10)]);
    let call = adjusted(&east, "ADJ-1", 1, "damaged", &[("CD-1", "-3")]);
    flow.told(std::slice::from_ref(&call)).await;
    flow.watch().await;
    assert_eq!(shops.counts("CD-1"), [Some(7), Some(7)]);
    assert_eq!(flow.report(&call).await.work.stage, ReportStage::Done);
    assert_eq!(flow.odoo.references("CD-1"), ["east/ADJ-1: damaged"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_adjustment_again_changes_nothing() {
    let (flow, east) = apply().await;
    let call = adjusted(&east, "ADJ-1", 1, "found", &[("CD-1", "4"), ("CD-2", "-1")]);
    for _ in 0..3 {
        flow.told(&[east.again(&call)]).await;
        assert_eq!(flow.counts(), [14.0, 4.0]);
    }
    // Nor once it is taken up by hand.
    flow.chain
        .book
        .change::<crossdock_platform::fulfilment::Report, _>(&flow.report(&call).await.key, |known| {
            known.work.reopen_in(ReportStage::Reported, flow.chain.book.now(), "once more");
            crossdock_platform::Change::Write(())
        })
        .await
        .unwrap();
    flow.pass(5).await;
    assert_eq!(flow.counts(), [14.0, 4.0]);
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_or_an_odoo_that_is_down_corrects_once() {
    let faults = [
        ("stock.quant", "web_save", Kind::ResetBefore),
        ("stock.quant", "web_save", Kind::ResetAfter),
        (DIALOGUE, "web_save", Kind::ResetAfter),
        (DIALOGUE, "action_apply", Kind::ResetBefore),
        (DIALOGUE, "action_apply", Kind::ResetAfter),
        (DIALOGUE, "action_apply", Kind::StatusAfterCommit(502)),
        ("stock.move.line", "search_read", Kind::Status(502)),
    ];
    for (model, method, kind) in faults {
        let (flow, east) = apply().await;
        flow.odoo.inject(Fault { when: Match::method(model, method), times: 1, kind: kind.clone() });
        flow.told(&[adjusted(&east, "ADJ-1", 1, "lost", &[("CD-1", "-3")])]).await;
        flow.pass(30).await;
        assert_eq!(flow.counts(), [7.0, 5.0], "{model} {method} {kind:?}");
        assert_eq!(flow.odoo.references("CD-1"), ["east/ADJ-1: lost"], "{model} {method} {kind:?}");
        assert!(flow.parked_beside().await.is_empty());
    }
}

/// Two that are told at once: the second waits for the first.
#[tokio::test(start_paused = true)]
async fn two_adjustments_of_one_sku_add_up() {
    let (flow, east) = apply().await;
    let calls = [
        adjusted(&east, "ADJ-1", 2, "lost", &[("CD-1", "-3")]),
        adjusted(&east, "ADJ-2", 9, "found", &[("CD-1", "1")]),
    ];
    flow.told(&calls).await;
    flow.pass(5).await;
    assert_eq!(flow.counts(), [8.0, 5.0], "an adjustment is no older for coming later");
}

/// The booking of the first is done after everybody gave it up: nobody counts there before.
#[tokio::test(start_paused = true)]
async fn a_booking_that_comes_late_is_the_first_ones_and_no_others() {
    let (flow, east) = apply().await;
    let late = Kind::Late(std::time::Duration::from_secs(90));
    flow.odoo.inject(Fault { when: Match::method(DIALOGUE, "action_apply"), times: 1, kind: late });
    flow.told(&[adjusted(&east, "ADJ-1", 2, "lost", &[("CD-1", "-3")])]).await;
    flow.told(&[adjusted(&east, "ADJ-2", 1, "found", &[("CD-1", "1")])]).await;
    flow.pass(10).await;
    assert_eq!(flow.odoo.references("CD-1"), ["east/ADJ-1: lost", "east/ADJ-2: found"]);
    assert_eq!(flow.counts(), [8.0, 5.0]);
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_corrects_what_differs_and_an_older_one_nothing() {
    let (flow, east) = apply().await;
    let newest = snapshot(&east, "S-2", 1, &[("CD-1", "8"), ("CD-2", "5")]);
    flow.told(std::slice::from_ref(&newest)).await;
    assert_eq!(flow.counts(), [8.0, 5.0]);
    assert_eq!(flow.odoo.references("CD-2"), [""; 0], "what agrees is left alone");
    let older = snapshot(&east, "S-1", 60, &[("CD-1", "12"), ("CD-2", "9")]);
    flow.told(std::slice::from_ref(&older)).await;
    assert_eq!(flow.counts(), [8.0, 5.0]);
    assert_eq!(flow.report(&older).await.work.stage, ReportStage::Done);
    // What happened before the newest snapshot is in it.
    flow.told(&[adjusted(&east, "ADJ-1", 30, "damaged", &[("CD-1", "-2")])]).await;
    assert_eq!(flow.counts(), [8.0, 5.0]);
    // What happened after it is not, and no snapshot from before takes it back.
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    flow.told(&[adjusted(&east, "ADJ-2", 2, "damaged", &[("CD-1", "-2")])]).await;
    flow.told(&[snapshot(&east, "S-3", 5, &[("CD-1", "8")])]).await;
    assert_eq!(flow.counts(), [6.0, 5.0]);
    assert!(flow.parked_beside().await.is_empty());
}

/// What has left is not taken away twice: not while nobody has told of it, nor while it is on its way into Odoo.
#[tokio::test(start_paused = true)]
async fn what_has_shipped_is_not_missing() {
    let (flow, east) = apply().await;
    let reference = flow.released(&east, &two()).await;
    let calls = east.ship_rest(&reference);
    tokio::time::sleep(std::time::Duration::from_secs(120)).await;
    let told = snapshot(&east, "S-1", 1, &[("CD-1", "8"), ("CD-2", "4")]);
    flow.told(std::slice::from_ref(&told)).await;
    assert_eq!(flow.counts(), [10.0, 4.0], "two of CD-1 are meant for a transfer; CD-2 is clear");
    assert_eq!(flow.report(&told).await.work.stage, ReportStage::Reported);
    flow.told(&calls).await;
    assert_eq!(flow.counts(), [8.0, 4.0]);
    flow.pass(60).await;
    assert_eq!(flow.counts(), [8.0, 4.0]);
    assert_eq!(flow.report(&told).await.work.stage, ReportStage::Done);
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_shipment_that_is_told_and_does_not_stand_in_odoo_is_waited_for() {
    let (flow, east) = apply().await;
    let reference = flow.released(&east, &two()).await;
    let calls = east.ship_rest(&reference);
    flow.odoo.inject(Fault {
        when: Match::method("stock.picking", "button_validate"),
        times: 1,
        kind: Kind::ResetBefore,
    });
    flow.told(&calls).await;
    // More is gone than is meant for transfers: without the shipment it would be taken for missing.
    let told = snapshot(&east, "S-1", 0, &[("CD-1", "5")]);
    flow.told(std::slice::from_ref(&told)).await;
    assert_eq!(flow.counts(), [10.0, 5.0]);
    flow.pass(60).await;
    assert!(flow.shipment(&shipment_of(&calls[0])).await.applied.is_some());
    assert_eq!(flow.counts(), [8.0, 5.0], "the next snapshot tells");
    flow.told(&[snapshot(&east, "S-2", 0, &[("CD-1", "5")])]).await;
    assert_eq!(flow.counts(), [5.0, 5.0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_ignored_by_policy_is_a_persons_with_nobody() {
    let (flow, east) = corrected(OnAdvice::Ignore).await;
    let calls =
        [adjusted(&east, "ADJ-1", 1, "lost", &[("CD-1", "-3")]), snapshot(&east, "S-1", 1, &[("CD-1", "1")])];
    flow.told(&calls).await;
    assert_eq!(flow.counts(), [10.0, 5.0]);
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_the_format_is_refused_by_field() {
    let (flow, east) = apply().await;
    let lines = json!([{ "sku": "CD-1", "delta": "0" }, { "sku": "CD-1", "delta": "1" }]);
    let body = json!({ "type": "inventory_adjusted.v1", "id": "A", "at": "yesterday", "reason": "found", "lines": lines });
    assert_eq!(flow.post("east", &signed(&east, &body)).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(flow.counts(), [10.0, 5.0]);
    let call = adjusted(&east, "ADJ-1", 1, "lost", &[("CD-1", "-3")]);
    let mut forged = call.clone();
    forged.body = String::from_utf8(call.body.to_vec()).unwrap().replace("-3", "-9").into();
    assert_eq!(flow.post("east", &forged).await, StatusCode::UNAUTHORIZED);
    let _ = subject_of(&call);
}
