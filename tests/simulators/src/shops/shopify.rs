//! A Shopify shop: signed webhooks, and the GraphQL Admin API as far as the product asks it.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use crossdock_core::Clock;
use crossdock_http::peer::{Peer, PeerFuture};
use http::{Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    Change, Faults, Orders, Sale, Shelf, Signed, hmac_base64, shopify_fulfilment::Fulfilments,
    shopify_graphql, shopify_rest, shopify_stock,
};
pub use super::{shopify_points::Points, shopify_token::Tokens};

/// A Shopify shop. Clones are the same shop.
#[derive(Clone)]
pub struct Shop {
    orders: Orders,
    pub faults: Faults,
    /// An access token, or `<client id>:<client secret>`.
    token: String,
    tokens: Tokens,
    /// Sign webhooks: the app's client secrets, each from its time on.
    secrets: Arc<Mutex<Vec<(Timestamp, String)>>>,
    subscriptions: Arc<Mutex<Vec<(String, String)>>>,
    /// What has shipped, and what the customers saw of it.
    pub fulfilments: Fulfilments,
    /// Its articles and what it counts of them.
    pub shelf: Shelf,
    /// What our app may spend.
    pub points: Points,
}

impl Shop {
    #[must_use]
    pub fn new(clock: Clock, token: &str, secret: &str) -> Self {
        Self {
            orders: Orders::new(clock),
            faults: Faults::default(),
            token: token.to_owned(),
            tokens: Tokens::default(),
            secrets: Arc::new(Mutex::new(vec![(Timestamp::MIN, secret.to_owned())])),
            subscriptions: Arc::default(),
            fulfilments: Fulfilments::default(),
            shelf: Shelf::default(),
            points: Points::default(),
        }
    }

    /// Adds a version of an order.
    pub fn put(&self, sale: Sale) {
        self.orders.put(sale);
    }

    /// Every order as it stands now.
    #[must_use]
    pub fn orders(&self) -> Vec<Sale> {
        self.orders.all()
    }

