//! What became of a publication, and how that is written down.

use std::time::Duration;

use crossdock_core::{
    Fate, PeerError, Sku,
    ids::OfferKey,
    reason::{Reason, ReasonCode},
};
use crossdock_platform::{
    Change, Platform, PlatformError,
    orders::{after, backoff},
    stock::{Offer, Publication, PublicationStage},
};
use jiff::SignedDuration;

use crate::StockPublisher;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    Done(&'static str),
    Retry { after: Option<Duration>, why: String },
    Park(Reason),
}

/// Why work stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error(transparent)]
    Platform(#[from] PlatformError),
}

impl Trouble {
    pub fn end(&self) -> End {
        match self {
            Self::Platform(error) => End::Retry { after: None, why: error.to_string() },
            Self::Peer(error) => match error.fate() {
                Fate::Retry { after } => End::Retry { after, why: error.to_string() },
                Fate::Park => End::Park(Reason::new(ReasonCode::StockRefused, error.to_string())),
            },
        }
    }
}

impl<P: Platform> StockPublisher<P> {
    pub(crate) async fn store(&self, publication: &Publication, end: &End) -> Result<(), PlatformError> {
        let now = self.book.now();
        let config = self.config.digest();
        let entropy = self.book.platform().entropy().clone();
        self.book
            .change::<Publication, _>(&publication.key, |known| {
                let work = &mut known.work;
                match end {
                    End::Done(what) => work.finish_in(PublicationStage::Done, now, what),
                    End::Retry { after: wait, why } => {
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

    /// Leaves one SKU to a person; the others go on.
    pub(crate) async fn park_offer(
        &self,
        offer: &OfferKey,
        code: ReasonCode,
        why: String,
    ) -> Result<(), PlatformError> {
        let now = self.book.now();
        let config = self.config.digest();
        let reason = Reason::new(code, why);
        self.book
            .change::<Offer, _>(offer, |known| {
                if known.work.is_parked_for(code) {
                    return Change::Leave(());
                }
                known.work.park(vec![reason.clone()], &config, now);
                Change::Write(())
            })
            .await
    }
}

/// For the sentence of a reason.
pub(crate) fn named(skus: &[Sku]) -> String {
    skus.iter().map(Sku::as_str).collect::<Vec<_>>().join(", ")
}
