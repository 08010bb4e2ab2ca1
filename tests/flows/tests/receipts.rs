//! What the warehouse received, by what Odoo and the shops count in the end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crossdock_core::{
    config::{BackorderPolicy, OnAdvice},
    order::Prices,
};
use crossdock_platform::{
    Change,
    fulfilment::{Report, ReportStage},
};
use flows::{
    Flow,
    advice::{corrected, signed, snapshot},
    dock::{expecting, received, receives},
    shops::{flow, sells_stock},
};
use http::StatusCode;
use odoo_contract::orders::{line, order};
use serde_json::json;
use simulators::{
    odoo::{Fault, FaultKind as Kind, Match},
    shops::Signed,
    warehouses::Server,
};

const PICKING: &str = "stock.picking";

async fn whole() -> (Flow, Server, Signed) {
    let (flow, east, name) = expecting(BackorderPolicy::Create).await;
    let call = received(&east, "R-1", &name, true, &[("CD-1", None, "10"), ("CD-2", None, "4")]);
    (flow, east, call)
}

fn goods(state: &str, goods: &[(&str, f64)]) -> (String, Vec<(String, f64)>) {
    (state.to_owned(), goods.iter().map(|(sku, quantity)| ((*sku).to_owned(), *quantity)).collect())
}

#[tokio::test(start_paused = true)]
async fn what_came_in_is_promised_by_the_shops() {
    let (flow, east, shops) = flow(|config| {
        sells_stock(config);
        receives(config, BackorderPolicy::Create);
    })
    .await;
    shops.list("CD-1");
    flow.stock("CD-1", 2.0);
    let name = flow.expects("P00007", &[("CD-1", 10.0)]);
    flow.watch().await;
    assert_eq!(shops.counts("CD-1"), [Some(2), Some(2)]);
    let call = received(&east, "R-1", &name, true, &[("CD-1", None, "10")]);
    flow.told(std::slice::from_ref(&call)).await;
    flow.watch().await;
    assert_eq!(shops.counts("CD-1"), [Some(12), Some(12)]);
    assert_eq!(flow.receipt(&call).await.work.stage, ReportStage::Done);
}

