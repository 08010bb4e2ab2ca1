//! Payments that a customer made at a gateway, booked in Odoo.

use std::collections::BTreeMap;

use crossdock_core::{OrderKey, PeerError, order::short_digest};
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{change::post_all, journals::Journals};
use crate::{
    catalogue::number,
    connection::{Call, Odoo},
    orders::{Loaded, MODULE, Row, load},
    partners::printable,
};

/// A payment to be booked. Its amount is in the order's currency, above zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Without the module: see [`payment_external_id`].
    pub external_id: String,
    /// See [`payment_memo`].
    pub memo: String,
    pub journal: i64,
    /// See [`Journal::outstanding`](super::Journal::outstanding).
    pub outstanding: Option<i64>,
    pub amount: Decimal,
    pub currency: i64,
    /// Whoever owes the invoice.
    pub partner: i64,
    pub date: Date,
}

/// A payment that is in Odoo, whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    pub id: i64,
    pub memo: String,
    pub state: PaidState,
    pub amount: Decimal,
    pub journal: Option<i64>,
    /// What no invoice has used yet.
    pub left: Decimal,
    /// The receivable line that can be assigned to an invoice. None of a posted payment means that it has no
    /// journal entry, and that a person has to see why.
    pub line: Option<i64>,
    /// It has an account on which the money waits.
    pub has_outstanding: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaidState {
    Draft,
    Posted,
    /// Cancelled, or rejected by the bank.
    Cancelled,
}

/// How payments with one memo stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing<'a> {
    /// To be registered.
    Absent,
    One(&'a Paid),
    /// A person took it back: it is not registered again.
    Cancelled,
    /// More than one that counts: a person has to say which.
    Several(Vec<&'a Paid>),
}

/// How many of the payments that carry one memo count.
#[must_use]
pub fn standing(found: &[Paid]) -> Standing<'_> {
    let live: Vec<&Paid> = found.iter().filter(|paid| paid.state != PaidState::Cancelled).collect();
    match live.as_slice() {
        [one] => Standing::One(one),
        [] if found.is_empty() => Standing::Absent,
        [] => Standing::Cancelled,
        _ => Standing::Several(live),
    }
}

/// The external id of an order's payment, without the module.
#[must_use]
pub fn payment_external_id(key: &OrderKey, memo: &str) -> String {
    format!("payment_{}_{}_{}", key.channel, key.id, short_digest(memo.as_bytes()))
}

/// What a payment is found again by: the gateway's own id, else the order with the gateway's name. `at` counts
/// an order's payments that have no id, from 1.
#[must_use]
pub fn payment_memo(key: &OrderKey, gateway: &str, gateway_id: Option<&str>, at: usize) -> String {
    match gateway_id.map(printable).filter(|id| !id.is_empty()) {
        Some(id) => id,
        None => printable(&format!("{key} {gateway} {at}")),
    }
}

/// Incoming payments with these memos, in one call; a memo that no payment has is not in the answer.
///
/// # Errors
/// As any call.
pub async fn payments(
    odoo: &Odoo,
    journals: &Journals,
    memos: &[&str],
) -> Result<BTreeMap<String, Vec<Paid>>, PeerError> {
    if memos.is_empty() {
        return Ok(BTreeMap::new());
    }
    let line = json!({ "account_type": {}, "amount_residual_currency": {} });
    let mut specification = json!({
        "state": {}, "amount": {}, "journal_id": {}, "outstanding_account_id": {},
        "move_id": { "fields": { "line_ids": { "fields": line } } },
    });
    specification[journals.memo] = json!({});
    let domain = json!([[journals.memo, "in", memos], ["payment_type", "=", "inbound"]]);
    let call = Call::new("account.payment", "web_search_read").arg("domain", domain);
    let answer: Value = odoo.call(call.arg("specification", specification).arg("order", "id")).await?;
    let mut found: BTreeMap<String, Vec<Paid>> = BTreeMap::new();
    for row in answer["records"].as_array().into_iter().flatten() {
        if let Some(paid) = paid(row, journals.memo) {
            found.entry(paid.memo.clone()).or_default().push(paid);
        }
    }
    Ok(found)
}

fn paid(row: &Value, memo: &str) -> Option<Paid> {
    let state = match row["state"].as_str()? {
        "draft" => PaidState::Draft,
        "cancel" | "canceled" | "rejected" => PaidState::Cancelled,
        _ => PaidState::Posted,
    };
    let lines = row["move_id"]["line_ids"].as_array().into_iter().flatten();
    let receivable = lines.into_iter().find(|line| line["account_type"] == "asset_receivable");
    let receivable = receivable.filter(|_| state == PaidState::Posted);
    let residual = receivable.and_then(|line| number(&line["amount_residual_currency"]));
    Some(Paid {
        id: row["id"].as_i64()?,
        memo: row[memo].as_str()?.to_owned(),
        state,
        amount: number(&row["amount"])?.normalize(),
        journal: row["journal_id"].as_i64(),
        left: (-residual.unwrap_or_default()).normalize(),
        line: receivable.and_then(|line| line["id"].as_i64()),
        has_outstanding: row["outstanding_account_id"].as_i64().is_some(),
    })
}

