//! A warehouse says that nothing more of a release will come: what it shipped before that is told late, or not
//! at all, and what it was never asked for is not given up.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use crossdock_core::{
    Order,
    config::{BackorderPolicy, ReleasePolicy},
    order::Prices,
    reason::ReasonCode,
};
use crossdock_platform::{Subject, fulfilment::ShipmentStage};
use flows::{
    Flow,
    shipping::{flow, pieces, shipment_of},
};
use odoo_contract::orders::{line, order};
use rust_decimal::Decimal;
use serde_json::json;
use simulators::warehouses::{OnStop, Server, Stage as Job};

const POLICIES: [BackorderPolicy; 2] = [BackorderPolicy::Create, BackorderPolicy::Cancel];

fn five() -> Order {
    let mut order = order("1", Prices::TaxExcluded);
    line(&mut order, "CD-1", "5", "50", "50", Some("10"));
    order
}

async fn released(policy: BackorderPolicy) -> (Flow, Server, String) {
    let (flow, east) = flow(|config| config.warehouses[0].backorder = policy).await;
    let reference = flow.released(&east, &five()).await;
    (flow, east, reference)
}

/// Done quantities of the order's transfers, and what is open.
fn stands(flow: &Flow) -> (Vec<Decimal>, Decimal) {
    let all = flow.shipped();
    let done = all.iter().filter(|(state, _)| state == "done").map(|(_, quantity)| *quantity).collect();
    let open = all.iter().filter(|(state, _)| state != "done" && state != "cancel");
    (done, open.map(|(_, quantity)| *quantity).sum())
}

fn asked_for(east: &Server) -> Vec<Decimal> {
    east.jobs().iter().map(|job| job.lines[0].ordered).collect()
}

