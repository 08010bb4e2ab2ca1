//! What a schema cannot say: that quantities are above zero, lots add up, and times are times.

use std::{collections::BTreeSet, str::FromStr as _};

use crossdock_core::{
    ShipmentKey, Sku, WarehouseId,
    hook::FieldError,
    shipment::{Lot, Notice, Parcel, ParcelNews, Shipment, ShippedLine},
};
use crossdock_hooks::{
    lenient::Amount,
    published::{Money, SkuText, Time},
};
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::wire;
use crate::door::{clean, web_address, word};

/// Collects what is wrong while it reads, and stands in harmless values for what it cannot read.
#[derive(Default)]
pub(super) struct Checks {
    errors: Vec<FieldError>,
}

impl Checks {
    pub(super) fn fail(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.errors.push(FieldError { path: path.into(), message: message.into() });
    }

    fn quantity(&mut self, path: &str, raw: &Money) -> Decimal {
        let read = Amount::parse(&raw.0).map(|amount| amount.0);
        if read.is_none_or(|quantity| quantity <= Decimal::ZERO) {
            self.fail(path, "must be above zero; leave out what did not ship");
        }
        read.unwrap_or_default()
    }

    pub(super) fn time(&mut self, path: &str, raw: &Time) -> Timestamp {
        let read = Timestamp::from_str(&raw.0).ok();
        if read.is_none() {
            self.fail(path, "is no time of RFC 3339 with an offset, such as 2026-11-23T07:38:11Z");
        }
        read.unwrap_or(Timestamp::UNIX_EPOCH)
    }

    pub(super) fn sku(&mut self, path: &str, raw: SkuText) -> Option<Sku> {
        let sku = Sku::new(raw.0).ok();
        if sku.is_none() {
            self.fail(path, "must be at most 128 bytes, without control characters or outer spaces");
        }
        sku
    }

    pub(super) fn words(&mut self, path: &str, raw: &str) -> String {
        let read = word(Some(raw));
        if read.is_none() {
            self.fail(path, "must hold more than spaces and control characters");
        }
        read.unwrap_or_default()
    }

    fn lots(&mut self, path: &str, raw: Vec<wire::Lot>, quantity: Decimal) -> Vec<Lot> {
        let mut seen = BTreeSet::new();
        let mut lots = Vec::new();
        for (at, lot) in raw.into_iter().enumerate() {
            let path = format!("{path}/lots/{at}");
            let lot = Lot {
                number: self.words(&format!("{path}/number"), &lot.number),
                quantity: self.quantity(&format!("{path}/quantity"), &lot.quantity),
            };
            if !seen.insert(lot.number.clone()) {
                self.fail(format!("{path}/number"), "is there twice in this line");
            }
            lots.push(lot);
        }
        if !lots.is_empty() && lots.iter().map(|lot| lot.quantity).sum::<Decimal>() != quantity {
            self.fail(format!("{path}/lots"), "must add up to the line's quantity");
        }
        lots
    }

    fn line(&mut self, at: usize, raw: wire::ShippedLine) -> Option<ShippedLine> {
        let path = format!("/lines/{at}");
        let quantity = self.quantity(&format!("{path}/quantity"), &raw.quantity);
        let lots = self.lots(&path, raw.lots, quantity);
        let sku = self.sku(&format!("{path}/sku"), raw.sku)?;
        Some(ShippedLine { line: raw.line, sku, quantity, lots })
    }

    fn parcel(&mut self, at: usize, raw: wire::Parcel) -> Parcel {
        let carrier = self.words(&format!("/parcels/{at}/carrier"), &raw.carrier);
        Parcel { carrier, tracking: word(raw.tracking.as_deref()), url: web_address(raw.url.as_deref()) }
    }

    pub(super) fn done<T>(self, value: T) -> Result<T, Vec<FieldError>> {
        if self.errors.is_empty() { Ok(value) } else { Err(self.errors) }
    }
}

/// A reason of the warehouse's, for people.
pub(super) fn why(raw: &str) -> String {
    clean(raw)
}

pub(super) fn shipped(warehouse: &WarehouseId, raw: wire::Shipped) -> Result<Notice, Vec<FieldError>> {
    let mut checks = Checks::default();
    let shipment = Shipment {
        key: ShipmentKey::new(warehouse.clone(), raw.shipment),
        reference: raw.reference,
        shipped_at: checks.time("/shipped_at", &raw.shipped_at),
        lines: raw.lines.into_iter().enumerate().filter_map(|(at, line)| checks.line(at, line)).collect(),
        parcels: raw.parcels.into_iter().enumerate().map(|(at, one)| checks.parcel(at, one)).collect(),
        closes: raw.closes,
    };
    checks.done(Notice::Shipped { shipment: Box::new(shipment) })
}

pub(super) fn closed(warehouse: &WarehouseId, raw: wire::Closed) -> Result<Notice, Vec<FieldError>> {
    let mut checks = Checks::default();
    let shipment = Shipment {
        key: ShipmentKey::new(warehouse.clone(), raw.shipment),
        reference: raw.reference,
        shipped_at: checks.time("/closed_at", &raw.closed_at),
        lines: Vec::new(),
        parcels: Vec::new(),
        closes: true,
    };
    checks.done(Notice::Shipped { shipment: Box::new(shipment) })
}

pub(super) fn parcels(raw: wire::Parcels) -> Result<Notice, Vec<FieldError>> {
    let mut checks = Checks::default();
    let mut one = |(at, raw): (usize, wire::ParcelNews)| ParcelNews {
        tracking: checks.words(&format!("/parcels/{at}/tracking"), &raw.tracking),
        status: raw.status,
        at: checks.time(&format!("/parcels/{at}/at"), &raw.at),
        detail: raw.detail.as_deref().map(clean).filter(|detail| !detail.is_empty()),
    };
    let news = raw.parcels.into_iter().enumerate().map(&mut one).collect();
    checks.done(Notice::Parcels { news })
}
