//! What a warehouse received and only a person can settle.

use crossdock_core::{
    ReasonCode,
    config::{BackorderPolicy, OnAdvice},
};
use crossdock_platform::fulfilment::ReportStage;
use flows::{
    Flow,
    dock::{expecting, received, subject_of},
    shipping::flow,
};
use serde_json::json;
use simulators::{
    odoo::{Fault, FaultKind, Match},
    shops::Signed,
};

use crate::parked;

async fn accepted(flow: &Flow, call: &Signed) {
    flow.chain.book.accept_report(&flow.receipt(call).await.key).await.unwrap();
    assert!(flow.parked_beside().await.is_empty());
    assert_eq!(flow.receipt(call).await.work.stage, ReportStage::Done);
}

/// One receipt, and for what it is parked; nothing has come in.
async fn refused(reference: Option<&str>, lines: &[(&str, Option<&str>, &str)], code: ReasonCode) -> String {
    let (flow, east, name) = expecting(BackorderPolicy::Create).await;
    let call = received(&east, "R-1", reference.unwrap_or(&name), false, lines);
    flow.told(std::slice::from_ref(&call)).await;
    let why = parked(&flow, &subject_of(&call), code).await;
    assert_eq!(flow.counts(), [0.0, 0.0]);
    assert_eq!(flow.came()[0].0, "assigned");
    why
}

#[tokio::test(start_paused = true)]
async fn without_a_policy_a_person_sees_both_figures() {
    let (flow, east) = flow(|_| {}).await;
    flow.stock("CD-1", 0.0);
    let name = flow.expects("P00007", &[("CD-1", 10.0)]);
    let call = received(&east, "R-1", "P00007", true, &[("CD-1", None, "8")]);
    flow.told(std::slice::from_ref(&call)).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::StockReported).await;
    assert_eq!(why, format!("CD-1: east received 8, and 10 is open on {name}"));
    assert_eq!(flow.odoo.on_hand("WH", "CD-1"), 0.0, "nothing is received");
    accepted(&flow, &call).await;
    let call = received(&east, "R-2", &name, true, &[]);
    flow.told(std::slice::from_ref(&call)).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::StockReported).await;
    assert_eq!(why, format!("east says that nothing more comes of {name}"));
    // The policy is set meanwhile.
    let mut flow = flow;
    let mut config = (*flow.chain.config).clone();
    config.warehouses[0].stock.receipts = OnAdvice::Apply;
    config.warehouses[0].backorder = BackorderPolicy::Cancel;
    flow.restart(config).await;
    flow.replay(&subject_of(&call)).await;
    assert_eq!(flow.came()[0].0, "cancel");
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn more_than_is_open_or_what_is_not_expected_is_not_received() {
    let more = [("CD-1", None, "11"), ("CD-2", None, "1")];
    let why = refused(None, &more, ReasonCode::ReceiptUnfit).await;
    assert_eq!(why, "CD-1: east received 11, and 10 is open on WH/IN/00001");
    let why = refused(None, &[("CD-3", None, "1")], ReasonCode::ReceiptUnfit).await;
    assert_eq!(why, "CD-3: east received 1, and 0 is open on WH/IN/00001");
}

#[tokio::test(start_paused = true)]
async fn a_receipt_that_is_told_under_two_ids_finds_less_open() {
    let (flow, east, name) = expecting(BackorderPolicy::Create).await;
    let lines = [("CD-1", None, "10"), ("CD-2", None, "3")];
    flow.told(&[received(&east, "R-1", &name, false, &lines)]).await;
    let call = received(&east, "R-2", &name, false, &lines);
    flow.told(std::slice::from_ref(&call)).await;
    let reasons = flow.chain.book.reasons(&subject_of(&call)).await.unwrap();
    let why: Vec<&str> = reasons.iter().map(|reason| reason.detail.as_str()).collect();
    let open = |sku, came, open| format!("{sku}: east received {came}, and {open} is open on WH/IN/00002");
    assert_eq!(why, [open("CD-1", 10, 0), open("CD-2", 3, 1)]);
    assert_eq!(flow.counts(), [10.0, 3.0]);
    accepted(&flow, &call).await;
    flow.told(&[received(&east, "R-3", &name, true, &[("CD-2", None, "1")])]).await;
    let call = received(&east, "R-4", &name, true, &[("CD-2", None, "1")]);
    flow.told(std::slice::from_ref(&call)).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::ReceiptUnfit).await;
    assert_eq!(why, "east received 1 of CD-2 for WH/IN/00001, of which nothing is open any more");
    assert_eq!(flow.counts(), [10.0, 4.0]);
}

