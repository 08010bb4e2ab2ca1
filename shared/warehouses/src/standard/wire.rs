//! What goes between us and a warehouse that speaks `standard`. This file is the source of the published JSON
//! Schemas: its comments are the schemas' descriptions.

use crossdock_core::{
    LineId, Reference, ShipmentId,
    order::Address as Canonical,
    shipment::{ParcelStatus, Release as CanonicalRelease},
};
use crossdock_hooks::published::{Money, SkuText, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A type with one name: what a body is stands in it, and not only in the address that it was sent to.
macro_rules! named {
    ($name:ident, $text:literal) => {
        #[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
        pub(super) enum $name {
            #[serde(rename = $text)]
            It,
        }
    };
}

pub(super) use named;

named!(ReleaseV1, "release.v1");
named!(StopV1, "release_stop.v1");
named!(ShippedV1, "shipped.v1");
named!(ClosedV1, "closed.v1");
named!(RejectedV1, "rejected.v1");
named!(CancelledV1, "cancelled.v1");
named!(ParcelsV1, "parcels.v1");
named!(PingV1, "ping.v1");

/// What you are asked to ship: `POST <your address>/releases`. Answer 200 or 201 with a release state, also
/// when the same reference comes again; never ship one reference twice. Answer 422 with a `message` for what
/// you cannot ship.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Crossdock standard release")]
pub(super) struct Release<'a> {
    pub r#type: ReleaseV1,
    /// Names the release for ever. Percent-encoded in paths: `/releases/WH%2FOUT%2F00042`.
    pub reference: &'a Reference,
    /// What people call the order.
    pub order_number: &'a str,
    pub lines: Vec<ReleaseLine<'a>>,
    pub to: Address<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<&'a str>,
    /// The carrier service, as you call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<&'a str>,
    /// To be printed and put into the parcel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gift_note: Option<&'a str>,
    /// For the carrier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_note: Option<&'a str>,
    /// The buyer's own order number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purchase_order: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ReleaseLine<'a> {
    /// Our id of the line. Give it back with what you ship.
    pub line: &'a LineId,
    pub sku: SkuText,
    pub name: &'a str,
    /// Above zero, in the product's own unit.
    pub quantity: Money,
    /// Where given, ship just these lots or serial numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<Lot>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Address<'a> {
    pub name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<&'a str>,
    pub street: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street2: Option<&'a str>,
    pub city: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postcode: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'a str>,
    /// ISO 3166-1 alpha-2.
    pub country: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<&'a str>,
}

/// A release as you hold it: the answer to `POST <your address>/releases` and to
/// `GET <your address>/releases/<reference>`, which answers 404 for one that you have never heard of.
#[derive(Deserialize, JsonSchema)]
#[schemars(title = "Crossdock standard release state")]
pub(super) struct ReleaseState {
    /// What you call it.
    #[schemars(length(min = 1, max = 128))]
    pub id: Option<String>,
    pub state: State,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// Nobody has begun.
    Open,
    /// Being picked or packed, or shipped in part.
    Shipping,
    /// Nothing more of it will ship: all of it has, or it was closed short.
    Shipped,
    /// Called off.
    Cancelled,
}

/// Asks you not to ship what has not left: `POST <your address>/releases/<reference>/stop`.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Crossdock standard release stop")]
pub(super) struct StopRequest<'a> {
    pub r#type: StopV1,
    pub reference: &'a Reference,
}

/// The answer to a stop. A release that is stopped already answers `stopped` again.
#[derive(Deserialize, JsonSchema)]
#[schemars(title = "Crossdock standard answer to a stop")]
pub(super) struct StopAnswer {
    pub result: StopResult,
    /// Why it is refused.
    pub why: Option<String>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum StopResult {
    /// Nothing more of it will ship.
    Stopped,
    /// It ships, or has shipped.
    Refused,
    /// A person decides: `cancelled.v1` or `shipped.v1` will tell.
    Asked,
}

/// What has shipped of one release: the answer to `GET <your address>/releases/<reference>/shipments`.
#[derive(Deserialize, JsonSchema)]
#[schemars(title = "Crossdock standard shipments")]
pub(super) struct Shipments {
    /// The earliest first; each just as it was told, or would have been.
    #[schemars(with = "Vec<OneShipment>")]
    pub shipments: Vec<Value>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "it stands for the published schema; a shipment is read as a call is")]
pub(super) enum OneShipment {
    Shipped(Shipped),
    Closed(Closed),
}

/// What you tell us: signed by Standard Webhooks and posted to the address that you were given. A body that
/// was not answered 200 is sent again, with the same ids.
#[derive(JsonSchema)]
#[schemars(title = "Crossdock standard shipment", untagged)]
#[allow(dead_code, reason = "it stands for the published schema; a body is read by its own type")]
pub(super) enum Told {
    Shipped(Shipped),
    Closed(Closed),
    Rejected(Rejected),
    Cancelled(Cancelled),
    Parcels(Parcels),
    Ping(Ping),
}

