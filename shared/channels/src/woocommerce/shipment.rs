//! Tells a WooCommerce shop of a shipment: a note, tracking where the site has the extension, the status.
//!
//! WooCommerce knows no shipments. The note carries the shipment's key, by which a repeat finds it, and is
//! written after the tracking: whoever finds the note need not look for the tracking. The status comes last and
//! is the only thing that a repeat may do again, which changes nothing: WooCommerce mails on a change alone.

use std::collections::BTreeSet;

use crossdock_core::{
    OrderId, PeerError, ShipmentKey,
    shipment::{AnnouncedLine, Announcement, Parcel, ParcelNews, ParcelStatus},
};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Complaint, V3, ask, call, check, order};
use crate::{Announced, LeftOpen, api::Shop, lenient::RawId};

#[derive(Deserialize)]
struct Order {
    status: String,
    date_paid_gmt: Option<String>,
}

#[derive(Deserialize)]
struct Note {
    id: RawId,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
struct Tracking {
    #[serde(default)]
    tracking_number: String,
}

pub(crate) async fn announce(shop: &Shop, said: &Announcement) -> Result<Announced, PeerError> {
    let standing: Order = order(shop, &said.order).await?;
    if standing.status == "trash" {
        return Ok(Announced { left_open: Some(LeftOpen::CalledOff), ..Announced::default() });
    }
    let id = match noted(shop, &said.order, &marker(&said.shipment)).await? {
        Some(id) => id,
        None => {
            track(shop, said).await?;
            write(shop, &said.order, &text(said), said.notify_customer).await?
        }
    };
    let left_open = if said.completes_order { complete(shop, &said.order, &standing).await? } else { None };
    Ok(Announced { id: Some(id), untold: Vec::new(), left_open })
}

/// In brackets, which no id holds: `SH-1` is not found in `SH-10`.
fn marker(shipment: &ShipmentKey) -> String {
    format!("(shipment {shipment})")
}

async fn noted(shop: &Shop, order: &OrderId, marker: &str) -> Result<Option<String>, PeerError> {
    let notes = notes(shop, order).await?;
    Ok(notes.into_iter().find(|note| note.note.contains(marker)).map(|note| note.id.0))
}

pub(crate) async fn lacks(
    shop: &Shop,
    order: &OrderId,
    told: &[(ShipmentKey, String)],
) -> Result<BTreeSet<ShipmentKey>, PeerError> {
    let notes = notes(shop, order).await?;
    let is_there = |key: &ShipmentKey| {
        let marker = marker(key);
        notes.iter().any(|note| note.note.contains(&marker))
    };
    Ok(told.iter().map(|(key, _)| key).filter(|key| !is_there(key)).cloned().collect())
}

async fn notes(shop: &Shop, order: &OrderId) -> Result<Vec<Note>, PeerError> {
    ask(shop, Method::GET, &format!("{V3}/orders/{order}/notes?type=any"), None).await
}

async fn write(shop: &Shop, order: &OrderId, text: &str, customer: bool) -> Result<String, PeerError> {
    let body = json!({ "note": text, "customer_note": customer });
    let note: Note = ask(shop, Method::POST, &format!("{V3}/orders/{order}/notes"), Some(&body)).await?;
    Ok(note.id.0)
}

fn text(said: &Announcement) -> String {
    let goods = |line: &AnnouncedLine| {
        let name = line.sku.as_ref().map_or_else(|| line.line.to_string(), ToString::to_string);
        plain(&format!("{} × {name}", line.quantity.normalize()))
    };
    let parcel = |parcel: &Parcel| {
        let url = parcel.url.as_deref().filter(|url| is_web(url));
        let parts = [Some(parcel.carrier.as_str()), parcel.tracking.as_deref(), url];
        plain(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    };
    let goods = said.lines.iter().map(goods).collect::<Vec<_>>().join(", ");
    let parcels = said.parcels.iter().map(parcel);
    [goods].into_iter().chain(parcels).chain([marker(&said.shipment)]).collect::<Vec<_>>().join("\n")
}

/// A warehouse's text becomes part of a page and of a mail: nothing in it may be markup or look like a marker.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>' | '(' | ')')).collect()
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// The path of the official extension (and of others that speak as it does), where the site has it.
async fn trackings(shop: &Shop, order: &OrderId) -> Result<Option<Vec<Tracking>>, PeerError> {
    let answer = call(shop, Method::GET, &tracking_path(order), None).await?;
    let complaint = serde_json::from_slice::<Complaint>(answer.body()).ok();
    if answer.status() == StatusCode::NOT_FOUND && complaint.is_some_and(|said| said.code == "rest_no_route")
    {
        return Ok(None);
    }
    check(shop, &answer)?;
    crossdock_http::json(&shop.peer(), &answer).map(Some)
}

fn tracking_path(order: &OrderId) -> String {
    format!("/wp-json/wc-shipment-tracking/v3/orders/{order}/shipment-trackings")
}

async fn track(shop: &Shop, said: &Announcement) -> Result<(), PeerError> {
    let parcels = said.parcels.iter().filter_map(|parcel| Some((parcel, parcel.tracking.as_deref()?)));
    let parcels: Vec<_> = parcels.collect();
    if parcels.is_empty() {
        return Ok(());
    }
    let Some(there) = trackings(shop, &said.order).await? else { return Ok(()) };
    for (parcel, number) in parcels {
        if there.iter().any(|tracking| tracking.tracking_number == number) {
            continue;
        }
        let mut body = json!({ "tracking_number": number, "date_shipped": said.shipped_at.strftime("%Y-%m-%d").to_string() });
        // A link counts only for a provider of one's own; for the known ones the extension has its own.
        match parcel.url.as_deref().filter(|url| is_web(url)) {
            Some(url) => {
                body["custom_tracking_provider"] = parcel.carrier.as_str().into();
                body["custom_tracking_link"] = url.into();
            }
            None => body["tracking_provider"] = parcel.carrier.as_str().into(),
        }
        match ask::<Value>(shop, Method::POST, &tracking_path(&said.order), Some(&body)).await {
            // An extension that does not know the carrier keeps nobody from reading the number in the note.
            Ok(_) | Err(PeerError::Rejected { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Completing an order books its money as received (`date_paid`), whatever came: an unpaid one stays open, or
/// its payment would be booked in Odoo too. One that a person holds back or has called off is left to them.
async fn complete(shop: &Shop, id: &OrderId, standing: &Order) -> Result<Option<LeftOpen>, PeerError> {
    match standing.status.as_str() {
        "completed" => return Ok(None),
        "cancelled" | "refunded" | "failed" => return Ok(Some(LeftOpen::CalledOff)),
        _ if standing.date_paid_gmt.is_none() => return Ok(Some(LeftOpen::Unpaid)),
        "on-hold" => return Ok(Some(LeftOpen::CalledOff)),
        _ => {}
    }
    let body = json!({ "status": "completed" });
    let _: Value = ask(shop, Method::PUT, &format!("{V3}/orders/{id}"), Some(&body)).await?;
    Ok(None)
}

/// A note for the shop's people, once for each step of a parcel.
pub(crate) async fn news(
    shop: &Shop,
    order: &OrderId,
    shipment: &ShipmentKey,
    news: &ParcelNews,
) -> Result<(), PeerError> {
    let step = |status: ParcelStatus| match status {
        ParcelStatus::Announced => None,
        ParcelStatus::InTransit => Some("in transit"),
        ParcelStatus::OutForDelivery => Some("out for delivery"),
        ParcelStatus::Delivered => Some("delivered"),
        ParcelStatus::Exception => Some("a problem on the way"),
    };
    let marker = |step: &str| format!("(parcel {} of {shipment}: {step})", plain(&news.tracking));
    let Some(now) = step(news.status) else { return Ok(()) };
    // What comes late tells nobody anything.
    let arrived = step(ParcelStatus::Delivered).map(marker).unwrap_or_default();
    let notes = notes(shop, order).await?;
    if notes.iter().any(|note| note.note.contains(&marker(now)) || note.note.contains(&arrived)) {
        return Ok(());
    }
    let detail = news.detail.as_deref().map(plain).unwrap_or_default();
    let text = format!("{detail}\n{}", marker(now));
    write(shop, order, text.trim(), false).await.map(drop)
}