    /// The tokens that were issued, where the shop's credentials are `<client id>:<client secret>`.
    #[must_use]
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Changes the secret. Shopify may go on signing with the old one for up to an hour: `overlap`.
    pub fn rotate(&self, secret: &str, overlap: SignedDuration) {
        let from = self.orders.clock().now().checked_add(overlap).unwrap_or(Timestamp::MAX);
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).push((from, secret.to_owned()));
    }

    fn secret(&self) -> String {
        let now = self.orders.clock().now();
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.iter().rfind(|(from, _)| *from <= now).map(|(_, secret)| secret.clone()).unwrap_or_default()
    }

    /// The topics that somebody has subscribed to.
    #[must_use]
    pub fn subscriptions(&self) -> Vec<(String, String)> {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The webhook about one version of an order.
    #[must_use]
    pub fn webhook(&self, topic: &str, sale: &Sale) -> Signed {
        let body = if topic == "orders/edited" {
            // Not the order: only what the edit did.
            json!({ "order_edit": {
                "id": sale.id + 1, "order_id": sale.id, "created_at": sale.updated_at.to_string(),
                "committed_at": sale.updated_at.to_string(), "notify_customer": false, "staff_note": null,
                "line_items": { "additions": [], "removals": [] }, "shipping_lines": { "additions": [], "removals": [] },
                "discounts": { "line_item": { "additions": [], "removals": [] } }, "app_id": null, "user_id": null,
            }})
        } else {
            let mut body = shopify_rest::order(sale);
            self.shipped(sale, &mut body);
            body
        };
        let body = body.to_string().into_bytes();
        // One change has one event id, whatever topics tell of it and however often.
        let event = format!("{:08x}-0000-4000-8000-{:012x}", sale.sequence, sale.id);
        let webhook = format!("{}-{event}", topic.replace('/', "-"));
        let headers = vec![
            ("content-type".into(), "application/json".into()),
            ("x-shopify-topic".into(), topic.into()),
            ("x-shopify-hmac-sha256".into(), hmac_base64(&self.secret(), &body)),
            ("x-shopify-shop-domain".into(), "sample.myshopify.com".into()),
            ("x-shopify-api-version".into(), "2026-04".into()),
            ("x-shopify-webhook-id".into(), webhook),
            ("x-shopify-event-id".into(), event),
            ("x-shopify-triggered-at".into(), sale.updated_at.to_string()),
        ];
        Signed { headers, body: body.into() }
    }

    /// What a webhook says of the shipping.
    fn shipped(&self, sale: &Sale, body: &mut Value) {
        let all = self.fulfilments.of(sale.id);
        let remaining = |line: u64| self.fulfilments.remaining(sale, line);
        let state =
            match (all.iter().any(|one| !one.cancelled), sale.goods.iter().all(|g| remaining(g.id) == 0)) {
                (false, _) => Value::Null,
                (true, true) => "fulfilled".into(),
                (true, false) => "partial".into(),
            };
        body["fulfillment_status"] = state;
        body["fulfillments"] =
            all.iter().map(|one| json!({ "id": one.id, "tracking_numbers": one.numbers })).collect();
        for line in body["line_items"].as_array_mut().into_iter().flatten() {
            let left = line["id"].as_u64().map(remaining).unwrap_or_default();
            line["fulfillable_quantity"] = left.into();
            line["fulfillment_status"] = if left == 0 { "fulfilled".into() } else { Value::Null };
        }
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        if request.uri().path() == "/admin/oauth/access_token" {
            return self.tokens.issue(&self.token, request.body(), self.orders.clock().now());
        }
        let given = request.headers().get("x-shopify-access-token").and_then(|value| value.to_str().ok());
        if !self.tokens.opens(&self.token, given.unwrap_or_default(), self.orders.clock().now()) {
            return respond(
                StatusCode::UNAUTHORIZED,
                &json!({ "errors": "[API] Invalid API key or access token" }),
            );
        }
        let graphql = request.uri().path().starts_with("/admin/api/")
            && request.uri().path().ends_with("/graphql.json");
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        if !graphql {
            return respond(StatusCode::NOT_FOUND, &json!({ "errors": "Not Found" }));
        }
        let operation = body["operationName"].as_str().unwrap_or_default();
        let now = self.orders.clock().now();
        respond(StatusCode::OK, &self.points.spend(operation, now, || self.run(operation, &body)))
    }

    /// Runs one operation.
    fn run(&self, operation: &str, body: &Value) -> Value {
        if let Some(answer) = shopify_stock::answer(&self.shelf, body) {
            return answer;
        }
        let variables = &body["variables"];
        if let Some(data) = self.shipping(operation, variables) {
            return costed(&data);
        }
        let data = match operation {
            "Order" => self.order(variables),
            "Payments" => self.order(variables),
            "OrdersChanged" => self.changed(variables),
            "WebhookSubscriptions" => self.list_subscriptions(),
            "WebhookSubscriptionCreate" => self.subscribe(variables),
            "ShopInfo" => json!({
                "shop": {
                    "name": "Sample", "currencyCode": shopify_rest::SHOP_CURRENCY,
                    "myshopifyDomain": "sample.myshopify.com",
                },
                "currentAppInstallation": { "accessScopes": [
                    { "handle": "read_orders" }, { "handle": "read_all_orders" },
                    { "handle": "read_customers" }, { "handle": "read_payment_terms" },
                    { "handle": "write_merchant_managed_fulfillment_orders" },
                    { "handle": "write_fulfillments" }, { "handle": "read_locations" },
                    { "handle": "write_products" }, { "handle": "write_inventory" },
                ] },
            }),
            other => {
                return json!({ "errors": [{ "message": format!("no operation {other}") }] });
            }
        };
        costed(&data)
    }

    /// What is asked about shipping; none for anything else.
    fn shipping(&self, operation: &str, variables: &Value) -> Option<Value> {
        let sale = || {
            let id = variables["id"].as_str().and_then(|id| id.rsplit('/').next()?.parse().ok())?;
            self.orders.get(id)
        };
        Some(match operation {
            "Fulfilment" => match sale() {
                Some(sale) => self.fulfilments.look(&sale, variables),
                None => json!({ "order": null }),
            },
            "FulfilmentIds" => match sale() {
                Some(sale) => json!({ "order": { "fulfillments": self.fulfilments.all(&sale) } }),
                None => json!({ "order": null }),
            },
            "FulfillmentLines" => self.fulfilments.lines(variables),
            "FulfillmentCreate" => {
                let (data, changed) = self.fulfilments.create(|id| self.orders.get(id), variables);
                if let Some(sale) = changed {
                    self.touch(sale);
                }
                data
            }
            "FulfillmentEvents" => self.fulfilments.events(variables),
            "FulfillmentEventCreate" => self.fulfilments.tell(variables),
            _ => return None,
        })
    }

    /// Whatever ships changes the order's time, and the watcher sees it.
    fn touch(&self, mut sale: Sale) {
        sale.updated_at = self.orders.clock().now().max(sale.updated_at);
        sale.sequence += 1;
        self.orders.put(sale);
    }

    /// The webhooks that shipping has caused since the last call.
    #[must_use]
    pub fn echoes(&self) -> Vec<Signed> {
        let told = self.fulfilments.webhooks();
        told.into_iter().filter_map(|(topic, id)| Some(self.webhook(topic, &self.orders.get(id)?))).collect()
    }

    fn order(&self, variables: &Value) -> Value {
        let id = variables["id"].as_str().and_then(|id| id.rsplit('/').next()?.parse().ok());
        let order = id.and_then(|id| self.orders.get(id));
        json!({ "order": order.map(|sale| shopify_graphql::order(&sale)) })
    }

    /// A window of the time of change, both ends within, in pages.
    fn changed(&self, variables: &Value) -> Value {
        let query = variables["query"].as_str().unwrap_or_default();
        let bound = |mark: &str| -> Option<Timestamp> {
            query
                .split(" AND ")
                .find_map(|part| part.trim().strip_prefix(mark)?.trim_matches('\'').parse().ok())
        };
        let from = bound("updated_at:>=").unwrap_or(Timestamp::MIN);
        let until = bound("updated_at:<=").unwrap_or(Timestamp::MAX);
        let after = variables["after"].as_str().and_then(behind);
        let first =
            variables["first"].as_u64().and_then(|first| usize::try_from(first).ok()).unwrap_or(50).min(250);
        let then = self.faults.indexed_until(self.orders.clock().now());
        let begin = after.map_or((from, 0), |after| after.max((from, 0)));
        let mut found = self.orders.changed(begin, until, then, first + 1);
        let more = found.len() > first;
        found.truncate(first);
        let listed = |sale: &Sale| {
            let mut order = shopify_graphql::order(sale);
            let fulfilled = self.fulfilments.is_fulfilled(sale);
            order["displayFulfillmentStatus"] = if fulfilled { "FULFILLED" } else { "UNFULFILLED" }.into();
            order
        };
        let page: Vec<Value> = found.iter().map(listed).collect();
        let cursors: Vec<String> = found.iter().map(cursor).collect();
        let edges: Vec<Value> = cursors
            .iter()
            .zip(&page)
            .map(|(cursor, node)| json!({ "cursor": cursor, "node": node }))
            .collect();
        json!({ "orders": {
            "nodes": page, "edges": edges,
            "pageInfo": {
                "hasNextPage": more, "hasPreviousPage": after.is_some(),
                "startCursor": cursors.first(), "endCursor": cursors.last(),
            },
        }})
    }

    fn list_subscriptions(&self) -> Value {
        let all = self.subscriptions();
        let nodes: Vec<Value> = all
            .iter()
            .enumerate()
            .map(|(at, (topic, uri))| {
                json!({ "id": format!("gid://shopify/WebhookSubscription/{at}"), "topic": topic, "uri": uri })
            })
            .collect();
        json!({ "webhookSubscriptions": { "nodes": nodes, "pageInfo": { "hasNextPage": false, "endCursor": null } } })
    }

    fn subscribe(&self, variables: &Value) -> Value {
        let topic = variables["topic"].as_str().unwrap_or_default().to_owned();
        let uri = variables["webhookSubscription"]["uri"].as_str().unwrap_or_default().to_owned();
        let mut all = self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner);
        if all.contains(&(topic.clone(), uri.clone())) {
            let taken = "Address for this topic has already been taken";
            return json!({ "webhookSubscriptionCreate": {
                "webhookSubscription": null,
                "userErrors": [{ "field": ["webhookSubscription", "callbackUrl"], "message": taken }],
            }});
        }
        all.push((topic.clone(), uri.clone()));
        let id = format!("gid://shopify/WebhookSubscription/{}", all.len() - 1);
        let subscription = json!({ "id": id, "topic": topic, "uri": uri });
        json!({ "webhookSubscriptionCreate": { "webhookSubscription": subscription, "userErrors": [] } })
    }
}

/// A cursor holds what the list is sorted by, as Shopify's does: what changes meanwhile moves no other order.
fn cursor(sale: &Sale) -> String {
    format!("{} {}", sale.updated_at, sale.id)
}

/// The place behind a cursor.
fn behind(cursor: &str) -> Option<Change> {
    let (at, id) = cursor.split_once(' ')?;
    Some((at.parse().ok()?, id.parse::<u64>().ok()? + 1))
}

fn costed(data: &Value) -> Value {
    let cost = json!({
        "requestedQueryCost": 50, "actualQueryCost": 12,
        "throttleStatus": { "maximumAvailable": 2000.0, "currentlyAvailable": 1950, "restoreRate": 100.0 },
    });
    json!({ "data": data, "extensions": { "cost": cost } })
}

pub(super) fn respond(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response
}

impl Peer for Shop {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        let shop = self.clone();
        Box::pin(async move {
            let clock = shop.orders.clock();
            shop.faults.around(clock, &request, |request| shop.answer(request)).await
        })
    }
}
