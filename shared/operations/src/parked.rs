//! What waits for a person.

use std::collections::BTreeMap;

use crossdock_core::{
    difference::{Difference, DifferenceKind},
    reason::{Reason, ReasonCode},
};
use crossdock_platform::{
    OrderBook, Platform, PlatformError, Subject,
    orders::{Stage, State},
};
use serde_json::{Value, json};

use crate::{
    json::{reasons, summary},
    runs::left,
};

/// Everything that is parked, longest first.
#[derive(Debug, Clone, Default)]
pub struct Parked {
    pub orders: Vec<State>,
    /// Releases, shipments, invoices, reports, parcels and the like, with their reasons.
    pub beside: Vec<(Subject, Vec<Reason>)>,
    /// What the last reconciliation found and left, where it was asked for: nothing to be replayed, for it lies in
    /// Odoo or in the shop.
    pub left: BTreeMap<DifferenceKind, Vec<Difference>>,
    /// There may be more than was asked for.
    pub cut: bool,
}

/// One thing that is parked for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedFor {
    pub subject: Subject,
    /// What people call it, where it is an order that has a number.
    pub number: Option<String>,
    pub detail: String,
}

/// The first `most` of what is parked. Each costs a read.
///
/// # Errors
/// When the ledger does not answer.
pub async fn parked<P: Platform>(book: &OrderBook<P>, most: usize) -> Result<Parked, PlatformError> {
    let mut found = Parked::default();
    let subjects = book.parked_subjects(most.saturating_add(1)).await?;
    found.cut = subjects.len() > most;
    for subject in subjects.into_iter().take(most) {
        // The index lags: what was replayed meanwhile is no longer parked.
        if let Subject::Order(order) = &subject {
            found.orders.extend(book.state(order).await?.filter(|state| state.stage == Stage::Parked));
            continue;
        }
        let reasons = book.reasons(&subject).await?;
        if !reasons.is_empty() {
            found.beside.push((subject, reasons));
        }
    }
    Ok(found)
}

/// The same with what the last reconciliation left: all of that run is read.
///
/// # Errors
/// When the ledger does not answer.
pub async fn parked_and_left<P: Platform>(book: &OrderBook<P>, most: usize) -> Result<Parked, PlatformError> {
    Ok(Parked { left: left(book).await?, ..parked(book, most).await? })
}

impl Parked {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty() && self.beside.is_empty() && self.left.is_empty()
    }

    /// What is parked for each reason. What has two reasons is in both.
    #[must_use]
    pub fn by_reason(&self) -> BTreeMap<ReasonCode, Vec<ParkedFor>> {
        let mut all: BTreeMap<ReasonCode, Vec<ParkedFor>> = BTreeMap::new();
        let orders = self.orders.iter().map(|state| {
            (Subject::Order(state.order.clone()), state.number.clone(), state.reasons.as_slice())
        });
        let beside = self.beside.iter().map(|(subject, why)| (subject.clone(), None, why.as_slice()));
        for (subject, number, reasons) in orders.chain(beside) {
            for reason in reasons {
                let detail = reason.detail.clone();
                let entry = ParkedFor { subject: subject.clone(), number: number.clone(), detail };
                all.entry(reason.code).or_default().push(entry);
            }
        }
        all
    }

    /// A list for machines: orders first, what a reconciliation left last.
    #[must_use]
    pub fn json(&self) -> Value {
        let beside = self.beside.iter().map(|(subject, why)| {
            json!({ "subject": subject.to_string(), "stage": "parked", "reasons": reasons(why) })
        });
        let left = self.left.iter().flat_map(|(kind, all)| all.iter().map(move |one| (kind, one)));
        let left = left.map(|(kind, one)| {
            let why = json!({ "code": kind.code(), "detail": one.detail, "remedy": kind.remedy() });
            json!({ "subject": one.subject, "stage": "left", "since": one.since, "reasons": [why] })
        });
        Value::Array(self.orders.iter().map(summary).chain(beside).chain(left).collect())
    }
}
