//! What Crossdock asks a Shopify shop.

use std::collections::BTreeSet;

use crossdock_core::{OrderId, PeerError};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    graphql::{self, Failure, run},
    node::{self, Connection, LineItem},
};
use crate::{
    api::{Fetched, Page, Shop, ShopInfo, Subscription, SubscriptionChange},
    lenient,
};

/// Orders of a page at first. Shopify prices a query before it runs it and the price depends on its own
/// mood, so a page that costs too much is asked for again with half as many.
const ORDERS_AT_FIRST: u32 = 50;
/// Lines of each order in a page; an order with more is fetched by itself.
const LINES_IN_PAGE: u32 = 20;
const LINES_ALONE: u32 = 100;
/// Shopify allows 500 lines in an order; an answer that never ends must end here.
const LINE_PAGES_AT_MOST: usize = 50;

/// `orders/updated` tells of nearly everything; the others arrive sooner or tell what it leaves out.
const TOPICS: [&str; 6] =
    ["ORDERS_CREATE", "ORDERS_UPDATED", "ORDERS_PAID", "ORDERS_CANCELLED", "ORDERS_EDITED", "ORDERS_DELETE"];

/// Without `read_all_orders`, an order older than 60 days reads as if it had been deleted.
/// Fulfilment orders of the merchant's own locations are hidden without the right to them, their location
/// without `read_locations`, and events of a parcel need a right of their own.
const SCOPES: [&str; 7] = [
    "read_orders",
    "read_all_orders",
    "read_customers",
    "read_payment_terms",
    "write_merchant_managed_fulfillment_orders",
    "write_fulfillments",
    "read_locations",
];

#[derive(Deserialize)]
struct OrderAnswer {
    order: Option<Value>,
}

pub(crate) async fn fetch_order(shop: &Shop, id: &OrderId) -> Result<Fetched, PeerError> {
    let mut whole: Option<node::Order> = None;
    let mut after: Option<String> = None;
    for _ in 0..LINE_PAGES_AT_MOST {
        let variables =
            json!({ "id": format!("gid://shopify/Order/{id}"), "lines": LINES_ALONE, "after": after });
        let answer: OrderAnswer =
            run(shop, "Order", graphql::ORDER, variables).await.map_err(|failure| failure.peer(shop))?;
        let Some(raw) = answer.order.filter(|order| !order.is_null()) else { return Ok(Fetched::Gone) };
        let mut part: node::Order = match serde_json::from_value(raw) {
            Ok(part) => part,
            Err(error) => {
                return Ok(Fetched::Unreadable { order: Some(id.clone()), why: lenient::why(&error) });
            }
        };
        let next = part.line_items.page_info.next().map(str::to_owned);
        if let Some(earlier) = whole {
            // Pages of two states of the order must not be mixed.
            if earlier.updated_at != part.updated_at {
                return Err(PeerError::Conflict { peer: shop.peer() });
            }
            part.line_items.nodes =
                earlier.line_items.nodes.into_iter().chain(part.line_items.nodes).collect();
        }
        if next.is_none() {
            return Ok(read(shop, part));
        }
        whole = Some(part);
        after = next;
    }
    Err(shop.garbage("an order whose lines never end"))
}

fn read(shop: &Shop, order: node::Order) -> Fetched {
    let id = order.id.order().ok();
    match order.canonical(&shop.channel) {
        Ok(order) => Fetched::Order(Box::new(order)),
        Err(lenient::Unclear(why)) => Fetched::Unreadable { order: id, why },
    }
}

#[derive(Deserialize)]
struct OrdersAnswer {
    orders: Connection<Value>,
}

pub(crate) async fn changed_since(
    shop: &Shop,
    from: Timestamp,
    until: Timestamp,
    cursor: Option<&str>,
) -> Result<Page, PeerError> {
    let query = format!("updated_at:>='{}' AND updated_at:<='{}'", seconds(from), seconds(until));
    let (mut first, after) = match cursor {
        None => (ORDERS_AT_FIRST, None),
        Some(cursor) => split(cursor).ok_or_else(|| shop.rejected("a cursor that is not ours"))?,
    };
    let answer = loop {
        let variables = json!({ "query": query, "first": first, "after": after, "lines": LINES_IN_PAGE });
        match run::<OrdersAnswer>(shop, "OrdersChanged", graphql::ORDERS_CHANGED, variables).await {
            Ok(answer) => break answer,
            Err(Failure::TooCostly) if first > 1 => first /= 2,
            Err(failure) => return Err(failure.peer(shop)),
        }
    };
    let next = answer.orders.page_info.next().map(|after| format!("{first}:{after}"));
    let (mut orders, mut shipped) = (Vec::with_capacity(answer.orders.nodes.len()), BTreeSet::new());
    for raw in answer.orders.nodes {
        if raw["displayFulfillmentStatus"] == "FULFILLED" {
            shipped.extend(just_id(&raw));
        }
        orders.push(whole(shop, raw).await?);
    }
    Ok(Page { orders, shipped, next })
}

