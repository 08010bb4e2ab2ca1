//! Whose turn it is to tell a shop of an order: one at a time.
//!
//! Not the order's lease, for what is told to a shop and what is done in Odoo need not wait for each other. A
//! shop that keeps no text of ours can only tell two shipments apart when the first one's id stands in the ledger
//! before the second is told.

use crossdock_core::OrderKey;
use jiff::Timestamp;

use super::Fulfilment;
use crate::{OrderBook, Platform, PlatformError, documents::Change, orders::Lease};

impl<P: Platform> OrderBook<P> {
    /// Takes the turn until `until`; or says when the turn of somebody else ends.
    ///
    /// **Invariant:** `until` is the holder's deadline plus the longest that one request can live in a shop, so
    /// that no request of an earlier holder can still commit.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn take_turn(
        &self,
        order: &OrderKey,
        holder: &str,
        until: Timestamp,
    ) -> Result<Result<(), Timestamp>, PlatformError> {
        let now = self.now();
        self.change::<Fulfilment, _>(order, |fulfilment| {
            let theirs = fulfilment.telling.as_ref().filter(|turn| turn.until > now && turn.holder != holder);
            if let Some(theirs) = theirs {
                return Change::Leave(Err(theirs.until));
            }
            fulfilment.telling = Some(Lease { holder: holder.to_owned(), until });
            Change::Write(Ok(()))
        })
        .await
    }

    /// Gives the turn back, or keeps it until `keep` where a request may still commit.
    ///
    /// # Errors
    /// When the ledger does not answer: the turn then ends by itself.
    pub async fn give_turn_back(
        &self,
        order: &OrderKey,
        holder: &str,
        keep: Option<Timestamp>,
    ) -> Result<(), PlatformError> {
        self.change::<Fulfilment, _>(order, |fulfilment| {
            if fulfilment.telling.as_ref().is_none_or(|turn| turn.holder != holder) {
                return Change::Leave(());
            }
            fulfilment.telling = keep.map(|until| Lease { holder: holder.to_owned(), until });
            Change::Write(())
        })
        .await
    }
}
