//! What Odoo has of things, and what a correction has changed of them.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{PeerError, Sku};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Found, Place, Shelf, Thing};
use crate::{
    catalogue::many2one,
    connection::{Call, Odoo},
    orders::odoo_time,
    stock::{IDS_AT_MOST, quantity},
};

#[derive(Deserialize)]
struct ProductRow {
    id: i64,
    default_code: Value,
    tracking: String,
}

#[derive(Deserialize)]
struct LotRow {
    id: i64,
    name: String,
    product_id: Value,
}

#[derive(Deserialize)]
struct QuantRow {
    product_id: Value,
    lot_id: Value,
    location_id: Value,
    package_id: Value,
    owner_id: Value,
    quantity: Value,
    reserved_quantity: Value,
    inventory_quantity_set: bool,
}

#[derive(Deserialize)]
struct LineRow {
    product_id: Value,
    lot_id: Value,
    location_id: Value,
    location_dest_id: Value,
    quantity: Value,
}

#[derive(Deserialize)]
struct MoveRow {
    product_id: Value,
}

/// What Odoo has of things in a warehouse, what a correction with this reference has changed, and what went in or
/// out since `since`. Three calls, one more each for lots and for `since`; a thousand things at most.
///
/// # Errors
/// As any call.
pub async fn look(
    odoo: &Odoo,
    place: Place,
    things: &[Thing],
    reference: &str,
    since: Option<Timestamp>,
) -> Result<Vec<Found>, PeerError> {
    debug_assert!(things.len() <= IDS_AT_MOST);
    let odoo = odoo.in_company(place.company);
    let products = products(&odoo, place, things).await?;
    let ids: Vec<i64> = products.values().flatten().map(|row| row.id).collect();
    let lots = lots(&odoo, &ids, things).await?;
    let quants: Vec<QuantRow> = odoo.call(quants_of(place, &ids)).await?;
    let booked: Vec<LineRow> = odoo.call(lines_of(&ids, reference)).await?;
    let moved = match since {
        Some(since) => moved(&odoo, place, &ids, since).await?,
        None => BTreeSet::new(),
    };
    let see = |thing: &Thing| -> Result<Found, PeerError> {
        let product = match products.get(&thing.sku).map(Vec::as_slice) {
            None | Some([]) => return Ok(Found::NoProduct),
            Some([one]) => one,
            Some(_) => return Ok(Found::SeveralProducts),
        };
        let lot = match (&thing.lot, product.tracking.as_str()) {
            (None, "lot" | "serial") => return Ok(Found::LotNeeded),
            (None, _) => None,
            (Some(name), "lot" | "serial") => match lots.get(&(product.id, name.clone())) {
                Some(lot) => Some(*lot),
                None => return Ok(Found::NoLot),
            },
            (Some(_), _) => return Ok(Found::NoLot),
        };
        let mut shelf = shelf(place, product.id, lot, &quants)?;
        shelf.booked = booked_of(place, &shelf, &booked)?;
        shelf.moved = moved.contains(&product.id);
        Ok(Found::Shelf(shelf))
    };
    things.iter().map(see).collect()
}

async fn products(
    odoo: &Odoo,
    place: Place,
    things: &[Thing],
) -> Result<BTreeMap<Sku, Vec<ProductRow>>, PeerError> {
    let skus: BTreeSet<&str> = things.iter().map(|thing| thing.sku.as_str()).collect();
    let domain = json!([["default_code", "in", skus], ["company_id", "in", [false, place.company]]]);
    let call = Call::new("product.product", "search_read").arg("domain", domain);
    let call = call.arg("fields", json!(["default_code", "tracking"])).arg("order", "id");
    let rows: Vec<ProductRow> = odoo.call(call).await?;
    let mut found: BTreeMap<Sku, Vec<ProductRow>> = BTreeMap::new();
    for row in rows {
        if let Some(sku) = row.default_code.as_str().and_then(|code| Sku::new(code).ok()) {
            found.entry(sku).or_default().push(row);
        }
    }
    Ok(found)
}