/// Shopify's resolution is one second; the window is never made smaller by that.
fn seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn split(cursor: &str) -> Option<(u32, Option<&str>)> {
    let (first, after) = cursor.split_once(':')?;
    Some((first.parse().ok().filter(|first| (1..=ORDERS_AT_FIRST).contains(first))?, Some(after)))
}

fn just_id(raw: &Value) -> Option<OrderId> {
    #[derive(Deserialize)]
    struct JustId {
        id: lenient::RawId,
    }
    JustId::deserialize(raw).ok().and_then(|just| just.id.order().ok())
}

/// One order of a page, with all of its lines.
async fn whole(shop: &Shop, raw: Value) -> Result<Fetched, PeerError> {
    let id = just_id(&raw);
    match serde_json::from_value::<node::Order>(raw) {
        Err(error) => Ok(Fetched::Unreadable { order: id, why: lenient::why(&error) }),
        Ok(order) if has_more(&order.line_items) => match id {
            Some(id) => fetch_order(shop, &id).await,
            None => Ok(read(shop, order)),
        },
        Ok(order) => Ok(read(shop, order)),
    }
}

fn has_more(lines: &Connection<LineItem>) -> bool {
    lines.page_info.next().is_some()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubscriptionsAnswer {
    webhook_subscriptions: Connection<SubscriptionNode>,
}

#[derive(Deserialize)]
struct SubscriptionNode {
    id: String,
    topic: String,
    uri: Option<String>,
}

pub(crate) async fn subscriptions(shop: &Shop, callback: &str) -> Result<Vec<Subscription>, PeerError> {
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..LINE_PAGES_AT_MOST {
        let variables = json!({ "first": 100, "after": after });
        let answer: SubscriptionsAnswer =
            run(shop, "WebhookSubscriptions", graphql::WEBHOOK_SUBSCRIPTIONS, variables)
                .await
                .map_err(|failure| failure.peer(shop))?;
        let page = answer.webhook_subscriptions;
        after = page.page_info.next().map(str::to_owned);
        let ours = page.nodes.into_iter().filter(|node| node.uri.as_deref() == Some(callback));
        // Shopify has no paused subscription: after too many failures it is deleted.
        found.extend(ours.map(|node| Subscription { id: node.id, topic: node.topic, active: true }));
        if after.is_none() {
            return Ok(found);
        }
    }
    Err(shop.garbage("subscriptions that never end"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateAnswer {
    webhook_subscription_create: Created,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    #[serde(default)]
    user_errors: Vec<UserError>,
}

#[derive(Deserialize)]
struct UserError {
    message: String,
}

pub(crate) async fn ensure_subscriptions(
    shop: &Shop,
    callback: &str,
) -> Result<Vec<SubscriptionChange>, PeerError> {
    let present = subscriptions(shop, callback).await?;
    let mut changes = Vec::new();
    for topic in TOPICS {
        if present.iter().any(|subscription| subscription.topic == topic) {
            changes.push(SubscriptionChange::Fine(topic.into()));
            continue;
        }
        let variables =
            json!({ "topic": topic, "webhookSubscription": { "uri": callback, "format": "JSON" } });
        let answer: CreateAnswer =
            run(shop, "WebhookSubscriptionCreate", graphql::WEBHOOK_SUBSCRIPTION_CREATE, variables)
                .await
                .map_err(|failure| failure.peer(shop))?;
        if let Some(error) = answer.webhook_subscription_create.user_errors.first() {
            return Err(shop.rejected(&format!("{topic}: {}", error.message)));
        }
        changes.push(SubscriptionChange::Created(topic.into()));
    }
    Ok(changes)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InfoAnswer {
    shop: ShopNode,
    current_app_installation: Option<Installation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShopNode {
    name: String,
    currency_code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Installation {
    #[serde(default)]
    access_scopes: Vec<Scope>,
}

#[derive(Deserialize)]
struct Scope {
    handle: String,
}

pub(crate) async fn check(shop: &Shop) -> Result<ShopInfo, PeerError> {
    let answer: InfoAnswer =
        run(shop, "ShopInfo", graphql::SHOP_INFO, json!({})).await.map_err(|failure| failure.peer(shop))?;
    let granted = answer.current_app_installation.map(|app| app.access_scopes).unwrap_or_default();
    let scopes: Vec<_> = granted.into_iter().map(|scope| scope.handle).collect();
    Ok(ShopInfo {
        name: answer.shop.name,
        currency: lenient::currency(&answer.shop.currency_code)
            .map_err(|lenient::Unclear(why)| shop.garbage(why))?,
        missing_scopes: missing(&scopes, &SCOPES),
        scopes,
    })
}

/// Which of these scopes were not granted.
pub(crate) async fn lacking(shop: &Shop, wanted: &[&str]) -> Result<Vec<String>, PeerError> {
    Ok(missing(&check(shop).await?.scopes, wanted))
}

/// The right to write is the right to read too, and Shopify lists only one of them.
fn missing(scopes: &[String], wanted: &[&str]) -> Vec<String> {
    let may = |wanted: &str| {
        let write = wanted.replacen("read_", "write_", 1);
        scopes.iter().any(|scope| scope == wanted || *scope == write)
    };
    wanted.iter().filter(|wanted| !may(wanted)).map(|&wanted| wanted.to_owned()).collect()
}