/// A customer waits for what comes in: the warehouse is asked to ship it.
#[tokio::test(start_paused = true)]
async fn what_came_in_for_an_order_that_waits_is_released() {
    let (flow, east, name) = expecting(BackorderPolicy::Create).await;
    let mut waits = order("1", Prices::TaxExcluded);
    line(&mut waits, "CD-1", "3", "30", "30", Some("10"));
    flow.bring(&waits).await;
    flow.watch().await;
    assert!(east.jobs().is_empty());
    flow.told(&[received(&east, "R-1", &name, true, &[("CD-1", None, "10")])]).await;
    flow.watch().await;
    assert_eq!(east.jobs().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_same_receipt_again_receives_nothing() {
    let (flow, east, call) = whole().await;
    for _ in 0..3 {
        flow.told(&[east.again(&call)]).await;
        assert_eq!(flow.counts(), [10.0, 4.0]);
    }
    // Nor once it is taken up by hand.
    flow.chain
        .book
        .change::<Report, _>(&flow.receipt(&call).await.key, |known| {
            known.work.reopen_in(ReportStage::Reported, flow.chain.book.now(), "once more");
            Change::Write(())
        })
        .await
        .unwrap();
    flow.pass(5).await;
    assert_eq!(flow.counts(), [10.0, 4.0]);
    assert_eq!(flow.came(), [goods("done", &[("CD-1", 10.0), ("CD-2", 4.0)])]);
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_or_an_odoo_that_is_down_receives_once() {
    let faults = [
        (PICKING, "search_read", Kind::Status(502)),
        (PICKING, "web_read", Kind::Status(502)),
        (PICKING, "web_save", Kind::ResetBefore),
        (PICKING, "web_save", Kind::ResetAfter),
        (PICKING, "button_validate", Kind::ResetBefore),
        (PICKING, "button_validate", Kind::ResetAfter),
        (PICKING, "button_validate", Kind::StatusAfterCommit(502)),
        (PICKING, "button_validate", Kind::Late(std::time::Duration::from_secs(90))),
    ];
    for (model, method, kind) in faults {
        let (flow, east, name) = expecting(BackorderPolicy::Create).await;
        flow.odoo.inject(Fault { when: Match::method(model, method), times: 1, kind: kind.clone() });
        // A part of it: a second try would find the rest open, and could take it for its own.
        flow.told(&[received(&east, "R-1", &name, false, &[("CD-1", None, "3")])]).await;
        flow.pass(30).await;
        assert_eq!(flow.counts(), [3.0, 0.0], "{method} {kind:?}");
        let expected = [goods("done", &[("CD-1", 3.0)]), goods("assigned", &[("CD-1", 7.0), ("CD-2", 4.0)])];
        assert_eq!(sorted(&flow), expected, "{method} {kind:?}");
        assert!(flow.parked_beside().await.is_empty());
    }
}

/// The same, with the goods of each transfer by SKU.
fn sorted(flow: &Flow) -> Vec<(String, Vec<(String, f64)>)> {
    let mut all = flow.came();
    all.iter_mut().for_each(|(_, goods)| goods.sort_by(|one, other| one.0.cmp(&other.0)));
    all
}

/// The warehouse knows the first transfer's name alone.
#[tokio::test(start_paused = true)]
async fn what_comes_in_several_goes_is_received_under_one_name() {
    for reference in [None, Some("P00007")] {
        let (flow, east, name) = expecting(BackorderPolicy::Create).await;
        let name = reference.unwrap_or(&name);
        flow.told(&[received(&east, "R-1", name, false, &[("CD-1", None, "4")])]).await;
        assert_eq!(flow.counts(), [4.0, 0.0]);
        flow.told(&[received(&east, "R-2", name, false, &[("CD-1", None, "4")])]).await;
        assert_eq!(flow.counts(), [8.0, 0.0], "an equal receipt under another id is another receipt");
        flow.told(&[received(&east, "R-3", name, true, &[("CD-1", None, "2"), ("CD-2", None, "4")])]).await;
        assert_eq!(flow.counts(), [10.0, 4.0]);
        assert!(flow.came().iter().all(|(state, _)| state == "done"));
        assert!(flow.parked_beside().await.is_empty());
    }
}

/// Two that are told at once: the second waits for the first, and for what of it may come late. On a transfer that is
/// done by then it would write the first one's id.
#[tokio::test(start_paused = true)]
async fn two_receipts_at_once_add_up() {
    for method in ["web_save", "button_validate"] {
        let (flow, east, name) = expecting(BackorderPolicy::Create).await;
        let late = Kind::Late(std::time::Duration::from_secs(90));
        flow.odoo.inject(Fault { when: Match::method(PICKING, method), times: 1, kind: late });
        let calls = [
            received(&east, "R-1", &name, false, &[("CD-1", None, "4")]),
            received(&east, "R-2", &name, false, &[("CD-1", None, "5")]),
        ];
        flow.told(&calls).await;
        flow.pass(20).await;
        assert_eq!(flow.counts(), [9.0, 0.0], "{method}");
        assert!(flow.parked_beside().await.is_empty(), "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_will_not_come_stays_open_or_is_cancelled_by_policy() {
    for (policy, rest) in [
        (BackorderPolicy::Create, vec![goods("assigned", &[("CD-1", 6.0), ("CD-2", 4.0)])]),
        (BackorderPolicy::Cancel, vec![]),
    ] {
        let (flow, east, name) = expecting(policy).await;
        flow.told(&[received(&east, "R-1", &name, true, &[("CD-1", None, "4")])]).await;
        assert_eq!(flow.counts(), [4.0, 0.0]);
        let expected: Vec<_> = [goods("done", &[("CD-1", 4.0)])].into_iter().chain(rest).collect();
        assert_eq!(sorted(&flow), expected);
        assert!(flow.parked_beside().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_transfer_may_be_closed_with_nothing_more() {
    for (policy, state) in [(BackorderPolicy::Create, "assigned"), (BackorderPolicy::Cancel, "cancel")] {
        let (flow, east, name) = expecting(policy).await;
        flow.told(&[received(&east, "R-1", &name, false, &[("CD-1", None, "4")])]).await;
        let call = received(&east, "R-2", &name, true, &[]);
        flow.odoo.inject(Fault {
            when: Match::method(PICKING, "action_cancel"),
            times: 1,
            kind: Kind::ResetAfter,
        });
        flow.told(std::slice::from_ref(&call)).await;
        flow.pass(10).await;
        assert_eq!(flow.came().pop().unwrap().0, state);
        assert_eq!(flow.counts(), [4.0, 0.0]);
        assert_eq!(flow.receipt(&call).await.work.stage, ReportStage::Done);
    }
}

#[tokio::test(start_paused = true)]
async fn lots_and_serial_numbers_come_in_by_name() {
    let (flow, east, _) = expecting(BackorderPolicy::Create).await;
    flow.tracked("WATCH", "serial", &[]);
    flow.tracked("CREAM", "lot", &[]);
    let name = flow.expects("P00008", &[("WATCH", 3.0), ("CREAM", 10.0)]);
    let lines = [
        ("WATCH", Some("S-1"), "1"),
        ("CREAM", Some("L-1"), "4"),
        ("WATCH", Some("S-2"), "1"),
        ("CREAM", Some("L-2"), "5"),
    ];
    flow.told(&[received(&east, "R-1", &name, false, &lines)]).await;
    assert!(flow.parked_beside().await.is_empty());
    let count = |sku: &str| flow.odoo.lots_on_hand("WH", sku);
    assert_eq!(count("WATCH"), [("S-1".to_owned(), 1.0), ("S-2".to_owned(), 1.0)]);
    assert_eq!(count("CREAM"), [("L-1".to_owned(), 4.0), ("L-2".to_owned(), 5.0)]);
    flow.told(&[received(
        &east,
        "R-2",
        &name,
        true,
        &[("CREAM", Some("L-2"), "1"), ("WATCH", Some("S-3"), "1")],
    )])
    .await;
    assert_eq!(count("CREAM"), [("L-1".to_owned(), 4.0), ("L-2".to_owned(), 6.0)]);
    assert_eq!(count("WATCH").len(), 3);
    assert!(flow.parked_beside().await.is_empty());
}

/// Its own count has it before Odoo does: that is no find.
#[tokio::test(start_paused = true)]
async fn what_came_in_and_does_not_stand_in_odoo_yet_is_not_found() {
    let (mut flow, east) = corrected(OnAdvice::Apply).await;
    let name = flow.expects("P00007", &[("CD-1", 5.0)]);
    let call = received(&east, "R-1", &name, true, &[("CD-1", None, "5")]);
    flow.told(std::slice::from_ref(&call)).await;
    assert_eq!(flow.parked_beside().await.len(), 1, "a person receives it");
    flow.told(&[snapshot(&east, "S-1", 0, &[("CD-1", "15"), ("CD-2", "6")])]).await;
    assert_eq!(flow.counts(), [10.0, 6.0], "CD-1 waits; CD-2 is clear");
    let mut config = (*flow.chain.config).clone();
    receives(&mut config, BackorderPolicy::Create);
    flow.restart(config).await;
    flow.replay(&flows::dock::subject_of(&call)).await;
    assert_eq!(flow.counts(), [15.0, 6.0]);
    flow.pass(60).await;
    assert_eq!(flow.counts(), [15.0, 6.0]);
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_transfer_that_is_not_there_yet_is_waited_for() {
    let (flow, east, _) = expecting(BackorderPolicy::Create).await;
    let call = received(&east, "R-1", "WH/IN/00002", true, &[("CD-1", None, "5")]);
    flow.told(std::slice::from_ref(&call)).await;
    flow.pass(60).await;
    assert_eq!(flow.receipt(&call).await.work.stage, ReportStage::Reported);
    assert_eq!(flow.expects("P00008", &[("CD-1", 5.0)]), "WH/IN/00002");
    flow.pass(60).await;
    assert_eq!(flow.counts(), [5.0, 0.0]);
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_ignored_by_policy_is_a_persons_with_nobody() {
    let (mut flow, east, call) = whole().await;
    let mut config = (*flow.chain.config).clone();
    config.warehouses[0].stock.receipts = OnAdvice::Ignore;
    flow.restart(config).await;
    flow.told(&[east.again(&call)]).await;
    assert_eq!(flow.counts(), [0.0, 0.0]);
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_the_format_is_refused_by_field() {
    let (flow, east, call) = whole().await;
    for (field, value) in [
        ("lines", json!([])),
        ("lines", json!([{ "sku": "CD-1", "quantity": "0" }])),
        ("lines", json!([{ "sku": "CD-1", "quantity": "1" }, { "sku": "CD-1", "quantity": "1" }])),
        ("reference", json!("a purchase")),
        ("closes", json!(null)),
    ] {
        let mut body: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
        body["closes"] = json!(false);
        body[field] = value;
        assert_eq!(
            flow.post("east", &signed(&east, &body)).await,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{body}"
        );
    }
    let mut forged = call.clone();
    forged.body = String::from_utf8(call.body.to_vec()).unwrap().replace("\"10\"", "\"90\"").into();
    assert_eq!(flow.post("east", &forged).await, StatusCode::UNAUTHORIZED);
    flow.drain().await;
    assert_eq!(flow.counts(), [0.0, 0.0]);
}
