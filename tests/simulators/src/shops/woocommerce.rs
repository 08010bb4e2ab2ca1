//! A WooCommerce site: signed webhooks that it switches off after failures, and its REST API.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use crossdock_core::Clock;
use crossdock_http::peer::{Peer, PeerFuture};
use http::{Method, Request, Response, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Faults, Orders, Sale, Signed, hmac_base64, woocommerce_order};

/// More failed deliveries in a row than this switch a webhook off.
const FAILURES: u32 = 5;

#[derive(Debug, Clone)]
struct Webhook {
    topic: String,
    url: String,
    active: bool,
    failures: u32,
}

#[derive(Debug, Default)]
struct State {
    webhooks: BTreeMap<u64, Webhook>,
    deleted: BTreeSet<u64>,
}

/// A WooCommerce site. Clones are the same site.
#[derive(Clone)]
pub struct Site {
    orders: Orders,
    pub faults: Faults,
    /// `ck_…:cs_…`
    key: String,
    secret: String,
    state: Arc<Mutex<State>>,
}

impl Site {
    #[must_use]
    pub fn new(clock: Clock, key: &str, secret: &str) -> Self {
        let state = Arc::default();
        Self {
            orders: Orders::new(clock),
            faults: Faults::default(),
            key: key.into(),
            secret: secret.into(),
            state,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn put(&self, sale: Sale) {
        self.orders.put(sale);
    }

    /// Every order as it stands now.
    #[must_use]
    pub fn orders(&self) -> Vec<Sale> {
        self.orders.all()
    }

    /// Deletes an order for good.
    pub fn delete(&self, id: u64) {
        self.state().deleted.insert(id);
    }

    /// The webhook about one version of an order.
    #[must_use]
    pub fn webhook(&self, topic: &str, sale: &Sale) -> Signed {
        let body =
            if topic == "order.deleted" { json!({ "id": sale.id }) } else { woocommerce_order::order(sale) };
        let body = body.to_string().into_bytes();
        let headers = vec![
            ("content-type".into(), "application/json".into()),
            ("x-wc-webhook-topic".into(), topic.into()),
            ("x-wc-webhook-resource".into(), "order".into()),
            ("x-wc-webhook-signature".into(), hmac_base64(&self.secret, &body)),
            ("x-wc-webhook-id".into(), "1".into()),
        ];
        Signed { headers, body: body.into() }
    }

    /// The form that is sent when a webhook is made.
    #[must_use]
    pub fn ping(&self) -> Signed {
        let headers = vec![("content-type".into(), "application/x-www-form-urlencoded".into())];
        Signed { headers, body: Bytes::from_static(b"webhook_id=1") }
    }

    /// Tells how a delivery of a webhook went.
    pub fn delivered(&self, webhook: u64, status: StatusCode) {
        if let Some(webhook) = self.state().webhooks.get_mut(&webhook) {
            webhook.failures = if status.is_success() { 0 } else { webhook.failures + 1 };
            webhook.active &= webhook.failures <= FAILURES;
        }
    }

    /// Topic, address and whether it is switched on.
    #[must_use]
    pub fn webhooks(&self) -> Vec<(u64, String, String, bool)> {
        let state = self.state();
        state.webhooks.iter().map(|(id, w)| (*id, w.topic.clone(), w.url.clone(), w.active)).collect()
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let basic = format!("Basic {}", STANDARD.encode(&self.key));
        if request
            .headers()
            .get(header::AUTHORIZATION)
            .is_none_or(|given| given.as_bytes() != basic.as_bytes())
        {
            return error(
                StatusCode::UNAUTHORIZED,
                "woocommerce_rest_cannot_view",
                "Sorry, you cannot list resources.",
            );
        }
        let query = query_of(request);
        let path = request.uri().path();
        let rest = path.strip_prefix("/wp-json/wc/v3/").unwrap_or(path);
        match (request.method(), rest) {
            (&Method::GET, "orders") => self.list(&query),
            (&Method::GET, "webhooks") => respond(&Value::Array(self.list_webhooks())),
            (&Method::POST, "webhooks") => self.subscribe(request.body()),
            (&Method::GET, "/wp-json/") => respond(&json!({ "name": "Sample" })),
            (&Method::GET, "data/currencies/current") => respond(&json!({ "code": "EUR", "name": "Euro" })),
            (&Method::GET, other) if other.starts_with("orders/") => self.one(&other[7..]),
            (&Method::PUT, other) if other.starts_with("webhooks/") => {
                self.update(&other[9..], request.body())
            }
            _ => error(StatusCode::NOT_FOUND, "rest_no_route", "No route was found"),
        }
    }

    fn one(&self, id: &str) -> Response<Bytes> {
        let id = id.parse().ok().filter(|id| !self.state().deleted.contains(id));
        match id.and_then(|id| self.orders.get(id)) {
            Some(sale) => respond(&woocommerce_order::order(&sale)),
            None => error(StatusCode::NOT_FOUND, "woocommerce_rest_shop_order_invalid_id", "Invalid ID."),
        }
    }

    /// Orders changed between two times, both excluded, in pages.
    fn list(&self, query: &BTreeMap<String, String>) -> Response<Bytes> {
        let time = |name: &str| -> Option<Timestamp> {
            let text = query.get(name)?;
            text.parse().ok().or_else(|| format!("{text}Z").parse().ok())
        };
        let number =
            |name: &str, default: usize| query.get(name).and_then(|n| n.parse().ok()).unwrap_or(default);
        let (after, before) = (time("modified_after"), time("modified_before"));
        let trash = query.get("status").is_some_and(|status| status == "trash");
        let deleted = self.state().deleted.clone();
        let found: Vec<Sale> = self
            .orders
            .all()
            .into_iter()
            .filter(|sale| !trash && !deleted.contains(&sale.id))
            .filter(|sale| after.is_none_or(|after| sale.updated_at > after))
            .filter(|sale| before.is_none_or(|before| sale.updated_at < before))
            .collect();
        let (each, page) = (number("per_page", 10).clamp(1, 100), number("page", 1).max(1));
        let shown = found.iter().skip((page - 1) * each).take(each);
        let body: Vec<Value> = shown.map(woocommerce_order::order).collect();
        let mut response = respond(&Value::Array(body));
        response.headers_mut().insert("x-wp-total", found.len().into());
        response.headers_mut().insert("x-wp-totalpages", found.len().div_ceil(each).into());
        response
    }

    fn list_webhooks(&self) -> Vec<Value> {
        self.state().webhooks.iter().map(|(id, webhook)| shown(*id, webhook)).collect()
    }

    fn subscribe(&self, body: &[u8]) -> Response<Bytes> {
        let given: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| given[name].as_str().unwrap_or_default().to_owned();
        let webhook = Webhook { topic: text("topic"), url: text("delivery_url"), active: true, failures: 0 };
        let mut state = self.state();
        let id = state.webhooks.len() as u64 + 1;
        state.webhooks.insert(id, webhook.clone());
        let mut response = respond(&shown(id, &webhook));
        *response.status_mut() = StatusCode::CREATED;
        response
    }

    fn update(&self, id: &str, body: &[u8]) -> Response<Bytes> {
        let given: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut state = self.state();
        match id.parse().ok().and_then(|id: u64| Some((id, state.webhooks.get_mut(&id)?))) {
            Some((id, webhook)) => {
                webhook.active = given["status"] == "active";
                webhook.failures = 0;
                respond(&shown(id, webhook))
            }
            None => error(StatusCode::NOT_FOUND, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID."),
        }
    }
}

fn shown(id: u64, webhook: &Webhook) -> Value {
    json!({
        "id": id, "name": webhook.topic, "status": if webhook.active { "active" } else { "disabled" },
        "topic": webhook.topic, "resource": "order", "delivery_url": webhook.url,
    })
}

fn query_of(request: &Request<Bytes>) -> BTreeMap<String, String> {
    let pairs = request.uri().query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.replace("%3A", ":").replace("%3a", ":"))).collect()
}

fn respond(body: &Value) -> Response<Bytes> {
    Response::new(Bytes::from(body.to_string()))
}

fn error(status: StatusCode, code: &str, message: &str) -> Response<Bytes> {
    let mut response =
        respond(&json!({ "code": code, "message": message, "data": { "status": status.as_u16() } }));
    *response.status_mut() = status;
    response
}

impl Peer for Site {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        let site = self.clone();
        Box::pin(async move {
            match site.faults.strike().await {
                Some(instead) => instead,
                None => Ok(site.answer(&request)),
            }
        })
    }
}
