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

use super::{
    Faults, Orders, Sale, Shelf, Signed, hmac_base64, woocommerce_order,
    woocommerce_shipping::{Shipping, no_route},
    woocommerce_stock, woocommerce_taxes,
};

/// The shop's own address.
const HOME: &str = "https://woo.example.test/";
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
    /// When each was put there.
    trashed: BTreeMap<u64, Timestamp>,
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
    /// Notes, trackings and statuses.
    pub shipping: Shipping,
    /// Its articles and what it counts of them.
    pub shelf: Shelf,
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
            shipping: Shipping::default(),
            shelf: Shelf::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn put(&self, sale: Sale) {
        if sale.cancelled {
            self.shipping.cancelled(sale.id);
        }
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

    /// Puts an order into the trash, which is what "delete" does unless it is forced.
    pub fn trash(&self, id: u64) {
        let now = self.orders.clock().now();
        self.state().trashed.insert(id, now);
    }

    /// The webhook about one version of an order.
    #[must_use]
    pub fn webhook(&self, topic: &str, sale: &Sale) -> Signed {
        let body = if topic == "order.deleted" {
            json!({ "id": sale.id })
        } else {
            let mut order = woocommerce_order::order(HOME, sale);
            self.shipping.shown(sale.id, &mut order);
            order
        };
        let body = body.to_string().into_bytes();
        let (resource, event) = topic.split_once('.').unwrap_or((topic, ""));
        let headers = vec![
            ("user-agent".into(), "WooCommerce/9.5.1 Hookshot (WordPress/6.7.1)".into()),
            ("content-type".into(), "application/json".into()),
            ("x-wc-webhook-source".into(), HOME.into()),
            ("x-wc-webhook-topic".into(), topic.into()),
            ("x-wc-webhook-resource".into(), resource.into()),
            ("x-wc-webhook-event".into(), event.into()),
            ("x-wc-webhook-signature".into(), hmac_base64(&self.secret, &body)),
            ("x-wc-webhook-id".into(), "1".into()),
            // No id of the event: what is told again carries another.
            ("x-wc-webhook-delivery-id".into(), format!("{:016x}{:016x}", sale.id, sale.sequence)),
        ];
        Signed { headers, body: body.into() }
    }

    /// The form that is sent, unsigned, when a webhook is made.
    #[must_use]
    pub fn ping(&self, webhook: u64) -> Signed {
        let headers = vec![("content-type".into(), "application/x-www-form-urlencoded".into())];
        Signed { headers, body: format!("webhook_id={webhook}").into() }
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
        if let Some(answer) = self.shipping_of(request) {
            return answer;
        }
        if let Some((answer, totals)) = woocommerce_stock::answer(&self.shelf, request) {
            return totals.into_iter().fold(with_status(answer), with_totals);
        }
        let rest = path.strip_prefix("/wp-json/wc/v3/").unwrap_or(path);
        let (what, id) = rest.split_once('/').unwrap_or((rest, ""));
        match (request.method(), what, id) {
            (&Method::GET, "orders", "") => self.list(&query),
            (&Method::GET, "orders", id) => self.one(id),
            (&Method::GET, "webhooks", "") => respond(&Value::Array(self.list_webhooks())),
            (&Method::POST, "webhooks", "") => self.subscribe(request.body()),
            (&Method::PUT | &Method::POST, "webhooks", id) => self.update(id, request.body()),
            (&Method::DELETE, "webhooks", id) => self.unsubscribe(id),
            (&Method::GET, "system_status", "") => respond(&json!({
                "environment": { "home_url": HOME, "version": "9.5.1", "wp_version": "6.7.1" },
                "settings": { "currency": "EUR", "currency_symbol": "€" },
            })),
            (&Method::GET, "data", "currencies/current") => {
                respond(&json!({ "code": "EUR", "name": "Euro" }))
            }
            (&Method::GET, "taxes", "classes") => respond(&woocommerce_taxes::list(&self.shelf)),
            (&Method::GET, "settings", id) => respond(&woocommerce_stock::setting(&self.shelf, id)),
            (&Method::GET, "", "wp-json/") => respond(&json!({ "name": "Sample", "home": HOME })),
            _ => error(StatusCode::NOT_FOUND, "rest_no_route", "No route was found"),
        }
    }

    /// What an order's shipping is asked and told; none for anything else.
    fn shipping_of(&self, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        let path = request.uri().path();
        let extension = path.strip_prefix("/wp-json/wc-shipment-tracking/v3/orders/");
        let (id, of) = match extension {
            Some(rest) => (rest.strip_suffix("/shipment-trackings")?, "trackings"),
            None => {
                let rest = path.strip_prefix("/wp-json/wc/v3/orders/")?;
                rest.split_once('/').unwrap_or((rest, ""))
            }
        };
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let post = request.method() == Method::POST;
        if of.is_empty() && !matches!(*request.method(), Method::PUT) {
            return None;
        }
        let Some((sale, _)) = self.standing().into_iter().find(|(sale, _)| sale.id.to_string() == id) else {
            let code = "woocommerce_rest_shop_order_invalid_id";
            return Some(error(StatusCode::NOT_FOUND, code, "Invalid ID."));
        };
        let answer = match of {
            "" => {
                if self.shipping.update(&sale, &body, self.orders.clock().now()) {
                    self.touch(sale.clone());
                }
                return Some(self.one(id));
            }
            "notes" if post => self.shipping.annotate(sale.id, &body),
            "notes" => self.shipping.notes(sale.id),
            "trackings" => {
                let answer = self.shipping.trackings(sale.id, post.then_some(&body));
                if answer.0 == StatusCode::CREATED {
                    self.touch(sale);
                }
                answer
            }
            _ => no_route(),
        };
        Some(with_status(answer))
    }

    /// Whatever changes the order changes its time, and the watcher sees it.
    fn touch(&self, mut sale: Sale) {
        sale.updated_at = self.orders.clock().now().max(sale.updated_at);
        sale.sequence += 1;
        self.orders.put(sale);
    }

    /// The webhooks that shipping has caused since the last call.
    #[must_use]
    pub fn echoes(&self) -> Vec<Signed> {
        let told = self.shipping.webhooks();
        told.into_iter().filter_map(|id| Some(self.webhook("order.updated", &self.orders.get(id)?))).collect()
    }

    /// Every order that was not deleted for good, with whether it is in the trash.
    fn standing(&self) -> Vec<(Sale, bool)> {
        let all = self.orders.all();
        let state = self.state();
        let kept = all.into_iter().filter(|sale| !state.deleted.contains(&sale.id));
        kept.map(|mut sale| match state.trashed.get(&sale.id) {
            Some(at) => {
                sale.updated_at = sale.updated_at.max(*at);
                (sale, true)
            }
            None => (sale, false),
        })
        .collect()
    }

    fn told(&self, (sale, trashed): &(Sale, bool)) -> Value {
        let mut order = woocommerce_order::order(HOME, sale);
        self.shipping.shown(sale.id, &mut order);
        if *trashed {
            order["status"] = "trash".into();
        }
        order
    }

    fn one(&self, id: &str) -> Response<Bytes> {
        match self.standing().iter().find(|(sale, _)| sale.id.to_string() == id) {
            Some(found) => respond(&self.told(found)),
            None => error(StatusCode::NOT_FOUND, "woocommerce_rest_shop_order_invalid_id", "Invalid ID."),
        }
    }

    /// Orders changed between two times, both excluded, in pages; by the time of order, newest first, unless
    /// asked otherwise. `any` leaves out the trash.
    fn list(&self, query: &BTreeMap<String, String>) -> Response<Bytes> {
        let time = |name: &str| -> Option<Timestamp> {
            let text = query.get(name)?;
            text.parse().ok().or_else(|| format!("{text}Z").parse().ok())
        };
        let number =
            |name: &str, default: usize| query.get(name).and_then(|n| n.parse().ok()).unwrap_or(default);
        let is = |name: &str, value: &str| query.get(name).is_some_and(|given| given == value);
        let (after, before) = (time("modified_after"), time("modified_before"));
        let status = query.get("status").map_or("any", String::as_str);
        let mut found = self.standing();
        found.retain(|(sale, trashed)| {
            let wanted = match status {
                "any" => !trashed,
                "trash" => *trashed,
                other => !trashed && woocommerce_order::status(sale) == other,
            };
            wanted
                && after.is_none_or(|after| sale.updated_at > after)
                && before.is_none_or(|before| sale.updated_at < before)
        });
        let modified = is("orderby", "modified");
        found.sort_by_key(|(sale, _)| (if modified { sale.updated_at } else { sale.placed_at }, sale.id));
        if !is("order", "asc") {
            found.reverse();
        }
        let (each, page) = (number("per_page", 10).clamp(1, 100), number("page", 1).max(1));
        let shown = found.iter().skip((page - 1) * each).take(each);
        let response = respond(&Value::Array(shown.map(|found| self.told(found)).collect()));
        with_totals(response, (found.len(), found.len().div_ceil(each)))
    }

    fn list_webhooks(&self) -> Vec<Value> {
        self.state().webhooks.iter().map(|(id, webhook)| shown(*id, webhook)).collect()
    }

    fn subscribe(&self, body: &[u8]) -> Response<Bytes> {
        let given: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| given[name].as_str().unwrap_or_default().to_owned();
        let active = given["status"].as_str().is_none_or(|status| status == "active");
        let webhook = Webhook { topic: text("topic"), url: text("delivery_url"), active, failures: 0 };
        let mut state = self.state();
        let id = state.webhooks.last_key_value().map_or(0, |(id, _)| *id) + 1;
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
                webhook.active = given["status"].as_str().map_or(webhook.active, |status| status == "active");
                webhook.failures = 0;
                respond(&shown(id, webhook))
            }
            None => no_webhook(),
        }
    }

    fn unsubscribe(&self, id: &str) -> Response<Bytes> {
        match id.parse().ok().and_then(|id: u64| Some((id, self.state().webhooks.remove(&id)?))) {
            Some((id, webhook)) => respond(&shown(id, &webhook)),
            None => no_webhook(),
        }
    }
}

fn no_webhook() -> Response<Bytes> {
    error(StatusCode::NOT_FOUND, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.")
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

fn with_totals(mut response: Response<Bytes>, (all, pages): (usize, usize)) -> Response<Bytes> {
    response.headers_mut().insert("x-wp-total", all.into());
    response.headers_mut().insert("x-wp-totalpages", pages.into());
    response
}

fn with_status((status, value): (StatusCode, Value)) -> Response<Bytes> {
    let mut response = respond(&value);
    *response.status_mut() = status;
    response
}

fn error(status: StatusCode, code: &str, message: &str) -> Response<Bytes> {
    let mut response =
        respond(&json!({ "code": code, "message": message, "data": { "status": status.as_u16() } }));
    *response.status_mut() = status;
    response
}

impl Peer for Site {
    fn call(&self, request: Request<Bytes>) -> PeerFuture {
        let (site, faults) = (self.clone(), self.faults.clone());
        let clock = self.orders.clock().clone();
        Box::pin(
            async move { faults.around_or_late(&clock, request, move |request| site.answer(request)).await },
        )
    }
}
