//! Calling ShipStation's v2 API.

use bytes::Bytes;
use crossdock_core::{
    PeerError, Reference,
    shipment::{Notice, Release, ReleaseLine, Shipment},
    uri::encoded,
};
use crossdock_http::{check_status, json};
use http::{Method, Response, StatusCode};
use jiff::SignedDuration;
use rust_decimal::prelude::ToPrimitive as _;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{
    handle::Handle,
    wire::{self, Page, Part},
};
use crate::{
    counts,
    door::Door,
    warehouse::{Accepted, Counts, Found, FoundState, Stop},
};

/// A longer `external_shipment_id` is cut off there, and is then another one.
const REFERENCE_AT_MOST: usize = 50;
const PAGE: u32 = 100;
/// No order has so many parts, and no batch of labels that we are told of so many labels.
const PAGES_AT_MOST: u32 = 20;
/// How far back is looked after a call that says only that something happened.
const RECENT: SignedDuration = SignedDuration::from_hours(2);

pub(crate) async fn release(door: &Door, release: &Release) -> Result<Accepted, PeerError> {
    let body = json!({ "shipments": [order(door, release)?] });
    let answer = call(door, Method::POST, "/v2/shipments", Some(&body)).await?;
    if matches!(
        answer.status(),
        StatusCode::BAD_REQUEST | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY
    ) {
        return again(door, release, &message(&answer)).await;
    }
    check_status(&door.peer(), &answer, door.client.clock())?;
    let created: wire::Created = json(&door.peer(), &answer)?;
    let one = created.shipments.into_iter().next().ok_or_else(|| door.garbage("no shipment"))?;
    if !one.errors.is_empty() {
        let told: Vec<String> = one.errors.iter().map(error_text).collect();
        return again(door, release, &told.join("; ")).await;
    }
    match one.shipment_id {
        Some(id) => Ok(Accepted { id: Some(door.id(id)?) }),
        None => Err(door.garbage("a shipment without an id")),
    }
}

/// A no may mean that it is there already: the external id is unique. So what is there decides.
async fn again(door: &Door, release: &Release, told: &str) -> Result<Accepted, PeerError> {
    match find(door, &release.key.reference).await? {
        Some(Found { id, state: FoundState::Open | FoundState::Shipping | FoundState::Shipped }) => {
            Ok(Accepted { id })
        }
        Some(Found { state: FoundState::Cancelled, .. }) => {
            Err(door.rejected("this release was called off there"))
        }
        None => Err(door.refused(told, release)),
    }
}

fn order(door: &Door, release: &Release) -> Result<Value, PeerError> {
    let reference = &release.key.reference;
    if reference.as_str().len() > REFERENCE_AT_MOST {
        return Err(door.rejected(format!("ShipStation keeps {REFERENCE_AT_MOST} characters of a reference")));
    }
    let items = release.lines.iter().map(|line| item(door, line)).collect::<Result<Vec<_>, _>>()?;
    let to = &release.to;
    let mut ship_to = json!({
        "name": to.name, "address_line1": to.street, "city_locality": to.city, "country_code": to.country,
        "address_residential_indicator": "unknown",
    });
    for (field, value) in [
        ("company_name", &to.company),
        ("address_line2", &to.street2),
        ("state_province", &to.region),
        ("postal_code", &to.postcode),
        ("phone", &to.phone),
        ("email", &release.email),
    ] {
        if let Some(value) = value {
            ship_to[field] = value.clone().into();
        }
    }
    let purchase_order = release.purchase_order.as_ref().map(|number| format!("PO {number}"));
    let internal: Vec<String> = [release.order_number.clone()].into_iter().chain(purchase_order).collect();
    let mut order = json!({
        "external_shipment_id": reference, "shipment_number": reference, "create_sales_order": true,
        "validate_address": "no_validation", "shipment_status": "pending", "ship_to": ship_to, "items": items,
        "internal_notes": internal.join(", "), "is_gift": release.gift_note.is_some(),
    });
    for (field, value) in
        [("notes_for_gift", &release.gift_note), ("notes_from_buyer", &release.delivery_note)]
    {
        if let Some(value) = value {
            order[field] = value.clone().into();
        }
    }
    // `se-123/ups_ground`, or the service's code alone.
    if let Some(service) = &release.service {
        let (carrier, service) =
            service.split_once('/').map_or((None, service.as_str()), |(c, s)| (Some(c), s));
        order["service_code"] = service.into();
        if let Some(carrier) = carrier {
            order["carrier_id"] = carrier.into();
        }
    }
    Ok(order)
}

