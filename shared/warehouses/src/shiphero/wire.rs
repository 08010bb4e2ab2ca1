//! What ShipHero writes: webhooks, and the nodes of its API.

use crossdock_core::{
    LineId, Reference, ShipmentId, ShipmentKey, Sku, WarehouseId,
    shipment::{Lot, Parcel, Shipment, ShippedLine},
};
use crossdock_hooks::lenient::nullable;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use crate::door::{web_address, word};

/// Between the reference and our line's id in `partner_line_item_id`, which should be unique in the whole
/// store. Neither of the two can hold it.
pub(super) const SEPARATOR: char = '|';

#[derive(Deserialize)]
pub(super) struct ShipmentUpdate {
    #[serde(default)]
    test: Option<serde_json::Value>,
    fulfillment: Fulfillment,
    #[serde(default, deserialize_with = "nullable")]
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Fulfillment {
    shipment_id: u64,
    #[serde(default)]
    partner_order_id: Option<String>,
    #[serde(default)]
    tracking_number: Option<String>,
    #[serde(default)]
    shipping_carrier: Option<String>,
    created_at: String,
    #[serde(default, deserialize_with = "nullable")]
    line_items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    /// What we gave as `partner_line_item_id`.
    #[serde(default)]
    id: Option<String>,
    sku: String,
    quantity: u32,
    #[serde(default)]
    lot_name: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    serial_numbers: Vec<Serial>,
}

/// A serial number: a text, or an object that holds it.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Serial {
    Text(String),
    Object {
        #[serde(default)]
        serial_number: Option<String>,
    },
    Other(IgnoredAny),
}

impl Serial {
    fn number(&self) -> Option<String> {
        match self {
            Self::Text(number) => word(Some(number)),
            Self::Object { serial_number } => word(serial_number.as_deref()),
            Self::Other(_) => None,
        }
    }
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    tracking_number: Option<String>,
    #[serde(default)]
    tracking_url: Option<String>,
    #[serde(default)]
    shipping_carrier: Option<String>,
    #[serde(default)]
    shipping_label: Option<PackageLabel>,
}

#[derive(Deserialize)]
struct PackageLabel {
    #[serde(default)]
    tracking_url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct OrderCanceled {
    #[serde(default)]
    pub partner_order_id: Option<String>,
}

impl ShipmentUpdate {
    /// `"test": "1"`, or 1, or true.
    pub fn is_test(&self) -> bool {
        self.test.as_ref().is_some_and(|test| {
            test.as_str() == Some("1") || test.as_u64() == Some(1) || test.as_bool() == Some(true)
        })
    }

    pub fn reference(&self) -> Option<Reference> {
        Reference::new(self.fulfillment.partner_order_id.clone()?).ok()
    }

