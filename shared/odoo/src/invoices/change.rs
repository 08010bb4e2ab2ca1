//! Making, trimming and posting invoices.

use std::collections::BTreeMap;

use crossdock_core::PeerError;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::connection::{Call, Odoo};

/// What is changed on one of our drafts before it is posted.
#[derive(Debug, Clone, PartialEq)]
pub struct Adjustment {
    pub invoice: i64,
    pub lines: Vec<LineChange>,
    pub rounding: Option<RoundingLine>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineChange {
    /// The invoice's line.
    pub line: i64,
    /// Zero takes the line off.
    pub quantity: Decimal,
}

/// The line that makes the invoices of an order come to the order's total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundingLine {
    pub product: i64,
    pub name: String,
    /// In the order's currency; without tax.
    pub amount: Decimal,
}

/// Makes drafts of what can be invoiced now, one for each order, in two calls for all of them. An order with
/// nothing to invoice is passed over, so a repeat makes no second invoice of the same goods. The answer holds
/// only orders that Odoo refuses, with its words.
///
/// # Errors
/// As any call.
pub async fn create(odoo: &Odoo, sales: &[i64]) -> Result<BTreeMap<i64, String>, PeerError> {
    let mut refused = BTreeMap::new();
    let mut waiting = vec![sales];
    while let Some(part) = waiting.pop() {
        if part.is_empty() {
            continue;
        }
        match (create_all(odoo, part).await, part) {
            (Ok(()), _) => {}
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

/// One run of Odoo's wizard. Without `consolidated_billing: false` it makes one invoice for all orders of a
/// customer. That nothing is to be invoiced is said in the user's language, so Odoo is told not to raise it.
async fn create_all(odoo: &Odoo, sales: &[i64]) -> Result<(), PeerError> {
    let wizard = json!({
        "advance_payment_method": "delivered", "consolidated_billing": false,
        "sale_order_ids": [[6, 0, sales]],
    });
    let save = Call::new("sale.advance.payment.inv", "web_save").on(&[]).arg("vals", wizard);
    let saved: Value = odoo.call(save.arg("specification", json!({}))).await?;
    let wizard = saved[0]["id"].as_i64().unwrap_or_default();
    let run = Call::new("sale.advance.payment.inv", "create_invoices").on(&[wizard]);
    odoo.call::<Value>(run.context("raise_if_nothing_to_invoice", false)).await.map(|_| ())
}

/// Changes one draft. The caller has read it under the order's lease: a rounding line has no identity, and
/// sending it twice makes two.
///
/// # Errors
/// As any call.
pub async fn adjust(odoo: &Odoo, adjustment: &Adjustment) -> Result<(), PeerError> {
    let mut commands: Vec<Value> = adjustment
        .lines
        .iter()
        .map(|change| {
            if change.quantity.is_zero() {
                json!([2, change.line, 0])
            } else {
                json!([1, change.line, { "quantity": figure(change.quantity) }])
            }
        })
        .collect();
    if let Some(RoundingLine { product, name, amount }) = &adjustment.rounding {
        commands.push(json!([0, 0, {
            "product_id": product, "name": name, "quantity": 1, "price_unit": figure(*amount),
            "discount": 0, "tax_ids": [[6, 0, []]],
        }]));
    }
    if commands.is_empty() {
        return Ok(());
    }
    let vals = json!({ "invoice_line_ids": commands });
    let call = Call::new("account.move", "web_save").on(&[adjustment.invoice]).arg("vals", vals);
    odoo.call::<Value>(call.arg("specification", json!({}))).await.map(|_| ())
}

/// A decimal as a number of JSON.
pub(super) fn figure(number: Decimal) -> Value {
    serde_json::from_str(&number.normalize().to_string()).unwrap_or_default()
}

/// Posts drafts, in one call where Odoo takes them all. One that is posted already is refused, so the caller
/// gives only drafts that it has read. The answer holds only the refused, with Odoo's words.
///
/// # Errors
/// As any call.
pub async fn post(odoo: &Odoo, invoices: &[i64]) -> Result<BTreeMap<i64, String>, PeerError> {
    post_all(odoo, "account.move", invoices).await
}

/// `action_post` gives no word on which record is in the way, so a refused call is halved until the culprit
/// stands alone.
pub(super) async fn post_all(
    odoo: &Odoo,
    model: &'static str,
    ids: &[i64],
) -> Result<BTreeMap<i64, String>, PeerError> {
    let mut refused = BTreeMap::new();
    let mut waiting = vec![ids];
    while let Some(part) = waiting.pop() {
        if part.is_empty() {
            continue;
        }
        match (odoo.call::<Value>(Call::new(model, "action_post").on(part)).await, part) {
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