fn item(door: &Door, line: &ReleaseLine) -> Result<Value, PeerError> {
    let whole = Some(line.quantity).filter(|quantity| quantity.fract().is_zero());
    let quantity = whole.and_then(|quantity| quantity.to_u32()).ok_or_else(|| {
        let quantity = line.quantity.normalize();
        door.rejected(format!("ShipStation ships whole numbers only, and SKU {} is {quantity}", line.sku))
    })?;
    if !line.lots.is_empty() {
        let what = format!("ShipStation cannot be told which lots to ship, as SKU {} needs", line.sku);
        return Err(door.rejected(what));
    }
    Ok(
        json!({ "external_order_item_id": line.line, "sku": line.sku, "name": line.name, "quantity": quantity }),
    )
}

/// Every part of a release.
async fn parts(door: &Door, reference: &Reference) -> Result<Vec<Part>, PeerError> {
    let number = reference.as_str().replace('/', "%2F");
    let pages = list(door, &format!("shipments?shipment_number={number}")).await?;
    let all = pages.into_iter().flat_map(|page| page.shipments);
    // The vendor does not say whether it looks for the whole number.
    Ok(all.filter(|part| part.reference().as_ref() == Some(reference)).collect())
}

fn state(parts: &[Part]) -> FoundState {
    let status = |part: &Part| part.shipment_status.clone().unwrap_or_default();
    let all: Vec<String> = parts.iter().map(status).collect();
    let alive: Vec<&String> = all.iter().filter(|status| *status != "cancelled").collect();
    if alive.is_empty() {
        FoundState::Cancelled
    } else if alive.iter().all(|status| matches!(status.as_str(), "label_purchased" | "shipped")) {
        FoundState::Shipped
    } else if alive
        .iter()
        .all(|status| !matches!(status.as_str(), "label_purchased" | "shipped" | "processing"))
    {
        FoundState::Open
    } else {
        FoundState::Shipping
    }
}

/// The part that was made of our call; a split leaves it in place.
fn first<'a>(parts: &'a [Part], reference: &Reference) -> Option<&'a Part> {
    let ours = parts.iter().find(|part| part.external_shipment_id.as_deref() == Some(reference.as_str()));
    ours.or_else(|| parts.first())
}

pub(crate) async fn find(door: &Door, reference: &Reference) -> Result<Option<Found>, PeerError> {
    let parts = parts(door, reference).await?;
    let found = first(&parts, reference).map(|part| door.id(part.shipment_id.clone())).transpose()?;
    Ok(found.map(|id| Found { id: Some(id), state: state(&parts) }))
}

pub(crate) async fn stop(door: &Door, reference: &Reference) -> Result<Stop, PeerError> {
    let parts = parts(door, reference).await?;
    if parts.is_empty() {
        return Err(door.missing("such shipment"));
    }
    match state(&parts) {
        FoundState::Cancelled => return Ok(Stop::Stopped),
        FoundState::Shipping => return Ok(Stop::Refused { why: "a label is being made, or is made".into() }),
        FoundState::Shipped => return Ok(Stop::Refused { why: "it has shipped".into() }),
        FoundState::Open => {}
    }
    let alive = parts.iter().filter(|part| part.shipment_status.as_deref() != Some("cancelled"));
    for part in alive {
        let path = format!("/v2/shipments/{}/cancel", id(door, &part.shipment_id)?);
        let answer = call(door, Method::PUT, &path, None).await?;
        // A label that was bought since we looked has to be voided first.
        if matches!(answer.status(), StatusCode::BAD_REQUEST | StatusCode::CONFLICT) {
            return Ok(Stop::Refused { why: door.said(&message(&answer)) });
        }
        check_status(&door.peer(), &answer, door.client.clock())?;
    }
    Ok(Stop::Stopped)
}

pub(crate) async fn shipments(door: &Door, reference: &Reference) -> Result<Vec<Shipment>, PeerError> {
    let parts = parts(door, reference).await?;
    of_parts(door, &parts, reference).await
}

async fn of_parts(door: &Door, parts: &[Part], reference: &Reference) -> Result<Vec<Shipment>, PeerError> {
    let mut shipments = Vec::new();
    for part in parts {
        // Nothing has shipped of what is still to be done.
        if matches!(part.shipment_status.as_deref(), Some("pending" | "cancelled" | "on_hold")) {
            continue;
        }
        let by = format!("shipment_id={}", id(door, &part.shipment_id)?);
        let labels: Vec<wire::Label> =
            list(door, &format!("labels?{by}")).await?.into_iter().flat_map(|page| page.labels).collect();
        let marked = if labels.is_empty() {
            list(door, &format!("fulfillments?{by}"))
                .await?
                .into_iter()
                .flat_map(|p| p.fulfillments)
                .collect()
        } else {
            Vec::new()
        };
        let shipment = part.to_shipment(&door.warehouse, reference, &labels, &marked);
        shipments.extend(shipment.map_err(|why| door.garbage(why))?);
    }
    shipments.sort_by(|a, b| (a.shipped_at, &a.key).cmp(&(b.shipped_at, &b.key)));
    Ok(shipments)
}