    pub fn to_shipment(&self, warehouse: &WarehouseId, reference: &Reference) -> Result<Shipment, String> {
        let told = &self.fulfillment;
        let lines = told.line_items.iter().map(|item| {
            let serials = item.serial_numbers.iter().filter_map(Serial::number).collect();
            line(reference, item.id.as_deref(), &item.sku, item.quantity, item.lot_name.as_deref(), serials)
        });
        let carrier = |own: &Option<String>| word(own.as_deref().or(told.shipping_carrier.as_deref()));
        let mut parcels: Vec<Parcel> = self
            .packages
            .iter()
            .filter_map(|package| {
                let url = package.shipping_label.as_ref().and_then(|label| label.tracking_url.as_deref());
                let url = url.or(package.tracking_url.as_deref());
                parcel(carrier(&package.shipping_carrier), package.tracking_number.as_deref(), url)
            })
            .collect();
        if parcels.is_empty() {
            parcels.extend(parcel(carrier(&None), told.tracking_number.as_deref(), None));
        }
        shipment(
            warehouse,
            reference,
            told.shipment_id,
            &told.created_at,
            lines.collect::<Result<_, _>>()?,
            parcels,
        )
    }
}

/// An order as the API tells it.
#[derive(Deserialize)]
pub(super) struct OrderNode {
    pub id: String,
    #[serde(default)]
    pub order_number: Option<String>,
    #[serde(default)]
    pub fulfillment_status: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub allocations: Vec<Allocation>,
    #[serde(default, deserialize_with = "nullable")]
    pub shipments: Vec<ShipmentNode>,
}

#[derive(Deserialize)]
pub(super) struct Allocation {
    #[serde(default)]
    pub is_locked: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct ShipmentNode {
    pub legacy_id: u64,
    pub created_date: String,
    #[serde(default, deserialize_with = "nullable")]
    shipping_labels: Vec<Label>,
    #[serde(default, deserialize_with = "edges")]
    line_items: Vec<ItemNode>,
}

#[derive(Deserialize)]
struct Label {
    #[serde(default)]
    tracking_number: Option<String>,
    #[serde(default)]
    tracking_url: Option<String>,
    #[serde(default)]
    carrier: Option<String>,
}

#[derive(Deserialize)]
struct ItemNode {
    quantity: u32,
    line_item: LineNode,
    #[serde(default)]
    lot: Option<LotNode>,
}

#[derive(Deserialize)]
struct LineNode {
    #[serde(default)]
    partner_line_item_id: Option<String>,
    sku: String,
    /// Of all shipments together.
    #[serde(default, deserialize_with = "nullable")]
    quantity_shipped: u32,
    #[serde(default, deserialize_with = "nullable")]
    serial_numbers: Vec<Serial>,
}

#[derive(Deserialize)]
struct LotNode {
    #[serde(default)]
    name: Option<String>,
}

/// A page of what is counted in a warehouse.
#[derive(Deserialize)]
pub(super) struct CountedPage {
    #[serde(rename = "pageInfo")]
    pub page_info: PageInfo,
    pub edges: Vec<Edge<Counted>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    pub has_next_page: bool,
    #[serde(default)]
    pub end_cursor: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Counted {
    #[serde(default)]
    pub sku: Option<String>,
    #[serde(default)]
    pub on_hand: Option<i32>,
}

#[derive(Deserialize)]
pub(super) struct Edge<T> {
    pub node: T,
}

/// The nodes of a connection.
pub(super) fn edges<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    struct Connection<T> {
        edges: Vec<Edge<T>>,
    }
    let connection = Option::<Connection<T>>::deserialize(d)?;
    Ok(connection.into_iter().flat_map(|one| one.edges).map(|edge| edge.node).collect())
}

impl ShipmentNode {
    pub fn to_shipment(&self, warehouse: &WarehouseId, reference: &Reference) -> Result<Shipment, String> {
        let lines = self.line_items.iter().map(|item| {
            let of = &item.line_item;
            // The serial numbers are the order line's: which went with which shipment is not told.
            let whole = of.quantity_shipped == item.quantity;
            let serials = of.serial_numbers.iter().filter_map(Serial::number).filter(|_| whole).collect();
            let lot = item.lot.as_ref().and_then(|lot| lot.name.as_deref());
            line(reference, of.partner_line_item_id.as_deref(), &of.sku, item.quantity, lot, serials)
        });
        let lines = lines.collect::<Result<_, _>>()?;
        let parcels = self.shipping_labels.iter().filter_map(|label| {
            let carrier = word(label.carrier.as_deref());
            parcel(carrier, label.tracking_number.as_deref(), label.tracking_url.as_deref())
        });
        shipment(warehouse, reference, self.legacy_id, &self.created_date, lines, parcels.collect())
    }
}

fn shipment(
    warehouse: &WarehouseId,
    reference: &Reference,
    number: u64,
    created: &str,
    lines: Vec<ShippedLine>,
    parcels: Vec<Parcel>,
) -> Result<Shipment, String> {
    if lines.is_empty() {
        return Err("a shipment without lines".into());
    }
    let id = ShipmentId::new(number.to_string()).map_err(|bad| bad.to_string())?;
    Ok(Shipment {
        key: ShipmentKey::new(warehouse.clone(), id),
        reference: reference.clone(),
        shipped_at: time(created).ok_or("a time that is none")?,
        lines: merged(lines),
        parcels,
        closes: false,
    })
}

/// What is spread over packages or lots comes as several items of one line. Sorted, so that the webhook and
/// the API, which need not agree in their order, tell one content.
fn merged(lines: Vec<ShippedLine>) -> Vec<ShippedLine> {
    let mut merged: Vec<ShippedLine> = Vec::new();
    for line in lines {
        let same = merged.iter_mut().find(|one| one.line == line.line && one.sku == line.sku);
        match same {
            Some(one) => {
                one.quantity += line.quantity;
                one.lots.extend(line.lots);
            }
            None => merged.push(line),
        }
    }
    merged.sort_by(|a, b| (&a.line, &a.sku).cmp(&(&b.line, &b.sku)));
    merged.iter_mut().for_each(|line| line.lots.sort());
    merged
}

fn line(
    reference: &Reference,
    id: Option<&str>,
    sku: &str,
    quantity: u32,
    lot: Option<&str>,
    serials: Vec<String>,
) -> Result<ShippedLine, String> {
    if quantity == 0 {
        return Err("a line of nothing".into());
    }
    let prefix = format!("{reference}{SEPARATOR}");
    let line = id.and_then(|id| id.strip_prefix(&prefix)).and_then(|id| LineId::new(id).ok());
    let sku = Sku::new(sku.trim()).map_err(|_| "a line without a SKU")?;
    let quantity = Decimal::from(quantity);
    let lots = match word(lot) {
        // A serial number says more than the lot that it is of.
        _ if !serials.is_empty() => {
            serials.into_iter().map(|number| Lot { number, quantity: Decimal::ONE }).collect()
        }
        Some(number) => vec![Lot { number, quantity }],
        None => Vec::new(),
    };
    Ok(ShippedLine { line, sku, quantity, lots })
}

fn parcel(carrier: Option<String>, tracking: Option<&str>, url: Option<&str>) -> Option<Parcel> {
    let tracking = word(tracking);
    let carrier = carrier.filter(|carrier| carrier.len() <= 64);
    if carrier.is_none() && tracking.is_none() {
        return None;
    }
    Some(Parcel { carrier: carrier.unwrap_or_else(|| "other".into()), tracking, url: web_address(url) })
}

/// `2022-12-26 15:29:26` in a webhook and `2022-12-26T15:29:26` in the API, both in UTC; with an offset where
/// one is written.
fn time(raw: &str) -> Option<Timestamp> {
    let raw = raw.trim().replacen(' ', "T", 1);
    let with_offset = raw.parse::<Timestamp>().ok();
    with_offset.or_else(|| {
        let civil = raw.parse::<DateTime>().ok()?;
        civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}
