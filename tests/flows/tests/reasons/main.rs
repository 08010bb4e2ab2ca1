//! Every reason to park something is produced by a case here: how it comes to it, what the person reads, and what
//! becomes of it once the person has acted.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod catalogue;
mod counts;
mod money;
mod orders;
mod receipts;
mod reconciliations;
mod releases;
mod shipments;
mod stock;

use crossdock_core::{Order, order::Prices, reason::ReasonCode};
use crossdock_platform::Subject;
use flows::Flow;
use odoo_contract::orders::{line, order};

/// Two pieces, 22.00 with tax.
fn plain(id: &str) -> Order {
    let mut order = order(id, Prices::TaxExcluded);
    line(&mut order, "CD-1", "2", "20", "20", Some("10"));
    order
}

/// That just this is parked, for just this reason, and that nobody wakes it; gives the sentence that a person reads.
async fn parked(flow: &Flow, subject: &Subject, code: ReasonCode) -> String {
    flow.wake().await;
    assert_eq!(flow.parked_beside().await, [(subject.clone(), vec![code])]);
    let reasons = flow.chain.book.reasons(subject).await.unwrap();
    assert!(!code.remedy().is_empty());
    reasons[0].detail.clone()
}

/// A reason without a case has no test.
#[test]
fn every_reason_has_a_case() {
    let cases = [
        include_str!("orders.rs"),
        include_str!("releases.rs"),
        include_str!("shipments.rs"),
        include_str!("money.rs"),
        include_str!("stock.rs"),
        include_str!("catalogue.rs"),
        include_str!("counts.rs"),
        include_str!("receipts.rs"),
        include_str!("reconciliations.rs"),
    ]
    .concat();
    for code in ReasonCode::ALL {
        let name = format!("ReasonCode::{code:?}");
        assert!(cases.contains(&name), "{name} is produced by no case");
    }
}
