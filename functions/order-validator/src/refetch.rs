//! Asking the channel for an order whose newest content is not here.

use crossdock_channels::Fetched;
use crossdock_core::{
    OrderKey, PeerError,
    reason::{Reason, ReasonCode},
};
use crossdock_platform::{
    Platform, PlatformError,
    orders::{Change, State},
};

use jiff::SignedDuration;

use crate::OrderValidator;

/// Shopify hides orders older than 60 days from apps without the right to read them all: an old order that
/// is not shown is no order that was deleted, and must not be cancelled for it.
const OLD: SignedDuration = SignedDuration::from_hours(24 * 55);

impl<P: Platform> OrderValidator<P> {
    /// Fetches the order; `false` when the order now waits or is parked.
    pub(crate) async fn refetch(&self, state: &State) -> Result<bool, PlatformError> {
        let key = &state.order;
        let asked = state.refetch;
        let fetched = match self.fetch(key).await? {
            Ok(fetched) => fetched,
            Err(error) => {
                self.failed(key, &error, ReasonCode::RefetchFailed).await?;
                return Ok(false);
            }
        };
        match fetched {
            Fetched::Order(order) if order.key == *key => self.book.fetched(&order, asked).await?,
            Fetched::Order(_) => {
                return self
                    .park(key, ReasonCode::RefetchFailed, "the channel answered with another order")
                    .await;
            }
            Fetched::Unreadable { why, .. } => return self.park(key, ReasonCode::Unreadable, &why).await,
            Fetched::Gone => return self.gone(state, asked).await,
        }
        Ok(true)
    }

    async fn fetch(&self, key: &OrderKey) -> Result<Result<Fetched, PeerError>, PlatformError> {
        let Some(shop) = self.shops.get(&key.channel) else { return Ok(Ok(Fetched::Gone)) };
        if let Err(held_back) = shop.pace.enter(1).await? {
            return Ok(Err(held_back));
        }
        let answer = shop.api.fetch_order(&key.id).await;
        shop.pace.learn(&answer).await?;
        Ok(answer)
    }

    /// The channel no longer has the order: that is a cancel, where we have ever read it.
    async fn gone(&self, state: &State, asked: u32) -> Result<bool, PlatformError> {
        let key = &state.order;
        let known = match &state.snapshot {
            Some(known) => self.book.snapshot(key, &known.digest).await?,
            None => None,
        };
        let Some(mut order) = known else {
            return self.park(key, ReasonCode::RefetchFailed, "the channel has no such order").await;
        };
        if self.book.now().duration_since(order.placed_at) > OLD {
            return self
                .park(key, ReasonCode::RefetchFailed, "the channel does not show us an order this old")
                .await;
        }
        order.cancelled = true;
        self.book.fetched(&order, asked).await?;
        Ok(true)
    }

    async fn park(&self, key: &OrderKey, code: ReasonCode, why: &str) -> Result<bool, PlatformError> {
        let now = self.book.now();
        let config = self.config.digest();
        self.book
            .update(key, |state| {
                if state.stage.is_final() {
                    return Change::Leave(());
                }
                state.refetch = 0;
                state.park(vec![Reason::new(code, why)], &config, now);
                Change::Write(())
            })
            .await?;
        Ok(false)
    }
}
