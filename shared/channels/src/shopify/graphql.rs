//! The GraphQL Admin API: its operations, its answers, and its own ways to say no with status 200.

use std::time::Duration;

use bytes::Bytes;
use crossdock_core::PeerError;
use crossdock_http::{check_status, json};
use http::{HeaderName, Method, Response, StatusCode};
use secrecy::ExposeSecret;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::token;
use crate::api::Shop;

/// Shopify keeps a version for twelve months; this one goes in April 2027.
const PATH: &str = "/admin/api/2026-04/graphql.json";

/// For how many queries like the last the bucket should hold points: one, and one of another function's beside it.
const ROOM: f64 = 2.0;

/// The most that one call waits for points: a bucket that is emptier is Shopify's to refuse, and ours to come back to.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What is read of an order, wherever it is read. The webhook's body must hold the same.
pub(super) const ORDER_FIELDS: &str = "
fragment M on MoneyBag { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }
fragment T on TaxLine { title rate priceSet { ...M } }
fragment A on MailingAddress { firstName lastName name company address1 address2 city zip province provinceCode countryCodeV2 phone }
fragment Lines on LineItemConnection {
  pageInfo { hasNextPage endCursor }
  nodes {
    id name sku quantity currentQuantity isGiftCard requiresShipping taxable
    originalUnitPriceSet { ...M }
    discountAllocations { allocatedAmountSet { ...M } }
    taxLines { ...T }
    duties { taxLines { ...T } }
  }
}
fragment O on Order {
  id name createdAt processedAt updatedAt cancelledAt test
  currencyCode presentmentCurrencyCode taxesIncluded dutiesIncluded
  displayFinancialStatus paymentGatewayNames paymentTerms { id }
  purchasingEntity { __typename }
  customer { id firstName lastName } email phone
  billingAddress { ...A } shippingAddress { ...A }
  shippingLines(first: 20) { nodes { id title code discountedPriceSet { ...M } currentDiscountedPriceSet { ...M } taxLines { ...T } } }
  tags note poNumber
  currentTotalPriceSet { ...M } currentTotalTaxSet { ...M } currentSubtotalPriceSet { ...M }
  currentTotalDutiesSet { ...M } currentTotalAdditionalFeesSet { ...M } totalTipReceivedSet { ...M }
}
";

pub(super) const ORDER: &str = "query Order($id: ID!, $lines: Int!, $after: String) {
  order(id: $id) { ...O lineItems(first: $lines, after: $after) { ...Lines } }
}";

pub(super) const ORDERS_CHANGED: &str =
    "query OrdersChanged($query: String!, $first: Int!, $after: String, $lines: Int!) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor }
    nodes { ...O displayFulfillmentStatus lineItems(first: $lines) { ...Lines } }
  }
}";

pub(super) const WEBHOOK_SUBSCRIPTIONS: &str = "query WebhookSubscriptions($first: Int!, $after: String) {
  webhookSubscriptions(first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id topic uri }
  }
}";

pub(super) const WEBHOOK_SUBSCRIPTION_CREATE: &str = "mutation WebhookSubscriptionCreate($topic: WebhookSubscriptionTopic!, $webhookSubscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $webhookSubscription) {
    webhookSubscription { id topic uri }
    userErrors { field message }
  }
}";

pub(super) const SHOP_INFO: &str = "query ShopInfo {
  shop { name currencyCode myshopifyDomain }
  currentAppInstallation { accessScopes { handle } }
}";

/// An error inside an answer of status 200, told apart only where the caller can do something else.
#[derive(Debug)]
pub(super) enum Failure {
    /// The query asks for more than one query may: ask for less.
    TooCostly,
    Peer(PeerError),
}

impl From<PeerError> for Failure {
    fn from(error: PeerError) -> Self {
        Self::Peer(error)
    }
}

impl Failure {
    /// For operations that cannot ask for less.
    pub fn peer(self, shop: &Shop) -> PeerError {
        match self {
            Self::TooCostly => shop.rejected("the query costs more than Shopify allows"),
            Self::Peer(error) => error,
        }
    }
}

#[derive(Deserialize)]
struct Envelope {
    data: Option<Value>,
    #[serde(default)]
    errors: Value,
    extensions: Option<Extensions>,
}

