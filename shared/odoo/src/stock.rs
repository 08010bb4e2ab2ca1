//! What Odoo knows of stock: which products changed, and what there is of each.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{PeerError, Sku, stock::Figures};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    catalogue::{many2one, number},
    connection::{Call, Odoo, PEER},
    orders::odoo_time,
};

/// Odoo counts in binary fractions; a quantity has far fewer digits than this.
const QUANTITY_DIGITS: u32 = 6;
/// Records that one call names.
pub(crate) const IDS_AT_MOST: usize = 1000;
/// SKUs of one call: a list of theirs is longer than one of ids.
const SKUS_AT_MOST: usize = 500;

/// Where Odoo writes something that may change what can be promised of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// `stock.move`: orders, receipts, reservations. A product's own time never moves with its stock.
    Moves,
    /// `stock.quant`: counted by hand, and reserved. One that became zero may be gone: its move tells.
    Quants,
    /// `product.product`: new ones, archived ones, other SKUs.
    Products,
}

impl Stream {
    pub const ALL: [Self; 3] = [Self::Moves, Self::Quants, Self::Products];

    fn model(self) -> &'static str {
        match self {
            Self::Moves => "stock.move",
            Self::Quants => "stock.quant",
            Self::Products => "product.product",
        }
    }
}

/// A page of what changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangedProducts {
    pub products: BTreeSet<i64>,
    /// The last record read; none where this was the last page.
    pub next: Option<i64>,
}

#[derive(Deserialize)]
struct Row {
    id: i64,
    #[serde(default)]
    product_id: Value,
}

/// The products of records that were written from `from` to `until`, both included, by id after `after`.
///
/// The window is closed and read by id, because a time is when a transaction began: one transaction gives all its
/// rows the same time, and comparing with a time that was read finds nothing or everything again.
///
/// # Errors
/// As any call.
pub async fn changed(
    odoo: &Odoo,
    stream: Stream,
    from: Timestamp,
    until: Timestamp,
    after: i64,
    limit: usize,
) -> Result<ChangedProducts, PeerError> {
    let domain = json!([
        ["id", ">", after],
        ["write_date", ">=", odoo_time(from)],
        ["write_date", "<=", odoo_time(until)],
    ]);
    let own = stream == Stream::Products;
    let call = Call::new(stream.model(), "search_read")
        .arg("domain", domain)
        .arg("fields", if own { json!(["id"]) } else { json!(["product_id"]) })
        .arg("order", "id")
        .arg("limit", limit)
        // An archived product is to be offered no more.
        .context("active_test", false);
    page(odoo, call, own, limit).await
}

/// Every product, by id after `after`.
///
/// # Errors
/// As any call.
pub async fn every(odoo: &Odoo, after: i64, limit: usize) -> Result<ChangedProducts, PeerError> {
    let call = Call::new("product.product", "search_read")
        .arg("domain", json!([["id", ">", after], ["default_code", "!=", false]]))
        .arg("fields", json!(["id"]))
        .arg("order", "id")
        .arg("limit", limit)
        .context("active_test", false);
    page(odoo, call, true, limit).await
}

async fn page(odoo: &Odoo, call: Call, own: bool, limit: usize) -> Result<ChangedProducts, PeerError> {
    let rows: Vec<Row> = odoo.call(call).await?;
    let next = if rows.len() < limit { None } else { rows.last().map(|row| row.id) };
    let product = |row: &Row| if own { Some(row.id) } else { many2one(&row.product_id) };
    Ok(ChangedProducts { products: rows.iter().filter_map(product).collect(), next })
}

#[derive(Deserialize)]
struct SkuRow {
    id: i64,
    default_code: Value,
}

