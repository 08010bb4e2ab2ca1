//! What the warehouses were asked to ship of one order, and what of it has shipped.

use std::collections::BTreeMap;

use crossdock_core::{
    LineId, OrderKey, ReleaseKey, ShipmentKey, Sku, message::Message, reason::Reason, shipment::AnnouncedLine,
};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    Key,
    documents::{Document, Group, by_its_work},
    orders::Lease,
    work::{Stages, Work},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FulfilmentStage {
    /// Something of its transfers changed: `warehouse-releaser` looks.
    Noticed,
    /// Held back on purpose until `due_at` (the hold window).
    Held,
    /// Final until something changes.
    Idle,
    Parked,
}

impl Stages for FulfilmentStage {
    const PARKED: Self = Self::Parked;

    fn is_final(self) -> bool {
        match self {
            Self::Noticed | Self::Held => false,
            Self::Idle | Self::Parked => true,
        }
    }

    fn woken(self) -> Self {
        match self {
            Self::Held => Self::Noticed,
            Self::Noticed | Self::Idle | Self::Parked => self,
        }
    }
}

/// How far a release is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseStage {
    /// Written down, and perhaps sent: the warehouse may have it.
    Sending,
    /// The warehouse has it and ships it.
    Open,
    /// The warehouse is to be asked to stop, or was asked and has not answered.
    Stopping,
    /// The warehouse said that nothing more of it will ship.
    Stopped,
    /// The warehouse said that it ships it all the same.
    Unstoppable,
    /// The warehouse does not take it, or closed its transfer twice without shipping anything.
    Refused,
    /// All shipped, or closed short.
    Closed,
}

