//! What became of a publication, and how that is written down.

use std::time::Duration;

use crossdock_core::{
    Fate, Sku,
    config::Config,
    ids::OfferKey,
    reason::{Reason, ReasonCode},
};
use crossdock_peers::LONGEST_REQUEST;
use crossdock_platform::{
    Change, Document, OrderBook, Platform, PlatformError, Trouble,
    orders::{after, backoff},
    publication::{Publication, PublicationStage, SkuStage},
    work::Work,
};
use jiff::SignedDuration;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Done(&'static str),
    /// Told as far as is known now. What the channel says of itself may yet prove otherwise: it is asked again.
    LookAgain {
        after: SignedDuration,
        what: &'static str,
    },
    /// `ambiguous` where a request may have been done, or may yet be, although no good answer came.
    Retry {
        after: Option<Duration>,
        ambiguous: bool,
        why: String,
    },
    Park(Reason),
}

impl End {
    /// What trouble means for a publication. `refused` is what it is parked for where no other try will bring it
    /// through.
    #[must_use]
    pub fn after(trouble: &Trouble, refused: ReasonCode) -> Self {
        match trouble {
            Trouble::Platform(error) => Self::Retry { after: None, ambiguous: false, why: error.to_string() },
            Trouble::Peer(error) => match error.fate() {
                Fate::Retry { after } => {
                    Self::Retry { after, ambiguous: error.ambiguous(), why: error.to_string() }
                }
                Fate::Park => Self::Park(Reason::new(refused, error.to_string())),
            },
        }
    }
}

/// `publication` is as it was when it was taken up.
///
/// **Invariant:** where a request may still be done when the channel has been told, it is looked at once more when
/// none can: a price or a count that is late would stand over the newer one.
pub(crate) async fn store<P: Platform>(
    book: &OrderBook<P>,
    config: &Config,
    publication: &Publication,
    end: &End,
) -> Result<(), PlatformError> {
    let now = book.now();
    let config = config.digest();
    let entropy = book.platform().entropy().clone();
    book.change::<Publication, _>(&publication.key, |known| {
        let lasts = match end {
            End::Retry { ambiguous: true, .. } => Some(LONGEST_REQUEST),
            End::LookAgain { after, .. } => Some(*after),
            _ => None,
        };
        let doubt = publication.doubt.max(lasts.map(|lasts| after(now, lasts)));
        known.doubt = doubt.filter(|until| *until > now);
        let work = &mut known.work;
        match end {
            End::Done(what) => match known.doubt {
                Some(until) => {
                    work.try_again(
                        until,
                        now,
                        "told, and looked at once more when no lost request can be done",
                    );
                }
                None => work.finish_in(PublicationStage::Done, now, what),
            },
            End::LookAgain { after: wait, what } => work.try_again(after(now, *wait), now, what),
            End::Retry { after: wait, why, .. } => {
                let wait = wait
                    .and_then(|wait| SignedDuration::try_from(wait).ok())
                    .unwrap_or_else(|| backoff(work.attempts, &entropy));
                work.try_again(after(now, wait), now, why);
            }
            End::Park(reason) => work.park(vec![reason.clone()], &config, now),
        }
        Change::Write(())
    })
    .await
}

/// Leaves one SKU to a person; the others go on. `work` is where the document keeps how far it has come.
///
/// # Errors
/// When the ledger does not answer.
pub async fn park<P: Platform, D: Document<Key = OfferKey>>(
    book: &OrderBook<P>,
    config: &Config,
    key: &OfferKey,
    reasons: &[Reason],
    work: fn(&mut D) -> &mut Work<SkuStage>,
) -> Result<(), PlatformError> {
    let now = book.now();
    let digest = config.digest();
    book.change::<D, _>(key, |known| {
        let work = work(known);
        // Parked since it was parked: a later look moves nothing.
        if reasons.iter().all(|reason| work.is_parked_for(reason.code)) {
            return Change::Leave(());
        }
        work.park(reasons.to_vec(), &digest, now);
        Change::Write(())
    })
    .await
}

/// For the sentence of a reason.
#[must_use]
pub fn named(skus: &[Sku]) -> String {
    skus.iter().map(Sku::as_str).collect::<Vec<_>>().join(", ")
}
