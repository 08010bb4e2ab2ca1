//! What became of a look at one order, and how that is written down.

use std::time::Duration;

use crossdock_core::{
    Entropy, Fate, OrderKey, ReleaseKey,
    guard::{self, Guard},
    message::Message,
    reason::{Reason, ReasonCode},
};
use crossdock_platform::{
    Change, Document as _, Platform, PlatformError, Trouble,
    fulfilment::{Fulfilment, FulfilmentStage, ReleaseStage},
    orders::{after, backoff},
};
use jiff::{SignedDuration, Timestamp};

use crate::{Job, WarehouseReleaser};

/// What became of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    Idle(&'static str),
    /// Held back on purpose.
    Hold {
        until: Timestamp,
        why: &'static str,
    },
    /// The warehouse may have a release or get it yet, until then: nobody may touch the order before.
    Unsure {
        until: Timestamp,
    },
    /// Once more, at once.
    Again(&'static str),
    Retry {
        after: Option<Duration>,
        why: String,
    },
    Park(Vec<Reason>),
    /// Our time was over: somebody else may be at work on it, and ends it.
    Late,
}

impl End {
    pub fn incomplete(why: &str) -> Self {
        Self::Park(vec![Reason::new(ReasonCode::ReleaseIncomplete, why)])
    }

    /// What trouble means for an order whose end is not known.
    pub fn after(trouble: &Trouble) -> Self {
        match trouble {
            Trouble::Platform(error) => Self::Retry { after: None, why: error.to_string() },
            Trouble::Peer(error) => match error.fate() {
                Fate::Retry { after } => Self::Retry { after, why: error.to_string() },
                Fate::Park => Self::Park(vec![Reason::new(ReasonCode::ReleaseRefused, error.to_string())]),
            },
        }
    }
}

impl<P: Platform> WarehouseReleaser<P> {
    /// Writes an end down and gives the lease back; gives the messages that follow.
    ///
    /// **Invariant:** what was asked for while we looked stays asked for. And while a release may still arrive
    /// at its warehouse the lease stays: who asked to stop it would hear that there is none.
    ///
    /// `to_ship` says whether goods are still to leave, where Odoo was looked at.
    pub(crate) async fn store(
        &self,
        job: &Job,
        end: End,
        to_ship: Option<bool>,
    ) -> Result<Vec<Message>, PlatformError> {
        let now = self.book.now();
        let config = self.config.digest();
        let entropy = self.book.platform().entropy().clone();
        let order = &job.held.order;
        let mut messages: Vec<Message> = self
            .book
            .change::<Fulfilment, _>(order, |fulfilment| {
                if end == End::Late || self.is_late(job.deadline) {
                    return Change::Leave(None);
                }
                fulfilment.to_ship = to_ship.unwrap_or(fulfilment.to_ship);
                if fulfilment.asked != job.fulfilment.asked {
                    let what = "asked for while it was looked at";
                    fulfilment.work.go_on_in(FulfilmentStage::Noticed, now, what);
                    return Change::Write(fulfilment.message());
                }
                write(&end, fulfilment, &config, &entropy, now);
                let held = fulfilment.work.stage == FulfilmentStage::Held;
                Change::Write(if held { None } else { fulfilment.message() })
            })
            .await?
            .into_iter()
            .collect();
        let keep = match end {
            End::Unsure { until } if guard::stands(Guard::WaitOutAmbiguity) => Some(until),
            _ => None,
        };
        messages.extend(self.book.give_lease_back(order, &job.held.holder, keep).await?);
        Ok(messages)
    }

    /// Ends a look without having had the lease.
    pub(crate) async fn put_off(&self, order: &OrderKey, asked: u32, end: End) -> Result<(), PlatformError> {
        let now = self.book.now();
        let config = self.config.digest();
        let entropy = self.book.platform().entropy().clone();
        self.book
            .change::<Fulfilment, _>(order, |fulfilment| {
                if fulfilment.asked != asked || fulfilment.work.stage != FulfilmentStage::Noticed {
                    return Change::Leave(());
                }
                write(&end, fulfilment, &config, &entropy, now);
                Change::Write(())
            })
            .await
    }

    /// Moves releases of an order on from the stage that they are in.
    pub(crate) async fn mark(
        &self,
        order: &OrderKey,
        keys: &[ReleaseKey],
        next: impl Fn(ReleaseStage) -> ReleaseStage + Send,
    ) -> Result<(), PlatformError> {
        self.book
            .change::<Fulfilment, _>(order, |fulfilment| {
                for key in keys {
                    if let Some(release) = fulfilment.release_mut(key) {
                        release.stage = next(release.stage);
                    }
                }
                Change::Write(())
            })
            .await
    }
}

fn write(end: &End, fulfilment: &mut Fulfilment, config: &str, entropy: &Entropy, now: Timestamp) {
    let work = &mut fulfilment.work;
    match end {
        End::Idle(what) => work.finish_in(FulfilmentStage::Idle, now, what),
        End::Hold { until, why } => work.wait_in(FulfilmentStage::Held, *until, now, why),
        End::Unsure { until } => {
            let what = "the warehouse may have taken it or not";
            work.wait_in(FulfilmentStage::Held, *until, now, what);
        }
        End::Again(what) => work.go_on_in(FulfilmentStage::Noticed, now, what),
        End::Retry { after: wait, why } => {
            let wait = wait
                .and_then(|wait| SignedDuration::try_from(wait).ok())
                .unwrap_or_else(|| backoff(work.attempts, entropy));
            work.stage = FulfilmentStage::Held;
            work.try_again(after(now, wait), now, why);
        }
        End::Park(reasons) => work.park(reasons.clone(), config, now),
        End::Late => {}
    }
}
