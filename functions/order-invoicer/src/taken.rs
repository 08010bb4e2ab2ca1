//! What the gateways took for an order, by the shop's own books.
//!
//! A webhook of a shop names gateways: neither the ids of payments nor how a total is split between a card and a
//! gift card. So a shop with an API is asked when a payment is to be booked. A partner without one tells it all
//! with the order.

use std::collections::BTreeMap;

use crossdock_core::{
    Fate, OrderKey, PeerError,
    config::{Channel, InvoicePolicy},
    order::{PaymentState, Transaction},
};
use crossdock_odoo::invoices::{Books, InvoiceState};
use crossdock_platform::{Platform, PlatformError, Trouble};
use rust_decimal::Decimal;

use crate::{
    Job, OrderInvoicer,
    outcome::{End, Ends},
    refused,
};

pub(crate) type Taken = BTreeMap<OrderKey, Vec<Transaction>>;

/// Whether a channel's shop is asked. Without its secret its orders wait.
pub(crate) fn is_asked(channel: &Channel) -> bool {
    channel.has_api() && channel.invoice != InvoicePolicy::Manual && !channel.journals.is_empty()
}

/// Whether a posted invoice of the order waits for money that is booked in a journal.
pub(crate) fn is_owing(job: &Job, all: &BTreeMap<i64, Books>) -> bool {
    let open = |of: &Books| {
        let mut posted = of.invoices.iter().filter(|invoice| invoice.state == InvoiceState::Posted);
        posted.any(|invoice| invoice.residual > Decimal::ZERO)
    };
    !job.channel.journals.is_empty() && all.get(&job.sale).is_some_and(open)
}

/// Whether the transactions have moved money to us. What is only authorised is captured later.
pub(crate) fn has_paid(state: PaymentState) -> bool {
    match state {
        PaymentState::Paid | PaymentState::PartiallyPaid | PaymentState::PartiallyRefunded => true,
        PaymentState::Authorized
        | PaymentState::OnTerms
        | PaymentState::Pending
        | PaymentState::Refunded
        | PaymentState::Voided
        | PaymentState::Failed => false,
    }
}

impl<P: Platform> OrderInvoicer<P> {
    /// What was taken for each order whose invoice waits for money. An order whose shop does not answer has its
    /// end: its invoice stands, and its payment waits.
    pub(crate) async fn taken(
        &self,
        jobs: &[&Job],
        all: &BTreeMap<i64, Books>,
        ends: &mut Ends,
    ) -> Result<Taken, Trouble> {
        let mut taken = Taken::new();
        for job in jobs.iter().filter(|job| is_owing(job, all)) {
            let Some(order) = job.order.as_ref().filter(|order| has_paid(order.payment.state)) else {
                continue;
            };
            let key = &job.held.order;
            if !job.channel.has_api() {
                taken.insert(key.clone(), order.payment.transactions.clone());
                continue;
            }
            match self.ask(key).await? {
                Ok(transactions) => {
                    taken.insert(key.clone(), transactions);
                }
                Err(error) => {
                    tracing::warn!(order.r#ref = %key, error = %error, "what was paid is not known");
                    ends.insert(key.clone(), unanswered(job, &error));
                }
            }
        }
        Ok(taken)
    }

    async fn ask(&self, order: &OrderKey) -> Result<Result<Vec<Transaction>, PeerError>, PlatformError> {
        let Some(shop) = self.shops.get(&order.channel) else {
            let what = "its API secret is not set".into();
            return Ok(Err(PeerError::Unauthorized { peer: order.channel.to_string(), what }));
        };
        if let Err(held_back) = shop.pace.enter(1).await? {
            return Ok(Err(held_back));
        }
        let answer = shop.api.payments(&order.id).await;
        shop.pace.learn(&answer).await?;
        Ok(answer)
    }
}

/// Nothing was changed at the shop: to ask again is safe.
fn unanswered(job: &Job, error: &PeerError) -> End {
    match error.fate() {
        Fate::Retry { after } => End::Retry { after, ambiguous: false, why: error.to_string() },
        Fate::Park => End::Park(Vec::new(), vec![refused(job, "the shop's payments", &error.to_string())]),
    }
}
