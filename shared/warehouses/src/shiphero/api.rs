//! Calling ShipHero.

use crossdock_core::{
    PeerError, Reference,
    order::Address,
    shipment::{Release, ReleaseLine, Shipment},
};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    graphql::{self, Failure, run},
    token::Issued,
    wire,
};
use crate::{
    counts,
    door::Door,
    warehouse::{Accepted, Counts, Found, FoundState, Stop},
};

#[derive(Deserialize)]
struct Created {
    order: CreatedOrder,
}

#[derive(Deserialize)]
struct CreatedOrder {
    id: String,
}

#[derive(Deserialize)]
struct Orders {
    #[serde(deserialize_with = "wire::edges")]
    data: Vec<wire::OrderNode>,
}

#[derive(Deserialize)]
struct Products {
    data: wire::CountedPage,
}

#[derive(Deserialize)]
struct One {
    data: Option<wire::OrderNode>,
}

pub(crate) async fn release(door: &Door, issued: &Issued, release: &Release) -> Result<Accepted, PeerError> {
    let data = order(door, release)?;
    let variables = json!({ "data": data });
    match run::<Created>(door, issued, graphql::ORDER_CREATE, "order_create", variables).await {
        Ok(created) => Ok(Accepted { id: Some(door.id(created.order.id)?) }),
        Err(Failure::No(text)) => Err(door.refused(&text, release)),
        Err(Failure::Peer(error)) => Err(error),
    }
}

/// `CreateOrderInput`. Prices are needed and stand for nothing: Odoo invoices.
fn order(door: &Door, release: &Release) -> Result<Value, PeerError> {
    let reference = &release.key.reference;
    let lines =
        release.lines.iter().map(|line| item(door, reference, line)).collect::<Result<Vec<_>, _>>()?;
    let mut address = address(&release.to);
    if let Some(email) = &release.email {
        address["email"] = email.clone().into();
    }
    let purchase_order = release.purchase_order.as_ref().map(|number| format!("PO {number}"));
    let tags: Vec<String> = [release.order_number.clone()].into_iter().chain(purchase_order).collect();
    let mut order = json!({
        "order_number": reference,
        "partner_order_id": reference,
        "shop_name": door.warehouse,
        "fulfillment_status": "pending",
        "order_date": door.client.clock().now().strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        "shipping_address": address,
        "line_items": lines,
        "tags": tags,
    });
    for (field, value) in [
        ("email", &release.email),
        ("gift_note", &release.gift_note),
        ("packing_note", &release.delivery_note),
    ] {
        if let Some(value) = value {
            order[field] = value.clone().into();
        }
    }
    if let Some(service) = &release.service {
        order["shipping_lines"] = json!({ "title": service, "price": "0.00" });
    }
    Ok(order)
}

fn item(door: &Door, reference: &Reference, line: &ReleaseLine) -> Result<Value, PeerError> {
    let whole = Some(line.quantity).filter(|quantity| quantity.fract().is_zero());
    let quantity = whole.and_then(|quantity| quantity.to_u32()).ok_or_else(|| {
        let quantity = line.quantity.normalize();
        door.rejected(format!("ShipHero ships whole numbers only, and SKU {} is {quantity}", line.sku))
    })?;
    if !line.lots.is_empty() {
        let what = format!("ShipHero cannot be told which lots to ship, as SKU {} needs", line.sku);
        return Err(door.rejected(what));
    }
    Ok(json!({
        "sku": line.sku,
        "partner_line_item_id": format!("{reference}{}{}", wire::SEPARATOR, line.line),
        "quantity": quantity,
        "quantity_pending_fulfillment": quantity,
        "fulfillment_status": "pending",
        "price": "0.00",
        "product_name": line.name,
    }))
}

fn address(to: &Address) -> Value {
    // A name of one word is a last name: labels print both with a space between.
    let (first, last) = to.name.trim().rsplit_once(' ').unwrap_or(("", to.name.trim()));
    let mut address = json!({
        "first_name": first, "last_name": last, "address1": to.street, "city": to.city, "country": to.country,
    });
    for (field, value) in [
        ("company", &to.company),
        ("address2", &to.street2),
        ("state", &to.region),
        ("zip", &to.postcode),
        ("phone", &to.phone),
    ] {
        if let Some(value) = value {
            address[field] = value.clone().into();
        }
    }
    address
}

