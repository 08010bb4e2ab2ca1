//! What ShipStation writes: webhooks, and the lists of its API.

use crossdock_core::{
    LineId, Reference, ShipmentId, ShipmentKey, Sku, WarehouseId,
    shipment::{Parcel, ParcelStatus, Shipment, ShippedLine},
};
use crossdock_hooks::lenient::{Amount, nullable};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::door::{web_address, word};

#[derive(Deserialize)]
pub(super) struct Hook {
    pub resource_type: String,
    #[serde(default)]
    pub resource_url: Option<String>,
    #[serde(default)]
    pub data: Option<Tracked>,
}

#[derive(Deserialize)]
pub(super) struct Tracked {
    #[serde(default)]
    pub tracking_number: Option<String>,
    #[serde(default)]
    pub status_code: Option<String>,
    #[serde(default)]
    pub status_description: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub events: Vec<TrackEvent>,
}

#[derive(Deserialize)]
pub(super) struct TrackEvent {
    #[serde(default)]
    pub occurred_at: Option<String>,
}

/// ShipEngine's codes; none for one that says nothing.
pub(super) fn status(code: &str) -> Option<ParcelStatus> {
    Some(match code {
        "NY" => ParcelStatus::Announced,
        "AC" | "IT" | "SP" => ParcelStatus::InTransit,
        // Somebody was at the door: it comes again, and nothing is wrong with it.
        "AT" => ParcelStatus::OutForDelivery,
        "DE" => ParcelStatus::Delivered,
        "EX" => ParcelStatus::Exception,
        _ => return None,
    })
}

