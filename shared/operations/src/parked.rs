//! What waits for a person.

use std::collections::BTreeMap;

use crossdock_core::{
    difference::{Difference, DifferenceKind},
    reason::{Reason, ReasonCode},
};
use crossdock_platform::{
    Group, OrderBook, Platform, PlatformError, Subject,
    orders::{Stage, State},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use crate::{
    json::{reasons, summary},
    runs::left,
};

/// Of each kind so many are looked through for those of one reason.
const LOOKED_THROUGH: usize = 5000;
/// Reads that are under way at the same time.
const AT_ONCE: usize = 16;

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

/// Of each kind of thing the first `most` that are parked: orders, what follows from them, and SKUs, so that none of
/// these stands before the others. Each costs a read.
///
/// # Errors
/// When the ledger does not answer.
pub async fn parked<P: Platform>(book: &OrderBook<P>, most: usize) -> Result<Parked, PlatformError> {
    parked_for(book, None, most).await
}

/// The same of what is parked for one reason, among the first [`LOOKED_THROUGH`] of each kind.
///
/// # Errors
/// When the ledger does not answer.
pub(crate) async fn parked_for<P: Platform>(
    book: &OrderBook<P>,
    reason: Option<&str>,
    most: usize,
) -> Result<Parked, PlatformError> {
    let fits = |why: &[Reason]| reason.is_none_or(|code| why.iter().any(|one| one.code.code() == code));
    let looked_through = if reason.is_some() { most.max(LOOKED_THROUGH) } else { most };
    let mut found = Parked::default();
    for group in Group::ALL {
        let subjects = book.parked_in(&[group], looked_through.saturating_add(1)).await?;
        found.cut |= subjects.len() > looked_through;
        let mut read = stream::iter(subjects.into_iter().take(looked_through))
            .map(async |(subject, _)| look(book, subject).await)
            .buffered(AT_ONCE);
        let mut fitting = 0;
        while let Some(looked) = read.try_next().await? {
            let Some(looked) = looked.filter(|looked| fits(looked.why())) else { continue };
            if fitting == most {
                found.cut = true;
                break;
            }
            fitting += 1;
            match looked {
                Looked::Order(state) => found.orders.push(*state),
                Looked::Beside(subject, why) => found.beside.push((subject, why)),
            }
        }
    }
    Ok(found)
}

/// What stands behind an entry of the index.
enum Looked {
    Order(Box<State>),
    Beside(Subject, Vec<Reason>),
}

impl Looked {
    fn why(&self) -> &[Reason] {
        match self {
            Self::Order(state) => &state.reasons,
            Self::Beside(_, why) => why,
        }
    }
}

/// The index lags: what was replayed meanwhile is no longer parked.
async fn look<P: Platform>(book: &OrderBook<P>, subject: Subject) -> Result<Option<Looked>, PlatformError> {
    if let Subject::Order(order) = &subject {
        let state = book.state(order).await?.filter(|state| state.stage == Stage::Parked);
        return Ok(state.map(|state| Looked::Order(Box::new(state))));
    }
    let reasons = book.reasons(&subject).await?;
    Ok((!reasons.is_empty()).then_some(Looked::Beside(subject, reasons)))
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
