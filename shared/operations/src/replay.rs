//! Taking up again what is parked, once its cause is mended: what would be taken up, and doing it.

use crossdock_core::{OrderKey, message::Message, reason::ReasonCode};
use crossdock_platform::{
    OrderBook, Platform, PlatformError, Subject,
    fulfilment::Shipment,
    orders::{Change, State},
    queue::send_all,
};

use crate::{OperationError, Parked, parked::parked_for};

/// How an order is taken up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Again,
    /// What stands in Odoo is right.
    Accepted,
    /// It was deleted in Odoo.
    MadeAnew,
}

impl How {
    /// For the audit log, behind what was taken up.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Again => "",
            Self::Accepted => " (accepted as it stands in Odoo)",
            Self::MadeAnew => " (made anew in Odoo)",
        }
    }
}

/// What a person wants taken up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// These orders with their releases, invoices and shipments, parked or not.
    pub orders: Vec<OrderKey>,
    /// Everything that is parked for this reason.
    pub reason: Option<String>,
    /// Everything that is parked.
    pub all: bool,
    /// One thing beside an order, by the name under which it is listed.
    pub subject: Option<String>,
}

/// What a selection comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub orders: Vec<OrderKey>,
    pub beside: Vec<Subject>,
    /// More is parked than was looked at.
    pub cut: bool,
}

impl Plan {
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.len() + self.beside.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each by its name.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let orders = self.orders.iter().map(ToString::to_string);
        orders.chain(self.beside.iter().map(ToString::to_string))
    }
}

/// What would be taken up, of the first `most` that are parked. Changes nothing.
///
/// # Errors
/// When an order is named that the ledger does not know, or a reason that is none; or when the ledger does not
/// answer.
pub async fn plan<P: Platform>(
    book: &OrderBook<P>,
    wanted: &Selection,
    most: usize,
) -> Result<Plan, OperationError> {
    let mut orders = wanted.orders.clone();
    for key in &orders {
        let unknown = || OperationError::Unknown(format!("the ledger has no order {key}"));
        book.state(key).await?.ok_or_else(unknown)?;
    }
    if let Some(code) = &wanted.reason
        && !ReasonCode::ALL.iter().any(|known| known.code() == code)
    {
        let all: Vec<&str> = ReasonCode::ALL.iter().map(|known| known.code()).collect();
        return Err(OperationError::Unknown(format!("{code} is no reason; there are: {}", all.join(", "))));
    }
    if orders.is_empty() && wanted.reason.is_none() && !wanted.all && wanted.subject.is_none() {
        return Err(OperationError::Nothing);
    }
    let found = parked_for(book, wanted.reason.as_deref(), most).await?;
    if wanted.all || wanted.reason.is_some() {
        orders.extend(found.orders.iter().map(|state| state.order.clone()));
    }
    orders.sort();
    orders.dedup();
    let beside = beside(book, wanted, &orders, &found).await?;
    Ok(Plan { orders, beside, cut: found.cut })
}

/// What is to be taken up beside the orders themselves: all that is parked for the reason, or of the orders
/// that are named.
async fn beside<P: Platform>(
    book: &OrderBook<P>,
    wanted: &Selection,
    orders: &[OrderKey],
    found: &Parked,
) -> Result<Vec<Subject>, PlatformError> {
    let mut all = Vec::new();
    for (subject, reasons) in &found.beside {
        let for_reason = wanted
            .reason
            .as_ref()
            .map_or(wanted.all, |code| reasons.iter().any(|reason| reason.code.code() == code));
        let named = wanted.subject.as_ref().is_some_and(|name| *name == subject.to_string());
        let order = match subject {
            _ if for_reason || named => None,
            Subject::Fulfilment(key) | Subject::Billing(key) => Some(key.clone()),
            Subject::Shipment(key) => book.document::<Shipment>(key).await?.and_then(|s| s.order),
            Subject::Order(_)
            | Subject::Report(_)
            | Subject::Parcel(_)
            | Subject::Publication(_)
            | Subject::Offer(_)
            | Subject::Article(_)
            | Subject::Slice(_) => None,
        };
        if for_reason || named || order.is_some_and(|order| orders.contains(&order)) {
            all.push(subject.clone());
        }
    }
    Ok(all)
}

/// Takes up what a plan names.
///
/// # Errors
/// When the platform does not answer. Safe to repeat.
pub async fn carry_out<P: Platform>(book: &OrderBook<P>, plan: &Plan, how: How) -> Result<(), PlatformError> {
    take_up(book, &plan.orders, how).await?;
    let mut messages = Vec::new();
    for subject in &plan.beside {
        match subject {
            Subject::Report(key) if how == How::Accepted => book.accept_report(key).await?,
            _ => messages.extend(book.replay(subject).await?),
        }
    }
    send_all(book.platform(), &messages).await
}

/// Takes orders up again. Orders that the ledger does not know are left out.
///
/// # Errors
/// When the platform does not answer. Safe to repeat.
pub async fn take_up<P: Platform>(
    book: &OrderBook<P>,
    keys: &[OrderKey],
    how: How,
) -> Result<(), PlatformError> {
    let mut messages = Vec::new();
    for key in keys {
        if how == How::Accepted
            && let Some(state) = book.state(key).await?
        {
            // First, so that whoever repeats it after a failure does it as well.
            messages.extend(book.open_followers(&state).await?);
        }
        let now = book.now();
        let message = book
            .update(key, |state| {
                if state.is_empty() {
                    return Change::Leave(None);
                }
                reopen(state, how, now);
                Change::Write(state.message())
            })
            .await?;
        messages.extend(message);
        if how == How::Accepted {
            messages.extend(bill(book, key).await?);
        }
    }
    send_all(book.platform(), &messages).await
}

/// What stands in Odoo is right, so it may be invoiced; `order-invoicer` knows the channel's policy.
async fn bill<P: Platform>(book: &OrderBook<P>, key: &OrderKey) -> Result<Option<Message>, PlatformError> {
    match book.state(key).await?.and_then(|state| state.applied).filter(|applied| !applied.cancelled) {
        Some(applied) => book.open_billing(key, applied.odoo_id).await,
        None => Ok(None),
    }
}

fn reopen(state: &mut State, how: How, now: jiff::Timestamp) {
    if how == How::Accepted {
        state.accept(now);
        return;
    }
    let ask_again = state
        .reasons
        .iter()
        .any(|reason| matches!(reason.code, ReasonCode::Unreadable | ReasonCode::RefetchFailed));
    if ask_again {
        state.refetch += 1;
    }
    if how == How::MadeAnew {
        state.applied = None;
        state.intent = None;
    }
    state.reopen(now, "replayed by hand");
}
