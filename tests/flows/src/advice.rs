//! What the warehouse says of its stock.

use crossdock_core::{config::OnAdvice, ids::ReportKey, shipment::Notice};
use crossdock_platform::{Subject, fulfilment::Report};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use simulators::{shops::Signed, warehouses::Server};

use crate::{Flow, shipping};

/// An adjustment by the warehouse's clock, so many minutes ago.
#[must_use]
pub fn adjusted(east: &Server, id: &str, ago: i64, reason: &str, lines: &[(&str, &str)]) -> Signed {
    let lines: Vec<Value> = lines.iter().map(|(sku, by)| json!({ "sku": sku, "delta": by })).collect();
    let body = json!({ "type": "inventory_adjusted.v1", "id": id, "at": at(east, ago), "reason": reason, "lines": lines });
    signed(east, &body)
}

/// A snapshot by the warehouse's clock, so many minutes ago.
#[must_use]
pub fn snapshot(east: &Server, id: &str, ago: i64, lines: &[(&str, &str)]) -> Signed {
    let lines: Vec<Value> =
        lines.iter().map(|(sku, there)| json!({ "sku": sku, "on_hand": there })).collect();
    let body = json!({ "type": "inventory_snapshot.v1", "id": id, "at": at(east, ago), "lines": lines });
    signed(east, &body)
}

/// Any body, signed by the warehouse.
#[must_use]
pub fn signed(east: &Server, body: &Value) -> Signed {
    east.again(&Signed { headers: Vec::new(), body: body.to_string().into() })
}

fn at(east: &Server, ago: i64) -> Timestamp {
    east.clock().now() - SignedDuration::from_mins(ago)
}

/// The subject of what a call of `east` says of its stock.
#[must_use]
pub fn subject_of(call: &Signed) -> Subject {
    Subject::Report(key_of(call))
}

fn key_of(call: &Signed) -> ReportKey {
    let body: Value = serde_json::from_slice(&call.body).expect("JSON");
    let id = body["id"].as_str().expect("an id").parse().expect("an id");
    let advice = crossdock_core::advice::Advice {
        id,
        at: Timestamp::UNIX_EPOCH,
        kind: crossdock_core::advice::AdviceKind::Snapshot,
        lines: Vec::new(),
    };
    let notice = Notice::Stock { advice: Box::new(advice) };
    Report::key_of(&"east".parse().expect("a warehouse"), &notice).expect("a key")
}

/// A chain whose warehouse corrects Odoo, ten of CD-1 and five of CD-2 there.
pub async fn corrected(on: OnAdvice) -> (Flow, Server) {
    let (flow, east) = shipping::flow(|config| {
        let stock = &mut config.warehouses[0].stock;
        (stock.adjustments, stock.snapshots, stock.largest_change) = (on, on, 20.into());
    })
    .await;
    for (sku, pieces) in [("CD-1", 10.0), ("CD-2", 5.0)] {
        flow.stock(sku, pieces);
    }
    (flow, east)
}

impl Flow {
    pub async fn report(&self, call: &Signed) -> Report {
        self.chain.book.document(&key_of(call)).await.expect("a ledger").expect("a report")
    }

    /// What Odoo counts of CD-1 and of CD-2.
    #[must_use]
    pub fn counts(&self) -> [f64; 2] {
        ["CD-1", "CD-2"].map(|sku| self.odoo.on_hand("WH", sku))
    }
}
