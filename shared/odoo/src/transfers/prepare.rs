//! Writing what was shipped on a transfer, and checking that it stands there.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{PeerError, ids::ShipmentKey, shipment::Lot};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    arrivals,
    lots::{self, Found},
    marker,
    model::{Move, Tracked, Transfer, TransferKind},
    read::{TransferRow, transfer_specification},
};
use crate::{
    connection::{Call, Odoo, PEER},
    orders::plain,
};

/// Digits that Odoo keeps of a quantity, unless its "Product Unit of Measure" accuracy was changed.
const UNIT_DIGITS: u32 = 2;

/// What a warehouse shipped of one transfer, or received for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipping {
    pub shipment: ShipmentKey,
    /// Tracking numbers, as the customer is shown them.
    pub tracking: Option<String>,
    /// Each move at most once. A move that is not here ships nothing.
    pub moves: Vec<ShippingMove>,
}

/// What was shipped of one move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippingMove {
    pub id: i64,
    /// In the product's own unit; above zero.
    pub quantity: Decimal,
    /// Which lots or serial numbers; left aside where Odoo does not track the product.
    pub lots: Vec<Lot>,
}

/// Whether a transfer could be prepared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prepared {
    /// As read back. Check it with [`holds`] before it is validated.
    Written(Box<Transfer>),
    /// Nothing was written.
    Unfit(Vec<Unfit>),
}

/// Why what was shipped does not fit the transfer. A person has to act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("transfer {transfer} is done or cancelled")]
    Closed { transfer: String },
    #[error("nothing of transfer {transfer} was shipped")]
    Nothing { transfer: String },
    /// A move that the transfer does not have, or has no longer open, or twice in one shipment.
    #[error("transfer {transfer} has no such open move")]
    NoSuchMove { transfer: String },
    #[error("{shipped} of {product} was shipped, and {open} is open")]
    MoreThanOpen { product: String, shipped: Decimal, open: Decimal },
    /// The move counts in another unit, of which this is no amount that Odoo can keep.
    #[error("{shipped} of {product} cannot be written in the unit of its transfer")]
    Inexpressible { product: String, shipped: Decimal },
    #[error("no lot or serial number was given for {product}, and which were shipped cannot be known")]
    LotsMissing { product: String },
    #[error("the lots or serial numbers of {product} come to {lots}, and {shipped} was shipped")]
    LotsDiffer { product: String, lots: Decimal, shipped: Decimal },
    #[error("Odoo has no lot or serial number {number} of {product} where it is shipped from")]
    UnknownLot { product: String, number: String },
    #[error("of lot {number} of {product} {shipped} was shipped, and Odoo has {there}")]
    LotTooSmall { product: String, number: String, shipped: Decimal, there: Decimal },
}

/// Why a shipment does not fit a transfer, as far as the transfer itself tells. Pure; [`prepare`] asks it
/// first.
#[must_use]
pub fn unfit(transfer: &Transfer, shipping: &Shipping) -> Vec<Unfit> {
    let name = || transfer.name.clone();
    if !transfer.is_open() {
        return vec![Unfit::Closed { transfer: name() }];
    }
    if shipping.moves.iter().all(|shipped| shipped.quantity <= Decimal::ZERO) {
        return vec![Unfit::Nothing { transfer: name() }];
    }
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for shipped in &shipping.moves {
        let found = transfer.moves.iter().find(|of| of.id == shipped.id && of.is_open());
        match found.filter(|_| seen.insert(shipped.id) && shipped.quantity > Decimal::ZERO) {
            Some(of) => all.extend(unfit_move(of, shipped)),
            None => all.push(Unfit::NoSuchMove { transfer: name() }),
        }
    }
    all
}

fn unfit_move(of: &Move, shipped: &ShippingMove) -> Option<Unfit> {
    let product = product(of);
    let quantity = shipped.quantity;
    if quantity > of.demand {
        return Some(Unfit::MoreThanOpen { product, shipped: quantity, open: of.demand });
    }
    if own_quantity(of, quantity).is_none() {
        return Some(Unfit::Inexpressible { product, shipped: quantity });
    }
    if of.tracked == Tracked::Nothing {
        return None;
    }
    if shipped.lots.is_empty() {
        // All that is reserved was shipped: then just the lots that Odoo reserved, and prescribed, were.
        let reserved: Decimal = of.lots().iter().map(|lot| lot.quantity).sum();
        return (reserved != quantity).then_some(Unfit::LotsMissing { product });
    }
    let lots: Decimal = shipped.lots.iter().map(|lot| lot.quantity).sum();
    let whole = of.tracked == Tracked::Lot || shipped.lots.iter().all(|lot| lot.quantity == Decimal::ONE);
    let once = shipped.lots.iter().map(|lot| &lot.number).collect::<BTreeSet<_>>().len();
    (lots != quantity || !whole || once != shipped.lots.len()).then_some(Unfit::LotsDiffer {
        product,
        lots,
        shipped: quantity,
    })
}

/// What people know the product by.
pub(super) fn product(of: &Move) -> String {
    of.sku.as_ref().map_or_else(|| of.name.clone(), |sku| sku.as_str().to_owned())
}

/// A quantity in the move's own unit, where Odoo can keep it.
fn own_quantity(of: &Move, quantity: Decimal) -> Option<Decimal> {
    if of.per_unit == Decimal::ONE {
        return Some(quantity);
    }
    let own = quantity / of.per_unit;
    (own == own.round_dp(UNIT_DIGITS)).then(|| own.normalize())
}

