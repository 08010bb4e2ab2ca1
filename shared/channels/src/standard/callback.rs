//! What a partner's program is told: one signed POST to its address for each shipment and each step of a parcel.
//!
//! A repeat has the same `webhook-id` and the same body, so that the partner can drop it, as Standard Webhooks
//! asks of receivers. A partner without an address is told nothing.

use bytes::Bytes;
use crossdock_core::{
    LineId, OrderId, PeerError, ShipmentKey, Sku,
    order::short_digest,
    shipment::{self, Announcement, ParcelNews, ParcelStatus},
};
use crossdock_hooks::standard::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, signature,
};
use crossdock_http::check_status;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use secrecy::ExposeSecret as _;
use serde::Serialize;

use crate::{Announced, api::Shop};

/// `order_shipped.v1`: goods of an order have left.
#[derive(Serialize, JsonSchema)]
pub(crate) struct OrderShipped<'a> {
    #[serde(rename = "type")]
    kind: OrderShippedV1,
    /// The partner's own id of the order.
    order: &'a OrderId,
    /// Ours, for good: the warehouse and its id of the shipment.
    shipment: &'a ShipmentKey,
    #[schemars(with = "String", extend("format" = "date-time"))]
    shipped_at: Timestamp,
    lines: Vec<Line<'a>>,
    parcels: &'a [shipment::Parcel],
    /// With it every line of the order has shipped in full.
    completes_order: bool,
    /// The partner may write to the customer about it.
    notify_customer: bool,
}

#[derive(Serialize, JsonSchema)]
enum OrderShippedV1 {
    #[serde(rename = "order_shipped.v1")]
    It,
}

#[derive(Serialize, JsonSchema)]
struct Line<'a> {
    /// The partner's own id of the order's line.
    id: &'a LineId,
    sku: Option<&'a Sku>,
    /// A decimal in a text, above zero.
    #[schemars(with = "String")]
    quantity: Decimal,
}

impl<'a> Line<'a> {
    fn of(line: &'a shipment::AnnouncedLine) -> Self {
        Self { id: &line.line, sku: line.sku.as_ref(), quantity: line.quantity.normalize() }
    }
}

/// `parcel_moved.v1`: how far a parcel has come.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ParcelMoved<'a> {
    #[serde(rename = "type")]
    kind: ParcelMovedV1,
    order: &'a OrderId,
    shipment: &'a ShipmentKey,
    tracking: &'a str,
    status: ParcelStatus,
    /// By the carrier's clock: of two steps the later one counts, in whatever order they arrive.
    #[schemars(with = "String", extend("format" = "date-time"))]
    at: Timestamp,
    detail: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
enum ParcelMovedV1 {
    #[serde(rename = "parcel_moved.v1")]
    It,
}

pub(crate) async fn announce(shop: &Shop, said: &Announcement) -> Result<Announced, PeerError> {
    let body = OrderShipped {
        kind: OrderShippedV1::It,
        order: &said.order,
        shipment: &said.shipment,
        shipped_at: said.shipped_at,
        lines: said.lines.iter().map(Line::of).collect(),
        parcels: &said.parcels,
        completes_order: said.completes_order,
        notify_customer: said.notify_customer,
    };
    post(shop, &format!("shipment {} {}", said.order, said.shipment), &body).await?;
    Ok(Announced::default())
}

pub(crate) async fn news(
    shop: &Shop,
    order: &OrderId,
    shipment: &ShipmentKey,
    news: &ParcelNews,
) -> Result<(), PeerError> {
    let body = ParcelMoved {
        kind: ParcelMovedV1::It,
        order,
        shipment,
        tracking: &news.tracking,
        status: news.status,
        at: news.at,
        detail: news.detail.as_deref(),
    };
    let what = format!("parcel {order} {shipment} {} {:?} {}", news.tracking, news.status, news.at);
    post(shop, &what, &body).await
}

/// `what` names the message: the same is told under the same id.
pub(super) async fn post(shop: &Shop, what: &str, body: &impl Serialize) -> Result<(), PeerError> {
    if shop.address.is_empty() {
        return Ok(());
    }
    let id = format!("msg_{}", short_digest(what.as_bytes()));
    let body =
        serde_json::to_vec(body).map_err(|_| shop.rejected("what is told cannot be written as JSON"))?;
    let answer = shop.call_back(headers(shop, &id, &body)?, Bytes::from(body)).await?;
    if answer.status() == StatusCode::GONE {
        return Err(shop.rejected("the partner takes no more callbacks at its address (status 410)"));
    }
    check_status(&shop.peer(), &answer, shop.client().clock())
}

fn headers(shop: &Shop, id: &str, body: &[u8]) -> Result<HeaderMap, PeerError> {
    let unusable =
        || shop.unauthorized("the API secret must be the key to sign callbacks with, as `whsec_…`");
    let sent = shop.client().clock().now().as_second();
    let signature = signature(shop.token.expose_secret().trim(), id, sent, body).ok_or_else(unusable)?;
    let values = [
        (HEADER_WEBHOOK_ID, id.to_owned()),
        (HEADER_WEBHOOK_TIMESTAMP, sent.to_string()),
        (HEADER_WEBHOOK_SIGNATURE, signature),
        (header::CONTENT_TYPE.as_str(), "application/json".to_owned()),
    ];
    let pair = |(name, value): (&'static str, String)| {
        Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?))
    };
    values.into_iter().map(pair).collect::<Option<HeaderMap>>().ok_or_else(unusable)
}