impl ReleaseStage {
    /// Whether the warehouse may still ship something of it.
    #[must_use]
    pub fn holds_goods(self) -> bool {
        match self {
            Self::Sending | Self::Open | Self::Stopping | Self::Unstoppable => true,
            Self::Stopped | Self::Refused | Self::Closed => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedLine {
    /// The `stock.move` in Odoo, as the line's id at the warehouse.
    pub line: LineId,
    pub sku: Sku,
    pub quantity: Decimal,
    pub shipped: Decimal,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseState {
    pub key: ReleaseKey,
    /// The `stock.picking` in Odoo.
    pub transfer: i64,
    pub stage: ReleaseStage,
    /// The warehouse's own id of it.
    pub remote: Option<String>,
    pub lines: Vec<ReleasedLine>,
    /// Why the warehouse does not ship it. It waits for a person, whatever else changes in the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Reason>,
}

impl ReleaseState {
    /// What the warehouse still holds of a SKU.
    #[must_use]
    pub fn open(&self, sku: &Sku) -> Decimal {
        let of_sku = self.lines.iter().filter(|line| &line.sku == sku);
        of_sku.map(|line| (line.quantity - line.shipped).max(Decimal::ZERO)).sum()
    }

    #[must_use]
    pub fn is_all_shipped(&self) -> bool {
        self.lines.iter().all(|line| line.shipped >= line.quantity)
    }

    /// Whether nothing of it has shipped.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.lines.iter().all(|line| line.shipped.is_zero())
    }

    /// Notes what has shipped of it.
    pub fn ship(&mut self, sku: &Sku, quantity: Decimal) {
        let mut left = quantity;
        for line in self.lines.iter_mut().filter(|line| &line.sku == sku) {
            let part = left.min((line.quantity - line.shipped).max(Decimal::ZERO));
            line.shipped += part;
            left -= part;
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fulfilment {
    pub order: OrderKey,
    /// The `sale.order` in Odoo.
    pub sale: i64,
    /// How often somebody asked for a look: what comes in the middle of one stays asked for.
    pub asked: u32,
    /// How each transfer looked when the watcher saw it last, in short.
    #[serde(default)]
    pub seen: BTreeMap<i64, String>,
    /// When what can be released was first seen: the hold window begins there.
    pub ready_since: Option<Timestamp>,
    /// Whether goods of it were still to leave in Odoo when its transfers were looked at last.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub to_ship: bool,
    pub releases: Vec<ReleaseState>,
    /// What each shipment that stands in Odoo shipped, by the lines of the shop's order.
    pub shipments: BTreeMap<ShipmentKey, Vec<AnnouncedLine>>,
    /// Who tells the shop of one of its shipments or parcels right now.
    #[serde(default)]
    pub telling: Option<Lease>,
    pub work: Work<FulfilmentStage>,
}

impl Fulfilment {
    /// Something of the order's transfers changed.
    pub fn notice(&mut self, sale: i64, now: Timestamp, what: &str) {
        self.sale = sale;
        self.asked = self.asked.saturating_add(1);
        self.work.reopen_in(FulfilmentStage::Noticed, now, what);
    }

    /// Remembers how transfers look; whether any looks other than before.
    pub fn see<'a>(&mut self, transfers: impl Iterator<Item = (i64, &'a str)>) -> bool {
        let mut new = false;
        for (transfer, mark) in transfers {
            if self.seen.get(&transfer).is_none_or(|known| known != mark) {
                self.seen.insert(transfer, mark.to_owned());
                new = true;
            }
        }
        new
    }

    /// How much of a line of the shop's order has shipped.
    #[must_use]
    pub fn shipped(&self, line: &LineId) -> Decimal {
        let lines = self.shipments.values().flatten().filter(|shipped| &shipped.line == line);
        lines.map(|shipped| shipped.quantity).sum()
    }

    /// A warehouse will not ship a release, and nobody asked it to stop: a person decides.
    pub fn refused(&mut self, key: &ReleaseKey, reason: Reason, config: &str, now: Timestamp) {
        if let Some(release) = self.release_mut(key) {
            release.stage = ReleaseStage::Refused;
            release.refusal = Some(reason.clone());
        }
        // A look that is under way knows nothing of this: it is to look once more.
        self.asked = self.asked.saturating_add(1);
        if self.work.stage.is_final() {
            self.work.park(vec![reason], config, now);
        } else {
            // What was noticed is looked at all the same, and that look parks it.
            self.work.go_on_in(FulfilmentStage::Noticed, now, "a warehouse refused a release");
        }
    }

    /// Whether a warehouse may still ship something of the order.
    #[must_use]
    pub fn is_released(&self) -> bool {
        self.releases.iter().any(|release| release.stage.holds_goods())
    }

    #[must_use]
    pub fn release(&self, key: &ReleaseKey) -> Option<&ReleaseState> {
        self.releases.iter().find(|release| &release.key == key)
    }

    pub fn release_mut(&mut self, key: &ReleaseKey) -> Option<&mut ReleaseState> {
        self.releases.iter_mut().find(|release| &release.key == key)
    }
}

impl Document for Fulfilment {
    type Key = OrderKey;

    const GROUP: Group = Group::Flow;

    fn empty(order: OrderKey) -> Self {
        Self {
            order,
            sale: 0,
            asked: 0,
            seen: BTreeMap::new(),
            ready_since: None,
            to_ship: false,
            releases: Vec::new(),
            shipments: BTreeMap::new(),
            telling: None,
            work: Work::new(FulfilmentStage::Idle),
        }
    }

    fn ledger_key(key: &OrderKey) -> Key {
        Key::new(format!("order#{key}"), "fulfilment")
    }

    fn key(&self) -> &OrderKey {
        &self.order
    }

    by_its_work!();

    fn order(&self) -> Option<&OrderKey> {
        Some(&self.order)
    }

    fn message(&self) -> Option<Message> {
        match self.work.stage {
            FulfilmentStage::Noticed | FulfilmentStage::Held => {
                Some(Message::TransfersChanged { order: self.order.clone() })
            }
            FulfilmentStage::Idle | FulfilmentStage::Parked => None,
        }
    }

    fn replay(&mut self, now: Timestamp) {
        // Whoever replays has settled it: what was refused may be released anew.
        for release in self.releases.iter_mut().filter(|release| release.stage == ReleaseStage::Refused) {
            release.stage = ReleaseStage::Stopped;
        }
        self.work.reopen_in(FulfilmentStage::Noticed, now, "replayed by hand");
    }
}
