//! What a warehouse told beside a shipment: it refuses a release, called one off, or wants to be asked.

use crossdock_core::{
    ShipmentKey,
    ids::{ReportId, ReportKey},
    message::Message,
    order::short_digest,
    reason::Reason,
    shipment::Notice,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Key, PlatformError,
    documents::Document,
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
        let corrupt = |what: String| PlatformError::Corrupt { what };
        let text = serde_json::to_vec(notice).map_err(|e| corrupt(e.to_string()))?;
        let id = ReportId::new(short_digest(&text)).map_err(|e| corrupt(e.to_string()))?;
        Ok(ReportKey::new(warehouse.clone(), id))
    }
}

impl Document for Report {
    type Key = ReportKey;

    fn empty(key: ReportKey) -> Self {
        Self { key, notice: Notice::Ping, told: 0, behind: None, work: Work::new(ReportStage::Done) }
    }

    fn ledger_key(key: &ReportKey) -> Key {
        Key::new(format!("report#{key}"), "state")
    }

    fn key(&self) -> &ReportKey {
        &self.key
    }

    fn due_at(&self) -> Option<Timestamp> {
        self.work.due_at
    }

    fn parked_since(&self) -> Option<Timestamp> {
        (self.work.stage == ReportStage::Parked).then_some(self.work.changed_at)
    }

    fn message(&self) -> Option<Message> {
        match self.work.stage {
            ReportStage::Reported => Some(Message::WarehouseReported { report: self.key.clone() }),
            ReportStage::Done | ReportStage::Parked => None,
        }
    }

    fn wake(&mut self, now: Timestamp) {
        self.work.wake(now);
    }

    fn replay(&mut self, now: Timestamp) {
        self.work.reopen_in(ReportStage::Reported, now, "replayed by hand");
    }

    fn reasons(&self) -> &[Reason] {
        &self.work.reasons
    }
}