async fn look(
    door: &Door,
    issued: &Issued,
    reference: &Reference,
) -> Result<Option<wire::OrderNode>, PeerError> {
    let variables = json!({ "number": reference });
    let orders: Orders = run(door, issued, graphql::ORDERS, "orders", variables)
        .await
        .map_err(|failure| failure.peer(door))?;
    let ours = |node: &wire::OrderNode| node.order_number.as_deref() == Some(reference.as_str());
    let mut found: Vec<wire::OrderNode> = orders.data.into_iter().filter(ours).collect();
    // One that was cancelled by hand and made anew stands beside its successor.
    if found.iter().any(|node| state(node) != FoundState::Cancelled) {
        found.retain(|node| state(node) != FoundState::Cancelled);
        if found.len() > 1 {
            let what = format!("{} orders stand under {reference}: cancel all but one there", found.len());
            return Err(door.rejected(what));
        }
    }
    Ok(found.pop())
}

fn state(node: &wire::OrderNode) -> FoundState {
    // An account may add statuses of its own, all of which mean that it is not done.
    match node.fulfillment_status.as_deref() {
        Some("canceled" | "cancelled") => FoundState::Cancelled,
        Some("fulfilled") => FoundState::Shipped,
        _ if !node.shipments.is_empty() => FoundState::Shipping,
        _ if node.allocations.iter().any(|one| one.is_locked == Some(true)) => FoundState::Shipping,
        _ => FoundState::Open,
    }
}

pub(crate) async fn find(
    door: &Door,
    issued: &Issued,
    reference: &Reference,
) -> Result<Option<Found>, PeerError> {
    let node = look(door, issued, reference).await?;
    let found = node.map(|node| Ok(Found { state: state(&node), id: Some(door.id(node.id)?) }));
    found.transpose()
}

pub(crate) async fn stop(
    door: &Door,
    issued: &Issued,
    reference: &Reference,
    id: Option<&str>,
) -> Result<Stop, PeerError> {
    let node = match id {
        Some(id) => {
            let one: Result<One, Failure> =
                run(door, issued, graphql::ORDER, "order", json!({ "id": id })).await;
            one.map_err(|failure| failure.peer(door))?.data
        }
        None => look(door, issued, reference).await?,
    };
    let node = node.ok_or_else(|| door.missing("such order"))?;
    match state(&node) {
        FoundState::Cancelled => return Ok(Stop::Stopped),
        // ShipHero would cancel an order on a picker's cart too; the goods are then out of their place.
        FoundState::Shipping => return Ok(Stop::Refused { why: "it is being picked or packed".into() }),
        FoundState::Shipped => return Ok(Stop::Refused { why: "it has shipped".into() }),
        FoundState::Open => {}
    }
    // Without `force` ShipHero refuses where a label was made since we looked.
    let data =
        json!({ "order_id": node.id, "reason": "called off", "void_on_platform": false, "force": false });
    let answer: Result<Value, Failure> =
        run(door, issued, graphql::ORDER_CANCEL, "order_cancel", json!({ "data": data })).await;
    match answer {
        Ok(_) => Ok(Stop::Stopped),
        Err(Failure::No(text)) => Ok(Stop::Refused { why: door.said(&text) }),
        Err(Failure::Peer(error)) => Err(error),
    }
}

pub(crate) async fn shipments(
    door: &Door,
    issued: &Issued,
    reference: &Reference,
    id: Option<&str>,
) -> Result<Vec<Shipment>, PeerError> {
    let id = match id {
        Some(id) => id.to_owned(),
        None => match look(door, issued, reference).await? {
            Some(node) => node.id,
            None => return Ok(Vec::new()),
        },
    };
    let one: One = run(door, issued, graphql::SHIPMENTS, "order", json!({ "id": id }))
        .await
        .map_err(|failure| failure.peer(door))?;
    let nodes = one.data.map(|node| node.shipments).unwrap_or_default();
    let read = nodes.iter().map(|node| node.to_shipment(&door.warehouse, reference));
    let mut shipments = read.collect::<Result<Vec<_>, _>>().map_err(|why| door.garbage(why))?;
    shipments.sort_by(|a, b| (a.shipped_at, &a.key).cmp(&(b.shipped_at, &b.key)));
    Ok(shipments)
}

/// `of` is ShipHero's id of the warehouse.
pub(crate) async fn counts(
    door: &Door,
    issued: &Issued,
    of: &str,
    after: Option<&str>,
) -> Result<Counts, PeerError> {
    let variables = json!({ "warehouse": of, "after": after });
    let products: Products = run(door, issued, graphql::WAREHOUSE_PRODUCTS, "warehouse_products", variables)
        .await
        .map_err(|failure| failure.peer(door))?;
    let page = products.data;
    let next = if page.page_info.has_next_page {
        let cursor = page.page_info.end_cursor.ok_or_else(|| door.garbage("more without a cursor to it"))?;
        Some(door.id(cursor)?)
    } else {
        None
    };
    let rows = page.edges.into_iter().map(|edge| (edge.node.sku, edge.node.on_hand.map(Decimal::from)));
    Ok(Counts { lines: counts::lines(rows), next })
}
