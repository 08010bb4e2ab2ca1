//! The shapes of Odoo's answers, and what we ask for.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{OrderKey, PeerError, ids::Sku};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use serde_json::{Value, json};

use super::{
    marker,
    model::{Line, Move, MoveState, Sale, Tracked, Transfer, TransferKind, TransferState},
};
use crate::{Capabilities, catalogue::number, connection::PEER, orders::SaleState};

/// Odoo counts in binary fractions; a quantity has far fewer digits than this.
const QUANTITY_DIGITS: u32 = 6;

/// Pick, pack, ship.
const STEPS_AT_MOST: usize = 3;

/// What is asked of a transfer, for `web_read` and `web_save`.
pub fn transfer_specification(can: &Capabilities) -> Value {
    let mut wanted = json!({
        "name": {}, "state": {}, "note": {}, "partner_id": {}, "company_id": {}, "backorder_id": {},
        "picking_type_code": {},
        "picking_type_id": { "fields": { "warehouse_id": {}, "use_create_lots": {} } },
        "move_ids": { "fields": {
            "product_uom_qty": {}, "quantity": {}, "picked": {}, "state": {}, "has_tracking": {},
            "location_id": {}, "move_orig_ids": {},
            "sale_line_id": { "fields": { "product_id": {} } },
            "product_id": { "fields": {
                "default_code": {}, "display_name": {}, "uom_id": { "fields": { "factor": {} } },
            } },
            "product_uom": { "fields": { "factor": {} } },
            "product_qty": {},
            "move_line_ids": { "fields": {
                "lot_id": { "fields": { "name": {} } }, "lot_name": {}, "location_id": {}, "quantity": {},
                "quantity_product_uom": {}, "picked": {},
            } },
        } },
    });
    if can.has_carriers {
        wanted["carrier_id"] = json!({ "fields": { "display_name": {} } });
        wanted["carrier_tracking_ref"] = json!({});
    }
    wanted
}

/// What is asked of a sale order, with its transfers.
pub fn sale_specification(can: &Capabilities) -> Value {
    json!({
        "name": {}, "state": {}, "origin": {}, "company_id": {}, "client_order_ref": {},
        "picking_ids": { "fields": transfer_specification(can) },
    })
}

/// Odoo says `false` where there is nothing.
struct Maybe<T>(Option<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(answer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(answer)?;
        if value == false {
            return Ok(Self(None));
        }
        serde_json::from_value(value).map(|value| Self(Some(value))).map_err(D::Error::custom)
    }
}

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

#[derive(Deserialize)]
pub struct SaleRow {
    pub id: i64,
    name: String,
    state: String,
    origin: Maybe<String>,
    company_id: i64,
    client_order_ref: Maybe<String>,
    picking_ids: Vec<TransferRow>,
}

#[derive(Deserialize)]
pub struct TransferRow {
    id: i64,
    name: String,
    state: String,
    note: Maybe<String>,
    partner_id: Maybe<i64>,
    company_id: i64,
    backorder_id: Maybe<i64>,
    picking_type_code: Maybe<String>,
    picking_type_id: PickingType,
    move_ids: Vec<MoveRow>,
    #[serde(default)]
    carrier_id: Maybe<Named>,
    #[serde(default)]
    carrier_tracking_ref: Maybe<String>,
}

#[derive(Deserialize)]
struct PickingType {
    warehouse_id: Maybe<i64>,
    #[serde(default)]
    use_create_lots: bool,
}

#[derive(Deserialize)]
struct Named {
    display_name: String,
}

#[derive(Deserialize)]
struct MoveRow {
    id: i64,
    product_uom_qty: Value,
    product_qty: Value,
    quantity: Value,
    picked: bool,
    state: String,
    has_tracking: Maybe<String>,
    location_id: i64,
    move_orig_ids: Vec<i64>,
    sale_line_id: Maybe<SaleLine>,
    product_id: ProductRow,
    product_uom: Unit,
    move_line_ids: Vec<LineRow>,
}

#[derive(Deserialize)]
struct SaleLine {
    id: i64,
    product_id: Maybe<i64>,
}

