//! What changed, and what is there.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    OrderKey, PeerError,
    ids::{ChannelId, OrderId},
    message::{Hint, HintedModel},
    order::short_digest,
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    model::Sale,
    read::{SaleRow, sale_specification},
};
use crate::{
    catalogue::many2one,
    connection::{Call, Odoo},
    orders::{external_ids, odoo_time, order_external_id},
};

/// The channel part of the key of an order that was typed in Odoo: `odoo/<id of the sale order>`.
const BY_HAND: &str = "odoo";

/// One page of what changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// By id.
    pub transfers: Vec<ChangedTransfer>,
    /// Where the next page begins; none at the end.
    pub next: Option<i64>,
}

/// A page of transfers, by their orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransfersPage {
    /// Their sale orders.
    pub sales: BTreeSet<i64>,
    /// Where the next page begins; none at the end.
    pub next: Option<i64>,
}

/// A page of the transfers of sale orders that are neither done nor cancelled, by id after `after`. One call.
///
/// # Errors
/// As any call.
pub async fn open(odoo: &Odoo, after: i64, limit: usize) -> Result<TransfersPage, PeerError> {
    let domain =
        json!([["id", ">", after], ["sale_id", "!=", false], ["state", "not in", ["done", "cancel"]]]);
    page(odoo, domain, limit).await
}

/// The same of transfers that are done or cancelled, and of which a move was written in the window, both ends included.
///
/// # Errors
/// As any call.
pub async fn closed(
    odoo: &Odoo,
    from: Timestamp,
    until: Timestamp,
    after: i64,
    limit: usize,
) -> Result<TransfersPage, PeerError> {
    let window = json!([["write_date", ">=", odoo_time(from)], ["write_date", "<=", odoo_time(until)]]);
    let domain = json!([
        ["id", ">", after],
        ["sale_id", "!=", false],
        ["state", "in", ["done", "cancel"]],
        ["move_ids", "any", window],
    ]);
    page(odoo, domain, limit).await
}

async fn page(odoo: &Odoo, domain: Value, limit: usize) -> Result<TransfersPage, PeerError> {
    let call = Call::new("stock.picking", "search_read")
        .arg("domain", domain)
        .arg("fields", json!(["sale_id", "state"]))
        .arg("order", "id")
        .arg("limit", limit);
    let rows: Vec<Head> = odoo.call(call).await?;
    let next = if rows.len() < limit { None } else { rows.last().map(|row| row.id) };
    Ok(TransfersPage { sales: rows.iter().filter_map(|row| many2one(&row.sale_id)).collect(), next })
}

/// A transfer that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedTransfer {
    pub transfer: i64,
    pub sale: i64,
    /// Says how it looks in 32 characters: windows overlap, and what looks as before was read before.
    pub mark: String,
}

#[derive(Deserialize)]
struct Head {
    id: i64,
    sale_id: Value,
    state: String,
}

#[derive(Deserialize)]
struct MoveHead {
    picking_id: Value,
    state: String,
    quantity: Value,
    product_uom_qty: Value,
}

/// Transfers of sale orders of which a move was written in the window, both ends included.
///
/// Readiness shows in the moves: when the missing goods of a transfer come in, its own `write_date` stays. A
/// page is `limit` transfers by id, beginning behind `after`. A time that Odoo writes is the beginning of a
/// transaction, so windows have to overlap by more than the longest transaction. Two calls, and one where
/// nothing changed.
///
/// # Errors
/// As any call.
pub async fn changed(
    odoo: &Odoo,
    from: Timestamp,
    until: Timestamp,
    after: i64,
    limit: usize,
) -> Result<Changed, PeerError> {
    let window = json!([["write_date", ">=", odoo_time(from)], ["write_date", "<=", odoo_time(until)]]);
    let call = Call::new("stock.picking", "search_read")
        .arg("domain", json!([["id", ">", after], ["sale_id", "!=", false], ["move_ids", "any", window]]))
        .arg("fields", json!(["sale_id", "state"]))
        .arg("order", "id")
        .arg("limit", limit);
    let rows: Vec<Head> = odoo.call(call).await?;
    let next = if rows.len() < limit { None } else { rows.last().map(|row| row.id) };
    Ok(Changed { transfers: marked(odoo, &rows).await?, next })
}

/// Transfers of the sale orders that these records are, are of, or belong to. What is gone, or of no sale order, is
/// not in the answer. Two calls, and one where there is nothing.
///
/// # Errors
/// As any call.
pub async fn hinted(odoo: &Odoo, hints: &[Hint]) -> Result<Vec<ChangedTransfer>, PeerError> {
    let of = |model: HintedModel| -> Vec<i64> {
        hints.iter().filter(|hint| hint.model == model).map(|hint| hint.id).collect()
    };
    let (sales, transfers, moves) = (of(HintedModel::Sale), of(HintedModel::Transfer), of(HintedModel::Move));
    let domain = json!([
        ["sale_id", "!=", false],
        "|",
        "|",
        ["sale_id", "in", sales],
        ["id", "in", transfers],
        ["move_ids", "any", [["id", "in", moves]]],
    ]);
    let call = Call::new("stock.picking", "search_read")
        .arg("domain", domain)
        .arg("fields", json!(["sale_id", "state"]))
        .arg("order", "id");
    let rows: Vec<Head> = odoo.call(call).await?;
    marked(odoo, &rows).await
}

