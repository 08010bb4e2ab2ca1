//! What Crossdock asks a WooCommerce shop, through its REST API v3.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use crossdock_core::{OrderId, PeerError};
use crossdock_http::{check_status, json};
use http::{Method, Response, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Seen, canonical, wire};
use crate::{
    api::{Fetched, Page, Shop, ShopInfo, Subscription, SubscriptionChange},
    lenient::{self, RawId},
};

pub(super) const V3: &str = "/wp-json/wc/v3";
const ORDERS_IN_PAGE: usize = 50;
const WEBHOOKS_IN_PAGE: usize = 100;
/// An answer that never ends must end here.
const PAGES_AT_MOST: usize = 50;
const TOPICS: [&str; 4] = ["order.created", "order.updated", "order.deleted", "order.restored"];

/// An error as WordPress writes it. A currency has a `code` too, and no `message`.
#[derive(Deserialize)]
pub(super) struct Complaint {
    pub code: String,
    #[serde(rename = "message")]
    _message: serde::de::IgnoredAny,
}

pub(super) async fn call(
    shop: &Shop,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Response<Bytes>, PeerError> {
    let secret = shop.token.expose_secret().trim();
    if !secret.split_once(':').is_some_and(|(key, secret)| !key.is_empty() && !secret.is_empty()) {
        return Err(shop.unauthorized("the API secret must be the consumer key and secret as `ck_…:cs_…`"));
    }
    let basic = format!("Basic {}", STANDARD.encode(secret));
    shop.send(method, path, (header::AUTHORIZATION, basic), body).await
}

pub(super) async fn ask<T: DeserializeOwned>(
    shop: &Shop,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<T, PeerError> {
    let answer = call(shop, method, path, body).await?;
    check(shop, &answer)?;
    json(&shop.peer(), &answer)
}

/// The status, with the shop's own code where the shop understood and said no.
pub(super) fn check(shop: &Shop, answer: &Response<Bytes>) -> Result<(), PeerError> {
    // A 404 says in its body what there is none of. Half a body is a broken connection's.
    let whole = serde_json::from_slice::<serde::de::IgnoredAny>(answer.body());
    if answer.status() == StatusCode::NOT_FOUND && whole.is_err_and(|error| error.is_eof()) {
        return Err(shop.garbage("half an answer"));
    }
    let complaint = serde_json::from_slice::<Complaint>(answer.body()).ok();
    check_status(&shop.peer(), answer, shop.client().clock()).map_err(|error| match (error, complaint) {
        (PeerError::Rejected { .. }, Some(complaint)) => shop.rejected(&complaint.code),
        (error, _) => error,
    })?;
    // Some firewalls and plugins answer with status 200 and the error's body.
    match serde_json::from_slice::<Complaint>(answer.body()) {
        Ok(complaint) => Err(shop.rejected(&complaint.code)),
        Err(_) => Ok(()),
    }
}

/// The order in another shape than the canonical one.
pub(super) async fn order<T: DeserializeOwned>(shop: &Shop, id: &OrderId) -> Result<T, PeerError> {
    ask(shop, Method::GET, &format!("{V3}/orders/{id}"), None).await
}

pub(crate) async fn fetch_order(shop: &Shop, id: &OrderId) -> Result<Fetched, PeerError> {
    let answer = call(shop, Method::GET, &format!("{V3}/orders/{id}"), None).await?;
    if answer.status() == StatusCode::NOT_FOUND {
        // A 404 of the order is an answer; a 404 of the API (a plugin off, a wrong address) is a failure.
        let complaint = serde_json::from_slice::<Complaint>(answer.body()).ok();
        return match complaint {
            Some(complaint) if complaint.code.ends_with("_invalid_id") => Ok(Fetched::Gone),
            _ => Err(shop.missing("WooCommerce REST API at its address")),
        };
    }
    check(shop, &answer)?;
    let raw: Value = json(&shop.peer(), &answer)?;
    Ok(match see(shop, raw) {
        Ok(Seen::Order(order)) => Fetched::Order(order),
        // A draft that somebody asks for by its id was an order before, and is none any more.
        Ok(Seen::Trashed(_) | Seen::Draft) => Fetched::Gone,
        Err(unreadable) => unreadable,
    })
}

fn just_id(raw: &Value) -> Option<OrderId> {
    #[derive(Deserialize)]
    struct JustId {
        id: RawId,
    }
    JustId::deserialize(raw).ok().and_then(|just| just.id.order().ok())
}

fn see(shop: &Shop, raw: Value) -> Result<Seen, Fetched> {
    let order = just_id(&raw);
    serde_json::from_value::<wire::Order>(raw)
        .map_err(|error| lenient::Unclear(lenient::why(&error)))
        .and_then(|raw| canonical::see(&shop.channel, raw))
        .map_err(|lenient::Unclear(why)| Fetched::Unreadable { order, why })
}

/// What a page says of one order; none for a draft, which nobody has ordered. A trashed order is all there
/// and is listed as what it is, a cancelled one.
fn listed(shop: &Shop, raw: Value) -> Option<Fetched> {
    match see(shop, raw) {
        Ok(Seen::Order(order) | Seen::Trashed(Ok(order))) => Some(Fetched::Order(order)),
        Ok(Seen::Trashed(Err(lenient::Unclear(why)))) => Some(Fetched::Unreadable { order: None, why }),
        Ok(Seen::Draft) => None,
        Err(unreadable) => Some(unreadable),
    }
}

/// Where a page begins: first through every status, then through the trash, which `any` leaves out. A lost
/// `order.deleted` is found there; an order deleted for good is not listed at all.
///
/// Page numbers alone would skip an order whenever another one changes meanwhile, leaves the window and
/// lets the rest move up; so each page starts anew from the last time seen, and numbers count only among
/// orders of one second.
struct Cursor<'a> {
    status: &'a str,
    start: Timestamp,
    page: u32,
}

impl<'a> Cursor<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split('/');
        let status = parts.next().filter(|status| ["any", "trash"].contains(status))?;
        let start = parts.next()?.parse().ok()?;
        let page = parts.next()?.parse().ok().filter(|page| (1..10_000).contains(page))?;
        parts.next().is_none().then_some(Self { status, start, page })
    }

    fn after(&self, orders: &[Value], from: Timestamp) -> Option<String> {
        let Self { status, start, page } = self;
        let last = orders.last().and_then(modified);
        if orders.len() >= ORDERS_IN_PAGE {
            return Some(match last.filter(|last| last.as_second() > start.as_second()) {
                Some(last) => format!("{status}/{last}/1"),
                None => format!("{status}/{start}/{}", page + 1),
            });
        }
        (*status == "any").then(|| format!("trash/{from}/1"))
    }
}

