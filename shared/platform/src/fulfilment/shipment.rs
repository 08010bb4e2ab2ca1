//! One shipment of a warehouse, on its way into Odoo and then to the shop.

use crossdock_core::{
    OrderKey, ShipmentKey,
    message::Message,
    reason::{Reason, ReasonCode},
    shipment::{self, AnnouncedLine},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Key,
    documents::{Document, Group, by_its_work},
    work::{Stages, Work},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShipmentStage {
    /// `shipment-handler` brings it to Odoo.
    Reported,
    /// Odoo does not know its transfer yet; looked for again at `due_at`.
    Waiting,
    /// In Odoo; `shipment-announcer` tells the shop.
    Applied,
    /// Final.
    Done,
    Parked,
}

impl Stages for ShipmentStage {
    const PARKED: Self = Self::Parked;

    fn is_final(self) -> bool {
        match self {
            Self::Reported | Self::Waiting | Self::Applied => false,
            Self::Done | Self::Parked => true,
        }
    }

    fn woken(self) -> Self {
        match self {
            Self::Waiting => Self::Reported,
            Self::Reported | Self::Applied | Self::Done | Self::Parked => self,
        }
    }

    /// It waits for others, be it for Odoo to answer or to know its transfer, and never because we want it to: the
    /// goods have left.
    fn is_under_way(self) -> bool {
        !self.is_final()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    pub key: ShipmentKey,
    /// What the warehouse said; none before anything was written.
    pub content: Option<shipment::Shipment>,
    pub order: Option<OrderKey>,
    /// Somebody has begun to bring it to Odoo: its content may stand there.
    pub begun: bool,
    /// It stands in Odoo, done by these transfers.
    pub applied: Option<Vec<i64>>,
    /// What the shop is told, by the shop's own lines.
    pub lines: Vec<AnnouncedLine>,
    /// With it all of the shop's order has shipped.
    pub completes: bool,
    /// The shop's own id of what it was told.
    pub announced: Option<String>,
    /// The shipment that comes first, while this one waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<ShipmentKey>,
    pub work: Work<ShipmentStage>,
}

/// What became of a shipment that was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    New,
    Same,
    /// The same goods, other tracking.
    Parcels,
    /// Other goods under the same id.
    Changed,
}

impl Shipment {
    /// Takes in what the warehouse told.
    pub fn take(&mut self, told: &shipment::Shipment, config: &str, now: Timestamp) -> Told {
        let Some(known) = &self.content else {
            self.content = Some(told.clone());
            self.work.reopen_in(ShipmentStage::Reported, now, "told by the warehouse");
            return Told::New;
        };
        if known == told {
            return Told::Same;
        }
        let same_goods = known.lines == told.lines && known.reference == told.reference;
        if !self.begun {
            self.content = Some(told.clone());
            self.work.reopen_in(ShipmentStage::Reported, now, "told otherwise by the warehouse");
            return Told::Changed;
        }
        if same_goods && known.closes == told.closes {
            self.content = Some(told.clone());
            self.work.note(now, "other parcels told by the warehouse");
            return Told::Parcels;
        }
        let why = format!("{} was told again with other goods after it was brought to Odoo", self.key);
        self.work.park(vec![Reason::new(ReasonCode::ShipmentChanged, why)], config, now);
        Told::Changed
    }
}

impl Document for Shipment {
    type Key = ShipmentKey;

    const GROUP: Group = Group::Flow;

    fn empty(key: ShipmentKey) -> Self {
        Self {
            key,
            content: None,
            order: None,
            begun: false,
            applied: None,
            lines: Vec::new(),
            completes: false,
            announced: None,
            behind: None,
            work: Work::new(ShipmentStage::Done),
        }
    }

    fn ledger_key(key: &ShipmentKey) -> Key {
        Key::new(format!("shipment#{key}"), "state")
    }

    fn key(&self) -> &ShipmentKey {
        &self.key
    }

    by_its_work!();

    fn order(&self) -> Option<&OrderKey> {
        self.order.as_ref()
    }

    fn message(&self) -> Option<Message> {
        let shipment = self.key.clone();
        match self.work.stage {
            ShipmentStage::Reported | ShipmentStage::Waiting => Some(Message::ShipmentReported { shipment }),
            ShipmentStage::Applied => Some(Message::ShipmentApplied { shipment }),
            ShipmentStage::Done | ShipmentStage::Parked => None,
        }
    }

    fn replay(&mut self, now: Timestamp) {
        let stage = if self.applied.is_some() { ShipmentStage::Applied } else { ShipmentStage::Reported };
        self.work.reopen_in(stage, now, "replayed by hand");
    }
}
