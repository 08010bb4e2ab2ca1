//! The lease: who may touch an order in Odoo, and until when.

use crossdock_core::{
    OrderKey,
    guard::{self, Guard},
};
use crossdock_platform::{
    Platform, PlatformError,
    orders::{Applied, Change, Intent, IntentKind, Lease, Stage, after},
};
use jiff::{SignedDuration, Timestamp};

use crate::OrderImporter;

/// An order that is ours for now.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub key: OrderKey,
    pub holder: String,
    /// The snapshot that we bring to Odoo.
    pub digest: String,
    pub applied: Option<Applied>,
    /// An intent that an earlier try left behind: its calls may be half done.
    pub before: Option<Intent>,
}

impl<P: Platform> OrderImporter<P> {
    /// Takes the lease of an order that waits to be imported. None where it does not (any more), or where
    /// somebody else holds it: then the order is due again when that lease has run out.
    ///
    /// **Invariant:** the lease ends only when no request of its holder can still commit; the intent and the
    /// next `due_at` stand before the first call.
    pub(crate) async fn lease(
        &self,
        key: &OrderKey,
        deadline: Timestamp,
    ) -> Result<Option<Held>, PlatformError> {
        let now = self.book.now();
        let holder = self.book.platform().entropy().token();
        let request_limit = SignedDuration::from_secs(i64::from(self.config.odoo.request_limit_s));
        let until = if guard::stands(Guard::LeaseDeadline) { after(deadline, request_limit) } else { now };
        self.book
            .update(key, |state| {
                let newest = state.snapshot.as_ref().map(|known| known.digest.clone());
                let Some(digest) = state.valid.clone().filter(|valid| newest.as_ref() == Some(valid)) else {
                    return Change::Leave(None);
                };
                if state.stage != Stage::Valid || state.refetch > 0 {
                    return Change::Leave(None);
                }
                if let Some(theirs) = state.leased_to_another(&holder, now)
                    && guard::stands(Guard::Lease)
                {
                    state.due_at = Some(theirs);
                    return Change::Write(None);
                }
                let before = state.intent.clone();
                state.lease = Some(Lease { holder: holder.clone(), until });
                state.begun = true;
                // Earlier is sound: whoever comes while the lease is held moves it to the lease's end.
                state.due_at = Some(state.due_by(until, now));
                let kind = if state.applied.is_some() { IntentKind::Edit } else { IntentKind::Create };
                if guard::stands(Guard::Intent) {
                    state.intent = Some(Intent::following(before.as_ref(), kind, &digest));
                }
                let applied = state.applied.clone();
                Change::Write(Some(Held {
                    key: key.clone(),
                    holder: holder.clone(),
                    digest,
                    applied,
                    before,
                }))
            })
            .await
    }

    /// Writes down that the order is about to be cancelled in Odoo, on the way to its new content. `false`
    /// where the order is no longer ours.
    ///
    /// # Errors
    /// When the ledger does not answer: then nothing may be cancelled.
    pub(crate) async fn announce_cancel(&self, held: &Held) -> Result<bool, PlatformError> {
        if !guard::stands(Guard::CancelAnnounced) {
            return Ok(true);
        }
        self.book
            .update(&held.key, |state| {
                let ours = state.lease.as_ref().is_some_and(|lease| lease.holder == held.holder);
                match state.intent.as_mut().filter(|_| ours) {
                    Some(intent) => {
                        intent.cancels = true;
                        state.unconfirmed = true;
                        Change::Write(true)
                    }
                    None => Change::Leave(false),
                }
            })
            .await
    }

    /// Odoo did not cancel it: its goods are kept there as before.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub(crate) async fn stays_confirmed(&self, held: &Held) -> Result<(), PlatformError> {
        self.book
            .update(&held.key, |state| {
                let ours = state.lease.as_ref().is_some_and(|lease| lease.holder == held.holder);
                if !ours || !state.unconfirmed {
                    return Change::Leave(());
                }
                state.unconfirmed = false;
                Change::Write(())
            })
            .await
    }
}