#[derive(Deserialize)]
struct Extensions {
    cost: Option<Cost>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cost {
    requested_query_cost: Option<f64>,
    throttle_status: Option<Throttle>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Throttle {
    currently_available: f64,
    restore_rate: f64,
}

impl Cost {
    /// How long until the bucket holds enough for the same query, so many times.
    fn wait(&self, times: f64) -> Option<Duration> {
        let throttle = self.throttle_status.as_ref()?;
        let lacking = (self.requested_query_cost? * times - throttle.currently_available).max(0.0);
        let after = Duration::try_from_secs_f64(lacking / throttle.restore_rate).ok()?;
        (after <= Duration::from_secs(3600)).then_some(after)
    }
}

/// Runs one operation. The texts of the operations above that use them get the fragments.
pub(super) async fn run<T: DeserializeOwned>(
    shop: &Shop,
    operation: &str,
    query: &str,
    variables: Value,
) -> Result<T, Failure> {
    let query = if query.contains("...O") { format!("{query}{ORDER_FIELDS}") } else { query.to_owned() };
    let body = json!({ "query": query, "variables": variables, "operationName": operation });
    // Between the calls of one question nobody keeps a pace.
    if let Some(wait) = shop.breath.take() {
        tokio::time::sleep(wait.min(LONGEST_WAIT)).await;
    }
    let token = token::current(shop).await?.expose_secret().to_owned();
    let credentials = (HeaderName::from_static("x-shopify-access-token"), token);
    let answer = shop.send(Method::POST, PATH, credentials, Some(&body)).await?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        token::refused(shop).await;
    }
    status(shop, &answer)?;
    let envelope: Envelope = json(&shop.peer(), &answer)?;
    let cost = envelope.extensions.as_ref().and_then(|extensions| extensions.cost.as_ref());
    let room = cost.and_then(|cost| cost.wait(ROOM)).filter(|wait| !wait.is_zero());
    room.into_iter().for_each(|wait| shop.breath.ask(wait));
    if !matches!(&envelope.errors, Value::Null) && envelope.errors != json!([]) {
        return Err(refusal(shop, &envelope));
    }
    let data = envelope
        .data
        .filter(|data| !data.is_null())
        .ok_or_else(|| shop.garbage("neither data nor errors"))?;
    serde_json::from_value(data).map_err(|error| shop.garbage(crate::lenient::why(&error)).into())
}

fn status(shop: &Shop, answer: &Response<Bytes>) -> Result<(), PeerError> {
    match answer.status() {
        // Shopify has this beside 429 and beside THROTTLED.
        StatusCode::UNPROCESSABLE_ENTITY if says(answer.body(), b"too many requests") => {
            Err(PeerError::Throttled { peer: shop.peer(), after: None })
        }
        // A frozen or locked shop: its owner has to settle something with Shopify, and then it goes on.
        StatusCode::PAYMENT_REQUIRED | StatusCode::LOCKED => {
            Err(shop
                .unauthorized(format!("the shop is frozen or locked (status {})", answer.status().as_u16())))
        }
        _ => check_status(&shop.peer(), answer, shop.client().clock()),
    }
}

fn says(body: &[u8], words: &[u8]) -> bool {
    body.windows(words.len()).any(|window| window.eq_ignore_ascii_case(words))
}

/// `errors` is a list of objects, or, from the gateway in front, a text or an object.
fn refusal(shop: &Shop, envelope: &Envelope) -> Failure {
    let errors = envelope.errors.as_array().map(Vec::as_slice).unwrap_or_default();
    let code = |error: &Value| {
        error.pointer("/extensions/code").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let message = |error: &Value| error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
    let any = |wanted: &str| errors.iter().any(|error| code(error) == wanted);
    let peer = shop.peer();
    if any("THROTTLED") || errors.iter().any(|error| message(error) == "Throttled") {
        let after =
            envelope.extensions.as_ref().and_then(|e| e.cost.as_ref()).and_then(|cost| cost.wait(1.0));
        return PeerError::Throttled { peer, after }.into();
    }
    if any("MAX_COST_EXCEEDED") {
        return Failure::TooCostly;
    }
    if any("ACCESS_DENIED") || any("SHOP_INACTIVE") {
        let what = errors.iter().map(message).find(|text| !text.is_empty()).unwrap_or_default();
        return shop.unauthorized(shop.said(&what)).into();
    }
    if any("INTERNAL_SERVER_ERROR") {
        return PeerError::Failing { peer, status: 500 }.into();
    }
    let mut told = errors.iter().map(message).chain(envelope.errors.as_str().map(str::to_owned));
    let told = told.find(|text| !text.is_empty()).unwrap_or_else(|| "an error without a text".into());
    shop.rejected(&told).into()
}
