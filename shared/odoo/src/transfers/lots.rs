//! Lots and serial numbers that were shipped in place of the reserved ones.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{PeerError, shipment::Lot};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    model::{Line, Move, Tracked, Transfer},
    prepare::{ShippingMove, Unfit, product},
};
use crate::{
    catalogue::{many2one, number},
    connection::{Call, Odoo},
    orders::plain,
};

/// Where Odoo has a lot: how much in which place, by product and number.
pub type Found = BTreeMap<(i64, String), Vec<Place>>;

/// How much of a lot is in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    lot: i64,
    location: i64,
    quantity: Decimal,
}

#[derive(Deserialize)]
struct Quant {
    product_id: Value,
    /// The id and the number.
    lot_id: Value,
    location_id: Value,
    quantity: Value,
}

/// Where the lots are that were shipped and not reserved. One call, and none where there are no such.
///
/// # Errors
/// As any call.
pub async fn find(
    odoo: &Odoo,
    transfer: &Transfer,
    shipped: &BTreeMap<i64, &ShippingMove>,
) -> Result<Found, PeerError> {
    let (mut products, mut numbers, mut places) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for of in transfer.moves.iter().filter(|of| of.tracked != Tracked::Nothing) {
        let Some(shipped) = shipped.get(&of.id) else { continue };
        for lot in shipped.lots.iter().filter(|lot| reserved(of, &lot.number) < lot.quantity) {
            numbers.insert(lot.number.clone());
            products.insert(of.product);
            places.insert(of.location);
        }
    }
    if numbers.is_empty() {
        return Ok(Found::new());
    }
    let call = Call::new("stock.quant", "search_read")
        .arg(
            "domain",
            json!([
                ["product_id", "in", products],
                ["lot_id.name", "in", numbers],
                ["location_id", "child_of", places],
                ["quantity", ">", 0],
            ]),
        )
        .arg("fields", json!(["product_id", "lot_id", "location_id", "quantity"]))
        .arg("order", "id");
    let quants: Vec<Quant> = odoo.call(call).await?;
    let mut found = Found::new();
    for quant in quants {
        let lot = many2one(&quant.lot_id).zip(quant.lot_id[1].as_str());
        let place = many2one(&quant.product_id).zip(many2one(&quant.location_id));
        let (Some((lot, name)), Some((product, location))) = (lot, place) else { continue };
        let quantity = number(&quant.quantity).unwrap_or_default();
        found.entry((product, name.to_owned())).or_default().push(Place { lot, location, quantity });
    }
    Ok(found)
}

fn reserved(of: &Move, number: &str) -> Decimal {
    lines_of(of, number).map(|line| line.quantity).sum()
}

fn lines_of<'a>(of: &'a Move, number: &str) -> impl Iterator<Item = &'a Line> {
    of.lines.iter().filter(move |line| line.lot.as_deref() == Some(number))
}

/// What turns a move's lines into just these lots. Reserved lines of a lot that shipped stay (they know their
/// place and package), others go before new ones come, so that their goods are free.
pub fn commands(of: &Move, lots: &[Lot], found: &Found) -> Result<Vec<Value>, Vec<Unfit>> {
    let mut missing: BTreeMap<&str, Decimal> =
        lots.iter().map(|lot| (lot.number.as_str(), lot.quantity)).collect();
    let mut commands = Vec::new();
    for line in &of.lines {
        let wanted = line.lot.as_deref().and_then(|number| missing.get_mut(number));
        match wanted.filter(|wanted| **wanted > Decimal::ZERO && line.quantity > Decimal::ZERO) {
            None => commands.push(json!([2, line.id, 0])),
            Some(wanted) if *wanted >= line.quantity => {
                *wanted -= line.quantity;
                commands.push(json!([1, line.id, { "picked": true }]));
            }
            Some(wanted) => {
                let own = line.own_quantity * *wanted / line.quantity;
                commands.push(json!([1, line.id, { "quantity": plain(own), "picked": true }]));
                *wanted = Decimal::ZERO;
            }
        }
    }
    // Those that shrink or go come first.
    commands.sort_by_key(|command| command[0] != 2);
    let mut unfit = Vec::new();
    for (number, missing) in missing.into_iter().filter(|(_, missing)| *missing > Decimal::ZERO) {
        match new_lines(of, number, missing, found) {
            Ok(lines) => commands.extend(lines),
            Err(because) => unfit.push(because),
        }
    }
    if unfit.is_empty() { Ok(commands) } else { Err(unfit) }
}

/// Lines for a lot that is not reserved for this move. It may be reserved for another: Odoo gives it to the one
/// that ships, and reserves anew for the other.
fn new_lines(of: &Move, number: &str, missing: Decimal, found: &Found) -> Result<Vec<Value>, Unfit> {
    let places = found.get(&(of.product, number.to_owned())).map(Vec::as_slice).unwrap_or_default();
    if places.is_empty() {
        return Err(Unfit::UnknownLot { product: product(of), number: number.to_owned() });
    }
    let mut rest = missing;
    let mut lines = Vec::new();
    for place in places {
        // What this move holds there stays with it.
        let held: Decimal = lines_of(of, number)
            .filter(|line| line.location == place.location)
            .map(|line| line.quantity)
            .sum();
        let take = rest.min(place.quantity - held);
        if take > Decimal::ZERO {
            rest -= take;
            lines.push(json!([0, 0, {
                "product_id": of.product, "lot_id": place.lot, "location_id": place.location,
                "product_uom_id": of.unit, "quantity": plain(take), "picked": true,
            }]));
        }
    }
    if rest > Decimal::ZERO {
        let there = reserved(of, number) + missing - rest;
        let shipped = reserved(of, number) + missing;
        return Err(Unfit::LotTooSmall { product: product(of), number: number.to_owned(), shipped, there });
    }
    Ok(lines)
}
