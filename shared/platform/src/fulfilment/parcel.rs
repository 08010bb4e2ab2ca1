//! Where one parcel is, by its tracking number. News may come before we know whose parcel it is.

use crossdock_core::{
    OrderKey, ShipmentKey,
    ids::ParcelId,
    message::Message,
    shipment::{ParcelNews, ParcelStatus},
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
pub enum ParcelStage {
    /// Nothing to tell, or nobody to tell it to.
    Quiet,
    /// There is news that the shop has not heard.
    News,
    Parked,
}

impl Stages for ParcelStage {
    const PARKED: Self = Self::Parked;

    fn is_final(self) -> bool {
        match self {
            Self::News => false,
            Self::Quiet | Self::Parked => true,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    pub id: ParcelId,
    pub shipment: Option<ShipmentKey>,
    pub order: Option<OrderKey>,
    pub newest: Option<ParcelNews>,
    /// What the shop was told last.
    pub told: Option<ParcelStatus>,
    pub work: Work<ParcelStage>,
}

impl Parcel {
    /// Takes news in; whether it is newer than what is known.
    pub fn take(&mut self, news: &ParcelNews, now: Timestamp) -> bool {
        if self.newest.as_ref().is_some_and(|known| known.at > news.at || known == news) {
            return false;
        }
        self.newest = Some(news.clone());
        self.settle(now, "the carrier told news");
        true
    }

    /// It belongs to this shipment; whether that was new.
    pub fn bind(&mut self, shipment: &ShipmentKey, order: &OrderKey, now: Timestamp) -> bool {
        if self.shipment.as_ref() == Some(shipment) {
            return false;
        }
        self.shipment = Some(shipment.clone());
        self.order = Some(order.clone());
        self.settle(now, "belongs to a shipment");
        true
    }

    fn settle(&mut self, now: Timestamp, what: &str) {
        let news = self.newest.as_ref().map(|news| news.status);
        if self.shipment.is_some() && news.is_some() && news != self.told {
            self.work.reopen_in(ParcelStage::News, now, what);
        } else {
            self.work.finish_in(ParcelStage::Quiet, now, what);
        }
    }
}

impl Document for Parcel {
    type Key = ParcelId;

    const GROUP: Group = Group::Flow;

    fn empty(id: ParcelId) -> Self {
        Self {
            id,
            shipment: None,
            order: None,
            newest: None,
            told: None,
            work: Work::new(ParcelStage::Quiet),
        }
    }

    fn ledger_key(key: &ParcelId) -> Key {
        Key::new(format!("parcel#{key}"), "state")
    }

    fn key(&self) -> &ParcelId {
        &self.id
    }

    by_its_work!();

    fn order(&self) -> Option<&OrderKey> {
        self.order.as_ref()
    }

    fn message(&self) -> Option<Message> {
        match self.work.stage {
            ParcelStage::News => Some(Message::ParcelMoved { parcel: self.id.clone() }),
            ParcelStage::Quiet | ParcelStage::Parked => None,
        }
    }

    fn replay(&mut self, now: Timestamp) {
        self.work.reopen_in(ParcelStage::News, now, "replayed by hand");
    }
}
