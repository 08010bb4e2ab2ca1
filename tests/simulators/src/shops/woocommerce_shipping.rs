//! What a WooCommerce site keeps about an order's shipping: its notes, its trackings, its status.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Sale, woocommerce_order};

/// A note on an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub id: u64,
    pub text: String,
    /// The customer sees it, and got a mail with it.
    pub customer: bool,
}

/// A parcel as the shipment tracking extension keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tracking {
    pub number: String,
    pub provider: String,
    pub link: String,
    pub shipped: String,
}

/// Everything about one order that its sale does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    pub status: Option<String>,
    /// Set by the site itself when an unpaid order is completed.
    pub paid_at: Option<Timestamp>,
    pub notes: Vec<Note>,
    pub trackings: Vec<Tracking>,
    /// "Your order is complete" mails to the customer.
    pub completed_mails: u32,
}

#[derive(Debug, Default)]
struct State {
    orders: BTreeMap<u64, Kept>,
    extension: bool,
    notes: u64,
    told: Vec<u64>,
}

/// The shipping side of a site. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Shipping(Arc<Mutex<State>>);

type Answer = (StatusCode, Value);

fn refused(status: StatusCode, code: &str, message: &str) -> Answer {
    (status, json!({ "code": code, "message": message, "data": { "status": status.as_u16() } }))
}

pub(super) fn no_route() -> Answer {
    refused(StatusCode::NOT_FOUND, "rest_no_route", "No route was found matching the URL and request method.")
}

impl Shipping {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Installs the shipment tracking extension, or takes it off.
    pub fn extension(&self, there: bool) {
        self.state().extension = there;
    }

    /// What is kept about an order.
    #[must_use]
    pub fn of(&self, order: u64) -> Kept {
        self.state().orders.get(&order).cloned().unwrap_or_default()
    }

    /// The order is cancelled, whatever it was before.
    pub(super) fn cancelled(&self, order: u64) {
        self.state().orders.entry(order).or_default().status = None;
    }

    /// A person sets the status.
    pub fn by_hand(&self, order: u64, status: &str) {
        self.state().orders.entry(order).or_default().status = Some(status.to_owned());
    }

    /// The site has nothing of what has shipped of an order any more: it was set back to how it stood before.
    pub fn forget(&self, order: u64) {
        self.state().orders.remove(&order);
    }

    /// Orders whose `order.updated` is still to be sent.
    pub fn webhooks(&self) -> Vec<u64> {
        std::mem::take(&mut self.state().told)
    }

    /// Puts what is kept into the order as the site tells it.
    pub(super) fn shown(&self, id: u64, order: &mut Value) {
        let kept = self.of(id);
        if let Some(status) = kept.status {
            order["status"] = status.into();
        }
        if let Some(at) = kept.paid_at {
            let at: Value = at.strftime("%Y-%m-%dT%H:%M:%S").to_string().into();
            order["date_paid"] = at.clone();
            order["date_paid_gmt"] = at;
        }
    }

    /// `PUT orders/<id>`; whether anything changed. Setting the status that it has is no change and no mail.
    pub(super) fn update(&self, sale: &Sale, given: &Value, now: Timestamp) -> bool {
        let Some(status) = given["status"].as_str() else { return false };
        let mut shown = woocommerce_order::order("", sale);
        self.shown(sale.id, &mut shown);
        if shown["status"] == status {
            return false;
        }
        let mut state = self.state();
        let kept = state.orders.entry(sale.id).or_default();
        kept.status = Some(status.to_owned());
        if status == "completed" {
            kept.completed_mails += 1;
            // Processing and completed stand for paid.
            if shown["date_paid_gmt"].is_null() {
                kept.paid_at = Some(now);
            }
        }
        state.told.push(sale.id);
        true
    }

    pub(super) fn notes(&self, order: u64) -> Answer {
        let notes = self.of(order).notes;
        // The newest first.
        (StatusCode::OK, notes.iter().rev().map(note).collect())
    }

    pub(super) fn annotate(&self, order: u64, given: &Value) -> Answer {
        let Some(text) = given["note"].as_str().filter(|text| !text.is_empty()) else {
            return refused(
                StatusCode::BAD_REQUEST,
                "rest_missing_callback_param",
                "Missing parameter(s): note",
            );
        };
        let mut state = self.state();
        state.notes += 1;
        let made =
            Note { id: 300 + state.notes, text: text.to_owned(), customer: given["customer_note"] == true };
        let shown = note(&made);
        state.orders.entry(order).or_default().notes.push(made);
        (StatusCode::CREATED, shown)
    }

    /// The extension's own address: `orders/<id>/shipment-trackings`.
    pub(super) fn trackings(&self, order: u64, given: Option<&Value>) -> Answer {
        let mut state = self.state();
        if !state.extension {
            return no_route();
        }
        let kept = state.orders.entry(order).or_default();
        let Some(given) = given else {
            return (StatusCode::OK, kept.trackings.iter().map(tracking).collect());
        };
        let text = |names: [&str; 2]| {
            let found = names.iter().find_map(|name| given[*name].as_str());
            found.unwrap_or_default().to_owned()
        };
        let made = Tracking {
            number: text(["tracking_number", ""]),
            provider: text(["custom_tracking_provider", "tracking_provider"]),
            link: text(["custom_tracking_link", ""]),
            shipped: text(["date_shipped", ""]),
        };
        if made.number.is_empty() {
            return refused(
                StatusCode::BAD_REQUEST,
                "rest_missing_callback_param",
                "Missing tracking_number",
            );
        }
        let shown = tracking(&made);
        kept.trackings.push(made);
        state.told.push(order);
        (StatusCode::CREATED, shown)
    }
}

fn note(note: &Note) -> Value {
    json!({
        "id": note.id, "author": "WooCommerce", "date_created_gmt": "2026-11-23T08:00:00", "note": note.text,
        "customer_note": note.customer,
    })
}

fn tracking(tracking: &Tracking) -> Value {
    json!({
        "tracking_id": format!("{:032x}", tracking.number.len()), "tracking_provider": tracking.provider,
        "tracking_link": tracking.link, "tracking_number": tracking.number, "date_shipped": tracking.shipped,
    })
}