/// RFC 3339, or without an offset, which then is UTC.
pub(super) fn time(raw: &str) -> Option<Timestamp> {
    let with_offset = raw.trim().parse::<Timestamp>().ok();
    with_offset.or_else(|| {
        let civil = raw.trim().parse::<DateTime>().ok()?;
        civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

#[derive(Deserialize)]
pub(super) struct Created {
    #[serde(default)]
    pub shipments: Vec<CreatedOne>,
}

#[derive(Deserialize)]
pub(super) struct CreatedOne {
    #[serde(default)]
    pub shipment_id: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub errors: Vec<serde_json::Value>,
}

/// One page of a list.
#[derive(Deserialize)]
pub(super) struct Page {
    #[serde(default, deserialize_with = "nullable")]
    pub shipments: Vec<Part>,
    #[serde(default, deserialize_with = "nullable")]
    pub labels: Vec<Label>,
    #[serde(default, deserialize_with = "nullable")]
    pub fulfillments: Vec<Fulfillment>,
    #[serde(default, deserialize_with = "nullable")]
    pub pages: u32,
}

/// One page of what is counted.
#[derive(Deserialize)]
pub(super) struct Inventory {
    pub inventory: Vec<Counted>,
    #[serde(default)]
    pub page: Option<u32>,
    #[serde(default, deserialize_with = "nullable")]
    pub pages: u32,
}

#[derive(Deserialize)]
pub(super) struct Counted {
    #[serde(default)]
    pub sku: Option<String>,
    #[serde(default)]
    pub on_hand: Option<Amount>,
    #[serde(default)]
    inventory_warehouse_id: Option<String>,
}

impl Counted {
    /// Whether it is of the warehouse that was asked for, as far as it says of which it is.
    pub fn is_of(&self, warehouse: &str) -> bool {
        self.inventory_warehouse_id.as_deref().is_none_or(|id| id == warehouse)
    }
}

/// What the vendor calls a shipment: a release, or a part that it was split into.
#[derive(Deserialize)]
pub(super) struct Part {
    pub shipment_id: String,
    #[serde(default)]
    pub external_shipment_id: Option<String>,
    #[serde(default)]
    pub shipment_number: Option<String>,
    #[serde(default)]
    pub shipment_status: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    external_order_item_id: Option<String>,
    #[serde(default)]
    sku: Option<String>,
    quantity: Amount,
}

#[derive(Deserialize)]
pub(super) struct Label {
    pub shipment_id: String,
    #[serde(default, deserialize_with = "nullable")]
    voided: bool,
    #[serde(default, deserialize_with = "nullable")]
    is_return_label: bool,
    created_at: String,
    #[serde(default)]
    carrier_code: Option<String>,
    #[serde(default)]
    tracking_number: Option<String>,
    #[serde(default)]
    tracking_url: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    tracking_number: Option<String>,
}

/// Marked as shipped, with or without a number from elsewhere.
#[derive(Deserialize)]
pub(super) struct Fulfillment {
    pub shipment_id: String,
    #[serde(default)]
    voided_at: Option<String>,
    #[serde(default)]
    shipped_at: Option<String>,
    #[serde(default)]
    ship_date: Option<String>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    carrier_code: Option<String>,
    #[serde(default)]
    tracking_number: Option<String>,
}

impl Part {
    pub fn reference(&self) -> Option<Reference> {
        Reference::new(self.shipment_number.clone()?).ok()
    }

    /// What has shipped of this part, by its labels and fulfilments; none where nothing has.
    pub fn to_shipment(
        &self,
        warehouse: &WarehouseId,
        reference: &Reference,
        labels: &[Label],
        fulfillments: &[Fulfillment],
    ) -> Result<Option<Shipment>, String> {
        let labels: Vec<&Label> = labels.iter().filter(|label| label.is_of(&self.shipment_id)).collect();
        let marked: Vec<&Fulfillment> =
            fulfillments.iter().filter(|one| labels.is_empty() && one.is_of(&self.shipment_id)).collect();
        let times = labels.iter().map(|label| time(&label.created_at));
        let times: Option<Vec<Timestamp>> = times.chain(marked.iter().map(|one| one.time())).collect();
        let Some(shipped_at) = times.ok_or("a time that is none")?.into_iter().min() else { return Ok(None) };
        let mut parcels: Vec<Parcel> = labels.iter().flat_map(|label| label.parcels()).collect();
        parcels.extend(marked.iter().map(|one| one.parcel()));
        // Several labels come in no stated order.
        parcels.sort();
        let id = ShipmentId::new(self.shipment_id.clone()).map_err(|bad| bad.to_string())?;
        Ok(Some(Shipment {
            key: ShipmentKey::new(warehouse.clone(), id),
            reference: reference.clone(),
            shipped_at,
            lines: self.lines()?,
            parcels,
            closes: false,
        }))
    }

    fn lines(&self) -> Result<Vec<ShippedLine>, String> {
        let mut lines: Vec<ShippedLine> = Vec::new();
        for item in &self.items {
            // A discount stands among the items, without a SKU and without goods.
            let Some(sku) = word(item.sku.as_deref()) else { continue };
            let sku = Sku::new(sku).map_err(|_| "a SKU that is none")?;
            if item.quantity.0 <= Decimal::ZERO {
                continue;
            }
            let line = item.external_order_item_id.as_deref().and_then(|id| LineId::new(id).ok());
            match lines.iter_mut().find(|one| one.line == line && one.sku == sku) {
                Some(one) => one.quantity += item.quantity.0,
                None => lines.push(ShippedLine { line, sku, quantity: item.quantity.0, lots: Vec::new() }),
            }
        }
        lines.sort_by(|a, b| (&a.line, &a.sku).cmp(&(&b.line, &b.sku)));
        if lines.is_empty() { Err("a shipment without goods".into()) } else { Ok(lines) }
    }
}

impl Label {
    /// A voided label shipped nothing, and a return label brings something back.
    fn is_of(&self, part: &str) -> bool {
        self.shipment_id == part && !self.voided && !self.is_return_label
    }

    fn parcels(&self) -> Vec<Parcel> {
        let carrier = carrier(self.carrier_code.as_deref());
        let own = word(self.tracking_number.as_deref());
        let url = web_address(self.tracking_url.as_deref());
        let mut numbers: Vec<Option<String>> =
            self.packages.iter().map(|package| word(package.tracking_number.as_deref())).collect();
        numbers.retain(Option::is_some);
        if numbers.is_empty() {
            numbers.push(own.clone());
        }
        // The address follows the label's own number.
        let parcel = |tracking: Option<String>| {
            let url = url.clone().filter(|_| tracking == own);
            Parcel { carrier: carrier.clone(), tracking, url }
        };
        numbers.into_iter().map(parcel).collect()
    }
}

impl Fulfillment {
    fn is_of(&self, part: &str) -> bool {
        self.shipment_id == part && self.voided_at.is_none()
    }

    fn time(&self) -> Option<Timestamp> {
        [&self.shipped_at, &self.ship_date, &self.created_at].into_iter().flatten().find_map(|raw| time(raw))
    }

    fn parcel(&self) -> Parcel {
        let tracking = word(self.tracking_number.as_deref());
        Parcel { carrier: carrier(self.carrier_code.as_deref()), tracking, url: None }
    }
}

/// A carrier's code as people write its name.
fn carrier(code: Option<&str>) -> String {
    match code.unwrap_or_default() {
        "ups" | "ups_walleted" => "UPS".into(),
        "usps" | "stamps_com" | "endicia" => "USPS".into(),
        "fedex" | "fedex_walleted" => "FedEx".into(),
        "dhl_express" | "dhl_express_worldwide" => "DHL Express".into(),
        "" => "other".into(),
        other => crate::door::clean(other).chars().take(64).collect(),
    }
}