/// The ids of the lots that are named. No call where none is.
async fn lots(
    odoo: &Odoo,
    products: &[i64],
    things: &[Thing],
) -> Result<BTreeMap<(i64, String), i64>, PeerError> {
    let names: BTreeSet<&str> = things.iter().filter_map(|thing| thing.lot.as_deref()).collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let call = Call::new("stock.lot", "search_read")
        .arg("domain", json!([["product_id", "in", products], ["name", "in", names]]))
        .arg("fields", json!(["name", "product_id"]))
        .arg("order", "id");
    let rows: Vec<LotRow> = odoo.call(call).await?;
    Ok(rows.into_iter().filter_map(|row| Some(((many2one(&row.product_id)?, row.name), row.id))).collect())
}

fn quants_of(place: Place, products: &[i64]) -> Call {
    let domain = json!([
        ["product_id", "in", products],
        ["location_id", "child_of", place.view],
        ["location_id.usage", "=", "internal"],
    ]);
    let fields = json!([
        "product_id",
        "lot_id",
        "location_id",
        "package_id",
        "owner_id",
        "quantity",
        "reserved_quantity",
        "inventory_quantity_set",
    ]);
    Call::new("stock.quant", "search_read").arg("domain", domain).arg("fields", fields).arg("order", "id")
}

/// What corrections with this reference have moved.
fn lines_of(products: &[i64], reference: &str) -> Call {
    let domain = json!([
        ["product_id", "in", products],
        ["state", "=", "done"],
        ["move_id.is_inventory", "=", true],
        ["move_id.reference", "=", reference],
    ]);
    let fields = json!(["product_id", "lot_id", "location_id", "location_dest_id", "quantity"]);
    Call::new("stock.move.line", "search_read").arg("domain", domain).arg("fields", fields).arg("order", "id")
}

/// Products of which something went in or out of the warehouse, or within it. Odoo dates a move when it is done.
async fn moved(
    odoo: &Odoo,
    place: Place,
    products: &[i64],
    since: Timestamp,
) -> Result<BTreeSet<i64>, PeerError> {
    let domain = json!([
        ["product_id", "in", products],
        ["state", "=", "done"],
        ["date", ">=", odoo_time(since)],
        "|",
        ["location_id", "child_of", place.view],
        ["location_dest_id", "child_of", place.view],
    ]);
    let call = Call::new("stock.move", "search_read").arg("domain", domain);
    let rows: Vec<MoveRow> = odoo.call(call.arg("fields", json!(["product_id"])).arg("order", "id")).await?;
    Ok(rows.iter().filter_map(|row| many2one(&row.product_id)).collect())
}

fn shelf(place: Place, product: i64, lot: Option<i64>, quants: &[QuantRow]) -> Result<Shelf, PeerError> {
    let zero = Decimal::ZERO;
    let mut shelf = Shelf {
        product,
        lot,
        on_hand: zero,
        reserved: zero,
        here: zero,
        counted: false,
        booked: None,
        moved: false,
    };
    let own = |row: &&QuantRow| many2one(&row.product_id) == Some(product) && many2one(&row.lot_id) == lot;
    for row in quants.iter().filter(own) {
        let there = quantity(&row.quantity)?;
        shelf.on_hand += there;
        shelf.reserved += quantity(&row.reserved_quantity)?;
        let apart = many2one(&row.package_id).or(many2one(&row.owner_id)).is_some();
        if many2one(&row.location_id) == Some(place.stock) && !apart {
            shelf.here += there;
            shelf.counted |= row.inventory_quantity_set;
        }
    }
    Ok(shelf)
}

fn booked_of(place: Place, shelf: &Shelf, lines: &[LineRow]) -> Result<Option<Decimal>, PeerError> {
    let mut booked = None;
    for line in lines {
        if many2one(&line.product_id) != Some(shelf.product) || many2one(&line.lot_id) != shelf.lot {
            continue;
        }
        let size = quantity(&line.quantity)?;
        let by = match (many2one(&line.location_id), many2one(&line.location_dest_id)) {
            (_, Some(to)) if to == place.stock => size,
            (Some(from), _) if from == place.stock => -size,
            // Of another warehouse.
            _ => continue,
        };
        booked = Some(booked.unwrap_or_default() + by);
    }
    Ok(booked)
}
