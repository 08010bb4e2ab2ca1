//! Goods on their way into the warehouse.

use crossdock_core::{
    advice::Receipt,
    config::{BackorderPolicy, Config, OnAdvice},
    ids::ReportKey,
    shipment::Notice,
};
use crossdock_platform::{Subject, fulfilment::Report};
use jiff::Timestamp;
use serde_json::{Value, json};
use simulators::{odoo::IncomingView, shops::Signed, warehouses::Server};

use crate::{Flow, advice::signed, shipping};

/// A receipt of SKUs, each with a lot or none, and a quantity.
#[must_use]
pub fn received(
    east: &Server,
    id: &str,
    reference: &str,
    closes: bool,
    lines: &[(&str, Option<&str>, &str)],
) -> Signed {
    let lines: Vec<Value> = lines
        .iter()
        .map(|(sku, lot, quantity)| {
            let mut line = json!({ "sku": sku, "quantity": quantity });
            if let Some(lot) = lot {
                line["lot"] = json!(lot);
            }
            line
        })
        .collect();
    let body = json!({
        "type": "goods_received.v1", "id": id, "at": "2026-11-24T07:00:00Z", "reference": reference,
        "closes": closes, "lines": lines,
    });
    signed(east, &body)
}

/// The key of what is known of a receipt of `east`.
///
/// # Panics
/// For a call that is no receipt.
#[must_use]
pub fn key_of(call: &Signed) -> ReportKey {
    let body: Value = serde_json::from_slice(&call.body).expect("JSON");
    let receipt = Receipt {
        id: body["id"].as_str().expect("an id").parse().expect("an id"),
        at: Timestamp::UNIX_EPOCH,
        reference: "any".parse().expect("a reference"),
        lines: Vec::new(),
        closes: true,
    };
    let notice = Notice::Received { receipt: Box::new(receipt) };
    Report::key_of(&"east".parse().expect("a warehouse"), &notice).expect("a key")
}

#[must_use]
pub fn subject_of(call: &Signed) -> Subject {
    Subject::Report(key_of(call))
}

/// What receipts become.
pub fn receives(config: &mut Config, rest: BackorderPolicy) {
    config.warehouses[0].stock.receipts = OnAdvice::Apply;
    config.warehouses[0].backorder = rest;
}

/// A chain whose warehouse receives into Odoo. There is nothing of CD-1 and CD-2, and ten and four of them are
/// expected; gives the name of that transfer.
pub async fn expecting(rest: BackorderPolicy) -> (Flow, Server, String) {
    let (flow, east) = shipping::flow(|config| receives(config, rest)).await;
    for sku in ["CD-1", "CD-2"] {
        flow.stock(sku, 0.0);
    }
    let name = flow.expects("P00007", &[("CD-1", 10.0), ("CD-2", 4.0)]);
    (flow, east, name)
}

impl Flow {
    /// A confirmed transfer from a vendor; gives its name.
    #[must_use]
    pub fn expects(&self, origin: &str, goods: &[(&str, f64)]) -> String {
        let id = self.odoo.seed(|seed| {
            let house = seed.find("stock.warehouse", "code", "WH");
            let goods: Vec<(i64, f64)> = goods
                .iter()
                .map(|(sku, quantity)| (seed.find("product.product", "default_code", sku), *quantity))
                .collect();
            seed.incoming(house, origin, &goods)
        });
        let all = self.odoo.incoming();
        all.into_iter().find(|one| one.id == id).expect("it was made").name
    }

    /// The transfers that come in: state, and quantities by SKU, done ones or those that are to come.
    #[must_use]
    pub fn came(&self) -> Vec<(String, Vec<(String, f64)>)> {
        let of = |one: IncomingView| (one.state, one.goods);
        self.odoo.incoming().into_iter().map(of).collect()
    }

    /// What is known of a receipt.
    ///
    /// # Panics
    /// Where nothing is.
    pub async fn receipt(&self, call: &Signed) -> Report {
        self.chain.book.document(&key_of(call)).await.expect("a ledger").expect("a receipt")
    }
}
