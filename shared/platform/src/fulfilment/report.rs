//! What a warehouse told beside a shipment: it refuses a release, called one off, wants to be asked, or says something
//! of its stock or of what it received.

use crossdock_core::{
    ShipmentKey,
    ids::{ReportId, ReportKey},
    message::Message,
    order::short_digest,
    shipment::Notice,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::advice::{advice_key, receipt_key};
use crate::{
    Key, PlatformError,
    documents::{Document, Group, by_its_work},
    work::{Stages, Work},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportStage {
    Reported,
    Done,
    Parked,
}

impl Stages for ReportStage {
    const PARKED: Self = Self::Parked;

    fn is_final(self) -> bool {
        match self {
            Self::Reported => false,
            Self::Done | Self::Parked => true,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub key: ReportKey,
    pub notice: Notice,
    /// How often it was told: what comes while one is worked on stays told.
    pub told: u32,
    /// Somebody has begun to bring it to Odoo: its counts may stand there.
    #[serde(default)]
    pub begun: bool,
    /// The shipment that comes first, while this waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<ShipmentKey>,
    pub work: Work<ReportStage>,
}

impl Report {
    /// The key of what was told.
    ///
    /// # Errors
    /// Never for a digest; the type asks.
    pub fn key_of(
        warehouse: &crossdock_core::WarehouseId,
        notice: &Notice,
    ) -> Result<ReportKey, PlatformError> {
        if let Notice::Stock { advice } = notice {
            return advice_key(warehouse, advice);
        }
        if let Notice::Received { receipt } = notice {
            return receipt_key(warehouse, receipt);
        }
        let corrupt = |what: String| PlatformError::Corrupt { what };
        let text = serde_json::to_vec(notice).map_err(|e| corrupt(e.to_string()))?;
        let id = ReportId::new(short_digest(&text)).map_err(|e| corrupt(e.to_string()))?;
        Ok(ReportKey::new(warehouse.clone(), id))
    }
}

impl Document for Report {
    type Key = ReportKey;

    const GROUP: Group = Group::Flow;

    fn empty(key: ReportKey) -> Self {
        Self {
            key,
            notice: Notice::Ping,
            told: 0,
            begun: false,
            behind: None,
            work: Work::new(ReportStage::Done),
        }
    }

    fn ledger_key(key: &ReportKey) -> Key {
        Key::new(format!("report#{key}"), "state")
    }

    fn key(&self) -> &ReportKey {
        &self.key
    }

    by_its_work!();

    fn message(&self) -> Option<Message> {
        match self.work.stage {
            ReportStage::Reported => Some(Message::WarehouseReported { report: self.key.clone() }),
            ReportStage::Done | ReportStage::Parked => None,
        }
    }

    fn replay(&mut self, now: Timestamp) {
        self.work.reopen_in(ReportStage::Reported, now, "replayed by hand");
    }
}