#[tokio::test(start_paused = true)]
async fn which_of_two_transfers_is_meant_is_not_guessed() {
    let (flow, east, name) = expecting(BackorderPolicy::Create).await;
    let other = flow.expects("P00007", &[("CD-1", 10.0)]);
    let call = received(&east, "R-1", "P00007", false, &[("CD-1", None, "1")]);
    flow.told(std::slice::from_ref(&call)).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::ReceiptUnfit).await;
    assert_eq!(why, format!("P00007 has several open transfers: {name}, {other}"));
    assert_eq!(flow.counts(), [0.0, 0.0]);
    // A person cancels the wrong one.
    let wrong = flow.odoo.incoming().pop().unwrap();
    flow.odoo.by_hand_press("stock.picking", "action_cancel", wrong.id).unwrap();
    flow.replay(&subject_of(&call)).await;
    assert_eq!(flow.counts(), [1.0, 0.0]);
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_transfer_that_odoo_does_not_have_after_a_day_is_a_persons() {
    let (flow, east, _) = expecting(BackorderPolicy::Create).await;
    let call = received(&east, "R-1", "WH/IN/00009", false, &[("CD-1", None, "1")]);
    flow.told(std::slice::from_ref(&call)).await;
    flow.pass(23 * 60).await;
    assert!(flow.parked_beside().await.is_empty());
    flow.pass(2 * 60).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::TransferUnknown).await;
    assert_eq!(why, "east received for WH/IN/00009, which Odoo does not have");
}

#[tokio::test(start_paused = true)]
async fn another_content_under_the_same_id_receives_nothing_and_is_a_persons() {
    let (flow, east, name) = expecting(BackorderPolicy::Create).await;
    let of = |quantity| received(&east, "R-1", &name, false, &[("CD-1", None, quantity)]);
    flow.told(&[of("3")]).await;
    let call = of("4");
    flow.told(std::slice::from_ref(&call)).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::AdviceChanged).await;
    assert_eq!(why, "east told R-1 again with other content");
    assert_eq!(flow.counts(), [3.0, 0.0]);
    flow.replay(&subject_of(&call)).await;
    assert_eq!(flow.counts(), [3.0, 0.0], "the first one stands already");
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn lots_that_are_not_named_or_cannot_be_made_are_a_persons() {
    let (flow, east, _) = expecting(BackorderPolicy::Create).await;
    flow.tracked("CREAM", "lot", &[]);
    flow.odoo.seed(|seed| {
        let kind = seed.find("stock.picking.type", "code", "incoming");
        seed.set("stock.picking.type", kind, "use_create_lots", json!(false));
        seed.set("stock.picking.type", kind, "use_existing_lots", json!(true));
    });
    let name = flow.expects("P00008", &[("CREAM", 5.0)]);
    let call = received(&east, "R-1", &name, false, &[("CREAM", None, "1")]);
    flow.told(std::slice::from_ref(&call)).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::LotUnknown).await;
    assert_eq!(why, "CREAM is counted by lots in Odoo, and east names none");
    accepted(&flow, &call).await;
    let call = received(&east, "R-2", &name, false, &[("CREAM", Some("L-1"), "2")]);
    flow.told(std::slice::from_ref(&call)).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::LotUnknown).await;
    assert_eq!(why, "Odoo has no CREAM (L-1), and this kind of transfer makes no lots");
    // A person makes it.
    flow.odoo.seed(|seed| {
        let product = seed.find("product.product", "default_code", "CREAM");
        seed.record("stock.lot", json!({ "name": "L-1", "product_id": product }));
    });
    flow.replay(&subject_of(&call)).await;
    assert_eq!(flow.odoo.lots_on_hand("WH", "CREAM"), [("L-1".to_owned(), 2.0)]);
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_odoo_refuses_is_a_persons() {
    let (flow, east, _) = expecting(BackorderPolicy::Create).await;
    flow.tracked("WATCH", "serial", &["S-1"]);
    let name = flow.expects("P00008", &[("WATCH", 1.0)]);
    let call = received(&east, "R-1", &name, true, &[("WATCH", Some("S-1"), "1")]);
    flow.told(std::slice::from_ref(&call)).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::TransferRefused).await;
    assert!(why.starts_with(&format!("{name}: The serial number has already been assigned")), "{why}");
    assert_eq!(flow.odoo.lots_on_hand("WH", "WATCH"), [("S-1".to_owned(), 1.0)]);
}

/// Somebody changes the transfer that a try has prepared, and validates it.
#[tokio::test(start_paused = true)]
async fn what_somebody_received_otherwise_is_compared() {
    let (flow, east, _) = expecting(BackorderPolicy::Create).await;
    let name = flow.expects("P00008", &[("CD-1", 10.0)]);
    let when = Match::method("stock.picking", "button_validate");
    flow.odoo.inject(Fault { when, times: 1, kind: FaultKind::ResetBefore });
    let call = received(&east, "R-1", &name, false, &[("CD-1", None, "4")]);
    flow.told(std::slice::from_ref(&call)).await;
    let transfer = flow.odoo.incoming().pop().unwrap();
    assert_eq!((&transfer.name, transfer.state.as_str()), (&name, "assigned"));
    flow.odoo.ship(transfer.id).unwrap();
    flow.pass(10).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::ReceiptUnfit).await;
    assert_eq!(why, format!("CD-1: east received 4, and {name} is done with 10"));
    assert_eq!(flow.counts(), [10.0, 0.0]);
}
