//! What became of an order's billing, and how that is written down.

use std::{collections::BTreeMap, time::Duration};

use crossdock_core::{
    Fate, OrderKey,
    guard::{self, Guard},
    message::Message,
    reason::{Reason, ReasonCode},
};
use crossdock_platform::{
    Change, Document as _, Platform, PlatformError, Trouble,
    fulfilment::{Billing, BillingStage},
    work::{after, backoff},
};
use jiff::SignedDuration;

use crate::{Job, OrderInvoicer, refused};

pub(crate) type Ends = BTreeMap<OrderKey, End>;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    /// With the invoices of the order that we have made.
    Done(Vec<i64>),
    Park(Vec<i64>, Vec<Reason>),
    /// Try again. After an ambiguous failure the lease stays until that request can no longer commit.
    Retry {
        after: Option<Duration>,
        ambiguous: bool,
        why: String,
    },
}

impl End {
    pub fn park(code: ReasonCode, why: impl Into<String>) -> Self {
        Self::Park(Vec::new(), vec![Reason::new(code, why)])
    }

    /// No end was recorded: treat it as if a request were still out.
    pub fn unknown() -> Self {
        Self::Retry { after: None, ambiguous: true, why: "no answer".into() }
    }

    /// What trouble means for an order whose end is not known.
    pub fn after(trouble: &Trouble, job: &Job) -> Self {
        match trouble {
            Trouble::Platform(error) => Self::Retry { after: None, ambiguous: true, why: error.to_string() },
            Trouble::Peer(error) => match error.fate() {
                Fate::Retry { after } => {
                    Self::Retry { after, ambiguous: error.ambiguous(), why: error.to_string() }
                }
                Fate::Park => Self::Park(Vec::new(), vec![refused(job, "Odoo", &error.to_string())]),
            },
        }
    }
}

impl<P: Platform> OrderInvoicer<P> {
    /// Writes an end down and gives the lease back; gives the messages that carry the order on.
    ///
    /// **Invariant:** what was asked for in the middle of our look stays open: the look may have come too early
    /// for it.
    pub(crate) async fn store(&self, job: &Job, end: End) -> Result<Vec<Message>, PlatformError> {
        let now = self.book.now();
        let config = self.config.digest();
        let limit = SignedDuration::from_secs(i64::from(self.config.odoo.request_limit_s));
        let entropy = self.book.platform().entropy().clone();
        let waits =
            matches!(end, End::Retry { ambiguous: true, .. }) && guard::stands(Guard::WaitOutAmbiguity);
        let message = self
            .book
            .change::<Billing, _>(&job.held.order, |billing| {
                let (End::Done(invoices) | End::Park(invoices, _)) = &end else {
                    let End::Retry { after: wait, why, .. } = &end else { return Change::Leave(None) };
                    let wait = wait
                        .and_then(|wait| SignedDuration::try_from(wait).ok())
                        .unwrap_or_else(|| backoff(billing.work.attempts, &entropy));
                    let floor = if waits { limit } else { SignedDuration::from_secs(1) };
                    billing.work.try_again(after(now, wait.max(floor)), now, &format!("waits: {why}"));
                    return Change::Write(None);
                };
                for invoice in invoices {
                    if !billing.invoices.contains(invoice) {
                        billing.invoices.push(*invoice);
                    }
                }
                if billing.asked != job.asked {
                    billing.work.go_on_in(BillingStage::Open, now, "asked for once more meanwhile");
                    return Change::Write(billing.message());
                }
                match &end {
                    End::Park(_, reasons) => billing.work.park(reasons.clone(), &config, now),
                    End::Done(_) | End::Retry { .. } => {
                        billing.work.finish_in(BillingStage::Done, now, "invoiced what was due");
                    }
                }
                Change::Write(None)
            })
            .await?;
        let keep = waits.then(|| after(now, limit));
        let order = self.book.give_lease_back(&job.held.order, &job.held.holder, keep).await?;
        Ok(message.into_iter().chain(order).collect())
    }
}