/// Goods have left.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Shipped {
    #[allow(dead_code, reason = "only the schema needs it")]
    pub r#type: ShippedV1,
    /// Your id of this shipment. The same id with the same content is the same shipment, told again.
    pub shipment: ShipmentId,
    pub reference: Reference,
    /// When they left, RFC 3339.
    pub shipped_at: Time,
    #[schemars(length(min = 1))]
    pub lines: Vec<ShippedLine>,
    #[serde(default)]
    pub parcels: Vec<Parcel>,
    /// Nothing more of this release will come: what is missing is closed short.
    #[serde(default)]
    pub closes: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ShippedLine {
    /// The release's line. Needed where one SKU is on several lines.
    pub line: Option<LineId>,
    pub sku: SkuText,
    /// Above zero.
    pub quantity: Money,
    /// The lots or serial numbers that left; they add up to the quantity.
    #[serde(default)]
    pub lots: Vec<Lot>,
}

/// A lot, or a serial number with quantity 1.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Lot {
    #[schemars(length(min = 1, max = 128))]
    pub number: String,
    pub quantity: Money,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Parcel {
    /// The carrier's name, such as `UPS`.
    #[schemars(length(min = 1, max = 64))]
    pub carrier: String,
    #[schemars(length(min = 1, max = 128))]
    pub tracking: Option<String>,
    /// Where the customer can follow it.
    #[schemars(length(max = 500), regex(pattern = "^https?://[!-~]+$"))]
    pub url: Option<String>,
}

/// Nothing more of a release will ship, and nothing ships with this: what is missing is closed short.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Closed {
    #[allow(dead_code, reason = "only the schema needs it")]
    pub r#type: ClosedV1,
    /// Your id of this closing, unique among your shipments.
    pub shipment: ShipmentId,
    pub reference: Reference,
    /// RFC 3339.
    pub closed_at: Time,
}

/// You will not ship a release, and have shipped nothing of it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rejected {
    #[allow(dead_code, reason = "only the schema needs it")]
    pub r#type: RejectedV1,
    pub reference: Reference,
    /// Why, for people; no personal data.
    #[schemars(length(min = 1, max = 500))]
    pub why: String,
}

/// You called a release off, because you were asked to or on your own.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Cancelled {
    #[allow(dead_code, reason = "only the schema needs it")]
    pub r#type: CancelledV1,
    pub reference: Reference,
    /// Why, for people; no personal data.
    #[schemars(length(min = 1, max = 500))]
    pub why: String,
}

/// How far parcels have come.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Parcels {
    #[allow(dead_code, reason = "only the schema needs it")]
    pub r#type: ParcelsV1,
    #[schemars(length(min = 1, max = 500))]
    pub parcels: Vec<ParcelNews>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ParcelNews {
    #[schemars(length(min = 1, max = 128))]
    pub tracking: String,
    pub status: ParcelStatus,
    /// RFC 3339.
    pub at: Time,
    /// In the carrier's words; no personal data.
    #[schemars(length(max = 500))]
    pub detail: Option<String>,
}

/// Tries out the address and the signature.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code, reason = "it stands for the published schema; nothing of it is read")]
pub(super) struct Ping {
    pub r#type: PingV1,
}

impl<'a> From<&'a CanonicalRelease> for Release<'a> {
    fn from(release: &'a CanonicalRelease) -> Self {
        let money = |quantity: rust_decimal::Decimal| Money(quantity.normalize().to_string());
        let lines = release.lines.iter().map(|line| ReleaseLine {
            line: &line.line,
            sku: SkuText(line.sku.to_string()),
            name: &line.name,
            quantity: money(line.quantity),
            lots: line
                .lots
                .iter()
                .map(|lot| Lot { number: lot.number.clone(), quantity: money(lot.quantity) })
                .collect(),
        });
        Self {
            r#type: ReleaseV1::It,
            reference: &release.key.reference,
            order_number: &release.order_number,
            lines: lines.collect(),
            to: Address::from(&release.to),
            email: release.email.as_deref(),
            service: release.service.as_deref(),
            gift_note: release.gift_note.as_deref(),
            delivery_note: release.delivery_note.as_deref(),
            purchase_order: release.purchase_order.as_deref(),
        }
    }
}

impl<'a> From<&'a Canonical> for Address<'a> {
    fn from(to: &'a Canonical) -> Self {
        Self {
            name: &to.name,
            company: to.company.as_deref(),
            street: &to.street,
            street2: to.street2.as_deref(),
            city: &to.city,
            postcode: to.postcode.as_deref(),
            region: to.region.as_deref(),
            country: &to.country,
            phone: to.phone.as_deref(),
        }
    }
}
