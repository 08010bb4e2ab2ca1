//! Sale orders, transfers and moves as Odoo holds them.

use std::collections::{BTreeMap, BTreeSet};

use crossdock_core::{
    OrderKey,
    ids::{ShipmentKey, Sku},
    shipment::Lot,
};
use rust_decimal::Decimal;

use crate::orders::SaleState;

/// A sale order with its transfers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    pub id: i64,
    /// Odoo's own number, such as `S00042`.
    pub name: String,
    /// The order of ours; none where it was typed in Odoo.
    pub key: Option<OrderKey>,
    pub state: SaleState,
    pub company: i64,
    /// The buyer's own order number.
    pub purchase_order: Option<String>,
    /// By id, those that are done or cancelled among them.
    pub transfers: Vec<Transfer>,
}

/// A transfer: goods that go together from one place to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    pub id: i64,
    /// Odoo's reference, such as `WH/OUT/00042`.
    pub name: String,
    pub state: TransferState,
    pub kind: TransferKind,
    pub company: i64,
    /// The warehouse that its operation type belongs to.
    pub warehouse: Option<i64>,
    /// Its operation type makes lots and serial numbers that Odoo does not know.
    pub makes_lots: bool,
    /// The transfers of this sale that its goods come from: empty for the first step of a delivery.
    pub after: BTreeSet<i64>,
    pub backorder_of: Option<i64>,
    /// The name of the delivery method.
    pub method: Option<String>,
    pub tracking: Option<String>,
    /// People's own note, as HTML, with our marker in it.
    pub note: Option<String>,
    /// The shipment that it was prepared for (the receipt, where goods come in), or, where it is a backorder that
    /// nobody prepared yet, the one of its ancestor: Odoo copies the note.
    pub shipment: Option<ShipmentKey>,
    /// The partner that it goes to.
    pub recipient: Option<i64>,
    /// In Odoo's order, cancelled ones among them.
    pub moves: Vec<Move>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TransferState {
    Draft,
    /// Waits for another transfer.
    Waiting,
    /// Waits for stock.
    Confirmed,
    /// Something of it, not always all, is reserved.
    Ready,
    Done,
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TransferKind {
    /// The step that leaves the house.
    Outgoing,
    /// A step within the house: pick or pack.
    Internal,
    /// Goods that come in, or come back.
    Incoming,
    /// What we have no business with: manufacturing, dropshipping.
    Other,
}

/// One product within a transfer. All quantities are in the product's own unit of measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub id: i64,
    pub product: i64,
    pub sku: Option<Sku>,
    pub name: String,
    pub tracked: Tracked,
    /// What the transfer is to move; once it is done, what it moved and what was dropped with it.
    pub demand: Decimal,
    /// What is reserved or set; once it is done, what it moved.
    pub quantity: Decimal,
    /// A validation ships it.
    pub picked: bool,
    pub state: MoveState,
    pub sale_line: Option<i64>,
    /// The product of the sale line: another one than the move's where a kit was sold.
    pub sold: Option<i64>,
    /// Where it takes the goods from.
    pub location: i64,
    /// The product's own unit.
    pub unit: i64,
    /// How many of the product's own unit are one of the move's unit: 12 where a dozen was sold.
    pub per_unit: Decimal,
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MoveState {
    Draft,
    /// Waits for another transfer.
    Waiting,
    /// Waits for stock.
    Confirmed,
    PartlyReserved,
    Reserved,
    Done,
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tracked {
    Nothing,
    Lot,
    Serial,
}

/// What is reserved, or was moved, from one place and of one lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub id: i64,
    /// Its name, where it is one that Odoo makes as the goods come in.
    pub lot: Option<String>,
    pub location: i64,
    /// In the product's own unit.
    pub quantity: Decimal,
    /// The same in the line's unit.
    pub own_quantity: Decimal,
    pub picked: bool,
}

impl Sale {
    /// Whether the goods of this shipment have been moved in Odoo: a transfer that is done carries its key.
    ///
    /// In a delivery of several steps ask of the step that the shipment is about.
    #[must_use]
    pub fn applied(&self, shipment: &ShipmentKey, kind: TransferKind) -> bool {
        self.transfers.iter().any(|transfer| {
            transfer.kind == kind
                && transfer.state == TransferState::Done
                && transfer.shipment.as_ref() == Some(shipment)
        })
    }

    /// Whether goods are still to leave.
    #[must_use]
    pub fn is_to_ship(&self) -> bool {
        self.transfers.iter().any(|transfer| transfer.kind == TransferKind::Outgoing && transfer.is_open())
    }

    /// Each transfer's first ancestor: a backorder of a backorder leads to the transfer that was there first.
    #[must_use]
    pub fn roots(&self) -> BTreeMap<i64, i64> {
        let parents: BTreeMap<i64, i64> =
            self.transfers.iter().filter_map(|t| Some((t.id, t.backorder_of?))).collect();
        let root = |mut id: i64| {
            let mut seen = BTreeSet::new();
            while let Some(parent) = parents.get(&id).filter(|_| seen.insert(id)) {
                id = *parent;
            }
            id
        };
        self.transfers.iter().map(|t| (t.id, root(t.id))).collect()
    }

    /// Whether goods of `from` end up in `to`: it is the same transfer, a backorder of it, or a later step.
    #[must_use]
    pub fn leads_to(&self, from: i64, to: &Transfer) -> bool {
        let roots = self.roots();
        let root = |id: i64| roots.get(&id).copied().unwrap_or(id);
        let (mut seen, mut next) = (BTreeSet::new(), vec![to.id]);
        while let Some(id) = next.pop() {
            if root(id) == root(from) {
                return true;
            }
            if seen.insert(id) {
                let before = self.transfers.iter().filter(|t| t.id == id).flat_map(|t| t.after.iter());
                next.extend(before.copied());
            }
        }
        false
    }

    /// The transfer of this name.
    #[must_use]
    pub fn transfer(&self, name: &str) -> Option<&Transfer> {
        self.transfers.iter().find(|transfer| transfer.name == name)
    }
}

impl Transfer {
    /// Whether anything of it can still happen.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.state {
            TransferState::Draft
            | TransferState::Waiting
            | TransferState::Confirmed
            | TransferState::Ready => true,
            TransferState::Done | TransferState::Cancelled => false,
        }
    }

    /// Whether it is the first step of a delivery.
    #[must_use]
    pub fn is_first(&self) -> bool {
        match self.kind {
            TransferKind::Outgoing | TransferKind::Internal => self.after.is_empty(),
            TransferKind::Incoming | TransferKind::Other => false,
        }
    }
}

impl Move {
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.state {
            MoveState::Draft
            | MoveState::Waiting
            | MoveState::Confirmed
            | MoveState::PartlyReserved
            | MoveState::Reserved => true,
            MoveState::Done | MoveState::Cancelled => false,
        }
    }

    /// The lots that it holds, each once, in the order of their numbers.
    #[must_use]
    pub fn lots(&self) -> Vec<Lot> {
        let mut lots = std::collections::BTreeMap::<&str, Decimal>::new();
        for line in &self.lines {
            if let Some(number) = &line.lot {
                *lots.entry(number).or_default() += line.quantity;
            }
        }
        lots.into_iter().map(|(number, quantity)| Lot { number: number.to_owned(), quantity }).collect()
    }
}
