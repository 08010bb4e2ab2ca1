//! Which moves of a transfer a shipment ships. Pure.

use std::collections::BTreeMap;

use crossdock_core::{
    ShipmentKey, Sku,
    guard::{self, Guard},
    shipment::{Lot, ShippedLine},
};
use crossdock_odoo::transfers::{Move, Sale, ShippingMove, Transfer, TransferKind, TransferState};
use rust_decimal::Decimal;

/// The transfer that is next for a shipment of a warehouse.
///
/// In a delivery of several steps that is the earliest step that is still open, until the last one holds what
/// was shipped. Odoo makes a later step when the one before it is done (18, 19) or holds it waiting (17).
#[must_use]
pub fn next_transfer<'a>(sale: &'a Sale, house: i64, lines: &[ShippedLine]) -> Option<&'a Transfer> {
    let open = |kind: TransferKind| {
        sale.transfers.iter().filter(move |t| t.kind == kind && t.is_open() && t.warehouse == Some(house))
    };
    let outgoing = best(open(TransferKind::Outgoing), lines);
    let mut steps: Vec<&Transfer> = open(TransferKind::Internal)
        .filter(|step| step.state == TransferState::Ready && holds_any(step, lines))
        .collect();
    // What comes first has fewer steps before it.
    steps.sort_by_key(|step| (depth(sale, step, 0), step.id));
    match (outgoing, steps.first()) {
        (Some(outgoing), Some(step)) if !reserves(outgoing, lines) => Some(step),
        (Some(outgoing), _) => Some(outgoing),
        (None, step) => step.copied(),
    }
}

/// How many steps lie before a transfer.
fn depth(sale: &Sale, transfer: &Transfer, level: usize) -> usize {
    let before = transfer.after.iter().filter_map(|id| sale.transfers.iter().find(|t| t.id == *id));
    // A chain is short; the limit is for one that bites its own tail.
    if level > 8 { level } else { before.map(|t| 1 + depth(sale, t, level + 1)).max().unwrap_or(0) }
}

/// The open transfer that can take most of the lines; the oldest of equals.
fn best<'a>(open: impl Iterator<Item = &'a Transfer>, lines: &[ShippedLine]) -> Option<&'a Transfer> {
    let mut best: Option<(&Transfer, Decimal)> = None;
    for transfer in open {
        let takes: Decimal = lines.iter().map(|line| line.quantity.min(demand(transfer, line))).sum();
        if best.is_none_or(|(_, most)| takes > most) {
            best = Some((transfer, takes));
        }
    }
    best.map(|(transfer, _)| transfer)
}

fn of_line<'a>(transfer: &'a Transfer, line: &ShippedLine) -> impl Iterator<Item = &'a Move> {
    let sku = line.sku.clone();
    transfer.moves.iter().filter(move |of| of.is_open() && of.sku.as_ref() == Some(&sku))
}

fn demand(transfer: &Transfer, line: &ShippedLine) -> Decimal {
    of_line(transfer, line).map(|of| of.demand).sum()
}

fn holds_any(transfer: &Transfer, lines: &[ShippedLine]) -> bool {
    lines.iter().any(|line| of_line(transfer, line).any(|of| of.quantity > Decimal::ZERO))
}

fn reserves(transfer: &Transfer, lines: &[ShippedLine]) -> bool {
    lines.iter().all(|line| of_line(transfer, line).map(|of| of.quantity).sum::<Decimal>() >= line.quantity)
}

/// Divides what was shipped over the open moves of a transfer: to the move that the warehouse named, else to
/// those of the SKU, in Odoo's order.
///
/// # Errors
/// Names what is more than open: nothing may be shipped of it, for the goods have left all the same and a
/// person has to say what they were.
pub fn allot(transfer: &Transfer, lines: &[ShippedLine]) -> Result<Vec<ShippingMove>, String> {
    let mut shipping: Vec<ShippingMove> = Vec::new();
    for line in lines {
        let mut left = line.quantity;
        let mut lots = line.lots.clone();
        let named = |of: &&Move| line.line.as_ref().is_some_and(|id| id.as_str() == of.id.to_string());
        let mut moves: Vec<&Move> = of_line(transfer, line).collect();
        moves.sort_by_key(|of| !named(of));
        for of in moves {
            let taken: Decimal = shipping.iter().filter(|s| s.id == of.id).map(|s| s.quantity).sum();
            let part = left.min((of.demand - taken).max(Decimal::ZERO));
            if part > Decimal::ZERO {
                add(&mut shipping, of.id, part, take_lots(&mut lots, part));
                left -= part;
            }
        }
        if left > Decimal::ZERO {
            let (sku, open) = (line.sku.as_str(), line.quantity - left);
            return Err(format!(
                "{} of {sku} was shipped for {}, and {open} is open",
                line.quantity, transfer.name
            ));
        }
    }
    Ok(shipping)
}

fn add(shipping: &mut Vec<ShippingMove>, id: i64, quantity: Decimal, lots: Vec<Lot>) {
    match shipping.iter_mut().find(|known| known.id == id) {
        Some(known) => {
            known.quantity += quantity;
            for lot in lots {
                match known.lots.iter_mut().find(|there| there.number == lot.number) {
                    Some(there) => there.quantity += lot.quantity,
                    None => known.lots.push(lot),
                }
            }
        }
        None => shipping.push(ShippingMove { id, quantity, lots }),
    }
}

/// Takes lots for a part of a line.
fn take_lots(lots: &mut Vec<Lot>, quantity: Decimal) -> Vec<Lot> {
    let mut left = quantity;
    let mut taken = Vec::new();
    for lot in lots.iter_mut() {
        let part = left.min(lot.quantity);
        if part > Decimal::ZERO {
            taken.push(Lot { number: lot.number.clone(), quantity: part });
            lot.quantity -= part;
            left -= part;
        }
    }
    lots.retain(|lot| lot.quantity > Decimal::ZERO);
    taken
}

/// What left by the transfers that carry a shipment's key, where that is not what the warehouse told: somebody
/// changed and validated a transfer that was prepared. None where it is the same.
#[must_use]
pub fn difference(sale: &Sale, key: &ShipmentKey, lines: &[ShippedLine]) -> Option<String> {
    let mut left: BTreeMap<&Sku, Decimal> = BTreeMap::new();
    for line in lines {
        *left.entry(&line.sku).or_default() -= line.quantity;
    }
    let carries = |t: &&Transfer| {
        t.kind == TransferKind::Outgoing && t.state == TransferState::Done && t.shipment.as_ref() == Some(key)
    };
    for of in sale.transfers.iter().filter(carries).flat_map(|transfer| &transfer.moves) {
        if let Some(sku) = &of.sku {
            *left.entry(sku).or_default() += of.quantity;
        }
    }
    let more = |(sku, more): (&Sku, Decimal)| format!("{more} of {sku}");
    let what: Vec<String> = left.into_iter().filter(|(_, more)| !more.is_zero()).map(more).collect();
    (!what.is_empty())
        .then(|| format!("Odoo has moved other goods than the warehouse sent: {}", what.join(", ")))
}

/// Whether a shipment stands in Odoo: a transfer that left the house carries its key.
#[must_use]
pub fn is_applied(sale: &Sale, shipment: &crossdock_core::ShipmentKey) -> bool {
    guard::stands(Guard::ShipmentMarker) && sale.applied(shipment, TransferKind::Outgoing)
}
