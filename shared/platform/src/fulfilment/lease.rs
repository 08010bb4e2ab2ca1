//! The order's lease, for everything that touches the order in Odoo after its import.

use crossdock_core::{
    OrderKey,
    guard::{self, Guard},
    message::Message,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    OrderBook, Platform, PlatformError,
    documents::Change,
    orders::{Lease, Stage, State},
    work::{NUDGE, after},
};

/// An order that is ours for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub order: OrderKey,
    pub holder: String,
}

impl<P: Platform> OrderBook<P> {
    /// Takes the lease of an order for work that ends by `deadline`; or says when the lease of somebody else
    /// ends. `request_limit_s` is the longest that one request can live in Odoo.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn hold(
        &self,
        order: &OrderKey,
        deadline: Timestamp,
        request_limit_s: u32,
    ) -> Result<Result<Held, Timestamp>, PlatformError> {
        let holder = self.platform().entropy().token();
        let limit = SignedDuration::from_secs(i64::from(request_limit_s));
        let until = if guard::stands(Guard::LeaseDeadline) { after(deadline, limit) } else { self.now() };
        let taken = self.take_lease(order, &holder, until).await?;
        Ok(taken.map(|()| Held { order: order.clone(), holder }))
    }

    /// Takes the lease until `until`; or says when the lease of somebody else ends.
    ///
    /// **Invariant:** `until` is the holder's deadline plus the longest that one request can live in Odoo, so
    /// that an expired lease means that no request of its holder can still commit.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn take_lease(
        &self,
        key: &OrderKey,
        holder: &str,
        until: Timestamp,
    ) -> Result<Result<(), Timestamp>, PlatformError> {
        let now = self.now();
        self.change::<State, _>(key, |state| {
            if let Some(theirs) = state.leased_to_another(holder, now)
                && guard::stands(Guard::Lease)
            {
                return Change::Leave(Err(theirs));
            }
            if state.is_empty() {
                // An order typed into Odoo: there is nothing to import, and a lease to hold all the same.
                state.work.finish_in(Stage::Done, now, "typed into Odoo");
            }
            state.lease = Some(Lease { holder: holder.to_owned(), until });
            Change::Write(Ok(()))
        })
        .await
    }

    /// Gives the lease back, or keeps it until `keep` after an ambiguous failure. Where an import waits for
    /// it, gives its message.
    ///
    /// # Errors
    /// When the ledger does not answer: the lease then ends by itself.
    pub async fn give_lease_back(
        &self,
        key: &OrderKey,
        holder: &str,
        keep: Option<Timestamp>,
    ) -> Result<Option<Message>, PlatformError> {
        let now = self.now();
        self.change::<State, _>(key, |state| {
            if state.lease.as_ref().is_none_or(|lease| lease.holder != holder) {
                return Change::Leave(None);
            }
            match keep {
                Some(until) => {
                    state.lease = Some(Lease { holder: holder.to_owned(), until });
                    Change::Write(None)
                }
                None => {
                    state.lease = None;
                    if state.work.stage == Stage::Valid {
                        state.work.due_at = Some(state.work.due_by(after(now, NUDGE), now));
                        return Change::Write(state.message());
                    }
                    Change::Write(None)
                }
            }
        })
        .await
    }
}