/// How transfers look. One call, and none where there are none.
async fn marked(odoo: &Odoo, rows: &[Head]) -> Result<Vec<ChangedTransfer>, PeerError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let call = Call::new("stock.move", "search_read")
        .arg("domain", json!([["picking_id", "in", ids]]))
        .arg("fields", json!(["picking_id", "state", "quantity", "product_uom_qty"]))
        .arg("order", "id");
    let moves: Vec<MoveHead> = odoo.call(call).await?;
    let mut looks: BTreeMap<i64, String> = rows.iter().map(|row| (row.id, row.state.clone())).collect();
    for of in &moves {
        if let Some(look) = many2one(&of.picking_id).and_then(|id| looks.get_mut(&id)) {
            look.push_str(&format!(";{} {} {}", of.state, of.quantity, of.product_uom_qty));
        }
    }
    let transfers = rows.iter().filter_map(|row| {
        let mark = short_digest(looks.get(&row.id)?.as_bytes());
        Some(ChangedTransfer { transfer: row.id, sale: many2one(&row.sale_id)?, mark })
    });
    Ok(transfers.collect())
}

#[derive(Deserialize)]
struct Origin {
    id: i64,
    origin: Value,
}

/// The keys of sale orders: ours, or `odoo/<id>` for one that was typed in Odoo. One that is gone is not in
/// the answer.
///
/// # Errors
/// As any call.
pub async fn keys(odoo: &Odoo, sales: &[i64]) -> Result<BTreeMap<i64, OrderKey>, PeerError> {
    if sales.is_empty() {
        return Ok(BTreeMap::new());
    }
    let call = Call::new("sale.order", "search_read")
        .arg("domain", json!([["id", "in", sales]]))
        .arg("fields", json!(["origin"]))
        .arg("order", "id");
    let rows: Vec<Origin> = odoo.call(call).await?;
    let claims = rows.iter().map(|row| (row.id, row.origin.as_str().and_then(|text| text.parse().ok())));
    let mut ours = confirmed(odoo, &claims.collect()).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((row.id, ours.remove(&row.id).or_else(|| by_hand(row.id))?)))
        .collect())
}

/// The key of an order that was typed in Odoo.
fn by_hand(sale: i64) -> Option<OrderKey> {
    Some(OrderKey::new(ChannelId::new(BY_HAND).ok()?, OrderId::new(sale.to_string()).ok()?))
}

/// Of the orders that sale orders claim to be, those that our external ids bear out: a copy made by hand has
/// the same Source Document. One call, and none where nothing is claimed.
async fn confirmed(
    odoo: &Odoo,
    claims: &BTreeMap<i64, Option<OrderKey>>,
) -> Result<BTreeMap<i64, OrderKey>, PeerError> {
    let claimed: Vec<i64> = claims.iter().filter(|(_, key)| key.is_some()).map(|(id, _)| *id).collect();
    if claimed.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names = external_ids(odoo, "sale.order", &claimed).await?;
    let known = |id: &i64, key: &OrderKey| names.get(id).is_some_and(|name| *name == order_external_id(key));
    Ok(claims
        .iter()
        .filter_map(|(id, key)| key.clone().filter(|key| known(id, key)).map(|key| (*id, key)))
        .collect())
}

/// Sale orders with their transfers. One that is gone is not in the answer. One call, and a second one where
/// an order may be ours.
///
/// # Errors
/// As any call.
pub async fn look(odoo: &Odoo, sales: &[i64]) -> Result<BTreeMap<i64, Sale>, PeerError> {
    let rows = rows(odoo, sales).await?;
    let claims = rows.iter().map(|row| (row.id, row.claims())).collect();
    let mut ours = confirmed(odoo, &claims).await?;
    rows.into_iter()
        .map(|row| {
            let key = ours.remove(&row.id);
            Ok((row.id, row.sale(key)?))
        })
        .collect()
}

/// Orders that were looked at before, once more: one call, for whose they are does not change.
///
/// # Errors
/// As any call.
pub async fn look_again(odoo: &Odoo, known: &[&Sale]) -> Result<BTreeMap<i64, Sale>, PeerError> {
    let ids: Vec<i64> = known.iter().map(|sale| sale.id).collect();
    let keys: BTreeMap<i64, Option<OrderKey>> =
        known.iter().map(|sale| (sale.id, sale.key.clone())).collect();
    let rows = rows(odoo, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let key = keys.get(&row.id).cloned().flatten();
            Ok((row.id, row.sale(key)?))
        })
        .collect()
}

async fn rows(odoo: &Odoo, sales: &[i64]) -> Result<Vec<SaleRow>, PeerError> {
    if sales.is_empty() {
        return Ok(Vec::new());
    }
    let specification = sale_specification(odoo.capabilities().await?);
    odoo.call(Call::new("sale.order", "web_read").on(sales).arg("specification", specification)).await
}

/// Sale orders by the names of their transfers.
pub type Names = BTreeMap<String, i64>;

#[derive(Deserialize)]
struct Transfer {
    name: String,
    sale_id: Value,
}

/// The sale orders that transfers of one warehouse belong to, for events that name a transfer alone. A name
/// that Odoo does not know there, or that belongs to no sale order, is not in the answer.
///
/// # Errors
/// As any call.
pub async fn sales_of(odoo: &Odoo, warehouse: i64, names: &[String]) -> Result<Names, PeerError> {
    if names.is_empty() {
        return Ok(Names::new());
    }
    let call = Call::new("stock.picking", "search_read")
        .arg("domain", json!([["name", "in", names], ["picking_type_id.warehouse_id", "=", warehouse]]))
        .arg("fields", json!(["name", "sale_id"]))
        .arg("order", "id");
    let rows: Vec<Transfer> = odoo.call(call).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.name, many2one(&row.sale_id)?))).collect())
}
