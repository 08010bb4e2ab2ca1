//! Fulfilment orders, fulfilments and their events as GraphQL tells them.
//!
//! The sizes are chosen for Shopify's limit of 1,000 points a query, which it counts before it runs one.

use jiff::Timestamp;
use serde::Deserialize;

use super::super::node::Connection;
use crate::lenient::RawId;

/// Shopify lists an order's fulfilments without pages.
pub(super) const FULFILMENTS_AT_MOST: usize = 100;

pub(super) const LOOK: &str = "query Fulfilment($id: ID!, $first: Int!, $lines: Int!, $after: String) {
  order(id: $id) {
    fulfillments(first: 100) { id status trackingInfo(first: 3) { number } }
    fulfillmentOrders(first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id status supportedActions { action } assignedLocation { location { id } }
        lineItems(first: $lines) { pageInfo { hasNextPage endCursor } nodes { id remainingQuantity lineItem { id } } }
      }
    }
  }
}";

pub(super) const IDS: &str = "query FulfilmentIds($id: ID!) {
  order(id: $id) { fulfillments(first: 100) { id status } }
}";

pub(super) const MORE_LINES: &str = "query FulfillmentOrderLines($id: ID!, $lines: Int!, $after: String) {
  fulfillmentOrder(id: $id) {
    lineItems(first: $lines, after: $after) { pageInfo { hasNextPage endCursor } nodes { id remainingQuantity lineItem { id } } }
  }
}";

pub(super) const LINES_OF: &str = "query FulfillmentLines($id: ID!, $lines: Int!, $after: String) {
  fulfillment(id: $id) {
    fulfillmentLineItems(first: $lines, after: $after) { pageInfo { hasNextPage endCursor } nodes { quantity lineItem { id } } }
  }
}";

pub(super) const CREATE: &str = "mutation FulfillmentCreate($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) {
    fulfillment { id status }
    userErrors { field message }
  }
}";

pub(super) const EVENTS: &str = "query FulfillmentEvents($id: ID!) {
  fulfillment(id: $id) {
    status
    events(first: 1, sortKey: HAPPENED_AT, reverse: true) { nodes { status happenedAt } }
  }
}";

pub(super) const EVENT_CREATE: &str =
    "mutation FulfillmentEventCreate($fulfillmentEvent: FulfillmentEventInput!) {
  fulfillmentEventCreate(fulfillmentEvent: $fulfillmentEvent) {
    fulfillmentEvent { id status }
    userErrors { field message }
  }
}";

#[derive(Deserialize)]
pub(super) struct IdsAnswer {
    pub order: Option<JustFulfilments>,
}

#[derive(Deserialize)]
pub(super) struct JustFulfilments {
    pub fulfillments: Vec<Fulfilment>,
}

#[derive(Deserialize)]
pub(super) struct LookAnswer {
    pub order: Option<Order>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    pub fulfillments: Vec<Fulfilment>,
    pub fulfillment_orders: Connection<FulfilmentOrder>,
}

#[derive(Deserialize, Debug, Clone)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fulfilment {
    pub id: RawId,
    pub status: String,
    #[serde(default)]
    pub tracking_info: Vec<Tracking>,
}

#[derive(Deserialize, Debug, Clone)]
pub(super) struct Tracking {
    pub number: Option<String>,
}

impl Fulfilment {
    /// `CANCELLED`, `ERROR` and `FAILURE` ship nothing.
    pub fn stands(&self) -> bool {
        matches!(self.status.as_str(), "SUCCESS" | "OPEN" | "PENDING")
    }

    pub fn numbers(&self) -> impl Iterator<Item = &str> {
        self.tracking_info.iter().filter_map(|info| info.number.as_deref()).filter(|n| !n.is_empty())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FulfilmentOrder {
    pub id: String,
    pub status: String,
    pub supported_actions: Vec<SupportedAction>,
    pub assigned_location: Option<AssignedLocation>,
    pub line_items: Connection<OpenLine>,
}

#[derive(Deserialize)]
pub(super) struct SupportedAction {
    pub action: String,
}

#[derive(Deserialize)]
pub(super) struct AssignedLocation {
    pub location: Option<JustId>,
}

#[derive(Deserialize)]
pub(super) struct JustId {
    pub id: RawId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OpenLine {
    pub id: String,
    pub remaining_quantity: u64,
    pub line_item: JustId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MoreAnswer {
    pub fulfillment_order: Option<MoreLines>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MoreLines {
    pub line_items: Connection<OpenLine>,
}

#[derive(Deserialize)]
pub(super) struct LinesAnswer {
    pub fulfillment: Option<Lines>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lines {
    pub fulfillment_line_items: Connection<ShippedLine>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShippedLine {
    pub quantity: Option<u64>,
    pub line_item: JustId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateAnswer {
    pub fulfillment_create: Created,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    pub fulfillment: Option<JustId>,
    #[serde(default)]
    pub user_errors: Vec<UserError>,
}

#[derive(Deserialize)]
pub(super) struct UserError {
    pub message: String,
}

#[derive(Deserialize)]
pub(super) struct EventsAnswer {
    pub fulfillment: Option<WithEvents>,
}

#[derive(Deserialize)]
pub(super) struct WithEvents {
    pub status: String,
    pub events: Events,
}

#[derive(Deserialize)]
pub(super) struct Events {
    pub nodes: Vec<Event>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    pub status: String,
    pub happened_at: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventCreateAnswer {
    pub fulfillment_event_create: EventCreated,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventCreated {
    #[serde(default)]
    pub user_errors: Vec<UserError>,
}
