//! GraphQL as ShipHero speaks it: credits, and errors inside answers of status 200.

use std::time::Duration;

use bytes::Bytes;
use crossdock_core::PeerError;
use crossdock_hooks::lenient;
use crossdock_http::{check_status, json};
use http::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::token::Issued;
use crate::door::Door;

/// Out of credits: an account has 4004, and 60 come back each second.
const NOT_ENOUGH_CREDITS: i64 = 30;
/// A full account is restored in 67 seconds; nobody has to wait longer.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

pub(super) const ORDER_CREATE: &str = "mutation OrderCreate($data: CreateOrderInput!) {
  order_create(data: $data) { request_id complexity order { id order_number } }
}";

pub(super) const ORDER_CANCEL: &str = "mutation OrderCancel($data: CancelOrderInput!) {
  order_cancel(data: $data) { request_id complexity }
}";

/// What is asked costs credits by the numbers in `first`, whether or not there is so much.
pub(super) const ORDERS: &str = "query Orders($number: String!) {
  orders(order_number: $number) {
    request_id complexity
    data(first: 5) { edges { node { id order_number fulfillment_status allocations { is_locked } shipments { legacy_id created_date } } } }
  }
}";

pub(super) const ORDER: &str = "query Order($id: String!) {
  order(id: $id) {
    request_id complexity
    data { id order_number fulfillment_status allocations { is_locked } shipments { legacy_id created_date } }
  }
}";

pub(super) const SHIPMENTS: &str = "query Shipments($id: String!) {
  order(id: $id) {
    request_id complexity
    data {
      id
      shipments {
        legacy_id created_date
        shipping_labels { tracking_number tracking_url carrier }
        line_items(first: 100) {
          edges { node { quantity lot { name } line_item { partner_line_item_id sku quantity_shipped serial_numbers { serial_number } } } }
        }
      }
    }
  }
}";

/// What is in the house and not in use any more is not asked for.
pub(super) const WAREHOUSE_PRODUCTS: &str = "query WarehouseProducts($warehouse: String!, $after: String) {
  warehouse_products(warehouse_id: $warehouse, active: true) {
    request_id complexity
    data(first: 100, after: $after) { pageInfo { hasNextPage endCursor } edges { node { sku on_hand } } }
  }
}";

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    errors: Value,
}

/// An error inside an answer: what ShipHero says, or how the call failed.
pub(super) enum Failure {
    /// It understood and says no. Its own text, which may hold what it was told.
    No(String),
    Peer(PeerError),
}

impl From<PeerError> for Failure {
    fn from(error: PeerError) -> Self {
        Self::Peer(error)
    }
}

impl Failure {
    /// For what is asked about a reference or an id alone, which is no personal data.
    pub fn peer(self, door: &Door) -> PeerError {
        match self {
            Self::No(text) => door.rejected(door.said(&text)),
            Self::Peer(error) => error,
        }
    }
}

/// Runs one operation; gives what stands below `field`.
pub(super) async fn run<T: DeserializeOwned>(
    door: &Door,
    issued: &Issued,
    query: &str,
    field: &str,
    variables: Value,
) -> Result<T, Failure> {
    let token = issued.current(door).await?;
    let bearer = [("authorization", format!("Bearer {}", token.expose_secret()))];
    let body = Bytes::from(json!({ "query": query, "variables": variables }).to_string());
    let answer = door.send(Method::POST, "/graphql", &bearer, body).await?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        issued.refused().await;
    }
    // GraphQL servers answer a query that they cannot parse with 400 and the same envelope.
    if answer.status() != StatusCode::BAD_REQUEST {
        check_status(&door.peer(), &answer, door.client.clock())?;
    }
    let envelope: Envelope = json(&door.peer(), &answer)?;
    if let Some(errors) = envelope.errors.as_array().filter(|errors| !errors.is_empty()) {
        return Err(refusal(door, errors));
    }
    if answer.status() == StatusCode::BAD_REQUEST {
        check_status(&door.peer(), &answer, door.client.clock())?;
    }
    let value = envelope.data.get(field).filter(|value| !value.is_null()).cloned();
    let value = value.ok_or_else(|| door.garbage("neither data nor errors"))?;
    serde_json::from_value(value).map_err(|error| door.garbage(lenient::why(&error)).into())
}

fn refusal(door: &Door, errors: &[Value]) -> Failure {
    let told = |error: &Value| error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
    let code = |error: &Value| error.get("code").and_then(Value::as_i64);
    if let Some(error) = errors.iter().find(|error| code(error) == Some(NOT_ENOUGH_CREDITS)) {
        let stated = error.get("time_remaining").and_then(Value::as_str).and_then(seconds);
        let after = stated.or_else(|| told(error).split(" In ").nth(1).and_then(seconds));
        return PeerError::Throttled { peer: door.peer(), after: after.filter(|one| *one <= LONGEST_WAIT) }
            .into();
    }
    let text = errors.iter().map(told).find(|text| !text.is_empty());
    match text {
        // Their own failure and not a judgement: it may be another tomorrow, and it may have been done.
        Some(text) if text.to_ascii_lowercase().contains("internal server error") => {
            PeerError::Failing { peer: door.peer(), status: 500 }.into()
        }
        Some(text) => Failure::No(text),
        None => Failure::No("an error without a text".into()),
    }
}

/// `18 seconds`, and whatever follows.
fn seconds(text: &str) -> Option<Duration> {
    text.split_whitespace().next()?.parse().ok().map(Duration::from_secs)
}