/// What transfers move, by product. One call, and none where none are named.
///
/// # Errors
/// As any call.
pub async fn moved_by(odoo: &Odoo, transfers: &[i64]) -> Result<BTreeSet<i64>, PeerError> {
    if transfers.is_empty() {
        return Ok(BTreeSet::new());
    }
    let call = Call::new("stock.move", "search_read")
        .arg("domain", json!([["picking_id", "in", transfers]]))
        .arg("fields", json!(["product_id"]));
    let rows: Vec<Value> = odoo.call(call).await?;
    Ok(rows.iter().filter_map(|row| many2one(&row["product_id"])).collect())
}

/// The SKUs of products, a thousand products a call. A product without an Internal Reference is not in the answer.
///
/// # Errors
/// As any call.
pub async fn skus(odoo: &Odoo, products: &[i64]) -> Result<BTreeMap<i64, Sku>, PeerError> {
    let mut skus = BTreeMap::new();
    for part in products.chunks(IDS_AT_MOST) {
        let call = Call::new("product.product", "search_read")
            .arg("domain", json!([["id", "in", part], ["default_code", "!=", false]]))
            .arg("fields", json!(["default_code"]))
            .context("active_test", false);
        let rows: Vec<SkuRow> = odoo.call(call).await?;
        let sku = |row: SkuRow| Some((row.id, Sku::new(row.default_code.as_str()?).ok()?));
        skus.extend(rows.into_iter().filter_map(sku));
    }
    Ok(skus)
}

/// Which of these SKUs any product has, archived ones among them, five hundred SKUs a call.
///
/// # Errors
/// As any call.
pub async fn known(odoo: &Odoo, skus: &[Sku]) -> Result<BTreeSet<Sku>, PeerError> {
    let mut known = BTreeSet::new();
    for part in skus.chunks(SKUS_AT_MOST) {
        let call = Call::new("product.product", "search_read")
            .arg("domain", json!([["default_code", "in", part]]))
            .arg("fields", json!(["default_code"]))
            .context("active_test", false);
        let rows: Vec<SkuRow> = odoo.call(call).await?;
        known.extend(rows.into_iter().filter_map(|row| Sku::new(row.default_code.as_str()?).ok()));
    }
    Ok(known)
}

#[derive(Deserialize)]
struct FiguresRow {
    id: i64,
    qty_available: Value,
    free_qty: Value,
    outgoing_qty: Value,
    incoming_qty: Value,
}

/// What there is of products over some warehouses of one company, in each product's own unit of measure. A kit is
/// reckoned from its components by Odoo itself, where Manufacturing is installed: each figure by itself, so where
/// deliveries are reserved by hand, a kit of which one component is sold out counts as available; see
/// [`crate::kits::parts`]. One call.
///
/// # Errors
/// As any call.
pub async fn figures(
    odoo: &Odoo,
    company: i64,
    warehouses: &[i64],
    products: &[i64],
) -> Result<BTreeMap<i64, Figures>, PeerError> {
    if products.is_empty() {
        return Ok(BTreeMap::new());
    }
    let call = Call::new("product.product", "search_read")
        .arg("domain", json!([["id", "in", products]]))
        .arg("fields", json!(["qty_available", "free_qty", "outgoing_qty", "incoming_qty"]))
        .context("active_test", false)
        // 17 knows the first name, 18 and 19 the second.
        .context("warehouse", warehouses)
        .context("warehouse_id", warehouses);
    let rows: Vec<FiguresRow> = odoo.in_company(company).call(call).await?;
    rows.into_iter()
        .map(|row| {
            let figures = Figures {
                on_hand: quantity(&row.qty_available)?,
                free: quantity(&row.free_qty)?,
                outgoing: quantity(&row.outgoing_qty)?,
                incoming: quantity(&row.incoming_qty)?,
            };
            Ok((row.id, figures))
        })
        .collect()
}

pub(crate) fn quantity(value: &Value) -> Result<Decimal, PeerError> {
    number(value)
        .map(|number| number.round_dp(QUANTITY_DIGITS).normalize())
        .ok_or_else(|| PeerError::Garbage { peer: PEER.into(), what: "a quantity that is no number".into() })
}