pub(crate) async fn changed_since(
    shop: &Shop,
    from: Timestamp,
    until: Timestamp,
    cursor: Option<&str>,
) -> Result<Page, PeerError> {
    let cursor = match cursor {
        None => Cursor { status: "any", start: from, page: 1 },
        Some(cursor) => Cursor::parse(cursor).ok_or_else(|| shop.rejected("a cursor that is not ours"))?,
    };
    let Cursor { status, start, page } = &cursor;
    let path = format!(
        "{V3}/orders?status={status}&orderby=modified&order=asc&dates_are_gmt=true&per_page={ORDERS_IN_PAGE}&page={page}\
         &modified_after={}&modified_before={}",
        // The shop's bounds are exclusive and of one second.
        gmt(*start, -1),
        gmt(until, 1),
    );
    let raw: Vec<Value> = ask(shop, Method::GET, &path, None).await?;
    let next = cursor.after(&raw, from);
    let shipped = raw.iter().filter(|raw| raw["status"] == "completed").filter_map(just_id).collect();
    Ok(Page { orders: raw.into_iter().filter_map(|raw| listed(shop, raw)).collect(), shipped, next })
}

fn gmt(at: Timestamp, move_s: i64) -> String {
    let at = at.checked_add(SignedDuration::from_secs(move_s)).unwrap_or(at);
    at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

fn modified(raw: &Value) -> Option<Timestamp> {
    format!("{}Z", raw.get("date_modified_gmt")?.as_str()?).parse().ok()
}

#[derive(Deserialize)]
struct Hook {
    id: RawId,
    topic: String,
    status: String,
    delivery_url: String,
}

pub(crate) async fn subscriptions(shop: &Shop, callback: &str) -> Result<Vec<Subscription>, PeerError> {
    let mut found = Vec::new();
    for page in 1..=PAGES_AT_MOST {
        let path = format!("{V3}/webhooks?per_page={WEBHOOKS_IN_PAGE}&page={page}");
        let hooks: Vec<Hook> = ask(shop, Method::GET, &path, None).await?;
        let last = hooks.len() < WEBHOOKS_IN_PAGE;
        let ours = hooks.into_iter().filter(|hook| hook.delivery_url == callback);
        found.extend(ours.map(|h| Subscription { id: h.id.0, active: h.status == "active", topic: h.topic }));
        if last {
            return Ok(found);
        }
    }
    Err(shop.garbage("webhooks that never end"))
}

pub(crate) async fn ensure_subscriptions(
    shop: &Shop,
    callback: &str,
    secret: Option<&SecretString>,
) -> Result<Vec<SubscriptionChange>, PeerError> {
    let Some(secret) = secret else { return Err(shop.missing("webhook secret to subscribe with")) };
    let present = subscriptions(shop, callback).await?;
    let secret = secret.expose_secret();
    let mut changes = Vec::new();
    for topic in TOPICS {
        let of_topic: Vec<_> = present.iter().filter(|hook| hook.topic == topic).collect();
        if of_topic.iter().any(|hook| hook.active) {
            changes.push(SubscriptionChange::Fine(topic.into()));
        } else if let Some(hook) = of_topic.first() {
            let body = json!({ "status": "active", "secret": secret });
            let _: Value = ask(shop, Method::PUT, &format!("{V3}/webhooks/{}", hook.id), Some(&body)).await?;
            changes.push(SubscriptionChange::Enabled(topic.into()));
        } else {
            let body = json!({
                "name": format!("Crossdock {topic}"),
                "topic": topic,
                "delivery_url": callback,
                "secret": secret,
                "status": "active",
            });
            let _: Value = ask(shop, Method::POST, &format!("{V3}/webhooks"), Some(&body)).await?;
            changes.push(SubscriptionChange::Created(topic.into()));
        }
    }
    Ok(changes)
}

#[derive(Deserialize)]
struct Index {
    name: String,
}

#[derive(Deserialize)]
struct CurrencyNow {
    code: String,
}

/// WooCommerce does not tell what a key may do, so each thing is tried.
pub(crate) async fn info(shop: &Shop) -> Result<ShopInfo, PeerError> {
    let index: Index = ask(shop, Method::GET, "/wp-json/", None).await?;
    let now: CurrencyNow = ask(shop, Method::GET, &format!("{V3}/data/currencies/current"), None).await?;
    let (mut scopes, mut missing_scopes) = (Vec::new(), Vec::new());
    for what in ["orders", "webhooks"] {
        let scope = format!("read {what}");
        match ask::<Vec<Value>>(shop, Method::GET, &format!("{V3}/{what}?per_page=1"), None).await {
            Ok(_) => scopes.push(scope),
            Err(PeerError::Unauthorized { .. }) => missing_scopes.push(scope),
            Err(error) => return Err(error),
        }
    }
    let currency = lenient::currency(&now.code).map_err(|lenient::Unclear(why)| shop.garbage(why))?;
    Ok(ShopInfo { name: index.name, currency, scopes, missing_scopes })
}