#[derive(Deserialize)]
struct ProductRow {
    id: i64,
    default_code: Maybe<String>,
    display_name: String,
    uom_id: Unit,
}

#[derive(Deserialize)]
struct Unit {
    id: i64,
    factor: Value,
}

#[derive(Deserialize)]
struct LineRow {
    id: i64,
    lot_id: Maybe<LotRow>,
    #[serde(default)]
    lot_name: Maybe<String>,
    location_id: i64,
    quantity: Value,
    quantity_product_uom: Value,
    picked: bool,
}

#[derive(Deserialize)]
struct LotRow {
    name: String,
}

fn garbage(what: &str) -> PeerError {
    PeerError::Garbage { peer: PEER.into(), what: what.into() }
}

fn quantity(value: &Value) -> Result<Decimal, PeerError> {
    number(value)
        .map(|number| number.round_dp(QUANTITY_DIGITS).normalize())
        .ok_or_else(|| garbage("a quantity that is no number"))
}

impl SaleRow {
    /// The order that it claims to be. A copy made by hand claims the same.
    pub fn claims(&self) -> Option<OrderKey> {
        self.origin.0.as_ref()?.parse().ok()
    }

    pub fn sale(self, key: Option<OrderKey>) -> Result<Sale, PeerError> {
        let owners: BTreeMap<i64, i64> =
            self.picking_ids.iter().flat_map(|row| row.move_ids.iter().map(|of| (of.id, row.id))).collect();
        let origins: Vec<(i64, i64)> = self
            .picking_ids
            .iter()
            .flat_map(|row| &row.move_ids)
            .flat_map(|of| of.move_orig_ids.iter().map(|origin| (*origin, of.id)))
            .collect();
        let mut transfers =
            self.picking_ids.into_iter().map(|row| row.transfer(&owners)).collect::<Result<Vec<_>, _>>()?;
        transfers.sort_by_key(|transfer| transfer.id);
        inherit_sale_lines(&mut transfers, &origins);
        Ok(Sale {
            id: self.id,
            name: self.name,
            key,
            state: SaleState::read(&self.state),
            company: self.company_id,
            purchase_order: self.client_order_ref.0,
            transfers,
        })
    }
}

/// On 17 only the last step of a delivery knows its sale line: the moves before it take it from there.
/// `origins` pairs each move with one that it feeds.
fn inherit_sale_lines(transfers: &mut [Transfer], origins: &[(i64, i64)]) {
    for _ in 0..STEPS_AT_MOST {
        let known: BTreeMap<i64, (Option<i64>, Option<i64>)> = transfers
            .iter()
            .flat_map(|transfer| &transfer.moves)
            .map(|of| (of.id, (of.sale_line, of.sold)))
            .collect();
        for of in transfers.iter_mut().flat_map(|transfer| &mut transfer.moves) {
            if of.sale_line.is_none()
                && let Some((_, next)) = origins.iter().find(|(origin, _)| *origin == of.id)
                && let Some((sale_line, sold)) = known.get(next)
            {
                (of.sale_line, of.sold) = (*sale_line, *sold);
            }
        }
    }
}

impl TransferRow {
    pub fn id(&self) -> i64 {
        self.id
    }

    /// `owners` says which transfer each move belongs to.
    pub fn transfer(self, owners: &BTreeMap<i64, i64>) -> Result<Transfer, PeerError> {
        let origins = self.move_ids.iter().flat_map(|row| &row.move_orig_ids);
        let after: BTreeSet<i64> = origins.filter_map(|id| owners.get(id).copied()).collect();
        let note = self.note.0;
        let kind = match self.picking_type_code.0.as_deref() {
            Some("outgoing") => TransferKind::Outgoing,
            Some("internal") => TransferKind::Internal,
            Some("incoming") => TransferKind::Incoming,
            Some(_) | None => TransferKind::Other,
        };
        Ok(Transfer {
            id: self.id,
            name: self.name,
            state: transfer_state(&self.state)?,
            kind,
            company: self.company_id,
            warehouse: self.picking_type_id.warehouse_id.0,
            makes_lots: self.picking_type_id.use_create_lots,
            after,
            backorder_of: self.backorder_id.0,
            method: self.carrier_id.0.map(|carrier| carrier.display_name),
            tracking: self.carrier_tracking_ref.0,
            shipment: note.as_deref().and_then(|note| marker::read(kind, note)),
            note,
            recipient: self.partner_id.0,
            moves: self.move_ids.into_iter().map(MoveRow::read).collect::<Result<_, _>>()?,
        })
    }
}