/// Two and one of five have shipped, the rest was closed short, and all of it stands in Odoo once.
async fn assert_three_shipped_and_two_are_left_to(policy: BackorderPolicy, flow: &Flow, east: &Server) {
    let (mut done, open) = stands(flow);
    done.sort();
    assert_eq!(done, [1, 2].map(Decimal::from), "{policy:?}");
    match policy {
        BackorderPolicy::Create => {
            assert_eq!(open, Decimal::from(2));
            assert_eq!(asked_for(east), [5, 2].map(Decimal::from), "what has left is not asked for again");
        }
        BackorderPolicy::Cancel => {
            assert_eq!(open, Decimal::ZERO);
            assert_eq!(asked_for(east), [5].map(Decimal::from));
        }
    }
    assert!(flow.parked_beside().await.is_empty(), "{policy:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_closed_short_is_released_anew_or_cancelled_as_the_policy_says() {
    for policy in POLICIES {
        let (flow, east, reference) = released(policy).await;
        flow.told(&east.ship_and_close(&reference, &pieces(2))).await;
        flow.watch().await;
        let (done, open) = stands(&flow);
        assert_eq!(done, [2].map(Decimal::from));
        match policy {
            BackorderPolicy::Create => {
                assert_eq!(open, Decimal::from(3));
                assert_eq!(asked_for(&east), [5, 3].map(Decimal::from));
            }
            BackorderPolicy::Cancel => {
                assert_eq!(open, Decimal::ZERO, "{:?}", flow.shipped());
                assert_eq!(asked_for(&east), [5].map(Decimal::from));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_warehouse_closes_twice_without_shipping_anything_is_asked_for_again_by_a_person_alone() {
    let (flow, east, reference) = released(BackorderPolicy::Create).await;
    flow.told(&east.ship_and_close(&reference, &pieces(2))).await;
    flow.watch().await;
    for (nth, asked) in [(1, &[5, 3, 3]), (2, &[5, 3, 3])] {
        assert!(flow.parked_beside().await.is_empty());
        let empty = east.jobs()[nth].reference.clone();
        flow.told(&east.close_short(&empty)).await;
        for _ in 0..3 {
            flow.pass(15).await;
            flow.watch().await;
        }
        assert_eq!(asked_for(&east), asked.map(Decimal::from), "once may be a race, twice is not");
    }
    let (subject, codes) = flow.parked_beside().await.remove(0);
    assert_eq!(codes, [ReasonCode::ReleaseRefused]);
    flow.chain.book.replay(&subject).await.unwrap();
    flow.pass(5).await;
    assert_eq!(asked_for(&east), [5, 3, 3, 3].map(Decimal::from), "a person has found the goods");
    let found = east.jobs()[3].reference.clone();
    flow.told(&east.ship_rest(&found)).await;
    flow.watch().await;
    assert_eq!(stands(&flow), ([2, 3].map(Decimal::from).to_vec(), Decimal::ZERO));
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_closed_without_shipping_anything_is_cancelled_where_the_policy_says_so() {
    let (flow, east, reference) = released(BackorderPolicy::Cancel).await;
    flow.told(&east.close_short(&reference)).await;
    flow.pass(15).await;
    flow.watch().await;
    assert_eq!(stands(&flow), (vec![], Decimal::ZERO), "{:?}", flow.shipped());
    assert_eq!(asked_for(&east), [5].map(Decimal::from));
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_part_that_is_told_after_the_one_that_closes_short_is_shipped_all_the_same() {
    for policy in POLICIES {
        let (flow, east, reference) = released(policy).await;
        let part = east.ship(&reference, &pieces(2), 1);
        let last = east.ship_and_close(&reference, &pieces(1));
        flow.told(&last).await;
        flow.watch().await;
        flow.told(&part).await;
        flow.pass(5).await;
        flow.watch().await;
        assert_three_shipped_and_two_are_left_to(policy, &flow, &east).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_that_is_never_told_is_found_when_the_rest_is_closed_short() {
    for policy in POLICIES {
        let (flow, east, reference) = released(policy).await;
        let _lost = east.ship(&reference, &pieces(2), 1);
        flow.told(&east.ship_and_close(&reference, &pieces(1))).await;
        flow.pass(5).await;
        flow.watch().await;
        assert_three_shipped_and_two_are_left_to(policy, &flow, &east).await;
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_given_up_while_an_earlier_part_waits_for_a_person() {
    for policy in POLICIES {
        let (flow, east, reference) = released(policy).await;
        let part = east.ship(&reference, &pieces(2), 1);
        let demand = |quantity: f64| {
            let moves = flow.odoo.field("stock.picking", flow.pickings()[0].id, "move_ids");
            let vals = json!({ "product_uom_qty": quantity });
            flow.odoo.by_hand_write("stock.move", moves[0].as_i64().unwrap(), &vals).unwrap();
        };
        // Somebody in Odoo wants one alone.
        demand(1.0);
        flow.told(&part).await;
        let earlier = shipment_of(&part[0]);
        assert_eq!(flow.shipment(&earlier).await.work.stage, ShipmentStage::Parked);
        flow.told(&east.ship_and_close(&reference, &pieces(1))).await;
        flow.pass(40).await;
        flow.watch().await;
        assert!(stands(&flow).0.is_empty(), "{:?}", flow.shipped());
        assert_eq!(asked_for(&east), [5].map(Decimal::from));
        assert!(flow.chain.settled().await.unwrap(), "nothing comes of the rest before a person has acted");
        demand(5.0);
        flow.chain.book.replay(&Subject::Shipment(earlier)).await.unwrap();
        flow.pass(40).await;
        flow.watch().await;
        assert_three_shipped_and_two_are_left_to(policy, &flow, &east).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_warehouse_was_never_asked_for_is_not_given_up_with_its_rest() {
    let (flow, east) = flow(|config| {
        config.warehouses[0].backorder = BackorderPolicy::Cancel;
        config.warehouses[0].release = ReleasePolicy::Reserved;
    })
    .await;
    flow.stock("CD-1", 2.0);
    let reference = flow.released(&east, &five()).await;
    assert_eq!(asked_for(&east), [2].map(Decimal::from));
    flow.told(&east.ship_rest(&reference)).await;
    flow.watch().await;
    assert_eq!(stands(&flow).0, [2].map(Decimal::from));
    tokio::time::sleep(Duration::from_secs(3600)).await;
    flow.stock("CD-1", 3.0);
    flow.watch().await;
    assert_eq!(
        asked_for(&east),
        [2, 3].map(Decimal::from),
        "three more were sold, and nobody called them off"
    );
}

/// Two releases of one transfer: what the second holds is not given up with the rest of the first.
#[tokio::test(start_paused = true)]
async fn what_another_release_holds_is_not_given_up_with_the_rest_of_the_first() {
    let (flow, east) = flow(|config| {
        config.warehouses[0].backorder = BackorderPolicy::Cancel;
        config.warehouses[0].release = ReleasePolicy::Reserved;
    })
    .await;
    flow.stock("CD-1", 3.0);
    let first = flow.released(&east, &five()).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    flow.stock("CD-1", 5.0);
    flow.watch().await;
    assert_eq!(asked_for(&east), [3, 2].map(Decimal::from));
    let second = east.jobs()[1].reference.clone();
    flow.told(&east.ship_and_close(&first, &pieces(2))).await;
    flow.watch().await;
    flow.told(&east.ship_rest(&second)).await;
    flow.watch().await;
    assert_eq!(stands(&flow).0, [2, 2].map(Decimal::from), "{:?}", flow.shipped());
    assert!(flow.parked_beside().await.is_empty());
}

/// The customer wants three of five. Two have left, and the call that says so was lost.
#[tokio::test(start_paused = true)]
async fn what_left_before_the_warehouse_stopped_is_not_asked_for_again() {
    for on_stop in [OnStop::StopsTheRest, OnStop::Asks] {
        let (flow, east, reference) = released(BackorderPolicy::Create).await;
        east.on_stop(on_stop);
        let mut edited = order("1", Prices::TaxExcluded);
        line(&mut edited, "CD-1", "3", "30", "30", Some("10"));
        edited.revision.sequence = Some(2);
        if on_stop == OnStop::Asks {
            flow.accept(std::slice::from_ref(&edited)).await;
            flow.run_for(Duration::from_secs(400)).await;
            let _lost = east.ship(&reference, &pieces(2), 1);
            flow.told(&east.decide(&reference, true)).await;
        } else {
            let _lost = east.ship(&reference, &pieces(2), 1);
            flow.accept(std::slice::from_ref(&edited)).await;
        }
        flow.run_for(Duration::from_secs(1800)).await;
        assert_eq!(stands(&flow).0, [2].map(Decimal::from), "{on_stop:?}");
        let jobs = east.jobs();
        let left: Decimal = jobs.iter().flat_map(|job| &job.lines).map(|line| line.shipped).sum();
        let open = jobs.iter().filter(|job| job.stage == Job::Open).flat_map(|job| &job.lines);
        let open: Decimal = open.map(|line| line.ordered).sum();
        assert_eq!(east.job(&reference).unwrap().stage, Job::Cancelled);
        assert!(left + open <= Decimal::from(3), "{on_stop:?}: {left} have left, {open} are asked for");
    }
}
