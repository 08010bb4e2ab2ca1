//! Deliveries that are done, in short: all that a reconciliation asks of them.

use crossdock_core::{PeerError, ids::ShipmentKey};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{marker, model::TransferKind};
use crate::{
    connection::{Call, Odoo},
    orders::{odoo_time, read_time},
};

/// A transfer that left the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub transfer: i64,
    pub sale: i64,
    pub company: i64,
    /// The warehouse that its operation type belongs to.
    pub warehouse: Option<i64>,
    /// The shipment that stands in its note: its own, or, where people shipped a backorder, that of its ancestor.
    pub shipment: Option<ShipmentKey>,
    pub done_at: Option<Timestamp>,
}

/// A page of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveriesPage {
    /// By id.
    pub deliveries: Vec<Delivery>,
    /// Where the next page begins; none at the end.
    pub next: Option<i64>,
}

/// A page of the deliveries of sale orders that are done and moved something with an Internal Reference, and of which
/// a move was written in the window, both ends included. By id after `after`. One call.
///
/// # Errors
/// As any call.
pub async fn done(
    odoo: &Odoo,
    from: Timestamp,
    until: Timestamp,
    after: i64,
    limit: usize,
) -> Result<DeliveriesPage, PeerError> {
    let moved = json!([
        ["write_date", ">=", odoo_time(from)],
        ["write_date", "<=", odoo_time(until)],
        ["state", "=", "done"],
        ["quantity", ">", 0],
        ["product_id.default_code", "!=", false],
    ]);
    let domain = json!([
        ["id", ">", after],
        ["sale_id", "!=", false],
        ["state", "=", "done"],
        ["picking_type_code", "=", "outgoing"],
        ["move_ids", "any", moved],
    ]);
    let specification = json!({
        "sale_id": {}, "company_id": {}, "note": {}, "date_done": {},
        "picking_type_id": { "fields": { "warehouse_id": {} } },
    });
    let call = Call::new("stock.picking", "web_search_read")
        .arg("domain", domain)
        .arg("specification", specification)
        // How many there are in all is not asked.
        .arg("count_limit", 1)
        .arg("order", "id")
        .arg("limit", limit);
    let answer: Value = odoo.call(call).await?;
    let rows = answer["records"].as_array().map_or(&[][..], Vec::as_slice);
    let next = if rows.len() < limit { None } else { rows.last().and_then(|row| row["id"].as_i64()) };
    Ok(DeliveriesPage { deliveries: rows.iter().filter_map(delivery).collect(), next })
}

fn delivery(row: &Value) -> Option<Delivery> {
    Some(Delivery {
        transfer: row["id"].as_i64()?,
        sale: row["sale_id"].as_i64()?,
        company: row["company_id"].as_i64()?,
        warehouse: row["picking_type_id"]["warehouse_id"].as_i64(),
        shipment: row["note"].as_str().and_then(|note| marker::read(TransferKind::Outgoing, note)),
        done_at: row["date_done"].as_str().and_then(read_time),
    })
}
