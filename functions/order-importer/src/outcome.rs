//! What became of an order, and how that is written down.

use std::time::Duration;

use crossdock_core::{
    Fate,
    guard::{self, Guard},
    message::Message,
    reason::{Reason, ReasonCode},
};
use crossdock_platform::{
    Platform, PlatformError, Trouble,
    orders::{Applied, Change, Lease, NUDGE, Stage, after, backoff},
};
use jiff::SignedDuration;

use crate::{Job, OrderImporter, lease::Held};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    /// What stands in Odoo now, where that is certain and new.
    pub applied: Option<Applied>,
    pub end: End,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    Done(&'static str),
    Park(Vec<Reason>),
    /// Parked in the middle of several calls: what was begun in Odoo is half done, and that is remembered.
    ParkHalfDone(Vec<Reason>),
    /// Try again. After an ambiguous failure the lease stays until that request can no longer commit.
    Retry {
        after: Option<Duration>,
        ambiguous: bool,
        why: String,
    },
    /// The content has expired here: the channel must be asked.
    Refetch,
}

impl Outcome {
    pub fn done(what: &'static str, applied: Option<Applied>) -> Self {
        Self { applied, end: End::Done(what) }
    }

    pub fn park(code: ReasonCode, why: &str) -> Self {
        Self { applied: None, end: End::Park(vec![Reason::new(code, why)]) }
    }

    pub fn retry(why: &str) -> Self {
        Self { applied: None, end: End::Retry { after: None, ambiguous: false, why: why.to_owned() } }
    }

    pub fn refetch() -> Self {
        Self { applied: None, end: End::Refetch }
    }

    /// No end was recorded: treat it as if a request were still out.
    pub fn unknown() -> Self {
        Self { applied: None, end: End::Retry { after: None, ambiguous: true, why: "no answer".into() } }
    }

    /// What trouble means for an order whose end is not known.
    pub fn after(trouble: &Trouble, job: &Job) -> Self {
        let end = match trouble {
            Trouble::Platform(error) => End::Retry { after: None, ambiguous: true, why: error.to_string() },
            Trouble::Peer(error) => match error.fate() {
                Fate::Retry { after } => {
                    End::Retry { after, ambiguous: error.ambiguous(), why: error.to_string() }
                }
                Fate::Park => {
                    let text = job.order.without_personal_data(&error.to_string());
                    End::ParkHalfDone(vec![Reason::new(ReasonCode::OdooRefused, text)])
                }
            },
        };
        Self { applied: None, end }
    }
}

impl<P: Platform> OrderImporter<P> {
    /// Writes an outcome and releases the lease; gives the message that carries the order on.
    ///
    /// **Invariant:** the release is conditional on the content that we worked on. Where something newer has
    /// arrived meanwhile, what we did is recorded and the order goes back to the validator.
    pub(crate) async fn store(
        &self,
        held: &Held,
        outcome: Outcome,
    ) -> Result<Option<Message>, PlatformError> {
        let now = self.book.now();
        let config = self.config.digest();
        let request_limit = SignedDuration::from_secs(i64::from(self.config.odoo.request_limit_s));
        let entropy = self.book.platform().entropy().clone();
        self.book
            .update(&held.key, |state| {
                if state.lease.as_ref().is_none_or(|lease| lease.holder != held.holder) {
                    // Our lease ran out and somebody else looks after the order now.
                    return Change::Leave(None);
                }
                state.lease = None;
                if outcome.applied.is_some() {
                    state.applied.clone_from(&outcome.applied);
                }
                if let End::Retry { ambiguous: true, .. } = &outcome.end
                    && guard::stands(Guard::WaitOutAmbiguity)
                {
                    let until = after(now, request_limit);
                    state.lease = Some(Lease { holder: held.holder.clone(), until });
                }
                match &outcome.end {
                    End::Done(_) => (state.intent, state.unconfirmed) = (None, false),
                    // We know where it stands, so whatever is found otherwise next time is a person's work.
                    End::Park(_) => state.intent.clone_from(&held.before),
                    End::ParkHalfDone(_) | End::Retry { .. } | End::Refetch => {}
                }
                let same = state.stage == Stage::Valid
                    && state.refetch == 0
                    && state.valid.as_deref() == Some(held.digest.as_str());
                if !same && guard::stands(Guard::ConditionalRelease) {
                    if !state.stage.is_final() {
                        let due = state.lease.as_ref().map_or_else(|| after(now, NUDGE), |lease| lease.until);
                        state.due_at = Some(due);
                    }
                    return Change::Write(state.message());
                }
                match &outcome.end {
                    End::Done(what) => state.finish(now, what),
                    End::Park(reasons) | End::ParkHalfDone(reasons) => {
                        state.park(reasons.clone(), &config, now);
                    }
                    End::Refetch => {
                        state.refetch += 1;
                        state.reopen(now, "its content has expired here");
                    }
                    End::Retry { after: wait, ambiguous, why } => {
                        let wait = wait
                            .and_then(|wait| SignedDuration::try_from(wait).ok())
                            .unwrap_or_else(|| backoff(state.attempts, &entropy));
                        let waits = *ambiguous && guard::stands(Guard::WaitOutAmbiguity);
                        let floor = if waits { request_limit } else { SignedDuration::from_secs(1) };
                        state.try_again(after(now, wait.max(floor)), now, &format!("waits: {why}"));
                        return Change::Write(None);
                    }
                }
                Change::Write(state.message())
            })
            .await
    }
}