/// Books payments that [`payments`] has not found, and posts them: two calls for all of them. Gives what became
/// of each, in the order given.
///
/// # Errors
/// As any call. A payment that Odoo refuses is no error: it is in the answer.
pub async fn register(odoo: &Odoo, journals: &Journals, new: &[Payment]) -> Result<Vec<Loaded>, PeerError> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let mut fields = vec![
        "id",
        "payment_type",
        "partner_type",
        "partner_id/.id",
        "amount",
        "currency_id/.id",
        "journal_id/.id",
        "date",
        journals.memo,
    ];
    if journals.tells_outstanding {
        fields.push("outstanding_account_id/.id");
    }
    let fields: Vec<String> = fields.into_iter().map(str::to_owned).collect();
    let records: Vec<Vec<Row>> = new.iter().map(|payment| vec![cells(journals, payment)]).collect();
    let mut loaded = load(odoo, "account.payment", &fields, &records, &json!({})).await?;
    let ids = loaded.iter().filter_map(|one| match one {
        Loaded::Id(id) => Some(*id),
        Loaded::Refused { .. } => None,
    });
    let ids: Vec<i64> = ids.collect();
    let refused = post_all(odoo, "account.payment", &ids).await?;
    for one in &mut loaded {
        if let Loaded::Id(id) = one
            && let Some(text) = refused.get(id)
        {
            *one = Loaded::Refused { field: None, text: text.clone() };
        }
    }
    Ok(loaded)
}

fn cells(journals: &Journals, payment: &Payment) -> Row {
    let mut cells = vec![
        format!("{MODULE}.{}", payment.external_id),
        "inbound".to_owned(),
        "customer".to_owned(),
        payment.partner.to_string(),
        payment.amount.normalize().to_string(),
        payment.currency.to_string(),
        payment.journal.to_string(),
        payment.date.to_string(),
        payment.memo.clone(),
    ];
    if journals.tells_outstanding {
        cells.push(payment.outstanding.map(|id| id.to_string()).unwrap_or_default());
    }
    cells
}

/// Posts payments that were found in draft: an earlier try was cut off between its two calls. One that has
/// lost its outstanding account is given it back first, else it would post without a journal entry. The answer
/// holds only the refused, with Odoo's words.
///
/// # Errors
/// As any call.
pub async fn finish(
    odoo: &Odoo,
    journals: &Journals,
    drafts: &[&Paid],
) -> Result<BTreeMap<i64, String>, PeerError> {
    for paid in drafts.iter().filter(|paid| journals.tells_outstanding && !paid.has_outstanding) {
        let journal = journals.all.iter().find(|journal| Some(journal.id) == paid.journal);
        if let Some(account) = journal.and_then(|journal| journal.outstanding) {
            let vals = json!({ "outstanding_account_id": account });
            let call = Call::new("account.payment", "web_save").on(&[paid.id]).arg("vals", vals);
            odoo.call::<Value>(call.arg("specification", json!({}))).await?;
        }
    }
    let ids: Vec<i64> = drafts.iter().map(|paid| paid.id).collect();
    post_all(odoo, "account.payment", &ids).await
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assigned {
    Done,
    /// Invoice or payment has nothing open any more: somebody was faster.
    Taken,
}

/// Uses what is left of a payment's receivable `line` for a posted invoice, as far as both reach.
///
/// # Errors
/// As any call.
pub async fn assign(odoo: &Odoo, invoice: i64, line: i64) -> Result<Assigned, PeerError> {
    let call = Call::new("account.move", "js_assign_outstanding_line").on(&[invoice]).arg("line_id", line);
    let Err(error) = odoo.call::<Value>(call).await else { return Ok(Assigned::Done) };
    if !matches!(error, PeerError::Rejected { .. }) {
        return Err(error);
    }
    // "Already reconciled" comes in the user's language, so the line itself is asked.
    let call = Call::new("account.move.line", "search_read").arg("domain", json!([["id", "=", line]]));
    let rows: Vec<Value> = odoo.call(call.arg("fields", json!(["reconciled"]))).await?;
    if rows.iter().all(|row| row["reconciled"] == true) { Ok(Assigned::Taken) } else { Err(error) }
}
