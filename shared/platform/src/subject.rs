//! What a key of the ledger is about.

use std::fmt::Display;

use crossdock_core::{
    OrderKey, ShipmentKey,
    ids::{OfferKey, ParcelId, PublicationKey, ReportKey, SliceKey},
};

use crate::Key;

/// What a due or a parked item is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Order(OrderKey),
    Fulfilment(OrderKey),
    Billing(OrderKey),
    Shipment(ShipmentKey),
    Report(ReportKey),
    Parcel(ParcelId),
    Publication(PublicationKey),
    Offer(OfferKey),
    Article(OfferKey),
    Slice(SliceKey),
}

impl Subject {
    /// None for an item that is no document.
    #[must_use]
    pub fn of(key: &Key) -> Option<Self> {
        let (kind, id) = key.pk.split_once('#')?;
        match (kind, key.sk.as_str()) {
            ("order", "state") => Some(Self::Order(id.parse().ok()?)),
            ("order", "fulfilment") => Some(Self::Fulfilment(id.parse().ok()?)),
            ("order", "billing") => Some(Self::Billing(id.parse().ok()?)),
            ("shipment", "state") => Some(Self::Shipment(id.parse().ok()?)),
            ("report", "state") => Some(Self::Report(id.parse().ok()?)),
            ("parcel", "state") => Some(Self::Parcel(id.parse().ok()?)),
            ("publication", "state") => Some(Self::Publication(id.parse().ok()?)),
            ("offer", "state") => Some(Self::Offer(id.parse().ok()?)),
            ("article", "state") => Some(Self::Article(id.parse().ok()?)),
            ("run", part) => {
                let name = part.strip_prefix("slice#")?.parse().ok()?;
                Some(Self::Slice(SliceKey::new(id.parse().ok()?, name)))
            }
            _ => None,
        }
    }

    /// The kind of document, for logs and metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Order(_) => "order",
            Self::Fulfilment(_) => "release",
            Self::Billing(_) => "invoice",
            Self::Shipment(_) => "shipment",
            Self::Report(_) => "report",
            Self::Parcel(_) => "parcel",
            Self::Publication(_) => "publication",
            Self::Offer(_) => "offer",
            Self::Article(_) => "article",
            Self::Slice(_) => "reconciliation",
        }
    }
}

impl Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Order(key) => write!(f, "{key}"),
            Self::Fulfilment(key) => write!(f, "release of {key}"),
            Self::Billing(key) => write!(f, "invoice of {key}"),
            Self::Shipment(key) => write!(f, "shipment {key}"),
            Self::Report(key) => write!(f, "report {key}"),
            Self::Parcel(key) => write!(f, "parcel {key}"),
            Self::Publication(key) => write!(f, "publication {key}"),
            Self::Offer(key) => write!(f, "offer {key}"),
            Self::Article(key) => write!(f, "article {key}"),
            Self::Slice(key) => write!(f, "reconciliation {key}"),
        }
    }
}
