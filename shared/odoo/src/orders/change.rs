//! Confirming, cancelling and going back to draft.

use std::collections::BTreeMap;

use crossdock_core::{OrderKey, PeerError};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Loaded, MODULE, SaleState, load, order_external_id, read_back, rows::odoo_time};
use crate::connection::{Call, Odoo};

/// Confirms orders in draft. `action_confirm` gives no word on which order is in the way, so a refused call
/// is halved until the culprit stands alone. The answer holds only the refused, with Odoo's words.
///
/// # Errors
/// As any call.
pub async fn confirm(odoo: &Odoo, ids: &[i64], context: &Value) -> Result<BTreeMap<i64, String>, PeerError> {
    let mut refused = BTreeMap::new();
    let mut waiting = vec![ids];
    while let Some(part) = waiting.pop() {
        if part.is_empty() {
            continue;
        }
        let mut call = Call::new("sale.order", "action_confirm").on(part);
        if let Some(context) = context.as_object() {
            call.context = context.clone();
        }
        match (odoo.call::<Value>(call).await, part) {
            (Ok(_), _) => {}
            (Err(PeerError::Rejected { what, .. } | PeerError::Missing { what, .. }), [only]) => {
                refused.insert(*only, what);
            }
            (Err(PeerError::Rejected { .. } | PeerError::Missing { .. }), _) => {
                let (left, right) = part.split_at(part.len() / 2);
                waiting.extend([right, left]);
            }
            (Err(error), _) => return Err(error),
        }
    }
    Ok(refused)
}

/// Puts back the time at which the customer ordered (confirming sets it to now) and, where `unfollow`, takes
/// the followers off, so that a later comment in Odoo mails nobody. One call for all; no pricelist in the
/// rows, for these orders are confirmed.
///
/// # Errors
/// As any call.
pub async fn put_dates(
    odoo: &Odoo,
    orders: &[(&OrderKey, Timestamp)],
    unfollow: bool,
) -> Result<Vec<Loaded>, PeerError> {
    let mut fields = vec!["id".to_owned(), "date_order".to_owned()];
    if unfollow {
        fields.push("message_partner_ids/.id".to_owned());
    }
    let records: Vec<Vec<Vec<String>>> = orders
        .iter()
        .map(|(key, at)| {
            let mut row = vec![format!("{MODULE}.{}", order_external_id(key)), odoo_time(*at)];
            if unfollow {
                row.push(String::new());
            }
            vec![row]
        })
        .collect();
    load(odoo, "sale.order", &fields, &records, &json!({})).await
}

/// What became of a cancel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancelled {
    Done,
    /// Odoo's own words.
    Refused(String),
}

/// Cancels an order, unlocking it first, and reads its state back: without the context 17 and 18 answer
/// with a wizard and do nothing.
///
/// # Errors
/// As any call.
pub async fn cancel(odoo: &Odoo, id: i64, locked: bool) -> Result<Cancelled, PeerError> {
    if locked {
        odoo.call::<Value>(Call::new("sale.order", "action_unlock").on(&[id])).await?;
    }
    let call = Call::new("sale.order", "action_cancel").on(&[id]).context("disable_cancel_warning", true);
    if let Err(error) = odoo.call::<Value>(call).await {
        return match error {
            PeerError::Rejected { what, .. } => Ok(Cancelled::Refused(what)),
            other => Err(other),
        };
    }
    let state = read_back(odoo, &[id]).await?.get(&id).map(|order| order.state);
    Ok(match state {
        Some(SaleState::Cancelled) => Cancelled::Done,
        Some(SaleState::Draft | SaleState::Confirmed) => {
            Cancelled::Refused("Odoo answered the cancel and left the order as it was".into())
        }
        None => Cancelled::Refused("the order is gone".into()),
    })
}

/// Sets a cancelled order back to draft.
///
/// # Errors
/// As any call.
pub async fn to_draft(odoo: &Odoo, id: i64) -> Result<(), PeerError> {
    odoo.call::<Value>(Call::new("sale.order", "action_draft").on(&[id])).await.map(|_| ())
}

/// Removes lines of an order in draft.
///
/// # Errors
/// As any call.
pub async fn remove_lines(odoo: &Odoo, lines: &[i64]) -> Result<(), PeerError> {
    if lines.is_empty() {
        return Ok(());
    }
    odoo.call::<Value>(Call::new("sale.order.line", "unlink").on(lines)).await.map(|_| ())
}
