//! What a warehouse says of its stock and only a person can settle.

use crossdock_core::{ReasonCode, config::OnAdvice};
use crossdock_platform::fulfilment::ReportStage;
use flows::{
    Flow,
    advice::{adjusted, corrected, signed, snapshot, subject_of},
    shipping::flow,
};
use serde_json::json;
use simulators::shops::Signed;

use crate::{parked, plain};

/// A person corrects Odoo by hand and closes what was reported.
async fn accepted(flow: &Flow, call: &Signed) {
    flow.chain.book.accept_report(&flow.report(call).await.key).await.unwrap();
    assert!(flow.parked_beside().await.is_empty());
    assert_eq!(flow.report(call).await.work.stage, ReportStage::Done);
}

#[tokio::test(start_paused = true)]
async fn without_a_policy_a_person_sees_both_figures() {
    let (flow, east) = flow(|_| {}).await;
    flow.stock("CD-1", 10.0);
    let call = adjusted(&east, "ADJ-1", 1, "damaged", &[("CD-1", "-3")]);
    flow.told(std::slice::from_ref(&call)).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::StockReported).await;
    assert_eq!(why, "CD-1: east says -3 (damaged), Odoo counts 10");
    accepted(&flow, &call).await;
    let call = snapshot(&east, "S-1", 1, &[("CD-1", "8")]);
    flow.told(std::slice::from_ref(&call)).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::StockReported).await;
    assert_eq!(why, "CD-1: east counts 8, Odoo 10");
    assert_eq!(flow.odoo.on_hand("WH", "CD-1"), 10.0, "nothing is corrected");
    // The person corrects Odoo: nothing differs any more.
    flow.stock("CD-1", 8.0);
    flow.replay(&subject_of(&call)).await;
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_larger_than_the_limit_is_a_persons_and_keeps_no_other_line_back() {
    let (mut flow, east) = corrected(OnAdvice::Apply).await;
    let call = adjusted(&east, "ADJ-1", 1, "found", &[("CD-1", "21"), ("CD-2", "-1")]);
    flow.told(std::slice::from_ref(&call)).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::CorrectionLarge).await;
    assert_eq!(why, "CD-1: east says +21 (found), Odoo counts 10; at most 20 may be corrected");
    assert_eq!(flow.counts(), [10.0, 4.0]);
    // The limit is raised: the other line is not corrected once more.
    let mut config = (*flow.chain.config).clone();
    config.warehouses[0].stock.largest_change = 30.into();
    flow.restart(config).await;
    flow.replay(&subject_of(&call)).await;
    assert_eq!(flow.counts(), [31.0, 4.0]);
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_still_not_clear_after_a_day_is_a_persons() {
    let (flow, east) = corrected(OnAdvice::Apply).await;
    flow.released(&east, &plain("1")).await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let call = snapshot(&east, "S-1", 0, &[("CD-1", "8")]);
    flow.told(std::slice::from_ref(&call)).await;
    flow.pass(23 * 60).await;
    assert!(flow.parked_beside().await.is_empty(), "the warehouse may still tell of the shipment");
    flow.pass(2 * 60).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::CorrectionDoubtful).await;
    assert_eq!(why, "CD-1: east counts 8, Odoo 10; 2 are meant for transfers and may have left");
    assert_eq!(flow.counts()[0], 10.0);
    accepted(&flow, &call).await;
}

#[tokio::test(start_paused = true)]
async fn what_somebody_counts_in_odoo_is_theirs() {
    let (flow, east) = corrected(OnAdvice::Apply).await;
    let quant = flow.odoo.seed(|seed| {
        let product = seed.find("product.product", "default_code", "CD-1");
        seed.quant(product, "WH")
    });
    flow.odoo.by_hand_write("stock.quant", quant, &json!({ "inventory_quantity": 9 })).unwrap();
    let call = adjusted(&east, "ADJ-1", 1, "lost", &[("CD-1", "-3")]);
    flow.told(std::slice::from_ref(&call)).await;
    flow.pass(25 * 60).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::CorrectionDoubtful).await;
    assert!(why.ends_with("somebody counts it in Odoo"), "{why}");
    assert_eq!(flow.counts()[0], 10.0);
    flow.odoo.by_hand_press("stock.quant", "action_clear_inventory_quantity", quant).unwrap();
    flow.replay(&subject_of(&call)).await;
    assert_eq!(flow.counts()[0], 7.0);
}

#[tokio::test(start_paused = true)]
async fn what_odoo_does_not_take_is_a_persons_and_keeps_no_other_line_back() {
    let (flow, east) = corrected(OnAdvice::Apply).await;
    let product = flow.odoo.seed(|seed| seed.find("product.product", "default_code", "CD-2"));
    flow.odoo.by_hand_write("product.product", product, &json!({ "is_storable": false })).unwrap();
    let call = adjusted(&east, "ADJ-1", 1, "found", &[("CD-1", "1"), ("CD-2", "1")]);
    flow.told(std::slice::from_ref(&call)).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::CorrectionRefused).await;
    assert_eq!(why, "CD-2: Quants cannot be created for consumables or services.");
    assert_eq!(flow.counts()[0], 11.0);
    flow.odoo.by_hand_write("product.product", product, &json!({ "is_storable": true })).unwrap();
    flow.replay(&subject_of(&call)).await;
    assert_eq!(flow.counts(), [11.0, 6.0]);
}

#[tokio::test(start_paused = true)]
async fn more_than_there_is_cannot_be_lost() {
    let (flow, east) = corrected(OnAdvice::Apply).await;
    let call = adjusted(&east, "ADJ-1", 1, "lost", &[("CD-2", "-6")]);
    flow.told(std::slice::from_ref(&call)).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::CorrectionRefused).await;
    assert!(why.contains("Odoo counts 5"), "{why}");
    assert_eq!(flow.counts()[1], 5.0);
}

#[tokio::test(start_paused = true)]
async fn another_content_under_the_same_id_changes_nothing_and_is_a_persons() {
    let (flow, east) = corrected(OnAdvice::Apply).await;
    let call = adjusted(&east, "ADJ-1", 1, "lost", &[("CD-1", "-3")]);
    flow.told(std::slice::from_ref(&call)).await;
    flow.told(&[adjusted(&east, "ADJ-1", 1, "lost", &[("CD-1", "-4")])]).await;
    let why = parked(&flow, &subject_of(&call), ReasonCode::AdviceChanged).await;
    assert_eq!(why, "east told ADJ-1 again with other content");
    assert_eq!(flow.counts()[0], 7.0);
    flow.replay(&subject_of(&call)).await;
    assert_eq!(flow.counts()[0], 7.0, "the first one stands already");
    assert!(flow.parked_beside().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_sku_or_a_lot_that_odoo_does_not_have_is_a_persons() {
    let (flow, east) = corrected(OnAdvice::Apply).await;
    let call = adjusted(&east, "ADJ-1", 1, "found", &[("NEVER", "1")]);
    flow.told(std::slice::from_ref(&call)).await;
    assert_eq!(parked(&flow, &subject_of(&call), ReasonCode::UnknownSku).await, "NEVER");
    accepted(&flow, &call).await;
    let body = json!({
        "type": "inventory_adjusted.v1", "id": "ADJ-2", "at": "2026-11-24T00:00:00Z", "reason": "found",
        "lines": [{ "sku": "CD-1", "lot": "L-1", "delta": "1" }],
    });
    let call = signed(&east, &body);
    flow.told(std::slice::from_ref(&call)).await;
    assert_eq!(parked(&flow, &subject_of(&call), ReasonCode::LotUnknown).await, "Odoo has no CD-1 (L-1)");
}
