//! Looking before acting, and reading back after.

use std::collections::BTreeMap;

use crossdock_core::{Currency, OrderKey, PeerError};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{MODULE, order_external_id, origin};
use crate::{
    catalogue::{many2one, number},
    connection::{Call, Odoo},
};

/// An order's state in Odoo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SaleState {
    /// A quotation, sent or not: may be loaded and confirmed.
    Draft,
    Confirmed,
    Cancelled,
}

impl SaleState {
    pub(crate) fn read(text: &str) -> Self {
        match text {
            "cancel" => Self::Cancelled,
            "sale" | "done" => Self::Confirmed,
            _ => Self::Draft,
        }
    }
}

/// An order that is already there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Existing {
    pub id: i64,
    pub name: String,
    pub state: SaleState,
    pub total: Decimal,
    pub lines: Vec<i64>,
    /// The user who wrote it last, where Odoo says so.
    pub written_by: Option<i64>,
}

#[derive(Deserialize)]
struct Head {
    id: i64,
    name: String,
    state: String,
    origin: Value,
    amount_total: Value,
    #[serde(default)]
    order_line: Vec<i64>,
    #[serde(default)]
    write_uid: Value,
}

/// The orders of ours that Odoo has. One call, and a second one only when something was found: a copy made
/// by hand has the same Source Document, and only the external id tells which is ours.
///
/// # Errors
/// As any call.
pub async fn find(odoo: &Odoo, keys: &[&OrderKey]) -> Result<BTreeMap<OrderKey, Existing>, PeerError> {
    let origins: Vec<String> = keys.iter().map(|key| origin(key)).collect();
    let call = Call::new("sale.order", "search_read")
        .arg("domain", json!([["origin", "in", origins]]))
        .arg("fields", json!(["name", "state", "origin", "amount_total", "order_line", "write_uid"]))
        .arg("order", "id");
    let rows: Vec<Head> = odoo.call(call).await?;
    if rows.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let names = external_ids(odoo, "sale.order", &ids).await?;
    let mut found = BTreeMap::new();
    for row in rows {
        let Some(key) = row.origin.as_str().and_then(|text| text.parse::<OrderKey>().ok()) else { continue };
        if names.get(&row.id).is_some_and(|name| *name == order_external_id(&key)) {
            let existing = Existing {
                id: row.id,
                name: row.name,
                state: SaleState::read(&row.state),
                total: number(&row.amount_total).unwrap_or_default(),
                lines: row.order_line,
                written_by: many2one(&row.write_uid),
            };
            found.insert(key, existing);
        }
    }
    Ok(found)
}

/// Our external ids of records, without the module. `get_external_id` needs no right to read
/// `ir.model.data`, which a sales user does not have.
pub(crate) async fn external_ids(
    odoo: &Odoo,
    model: &'static str,
    ids: &[i64],
) -> Result<BTreeMap<i64, String>, PeerError> {
    let names: BTreeMap<String, String> = odoo.call(Call::new(model, "get_external_id").on(ids)).await?;
    Ok(names
        .into_iter()
        .filter_map(|(id, name)| {
            let (module, name) = name.split_once('.')?;
            (module == MODULE).then_some((id.parse().ok()?, name.to_owned()))
        })
        .collect())
}

/// Those of an order's lines that we made, by external id without the module.
///
/// # Errors
/// As any call.
pub async fn lines_of_ours(odoo: &Odoo, lines: &[i64]) -> Result<BTreeMap<i64, String>, PeerError> {
    if lines.is_empty() { Ok(BTreeMap::new()) } else { external_ids(odoo, "sale.order.line", lines).await }
}

/// An order as it stands in Odoo now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadBack {
    pub id: i64,
    pub name: String,
    pub state: SaleState,
    pub locked: bool,
    pub total: Decimal,
    pub currency: Option<Currency>,
    /// Product and quantity of each line, sorted.
    pub lines: Vec<(i64, Decimal)>,
}

/// Reads orders with their lines in one call. An order that is gone is not in the answer.
///
/// # Errors
/// As any call.
pub async fn read_back(odoo: &Odoo, ids: &[i64]) -> Result<BTreeMap<i64, ReadBack>, PeerError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut specification = json!({
        "name": {}, "state": {}, "amount_total": {},
        "currency_id": { "fields": { "display_name": {} } },
        "order_line": { "fields": { "product_id": {}, "product_uom_qty": {} } },
    });
    let lockable = odoo.capabilities().await?.lockable;
    if lockable {
        specification["locked"] = json!({});
    }
    let call = Call::new("sale.order", "web_read").on(ids).arg("specification", specification);
    let rows: Vec<Value> = odoo.call(call).await?;
    Ok(rows.iter().filter_map(read_row).map(|order| (order.id, order)).collect())
}

/// An order's state and total, for a comparison of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub state: SaleState,
    pub total: Decimal,
}

/// How orders stand, in one call. An order that is gone is not in the answer.
///
/// # Errors
/// As any call.
pub async fn standing(odoo: &Odoo, ids: &[i64]) -> Result<BTreeMap<i64, Standing>, PeerError> {
    #[derive(Deserialize)]
    struct Row {
        id: i64,
        state: String,
        amount_total: Value,
    }
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let call = Call::new("sale.order", "search_read")
        .arg("domain", json!([["id", "in", ids]]))
        .arg("fields", json!(["state", "amount_total"]));
    let rows: Vec<Row> = odoo.call(call).await?;
    let read = |row: Row| {
        let total = number(&row.amount_total)?;
        Some((row.id, Standing { state: SaleState::read(&row.state), total }))
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

fn read_row(row: &Value) -> Option<ReadBack> {
    let lines = row["order_line"].as_array()?.iter().filter_map(|line| {
        // A section or a note of an order has no product.
        Some((line["product_id"].as_i64()?, number(&line["product_uom_qty"])?.normalize()))
    });
    let mut lines: Vec<(i64, Decimal)> = lines.collect();
    lines.sort();
    Some(ReadBack {
        id: row["id"].as_i64()?,
        name: row["name"].as_str()?.to_owned(),
        state: SaleState::read(row["state"].as_str()?),
        locked: row["locked"] == true,
        total: number(&row["amount_total"])?,
        currency: row["currency_id"]["display_name"].as_str().and_then(|code| Currency::new(code).ok()),
        lines,
    })
}

/// How far an order's deliveries have gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShippedState {
    Nothing,
    /// At least one transfer is done.
    Something,
}

/// Whether anything of the order has left.
///
/// # Errors
/// As any call.
pub async fn shipped_state(odoo: &Odoo, order: i64) -> Result<ShippedState, PeerError> {
    if !odoo.capabilities().await?.has_deliveries {
        return Ok(ShippedState::Nothing);
    }
    let call = Call::new("stock.picking", "search_read")
        .arg("domain", json!([["sale_id", "=", order], ["state", "=", "done"]]))
        .arg("fields", json!(["picking_type_id"]))
        .arg("limit", 1);
    let done: Vec<Value> = odoo.call(call).await?;
    Ok(if done.iter().any(|row| many2one(&row["picking_type_id"]).is_some()) {
        ShippedState::Something
    } else {
        ShippedState::Nothing
    })
}