pub(crate) async fn resolve(door: &Door, handle: &str) -> Result<Vec<Notice>, PeerError> {
    let handle = Handle::parse(handle).ok_or_else(|| door.rejected("a handle that is none of ours"))?;
    let path = match handle {
        Handle::Recent => {
            let now = door.client.clock().now();
            let from = now.checked_sub(RECENT).unwrap_or(now);
            format!("labels?created_at_start={}", from.strftime("%Y-%m-%dT%H:%M:%SZ"))
        }
        list => list.to_string(),
    };
    let pages = list(door, &path).await?;
    let mut ids: Vec<String> = Vec::new();
    for page in pages {
        ids.extend(page.labels.into_iter().map(|label| label.shipment_id));
        ids.extend(page.fulfillments.into_iter().map(|one| one.shipment_id));
    }
    ids.sort();
    ids.dedup();
    let mut notices = Vec::new();
    for one in ids {
        let answer = call(door, Method::GET, &format!("/v2/shipments/{}", id(door, &one)?), None).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            continue;
        }
        check_status(&door.peer(), &answer, door.client.clock())?;
        let part: Part = json(&door.peer(), &answer)?;
        // An account may ship for others too, whose numbers are of other forms.
        let Some(reference) = part.reference() else { continue };
        let shipments = of_parts(door, &[part], &reference).await?;
        notices.extend(shipments.into_iter().map(|one| Notice::Shipped { shipment: Box::new(one) }));
    }
    Ok(notices)
}

/// `of` is ShipStation's id of the inventory warehouse.
pub(crate) async fn counts(door: &Door, of: &str, after: Option<&str>) -> Result<Counts, PeerError> {
    // What we wrote ourselves; it may have lain where others can write.
    let ours = |text: &str| text.parse::<u32>().ok().filter(|page| *page > 1);
    let page = match after {
        None => 1,
        Some(text) => ours(text).ok_or_else(|| door.rejected("a page that is none of ours"))?,
    };
    let path = format!("/v2/inventory?inventory_warehouse_id={}&group_by=warehouse&page={page}", encoded(of));
    let answer = call(door, Method::GET, &path, None).await?;
    // Not found is no empty list here: an account without the add-on would seem to have nothing left.
    check_status(&door.peer(), &answer, door.client.clock())?;
    let told: wire::Inventory = json(&door.peer(), &answer)?;
    // Who does not look at what page is asked for would tell the first one for ever.
    if told.page.is_some_and(|told| told != page) {
        return Err(door.garbage("another page than was asked for"));
    }
    let rows = told.inventory.into_iter().filter(|row| row.is_of(of));
    let lines = counts::lines(rows.map(|row| (row.sku, row.on_hand.map(|pieces| pieces.0))));
    Ok(Counts { lines, next: (page < told.pages).then(|| (page + 1).to_string()) })
}

/// An id of the vendor's goes into a path: it must be nothing else than an id.
fn id<'a>(door: &Door, id: &'a str) -> Result<&'a str, PeerError> {
    let plain = (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if plain { Ok(id) } else { Err(door.garbage("an id that is none")) }
}

/// Every page of a list. `path` has a query already.
async fn list(door: &Door, path: &str) -> Result<Vec<Page>, PeerError> {
    let mut pages: Vec<Page> = Vec::new();
    for number in 1..=PAGES_AT_MOST {
        let path = format!("/v2/{path}&page_size={PAGE}&page={number}");
        let answer = call(door, Method::GET, &path, None).await?;
        // A filter that names nothing may answer so too.
        if answer.status() == StatusCode::NOT_FOUND {
            break;
        }
        check_status(&door.peer(), &answer, door.client.clock())?;
        let page: Page = json(&door.peer(), &answer)?;
        let last = number >= page.pages;
        pages.push(page);
        if last {
            break;
        }
    }
    Ok(pages)
}

async fn call(
    door: &Door,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Response<Bytes>, PeerError> {
    let key = [("api-key", door.secret.expose_secret().trim().to_owned())];
    let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
    door.send(method, path, &key, body).await
}

/// What a refusal says: `errors[].message`.
fn message(answer: &Response<Bytes>) -> String {
    let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let errors = said.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let told: Vec<String> = errors.iter().map(error_text).filter(|text| !text.is_empty()).collect();
    if told.is_empty() { format!("status {}", answer.status().as_u16()) } else { told.join("; ") }
}

/// An error is a text, or an object with one.
fn error_text(error: &Value) -> String {
    let text = error.as_str().or_else(|| error.get("message").and_then(Value::as_str));
    text.unwrap_or("an error without a text").to_owned()
}
