//! Goods that come in: the transfers that wait for them, and lots that Odoo may not know yet.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{PeerError, ids::ShipmentKey, shipment::Lot};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    model::{Move, Tracked, Transfer, TransferKind, TransferState},
    prepare::{Shipping, Unfit, product},
    read::{TransferRow, transfer_specification},
};
use crate::{
    catalogue::many2one,
    connection::{Call, Odoo},
    orders::plain,
};

/// Each receipt that leaves something for later makes one backorder; a chain longer than this is not followed.
const BACKORDERS_AT_MOST: usize = 50;

/// What waits for goods under one reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// By id, with all that was put off of them.
    pub transfers: Vec<Transfer>,
}

impl Awaited {
    /// The transfer that is done by this receipt.
    #[must_use]
    pub fn done_by(&self, receipt: &ShipmentKey) -> Option<&Transfer> {
        let done = |of: &&Transfer| of.state == TransferState::Done && of.shipment.as_ref() == Some(receipt);
        self.transfers.iter().find(done)
    }

    /// The transfers that can be received now: confirmed, and not done.
    #[must_use]
    pub fn open(&self) -> Vec<&Transfer> {
        self.transfers.iter().filter(|of| of.is_open() && of.state != TransferState::Draft).collect()
    }
}

#[derive(Deserialize)]
struct Head {
    id: i64,
    name: String,
}

/// The transfers that come into a warehouse under this name, else those that were made for it (a purchase order),
/// each with its backorders. What comes back from customers is not among them. Two calls and one for each
/// backorder; one where there is nothing.
///
/// # Errors
/// As any call.
pub async fn awaited(odoo: &Odoo, warehouse: i64, reference: &str) -> Result<Awaited, PeerError> {
    let heads = heads(odoo, warehouse, json!(["|", ["name", "=", reference], ["origin", "=", reference]]));
    let heads = heads.await?;
    let named: BTreeSet<i64> = heads.iter().filter(|of| of.name == reference).map(|of| of.id).collect();
    let mut all = if named.is_empty() { heads.iter().map(|of| of.id).collect() } else { named };
    let mut newest: Vec<i64> = all.iter().copied().collect();
    for _ in 0..BACKORDERS_AT_MOST {
        if newest.is_empty() {
            break;
        }
        let later = self::heads(odoo, warehouse, json!([["backorder_id", "in", newest]])).await?;
        newest = later.into_iter().map(|of| of.id).filter(|id| all.insert(*id)).collect();
    }
    if all.is_empty() {
        return Ok(Awaited { transfers: Vec::new() });
    }
    let ids: Vec<i64> = all.into_iter().collect();
    let specification = transfer_specification(odoo.capabilities().await?);
    let read = Call::new("stock.picking", "web_read").on(&ids).arg("specification", specification);
    let rows: Vec<TransferRow> = odoo.call(read).await?;
    let mut transfers =
        rows.into_iter().map(|row| row.transfer(&BTreeMap::new())).collect::<Result<Vec<_>, _>>()?;
    transfers.retain(|of| of.kind == TransferKind::Incoming);
    transfers.sort_by_key(|of| of.id);
    Ok(Awaited { transfers })
}

async fn heads(odoo: &Odoo, warehouse: i64, which: Value) -> Result<Vec<Head>, PeerError> {
    let mut domain = json!([
        ["picking_type_id.warehouse_id", "=", warehouse],
        ["picking_type_id.code", "=", "incoming"],
        ["location_id.usage", "!=", "customer"],
    ]);
    if let (Some(domain), Value::Array(which)) = (domain.as_array_mut(), which) {
        domain.extend(which);
    }
    let call = Call::new("stock.picking", "search_read").arg("domain", domain);
    odoo.call(call.arg("fields", json!(["name"])).arg("order", "id")).await
}

/// The ids of lots that Odoo knows, by product and number.
pub(super) type Lots = BTreeMap<(i64, String), i64>;

#[derive(Deserialize)]
struct LotRow {
    id: i64,
    name: String,
    product_id: Value,
}

/// Which of the lots that came in Odoo knows. One call, and none where none came.
///
/// # Errors
/// As any call.
pub(super) async fn lots(odoo: &Odoo, transfer: &Transfer, came: &Shipping) -> Result<Lots, PeerError> {
    let (mut products, mut names) = (BTreeSet::new(), BTreeSet::new());
    for of in transfer.moves.iter().filter(|of| of.tracked != Tracked::Nothing) {
        let numbers = came.moves.iter().filter(|came| came.id == of.id).flat_map(|came| &came.lots);
        for lot in numbers {
            products.insert(of.product);
            names.insert(lot.number.clone());
        }
    }
    if names.is_empty() {
        return Ok(Lots::new());
    }
    let domain = json!([
        ["product_id", "in", products],
        ["name", "in", names],
        ["company_id", "in", [false, transfer.company]],
    ]);
    let call = Call::new("stock.lot", "search_read").arg("domain", domain);
    let rows: Vec<LotRow> =
        odoo.call(call.arg("fields", json!(["name", "product_id"])).arg("order", "id")).await?;
    Ok(rows.into_iter().filter_map(|row| Some(((many2one(&row.product_id)?, row.name), row.id))).collect())
}

/// What turns a move's lines into just these lots. Odoo makes lines as it expects the goods, with the place that
/// they are put to: these are filled first.
pub(super) fn commands(
    of: &Move,
    came: &[Lot],
    known: &Lots,
    makes_lots: bool,
) -> Result<Vec<Value>, Vec<Unfit>> {
    // A line in another unit than the product's own goes, and one in the own unit comes.
    let mut there = of.lines.iter().filter(|line| line.own_quantity == line.quantity);
    let mut commands = Vec::new();
    let mut used = BTreeSet::new();
    let mut unfit = Vec::new();
    for lot in came {
        let id = known.get(&(of.product, lot.number.clone()));
        if id.is_none() && !makes_lots {
            unfit.push(Unfit::UnknownLot { product: product(of), number: lot.number.clone() });
            continue;
        }
        let mut values =
            json!({ "lot_id": false, "lot_name": false, "quantity": plain(lot.quantity), "picked": true });
        match id {
            Some(id) => values["lot_id"] = json!(id),
            None => values["lot_name"] = json!(lot.number),
        }
        match there.next() {
            Some(line) => {
                used.insert(line.id);
                commands.push(json!([1, line.id, values]));
            }
            None => {
                values["product_id"] = json!(of.product);
                values["location_id"] = json!(of.location);
                values["product_uom_id"] = json!(of.unit);
                commands.push(json!([0, 0, values]));
            }
        }
    }
    let gone = of.lines.iter().filter(|line| !used.contains(&line.id));
    commands.extend(gone.map(|line| json!([2, line.id, 0])));
    if unfit.is_empty() { Ok(commands) } else { Err(unfit) }
}