/// Writes on a transfer what was shipped, with the shipment's key and tracking, and reads it back: one call,
/// and one before it where other lots or serial numbers were shipped than were reserved.
///
/// Each open move is written: one that ships nothing is unpicked, so that a validation leaves it, with what
/// is reserved for it, to the backorder. Writing the same once more changes nothing.
///
/// # Errors
/// As any call. `Missing` where the transfer is gone.
pub async fn prepare(odoo: &Odoo, transfer: &Transfer, shipping: &Shipping) -> Result<Prepared, PeerError> {
    let mut unfit = unfit(transfer, shipping);
    if !unfit.is_empty() {
        return Ok(Prepared::Unfit(unfit));
    }
    let can = odoo.capabilities().await?;
    let odoo = odoo.in_company(transfer.company);
    let shipped: BTreeMap<i64, &ShippingMove> = shipping.moves.iter().map(|of| (of.id, of)).collect();
    let arrives = transfer.kind == TransferKind::Incoming;
    let found = if arrives { Found::new() } else { lots::find(&odoo, transfer, &shipped).await? };
    let known =
        if arrives { arrivals::lots(&odoo, transfer, shipping).await? } else { arrivals::Lots::new() };
    let mut commands = Vec::new();
    for of in transfer.moves.iter().filter(|of| of.is_open()) {
        match shipped.get(&of.id) {
            Some(shipped) => match values(of, shipped, |of| {
                if arrives {
                    arrivals::commands(of, &shipped.lots, &known, transfer.makes_lots)
                } else {
                    lots::commands(of, &shipped.lots, &found)
                }
            }) {
                Ok(values) => commands.push(json!([1, of.id, values])),
                Err(because) => unfit.extend(because),
            },
            None => commands.push(json!([1, of.id, { "picked": false }])),
        }
    }
    if !unfit.is_empty() {
        return Ok(Prepared::Unfit(unfit));
    }
    let mut values = json!({
        "note": marker::write(transfer.kind, transfer.note.as_deref(), &shipping.shipment),
        "move_ids": commands,
    });
    if can.has_carriers {
        values["carrier_tracking_ref"] = json!(tracking(transfer, shipping));
    }
    let call = Call::new("stock.picking", "web_save")
        .on(&[transfer.id])
        .arg("vals", values)
        .arg("specification", transfer_specification(can));
    let rows: Vec<TransferRow> = odoo.call(call).await?;
    let Some(row) = rows.into_iter().find(|row| row.id() == transfer.id) else {
        return Err(PeerError::Missing { peer: PEER.into(), what: format!("transfer {}", transfer.name) });
    };
    let mut written = row.transfer(&BTreeMap::new())?;
    // The transfers that it follows are not read again.
    written.after = transfer.after.clone();
    Ok(Prepared::Written(Box::new(written)))
}

/// The tracking reference to be written. A carrier that Odoo would call makes a label of its own, and adds its
/// cost to the order, unless there is a reference when the transfer is validated: where the warehouse gave
/// none, the shipment's own id is one.
fn tracking<'a>(transfer: &'a Transfer, shipping: &'a Shipping) -> Option<&'a str> {
    let own = || transfer.method.as_ref().map(|_| shipping.shipment.id.as_str());
    shipping.tracking.as_deref().or_else(own)
}

/// What is written on one move that ships. `lots` makes its lines those of the lots.
fn values(
    of: &Move,
    shipped: &ShippingMove,
    lots: impl Fn(&Move) -> Result<Vec<Value>, Vec<Unfit>>,
) -> Result<Value, Vec<Unfit>> {
    if of.tracked == Tracked::Nothing {
        let own = own_quantity(of, shipped.quantity).unwrap_or(shipped.quantity);
        return Ok(json!({ "quantity": plain(own), "picked": true }));
    }
    if shipped.lots.is_empty() {
        return Ok(json!({ "picked": true }));
    }
    Ok(json!({ "move_line_ids": lots(of)?, "picked": true }))
}

/// Whether a transfer stands just as [`prepare`] was to write it: quantities, lots, which moves are picked,
/// the shipment's key and the tracking. Where it does not, somebody else has been there; it must not be
/// validated.
#[must_use]
pub fn holds(transfer: &Transfer, shipping: &Shipping) -> bool {
    let tracked = match tracking(transfer, shipping) {
        // Without carriers there is no field for it.
        Some(wanted) => transfer.tracking.as_deref().is_none_or(|there| there == wanted),
        None => transfer.tracking.is_none(),
    };
    let shipped: BTreeMap<i64, &ShippingMove> = shipping.moves.iter().map(|of| (of.id, of)).collect();
    let open: Vec<&Move> = transfer.moves.iter().filter(|of| of.is_open()).collect();
    tracked
        && transfer.is_open()
        && transfer.shipment.as_ref() == Some(&shipping.shipment)
        && shipped.keys().all(|id| open.iter().any(|of| of.id == *id))
        && open.iter().all(|of| match shipped.get(&of.id) {
            Some(shipped) => holds_move(of, shipped),
            None => !of.picked && of.lines.iter().all(|line| !line.picked),
        })
}

fn holds_move(of: &Move, shipped: &ShippingMove) -> bool {
    let mut wanted = shipped.lots.clone();
    wanted.sort();
    of.picked
        && of.quantity == shipped.quantity
        && of.lines.iter().all(|line| line.picked)
        && (of.tracked == Tracked::Nothing || wanted.is_empty() || of.lots() == wanted)
}
