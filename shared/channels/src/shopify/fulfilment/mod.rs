//! Tells a Shopify shop of a shipment: `fulfillmentCreate` on the order's fulfilment orders.
//!
//! Shopify splits an order into fulfilment orders by location and says what remains of each; all of one call
//! must be of one location. It keeps no text of ours with a fulfilment and knows no idempotency key for this
//! call (checked for 2026-04), so a fulfilment is known again by its tracking numbers and pieces, and never by
//! chance: one that belongs to another shipment of ours is left out by its id, and more than what remains is
//! never told.

mod plan;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeSet;

use crossdock_core::{
    OrderId, PeerError, ShipmentKey,
    shipment::{Announcement, ParcelNews, ParcelStatus},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use self::{
    plan::{Batch, Pieces},
    wire::{Fulfilment, FulfilmentOrder},
};
use super::graphql::{Failure, run};
use crate::{Announced, api::Shop};

/// Fulfilment orders of a page, and lines of each. Halved where the shop finds that too costly.
const ORDERS_IN_PAGE: u32 = 5;
const LINES_IN_PAGE: u32 = 30;
const LINES_ALONE: u32 = 100;
/// An answer that never ends must end here.
const PAGES_AT_MOST: usize = 100;

async fn ask<T: DeserializeOwned>(
    shop: &Shop,
    operation: &str,
    query: &str,
    variables: Value,
) -> Result<T, PeerError> {
    run(shop, operation, query, variables).await.map_err(|failure| failure.peer(shop))
}

/// What the shop holds about an order's shipping.
struct Standing {
    fulfilments: Vec<Fulfilment>,
    orders: Vec<FulfilmentOrder>,
}

pub(crate) async fn announce(shop: &Shop, said: &Announcement) -> Result<Announced, PeerError> {
    let Some(mut need) = plan::pieces(&said.lines) else {
        return Err(shop.rejected("Shopify counts whole pieces, and the shipment holds a part of one"));
    };
    let standing = look(shop, &said.order).await?;
    let tracked = !plan::numbers(said).is_empty();
    let mut ids = Vec::new();
    for fulfilment in standing.fulfilments.iter().filter(|one| plan::may_be(one, said)) {
        if need.is_empty() {
            break;
        }
        let lines = lines_of(shop, &fulfilment.id.0).await?;
        if plan::takes(&mut need, &lines, tracked) {
            ids.push(fulfilment.id.0.clone());
        }
    }
    let plan =
        plan::plan(need, &standing.orders, said.location.as_deref()).map_err(|why| shop.rejected(why))?;
    for batch in &plan.batches {
        ids.push(create(shop, said, batch).await?);
    }
    let id = (!ids.is_empty()).then(|| ids.join(","));
    Ok(Announced { id, untold: plan::untold(said, plan.untold), left_open: None })
}

/// An order that is gone, or has more fulfilments than are listed, says nothing.
pub(crate) async fn lacks(
    shop: &Shop,
    order: &OrderId,
    told: &[(ShipmentKey, String)],
) -> Result<BTreeSet<ShipmentKey>, PeerError> {
    let variables = json!({ "id": format!("gid://shopify/Order/{order}") });
    let answer: wire::IdsAnswer = ask(shop, "FulfilmentIds", wire::IDS, variables).await?;
    let there = answer.order.map(|order| order.fulfillments);
    let Some(there) = there.filter(|all| all.len() < wire::FULFILMENTS_AT_MOST) else {
        return Ok(BTreeSet::new());
    };
    let is_there = |id: &str| there.iter().any(|one| one.id.0 == id);
    let lost = told.iter().filter(|(_, ids)| !ids.split(',').all(is_there));
    Ok(lost.map(|(key, _)| key.clone()).collect())
}

async fn look(shop: &Shop, order: &OrderId) -> Result<Standing, PeerError> {
    let (mut first, mut lines, mut after) = (ORDERS_IN_PAGE, LINES_IN_PAGE, None::<String>);
    let mut standing = Standing { fulfilments: Vec::new(), orders: Vec::new() };
    for _ in 0..PAGES_AT_MOST {
        let id = format!("gid://shopify/Order/{order}");
        let variables = json!({ "id": id, "first": first, "lines": lines, "after": after });
        let answer: wire::LookAnswer = match run(shop, "Fulfilment", wire::LOOK, variables).await {
            Ok(answer) => answer,
            Err(Failure::TooCostly) if lines > 1 => {
                (first, lines) = (first.div_ceil(2), lines / 2);
                continue;
            }
            Err(failure) => return Err(failure.peer(shop)),
        };
        let order = answer.order.ok_or_else(|| shop.missing("such order"))?;
        if order.fulfillments.len() >= wire::FULFILMENTS_AT_MOST {
            return Err(shop.rejected("the order has more fulfillments than can be told apart"));
        }
        standing.fulfilments = order.fulfillments;
        let page = order.fulfillment_orders;
        after = page.page_info.next().map(str::to_owned);
        for mut one in page.nodes {
            more_lines(shop, &mut one).await?;
            standing.orders.push(one);
        }
        if after.is_none() {
            return Ok(standing);
        }
    }
    Err(shop.garbage("fulfillment orders that never end"))
}

async fn more_lines(shop: &Shop, order: &mut FulfilmentOrder) -> Result<(), PeerError> {
    for _ in 0..PAGES_AT_MOST {
        let Some(after) = order.line_items.page_info.next() else { return Ok(()) };
        let variables = json!({ "id": order.id, "lines": LINES_ALONE, "after": after });
        let answer: wire::MoreAnswer =
            ask(shop, "FulfillmentOrderLines", wire::MORE_LINES, variables).await?;
        // It was there a moment ago: it was split or merged meanwhile.
        let more = answer.fulfillment_order.ok_or_else(|| PeerError::Conflict { peer: shop.peer() })?;
        order.line_items.page_info = more.line_items.page_info;
        order.line_items.nodes.extend(more.line_items.nodes);
    }
    Err(shop.garbage("lines that never end"))
}

async fn lines_of(shop: &Shop, fulfilment: &str) -> Result<Pieces, PeerError> {
    let (mut pieces, mut after) = (Pieces::new(), None::<String>);
    for _ in 0..PAGES_AT_MOST {
        let variables = json!({ "id": gid(fulfilment), "lines": LINES_ALONE, "after": after });
        let answer: wire::LinesAnswer = ask(shop, "FulfillmentLines", wire::LINES_OF, variables).await?;
        let Some(found) = answer.fulfillment else { return Ok(pieces) };
        let page = found.fulfillment_line_items;
        after = page.page_info.next().map(str::to_owned);
        for line in page.nodes {
            let sum = pieces.entry(line.line_item.id.0).or_default();
            *sum = u64::saturating_add(*sum, line.quantity.unwrap_or_default());
        }
        if after.is_none() {
            return Ok(pieces);
        }
    }
    Err(shop.garbage("lines that never end"))
}

fn gid(fulfilment: &str) -> String {
    format!("gid://shopify/Fulfillment/{fulfilment}")
}

async fn create(shop: &Shop, said: &Announcement, batch: &Batch) -> Result<String, PeerError> {
    let mut by_order: Vec<(&str, Vec<Value>)> = Vec::new();
    for (order, line, count) in &batch.items {
        let item = json!({ "id": line, "quantity": count });
        match by_order.last_mut().filter(|(last, _)| last == order) {
            Some((_, items)) => items.push(item),
            None => by_order.push((order, vec![item])),
        }
    }
    let lines: Vec<_> = by_order
        .into_iter()
        .map(|(order, items)| json!({ "fulfillmentOrderId": order, "fulfillmentOrderLineItems": items }))
        .collect();
    let mut input = json!({ "lineItemsByFulfillmentOrder": lines, "notifyCustomer": said.notify_customer });
    if let Some(tracking) = tracking(said) {
        input["trackingInfo"] = tracking;
    }
    let answer: wire::CreateAnswer =
        ask(shop, "FulfillmentCreate", wire::CREATE, json!({ "fulfillment": input })).await?;
    let created = answer.fulfillment_create;
    if let Some(error) = created.user_errors.first() {
        return Err(shop.rejected(&error.message));
    }
    created.fulfillment.map(|one| one.id.0).ok_or_else(|| shop.garbage("neither a fulfillment nor an error"))
}

/// Several parcels of one shipment share a carrier's name there. Addresses are left to Shopify unless every
/// number has one: it takes them in the order of the numbers.
fn tracking(said: &Announcement) -> Option<Value> {
    let company = said.parcels.first().map(|parcel| parcel.carrier.as_str()).filter(|name| !name.is_empty());
    let tracked: Vec<_> = said.parcels.iter().filter(|parcel| parcel.tracking.is_some()).collect();
    let numbers: Vec<_> = tracked.iter().filter_map(|parcel| parcel.tracking.as_deref()).collect();
    let urls: Vec<_> = tracked.iter().filter_map(|parcel| parcel.url.as_deref()).collect();
    let mut info = json!({});
    if let Some(company) = company {
        info["company"] = company.into();
    }
    if !numbers.is_empty() {
        info["numbers"] = numbers.clone().into();
        if urls.len() == numbers.len() {
            info["urls"] = urls.into();
        }
    }
    (company.is_some() || !numbers.is_empty()).then_some(info)
}

/// The shop shows the newest event. What it has is not told again, nor what is older than that.
pub(crate) async fn news(
    shop: &Shop,
    order: &OrderId,
    remote: Option<&str>,
    news: &ParcelNews,
) -> Result<(), PeerError> {
    let status = match news.status {
        // The fulfilment itself has said so much.
        ParcelStatus::Announced => return Ok(()),
        ParcelStatus::InTransit => "IN_TRANSIT",
        ParcelStatus::OutForDelivery => "OUT_FOR_DELIVERY",
        ParcelStatus::Delivered => "DELIVERED",
        ParcelStatus::Exception => "FAILURE",
    };
    let ids: Vec<String> = match remote {
        Some(ids) => ids.split(',').map(str::to_owned).collect(),
        None => {
            let all = look(shop, order).await?.fulfilments;
            let with = all.iter().filter(|one| one.stands() && one.numbers().any(|n| n == news.tracking));
            with.map(|one| one.id.0.clone()).collect()
        }
    };
    for id in ids {
        event(shop, &id, status, news).await?;
    }
    Ok(())
}

async fn event(shop: &Shop, fulfilment: &str, status: &str, news: &ParcelNews) -> Result<(), PeerError> {
    let variables = json!({ "id": gid(fulfilment) });
    let answer: wire::EventsAnswer = ask(shop, "FulfillmentEvents", wire::EVENTS, variables).await?;
    // Cancelled by hand meanwhile: there is nobody left to tell.
    let Some(there) = answer.fulfillment.filter(|there| there.status != "CANCELLED") else { return Ok(()) };
    let newest = there.events.nodes.first();
    if newest.is_some_and(|newest| newest.status == status || newest.happened_at > news.at) {
        return Ok(());
    }
    let mut event = json!({
        "fulfillmentId": gid(fulfilment), "status": status, "happenedAt": news.at.to_string(),
    });
    if let Some(detail) = &news.detail {
        event["message"] = detail.as_str().into();
    }
    let answer: wire::EventCreateAnswer =
        ask(shop, "FulfillmentEventCreate", wire::EVENT_CREATE, json!({ "fulfillmentEvent": event })).await?;
    match answer.fulfillment_event_create.user_errors.first() {
        Some(error) => Err(shop.rejected(&error.message)),
        None => Ok(()),
    }
}