impl MoveRow {
    fn read(self) -> Result<Move, PeerError> {
        let per_unit = self.per_unit()?;
        let sale_line = self.sale_line_id.0;
        Ok(Move {
            id: self.id,
            product: self.product_id.id,
            sku: self.product_id.default_code.0.and_then(|code| code.parse::<Sku>().ok()),
            name: self.product_id.display_name,
            tracked: match self.has_tracking.0.as_deref() {
                Some("serial") => Tracked::Serial,
                Some("lot") => Tracked::Lot,
                Some(_) | None => Tracked::Nothing,
            },
            demand: quantity(&self.product_qty)?,
            quantity: (quantity(&self.quantity)? * per_unit).normalize(),
            picked: self.picked,
            state: move_state(&self.state)?,
            sale_line: sale_line.as_ref().map(|line| line.id),
            sold: sale_line.and_then(|line| line.product_id.0),
            location: self.location_id,
            unit: self.product_id.uom_id.id,
            per_unit,
            lines: self.move_line_ids.into_iter().map(LineRow::read).collect::<Result<_, _>>()?,
        })
    }

    /// The factor of a unit says how many of it are one of the reference on 17 and 18, and the inverse on 19.
    /// What the move's demand is in both units tells which of the two it is.
    fn per_unit(&self) -> Result<Decimal, PeerError> {
        let product = &self.product_id.uom_id;
        if self.product_uom.id == product.id {
            return Ok(Decimal::ONE);
        }
        let (move_factor, product_factor) = (factor(&self.product_uom)?, factor(product)?);
        let (one, other) = (product_factor / move_factor, move_factor / product_factor);
        let (own, in_product) = (quantity(&self.product_uom_qty)?, quantity(&self.product_qty)?);
        let nearer =
            if (own * one - in_product).abs() <= (own * other - in_product).abs() { one } else { other };
        Ok(nearer.round_dp(QUANTITY_DIGITS).normalize())
    }
}

fn factor(unit: &Unit) -> Result<Decimal, PeerError> {
    number(&unit.factor)
        .filter(|factor| *factor > Decimal::ZERO)
        .ok_or_else(|| garbage("a unit without a factor"))
}

impl LineRow {
    fn read(self) -> Result<Line, PeerError> {
        Ok(Line {
            id: self.id,
            lot: self.lot_id.0.map(|lot| lot.name).or(self.lot_name.0),
            location: self.location_id,
            quantity: quantity(&self.quantity_product_uom)?,
            own_quantity: quantity(&self.quantity)?,
            picked: self.picked,
        })
    }
}

fn transfer_state(text: &str) -> Result<TransferState, PeerError> {
    Ok(match text {
        "draft" => TransferState::Draft,
        "waiting" => TransferState::Waiting,
        "confirmed" => TransferState::Confirmed,
        "assigned" => TransferState::Ready,
        "done" => TransferState::Done,
        "cancel" => TransferState::Cancelled,
        _ => return Err(garbage("a transfer in an unknown state")),
    })
}

fn move_state(text: &str) -> Result<MoveState, PeerError> {
    Ok(match text {
        "draft" => MoveState::Draft,
        "waiting" => MoveState::Waiting,
        "confirmed" => MoveState::Confirmed,
        "partially_available" => MoveState::PartlyReserved,
        "assigned" => MoveState::Reserved,
        "done" => MoveState::Done,
        "cancel" => MoveState::Cancelled,
        _ => return Err(garbage("a move in an unknown state")),
    })
}
